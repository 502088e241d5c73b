//! Trained trees, one or many.

use super::Tree;
use crate::fitted::Summary;
use crate::matrix::Matrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Trees whose predictions are averaged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestFit {
    pub trees: Vec<Tree>,
    /// Number of classes, 0 for numbers.
    pub classes: usize,
    /// One a feature, summing to 1.
    pub importance: Vec<f64>,
}

/// Rows predicted together, tree by tree, so that a tree's nodes stay in the cache.
const BLOCK: usize = 512;

impl ForestFit {
    /// Numbers, or probabilities (rows x classes).
    pub(crate) fn predict(&self, x: &Matrix) -> Vec<f64> {
        let width = if self.classes > 2 { self.classes } else { 1 };
        let mut means = vec![0.0; x.rows() * width];
        means.par_chunks_mut(BLOCK * width).enumerate().for_each(|(block, out)| {
            let rows = out.len() / width;
            let mut values = Vec::new();
            x.copy_rows(block * BLOCK, block * BLOCK + rows, &mut values);
            for tree in &self.trees {
                for (row, out) in values.chunks_exact(x.columns()).zip(out.chunks_exact_mut(width)) {
                    out.iter_mut().zip(tree.predict(row)).for_each(|(o, v)| *o += v);
                }
            }
            out.iter_mut().for_each(|o| *o /= self.trees.len() as f64);
        });
        if self.classes == 2 { means.iter().flat_map(|p| [1.0 - p, *p]).collect() } else { means }
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary::Trees {
            trees: self.trees.len(),
            depth: self.trees.iter().map(Tree::depth).max().unwrap_or(0),
            leaves: self.trees.iter().map(Tree::leaf_count).sum(),
        }
    }
}
