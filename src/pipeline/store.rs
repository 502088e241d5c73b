//! What the engine asks of whoever runs it.

use std::path::PathBuf;

use data::schema::Schema;

use crate::component::{PortKind, StepError};
use crate::journal::StepJournal;
use crate::refit::Chain;

/// A dataset version as a step sees it.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub name: String,
    pub version: u32,
    pub digest: String,
    /// A Parquet file.
    pub path: PathBuf,
    pub schema: Schema,
    pub rows: u64,
}

/// A registered model's version as a step sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredModel {
    pub name: String,
    pub version: u32,
    pub digest: String,
    /// A model file.
    pub path: PathBuf,
}

/// A step's output as it is kept: bytes by digest and what the designer shows without reading them.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Stored {
    pub port: String,
    pub kind: PortKind,
    /// BLAKE3 of the bytes: Parquet for a table, the model file for a model, JSON otherwise.
    pub digest: String,
    /// `Meta` of the output as JSON: schema with roles, rows, preparation, a report's metrics, …
    pub meta: serde_json::Value,
}

/// A set of installed packages that a script runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Digest of the interpreter's version and of every package with its version.
    pub digest: String,
    pub interpreter: PathBuf,
}

/// Where bytes live and what was computed before. Implemented over the workspace, and in memory for tests.
pub trait Store: Send + Sync {
    /// `version` `None` is the newest.
    fn dataset(&self, name: &str, version: Option<u32>) -> Result<Dataset, StepError>;
    /// The registered model `reference`: `name`, `name@version` or `name@alias`.
    ///
    /// # Errors
    /// A sentence when there is no such model or version, or it was not trained here.
    fn model(&self, reference: &str) -> Result<RegisteredModel, StepError> {
        Err(StepError::Failed(format!("There is no registered model “{reference}” here.")))
    }
    /// The outputs kept under this key, if all their bytes are still there.
    fn find(&self, key: &str) -> Result<Option<Vec<Stored>>, StepError>;
    /// What the step said whose outputs are kept under this key.
    fn journal(&self, key: &str) -> Result<StepJournal, StepError>;
    fn keep(&self, key: &str, outputs: &[Stored], journal: &StepJournal) -> Result<(), StepError>;
    /// Moves a finished file (made at a path from `scratch_file`) into the store; returns its digest.
    fn put_file(&self, path: PathBuf) -> Result<String, StepError>;
    fn put_bytes(&self, bytes: &[u8]) -> Result<String, StepError>;
    fn path(&self, digest: &str) -> Result<PathBuf, StepError>;
    /// A new path on the same file system as the store.
    fn scratch_file(&self, extension: &str) -> Result<PathBuf, StepError>;
    /// The folder that relative paths in pipelines are relative to (scripts, exports).
    fn folder(&self) -> PathBuf;
    /// The interpreter that Python steps use when they name none.
    fn python(&self) -> Result<PathBuf, StepError>;

    /// The environment of that name, ready to be used.
    ///
    /// # Errors
    /// A sentence when there is none of that name, or when it could not be made.
    fn environment(&self, name: &str) -> Result<Environment, StepError> {
        Err(StepError::Failed(format!("There is no environment “{name}” here.")))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Stdout,
    Stderr,
    Info,
    Warning,
    Error,
}

/// Hears of a step's progress; called from the step's threads.
pub trait Observer: Send + Sync {
    /// `fraction` 0 to 1, or `None` when unknown.
    fn progress(&self, job: &str, fraction: Option<f32>, message: &str);
    fn metric(&self, job: &str, name: &str, value: f64, step: i64);
    fn log(&self, job: &str, stream: Stream, line: &str);
    fn step(&self, event: StepEvent);
    fn cancelled(&self) -> bool;

    /// Environment variables for the process that carries out a step, by which it finds where to log.
    fn variables(&self, _job: &str) -> Vec<(String, String)> {
        Vec::new()
    }
}

#[derive(Clone, Debug)]
pub enum StepEvent {
    Started {
        job: String,
    },
    Reused {
        job: String,
        key: String,
        outputs: Vec<Stored>,
        /// What the step said when it was computed. Whoever records the run says it again.
        journal: StepJournal,
    },
    Finished {
        job: String,
        key: String,
        outputs: Vec<Stored>,
        seconds: f64,
    },
    Failed {
        job: String,
        message: String,
    },
    /// An input's step failed or was cancelled, or the node is disabled.
    Skipped {
        job: String,
        why: String,
    },
    Cancelled {
        job: String,
    },
}

/// What a running step may use.
pub struct StepContext<'a> {
    pub job: &'a str,
    pub store: &'a dyn Store,
    pub observer: &'a dyn Observer,
    /// Threads this step may use.
    pub threads: usize,
    /// What a script runs in, where the step chose an environment.
    pub environment: Option<Environment>,
    /// How the rows of the input that the step divides came about, where something was learnt from them.
    pub chain: Option<&'a Chain>,
}

impl StepContext<'_> {
    /// # Errors
    /// [`StepError::Cancelled`] once someone asked to stop. Long work asks every few milliseconds.
    pub fn check_cancelled(&self) -> Result<(), StepError> {
        if self.observer.cancelled() { Err(StepError::Cancelled) } else { Ok(()) }
    }

    pub fn progress(&self, fraction: Option<f32>, message: &str) {
        self.observer.progress(self.job, fraction, message);
    }

    /// A line in the step's log, for the person who drew the pipeline ("Removed 12 of 569 rows.").
    pub fn note(&self, line: &str) {
        self.observer.log(self.job, Stream::Info, line);
    }

    pub fn warn(&self, line: &str) {
        self.observer.log(self.job, Stream::Warning, line);
    }
}
