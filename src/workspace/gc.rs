//! Taking away what nothing refers to.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::check::files_in_blobs;
use crate::error::{Error, Result};
use crate::files;
use crate::folder::Workspace;
use crate::tx::now_ms;

/// Every column that refers to a blob, in soft-deleted rows too. Each has an index.
const REFERENCES: [(&str, &str); 8] = [
    ("dataset_versions", "digest"),
    ("model_versions", "digest"),
    ("artifacts", "digest"),
    ("step_outputs", "digest"),
    ("step_cache_outputs", "digest"),
    ("runs", "plan_digest"),
    ("runs", "diff_digest"),
    ("runs", "environment_digest"),
];

/// Selects every digest that something refers to.
pub(crate) fn referenced_digests() -> String {
    let each = REFERENCES.map(|(table, column)| format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL"));
    each.join(" UNION ")
}

/// The condition that nothing refers to the blob `b`, by looking into each index: what costs the same however much
/// there is.
pub(crate) fn nothing_refers() -> String {
    let each = REFERENCES
        .map(|(table, column)| format!("NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.{column} = b.digest)"));
    each.join(" AND ")
}

/// How long events are kept; whoever listens is never that far behind.
const EVENTS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Blobs removed in one transaction, so that other writers get their turn.
const AT_ONCE: usize = 100;

/// What was taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// Blobs.
    pub blobs: u64,
    /// Bytes freed, blobs and temporary files.
    pub bytes: u64,
    /// Temporary files.
    pub temp_files: u64,
    /// Cached steps whose blobs are gone.
    pub cache_entries: u64,
    /// Old events.
    pub events: u64,
    /// Blobs that nothing refers to and that are left, as whoever stored them lately may be about to.
    pub left_blobs: u64,
    /// Their bytes.
    pub left_bytes: u64,
}

impl Workspace {
    /// The grace period that [`Workspace::gc`] is usually given.
    pub const GRACE: Duration = Duration::from_secs(3600);

    /// Removes blobs that nothing refers to and temporary files, both only when older than `grace`
    /// (so that an import or a run in another process keeps what it has not yet recorded), cache
    /// entries whose blobs are gone, and events older than 30 days.
    ///
    /// What a soft-deleted row refers to stays until the row is purged.
    ///
    /// # Errors
    /// A read-only workspace, a database that cannot be written. What was removed until then is gone.
    pub fn gc(&self, grace: Duration) -> Result<Collected> {
        self.writable()?;
        let mut collected = Collected::default();
        self.forget_broken_cache(&mut collected)?;
        let swept = self.sweep()?;
        (collected.blobs, collected.bytes) = (swept.blobs, swept.bytes);
        self.collect_blobs(grace, &mut collected)?;
        self.collect_unrecorded(grace, &mut collected)?;
        remove_old(&self.private("tmp"), grace, |_| true, &mut collected)?;
        // What `write_atomically` left where it was killed.
        let half_written = |name: &str| name.starts_with(files::TEMPORARY_PREFIX) && name.ends_with(".tmp");
        for folder in [self.private("drafts"), self.folder().to_path_buf(), self.folder().join("pipelines")] {
            remove_old(&folder, grace, half_written, &mut collected)?;
        }
        let horizon = now_ms() - EVENTS_KEPT.as_millis() as i64;
        collected.events = self.db.write(|conn| {
            // The newest stays, whatever its age, so that `last_event` never goes back.
            Ok(conn.execute("DELETE FROM events WHERE ts < ?1 AND seq < (SELECT max(seq) FROM events)", [horizon])?)
        })? as u64;
        (collected.left_blobs, collected.left_bytes) = self.unused_blobs()?;
        Ok(collected)
    }

    /// Removes what has just lost its last reference, such as the bytes of an artifact that was written over. What
    /// somebody stored within [`Self::GRACE`] and has not referred to stays; so it is right at any time, beside any
    /// other process, and cheap where there is nothing to do.
    ///
    /// # Errors
    /// A read-only workspace, a database that cannot be written.
    pub fn sweep(&self) -> Result<Collected> {
        let mut collected = Collected::default();
        let mut after = String::new();
        loop {
            let released: Vec<String> = self.db.read(|conn| {
                let mut next = conn
                    .prepare_cached("SELECT digest FROM released_blobs WHERE digest > ?1 ORDER BY digest LIMIT ?2")?;
                let rows = next.query_map((&after, AT_ONCE as i64), |row| row.get(0))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })?;
            let Some(last) = released.last() else { return Ok(collected) };
            after.clone_from(last);
            let horizon = now_ms() - Self::GRACE.as_millis() as i64;
            self.db.write(|conn| {
                let mut forget = conn.prepare_cached("DELETE FROM released_blobs WHERE digest = ?1")?;
                let claimed = "SELECT 1 FROM blobs b WHERE b.digest = ?1 AND b.claims > 0 AND b.created_at > ?2 AND ";
                let mut claimed = conn.prepare_cached(&format!("{claimed}{}", nothing_refers()))?;
                for digest in &released {
                    if claimed.exists((digest, horizon))? {
                        continue;
                    }
                    if let Some(size) = self.remove_unused(conn, digest, i64::MAX)? {
                        collected.blobs += 1;
                        collected.bytes += size;
                    }
                    forget.execute([digest])?;
                }
                Ok(())
            })?;
        }
    }

    /// Says that blobs which were stored are no longer about to be referred to: parts of an upload that ended.
    ///
    /// # Errors
    /// A read-only workspace, a database that cannot be written.
    pub fn abandon_blobs(&self, digests: &[String]) -> Result<()> {
        self.db.write(|conn| {
            for digest in digests {
                conn.prepare_cached("UPDATE blobs SET claims = max(claims - 1, 0) WHERE digest = ?1")?
                    .execute([digest])?;
                conn.prepare_cached("INSERT OR IGNORE INTO released_blobs (digest) VALUES (?1)")?.execute([digest])?;
            }
            Ok(())
        })
    }

    /// How many blobs nothing refers to, and their bytes.
    fn unused_blobs(&self) -> Result<(u64, u64)> {
        self.db.read(|conn| {
            let counted = conn
                .prepare_cached(&format!(
                    "SELECT count(*), coalesce(sum(size), 0) FROM blobs WHERE digest NOT IN ({})",
                    referenced_digests()
                ))?
                .query_row([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)))?;
            Ok(counted)
        })
    }

    /// Removes a blob that nothing refers to and that was not stored after `horizon`, and returns its size.
    ///
    /// Row and file go in one transaction: storing the same bytes waits for it and then stores anew.
    fn remove_unused(&self, conn: &Connection, digest: &str, horizon: i64) -> Result<Option<u64>> {
        let size: Option<i64> = conn
            .prepare_cached(&format!(
                "DELETE FROM blobs AS b WHERE b.digest = ?1 AND b.created_at <= ?2 AND {} RETURNING size",
                nothing_refers()
            ))?
            .query_row((digest, horizon), |row| row.get(0))
            .optional()?;
        if size.is_some() {
            remove(&self.blob_path(digest)?)?;
        }
        Ok(size.map(|size| size as u64))
    }

    fn forget_broken_cache(&self, collected: &mut Collected) -> Result<()> {
        let cached: Vec<(String, String)> = self.db.read(|conn| {
            let mut statement =
                conn.prepare_cached("SELECT key, digest FROM step_cache_outputs WHERE digest IS NOT NULL")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        let mut broken = HashSet::new();
        for (key, digest) in cached {
            if !self.blob_path(&digest)?.is_file() {
                broken.insert(key);
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        collected.cache_entries = self.db.write(|conn| {
            let mut removed = 0;
            for key in &broken {
                removed += conn.prepare_cached("DELETE FROM step_cache WHERE key = ?1")?.execute([key])?;
            }
            Ok(removed)
        })? as u64;
        Ok(())
    }

    fn collect_blobs(&self, grace: Duration, collected: &mut Collected) -> Result<()> {
        let horizon = now_ms() - grace.as_millis() as i64;
        // Looked for without a lock, as that takes the longer the more there is; each is looked at again under it.
        let unused: Vec<String> = self.db.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT digest FROM blobs WHERE created_at <= ?1 AND digest NOT IN ({})",
                referenced_digests()
            ))?;
            let rows = statement.query_map([horizon], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        for digests in unused.chunks(AT_ONCE) {
            self.db.write(|conn| {
                for digest in digests {
                    if let Some(size) = self.remove_unused(conn, digest, horizon)? {
                        collected.blobs += 1;
                        collected.bytes += size;
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Files that were renamed into place by a process that was killed before it recorded them.
    fn collect_unrecorded(&self, grace: Duration, collected: &mut Collected) -> Result<()> {
        for file in files_in_blobs(&self.private("blobs"))? {
            let old = is_older(&file.path, grace);
            if !old || file.digest.as_ref().is_some_and(|digest| matches!(self.blob(digest), Ok(Some(_)) | Err(_))) {
                continue;
            }
            let removed = self.db.write(|conn| {
                let mut known = conn.prepare_cached("SELECT 1 FROM blobs WHERE digest = ?1")?;
                if known.exists([file.digest.as_deref().unwrap_or_default()])? {
                    return Ok(false);
                }
                remove(&file.path)?;
                Ok(true)
            })?;
            if removed {
                collected.blobs += 1;
                collected.bytes += file.size;
            }
        }
        Ok(())
    }
}

/// Removes the files in `folder` that are older than `grace` and of a name that `ours` accepts, and so
/// the folders there in which nothing was written for 24 times as long: a step may work in one.
fn remove_old(folder: &Path, grace: Duration, ours: impl Fn(&str) -> bool, collected: &mut Collected) -> Result<()> {
    for entry in entries(folder)? {
        if !entry.file_name().to_str().is_some_and(&ours) {
            continue;
        }
        let path = entry.path();
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() {
            let (files, bytes, idle) = contents(&path, grace * 24)?;
            if idle {
                fs::remove_dir_all(&path).map_err(|e| Error::io("remove the folder", &path, e))?;
                collected.temp_files += files;
                collected.bytes += bytes;
            }
        } else if is_older(&path, grace) {
            remove(&path)?;
            collected.temp_files += 1;
            collected.bytes += meta.len();
        }
    }
    Ok(())
}

/// How many files and bytes lie below a folder, and whether all of it is older than `age`.
fn contents(folder: &Path, age: Duration) -> Result<(u64, u64, bool)> {
    let (mut files, mut bytes, mut idle) = (0, 0, is_older(folder, age));
    for entry in entries(folder)? {
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() {
            let below = contents(&entry.path(), age)?;
            (files, bytes, idle) = (files + below.0, bytes + below.1, idle && below.2);
        } else {
            (files, bytes, idle) = (files + 1, bytes + meta.len(), idle && is_older(&entry.path(), age));
        }
    }
    Ok((files, bytes, idle))
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder).and_then(Iterator::collect) {
        Ok(entries) => Ok(entries),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io("list the temporary files", folder, e)),
    }
}

/// Whether the file was last written more than `grace` ago. A clock that went back counts as young.
pub(crate) fn is_older(path: &Path, grace: Duration) -> bool {
    fs::metadata(path)
        .and_then(|meta| meta.modified())
        .is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age >= grace))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("remove the file", path, e)),
        _ => Ok(()),
    }
}
