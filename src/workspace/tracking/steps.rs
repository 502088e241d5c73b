//! What a run of a pipeline shows through the protocol beside its own record: its steps' outputs among its
//! artifacts, its trained models among the logged ones, and the runs in which its steps' processes log.

use rusqlite::{Connection, OptionalExtension};

use super::artifacts::within;
use super::logged_models::LoggedModelStatus;
use super::runs::any_run;
use super::{PARENT_TAG, default_location};
use crate::blobs::Blob;
use crate::error::Result;
use crate::folder::Workspace;
use crate::run_changes::set_text;
use crate::runs::new_run_id;
use crate::tx::Batch;
use crate::words::RunStatus;

/// The tag of a run in which a step's process logs: the step's name.
pub const STEP_TAG: &str = "atelier.step";

/// The file of a model of ours among those of a logged one.
pub const MODEL_FILE: &str = "model.atelier";

/// Tags that a step's run has from the beginning.
pub(super) const OWN_TAGS: [&str; 6] =
    [PARENT_TAG, STEP_TAG, COMMIT_TAG, "mlflow.source.name", "mlflow.source.type", "mlflow.user"];

/// The tag that names the commit a run started from.
const COMMIT_TAG: &str = "mlflow.source.git.commit";

/// A model that a step trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedModel {
    /// `m-` and 32 hex digits, the same for the same step of the same run.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What kind of model.
    pub kind: String,
    /// Parameters, each name once.
    pub params: Vec<(String, String)>,
    /// Its files, by their path below its own place.
    pub files: Vec<(String, Blob)>,
}

impl Batch<'_> {
    /// Shows a stored output among a run's artifacts.
    ///
    /// # Errors
    /// A run that is not there, a path that cannot be, a digest the workspace does not have.
    pub fn show_output(&self, run: &str, path: &str, digest: &str) -> Result<()> {
        let experiment = experiment_of(self.conn, any_run(self.conn, run)?)?;
        let blob = self.stored_blob(digest)?;
        self.put_artifact(&format!("{experiment}/{run}/artifacts/{path}"), &blob)
    }

    /// Shows a trained model among the logged ones, and as made by its run. A model that is there stays.
    ///
    /// # Errors
    /// A run that is not there, a digest the workspace does not have.
    pub fn show_model(&self, run: &str, model: &TrainedModel) -> Result<()> {
        let row = any_run(self.conn, run)?;
        if !self.insert_model(Some(run), experiment_of(self.conn, row)?, model)? {
            return Ok(());
        }
        self.add_model_output(run, &model.id)
    }

    /// Adds a model to the logged ones of an experiment; false when it is there already.
    fn insert_model(&self, run: Option<&str>, experiment: i64, model: &TrainedModel) -> Result<bool> {
        let folder = format!("{experiment}/models/{}/artifacts", model.id);
        let added = self
            .conn
            .prepare_cached(
                "INSERT OR IGNORE INTO logged_models (model_id, experiment_id, name, artifact_location, created_at,
                     updated_at, status, model_type, source_run) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)",
            )?
            .execute((
                &model.id,
                experiment,
                &model.name,
                format!("mlflow-artifacts:/{folder}"),
                self.now,
                LoggedModelStatus::Ready.word(),
                &model.kind,
                run,
            ))?;
        if added == 0 {
            return Ok(false);
        }
        let id = self.conn.last_insert_rowid();
        let mut insert = self
            .conn
            .prepare_cached("INSERT OR REPLACE INTO logged_model_params (model_id, key, value) VALUES (?1, ?2, ?3)")?;
        for (key, value) in &model.params {
            insert.execute((id, key, value))?;
        }
        for (path, blob) in &model.files {
            self.put_artifact(&format!("{folder}/{path}"), blob)?;
        }
        Ok(true)
    }

    fn stored_blob(&self, digest: &str) -> Result<Blob> {
        let size: Option<i64> = self
            .conn
            .prepare_cached("SELECT size FROM blobs WHERE digest = ?1")?
            .query_row([digest], |row| row.get(0))
            .optional()?;
        Ok(Blob { digest: digest.to_owned(), size: size.unwrap_or_default() as u64 })
    }

    /// Shows a stored model that no step shows among the logged ones, and returns its id.
    ///
    /// # Errors
    /// A run that is not there, a digest the workspace does not have.
    pub(crate) fn log_stored_model(&self, run: Option<&str>, name: &str, digest: &str) -> Result<String> {
        let model = TrainedModel {
            id: format!("m-{}", new_run_id()),
            name: name.to_owned(),
            kind: String::new(),
            params: Vec::new(),
            files: vec![(MODEL_FILE.to_owned(), self.stored_blob(digest)?)],
        };
        match run {
            Some(run) => self.show_model(run, &model)?,
            None => {
                self.insert_model(None, 0, &model)?;
            }
        }
        Ok(model.id)
    }

    /// Opens a run, nested in a pipeline's, in which the process of a step may log; returns its id and its
    /// experiment's number. [`Batch::close_step_runs`] takes it away again if nothing was logged.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn open_step_run(&self, parent: &str, step: &str, name: &str) -> Result<(String, i64)> {
        let (experiment, commit): (i64, Option<String>) = self
            .conn
            .prepare_cached("SELECT experiment_id, commit_id FROM runs WHERE id = ?1")?
            .query_row([any_run(self.conn, parent)?], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let id = new_run_id();
        let row = self
            .conn
            .prepare_cached(
                "INSERT INTO runs (uuid, experiment_id, created_at, status, started_at, name, user, logged)
                 VALUES (?1, ?2, ?3, 'running', ?3, ?4, ?5, 1)",
            )?
            .insert((&id, experiment, self.now, name, self.who))?;
        set_text(self.conn, row)?;
        let tags = [
            (PARENT_TAG, parent),
            (STEP_TAG, step),
            ("mlflow.source.name", step),
            ("mlflow.source.type", "PROJECT"),
            ("mlflow.user", self.who),
        ];
        let mut tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        tags.extend(commit.map(|commit| (COMMIT_TAG.to_owned(), commit)));
        self.set_tags(&id, &tags)?;
        Ok((id, experiment))
    }

    /// Closes the runs in which steps of a run logged: all, or those of one step. What has no end gets this
    /// one; a run to which nothing was logged leaves no trace.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn close_step_runs(&self, parent: &str, step: Option<&str>, status: RunStatus) -> Result<()> {
        let mut found = self.conn.prepare_cached(
            "SELECT r.id, r.uuid, r.experiment_id FROM tags p JOIN runs r ON r.id = p.run_id
             JOIN tags s ON s.run_id = r.id AND s.key_id = (SELECT id FROM keys WHERE name = ?3)
             WHERE p.key_id = (SELECT id FROM keys WHERE name = ?1) AND p.value = ?2 AND (?4 IS NULL OR s.value = ?4)
                 AND r.logged",
        )?;
        let rows = found.query_map((PARENT_TAG, parent, STEP_TAG, step), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
        })?;
        let rows: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
        for (row, id, experiment) in rows {
            if is_empty(self.conn, row, &id, experiment)? {
                self.conn.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([row])?;
                continue;
            }
            self.conn
                .prepare_cached("UPDATE runs SET status = ?2, ended_at = ?3 WHERE id = ?1 AND status = 'running'")?
                .execute((row, status, self.now))?;
        }
        Ok(())
    }
}

impl Workspace {
    /// The runs in which steps of a run logged: step and run, in the order they were opened.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn step_runs(&self, parent: &str) -> Result<Vec<(String, String)>> {
        self.db.read(|conn| {
            let mut found = conn.prepare_cached(
                "SELECT s.value, r.uuid FROM tags p JOIN runs r ON r.id = p.run_id
                 JOIN tags s ON s.run_id = r.id AND s.key_id = (SELECT id FROM keys WHERE name = ?3)
                 WHERE p.key_id = (SELECT id FROM keys WHERE name = ?1) AND p.value = ?2
                     AND r.logged AND r.deleted_at IS NULL
                 ORDER BY r.id",
            )?;
            let rows = found.query_map((PARENT_TAG, parent, STEP_TAG), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn experiment_of(conn: &Connection, row: i64) -> Result<i64> {
    Ok(conn.prepare_cached("SELECT experiment_id FROM runs WHERE id = ?1")?.query_row([row], |row| row.get(0))?)
}

/// The folder of a run's artifacts.
pub(super) fn step_artifacts(conn: &Connection, row: i64, id: &str) -> Result<String> {
    Ok(own_place(experiment_of(conn, row)?, id))
}

fn own_place(experiment: i64, id: &str) -> String {
    format!("{}/{id}", default_location(experiment).trim_start_matches("mlflow-artifacts:/"))
}

/// Whether nothing was logged to a step's run.
fn is_empty(conn: &Connection, row: i64, id: &str, experiment: i64) -> Result<bool> {
    for table in ["latest_metrics", "params", "run_datasets", "run_models"] {
        if conn.prepare_cached(&format!("SELECT 1 FROM {table} WHERE run_id = ?1"))?.exists([row])? {
            return Ok(false);
        }
    }
    let own = serde_json::to_string(&OWN_TAGS)?;
    let mut tagged = conn.prepare_cached(
        "SELECT 1 FROM tags t JOIN keys k ON k.id = t.key_id
         WHERE t.run_id = ?1 AND k.name NOT IN (SELECT value FROM json_each(?2))",
    )?;
    let mut nested =
        conn.prepare_cached("SELECT 1 FROM tags WHERE key_id = (SELECT id FROM keys WHERE name = ?1) AND value = ?2")?;
    let mut modelled = conn.prepare_cached("SELECT 1 FROM logged_models WHERE source_run = ?1")?;
    let (first, end) = within(&own_place(experiment, id));
    let mut stored = conn.prepare_cached("SELECT 1 FROM artifacts WHERE path >= ?1 AND path < ?2")?;
    Ok(!tagged.exists((row, own))?
        && !nested.exists((PARENT_TAG, id))?
        && !modelled.exists([id])?
        && !stored.exists((first, end))?)
}

#[cfg(test)]
mod tests {
    use crate::test_support::{change, insert_run, workspace};
    use crate::tracking::TrainedModel;
    use crate::{MetricPoint, RunFilter, RunStatus};

    #[test]
    fn a_steps_run_stays_only_if_something_was_logged() {
        let (_dir, workspace) = workspace();
        let run = insert_run(&workspace, "heron");
        let open = |step: &str| workspace.write(change(), |tx| tx.open_step_run(&run, step, step)).unwrap().0;
        let (quiet, loud) = (open("quiet"), open("loud"));
        let point = MetricPoint { key: "m".into(), value: 1.0, timestamp_ms: 1, step: 0 };
        workspace.write(change(), |tx| tx.log_metrics(&loud, &[point])).unwrap();
        workspace.write(change(), |tx| tx.close_step_runs(&run, Some("quiet"), RunStatus::Done)).unwrap();
        assert!(workspace.tracked_run(&quiet).is_err());
        assert_eq!(workspace.tracked_run(&loud).unwrap().status, RunStatus::Running);
        assert_eq!(workspace.step_runs(&run).unwrap(), [("loud".to_owned(), loud.clone())]);
        workspace.write(change(), |tx| tx.close_step_runs(&run, None, RunStatus::Failed)).unwrap();
        let kept = workspace.tracked_run(&loud).unwrap();
        assert_eq!((kept.status, kept.end_ms.is_some()), (RunStatus::Failed, true));
        assert!(kept.tags.contains(&("mlflow.parentRunId".to_owned(), run)));
        assert_eq!(workspace.runs(&RunFilter::default()).unwrap().total, 2);
    }

    #[test]
    fn outputs_and_models_of_a_pipeline_are_shown_once() {
        let (_dir, workspace) = workspace();
        let run = insert_run(&workspace, "heron");
        let blob = workspace.put_bytes(b"model").unwrap();
        let model = TrainedModel {
            id: format!("m-{}", "0".repeat(32)),
            name: "Train".into(),
            kind: "Random forest".into(),
            params: vec![("depth".into(), "6".into())],
            files: vec![("model.bin".into(), blob.clone())],
        };
        for _ in 0..2 {
            workspace
                .write(change(), |tx| {
                    tx.show_output(&run, "outputs/train/model.bin", &blob.digest)?;
                    tx.show_model(&run, &model)
                })
                .unwrap();
        }
        assert_eq!(workspace.tracked_run(&run).unwrap().model_outputs.len(), 1);
        let logged = workspace.logged_model(&model.id, false).unwrap();
        assert_eq!(logged.source_run, Some(run.clone()));
        assert_eq!(workspace.artifacts_in(&format!("0/{run}/artifacts/outputs/train")).unwrap()[0].size, Some(5));
        assert_eq!(workspace.artifacts_in(&format!("0/models/{}/artifacts", model.id)).unwrap().len(), 1);
    }
}
