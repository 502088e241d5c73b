//! From predictions to the report that fits them.

use super::{Binary, Clustering, Decision, Multiclass, Report, binary, clustering, multiclass, regression};
use crate::error::{Result, count, invalid};
use crate::fitted::Prediction;
use crate::matrix::{Matrix, Target};

/// How to look at predictions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    pub weights: Option<&'a [f64]>,
    /// Which of two classes is positive; by default the second.
    pub positive: Option<usize>,
    /// From which probability a row counts as positive; none where the predicted classes decide.
    pub threshold: Option<f64>,
    /// The threshold that the predicted classes were decided by, if not by which is likelier.
    pub decided_at: Option<f64>,
}

/// The report of predictions against a target.
///
/// # Errors
/// A sentence if there are no rows, or predictions and target do not fit each other.
pub fn evaluate(target: &Target, prediction: &Prediction, options: &Options) -> Result<Report> {
    if target.len() != prediction.len() {
        return invalid(format!(
            "There are {} for {}.",
            count(prediction.len(), "prediction"),
            count(target.len(), "true value")
        ));
    }
    if target.is_empty() {
        return invalid("There are no rows to evaluate.");
    }
    let weights = options.weights;
    if weights.is_some_and(|w| w.len() != target.len()) {
        return invalid("There must be as many weights as rows.");
    }
    match (target, prediction) {
        (Target::Real(truth), Prediction::Real(predicted)) => Ok(regression(truth, predicted, weights)),
        (Target::Classes { codes, classes }, Prediction::Classes { codes: predicted, probabilities }) => {
            if probabilities.len() != codes.len() * classes.len() {
                return invalid("The predictions are of other classes than the label.");
            }
            if classes.len() != 2 {
                let predicted = &predicted[..];
                return Ok(multiclass(&Multiclass { truth: codes, predicted, probabilities, classes, weights }));
            }
            let positive = options.positive.unwrap_or(1).min(1);
            let truth: Vec<bool> = codes.iter().map(|&c| c as usize == positive).collect();
            let probability: Vec<f64> = probabilities.chunks_exact(2).map(|p| p[positive]).collect();
            let decided: Vec<bool> = predicted.iter().map(|&c| c as usize == positive).collect();
            let decision = match options.threshold {
                Some(threshold) => Decision::Threshold(threshold),
                None => Decision::Made { positive: &decided, threshold: options.decided_at },
            };
            Ok(binary(&Binary {
                truth: &truth,
                probability: &probability,
                weights,
                positive: &classes[positive],
                negative: &classes[1 - positive],
                decision,
            }))
        }
        _ => invalid("The predictions and the label are of different kinds, so they cannot be compared."),
    }
}

/// The report of clusters of `x`, compared with true classes if there are any.
pub fn evaluate_clusters(x: &Matrix, prediction: &Prediction, truth: Option<&[u32]>) -> Result<Report> {
    let Prediction::Clusters { codes, distances } = prediction else {
        return invalid("These are not the predictions of a clustering.");
    };
    if codes.is_empty() {
        return invalid("There are no rows to evaluate.");
    }
    Ok(clustering(&Clustering { x, codes, distances: Some(distances), weights: None, truth }))
}
