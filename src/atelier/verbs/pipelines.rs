use std::process::ExitCode;

use studio::pipeline::check::Severity;
use studio::pipeline::graph::picture;
use studio::{PipelineFileCheck, Studio};

use crate::output::{self, Table};

#[derive(clap::Subcommand)]
pub enum Pipelines {
    /// List the pipelines of the workspace
    List,
    /// Find everything that is wrong with pipelines, without running them; exit code 1 if one cannot run
    Check {
        /// Pipeline files; all of the workspace if none is named
        pipelines: Vec<String>,
    },
    /// Write pipelines in the one form that the designer writes, keeping comments and meaning
    Format {
        /// Pipeline files; all of the workspace if none is named
        pipelines: Vec<String>,
        /// Change nothing; exit code 1 if a file is not in that form
        #[arg(long)]
        check: bool,
    },
    /// Print a pipeline's graph
    Graph {
        pipeline: String,
        #[arg(long = "as", value_enum, default_value = "text", value_name = "FORM")]
        form: Form,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Form {
    /// A block of lines for each job
    Text,
    /// A flowchart for Mermaid
    Mermaid,
    /// A graph for Graphviz
    Dot,
}

impl Pipelines {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        match self {
            Self::List => list(studio, json).map(|()| ExitCode::SUCCESS),
            Self::Check { pipelines } => check(studio, pipelines, json),
            Self::Format { pipelines, check } => format(studio, pipelines, check, json),
            Self::Graph { pipeline, form } => graph(studio, &pipeline, form, json).map(|()| ExitCode::SUCCESS),
        }
    }
}

/// Those that are named, or all of the workspace.
fn named_or_all(studio: &Studio, named: Vec<String>) -> studio::Result<Vec<String>> {
    if !named.is_empty() {
        return Ok(named);
    }
    let mut paths: Vec<String> = studio.pipelines()?.into_iter().map(|row| row.path).collect();
    paths.sort();
    Ok(paths)
}

fn list(studio: &Studio, json: bool) -> studio::Result<()> {
    output::print(&studio.pipelines()?, json, |rows| {
        let mut table = Table::new(["Pipeline", "Title", "Jobs", "Last run"]);
        for row in rows {
            let run = row.last_run.as_ref().map_or_else(String::new, |run| format!("{} ({})", run.name, run.status));
            table.row([row.path.clone(), row.title.clone(), row.jobs.to_string(), run]);
        }
        if rows.is_empty() { "No pipelines yet.".to_owned() } else { table.render() }
    })
}

fn check(studio: &Studio, named: Vec<String>, json: bool) -> studio::Result<ExitCode> {
    let mut checked = Vec::new();
    for path in named_or_all(studio, named)? {
        checked.push(studio.check_pipeline_file(&path)?);
    }
    output::print(&checked, json, |checked| {
        let mut lines: Vec<String> = checked.iter().flat_map(problem_lines).collect();
        if lines.is_empty() {
            lines.push(match checked.len() {
                1 => "The pipeline is in order.".to_owned(),
                count => format!("All {count} pipelines are in order."),
            });
        }
        lines.join("\n")
    })?;
    let broken = checked.iter().any(PipelineFileCheck::has_errors);
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `pipelines/a.yaml:12: error: …`, as compilers write it, so that editors find the place.
fn problem_lines(check: &PipelineFileCheck) -> Vec<String> {
    let mut lines = Vec::new();
    for problem in &check.problems {
        let place = problem.line.map_or_else(String::new, |line| format!(":{line}"));
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let job = problem.job.as_ref().map_or_else(String::new, |job| format!("{job}: "));
        lines.push(format!("{}{place}: {severity}: {job}{}", check.path, problem.message));
    }
    lines
}

fn format(studio: &Studio, named: Vec<String>, check: bool, json: bool) -> studio::Result<ExitCode> {
    // All are looked at before any is written, so that one that cannot be formatted leaves all as they were.
    let mut formatted = Vec::new();
    for path in named_or_all(studio, named)? {
        formatted.push(studio.format_pipeline_file(&path)?);
    }
    let changed: Vec<_> = formatted.iter().filter(|file| file.changed).collect();
    if !check {
        for file in &changed {
            studio.save_formatted_pipeline(file)?;
        }
    }
    output::print(&formatted, json, |formatted| {
        let verb = if check { "is not in the canonical form" } else { "was formatted" };
        let mut lines: Vec<String> = changed.iter().map(|file| format!("{} {verb}.", file.path)).collect();
        if lines.is_empty() {
            lines.push(match formatted.len() {
                1 => "The pipeline is in the canonical form.".to_owned(),
                count => format!("All {count} pipelines are in the canonical form."),
            });
        }
        lines.join("\n")
    })?;
    Ok(if check && !changed.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn graph(studio: &Studio, path: &str, form: Form, json: bool) -> studio::Result<()> {
    let pipeline = studio.pipeline_graph(path)?;
    if json {
        let wires: Vec<_> = pipeline.wires().collect();
        let jobs: serde_json::Map<String, serde_json::Value> =
            pipeline.jobs.iter().map(|(name, job)| (name.clone(), job.component.as_str().into())).collect();
        return output::print(&serde_json::json!({ "jobs": jobs, "wires": wires }), true, |_| String::new());
    }
    let text = match form {
        Form::Text => picture::text(&pipeline),
        Form::Mermaid => picture::mermaid(&pipeline),
        Form::Dot => picture::dot(&pipeline),
    };
    output::print(&text, false, Clone::clone)
}
