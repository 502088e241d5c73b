//! Runs: recording one, claiming it for a worker, ending it, looking at it.

use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::metrics::{self, MetricPoint};
use crate::steps::{self, NewStep, Step};
use crate::tx::{Batch, Tx, json_column, json_text, now_ms};
use crate::words::{RunStatus, StepStatus};

/// A worker that has not been heard of for this long, in milliseconds, is taken for dead.
pub const STALE_AFTER_MS: i64 = 20_000;

/// A run to be recorded. What it needs was frozen before: the plan, the code, the environment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewRun {
    /// 32 lower-case hex digits, or none to be given one.
    pub id: Option<String>,
    /// The experiment's name; made when missing, `Default` when empty.
    pub experiment: String,
    /// What people call it.
    pub name: String,
    /// The pipeline's path within the workspace, with `/`.
    pub pipeline: Option<String>,
    /// The pipeline's title at that time.
    pub pipeline_title: Option<String>,
    /// Who started it; the workspace's user when none.
    pub user: Option<String>,
    /// The git commit, 40 hex digits.
    pub commit: Option<String>,
    /// The git branch.
    pub branch: Option<String>,
    /// Digest of what will run.
    pub plan: Option<String>,
    /// Digest of the uncommitted difference.
    pub diff: Option<String>,
    /// Digest of the description of the machine and the interpreters.
    pub environment: Option<String>,
    /// Small facts that lists show; large ones belong in a blob.
    pub details: Value,
    /// The steps, in the order they are shown.
    pub steps: Vec<NewStep>,
    /// The dataset versions it reads.
    pub inputs: Vec<RunInput>,
    /// Parameters.
    pub params: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// A dataset version that a run reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInput {
    /// The step that reads it.
    pub step: String,
    /// The step's port.
    pub port: String,
    /// The dataset's name.
    pub dataset: String,
    /// Its version, from 1.
    pub version: u32,
    /// The digest of its bytes.
    pub digest: String,
}

/// A run as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// 32 lower-case hex digits.
    pub id: String,
    /// The experiment's name.
    pub experiment: String,
    /// What people call it.
    pub name: String,
    /// How far it is.
    pub status: RunStatus,
    /// The mean progress of its steps, 0 to 1; none for a run without steps.
    pub progress: Option<f64>,
    /// The pipeline's path within the workspace.
    pub pipeline: Option<String>,
    /// The pipeline's title when it started.
    pub pipeline_title: Option<String>,
    /// Who started it.
    pub user: Option<String>,
    /// The git commit.
    pub commit: Option<String>,
    /// The git branch.
    pub branch: Option<String>,
    /// When it was recorded, ms.
    pub created_ms: i64,
    /// When a worker first had it, ms.
    pub started_ms: Option<i64>,
    /// When it ended, ms.
    pub ended_ms: Option<i64>,
    /// When its worker was last heard of, ms.
    pub heartbeat_ms: Option<i64>,
    /// The worker's process id.
    pub pid: Option<u32>,
    /// Someone asked it to stop.
    pub cancel_requested: bool,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
    /// When it was deleted, ms; it can be restored.
    pub deleted_ms: Option<i64>,
    /// Digest of what ran.
    pub plan: Option<String>,
    /// Digest of the uncommitted difference.
    pub diff: Option<String>,
    /// Digest of the description of the machine and the interpreters.
    pub environment: Option<String>,
    /// Small facts given with [`NewRun::details`].
    pub details: Value,
    /// Parameters by name.
    pub params: IndexMap<String, String>,
    /// The latest value of each metric by name.
    pub metrics: IndexMap<String, f64>,
    /// Tags by name.
    pub tags: IndexMap<String, String>,
}

impl Run {
    /// Milliseconds from start to end, or to `now_ms` while it runs.
    pub fn duration_ms(&self, now_ms: i64) -> Option<i64> {
        self.started_ms
            .map(|started| (self.ended_ms.unwrap_or(now_ms) - started).max(0))
    }
}

/// A run with all that it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDetail {
    /// The run.
    pub run: Run,
    /// Its steps with their outputs, in order.
    pub steps: Vec<Step>,
    /// The latest point of each metric, by name.
    pub metrics: Vec<MetricPoint>,
    /// The dataset versions it read.
    pub inputs: Vec<RunInput>,
}

/// What a worker learns when it says it is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Someone asked for the run to stop.
    pub cancel: bool,
    /// The run is no longer this worker's: it was ended or claimed by another.
    pub lost: bool,
}

/// A new run id: 32 hex digits nobody has.
pub fn new_run_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut hasher = blake3::Hasher::new();
    // `RandomState` is seeded by the system; time, process and count keep forked children apart.
    for word in [
        RandomState::new().hash_one(count),
        RandomState::new().hash_one(!count),
        count,
        std::process::id().into(),
    ] {
        hasher.update(&word.to_le_bytes());
    }
    hasher.update(&jiff::Timestamp::now().as_nanosecond().to_le_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

impl Tx<'_> {
    /// Records a run that waits for a worker, and returns its id.
    ///
    /// # Errors
    /// An id that is taken or not 32 hex digits, a digest the workspace does not have.
    pub fn insert_run(&self, new: &NewRun) -> Result<String> {
        let id = new.id.clone().unwrap_or_else(new_run_id);
        if id.len() != 32
            || !id
                .bytes()
                .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
        {
            return Err(Error::Invalid(format!(
                "“{id}” is not a run id: it takes 32 lower-case hex digits."
            )));
        }
        if self
            .conn
            .prepare_cached("SELECT 1 FROM runs WHERE uuid = ?1")?
            .exists([&id])?
        {
            return Err(Error::Exists(format!("There is a run {id} already.")));
        }
        let experiment = self.experiment_id(if new.experiment.is_empty() {
            "Default"
        } else {
            &new.experiment
        })?;
        let details = if new.details.is_null() {
            "{}".into()
        } else {
            json_text(&new.details)?
        };
        let user = new.user.as_deref().unwrap_or(self.who);
        self.conn
            .prepare_cached(
                "INSERT INTO runs (uuid, experiment_id, created_at, status, name, pipeline, pipeline_title, user,
                     commit_id, branch, plan_digest, diff_digest, environment_digest, details)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(rusqlite::params![
                id, experiment, self.now, RunStatus::Waiting, new.name, new.pipeline, new.pipeline_title, user,
                new.commit, new.branch, new.plan, new.diff, new.environment, details
            ])?;
        let row = self.conn.last_insert_rowid();
        for (position, step) in new.steps.iter().enumerate() {
            steps::insert(self.conn, row, position, step)?;
        }
        self.add_run_inputs(&id, &new.inputs)?;
        self.set_params(&id, &new.params)?;
        self.set_tags(&id, &new.tags)?;
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
        Ok(())
    }

    /// Puts an ended or abandoned run back to waiting, to be resumed at its first step without a result.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn requeue_run(&self, run: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        self.conn.execute(
            "UPDATE runs SET status = 'waiting', pid = NULL, heartbeat_at = NULL, ended_at = NULL, error = NULL,
                 cancel_requested = 0 WHERE id = ?1",
            [row],
        )?;
        self.conn.execute(
            "UPDATE steps SET status = 'waiting', progress = 0, started_at = NULL, ended_at = NULL, message = NULL, error = NULL
             WHERE run_id = ?1 AND status NOT IN ('done', 'reused')",
            [row],
        )?;
        Ok(())
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
        let stopped = if status == RunStatus::Cancelled {
            StepStatus::Cancelled
        } else {
            StepStatus::Failed
        };
        self.conn.execute(
            "UPDATE steps SET status = ?2, ended_at = ?3, error = coalesce(error, ?4) WHERE run_id = ?1 AND status = 'running'",
            (row, stopped, self.now, error),
        )?;
        self.conn.execute(
            "UPDATE steps SET status = 'skipped' WHERE run_id = ?1 AND status = 'waiting'",
            [row],
        )?;
        Ok(())
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
            return Err(Error::Invalid(
                "This run has ended already, so there is nothing to cancel.".into(),
            ));
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
        self.conn.execute(
            "UPDATE runs SET name = ?2 WHERE id = ?1",
            (run_row(self.conn, run)?, name.trim()),
        )?;
        Ok(())
    }

    /// Replaces a run's small facts.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn set_run_details(&self, run: &str, details: &Value) -> Result<()> {
        self.conn.execute(
            "UPDATE runs SET details = ?2 WHERE id = ?1",
            (run_row(self.conn, run)?, json_text(details)?),
        )?;
        Ok(())
    }

    /// Deletes a run so that it can be restored.
    ///
    /// # Errors
    /// A run that is not there, or that still runs.
    pub fn delete_run(&self, run: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let changed = self.conn.execute(
            "UPDATE runs SET deleted_at = coalesce(deleted_at, ?2) WHERE id = ?1 AND status != 'running'",
            (row, self.now),
        )?;
        if changed == 0 {
            return Err(Error::Invalid(
                "This run is still going. Cancel it before you delete it.".into(),
            ));
        }
        Ok(())
    }

    /// Brings a deleted run back.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn restore_run(&self, run: &str) -> Result<()> {
        self.conn.execute(
            "UPDATE runs SET deleted_at = NULL WHERE id = ?1",
            [run_row(self.conn, run)?],
        )?;
        Ok(())
    }

    /// Removes a deleted run and all that it logged for good; `gc` then frees what it alone referred to.
    ///
    /// # Errors
    /// A run that is not there or was not deleted before.
    pub fn purge_run(&self, run: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let removed = self.conn.execute(
            "DELETE FROM runs WHERE id = ?1 AND deleted_at IS NOT NULL",
            [row],
        )?;
        if removed == 0 {
            return Err(Error::Invalid(
                "Only a deleted run can be removed for good. Delete it first.".into(),
            ));
        }
        Ok(())
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
            insert.execute((
                row,
                &input.step,
                &input.port,
                &input.dataset,
                input.version,
                &input.digest,
            ))?;
        }
        Ok(())
    }

    /// Sets parameters; the same name again replaces.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn set_params(&self, run: &str, params: &[(String, String)]) -> Result<()> {
        self.set_texts(
            "INSERT OR REPLACE INTO params (run_id, key_id, value) VALUES (?1, ?2, ?3)",
            run,
            params,
        )
    }

    /// Sets tags; the same name again replaces.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn set_tags(&self, run: &str, tags: &[(String, String)]) -> Result<()> {
        self.set_texts(
            "INSERT OR REPLACE INTO tags (run_id, key_id, value) VALUES (?1, ?2, ?3)",
            run,
            tags,
        )
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

    fn set_texts(&self, sql: &str, run: &str, pairs: &[(String, String)]) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let mut insert = self.conn.prepare_cached(sql)?;
        for (key, value) in pairs {
            insert.execute((row, self.key_id(key)?, value))?;
        }
        Ok(())
    }

    /// The number of a metric's, parameter's or tag's name, made when new.
    pub(crate) fn key_id(&self, name: &str) -> Result<i64> {
        let known = self
            .conn
            .prepare_cached("SELECT id FROM keys WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        Ok(self
            .conn
            .prepare_cached("INSERT INTO keys (name) VALUES (?1)")?
            .insert([name])?)
    }
}

impl Workspace {
    /// Says that the run's worker `pid` is alive, and learns whether to stop. No event, no audit entry.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn heartbeat(&self, run: &str, pid: u32) -> Result<Beat> {
        self.db.write(|conn| {
            let row = run_row(conn, run)?;
            let mine = conn
                .prepare_cached("UPDATE runs SET heartbeat_at = ?2 WHERE id = ?1 AND status = 'running' AND pid = ?3")?
                .execute((row, now_ms(), pid))?;
            let cancel = conn
                .prepare_cached("SELECT cancel_requested FROM runs WHERE id = ?1")?
                .query_row([row], |row| row.get(0))?;
            Ok(Beat { cancel, lost: mine == 0 })
        })
    }

    /// Whether someone asked the run to stop; cheap enough for every few rows of work.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn cancel_requested(&self, run: &str) -> Result<bool> {
        self.db.read(|conn| {
            let row = run_row(conn, run)?;
            Ok(conn
                .prepare_cached("SELECT cancel_requested FROM runs WHERE id = ?1")?
                .query_row([row], |row| row.get(0))?)
        })
    }

    /// Runs that should be going but whose worker was not heard of for `older_than_ms`: it died, or
    /// never started.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn stale_runs(&self, older_than_ms: i64) -> Result<Vec<Run>> {
        let cutoff = now_ms() - older_than_ms;
        self.db.read(|conn| {
            let sql = format!(
                "{SELECT_RUN} WHERE r.status IN ('waiting', 'running') AND coalesce(r.heartbeat_at, r.created_at) <= ?1
                 ORDER BY r.id"
            );
            let mut statement = conn.prepare_cached(&sql)?;
            let runs = statement.query_map([cutoff], run_from)?;
            Ok(runs.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The full id of the one run whose id starts with `prefix`.
    ///
    /// # Errors
    /// No such run, or several.
    pub fn find_run(&self, prefix: &str) -> Result<String> {
        let like = format!("{}%", escape_like(&prefix.to_lowercase()));
        self.db.read(|conn| {
            let mut statement = conn
                .prepare_cached("SELECT uuid FROM runs WHERE uuid LIKE ?1 ESCAPE '\\' LIMIT 2")?;
            let found: Vec<String> = statement
                .query_map([like], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            match found.as_slice() {
                [id] => Ok(id.clone()),
                [] => Err(no_run(prefix)),
                _ => Err(Error::Invalid(format!(
                    "More than one run starts with “{prefix}”. Give more digits."
                ))),
            }
        })
    }

    /// A run with its steps, outputs, latest metrics, parameters, tags and inputs.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn run(&self, id: &str) -> Result<RunDetail> {
        self.db.read(|conn| {
            let row = run_row(conn, id)?;
            let mut run = conn
                .prepare_cached(&format!("{SELECT_RUN} WHERE r.id = ?1"))?
                .query_row([row], run_from)?;
            let metrics = metrics::latest(conn, row)?;
            run.metrics = metrics
                .iter()
                .map(|point| (point.key.clone(), point.value))
                .collect();
            run.params = texts(conn, "params", row)?;
            run.tags = texts(conn, "tags", row)?;
            Ok(RunDetail {
                run,
                steps: steps::of_run(conn, row)?,
                metrics,
                inputs: inputs_of(conn, row)?,
            })
        })
    }

    /// The ids of the runs that read a dataset version, newest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn runs_of_dataset(&self, dataset: &str, version: u32) -> Result<Vec<String>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT DISTINCT r.uuid FROM run_inputs i JOIN runs r ON r.id = i.run_id
                 WHERE i.dataset = ?1 AND i.version = ?2 AND r.deleted_at IS NULL ORDER BY r.id DESC",
            )?;
            let ids = statement.query_map((dataset, version), |row| row.get(0))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// The columns that [`run_from`] reads.
pub(crate) const SELECT_RUN: &str = "SELECT r.uuid, e.name, r.name, r.status,
    (SELECT avg(progress) FROM steps s WHERE s.run_id = r.id), r.pipeline, r.pipeline_title, r.user, r.commit_id,
    r.branch, r.created_at, r.started_at, r.ended_at, r.heartbeat_at, r.pid, r.cancel_requested, r.error,
    r.deleted_at, r.plan_digest, r.diff_digest, r.environment_digest, r.details, r.id
    FROM runs r JOIN experiments e ON e.id = r.experiment_id";

/// Reads a row of [`SELECT_RUN`]; params, metrics and tags stay empty.
pub(crate) fn run_from(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        experiment: row.get(1)?,
        name: row.get(2)?,
        status: row.get(3)?,
        progress: row.get(4)?,
        pipeline: row.get(5)?,
        pipeline_title: row.get(6)?,
        user: row.get(7)?,
        commit: row.get(8)?,
        branch: row.get(9)?,
        created_ms: row.get(10)?,
        started_ms: row.get(11)?,
        ended_ms: row.get(12)?,
        heartbeat_ms: row.get(13)?,
        pid: row.get(14)?,
        cancel_requested: row.get(15)?,
        error: row.get(16)?,
        deleted_ms: row.get(17)?,
        plan: row.get(18)?,
        diff: row.get(19)?,
        environment: row.get(20)?,
        details: json_column(row, 21)?,
        params: IndexMap::new(),
        metrics: IndexMap::new(),
        tags: IndexMap::new(),
    })
}

/// The row number of a run.
pub(crate) fn run_row(conn: &Connection, id: &str) -> Result<i64> {
    conn.prepare_cached("SELECT id FROM runs WHERE uuid = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or_else(|| no_run(id))
}

fn no_run(id: &str) -> Error {
    Error::NotFound(format!("There is no run “{id}” in this workspace."))
}

/// Params or tags of a run, by name.
fn texts(conn: &Connection, table: &str, row: i64) -> Result<IndexMap<String, String>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT k.name, t.value FROM {table} t JOIN keys k ON k.id = t.key_id WHERE t.run_id = ?1 ORDER BY k.name"
    ))?;
    let pairs = statement.query_map([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(pairs.collect::<rusqlite::Result<_>>()?)
}

fn inputs_of(conn: &Connection, row: i64) -> Result<Vec<RunInput>> {
    let mut statement = conn.prepare_cached(
        "SELECT step, port, dataset, version, digest FROM run_inputs WHERE run_id = ?1 ORDER BY step, port",
    )?;
    let inputs = statement.query_map([row], |row| {
        Ok(RunInput {
            step: row.get(0)?,
            port: row.get(1)?,
            dataset: row.get(2)?,
            version: row.get(3)?,
            digest: row.get(4)?,
        })
    })?;
    Ok(inputs.collect::<rusqlite::Result<_>>()?)
}

/// Escapes a text for `LIKE … ESCAPE '\'`.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
