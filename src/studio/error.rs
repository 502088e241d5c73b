//! The one error of the studio: a sentence for a person and a kind for a program.

/// What went wrong, as far as a caller may want to act on it. Decides a verb's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Something named does not exist.
    NotFound,
    /// The input is wrong: a file, a name, a parameter, a pipeline.
    Invalid,
    /// It exists already, or changed meanwhile.
    Conflict,
    /// What was asked is right in itself but not now.
    State,
    /// Another process keeps the database.
    Busy,
    /// The workspace can be read but not changed here.
    ReadOnly,
    /// The disk is full or read-only, a file cannot be read, the database cannot be opened.
    Storage,
    /// A person stopped it.
    Cancelled,
    /// A run failed.
    RunFailed,
}

/// `message` says what happened, where, and what to do.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub fn storage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Storage, message)
    }
}

impl From<git::Error> for Error {
    fn from(error: git::Error) -> Self {
        use git::Error as From;
        let kind = match &error {
            From::NoCommit { .. } | From::NoBranch { .. } => ErrorKind::NotFound,
            From::WouldLose { .. } | From::NotMerged { .. } | From::BranchExists { .. } | From::Moved { .. } => {
                ErrorKind::Conflict
            }
            From::Folder { .. } | From::Locked => ErrorKind::Storage,
            _ => ErrorKind::Invalid,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<workspace::Error> for Error {
    fn from(error: workspace::Error) -> Self {
        use workspace::Error as From;
        let kind = match &error {
            From::NotFound(_) | From::NotAWorkspace { .. } => ErrorKind::NotFound,
            From::Exists(_) | From::AlreadyAWorkspace { .. } | From::NotEmpty { .. } => ErrorKind::Conflict,
            From::State(_) => ErrorKind::State,
            From::Busy => ErrorKind::Busy,
            From::ReadOnly { .. } => ErrorKind::ReadOnly,
            From::Invalid(_) | From::Newer { .. } => ErrorKind::Invalid,
            From::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Storage,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<data::Error> for Error {
    fn from(error: data::Error) -> Self {
        let kind = match &error {
            data::Error::Cancelled => ErrorKind::Cancelled,
            data::Error::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            data::Error::File { .. } | data::Error::DiskFull { .. } => ErrorKind::Storage,
            _ => ErrorKind::Invalid,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<learn::Error> for Error {
    fn from(error: learn::Error) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<pipeline::component::StepError> for Error {
    fn from(error: pipeline::component::StepError) -> Self {
        use pipeline::component::StepError;
        let kind = if error == StepError::Cancelled { ErrorKind::Cancelled } else { ErrorKind::Invalid };
        Self::new(kind, error.to_string())
    }
}
