//! Training and testing on every fold.

use super::Fold;
use crate::error::{Result, invalid};
use crate::estimator::{Estimator, fit};
use crate::fitted::Prediction;
use crate::matrix::{Matrix, Target};
use crate::observer::{Observer, check};
use crate::report::{Better, Options, Report, evaluate};
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
    /// The report of all folds' test rows together, each predicted by a model that has not seen it.
    pub pooled: Report,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    pub train_rows: usize,
    pub test_rows: usize,
    pub seconds: f64,
    pub report: Report,
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
    if folds.is_empty() {
        return invalid("Cross-validation needs at least 2 folds.");
    }
    let done = AtomicUsize::new(0);
    let one = |(at, fold): (usize, &Fold)| -> Result<(FoldResult, Prediction)> {
        check(observer)?;
        let started = Instant::now();
        let weights =
            |rows: &[usize]| -> Option<Vec<f64>> { options.weights.map(|w| rows.iter().map(|&r| w[r]).collect()) };
        let quiet = Quiet(observer);
        let train = weights(&fold.train);
        let fitted = fit(estimator, &x.take(&fold.train), Some(&y.take(&fold.train)), train.as_deref(), &quiet)?;
        let prediction = fitted.predict(&x.take(&fold.test))?;
        let test = weights(&fold.test);
        let options = Options { weights: test.as_deref(), ..*options };
        let report = evaluate(&y.take(&fold.test), &prediction, &options)?;
        for metric in &report.metrics {
            if let Some(value) = metric.value {
                observer.metric(&metric.key, value, at as u64 + 1);
            }
        }
        let finished = done.fetch_add(1, Ordering::Relaxed) + 1;
        let message = format!("Fold {finished} of {}", folds.len());
        observer.progress(finished as f64 / folds.len() as f64, &message);
        let seconds = started.elapsed().as_secs_f64();
        Ok((FoldResult { train_rows: fold.train.len(), test_rows: fold.test.len(), seconds, report }, prediction))
    };
    let results: Vec<(FoldResult, Prediction)> = folds.par_iter().enumerate().map(one).collect::<Result<_>>()?;
    let (results, predictions): (Vec<FoldResult>, Vec<Prediction>) = results.into_iter().unzip();
    let rows: Vec<usize> = folds.iter().flat_map(|f| f.test.iter().copied()).collect();
    let weights: Option<Vec<f64>> = options.weights.map(|w| rows.iter().map(|&r| w[r]).collect());
    let options = Options { weights: weights.as_deref(), ..*options };
    let pooled = evaluate(&y.take(&rows), &concatenate(predictions), &options)?;
    let metrics = spread(&results);
    Ok(CrossValidation { folds: results, metrics, pooled })
}

/// Passes on the wish to stop, but not the progress of a single fold.
struct Quiet<'a>(&'a dyn Observer);

impl Observer for Quiet<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

fn concatenate(predictions: Vec<Prediction>) -> Prediction {
    let mut all = predictions.into_iter();
    let mut first = all.next().unwrap_or(Prediction::Real(Vec::new()));
    for next in all {
        match (&mut first, next) {
            (Prediction::Real(a), Prediction::Real(b)) => a.extend(b),
            (
                Prediction::Classes { codes: a, probabilities: p },
                Prediction::Classes { codes: b, probabilities: q },
            ) => {
                a.extend(b);
                p.extend(q);
            }
            // One estimator makes one kind of prediction.
            _ => {}
        }
    }
    first
}

fn spread(folds: &[FoldResult]) -> Vec<Spread> {
    let Some(first) = folds.first() else {
        return Vec::new();
    };
    let one = |metric: &crate::report::Metric| {
        let values: Vec<Option<f64>> = folds.iter().map(|f| f.report.value(&metric.key)).collect();
        let defined: Vec<f64> = values.iter().flatten().copied().collect();
        let n = defined.len() as f64;
        let mean = (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / n);
        let deviation = mean.map(|m| (defined.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / n).sqrt());
        Spread { key: metric.key.clone(), label: metric.label.clone(), better: metric.better, values, mean, deviation }
    };
    first.report.metrics.iter().map(one).collect()
}
