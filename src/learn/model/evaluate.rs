//! Reports and cross-validation of tables.

use super::label::texts;
use super::score::{CLUSTER, DISTANCE, PREDICTED, PROBABILITY};
use super::{Model, TrainOptions};
use crate::error::{Result, invalid};
use crate::estimator::Estimator;
use crate::fitted::Prediction;
use crate::matrix::{Matrix, Target};
use crate::model::encode::{self, Feature};
use crate::observer::Observer;
use crate::report::{Options, Report, evaluate, evaluate_clusters};
use crate::validate::{self, CrossValidation, Folds, Scheme};
use data::polars::prelude::{DataFrame, DataType};
use data::prepare::Preparation;
use data::schema::{Kind, Schema};

/// How to look at scored rows.
#[derive(Debug, Clone)]
pub struct EvaluateOptions {
    /// The column of the truth; optional for clusters.
    pub label: Option<String>,
    /// The column of row weights.
    pub weight: Option<String>,
    /// Of two classes, the one that metrics are about; by default the second.
    pub positive: Option<String>,
    /// From which probability a row counts as positive. Default 0.5.
    pub threshold: f64,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        Self { label: None, weight: None, positive: None, threshold: 0.5 }
    }
}

impl Model {
    /// Predicts the rows of `frame` and compares with the label, or for clusters with the rows themselves.
    /// `already` is as in [`Model::score`].
    pub fn evaluate(&self, frame: &DataFrame, already: &Preparation, options: &EvaluateOptions) -> Result<Report> {
        let (x, prediction) = self.predict(frame, already)?;
        let Some(label) = &self.label else {
            let truth = options.label.as_ref().map(|name| codes_of(frame, name)).transpose()?;
            return evaluate_clusters(&x, &prediction, truth.as_deref());
        };
        // The truth may have been prepared too: renamed, cast or scaled.
        let prepared = self.prepare(frame, already)?;
        let target = label.truth(&prepared)?;
        let weights = options.weight.as_ref().map(|name| encode::weights(frame, name)).transpose()?;
        let positive = match &options.positive {
            Some(name) => Some(class_position(&label.classes, name)?),
            None => label.positive_code(),
        };
        evaluate(&target, &prediction, &Options { weights: weights.as_deref(), positive, threshold: options.threshold })
    }
}

/// The report of a table that [`Model::score`] made: compares `predicted` and the probabilities with the label, or
/// measures the clusters over all other numeric columns.
pub fn report_of_scored(frame: &DataFrame, options: &EvaluateOptions) -> Result<Report> {
    if frame.height() == 0 {
        return invalid("There are no rows to evaluate.");
    }
    if frame.column(PREDICTED).is_err() && frame.column(CLUSTER).is_ok() {
        return clusters(frame, options);
    }
    let schema = Schema::of(frame);
    let Some(name) = &options.label else {
        return invalid("The truth is needed to compare predictions with. Choose the label column.");
    };
    let Ok(predicted) = frame.column(PREDICTED) else {
        return invalid("The table has no column “predicted”. Score it with a model first.");
    };
    let truth = frame.column(name).map_err(|_| schema.missing(name))?;
    let weights = options.weight.as_ref().map(|name| encode::weights(frame, name)).transpose()?;
    let weights = weights.as_deref();
    let classes: Vec<String> =
        schema.names().filter_map(|column| column.strip_prefix(PROBABILITY)).map(str::to_owned).collect();
    if classes.is_empty() {
        let truth = encode::numbers(truth, "a number to compare with")?;
        let predicted = encode::numbers(predicted, "a number")?;
        if truth.iter().chain(&predicted).any(|v| v.is_nan()) {
            return invalid(format!(
                "The label “{name}” or its prediction is missing in some rows. Remove them first."
            ));
        }
        let options = Options { weights, ..Options::default() };
        return evaluate(&Target::Real(truth), &Prediction::Real(predicted), &options);
    }
    let codes = |column| coded(column, &classes);
    let (truth, predicted) = (codes(truth)?, codes(predicted)?);
    let mut probabilities = vec![0.0; frame.height() * classes.len()];
    for (k, class) in classes.iter().enumerate() {
        let column = frame.column(&format!("{PROBABILITY}{class}"))?;
        let values = encode::numbers(column, "a probability")?;
        values.iter().enumerate().for_each(|(row, p)| probabilities[row * classes.len() + k] = *p);
    }
    let positive = options.positive.as_ref().map(|name| class_position(&classes, name)).transpose()?;
    let options = Options { weights, positive, threshold: options.threshold };
    let target = Target::Classes { codes: truth, classes };
    evaluate(&target, &Prediction::Classes { codes: predicted, probabilities }, &options)
}

fn class_position(classes: &[String], name: &str) -> Result<usize> {
    match classes.iter().position(|class| class == name) {
        Some(at) => Ok(at),
        None => invalid(format!("There is no class \"{name}\". The classes are {}.", classes.join(", "))),
    }
}

/// Values as positions among the classes.
fn coded(column: &data::polars::prelude::Column, classes: &[String]) -> Result<Vec<u32>> {
    let texts = texts(column, Kind::of(column.dtype()))?;
    let code = |text: &Option<String>| match text {
        Some(text) => match classes.iter().position(|class| class == text) {
            Some(at) => Ok(at as u32),
            None => invalid(format!(
                "Column “{}” has the value \"{text}\", which the model does not know. Remove those rows.",
                column.name()
            )),
        },
        None => invalid(format!("Column “{}” is missing in some rows. Remove them first.", column.name())),
    };
    texts.iter().map(code).collect()
}

/// Any column as codes of its distinct values; missing is a value too.
fn codes_of(frame: &DataFrame, name: &str) -> Result<Vec<u32>> {
    let column = frame.column(name).map_err(|_| Schema::of(frame).missing(name))?;
    let texts = column.cast(&DataType::String)?;
    let mut seen = std::collections::HashMap::new();
    let code = |text: Option<&str>| {
        let next = seen.len() as u32;
        *seen.entry(text.map(str::to_owned)).or_insert(next)
    };
    Ok(texts.str()?.iter().map(code).collect())
}

fn clusters(frame: &DataFrame, options: &EvaluateOptions) -> Result<Report> {
    let own = [Some(CLUSTER), Some(DISTANCE), options.label.as_deref(), options.weight.as_deref()];
    let numeric = frame.columns().iter().filter(|column| {
        let kind = Kind::of(column.dtype());
        !own.contains(&Some(column.name().as_str())) && (kind.is_numeric() || kind == Kind::Boolean)
    });
    let features: Vec<Feature> = numeric.map(|column| Feature::of(column, 0)).collect::<Result<_>>()?;
    let x: Matrix = encode::matrix(&features, frame)?;
    if features.is_empty() || x.missing().0 > 0 {
        return invalid("Clusters are measured over numeric columns without missing values. Fill or drop them first.");
    }
    let codes = encode::numbers(frame.column(CLUSTER)?, "a cluster's number")?;
    let distances = encode::numbers(frame.column(DISTANCE)?, "a distance")?;
    let truth = options.label.as_ref().map(|name| codes_of(frame, name)).transpose()?;
    let prediction = Prediction::Clusters { codes: codes.iter().map(|c| *c as u32).collect(), distances };
    evaluate_clusters(&x, &prediction, truth.as_deref())
}

/// Cross-validates an estimator on a table that has gone through `options.preparation`. `group` names the column of
/// grouped folds, `time` that of time series folds (by default the one of role time, or the order of rows).
pub fn cross_validate(
    estimator: &Estimator,
    frame: &DataFrame,
    options: &TrainOptions,
    folds: &Folds,
    by: Option<&str>,
    observer: &dyn Observer,
) -> Result<CrossValidation> {
    let mut options = options.clone();
    let mut groups = None;
    let mut time = None;
    if let Some(name) = by {
        // What divides the rows must not be learnt from.
        options.roles.insert(name.to_owned(), data::schema::Role::Ignore);
        match folds.scheme {
            Scheme::Group => groups = Some(codes_of(frame, name)?),
            Scheme::TimeSeries => time = Some(times(frame, name)?),
            Scheme::KFold | Scheme::Stratified => {}
        }
    }
    let prepared = options.prepare(estimator, frame)?;
    let Some((label, target)) = prepared.label else {
        return invalid("Clustering has no label to test against, so it cannot be cross-validated.");
    };
    let folds = folds.split(frame.height(), Some(&target), groups.as_deref(), time.as_deref())?;
    let weights = prepared.weights.as_deref();
    let options = Options { weights, positive: label.positive_code(), ..Options::default() };
    validate::cross_validate(estimator, &prepared.x, &target, &folds, &options, observer)
}

/// A column as points in time, or any numbers.
fn times(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let column = frame.column(name).map_err(|_| Schema::of(frame).missing(name))?;
    if Kind::of(column.dtype()).is_temporal() {
        let ticks = column.cast(&DataType::Int64)?.cast(&DataType::Float64)?;
        return Ok(ticks.f64()?.iter().map(|v| v.unwrap_or(f64::NAN)).collect());
    }
    encode::numbers(column, "a date, a time or a number")
}
