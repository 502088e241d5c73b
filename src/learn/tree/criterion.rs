//! What a split is to reduce.
//!
//! A node's rows are summed into statistics: the weight of each class, or for numbers the weight and the weighted
//! sum. `score` is chosen so that splitting reduces the weighted impurity by exactly
//! `score(left) + score(right) - score(parent)`.

/// A measure of purity over statistics.
pub(super) trait Purity: Copy + Sync {
    fn score(self, statistics: &[f64]) -> f64;
}

/// Classes: `weight * Gini impurity = weight - sum(weight_k^2) / weight`.
#[derive(Clone, Copy)]
pub(super) struct Gini;

/// Classes: `weight * entropy (bits) = weight log2 weight - sum(weight_k log2 weight_k)`.
#[derive(Clone, Copy)]
pub(super) struct Entropy;

/// Numbers: `weight * variance = sum(w y^2) - sum(w y)^2 / weight`; statistics are `[weight, sum(w y)]`.
#[derive(Clone, Copy)]
pub(super) struct Squared;

impl Purity for Gini {
    #[inline(always)]
    fn score(self, s: &[f64]) -> f64 {
        if let [a, b] = s {
            return (a * a + b * b) / (a + b);
        }
        let (sum, squares) = s.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        squares / sum
    }
}

impl Purity for Entropy {
    #[inline]
    fn score(self, s: &[f64]) -> f64 {
        let bits = |w: f64| if w > 0.0 { w * w.log2() } else { 0.0 };
        s.iter().map(|w| bits(*w)).sum::<f64>() - bits(s.iter().sum())
    }
}

impl Purity for Squared {
    #[inline(always)]
    fn score(self, s: &[f64]) -> f64 {
        s[1] * s[1] / s[0]
    }
}

/// Runs `$body` with the purity measure of a [`crate::estimator::Criterion`] as a constant type.
macro_rules! with_purity {
    ($criterion:expr, $classes:expr, $purity:ident => $body:expr) => {
        match ($criterion, $classes) {
            (_, false) => {
                let $purity = $crate::tree::criterion::Squared;
                $body
            }
            ($crate::estimator::Criterion::Entropy, true) => {
                let $purity = $crate::tree::criterion::Entropy;
                $body
            }
            (_, true) => {
                let $purity = $crate::tree::criterion::Gini;
                $body
            }
        }
    };
}
pub(super) use with_purity;

use super::Labels;
use crate::error::{Result, invalid};
use crate::estimator::Criterion;

/// Refuses a criterion that does not fit the labels.
pub(super) fn check_criterion(criterion: Criterion, labels: Labels) -> Result<()> {
    match (criterion, labels) {
        (Criterion::Gini | Criterion::Entropy, Labels::Real(_)) => {
            invalid("Gini and entropy are for classes, but the label is a number. Use the squared error.")
        }
        (Criterion::SquaredError, Labels::Classes { .. }) => {
            invalid("The squared error is for numbers, but the label is a class. Use Gini or entropy.")
        }
        _ => Ok(()),
    }
}

/// How rows are summed and leaves are valued.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Statistics a node: 2 for numbers, else one a class.
    pub statistics: usize,
    /// Number of classes, 0 for numbers.
    pub classes: usize,
    /// Taken off numbers before summing, so that large means do not cost digits.
    pub offset: f64,
}

impl Shape {
    pub fn new(labels: Labels, weights: Option<&[f64]>) -> Self {
        match labels {
            Labels::Real(y) => Self { statistics: 2, classes: 0, offset: crate::linear::moment(y, weights).0 },
            Labels::Classes { classes, .. } => Self { statistics: classes.max(2), classes, offset: 0.0 },
        }
    }

    /// Values a leaf holds, see [`super::Tree::width`].
    pub fn width(&self) -> usize {
        if self.classes > 2 { self.classes } else { 1 }
    }

    /// A row's contribution to the statistics.
    #[inline(always)]
    pub fn add(&self, statistics: &mut [f64], label: f64, weight: f64) {
        if self.classes == 0 {
            statistics[0] += weight;
            statistics[1] += weight * label;
        } else {
            statistics[label as usize] += weight;
        }
    }

    /// Labels as numbers: offset taken off, or class codes.
    pub fn labels(&self, labels: Labels) -> Vec<f64> {
        match labels {
            Labels::Real(y) => y.iter().map(|v| v - self.offset).collect(),
            Labels::Classes { codes, .. } => codes.iter().map(|&c| f64::from(c)).collect(),
        }
    }

    pub fn weight(&self, statistics: &[f64]) -> f64 {
        if self.classes == 0 { statistics[0] } else { statistics.iter().sum() }
    }

    /// The values of a leaf with these statistics.
    pub fn leaf(&self, statistics: &[f64]) -> Vec<f64> {
        match self.classes {
            0 => vec![self.offset + statistics[1] / statistics[0]],
            2 => vec![statistics[1] / (statistics[0] + statistics[1])],
            _ => {
                let weight: f64 = statistics.iter().sum();
                statistics.iter().map(|s| s / weight).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_differ_by_the_impurity_decrease() {
        let (left, right, both): ([f64; 2], [f64; 2], [f64; 2]) = ([3.0, 1.0], [1.0, 5.0], [4.0, 6.0]);
        let gini = |s: &[f64]| {
            let n: f64 = s.iter().sum();
            n * (1.0 - s.iter().map(|w| (w / n).powi(2)).sum::<f64>())
        };
        let entropy = |s: &[f64]| {
            let n: f64 = s.iter().sum();
            -s.iter().map(|w| w * (w / n).log2()).sum::<f64>()
        };
        let decrease = |f: &dyn Fn(&[f64]) -> f64| f(&both) - f(&left) - f(&right);
        let gain = |p: &dyn Fn(&[f64]) -> f64| p(&left) + p(&right) - p(&both);
        assert!((gain(&|s| Gini.score(s)) - decrease(&gini)).abs() < 1e-12);
        assert!((gain(&|s| Entropy.score(s)) - decrease(&entropy)).abs() < 1e-12);
        assert!((Gini.score(&[3.0, 1.0, 0.0]) - Gini.score(&[3.0, 1.0])).abs() < 1e-12);
        // y = 1, 3 | 8: the variance falls from 26 in all to 2 + 0.
        let squared = Squared.score(&[2.0, 4.0]) + Squared.score(&[1.0, 8.0]) - Squared.score(&[3.0, 12.0]);
        assert!((squared - 24.0).abs() < 1e-12);
    }
}
