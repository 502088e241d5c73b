//! Files that are either wholly old or wholly new, whatever happens in between.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// How the names of half-written files start; `.gitignore` of a workspace lists it.
pub(crate) const TEMPORARY_PREFIX: &str = ".atelier-";

/// Replaces the file at `path` by `bytes`, so that a reader, or a crash, sees the old content or the
/// new one and nothing between. When this returns, the new content is on the disk.
///
/// Follows a symbolic link and keeps the permissions of a file that is there already.
///
/// # Errors
/// A full disk, a folder that is missing or may not be written; the old content stands.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    copy_atomically(path, &mut &*bytes)
}

/// [`write_atomically`] of what `from` gives, however long it is.
///
/// # Errors
/// As there, and bytes that cannot be read.
pub fn copy_atomically(path: &Path, from: &mut dyn Read) -> Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let failed = |e: io::Error| Error::io("save the file", path, e);
    let mut temporary = new_file_in(&folder, TEMPORARY_PREFIX).map_err(failed)?;
    io::copy(from, &mut temporary).map_err(failed)?;
    if let Ok(meta) = fs::metadata(&target) {
        temporary.as_file().set_permissions(meta.permissions()).map_err(failed)?;
    }
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(&target).map_err(|e| failed(e.error))?;
    sync_folder(&folder).map_err(failed)
}

/// A temporary file with the permissions of an ordinary new one, removed when dropped.
pub(crate) fn new_file_in(folder: &Path, prefix: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Puts a folder's names on the disk, as a rename is durable only then. Windows does so by itself.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Whether a file can be made in `folder`. Permissions alone do not tell: the mount may be read-only.
pub(crate) fn is_writable(folder: &Path) -> bool {
    new_file_in(folder, TEMPORARY_PREFIX).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_and_leaves_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yaml");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn keeps_permissions_and_follows_links() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("script.py");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let link = dir.path().join("link.py");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_missing_folder_is_said_in_a_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_atomically(&dir.path().join("no/such/a.yaml"), b"x").unwrap_err().to_string();
        assert!(error.starts_with("Could not save the file, because"), "{error}");
        assert!(error.contains("a.yaml"), "{error}");
    }
}
