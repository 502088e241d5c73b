//! A grown tree.

use serde::{Deserialize, Serialize};

/// A binary tree; node 0 is the root and children follow their parents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Columns", into = "Columns")]
pub struct Tree {
    nodes: Vec<Node>,
    width: u32,
    leaves: Vec<f64>,
}

/// 16 bytes, so that a step down a tree touches one line of the cache.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    threshold: f64,
    /// The left child; the right one is the next. For a leaf its number among the leaves.
    left: u32,
    /// The feature, [`LEAF`], with [`MISSING_LEFT`] set if missing values go left.
    feature: u32,
}

const MISSING_LEFT: u32 = 1 << 31;
const LEAF: u32 = MISSING_LEFT - 1;

/// A tree as it is stored: one list a property, one entry a node.
#[derive(Serialize, Deserialize)]
struct Columns {
    /// The feature a node asks about; none for a leaf.
    feature: Vec<Option<u32>>,
    threshold: Vec<f64>,
    missing_left: Vec<bool>,
    left: Vec<u32>,
    width: u32,
    leaves: Vec<f64>,
}

impl From<Tree> for Columns {
    fn from(tree: Tree) -> Self {
        let nodes = &tree.nodes;
        Self {
            feature: nodes.iter().map(Node::feature).collect(),
            threshold: nodes.iter().map(|n| n.threshold).collect(),
            missing_left: nodes.iter().map(|n| n.feature & MISSING_LEFT != 0).collect(),
            left: nodes.iter().map(|n| n.left).collect(),
            width: tree.width,
            leaves: tree.leaves,
        }
    }
}

impl From<Columns> for Tree {
    fn from(columns: Columns) -> Self {
        let node = |(((feature, threshold), missing), left): (((Option<u32>, f64), bool), u32)| Node {
            threshold,
            left,
            feature: feature.unwrap_or(LEAF).min(LEAF) | if missing { MISSING_LEFT } else { 0 },
        };
        let Columns { feature, threshold, missing_left, left, width, leaves } = columns;
        Self {
            nodes: feature.into_iter().zip(threshold).zip(missing_left).zip(left).map(node).collect(),
            width,
            leaves,
        }
    }
}

impl Node {
    fn feature(&self) -> Option<u32> {
        let feature = self.feature & !MISSING_LEFT;
        (feature != LEAF).then_some(feature)
    }
}

/// What a node is, for display and export.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part<'a> {
    /// Values of the feature up to and including the threshold go to node `left`, others to the node after it;
    /// missing values go left if `missing_left`.
    Split { feature: usize, threshold: f64, missing_left: bool, left: usize },
    /// [`Tree::width`] values.
    Leaf(&'a [f64]),
}

impl Tree {
    pub(crate) fn new(width: usize) -> Self {
        Self { nodes: Vec::new(), width: width as u32, leaves: Vec::new() }
    }

    /// Number of nodes, leaves included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Values a leaf has: 1 for numbers and two classes (the share of the second), else one a class.
    pub fn width(&self) -> usize {
        self.width as usize
    }

    pub fn part(&self, node: usize) -> Part<'_> {
        let Node { threshold, left, feature } = self.nodes[node];
        match self.nodes[node].feature() {
            None => Part::Leaf(self.leaf(left)),
            Some(at) => Part::Split {
                feature: at as usize,
                threshold,
                missing_left: feature & MISSING_LEFT != 0,
                left: left as usize,
            },
        }
    }

    fn leaf(&self, number: u32) -> &[f64] {
        let width = self.width as usize;
        &self.leaves[number as usize * width..(number as usize + 1) * width]
    }

    /// Adds a node that is neither split nor a leaf yet.
    pub(crate) fn push(&mut self) -> usize {
        self.nodes.push(Node { threshold: 0.0, left: 0, feature: LEAF });
        self.nodes.len() - 1
    }

    pub(crate) fn set_leaf(&mut self, node: usize, values: impl IntoIterator<Item = f64>) {
        self.nodes[node].feature = LEAF;
        self.nodes[node].left = (self.leaves.len() / self.width as usize) as u32;
        self.leaves.extend(values);
    }

    /// Splits a node, adding its two children; returns the left one.
    pub(crate) fn set_split(&mut self, node: usize, feature: usize, threshold: f64, missing_left: bool) -> usize {
        let left = self.push();
        self.push();
        let missing = if missing_left { MISSING_LEFT } else { 0 };
        self.nodes[node] = Node { threshold, left: left as u32, feature: feature as u32 | missing };
        left
    }

    /// The leaf values of a row.
    #[inline]
    pub fn predict(&self, row: &[f64]) -> &[f64] {
        let mut at = 0;
        loop {
            let Node { threshold, left, feature } = self.nodes[at];
            let asked = feature & !MISSING_LEFT;
            if asked == LEAF {
                return self.leaf(left);
            }
            let value = row[asked as usize];
            let goes_left = value <= threshold || (value.is_nan() && feature & MISSING_LEFT != 0);
            at = left as usize + usize::from(!goes_left);
        }
    }

    /// Number of splits from the root to the deepest leaf.
    pub fn depth(&self) -> usize {
        let mut depth = vec![0usize; self.len()];
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.feature().is_some()) {
            depth[node.left as usize] = depth[at] + 1;
            depth[node.left as usize + 1] = depth[at] + 1;
        }
        depth.into_iter().max().unwrap_or(0)
    }

    pub fn leaf_count(&self) -> usize {
        self.nodes.iter().filter(|node| node.feature().is_none()).count()
    }

    /// Whether every index points into the tree and forwards, so that predicting ends for any row of
    /// `features` values. Trees from files are not trusted without it.
    pub(crate) fn is_sound(&self, features: usize) -> bool {
        let width = self.width as usize;
        let node_is_sound = |(at, node): (usize, &Node)| {
            let left = node.left as usize;
            match node.feature() {
                None => left.checked_add(1).and_then(|n| n.checked_mul(width)).is_some_and(|n| n <= self.leaves.len()),
                Some(feature) => (feature as usize) < features && left > at && left + 1 < self.len(),
            }
        };
        !self.is_empty() && width > 0 && self.nodes.iter().enumerate().all(node_is_sound)
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
    fn parts_and_columns_tell_all() {
        let tree = stump();
        let split = Part::Split { feature: 1, threshold: 2.5, missing_left: true, left: 1 };
        assert_eq!(tree.part(0), split);
        assert_eq!(tree.part(2), Part::Leaf(&[20.0]));
        assert_eq!(Tree::from(Columns::from(tree.clone())), tree);
    }

    #[test]
    fn broken_trees_are_noticed() {
        assert!(stump().is_sound(2));
        assert!(!stump().is_sound(1), "feature out of range");
        let mut looping = stump();
        looping.nodes[0].left = 0;
        assert!(!looping.is_sound(2));
        let mut short = stump();
        short.leaves.pop();
        assert!(!short.is_sound(2));
        assert!(!Tree::new(1).is_sound(2));
    }
}
