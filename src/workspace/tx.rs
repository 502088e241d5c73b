//! The one way to change a workspace: a transaction that also writes its audit entry and its event.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::db::lock;
use crate::error::{Error, Result};
use crate::folder::Workspace;

/// Milliseconds since 1970-01-01 UTC.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// What a transaction does, for the audit trail and for everyone who listens to events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What is done, such as `dataset.imported`; also the event's kind.
    pub action: String,
    /// What it is done to: a run id, a dataset's name.
    pub subject: String,
    /// Anything more that is worth keeping.
    pub details: Map<String, Value>,
}

impl Change {
    /// A change with no details yet.
    pub fn new(action: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { action: action.into(), subject: subject.into(), details: Map::new() }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
}

/// What a worker writes many times a second: metrics, log lines, the progress of steps.
///
/// It comes from [`Workspace::batch`], or as the lower half of a [`Tx`].
pub struct Batch<'a> {
    pub(crate) conn: &'a Connection,
    /// The time that everything in this transaction carries.
    pub(crate) now: i64,
    pub(crate) who: &'a str,
    change: RefCell<Change>,
}

/// A transaction that may change anything. It comes from [`Workspace::write`] only, which is what
/// makes a change without an audit entry impossible.
pub struct Tx<'a>(Batch<'a>);

impl<'a> Deref for Tx<'a> {
    type Target = Batch<'a>;

    fn deref(&self) -> &Batch<'a> {
        &self.0
    }
}

impl Batch<'_> {
    /// Adds to the details of this change what became known inside it, such as a version's number.
    pub fn note(&self, key: &str, value: impl Into<Value>) {
        self.change.borrow_mut().details.insert(key.to_owned(), value.into());
    }

    /// Names the subject of this change when it became known inside it, such as a new run's id.
    pub fn set_subject(&self, subject: impl Into<String>) {
        self.change.borrow_mut().subject = subject.into();
    }

    /// The time of this transaction, which everything in it carries.
    pub fn now_ms(&self) -> i64 {
        self.now
    }

    /// Says that what was stored for this transaction is now referred to by it, so that it may go as soon as nothing
    /// refers to it any more. To be said once for each time that the bytes were stored.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn settle_blob(&self, digest: &str) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE blobs SET claims = max(claims - 1, 0) WHERE digest = ?1")?
            .execute([digest])?;
        Ok(())
    }

    fn emit(&self, audited: bool) -> Result<()> {
        let change = self.change.borrow();
        insert_event(self.conn, self.now, &change)?;
        if audited {
            let details = serde_json::to_string(&change.details)?;
            self.conn
                .prepare_cached("INSERT INTO audit (ts, who, action, subject, details) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute((self.now, self.who, &change.action, &change.subject, &details))?;
        }
        Ok(())
    }
}

impl Workspace {
    /// Changes the workspace: everything `f` does, one audit entry and one event, in one transaction
    /// that is on the disk when this returns, or nothing at all when `f` fails.
    ///
    /// Store blobs before, not inside `f`: they have transactions of their own.
    ///
    /// # Errors
    /// Those of `f`, a read-only workspace, a full disk.
    pub fn write<T>(&self, change: Change, f: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.writable()?;
        let now = now_ms();
        self.db.write(|conn| {
            let tx = Tx(Batch { conn, now, who: self.who(), change: RefCell::new(change) });
            let value = f(&tx)?;
            tx.emit(true)?;
            Ok(value)
        })
    }

    /// Does what [`Workspace::write`] does and takes it back, to say what would come of it.
    ///
    /// # Errors
    /// Those of `f`, a read-only workspace.
    pub(crate) fn rehearse<T>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.writable()?;
        self.db.write(|conn| {
            let change = RefCell::new(Change::new("", ""));
            let tx = Tx(Batch { conn, now: now_ms(), who: self.who(), change });
            conn.execute_batch("SAVEPOINT rehearsal")?;
            let value = f(&tx);
            conn.execute_batch("ROLLBACK TO rehearsal; RELEASE rehearsal")?;
            value
        })
    }

    /// Writes what comes many times a second: one event for all of it, and no audit entry.
    ///
    /// # Errors
    /// Those of `f`, a read-only workspace, a full disk.
    pub fn batch<T>(&self, kind: &str, subject: &str, f: impl FnOnce(&Batch<'_>) -> Result<T>) -> Result<T> {
        self.writable()?;
        let now = now_ms();
        self.db.write(|conn| {
            let batch = Batch { conn, now, who: self.who(), change: RefCell::new(Change::new(kind, subject)) };
            let value = f(&batch)?;
            batch.emit(false)?;
            Ok(value)
        })
    }
}

impl Workspace {
    /// Does what [`Workspace::write`] does, in a transaction shared with whatever other threads write so
    /// at this moment: what many clients at once should use, as they then share the wait for the disk.
    ///
    /// # Errors
    /// Those of `f`, which undo this change alone; a read-only workspace, a full disk.
    pub fn write_grouped<T: Send + 'static>(
        &self,
        change: Change,
        f: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let who = self.who().to_owned();
        self.grouped(move |conn| {
            let tx = Tx(Batch { conn, now: now_ms(), who: &who, change: RefCell::new(change) });
            let value = f(&tx)?;
            tx.emit(true)?;
            Ok((value, None))
        })
    }

    /// Does what [`Workspace::batch`] does, in a transaction shared with whatever other threads write so
    /// at this moment. Equal events of one moment become one.
    ///
    /// # Errors
    /// Those of `f`, which undo this batch alone; a read-only workspace, a full disk.
    pub fn batch_grouped<T: Send + 'static>(
        &self,
        kind: &str,
        subject: &str,
        f: impl FnOnce(&Batch<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let who = self.who().to_owned();
        let change = Change::new(kind, subject);
        self.grouped(move |conn| {
            let now = now_ms();
            let batch = Batch { conn, now, who: &who, change: RefCell::new(change) };
            let value = f(&batch)?;
            Ok((value, Some((now, batch.change.into_inner()))))
        })
    }

    fn grouped<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Connection) -> Result<(T, Option<(i64, Change)>)> + Send + 'static,
    ) -> Result<T> {
        self.writable()?;
        let slot = Arc::new(Mutex::new(None));
        let kept = slot.clone();
        self.db.write_grouped(Box::new(move |conn| {
            let (value, event) = f(conn)?;
            *lock(&kept) = Some(value);
            Ok(event)
        }))?;
        lock(&slot).take().ok_or_else(|| Error::Invalid("A change ended without a result. Try again.".into()))
    }
}

/// Records an event, which is how everyone else learns of a change.
pub(crate) fn insert_event(conn: &Connection, now: i64, change: &Change) -> Result<()> {
    let details = serde_json::to_string(&change.details)?;
    conn.prepare_cached("INSERT INTO events (ts, kind, subject, payload) VALUES (?1, ?2, ?3, ?4)")?.execute((
        now,
        &change.action,
        &change.subject,
        &details,
    ))?;
    Ok(())
}

/// Refuses a name that could not be written as `NAME@VERSION`, or that cannot be seen.
///
/// # Errors
/// Such a name, in a sentence that begins with `what`.
pub fn check_name(what: &str, name: &str) -> Result<()> {
    let length = name.chars().count();
    if length == 0 || length > 200 || name.trim() != name {
        return Err(Error::Invalid(format!(
            "{what} needs a name of 1 to 200 characters that neither starts nor ends with a space."
        )));
    }
    if let Some(bad) = name.chars().find(|c| matches!(c, '@' | '/' | '\\' | ':') || c.is_control()) {
        return Err(Error::Invalid(format!("{what} cannot have {bad:?} in its name.")));
    }
    Ok(())
}

/// The text of a JSON value, as the database stores it.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// A JSON column of a row.
pub(crate) fn json_column<T: serde::de::DeserializeOwned>(
    row: &rusqlite::Row<'_>,
    index: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(e)))
}
