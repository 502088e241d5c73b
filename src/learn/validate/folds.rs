//! How rows are divided into folds. Without shuffling the folds are scikit-learn's.

use crate::error::{Result, count, invalid};
use crate::matrix::Target;
use crate::rng::{self, Random};
use serde::{Deserialize, Serialize};

/// Rows to train on and rows to test on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    pub train: Vec<usize>,
    pub test: Vec<usize>,
}

/// What stays together or apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Stratified for classes, equal parts for numbers.
    Auto,
    /// Rows in equal parts.
    #[default]
    KFold,
    /// Every part has the classes' shares.
    Stratified,
    /// Rows of a group are never in different parts.
    Group,
    /// Trains on the past and tests on what follows.
    TimeSeries,
}

/// How to divide rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Folds {
    pub scheme: Scheme,
    /// At least 2. Default 5.
    pub folds: usize,
    /// How often all of it is done, each time shuffled anew. Default 1.
    pub repeats: usize,
    /// Whether rows are shuffled first; always so if repeated. No use for groups and time series. Default false.
    pub shuffle: bool,
    /// Default 0.
    pub seed: u64,
}

impl Default for Folds {
    fn default() -> Self {
        Self { scheme: Scheme::KFold, folds: 5, repeats: 1, shuffle: false, seed: 0 }
    }
}

impl Folds {
    /// Divides rows `0..rows`. Stratifying needs classes in `target`, groups `groups` (a code a row); a time series
    /// is in the order of `time`, or of the rows.
    pub fn split(
        &self,
        rows: usize,
        target: Option<&Target>,
        groups: Option<&[u32]>,
        time: Option<&[f64]>,
    ) -> Result<Vec<Fold>> {
        if self.folds < 2 || self.repeats < 1 {
            return invalid("Cross-validation needs at least 2 folds, made at least once.");
        }
        if self.folds > rows {
            return invalid(format!(
                "{} cannot be divided into {} folds. Use fewer folds.",
                count(rows, "row"),
                self.folds
            ));
        }
        if let Scheme::TimeSeries = self.scheme {
            return self.time_series(rows, time);
        }
        let scheme = match (self.scheme, target) {
            (Scheme::Auto, Some(Target::Classes { .. })) => Scheme::Stratified,
            (Scheme::Auto, _) => Scheme::KFold,
            (chosen, _) => chosen,
        };
        let mut all = Vec::new();
        for repeat in 0..self.repeats {
            let shuffled = self.shuffle || self.repeats > 1;
            let mut random = shuffled.then(|| rng::part(self.seed, repeat as u64));
            let part = match scheme {
                Scheme::Stratified => self.stratified(target, random.as_mut())?,
                Scheme::Group => self.grouped(rows, groups)?,
                Scheme::Auto | Scheme::KFold | Scheme::TimeSeries => self.plain(rows, random.as_mut()),
            };
            all.extend((0..self.folds).map(|fold| Fold {
                train: (0..rows).filter(|&r| part[r] != fold).collect(),
                test: (0..rows).filter(|&r| part[r] == fold).collect(),
            }));
            if self.scheme == Scheme::Group {
                break;
            }
        }
        Ok(all)
    }

    /// The part of each row: consecutive rows, the first parts one row larger where it does not come out even.
    fn plain(&self, rows: usize, random: Option<&mut Random>) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows).collect();
        if let Some(random) = random {
            rng::shuffle(random, &mut order);
        }
        let (size, larger) = (rows / self.folds, rows % self.folds);
        let mut part = vec![0; rows];
        for (at, row) in order.into_iter().enumerate() {
            let split = larger * (size + 1);
            part[row] = if at < split { at / (size + 1) } else { larger + (at - split) / size };
        }
        part
    }

    fn stratified(&self, target: Option<&Target>, mut random: Option<&mut Random>) -> Result<Vec<usize>> {
        let Some(Target::Classes { codes, classes }) = target else {
            return invalid("Stratified folds need a label of classes. Use plain folds for numbers.");
        };
        // Classes in the order they appear, as in scikit-learn.
        let mut seen = vec![usize::MAX; classes.len()];
        let mut kinds = 0;
        let mut ranks = Vec::with_capacity(codes.len());
        for &code in codes {
            let slot = &mut seen[code as usize];
            if *slot == usize::MAX {
                *slot = kinds;
                kinds += 1;
            }
            ranks.push(*slot);
        }
        let mut sorted = ranks.clone();
        sorted.sort_unstable();
        let mut shares = vec![vec![0usize; self.folds]; kinds];
        sorted.iter().enumerate().for_each(|(at, &k)| shares[k][at % self.folds] += 1);
        if shares.iter().all(|s| s.iter().sum::<usize>() < self.folds) {
            return invalid(format!("No class has as many rows as there are folds ({}). Use fewer folds.", self.folds));
        }
        let mut part = vec![0; codes.len()];
        for (k, shares) in shares.iter().enumerate() {
            let mut parts: Vec<usize> =
                shares.iter().enumerate().flat_map(|(fold, n)| std::iter::repeat_n(fold, *n)).collect();
            if let Some(random) = random.as_deref_mut() {
                rng::shuffle(random, &mut parts);
            }
            let rows = (0..codes.len()).filter(|&r| ranks[r] == k);
            rows.zip(parts).for_each(|(r, fold)| part[r] = fold);
        }
        Ok(part)
    }

    /// Groups, the largest first, each to the part with fewest rows so far.
    fn grouped(&self, rows: usize, groups: Option<&[u32]>) -> Result<Vec<usize>> {
        let Some(groups) = groups.filter(|g| g.len() == rows) else {
            return invalid("Grouped folds need a group for every row. Choose the column that names the group.");
        };
        let mut distinct = groups.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < self.folds {
            let found = count(distinct.len(), "group");
            return invalid(format!("There are {found} for {} folds. Use fewer folds.", self.folds));
        }
        let rank = |group: u32| distinct.partition_point(|d| *d < group);
        let mut sizes = vec![0usize; distinct.len()];
        groups.iter().for_each(|&g| sizes[rank(g)] += 1);
        let mut order: Vec<usize> = (0..distinct.len()).collect();
        // scikit-learn reverses an ascending sort, so of equally large groups the later comes first.
        order.sort_by_key(|&g| std::cmp::Reverse((sizes[g], g)));
        let mut filled = vec![0usize; self.folds];
        let mut part_of = vec![0; distinct.len()];
        for group in order {
            let lightest = (0..self.folds).min_by_key(|&f| filled[f]).unwrap_or(0);
            filled[lightest] += sizes[group];
            part_of[group] = lightest;
        }
        Ok(groups.iter().map(|&g| part_of[rank(g)]).collect())
    }

    fn time_series(&self, rows: usize, time: Option<&[f64]>) -> Result<Vec<Fold>> {
        let mut order: Vec<usize> = (0..rows).collect();
        if let Some(time) = time {
            if time.len() != rows || time.iter().any(|t| t.is_nan()) {
                return invalid("Time series folds need a time for every row; some are missing.");
            }
            order.sort_by(|&a, &b| time[a].total_cmp(&time[b]));
        }
        let size = rows / (self.folds + 1);
        if size == 0 {
            return invalid(format!(
                "{} are too few for {} steps in time. Use fewer folds.",
                count(rows, "row"),
                self.folds
            ));
        }
        let start = rows - size * self.folds;
        let fold = |i: usize| Fold {
            train: order[..start + i * size].to_vec(),
            test: order[start + i * size..start + (i + 1) * size].to_vec(),
        };
        Ok((0..self.folds).map(fold).collect())
    }
}
