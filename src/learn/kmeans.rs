//! K-means clustering: Lloyd's iterations from greedy k-means++ starts (Arthur and Vassilvitskii 2007).

use crate::error::{Result, count, invalid};
use crate::estimator::KMeans;
use crate::fitted::Summary;
use crate::linear::moments;
use crate::matrix::Matrix;
use crate::observer::{Observer, check};
use crate::rng::{self, Random};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Trained clusters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KMeansFit {
    /// One centre a cluster, one value a feature.
    pub centres: Vec<Vec<f64>>,
    /// Training rows in each cluster.
    pub sizes: Vec<usize>,
    /// Sum of weighted squared distances to the nearest centre.
    pub inertia: f64,
    pub iterations: usize,
}

pub(crate) fn fit(params: &KMeans, x: &Matrix, weights: Option<&[f64]>, observer: &dyn Observer) -> Result<KMeansFit> {
    if params.n_clusters == 0 || params.n_init == 0 {
        return invalid("K-means needs at least 1 cluster and 1 start.");
    }
    if params.n_clusters > x.rows() {
        return invalid(format!(
            "There are only {} for {}. Lower the number of clusters.",
            count(x.rows(), "row"),
            count(params.n_clusters, "cluster")
        ));
    }
    let mut rows = Vec::new();
    x.copy_rows(0, x.rows(), &mut rows);
    let variance = moments(x, None).1.iter().map(|s| s * s).sum::<f64>() / x.columns() as f64;
    let problem = Problem {
        rows: &rows,
        width: x.columns(),
        weights,
        clusters: params.n_clusters,
        tolerance: params.tolerance * variance,
        max_iterations: params.max_iterations,
    };
    let mut best: Option<KMeansFit> = None;
    for start in 0..params.n_init {
        check(observer)?;
        let mut random = rng::part(params.seed, start as u64);
        let centres = problem.start(&mut random);
        let fit = problem.lloyd(centres, observer)?;
        observer.metric("inertia", fit.inertia, start as u64 + 1);
        let done = (start + 1) as f64 / params.n_init as f64;
        observer.progress(done, &format!("Start {} of {}", start + 1, params.n_init));
        if best.as_ref().is_none_or(|b| fit.inertia < b.inertia) {
            best = Some(fit);
        }
    }
    best.ok_or(crate::Error::Cancelled)
}

struct Problem<'a> {
    /// Row by row.
    rows: &'a [f64],
    width: usize,
    weights: Option<&'a [f64]>,
    clusters: usize,
    tolerance: f64,
    max_iterations: usize,
}

/// Rows assigned together; a fixed number, so that sums do not depend on the number of threads.
const BLOCK: usize = 4096;

impl Problem<'_> {
    fn len(&self) -> usize {
        self.rows.len() / self.width
    }

    fn row(&self, r: usize) -> &[f64] {
        &self.rows[r * self.width..(r + 1) * self.width]
    }

    fn weight(&self, r: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[r])
    }

    /// Greedy k-means++: each centre is the best of a few rows drawn by their squared distance to those before.
    fn start(&self, random: &mut Random) -> Vec<f64> {
        let trials = 2 + (self.clusters as f64).ln() as usize;
        let mut closest = vec![1.0; self.len()];
        let mut centres: Vec<f64> = self.row(self.draw(&closest, random)).to_vec();
        closest = self.distances(&centres, &vec![f64::INFINITY; self.len()]);
        for _ in 1..self.clusters {
            let candidates: Vec<usize> = (0..trials).map(|_| self.draw(&closest, random)).collect();
            let tried = candidates.iter().map(|&c| {
                let closer = self.distances(self.row(c), &closest);
                let potential: f64 = closer.iter().enumerate().map(|(r, d)| d * self.weight(r)).sum();
                (c, closer, potential)
            });
            if let Some((row, closer, _)) = tried.min_by(|a, b| a.2.total_cmp(&b.2)) {
                centres.extend_from_slice(self.row(row));
                closest = closer;
            }
        }
        centres
    }

    /// A row drawn with probability proportional to weight times `chance`.
    fn draw(&self, chance: &[f64], random: &mut Random) -> usize {
        let total: f64 = chance.iter().enumerate().map(|(r, c)| c * self.weight(r)).sum();
        if total == 0.0 {
            return rng::below(random, self.len());
        }
        let mut left = rng::unit(random) * total;
        for (r, c) in chance.iter().enumerate() {
            left -= c * self.weight(r);
            if left < 0.0 {
                return r;
            }
        }
        self.len() - 1
    }

    /// Squared distances to a centre, or `closest` where that is less.
    fn distances(&self, centre: &[f64], closest: &[f64]) -> Vec<f64> {
        (0..self.len()).into_par_iter().map(|r| squared(self.row(r), centre).min(closest[r])).collect()
    }

    fn lloyd(&self, mut centres: Vec<f64>, observer: &dyn Observer) -> Result<KMeansFit> {
        let mut codes = Vec::new();
        let mut iterations = 0;
        while iterations < self.max_iterations.max(1) {
            check(observer)?;
            iterations += 1;
            let (assigned, distances) = assign(self.rows, self.width, &centres);
            let next = self.means(&assigned, &distances, &centres);
            let moved = squared(&next, &centres);
            let settled = assigned == codes;
            (centres, codes) = (next, assigned);
            if settled || moved <= self.tolerance {
                break;
            }
        }
        let (codes, distances) = assign(self.rows, self.width, &centres);
        let inertia = distances.iter().enumerate().map(|(r, d)| d * self.weight(r)).sum();
        let mut sizes = vec![0; self.clusters];
        codes.iter().for_each(|&c| sizes[c as usize] += 1);
        let centres = centres.chunks_exact(self.width).map(<[f64]>::to_vec).collect();
        Ok(KMeansFit { centres, sizes, inertia, iterations })
    }

    /// The mean of each cluster's rows; an empty cluster takes the row farthest from its centre.
    fn means(&self, codes: &[u32], distances: &[f64], before: &[f64]) -> Vec<f64> {
        let size = self.clusters * (self.width + 1);
        let parts: Vec<Vec<f64>> = (0..codes.len().div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let mut sums = vec![0.0; size];
                let start = block * BLOCK;
                let end = (start + BLOCK).min(codes.len());
                for (r, code) in (start..end).zip(&codes[start..end]) {
                    self.add(&mut sums, *code, r, self.weight(r));
                }
                sums
            })
            .collect();
        let mut sums = vec![0.0; size];
        parts.iter().for_each(|part| sums.iter_mut().zip(part).for_each(|(s, p)| *s += p));
        let weight_of = |sums: &[f64], c: usize| sums[c * (self.width + 1) + self.width];
        let empty: Vec<usize> = (0..self.clusters).filter(|&c| weight_of(&sums, c) <= 0.0).collect();
        if !empty.is_empty() {
            let mut farthest: Vec<usize> = (0..codes.len()).collect();
            farthest.sort_by(|&a, &b| distances[b].total_cmp(&distances[a]));
            for (c, r) in empty.into_iter().zip(farthest) {
                self.add(&mut sums, codes[r], r, -self.weight(r));
                self.add(&mut sums, c as u32, r, self.weight(r));
            }
        }
        let mut centres = Vec::with_capacity(self.clusters * self.width);
        for (sums, before) in sums.chunks_exact(self.width + 1).zip(before.chunks_exact(self.width)) {
            let weight = sums[self.width];
            if weight > 0.0 {
                centres.extend(sums[..self.width].iter().map(|s| s / weight));
            } else {
                // With many identical rows a cluster can stay empty.
                centres.extend_from_slice(before);
            }
        }
        centres
    }

    fn add(&self, sums: &mut [f64], cluster: u32, row: usize, weight: f64) {
        let sums = &mut sums[cluster as usize * (self.width + 1)..][..self.width + 1];
        sums.iter_mut().zip(self.row(row)).for_each(|(s, v)| *s += weight * v);
        sums[self.width] += weight;
    }
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The nearest centre of every row, the first of equally near ones, and the squared distance to it.
fn assign(rows: &[f64], width: usize, centres: &[f64]) -> (Vec<u32>, Vec<f64>) {
    rows.par_chunks_exact(width)
        .map(|row| {
            let mut best = (0u32, f64::INFINITY);
            for (c, centre) in centres.chunks_exact(width).enumerate() {
                let distance = squared(row, centre);
                if distance < best.1 {
                    best = (c as u32, distance);
                }
            }
            best
        })
        .unzip()
}

impl KMeansFit {
    /// The nearest centre and the distance to it.
    pub(crate) fn predict(&self, x: &Matrix) -> (Vec<u32>, Vec<f64>) {
        let mut rows = Vec::new();
        x.copy_rows(0, x.rows(), &mut rows);
        let (codes, distances) = assign(&rows, x.columns(), &self.centres.concat());
        (codes, distances.into_iter().map(f64::sqrt).collect())
    }

    pub(crate) fn summary(&self) -> Summary {
        let Self { centres, sizes, inertia, iterations } = self.clone();
        Summary::KMeans { centres, sizes, inertia, iterations }
    }
}
