//! What the ports of a run hold.

use std::path::PathBuf;
use std::sync::Arc;

use data::grid::Grid;
use data::prepare::Preparation;
use data::profile::Profile;
use data::schema::Schema;
use learn::Report;
use pipeline::component::PortKind;
use pipeline::meta::Meta;
use pipeline::store::{Store, Stored};
use serde::Serialize;

use crate::store::{WorkspaceStore, stored};
use crate::{Error, ModelCard, ModelFeature, Result, Studio};

/// The content of a port.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Output {
    /// Its rows are read through [`Studio::output_grid`].
    Table {
        schema: Schema,
        profile: Profile,
    },
    Estimator(learn::Estimator),
    Model(Box<ModelCard>),
    /// What it does to a table, in sentences.
    Transform {
        steps: Vec<String>,
    },
    Report(Report),
}

impl Studio {
    /// The record of what a run's port holds.
    ///
    /// # Errors
    /// A job that has no result, a port it does not have.
    pub fn stored_output(&self, run: &str, job: &str, port: &str) -> Result<Stored> {
        let steps = self.workspace.run(run)?.steps;
        let step = steps.into_iter().find(|step| step.name == job);
        let step = step.ok_or_else(|| Error::not_found(format!("This run has no step “{job}”.")))?;
        let found = step.outputs.into_iter().filter_map(stored).find(|output| output.port == port);
        found.ok_or_else(|| Error::not_found(format!("The step “{}” has no result on “{port}” yet.", step.title)))
    }

    /// What a run's port holds. A table's profile is computed once and kept.
    pub fn output(&self, run: &str, job: &str, port: &str) -> Result<Output> {
        let output = self.stored_output(run, job, port)?;
        let mut opened = self.open_output(&output)?;
        if let Output::Report(report) = &mut opened
            && let Some(models) = self.run_models(&self.run_row(run)?)?
        {
            models.name_compared(job, report);
        }
        Ok(opened)
    }

    pub(crate) fn open_output(&self, output: &Stored) -> Result<Output> {
        use pipeline::value::Value;
        let store = WorkspaceStore::new(Arc::clone(&self.workspace));
        if output.kind == PortKind::Table {
            let path = store.path(&output.digest)?;
            let profile = self.cached_profile(&output.digest, &path)?;
            return Ok(Output::Table { schema: table_schema(output), profile });
        }
        Ok(match pipeline::execute::outputs::open_output(&store, output)? {
            Value::Table(_) => return Err(Error::storage("A table was recorded as something else.")),
            Value::Estimator(estimator) => Output::Estimator((*estimator).clone()),
            Value::Model(model) => Output::Model(Box::new(card(&model))),
            Value::Transform(preparation) => Output::Transform { steps: steps(&preparation) },
            Value::Report(report) => Output::Report((*report).clone()),
        })
    }

    /// The rows of a table on a run's port.
    pub fn output_grid(&self, run: &str, job: &str, port: &str) -> Result<Grid> {
        let output = self.stored_output(run, job, port)?;
        Ok(Grid::open(&self.workspace.blob_path(&output.digest)?)?)
    }

    /// A table's profile, from `.atelier/cache` when it was computed before. The cache may be deleted at any time.
    fn cached_profile(&self, digest: &str, table: &std::path::Path) -> Result<Profile> {
        let file: PathBuf = self.workspace.private_folder().join("cache").join(format!("{digest}.profile.json"));
        if let Some(profile) = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(profile);
        }
        let profile = data::profile::of_parquet(table, &|_| std::ops::ControlFlow::Continue(()))?;
        if let Ok(text) = serde_json::to_vec(&profile)
            && let Err(error) = workspace::write_atomically(&file, &text)
        {
            tracing::warn!("a profile could not be cached: {error}");
        }
        Ok(profile)
    }
}

/// A table's columns with their roles.
fn table_schema(output: &Stored) -> Schema {
    match Meta::of(output) {
        Some(Meta::Table(table)) => table.schema,
        _ => Schema::default(),
    }
}

/// What a preparation does, a line each.
fn steps(preparation: &Preparation) -> Vec<String> {
    preparation.0.iter().map(|fitted| fitted.step().name().to_owned()).collect()
}

/// A model as a person reads it.
pub(crate) fn card(model: &learn::Model) -> ModelCard {
    let importance = model.importance();
    let mut features: Vec<ModelFeature> = model
        .features
        .iter()
        .map(|feature| ModelFeature {
            column: feature.column.clone(),
            kind: feature.kind,
            importance: importance.as_ref().and_then(|all| all.get(&feature.column).copied()),
        })
        .collect();
    features.sort_by(|a, b| b.importance.unwrap_or(0.0).total_cmp(&a.importance.unwrap_or(0.0)));
    ModelCard {
        algorithm: model.estimator.title().to_owned(),
        task: model.task(),
        label: model.label.as_ref().map(|label| label.name.clone()),
        classes: model.label.as_ref().map(|label| label.classes.clone()).unwrap_or_default(),
        positive: model.label.as_ref().and_then(|label| label.positive.clone()),
        threshold: model.label.as_ref().and_then(|label| label.threshold),
        features,
        preparation: steps(&model.preparation),
        input: model.input.clone(),
        rows: model.training.rows,
        seconds: model.training.seconds,
        summary: model.fitted.summary(),
    }
}
