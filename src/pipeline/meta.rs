//! What is kept beside the bytes of an output, so that lists and nodes need not read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use data::prepare::Preparation;
use data::schema::{Kind, Role, Schema};
use indexmap::IndexMap;
use learn::model::{ScoredColumns, ScoringNotes};
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
    /// The columns as they were raw, where the rows went through something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Arc<Schema>>,
    /// The columns that Score model added, and what they mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored: Option<Arc<ScoredColumns>>,
    /// What Score model met that training had not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<ScoringNotes>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ModelMeta {
    /// The algorithm's name for a person.
    pub algorithm: String,
    pub task: Task,
    pub label: Option<String>,
    /// What the label held in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_kind: Option<Kind>,
    /// The label's classes in the order of their probabilities; empty for numbers.
    pub classes: Vec<String>,
    /// Of two classes, the one that metrics are about.
    #[serde(default)]
    pub positive: Option<String>,
    /// From which probability of the positive class it is predicted; none where the likelier class is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    pub features: Vec<String>,
    /// The raw columns that it takes, where training knew them.
    #[serde(default, skip_serializing_if = "Schema::is_empty")]
    pub input: Schema,
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
                let scored = table.scored.as_ref().map(|scored| scored.task);
                Shape::Table(TableShape { schema: table.schema.clone(), open: false, rows: Some(table.rows), scored })
            }
            Self::Estimator { title, task } => Shape::Estimator { title: title.clone(), task: *task },
            Self::Model(model) => Shape::Model(model.shape()),
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

impl ModelMeta {
    pub fn of(model: &learn::Model) -> Self {
        let label = model.label.as_ref();
        let measured = model.training.metrics.iter().filter_map(|metric| Some((metric.key.clone(), metric.value?)));
        Self {
            algorithm: model.estimator.title().to_owned(),
            task: model.task(),
            label: label.map(|label| label.name.clone()),
            label_kind: label.map(|label| label.kind),
            classes: label.map(|label| label.classes.clone()).unwrap_or_default(),
            positive: label.and_then(|label| label.positive.clone()),
            threshold: label.and_then(|label| label.threshold),
            features: model.features.iter().map(|feature| feature.column.clone()).collect(),
            input: if model.exact_input { model.input.clone() } else { Schema::default() },
            rows: model.training.rows,
            metrics: measured.filter(|(_, value)| value.is_finite()).collect(),
            estimator: serde_json::to_value(&model.estimator).unwrap_or_default(),
        }
    }

    /// What is known of the model without reading it.
    pub fn shape(&self) -> ModelShape {
        ModelShape {
            label: self.label.clone(),
            label_kind: self.label_kind,
            task: Some(self.task),
            features: self.features.clone(),
            classes: self.classes.clone(),
            input: self.input.clone(),
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
