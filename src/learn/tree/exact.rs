//! Growing one tree with exact splits.
//!
//! Rows are sorted once by every feature; a split partitions all these orders, keeping them sorted. Choices follow
//! scikit-learn's `BestSplitter`: thresholds half way between neighbouring values, features drawn until one of them
//! varies, missing values tried on both sides.

use super::bins::between;
use super::criterion::{Purity, Shape};
use crate::error::Result;
use crate::matrix::Matrix;
use crate::observer::{Observer, check};
use crate::rng;
use rayon::prelude::*;

/// When to stop splitting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub max_depth: usize,
    pub min_split: usize,
    pub min_leaf: usize,
    pub max_features: usize,
}

/// A node of a growing tree; inner nodes have `left > 0` and `right = left + 1`.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub feature: usize,
    pub threshold: f64,
    pub missing_left: bool,
    pub left: usize,
    /// Reduction of the weighted impurity by the split.
    pub gain: f64,
    pub statistics: Vec<f64>,
}

#[derive(Clone, Copy)]
struct Split {
    feature: usize,
    threshold: f64,
    missing_left: bool,
    score: f64,
    /// Without missing values, those met later follow the larger side.
    has_missing: bool,
}

struct Pending {
    node: usize,
    start: usize,
    end: usize,
    depth: usize,
}

pub(super) struct Grower<'a, P> {
    pub x: &'a Matrix,
    pub labels: &'a [f64],
    pub weights: Option<&'a [f64]>,
    pub shape: Shape,
    pub limits: Limits,
    pub purity: P,
    pub seed: u64,
}

/// Partition features on several threads from this many cells.
const PARALLEL_CELLS: usize = 100_000;

impl<P: Purity> Grower<'_, P> {
    pub fn grow(&self, observer: &dyn Observer) -> Result<Vec<Node>> {
        let rows = self.x.rows();
        let mut orders: Vec<Vec<u32>> =
            (0..self.x.columns()).into_par_iter().map(|c| sorted(self.x.column(c))).collect();
        let mut random = rng::part(self.seed, 0);
        let mut drawn: Vec<usize> = (0..self.x.columns()).collect();
        let mut goes_left = vec![false; rows];
        let mut nodes = vec![self.node(&orders[0])];
        let mut pending = vec![Pending { node: 0, start: 0, end: rows, depth: 0 }];
        let mut settled = 0;
        while let Some(Pending { node, start, end, depth }) = pending.pop() {
            if nodes.len() % 64 == 1 || end - start > 10_000 {
                check(observer)?;
                observer.progress(settled as f64 / rows as f64, "Growing the tree");
            }
            let mut draw = |features: &mut [usize], i: usize| {
                let j = i + rng::below(&mut random, features.len() - i);
                features.swap(i, j);
            };
            let split = self.best(&orders, &nodes[node], start, end, depth, &mut drawn, &mut draw);
            let Some(split) = split else {
                settled += end - start;
                continue;
            };
            let middle = self.partition(&mut orders, &mut goes_left, start, end, &split);
            let left = nodes.len();
            let children = [self.node(&orders[0][start..middle]), self.node(&orders[0][middle..end])];
            let parent = &mut nodes[node];
            parent.feature = split.feature;
            parent.threshold = split.threshold;
            parent.missing_left = if split.has_missing { split.missing_left } else { middle - start > end - middle };
            parent.left = left;
            parent.gain = (split.score - self.purity.score(&parent.statistics)).max(0.0);
            nodes.extend(children);
            pending.push(Pending { node: left + 1, start: middle, end, depth: depth + 1 });
            pending.push(Pending { node: left, start, end: middle, depth: depth + 1 });
        }
        Ok(nodes)
    }

    fn weight(&self, row: u32) -> f64 {
        self.weights.map_or(1.0, |w| w[row as usize])
    }

    fn add(&self, statistics: &mut [f64], row: u32) {
        self.shape.add(statistics, self.labels[row as usize], self.weight(row));
    }

    fn node(&self, rows: &[u32]) -> Node {
        let mut statistics = vec![0.0; self.shape.statistics];
        rows.iter().for_each(|&r| self.add(&mut statistics, r));
        Node { feature: 0, threshold: 0.0, missing_left: false, left: 0, gain: 0.0, statistics }
    }

    /// The best split of a node, if it may and can be split.
    #[allow(clippy::too_many_arguments)]
    fn best(
        &self,
        orders: &[Vec<u32>],
        node: &Node,
        start: usize,
        end: usize,
        depth: usize,
        drawn: &mut [usize],
        draw: &mut dyn FnMut(&mut [usize], usize),
    ) -> Option<Split> {
        let rows = end - start;
        let limits = self.limits;
        if depth >= limits.max_depth || rows < limits.min_split.max(2) || rows < 2 * limits.min_leaf {
            return None;
        }
        let first = self.labels[orders[0][start] as usize];
        if orders[0][start..end].iter().all(|&r| self.labels[r as usize] == first) {
            return None;
        }
        let find = |feature: usize| self.best_of(feature, &orders[feature][start..end], &node.statistics);
        let better = |a: Option<Split>, b: Option<Split>| match (a, b) {
            (Some(a), Some(b)) if b.score > a.score => Some(b),
            (Some(a), _) => Some(a),
            (None, b) => b,
        };
        if limits.max_features == drawn.len() {
            let features = 0..drawn.len();
            return if rows * drawn.len() > PARALLEL_CELLS {
                let all: Vec<Option<Split>> = features.into_par_iter().map(find).collect();
                all.into_iter().fold(None, better)
            } else {
                features.map(find).fold(None, better)
            };
        }
        let mut best = None;
        let mut varies = false;
        for i in 0..drawn.len() {
            if i >= limits.max_features && varies {
                break;
            }
            draw(drawn, i);
            let order = &orders[drawn[i]][start..end];
            let value = |r: u32| self.x.get(r as usize, drawn[i]);
            varies |= value(order[0]) < value(order[rows - 1]) || value(order[rows - 1]).is_nan();
            best = better(best, find(drawn[i]));
        }
        best
    }

    /// The best split by one feature; `order` is the node's rows sorted by it, missing values last.
    fn best_of(&self, feature: usize, order: &[u32], parent: &[f64]) -> Option<Split> {
        let column = self.x.column(feature);
        let present = order.partition_point(|&r| !column[r as usize].is_nan());
        let mut missing = vec![0.0; parent.len()];
        order[present..].iter().for_each(|&r| self.add(&mut missing, r));
        let has_missing = present < order.len();
        let mut best: Option<Split> = None;
        for missing_left in [false, true] {
            if missing_left && !has_missing {
                break;
            }
            let mut left = if missing_left { missing.clone() } else { vec![0.0; parent.len()] };
            let mut right = vec![0.0; parent.len()];
            let moved = if missing_left { order.len() - present } else { 0 };
            for i in 0..present {
                self.add(&mut left, order[i]);
                let low = column[order[i] as usize];
                let threshold = match order.get(i + 1) {
                    Some(&next) if i + 1 < present => {
                        let high = column[next as usize];
                        if high <= low {
                            continue;
                        }
                        between(low, high)
                    }
                    // All values against the missing ones.
                    Some(_) if !missing_left => f64::MAX,
                    _ => break,
                };
                let on_left = i + 1 + moved;
                if on_left < self.limits.min_leaf || order.len() - on_left < self.limits.min_leaf {
                    continue;
                }
                right.iter_mut().zip(parent.iter().zip(&left)).for_each(|(r, (p, l))| *r = p - l);
                let score = self.purity.score(&left) + self.purity.score(&right);
                if score.is_finite() && best.is_none_or(|b| score > b.score) {
                    best = Some(Split { feature, threshold, missing_left, score, has_missing });
                }
            }
        }
        best
    }

    /// Moves the rows going left before the others in every order; returns where the others start.
    fn partition(
        &self,
        orders: &mut [Vec<u32>],
        goes_left: &mut [bool],
        start: usize,
        end: usize,
        split: &Split,
    ) -> usize {
        let column = self.x.column(split.feature);
        let mut middle = start;
        for &row in &orders[0][start..end] {
            let value = column[row as usize];
            let left = if value.is_nan() { split.missing_left } else { value <= split.threshold };
            goes_left[row as usize] = left;
            middle += usize::from(left);
        }
        let goes_left = &*goes_left;
        let divide = |order: &mut Vec<u32>| {
            let mut right = Vec::with_capacity(end - middle);
            let mut at = start;
            for i in start..end {
                let row = order[i];
                if goes_left[row as usize] {
                    order[at] = row;
                    at += 1;
                } else {
                    right.push(row);
                }
            }
            order[at..end].copy_from_slice(&right);
        };
        if (end - start) * orders.len() > PARALLEL_CELLS {
            orders.par_iter_mut().for_each(divide);
        } else {
            orders.iter_mut().for_each(divide);
        }
        middle
    }
}

/// Rows by value, missing values last.
fn sorted(column: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..column.len() as u32).collect();
    // -0.0 and 0.0 are the same value, and every NaN comes last whatever its sign.
    let key = |r: u32| {
        if column[r as usize].is_nan() { f64::NAN } else { column[r as usize] + 0.0 }
    };
    order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    order
}
