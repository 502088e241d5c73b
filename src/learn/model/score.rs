//! Predicting the rows of a table.

use super::encode;
use super::{Label, Model};
use crate::error::Result;
use crate::fitted::Prediction;
use crate::matrix::Matrix;
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
pub const PROBABILITY: &str = "probability_";

impl Model {
    /// The rows of `frame` with predictions: `predicted` and, for classes, a `probability_<class>` each; or
    /// `cluster` and `distance`. Columns of those names are replaced.
    ///
    /// `already` is what the table has gone through since it was raw; only the rest of the model's preparation is
    /// applied, and the columns of `frame` itself stay as they are. Columns that no feature depends on, such as the
    /// label, may be absent.
    pub fn score(&self, frame: &DataFrame, already: &Preparation) -> Result<DataFrame> {
        let (_, prediction) = self.predict(frame, already)?;
        let mut scored = frame.clone();
        for column in self.columns(&prediction) {
            scored.with_column(column)?;
        }
        Ok(scored)
    }

    /// The features and the predictions of the rows of `frame`, as [`Model::score`] takes them.
    pub fn predict(&self, frame: &DataFrame, already: &Preparation) -> Result<(Matrix, Prediction)> {
        let x = encode::matrix(&self.features, &self.prepare(frame, already)?)?;
        let prediction = self.fitted.predict(&x)?;
        Ok((x, prediction))
    }

    /// What remains of the preparation, step by step. A step may speak of a column that is absent and that no
    /// feature depends on; such a column is added, empty.
    pub(super) fn prepare(&self, frame: &DataFrame, already: &Preparation) -> Result<DataFrame> {
        let remaining = self.preparation.remaining_after(already)?;
        let needed = self.needed();
        let first = self.preparation.0.len() - remaining.0.len();
        let mut frame = frame.clone();
        for (step, needed) in remaining.0.iter().zip(&needed[first..]) {
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

fn probability_columns(label: &Label, probabilities: &[f64]) -> Vec<Column> {
    let classes = label.classes.len();
    let of = |(at, class): (usize, &String)| {
        let values: Vec<f64> = probabilities.iter().skip(at).step_by(classes).copied().collect();
        Series::new(format!("{PROBABILITY}{class}").as_str().into(), values).into_column()
    };
    label.classes.iter().enumerate().map(of).collect()
}
