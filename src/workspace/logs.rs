//! Log lines of runs and their steps.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::folder::Workspace;
use crate::runs::run_row;
use crate::steps::step_id;
use crate::tx::Batch;
use crate::words::Stream;

/// A line to be logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLogLine {
    /// The step that says it; none for the run itself.
    pub step: Option<String>,
    /// When, ms.
    pub timestamp_ms: i64,
    /// Where it came from.
    pub stream: Stream,
    /// The line, without its end.
    pub text: String,
}

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Grows with every line of the workspace; ask for what comes after the last one seen.
    pub seq: i64,
    /// The step that said it; none for the run itself.
    pub step: Option<String>,
    /// When, ms.
    pub timestamp_ms: i64,
    /// Where it came from.
    pub stream: Stream,
    /// The line, without its end.
    pub text: String,
}

impl Batch<'_> {
    /// Adds lines to a run's log.
    ///
    /// # Errors
    /// A run or step that is not there.
    pub fn log_lines(&self, run: &str, lines: &[NewLogLine]) -> Result<()> {
        let row = run_row(self.conn, run)?;
        let mut insert = self
            .conn
            .prepare_cached("INSERT INTO logs (run_id, step_id, ts, stream, text) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for line in lines {
            let step = line.step.as_deref().map(|step| step_id(self.conn, row, step)).transpose()?;
            insert.execute((row, step, line.timestamp_ms, line.stream, &line.text))?;
        }
        Ok(())
    }
}

impl Workspace {
    /// Up to `limit` lines of a run's log after line `after` (0 for all), or of one step of it.
    ///
    /// # Errors
    /// A run or step that is not there.
    pub fn logs(&self, run: &str, step: Option<&str>, after: i64, limit: usize) -> Result<Vec<LogLine>> {
        self.lines(run, step, "AND l.seq > ?2 ORDER BY l.seq LIMIT ?3", after, limit)
    }

    /// The last `limit` lines of a run's log or of one step of it, oldest first.
    ///
    /// # Errors
    /// A run or step that is not there.
    pub fn log_tail(&self, run: &str, step: Option<&str>, limit: usize) -> Result<Vec<LogLine>> {
        let mut lines = self.lines(run, step, "AND l.seq > ?2 ORDER BY l.seq DESC LIMIT ?3", 0, limit)?;
        lines.reverse();
        Ok(lines)
    }

    fn lines(&self, run: &str, step: Option<&str>, rest: &str, after: i64, limit: usize) -> Result<Vec<LogLine>> {
        self.db.read(|conn| {
            let row = run_row(conn, run)?;
            let (column, id) = match step {
                Some(step) => ("step_id", step_id(conn, row, step)?),
                None => ("run_id", row),
            };
            let mut statement = conn.prepare_cached(&format!(
                "SELECT l.seq, s.name, l.ts, l.stream, l.text FROM logs l LEFT JOIN steps s ON s.id = l.step_id
                 WHERE l.{column} = ?1 {rest}"
            ))?;
            let lines = statement.query_map((id, after, limit as i64), |row| {
                Ok(LogLine {
                    seq: row.get(0)?,
                    step: row.get(1)?,
                    timestamp_ms: row.get(2)?,
                    stream: row.get(3)?,
                    text: row.get(4)?,
                })
            })?;
            Ok(lines.collect::<rusqlite::Result<_>>()?)
        })
    }
}
