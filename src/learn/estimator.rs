//! Estimators: what to train, and with which parameters.
//!
//! Parameters are named and defaulted as in scikit-learn unless their documentation says otherwise;
//! seeds default to 0, so that a run repeats.

pub use crate::fit::fit;

use crate::report::Task;
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
        Self { c: 1.0, intercept: true, max_iterations: 100, tolerance: 1e-4, class_weight: ClassWeight::Equal }
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
        Self { n_neighbours: 5, weight: NeighbourWeight::Uniform, distance: Distance::Euclidean }
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
        Self { n_clusters: 8, n_init: 1, max_iterations: 300, tolerance: 1e-4, seed: 0 }
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

    /// How much each class counts; none for an algorithm that has no class weights.
    pub fn class_weight(&self) -> Option<ClassWeight> {
        match self {
            Self::LogisticRegression(params) => Some(params.class_weight),
            Self::DecisionTree(params) => Some(params.class_weight),
            Self::RandomForest(params) => Some(params.class_weight),
            Self::GradientBoosting(params) => Some(params.class_weight),
            Self::LinearRegression(_) | Self::KNearestNeighbours(_) | Self::KMeans(_) => None,
        }
    }

    /// Whether rare classes count as much as common ones.
    pub fn balances_classes(&self) -> bool {
        self.class_weight() == Some(ClassWeight::Balanced)
    }

    /// Whether missing cells (NaN) are allowed.
    pub fn accepts_missing(&self) -> bool {
        matches!(self, Self::DecisionTree(_) | Self::RandomForest(_) | Self::GradientBoosting(_))
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
