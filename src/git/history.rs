//! The commits of our folder, and files as they were.

use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository, Sort};
use serde::{Deserialize, Serialize};

use crate::status::{head_of, short_id};
use crate::{Error, Repo, Result};

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// 40 hex digits.
    pub id: String,
    /// As few of them as tell it apart here.
    pub short: String,
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was committed.
    pub time: jiff::Timestamp,
    /// The first line of its message.
    pub summary: String,
    /// The rest of its message.
    pub body: String,
}

impl Commit {
    pub(crate) fn of(commit: &git2::Commit<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        Self {
            id: commit.id().to_string(),
            short: short_id(commit.as_object()),
            author: text(commit.author().name_bytes()),
            email: text(commit.author().email_bytes()),
            time: jiff::Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
            summary: commit.summary_bytes().map(text).unwrap_or_default(),
            body: commit.body_bytes().map(text).unwrap_or_default(),
        }
    }
}

/// A commit that changed a file, and the file's name then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCommit {
    /// The commit.
    pub commit: Commit,
    /// The file's path within our folder at that commit; with `../` before it where it was outside.
    pub path: String,
    /// Whether the file is there after the commit.
    pub present: bool,
    /// The name that it had before, where this commit renamed it.
    pub renamed_from: Option<String>,
}

/// The first `limit` things that `pick` finds in the commits before the head, newest first. None before the first
/// commit.
fn newest_first<T>(
    repository: &Repository,
    limit: usize,
    mut pick: impl FnMut(&git2::Commit<'_>) -> Result<Option<T>>,
) -> Result<Vec<T>> {
    let Some(head) = head_of(repository)? else {
        return Ok(Vec::new());
    };
    let mut walk = repository.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
    walk.push(Oid::from_str(&head.id)?)?;
    let mut found = Vec::new();
    for id in walk {
        if found.len() == limit {
            break;
        }
        found.extend(pick(&repository.find_commit(id?)?)?);
    }
    Ok(found)
}

impl Repo {
    /// Up to `limit` commits that changed a file, newest first, under the names that it had, as
    /// `git log --follow` finds them.
    ///
    /// # Errors
    /// A repository that cannot be read, a path outside our folder.
    pub fn file_log(&self, path: &str, limit: usize) -> Result<Vec<FileCommit>> {
        let repository = self.open()?;
        let mut name = self.to_repository(path)?;
        newest_first(&repository, limit, |commit| {
            if !changes(commit, Path::new(&name))? {
                return Ok(None);
            }
            let present = entry(commit, Path::new(&name))?.is_some();
            let before = if present { renamed_from(&repository, commit, &name)? } else { None };
            let found = FileCommit {
                commit: Commit::of(commit),
                path: self.relative(&name),
                present,
                renamed_from: before.as_deref().map(|before| self.relative(before)),
            };
            if let Some(before) = before {
                name = before;
            }
            Ok(Some(found))
        })
    }

    /// A path of the repository, seen from our folder.
    fn relative(&self, path: &str) -> String {
        let outside = || format!("{}{path}", "../".repeat(self.prefix.matches('/').count()));
        self.to_folder(path).map_or_else(outside, str::to_owned)
    }

    /// Up to `limit` commits that changed our folder, or one path of it, newest first. Empty before
    /// the first commit.
    ///
    /// # Errors
    /// A repository that cannot be read, a path outside our folder.
    pub fn log(&self, path: Option<&str>, limit: usize) -> Result<Vec<Commit>> {
        let repository = self.open()?;
        let path = match path {
            Some(path) => self.to_repository(path)?,
            None => self.prefix.trim_end_matches('/').to_owned(),
        };
        newest_first(&repository, limit, |commit| {
            let ours = path.is_empty() || changes(commit, Path::new(&path))?;
            Ok(ours.then(|| Commit::of(commit)))
        })
    }

    /// A file as it was at a commit (an id, a branch, a tag); none when it was not there.
    ///
    /// # Errors
    /// A commit that is not there, a path outside our folder.
    pub fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let repository = self.open()?;
        let commit = find(&repository, commit)?;
        let inside = path.trim_start_matches("../");
        // A file that lay outside before it was renamed is named as `file_log` names it.
        let name = if inside.len() == path.len() { self.to_repository(path)? } else { inside.to_owned() };
        let Some((id, _)) = entry(&commit, Path::new(&name))? else {
            return Ok(None);
        };
        match repository.find_object(id, None)?.peel(ObjectType::Blob) {
            Ok(object) => Ok(object.as_blob().map(|blob| blob.content().to_vec())),
            // A folder, or a repository of its own.
            Err(_) => Ok(None),
        }
    }

    /// The commit of that id, branch or tag.
    ///
    /// # Errors
    /// A commit that is not there.
    pub fn find_commit(&self, name: &str) -> Result<Commit> {
        let repository = self.open()?;
        let commit = find(&repository, name)?;
        Ok(Commit::of(&commit))
    }
}

pub(crate) fn find<'a>(repository: &'a Repository, name: &str) -> Result<git2::Commit<'a>> {
    let missing = |_| Error::NoCommit { name: name.to_owned() };
    repository.revparse_single(name).map_err(missing)?.peel_to_commit().map_err(missing)
}

/// Whether the commit's `path` differs from that of each parent; a merge that took one side as it was
/// changed nothing.
pub(crate) fn changes(commit: &git2::Commit<'_>, path: &Path) -> Result<bool> {
    let own = entry(commit, path)?;
    if commit.parent_count() == 0 {
        return Ok(own.is_some());
    }
    for parent in commit.parents() {
        if entry(&parent, path)? == own {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The name that a file which the commit brought had before, if it is another one's content.
fn renamed_from(repository: &Repository, commit: &git2::Commit<'_>, name: &str) -> Result<Option<String>> {
    let Ok(parent) = commit.parent(0) else {
        return Ok(None);
    };
    if entry(&parent, Path::new(name))?.is_some() {
        return Ok(None);
    }
    let mut diff = repository.diff_tree_to_tree(Some(&parent.tree()?), Some(&commit.tree()?), None)?;
    diff.find_similar(Some(git2::DiffFindOptions::new().renames(true).copies(false)))?;
    let path = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let renamed = diff.deltas().find(|delta| {
        delta.status() == git2::Delta::Renamed && path(delta.new_file().path_bytes()).as_deref() == Some(name)
    });
    Ok(renamed.and_then(|delta| path(delta.old_file().path_bytes())))
}

/// What lies at `path`, and its mode.
fn entry(commit: &git2::Commit<'_>, path: &Path) -> Result<Option<(Oid, i32)>> {
    match commit.tree()?.get_path(path) {
        Ok(entry) => Ok(Some((entry.id(), entry.filemode()))),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
