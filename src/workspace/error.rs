//! What can go wrong, each as a sentence a person can act on.

use std::io;
use std::path::{Path, PathBuf};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the workspace. Its `Display` is a whole sentence: what is wrong, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder has no `atelier.toml`.
    #[error("This is not an Atelier workspace, because it holds no atelier.toml. Create a workspace there, or open a folder that is one: {}", .folder.display())]
    NotAWorkspace {
        /// The folder that was asked for.
        folder: PathBuf,
    },
    /// A workspace was to be created where one is already.
    #[error("This folder is already a workspace. Open it instead: {}", .folder.display())]
    AlreadyAWorkspace {
        /// The workspace's folder.
        folder: PathBuf,
    },
    /// A workspace was to be created in a folder that holds other things.
    #[error("A workspace needs an empty folder or a git repository, but this folder holds “{entry}”. Choose another folder: {}", .folder.display())]
    NotEmpty {
        /// The folder that was asked for.
        folder: PathBuf,
        /// One thing that lies in it.
        entry: String,
    },
    /// The workspace was written by a later version of the program.
    #[error("This workspace was made by a newer Atelier (its {what} is {found}; this program knows up to {supported}). Nothing was changed. Update Atelier to open it: {}", .folder.display())]
    Newer {
        /// The workspace's folder.
        folder: PathBuf,
        /// Which number is too new.
        what: &'static str,
        /// The number found.
        found: i64,
        /// The greatest number this program knows.
        supported: i64,
    },
    /// Something was to be written where nothing may be.
    #[error("The workspace can be read but not changed here. Make the folder writable, or copy it to one that is{}", at(.path))]
    ReadOnly {
        /// What could not be written, when known.
        path: Option<PathBuf>,
    },
    /// The disk holds no more.
    #[error("The disk is full, so this was not saved. Free some space and try again{}", at(.path))]
    DiskFull {
        /// What could not be written, when known.
        path: Option<PathBuf>,
    },
    /// The database or the manifest cannot be read.
    #[error("{what} is damaged: {reason}. Restore it from a copy{}", at(.path))]
    Damaged {
        /// What is damaged.
        what: &'static str,
        /// What was seen.
        reason: String,
        /// The damaged file, when known.
        path: Option<PathBuf>,
    },
    /// Another process kept the database for longer than the waiting time.
    #[error(
        "Another process has kept the workspace's database busy for half a minute. Close what is stuck, then try again."
    )]
    Busy,
    /// What was asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// A name is taken.
    #[error("{0}")]
    Exists(String),
    /// What was asked makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// What was asked is right in itself but not now.
    #[error("{0}")]
    State(String),
    /// The person, or the caller, stopped it.
    #[error("This was cancelled.")]
    Cancelled,
    /// A file could not be read or written.
    #[error("Could not {doing}, because {}: {}", plain(.source), .path.display())]
    Io {
        /// What was being done, as in "read the draft".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The database refused for a reason that has no better sentence.
    #[error("The workspace's database refused this: {0}.")]
    Database(rusqlite::Error),
    /// A JSON value in the database cannot be read.
    #[error("A record in the workspace's database cannot be read: {0}. Run “atelier check” to see what is damaged.")]
    Json(#[from] serde_json::Error),
}

fn at(path: &Option<PathBuf>) -> String {
    path.as_ref().map_or_else(|| ".".to_owned(), |path| format!(": {}", path.display()))
}

/// The system's words without the error number, to stand inside a sentence.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: Some(path) },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path: Some(path) },
            _ => Self::Io { doing, path, source },
        }
    }

    /// The same error once more, for each of several who share a transaction.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::ReadOnly { path } => Self::ReadOnly { path: path.clone() },
            Self::DiskFull { path } => Self::DiskFull { path: path.clone() },
            Self::Busy => Self::Busy,
            Self::NotFound(text) => Self::NotFound(text.clone()),
            Self::Exists(text) => Self::Exists(text.clone()),
            Self::State(text) => Self::State(text.clone()),
            other => Self::Invalid(other.to_string()),
        }
    }

    /// Names the file in an error that came from SQLite, which does not know it.
    pub(crate) fn of_file(self, file: &Path) -> Self {
        match self {
            Self::ReadOnly { path: None } => Self::ReadOnly { path: Some(file.into()) },
            Self::DiskFull { path: None } => Self::DiskFull { path: Some(file.into()) },
            Self::Damaged { what, reason, path: None } => Self::Damaged { what, reason, path: Some(file.into()) },
            other => other,
        }
    }
}

impl From<rusqlite::types::FromSqlError> for Error {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::Database(error.into())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        // The file that processes share to read beside a writer finds no room.
        let no_room = error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
        if no_room {
            return Self::DiskFull { path: None };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull { path: None },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path: None },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { what: "The workspace's database", reason: error.to_string(), path: None }
            }
            _ => Self::Database(error),
        }
    }
}
