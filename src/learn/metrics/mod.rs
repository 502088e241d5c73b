//! Metrics, with scikit-learn's definitions and conventions.
//!
//! Truth and predictions have one value a row; weights, where given, one non-negative weight a row. A metric that
//! is not defined for its rows (such as the ROC AUC of one class) is NaN.

pub mod binary;
pub mod clustering;
pub mod multiclass;
pub mod regression;

/// Row weights, or 1 for each.
pub(crate) fn weight(weights: Option<&[f64]>, row: usize) -> f64 {
    weights.map_or(1.0, |w| w[row])
}

/// The weighted mean of a value a row; NaN for no weight.
pub(crate) fn mean(rows: usize, weights: Option<&[f64]>, value: impl Fn(usize) -> f64) -> f64 {
    let mut sum = 0.0;
    let mut total = 0.0;
    for row in 0..rows {
        let weight = weight(weights, row);
        // A row without weight must not spoil the sum with an infinite value.
        if weight > 0.0 {
            sum += weight * value(row);
            total += weight;
        }
    }
    sum / total
}

/// `a / b`, and 0 where there is nothing to divide by.
pub(crate) fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}
