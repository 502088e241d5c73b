//! Predicting the rows of a table.

use super::encode;
use super::notes::ScoringNotes;
use super::scored::ScoredColumns;
use super::{Label, Model};
use crate::error::Result;
use crate::fitted::Prediction;
use crate::matrix::Matrix;
use crate::observer::{Observer, check};
use data::polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, Series};
use data::prepare::Preparation;
use data::schema::Kind;
use std::collections::HashSet;

/// Name of the column of predictions.
pub const PREDICTED: &str = "predicted";
/// Name of the column of clusters.
pub const CLUSTER: &str = "cluster";
/// Name of the column of distances to the cluster's centre.
pub const DISTANCE: &str = "distance";
/// What the names of probability columns begin with; the class follows.
const PROBABILITY: &str = "probability_";

/// Rows predicted between two looks at the observer.
const BATCH: usize = 100_000;

/// A table with predictions.
#[derive(Debug, Clone)]
pub struct ScoredRows {
    pub frame: DataFrame,
    /// The columns that were added and what they mean.
    pub columns: ScoredColumns,
    /// What the rows held that training had not met.
    pub notes: ScoringNotes,
}

impl Model {
    /// The rows of `frame` with predictions: `predicted` and, for classes, a `probability_<class>` each; or
    /// `cluster` and `distance`. Columns of those names are replaced.
    ///
    /// Columns may have other types than in training; they are converted to those of training. `already` is what the
    /// table has gone through since it was raw; only the rest of the model's preparation is applied, and the columns of
    /// `frame` itself stay as they are. Columns that no feature depends on, such as the label, may be absent.
    ///
    /// # Errors
    /// A column that is missing, or holds a value that cannot be converted; both are named.
    pub fn score(&self, frame: &DataFrame, already: &Preparation, observer: &dyn Observer) -> Result<ScoredRows> {
        let (prediction, notes) = self.predict_noting(frame, already, observer)?;
        let mut scored = frame.clone();
        for column in self.columns(&prediction) {
            scored.with_column(column)?;
        }
        Ok(ScoredRows { frame: scored, columns: ScoredColumns::of(self), notes })
    }

    fn predict_noting(
        &self,
        frame: &DataFrame,
        already: &Preparation,
        observer: &dyn Observer,
    ) -> Result<(Prediction, ScoringNotes)> {
        let mut notes = ScoringNotes::default();
        let remaining = self.preparation.remaining_after(already)?;
        let first = self.preparation.0.len() - remaining.0.len();
        // Conversion looks at whole columns, so that every batch is of one type.
        let conformed = self.conformed(frame, first, &mut notes)?;
        let mut parts = Vec::new();
        for start in (0..frame.height().max(1)).step_by(BATCH) {
            check(observer)?;
            if start > 0 {
                observer.progress(start as f64 / frame.height() as f64, "Predicting");
            }
            let rows = conformed.slice(start as i64, BATCH);
            let prepared = self.prepare_conformed(rows, &remaining, &mut notes)?;
            let x = encode::noted_matrix(self, &prepared, &mut notes)?;
            parts.push(self.decided(&x)?);
        }
        Ok((Prediction::concatenate(parts), notes))
    }

    fn decided(&self, x: &Matrix) -> Result<Prediction> {
        encode::refuse_missing(&self.features, x, &self.estimator)?;
        let mut prediction = self.fitted.predict(x)?;
        if let Some(label) = &self.label {
            label.decide(&mut prediction);
        }
        Ok(prediction)
    }

    /// The features and the predictions of the rows of `frame`, as [`Model::score`] takes them.
    pub fn predict(&self, frame: &DataFrame, already: &Preparation) -> Result<(Matrix, Prediction)> {
        let x = encode::matrix(&self.features, &self.prepare(frame, already)?)?;
        let prediction = self.decided(&x)?;
        Ok((x, prediction))
    }

    /// The table as it was trained on: in the types of training, and after what remains of the preparation.
    pub(super) fn prepare(&self, frame: &DataFrame, already: &Preparation) -> Result<DataFrame> {
        let mut notes = ScoringNotes::default();
        let remaining = self.preparation.remaining_after(already)?;
        let first = self.preparation.0.len() - remaining.0.len();
        let conformed = self.conformed(frame, first, &mut notes)?;
        self.prepare_conformed(conformed, &remaining, &mut notes)
    }

    /// What remains of the preparation, step by step. A step may speak of a column that is absent and that no
    /// feature depends on; such a column is added, empty.
    fn prepare_conformed(
        &self,
        mut frame: DataFrame,
        remaining: &Preparation,
        notes: &mut ScoringNotes,
    ) -> Result<DataFrame> {
        let needed = self.needed();
        let first = self.preparation.0.len() - remaining.0.len();
        for (step, needed) in remaining.0.iter().zip(&needed[first..]) {
            Self::note_unseen(step, &frame, notes)?;
            let mut added = HashSet::new();
            frame = loop {
                match step.apply(&frame) {
                    Err(data::Error::MissingColumn { name, .. })
                        if !needed.contains_key(&name) && added.insert(name.clone()) =>
                    {
                        frame.with_column(self.empty(&name, frame.height()))?;
                    }
                    done => break done?,
                }
            };
        }
        Ok(frame)
    }

    fn empty(&self, name: &str, rows: usize) -> Column {
        let label = self.label.as_ref().filter(|label| label.name == name).map(|label| label.kind);
        let kind = label.unwrap_or(Kind::Real);
        Series::full_null(name.into(), rows, &kind.dtype()).into_column()
    }

    /// Predictions as columns.
    fn columns(&self, prediction: &Prediction) -> Vec<Column> {
        let reals = |name: &str, values: Vec<f64>| Series::new(name.into(), values).into_column();
        match prediction {
            Prediction::Real(values) => vec![reals(PREDICTED, values.clone())],
            Prediction::Clusters { codes, distances } => {
                let codes: Vec<i64> = codes.iter().map(|c| i64::from(*c)).collect();
                vec![Series::new(CLUSTER.into(), codes).into_column(), reals(DISTANCE, distances.clone())]
            }
            Prediction::Classes { codes, probabilities } => {
                let Some(label) = &self.label else {
                    return Vec::new();
                };
                let mut columns = vec![label.column(PREDICTED, codes)];
                columns.extend(probability_columns(label, probabilities));
                columns
            }
        }
    }
}

/// The name of the column of a class's probabilities.
pub fn probability_of(class: &str) -> String {
    format!("{PROBABILITY}{class}")
}

fn probability_columns(label: &Label, probabilities: &[f64]) -> Vec<Column> {
    let classes = label.classes.len();
    let of = |(at, class): (usize, &String)| {
        let values: Vec<f64> = probabilities.iter().skip(at).step_by(classes).copied().collect();
        Series::new(probability_of(class).as_str().into(), values).into_column()
    };
    label.classes.iter().enumerate().map(of).collect()
}
