//! Values as small integers, so that a split need look at 255 places only.

use crate::matrix::Matrix;
use rayon::prelude::*;

/// The bin of missing values; values have bins 0 to 254.
pub(super) const MISSING: u8 = 255;
/// Rows that decide the cuts, at most, as in scikit-learn and LightGBM.
const SAMPLE: usize = 200_000;

/// A table of bins, row by row.
pub(super) struct Binned {
    pub columns: usize,
    /// Bytes from row to row: rows begin at multiples of 8.
    stride: usize,
    bins: Vec<u8>,
    /// For each column the upper edges, included, of all its bins but the last.
    pub cuts: Vec<Vec<f64>>,
}

impl Binned {
    pub fn new(x: &Matrix, max_bins: usize) -> Self {
        let columns = x.columns();
        let cuts: Vec<Vec<f64>> = (0..columns).into_par_iter().map(|c| cuts(x.column(c), max_bins)).collect();
        let stride = columns.next_multiple_of(8);
        let mut bins = vec![0u8; x.rows() * stride];
        bins.par_chunks_mut(4096 * stride).enumerate().for_each(|(block, out)| {
            let start = block * 4096;
            for (c, cuts) in cuts.iter().enumerate() {
                for (i, value) in x.column(c)[start..start + out.len() / stride].iter().enumerate() {
                    out[i * stride + c] = bin(*value, cuts);
                }
            }
        });
        Self { columns, stride, bins, cuts }
    }

    #[inline(always)]
    pub fn row(&self, row: u32) -> &[u8] {
        let start = row as usize * self.stride;
        &self.bins[start..start + self.columns]
    }
}

fn bin(value: f64, cuts: &[f64]) -> u8 {
    if value.is_nan() { MISSING } else { cuts.partition_point(|cut| *cut < value) as u8 }
}

/// Cuts between the distinct values if they are few, else at quantiles.
fn cuts(values: &[f64], max_bins: usize) -> Vec<f64> {
    let step = values.len().div_ceil(SAMPLE).max(1);
    let mut sorted: Vec<f64> = values.iter().step_by(step).copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    if distinct.len() <= max_bins {
        return distinct.windows(2).map(|pair| between(pair[0], pair[1])).collect();
    }
    let mut cuts: Vec<f64> = (1..max_bins)
        .filter_map(|i| {
            let at = i * sorted.len() / max_bins;
            let below = sorted[at - 1];
            // The next larger value; a run of equal values is not cut.
            let above = sorted[at..].iter().find(|v| **v > below)?;
            Some(between(below, *above))
        })
        .collect();
    cuts.dedup();
    cuts
}

/// A threshold t with `low <= t < high`.
pub(super) fn between(low: f64, high: f64) -> f64 {
    let middle = low / 2.0 + high / 2.0;
    if middle >= high || middle < low { low } else { middle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_kept_apart() {
        assert_eq!(cuts(&[3.0, 1.0, f64::NAN, 1.0, 2.0], 255), [1.5, 2.5]);
        let matrix = Matrix::from_columns(&[vec![3.0, 1.0, f64::NAN, 2.0]]).unwrap();
        let binned = Binned::new(&matrix, 255);
        assert_eq!([0, 1, 2, 3].map(|row| binned.row(row)[0]), [2, 0, MISSING, 1]);
        assert!(cuts(&[f64::NAN], 255).is_empty());
    }

    #[test]
    fn many_values_are_cut_evenly() {
        let values: Vec<f64> = (0..10_000).map(|i| f64::from(i).sqrt()).collect();
        let cuts = cuts(&values, 255);
        assert_eq!(cuts.len(), 254);
        let mut counts = [0usize; 255];
        values.iter().for_each(|v| counts[bin(*v, &cuts) as usize] += 1);
        assert!(counts.iter().all(|n| (39..=40).contains(n)), "{counts:?}");
    }

    #[test]
    fn neighbours_in_floating_point_are_told_apart() {
        let low = 1.0f64;
        let high = low.next_up();
        let cut = between(low, high);
        assert!(low <= cut && cut < high);
    }
}
