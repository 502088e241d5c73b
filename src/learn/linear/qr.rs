//! Least squares by orthogonal transformations.
//!
//! The table is taken in blocks of rows, each folded into one triangular factor ("TSQR": Demmel, Grigori,
//! Hoemmen, Langou 2012), so that any number of rows needs the memory of one block. The factor is then solved
//! by QR with column pivoting and, if columns depend on each other, a complete orthogonal decomposition, which
//! gives the solution of least norm (Golub and Van Loan, Matrix Computations, 5.5).

/// Rows x columns, column by column.
pub(super) struct Dense {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Dense {
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }
    pub fn column(&self, c: usize) -> &[f64] {
        &self.values[c * self.rows..(c + 1) * self.rows]
    }
    pub fn column_mut(&mut self, c: usize) -> &mut [f64] {
        &mut self.values[c * self.rows..(c + 1) * self.rows]
    }
    fn at(&self, r: usize, c: usize) -> f64 {
        self.values[c * self.rows + r]
    }
}

/// Turns `column[k..]` into a multiple of the first unit vector. Leaves the reflector in `column[k..]`
/// (scaled so that H = I - v v^T) and returns the new diagonal value.
fn reflector(column: &mut [f64], k: usize) -> f64 {
    let tail = &mut column[k..];
    let largest = tail.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let norm = largest * tail.iter().map(|v| (v / largest) * (v / largest)).sum::<f64>().sqrt();
    let diagonal = if tail[0] > 0.0 { -norm } else { norm };
    // v = x - diagonal e1, scaled by 1 / sqrt(v.v / 2); v.v / 2 = norm^2 + norm |x0|.
    let scale = 1.0 / (norm * (norm + tail[0].abs())).sqrt();
    tail[0] -= diagonal;
    tail.iter_mut().for_each(|v| *v *= scale);
    diagonal
}

fn apply(reflector: &[f64], target: &mut [f64]) {
    let product = super::dot(reflector, target);
    target.iter_mut().zip(reflector).for_each(|(t, v)| *t -= product * v);
}

/// Overwrites `a` with its triangular factor R (zero below the diagonal).
pub(super) fn triangularise(a: &mut Dense) {
    for k in 0..a.columns.min(a.rows) {
        let rows = a.rows;
        let (left, right) = a.values.split_at_mut((k + 1) * rows);
        let column = &mut left[k * rows..];
        let diagonal = reflector(column, k);
        if diagonal != 0.0 {
            for target in right.chunks_exact_mut(rows) {
                apply(&column[k..], &mut target[k..]);
            }
        }
        column[k] = diagonal;
        column[k + 1..].fill(0.0);
    }
}

/// The factor of a table that arrives block by block.
pub(super) struct Tall {
    columns: usize,
    factor: Dense,
}

impl Tall {
    pub fn new(columns: usize) -> Self {
        Self { columns, factor: Dense::zeros(0, columns) }
    }

    /// Folds in `rows` more rows; `fill(c, out)` writes column `c` of them.
    pub fn push(&mut self, rows: usize, fill: impl Fn(usize, &mut [f64])) {
        let kept = self.factor.rows;
        let mut stacked = Dense::zeros(kept + rows, self.columns);
        for c in 0..self.columns {
            let (top, bottom) = stacked.column_mut(c).split_at_mut(kept);
            top.copy_from_slice(self.factor.column(c));
            fill(c, bottom);
        }
        triangularise(&mut stacked);
        let height = stacked.rows.min(self.columns);
        let mut factor = Dense::zeros(height, self.columns);
        for c in 0..self.columns {
            factor.column_mut(c).copy_from_slice(&stacked.column(c)[..height]);
        }
        self.factor = factor;
    }

    /// Least squares of the last column on the others: the solution of least norm, and the rank.
    pub fn solve(self, relative_tolerance: f64) -> (Vec<f64>, usize) {
        let n = self.columns - 1;
        let mut a = self.factor;
        let mut y = a.values.split_off(n * a.rows);
        a.columns = n;
        least_norm(&mut a, &mut y, relative_tolerance)
    }
}

/// Solves min |a w - y| with least |w|. Overwrites both.
fn least_norm(a: &mut Dense, y: &mut [f64], relative_tolerance: f64) -> (Vec<f64>, usize) {
    let (rows, n) = (a.rows, a.columns);
    let mut order: Vec<usize> = (0..n).collect();
    let mut rank = 0;
    let mut first = 0.0f64;
    for k in 0..n.min(rows) {
        let norm = |c: usize| super::dot(&a.column(c)[k..], &a.column(c)[k..]);
        let Some((best, _)) = (k..n).map(|c| (c, norm(c))).max_by(|x, y| x.1.total_cmp(&y.1)) else {
            break;
        };
        for r in 0..rows {
            a.values.swap(k * rows + r, best * rows + r);
        }
        order.swap(k, best);
        let (left, right) = a.values.split_at_mut((k + 1) * rows);
        let column = &mut left[k * rows..];
        let diagonal = reflector(column, k);
        if k == 0 {
            first = diagonal.abs();
        }
        if diagonal == 0.0 || diagonal.abs() <= first * relative_tolerance {
            break;
        }
        for target in right.chunks_exact_mut(rows) {
            apply(&column[k..], &mut target[k..]);
        }
        apply(&column[k..], &mut y[k..]);
        column[k] = diagonal;
        column[k + 1..].fill(0.0);
        rank += 1;
    }
    let solution = if rank == n { back_substitute(a, y, n) } else { complete(a, y, rank) };
    let mut w = vec![0.0; n];
    order.iter().zip(solution).for_each(|(&c, v)| w[c] = v);
    (w, rank)
}

/// Solves the leading `n` x `n` upper triangle of `a`.
fn back_substitute(a: &Dense, y: &[f64], n: usize) -> Vec<f64> {
    let mut w = y[..n].to_vec();
    for c in (0..n).rev() {
        w[c] /= a.at(c, c);
        let value = w[c];
        w[..c].iter_mut().zip(a.column(c)).for_each(|(w, r)| *w -= value * r);
    }
    w
}

/// The first `rank` rows of `a` are a wide trapezoid T; of all w with T w = y, the least is T^T (T T^T)^-1 y,
/// found through the factor of T^T.
fn complete(a: &Dense, y: &[f64], rank: usize) -> Vec<f64> {
    let n = a.columns;
    let mut transposed = Dense::zeros(n, rank);
    for r in 0..rank {
        for c in 0..n {
            transposed.column_mut(r)[c] = a.at(r, c);
        }
    }
    let mut diagonals = vec![0.0; rank];
    for k in 0..rank {
        let (left, right) = transposed.values.split_at_mut((k + 1) * n);
        let column = &mut left[k * n..];
        diagonals[k] = reflector(column, k);
        for target in right.chunks_exact_mut(n) {
            apply(&column[k..], &mut target[k..]);
        }
    }
    // T = R^T Q^T: forward substitution with R^T, then Q applied to the result.
    let mut w = vec![0.0; n];
    for r in 0..rank {
        let known: f64 = (0..r).map(|k| transposed.at(k, r) * w[k]).sum();
        w[r] = (y[r] - known) / diagonals[r];
    }
    for k in (0..rank).rev() {
        apply(&transposed.column(k)[k..], &mut w[k..]);
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(rows: &[&[f64]], y: &[f64], block: usize) -> (Vec<f64>, usize) {
        let n = rows[0].len();
        let mut tall = Tall::new(n + 1);
        for start in (0..rows.len()).step_by(block) {
            let end = (start + block).min(rows.len());
            tall.push(end - start, |c, out| {
                for (o, r) in out.iter_mut().zip(start..end) {
                    *o = if c < n { rows[r][c] } else { y[r] };
                }
            });
        }
        tall.solve(1e-12)
    }

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-10)
    }

    #[test]
    fn full_rank_whatever_the_blocks() {
        let rows: [&[f64]; 4] = [&[1.0, 1.0], &[1.0, 2.0], &[1.0, 3.0], &[1.0, 4.0]];
        for block in 1..=4 {
            let (w, rank) = solve(&rows, &[6.0, 5.0, 7.0, 10.0], block);
            assert_eq!(rank, 2);
            assert!(close(&w, &[3.5, 1.4]), "{w:?}");
        }
    }

    #[test]
    fn dependent_columns_get_the_least_norm() {
        // The second column is twice the first: y = x1 w with w = 5 shared as (1, 2).
        let rows: [&[f64]; 3] = [&[1.0, 2.0], &[2.0, 4.0], &[3.0, 6.0]];
        let (w, rank) = solve(&rows, &[5.0, 10.0, 15.0], 2);
        assert_eq!(rank, 1);
        assert!(close(&w, &[1.0, 2.0]), "{w:?}");
    }

    #[test]
    fn fewer_rows_than_columns() {
        let (w, rank) = solve(&[&[1.0, 1.0, 0.0], &[0.0, 1.0, 1.0]], &[2.0, 2.0], 1);
        assert_eq!(rank, 2);
        assert!(close(&w, &[2.0 / 3.0, 4.0 / 3.0, 2.0 / 3.0]), "{w:?}");
        assert!(close(&solve(&[&[0.0, 0.0]], &[1.0], 1).0, &[0.0, 0.0]));
    }
}
