//! The models of a pipeline's run: where a run makes more than one, each is recorded as a run nested in it, so that a
//! metric, a parameter and a curve belong to a model and to nothing else.
//!
//! Such a run has no worker and no steps of its own. It shares the fate of the run that it is part of: it waits, runs
//! and ends with it, has its name, and is deleted and brought back with it. Clients see it as MLflow's nested runs.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::run_changes::set_text;
use crate::runs::{Run, new_run_id, run_row};
use crate::tracking::PARENT_TAG;
use crate::tx::{Batch, Tx, json_text};
use crate::words::{RunStatus, StepStatus};

/// The tag of a run that is a model of another one: what tells the models of that run apart.
pub const MODEL_TAG: &str = "atelier.model";

/// The rows of the runs that are models of another one, for `… IN (…)`. Reads an index alone.
pub(crate) const MODEL_ROWS: &str =
    "(SELECT run_id FROM tags WHERE key_id = (SELECT id FROM keys WHERE name = 'atelier.model'))";

/// The rows of the models of run `?1`, which is named by its id. Reads indexes alone.
const MODELS_OF: &str =
    "SELECT p.run_id FROM tags p WHERE p.key_id = (SELECT id FROM keys WHERE name = 'mlflow.parentRunId')
    AND p.value = ?1 AND EXISTS (SELECT 1 FROM tags m WHERE m.run_id = p.run_id
        AND m.key_id = (SELECT id FROM keys WHERE name = 'atelier.model'))";

/// A model that a run will make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewModelRun {
    /// Tells the run's models apart, whoever carries the run out again.
    pub subject: String,
    /// What people call it among the run's models.
    pub title: String,
    /// The algorithm's name for a person.
    pub algorithm: String,
    /// The steps whose end is its end: the one that trains it and those that judge it.
    pub steps: Vec<String>,
    /// Its parameters.
    pub params: Vec<(String, String)>,
}

/// One model of a run that makes several: what the run knows of it, and it of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRun {
    /// The other one's id: the model's, seen from its run; the run's, seen from a model.
    pub run: String,
    /// What tells the run's models apart.
    pub subject: String,
    /// What people call it among the run's models.
    pub title: String,
    /// The steps whose end is its end.
    #[serde(default)]
    pub steps: Vec<String>,
}

impl Run {
    /// The models of this run, where it makes more than one.
    pub fn model_runs(&self) -> Vec<ModelRun> {
        let list = self.details.get("models").cloned();
        list.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default()
    }

    /// The run that this one is a model of.
    pub fn model_of(&self) -> Option<ModelRun> {
        serde_json::from_value(self.details.get("model")?.clone()).ok()
    }
}

impl Tx<'_> {
    /// Records the models of a run that was just recorded, and tells the run of them.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn insert_model_runs(&self, run: &str, models: &[NewModelRun]) -> Result<()> {
        if models.is_empty() {
            return Ok(());
        }
        let parent = run_row(self.conn, run)?;
        let mut known = Vec::new();
        // The newest run stands first in lists, and the first model should.
        for model in models.iter().rev() {
            known.push(self.insert_model_run(run, parent, model)?);
        }
        known.reverse();
        self.conn.execute(
            "UPDATE runs SET details = json_set(details, '$.models', json(?2)) WHERE id = ?1",
            (parent, json_text(&known)?),
        )?;
        Ok(())
    }

    fn insert_model_run(&self, run: &str, parent: i64, model: &NewModelRun) -> Result<ModelRun> {
        let id = new_run_id();
        let NewModelRun { subject, title, algorithm, steps, params } = model.clone();
        let part = ModelRun { run: run.to_owned(), subject, title, steps };
        let details = json!({ "algorithm": algorithm, "model": part });
        let row = self
            .conn
            .prepare_cached(
                "INSERT INTO runs (uuid, experiment_id, created_at, status, name, pipeline, pipeline_title, user, commit_id,
                     branch, diff_digest, environment_digest, details, logged)
                 SELECT ?2, experiment_id, created_at, status, name, pipeline, pipeline_title, user, commit_id,
                     branch, diff_digest, environment_digest, ?3, 1 FROM runs WHERE id = ?1",
            )?
            .insert((parent, &id, json_text(&details)?))?;
        name_model(self.conn, row, &part)?;
        self.set_params(&id, &params)?;
        self.set_tags(&id, &self.model_tags(parent, &part)?)?;
        Ok(ModelRun { run: id, ..part })
    }

    /// The tags by which clients see what the run is and where it comes from.
    fn model_tags(&self, parent: i64, part: &ModelRun) -> Result<Vec<(String, String)>> {
        let (pipeline, user, commit): (Option<String>, Option<String>, Option<String>) =
            self.conn.query_row("SELECT pipeline, user, commit_id FROM runs WHERE id = ?1", [parent], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let tags = [
            (PARENT_TAG, Some(part.run.clone())),
            (MODEL_TAG, Some(part.subject.clone())),
            ("mlflow.source.type", Some("PROJECT".to_owned())),
            ("mlflow.source.name", pipeline),
            ("mlflow.user", user),
            ("mlflow.source.git.commit", commit),
        ];
        Ok(tags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
    }
}

/// Names a model after its run, so that it can be told from the models of other runs.
fn name_model(conn: &Connection, row: i64, part: &ModelRun) -> Result<()> {
    conn.prepare_cached("UPDATE runs SET name = (SELECT name FROM runs WHERE uuid = ?2) || ' · ' || ?3 WHERE id = ?1")?
        .execute((row, &part.run, &part.title))?;
    set_text(conn, row)
}

/// The rows of a run's models with what they know of it.
fn models_of(conn: &Connection, run: &str) -> Result<Vec<(i64, ModelRun)>> {
    let mut statement = conn.prepare_cached(&format!("SELECT id, details FROM runs WHERE id IN ({MODELS_OF})"))?;
    let rows = statement.query_map([run], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = Vec::new();
    for pair in rows {
        let (row, details) = pair?;
        let details: Value = serde_json::from_str(&details).unwrap_or_default();
        let part = details.get("model").cloned().and_then(|part| serde_json::from_value(part).ok());
        // Any client may set the tag; a model of a run of ours knows its run.
        found.extend(part.map(|part: ModelRun| (row, part)));
    }
    Ok(found)
}

/// Carries the name of a run over to its models.
pub(crate) fn rename(conn: &Connection, run: &str) -> Result<()> {
    models_of(conn, run)?.into_iter().try_for_each(|(row, part)| name_model(conn, row, &part))
}

/// Carries the beginning of a run, or that it waits again, over to its models.
pub(crate) fn follow(conn: &Connection, run: &str) -> Result<()> {
    conn.prepare_cached(&format!(
        "UPDATE runs SET (status, started_at, ended_at, error) =
             (SELECT status, started_at, ended_at, NULL FROM runs WHERE uuid = ?1) WHERE id IN ({MODELS_OF})"
    ))?
    .execute([run])?;
    Ok(())
}

/// Carries over that a run was deleted or brought back.
pub(crate) fn follow_deletion(conn: &Connection, run: &str) -> Result<()> {
    conn.prepare_cached(&format!(
        "UPDATE runs SET deleted_at = (SELECT deleted_at FROM runs WHERE uuid = ?1) WHERE id IN ({MODELS_OF})"
    ))?
    .execute([run])?;
    Ok(())
}

/// Carries over what a run ran on.
pub(crate) fn follow_environment(conn: &Connection, run: &str) -> Result<()> {
    conn.prepare_cached(&format!(
        "UPDATE runs SET environment_digest = (SELECT environment_digest FROM runs WHERE uuid = ?1)
         WHERE id IN ({MODELS_OF})"
    ))?
    .execute([run])?;
    Ok(())
}

/// The rows of the models of a run.
pub(crate) fn rows_of(conn: &Connection, run: &str) -> Result<Vec<i64>> {
    Ok(models_of(conn, run)?.into_iter().map(|(row, _)| row).collect())
}

/// Ends the models of a run that has ended, each as its own steps did: one that was trained and judged is done,
/// whatever became of the others.
pub(crate) fn finish(conn: &Connection, run: &str) -> Result<()> {
    follow(conn, run)?;
    let steps = crate::steps::of_run(conn, run_row(conn, run)?)?;
    for (row, part) in models_of(conn, run)? {
        let own: Vec<StepStatus> =
            steps.iter().filter(|step| part.steps.contains(&step.name)).map(|step| step.status).collect();
        let status = match () {
            () if own.contains(&StepStatus::Failed) => Some(RunStatus::Failed),
            () if own.contains(&StepStatus::Cancelled) => Some(RunStatus::Cancelled),
            () if own.iter().all(|status| matches!(status, StepStatus::Done | StepStatus::Reused)) => {
                Some(RunStatus::Done)
            }
            // What it waited for failed, or was never reached.
            () => None,
        };
        if let Some(status) = status {
            conn.prepare_cached("UPDATE runs SET status = ?2 WHERE id = ?1")?.execute((row, status))?;
        }
    }
    Ok(())
}

impl Batch<'_> {
    /// Notes that a run, or a model of one, put out a logged model.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn add_model_output(&self, run: &str, model: &str) -> Result<()> {
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO run_models (run_id, kind, model_id) VALUES (?1, 'output', ?2)")?
            .execute((run_row(self.conn, run)?, model))?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "model_runs_tests.rs"]
mod tests;
