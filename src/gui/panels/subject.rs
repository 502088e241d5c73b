//! Things that can be selected, opened and linked to.

use serde::{Deserialize, Serialize};

use super::PlaceId;
use crate::icons::Icon;

/// A thing in the workspace, by its name there.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Dataset {
        name: String,
        /// `None` is the newest.
        version: Option<u32>,
    },
    Column {
        dataset: String,
        version: Option<u32>,
        column: String,
    },
    /// By its path within the workspace: `pipelines/diagnosis.yaml`.
    Pipeline {
        path: String,
    },
    Step {
        pipeline: String,
        step: String,
    },
    Run {
        id: String,
    },
    /// A step as it was run.
    RunStep {
        run: String,
        step: String,
    },
    Model {
        name: String,
        /// `None` is the newest.
        version: Option<u32>,
    },
    /// A git commit, by its 40 hex digits.
    Commit {
        id: String,
    },
    /// The history of a file, by its path within the workspace; at a commit when one is given.
    History {
        path: String,
        commit: Option<String>,
    },
}

impl Subject {
    /// The panel that shows it.
    pub fn place(&self) -> PlaceId {
        match self {
            Self::Dataset { .. } | Self::Column { .. } => "data",
            Self::Pipeline { .. } | Self::Step { .. } => "designer",
            Self::Run { .. } | Self::RunStep { .. } => "runs",
            Self::Model { .. } => "models",
            Self::Commit { .. } | Self::History { .. } => "source",
        }
    }

    /// What it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dataset { .. } => "dataset",
            Self::Column { .. } => "column",
            Self::Pipeline { .. } => "pipeline",
            Self::Step { .. } | Self::RunStep { .. } => "step",
            Self::Run { .. } => "run",
            Self::Model { .. } => "model",
            Self::Commit { .. } => "commit",
            Self::History { .. } => "history",
        }
    }

    /// Its name for a person.
    pub fn title(&self) -> String {
        let versioned = |name: &str, version: &Option<u32>| match version {
            Some(version) => format!("{name} version {version}"),
            None => name.to_owned(),
        };
        match self {
            Self::Dataset { name, version } | Self::Model { name, version } => versioned(name, version),
            Self::Column { column, .. } => column.clone(),
            Self::Pipeline { path } | Self::History { path, .. } => path.clone(),
            Self::Commit { id } => id.chars().take(7).collect(),
            Self::Step { step, .. } | Self::RunStep { step, .. } => step.clone(),
            Self::Run { id } => id.clone(),
        }
    }

    pub fn icon(&self) -> Icon {
        match self {
            Self::Dataset { .. } => Icon::Data,
            Self::Column { .. } => Icon::Columns,
            Self::Pipeline { .. } | Self::Step { .. } | Self::RunStep { .. } => Icon::Designer,
            Self::Run { .. } => Icon::Runs,
            Self::Model { .. } => Icon::Models,
            Self::Commit { .. } => Icon::Commit,
            Self::History { .. } => Icon::Clock,
        }
    }
}
