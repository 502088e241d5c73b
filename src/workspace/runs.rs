//! Runs: what one is, and looking at it. How one is changed is in `run_changes`.

use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::metrics::{self, MetricPoint};
use crate::model_runs::NewModelRun;
use crate::steps::{self, NewStep, Step};
use crate::tx::{json_column, now_ms};
use crate::words::RunStatus;

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
    /// Its models, where it makes more than one: each becomes a run nested in it.
    pub models: Vec<NewModelRun>,
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
        self.started_ms.map(|started| (self.ended_ms.unwrap_or(now_ms) - started).max(0))
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
    for word in
        [RandomState::new().hash_one(count), RandomState::new().hash_one(!count), count, std::process::id().into()]
    {
        hasher.update(&word.to_le_bytes());
    }
    hasher.update(&jiff::Timestamp::now().as_nanosecond().to_le_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
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
                "{SELECT_RUN} WHERE r.status IN ('waiting', 'running') AND r.logged = 0 AND coalesce(r.heartbeat_at, r.created_at) <= ?1
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
            let mut statement = conn.prepare_cached("SELECT uuid FROM runs WHERE uuid LIKE ?1 ESCAPE '\\' LIMIT 2")?;
            let found: Vec<String> = statement.query_map([like], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            match found.as_slice() {
                [id] => Ok(id.clone()),
                [] => Err(no_run(prefix)),
                _ => Err(Error::Invalid(format!("More than one run starts with “{prefix}”. Give more digits."))),
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
            let mut run = conn.prepare_cached(&format!("{SELECT_RUN} WHERE r.id = ?1"))?.query_row([row], run_from)?;
            let metrics = metrics::latest(conn, row)?;
            run.metrics = metrics.iter().map(|point| (point.key.clone(), point.value)).collect();
            run.params = texts(conn, "params", row)?;
            run.tags = texts(conn, "tags", row)?;
            Ok(RunDetail { run, steps: steps::of_run(conn, row)?, metrics, inputs: inputs_of(conn, row)? })
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
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
