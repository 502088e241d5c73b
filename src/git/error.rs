//! What can go wrong, each as a sentence a person can act on.

use std::path::PathBuf;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of git. Its `Display` is a whole sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to commit.
    #[error("There is nothing to commit: no file here differs from the last commit.")]
    NothingToCommit,
    /// The commit message is empty.
    #[error("A commit needs a message that says what changed.")]
    NoMessage,
    /// A merge, rebase or the like has begun and not ended.
    #[error("A {0} is in progress. Finish or abort it with git first, then commit.")]
    InProgress(&'static str),
    /// Files are in conflict.
    #[error("“{path}” has conflicts. Resolve them with git first, then commit.")]
    Conflict {
        /// One file that has.
        path: String,
    },
    /// Another git holds the repository's lock.
    #[error(
        "Another git command is working on this repository. Wait for it to end; if none is running, delete .git/index.lock."
    )]
    Locked,
    /// The repository belongs to another user.
    #[error(
        "This repository belongs to another user, so git does not trust it. Allow it with “git config --global --add safe.directory FOLDER”."
    )]
    Owner,
    /// The repository is bare, or the folder lies in its `.git`.
    #[error("The git repository here has no working tree: {}", .folder.display())]
    NoWorkingTree {
        /// The folder that was asked for.
        folder: PathBuf,
    },
    /// A path that git cannot be asked about from here.
    #[error("The folder's path is not valid Unicode: {}", .path.display())]
    NotUnicode {
        /// The path.
        path: PathBuf,
    },
    /// A path that leaves the folder or is none.
    #[error("“{path}” is not a path within this folder.")]
    Path {
        /// The path.
        path: String,
    },
    /// A commit, branch or tag that is not there.
    #[error("There is no commit “{name}” in this repository.")]
    NoCommit {
        /// What was asked for.
        name: String,
    },
    /// Changes that were not committed do not fit the commit they were made on.
    #[error("The changes that were not committed do not fit their commit: {reason}.")]
    Apply {
        /// What git says.
        reason: String,
    },
    /// The folder cannot be read.
    #[error("The folder cannot be opened ({source}): {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Anything else that git says.
    #[error("Git could not do this: {}.", .0.message().trim_end_matches('.'))]
    Git(git2::Error),
}

impl From<git2::Error> for Error {
    fn from(error: git2::Error) -> Self {
        match error.code() {
            git2::ErrorCode::Locked => Self::Locked,
            git2::ErrorCode::Owner => Self::Owner,
            _ => Self::Git(error),
        }
    }
}
