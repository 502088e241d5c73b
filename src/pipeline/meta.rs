//! What is kept beside the bytes of an output, so that lists and nodes need not read them.

use std::collections::BTreeMap;

use data::prepare::Preparation;
use data::schema::{Role, Schema};
use indexmap::IndexMap;
use learn::report::Task;
use serde_json::Value as Json;

use crate::shape::{EstimatorTask, ModelShape, Shape, TableShape};
use crate::store::Stored;

/// The content of [`Stored::meta`].
#[allow(clippy::large_enum_variant, reason = "read one at a time, and a box would show in every pattern")]
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Meta {
    Table(TableMeta),
    Estimator {
        /// The algorithm's name for a person.
        title: String,
        task: EstimatorTask,
    },
    Model(ModelMeta),
    Transform {
        /// What its steps do, in order.
        steps: Vec<String>,
    },
    Report {
        task: Task,
        /// Every defined metric by key, in the report's order.
        metrics: IndexMap<String, f64>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TableMeta {
    /// With roles.
    pub schema: Schema,
    pub rows: u64,
    /// Bytes of the Parquet file.
    #[serde(default)]
    pub bytes: u64,
    #[serde(default)]
    pub preparation: Preparation,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ModelMeta {
    /// The algorithm's name for a person.
    pub algorithm: String,
    pub task: Task,
    pub label: Option<String>,
    /// The label's classes in the order of their probabilities; empty for numbers.
    pub classes: Vec<String>,
    /// Of two classes, the one that metrics are about.
    #[serde(default)]
    pub positive: Option<String>,
    pub features: Vec<String>,
    /// Rows it was trained on.
    pub rows: u64,
    /// Measured while training (the last value of each curve, the time it took).
    pub metrics: IndexMap<String, f64>,
    /// The trained estimator with its parameters.
    pub estimator: Json,
}

impl Meta {
    /// What is kept with an output, if it is of a form this version knows.
    pub fn of(stored: &Stored) -> Option<Self> {
        serde_json::from_value(stored.meta.clone()).ok()
    }

    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or(Json::Null)
    }

    /// The shape a computed output has.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Table(table) => {
                Shape::Table(TableShape { schema: table.schema.clone(), open: false, rows: Some(table.rows) })
            }
            Self::Estimator { title, task } => Shape::Estimator { title: title.clone(), task: *task },
            Self::Model(model) => Shape::Model(ModelShape {
                label: model.label.clone(),
                task: Some(model.task),
                features: model.features.clone(),
            }),
            Self::Transform { .. } => Shape::Transform { columns: Vec::new() },
            Self::Report { task, .. } => Shape::Report { task: Some(*task) },
        }
    }

    /// The scalar metrics of a report or a model.
    pub fn metrics(&self) -> IndexMap<String, f64> {
        match self {
            Self::Report { metrics, .. } => metrics.clone(),
            Self::Model(model) => model.metrics.clone(),
            _ => IndexMap::new(),
        }
    }
}

impl TableMeta {
    pub fn roles(&self) -> BTreeMap<String, Role> {
        self.schema.columns.iter().filter_map(|column| Some((column.name.clone(), column.role?))).collect()
    }
}

/// The shapes of kept outputs by port, for [`crate::shape::Known::computed`].
pub fn shapes(outputs: &[Stored]) -> BTreeMap<String, Shape> {
    outputs.iter().filter_map(|stored| Some((stored.port.clone(), Meta::of(stored)?.shape()))).collect()
}
