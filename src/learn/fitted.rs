//! Trained models.

use crate::boosting::BoostingFit;
use crate::error::{Result, count, invalid};
use crate::fit::check_cells;
use crate::kmeans::KMeansFit;
use crate::linear::{logistic::LogisticFit, regression::LinearFit};
use crate::matrix::Matrix;
use crate::neighbours::NeighboursFit;
use crate::tree::Tree;
use crate::tree::forest::ForestFit;
use serde::{Deserialize, Serialize};

/// A trained model: what [`crate::estimator::fit`] returns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Number of feature columns it was trained on.
    features: usize,
    /// Number of classes of the target, 0 unless it classifies.
    classes: usize,
    /// The classes that had training rows, ascending; the learned part knows only these.
    present: Vec<u32>,
    learned: Learned,
}

/// What the algorithm keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Learned {
    Linear(LinearFit),
    Logistic(LogisticFit),
    /// A decision tree or a random forest.
    Forest(ForestFit),
    Boosting(BoostingFit),
    Neighbours(NeighboursFit),
    KMeans(KMeansFit),
}

/// Predictions for the rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    Real(Vec<f64>),
    /// `codes` index the target's classes; `probabilities` are row-major, rows x classes.
    Classes {
        codes: Vec<u32>,
        probabilities: Vec<f64>,
    },
    /// The nearest centre and the Euclidean distance to it.
    Clusters {
        codes: Vec<u32>,
        distances: Vec<f64>,
    },
}

impl Prediction {
    pub fn len(&self) -> usize {
        match self {
            Self::Real(values) => values.len(),
            Self::Classes { codes, .. } | Self::Clusters { codes, .. } => codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The predictions of several tables of one model, one after the other.
    pub(crate) fn concatenate(parts: Vec<Self>) -> Self {
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or(Self::Real(Vec::new()));
        for part in parts {
            match (&mut all, part) {
                (Self::Real(values), Self::Real(more)) => values.extend(more),
                (
                    Self::Classes { codes, probabilities },
                    Self::Classes { codes: more_codes, probabilities: more_probabilities },
                ) => {
                    codes.extend(more_codes);
                    probabilities.extend(more_probabilities);
                }
                (
                    Self::Clusters { codes, distances },
                    Self::Clusters { codes: more_codes, distances: more_distances },
                ) => {
                    codes.extend(more_codes);
                    distances.extend(more_distances);
                }
                // One model makes one kind of prediction.
                _ => {}
            }
        }
        all
    }
}

/// What a person wants to see of a trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Summary {
    /// `coefficients[i]` belongs to output `i` (one for numbers and two classes, else one a class) and has one
    /// value a feature.
    Linear {
        coefficients: Vec<Vec<f64>>,
        intercepts: Vec<f64>,
        iterations: usize,
        converged: bool,
    },
    /// `depth` is the deepest tree's number of splits, `leaves` the sum over trees.
    Trees {
        trees: usize,
        depth: usize,
        leaves: usize,
    },
    /// `rounds` are those kept, after early stopping.
    Boosting {
        rounds: usize,
        trees: usize,
        depth: usize,
        leaves: usize,
    },
    Neighbours {
        rows: usize,
        neighbours: usize,
    },
    /// One centre a cluster, one value a feature.
    KMeans {
        centres: Vec<Vec<f64>>,
        sizes: Vec<usize>,
        inertia: f64,
        iterations: usize,
    },
}

impl Fitted {
    pub(crate) fn new(features: usize, learned: Learned) -> Self {
        Self { features, classes: 0, present: Vec::new(), learned }
    }

    pub(crate) fn classifier(features: usize, learned: Learned, classes: usize, present: Vec<u32>) -> Self {
        Self { features, classes, present, learned }
    }

    pub fn features(&self) -> usize {
        self.features
    }

    /// Number of classes of the target, 0 unless it classifies.
    pub fn classes(&self) -> usize {
        self.classes
    }

    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// Whether all parts fit each other, so that predicting cannot go wrong. Models from files are not trusted
    /// without it.
    pub(crate) fn is_sound(&self) -> bool {
        let outputs = self.present.len();
        let ascending = self.present.windows(2).all(|pair| pair[0] < pair[1]);
        let within = self.present.last().is_none_or(|last| (*last as usize) < self.classes);
        let classes = if self.classes == 0 { outputs == 0 } else { outputs >= 2 && ascending && within };
        let wide = |values: &[f64]| values.len() == self.features;
        classes
            && match &self.learned {
                Learned::Linear(fit) => outputs == 0 && wide(&fit.coefficients) && wide(&fit.deviations),
                Learned::Logistic(fit) => {
                    let rows = if outputs == 2 { 1 } else { outputs };
                    outputs > 0
                        && fit.coefficients.len() == rows
                        && fit.intercepts.len() == rows
                        && fit.coefficients.iter().all(|row| wide(row))
                        && wide(&fit.deviations)
                }
                Learned::Forest(fit) => {
                    let width = if outputs > 2 { outputs } else { 1 };
                    let sound = |tree: &Tree| tree.width() == width && tree.is_sound(self.features);
                    fit.classes == outputs
                        && wide(&fit.importance)
                        && !fit.trees.is_empty()
                        && fit.trees.iter().all(sound)
                }
                Learned::Boosting(fit) => {
                    let sound = |tree: &Tree| tree.width() == 1 && tree.is_sound(self.features);
                    fit.classes == outputs
                        && fit.base.len() == if outputs > 2 { outputs } else { 1 }
                        && wide(&fit.importance)
                        && fit.trees.iter().all(sound)
                }
                Learned::Neighbours(fit) => {
                    let known = |label: &f64| outputs == 0 || (0.0..outputs as f64).contains(label);
                    fit.classes == outputs
                        && fit.rows.is_sound()
                        && fit.rows.columns() == self.features
                        && fit.labels.len() == fit.rows.rows()
                        && (1..=fit.rows.rows()).contains(&fit.neighbours)
                        && fit.labels.iter().all(known)
                }
                Learned::KMeans(fit) => {
                    outputs == 0
                        && !fit.centres.is_empty()
                        && fit.centres.iter().all(|centre| wide(centre))
                        && fit.sizes.len() == fit.centres.len()
                }
            }
    }

    /// Predicts every row of `x`, which has the training table's columns in their order.
    pub fn predict(&self, x: &Matrix) -> Result<Prediction> {
        if x.columns() != self.features {
            return invalid(format!(
                "The model was trained on {}, but the table has {}.",
                count(self.features, "feature"),
                x.columns()
            ));
        }
        let (name, accepts_missing) = match &self.learned {
            Learned::Linear(_) => ("linear regression", false),
            Learned::Logistic(_) => ("logistic regression", false),
            Learned::Forest(_) => ("trees", true),
            Learned::Boosting(_) => ("boosting", true),
            Learned::Neighbours(_) => ("k-nearest neighbours", false),
            Learned::KMeans(_) => ("k-means", false),
        };
        check_cells(name, accepts_missing, x)?;
        let outputs = match &self.learned {
            Learned::Linear(fit) => fit.predict(x),
            Learned::Logistic(fit) => fit.predict(x),
            Learned::Forest(fit) => fit.predict(x),
            Learned::Boosting(fit) => fit.predict(x),
            Learned::Neighbours(fit) => fit.predict(x),
            Learned::KMeans(fit) => {
                let (codes, distances) = fit.predict(x);
                return Ok(Prediction::Clusters { codes, distances });
            }
        };
        Ok(if self.classes == 0 { Prediction::Real(outputs) } else { self.expand(&outputs) })
    }

    /// Probabilities of the present classes, rows x present, become those of all classes.
    fn expand(&self, outputs: &[f64]) -> Prediction {
        let present = self.present.len();
        let rows = outputs.len() / present;
        let mut codes = Vec::with_capacity(rows);
        let mut probabilities = vec![0.0; rows * self.classes];
        for (row, all) in outputs.chunks_exact(present).zip(probabilities.chunks_exact_mut(self.classes)) {
            let mut best = 0;
            for (i, p) in row.iter().enumerate() {
                all[self.present[i] as usize] = *p;
                if *p > row[best] {
                    best = i;
                }
            }
            codes.push(self.present[best]);
        }
        Prediction::Classes { codes, probabilities }
    }

    /// How much each feature matters, summing to 1 where anything matters: the impurity or gain that trees
    /// owe to it, or for linear models its coefficient's size times its standard deviation.
    pub fn importance(&self) -> Option<Vec<f64>> {
        match &self.learned {
            Learned::Linear(fit) => Some(fit.importance()),
            Learned::Logistic(fit) => Some(fit.importance()),
            Learned::Forest(fit) => Some(fit.importance.clone()),
            Learned::Boosting(fit) => Some(fit.importance.clone()),
            Learned::Neighbours(_) | Learned::KMeans(_) => None,
        }
    }

    pub fn summary(&self) -> Summary {
        match &self.learned {
            Learned::Linear(fit) => fit.summary(),
            Learned::Logistic(fit) => fit.summary(),
            Learned::Forest(fit) => fit.summary(),
            Learned::Boosting(fit) => fit.summary(),
            Learned::Neighbours(fit) => fit.summary(),
            Learned::KMeans(fit) => fit.summary(),
        }
    }
}

/// Scales to a sum of 1; all zeros stay.
pub(crate) fn normalised(mut values: Vec<f64>) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    if sum > 0.0 {
        values.iter_mut().for_each(|v| *v /= sum);
    }
    values
}
