//! What is known of a port's content before it exists: enough to find most mistakes without running.

use std::collections::BTreeMap;

use data::schema::{Kind, Schema};
use learn::report::Task;

use crate::component::PortKind;

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shape {
    Table(TableShape),
    Estimator { title: String, task: EstimatorTask },
    Model(ModelShape),
    Transform { columns: Vec<String> },
    Report { task: Option<Task> },
}

impl Shape {
    pub fn port_kind(&self) -> PortKind {
        match self {
            Self::Table(_) => PortKind::Table,
            Self::Estimator { .. } => PortKind::Estimator,
            Self::Model(_) => PortKind::Model,
            Self::Transform { .. } => PortKind::Transform,
            Self::Report { .. } => PortKind::Report,
        }
    }
}

/// A table's columns as far as they are known. `open`: there may be more (a one-hot encoding's categories, a
/// script's output), so a missing name is no error.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TableShape {
    pub schema: Schema,
    pub open: bool,
    /// Exact number of rows where it is known.
    pub rows: Option<u64>,
    /// What was predicted, where the rows are known to be scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored: Option<Task>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EstimatorTask {
    Regression,
    Classification,
    /// Trains as a classifier or a regressor, as the label asks.
    Either,
    Clustering,
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ModelShape {
    pub label: Option<String>,
    /// What the label held in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_kind: Option<Kind>,
    pub task: Option<Task>,
    pub features: Vec<String>,
    /// The label's classes, where they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The raw columns that it takes, where they are known.
    #[serde(default, skip_serializing_if = "Schema::is_empty")]
    pub input: Schema,
}

impl TableShape {
    /// A table with exactly these columns.
    pub fn closed(schema: Schema) -> Self {
        Self { schema, ..Self::default() }
    }
}

/// What is known of the world without running anything.
pub trait Known {
    /// The dataset `reference` (`name` or `name@version`).
    ///
    /// # Errors
    /// A sentence when there is no such dataset or version, with the closest name.
    fn dataset(&self, reference: &str) -> Result<KnownDataset, String>;

    /// The registered model `reference` (`name`, `name@version` or `name@alias`).
    ///
    /// # Errors
    /// A sentence when there is no such model or version, with the closest name.
    fn model(&self, reference: &str) -> Result<KnownModel, String> {
        Err(format!("There is no registered model “{reference}” in this workspace. Register one on the Models page."))
    }

    /// Whether a script can run in the environment of that name.
    ///
    /// # Errors
    /// A sentence when there is no such environment, or its file cannot be read.
    fn environment(&self, _name: &str) -> Result<(), String> {
        Ok(())
    }

    /// The shapes of a job's outputs by port where it has been computed with its present parameters and inputs.
    fn computed(&self, _job: &str) -> Option<BTreeMap<String, Shape>> {
        None
    }
}

/// A dataset's version and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDataset {
    pub name: String,
    pub version: u32,
    pub schema: Schema,
    pub rows: u64,
}

/// A registered model's version and what it predicts.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownModel {
    pub name: String,
    pub version: u32,
    pub shape: ModelShape,
}

/// Knows no datasets and nothing computed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Known for Nothing {
    fn dataset(&self, reference: &str) -> Result<KnownDataset, String> {
        Err(format!("There is no dataset “{reference}” in this workspace. Import it on the Data page."))
    }
}

/// The table on input `port`, if its columns are known.
pub fn table<'a>(inputs: &'a Shapes, port: &str) -> Option<&'a TableShape> {
    match inputs.get(port) {
        Some(Some(Shape::Table(table))) => Some(table),
        _ => None,
    }
}

/// The inputs' shapes by port name; a port that is absent is not connected, one with `None` is connected but unknown.
pub type Shapes = BTreeMap<String, Option<Shape>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Warning,
    Error,
}

/// Something wrong with a job, found without running it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    pub severity: Severity,
    /// A whole sentence: what is wrong and what to do.
    pub message: String,
    /// The parameter to mark in the form.
    pub param: Option<String>,
    /// The port to mark on the node.
    pub port: Option<String>,
}

impl Problem {
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), param: None, port: None }
    }

    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    pub fn at_param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    pub fn at_port(mut self, port: &str) -> Self {
        self.port = Some(port.to_owned());
        self
    }
}
