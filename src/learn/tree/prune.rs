//! From a grown tree to the tree that is kept.

use super::criterion::Shape;
use super::exact::Node;
use super::nodes::Tree;

/// Minimal cost-complexity pruning (Breiman et al. 1984, chapter 3): cuts the weakest subtree as long as it saves
/// no more than `alpha` of mean impurity a leaf. `total` is the weight of all rows.
pub(super) fn prune(nodes: &mut [Node], alpha: f64, total: f64) {
    while let Some((weakest, strength)) = weakest(nodes, total) {
        if strength > alpha {
            return;
        }
        nodes[weakest].left = 0;
    }
}

/// The inner node whose subtree saves least a leaf. Children come after their parents, so one pass backwards sums
/// every subtree.
fn weakest(nodes: &[Node], total: f64) -> Option<(usize, f64)> {
    let mut gains = vec![0.0; nodes.len()];
    let mut leaves = vec![1usize; nodes.len()];
    let mut best: Option<(usize, f64)> = None;
    for i in (0..nodes.len()).rev() {
        let left = nodes[i].left;
        if left == 0 {
            continue;
        }
        gains[i] = nodes[i].gain + gains[left] + gains[left + 1];
        leaves[i] = leaves[left] + leaves[left + 1];
    }
    let mut reachable = vec![0usize];
    while let Some(i) = reachable.pop() {
        let left = nodes[i].left;
        if left == 0 {
            continue;
        }
        let strength = gains[i] / total / (leaves[i] - 1) as f64;
        if best.is_none_or(|(_, b)| strength < b) {
            best = Some((i, strength));
        }
        reachable.extend([left, left + 1]);
    }
    best
}

/// The tree of the nodes that can be reached, and each feature's gain.
pub(super) fn build(nodes: &[Node], shape: &Shape, features: usize) -> (Tree, Vec<f64>) {
    let mut tree = Tree::new(shape.width());
    let mut importance = vec![0.0; features];
    tree.push();
    let mut pending = vec![(0, 0)];
    while let Some((from, to)) = pending.pop() {
        let node = &nodes[from];
        if node.left == 0 {
            tree.set_leaf(to, shape.leaf(&node.statistics));
            continue;
        }
        importance[node.feature] += node.gain;
        let left = tree.set_split(to, node.feature, node.threshold, node.missing_left);
        pending.push((node.left + 1, left + 1));
        pending.push((node.left, left));
    }
    (tree, importance)
}
