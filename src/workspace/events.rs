//! Events, by which every window and worker learns what changed, and the audit trail.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Result;
use crate::folder::Workspace;
use crate::tx::json_column;

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Grows by the order in which changes happened; ask for what comes after the last one seen.
    pub seq: i64,
    /// When, ms.
    pub timestamp_ms: i64,
    /// What happened, such as `run.finished`.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// The details of the change.
    pub payload: Map<String, Value>,
}

/// Who changed what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Grows by the order in which changes happened.
    pub seq: i64,
    /// When, ms.
    pub timestamp_ms: i64,
    /// Who did it.
    pub who: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The details of the change.
    pub details: Map<String, Value>,
}

impl Workspace {
    /// Up to `limit` events after event `seq` (0 for all that are kept), oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn events_since(&self, seq: i64, limit: usize) -> Result<Vec<Event>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT seq, ts, kind, subject, payload FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?;
            let events = statement.query_map((seq, limit as i64), |row| {
                Ok(Event {
                    seq: row.get(0)?,
                    timestamp_ms: row.get(1)?,
                    kind: row.get(2)?,
                    subject: row.get(3)?,
                    payload: json_column(row, 4)?,
                })
            })?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The number of the newest event, 0 when there is none: where to start listening.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn last_event(&self) -> Result<i64> {
        self.db.read(|conn| {
            Ok(conn.prepare_cached("SELECT coalesce(max(seq), 0) FROM events")?.query_row([], |row| row.get(0))?)
        })
    }

    /// Up to `limit` audit entries before entry `before` (`None` for the newest), newest first, of one
    /// subject or of all.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn audit(&self, subject: Option<&str>, before: Option<i64>, limit: usize) -> Result<Vec<AuditEntry>> {
        let condition = if subject.is_some() { "subject = ?1" } else { "?1 IS NULL" };
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT seq, ts, who, action, subject, details FROM audit WHERE {condition} AND seq < ?2
                 ORDER BY seq DESC LIMIT ?3"
            ))?;
            let entries = statement.query_map((subject, before.unwrap_or(i64::MAX), limit as i64), |row| {
                Ok(AuditEntry {
                    seq: row.get(0)?,
                    timestamp_ms: row.get(1)?,
                    who: row.get(2)?,
                    action: row.get(3)?,
                    subject: row.get(4)?,
                    details: json_column(row, 5)?,
                })
            })?;
            Ok(entries.collect::<rusqlite::Result<_>>()?)
        })
    }
}
