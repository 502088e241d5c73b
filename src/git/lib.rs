//! What the studio needs of git: state, differences, commits and history of one folder. No network.
//!
//! A [`Repo`] is confined to the folder it was found for: it lists, compares and commits only what
//! lies there, and its paths are relative to it (with `/`), whether the folder is the repository's
//! root or a corner of a larger one.
//!
//! Invariants: nothing here contacts a remote or runs a hook ([`Repo::terms`] says which hooks there
//! are); what goes from the working tree is kept first ([`Kept`]); the repository is opened anew for
//! each call, so what another git does is always seen.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
#![warn(missing_docs)]

mod branches;
mod changes;
mod commit;
mod diff;
mod error;
mod history;
mod hunks;
mod kept;
mod state;
mod status;

#[cfg(test)]
mod peer_tests;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode, Repository, RepositoryInitOptions};

pub use branches::Branch;
pub use changes::Change;
pub use commit::Terms;
pub use diff::DIFF_LIMIT;
pub use error::{Error, Result};
pub use history::{Commit, FileCommit};
pub use hunks::{Hunk, Line, Sign, apply_hunk, hunks, unapply_hunk};
pub use kept::Kept;
pub use state::{CommitRange, FileDiff, State};
pub use status::{ChangeKind, Changed, Head, Status};

/// A git repository, seen from one folder in it. Cheap to keep and to share between threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// The folder it is confined to.
    folder: PathBuf,
    /// The repository's working tree.
    root: PathBuf,
    /// The folder within the working tree, with `/` between and at the end; empty for the root.
    prefix: String,
}

impl Repo {
    /// The repository that `folder` lies in, if any, confined to `folder`.
    ///
    /// # Errors
    /// A repository that cannot be read, has no working tree, or belongs to another user.
    pub fn discover(folder: impl AsRef<Path>) -> Result<Option<Self>> {
        let folder = canonical(folder.as_ref())?;
        match Repository::discover(&folder) {
            Ok(repository) => Self::confine(&repository, folder).map(Some),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a repository in `folder`; one that is there already is only opened. The first branch is
    /// `init.defaultBranch`, or `main`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn init(folder: impl AsRef<Path>) -> Result<Self> {
        let configured = Config::open_default().and_then(|config| config.get_string("init.defaultBranch"));
        let mut options = RepositoryInitOptions::new();
        options.no_reinit(false).initial_head(configured.as_deref().unwrap_or("main"));
        let repository = Repository::init_opts(folder.as_ref(), &options)?;
        Self::confine(&repository, canonical(folder.as_ref())?)
    }

    fn confine(repository: &Repository, folder: PathBuf) -> Result<Self> {
        let root = repository.workdir().ok_or_else(|| Error::NoWorkingTree { folder: folder.clone() })?;
        let root = canonical(root)?;
        let inside = folder.strip_prefix(&root).map_err(|_| Error::NoWorkingTree { folder: folder.clone() })?;
        let mut prefix = String::new();
        for part in inside.iter() {
            prefix.push_str(part.to_str().ok_or_else(|| Error::NotUnicode { path: folder.clone() })?);
            prefix.push('/');
        }
        Ok(Self { folder, root, prefix })
    }

    /// The folder it is confined to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The root of the repository's working tree, which may lie above [`Repo::folder`].
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The same repository, not confined: its paths are relative to [`Repo::root`].
    #[must_use]
    pub fn unconfined(&self) -> Self {
        Self { folder: self.root.clone(), root: self.root.clone(), prefix: String::new() }
    }

    fn open(&self) -> Result<Repository> {
        Ok(Repository::open(&self.root)?)
    }

    /// A path of ours as one of the repository.
    fn to_repository(&self, path: &str) -> Result<String> {
        let path = path.trim_end_matches('/');
        if path.is_empty() || path.starts_with('/') || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Error::Path { path: path.to_owned() });
        }
        Ok(format!("{}{path}", self.prefix))
    }

    /// A path of the repository as one of ours, if it lies in our folder.
    fn to_folder<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.prefix)
    }
}

fn canonical(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|source| Error::Folder { path: path.to_path_buf(), source })
}
