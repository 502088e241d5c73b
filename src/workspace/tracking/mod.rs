//! What MLflow's tracking and registry protocol needs, over the same runs and models as our own.
//!
//! The sentences and the order of things are MLflow's (`mlflow/store/tracking/sqlalchemy_store.py` and
//! `mlflow/store/model_registry/sqlalchemy_store.py` of 3.17), because clients read them. What the
//! protocol's text says (filters, names, tokens) is parsed elsewhere; here it arrives as plain values.
//!
//! A run that a client logs is marked so: it has no worker, is never stale, and may be ended by its
//! client. A run of a pipeline shows itself through the protocol too, but its status stays its worker's.

mod artifacts;
mod condition;
mod experiments;
mod history;
mod inputs;
mod log;
mod logged_models;
mod registry;
mod registry_search;
mod repeat;
mod runs;
pub(crate) mod search;
mod steps;

#[cfg(test)]
mod tests;

pub use artifacts::{Artifact, ArtifactEntry};
pub use condition::{Condition, Operator, Value, like};
pub use experiments::{ExperimentField, ExperimentSearch, TrackedExperiment};
pub use history::RunPoint;
pub use inputs::{DatasetInput, DatasetSummary, LoggedDataset, ModelInput, ModelOutput};
pub use log::{LogBatch, ModelMetric};
pub use logged_models::{
    DatasetFilter, LoggedModel, LoggedModelField, LoggedModelOrder, LoggedModelSearch, LoggedModelStatus,
    NewLoggedModel,
};
pub use registry::{NewRegisteredVersion, RegisteredModel, RegisteredVersion, Stage};
pub use registry_search::{ModelField, ModelSearch, VersionField, VersionSearch};
pub use runs::{NewTrackedRun, RunOrigin, RunUpdate, TrackedRun, protocol_status, status_of_protocol};
pub use search::{RunField, RunSearch};
pub use steps::{MODEL_FILE, STEP_TAG, TrainedModel};

/// The tag that holds a run's name. It is not stored: the run's own name answers for it.
pub const RUN_NAME_TAG: &str = "mlflow.runName";

/// The tag that holds the id of the run that a run is nested in.
pub const PARENT_TAG: &str = "mlflow.parentRunId";

/// The tag of a dataset input that says what the run used it for.
pub const DATASET_CONTEXT_TAG: &str = "mlflow.data.context";

/// Which of the deleted and the others are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Those that are not deleted.
    #[default]
    Active,
    /// The deleted ones.
    Deleted,
    /// Both.
    All,
}

impl View {
    /// The condition on a column `deleted_at`.
    fn sql(self, column: &str) -> String {
        match self {
            Self::Active => format!("{column} IS NULL"),
            Self::Deleted => format!("{column} IS NOT NULL"),
            Self::All => "1".to_owned(),
        }
    }

    fn shows(self, deleted: bool) -> bool {
        match self {
            Self::Active => !deleted,
            Self::Deleted => deleted,
            Self::All => true,
        }
    }
}

/// By what a search is ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct Order<F> {
    /// The field.
    pub field: F,
    /// Least first.
    pub ascending: bool,
}

/// Part of what a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// Whether there is more after it.
    pub more: bool,
}

impl<T> Page<T> {
    /// Cuts a page out of everything that was found.
    fn cut(all: Vec<T>, offset: usize, limit: usize) -> Self {
        let more = all.len() > offset.saturating_add(limit);
        Self { items: all.into_iter().skip(offset).take(limit).collect(), more }
    }
}

/// A text as Python writes it in messages: single quotes, unless the text has them and no double ones.
pub fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A path below an artifact location, before its query if it has one.
pub(crate) fn below(location: &str, path: &str) -> String {
    match location.split_once('?') {
        Some((base, query)) => format!("{}/{path}?{query}", base.trim_end_matches('/')),
        None => format!("{}/{path}", location.trim_end_matches('/')),
    }
}

/// Where an experiment's artifacts lie when nobody said where.
pub(crate) fn default_location(experiment: i64) -> String {
    format!("mlflow-artifacts:/{experiment}")
}
