//! Changing runs: recording one, claiming it for a worker, ending it, deleting it and back.

use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model_runs;
use crate::runs::{NewRun, RunInput, STALE_AFTER_MS, new_run_id, run_row};
use crate::steps;
use crate::tx::{Batch, Tx, json_text};
use crate::words::{RunStatus, StepStatus};

impl Tx<'_> {
    /// Records a run that waits for a worker, and returns its id.
    ///
    /// # Errors
    /// An id that is taken or not 32 hex digits, a digest the workspace does not have.
    pub fn insert_run(&self, new: &NewRun) -> Result<String> {
        let id = new.id.clone().unwrap_or_else(new_run_id);
        if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()) {
            return Err(Error::Invalid(format!("“{id}” is not a run id: it takes 32 lower-case hex digits.")));
        }
        if self.conn.prepare_cached("SELECT 1 FROM runs WHERE uuid = ?1")?.exists([&id])? {
            return Err(Error::Exists(format!("There is a run {id} already.")));
        }
        let experiment = self.experiment_id(if new.experiment.is_empty() { "Default" } else { &new.experiment })?;
        let details = if new.details.is_null() { "{}".into() } else { json_text(&new.details)? };
        let user = new.user.as_deref().unwrap_or(self.who);
        self.conn
            .prepare_cached(
                "INSERT INTO runs (uuid, experiment_id, created_at, status, name, pipeline, pipeline_title, user,
                     commit_id, branch, plan_digest, diff_digest, environment_digest, details)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(rusqlite::params![
                id,
                experiment,
                self.now,
                RunStatus::Waiting,
                new.name,
                new.pipeline,
                new.pipeline_title,
                user,
                new.commit,
                new.branch,
                new.plan,
                new.diff,
                new.environment,
                details
            ])?;
        let row = self.conn.last_insert_rowid();
        for (position, step) in new.steps.iter().enumerate() {
            steps::insert(self.conn, row, position, step)?;
        }
        set_text(self.conn, row)?;
        self.add_run_inputs(&id, &new.inputs)?;
        self.set_params(&id, &new.params)?;
        self.set_tags(&id, &origin_tags(new, user))?;
        self.set_tags(&id, &new.tags)?;
        self.insert_model_runs(&id, &new.models)?;
        Ok(id)
    }

    /// Takes a run for a worker: it runs from now on.
    ///
    /// # Errors
    /// A run that has ended, or whose worker was heard of within [`STALE_AFTER_MS`].
    pub fn claim_run(&self, run: &str, pid: u32) -> Result<()> {
        let (status, heartbeat): (RunStatus, Option<i64>) = self.conn.query_row(
            "SELECT status, heartbeat_at FROM runs WHERE id = ?1",
            [run_row(self.conn, run)?],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let alive = heartbeat.is_some_and(|at| self.now - at < STALE_AFTER_MS);
        if status.is_final() {
            return Err(Error::Invalid(format!(
                "Run {run} has ended ({status}), so it cannot be worked on. Queue it again first."
            )));
        }
        if status == RunStatus::Running && alive {
            return Err(Error::Invalid(format!("Run {run} has a worker already.")));
        }
        self.conn.execute(
            "UPDATE runs SET status = ?2, pid = ?3, heartbeat_at = ?4, started_at = coalesce(started_at, ?4), error = NULL
             WHERE uuid = ?1",
            (run, RunStatus::Running, pid, self.now),
        )?;
        model_runs::follow(self.conn, run)
    }

    /// Puts an ended or abandoned run back to waiting, to be resumed at its first step without a result.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn requeue_run(&self, run: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        // The beat is the queue's own: a worker that has yet to start must not be taken for dead.
        self.conn.execute(
            "UPDATE runs SET status = 'waiting', pid = NULL, heartbeat_at = ?2, ended_at = NULL, error = NULL,
                 cancel_requested = 0 WHERE id = ?1",
            (row, self.now),
        )?;
        self.conn.execute(
            "UPDATE steps SET status = 'waiting', progress = 0, started_at = NULL, ended_at = NULL, message = NULL, error = NULL
             WHERE run_id = ?1 AND status NOT IN ('done', 'reused')",
            [row],
        )?;
        model_runs::follow(self.conn, run)
    }

    /// Ends a run. Steps that still ran are failed or cancelled with it, those that waited are skipped.
    ///
    /// # Errors
    /// A status that is not an end.
    pub fn finish_run(&self, run: &str, status: RunStatus, error: Option<&str>) -> Result<()> {
        if !status.is_final() {
            return Err(Error::Invalid(format!("A run does not end as “{status}”.")));
        }
        let row = run_row(self.conn, run)?;
        self.conn.execute(
            "UPDATE runs SET status = ?2, ended_at = ?3, error = ?4, started_at = coalesce(started_at, ?3) WHERE id = ?1",
            (row, status, self.now, error),
        )?;
        let stopped = if status == RunStatus::Cancelled { StepStatus::Cancelled } else { StepStatus::Failed };
        self.conn.execute(
            "UPDATE steps SET status = ?2, ended_at = ?3, error = coalesce(error, ?4) WHERE run_id = ?1 AND status = 'running'",
            (row, stopped, self.now, error),
        )?;
        self.conn.execute("UPDATE steps SET status = 'skipped' WHERE run_id = ?1 AND status = 'waiting'", [row])?;
        model_runs::finish(self.conn, run)
    }

    /// Asks the run's worker to stop; it learns so with its next heartbeat.
    ///
    /// # Errors
    /// A run that is not there or has ended.
    pub fn request_cancel(&self, run: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let changed = self.conn.execute(
            "UPDATE runs SET cancel_requested = 1 WHERE id = ?1 AND status IN ('waiting', 'running')",
            [row],
        )?;
        if changed == 0 {
            return Err(Error::Invalid("This run has ended already, so there is nothing to cancel.".into()));
        }
        Ok(())
    }

    /// Gives a run another name.
    ///
    /// # Errors
    /// A run that is not there, an empty name.
    pub fn rename_run(&self, run: &str, name: &str) -> Result<()> {
        if name.trim().is_empty() {
            return Err(Error::Invalid("A run needs a name.".into()));
        }
        let row = run_row(self.conn, run)?;
        self.conn.execute("UPDATE runs SET name = ?2 WHERE id = ?1", (row, name.trim()))?;
        set_text(self.conn, row)?;
        model_runs::rename(self.conn, run)
    }

    /// Replaces a run's small facts.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn set_run_details(&self, run: &str, details: &Value) -> Result<()> {
        self.conn
            .execute("UPDATE runs SET details = ?2 WHERE id = ?1", (run_row(self.conn, run)?, json_text(details)?))?;
        Ok(())
    }

    /// Deletes a run so that it can be restored.
    ///
    /// # Errors
    /// A run that is not there, or that still runs.
    pub fn delete_run(&self, run: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let changed = self.conn.execute(
            "UPDATE runs SET deleted_at = coalesce(deleted_at, ?2) WHERE id = ?1 AND (status != 'running' OR logged)",
            (row, self.now),
        )?;
        if changed == 0 {
            return Err(Error::Invalid("This run is still going. Cancel it before you delete it.".into()));
        }
        model_runs::follow_deletion(self.conn, run)
    }

    /// Brings a deleted run back.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn restore_run(&self, run: &str) -> Result<()> {
        self.conn.execute("UPDATE runs SET deleted_at = NULL WHERE id = ?1", [run_row(self.conn, run)?])?;
        model_runs::follow_deletion(self.conn, run)
    }

    /// Replaces the description of what a run ran on, once its worker knows more.
    ///
    /// # Errors
    /// A run that is not there, a digest the workspace does not have.
    pub fn set_run_environment(&self, run: &str, digest: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        self.conn.execute("UPDATE runs SET environment_digest = ?2 WHERE id = ?1", (row, digest))?;
        model_runs::follow_environment(self.conn, run)
    }
}

impl Batch<'_> {
    /// Adds dataset versions that the run reads; the same step and port again replaces.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn add_run_inputs(&self, run: &str, inputs: &[RunInput]) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let mut insert = self.conn.prepare_cached(
            "INSERT OR REPLACE INTO run_inputs (run_id, step, port, dataset, version, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for input in inputs {
            insert.execute((row, &input.step, &input.port, &input.dataset, input.version, &input.digest))?;
        }
        Ok(())
    }

    /// Sets parameters; the same name again replaces.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn set_params(&self, run: &str, params: &[(String, String)]) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let mut insert = self
            .conn
            .prepare_cached("INSERT OR REPLACE INTO params (run_id, key_id, value, number) VALUES (?1, ?2, ?3, ?4)")?;
        for (key, value) in params {
            let number = value.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            insert.execute((row, self.key_id(key, Use::Param)?, value, number))?;
        }
        Ok(())
    }

    /// Sets tags; the same name again replaces.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn set_tags(&self, run: &str, tags: &[(String, String)]) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let mut insert =
            self.conn.prepare_cached("INSERT OR REPLACE INTO tags (run_id, key_id, value) VALUES (?1, ?2, ?3)")?;
        for (key, value) in tags {
            insert.execute((row, self.key_id(key, Use::Tag)?, value))?;
        }
        Ok(())
    }

    /// Removes a tag; one that is not there is no error.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn remove_tag(&self, run: &str, key: &str) -> Result<()> {
        self.conn.execute(
            "DELETE FROM tags WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            (run_row(self.conn, run)?, key),
        )?;
        Ok(())
    }

    /// The number of a name that is used so, recorded when new.
    pub(crate) fn key_id(&self, name: &str, used: Use) -> Result<i64> {
        let known = self
            .conn
            .prepare_cached("SELECT id FROM keys WHERE name = ?1 AND uses & ?2")?
            .query_row((name, used as i64), |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        let mut upsert = self.conn.prepare_cached(
            "INSERT INTO keys (name, uses) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET uses = uses | ?2 RETURNING id",
        )?;
        Ok(upsert.query_row((name, used as i64), |row| row.get(0))?)
    }
}

/// What a name is used for; the numbers add up in `keys.uses`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Metric = 1,
    Param = 2,
    Tag = 4,
}

/// What MLflow's client would have told of a run's origin, as tags: what is shown can be searched.
fn origin_tags(new: &NewRun, user: &str) -> Vec<(String, String)> {
    let told = [
        ("mlflow.user", Some(user).filter(|user| !user.is_empty())),
        ("mlflow.source.name", new.pipeline.as_deref()),
        ("mlflow.source.type", Some("PROJECT")),
        ("mlflow.source.git.commit", new.commit.as_deref()),
        ("mlflow.source.git.branch", new.branch.as_deref()),
    ];
    told.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect()
}

/// Records anew what a run may be searched by. In small letters of any script, which SQLite knows only
/// of ASCII.
pub(crate) fn set_text(conn: &Connection, row: i64) -> Result<()> {
    let text: String = conn
        .prepare_cached(
            "SELECT concat_ws(char(10), name, pipeline_title, pipeline, user, branch, commit_id, uuid) FROM runs WHERE id = ?1",
        )?
        .query_row([row], |row| row.get(0))?;
    conn.prepare_cached("INSERT OR REPLACE INTO run_texts (run_id, text) VALUES (?1, ?2)")?
        .execute((row, text.to_lowercase()))?;
    Ok(())
}
