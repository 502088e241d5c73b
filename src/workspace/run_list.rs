//! The list of runs: filtered, sorted, a page at a time, over as many as there are.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::folder::Workspace;
use crate::metrics;
use crate::model_runs::MODEL_ROWS;
use crate::run_changes::Use;
use crate::runs::{Run, SELECT_RUN, run_from};
use crate::words::RunStatus;

/// Which runs, in which order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFilter {
    /// Of this experiment.
    pub experiment: Option<String>,
    /// Of this pipeline's path.
    pub pipeline: Option<String>,
    /// With one of these; empty for any.
    pub statuses: Vec<RunStatus>,
    /// Whose name, pipeline, title, user, branch, commit or id holds this; letters of either case.
    pub text: String,
    /// With all of these tags.
    pub tags: Vec<(String, String)>,
    /// The deleted ones instead of the others.
    pub deleted: bool,
    /// The models of runs that make several as well, each of which is recorded as a run nested in its own.
    pub models: bool,
    /// By what to sort.
    pub sort: RunSort,
    /// Greatest first. Runs that lack the value come last either way.
    pub descending: bool,
    /// How many to leave out.
    pub offset: usize,
    /// How many to return at most.
    pub limit: usize,
}

impl Default for RunFilter {
    /// The newest 200.
    fn default() -> Self {
        Self {
            experiment: None,
            pipeline: None,
            statuses: Vec::new(),
            text: String::new(),
            tags: Vec::new(),
            deleted: false,
            models: false,
            sort: RunSort::Created,
            descending: true,
            offset: 0,
            limit: 200,
        }
    }
}

impl RunFilter {
    pub(crate) fn direction(&self) -> &'static str {
        if self.descending { "DESC" } else { "ASC" }
    }
}

/// What runs are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunSort {
    /// When they were recorded.
    Created,
    /// When they started.
    Started,
    /// When they ended.
    Ended,
    /// How long they took.
    Duration,
    /// Their name.
    Name,
    /// Their status.
    Status,
    /// Their experiment's name.
    Experiment,
    /// Their pipeline's path.
    Pipeline,
    /// Their user.
    User,
    /// Their git branch.
    Branch,
    /// Their git commit.
    Commit,
    /// The latest value of this metric.
    Metric(String),
    /// This parameter, numbers before other texts.
    Param(String),
    /// This tag.
    Tag(String),
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPage {
    /// How many runs pass the filter in all.
    pub total: usize,
    /// Those of this page, with params, latest metrics and tags.
    pub runs: Vec<Run>,
}

/// SQL text with its values.
#[derive(Default, Clone)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
}

impl Query {
    pub(crate) fn push(&mut self, sql: &str, values: impl IntoIterator<Item = Sql>) {
        self.sql.push_str(sql);
        self.values.extend(values);
    }
}

impl Workspace {
    /// The runs that pass the filter, one page of them, and how many there are in all.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<RunPage> {
        self.db.read(|conn| {
            let passing = conditions(filter);
            let total: i64 = conn
                .prepare_cached(&format!("SELECT count(*) FROM runs r WHERE {}", passing.sql))?
                .query_row(rusqlite::params_from_iter(&passing.values), |row| row.get(0))?;
            let ids = match &filter.sort {
                RunSort::Metric(key) => ids_by_value(conn, filter, &passing, "latest_metrics", key)?,
                RunSort::Param(key) => ids_by_value(conn, filter, &passing, "params", key)?,
                RunSort::Tag(key) => ids_by_value(conn, filter, &passing, "tags", key)?,
                _ => ids_by_column(conn, filter, &passing)?,
            };
            Ok(RunPage { total: total as usize, runs: load(conn, &ids)? })
        })
    }

    /// These runs in this order, with params, latest metrics and tags; unknown ids are left out.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn runs_by_id(&self, ids: &[String]) -> Result<Vec<Run>> {
        self.db.read(|conn| {
            let mut statement =
                conn.prepare_cached("SELECT r.id FROM json_each(?1) j JOIN runs r ON r.uuid = j.value ORDER BY j.key")?;
            let rows: Vec<i64> = statement
                .query_map([serde_json::to_string(ids)?], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            load(conn, &rows)
        })
    }

    /// The runs that started from these commits (40 hex digits each), newest first, at most `limit`, with
    /// params, latest metrics and tags.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn runs_of_commits(&self, commits: &[String], limit: usize) -> Result<Vec<Run>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT r.id FROM runs r
                 WHERE r.commit_id IN (SELECT value FROM json_each(?1)) AND r.deleted_at IS NULL
                     AND r.id NOT IN {MODEL_ROWS}
                 ORDER BY r.created_at DESC, r.id DESC LIMIT ?2",
            ))?;
            let rows: Vec<i64> = statement
                .query_map((serde_json::to_string(commits)?, limit as i64), |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            load(conn, &rows)
        })
    }

    /// The runs that ran on exactly this, by the digest of its description, or those of which nothing is known; in the
    /// order in which they were recorded, deleted ones too, with params, latest metrics and tags.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn runs_of_environment(&self, digest: Option<&str>) -> Result<Vec<Run>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT id FROM runs WHERE environment_digest IS ?1 AND id NOT IN {MODEL_ROWS} ORDER BY id"
            ))?;
            let rows: Vec<i64> = statement.query_map([digest], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            load(conn, &rows)
        })
    }

    /// The names of all metrics, parameters and tags that runs have or had, for choosing columns.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn run_keys(&self) -> Result<RunKeys> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached("SELECT name FROM keys WHERE uses & ?1 ORDER BY name")?;
            let mut names = |used: Use| -> Result<Vec<String>> {
                let names = statement.query_map([used as i64], |row| row.get(0))?;
                Ok(names.collect::<rusqlite::Result<_>>()?)
            };
            Ok(RunKeys { metrics: names(Use::Metric)?, params: names(Use::Param)?, tags: names(Use::Tag)? })
        })
    }
}

/// The names that runs use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunKeys {
    /// Of metrics.
    pub metrics: Vec<String>,
    /// Of parameters.
    pub params: Vec<String>,
    /// Of tags.
    pub tags: Vec<String>,
}

/// The filter as a condition on `runs r`.
pub(crate) fn conditions(filter: &RunFilter) -> Query {
    let mut query = Query::default();
    query.push(if filter.deleted { "r.deleted_at IS NOT NULL" } else { "r.deleted_at IS NULL" }, []);
    if !filter.models {
        query.push(&format!(" AND r.id NOT IN {MODEL_ROWS}"), []);
    }
    if let Some(experiment) = &filter.experiment {
        query.push(
            " AND r.experiment_id = (SELECT id FROM experiments WHERE name = ?)",
            [Sql::Text(experiment.clone())],
        );
    }
    if let Some(pipeline) = &filter.pipeline {
        query.push(" AND r.pipeline = ?", [Sql::Text(pipeline.clone())]);
    }
    if !filter.statuses.is_empty() {
        let marks = vec!["?"; filter.statuses.len()].join(", ");
        query.push(
            &format!(" AND r.status IN ({marks})"),
            filter.statuses.iter().map(|status| Sql::Text(status.as_str().to_owned())),
        );
    }
    let text = filter.text.trim().to_lowercase();
    if !text.is_empty() {
        query.push(" AND r.id IN (SELECT run_id FROM run_texts WHERE instr(text, ?) > 0)", [Sql::Text(text)]);
    }
    for (key, value) in &filter.tags {
        query.push(
            " AND EXISTS (SELECT 1 FROM tags t JOIN keys k ON k.id = t.key_id
                 WHERE t.run_id = r.id AND k.name = ? AND t.value = ?)",
            [Sql::Text(key.clone()), Sql::Text(value.clone())],
        );
    }
    query
}

/// The rows of a page that is sorted by something of the run itself. What is absent comes last.
fn ids_by_column(conn: &Connection, filter: &RunFilter, passing: &Query) -> Result<Vec<i64>> {
    let expression = column(&filter.sort);
    let direction = filter.direction();
    let mut query = Query::default();
    query.push(&format!("SELECT r.id FROM runs r WHERE {}", passing.sql), passing.values.clone());
    query.push(
        &format!(" ORDER BY {expression} {direction} NULLS LAST, r.id {direction} LIMIT ? OFFSET ?"),
        [Sql::Integer(filter.limit as i64), Sql::Integer(filter.offset as i64)],
    );
    ids(conn, &query)
}

/// What of `runs r` the sort is about; when they were recorded for what is not of the run itself.
pub(crate) fn column(sort: &RunSort) -> &'static str {
    match sort {
        RunSort::Started => "r.started_at",
        RunSort::Ended => "r.ended_at",
        RunSort::Duration => "r.ended_at - r.started_at",
        RunSort::Name => "r.name COLLATE NOCASE",
        RunSort::Status => "r.status",
        RunSort::Pipeline => "r.pipeline",
        RunSort::User => "r.user",
        RunSort::Branch => "r.branch",
        RunSort::Commit => "r.commit_id",
        RunSort::Experiment => "(SELECT e.name FROM experiments e WHERE e.id = r.experiment_id)",
        _ => "r.created_at",
    }
}

/// The rows of a page that is sorted by a metric, parameter or tag: first those that have it, straight
/// from the index of values; those without it (or with NaN) follow, newest first, and are counted only
/// when reached.
fn ids_by_value(conn: &Connection, filter: &RunFilter, passing: &Query, table: &str, key: &str) -> Result<Vec<i64>> {
    let direction = filter.direction();
    let key = || Sql::Text(key.to_owned());
    let order = match table {
        "params" => format!("v.number {direction} NULLS LAST, v.value {direction}"),
        _ => format!("v.value {direction}"),
    };
    let has = "v.key_id = (SELECT id FROM keys WHERE name = ?) AND v.value IS NOT NULL";
    let mut valued = Query::default();
    valued.push(&format!(" FROM {table} v CROSS JOIN runs r ON r.id = v.run_id WHERE {has} AND "), [key()]);
    valued.push(&passing.sql, passing.values.clone());
    let mut page = Query { sql: format!("SELECT r.id{}", valued.sql), values: valued.values.clone() };
    page.push(
        &format!(" ORDER BY {order}, v.run_id {direction} LIMIT ? OFFSET ?"),
        [Sql::Integer(filter.limit as i64), Sql::Integer(filter.offset as i64)],
    );
    let mut found = ids(conn, &page)?;
    if found.len() < filter.limit {
        let count: i64 = conn
            .prepare_cached(&format!("SELECT count(*){}", valued.sql))?
            .query_row(rusqlite::params_from_iter(&valued.values), |row| row.get(0))?;
        let skip = (filter.offset as i64 - count).max(0);
        let mut rest = Query::default();
        rest.push(&format!("SELECT r.id FROM runs r WHERE {}", passing.sql), passing.values.clone());
        rest.push(
            &format!(
                " AND NOT EXISTS (SELECT 1 FROM {table} v WHERE v.run_id = r.id AND {has})
                  ORDER BY r.created_at DESC, r.id DESC LIMIT ? OFFSET ?"
            ),
            [key(), Sql::Integer((filter.limit - found.len()) as i64), Sql::Integer(skip)],
        );
        found.extend(ids(conn, &rest)?);
    }
    Ok(found)
}

fn ids(conn: &Connection, query: &Query) -> Result<Vec<i64>> {
    let mut statement = conn.prepare_cached(&query.sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(&query.values), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Loads these rows in this order.
fn load(conn: &Connection, rows: &[i64]) -> Result<Vec<Run>> {
    Ok(load_rows(conn, rows)?.into_iter().map(|(_, run)| run).collect())
}

/// Loads these rows in this order, each with its number. The list goes in as one JSON value, so its length
/// has no limit.
pub(crate) fn load_rows(conn: &Connection, rows: &[i64]) -> Result<Vec<(i64, Run)>> {
    let list = serde_json::to_string(rows)?;
    let mut statement =
        conn.prepare_cached(&format!("{SELECT_RUN} JOIN json_each(?1) j ON r.id = j.value ORDER BY j.key"))?;
    let mut places: HashMap<i64, usize> = HashMap::with_capacity(rows.len());
    let mut runs: Vec<(i64, Run)> = Vec::with_capacity(rows.len());
    for pair in statement.query_map([&list], |row| Ok((row.get(22)?, run_from(row)?)))? {
        let (row, run) = pair?;
        places.insert(row, runs.len());
        runs.push((row, run));
    }
    fill(conn, "latest_metrics", &list, |row, key, value| {
        if let Some((_, run)) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.metrics.insert(key, metrics::value_from(value, 2)?);
        }
        Ok(())
    })?;
    fill(conn, "params", &list, |row, key, value| {
        if let Some((_, run)) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.params.insert(key, value.get(2)?);
        }
        Ok(())
    })?;
    fill(conn, "tags", &list, |row, key, value| {
        if let Some((_, run)) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.tags.insert(key, value.get(2)?);
        }
        Ok(())
    })?;
    Ok(runs)
}

/// Gives `take` the run's row, the name and the SQL row (value in column 2) of each key-value of the
/// listed runs.
fn fill(
    conn: &Connection,
    table: &str,
    list: &str,
    mut take: impl FnMut(i64, String, &rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> Result<()> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT v.run_id, k.name, v.value FROM json_each(?1) j CROSS JOIN {table} v ON v.run_id = j.value
         JOIN keys k ON k.id = v.key_id ORDER BY v.run_id, k.name"
    ))?;
    let mut rows = statement.query([list])?;
    while let Some(row) = rows.next()? {
        take(row.get(0)?, row.get(1)?, row)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "run_list_tests.rs"]
mod tests;
