//! The losses that boosting lowers: squared error, log loss, and the log loss of a softmax. Scores are outputs x rows.

use crate::linear::logistic::sigmoid;
use crate::tree::Labels;
use rayon::prelude::*;

/// First and second derivatives of the loss by output `k`.
pub(super) fn derivatives(
    labels: Labels,
    weights: &[f64],
    scores: &[Vec<f64>],
    k: usize,
    parallel: bool,
) -> (Vec<f32>, Vec<f32>) {
    let one = |row: usize| -> (f32, f32) {
        let (gradient, hessian) = match labels {
            Labels::Real(y) => (scores[0][row] - y[row], 1.0),
            Labels::Classes { codes, classes: 2 } => {
                let p = sigmoid(scores[0][row]);
                (p - f64::from(codes[row]), p * (1.0 - p))
            }
            Labels::Classes { codes, .. } => {
                let p = (scores[k][row] - log_sum(scores, row)).exp();
                (p - f64::from(codes[row] as usize == k), p * (1.0 - p))
            }
        };
        ((weights[row] * gradient) as f32, (weights[row] * hessian) as f32)
    };
    let rows = weights.len();
    if parallel { (0..rows).into_par_iter().map(one).unzip() } else { (0..rows).map(one).unzip() }
}

/// The logarithm of the sum of a row's exponentials.
fn log_sum(scores: &[Vec<f64>], row: usize) -> f64 {
    let largest = scores.iter().fold(f64::NEG_INFINITY, |m, s| m.max(s[row]));
    largest + scores.iter().map(|s| (s[row] - largest).exp()).sum::<f64>().ln()
}

/// The score before any tree: the mean, the log odds, or the logarithms of the shares.
pub(super) fn base(labels: Labels, weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    match labels {
        Labels::Real(y) => vec![crate::linear::moment(y, Some(weights)).0],
        Labels::Classes { codes, classes } => {
            // A class whose rows were all held out still needs a finite score.
            let mut shares = vec![1e-9; classes];
            codes.iter().zip(weights).for_each(|(&c, w)| shares[c as usize] += w / total);
            match shares[..] {
                [a, b] => vec![(b / a).ln()],
                _ => shares.iter().map(|s| s.ln()).collect(),
            }
        }
    }
}

/// The mean loss of scores (outputs x rows).
pub(super) fn mean(labels: Labels, weights: &[f64], scores: &[Vec<f64>]) -> f64 {
    let one = |row: usize| match labels {
        Labels::Real(y) => (scores[0][row] - y[row]).powi(2),
        Labels::Classes { codes, classes: 2 } => {
            let signed = if codes[row] == 1 { -scores[0][row] } else { scores[0][row] };
            signed.max(0.0) + (-signed.abs()).exp().ln_1p()
        }
        Labels::Classes { codes, .. } => log_sum(scores, row) - scores[codes[row] as usize][row],
    };
    let total: f64 = weights.iter().sum();
    weights.iter().enumerate().map(|(row, w)| w * one(row)).sum::<f64>() / total
}
