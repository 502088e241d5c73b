//! The state of the code: the git repository the workspace lies in, and the machine a run runs on.

use std::path::Path;

use git::Repo;

use crate::{Error, Result, Studio};

/// The code a run started from.
#[derive(Default)]
pub(crate) struct Source {
    pub commit: Option<String>,
    pub branch: Option<String>,
    /// The uncommitted difference, if there is one.
    pub diff: Option<String>,
}

impl Source {
    /// Where the code of a repository stands now.
    pub(crate) fn of(repository: &Repo) -> Result<Self> {
        let diff = repository.uncommitted_diff()?;
        Ok(Self {
            commit: repository.head_commit()?.map(|commit| commit.id),
            branch: repository.status()?.branch,
            diff: (!diff.is_empty()).then_some(diff),
        })
    }

    /// Keeps the uncommitted difference, if there is one; its digest.
    pub(crate) fn keep_diff(&self, workspace: &workspace::Workspace) -> Result<Option<String>> {
        let kept = self.diff.as_ref().map(|diff| workspace.put_bytes(diff.as_bytes())).transpose()?;
        Ok(kept.map(|blob| blob.digest))
    }

    /// What the difference names but does not hold.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let state = git::State { diff: self.diff.clone().unwrap_or_default(), ..git::State::default() };
        state.left_out()
    }
}

impl Studio {
    pub(crate) fn repository(&self) -> Result<Repo> {
        Repo::discover(self.folder())?.ok_or_else(|| {
            Error::not_found(format!(
                "This workspace lies in no git repository. Make one with git init: {}",
                self.folder().display()
            ))
        })
    }

    /// Makes a repository around the workspace, unless it lies in one.
    pub(crate) fn ensure_repository(folder: &Path) -> Result<()> {
        if Repo::discover(folder)?.is_none() {
            Repo::init(folder)?;
        }
        Ok(())
    }

    /// The name that git signs with here. What keeps git from saying it is told where the repository is shown.
    pub(crate) fn author(folder: &Path) -> Option<String> {
        Repo::discover(folder).ok()??.author().ok()?
    }

    /// Where the code stands; empty for a workspace without a repository.
    pub(crate) fn source(&self) -> Result<Source> {
        Repo::discover(self.folder())?.as_ref().map(Source::of).transpose().map(Option::unwrap_or_default)
    }

    /// Branch, commit and what has changed since.
    ///
    /// # Errors
    /// A workspace that lies in no git repository.
    pub fn git_status(&self) -> Result<git::Status> {
        Ok(self.repository()?.status()?)
    }

    /// Commits, newest first; of one file when `path` names one.
    pub fn git_log(&self, path: Option<&str>, limit: usize) -> Result<Vec<git::Commit>> {
        Ok(self.repository()?.log(path, limit)?)
    }

    /// Makes a repository around a workspace that lies in none.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn git_init(&self) -> Result<()> {
        Self::ensure_repository(self.folder())?;
        self.record_git("git.init", "")
    }

    /// What differs from the last commit, as a patch.
    pub fn git_diff(&self) -> Result<String> {
        Ok(self.repository()?.uncommitted_diff()?)
    }
}
