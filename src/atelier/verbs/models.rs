use std::process::ExitCode;

use studio::{Error, LoggedFiles, ModelContent, ModelVersion, Studio};

use crate::output::{self, Table, time};

#[derive(clap::Subcommand)]
pub enum Models {
    /// List the registered models
    List,
    /// Show a model's versions and what one came from
    Show {
        /// NAME or NAME@VERSION
        model: String,
    },
    /// Register the model that a run made
    Register {
        name: String,
        /// A run's id or name
        #[arg(long)]
        run: String,
        /// The job that trained it, or the name it was logged under; may be left out when there is one
        #[arg(long)]
        job: Option<String>,
        #[arg(long, default_value = "")]
        description: String,
        /// KEY=VALUE
        #[arg(long)]
        tag: Vec<String>,
    },
}

impl Models {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        match self {
            Self::List => list(studio, json)?,
            Self::Show { model } => show(studio, &model, json)?,
            Self::Register { name, run, job, description, tag } => {
                let run = studio.find_run(&run)?;
                let place = studio.model_made(&run, job.as_deref())?;
                let tags = tag.iter().map(|tag| {
                    let (key, value) = tag
                        .split_once('=')
                        .ok_or_else(|| Error::invalid(format!("'{tag}' is no tag; write it as key=value")))?;
                    Ok((key.to_owned(), value.to_owned()))
                });
                let tags = tags.collect::<studio::Result<_>>()?;
                let version = studio.register_model(&run, &place, &name, &description, tags)?;
                output::print(&version, json, version_line)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn version_line(version: &ModelVersion) -> String {
    let run = version.run_name.as_deref().unwrap_or("a run that is gone");
    let what = if version.digest.is_empty() { "logged by MLflow" } else { detail(version, "algorithm") };
    format!("{} version {}, {what} from {run}", version.model, version.version)
}

/// A small fact about a version.
fn detail<'a>(version: &'a ModelVersion, key: &str) -> &'a str {
    version.details.get(key).and_then(|value| value.as_str()).unwrap_or_default()
}

fn list(studio: &Studio, json: bool) -> studio::Result<()> {
    output::print(&studio.models()?, json, |models| {
        let mut table = Table::new(["Model", "Version", "Algorithm", "Label", "Registered"]);
        for model in models {
            let Some(latest) = &model.latest else { continue };
            table.row([
                model.name.clone(),
                latest.version.to_string(),
                if latest.digest.is_empty() { "logged by MLflow" } else { detail(latest, "algorithm") }.to_owned(),
                detail(latest, "label").to_owned(),
                time(latest.created_ms),
            ]);
        }
        if models.is_empty() {
            "No models yet. Register one with: atelier models register NAME --run RUN".to_owned()
        } else {
            table.render()
        }
    })
}

fn show(studio: &Studio, reference: &str, json: bool) -> studio::Result<()> {
    let detail = studio.model(reference)?;
    let versions = studio.model_versions(&detail.version.model)?;
    let shown = serde_json::json!({ "version": detail.version, "content": detail.content, "versions": versions });
    output::print(&shown, json, |_| {
        let version = &detail.version;
        let mut text = format!("{}\n", version_line(version));
        if let Some(path) = &version.pipeline {
            text.push_str(&format!("pipeline {path}\n"));
        }
        if let Some(commit) = &version.commit {
            text.push_str(&format!("commit {commit}\n"));
        }
        for (dataset, number) in &version.datasets {
            text.push_str(&format!("dataset {dataset}@{number}\n"));
        }
        if let ModelContent::Files(files) = &detail.content {
            text.push_str(&logged(files));
        }
        let mut metrics = Table::new(["Metric", "Value"]);
        for (key, value) in &version.metrics {
            metrics.row([key.clone(), format!("{value:.6}")]);
        }
        text.push_str(&format!("\n{}", metrics.render()));
        text
    })
}

/// Where a logged model's files are, and what loads them.
fn logged(files: &LoggedFiles) -> String {
    let mut text = format!("source {}\nfiles at {}\n", files.source, files.location);
    for flavor in &files.flavors {
        text.push_str(&format!("flavor {} {}\n", flavor.name, flavor.version.as_deref().unwrap_or("")));
    }
    if !files.here {
        text.push_str("The files are not in this workspace.\n");
    }
    for (path, bytes) in &files.files {
        text.push_str(&format!("file {path}, {bytes} bytes\n"));
    }
    text
}
