//! Finding the nearest rows: by comparing with all of them, or, for many questions in few dimensions, through a
//! k-d tree (Bentley 1975). Both give the same answer: nearest first, and of rows equally far the earlier one.
//!
//! Distances are "reduced": squared for Euclidean ones.

use crate::estimator::Distance;
use crate::matrix::Matrix;

/// Up to this many columns a tree beats comparing with all rows.
const TREE_COLUMNS: usize = 15;
/// Rows in a leaf of the tree, at most.
const LEAF: usize = 32;
/// Rows compared together.
const BLOCK: usize = 256;

pub(super) struct Searcher<'a> {
    rows: &'a Matrix,
    distance: Distance,
    tree: Option<KdTree>,
}

struct KdTree {
    /// Row by row, in the tree's order.
    values: Vec<f64>,
    /// Which row of the table each is.
    order: Vec<u32>,
    nodes: Vec<Node>,
}

/// Rows `start..end` of the tree's order; those with `column` below `value` come first, in node `left`.
struct Node {
    start: usize,
    end: usize,
    column: usize,
    value: f64,
    left: usize,
    right: usize,
}

impl<'a> Searcher<'a> {
    /// For about `questions` questions.
    pub fn new(rows: &'a Matrix, distance: Distance, questions: usize) -> Self {
        let worth_it = rows.columns() <= TREE_COLUMNS && rows.rows() > 4 * LEAF && questions >= 64;
        Self { rows, distance, tree: worth_it.then(|| KdTree::new(rows)) }
    }

    /// Puts the `k` nearest rows into `nearest`, as reduced distance and row.
    pub fn nearest(&self, point: &[f64], k: usize, nearest: &mut Vec<(f64, u32)>) {
        nearest.clear();
        match &self.tree {
            Some(tree) => {
                let mut offsets = vec![0.0; point.len()];
                tree.search(self.distance, point, k, 0, 0.0, &mut offsets, nearest);
            }
            None => self.compare_all(point, k, nearest),
        }
    }

    fn compare_all(&self, point: &[f64], k: usize, nearest: &mut Vec<(f64, u32)>) {
        let mut distances = [0.0; BLOCK];
        for start in (0..self.rows.rows()).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.rows.rows());
            let distances = &mut distances[..end - start];
            distances.fill(0.0);
            for (c, p) in point.iter().enumerate() {
                let column = &self.rows.column(c)[start..end];
                match self.distance {
                    Distance::Euclidean => {
                        distances.iter_mut().zip(column).for_each(|(d, v)| *d += (v - p) * (v - p));
                    }
                    Distance::Manhattan => distances.iter_mut().zip(column).for_each(|(d, v)| *d += (v - p).abs()),
                }
            }
            for (i, d) in distances.iter().enumerate() {
                offer(nearest, k, *d, (start + i) as u32);
            }
        }
    }
}

fn step(distance: Distance, difference: f64) -> f64 {
    match distance {
        Distance::Euclidean => difference * difference,
        Distance::Manhattan => difference.abs(),
    }
}

/// Keeps `nearest` the `k` smallest, sorted.
#[inline]
fn offer(nearest: &mut Vec<(f64, u32)>, k: usize, distance: f64, row: u32) {
    if nearest.len() == k {
        let (farthest, last) = nearest[k - 1];
        if distance > farthest || (distance == farthest && row > last) {
            return;
        }
        nearest.pop();
    }
    let at = nearest.partition_point(|&(d, r)| d < distance || (d == distance && r < row));
    nearest.insert(at, (distance, row));
}

impl KdTree {
    fn new(rows: &Matrix) -> Self {
        let mut tree = Self { values: Vec::new(), order: (0..rows.rows() as u32).collect(), nodes: Vec::new() };
        tree.split(rows, 0, rows.rows());
        tree.values.reserve(rows.rows() * rows.columns());
        for &row in &tree.order {
            tree.values.extend((0..rows.columns()).map(|c| rows.get(row as usize, c)));
        }
        tree
    }

    fn split(&mut self, rows: &Matrix, start: usize, end: usize) -> usize {
        let node = self.nodes.len();
        self.nodes.push(Node { start, end, column: 0, value: 0.0, left: 0, right: 0 });
        let (column, width) = widest(rows, &self.order[start..end]);
        if end - start <= LEAF || width == 0.0 {
            return node;
        }
        let values = rows.column(column);
        let middle = (end - start) / 2;
        let by_value = |a: &u32, b: &u32| values[*a as usize].total_cmp(&values[*b as usize]);
        let (_, pivot, _) = self.order[start..end].select_nth_unstable_by(middle, by_value);
        let value = values[*pivot as usize];
        let left = self.split(rows, start, start + middle);
        let right = self.split(rows, start + middle, end);
        self.nodes[node] = Node { start, end, column, value, left, right };
        node
    }

    /// `bound` is the least distance the node can have, the sum of `offsets` over the columns.
    #[allow(clippy::too_many_arguments)]
    fn search(
        &self,
        distance: Distance,
        point: &[f64],
        k: usize,
        node: usize,
        bound: f64,
        offsets: &mut [f64],
        nearest: &mut Vec<(f64, u32)>,
    ) {
        // The bound is summed in another order than distances are; the slack covers its rounding.
        if nearest.len() == k && bound * (1.0 - 1e-12) > nearest[k - 1].0 {
            return;
        }
        let Node { start, end, column, value, left, right } = self.nodes[node];
        if left == 0 {
            let width = point.len();
            for i in start..end {
                let row = &self.values[i * width..(i + 1) * width];
                let mut d = 0.0;
                row.iter().zip(point).for_each(|(v, p)| d += step(distance, v - p));
                offer(nearest, k, d, self.order[i]);
            }
            return;
        }
        let difference = point[column] - value;
        let (near, far) = if difference < 0.0 { (left, right) } else { (right, left) };
        self.search(distance, point, k, near, bound, offsets, nearest);
        let before = offsets[column];
        let offset = step(distance, difference);
        offsets[column] = offset;
        self.search(distance, point, k, far, (bound - before + offset).max(0.0), offsets, nearest);
        offsets[column] = before;
    }
}

/// The column with the largest range over the rows, and the range.
fn widest(rows: &Matrix, order: &[u32]) -> (usize, f64) {
    let mut best = (0, 0.0);
    for c in 0..rows.columns() {
        let column = rows.column(c);
        let ends = order.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &r| {
            (low.min(column[r as usize]), high.max(column[r as usize]))
        });
        if ends.1 - ends.0 > best.1 {
            best = (c, ends.1 - ends.0);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tree_and_comparison_agree(
            // Few distinct values, so that many distances tie.
            values in proptest::collection::vec(0u8..12, 3 * 300..=3 * 300),
            point in proptest::collection::vec(-2.0..14.0f64, 3),
            k in 1usize..20,
            manhattan: bool,
        ) {
            let rows = Matrix::new(300, 3, values.into_iter().map(f64::from).collect()).unwrap();
            let distance = if manhattan { Distance::Manhattan } else { Distance::Euclidean };
            let (mut by_tree, mut by_all) = (Vec::new(), Vec::new());
            let searcher = Searcher::new(&rows, distance, 1000);
            prop_assert!(searcher.tree.is_some());
            for point in [point, vec![3.0, 4.0, 5.0]] {
                searcher.nearest(&point, k, &mut by_tree);
                Searcher::new(&rows, distance, 1).nearest(&point, k, &mut by_all);
                prop_assert_eq!(&by_tree, &by_all);
            }
        }
    }
}
