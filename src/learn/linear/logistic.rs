//! Logistic regression by Newton's method.
//!
//! Minimises scikit-learn's objective, `sum(loss) + |w|^2 / (2 C)` with the intercept unpenalised, divided by the
//! sum of weights. Features are standardised inside, with the penalty scaled to match, so that badly scaled tables
//! converge too. Small problems solve the Newton system by Cholesky, large ones by conjugate gradients.

use super::{dot, moments, solve};
use crate::error::{Result, invalid};
use crate::estimator::LogisticRegression;
use crate::fitted::{Summary, normalised};
use crate::matrix::Matrix;
use crate::observer::{Observer, check};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A trained logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticFit {
    /// One row (the log odds of the second class) for two classes, else one row a class; one value a feature.
    pub coefficients: Vec<Vec<f64>>,
    pub intercepts: Vec<f64>,
    /// The features' standard deviations in training.
    pub deviations: Vec<f64>,
    pub iterations: usize,
    pub converged: bool,
}

/// Solve the Newton system directly up to this many unknowns and this much work for one Hessian.
const DIRECT_UNKNOWNS: usize = 1000;
const DIRECT_WORK: f64 = 4e9;

pub(crate) fn fit(
    params: &LogisticRegression,
    x: &Matrix,
    codes: &[u32],
    classes: usize,
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<LogisticFit> {
    if !(params.c > 0.0 && params.c.is_finite()) {
        return invalid(format!("The inverse penalty C is {}; it must be above 0.", params.c));
    }
    let problem = Problem::new(params, x, codes, classes, weights);
    let mut theta = vec![0.0; problem.unknowns()];
    let (mut loss, mut gradient) = problem.gradient(&theta);
    let (mut iterations, mut converged) = (0, false);
    loop {
        let steepest = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        converged |= steepest <= params.tolerance;
        if converged || iterations == params.max_iterations {
            break;
        }
        check(observer)?;
        observer.metric("loss", loss, iterations as u64);
        observer.progress(iterations as f64 / params.max_iterations as f64, "Newton steps");
        let direction = problem.direction(&theta, &gradient);
        match problem.search(&theta, &direction, loss, dot(&gradient, &direction)) {
            Some(next) => theta = next,
            // No step lowers the loss any more: this is the minimum that f64 can tell.
            None => converged = true,
        }
        (loss, gradient) = problem.gradient(&theta);
        iterations += 1;
    }
    observer.metric("loss", loss, iterations as u64);
    let (coefficients, intercepts) = problem.original(&theta);
    Ok(LogisticFit { coefficients, intercepts, deviations: moments(x, weights).1, iterations, converged })
}

struct Problem<'a> {
    /// Standardised rows, `width` values each, the last 1 if there is an intercept.
    z: Vec<f64>,
    width: usize,
    intercept: bool,
    /// Outputs: 1 for two classes, else one a class.
    outputs: usize,
    codes: &'a [u32],
    weights: Option<&'a [f64]>,
    total: f64,
    means: Vec<f64>,
    scales: Vec<f64>,
    /// Penalty on each of `width` unknowns.
    penalty: Vec<f64>,
}

impl<'a> Problem<'a> {
    fn new(
        params: &LogisticRegression,
        x: &Matrix,
        codes: &'a [u32],
        classes: usize,
        weights: Option<&'a [f64]>,
    ) -> Self {
        let (mut means, mut scales) = moments(x, weights);
        if !params.intercept {
            // Without an intercept the origin must stay where it is.
            scales.iter_mut().zip(&means).for_each(|(s, m)| *s = (*s * *s + m * m).sqrt());
            means.fill(0.0);
        }
        let total = weights.map_or(x.rows() as f64, |w| w.iter().sum());
        let width = x.columns() + usize::from(params.intercept);
        let mut z = vec![1.0; x.rows() * width];
        let mut penalty = vec![0.0; width];
        for c in 0..x.columns() {
            // What is left of a constant column is rounding.
            if scales[c] <= 1e-12 * means[c].abs() {
                scales[c] = 0.0;
            }
            let inverse = if scales[c] > 0.0 { 1.0 / scales[c] } else { 0.0 };
            for (r, v) in x.column(c).iter().enumerate() {
                z[r * width + c] = (v - means[c]) * inverse;
            }
            penalty[c] = if scales[c] > 0.0 { inverse * inverse / (params.c * total) } else { 1.0 };
        }
        let outputs = if classes == 2 { 1 } else { classes };
        let intercept = params.intercept;
        Self { z, width, intercept, outputs, codes, weights, total, means, scales, penalty }
    }

    fn unknowns(&self) -> usize {
        self.outputs * self.width
    }

    /// Sums `part(rows, accumulator)` over blocks of rows; the blocks depend on the row count alone, so the
    /// result does not depend on the number of threads.
    fn sum(&self, size: usize, part: impl Fn(usize, &mut [f64]) + Sync) -> Vec<f64> {
        let rows = self.codes.len();
        let block = rows.div_ceil((rows / 2048).clamp(1, 32));
        let parts: Vec<Vec<f64>> = (0..rows.div_ceil(block))
            .into_par_iter()
            .map(|b| {
                let mut accumulator = vec![0.0; size];
                (b * block..((b + 1) * block).min(rows)).for_each(|r| part(r, &mut accumulator));
                accumulator
            })
            .collect();
        let mut sum = vec![0.0; size];
        parts.iter().for_each(|p| sum.iter_mut().zip(p).for_each(|(s, p)| *s += p));
        sum
    }

    fn row(&self, r: usize) -> &[f64] {
        &self.z[r * self.width..(r + 1) * self.width]
    }

    fn weight(&self, r: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[r]) / self.total
    }

    /// The linear outputs of row `r`.
    fn scores(&self, theta: &[f64], r: usize, out: &mut Vec<f64>) {
        out.clear();
        out.extend(theta.chunks_exact(self.width).map(|t| dot(t, self.row(r))));
    }

    /// Turns scores into probabilities in place, and returns the row's loss.
    fn probabilities(&self, r: usize, scores: &mut [f64]) -> f64 {
        let code = self.codes[r] as usize;
        if let [score] = scores {
            let signed = if code == 1 { -*score } else { *score };
            *score = sigmoid(*score);
            return signed.max(0.0) + (-signed.abs()).exp().ln_1p();
        }
        let own = scores[code];
        softmax(scores) - own
    }

    fn loss(&self, theta: &[f64]) -> f64 {
        let sum = self.sum(1, |r, out| {
            let mut scores = Vec::with_capacity(self.outputs);
            self.scores(theta, r, &mut scores);
            out[0] += self.weight(r) * self.probabilities(r, &mut scores);
        });
        sum[0] + self.penalised(theta)
    }

    fn penalised(&self, theta: &[f64]) -> f64 {
        let one = |t: &[f64]| t.iter().zip(&self.penalty).map(|(t, p)| p * t * t).sum::<f64>();
        0.5 * theta.chunks_exact(self.width).map(one).sum::<f64>()
    }

    fn gradient(&self, theta: &[f64]) -> (f64, Vec<f64>) {
        let size = self.unknowns();
        let mut sum = self.sum(size + 1, |r, out| {
            let mut scores = Vec::with_capacity(self.outputs);
            self.scores(theta, r, &mut scores);
            let weight = self.weight(r);
            out[size] += weight * self.probabilities(r, &mut scores);
            for (k, p) in scores.iter().enumerate() {
                let error = weight * (p - f64::from(self.is(r, k)));
                axpy(error, self.row(r), &mut out[k * self.width..(k + 1) * self.width]);
            }
        });
        let loss = sum.pop().unwrap_or(0.0) + self.penalised(theta);
        for (i, g) in sum.iter_mut().enumerate() {
            *g += self.penalty[i % self.width] * theta[i];
        }
        (loss, sum)
    }

    /// Whether row `r` is of output `k`'s class.
    fn is(&self, r: usize, k: usize) -> bool {
        self.codes[r] as usize == if self.outputs == 1 { 1 } else { k }
    }

    /// The Newton direction.
    fn direction(&self, theta: &[f64], gradient: &[f64]) -> Vec<f64> {
        let n = self.unknowns();
        let work = self.codes.len() as f64 * (n * n) as f64 / 2.0;
        if n > DIRECT_UNKNOWNS || work > DIRECT_WORK {
            return self.conjugate_gradients(theta, gradient);
        }
        let mut hessian = self.hessian(theta);
        let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
        solve::cholesky(&mut hessian, &mut direction);
        // A singular direction may have spoilt the solution; the gradient never is.
        if dot(&direction, gradient) < 0.0 { direction } else { gradient.iter().map(|g| -g).collect() }
    }

    /// The lower triangle of the second derivatives.
    fn hessian(&self, theta: &[f64]) -> Vec<f64> {
        let (n, width) = (self.unknowns(), self.width);
        let mut hessian = self.sum(n * n, |r, out| {
            let mut p = Vec::with_capacity(self.outputs);
            self.scores(theta, r, &mut p);
            self.probabilities(r, &mut p);
            let row = self.row(r);
            for k in 0..self.outputs {
                for l in 0..=k {
                    let curvature = self.weight(r) * p[k] * (f64::from(k == l) - p[l]);
                    for (a, value) in row.iter().enumerate() {
                        let start = (k * width + a) * n + l * width;
                        let length = if k == l { a + 1 } else { width };
                        axpy(curvature * value, &row[..length], &mut out[start..start + length]);
                    }
                }
            }
        });
        let largest = (0..n).fold(0.0f64, |m, i| m.max(hessian[i * n + i]));
        for i in 0..n {
            // The sum of a softmax's intercepts is free; a trace of curvature keeps it where it is.
            hessian[i * n + i] += self.penalty[i % width] + 1e-13 * largest;
        }
        hessian
    }

    /// Solves the Newton system to a tolerance that tightens with the gradient (Nocedal and Wright, 7.1).
    fn conjugate_gradients(&self, theta: &[f64], gradient: &[f64]) -> Vec<f64> {
        let norm = dot(gradient, gradient).sqrt();
        let goal = norm * norm.sqrt().min(0.1);
        let mut solution = vec![0.0; gradient.len()];
        let mut residual: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut direction = residual.clone();
        let mut squared = dot(&residual, &residual);
        for _ in 0..gradient.len().min(500) {
            if squared.sqrt() <= goal {
                break;
            }
            let curved = self.curve(theta, &direction);
            let curvature = dot(&direction, &curved);
            if curvature <= 0.0 {
                break;
            }
            let step = squared / curvature;
            axpy(step, &direction, &mut solution);
            axpy(-step, &curved, &mut residual);
            let next = dot(&residual, &residual);
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + next / squared * *d);
            squared = next;
        }
        solution
    }

    /// The second derivatives times `direction`.
    fn curve(&self, theta: &[f64], direction: &[f64]) -> Vec<f64> {
        let mut out = self.sum(self.unknowns(), |r, out| {
            let (mut p, mut t) = (Vec::with_capacity(self.outputs), Vec::with_capacity(self.outputs));
            self.scores(theta, r, &mut p);
            self.probabilities(r, &mut p);
            self.scores(direction, r, &mut t);
            let mean = dot(&p, &t);
            for k in 0..self.outputs {
                let change = self.weight(r) * p[k] * (t[k] - mean);
                axpy(change, self.row(r), &mut out[k * self.width..(k + 1) * self.width]);
            }
        });
        for (i, h) in out.iter_mut().enumerate() {
            *h += self.penalty[i % self.width] * direction[i];
        }
        out
    }

    /// Halves the step until the loss falls enough; none if no step lowers it.
    fn search(&self, theta: &[f64], direction: &[f64], loss: f64, slope: f64) -> Option<Vec<f64>> {
        let mut step = 1.0;
        for _ in 0..40 {
            let next: Vec<f64> = theta.iter().zip(direction).map(|(t, d)| t + step * d).collect();
            let reached = self.loss(&next);
            if reached <= loss + 1e-4 * step * slope {
                return Some(next);
            }
            // Near the minimum the decrease drowns in rounding, while the full Newton step is still right.
            if step == 1.0 && reached <= loss + 4.0 * f64::EPSILON * loss.abs() && -slope < 1e-12 * loss.abs() {
                return Some(next);
            }
            step *= 0.5;
        }
        None
    }

    /// Coefficients and intercepts for the features as they came.
    fn original(&self, theta: &[f64]) -> (Vec<Vec<f64>>, Vec<f64>) {
        let features = self.scales.len();
        let mut coefficients = Vec::new();
        let mut intercepts = Vec::new();
        for t in theta.chunks_exact(self.width) {
            let w: Vec<f64> = t.iter().zip(&self.scales).map(|(t, s)| if *s > 0.0 { t / s } else { 0.0 }).collect();
            intercepts.push(if self.intercept { t[features] - dot(&w, &self.means) } else { 0.0 });
            coefficients.push(w);
        }
        if self.outputs > 1 && self.intercept {
            let mean = intercepts.iter().sum::<f64>() / intercepts.len() as f64;
            intercepts.iter_mut().for_each(|b| *b -= mean);
        }
        (coefficients, intercepts)
    }
}

fn axpy(factor: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

pub(crate) fn sigmoid(score: f64) -> f64 {
    if score >= 0.0 {
        1.0 / (1.0 + (-score).exp())
    } else {
        let e = score.exp();
        e / (1.0 + e)
    }
}

/// Turns scores into probabilities in place; returns the logarithm of the sum of exponentials.
pub(crate) fn softmax(scores: &mut [f64]) -> f64 {
    let largest = scores.iter().fold(f64::NEG_INFINITY, |m, s| m.max(*s));
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|s| *s /= sum);
    largest + sum.ln()
}

impl LogisticFit {
    /// Probabilities, rows x classes.
    pub(crate) fn predict(&self, x: &Matrix) -> Vec<f64> {
        let outputs = self.intercepts.len();
        let mut out = Vec::with_capacity(x.rows() * outputs.max(2));
        let mut block = Vec::new();
        for start in (0..x.rows()).step_by(1024) {
            x.copy_rows(start, (start + 1024).min(x.rows()), &mut block);
            for row in block.chunks_exact(x.columns()) {
                let score = |k: usize| dot(&self.coefficients[k], row) + self.intercepts[k];
                if outputs == 1 {
                    let p = sigmoid(score(0));
                    out.extend([1.0 - p, p]);
                } else {
                    let at = out.len();
                    out.extend((0..outputs).map(score));
                    softmax(&mut out[at..]);
                }
            }
        }
        out
    }

    pub(crate) fn importance(&self) -> Vec<f64> {
        let size = |c: usize| self.coefficients.iter().map(|w| w[c].abs()).sum::<f64>();
        normalised(self.deviations.iter().enumerate().map(|(c, s)| size(c) * s).collect())
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary::Linear {
            coefficients: self.coefficients.clone(),
            intercepts: self.intercepts.clone(),
            iterations: self.iterations,
            converged: self.converged,
        }
    }
}
