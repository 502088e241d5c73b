//! Linear regression: ordinary least squares, ridge, elastic net.

use super::qr::Tall;
use super::{dot, moment, moments};
use crate::error::{Result, invalid};
use crate::estimator::{LinearRegression, Penalty};
use crate::fitted::{Summary, normalised};
use crate::matrix::Matrix;
use crate::observer::{Observer, check};
use serde::{Deserialize, Serialize};

/// A trained linear regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearFit {
    /// One a feature.
    pub coefficients: Vec<f64>,
    pub intercept: f64,
    /// Number of features that do not depend on others linearly, where that was found out.
    pub rank: Option<usize>,
    /// The features' standard deviations in training.
    pub deviations: Vec<f64>,
    pub iterations: usize,
    pub converged: bool,
}

/// Rows folded at a time.
const BLOCK: usize = 4096;

pub(crate) fn fit(
    params: &LinearRegression,
    x: &Matrix,
    y: &[f64],
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<LinearFit> {
    if params.penalty != Penalty::None && !(params.alpha >= 0.0 && params.alpha.is_finite()) {
        return invalid(format!("The penalty's strength alpha is {}; it must be 0 or more.", params.alpha));
    }
    if params.penalty == Penalty::ElasticNet && !(0.0..=1.0).contains(&params.l1_ratio) {
        return invalid(format!("The L1 ratio is {}; it must be between 0 and 1.", params.l1_ratio));
    }
    let (mut means, deviations) = moments(x, weights);
    let mut offset = moment(y, weights).0;
    if !params.intercept {
        means.fill(0.0);
        offset = 0.0;
    }
    let centred = Centred { x, y, weights, means: &means, offset };
    let (coefficients, rank, iterations, converged) = match params.penalty {
        Penalty::None => {
            let (w, rank) = centred.least_squares(0.0, observer)?;
            (w, Some(rank), 0, true)
        }
        Penalty::Ridge => (centred.least_squares(params.alpha, observer)?.0, None, 0, true),
        Penalty::ElasticNet => {
            let (w, iterations, converged) = centred.elastic_net(params, observer)?;
            (w, None, iterations, converged)
        }
    };
    let intercept = offset - dot(&means, &coefficients);
    Ok(LinearFit { coefficients, intercept, rank, deviations, iterations, converged })
}

/// The table as the solvers see it: means taken off, rows scaled by the root of their weight.
struct Centred<'a> {
    x: &'a Matrix,
    y: &'a [f64],
    weights: Option<&'a [f64]>,
    means: &'a [f64],
    offset: f64,
}

impl Centred<'_> {
    fn fill(&self, column: usize, start: usize, out: &mut [f64]) {
        let (values, mean) = match column {
            c if c < self.x.columns() => (self.x.column(c), self.means[c]),
            _ => (self.y, self.offset),
        };
        let end = start + out.len();
        for (i, (out, value)) in out.iter_mut().zip(&values[start..end]).enumerate() {
            *out = (value - mean) * self.weights.map_or(1.0, |w| w[start + i].sqrt());
        }
    }

    /// Ordinary least squares, or ridge as further rows `sqrt(alpha) I`.
    fn least_squares(&self, alpha: f64, observer: &dyn Observer) -> Result<(Vec<f64>, usize)> {
        let (rows, features) = (self.x.rows(), self.x.columns());
        let mut tall = Tall::new(features + 1);
        let block = BLOCK.max(2 * features);
        for start in (0..rows).step_by(block) {
            check(observer)?;
            observer.progress(start as f64 / rows as f64, "Solving");
            tall.push(block.min(rows - start), |c, out| self.fill(c, start, out));
        }
        if alpha > 0.0 {
            tall.push(features, |c, out| {
                if c < features {
                    out[c] = alpha.sqrt();
                }
            });
        }
        check(observer)?;
        Ok(tall.solve(f64::EPSILON * rows.max(features) as f64))
    }

    /// Cyclic coordinate descent to scikit-learn's duality gap (Friedman, Hastie, Tibshirani 2010).
    fn elastic_net(&self, params: &LinearRegression, observer: &dyn Observer) -> Result<(Vec<f64>, usize, bool)> {
        let (rows, features) = (self.x.rows(), self.x.columns());
        let mut x = Matrix::zeros(rows, features);
        (0..features).for_each(|c| self.fill(c, 0, x.column_mut(c)));
        let mut residual = vec![0.0; rows];
        self.fill(features, 0, &mut residual);
        let total = self.weights.map_or(rows as f64, |w| w.iter().sum());
        let (l1, l2) = (params.alpha * params.l1_ratio * total, params.alpha * (1.0 - params.l1_ratio) * total);
        let norms: Vec<f64> = (0..features).map(|c| dot(x.column(c), x.column(c))).collect();
        let target = dot(&residual, &residual);
        let y = residual.clone();
        let mut w = vec![0.0; features];
        for iteration in 1..=params.max_iterations {
            check(observer)?;
            let (mut largest, mut change) = (0.0f64, 0.0f64);
            for c in (0..features).filter(|&c| norms[c] > 0.0) {
                let before = w[c];
                let pull = dot(x.column(c), &residual) + norms[c] * before;
                w[c] = pull.signum() * (pull.abs() - l1).max(0.0) / (norms[c] + l2);
                let step = w[c] - before;
                if step != 0.0 {
                    residual.iter_mut().zip(x.column(c)).for_each(|(r, x)| *r -= step * x);
                }
                (largest, change) = (largest.max(w[c].abs()), change.max(step.abs()));
            }
            if change <= params.tolerance * largest || iteration == params.max_iterations {
                let gap = duality_gap(&x, &y, &residual, &w, l1, l2);
                if gap <= params.tolerance * target {
                    return Ok((w, iteration, true));
                }
            }
        }
        Ok((w, params.max_iterations, false))
    }
}

/// How far the primal value of `w` can be from the optimum at most.
fn duality_gap(x: &Matrix, y: &[f64], residual: &[f64], w: &[f64], l1: f64, l2: f64) -> f64 {
    let steepest = (0..x.columns()).map(|c| (dot(x.column(c), residual) - l2 * w[c]).abs()).fold(0.0f64, f64::max);
    let norm = dot(residual, residual);
    let squares = dot(w, w);
    let (scale, mut gap) = if steepest > l1 {
        let scale = l1 / steepest;
        (scale, 0.5 * (norm + norm * scale * scale))
    } else {
        (1.0, norm)
    };
    gap += l1 * w.iter().map(|w| w.abs()).sum::<f64>() - scale * dot(residual, y);
    gap + 0.5 * l2 * (1.0 + scale * scale) * squares
}

impl LinearFit {
    pub(crate) fn predict(&self, x: &Matrix) -> Vec<f64> {
        let mut out = vec![self.intercept; x.rows()];
        for (c, w) in self.coefficients.iter().enumerate() {
            out.iter_mut().zip(x.column(c)).for_each(|(o, v)| *o += w * v);
        }
        out
    }

    pub(crate) fn importance(&self) -> Vec<f64> {
        normalised(self.coefficients.iter().zip(&self.deviations).map(|(w, s)| w.abs() * s).collect())
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary::Linear {
            coefficients: vec![self.coefficients.clone()],
            intercepts: vec![self.intercept],
            iterations: self.iterations,
            converged: self.converged,
        }
    }
}
