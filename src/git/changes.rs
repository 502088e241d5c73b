//! What differs, told apart by half: what is staged against the last commit, and what is in the
//! working tree against what is staged. Staging, and taking it back.

use std::path::Path;

use git2::{Delta, Repository, StatusOptions};
use serde::{Deserialize, Serialize};

use crate::hunks::{Hunk, apply_hunk, unapply_hunk};
use crate::state::entry;
use crate::{ChangeKind, Error, Repo, Result};

/// A file that differs, as `git status --porcelain=v2` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its path within our folder.
    pub path: String,
    /// Where it was in the last commit, when it is staged under another name.
    pub old_path: Option<String>,
    /// How what is staged differs from the last commit.
    pub staged: Option<ChangeKind>,
    /// How the working tree differs from what is staged.
    pub unstaged: Option<ChangeKind>,
}

impl Repo {
    /// Files that differ, by path, each with both of its halves. Renames are found between the last
    /// commit and what is staged, as git does. Repositories within this one are left out.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn changes(&self) -> Result<Vec<Change>> {
        let repository = self.open()?;
        let mut options = StatusOptions::new();
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .renames_head_to_index(true)
            .exclude_submodules(true)
            .include_unreadable(true);
        if !self.prefix.is_empty() {
            options.pathspec(self.prefix.trim_end_matches('/')).disable_pathspec_match(true);
        }
        let mut changes = Vec::new();
        for entry in repository.statuses(Some(&mut options))?.iter() {
            let (staged, unstaged) = halves(entry.status());
            if staged.is_none() && unstaged.is_none() {
                continue;
            }
            let renamed = entry.head_to_index().filter(|delta| delta.status() == Delta::Renamed);
            let side = |new: bool| {
                let delta = renamed.as_ref()?;
                let file = if new { delta.new_file() } else { delta.old_file() };
                file.path_bytes().map(|path| String::from_utf8_lossy(path).into_owned())
            };
            let path = side(true).unwrap_or_else(|| String::from_utf8_lossy(entry.path_bytes()).into_owned());
            // A folder here is a repository of its own.
            let Some(path) = self.to_folder(&path).filter(|path| !path.ends_with('/')) else {
                continue;
            };
            let old_path = side(false).and_then(|old| self.to_folder(&old).map(str::to_owned));
            changes.push(Change { path: path.to_owned(), old_path, staged, unstaged });
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    /// Stages these files as they are in the working tree, deletions included.
    ///
    /// # Errors
    /// [`Error::Locked`], a file that cannot be read.
    pub fn stage(&self, paths: &[String]) -> Result<()> {
        let repository = self.open()?;
        let mut index = repository.index()?;
        for path in paths {
            let path = self.to_repository(path)?;
            let there = self.root.join(&path).symlink_metadata().is_ok_and(|meta| !meta.is_dir());
            match there {
                true => index.add_path(Path::new(&path))?,
                false => index.remove_path(Path::new(&path))?,
            }
        }
        Ok(index.write()?)
    }

    /// Takes these files out of what is staged; the working tree stays as it is. Of a renamed file give
    /// both names.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn unstage(&self, paths: &[String]) -> Result<()> {
        let repository = self.open()?;
        let paths = paths.iter().map(|path| self.to_repository(path)).collect::<Result<Vec<_>>>()?;
        let head = match repository.head() {
            Ok(head) => Some(head.peel_to_commit()?.tree()?),
            Err(_) => None,
        };
        let mut index = repository.index()?;
        for path in paths {
            match head.as_ref().and_then(|tree| tree.get_path(Path::new(&path)).ok()) {
                Some(committed) => index.add(&entry(path, committed.filemode() as u32, committed.id()))?,
                None => index.remove_path(Path::new(&path))?,
            }
        }
        Ok(index.write()?)
    }

    /// Stages one hunk of the difference between what is staged and the working tree.
    ///
    /// # Errors
    /// [`Error::Moved`] when that part has changed since the hunk was looked at.
    pub fn stage_hunk(&self, path: &str, hunk: &Hunk) -> Result<()> {
        self.rewrite_staged(path, |text| apply_hunk(text, hunk))
    }

    /// Takes one hunk of the difference between the last commit and what is staged out again.
    ///
    /// # Errors
    /// [`Error::Moved`] when that part has changed since the hunk was looked at.
    pub fn unstage_hunk(&self, path: &str, hunk: &Hunk) -> Result<()> {
        self.rewrite_staged(path, |text| unapply_hunk(text, hunk))
    }

    fn rewrite_staged(&self, path: &str, change: impl Fn(&str) -> Option<String>) -> Result<()> {
        let moved = || Error::Moved { path: path.to_owned() };
        let repository = self.open()?;
        let name = self.to_repository(path)?;
        let mut index = repository.index()?;
        let staged = index.get_path(Path::new(&name), 0).ok_or_else(moved)?;
        let blob = repository.find_blob(staged.id)?;
        let text = std::str::from_utf8(blob.content()).map_err(|_| moved())?;
        let text = change(text).ok_or_else(moved)?;
        let id = repository.blob(text.as_bytes())?;
        index.add(&entry(name, staged.mode, id))?;
        Ok(index.write()?)
    }

    /// A file as it is staged; none when git does not know of it.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn staged_file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let repository = self.open()?;
        let name = self.to_repository(path)?;
        let index = repository.index()?;
        // Of a file in conflict ours is what a person had.
        let found = index.get_path(Path::new(&name), 0).or_else(|| index.get_path(Path::new(&name), 2));
        Ok(found.and_then(|entry| repository.find_blob(entry.id).ok()).map(|blob| blob.content().to_vec()))
    }

    /// A file of the working tree, its line ends as git would store them; none when it is not there. Of
    /// a link its target.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn working_file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let file = self.folder.join(self.to_repository(path)?.strip_prefix(&self.prefix).unwrap_or(path));
        let failed = |source| Error::Folder { path: file.clone(), source };
        let meta = match file.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            meta => meta.map_err(failed)?,
        };
        if meta.is_dir() {
            return Ok(None);
        }
        if meta.is_symlink() {
            let target = std::fs::read_link(&file).map_err(failed)?;
            return Ok(Some(target.to_string_lossy().into_owned().into_bytes()));
        }
        let bytes = std::fs::read(&file).map_err(failed)?;
        Ok(Some(if converts_line_ends(&self.open()?) { without_returns(bytes) } else { bytes }))
    }
}

/// Whether git stores `\n` for the `\r\n` of the working tree.
pub(crate) fn converts_line_ends(repository: &Repository) -> bool {
    let setting = repository.config().and_then(|config| config.get_string("core.autocrlf"));
    setting.is_ok_and(|value| matches!(value.as_str(), "true" | "input"))
}

fn without_returns(bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => text.replace("\r\n", "\n").into_bytes(),
        Err(other) => other.into_bytes(),
    }
}

fn halves(status: git2::Status) -> (Option<ChangeKind>, Option<ChangeKind>) {
    use git2::Status as S;
    let first = |kinds: &[(S, ChangeKind)]| kinds.iter().find(|(flag, _)| status.intersects(*flag)).map(|it| it.1);
    if status.contains(S::CONFLICTED) {
        return (None, Some(ChangeKind::Conflicted));
    }
    let staged = first(&[
        (S::INDEX_NEW, ChangeKind::Added),
        (S::INDEX_RENAMED, ChangeKind::Renamed),
        (S::INDEX_DELETED, ChangeKind::Deleted),
        (S::INDEX_MODIFIED | S::INDEX_TYPECHANGE, ChangeKind::Modified),
    ]);
    let unstaged = first(&[
        (S::WT_NEW, ChangeKind::Untracked),
        (S::WT_DELETED, ChangeKind::Deleted),
        (S::WT_MODIFIED | S::WT_TYPECHANGE | S::WT_UNREADABLE, ChangeKind::Modified),
    ]);
    (staged, unstaged)
}
