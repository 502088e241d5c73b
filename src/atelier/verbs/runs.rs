use std::process::ExitCode;

use studio::{Error, LogLine, Run, RunDetail, RunListing, RunPage, RunQuery, Studio};

use crate::output::{self, Table, duration, time};

#[derive(clap::Subcommand)]
pub enum Runs {
    /// List runs, the newest first
    List {
        /// Only runs of this pipeline
        #[arg(long)]
        pipeline: Option<String>,
        /// Only runs that meet this, in MLflow's language: "metrics.auc > 0.9 and params.rate = '0.1'"; of a run that
        /// makes several models, those of them that meet it
        #[arg(long)]
        filter: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show a run's steps and metrics, and those of each of its models where it makes several
    Show {
        /// A run's id or name
        run: String,
    },
    /// Print what a run's steps said
    Logs {
        /// A run's id or name
        run: String,
        /// Only this job
        #[arg(long)]
        job: Option<String>,
    },
    /// Stop a run
    Cancel {
        /// A run's id or name
        run: String,
    },
    /// Go on with a run that failed or was stopped, at the first step without a result
    Resume {
        /// A run's id or name
        run: String,
    },
}

impl Runs {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        match self {
            Self::List { pipeline, filter, limit } => {
                let page = list(studio, pipeline, filter.as_deref(), limit)?;
                output::print(&page, json, |page| list_text(&page.runs))?;
            }
            Self::Show { run } => {
                let id = studio.find_run(&run)?;
                output::print(&studio.run(&id)?, json, detail_text)?;
            }
            Self::Logs { run, job } => {
                let lines = all_logs(studio, &studio.find_run(&run)?, job.as_deref())?;
                output::print(&lines, json, |lines| logs_text(lines))?;
            }
            Self::Resume { run } => {
                let id = studio.find_run(&run)?;
                studio.resume_run(&id)?;
                return super::run::follow(studio, &id, json);
            }
            Self::Cancel { run } => studio.cancel_run(&studio.find_run(&run)?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(studio: &Studio, pipeline: Option<String>, filter: Option<&str>, limit: usize) -> studio::Result<RunPage> {
    let conditions = server::filter::runs(filter.unwrap_or_default()).map_err(|error| Error::invalid(error.message))?;
    // What was measured of a run with several models belongs to these, so a filter looks for them as well.
    let models = !conditions.is_empty();
    let filter = RunQuery { pipeline, models, ..RunQuery::default() };
    let index = studio.run_index(&RunListing { filter, conditions, ..RunListing::default() })?;
    let rows: Vec<i64> = index.runs.iter().take(limit).map(|run| run.row).collect();
    let runs = studio.indexed_runs(&rows)?.into_iter().map(|(_, run)| run).collect();
    Ok(RunPage { total: index.runs.len(), runs })
}

fn all_logs(studio: &Studio, run: &str, job: Option<&str>) -> studio::Result<Vec<LogLine>> {
    let mut lines: Vec<LogLine> = Vec::new();
    loop {
        let more = studio.run_logs(run, job, lines.last().map_or(0, |line| line.seq))?;
        if more.is_empty() {
            return Ok(lines);
        }
        lines.extend(more);
    }
}

fn logs_text(lines: &[LogLine]) -> String {
    let line = |line: &LogLine| format!("{}  {}", line.step.as_deref().unwrap_or_default(), line.text);
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn list_text(rows: &[Run]) -> String {
    if rows.is_empty() {
        return "No runs yet. Start one with: atelier run pipelines/NAME.yaml".to_owned();
    }
    let mut table = Table::new(["Run", "Status", "Pipeline", "Started", "Duration", "Commit"]);
    for row in rows {
        table.row([
            row.name.clone(),
            row.status.to_string(),
            row.pipeline_title.clone().unwrap_or_default(),
            time(row.created_ms),
            row.duration_ms(studio::now_ms()).map(seconds).unwrap_or_default(),
            row.commit.as_deref().unwrap_or_default().chars().take(7).collect(),
        ]);
    }
    table.render()
}

fn seconds(ms: i64) -> String {
    duration(ms as f64 / 1000.0)
}

pub fn detail_text(detail: &RunDetail) -> String {
    let row = &detail.row;
    let mut text = format!("{}  {}  {}\n", row.name, row.status, row.id);
    if let Some(error) = &row.error {
        text.push_str(&format!("{error}\n"));
    }
    let mut steps = Table::new(["Step", "Status", "Time", ""]);
    for step in &detail.steps {
        steps.row([
            step.title.clone(),
            step.status.to_string(),
            step.started_ms.zip(step.ended_ms).map(|(from, to)| seconds(to - from)).unwrap_or_default(),
            step.error.clone().unwrap_or_default(),
        ]);
    }
    text.push_str(&format!("\n{}\n", steps.render()));
    if !row.metrics.is_empty() {
        text.push_str(&format!("\n{}\n", metrics_table(row)));
    }
    for model in &detail.model_runs {
        text.push_str(&format!("\n{}  {}  {}\n", model.name, model.status, model.id));
        if !model.metrics.is_empty() {
            text.push_str(&format!("{}\n", metrics_table(model)));
        }
    }
    text
}

fn metrics_table(run: &Run) -> String {
    let mut metrics = Table::new(["Metric", "Value"]);
    for (key, value) in &run.metrics {
        metrics.row([key.clone(), format!("{value:.6}")]);
    }
    metrics.render()
}
