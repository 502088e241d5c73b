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
    /// A branch that is not there.
    #[error("There is no branch “{name}” in this repository.")]
    NoBranch {
        /// What was asked for.
        name: String,
    },
    /// A branch of that name is there.
    #[error("There is a branch “{name}” already. Choose another name.")]
    BranchExists {
        /// Its name.
        name: String,
    },
    /// A name that git does not take.
    #[error(
        "“{name}” cannot be a branch’s name. Leave out spaces and any of ~ ^ : ? * [ \\, and neither begin with - nor end with .lock, a dot or a slash."
    )]
    BranchName {
        /// What was asked for.
        name: String,
    },
    /// The branch that is checked out cannot be deleted.
    #[error("“{name}” is the branch that is checked out. Switch to another one, then delete it.")]
    CurrentBranch {
        /// Its name.
        name: String,
    },
    /// Deleting the branch would leave its commits without a name.
    #[error("“{name}” has commits that are in no branch here. They would be hard to find again.")]
    NotMerged {
        /// Its name.
        name: String,
    },
    /// Going to a branch would write over changes.
    #[error(
        "“{branch}” has other versions of files with changes that are not committed: {}. Commit them, or set them aside.",
        listed(files)
    )]
    WouldLose {
        /// Where one wanted to go.
        branch: String,
        /// The files, in the repository.
        files: Vec<String>,
    },
    /// A part of a file is no longer as it was looked at.
    #[error("“{path}” has changed since. Look at its changes again.")]
    Moved {
        /// The file.
        path: String,
    },
    /// Git was not told whom to sign with.
    #[error("Git does not know who you are. Say your name and address, and every commit will carry them.")]
    NoIdentity,
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

/// The first few of many.
fn listed(files: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = files.len().saturating_sub(SHOWN);
    let shown = files.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
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
