//! A grown tree.

use serde::{Deserialize, Serialize};

/// A binary tree in arrays, one entry a node; node 0 is the root and children follow their parents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tree {
    /// The feature an inner node asks about; [`Tree::LEAF`] for a leaf.
    pub feature: Vec<u32>,
    /// Values up to and including the threshold go left.
    pub threshold: Vec<f64>,
    /// Whether a missing value goes left.
    pub missing_left: Vec<bool>,
    /// The left child's index; the right child is the one after it. 0 for a leaf.
    pub left: Vec<u32>,
    /// Values a node has: 1 for numbers and two classes (the share of the second), else one a class.
    pub width: u32,
    /// `width` values a leaf, at index `left`, which a leaf uses for this.
    pub leaves: Vec<f64>,
}

impl Tree {
    pub const LEAF: u32 = u32::MAX;

    pub fn new(width: usize) -> Self {
        Self {
            width: width as u32,
            ..Self::default()
        }
    }

    pub fn len(&self) -> usize {
        self.feature.len()
    }

    pub fn is_empty(&self) -> bool {
        self.feature.is_empty()
    }

    /// Adds a node that is neither split nor a leaf yet.
    pub(crate) fn push(&mut self) -> usize {
        self.feature.push(Self::LEAF);
        self.threshold.push(0.0);
        self.missing_left.push(false);
        self.left.push(0);
        self.feature.len() - 1
    }

    pub(crate) fn set_leaf(&mut self, node: usize, values: impl IntoIterator<Item = f64>) {
        self.feature[node] = Self::LEAF;
        self.left[node] = (self.leaves.len() / self.width as usize) as u32;
        self.leaves.extend(values);
    }

    /// Splits a node, adding its two children; returns the left one.
    pub(crate) fn set_split(
        &mut self,
        node: usize,
        feature: usize,
        threshold: f64,
        missing_left: bool,
    ) -> usize {
        self.feature[node] = feature as u32;
        self.threshold[node] = threshold;
        self.missing_left[node] = missing_left;
        let left = self.push();
        self.push();
        self.left[node] = left as u32;
        left
    }

    /// The leaf values of a row.
    pub fn predict(&self, row: &[f64]) -> &[f64] {
        let mut node = 0;
        loop {
            let feature = self.feature[node];
            let left = self.left[node] as usize;
            if feature == Self::LEAF {
                let width = self.width as usize;
                return &self.leaves[left * width..(left + 1) * width];
            }
            let value = row[feature as usize];
            let goes_left = if value.is_nan() {
                self.missing_left[node]
            } else {
                value <= self.threshold[node]
            };
            node = left + usize::from(!goes_left);
        }
    }

    /// Number of splits from the root to the deepest leaf.
    pub fn depth(&self) -> usize {
        let mut depth = vec![0usize; self.len()];
        for node in 0..self.len() {
            if self.feature[node] != Self::LEAF {
                let left = self.left[node] as usize;
                depth[left] = depth[node] + 1;
                depth[left + 1] = depth[node] + 1;
            }
        }
        depth.into_iter().max().unwrap_or(0)
    }

    pub fn leaf_count(&self) -> usize {
        self.feature.iter().filter(|f| **f == Self::LEAF).count()
    }

    /// Whether every index points into the tree and forwards, so that predicting ends for any row of
    /// `features` values. Trees from files are not trusted without it.
    pub(crate) fn is_sound(&self, features: usize) -> bool {
        let n = self.len();
        let width = self.width as usize;
        let node_is_sound = |node: usize| {
            let left = self.left[node] as usize;
            match self.feature[node] {
                Self::LEAF => (left + 1) * width <= self.leaves.len(),
                feature => (feature as usize) < features && left > node && left + 1 < n,
            }
        };
        n > 0
            && width > 0
            && [
                self.threshold.len(),
                self.missing_left.len(),
                self.left.len(),
            ] == [n; 3]
            && (0..n).all(node_is_sound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stump() -> Tree {
        let mut tree = Tree::new(1);
        tree.push();
        let left = tree.set_split(0, 1, 2.5, true);
        tree.set_leaf(left, [10.0]);
        tree.set_leaf(left + 1, [20.0]);
        tree
    }

    #[test]
    fn rows_find_their_leaf() {
        let tree = stump();
        assert_eq!(tree.predict(&[9.0, 2.5]), [10.0]);
        assert_eq!(tree.predict(&[0.0, 2.6]), [20.0]);
        assert_eq!(tree.predict(&[0.0, f64::NAN]), [10.0]);
        assert_eq!((tree.depth(), tree.leaf_count()), (1, 2));
    }

    #[test]
    fn broken_trees_are_noticed() {
        assert!(stump().is_sound(2));
        assert!(!stump().is_sound(1), "feature out of range");
        let mut looping = stump();
        looping.left[0] = 0;
        assert!(!looping.is_sound(2));
        let mut short = stump();
        short.leaves.pop();
        assert!(!short.is_sound(2));
        assert!(!Tree::new(1).is_sound(2));
    }
}
