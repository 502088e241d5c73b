//! Symmetric systems.

/// Solves `a x = b` for a symmetric positive semi-definite `a` (n x n, lower triangle used, overwritten) by
/// Cholesky's method. Directions in which `a` is numerically zero get 0. `b` becomes the solution.
pub(super) fn cholesky(a: &mut [f64], b: &mut [f64]) {
    let n = b.len();
    let largest = (0..n).fold(0.0f64, |m, i| m.max(a[i * n + i]));
    let floor = largest * n as f64 * f64::EPSILON;
    for j in 0..n {
        let (above, rest) = a.split_at_mut(j * n);
        let row = &mut rest[..n];
        // Row j of the factor: L[j][k] = (a[j][k] - L[j][..k] . L[k][..k]) / L[k][k].
        for k in 0..j {
            let other = &above[k * n..k * n + n];
            let sum = row[k] - super::dot(&row[..k], &other[..k]);
            row[k] = if other[k] == 0.0 { 0.0 } else { sum / other[k] };
        }
        let pivot = row[j] - super::dot(&row[..j], &row[..j]);
        row[j] = if pivot > floor { pivot.sqrt() } else { 0.0 };
    }
    for j in 0..n {
        let row = &a[j * n..j * n + n];
        let sum = b[j] - super::dot(&row[..j], &b[..j]);
        b[j] = if row[j] == 0.0 { 0.0 } else { sum / row[j] };
    }
    for j in (0..n).rev() {
        let pivot = a[j * n + j];
        b[j] = if pivot == 0.0 { 0.0 } else { b[j] / pivot };
        let value = b[j];
        let (head, _) = b.split_at_mut(j);
        head.iter_mut().zip(&a[j * n..]).for_each(|(b, l)| *b -= value * l);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_definite_and_singular_systems() {
        let mut b = [10.0, 9.0];
        cholesky(&mut [4.0, 0.0, 2.0, 3.0], &mut b);
        assert!((b[0] - 1.5).abs() < 1e-12 && (b[1] - 2.0).abs() < 1e-12, "{b:?}");
        // Rank 1 and consistent: any solution of x + y = 2 will do.
        let mut b = [2.0, 2.0];
        cholesky(&mut [1.0, 1.0, 1.0, 1.0], &mut b);
        assert!((b[0] + b[1] - 2.0).abs() < 1e-12, "{b:?}");
    }
}
