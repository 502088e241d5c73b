//! Growing a tree on binned values.
//!
//! A node sums its rows into one histogram a drawn feature and scans the bins; a small node sorts its rows by bin
//! instead, which is cheaper than 256 bins. Trees grow depth first, so that the rows of a node stay in the cache.

use super::bins::{Binned, MISSING};
use super::criterion::{Purity, Shape};
use super::exact::Limits;
use super::nodes::Tree;
use crate::error::Result;
use crate::observer::{Observer, check};
use crate::rng::{self, Random};

/// A row of the sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub row: u32,
    pub weight: f32,
    /// A class code, or the bits of a number with the shape's offset taken off.
    pub label: u64,
}

impl Entry {
    pub fn new(shape: &Shape, row: usize, weight: f64, label: f64) -> Self {
        let label = if shape.classes > 0 { label as u64 } else { label.to_bits() };
        Self { row: row as u32, weight: weight as f32, label }
    }

    #[inline(always)]
    fn add(&self, shape: &Shape, statistics: &mut [f64]) {
        let weight = f64::from(self.weight);
        if shape.classes == 0 {
            statistics[0] += weight;
            statistics[1] += weight * f64::from_bits(self.label);
        } else {
            statistics[self.label as usize] += weight;
        }
    }
}

/// Bins of a histogram, the last for missing values.
const BINS: usize = 256;
/// Nodes of up to this many rows are sorted.
const SORTED: usize = 96;

#[derive(Clone, Copy)]
struct Split {
    feature: usize,
    /// The last bin that goes left.
    bin: u8,
    threshold: f64,
    missing_left: bool,
    has_missing: bool,
    score: f64,
}

struct Pending {
    node: usize,
    start: usize,
    end: usize,
    depth: usize,
    statistics: Vec<f64>,
}

/// Sums of the rows of one bin.
#[derive(Clone, Copy)]
struct Run {
    bin: u8,
    rows: usize,
    /// Where its statistics stand.
    at: usize,
}

/// `W` is the number of statistics where it is known to the compiler, or 0.
pub(super) struct Grower<'a, P, const W: usize> {
    binned: &'a Binned,
    shape: Shape,
    limits: Limits,
    purity: P,
    random: Random,
    observer: &'a dyn Observer,
    /// All features; those drawn for a node stand first.
    drawn: Vec<usize>,
    histogram: Vec<f64>,
    counts: Vec<u32>,
    runs: Vec<Run>,
    keys: Vec<u32>,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl<'a, P: Purity, const W: usize> Grower<'a, P, W> {
    pub fn new(
        binned: &'a Binned,
        shape: Shape,
        limits: Limits,
        purity: P,
        random: Random,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            binned,
            shape,
            limits,
            purity,
            random,
            observer,
            drawn: (0..binned.columns).collect(),
            histogram: Vec::new(),
            counts: Vec::new(),
            runs: Vec::new(),
            keys: Vec::new(),
            left: vec![0.0; shape.statistics],
            right: vec![0.0; shape.statistics],
        }
    }

    /// The tree, and the gain each feature brought.
    pub fn grow(mut self, mut entries: Vec<Entry>) -> Result<(Tree, Vec<f64>)> {
        let mut tree = Tree::new(self.shape.width());
        let mut importance = vec![0.0; self.binned.columns];
        let mut scratch = Vec::with_capacity(entries.len());
        let statistics = self.sum(&entries);
        tree.push();
        let mut pending = vec![Pending { node: 0, start: 0, end: entries.len(), depth: 0, statistics }];
        let mut visited = 0usize;
        while let Some(Pending { node, start, end, depth, statistics }) = pending.pop() {
            visited += 1;
            if end - start > 20_000 || visited.is_multiple_of(1024) {
                check(self.observer)?;
            }
            let Some(split) = self.best(&entries[start..end], &statistics, depth) else {
                tree.set_leaf(node, self.shape.leaf(&statistics));
                continue;
            };
            importance[split.feature] += (split.score - self.purity.score(&statistics)).max(0.0);
            let middle = start + self.partition(&mut entries[start..end], &mut scratch, &split);
            let missing_left = if split.has_missing { split.missing_left } else { middle - start > end - middle };
            let left = tree.set_split(node, split.feature, split.threshold, missing_left);
            let halves = [self.sum(&entries[start..middle]), self.sum(&entries[middle..end])];
            let [left_statistics, right_statistics] = halves;
            let depth = depth + 1;
            pending.push(Pending { node: left + 1, start: middle, end, depth, statistics: right_statistics });
            pending.push(Pending { node: left, start, end: middle, depth, statistics: left_statistics });
        }
        Ok((tree, importance))
    }

    #[inline(always)]
    fn width(&self) -> usize {
        if W > 0 { W } else { self.shape.statistics }
    }

    fn sum(&self, entries: &[Entry]) -> Vec<f64> {
        let mut statistics = vec![0.0; self.shape.statistics];
        entries.iter().for_each(|e| e.add(&self.shape, &mut statistics));
        statistics
    }

    fn best(&mut self, entries: &[Entry], parent: &[f64], depth: usize) -> Option<Split> {
        let limits = self.limits;
        if depth >= limits.max_depth
            || entries.len() < limits.min_split.max(2)
            || entries.len() < 2 * limits.min_leaf
            || self.is_pure(entries, parent)
        {
            return None;
        }
        let mut best: Option<Split> = None;
        let mut looked_at = 0;
        let features = self.drawn.len();
        while looked_at < features {
            // At first all that are to be drawn; then one by one, until one varies.
            let batch = if looked_at == 0 { limits.max_features } else { 1 };
            for i in looked_at..looked_at + batch {
                let j = i + rng::below(&mut self.random, features - i);
                self.drawn.swap(i, j);
            }
            let varies = if entries.len() <= SORTED {
                self.by_sorting(entries, looked_at..looked_at + batch, parent, &mut best)
            } else {
                self.by_histogram(entries, looked_at..looked_at + batch, parent, &mut best)
            };
            if varies {
                break;
            }
            looked_at += batch;
        }
        best
    }

    fn is_pure(&self, entries: &[Entry], parent: &[f64]) -> bool {
        if self.shape.classes > 0 {
            parent.iter().filter(|w| **w > 0.0).count() < 2
        } else {
            entries.iter().all(|e| e.label == entries[0].label)
        }
    }

    /// Looks at the drawn features of `range`; says whether any of them varies.
    fn by_histogram(
        &mut self,
        entries: &[Entry],
        range: std::ops::Range<usize>,
        parent: &[f64],
        best: &mut Option<Split>,
    ) -> bool {
        let width = self.width();
        let stride = BINS * width;
        let features = self.drawn[range].to_vec();
        self.histogram.clear();
        self.histogram.resize(features.len() * stride, 0.0);
        if self.limits.min_leaf > 1 {
            self.fill::<true>(entries, &features);
        } else {
            self.fill::<false>(entries, &features);
        }
        let mut varies = false;
        for (i, &feature) in features.iter().enumerate() {
            let mut runs = std::mem::take(&mut self.runs);
            runs.clear();
            for bin in (0..=self.binned.cuts[feature].len()).chain([usize::from(MISSING)]) {
                let at = i * stride + bin * width;
                let statistics = &self.histogram[at..at + width];
                let filled =
                    if self.shape.classes == 0 { statistics[0] > 0.0 } else { statistics.iter().any(|s| *s > 0.0) };
                if filled {
                    let rows = self.counts.get(i * BINS + bin).map_or(1, |n| *n as usize);
                    runs.push(Run { bin: bin as u8, rows, at });
                }
            }
            varies |= runs.len() > 1;
            self.scan(feature, &runs, entries.len(), parent, best);
            self.runs = runs;
        }
        varies
    }

    fn fill<const COUNT: bool>(&mut self, entries: &[Entry], features: &[usize]) {
        let width = self.width();
        self.counts.clear();
        if COUNT {
            self.counts.resize(features.len() * BINS, 0);
        }
        for entry in entries {
            let bins = self.binned.row(entry.row);
            let histograms = self.histogram.chunks_exact_mut(BINS * width);
            for (i, (histogram, &feature)) in histograms.zip(features).enumerate() {
                let bin = bins[feature] as usize;
                if COUNT {
                    self.counts[i * BINS + bin] += 1;
                }
                entry.add(&self.shape, &mut histogram[bin * width..(bin + 1) * width]);
            }
        }
    }

    fn by_sorting(
        &mut self,
        entries: &[Entry],
        range: std::ops::Range<usize>,
        parent: &[f64],
        best: &mut Option<Split>,
    ) -> bool {
        let width = self.width();
        let mut varies = false;
        for i in range {
            let feature = self.drawn[i];
            self.keys.clear();
            for (i, entry) in entries.iter().enumerate() {
                self.keys.push(u32::from(self.binned.row(entry.row)[feature]) << 16 | i as u32);
            }
            self.keys.sort_unstable();
            let mut runs = std::mem::take(&mut self.runs);
            runs.clear();
            self.histogram.clear();
            for key in &self.keys {
                let bin = (key >> 16) as u8;
                match runs.last_mut() {
                    Some(run) if run.bin == bin => run.rows += 1,
                    _ => {
                        runs.push(Run { bin, rows: 1, at: self.histogram.len() });
                        self.histogram.resize(self.histogram.len() + width, 0.0);
                    }
                }
                let at = self.histogram.len() - width;
                let entry = &entries[(key & 0xFFFF) as usize];
                entry.add(&self.shape, &mut self.histogram[at..at + width]);
            }
            varies |= runs.len() > 1;
            self.scan(feature, &runs, entries.len(), parent, best);
            self.runs = runs;
        }
        varies
    }

    /// Tries every gap between the bins that hold rows; those of missing values come last and are tried on both
    /// sides.
    fn scan(&mut self, feature: usize, runs: &[Run], rows: usize, parent: &[f64], best: &mut Option<Split>) {
        let width = self.width();
        let missing = runs.last().copied().filter(|run| run.bin == MISSING);
        let has_missing = missing.is_some();
        let present = &runs[..runs.len() - usize::from(has_missing)];
        let Self { histogram, left, right, purity, binned, limits, .. } = self;
        let (left, right, parent) = (&mut left[..width], &mut right[..width], &parent[..width]);
        let take = |left: &mut [f64], run: Run| {
            let statistics = &histogram[run.at..run.at + width];
            left.iter_mut().zip(statistics).for_each(|(l, s)| *l += s);
        };
        for missing_left in [false, true] {
            if missing_left && !has_missing {
                break;
            }
            left.fill(0.0);
            let mut on_left = 0;
            if let Some(run) = missing.filter(|_| missing_left) {
                take(left, run);
                on_left += run.rows;
            }
            for (i, run) in present.iter().enumerate() {
                take(left, *run);
                on_left += run.rows;
                let bin = match present.get(i + 1) {
                    // Half way to the next bin with rows.
                    Some(next) => run.bin + (next.bin - run.bin - 1) / 2,
                    None if has_missing && !missing_left => MISSING - 1,
                    None => break,
                };
                if limits.min_leaf > 1 && (on_left < limits.min_leaf || rows - on_left < limits.min_leaf) {
                    continue;
                }
                right.iter_mut().zip(parent.iter().zip(&*left)).for_each(|(r, (p, l))| *r = p - l);
                let score = purity.score(left) + purity.score(right);
                if best.is_none_or(|b| score > b.score) && score.is_finite() {
                    let threshold = binned.cuts[feature].get(usize::from(bin)).copied().unwrap_or(f64::MAX);
                    *best = Some(Split { feature, bin, threshold, missing_left, has_missing, score });
                }
            }
        }
    }

    /// Moves the entries going left before the others, keeping their order; returns their number.
    fn partition(&self, entries: &mut [Entry], scratch: &mut Vec<Entry>, split: &Split) -> usize {
        scratch.clear();
        let mut at = 0;
        for i in 0..entries.len() {
            let entry = entries[i];
            let bin = self.binned.row(entry.row)[split.feature];
            if if bin == MISSING { split.missing_left } else { bin <= split.bin } {
                entries[at] = entry;
                at += 1;
            } else {
                scratch.push(entry);
            }
        }
        entries[at..].copy_from_slice(scratch);
        at
    }
}
