//! Runs as the protocol has them: made, changed, read.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::experiments::active_experiment;
use super::inputs::{self, DatasetInput, ModelOutput};
use super::{RUN_NAME_TAG, below, default_location};
use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::metrics::{MetricPoint, value_from};
use crate::model_runs;
use crate::run_changes::set_text;
use crate::runs::new_run_id;
use crate::tx::{Batch, Tx};
use crate::words::RunStatus;

/// A run that a client starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewTrackedRun {
    /// The experiment's number.
    pub experiment: i64,
    /// What people call it.
    pub name: String,
    /// Who started it.
    pub user: String,
    /// When it started, ms, by the client's clock.
    pub start_ms: i64,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// What is known of the program that logged a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOrigin {
    /// Digest of what it ran on.
    pub environment: String,
    /// The commit of its code.
    pub commit: Option<String>,
    /// The branch of its code.
    pub branch: Option<String>,
    /// Digest of the uncommitted difference.
    pub diff: Option<String>,
}

/// What changes of a run; what is none stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunUpdate {
    /// How far it is. Ignored for a run that has a worker of ours, which alone knows.
    pub status: Option<RunStatus>,
    /// When it ended, ms. Ignored as the status is.
    pub end_ms: Option<i64>,
    /// What people call it.
    pub name: Option<String>,
}

/// A run with all that the protocol shows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedRun {
    /// 32 lower-case hex digits.
    pub id: String,
    /// The experiment's number.
    pub experiment: i64,
    /// What people call it.
    pub name: String,
    /// Who started it.
    pub user: String,
    /// How far it is.
    pub status: RunStatus,
    /// When it started, ms.
    pub start_ms: i64,
    /// When it ended, ms.
    pub end_ms: Option<i64>,
    /// The address below which its artifacts lie.
    pub artifact_uri: String,
    /// It was deleted and can be restored.
    pub deleted: bool,
    /// The latest point of each metric, by name.
    pub metrics: Vec<MetricPoint>,
    /// Parameters by name.
    pub params: Vec<(String, String)>,
    /// Tags by name.
    pub tags: Vec<(String, String)>,
    /// The tables it read.
    pub datasets: Vec<DatasetInput>,
    /// The ids of the logged models it used.
    pub model_inputs: Vec<String>,
    /// The logged models it made.
    pub model_outputs: Vec<ModelOutput>,
}

/// The protocol's word for a status.
pub fn protocol_status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Waiting => "SCHEDULED",
        RunStatus::Running => "RUNNING",
        RunStatus::Done => "FINISHED",
        RunStatus::Failed => "FAILED",
        RunStatus::Cancelled => "KILLED",
    }
}

/// The status that the protocol has this word for.
pub fn status_of_protocol(word: &str) -> Option<RunStatus> {
    RunStatus::ALL.iter().copied().find(|status| protocol_status(*status) == word)
}

impl Tx<'_> {
    /// Records a run that a client starts, and returns its id.
    ///
    /// # Errors
    /// An experiment that is not there or deleted.
    pub fn create_tracked_run(&self, new: &NewTrackedRun) -> Result<String> {
        let experiment = active_experiment(self.conn, new.experiment)?;
        let id = new_run_id();
        let default = experiment.artifact_location == default_location(experiment.id);
        let uri = (!default).then(|| below(&experiment.artifact_location, &format!("{id}/artifacts")));
        let row = self
            .conn
            .prepare_cached(
                "INSERT INTO runs (uuid, experiment_id, created_at, status, started_at, name, user, artifact_uri, logged)
                 VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, 1)",
            )?
            .insert((&id, experiment.id, self.now, new.start_ms, &new.name, &new.user, uri))?;
        set_text(self.conn, row)?;
        let tags: Vec<_> = new.tags.iter().filter(|(key, _)| key != RUN_NAME_TAG).cloned().collect();
        self.set_tags(&id, &tags)?;
        self.set_subject(&id);
        Ok(id)
    }

    /// Changes a run's status, end or name, and returns it without its data.
    ///
    /// # Errors
    /// A run that is not there or deleted.
    pub fn update_tracked_run(&self, id: &str, update: &RunUpdate) -> Result<TrackedRun> {
        let row = active_run(self.conn, id)?;
        self.conn
            .prepare_cached(
                "UPDATE runs SET status = coalesce(?2, status), ended_at = coalesce(?3, ended_at) WHERE id = ?1 AND logged",
            )?
            .execute((row, update.status, update.end_ms))?;
        if let Some(name) = update.name.as_deref().filter(|name| !name.is_empty()) {
            self.name_run(row, name)?;
        }
        infos(self.conn, &[row])?.pop().ok_or_else(|| no_run(id))
    }

    /// Deletes a run so that it can be restored, whatever it is doing.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn delete_tracked_run(&self, id: &str) -> Result<()> {
        let row = any_run(self.conn, id)?;
        self.conn.execute("UPDATE runs SET deleted_at = ?2 WHERE id = ?1", (row, self.now))?;
        model_runs::follow_deletion(self.conn, id)
    }

    /// Brings a deleted run back.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn restore_tracked_run(&self, id: &str) -> Result<()> {
        let row = any_run(self.conn, id)?;
        self.conn.execute("UPDATE runs SET deleted_at = NULL WHERE id = ?1", [row])?;
        model_runs::follow_deletion(self.conn, id)
    }
}

impl Batch<'_> {
    /// Notes what a run that a client logged comes from. One of a worker of ours knows already.
    ///
    /// # Errors
    /// A run that is not there, a digest the workspace does not have.
    pub fn set_run_origin(&self, id: &str, origin: &RunOrigin) -> Result<()> {
        let row = any_run(self.conn, id)?;
        let RunOrigin { environment, commit, branch, diff } = origin;
        self.conn
            .prepare_cached(
                "UPDATE runs SET environment_digest = ?2, commit_id = ?3, branch = ?4, diff_digest = ?5
                 WHERE id = ?1 AND logged",
            )?
            .execute((row, environment, commit, branch, diff))?;
        set_text(self.conn, row)
    }

    pub(super) fn name_run(&self, row: i64, name: &str) -> Result<()> {
        let id: String = self
            .conn
            .prepare_cached("UPDATE runs SET name = ?2 WHERE id = ?1 RETURNING uuid")?
            .query_row((row, name), |row| row.get(0))?;
        set_text(self.conn, row)?;
        model_runs::rename(self.conn, &id)
    }
}

impl Workspace {
    /// A run with its data, deleted or not.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn tracked_run(&self, id: &str) -> Result<TrackedRun> {
        self.db.read(|conn| {
            let row = any_run(conn, id)?;
            load(conn, &[row])?.pop().ok_or_else(|| no_run(id))
        })
    }
}

/// The row of a run, deleted or not.
pub(super) fn any_run(conn: &Connection, id: &str) -> Result<i64> {
    conn.prepare_cached("SELECT id FROM runs WHERE uuid = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or_else(|| no_run(id))
}

/// The row of a run that something may be added to.
pub(super) fn active_run(conn: &Connection, id: &str) -> Result<i64> {
    let found: Option<(i64, bool)> = conn
        .prepare_cached("SELECT id, deleted_at IS NOT NULL FROM runs WHERE uuid = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((row, false)) => Ok(row),
        Some(_) => {
            Err(Error::Invalid(format!("The run {id} must be in the 'active' state. Current state is deleted.")))
        }
        None => Err(no_run(id)),
    }
}

pub(super) fn no_run(id: &str) -> Error {
    Error::NotFound(format!("Run with id={id} not found"))
}

/// These runs in this order, with their data.
pub(super) fn load(conn: &Connection, rows: &[i64]) -> Result<Vec<TrackedRun>> {
    let mut runs = read(conn, rows)?;
    let places: HashMap<i64, usize> = rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
    let list = serde_json::to_string(rows)?;
    let mut names = Names::default();
    names.each(conn, "latest_metrics", "v.value, v.step, v.timestamp", &list, |row, key, sql| {
        let point = MetricPoint { key, value: value_from(sql, 2)?, step: sql.get(3)?, timestamp_ms: sql.get(4)? };
        if let Some(run) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.metrics.push(point);
        }
        Ok(())
    })?;
    names.each(conn, "params", "v.value", &list, |row, key, sql| {
        let value = sql.get(2)?;
        if let Some(run) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.params.push((key, value));
        }
        Ok(())
    })?;
    names.each(conn, "tags", "v.value", &list, |row, key, sql| {
        let value = sql.get(2)?;
        if let Some(run) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.tags.push((key, value));
        }
        Ok(())
    })?;
    inputs::fill(conn, &list, &mut |row, add| {
        if let Some(run) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            add(run);
        }
    })?;
    for run in &mut runs {
        run.tags.retain(|(key, _)| key != RUN_NAME_TAG);
        run.tags.push((RUN_NAME_TAG.to_owned(), run.name.clone()));
        run.metrics.sort_by(|a, b| a.key.cmp(&b.key));
        run.params.sort();
        run.tags.sort();
    }
    Ok(runs)
}

/// These runs in this order, without their data.
pub(super) fn infos(conn: &Connection, rows: &[i64]) -> Result<Vec<TrackedRun>> {
    read(conn, rows)
}

fn read(conn: &Connection, rows: &[i64]) -> Result<Vec<TrackedRun>> {
    let mut statement = conn.prepare_cached(
        "SELECT r.uuid, r.experiment_id, r.name, r.user, r.status, r.start_time, r.ended_at,
             r.artifact_uri, e.artifact_location, r.deleted_at IS NOT NULL
         FROM runs r JOIN experiments e ON e.id = r.experiment_id WHERE r.id = ?1",
    )?;
    let mut runs = Vec::with_capacity(rows.len());
    for row in rows {
        let run = statement.query_row([row], |row| {
            let id: String = row.get(0)?;
            let experiment: i64 = row.get(1)?;
            let uri: Option<String> = row.get(7)?;
            let location: Option<String> = row.get(8)?;
            Ok(TrackedRun {
                artifact_uri: uri.unwrap_or_else(|| {
                    below(&location.unwrap_or_else(|| default_location(experiment)), &format!("{id}/artifacts"))
                }),
                id,
                experiment,
                name: row.get(2)?,
                user: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                status: row.get(4)?,
                start_ms: row.get(5)?,
                end_ms: row.get(6)?,
                deleted: row.get(9)?,
                metrics: Vec::new(),
                params: Vec::new(),
                tags: Vec::new(),
                datasets: Vec::new(),
                model_inputs: Vec::new(),
                model_outputs: Vec::new(),
            })
        })?;
        runs.push(run);
    }
    Ok(runs)
}

/// Names of metrics, params and tags by their numbers; runs of one page share most of them.
#[derive(Default)]
struct Names(HashMap<i64, String>);

impl Names {
    /// Gives `take` the run's row, the name and the SQL row (the values from column 2) of each key-value.
    fn each(
        &mut self,
        conn: &Connection,
        table: &str,
        columns: &str,
        list: &str,
        mut take: impl FnMut(i64, String, &rusqlite::Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let mut name = conn.prepare_cached("SELECT name FROM keys WHERE id = ?1")?;
        let mut statement = conn.prepare_cached(&format!(
            "SELECT v.run_id, v.key_id, {columns} FROM json_each(?1) j CROSS JOIN {table} v ON v.run_id = j.value"
        ))?;
        let mut rows = statement.query([list])?;
        while let Some(row) = rows.next()? {
            let key: i64 = row.get(1)?;
            let known = match self.0.get(&key) {
                Some(known) => known.clone(),
                None => {
                    let known: String = name.query_row([key], |row| row.get(0))?;
                    self.0.insert(key, known.clone());
                    known
                }
            };
            take(row.get(0)?, known, row)?;
        }
        Ok(())
    }
}
