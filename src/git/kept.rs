//! Discarding without losing: what goes from the working tree is kept as a commit under
//! `refs/atelier/kept/`, where git's own collection of garbage leaves it alone.

use std::path::Path;

use git2::{Index, Repository, Signature};
use serde::{Deserialize, Serialize};

use crate::hunks::{Hunk, unapply_hunk};
use crate::state::entry;
use crate::{Error, Repo, Result, changes};

/// Where they are kept.
const REFERENCES: &str = "refs/atelier/kept/";
/// As many are kept; the oldest go.
const MOST: usize = 100;

/// Files that went from the working tree and can be had back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The commit that holds them, 40 hex digits.
    pub id: String,
    /// What was done: "Discarded changes in a.py".
    pub why: String,
    /// When.
    pub time: jiff::Timestamp,
    /// The files, within our folder.
    pub paths: Vec<String>,
}

impl Repo {
    /// Keeps these files as they are in the working tree; those that are not there are passed over, and
    /// nothing is kept when none is.
    ///
    /// # Errors
    /// A file that cannot be read, a repository that cannot be written.
    pub fn keep(&self, paths: &[String], why: &str) -> Result<Option<Kept>> {
        let repository = self.open()?;
        let mut index = Index::new()?;
        let mut files = Vec::new();
        for path in paths {
            let name = self.to_repository(path)?;
            let file = self.root.join(&name);
            if file.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
                index.add(&entry(name, mode(&file), store(&repository, &file)?))?;
                files.push(path.clone());
            }
        }
        if files.is_empty() {
            return Ok(None);
        }
        let tree = repository.find_tree(index.write_tree_to(&repository)?)?;
        let who = repository.signature().or_else(|_| Signature::now("Atelier", "atelier@localhost"))?;
        let id = repository.commit(None, &who, &who, why, &tree, &[])?;
        repository.reference(&format!("{REFERENCES}{id}"), id, true, why)?;
        let time = jiff::Timestamp::from_second(who.when().seconds()).unwrap_or_default();
        forget_oldest(&repository)?;
        Ok(Some(Kept { id: id.to_string(), why: why.to_owned(), time, paths: files }))
    }

    /// Brings these files back as they are staged, or takes them away where git does not know of them.
    /// What they held is kept first.
    ///
    /// # Errors
    /// A file that cannot be kept or written; those before it are discarded then.
    pub fn discard(&self, paths: &[String], why: &str) -> Result<Option<Kept>> {
        let kept = self.keep(paths, why)?;
        let repository = self.open()?;
        let index = repository.index()?;
        let mut checkout = git2::build::CheckoutBuilder::new();
        checkout.force().disable_pathspec_match(true).update_index(true);
        let mut known = false;
        for path in paths {
            let name = self.to_repository(path)?;
            if index.get_path(Path::new(&name), 0).is_some() {
                checkout.path(name.as_str());
                known = true;
            } else {
                self.remove_file(&name)?;
            }
        }
        if known {
            repository.checkout_index(None, Some(&mut checkout))?;
        }
        Ok(kept)
    }

    /// Takes one hunk of the difference between what is staged and the working tree back. The whole file
    /// is kept first.
    ///
    /// # Errors
    /// [`Error::Moved`] when that part has changed since the hunk was looked at.
    pub fn discard_hunk(&self, path: &str, hunk: &Hunk, why: &str) -> Result<Option<Kept>> {
        let moved = || Error::Moved { path: path.to_owned() };
        let file = self.root.join(self.to_repository(path)?);
        let raw = std::fs::read_to_string(&file).map_err(|_| moved())?;
        let returns = raw.contains("\r\n") && changes::converts_line_ends(&self.open()?);
        let text = if returns { raw.replace("\r\n", "\n") } else { raw };
        let text = unapply_hunk(&text, hunk).ok_or_else(moved)?;
        let kept = self.keep(&[path.to_owned()], why)?;
        write(&file, (if returns { text.replace('\n', "\r\n") } else { text }).as_bytes())?;
        Ok(kept)
    }

    /// Writes `content` into a file of the working tree. What it held is kept first.
    ///
    /// # Errors
    /// A file that cannot be kept or written.
    pub fn replace(&self, path: &str, content: &[u8], why: &str) -> Result<Option<Kept>> {
        let file = self.root.join(self.to_repository(path)?);
        let kept = self.keep(&[path.to_owned()], why)?;
        write(&file, content)?;
        Ok(kept)
    }

    /// What was kept in our folder, newest first.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn all_kept(&self) -> Result<Vec<Kept>> {
        let repository = self.open()?;
        let mut all = Vec::new();
        for commit in commits(&repository)? {
            let found = files(&commit)?;
            let paths: Vec<String> = found.iter().filter_map(|it| self.to_folder(&it.0).map(str::to_owned)).collect();
            if !paths.is_empty() {
                let time = jiff::Timestamp::from_second(commit.time().seconds()).unwrap_or_default();
                let why = String::from_utf8_lossy(commit.message_bytes()).trim().to_owned();
                all.push(Kept { id: commit.id().to_string(), why, time, paths });
            }
        }
        Ok(all)
    }

    /// Writes what was kept back into the working tree. What is there now is kept in turn.
    ///
    /// # Errors
    /// [`Error::NoCommit`] when it is kept no longer, a file that cannot be written.
    pub fn restore_kept(&self, id: &str) -> Result<Option<Kept>> {
        let repository = self.open()?;
        let missing = || Error::NoCommit { name: id.to_owned() };
        let reference = repository.find_reference(&format!("{REFERENCES}{id}")).map_err(|_| missing())?;
        let commit = reference.peel_to_commit()?;
        let found = files(&commit)?;
        let paths: Vec<String> =
            found.iter().filter_map(|(name, ..)| self.to_folder(name).map(str::to_owned)).collect();
        let kept = self.keep(&paths, "Replaced by what was kept before")?;
        for (name, blob, mode) in found {
            let file = self.root.join(&name);
            put(&file, repository.find_blob(blob)?.content(), mode)?;
        }
        Ok(kept)
    }

    fn remove_file(&self, name: &str) -> Result<()> {
        let file = self.root.join(name);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Folder { path: file, source: error });
            }
            _ => {}
        }
        // Git knows no empty folders; those that the file alone filled go with it.
        for folder in file.ancestors().skip(1).take_while(|folder| **folder != self.folder) {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn store(repository: &Repository, file: &Path) -> Result<git2::Oid> {
    let failed = |source| Error::Folder { path: file.to_path_buf(), source };
    if file.is_symlink() {
        let target = std::fs::read_link(file).map_err(failed)?;
        return Ok(repository.blob(target.to_string_lossy().as_bytes())?);
    }
    // As it is, without any filter of git's: what comes back is what was there.
    let mut writer = repository.blob_writer(None)?;
    let mut from = std::fs::File::open(file).map_err(failed)?;
    std::io::copy(&mut from, &mut writer).map_err(failed)?;
    Ok(writer.commit()?)
}

#[cfg(unix)]
fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    match file.symlink_metadata() {
        Ok(meta) if meta.is_symlink() => 0o120_000,
        Ok(meta) if meta.permissions().mode() & 0o100 != 0 => 0o100_755,
        _ => 0o100_644,
    }
}

#[cfg(not(unix))]
fn mode(_file: &Path) -> u32 {
    0o100_644
}

fn put(file: &Path, content: &[u8], mode: u32) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let failed = |source| Error::Folder { path: file.to_path_buf(), source };
        if mode == 0o120_000 {
            let _ = std::fs::remove_file(file);
            let target = String::from_utf8_lossy(content).into_owned();
            return std::os::unix::fs::symlink(target, file).map_err(failed);
        }
        write(file, content)?;
        if mode == 0o100_755 {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).map_err(failed)?;
        }
        Ok(())
    }
    #[cfg(not(unix))]
    {
        let _ = mode;
        write(file, content)
    }
}

/// Beside the file and then in its place, so that a full disk leaves the old one.
fn write(file: &Path, content: &[u8]) -> Result<()> {
    let failed = |source| Error::Folder { path: file.to_path_buf(), source };
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    std::fs::write(&beside, content).map_err(failed)?;
    if let Ok(meta) = std::fs::metadata(file) {
        std::fs::set_permissions(&beside, meta.permissions()).map_err(failed)?;
    }
    std::fs::rename(&beside, file).map_err(|source| {
        let _ = std::fs::remove_file(&beside);
        failed(source)
    })
}

/// The commits that hold what was kept, newest first.
fn commits(repository: &Repository) -> Result<Vec<git2::Commit<'_>>> {
    let mut all = Vec::new();
    for reference in repository.references_glob(&format!("{REFERENCES}*"))? {
        all.push(reference?.peel_to_commit()?);
    }
    all.sort_by_key(|commit| std::cmp::Reverse((commit.time().seconds(), commit.id())));
    Ok(all)
}

fn forget_oldest(repository: &Repository) -> Result<()> {
    for commit in commits(repository)?.iter().skip(MOST) {
        repository.find_reference(&format!("{REFERENCES}{}", commit.id()))?.delete()?;
    }
    Ok(())
}

/// Every file of a commit: its path in the repository, its blob, its mode.
fn files(commit: &git2::Commit<'_>) -> Result<Vec<(String, git2::Oid, u32)>> {
    let mut index = Index::new()?;
    index.read_tree(&commit.tree()?)?;
    let file = |entry: git2::IndexEntry| (String::from_utf8_lossy(&entry.path).into_owned(), entry.id, entry.mode);
    Ok(index.iter().map(file).collect())
}
