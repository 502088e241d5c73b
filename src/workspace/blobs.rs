//! Bytes by their BLAKE3 digest, under `.atelier/blobs/ab/cdef…`.
//!
//! Invariants: a file under `blobs` is whole, because it was renamed there from `tmp` after an fsync;
//! its row follows in a transaction that also excludes [`Workspace::gc`], so neither can take away
//! what the other just counted on. Whoever stores a blob has a claim on it until it refers to it and says so, or for
//! [`Workspace::GRACE`]; only what nobody claims goes at once when its last reference does.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files;
use crate::folder::Workspace;
use crate::tx::now_ms;

/// A stored blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// BLAKE3 of the bytes, 64 lower-case hex digits.
    pub digest: String,
    /// Bytes.
    pub size: u64,
}

/// A file in `.atelier/tmp` to be filled and then stored by [`Workspace::put_temp`]. Dropped before
/// that, it is removed.
#[derive(Debug)]
pub struct Temp(tempfile::TempPath);

impl Temp {
    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// A blob on its way: see [`Workspace::blob_writer`].
pub struct BlobWriter {
    file: tempfile::NamedTempFile,
    hasher: blake3::Hasher,
    size: u64,
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Workspace {
    /// A new empty file in `.atelier/tmp`, for whoever wants to write a large blob once.
    ///
    /// # Errors
    /// A folder that cannot be written, a full disk.
    pub fn new_temp(&self) -> Result<Temp> {
        Ok(Temp(self.new_temp_file()?.into_temp_path()))
    }

    fn new_temp_file(&self) -> Result<tempfile::NamedTempFile> {
        self.writable()?;
        let folder = self.private("tmp");
        files::new_file_in(&folder, "blob-").map_err(|e| Error::io("make a temporary file", &folder, e))
    }

    /// Stores the bytes and returns their digest. Storing the same bytes again changes nothing.
    ///
    /// # Errors
    /// A read-only workspace, a full disk; nothing half-written stays.
    pub fn put_bytes(&self, bytes: &[u8]) -> Result<Blob> {
        self.put_reader(bytes)
    }

    /// Stores a copy of the file.
    ///
    /// # Errors
    /// A file that cannot be read, a read-only workspace, a full disk; nothing half-written stays.
    pub fn put_file(&self, path: &Path) -> Result<Blob> {
        self.put_reader(File::open(path).map_err(|e| Error::io("read the file", path, e))?)
    }

    /// Stores all that the reader gives, in one pass and constant memory.
    ///
    /// # Errors
    /// A reader that fails, a read-only workspace, a full disk; nothing half-written stays.
    pub fn put_reader(&self, mut reader: impl Read) -> Result<Blob> {
        let failed = |e| Error::io("store the data", &self.private("blobs"), e);
        let mut writer = self.blob_writer()?;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return self.put_written(writer),
                Ok(read) => writer.write_all(&buffer[..read]).map_err(failed)?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(failed(e)),
            }
        }
    }

    /// A blob that is written piece by piece, to be stored by [`Workspace::put_written`]. Dropped before that,
    /// it leaves nothing.
    ///
    /// # Errors
    /// A read-only workspace, a full disk.
    pub fn blob_writer(&self) -> Result<BlobWriter> {
        Ok(BlobWriter { file: self.new_temp_file()?, hasher: blake3::Hasher::new(), size: 0 })
    }

    /// Stores what was written.
    ///
    /// # Errors
    /// A full disk; nothing half-written stays.
    pub fn put_written(&self, writer: BlobWriter) -> Result<Blob> {
        let blob = Blob { digest: writer.hasher.finalize().to_hex().to_string(), size: writer.size };
        let failed = |e| Error::io("store the data", &self.private("blobs"), e);
        writer.file.as_file().sync_all().map_err(failed)?;
        self.adopt(blob, writer.file.into_temp_path())
    }

    /// Stores a file from [`Workspace::new_temp`] without copying it.
    ///
    /// # Errors
    /// A file that cannot be read, a full disk; the temporary file goes either way.
    pub fn put_temp(&self, temp: Temp) -> Result<Blob> {
        let failed = |e| Error::io("store the data", temp.path(), e);
        let file = File::options().read(true).write(true).open(temp.path()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&file).map_err(failed)?;
        let blob = Blob { digest: hasher.finalize().to_hex().to_string(), size: hasher.count() };
        drop(file);
        self.adopt(blob, temp.0)
    }

    /// Stores a finished file that another process wrote into `.atelier/tmp`, by moving it.
    ///
    /// # Errors
    /// A file elsewhere, which stays; a file that cannot be read, a full disk, and then the file goes.
    pub fn adopt_file(&self, path: &Path) -> Result<Blob> {
        if path.parent() != Some(&self.private("tmp")) {
            return Err(Error::Invalid(format!(
                "Only a file in .atelier/tmp can be moved into the blobs: {}",
                path.display()
            )));
        }
        let own = tempfile::TempPath::try_from_path(path).map_err(|e| Error::io("store the data", path, e))?;
        self.put_temp(Temp(own))
    }

    /// Takes over a blob of another workspace, by a hard link where the file system has them.
    ///
    /// # Errors
    /// A blob that the other one does not have, a folder that cannot be written.
    pub fn share_blob(&self, other: &Self, digest: &str) -> Result<Blob> {
        let Some(blob) = other.blob(digest)? else {
            return Err(Error::NotFound(format!("The stored data {digest} is missing from the workspace.")));
        };
        let source = other.blob_path(digest)?;
        let temp = self.new_temp()?;
        let failed = |e| Error::io("copy the stored data", &source, e);
        // The name must be free for a link.
        fs::remove_file(temp.path()).map_err(failed)?;
        if fs::hard_link(&source, temp.path()).is_err() {
            fs::copy(&source, temp.path()).map_err(failed)?;
        }
        self.adopt(blob, temp.0)
    }

    /// Renames a whole file into place and records it, in one transaction with respect to `gc`.
    fn adopt(&self, blob: Blob, temporary: tempfile::TempPath) -> Result<Blob> {
        let path = self.blob_path(&blob.digest)?;
        let failed = |e| Error::io("store the data", &path, e);
        self.db.write(|conn| {
            let stored = fs::metadata(&path).is_ok_and(|meta| meta.len() == blob.size);
            if !stored {
                let (Some(folder), Some(blobs)) = (path.parent(), path.parent().and_then(Path::parent)) else {
                    return Err(Error::Invalid("A blob lies in no folder.".into()));
                };
                if !folder.is_dir() {
                    fs::create_dir_all(folder).map_err(failed)?;
                    files::sync_folder(blobs).map_err(failed)?;
                }
                protect(&temporary).map_err(failed)?;
                temporary.persist(&path).map_err(|e| failed(e.error))?;
                files::sync_folder(folder).map_err(failed)?;
            }
            // A blob that was there already counts as new, so that gc's grace covers it again.
            conn.prepare_cached(
                "INSERT INTO blobs (digest, size, created_at, claims) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT (digest) DO UPDATE SET created_at = excluded.created_at, claims = claims + 1",
            )?
            .execute((&blob.digest, blob.size as i64, now_ms()))?;
            Ok(())
        })?;
        Ok(blob)
    }

    /// Where the blob's bytes lie, whether or not they are there.
    ///
    /// # Errors
    /// A text that is no digest.
    pub fn blob_path(&self, digest: &str) -> Result<PathBuf> {
        let hex = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !hex {
            return Err(Error::Invalid(format!("“{digest}” is not a digest: it takes 64 lower-case hex digits.")));
        }
        Ok(self.private("blobs").join(&digest[..2]).join(&digest[2..]))
    }

    /// Opens the blob for reading.
    ///
    /// # Errors
    /// A blob that is not in the workspace, or whose file is missing.
    pub fn open_blob(&self, digest: &str) -> Result<File> {
        let path = self.blob_path(digest)?;
        File::open(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::NotFound(format!(
                "The stored data {}… is missing from the workspace. “atelier check” says what depends on it.",
                &digest[..12]
            )),
            _ => Error::io("read the stored data", &path, e),
        })
    }

    /// All bytes of the blob.
    ///
    /// # Errors
    /// As [`Workspace::open_blob`].
    pub fn read_blob(&self, digest: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let path = self.blob_path(digest)?;
        self.open_blob(digest)?.read_to_end(&mut bytes).map_err(|e| Error::io("read the stored data", &path, e))?;
        Ok(bytes)
    }

    /// The blob's record, if the workspace has it.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn blob(&self, digest: &str) -> Result<Option<Blob>> {
        self.db.read(|conn| {
            let size: Option<i64> = conn
                .prepare_cached("SELECT size FROM blobs WHERE digest = ?1")?
                .query_row([digest], |row| row.get(0))
                .optional()?;
            Ok(size.map(|size| Blob { digest: digest.to_owned(), size: size as u64 }))
        })
    }
}

/// Makes a blob's file read-only, so that a script that is handed its path cannot alter it.
fn protect(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o444))?;
    }
    #[cfg(not(unix))]
    let _ = path; // A read-only file could not be removed there.
    Ok(())
}

#[cfg(test)]
#[path = "blobs_tests.rs"]
mod tests;
