//! Whether everything in a workspace is sound.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::gc::{is_older, referenced_digests};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Untidy; nothing is lost.
    Warning,
    /// Something recorded is lost or cannot be trusted.
    Error,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What it concerns: a digest, a table.
    pub subject: String,
    /// What is wrong and what to do, in a sentence.
    pub message: String,
}

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes of blobs read so far.
    pub done_bytes: u64,
    /// Bytes of blobs to read in all.
    pub total_bytes: u64,
}

/// A file somewhere under `blobs`.
pub(crate) struct StoredFile {
    pub(crate) path: PathBuf,
    /// None when its name is no digest.
    pub(crate) digest: Option<String>,
    pub(crate) size: u64,
}

impl Workspace {
    /// Reads every blob and every reference and says what is wrong; nothing is changed.
    ///
    /// Safe while others work: files that are new and not yet recorded are no problem. `progress` is
    /// told after each blob and can stop the check.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or a workspace that cannot be read at all.
    pub fn check(&self, mut progress: impl FnMut(Progress) -> ControlFlow<()>) -> Result<Vec<Problem>> {
        let mut problems = self.check_database()?;
        // A database whose pages are damaged answers nothing further reliably.
        if problems.is_empty() {
            problems.extend(self.check_blobs(&mut progress)?);
            problems.extend(self.check_unrecorded()?);
        }
        problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
        Ok(problems)
    }

    fn check_database(&self) -> Result<Vec<Problem>> {
        let checked = self.db.read(|conn| {
            let mut problems = Vec::new();
            let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
            for line in statement.query_map([], |row| row.get::<_, String>(0))? {
                let line = line?;
                if line != "ok" {
                    problems.push(database_problem(&line));
                }
            }
            let mut statement = conn.prepare("PRAGMA foreign_key_check")?;
            let orphans = statement.query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, String>(2)?))
            })?;
            for orphan in orphans {
                let (table, row, target) = orphan?;
                let row = row.map_or_else(String::new, |row| format!(" (row {row})"));
                problems.push(Problem {
                    severity: Severity::Error,
                    subject: table.clone(),
                    message: format!("A record in “{table}”{row} refers to one in “{target}” that is not there. Restore the workspace's database from a copy."),
                });
            }
            Ok(problems)
        });
        match checked {
            Err(Error::Damaged { reason, .. }) => Ok(vec![database_problem(&reason)]),
            other => other,
        }
    }

    fn check_blobs(&self, progress: &mut impl FnMut(Progress) -> ControlFlow<()>) -> Result<Vec<Problem>> {
        let (blobs, users) = self.db.read(|conn| Ok((recorded(conn)?, users(conn)?)))?;
        let total_bytes = blobs.iter().map(|(_, size)| size).sum();
        let mut done_bytes = 0;
        let mut problems = Vec::new();
        for (digest, size) in &blobs {
            if progress(Progress { done_bytes, total_bytes }).is_break() {
                return Err(Error::Cancelled);
            }
            let Some(fault) = self.fault(digest, *size)? else {
                done_bytes += size;
                continue;
            };
            done_bytes += size;
            // Collected in the meantime by someone else, or left so by a collection that was killed.
            let used = users.get(digest);
            if self.blob(digest)?.is_none() || (used.is_none() && matches!(fault, Fault::Missing)) {
                continue;
            }
            problems.push(blob_problem(digest, &fault, used));
        }
        // Nothing more to stop at the end, so the answer does not matter.
        let _ = progress(Progress { done_bytes: total_bytes, total_bytes });
        Ok(problems)
    }

    /// What is wrong with a blob's file, if anything.
    fn fault(&self, digest: &str, size: u64) -> Result<Option<Fault>> {
        let path = self.blob_path(digest)?;
        let mut hasher = blake3::Hasher::new();
        match File::open(&path).and_then(|file| hasher.update_reader(file).map(drop)) {
            Ok(()) if hasher.count() != size => Ok(Some(Fault::Size { found: hasher.count(), recorded: size })),
            Ok(()) if hasher.finalize().to_hex().as_str() != digest => Ok(Some(Fault::Altered)),
            Ok(()) => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Some(Fault::Missing)),
            Err(e) => Ok(Some(Fault::Unreadable(e.to_string()))),
        }
    }

    fn check_unrecorded(&self) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        for file in files_in_blobs(&self.private("blobs"))? {
            let recorded = match &file.digest {
                Some(digest) => self.blob(digest)?.is_some(),
                None => false,
            };
            if !recorded && is_older(&file.path, Self::GRACE) {
                problems.push(Problem {
                    severity: Severity::Warning,
                    subject: file.path.display().to_string(),
                    message: format!(
                        "A file among the blobs is not recorded. “atelier gc” removes it: {}",
                        file.path.display()
                    ),
                });
            }
        }
        Ok(problems)
    }
}

enum Fault {
    Missing,
    Altered,
    Size { found: u64, recorded: u64 },
    Unreadable(String),
}

fn blob_problem(digest: &str, fault: &Fault, users: Option<&Vec<String>>) -> Problem {
    let what = match fault {
        Fault::Missing => "is missing".to_owned(),
        Fault::Altered => "was altered: its bytes no longer match its digest".to_owned(),
        Fault::Size { found, recorded } => {
            format!("was altered: it has {found} bytes where {recorded} were stored")
        }
        Fault::Unreadable(reason) => format!("cannot be read ({reason})"),
    };
    let (severity, by) = match users {
        Some(users) => {
            (Severity::Error, format!("It belongs to {}. Restore the file from a copy, or make it again.", list(users)))
        }
        None => (Severity::Warning, "Nothing uses it, so “atelier gc” can remove it.".to_owned()),
    };
    Problem { severity, subject: digest.to_owned(), message: format!("The blob {}… {what}. {by}", &digest[..12]) }
}

/// "a, b and 3 more".
fn list(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
        [] => "nothing".into(),
    }
}

fn database_problem(reason: &str) -> Problem {
    Problem {
        severity: Severity::Error,
        subject: "studio.db".into(),
        message: format!("The workspace's database is damaged: {reason}. Restore .atelier/studio.db from a copy."),
    }
}

fn recorded(conn: &Connection) -> Result<Vec<(String, u64)>> {
    let mut statement = conn.prepare_cached("SELECT digest, size FROM blobs ORDER BY digest")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Who uses each blob, in words. [`referenced_digests`] is the same without the words.
fn users(conn: &Connection) -> Result<HashMap<String, Vec<String>>> {
    let mut statement = conn.prepare_cached(
        "SELECT v.digest, 'the dataset ' || d.name || '@' || v.version
             FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id
         UNION ALL SELECT v.digest, 'the model ' || m.name || '@' || v.version
             FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.digest IS NOT NULL
         UNION ALL SELECT digest, 'the artifact ' || path FROM artifacts
         UNION ALL SELECT o.digest, 'the output “' || s.name || '.' || o.port || '” of the run ' || r.name
             FROM step_outputs o JOIN steps s ON s.id = o.step_id JOIN runs r ON r.id = s.run_id WHERE o.digest IS NOT NULL
         UNION ALL SELECT digest, 'a cached step' FROM step_cache_outputs WHERE digest IS NOT NULL
         UNION ALL SELECT plan_digest, 'the plan of the run ' || name FROM runs WHERE plan_digest IS NOT NULL
         UNION ALL SELECT diff_digest, 'the code of the run ' || name FROM runs WHERE diff_digest IS NOT NULL
         UNION ALL SELECT environment_digest, 'the environment of the run ' || name FROM runs WHERE environment_digest IS NOT NULL",
    )?;
    let mut users: HashMap<String, Vec<String>> = HashMap::new();
    for pair in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (digest, user): (String, String) = pair?;
        users.entry(digest).or_default().push(user);
    }
    debug_assert_eq!(
        users.len() as i64,
        conn.query_row(&format!("SELECT count(*) FROM ({})", referenced_digests()), [], |row| { row.get(0) })
            .unwrap_or(-1),
        "a kind of reference is known to gc or to check only"
    );
    Ok(users)
}

/// Every file under `blobs`, with the digest that its place and name spell.
pub(crate) fn files_in_blobs(blobs: &Path) -> Result<Vec<StoredFile>> {
    let mut found = Vec::new();
    let mut folders = vec![blobs.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let failed = |e| Error::io("list the blobs", &folder, e);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(failed(e)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            // Gone since it was listed: someone collected it.
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let path = entry.path();
            let start = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
            let digest = format!("{start}{}", entry.file_name().to_string_lossy());
            let named = digest.len() == 64 && start.len() == 2 && digest.bytes().all(|b| b.is_ascii_hexdigit());
            found.push(StoredFile { path, digest: named.then_some(digest), size: meta.len() });
        }
    }
    Ok(found)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
