//! The connections to `studio.db`: one that writes, several that read, and the migrations.
//!
//! Invariants: every write runs in `BEGIN IMMEDIATE`, so that it waits for its turn at the start and
//! never fails half-way for a lock; a read sees one snapshot; nothing here knows what the tables mean.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Error, Result};
use crate::group::{Queue, Work};

/// Every schema change, oldest first; the number of those applied is SQLite's `user_version`.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_tracking.sql"),
    include_str!("migrations/0003_sources.sql"),
    include_str!("migrations/0004_journal.sql"),
];

/// The version of the schema that this program writes; it opens every one before.
pub const SCHEMA: u32 = MIGRATIONS.len() as u32;

/// "Atlr", which `file` and [`read_header`] know the database by.
const APPLICATION_ID: i32 = 0x4174_6c72;
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_READERS: usize = 6;

/// How the database file is opened.
enum Source {
    /// As one of several processes that read and write.
    Shared(PathBuf),
    /// Reading only, beside a process that may write.
    ReadOnly(PathBuf),
    /// Reading only, where SQLite may not even make its `-shm` file.
    Immutable(PathBuf),
}

/// The pool. Cheap to share behind an `Arc`.
pub(crate) struct Db {
    source: Source,
    writer: Option<Mutex<Connection>>,
    /// The thread inside `write`, so that a nested write is an error and not a deadlock.
    writing: Mutex<Option<ThreadId>>,
    idle: Mutex<Vec<Connection>>,
    /// What waits to be written together.
    queue: Queue,
    /// A private copy, when the database cannot be read where it lies; removed on drop.
    _copy: Option<tempfile::TempDir>,
}

impl Db {
    /// Opens for reading and writing, making the file and applying migrations as needed.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let connection = open_writer(path).map_err(|error| error.of_file(path))?;
        migrate(&connection, MIGRATIONS).map_err(|error| error.of_file(path))?;
        Ok(Self {
            source: Source::Shared(path.to_path_buf()),
            writer: Some(Mutex::new(connection)),
            writing: Mutex::new(None),
            idle: Mutex::default(),
            queue: Queue::default(),
            _copy: None,
        })
    }

    /// Opens for reading only, by the first way that works: beside writers; as a file that cannot
    /// change; or, when a write-ahead log that cannot be used holds the newest rows, as a copy.
    pub(crate) fn open_read_only(path: &Path) -> Result<Self> {
        let reader = |source, copy| Self {
            source,
            writer: None,
            writing: Mutex::new(None),
            idle: Mutex::default(),
            queue: Queue::default(),
            _copy: copy,
        };
        let shared = reader(Source::ReadOnly(path.to_path_buf()), None);
        if shared.read(probe).is_ok() {
            return Ok(shared);
        }
        let log = with_suffix(path, "-wal");
        let unread = std::fs::metadata(&log).is_ok_and(|meta| meta.len() > 0);
        if !unread {
            let fixed = reader(Source::Immutable(path.to_path_buf()), None);
            fixed.read(probe).map_err(|error| error.of_file(path))?;
            return Ok(fixed);
        }
        let dir = tempfile::tempdir().map_err(|e| Error::io("make a temporary folder", &std::env::temp_dir(), e))?;
        let copy = dir.path().join("studio.db");
        std::fs::copy(path, &copy).map_err(|e| Error::io("read the workspace's database", path, e))?;
        std::fs::copy(&log, with_suffix(&copy, "-wal"))
            .map_err(|e| Error::io("read the workspace's database", &log, e))?;
        let copied = Self { _copy: Some(dir), ..Self::open(&copy)? };
        Ok(Self { writer: None, ..copied })
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.writer.is_none()
    }

    /// Runs `f` on a snapshot of the database.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let pooled = lock(&self.idle).pop();
        let connection = pooled.map_or_else(|| self.open_reader(), Ok)?;
        let result = Transaction::new_unchecked(&connection, TransactionBehavior::Deferred)
            .map_err(Error::from)
            .and_then(|tx| f(&tx));
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        result
    }

    /// Runs `f` in one transaction that is on the disk when this returns `Ok`, and never happened
    /// when it returns an error.
    pub(crate) fn write<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let (writer, me) = self.may_write()?;
        let connection = lock(writer);
        let _turn = Turn::take(&self.writing, me);
        let tx = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
        let value = f(&tx)?;
        tx.commit()?;
        Ok(value)
    }

    /// Runs `work` in a transaction that it shares with whatever other threads write so at this moment.
    /// It is on the disk when this returns `Ok`.
    pub(crate) fn write_grouped(&self, work: Work) -> Result<()> {
        let (writer, me) = self.may_write()?;
        self.queue.submit(work, |run| {
            let connection = lock(writer);
            let _turn = Turn::take(&self.writing, me);
            run(&connection);
        })
    }

    fn may_write(&self) -> Result<(&Mutex<Connection>, ThreadId)> {
        let writer = self.writer.as_ref().ok_or(Error::ReadOnly { path: None })?;
        let me = thread::current().id();
        if *lock(&self.writing) == Some(me) {
            return Err(Error::Invalid(
                "A change to the workspace was started inside another one. Store blobs before the change that refers to them.".into(),
            ));
        }
        Ok((writer, me))
    }

    fn open_reader(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = match &self.source {
            // Write access to the files is what lets the first reader after a crash recover the log.
            Source::Shared(path) => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE),
            Source::ReadOnly(path) => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY),
            Source::Immutable(path) => {
                Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_READ_ONLY)
            }
        }?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}

/// Marks the writing thread for as long as it lives.
struct Turn<'a>(&'a Mutex<Option<ThreadId>>);

impl<'a> Turn<'a> {
    fn take(writing: &'a Mutex<Option<ThreadId>>, me: ThreadId) -> Self {
        *lock(writing) = Some(me);
        Self(writing)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

/// A poisoned lock still guards sound data here: a panic inside a transaction rolls it back.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn probe(connection: &Connection) -> Result<()> {
    Ok(connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?)
}

fn open_writer(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    write_ahead(&connection)?;
    // FULL: what was acknowledged survives a power cut. `fullfsync` is what that takes on macOS.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;
         PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
    )?;
    connection.set_prepared_statement_cache_capacity(192);
    Ok(connection)
}

/// Turns on the write-ahead log. Two processes that make one database at once may collide here,
/// where SQLite does not wait by itself.
fn write_ahead(connection: &Connection) -> Result<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).map_err(Error::from) {
            Err(Error::Busy) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
            done => return done,
        }
    }
}

/// Applies what `migrations` has beyond the database's `user_version`, one transaction each.
fn migrate(connection: &Connection, migrations: &[&str]) -> Result<()> {
    loop {
        if user_version(connection)? >= migrations.len() as i64 {
            return Ok(());
        }
        let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        // Another process may have migrated while this one waited for its turn.
        let version = user_version(&tx)?;
        if let Some(migration) = usize::try_from(version).ok().and_then(|version| migrations.get(version)) {
            tx.execute_batch(migration)?;
            tx.pragma_update(None, "user_version", version + 1)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        tx.commit()?;
    }
}

fn user_version(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// What the database file says of itself, read without SQLite so that not a byte is touched.
pub(crate) enum Header {
    /// No file, or one that SQLite has not written to yet.
    Empty,
    /// A database of ours with this schema version.
    Schema(i64),
    /// Something else, and why.
    Foreign(&'static str),
}

/// Reads the schema version of a database, refusing nothing and changing nothing.
///
/// The 100-byte header holds `user_version` at offset 60 and `application_id` at 68
/// (<https://www.sqlite.org/fileformat.html>); a newer header may still be in the write-ahead log.
pub(crate) fn read_header(path: &Path) -> Result<Header> {
    let mut bytes = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => std::io::Read::read_to_end(&mut std::io::Read::take(file, 100), &mut bytes),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Header::Empty),
        Err(e) => Err(e),
    }
    .map_err(|e| Error::io("read the workspace's database", path, e))?;
    let word = |at: usize| bytes.get(at..at + 4).map_or(0, |b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    if bytes.is_empty() {
        return Ok(Header::Empty);
    }
    if !bytes.starts_with(b"SQLite format 3\0") || bytes.len() < 100 {
        return Ok(Header::Foreign("it is not a SQLite file"));
    }
    let logged = std::fs::metadata(with_suffix(path, "-wal")).is_ok_and(|meta| meta.len() > 0);
    if logged {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // A log that cannot be read here leaves the header's word to stand.
        if let Ok(version) = user_version(&connection) {
            return Ok(Header::Schema(version));
        }
    }
    match (word(60), word(68)) {
        (0, 0) => Ok(Header::Empty),
        (_, id) if id != APPLICATION_ID => Ok(Header::Foreign("another program's data is in its place")),
        (version, _) => Ok(Header::Schema(version.into())),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// `file:` with every byte escaped that a URI could read as something else.
fn immutable_uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let slash = if escaped.starts_with('/') { "" } else { "/" };
    format!("file:{slash}{escaped}?immutable=1")
}

#[cfg(test)]
#[path = "db_tests.rs"]
mod tests;
