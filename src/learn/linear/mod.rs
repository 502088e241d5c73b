//! Linear models.

pub mod logistic;
mod qr;
pub mod regression;
mod solve;

use crate::matrix::Matrix;

/// Weighted mean and standard deviation of every column.
pub(crate) fn moments(x: &Matrix, weights: Option<&[f64]>) -> (Vec<f64>, Vec<f64>) {
    (0..x.columns()).map(|c| moment(x.column(c), weights)).unzip()
}

/// Weighted mean and standard deviation (both 0 for no weight).
pub(crate) fn moment(values: &[f64], weights: Option<&[f64]>) -> (f64, f64) {
    let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
    let total: f64 = weights.map_or(values.len() as f64, |w| w.iter().sum());
    if total == 0.0 {
        return (0.0, 0.0);
    }
    let mean = values.iter().enumerate().map(|(i, v)| weight(i) * v).sum::<f64>() / total;
    // A second pass takes the rounding out of the mean.
    let mean = mean + values.iter().enumerate().map(|(i, v)| weight(i) * (v - mean)).sum::<f64>() / total;
    let variance = values.iter().enumerate().map(|(i, v)| weight(i) * (v - mean) * (v - mean)).sum::<f64>() / total;
    (mean, variance.sqrt())
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
