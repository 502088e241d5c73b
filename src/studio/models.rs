//! Registered models.

use std::collections::BTreeMap;

use data::schema::Kind;
use indexmap::IndexMap;
use learn::Report;
use pipeline::component::PortKind;
use serde::Serialize;
use workspace::{Change, NewModelVersion};

use crate::datasets::parse_reference;
use crate::{Error, LoggedFiles, Output, Result, Studio};

pub use workspace::{Model, ModelVersion};

/// A trained model as a person reads it.
#[derive(Clone, Debug, Serialize)]
pub struct ModelCard {
    pub algorithm: String,
    pub task: learn::Task,
    pub label: Option<String>,
    pub classes: Vec<String>,
    /// The columns it looks at, the most important first.
    pub features: Vec<ModelFeature>,
    /// What it does to raw rows before it looks, in sentences.
    pub preparation: Vec<String>,
    /// The columns that raw rows need.
    pub input: data::schema::Schema,
    pub rows: u64,
    pub seconds: f64,
    pub summary: learn::Summary,
}

#[derive(Clone, Debug, Serialize)]
pub struct ModelFeature {
    pub column: String,
    pub kind: Kind,
    /// Sums to 1 over the features; `None` where the algorithm has no such thing.
    pub importance: Option<f64>,
}

/// What a model version holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelContent {
    /// A model that a pipeline of ours trained.
    Card(Box<ModelCard>),
    /// Files that a client logged through MLflow's protocol.
    Files(LoggedFiles),
}

/// A model version with what is inside it and what was measured of it.
#[derive(Clone, Debug, Serialize)]
pub struct ModelDetail {
    pub version: ModelVersion,
    pub content: ModelContent,
    /// The reports of the run it came from: (job's title, report).
    pub reports: Vec<(String, Report)>,
}

impl ModelDetail {
    /// What is inside, for a model of ours.
    pub fn card(&self) -> Option<&ModelCard> {
        match &self.content {
            ModelContent::Card(card) => Some(card),
            ModelContent::Files(_) => None,
        }
    }
}

impl Studio {
    /// Registers the model on a run's output port as the next version of `name`.
    ///
    /// # Errors
    /// A port that holds no model.
    pub fn register_model(
        &self,
        run: &str,
        job: &str,
        port: &str,
        name: &str,
        description: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<ModelVersion> {
        let detail = self.workspace.run(run)?;
        let digest = self.stored_output(run, job, port)?.digest;
        let Output::Model(card) = self.output(run, job, port)? else {
            return Err(Error::invalid(format!(
                "The port “{port}” of “{job}” holds no model; register a trained one."
            )));
        };
        let finite = detail.run.metrics.iter().filter(|(_, value)| value.is_finite());
        let mut datasets: Vec<(String, u32)> =
            detail.inputs.iter().map(|input| (input.dataset.clone(), input.version)).collect();
        datasets.dedup();
        let new = NewModelVersion {
            model: name.trim().to_owned(),
            digest,
            run: Some(run.to_owned()),
            step: Some(job.to_owned()),
            port: Some(port.to_owned()),
            description: description.to_owned(),
            pipeline: detail.run.pipeline.clone(),
            commit: detail.run.commit.clone(),
            tags: tags.into_iter().collect(),
            // Curves are the run's; a version keeps what was measured of the finished model.
            metrics: finite
                .filter(|(key, _)| !key.starts_with(&format!("{job}.")))
                .map(|(k, v)| (k.clone(), *v))
                .collect::<IndexMap<_, _>>(),
            datasets,
            details: serde_json::json!({ "algorithm": card.algorithm, "task": card.task, "label": card.label }),
        };
        let change = Change::new("model.registered", name).with("run", run);
        let version = self.workspace.write(change, |tx| tx.add_model_version(&new))?;
        Ok(self.workspace.model_version(&new.model, Some(version))?)
    }

    /// The job and port of the model that a run trained.
    ///
    /// # Errors
    /// A run that trained none, or several when `job` names none.
    pub fn trained_model(&self, run: &str, job: Option<&str>) -> Result<(String, String)> {
        let steps = self.workspace.run(run)?.steps;
        let models = steps.iter().filter(|step| job.is_none_or(|job| job == step.name)).flat_map(|step| {
            let outputs = step.outputs.iter().cloned().filter_map(crate::store::stored);
            outputs.filter(|output| output.kind == PortKind::Model).map(|output| (step.name.clone(), output.port))
        });
        let models: Vec<_> = models.collect();
        match models.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(Error::not_found("This run trained no model, or has not come so far.")),
            [first, ..] => Err(Error::invalid(format!(
                "This run trained {} models. Say which with its job's name, such as {}.",
                models.len(),
                first.0
            ))),
        }
    }

    /// The registered models, by name.
    pub fn models(&self) -> Result<Vec<Model>> {
        let all = self.workspace.models()?;
        Ok(all.into_iter().filter(|model| model.deleted_ms.is_none() && model.latest.is_some()).collect())
    }

    /// The versions of a model, the newest first.
    pub fn model_versions(&self, name: &str) -> Result<Vec<ModelVersion>> {
        Ok(self.workspace.model_versions(name)?)
    }

    /// Everything about `NAME` (the newest version) or `NAME@VERSION`.
    pub fn model(&self, reference: &str) -> Result<ModelDetail> {
        let (name, version) = parse_reference(reference)?;
        let version = self.workspace.model_version(name, version)?;
        let content = match version.digest.as_str() {
            "" => ModelContent::Files(self.logged_files(&version)?),
            digest => {
                let model = learn::Model::from_bytes(&self.workspace.read_blob(digest)?)?;
                ModelContent::Card(Box::new(crate::outputs::card(&model)))
            }
        };
        let reports = version.run.as_deref().map(|run| self.run_reports(run)).transpose()?.unwrap_or_default();
        Ok(ModelDetail { version, content, reports })
    }

    /// The versions that a run's models were registered as.
    pub fn models_of_run(&self, run: &str) -> Result<Vec<ModelVersion>> {
        Ok(self.workspace.model_versions_of_run(run)?)
    }

    pub fn describe_model(&self, name: &str, description: &str) -> Result<()> {
        let change = Change::new("model.described", name);
        Ok(self.workspace.write(change, |tx| tx.describe_model(name, description))?)
    }

    /// Deletes a version so that [`Self::restore_model_version`] can bring it back.
    pub fn delete_model_version(&self, name: &str, version: u32) -> Result<()> {
        let change = Change::new("model.version_deleted", name).with("version", version);
        Ok(self.workspace.write(change, |tx| tx.delete_model_version(name, version))?)
    }

    pub fn restore_model_version(&self, name: &str, version: u32) -> Result<()> {
        let change = Change::new("model.version_restored", name).with("version", version);
        Ok(self.workspace.write(change, |tx| tx.restore_model_version(name, version))?)
    }
}
