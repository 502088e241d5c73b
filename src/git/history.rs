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

impl Repo {
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
        let Some(head) = head_of(&repository)? else {
            return Ok(Vec::new());
        };
        let mut walk = repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
        walk.push(Oid::from_str(&head.id)?)?;
        let mut commits = Vec::new();
        for id in walk {
            if commits.len() == limit {
                break;
            }
            let commit = repository.find_commit(id?)?;
            if path.is_empty() || changes(&commit, Path::new(&path))? {
                commits.push(Commit::of(&commit));
            }
        }
        Ok(commits)
    }

    /// A file as it was at a commit (an id, a branch, a tag); none when it was not there.
    ///
    /// # Errors
    /// A commit that is not there, a path outside our folder.
    pub fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let repository = self.open()?;
        let commit = find(&repository, commit)?;
        let Some((id, _)) = entry(&commit, Path::new(&self.to_repository(path)?))? else {
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

/// What lies at `path`, and its mode.
fn entry(commit: &git2::Commit<'_>, path: &Path) -> Result<Option<(Oid, i32)>> {
    match commit.tree()?.get_path(path) {
        Ok(entry) => Ok(Some((entry.id(), entry.filemode()))),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
