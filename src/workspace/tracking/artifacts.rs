//! Artifacts: files that clients log, by path.
//!
//! A path is a key of a table: names joined by `/`, below `mlflow-artifacts:/`. It is never joined to a path
//! of the disk, where the bytes lie as blobs, so there is nothing that a path could escape from.

use rusqlite::{Connection, OptionalExtension};

use crate::blobs::Blob;
use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::tx::Batch;

/// The longest path, in bytes.
const LONGEST: usize = 4096;

/// A file or folder among the artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactEntry {
    /// The last part of its path.
    pub name: String,
    /// Bytes of a file; none for a folder.
    pub size: Option<u64>,
}

/// A file among the artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its path.
    pub path: String,
    /// Where its bytes are.
    pub blob: Blob,
    /// When it was logged, ms.
    pub created_ms: i64,
}

impl Batch<'_> {
    /// Puts a stored blob at a path, in place of the file there, if any.
    ///
    /// # Errors
    /// A path that cannot be, one that is a folder or lies below a file; a digest the workspace does not have.
    pub fn put_artifact(&self, path: &str, blob: &Blob) -> Result<()> {
        check_path(path)?;
        if is_folder(self.conn, path)? {
            return Err(Error::Invalid(format!("Artifact path refers to a directory, not a file: '{path}'")));
        }
        let mut known = self.conn.prepare_cached("SELECT 1 FROM artifacts WHERE path = ?1")?;
        for (end, _) in path.match_indices('/') {
            if known.exists([&path[..end]])? {
                return Err(Error::Invalid(format!("Artifact path lies below a file: '{path}'")));
            }
        }
        self.conn
            .prepare_cached(
                "INSERT INTO artifacts (path, digest, size, created_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, size = excluded.size,
                     created_at = excluded.created_at",
            )?
            .execute((path, &blob.digest, blob.size as i64, self.now))?;
        Ok(())
    }

    /// Removes a file, or a folder with everything in it; the empty path is the root. Returns how many files.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn delete_artifacts(&self, path: &str) -> Result<usize> {
        if path.is_empty() {
            return Ok(self.conn.execute("DELETE FROM artifacts", [])?);
        }
        let (first, end) = within(path);
        Ok(self
            .conn
            .prepare_cached("DELETE FROM artifacts WHERE path = ?1 OR (path >= ?2 AND path < ?3)")?
            .execute((path, first, end))?)
    }
}

impl Workspace {
    /// The file at a path.
    ///
    /// # Errors
    /// A path where nothing is, or a folder.
    pub fn artifact(&self, path: &str) -> Result<Artifact> {
        self.db.read(|conn| {
            let found = conn
                .prepare_cached("SELECT digest, size, created_at FROM artifacts WHERE path = ?1")?
                .query_row([path], |row| {
                    let blob = Blob { digest: row.get(0)?, size: row.get::<_, i64>(1)? as u64 };
                    Ok(Artifact { path: path.to_owned(), blob, created_ms: row.get(2)? })
                })
                .optional()?;
            match found {
                Some(found) => Ok(found),
                None if path.is_empty() || is_folder(conn, path)? => {
                    Err(Error::Invalid(format!("Artifact path refers to a directory, not a file: '{path}'")))
                }
                None => Err(Error::NotFound(format!("No such artifact: '{path}'"))),
            }
        })
    }

    /// What lies directly in a folder, by name; the empty path is the root. Nothing for a file, or where
    /// nothing is.
    ///
    /// Takes as long as there are entries, however much lies below them.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn artifacts_in(&self, folder: &str) -> Result<Vec<ArtifactEntry>> {
        self.db.read(|conn| {
            let mut next = conn.prepare_cached(
                "SELECT path, size FROM artifacts WHERE path >= ?1 AND path < ?2 ORDER BY path LIMIT 1",
            )?;
            let (mut from, end) = match folder {
                // No path begins with a character beyond these.
                "" => (String::new(), "\u{10ffff}".to_owned()),
                folder => within(folder),
            };
            let above = if folder.is_empty() { 0 } else { folder.len() + 1 };
            let mut found = Vec::new();
            loop {
                let row: Option<(String, i64)> =
                    next.query_row((&from, &end), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                let Some((path, size)) = row else { break };
                let below = path.get(above..).unwrap_or_default();
                match below.split_once('/') {
                    Some((name, _)) => {
                        found.push(ArtifactEntry { name: name.to_owned(), size: None });
                        from = within(&path[..above + name.len()]).1;
                    }
                    None => {
                        found.push(ArtifactEntry { name: below.to_owned(), size: Some(size as u64) });
                        from = format!("{path}\0");
                    }
                }
            }
            found.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(found)
        })
    }
}

/// The first path within a folder and the first after all of them: `0` follows `/`.
pub(super) fn within(folder: &str) -> (String, String) {
    (format!("{folder}/"), format!("{folder}0"))
}

fn is_folder(conn: &Connection, path: &str) -> Result<bool> {
    let (first, end) = within(path);
    Ok(conn.prepare_cached("SELECT 1 FROM artifacts WHERE path >= ?1 AND path < ?2")?.exists((first, end))?)
}

/// Refuses what no client could ask for again.
fn check_path(path: &str) -> Result<()> {
    let bad = |part: &str| matches!(part, "" | ".");
    let up = |part: &str| part == "..";
    if path.len() > LONGEST || path.contains('\0') || path.split('/').any(bad) || path.split(['/', '\\']).any(up) {
        return Err(Error::Invalid("Invalid path".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{change, workspace};

    fn names(workspace: &Workspace, folder: &str) -> Vec<String> {
        let found = workspace.artifacts_in(folder).unwrap();
        found.iter().map(|entry| format!("{}{}", entry.name, if entry.size.is_none() { "/" } else { "" })).collect()
    }

    #[test]
    fn files_and_folders_are_listed_one_level_at_a_time() {
        let (_dir, workspace) = workspace();
        let blob = workspace.put_bytes(b"abc").unwrap();
        workspace
            .write(change(), |tx| {
                for path in ["0/r/artifacts/a.txt", "0/r/artifacts/a/b/c.txt", "0/r/artifacts/a/d", "0/r/artifactsx/no"]
                {
                    tx.put_artifact(path, &blob)?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(names(&workspace, "0/r/artifacts"), ["a/", "a.txt"]);
        assert_eq!(names(&workspace, "0/r/artifacts/a"), ["b/", "d"]);
        assert_eq!(names(&workspace, "0/r/artifacts/a.txt"), [""; 0]);
        assert_eq!(names(&workspace, ""), ["0/"]);
        assert_eq!(workspace.artifact("0/r/artifacts/a.txt").unwrap().blob, blob);
        assert!(matches!(workspace.artifact("0/r/artifacts/a"), Err(Error::Invalid(_))), "a folder is no file");
        assert!(matches!(workspace.artifact("0/r/artifacts/x"), Err(Error::NotFound(_))));
        let removed = workspace.write(change(), |tx| tx.delete_artifacts("0/r/artifacts/a")).unwrap();
        assert_eq!((removed, names(&workspace, "0/r/artifacts")), (2, vec!["a.txt".to_owned()]));
    }

    #[test]
    fn a_path_that_could_lead_elsewhere_is_no_path() {
        let (_dir, workspace) = workspace();
        let blob = workspace.put_bytes(b"abc").unwrap();
        let put = |path: &str| workspace.write(change(), |tx| tx.put_artifact(path, &blob));
        for path in ["", "/a", "a//b", "a/../b", "..", "a/", "a/./b", "a\\..\\b", "a\0b"] {
            assert!(put(path).is_err(), "{path:?} was taken");
        }
        put("a/b").unwrap();
        assert!(put("a").is_err(), "a folder became a file");
        assert!(put("a/b/c").is_err(), "a file became a folder");
        put("a/b").unwrap();
    }
}
