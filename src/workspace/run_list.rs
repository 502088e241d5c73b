//! The list of runs: filtered, sorted, a page at a time, over as many as there are.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::folder::Workspace;
use crate::metrics;
use crate::runs::{Run, SELECT_RUN, escape_like, run_from};
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
    /// Whose name, pipeline, title, user, branch or error holds this, or whose id or commit starts
    /// with it; letters of either case.
    pub text: String,
    /// With all of these tags.
    pub tags: Vec<(String, String)>,
    /// The deleted ones instead of the others.
    pub deleted: bool,
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
            sort: RunSort::Created,
            descending: true,
            offset: 0,
            limit: 200,
        }
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
    /// The latest value of this metric.
    Metric(String),
    /// This parameter: as numbers where both are, as texts otherwise.
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
struct Query {
    sql: String,
    values: Vec<Sql>,
}

impl Query {
    fn push(&mut self, sql: &str, values: impl IntoIterator<Item = Sql>) {
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
                .prepare_cached(&format!(
                    "SELECT count(*) FROM runs r WHERE {}",
                    passing.sql
                ))?
                .query_row(rusqlite::params_from_iter(&passing.values), |row| {
                    row.get(0)
                })?;
            let ids = match &filter.sort {
                RunSort::Metric(key) => ids_by_metric(conn, filter, &passing, key)?,
                _ => ids_by_column(conn, filter, &passing)?,
            };
            Ok(RunPage {
                total: total as usize,
                runs: load(conn, &ids)?,
            })
        })
    }

    /// These runs in this order, with params, latest metrics and tags; unknown ids are left out.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn runs_by_id(&self, ids: &[String]) -> Result<Vec<Run>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT r.id FROM json_each(?1) j JOIN runs r ON r.uuid = j.value ORDER BY j.key",
            )?;
            let rows: Vec<i64> = statement
                .query_map([serde_json::to_string(ids)?], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            load(conn, &rows)
        })
    }

    /// The names of all metrics, or all params, that any run has, for choosing columns.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn run_keys(&self) -> Result<RunKeys> {
        self.db.read(|conn| {
            let names = |table: &str| -> Result<Vec<String>> {
                let mut statement = conn.prepare_cached(&format!(
                    "SELECT name FROM keys k WHERE EXISTS (SELECT 1 FROM {table} t WHERE t.key_id = k.id) ORDER BY name"
                ))?;
                let names = statement.query_map([], |row| row.get(0))?;
                Ok(names.collect::<rusqlite::Result<_>>()?)
            };
            Ok(RunKeys { metrics: names("latest_metrics")?, params: names("params")?, tags: names("tags")? })
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
fn conditions(filter: &RunFilter) -> Query {
    let mut query = Query::default();
    query.push(
        if filter.deleted {
            "r.deleted_at IS NOT NULL"
        } else {
            "r.deleted_at IS NULL"
        },
        [],
    );
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
            filter
                .statuses
                .iter()
                .map(|status| Sql::Text(status.as_str().to_owned())),
        );
    }
    let text = filter.text.trim();
    if !text.is_empty() {
        let holds = format!("%{}%", escape_like(text));
        let starts = format!("{}%", escape_like(text));
        let columns = [
            "name",
            "pipeline",
            "pipeline_title",
            "user",
            "branch",
            "error",
        ];
        let tests = columns
            .map(|column| format!("r.{column} LIKE ? ESCAPE '\\'"))
            .join(" OR ");
        query.push(
            &format!(
                " AND ({tests} OR r.uuid LIKE ? ESCAPE '\\' OR r.commit_id LIKE ? ESCAPE '\\')"
            ),
            columns
                .iter()
                .map(|_| Sql::Text(holds.clone()))
                .chain([Sql::Text(starts.clone()), Sql::Text(starts.clone())]),
        );
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

/// The rows of a page that is sorted by something of the run itself, a param or a tag.
fn ids_by_column(conn: &Connection, filter: &RunFilter, passing: &Query) -> Result<Vec<i64>> {
    let direction = if filter.descending { "DESC" } else { "ASC" };
    let mut query = Query::default();
    query.push("SELECT r.id FROM runs r", []);
    let keyed = |query: &mut Query, table: &str, key: &str| {
        query.push(
            &format!(" LEFT JOIN {table} v ON v.run_id = r.id AND v.key_id = (SELECT id FROM keys WHERE name = ?)"),
            [Sql::Text(key.to_owned())],
        );
    };
    let order = match &filter.sort {
        // Already in an index, and never absent.
        RunSort::Created | RunSort::Metric(_) => format!("r.created_at {direction}"),
        RunSort::Started => absent_last("r.started_at", direction),
        RunSort::Ended => absent_last("r.ended_at", direction),
        RunSort::Duration => absent_last("r.ended_at - r.started_at", direction),
        RunSort::Name => format!("r.name COLLATE NOCASE {direction}"),
        RunSort::Status => format!("r.status {direction}"),
        RunSort::Pipeline => absent_last("r.pipeline", direction),
        RunSort::User => absent_last("r.user", direction),
        RunSort::Experiment => {
            query.push(" JOIN experiments e ON e.id = r.experiment_id", []);
            format!("e.name {direction}")
        }
        RunSort::Param(key) => {
            keyed(&mut query, "params", key);
            // A text that is a number casts to itself; any other casts to 0 and is told apart first.
            let number = "(v.value GLOB '[-+.0-9]*' AND v.value NOT GLOB '*[^-+.eE0-9]*')";
            format!(
                "v.value IS NULL, {number} DESC, CASE WHEN {number} THEN CAST(v.value AS REAL) END {direction}, v.value {direction}"
            )
        }
        RunSort::Tag(key) => {
            keyed(&mut query, "tags", key);
            absent_last("v.value", direction)
        }
    };
    query.push(&format!(" WHERE {}", passing.sql), passing.values.clone());
    query.push(
        &format!(" ORDER BY {order}, r.id {direction} LIMIT ? OFFSET ?"),
        [
            Sql::Integer(filter.limit as i64),
            Sql::Integer(filter.offset as i64),
        ],
    );
    ids(conn, &query)
}

fn absent_last(expression: &str, direction: &str) -> String {
    format!("{expression} IS NULL, {expression} {direction}")
}

/// The rows of a page that is sorted by a metric: first those that have it, straight from the index
/// of values; those without it (or with NaN) follow, newest first, and are counted only when reached.
fn ids_by_metric(
    conn: &Connection,
    filter: &RunFilter,
    passing: &Query,
    key: &str,
) -> Result<Vec<i64>> {
    let direction = if filter.descending { "DESC" } else { "ASC" };
    let mut valued = Query::default();
    valued.push(
        " FROM latest_metrics m CROSS JOIN runs r ON r.id = m.run_id
          WHERE m.key_id = (SELECT id FROM keys WHERE name = ?) AND m.value IS NOT NULL AND ",
        [Sql::Text(key.to_owned())],
    );
    valued.push(&passing.sql, passing.values.clone());
    let mut page = Query {
        sql: format!("SELECT r.id{}", valued.sql),
        values: valued.values.clone(),
    };
    page.push(
        &format!(" ORDER BY m.value {direction}, m.run_id {direction} LIMIT ? OFFSET ?"),
        [
            Sql::Integer(filter.limit as i64),
            Sql::Integer(filter.offset as i64),
        ],
    );
    let mut found = ids(conn, &page)?;
    if found.len() < filter.limit {
        let count: i64 = conn
            .prepare_cached(&format!("SELECT count(*){}", valued.sql))?
            .query_row(rusqlite::params_from_iter(&valued.values), |row| row.get(0))?;
        let skip = (filter.offset as i64 - count).max(0);
        let mut rest = Query::default();
        rest.push(
            &format!("SELECT r.id FROM runs r WHERE {}", passing.sql),
            passing.values.clone(),
        );
        rest.push(
            " AND NOT EXISTS (SELECT 1 FROM latest_metrics m WHERE m.run_id = r.id AND m.value IS NOT NULL
                  AND m.key_id = (SELECT id FROM keys WHERE name = ?))
              ORDER BY r.created_at DESC, r.id DESC LIMIT ? OFFSET ?",
            [Sql::Text(key.to_owned()), Sql::Integer((filter.limit - found.len()) as i64), Sql::Integer(skip)],
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

/// Loads these rows in this order. The list goes in as one JSON value, so its length has no limit.
fn load(conn: &Connection, rows: &[i64]) -> Result<Vec<Run>> {
    let list = serde_json::to_string(rows)?;
    let mut statement = conn.prepare_cached(&format!(
        "{SELECT_RUN} JOIN json_each(?1) j ON r.id = j.value ORDER BY j.key"
    ))?;
    let mut places: HashMap<i64, usize> = HashMap::with_capacity(rows.len());
    let mut runs: Vec<Run> = Vec::with_capacity(rows.len());
    for pair in statement.query_map([&list], |row| Ok((row.get(22)?, run_from(row)?)))? {
        let (row, run) = pair?;
        places.insert(row, runs.len());
        runs.push(run);
    }
    fill(conn, "latest_metrics", &list, |row, key, value| {
        if let Some(run) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.metrics.insert(key, metrics::value_from(value, 2)?);
        }
        Ok(())
    })?;
    fill(conn, "params", &list, |row, key, value| {
        if let Some(run) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
            run.params.insert(key, value.get(2)?);
        }
        Ok(())
    })?;
    fill(conn, "tags", &list, |row, key, value| {
        if let Some(run) = places.get(&row).and_then(|place| runs.get_mut(*place)) {
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
