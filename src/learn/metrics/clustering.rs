//! Metrics of clusters, with and without a truth to compare with.

use crate::matrix::Matrix;
use rayon::prelude::*;

/// Rows by cluster, with the codes made consecutive.
struct Groups {
    codes: Vec<usize>,
    sizes: Vec<usize>,
}

impl Groups {
    fn new(codes: &[u32]) -> Self {
        let mut distinct = codes.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let codes: Vec<usize> = codes.iter().map(|c| distinct.partition_point(|d| d < c)).collect();
        let mut sizes = vec![0; distinct.len()];
        codes.iter().for_each(|&c| sizes[c] += 1);
        Self { codes, sizes }
    }

    /// Whether the metrics of shape are defined.
    fn comparable(&self) -> bool {
        (2..self.codes.len()).contains(&self.sizes.len())
    }

    /// The mean of each cluster's rows.
    fn centres(&self, rows: &[f64], width: usize) -> Vec<f64> {
        let mut centres = vec![0.0; self.sizes.len() * width];
        for (row, &c) in rows.chunks_exact(width).zip(&self.codes) {
            centres[c * width..(c + 1) * width].iter_mut().zip(row).for_each(|(m, v)| *m += v);
        }
        for (centre, size) in centres.chunks_exact_mut(width).zip(&self.sizes) {
            centre.iter_mut().for_each(|m| *m /= *size as f64);
        }
        centres
    }
}

fn rows_of(x: &Matrix) -> Vec<f64> {
    let mut rows = Vec::new();
    x.copy_rows(0, x.rows(), &mut rows);
    rows
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    squared(a, b).sqrt()
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The mean silhouette (Rousseeuw 1987), -1 to 1: how much nearer rows are to their own cluster than to the next.
/// Compares every row with every other. NaN unless there are at least 2 clusters and fewer than rows.
pub fn silhouette(x: &Matrix, codes: &[u32]) -> f64 {
    let groups = Groups::new(codes);
    if !groups.comparable() {
        return f64::NAN;
    }
    let (rows, width) = (rows_of(x), x.columns());
    let values: Vec<f64> = (0..codes.len())
        .into_par_iter()
        .map(|i| {
            let own = groups.codes[i];
            if groups.sizes[own] == 1 {
                return 0.0;
            }
            let mut sums = vec![0.0; groups.sizes.len()];
            let row = &rows[i * width..(i + 1) * width];
            for (other, &c) in rows.chunks_exact(width).zip(&groups.codes) {
                sums[c] += distance(row, other);
            }
            let inside = sums[own] / (groups.sizes[own] - 1) as f64;
            let outside = (0..sums.len())
                .filter(|&c| c != own)
                .map(|c| sums[c] / groups.sizes[c] as f64)
                .fold(f64::INFINITY, f64::min);
            super::ratio(outside - inside, inside.max(outside))
        })
        .collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// The ratio of the spread between clusters to that within them (Caliński and Harabasz 1974), from 0; NaN as for
/// the silhouette.
pub fn calinski_harabasz(x: &Matrix, codes: &[u32]) -> f64 {
    let groups = Groups::new(codes);
    if !groups.comparable() {
        return f64::NAN;
    }
    let (rows, width) = (rows_of(x), x.columns());
    let centres = groups.centres(&rows, width);
    let one = Groups { codes: vec![0; codes.len()], sizes: vec![codes.len()] };
    let middle = one.centres(&rows, width);
    let between: f64 =
        centres.chunks_exact(width).zip(&groups.sizes).map(|(c, n)| *n as f64 * squared(c, &middle)).sum();
    let within: f64 =
        rows.chunks_exact(width).zip(&groups.codes).map(|(r, &c)| squared(r, &centres[c * width..][..width])).sum();
    if within == 0.0 {
        return 1.0;
    }
    let (n, k) = (codes.len() as f64, groups.sizes.len() as f64);
    between * (n - k) / (within * (k - 1.0))
}

/// The mean over clusters of the worst ratio of spread to separation (Davies and Bouldin 1979), from 0; less is
/// better. NaN as for the silhouette.
pub fn davies_bouldin(x: &Matrix, codes: &[u32]) -> f64 {
    let groups = Groups::new(codes);
    if !groups.comparable() {
        return f64::NAN;
    }
    let (rows, width) = (rows_of(x), x.columns());
    let centres = groups.centres(&rows, width);
    let centre = |c: usize| &centres[c * width..(c + 1) * width];
    let k = groups.sizes.len();
    let mut spread = vec![0.0; k];
    for (row, &c) in rows.chunks_exact(width).zip(&groups.codes) {
        spread[c] += distance(row, centre(c)) / groups.sizes[c] as f64;
    }
    let worst = |i: usize| {
        let ratio = |j: usize| {
            let apart = distance(centre(i), centre(j));
            if apart == 0.0 { 0.0 } else { (spread[i] + spread[j]) / apart }
        };
        (0..k).filter(|&j| j != i).map(ratio).fold(0.0, f64::max)
    };
    (0..k).map(worst).sum::<f64>() / k as f64
}

/// Summed squared distances to the centres.
pub fn inertia(distances: &[f64], weights: Option<&[f64]>) -> f64 {
    distances.iter().enumerate().map(|(i, d)| super::weight(weights, i) * d * d).sum()
}

/// Rows by true class and cluster.
struct Table {
    counts: Vec<Vec<f64>>,
    classes: Vec<f64>,
    clusters: Vec<f64>,
    rows: f64,
}

impl Table {
    fn new(truth: &[u32], codes: &[u32]) -> Self {
        let (truth, found) = (Groups::new(truth), Groups::new(codes));
        let mut counts = vec![vec![0.0; found.sizes.len()]; truth.sizes.len()];
        truth.codes.iter().zip(&found.codes).for_each(|(&t, &c)| counts[t][c] += 1.0);
        let sizes = |groups: &Groups| groups.sizes.iter().map(|n| *n as f64).collect();
        Self { counts, classes: sizes(&truth), clusters: sizes(&found), rows: codes.len() as f64 }
    }

    fn entropy(sizes: &[f64], rows: f64) -> f64 {
        -sizes.iter().filter(|n| **n > 0.0).map(|n| n / rows * (n / rows).ln()).sum::<f64>()
    }

    fn mutual_information(&self) -> f64 {
        let mut sum = 0.0;
        for (t, row) in self.counts.iter().enumerate() {
            for (c, n) in row.iter().enumerate().filter(|(_, n)| **n > 0.0) {
                sum += n / self.rows * (n * self.rows / (self.classes[t] * self.clusters[c])).ln();
            }
        }
        sum.max(0.0)
    }
}

/// Agreement of two partitions by pairs of rows, corrected for chance (Hubert and Arabie 1985), -0.5 to 1.
pub fn adjusted_rand(truth: &[u32], codes: &[u32]) -> f64 {
    let table = Table::new(truth, codes);
    let squares = |sizes: &[f64]| sizes.iter().map(|n| n * n).sum::<f64>();
    let both: f64 = table.counts.iter().map(|row| squares(row)).sum();
    let (classes, clusters) = (squares(&table.classes), squares(&table.clusters));
    let together = both - table.rows;
    let only_clusters = clusters - both;
    let only_classes = classes - both;
    let apart = table.rows * table.rows - only_clusters - only_classes - both;
    if only_clusters == 0.0 && only_classes == 0.0 {
        return 1.0;
    }
    2.0 * (together * apart - only_classes * only_clusters)
        / ((together + only_classes) * (only_classes + apart) + (together + only_clusters) * (only_clusters + apart))
}

/// Homogeneity (each cluster holds one class), completeness (each class lies in one cluster) and their harmonic
/// mean V, which is also the normalised mutual information; 0 to 1 (Rosenberg and Hirschberg 2007).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    pub homogeneity: f64,
    pub completeness: f64,
    pub v_measure: f64,
    pub normalised_mutual_information: f64,
}

pub fn agreement(truth: &[u32], codes: &[u32]) -> Agreement {
    let table = Table::new(truth, codes);
    let classes = Table::entropy(&table.classes, table.rows);
    let clusters = Table::entropy(&table.clusters, table.rows);
    let shared = table.mutual_information();
    let part = |entropy: f64| {
        if entropy == 0.0 { 1.0 } else { shared / entropy }
    };
    let (homogeneity, completeness) = (part(classes), part(clusters));
    let v_measure = super::ratio(2.0 * homogeneity * completeness, homogeneity + completeness);
    let single = table.classes.len() <= 1 && table.clusters.len() <= 1;
    let mean = (classes + clusters) / 2.0;
    let normalised_mutual_information = if single { 1.0 } else { super::ratio(shared, mean) };
    Agreement { homogeneity, completeness, v_measure, normalised_mutual_information }
}
