//! Metrics: every point of every curve, and the latest of each for lists.

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::folder::Workspace;
use crate::run_changes::Use;
use crate::runs::run_row;
use crate::tx::Batch;

/// One point of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// The metric's name.
    pub key: String,
    /// The value; NaN and infinities are values too.
    pub value: f64,
    /// When, ms.
    pub timestamp_ms: i64,
    /// The step on the x axis, such as an epoch or a tree.
    pub step: i64,
}

/// The points of one metric of a run, by step, time and the order they came in: three columns of equal length, 24
/// bytes a point.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricColumns {
    /// The steps, ascending.
    pub steps: Vec<i64>,
    /// When, ms.
    pub times_ms: Vec<i64>,
    /// The values; NaN and infinities are values too.
    pub values: Vec<f64>,
}

impl Batch<'_> {
    /// Adds points to the metrics of a run. A point that is there already is not added again.
    ///
    /// The latest point of a metric is the one with the greatest step, then time, then value, as
    /// MLflow has it.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn log_metrics(&self, run: &str, points: &[MetricPoint]) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let mut keys: HashMap<&str, i64> = HashMap::new();
        let mut latest: HashMap<i64, &MetricPoint> = HashMap::new();
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO metrics (run_id, key_id, step, timestamp, n, value) VALUES (?1, ?2, ?3, ?4, 0, ?5)
             ON CONFLICT DO NOTHING",
        )?;
        // Neighbours in the table one after the other: that is where SQLite's cursor stands already.
        let mut places: Vec<usize> = (0..points.len()).collect();
        places.sort_by(|a, b| {
            let of = |place: usize| (points[place].key.as_str(), points[place].step, points[place].timestamp_ms);
            of(*a).cmp(&of(*b))
        });
        for point in places.into_iter().map(|place| &points[place]) {
            let key = match keys.get(point.key.as_str()) {
                Some(key) => *key,
                None => {
                    let key = self.key_id(&point.key, Use::Metric)?;
                    keys.insert(&point.key, key);
                    key
                }
            };
            // SQLite stores NaN as NULL, which is how it is read back.
            if insert.execute((row, key, point.step, point.timestamp_ms, point.value))? == 0 {
                self.log_beside(row, key, point)?;
            }
            let newest = latest.entry(key).or_insert(point);
            if order(point, newest) == Ordering::Greater {
                *newest = point;
            }
        }
        self.set_latest(row, &latest)
    }

    /// Adds a point where another value has the same step and time, unless it is the same value.
    fn log_beside(&self, row: i64, key: i64, point: &MetricPoint) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO metrics (run_id, key_id, step, timestamp, n, value)
                 SELECT ?1, ?2, ?3, ?4, max(n) + 1, ?5 FROM metrics
                 WHERE run_id = ?1 AND key_id = ?2 AND step = ?3 AND timestamp = ?4
                 HAVING NOT EXISTS (SELECT 1 FROM metrics WHERE run_id = ?1 AND key_id = ?2 AND step = ?3
                     AND timestamp = ?4 AND value IS ?5)",
            )?
            .execute((row, key, point.step, point.timestamp_ms, point.value))?;
        Ok(())
    }

    /// Takes every point of a metric out of a run, for one that is logged anew.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn clear_metric(&self, run: &str, key: &str) -> Result<()> {
        let row = run_row(self.conn, run)?;
        for statement in [
            "DELETE FROM metrics WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            "DELETE FROM latest_metrics WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
        ] {
            self.conn.prepare_cached(statement)?.execute((row, key))?;
        }
        Ok(())
    }

    fn set_latest(&self, row: i64, latest: &HashMap<i64, &MetricPoint>) -> Result<()> {
        let mut upsert = self.conn.prepare_cached(
            "INSERT INTO latest_metrics AS l (run_id, key_id, step, timestamp, value) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (run_id, key_id) DO UPDATE
             SET step = excluded.step, timestamp = excluded.timestamp, value = excluded.value
             WHERE (excluded.step, excluded.timestamp) > (l.step, l.timestamp)
                OR ((excluded.step, excluded.timestamp) = (l.step, l.timestamp)
                    AND coalesce(excluded.value, 0) > coalesce(l.value, 0))",
        )?;
        for (key, point) in latest {
            upsert.execute((row, key, point.step, point.timestamp_ms, point.value))?;
        }
        Ok(())
    }
}

/// Which point is later. NaN counts as 0, as in MLflow.
fn order(a: &MetricPoint, b: &MetricPoint) -> Ordering {
    let value = |point: &MetricPoint| {
        if point.value.is_nan() { 0.0 } else { point.value }
    };
    (a.step, a.timestamp_ms).cmp(&(b.step, b.timestamp_ms)).then(value(a).total_cmp(&value(b)))
}

impl Workspace {
    /// All points of one metric of a run, by step and time.
    ///
    /// # Errors
    /// A run that is not there. A metric that is not there has no points.
    pub fn metric_history(&self, run: &str, key: &str) -> Result<Vec<MetricPoint>> {
        self.db.read(|conn| {
            let row = run_row(conn, run)?;
            let key_id: Option<i64> = conn
                .prepare_cached("SELECT id FROM keys WHERE name = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?;
            let mut statement = conn.prepare_cached(
                "SELECT step, timestamp, value FROM metrics WHERE run_id = ?1 AND key_id = ?2 ORDER BY step, timestamp, n",
            )?;
            let points = statement.query_map((row, key_id), |row| {
                Ok(MetricPoint { key: key.to_owned(), step: row.get(0)?, timestamp_ms: row.get(1)?, value: value_from(row, 2)? })
            })?;
            Ok(points.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// As [`Self::metric_history`], in columns: for curves of millions of points.
    ///
    /// # Errors
    /// A run that is not there. A metric that is not there has no points.
    pub fn metric_columns(&self, run: &str, key: &str) -> Result<MetricColumns> {
        self.db.read(|conn| {
            let row = run_row(conn, run)?;
            let mut statement = conn.prepare_cached(
                "SELECT step, timestamp, value FROM metrics
                 WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2) ORDER BY step, timestamp, n",
            )?;
            let mut rows = statement.query((row, key))?;
            let mut columns = MetricColumns::default();
            while let Some(row) = rows.next()? {
                columns.steps.push(row.get(0)?);
                columns.times_ms.push(row.get(1)?);
                columns.values.push(value_from(row, 2)?);
            }
            Ok(columns)
        })
    }

    /// The metrics of a run that have more than one point, by name. Looks at two points of each.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn curve_keys(&self, run: &str) -> Result<Vec<String>> {
        self.db.read(|conn| {
            let row = run_row(conn, run)?;
            let mut statement = conn.prepare_cached(
                "SELECT k.name FROM latest_metrics l JOIN keys k ON k.id = l.key_id WHERE l.run_id = ?1
                 AND EXISTS (SELECT 1 FROM metrics m WHERE m.run_id = l.run_id AND m.key_id = l.key_id LIMIT 1 OFFSET 1)
                 ORDER BY k.name",
            )?;
            let keys = statement.query_map([row], |row| row.get(0))?;
            Ok(keys.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// The latest point of each metric of a run's row, by name.
pub(crate) fn latest(conn: &Connection, row: i64) -> Result<Vec<MetricPoint>> {
    points_of(conn, "latest_metrics", row)
}

fn points_of(conn: &Connection, table: &str, row: i64) -> Result<Vec<MetricPoint>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT k.name, m.step, m.timestamp, m.value FROM {table} m JOIN keys k ON k.id = m.key_id
         WHERE m.run_id = ?1 ORDER BY k.name, m.step, m.timestamp"
    ))?;
    let points = statement.query_map([row], |row| {
        Ok(MetricPoint { key: row.get(0)?, step: row.get(1)?, timestamp_ms: row.get(2)?, value: value_from(row, 3)? })
    })?;
    Ok(points.collect::<rusqlite::Result<_>>()?)
}

/// A metric's value: NULL is NaN.
pub(crate) fn value_from(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<f64> {
    Ok(row.get::<_, Option<f64>>(index)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
