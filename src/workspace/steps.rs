//! The steps of a run, what they put out, and the cache that lets a step be reused.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::runs::run_row;
use crate::tx::{Batch, Tx, json_column, json_text};
use crate::words::StepStatus;

/// A step to be recorded with its run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewStep {
    /// The job's name in the pipeline, unique in the run.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The component it runs.
    pub component: String,
    /// That component's version.
    pub component_version: String,
}

/// A step with its outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The job's name in the pipeline.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The component it runs.
    pub component: String,
    /// That component's version.
    pub component_version: String,
    /// How far it is.
    pub status: StepStatus,
    /// 0 to 1.
    pub progress: f64,
    /// What it is doing, in words.
    pub message: Option<String>,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
    /// The key its outputs are cached under.
    pub cache_key: Option<String>,
    /// The run that computed what this step reuses.
    pub reused_from: Option<String>,
    /// When it started, ms.
    pub started_ms: Option<i64>,
    /// When it ended, ms.
    pub ended_ms: Option<i64>,
    /// What it put out, by port.
    pub outputs: Vec<Output>,
}

/// What a step put out of one port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The port's name.
    pub port: String,
    /// What flows there: `table`, `model`, `transform`, `metrics`, …
    pub kind: String,
    /// Its bytes; none where `meta` says it all.
    pub digest: Option<String>,
    /// Schema, row count and whatever else its kind needs.
    pub meta: Value,
}

/// What a step has to say. A `None` leaves what was there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepUpdate {
    /// How far it is. `running` sets the start time, an end sets the end time, where none is given.
    pub status: Option<StepStatus>,
    /// 0 to 1.
    pub progress: Option<f64>,
    /// What it is doing, in words.
    pub message: Option<String>,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
    /// The key its outputs are cached under.
    pub cache_key: Option<String>,
    /// The run that computed what this step reuses.
    pub reused_from: Option<String>,
    /// When it started, ms.
    pub started_ms: Option<i64>,
    /// When it ended, ms.
    pub ended_ms: Option<i64>,
}

/// The outputs that a step with this key had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CacheEntry {
    /// Digest of component version, parameters, inputs and code.
    pub key: String,
    /// The run that computed them.
    pub run: Option<String>,
    /// The step that computed them.
    pub step: Option<String>,
    /// The run to which the step's process logged through the protocol, if it did.
    pub logged_run: Option<String>,
    /// When, ms.
    pub created_ms: i64,
    /// What came out, by port.
    pub outputs: Vec<Output>,
}

impl Batch<'_> {
    /// Updates one step of a run.
    ///
    /// # Errors
    /// A run or step that is not there.
    pub fn update_step(&self, run: &str, step: &str, update: &StepUpdate) -> Result<()> {
        let id = step_id(self.conn, run_row(self.conn, run)?, step)?;
        let started = update.started_ms.or((update.status == Some(StepStatus::Running)).then_some(self.now));
        let ended = update.ended_ms.or(update.status.filter(|status| status.is_final()).map(|_| self.now));
        let progress = match update.status {
            Some(StepStatus::Done | StepStatus::Reused) => Some(1.0),
            _ => update.progress.map(|progress| progress.clamp(0.0, 1.0)),
        };
        self.conn
            .prepare_cached(
                "UPDATE steps SET status = coalesce(?2, status), progress = coalesce(?3, progress),
                     message = coalesce(?4, message), error = coalesce(?5, error), cache_key = coalesce(?6, cache_key),
                     reused_from = coalesce(?7, reused_from), started_at = coalesce(?8, started_at),
                     ended_at = coalesce(?9, ended_at)
                 WHERE id = ?1",
            )?
            .execute(rusqlite::params![
                id,
                update.status,
                progress,
                update.message,
                update.error,
                update.cache_key,
                update.reused_from,
                started,
                ended
            ])?;
        Ok(())
    }

    /// Records what a step put out; the same port again replaces.
    ///
    /// # Errors
    /// A run or step that is not there, a digest the workspace does not have.
    pub fn set_step_outputs(&self, run: &str, step: &str, outputs: &[Output]) -> Result<()> {
        let id = step_id(self.conn, run_row(self.conn, run)?, step)?;
        let mut insert = self.conn.prepare_cached(
            "INSERT OR REPLACE INTO step_outputs (step_id, port, kind, digest, meta) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for output in outputs {
            insert.execute((id, &output.port, &output.kind, &output.digest, json_text(&output.meta)?))?;
        }
        Ok(())
    }

    /// Remembers the outputs of a step under its key, in place of any there were.
    ///
    /// # Errors
    /// A digest the workspace does not have.
    pub fn remember_step(&self, key: &str, run: Option<&str>, step: Option<&str>, outputs: &[Output]) -> Result<()> {
        self.conn.prepare_cached("DELETE FROM step_cache WHERE key = ?1")?.execute([key])?;
        self.conn
            .prepare_cached("INSERT INTO step_cache (key, run, step, created_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute((key, run, step, self.now))?;
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO step_cache_outputs (key, port, kind, digest, meta) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for output in outputs {
            insert.execute((key, &output.port, &output.kind, &output.digest, json_text(&output.meta)?))?;
        }
        Ok(())
    }
}

impl Batch<'_> {
    /// Keeps what a remembered step said beside its outputs.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn keep_step_journal(&self, key: &str, journal: &Value) -> Result<()> {
        let mut update = self.conn.prepare_cached("UPDATE step_cache SET journal = ?2 WHERE key = ?1")?;
        update.execute((key, json_text(journal)?))?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Forgets cached steps that were computed before `before_ms`, and returns how many.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn forget_steps(&self, before_ms: i64) -> Result<usize> {
        Ok(self.conn.execute("DELETE FROM step_cache WHERE created_at < ?1", [before_ms])?)
    }
}

impl Workspace {
    /// What the step with this key said beside its outputs, if it said anything.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn step_journal(&self, key: &str) -> Result<Option<Value>> {
        self.db.read(|conn| {
            let mut found =
                conn.prepare_cached("SELECT journal FROM step_cache WHERE key = ?1 AND journal IS NOT NULL")?;
            Ok(found.query_row([key], |row| json_column(row, 0)).optional()?)
        })
    }

    /// What a step with this key put out before, if all of its blobs and the run that it logged are still there.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn cached_step(&self, key: &str) -> Result<Option<CacheEntry>> {
        let entry = self.db.read(|conn| {
            let head = conn
                .prepare_cached(
                    "SELECT run, step, created_at, logged_run FROM step_cache
                     WHERE key = ?1 AND (logged_run IS NULL OR logged_run IN (SELECT uuid FROM runs))",
                )?
                .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .optional()?;
            let Some((run, step, created_ms, logged_run)) = head else { return Ok(None) };
            let mut statement = conn.prepare_cached(
                "SELECT port, kind, digest, meta FROM step_cache_outputs WHERE key = ?1 ORDER BY port",
            )?;
            let outputs = statement.query_map([key], |row| output_from(row, 0))?;
            let outputs = outputs.collect::<rusqlite::Result<_>>()?;
            Ok(Some(CacheEntry { key: key.to_owned(), run, step, logged_run, created_ms, outputs }))
        })?;
        let whole = |entry: &CacheEntry| {
            entry
                .outputs
                .iter()
                .filter_map(|output| output.digest.as_deref())
                .all(|digest| self.blob_path(digest).is_ok_and(|path| path.is_file()))
        };
        Ok(entry.filter(whole))
    }
}

fn output_from(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Output> {
    Ok(Output {
        port: row.get(first)?,
        kind: row.get(first + 1)?,
        digest: row.get(first + 2)?,
        meta: json_column(row, first + 3)?,
    })
}

/// Adds a step to a run's row.
pub(crate) fn insert(conn: &Connection, run: i64, position: usize, step: &NewStep) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO steps (run_id, position, name, title, component, component_version, status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        run,
        position as i64,
        &step.name,
        &step.title,
        &step.component,
        &step.component_version,
        StepStatus::Waiting,
    ))?;
    Ok(())
}

/// The steps of a run's row with their outputs, in order.
pub(crate) fn of_run(conn: &Connection, run: i64) -> Result<Vec<Step>> {
    let mut outputs: HashMap<i64, Vec<Output>> = HashMap::new();
    let mut statement = conn.prepare_cached(
        "SELECT o.step_id, o.port, o.kind, o.digest, o.meta FROM steps s JOIN step_outputs o ON o.step_id = s.id
         WHERE s.run_id = ?1 ORDER BY o.step_id, o.port",
    )?;
    for pair in statement.query_map([run], |row| Ok((row.get(0)?, output_from(row, 1)?)))? {
        let (step, output) = pair?;
        outputs.entry(step).or_default().push(output);
    }
    let mut statement = conn.prepare_cached(
        "SELECT id, name, title, component, component_version, status, progress, message, error, cache_key,
             reused_from, started_at, ended_at
         FROM steps WHERE run_id = ?1 ORDER BY position",
    )?;
    let steps = statement.query_map([run], |row| {
        let id: i64 = row.get(0)?;
        Ok(Step {
            name: row.get(1)?,
            title: row.get(2)?,
            component: row.get(3)?,
            component_version: row.get(4)?,
            status: row.get(5)?,
            progress: row.get(6)?,
            message: row.get(7)?,
            error: row.get(8)?,
            cache_key: row.get(9)?,
            reused_from: row.get(10)?,
            started_ms: row.get(11)?,
            ended_ms: row.get(12)?,
            outputs: outputs.remove(&id).unwrap_or_default(),
        })
    })?;
    Ok(steps.collect::<rusqlite::Result<_>>()?)
}

/// The row number of a step.
pub(crate) fn step_id(conn: &Connection, run: i64, name: &str) -> Result<i64> {
    conn.prepare_cached("SELECT id FROM steps WHERE run_id = ?1 AND name = ?2")?
        .query_row((run, name), |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::NotFound(format!("The run has no step “{name}”.")))
}
