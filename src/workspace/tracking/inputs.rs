//! What runs read and made: datasets as clients describe them, and logged models.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension};

use super::DATASET_CONTEXT_TAG;
use super::runs::{TrackedRun, active_run};
use crate::error::Result;
use crate::folder::Workspace;
use crate::tx::{Batch, json_column, json_text};

/// How many summaries of datasets a search returns at most.
const MOST_SUMMARIES: usize = 1000;

/// A table that a run says it read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedDataset {
    /// Its name.
    pub name: String,
    /// What tells its contents apart.
    pub digest: String,
    /// What kind of place it came from.
    pub source_type: String,
    /// The place, mostly as JSON.
    pub source: String,
    /// Its columns, as JSON.
    pub schema: Option<String>,
    /// Its statistics, as JSON.
    pub profile: Option<String>,
}

/// A dataset and what a run used it for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetInput {
    /// The dataset.
    pub dataset: LoggedDataset,
    /// Tags, such as [`DATASET_CONTEXT_TAG`].
    pub tags: Vec<(String, String)>,
}

/// A logged model that a run used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInput {
    /// The logged model's id.
    pub model_id: String,
}

/// A logged model that a run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOutput {
    /// The logged model's id.
    pub model_id: String,
    /// At which step.
    pub step: i64,
}

/// A dataset of an experiment's runs, for choosing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The experiment's number.
    pub experiment: i64,
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// What it was used for.
    pub context: Option<String>,
}

impl Workspace {
    /// The ids of the runs that read a logged model, newest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn runs_reading_model(&self, model: &str) -> Result<Vec<String>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT DISTINCT r.uuid FROM run_models m JOIN runs r ON r.id = m.run_id
                 WHERE m.model_id = ?1 AND m.kind = 'input' AND r.deleted_at IS NULL ORDER BY r.id DESC",
            )?;
            let ids = statement.query_map([model], |row| row.get(0))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl Batch<'_> {
    /// Adds datasets and models that a run reads. A dataset that the run has already keeps its tags.
    ///
    /// # Errors
    /// A run that is not there or deleted.
    pub fn log_inputs(&self, run: &str, datasets: &[DatasetInput], models: &[ModelInput]) -> Result<()> {
        let row = active_run(self.conn, run)?;
        let experiment: i64 = self
            .conn
            .prepare_cached("SELECT experiment_id FROM runs WHERE id = ?1")?
            .query_row([row], |row| row.get(0))?;
        let mut seen = HashSet::new();
        for input in datasets {
            if seen.insert((&input.dataset.name, &input.dataset.digest)) {
                self.log_dataset(row, experiment, input)?;
            }
        }
        let mut insert = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO run_models (run_id, kind, model_id) VALUES (?1, 'input', ?2)")?;
        for model in models {
            insert.execute((row, &model.model_id))?;
        }
        Ok(())
    }

    fn log_dataset(&self, row: i64, experiment: i64, input: &DatasetInput) -> Result<()> {
        let dataset = &input.dataset;
        let known: Option<i64> = self
            .conn
            .prepare_cached("SELECT id FROM logged_datasets WHERE experiment_id = ?1 AND name = ?2 AND digest = ?3")?
            .query_row((experiment, &dataset.name, &dataset.digest), |row| row.get(0))
            .optional()?;
        let id = match known {
            Some(id) => id,
            None => self
                .conn
                .prepare_cached(
                    "INSERT INTO logged_datasets (experiment_id, name, digest, source_type, source, schema, profile)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .insert((
                    experiment,
                    &dataset.name,
                    &dataset.digest,
                    &dataset.source_type,
                    &dataset.source,
                    &dataset.schema,
                    &dataset.profile,
                ))?,
        };
        let context = input.tags.iter().find(|(key, _)| key == DATASET_CONTEXT_TAG).map(|(_, value)| value);
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO run_datasets (run_id, dataset_id, tags, context) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((row, id, json_text(&input.tags)?, context))?;
        Ok(())
    }

    /// Adds models that a run made.
    ///
    /// # Errors
    /// A run that is not there or deleted.
    pub fn log_outputs(&self, run: &str, models: &[ModelOutput]) -> Result<()> {
        let row = active_run(self.conn, run)?;
        let mut insert = self.conn.prepare_cached(
            "INSERT OR IGNORE INTO run_models (run_id, kind, model_id, step) VALUES (?1, 'output', ?2, ?3)",
        )?;
        for model in models {
            insert.execute((row, &model.model_id, model.step))?;
        }
        Ok(())
    }
}

impl Workspace {
    /// The datasets that runs of these experiments read, at most 1,000.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn search_datasets(&self, experiments: &[i64]) -> Result<Vec<DatasetSummary>> {
        let list = json_text(&experiments)?;
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT DISTINCT d.experiment_id, d.name, d.digest, i.context
                     FROM logged_datasets d JOIN run_datasets i ON i.dataset_id = d.id
                     WHERE d.experiment_id IN (SELECT value FROM json_each(?1))
                 UNION SELECT r.experiment_id, i.dataset, substr(i.digest, 1, 32), i.step
                     FROM runs r JOIN run_inputs i ON i.run_id = r.id
                     WHERE r.experiment_id IN (SELECT value FROM json_each(?1))
                 LIMIT ?2",
            )?;
            let rows = statement.query_map((&list, MOST_SUMMARIES as i64), |row| {
                Ok(DatasetSummary {
                    experiment: row.get(0)?,
                    name: row.get(1)?,
                    digest: row.get(2)?,
                    context: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Takes a run's row and what to add to that run.
pub(super) type Give<'a> = &'a mut dyn FnMut(i64, &mut dyn FnMut(&mut TrackedRun));

/// Gives `take` what to add to which run's row, for all rows in the JSON list.
pub(super) fn fill(conn: &Connection, list: &str, take: Give<'_>) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT i.run_id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile, i.tags
         FROM json_each(?1) j CROSS JOIN run_datasets i ON i.run_id = j.value JOIN logged_datasets d ON d.id = i.dataset_id
         ORDER BY i.run_id, d.id",
    )?;
    let mut rows = statement.query([list])?;
    while let Some(row) = rows.next()? {
        let dataset = LoggedDataset {
            name: row.get(1)?,
            digest: row.get(2)?,
            source_type: row.get(3)?,
            source: row.get(4)?,
            schema: row.get(5)?,
            profile: row.get(6)?,
        };
        let input = DatasetInput { dataset, tags: json_column(row, 7)? };
        take(row.get(0)?, &mut |run| run.datasets.push(input.clone()));
    }
    // The dataset versions of our own that a pipeline's run reads.
    let mut statement = conn.prepare_cached(
        "SELECT i.run_id, i.dataset, i.version, i.digest, i.step FROM json_each(?1) j
         CROSS JOIN run_inputs i ON i.run_id = j.value ORDER BY i.run_id, i.step, i.port",
    )?;
    let mut rows = statement.query([list])?;
    while let Some(row) = rows.next()? {
        let (name, version, digest): (String, u32, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let dataset = LoggedDataset {
            source_type: "atelier".into(),
            source: serde_json::json!({"dataset": name, "version": version, "digest": digest}).to_string(),
            // MLflow's digests have at most 36 characters.
            digest: digest.chars().take(32).collect(),
            name,
            schema: None,
            profile: None,
        };
        let input = DatasetInput { dataset, tags: vec![(DATASET_CONTEXT_TAG.into(), row.get(4)?)] };
        take(row.get(0)?, &mut |run| run.datasets.push(input.clone()));
    }
    let mut statement = conn.prepare_cached(
        "SELECT m.run_id, m.kind, m.model_id, m.step FROM json_each(?1) j CROSS JOIN run_models m ON m.run_id = j.value",
    )?;
    let mut rows = statement.query([list])?;
    while let Some(row) = rows.next()? {
        let (kind, model_id, step): (String, String, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        take(row.get(0)?, &mut |run| match kind.as_str() {
            "input" => run.model_inputs.push(model_id.clone()),
            _ => run.model_outputs.push(ModelOutput { model_id: model_id.clone(), step }),
        });
    }
    Ok(())
}
