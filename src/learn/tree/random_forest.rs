//! The random forest estimator (Breiman 2001).

use super::bins::Binned;
use super::criterion::{Shape, check_criterion, with_purity};
use super::exact::Limits;
use super::forest::ForestFit;
use super::histogram::{Entry, Grower};
use super::{Labels, Tree};
use crate::error::{Result, count, invalid};
use crate::estimator::{MaxFeatures, RandomForest};
use crate::fitted::normalised;
use crate::matrix::Matrix;
use crate::observer::{Observer, check};
use crate::rng;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) fn fit(
    params: &RandomForest,
    x: &Matrix,
    labels: Labels,
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<ForestFit> {
    check_criterion(params.criterion, labels)?;
    if params.n_estimators == 0 {
        return invalid("A forest of 0 trees cannot predict. Ask for at least 1 tree.");
    }
    if !(2..=255).contains(&params.max_bins) {
        return invalid(format!("{} a feature are not possible; choose 2 to 255.", count(params.max_bins, "bin")));
    }
    let shape = Shape::new(labels, weights);
    let default = if shape.classes > 0 { MaxFeatures::Sqrt } else { MaxFeatures::All };
    let limits = Limits {
        max_depth: params.max_depth.unwrap_or(usize::MAX),
        min_split: params.min_samples_split,
        min_leaf: params.min_samples_leaf.max(1),
        max_features: params.max_features.of(x.columns(), default),
    };
    observer.progress(0.0, "Binning the features");
    let binned = Binned::new(x, params.max_bins);
    let values = shape.labels(labels);
    let done = AtomicUsize::new(0);
    let plant = |index: usize| -> Result<(Tree, Vec<f64>)> {
        check(observer)?;
        let mut random = rng::part(params.seed, index as u64);
        let entries = sample(&shape, params.bootstrap, &values, weights, &mut random);
        let grown = with_purity!(params.criterion, shape.classes > 0, purity => {
            if shape.statistics == 2 {
                Grower::<_, 2>::new(&binned, shape, limits, purity, random, observer).grow(entries)
            } else {
                Grower::<_, 0>::new(&binned, shape, limits, purity, random, observer).grow(entries)
            }
        });
        let trees = done.fetch_add(1, Ordering::Relaxed) + 1;
        observer.progress(trees as f64 / params.n_estimators as f64, &format!("{} grown", count(trees, "tree")));
        grown
    };
    let grown: Vec<(Tree, Vec<f64>)> = (0..params.n_estimators).into_par_iter().map(plant).collect::<Result<_>>()?;
    let mut importance = vec![0.0; x.columns()];
    let mut trees = Vec::with_capacity(grown.len());
    for (tree, gains) in grown {
        importance.iter_mut().zip(normalised(gains)).for_each(|(i, g)| *i += g);
        trees.push(tree);
    }
    Ok(ForestFit { trees, classes: shape.classes, importance: normalised(importance) })
}

/// The rows a tree learns from; a row drawn several times is one entry of that weight.
fn sample(
    shape: &Shape,
    bootstrap: bool,
    labels: &[f64],
    weights: Option<&[f64]>,
    random: &mut rng::Random,
) -> Vec<Entry> {
    let mut times = vec![u32::from(!bootstrap); labels.len()];
    if bootstrap {
        (0..labels.len()).for_each(|_| times[rng::below(random, labels.len())] += 1);
    }
    let weight = |row: usize| f64::from(times[row]) * weights.map_or(1.0, |w| w[row]);
    (0..labels.len())
        .map(|row| Entry::new(shape, row, weight(row), labels[row]))
        .filter(|entry| entry.weight > 0.0)
        .collect()
}
