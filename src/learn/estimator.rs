//! Estimators: what to train, and with which parameters.
//!
//! Parameters are named and defaulted as in scikit-learn unless their documentation says otherwise;
//! seeds default to 0, so that a run repeats.

use crate::boosting;
use crate::error::{Result, count, invalid};
use crate::fitted::{Fitted, Learned};
use crate::kmeans;
use crate::linear;
use crate::matrix::{Matrix, Target};
use crate::neighbours;
use crate::observer::{Observer, check};
use crate::report::Task;
use crate::tree;
use serde::{Deserialize, Serialize};

/// An untrained model: an algorithm and its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case")]
pub enum Estimator {
    LinearRegression(LinearRegression),
    LogisticRegression(LogisticRegression),
    DecisionTree(DecisionTree),
    RandomForest(RandomForest),
    GradientBoosting(GradientBoosting),
    KNearestNeighbours(KNearestNeighbours),
    #[serde(rename = "k_means")]
    KMeans(KMeans),
}

/// Least squares, optionally with a penalty. The intercept is never penalised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearRegression {
    pub penalty: Penalty,
    /// Strength of the penalty, at least 0; unused without one. Ridge adds `alpha * |w|^2` to the sum of
    /// squares, elastic net is scikit-learn's `ElasticNet`. Default 1.
    pub alpha: f64,
    /// Elastic net's share of L1, 0 to 1. Default 0.5.
    pub l1_ratio: f64,
    /// Whether to fit an intercept. Default true.
    pub intercept: bool,
    /// Elastic net's limit on passes over the features. Default 1,000.
    pub max_iterations: usize,
    /// Elastic net stops when its duality gap falls below this share of the target's sum of squares. Default 1e-4.
    pub tolerance: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Penalty {
    #[default]
    None,
    Ridge,
    ElasticNet,
}

impl Default for LinearRegression {
    fn default() -> Self {
        Self {
            penalty: Penalty::None,
            alpha: 1.0,
            l1_ratio: 0.5,
            intercept: true,
            max_iterations: 1000,
            tolerance: 1e-4,
        }
    }
}

/// How much each class counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    #[default]
    Equal,
    /// Inversely to its number of rows: `rows / (classes * rows of the class)`.
    Balanced,
}

/// Logistic regression with an L2 penalty: one sigmoid for two classes, a softmax for more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegression {
    /// Inverse of the penalty's strength, positive. Default 1.
    pub c: f64,
    /// Whether to fit an intercept, which is not penalised. Default true.
    pub intercept: bool,
    /// Limit on Newton steps. Default 100.
    pub max_iterations: usize,
    /// Stops when no component of the mean loss' gradient exceeds this. Default 1e-4.
    pub tolerance: f64,
    pub class_weight: ClassWeight,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self {
            c: 1.0,
            intercept: true,
            max_iterations: 100,
            tolerance: 1e-4,
            class_weight: ClassWeight::Equal,
        }
    }
}

/// What a split is to reduce. `Default` is Gini for classes and squared error for numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    #[default]
    Default,
    Gini,
    Entropy,
    SquaredError,
}

/// How many features each split looks at.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxFeatures {
    /// The square root for a classifying forest, all otherwise.
    #[default]
    Default,
    All,
    Sqrt,
    Log2,
    /// A share, above 0 and at most 1.
    Share(f64),
    Count(usize),
}

impl MaxFeatures {
    /// The number for `features` features, at least 1.
    pub(crate) fn of(self, features: usize, default: MaxFeatures) -> usize {
        let n = match self {
            Self::Default if default == Self::Default => features,
            Self::Default => default.of(features, Self::Default),
            Self::All => features,
            Self::Sqrt => (features as f64).sqrt() as usize,
            Self::Log2 => (features.max(1) as f64).log2() as usize,
            Self::Share(share) => (features as f64 * share) as usize,
            Self::Count(n) => n,
        };
        n.clamp(1, features.max(1))
    }
}

/// One tree with exact splits (CART).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionTree {
    pub criterion: Criterion,
    /// Levels of splits; none means until the leaves are pure. Default none.
    pub max_depth: Option<usize>,
    /// A node with fewer rows is a leaf. Default 2.
    pub min_samples_split: usize,
    /// A split leaving fewer rows on a side is not made. Default 1.
    pub min_samples_leaf: usize,
    pub max_features: MaxFeatures,
    /// Cost-complexity pruning: subtrees that reduce the impurity by less than this per leaf are cut. Default 0.
    pub ccp_alpha: f64,
    pub class_weight: ClassWeight,
    /// Decides between equally good splits, and draws features. Default 0.
    pub seed: u64,
}

impl Default for DecisionTree {
    fn default() -> Self {
        Self {
            criterion: Criterion::Default,
            max_depth: None,
            min_samples_split: 2,
            min_samples_leaf: 1,
            max_features: MaxFeatures::All,
            ccp_alpha: 0.0,
            class_weight: ClassWeight::Equal,
            seed: 0,
        }
    }
}

/// Many trees, each on a bootstrap sample, averaged. Values are binned into at most 255 bins a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomForest {
    /// Number of trees. Default 100.
    pub n_estimators: usize,
    pub criterion: Criterion,
    /// Levels of splits; none means until the leaves are pure. Default none.
    pub max_depth: Option<usize>,
    /// A node with fewer rows is a leaf. Default 2.
    pub min_samples_split: usize,
    /// A split leaving fewer rows on a side is not made. Default 1.
    pub min_samples_leaf: usize,
    pub max_features: MaxFeatures,
    /// Whether each tree sees a sample drawn with replacement. Default true.
    pub bootstrap: bool,
    /// Bins a feature, 2 to 255. Default 255.
    pub max_bins: usize,
    pub class_weight: ClassWeight,
    /// Default 0.
    pub seed: u64,
}

impl Default for RandomForest {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            criterion: Criterion::Default,
            max_depth: None,
            min_samples_split: 2,
            min_samples_leaf: 1,
            max_features: MaxFeatures::Default,
            bootstrap: true,
            max_bins: 255,
            class_weight: ClassWeight::Equal,
            seed: 0,
        }
    }
}

/// Gradient boosted trees: log loss for two classes, softmax for more, squared error for numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GradientBoosting {
    /// Number of rounds; each adds one tree, or one a class for more than two classes. Default 100.
    pub n_estimators: usize,
    /// What each tree's contribution is multiplied by. Default 0.1.
    pub learning_rate: f64,
    /// Levels of splits in a tree. Default 6, as in XGBoost.
    pub max_depth: usize,
    /// Limit on the leaves of a tree, which then grows best leaf first. Default none.
    pub max_leaves: Option<usize>,
    /// Least sum of second derivatives in a leaf (for squared error: of row weights). Default 1, as in XGBoost.
    pub min_leaf_weight: f64,
    /// L2 penalty on leaf values. Default 1, as in XGBoost.
    pub l2: f64,
    /// L1 penalty on leaf values. Default 0.
    pub l1: f64,
    /// Least gain of a split. Default 0.
    pub min_split_gain: f64,
    /// Share of rows each round sees, above 0 and at most 1. Default 1.
    pub subsample: f64,
    /// Share of features each tree sees, above 0 and at most 1. Default 1.
    pub feature_share: f64,
    /// Bins a feature, 2 to 255. Default 255.
    pub max_bins: usize,
    /// Stop when the loss on held-out rows has not improved for this many rounds. Default none: all rounds are
    /// made and no rows are held out.
    pub early_stopping_rounds: Option<usize>,
    /// Share of rows held out for early stopping. Default 0.1.
    pub validation_fraction: f64,
    pub class_weight: ClassWeight,
    /// Default 0.
    pub seed: u64,
}

impl Default for GradientBoosting {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            learning_rate: 0.1,
            max_depth: 6,
            max_leaves: None,
            min_leaf_weight: 1.0,
            l2: 1.0,
            l1: 0.0,
            min_split_gain: 0.0,
            subsample: 1.0,
            feature_share: 1.0,
            max_bins: 255,
            early_stopping_rounds: None,
            validation_fraction: 0.1,
            class_weight: ClassWeight::Equal,
            seed: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeighbourWeight {
    #[default]
    Uniform,
    /// One over the distance; rows at distance 0 decide alone.
    Distance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    #[default]
    Euclidean,
    Manhattan,
}

/// The mean or the majority of the nearest training rows. Has no use for row weights and ignores them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KNearestNeighbours {
    /// Default 5.
    pub n_neighbours: usize,
    pub weight: NeighbourWeight,
    pub distance: Distance,
}

impl Default for KNearestNeighbours {
    fn default() -> Self {
        Self {
            n_neighbours: 5,
            weight: NeighbourWeight::Uniform,
            distance: Distance::Euclidean,
        }
    }
}

/// Lloyd's k-means, started by greedy k-means++.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KMeans {
    /// Default 8.
    pub n_clusters: usize,
    /// Number of starts, the best of which is kept. Default 1, as scikit-learn's "auto" with k-means++.
    pub n_init: usize,
    /// Default 300.
    pub max_iterations: usize,
    /// Stops when the centres' squared movement falls below this times the mean variance. Default 1e-4.
    pub tolerance: f64,
    /// Default 0.
    pub seed: u64,
}

impl Default for KMeans {
    fn default() -> Self {
        Self {
            n_clusters: 8,
            n_init: 1,
            max_iterations: 300,
            tolerance: 1e-4,
            seed: 0,
        }
    }
}

impl Estimator {
    /// The algorithm's name, for a person.
    pub fn title(&self) -> &'static str {
        match self {
            Self::LinearRegression(p) => match p.penalty {
                Penalty::None => "Linear regression",
                Penalty::Ridge => "Ridge regression",
                Penalty::ElasticNet => "Elastic net",
            },
            Self::LogisticRegression(_) => "Logistic regression",
            Self::DecisionTree(_) => "Decision tree",
            Self::RandomForest(_) => "Random forest",
            Self::GradientBoosting(_) => "Gradient boosting",
            Self::KNearestNeighbours(_) => "K-nearest neighbours",
            Self::KMeans(_) => "K-means",
        }
    }

    /// Whether missing cells (NaN) are allowed.
    pub fn accepts_missing(&self) -> bool {
        matches!(
            self,
            Self::DecisionTree(_) | Self::RandomForest(_) | Self::GradientBoosting(_)
        )
    }

    /// Whether it learns without a target.
    pub fn is_clustering(&self) -> bool {
        matches!(self, Self::KMeans(_))
    }

    /// What it does for a target with this many classes (none: numbers).
    pub fn task(&self, classes: Option<usize>) -> Task {
        match classes {
            _ if self.is_clustering() => Task::Clustering,
            None => Task::Regression,
            Some(2) => Task::Binary,
            Some(_) => Task::Multiclass,
        }
    }
}

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
        return fit(
            estimator,
            &x.take(&kept),
            y.as_ref(),
            Some(&weights),
            observer,
        );
    }
    if let Estimator::KMeans(params) = estimator {
        return Ok(Fitted::new(
            x.columns(),
            Learned::KMeans(kmeans::fit(params, x, weights, observer)?),
        ));
    }
    let Some(y) = y else {
        return invalid(format!(
            "{} needs a label to learn from. Choose a label column.",
            estimator.title()
        ));
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
            fit_real(estimator, x, values, weights, observer)
                .map(|learned| Fitted::new(x.columns(), learned))
        }
        Target::Classes { codes, classes } => {
            let (codes, present) = present_classes(codes, classes)?;
            let learned = fit_classes(estimator, x, &codes, present.len(), weights, observer)?;
            Ok(Fitted::classifier(
                x.columns(),
                learned,
                classes.len(),
                present,
            ))
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
        Estimator::LinearRegression(p) => {
            Learned::Linear(linear::regression::fit(p, x, y, weights, observer)?)
        }
        Estimator::DecisionTree(p) => Learned::Forest(tree::decision_tree::fit(
            p,
            x,
            tree::Labels::Real(y),
            weights,
            observer,
        )?),
        Estimator::RandomForest(p) => Learned::Forest(tree::random_forest::fit(
            p,
            x,
            tree::Labels::Real(y),
            weights,
            observer,
        )?),
        Estimator::GradientBoosting(p) => Learned::Boosting(boosting::fit(
            p,
            x,
            tree::Labels::Real(y),
            weights,
            observer,
        )?),
        Estimator::KNearestNeighbours(p) => {
            Learned::Neighbours(neighbours::fit(p, x, tree::Labels::Real(y))?)
        }
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
    let class_weight = match estimator {
        Estimator::LogisticRegression(p) => p.class_weight,
        Estimator::DecisionTree(p) => p.class_weight,
        Estimator::RandomForest(p) => p.class_weight,
        Estimator::GradientBoosting(p) => p.class_weight,
        _ => ClassWeight::Equal,
    };
    let balanced = balance(class_weight, codes, classes, weights);
    let weights = balanced.as_deref().or(weights);
    Ok(match estimator {
        Estimator::LogisticRegression(p) => Learned::Logistic(linear::logistic::fit(
            p, x, codes, classes, weights, observer,
        )?),
        Estimator::DecisionTree(p) => {
            Learned::Forest(tree::decision_tree::fit(p, x, labels, weights, observer)?)
        }
        Estimator::RandomForest(p) => {
            Learned::Forest(tree::random_forest::fit(p, x, labels, weights, observer)?)
        }
        Estimator::GradientBoosting(p) => {
            Learned::Boosting(boosting::fit(p, x, labels, weights, observer)?)
        }
        Estimator::KNearestNeighbours(p) => Learned::Neighbours(neighbours::fit(p, x, labels)?),
        Estimator::LinearRegression(_) | Estimator::KMeans(_) => {
            return invalid(
                "Linear regression predicts numbers, but the label is a class. \
                 Use logistic regression, or choose a numeric label.",
            );
        }
    })
}

/// Row weights times class weights, where classes are to be balanced. As scikit-learn, classes are counted
/// without the row weights.
fn balance(
    class_weight: ClassWeight,
    codes: &[u32],
    classes: usize,
    weights: Option<&[f64]>,
) -> Option<Vec<f64>> {
    if class_weight == ClassWeight::Equal {
        return None;
    }
    let mut rows = vec![0usize; classes];
    codes.iter().for_each(|&c| rows[c as usize] += 1);
    let factor = |c: u32| codes.len() as f64 / (classes as f64 * rows[c as usize] as f64);
    Some(
        codes
            .iter()
            .enumerate()
            .map(|(i, &c)| factor(c) * weights.map_or(1.0, |w| w[i]))
            .collect(),
    )
}

/// Codes among the classes that have rows, and which classes those are.
fn present_classes(codes: &[u32], classes: &[String]) -> Result<(Vec<u32>, Vec<u32>)> {
    let mut rows = vec![0usize; classes.len()];
    for &code in codes {
        match rows.get_mut(code as usize) {
            Some(n) => *n += 1,
            None => {
                return invalid(format!(
                    "The label has code {code}, but only {} classes.",
                    classes.len()
                ));
            }
        }
    }
    let present: Vec<u32> = (0..classes.len() as u32)
        .filter(|&c| rows[c as usize] > 0)
        .collect();
    if let [only] = present[..] {
        return invalid(format!(
            "The label has one class only, \"{}\", so there is nothing to tell apart. \
             Use rows of at least two classes.",
            classes[only as usize]
        ));
    }
    let mut position = vec![0u32; classes.len()];
    present
        .iter()
        .enumerate()
        .for_each(|(i, &c)| position[c as usize] = i as u32);
    Ok((
        codes.iter().map(|&c| position[c as usize]).collect(),
        present,
    ))
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
        return invalid(
            "There are no features to learn from. Keep at least one column besides the label.",
        );
    }
    check_cells(estimator.title(), estimator.accepts_missing(), x)
}

fn check_weights(x: &Matrix, weights: Option<&[f64]>) -> Result<()> {
    let Some(weights) = weights else {
        return Ok(());
    };
    if weights.len() != x.rows() {
        return invalid(format!(
            "There are {} for {}.",
            count(weights.len(), "weight"),
            count(x.rows(), "row")
        ));
    }
    let bad = weights
        .iter()
        .filter(|w| !w.is_finite() || **w < 0.0)
        .count();
    if bad > 0 {
        return invalid(format!(
            "{} of the row weights are missing, negative or infinite. Every row needs a weight of 0 or more.",
            bad
        ));
    }
    if weights.iter().all(|w| *w == 0.0) {
        return invalid(
            "All row weights are 0, so no row takes part. Give at least one row a weight above 0.",
        );
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
