//! Models of tables: an estimator trained on a table's columns, together with everything that makes raw rows into
//! what it was trained on, and the file that holds it ([`file`]).

mod cross;
mod elsewhere;
mod encode;
mod evaluate;
pub mod file;
mod inputs;
mod label;
mod notes;
mod score;
mod scored;
mod signature;
#[cfg(test)]
mod tests;
mod threshold;
mod train;
#[cfg(test)]
mod typing_tests;

pub use cross::{FoldRows, FoldTables, TableFolds, cross_validate};
pub use elsewhere::{PredictionColumns, report_of_columns};
pub use encode::{Encoding, Feature};
pub use evaluate::{EvaluateOptions, report_of_scored};
pub use label::{Label, LabelAs};
pub use notes::{ColumnNotes, ScoringNotes};
pub use score::{ScoredRows, probability_of};
pub use scored::{ScoredClass, ScoredColumns};
pub use threshold::{ThresholdGoal, TunedModel};
pub use train::TrainOptions;

use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::report::{Metric, Task};
use data::prepare::Preparation;
use data::schema::Schema;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The version of the model file that this program writes.
pub const FORMAT: u32 = 1;

/// A trained model and how to get from raw rows to its predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Version of the file format, see [`FORMAT`].
    pub format: u32,
    /// The program that trained it.
    pub created_by: String,
    /// What raw rows go through before they become features.
    pub preparation: Preparation,
    /// The raw columns that the features come from. Kinds are exact where the raw table was known in training, and
    /// otherwise what the preparation needs.
    pub input: Schema,
    /// Whether `input` has the kinds of the raw table that was trained on, and not guesses.
    pub exact_input: bool,
    /// The prepared columns that it looks at, in order.
    pub features: Vec<Feature>,
    /// What it predicts; none for clustering.
    pub label: Option<Label>,
    pub estimator: Estimator,
    pub fitted: Fitted,
    pub training: Training,
}

/// How it came about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Training {
    pub rows: u64,
    /// Rows of each of the label's classes; empty for numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_rows: Vec<u64>,
    pub seconds: f64,
    /// What was measured of it, by whoever evaluated it before saving.
    #[serde(default)]
    pub metrics: Vec<Metric>,
}

impl Model {
    pub fn task(&self) -> Task {
        let classes = self.label.as_ref().filter(|l| !l.classes.is_empty()).map(|l| l.classes.len());
        self.estimator.task(classes)
    }

    /// How much each column matters, summing to 1, in the order of `features`; none where the algorithm cannot say.
    pub fn importance(&self) -> Option<IndexMap<String, f64>> {
        let of_encoded = self.fitted.importance()?;
        let mut encoded = of_encoded.iter();
        let own = |feature: &Feature| {
            let sum: f64 = encoded.by_ref().take(feature.encoding.width()).sum();
            (feature.column.clone(), sum)
        };
        Some(self.features.iter().map(own).collect())
    }

    /// The names of what the estimator sees: a column's, or `column = category` for each of its categories. In the
    /// order of the coefficients and centres of [`Fitted::summary`].
    pub fn encoded_names(&self) -> Vec<String> {
        self.features.iter().flat_map(Feature::names).collect()
    }
}

impl From<data::Error> for crate::Error {
    fn from(error: data::Error) -> Self {
        match error {
            data::Error::Cancelled => Self::Cancelled,
            error => Self::Invalid(error.to_string()),
        }
    }
}

impl From<data::polars::error::PolarsError> for crate::Error {
    fn from(error: data::polars::error::PolarsError) -> Self {
        data::Error::from(error).into()
    }
}
