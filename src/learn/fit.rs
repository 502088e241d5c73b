//! Training any estimator: the checks that all share, and the way to its algorithm.

use crate::boosting;
use crate::error::{Result, count, invalid};
use crate::estimator::{ClassWeight, Estimator};
use crate::fitted::{Fitted, Learned};
use crate::kmeans;
use crate::linear;
use crate::matrix::{Matrix, Target};
use crate::neighbours;
use crate::observer::{Observer, check};
use crate::tree;

/// Learns from the rows of `x`.
///
/// `y` has one value a row and is needed by all but clustering, `weights` one non-negative weight a row.
/// Rows of weight 0 do not take part.
pub fn fit(
    estimator: &Estimator,
    x: &Matrix,
    y: Option<&Target>,
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<Fitted> {
    check(observer)?;
    check_table(estimator, x)?;
    check_weights(x, weights)?;
    if let Some(weights) = weights.filter(|w| w.contains(&0.0)) {
        let kept: Vec<usize> = (0..x.rows()).filter(|&r| weights[r] > 0.0).collect();
        let weights: Vec<f64> = kept.iter().map(|&r| weights[r]).collect();
        let y = y.filter(|y| y.len() == x.rows()).map(|y| y.take(&kept));
        return fit(estimator, &x.take(&kept), y.as_ref(), Some(&weights), observer);
    }
    if let Estimator::KMeans(params) = estimator {
        return Ok(Fitted::new(x.columns(), Learned::KMeans(kmeans::fit(params, x, weights, observer)?)));
    }
    let Some(y) = y else {
        return invalid(format!("{} needs a label to learn from. Choose a label column.", estimator.title()));
    };
    if y.len() != x.rows() {
        return invalid(format!(
            "The label has {}, but the features have {}.",
            count(y.len(), "value"),
            count(x.rows(), "row")
        ));
    }
    match y {
        Target::Real(values) => {
            check_real(values)?;
            fit_real(estimator, x, values, weights, observer).map(|learned| Fitted::new(x.columns(), learned))
        }
        Target::Classes { codes, classes } => {
            let (codes, present) = present_classes(codes, classes)?;
            let learned = fit_classes(estimator, x, &codes, present.len(), weights, observer)?;
            Ok(Fitted::classifier(x.columns(), learned, classes.len(), present))
        }
    }
}

fn fit_real(
    estimator: &Estimator,
    x: &Matrix,
    y: &[f64],
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<Learned> {
    Ok(match estimator {
        Estimator::LinearRegression(p) => Learned::Linear(linear::regression::fit(p, x, y, weights, observer)?),
        Estimator::DecisionTree(p) => {
            Learned::Forest(tree::decision_tree::fit(p, x, tree::Labels::Real(y), weights, observer)?)
        }
        Estimator::RandomForest(p) => {
            Learned::Forest(tree::random_forest::fit(p, x, tree::Labels::Real(y), weights, observer)?)
        }
        Estimator::GradientBoosting(p) => {
            Learned::Boosting(boosting::fit(p, x, tree::Labels::Real(y), weights, observer)?)
        }
        Estimator::KNearestNeighbours(p) => Learned::Neighbours(neighbours::fit(p, x, tree::Labels::Real(y))?),
        Estimator::LogisticRegression(_) | Estimator::KMeans(_) => {
            return invalid(
                "Logistic regression predicts classes, but the label is a number. \
                 Use linear regression, or turn the label into text or a category.",
            );
        }
    })
}

fn fit_classes(
    estimator: &Estimator,
    x: &Matrix,
    codes: &[u32],
    classes: usize,
    weights: Option<&[f64]>,
    observer: &dyn Observer,
) -> Result<Learned> {
    let labels = tree::Labels::Classes { codes, classes };
    let class_weight = estimator.class_weight().unwrap_or_default();
    let by_weight = matches!(estimator, Estimator::LogisticRegression(_));
    let balanced = balance(class_weight, by_weight, codes, classes, weights);
    let weights = balanced.as_deref().or(weights);
    Ok(match estimator {
        Estimator::LogisticRegression(p) => {
            Learned::Logistic(linear::logistic::fit(p, x, codes, classes, weights, observer)?)
        }
        Estimator::DecisionTree(p) => Learned::Forest(tree::decision_tree::fit(p, x, labels, weights, observer)?),
        Estimator::RandomForest(p) => Learned::Forest(tree::random_forest::fit(p, x, labels, weights, observer)?),
        Estimator::GradientBoosting(p) => Learned::Boosting(boosting::fit(p, x, labels, weights, observer)?),
        Estimator::KNearestNeighbours(p) => Learned::Neighbours(neighbours::fit(p, x, labels)?),
        Estimator::LinearRegression(_) | Estimator::KMeans(_) => {
            return invalid(
                "Linear regression predicts numbers, but the label is a class. \
                 Use logistic regression, or choose a numeric label.",
            );
        }
    })
}

/// Row weights times class weights, where classes are to be balanced. As in scikit-learn, logistic regression counts
/// the classes by row weight and trees count them by rows.
fn balance(
    class_weight: ClassWeight,
    by_weight: bool,
    codes: &[u32],
    classes: usize,
    weights: Option<&[f64]>,
) -> Option<Vec<f64>> {
    if class_weight == ClassWeight::Equal {
        return None;
    }
    let weight = |row: usize| weights.map_or(1.0, |w| w[row]);
    let counted = |row: usize| if by_weight { weight(row) } else { 1.0 };
    let mut sums = vec![0.0; classes];
    codes.iter().enumerate().for_each(|(row, &c)| sums[c as usize] += counted(row));
    let total: f64 = sums.iter().sum();
    let factor = |c: u32| total / (classes as f64 * sums[c as usize]);
    Some(codes.iter().enumerate().map(|(row, &c)| factor(c) * weight(row)).collect())
}

/// Codes among the classes that have rows, and which classes those are.
fn present_classes(codes: &[u32], classes: &[String]) -> Result<(Vec<u32>, Vec<u32>)> {
    let mut rows = vec![0usize; classes.len()];
    for &code in codes {
        match rows.get_mut(code as usize) {
            Some(n) => *n += 1,
            None => {
                return invalid(format!("The label has code {code}, but only {} classes.", classes.len()));
            }
        }
    }
    let present: Vec<u32> = (0..classes.len() as u32).filter(|&c| rows[c as usize] > 0).collect();
    if let [only] = present[..] {
        return invalid(format!(
            "The label has one class only, \"{}\", so there is nothing to tell apart. \
             Use rows of at least two classes.",
            classes[only as usize]
        ));
    }
    let mut position = vec![0u32; classes.len()];
    present.iter().enumerate().for_each(|(i, &c)| position[c as usize] = i as u32);
    Ok((codes.iter().map(|&c| position[c as usize]).collect(), present))
}

/// Refuses tables that `estimator` can neither learn from nor score.
pub(crate) fn check_cells(name: &str, accepts_missing: bool, x: &Matrix) -> Result<()> {
    let infinite = x.infinite();
    if infinite > 0 {
        return invalid(format!(
            "The features have {}, which no estimator can use. Clip or replace them first.",
            count(infinite, "infinite value")
        ));
    }
    let (cells, columns) = x.missing();
    if cells > 0 && !accepts_missing {
        return invalid(format!(
            "The features have {} in {}, which {} cannot use. Fill or remove them with \"Clean missing data\", \
             or use a tree, a forest or boosting.",
            count(cells, "missing cell"),
            count(columns, "column"),
            name.to_lowercase()
        ));
    }
    Ok(())
}

fn check_table(estimator: &Estimator, x: &Matrix) -> Result<()> {
    if x.rows() == 0 {
        return invalid("There are no rows to learn from.");
    }
    if x.columns() == 0 {
        return invalid("There are no features to learn from. Keep at least one column besides the label.");
    }
    check_cells(estimator.title(), estimator.accepts_missing(), x)
}

fn check_weights(x: &Matrix, weights: Option<&[f64]>) -> Result<()> {
    let Some(weights) = weights else {
        return Ok(());
    };
    if weights.len() != x.rows() {
        return invalid(format!("There are {} for {}.", count(weights.len(), "weight"), count(x.rows(), "row")));
    }
    let bad = weights.iter().filter(|w| !w.is_finite() || **w < 0.0).count();
    if bad > 0 {
        return invalid(format!(
            "{} of the row weights are missing, negative or infinite. Every row needs a weight of 0 or more.",
            bad
        ));
    }
    if weights.iter().all(|w| *w == 0.0) {
        return invalid("All row weights are 0, so no row takes part. Give at least one row a weight above 0.");
    }
    Ok(())
}

fn check_real(values: &[f64]) -> Result<()> {
    let bad = values.iter().filter(|v| !v.is_finite()).count();
    if bad > 0 {
        return invalid(format!(
            "The label is missing or infinite in {} of {}. Remove those rows first.",
            bad,
            count(values.len(), "row")
        ));
    }
    Ok(())
}
