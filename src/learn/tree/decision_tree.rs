//! The decision tree estimator.

use super::Labels;
use super::criterion::{Shape, check_criterion, with_purity};
use super::exact::{Grower, Limits};
use super::forest::ForestFit;
use super::prune;
use crate::error::{Result, invalid};
use crate::estimator::{DecisionTree, MaxFeatures};
use crate::fitted::normalised;
use crate::matrix::Matrix;
use crate::observer::Observer;

pub(crate) fn fit(
    params: &DecisionTree,
    x: &Matrix,
    labels: Labels,
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<ForestFit> {
    check_criterion(params.criterion, labels)?;
    if params.ccp_alpha.is_nan() || params.ccp_alpha < 0.0 {
        return invalid(format!("The pruning strength is {}; it must be 0 or more.", params.ccp_alpha));
    }
    let shape = Shape::new(labels, weights);
    let limits = Limits {
        max_depth: params.max_depth.unwrap_or(usize::MAX),
        min_split: params.min_samples_split,
        min_leaf: params.min_samples_leaf.max(1),
        max_features: params.max_features.of(x.columns(), MaxFeatures::All),
    };
    let values = shape.labels(labels);
    let mut nodes = with_purity!(params.criterion, shape.classes > 0, purity => {
        Grower { x, labels: &values, weights, shape, limits, purity, seed: params.seed }.grow(observer)?
    });
    if params.ccp_alpha > 0.0 {
        let total = shape.weight(&nodes[0].statistics);
        prune::prune(&mut nodes, params.ccp_alpha, total);
    }
    let (tree, importance) = prune::build(&nodes, &shape, x.columns());
    Ok(ForestFit { trees: vec![tree], classes: shape.classes, importance: normalised(importance) })
}
