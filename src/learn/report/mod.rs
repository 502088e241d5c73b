//! Reports: the metrics and charts of predictions against the truth, as plain values that go to JSON.
//!
//! NaN and infinity in JSON are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.

mod binary;
mod charts;
mod clustering;
mod evaluate;
mod multiclass;
mod regression;
#[cfg(test)]
mod tests;

pub(crate) use binary::undefined_without;
pub use binary::{Binary, Decision, binary};
pub use clustering::{Clustering, clustering};
pub use evaluate::{Options, evaluate, evaluate_clusters};
pub use multiclass::{Multiclass, multiclass};
pub use regression::regression;

use crate::serial;
use serde::{Deserialize, Serialize};

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    Regression,
    Binary,
    Multiclass,
    Clustering,
}

/// Metrics and charts of one set of predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub task: Task,
    pub metrics: Vec<Metric>,
    pub charts: Vec<Chart>,
    /// What a reader must know: sampled, left out, undefined. Whole sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Snake case and stable, such as `roc_auc`.
    pub key: String,
    /// For a person, such as "ROC AUC".
    pub label: String,
    /// None where it is undefined; `note` then says why.
    #[serde(with = "serial::maybe")]
    pub value: Option<f64>,
    pub better: Better,
    /// What it measures, in a sentence or two.
    pub help: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Which direction of a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Higher,
    Lower,
    None,
}

/// A picture the window can draw. Every chart has an `id` (snake case, stable, unique in its report) and a title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chart {
    Curve {
        id: String,
        title: String,
        x_label: String,
        y_label: String,
        series: Vec<Series>,
        #[serde(default)]
        reference: Reference,
    },
    /// Summed weights (counts, without weights); a row is a true class, a column a predicted one.
    Confusion { id: String, title: String, labels: Vec<String>, counts: Vec<Vec<f64>> },
    /// Bin `i` is from `edges[i]` (included) to `edges[i + 1]` (excluded, but for the last).
    Histogram {
        id: String,
        title: String,
        x_label: String,
        #[serde(with = "serial::numbers")]
        edges: Vec<f64>,
        series: Vec<Counts>,
    },
    /// At most [`SCATTER_POINTS`] points; `note` says if there were more.
    Scatter {
        id: String,
        title: String,
        x_label: String,
        y_label: String,
        #[serde(with = "serial::numbers")]
        x: Vec<f64>,
        #[serde(with = "serial::numbers")]
        y: Vec<f64>,
        #[serde(default)]
        note: Option<String>,
        #[serde(default)]
        reference: Reference,
    },
    Bars {
        id: String,
        title: String,
        labels: Vec<String>,
        #[serde(with = "serial::numbers")]
        values: Vec<f64>,
    },
    /// One row a label, one number a column.
    Table { id: String, title: String, columns: Vec<String>, rows: Vec<TableRow> },
}

/// A line through points, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub name: String,
    #[serde(with = "serial::pairs")]
    pub points: Vec<[f64; 2]>,
    /// Such as "AUC 0.98".
    #[serde(default)]
    pub note: Option<String>,
}

/// One of a histogram's series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    pub name: String,
    #[serde(with = "serial::numbers")]
    pub counts: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableRow {
    pub label: String,
    #[serde(with = "serial::numbers")]
    pub values: Vec<f64>,
}

/// A line to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    #[default]
    None,
    /// y = x.
    Diagonal,
    /// y = the number.
    Horizontal(f64),
}

/// Part of the note on a class that training had not met.
pub(crate) const UNMET: &str = "which the model had not met in training";

/// Most points of a scatter chart.
pub const SCATTER_POINTS: usize = 2000;
/// Most points of a curve.
pub const CURVE_POINTS: usize = 1000;

impl Report {
    /// The value of the metric with this key, if it is defined.
    pub fn value(&self, key: &str) -> Option<f64> {
        self.metrics.iter().find(|m| m.key == key).and_then(|m| m.value)
    }

    /// The notes that warn: of a rare class, of a class that training had not met.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let warns = |note: &&str| note.contains(binary::FLATTERS) || note.contains(UNMET);
        self.notes.iter().map(String::as_str).filter(warns)
    }

    pub fn chart(&self, id: &str) -> Option<&Chart> {
        self.charts.iter().find(|c| c.id() == id)
    }
}

impl Chart {
    pub fn id(&self) -> &str {
        match self {
            Self::Curve { id, .. }
            | Self::Confusion { id, .. }
            | Self::Histogram { id, .. }
            | Self::Scatter { id, .. }
            | Self::Bars { id, .. }
            | Self::Table { id, .. } => id,
        }
    }

    pub fn title(&self) -> &str {
        match self {
            Self::Curve { title, .. }
            | Self::Confusion { title, .. }
            | Self::Histogram { title, .. }
            | Self::Scatter { title, .. }
            | Self::Bars { title, .. }
            | Self::Table { title, .. } => title,
        }
    }
}

impl Metric {
    pub(crate) fn new(key: &str, label: &str, value: f64, better: Better, help: &str) -> Self {
        let defined = !value.is_nan();
        Self {
            key: key.to_owned(),
            label: label.to_owned(),
            value: defined.then_some(value),
            better,
            help: help.to_owned(),
            note: (!defined).then(|| "Not defined for these rows".to_owned()),
        }
    }

    pub(crate) fn noted(mut self, note: Option<&str>) -> Self {
        if let Some(note) = note {
            self.note = Some(note.to_owned());
        }
        self
    }
}
