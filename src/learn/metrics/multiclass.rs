//! Metrics of several classes. Confusion matrices have a row a true class and a column a predicted one.

use super::binary;
use super::{mean, ratio, weight};

/// Summed weights by true and predicted class.
pub fn confusion(truth: &[u32], predicted: &[u32], classes: usize, weights: Option<&[f64]>) -> Vec<Vec<f64>> {
    let mut counts = vec![vec![0.0; classes]; classes];
    for (i, (t, p)) in truth.iter().zip(predicted).enumerate() {
        counts[*t as usize][*p as usize] += weight(weights, i);
    }
    counts
}

fn total(confusion: &[Vec<f64>]) -> f64 {
    confusion.iter().flatten().sum()
}

fn predicted(confusion: &[Vec<f64>], class: usize) -> f64 {
    confusion.iter().map(|row| row[class]).sum()
}

/// NaN for no rows.
pub fn accuracy(confusion: &[Vec<f64>]) -> f64 {
    (0..confusion.len()).map(|k| confusion[k][k]).sum::<f64>() / total(confusion)
}

/// The mean recall of the classes that have rows.
pub fn balanced_accuracy(confusion: &[Vec<f64>]) -> f64 {
    let recalls: Vec<f64> = confusion
        .iter()
        .enumerate()
        .filter_map(|(k, row)| {
            let support: f64 = row.iter().sum();
            (support > 0.0).then(|| row[k] / support)
        })
        .collect();
    recalls.iter().sum::<f64>() / recalls.len() as f64
}

/// Scores of one class against the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScores {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Weight of the class' rows.
    pub support: f64,
    /// Whether it occurs in truth or prediction; otherwise it takes no part in averages.
    pub occurs: bool,
}

/// One entry a class; where there is nothing to divide by, 0.
pub fn per_class(confusion: &[Vec<f64>]) -> Vec<ClassScores> {
    (0..confusion.len())
        .map(|k| {
            let support: f64 = confusion[k].iter().sum();
            let predicted = predicted(confusion, k);
            let right = confusion[k][k];
            ClassScores {
                precision: ratio(right, predicted),
                recall: ratio(right, support),
                f1: ratio(2.0 * right, support + predicted),
                support,
                occurs: support > 0.0 || predicted > 0.0,
            }
        })
        .collect()
}

/// How scores of classes become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// Every class counts the same.
    Macro,
    /// Every class counts by its rows.
    Weighted,
}

/// The average of one of the scores over the classes that occur.
pub fn average(scores: &[ClassScores], average: Average, score: impl Fn(&ClassScores) -> f64) -> f64 {
    let weight = |s: &ClassScores| match average {
        Average::Macro => 1.0,
        Average::Weighted => s.support,
    };
    let occurring = || scores.iter().filter(|s| s.occurs);
    occurring().map(|s| weight(s) * score(s)).sum::<f64>() / occurring().map(weight).sum::<f64>()
}

/// Cohen's kappa: agreement beyond chance; NaN if truth and prediction are the same one class.
pub fn kappa(confusion: &[Vec<f64>]) -> f64 {
    let total = total(confusion);
    let chance = (0..confusion.len()).map(|k| confusion[k].iter().sum::<f64>() * predicted(confusion, k)).sum::<f64>()
        / (total * total);
    (accuracy(confusion) - chance) / (1.0 - chance)
}

/// Matthews' correlation coefficient, -1 to 1; 0 if truth or prediction is one class only.
pub fn mcc(confusion: &[Vec<f64>]) -> f64 {
    let n = total(confusion);
    let right: f64 = (0..confusion.len()).map(|k| confusion[k][k]).sum();
    let (mut both, mut truths, mut predictions) = (0.0, 0.0, 0.0);
    for k in 0..confusion.len() {
        let (t, p) = (confusion[k].iter().sum::<f64>(), predicted(confusion, k));
        both += t * p;
        truths += t * t;
        predictions += p * p;
    }
    ratio(right * n - both, ((n * n - truths) * (n * n - predictions)).sqrt())
}

/// The mean negative logarithm of the probability given to the truth, clipped to `f64::EPSILON`.
/// `probabilities` are rows x classes.
pub fn log_loss(truth: &[u32], probabilities: &[f64], classes: usize, weights: Option<&[f64]>) -> f64 {
    mean(truth.len(), weights, |i| {
        let p = probabilities[i * classes + truth[i] as usize];
        -p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    })
}

/// The ROC AUC of each class against the others; NaN for a class without rows, or with all of them.
pub fn roc_auc_per_class(truth: &[u32], probabilities: &[f64], classes: usize, weights: Option<&[f64]>) -> Vec<f64> {
    (0..classes)
        .map(|k| {
            let (is, scores) = one_against_others(truth, probabilities, classes, k);
            binary::roc_auc(&is, &scores, weights)
        })
        .collect()
}

pub(crate) fn one_against_others(
    truth: &[u32],
    probabilities: &[f64],
    classes: usize,
    k: usize,
) -> (Vec<bool>, Vec<f64>) {
    let is = truth.iter().map(|&t| t as usize == k).collect();
    (is, probabilities.iter().skip(k).step_by(classes).copied().collect())
}

/// The share of rows whose class is among the `k` likeliest; of equally likely classes the later one counts as
/// likelier, as in scikit-learn.
pub fn top_k_accuracy(truth: &[u32], probabilities: &[f64], classes: usize, k: usize, weights: Option<&[f64]>) -> f64 {
    mean(truth.len(), weights, |i| {
        let row = &probabilities[i * classes..(i + 1) * classes];
        let own = truth[i] as usize;
        let ahead = (0..classes).filter(|&c| row[c] > row[own] || (row[c] == row[own] && c > own)).count();
        f64::from(ahead < k)
    })
}
