//! Gradient boosted trees (Friedman 2001; Chen and Guestrin 2016).
//!
//! forust grows the single trees on binned values. The rounds are made here, so that they can be cancelled, report
//! their loss, stop early and boost several classes together.

mod loss;

use crate::error::{Error, Result, invalid};
use crate::estimator::GradientBoosting;
use crate::fitted::{Summary, normalised};
use crate::linear::logistic::{sigmoid, softmax};
use crate::matrix::Matrix;
use crate::observer::{Observer, check};
use crate::rng::{self, Random};
use crate::tree::{Labels, Tree};
use forust_ml::binning::{BinnedData, bin_matrix};
use forust_ml::gradientbooster::GrowPolicy;
use forust_ml::sampler::SampleMethod;
use forust_ml::splitter::MissingImputerSplitter;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Trained boosted trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostingFit {
    /// Number of classes, 0 for numbers.
    pub classes: usize,
    /// The score before the first tree: 1 value, or one a class for more than two.
    pub base: Vec<f64>,
    /// Round by round, one tree an output.
    pub trees: Vec<Tree>,
    /// Share of the gain each feature brought.
    pub importance: Vec<f64>,
}

/// Below this many cells one thread is faster.
const PARALLEL_CELLS: usize = 50_000;
/// Rows predicted together.
const BLOCK: usize = 512;

pub(crate) fn fit(
    params: &GradientBoosting,
    x: &Matrix,
    labels: Labels,
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<BoostingFit> {
    check_params(params)?;
    let mut random = rng::part(params.seed, 0);
    let (training, validation) = hold_out(params, labels.len(), &mut random)?;
    let ones = vec![1.0; labels.len()];
    let weights = weights.unwrap_or(&ones);
    if validation.is_empty() {
        return Rounds::new(params, x, labels, weights, None, random, observer)?.run();
    }
    let part = |rows: &[usize]| -> (Matrix, Owned, Vec<f64>) {
        (x.take(rows), Owned::take(labels, rows), rows.iter().map(|&r| weights[r]).collect())
    };
    let (x, labels, weights) = part(&training);
    let held = part(&validation);
    let held = HeldOut { x: &held.0, labels: held.1.labels(), weights: &held.2 };
    Rounds::new(params, &x, labels.labels(), &weights, Some(held), random, observer)?.run()
}

fn check_params(params: &GradientBoosting) -> Result<()> {
    let share = |name: &str, value: f64| {
        if value > 0.0 && value <= 1.0 {
            return Ok(());
        }
        invalid(format!("The {name} is {value}; it must be above 0 and at most 1."))
    };
    share("share of rows", params.subsample)?;
    share("share of features", params.feature_share)?;
    if params.n_estimators == 0 {
        return invalid("Boosting needs at least 1 round.");
    }
    if !(params.learning_rate > 0.0 && params.learning_rate.is_finite()) {
        return invalid(format!("The learning rate is {}; it must be above 0.", params.learning_rate));
    }
    if params.max_depth == 0 || params.max_leaves.is_some_and(|n| n < 2) {
        return invalid("Each tree needs at least one level of splits and two leaves.");
    }
    if !(2..=255).contains(&params.max_bins) {
        return invalid(format!("The number of bins is {}; choose 2 to 255.", params.max_bins));
    }
    let penalties = [params.l1, params.l2, params.min_split_gain, params.min_leaf_weight];
    if penalties.iter().any(|p| !(*p >= 0.0 && p.is_finite())) {
        return invalid("Penalties, the least gain and the least leaf weight must be 0 or more.");
    }
    Ok(())
}

/// Rows to train on, and rows held out to know when to stop.
fn hold_out(params: &GradientBoosting, rows: usize, random: &mut Random) -> Result<(Vec<usize>, Vec<usize>)> {
    if params.early_stopping_rounds.is_none() {
        return Ok(((0..rows).collect(), Vec::new()));
    }
    let share = params.validation_fraction;
    if !(share > 0.0 && share < 1.0) {
        return invalid(format!("The validation fraction is {share}; it must be between 0 and 1."));
    }
    let held = ((rows as f64 * share).round() as usize).max(1);
    if held >= rows {
        return invalid("There are too few rows to hold some out for early stopping. Switch it off.");
    }
    let mut order: Vec<usize> = (0..rows).collect();
    rng::shuffle(random, &mut order);
    let mut training = order.split_off(held);
    order.sort_unstable();
    training.sort_unstable();
    Ok((training, order))
}

/// Labels of some rows.
enum Owned {
    Real(Vec<f64>),
    Classes { codes: Vec<u32>, classes: usize },
}

impl Owned {
    fn take(labels: Labels, rows: &[usize]) -> Self {
        match labels {
            Labels::Real(y) => Self::Real(rows.iter().map(|&r| y[r]).collect()),
            Labels::Classes { codes, classes } => {
                Self::Classes { codes: rows.iter().map(|&r| codes[r]).collect(), classes }
            }
        }
    }

    fn labels(&self) -> Labels<'_> {
        match self {
            Self::Real(y) => Labels::Real(y),
            Self::Classes { codes, classes } => Labels::Classes { codes, classes: *classes },
        }
    }
}

#[derive(Clone, Copy)]
struct HeldOut<'a> {
    x: &'a Matrix,
    labels: Labels<'a>,
    weights: &'a [f64],
}

/// The state of boosting.
struct Rounds<'a> {
    params: &'a GradientBoosting,
    x: &'a Matrix,
    labels: Labels<'a>,
    weights: &'a [f64],
    held: Option<HeldOut<'a>>,
    observer: &'a dyn Observer,
    random: Random,
    parallel: bool,
    binned: BinnedData<f64>,
    base: Vec<f64>,
    /// Scores so far: outputs x rows.
    scores: Vec<Vec<f64>>,
    held_scores: Vec<Vec<f64>>,
    trees: Vec<Tree>,
    gains: Vec<Vec<f64>>,
}

impl<'a> Rounds<'a> {
    fn new(
        params: &'a GradientBoosting,
        x: &'a Matrix,
        labels: Labels<'a>,
        weights: &'a [f64],
        held: Option<HeldOut<'a>>,
        random: Random,
        observer: &'a dyn Observer,
    ) -> Result<Self> {
        observer.progress(0.0, "Binning the features");
        let parallel = x.values().len() > PARALLEL_CELLS;
        let table = forust_ml::Matrix::new(x.values(), x.rows(), x.columns());
        let binned = bin_matrix(&table, weights, params.max_bins as u16, f64::NAN, parallel)
            .map_err(|e| Error::Invalid(format!("The features cannot be binned: {e}")))?;
        let base = loss::base(labels, weights);
        let scores = base.iter().map(|b| vec![*b; x.rows()]).collect();
        let held_scores = base.iter().map(|b| vec![*b; held.map_or(0, |h| h.x.rows())]).collect();
        let (trees, gains) = (Vec::new(), Vec::new());
        Ok(Self {
            params,
            x,
            labels,
            weights,
            held,
            observer,
            random,
            parallel,
            binned,
            base,
            scores,
            held_scores,
            trees,
            gains,
        })
    }

    fn run(mut self) -> Result<BoostingFit> {
        let name = if matches!(self.labels, Labels::Real(_)) { "squared_error" } else { "log_loss" };
        let (mut best, mut best_loss) = (0, f64::INFINITY);
        for round in 0..self.params.n_estimators {
            check(self.observer)?;
            self.round();
            let step = round as u64 + 1;
            self.observer.metric(&format!("train_{name}"), loss::mean(self.labels, self.weights, &self.scores), step);
            let done = step as f64 / self.params.n_estimators as f64;
            self.observer.progress(done, &format!("Round {step} of {}", self.params.n_estimators));
            let (Some(held), Some(patience)) = (self.held, self.params.early_stopping_rounds) else {
                continue;
            };
            let held_loss = loss::mean(held.labels, held.weights, &self.held_scores);
            self.observer.metric(&format!("validation_{name}"), held_loss, step);
            if held_loss < best_loss {
                (best, best_loss) = (round + 1, held_loss);
            } else if round + 1 - best >= patience.max(1) {
                break;
            }
        }
        let outputs = self.base.len();
        if self.held.is_some() {
            self.trees.truncate(best * outputs);
            self.gains.truncate(best * outputs);
        }
        let mut importance = vec![0.0; self.x.columns()];
        self.gains.iter().for_each(|gains| importance.iter_mut().zip(gains).for_each(|(i, g)| *i += g));
        let classes = match self.labels {
            Labels::Real(_) => 0,
            Labels::Classes { classes, .. } => classes,
        };
        Ok(BoostingFit { classes, base: self.base, trees: self.trees, importance: normalised(importance) })
    }

    /// Adds one tree an output, all to the gradients of the same scores.
    fn round(&mut self) {
        let outputs = self.base.len();
        let derivatives: Vec<(Vec<f32>, Vec<f32>)> = (0..outputs)
            .map(|k| loss::derivatives(self.labels, self.weights, &self.scores, k, self.parallel))
            .collect();
        let (rows, left_out) = self.draw_rows();
        for (k, (gradient, hessian)) in derivatives.iter().enumerate() {
            self.add_tree(k, gradient, hessian, &rows, &left_out);
        }
    }

    fn draw_rows(&mut self) -> (Vec<usize>, Vec<usize>) {
        let share = self.params.subsample;
        if share >= 1.0 {
            return ((0..self.x.rows()).collect(), Vec::new());
        }
        let random = &mut self.random;
        let (drawn, left_out): (Vec<usize>, Vec<usize>) = (0..self.x.rows()).partition(|_| rng::unit(random) < share);
        // A tiny table may lose all its rows to the draw.
        if drawn.is_empty() { (left_out, Vec::new()) } else { (drawn, left_out) }
    }

    fn draw_features(&mut self) -> Vec<usize> {
        let mut features: Vec<usize> = (0..self.x.columns()).collect();
        let n = (features.len() as f64 * self.params.feature_share) as usize;
        if n < features.len() {
            rng::shuffle(&mut self.random, &mut features);
            features.truncate(n.max(1));
            features.sort_unstable();
        }
        features
    }

    fn add_tree(&mut self, k: usize, gradient: &[f32], hessian: &[f32], rows: &[usize], left_out: &[usize]) {
        let params = self.params;
        let splitter = MissingImputerSplitter {
            l1: params.l1 as f32,
            l2: params.l2 as f32,
            max_delta_step: 0.0,
            gamma: params.min_split_gain as f32,
            min_leaf_weight: params.min_leaf_weight as f32,
            learning_rate: params.learning_rate as f32,
            allow_missing_splits: true,
            constraints_map: Default::default(),
        };
        let features = self.draw_features();
        let bins = forust_ml::Matrix::new(&self.binned.binned_data, self.x.rows(), self.x.columns());
        let sampled = if left_out.is_empty() { SampleMethod::None } else { SampleMethod::Random };
        let policy = if params.max_leaves.is_some() { GrowPolicy::LossGuide } else { GrowPolicy::DepthWise };
        let mut grown = forust_ml::tree::Tree::new();
        let settled = grown.fit(
            &bins,
            rows.to_vec(),
            &features,
            &self.binned.cuts,
            gradient,
            hessian,
            &splitter,
            params.max_leaves.unwrap_or(usize::MAX),
            params.max_depth,
            self.parallel,
            &sampled,
            &policy,
        );
        let (tree, gains) = convert(&grown, self.x.columns());
        let scores = &mut self.scores[k];
        match settled {
            Some(settled) => {
                for (rows, value) in settled.leaves(&grown) {
                    rows.iter().for_each(|&r| scores[r] += value);
                }
                left_out.iter().for_each(|&r| scores[r] += tree.predict(&self.x.row(r))[0]);
            }
            None => add(&tree, self.x, scores),
        }
        if let Some(held) = self.held {
            add(&tree, held.x, &mut self.held_scores[k]);
        }
        self.trees.push(tree);
        self.gains.push(gains);
    }
}

/// A tree of ours from one of forust's, and the gain of each feature. forust sends values below the split value
/// left; ours includes its threshold, which is the next smaller number.
fn convert(grown: &forust_ml::tree::Tree, features: usize) -> (Tree, Vec<f64>) {
    let mut tree = Tree::new(1);
    let mut gains = vec![0.0; features];
    tree.push();
    let mut pending = vec![(0, 0)];
    while let Some((from, to)) = pending.pop() {
        let node = &grown.nodes[from];
        if node.is_leaf {
            tree.set_leaf(to, [f64::from(node.weight_value)]);
            continue;
        }
        gains[node.split_feature] += f64::from(node.split_gain.max(0.0));
        let missing_left = node.missing_node == node.left_child;
        let left = tree.set_split(to, node.split_feature, node.split_value.next_down(), missing_left);
        pending.push((node.right_child, left + 1));
        pending.push((node.left_child, left));
    }
    (tree, gains)
}

/// Adds a tree's values to the scores of all rows.
fn add(tree: &Tree, x: &Matrix, scores: &mut [f64]) {
    scores.par_chunks_mut(BLOCK).enumerate().for_each(|(block, scores)| {
        let mut values = Vec::new();
        x.copy_rows(block * BLOCK, block * BLOCK + scores.len(), &mut values);
        for (row, score) in values.chunks_exact(x.columns()).zip(scores) {
            *score += tree.predict(row)[0];
        }
    });
}

impl BoostingFit {
    /// Numbers, or probabilities (rows x classes).
    pub(crate) fn predict(&self, x: &Matrix) -> Vec<f64> {
        let outputs = self.base.len();
        let width = self.classes.max(1);
        let mut all = vec![0.0; x.rows() * width];
        all.par_chunks_mut(BLOCK * width).enumerate().for_each(|(block, out)| {
            let rows = out.len() / width;
            let mut values = Vec::new();
            x.copy_rows(block * BLOCK, block * BLOCK + rows, &mut values);
            out.chunks_exact_mut(width).for_each(|row| row[..outputs].copy_from_slice(&self.base));
            for (i, tree) in self.trees.iter().enumerate() {
                for (row, out) in values.chunks_exact(x.columns()).zip(out.chunks_exact_mut(width)) {
                    out[i % outputs] += tree.predict(row)[0];
                }
            }
            for row in out.chunks_exact_mut(width).filter(|_| self.classes > 0) {
                if outputs == 1 {
                    let p = sigmoid(row[0]);
                    row.copy_from_slice(&[1.0 - p, p]);
                } else {
                    softmax(row);
                }
            }
        });
        all
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary::Boosting {
            rounds: self.trees.len() / self.base.len(),
            trees: self.trees.len(),
            depth: self.trees.iter().map(Tree::depth).max().unwrap_or(0),
            leaves: self.trees.iter().map(Tree::leaf_count).sum(),
        }
    }
}
