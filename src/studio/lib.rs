//! Everything a person can do with a workspace, one function each: the only door to what lies below for the window,
//! the server and the verbs.
//!
//! **Invariants**: every function takes plain values and returns plain values or one typed [`Error`]. Each that changes
//! something does so in one transaction with one audit entry and one event. Functions block: a window calls them on a
//! background thread.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod artifacts;
mod branches;
mod catalogue;
mod changes;
mod charts;
mod clients;
pub mod compare;
mod datasets;
pub mod environments;
mod error;
mod imports;
mod influence;
mod interpreter;
mod logged;
mod model_runs;
mod models;
mod names;
mod outputs;
mod overview;
mod pipeline_files;
mod pipelines;
pub mod recent;
mod recorder;
mod registered;
pub mod reproduce;
mod run_index;
mod runs;
mod sample;
mod shown;
mod source;
mod steps;
mod store;
mod surroundings;
mod tables;
pub mod tracking;
mod upkeep;
mod versions;
pub mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use workspace::Workspace;

pub use artifacts::{
    ArtifactContent, ArtifactKind, DiffLine, Difference, RUN_FILES_LISTED, RunArtifact, RunFile, diff_lines, save_bytes,
};
pub use catalogue::{
    ChoiceCard, ComponentCard, ComponentRow, Condition, ParameterCard, PortCard, component, components,
};
pub use changes::{CommitRequest, Worktree};
pub use charts::{ChartedRuns, MetricColumns};
pub use clients::{Client, Clients};
pub use data;
pub use datasets::{Dataset, DatasetDetail, DatasetVersion};
pub use error::{Error, ErrorKind, Result};
pub use git;
pub use imports::{ImportDraft, ImportProgress, Imported, PreparedImport, StagedImport, VersionChanges};
pub use influence::{FEWEST_FOR_CORRELATION, FEWEST_FOR_IMPORTANCE, Influence, ParamInfluence};
pub use interpreter::Interpreter;
pub use learn;
pub use logged::{Flavor, LoggedFiles};
pub use model_runs::ModelCurve;
pub use models::{Model, ModelCard, ModelContent, ModelDetail, ModelFeature, ModelPlace, ModelVersion, RunModel};
pub use names::slug;
pub use outputs::Output;
pub use overview::Overview;
pub use pipeline;
pub use pipeline_files::{FormattedPipeline, PipelineFileCheck, PipelineFileProblem};
pub use pipelines::{JobState, PipelineRow};
pub use registered::LoadableModel;
pub use run_index::{IndexedRun, RunGroup, RunIndex, RunKeys, RunListing, Spread};
pub use runs::{Compared, Comparison, Curve, Run, RunDetail, RunPage, RunQuery, RunRequest, RunSort};
pub use steps::{Serve, Served};
pub use surroundings::{Hardware, Script, StepsPython, Surroundings, UsedEnvironment};
pub use tables::ExportedFile;
pub use upkeep::{
    ASKED_TO_SHOW, Collected, GcReport, KeptItem, Problem, Purge, Purged, Upkeep, moment_in_words, purged_in_words,
};
pub use versions::{Comparison as VersionComparison, HistoryRow, PipelineComparison, Side, Version, VersionRow};
pub use workspace::{ARCHIVED_TAG, Event, LogLine, MODEL_TAG, ModelRun, RunInput, RunStatus, SCHEMA, Step, StepStatus};

/// An open workspace. Cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Studio {
    workspace: Arc<Workspace>,
    name: Arc<str>,
    /// What is started as `PROGRAM worker RUN`.
    program: Arc<Path>,
}

impl Studio {
    /// Makes a workspace in `folder` and a git repository around it, unless it lies in one already.
    ///
    /// # Errors
    /// A folder that holds other things or cannot be written.
    pub fn create(folder: &Path, name: &str) -> Result<Self> {
        let workspace = Workspace::create(folder, name)?;
        Self::ensure_repository(workspace.folder())?;
        Self::over(workspace)
    }

    /// Opens the workspace in `folder`, or the one whose `atelier.toml` is `folder`.
    ///
    /// # Errors
    /// Not a workspace, or one of a newer version, or a damaged one.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = match folder.file_name() {
            Some(name) if name == "atelier.toml" => folder.parent().unwrap_or(Path::new(".")),
            _ => folder,
        };
        Self::over(Workspace::open(folder)?)
    }

    /// Opens the workspace that `inside` lies in.
    ///
    /// # Errors
    /// No workspace around it, and those of [`Self::open`].
    pub fn open_around(inside: &Path) -> Result<Self> {
        let folder = Workspace::find(inside).ok_or_else(|| {
            Error::not_found(format!(
                "This folder lies in no workspace. Name one with --workspace, or make one with atelier new: {}",
                inside.display()
            ))
        })?;
        Self::open(&folder)
    }

    fn over(workspace: Workspace) -> Result<Self> {
        let name = workspace.manifest()?.name.into();
        let program = worker::program()?.into();
        let workspace = match Self::author(workspace.folder()) {
            Some(author) => workspace.signed(author),
            None => workspace,
        };
        Ok(Self { workspace: Arc::new(workspace), name, program })
    }

    /// The same workspace, whose runs are carried out by another program than this one (a test's).
    #[must_use]
    pub fn with_program(mut self, program: PathBuf) -> Self {
        self.program = program.into();
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn folder(&self) -> &Path {
        self.workspace.folder()
    }

    /// Whether changes are refused because the folder cannot be written.
    pub fn is_read_only(&self) -> bool {
        self.workspace.is_read_only()
    }
}

/// Milliseconds since 1970-01-01 UTC.
pub fn now_ms() -> i64 {
    workspace::now_ms()
}

/// `2026-11-21 09:30` in local time.
pub fn local_time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map(|time| time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
