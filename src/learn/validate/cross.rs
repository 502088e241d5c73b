//! Training and testing on every fold.

use super::Fold;
use crate::error::{Result, invalid};
use crate::estimator::{Estimator, fit};
use crate::fitted::Prediction;
use crate::matrix::{Matrix, Target};
use crate::observer::{Observer, check};
use crate::report::{Better, Options, Report, evaluate, undefined_without};
use crate::serial;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What the folds say together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossValidation {
    pub folds: Vec<FoldResult>,
    /// Every metric over the folds.
    pub metrics: Vec<Spread>,
    /// Numbers, from 1, of the folds that were not scored: their training rows were of one class.
    #[serde(default)]
    pub skipped: Vec<usize>,
    /// The report of all folds' test rows together, each predicted by a model that has not seen it.
    pub pooled: Report,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    pub train_rows: usize,
    pub test_rows: usize,
    pub seconds: f64,
    pub report: Report,
    /// Keys of metrics that say nothing of this fold's test rows, as a class is not among them.
    #[serde(default)]
    pub undefined: Vec<String>,
}

impl Spread {
    /// Number of folds in which the metric is defined.
    pub fn defined(&self) -> usize {
        self.values.iter().flatten().count()
    }
}

/// A metric over the folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub key: String,
    pub label: String,
    pub better: Better,
    /// One a fold; none where it is not defined.
    pub values: Vec<Option<f64>>,
    /// Over the folds where it is defined.
    #[serde(with = "serial::maybe")]
    pub mean: Option<f64>,
    /// Standard deviation over those folds, as numpy's `std`.
    #[serde(with = "serial::maybe")]
    pub deviation: Option<f64>,
}

/// A fold's test rows as a model saw them that was trained on the others.
pub struct FoldOutcome {
    pub truth: Target,
    pub prediction: Prediction,
    /// One weight a test row.
    pub weights: Option<Vec<f64>>,
}

/// Trains on each fold's training rows and evaluates on its test rows, folds in parallel.
pub fn cross_validate(
    estimator: &Estimator,
    x: &Matrix,
    y: &Target,
    folds: &[Fold],
    options: &Options,
    observer: &dyn Observer,
) -> Result<CrossValidation> {
    if estimator.is_clustering() {
        return invalid("Clustering has no label to test against, so it cannot be cross-validated.");
    }
    let weights = |rows: &[usize]| -> Option<Vec<f64>> {
        options.weights.map(|weights| rows.iter().map(|&row| weights[row]).collect())
    };
    let score = |fold: &Fold, observer: &dyn Observer| -> Result<FoldOutcome> {
        let train = weights(&fold.train);
        let fitted = fit(estimator, &x.take(&fold.train), Some(&y.take(&fold.train)), train.as_deref(), observer)?;
        let prediction = fitted.predict(&x.take(&fold.test))?;
        Ok(FoldOutcome { truth: y.take(&fold.test), prediction, weights: weights(&fold.test) })
    };
    cross_validate_by(folds, y, options, observer, score)
}

/// Lets `score` train and predict each fold, in parallel, and evaluates what it predicts. `y` are the labels of all
/// rows; a fold whose training rows are of one class is not scored, and named.
///
/// # Errors
/// The first error of `score`; no fold that can be scored.
pub fn cross_validate_by(
    folds: &[Fold],
    y: &Target,
    options: &Options,
    observer: &dyn Observer,
    score: impl Fn(&Fold, &dyn Observer) -> Result<FoldOutcome> + Sync,
) -> Result<CrossValidation> {
    if folds.is_empty() {
        return invalid("Cross-validation needs at least 2 folds.");
    }
    let done = AtomicUsize::new(0);
    let score_fold = |fold: &Fold| -> Result<Option<(FoldResult, FoldOutcome)>> {
        check(observer)?;
        if of_one_class(y, &fold.train) {
            return Ok(None);
        }
        let started = Instant::now();
        let outcome = score(fold, &Quiet(observer))?;
        let fold_options = Options { weights: outcome.weights.as_deref(), ..*options };
        let report = evaluate(&outcome.truth, &outcome.prediction, &fold_options)?;

        let finished = done.fetch_add(1, Ordering::Relaxed) + 1;
        observer.progress(finished as f64 / folds.len() as f64, &format!("Fold {finished} of {}", folds.len()));
        let undefined = undefined_in(&outcome.truth, options);
        let seconds = started.elapsed().as_secs_f64();
        let result =
            FoldResult { train_rows: fold.train.len(), test_rows: fold.test.len(), seconds, report, undefined };
        Ok(Some((result, outcome)))
    };
    let scored: Vec<Option<(FoldResult, FoldOutcome)>> = folds.par_iter().map(score_fold).collect::<Result<_>>()?;

    let skipped: Vec<usize> = (0..folds.len()).filter(|&at| scored[at].is_none()).map(|at| at + 1).collect();
    let (results, outcomes): (Vec<FoldResult>, Vec<FoldOutcome>) = scored.into_iter().flatten().unzip();
    if results.is_empty() {
        return invalid(
            "The training rows of every fold are of one class, so there is nothing to learn. Shuffle the rows or \
             stratify the folds by the label.",
        );
    }
    let pooled = pooled(outcomes, options)?;
    Ok(CrossValidation { metrics: spread(&results), folds: results, skipped, pooled })
}

fn of_one_class(y: &Target, rows: &[usize]) -> bool {
    match y {
        Target::Real(_) => false,
        Target::Classes { codes, .. } => rows.windows(2).all(|pair| codes[pair[0]] == codes[pair[1]]),
    }
}

/// The metrics that say nothing of these rows, as one of two classes is not among them.
fn undefined_in(truth: &Target, options: &Options) -> Vec<String> {
    let Target::Classes { codes, classes } = truth else { return Vec::new() };
    if classes.len() != 2 {
        let single = codes.windows(2).all(|pair| pair[0] == pair[1]);
        return if single { vec!["mcc".to_owned(), "kappa".to_owned()] } else { Vec::new() };
    }
    let positive = options.positive.unwrap_or(1).min(1) as u32;
    let positives = codes.contains(&positive);
    let negatives = codes.iter().any(|code| *code != positive);
    undefined_without(positives, negatives).iter().map(|key| (*key).to_owned()).collect()
}

/// The report of all folds' test rows together.
fn pooled(outcomes: Vec<FoldOutcome>, options: &Options) -> Result<Report> {
    let weighted = outcomes.iter().any(|outcome| outcome.weights.is_some());
    let weights: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.weights.as_ref()).flatten().copied().collect();
    let (truths, predictions): (Vec<Target>, Vec<Prediction>) =
        outcomes.into_iter().map(|outcome| (outcome.truth, outcome.prediction)).unzip();
    let options = Options { weights: weighted.then_some(&weights[..]), ..*options };
    evaluate(&Target::concatenate(truths), &Prediction::concatenate(predictions), &options)
}

/// Passes on the wish to stop, but not the progress of a single fold.
struct Quiet<'a>(&'a dyn Observer);

impl Observer for Quiet<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// Every metric that some fold has. A fold in which it says nothing has no part in its mean.
fn spread(folds: &[FoldResult]) -> Vec<Spread> {
    let mut spreads: Vec<Spread> = Vec::new();
    for metric in folds.iter().flat_map(|fold| &fold.report.metrics) {
        if spreads.iter().any(|known| known.key == metric.key) {
            continue;
        }
        let value = |fold: &FoldResult| {
            if fold.undefined.contains(&metric.key) { None } else { fold.report.value(&metric.key) }
        };
        let values: Vec<Option<f64>> = folds.iter().map(value).collect();
        let defined: Vec<f64> = values.iter().flatten().copied().collect();
        let n = defined.len() as f64;
        let mean = (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / n);
        let deviation = mean.map(|m| (defined.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / n).sqrt());
        let (key, label) = (metric.key.clone(), metric.label.clone());
        spreads.push(Spread { key, label, better: metric.better, values, mean, deviation });
    }
    spreads
}
