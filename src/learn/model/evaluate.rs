//! Reports of tables.

use super::label::{self, Truth};
use super::score::DISTANCE;
use super::scored::ScoredColumns;
use super::{Feature, Model, encode};
use crate::error::{Error, Result, invalid};
use crate::fitted::Prediction;
use crate::matrix::{Matrix, Target};
use crate::report::{Options, Report, Task, UNMET, evaluate, evaluate_clusters};
use data::polars::prelude::{Column, DataFrame, DataType};
use data::prepare::Preparation;
use data::schema::{Kind, Schema};

/// How to look at scored rows.
#[derive(Debug, Clone, Default)]
pub struct EvaluateOptions {
    /// The column of the truth; optional for clusters.
    pub label: Option<String>,
    /// The column of row weights.
    pub weight: Option<String>,
    /// Of two classes, the one that metrics are about; by default the one chosen in training.
    pub positive: Option<String>,
    /// From which probability a row counts as positive; by default what the model predicts decides.
    pub threshold: Option<f64>,
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
        let known = Known { classes: &label.classes, positive: label.positive.as_deref(), threshold: label.threshold };
        compare(label.truth(&prepared)?, prediction, &known, frame, options)
    }
}

/// What a model knows of its classes.
struct Known<'a> {
    classes: &'a [String],
    positive: Option<&'a str>,
    threshold: Option<f64>,
}

/// The report of predictions and the truth.
fn compare(
    truth: Truth,
    prediction: Prediction,
    known: &Known,
    frame: &DataFrame,
    options: &EvaluateOptions,
) -> Result<Report> {
    let weights = options.weight.as_ref().map(|name| encode::weights(frame, name)).transpose()?;
    let positive = match &options.positive {
        Some(name) => Some(class_position(known.classes, name)?),
        None => known.positive.and_then(|name| known.classes.iter().position(|class| class == name)),
    };
    // A threshold of the model is about the model's positive class; the predictions were decided by it.
    let same_class = options.positive.is_none() || options.positive.as_deref() == known.positive;
    let decided_at = known.threshold.filter(|_| same_class);
    let prediction = widened(prediction, known.classes.len(), truth.unknown.len());
    let report_options = Options { weights: weights.as_deref(), positive, threshold: options.threshold, decided_at };
    let mut report = evaluate(&truth.target, &prediction, &report_options)?;
    for (class, rows) in &truth.unknown {
        let of_class = if *rows == 1 { "1 row is".to_owned() } else { format!("{rows} rows are") };
        report.notes.push(format!(
            "{of_class} of the class \"{class}\", {UNMET}: it is wrong on them, and the metrics are those of {} classes.",
            known.classes.len() + truth.unknown.len()
        ));
    }
    Ok(report)
}

/// Probabilities of the known classes, and 0 for classes that the model does not know.
fn widened(prediction: Prediction, known: usize, unknown: usize) -> Prediction {
    let Prediction::Classes { codes, probabilities } = prediction else { return prediction };
    if unknown == 0 {
        return Prediction::Classes { codes, probabilities };
    }
    let nothing = vec![0.0; unknown];
    let rows = probabilities.chunks_exact(known);
    let probabilities = rows.flat_map(|row| row.iter().chain(&nothing).copied()).collect();
    Prediction::Classes { codes, probabilities }
}

/// The report of a table that [`Model::score`] made: compares the columns that `scored` names with the label, or measures
/// the clusters over the columns that were clustered.
///
/// # Errors
/// A label that is not chosen or not there, predictions that are missing in some rows.
pub fn report_of_scored(frame: &DataFrame, scored: &ScoredColumns, options: &EvaluateOptions) -> Result<Report> {
    if frame.height() == 0 {
        return invalid("There are no rows to evaluate.");
    }
    let schema = Schema::of(frame);
    let column = |name: &str| frame.column(name).map_err(|_| Error::from(schema.missing(name)));
    if scored.task == Task::Clustering {
        return clusters(frame, scored, options);
    }
    let Some(name) = &options.label else {
        return invalid("The truth is needed to compare predictions with. Choose the label column.");
    };
    let classes = scored.class_names();
    let truth = label::truth(column(name)?, scored.label_kind.unwrap_or(Kind::Text), &classes)?;
    let predicted = column(&scored.predicted)?;
    let prediction = if classes.is_empty() {
        let values = encode::numbers(predicted, "a number")?;
        refuse_absent(&scored.predicted, values.iter().any(|value| value.is_nan()))?;
        Prediction::Real(values)
    } else {
        let kind = scored.label_kind.unwrap_or(Kind::Text);
        let decided = label::truth(predicted, kind, &classes)?;
        if let Some((class, _)) = decided.unknown.first() {
            return invalid(format!(
                "The column “{}” predicts \"{class}\", which is no class of the model: its values were changed after \
                 scoring. Connect the rows as Score model made them.",
                scored.predicted
            ));
        }
        let Target::Classes { codes, .. } = decided.target else { return invalid("There are no predictions.") };
        let mut probabilities = vec![0.0; frame.height() * classes.len()];
        for (at, class) in scored.classes.iter().enumerate() {
            let values = encode::numbers(column(&class.probability)?, "a probability")?;
            refuse_absent(&class.probability, values.iter().any(|value| value.is_nan()))?;
            for (row, value) in values.into_iter().enumerate() {
                probabilities[row * classes.len() + at] = value;
            }
        }
        Prediction::Classes { codes, probabilities }
    };
    let known = Known { classes: &classes, positive: scored.positive.as_deref(), threshold: scored.threshold };
    compare(truth, prediction, &known, frame, options)
}

fn refuse_absent(name: &str, absent: bool) -> Result<()> {
    if absent {
        return invalid(format!("The column “{name}” is missing in some rows. Remove those rows first."));
    }
    Ok(())
}

fn class_position(classes: &[String], name: &str) -> Result<usize> {
    match classes.iter().position(|class| class == name) {
        Some(at) => Ok(at),
        None => invalid(format!("There is no class \"{name}\". The classes are {}.", classes.join(", "))),
    }
}

/// Any column as codes of its distinct values; missing is a value too.
pub(super) fn codes_of(frame: &DataFrame, name: &str) -> Result<Vec<u32>> {
    let column = frame.column(name).map_err(|_| Schema::of(frame).missing(name))?;
    let texts = column.cast(&DataType::String)?;
    let mut seen = std::collections::HashMap::new();
    let code = |text: Option<&str>| {
        let next = seen.len() as u32;
        *seen.entry(text.map(str::to_owned)).or_insert(next)
    };
    Ok(texts.str()?.iter().map(code).collect())
}

fn clusters(frame: &DataFrame, scored: &ScoredColumns, options: &EvaluateOptions) -> Result<Report> {
    let numeric = |column: &Column| {
        let kind = Kind::of(column.dtype());
        kind.is_numeric() || kind == Kind::Boolean
    };
    let clustered: Option<Vec<&Column>> = scored.clustered.iter().map(|name| frame.column(name).ok()).collect();
    let measured = match clustered.filter(|columns| !columns.is_empty() && columns.iter().all(|it| numeric(it))) {
        Some(columns) => columns,
        // The columns that were clustered are not in the table: they were made from others.
        None => {
            let own: Vec<&str> =
                scored.names().chain(options.label.as_deref()).chain(options.weight.as_deref()).collect();
            let others = frame.columns().iter().filter(|column| !own.contains(&column.name().as_str()));
            others.filter(|column| numeric(column)).collect()
        }
    };
    let features: Vec<Feature> = measured.into_iter().map(|it| Feature::of(it, 0)).collect::<Result<_>>()?;
    let x: Matrix = encode::matrix(&features, frame)?;
    if features.is_empty() || x.missing().0 > 0 {
        return invalid("Clusters are measured over numeric columns without missing values. Fill or drop them first.");
    }
    let codes = encode::numbers(frame.column(&scored.predicted)?, "a cluster's number")?;
    let distance = scored.distance.as_deref().unwrap_or(DISTANCE);
    let distances = encode::numbers(frame.column(distance)?, "a distance")?;
    let truth = options.label.as_ref().map(|name| codes_of(frame, name)).transpose()?;
    let prediction = Prediction::Clusters { codes: codes.iter().map(|c| *c as u32).collect(), distances };
    evaluate_clusters(&x, &prediction, truth.as_deref())
}
