//! The curves of metrics as the protocol pages and samples them.

use rusqlite::{Connection, OptionalExtension};

use super::Page;
use super::runs::any_run;
use crate::error::Result;
use crate::folder::Workspace;
use crate::metrics::{MetricPoint, value_from};

/// A point of a metric of one of several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPoint {
    /// The run's id.
    pub run: String,
    /// The point.
    pub point: MetricPoint,
}

impl Workspace {
    /// A page of one metric's points, by time, step and value.
    ///
    /// # Errors
    /// A database that cannot be read. A run or a metric that is not there has no points.
    pub fn metric_page(&self, run: &str, key: &str, offset: usize, limit: Option<usize>) -> Result<Page<MetricPoint>> {
        self.db.read(|conn| {
            let Ok(row) = any_run(conn, run) else { return Ok(Page { items: Vec::new(), more: false }) };
            let asked = limit.map_or(-1, |limit| limit.saturating_add(1) as i64);
            let mut items = points(conn, row, key, "timestamp, step, coalesce(value, 0)", offset as i64, asked)?;
            let more = limit.is_some_and(|limit| items.len() > limit);
            if let Some(limit) = limit {
                items.truncate(limit);
            }
            Ok(Page { items, more })
        })
    }

    /// The points of one metric of several runs, by run id, time, step and value, at most `limit` in all.
    /// Runs that are not there are left out.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn metric_histories_of(&self, runs: &[String], key: &str, limit: usize) -> Result<Vec<RunPoint>> {
        let mut ids: Vec<&String> = runs.iter().collect();
        ids.sort();
        ids.dedup();
        self.db.read(|conn| {
            let mut found = Vec::new();
            for id in ids {
                let left = limit.saturating_sub(found.len());
                if left == 0 {
                    break;
                }
                let Ok(row) = any_run(conn, id) else { continue };
                let part = points(conn, row, key, "timestamp, step, coalesce(value, 0)", 0, left as i64)?;
                found.extend(part.into_iter().map(|point| RunPoint { run: id.clone(), point }));
            }
            Ok(found)
        })
    }

    /// About `limit` points of one metric of each run, evenly chosen in the order of step, time and
    /// value, the first and the last among them; only those with a step within `steps` if given.
    ///
    /// As MLflow samples: the first of each of `limit` equal parts, and the last of all.
    ///
    /// # Errors
    /// A database that cannot be read. Runs that are not there are left out.
    pub fn sampled_histories(
        &self,
        runs: &[String],
        key: &str,
        limit: usize,
        steps: Option<(i64, i64)>,
    ) -> Result<Vec<RunPoint>> {
        let limit = limit.max(1);
        self.db.read(|conn| {
            let mut found = Vec::new();
            for run in runs {
                let Ok(row) = any_run(conn, run) else { continue };
                let sampled = sample(conn, row, key, limit, steps)?;
                found.extend(sampled.into_iter().map(|point| RunPoint { run: run.clone(), point }));
            }
            Ok(found)
        })
    }
}

fn key_id(conn: &Connection, key: &str) -> Result<Option<i64>> {
    Ok(conn.prepare_cached("SELECT id FROM keys WHERE name = ?1")?.query_row([key], |row| row.get(0)).optional()?)
}

fn points(conn: &Connection, row: i64, key: &str, order: &str, offset: i64, limit: i64) -> Result<Vec<MetricPoint>> {
    let Some(id) = key_id(conn, key)? else { return Ok(Vec::new()) };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT step, timestamp, value FROM metrics WHERE run_id = ?1 AND key_id = ?2 ORDER BY {order} LIMIT ?3 OFFSET ?4"
    ))?;
    let rows = statement.query_map((row, id, limit, offset), |row| point(key, row))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn point(key: &str, row: &rusqlite::Row<'_>) -> rusqlite::Result<MetricPoint> {
    Ok(MetricPoint { key: key.to_owned(), step: row.get(0)?, timestamp_ms: row.get(1)?, value: value_from(row, 2)? })
}

fn sample(conn: &Connection, row: i64, key: &str, limit: usize, steps: Option<(i64, i64)>) -> Result<Vec<MetricPoint>> {
    let Some(id) = key_id(conn, key)? else { return Ok(Vec::new()) };
    let (low, high) = steps.unwrap_or((i64::MIN, i64::MAX));
    let total: i64 = conn
        .prepare_cached("SELECT count(*) FROM metrics WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4")?
        .query_row((row, id, low, high), |row| row.get(0))?;
    let chosen = chosen(total as usize, limit);
    // The primary key gives the order but for ties, so that nothing large is sorted.
    let mut statement = conn.prepare_cached(
        "SELECT step, timestamp, value FROM metrics WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4
         ORDER BY step, timestamp, coalesce(value, 0), value IS NULL",
    )?;
    let mut rows = statement.query((row, id, low, high))?;
    let mut found = Vec::with_capacity(chosen.len());
    let mut wanted = chosen.into_iter().peekable();
    let mut place = 0;
    while let Some(row) = rows.next()? {
        if wanted.peek() == Some(&place) {
            wanted.next();
            found.push(point(key, row)?);
        }
        place += 1;
    }
    Ok(found)
}

/// The places, of `total`, where each of `limit` equal parts begins (SQL's `NTILE`), and the last place.
fn chosen(total: usize, limit: usize) -> Vec<usize> {
    let parts = limit.min(total);
    if parts == 0 {
        return Vec::new();
    }
    let (size, longer) = (total / parts, total % parts);
    let mut places: Vec<usize> = (0..parts).map(|part| part * size + part.min(longer)).collect();
    let last = total - 1;
    if places.last() != Some(&last) {
        if places.len() >= limit {
            places.pop();
        }
        places.push(last);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn a_sample_keeps_both_ends_and_never_exceeds_its_size() {
        assert_eq!(chosen(0, 3), [0; 0]);
        assert_eq!(chosen(3, 10), [0, 1, 2]);
        assert_eq!(chosen(10, 1), [9]);
        assert_eq!(chosen(10, 4), [0, 3, 6, 9], "parts of 3, 3, 2 and 2 begin at 0, 3, 6 and 8");
        for total in 1..60 {
            for limit in 1..20 {
                let places = chosen(total, limit);
                assert_eq!(places.len(), total.min(limit));
                assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
                assert_eq!(places.last(), Some(&(total - 1)));
            }
        }
    }
}
