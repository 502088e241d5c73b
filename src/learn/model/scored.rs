//! What the columns that scoring adds mean, as data that travels with the table.

use super::Model;
use super::score::{CLUSTER, DISTANCE, PREDICTED, probability_of};
use crate::report::Task;
use data::schema::Kind;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The columns of a scored table that hold predictions. Their names are only names: a column is a prediction because it
/// is listed here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredColumns {
    pub task: Task,
    /// The column of predictions, or of clusters.
    pub predicted: String,
    /// The column of distances to the cluster's centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<String>,
    /// The columns that were clustered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clustered: Vec<String>,
    /// The label that is predicted, and what it held in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_kind: Option<Kind>,
    /// In the order of training; empty for numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ScoredClass>,
    /// Of two classes, the one that metrics are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// From which probability of the positive class it was predicted; none where the likelier class was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

/// A class and the column of its probabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoredClass {
    pub class: String,
    pub probability: String,
}

impl ScoredColumns {
    /// The columns that a model adds.
    pub fn of(model: &Model) -> Self {
        let task = model.task();
        let label = model.label.as_ref();
        let clustering = task == Task::Clustering;
        let classes = label.into_iter().flat_map(|label| &label.classes);
        Self {
            task,
            predicted: if clustering { CLUSTER } else { PREDICTED }.to_owned(),
            distance: clustering.then(|| DISTANCE.to_owned()),
            clustered: if clustering {
                model.features.iter().map(|it| it.column.clone()).collect()
            } else {
                Vec::new()
            },
            label: label.map(|label| label.name.clone()),
            label_kind: label.map(|label| label.kind),
            classes: classes
                .map(|class| ScoredClass { class: class.clone(), probability: probability_of(class) })
                .collect(),
            positive: label.and_then(|label| label.positive.clone()),
            threshold: label.and_then(|label| label.threshold),
        }
    }

    /// The names of the columns that hold predictions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let classes = self.classes.iter().map(|class| class.probability.as_str());
        [self.predicted.as_str()].into_iter().chain(self.distance.as_deref()).chain(classes)
    }

    /// The same columns under their new names.
    pub fn renamed(&self, names: &IndexMap<String, String>) -> Self {
        let new = |name: &String| names.get(name).unwrap_or(name).clone();
        Self {
            predicted: new(&self.predicted),
            distance: self.distance.as_ref().map(new),
            clustered: self.clustered.iter().map(new).collect(),
            label: self.label.as_ref().map(new),
            classes: self
                .classes
                .iter()
                .map(|class| ScoredClass { class: class.class.clone(), probability: new(&class.probability) })
                .collect(),
            ..self.clone()
        }
    }

    pub(super) fn class_names(&self) -> Vec<String> {
        self.classes.iter().map(|class| class.class.clone()).collect()
    }
}
