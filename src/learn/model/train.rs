//! Training on a table.

use super::encode::{self, Feature};
use super::inputs::{self, Needed};
use super::label::{Label, LabelAs};
use super::{FORMAT, Model, Training};
use crate::error::{Result, invalid};
use crate::estimator::{Estimator, fit};
use crate::matrix::{Matrix, Target};
use crate::observer::Observer;
use data::polars::prelude::DataFrame;
use data::prepare::Preparation;
use data::schema::{Column, Kind, Role, Schema};
use std::collections::BTreeMap;
use std::time::Instant;

/// What of a table to learn, and what the table is.
#[derive(Debug, Clone)]
pub struct TrainOptions {
    /// The column to predict; otherwise the one of role label. Clustering needs none and never learns from it.
    pub label: Option<String>,
    pub label_as: LabelAs,
    /// Of two classes, the one that metrics are about; by default the second.
    pub positive: Option<String>,
    /// Of two classes, from which probability of the positive one it is predicted; by default the likelier class is.
    pub threshold: Option<f64>,
    /// The column of row weights; otherwise the one of role weight.
    pub weight: Option<String>,
    /// The columns to learn from; by default all but the label, the weight and those whose role says otherwise.
    pub features: Option<Vec<String>>,
    /// What columns are for, by name.
    pub roles: BTreeMap<String, Role>,
    /// What the table went through since it was raw.
    pub preparation: Preparation,
    /// The raw table's columns, where known: they make [`Model::input`] exact.
    pub raw: Option<Schema>,
    /// Text columns with more different texts are refused. Default 100.
    pub max_categories: usize,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            label: None,
            label_as: LabelAs::Auto,
            positive: None,
            threshold: None,
            weight: None,
            features: None,
            roles: BTreeMap::new(),
            preparation: Preparation::default(),
            raw: None,
            max_categories: 100,
        }
    }
}

/// A table as an estimator sees it.
pub(super) struct Prepared {
    pub features: Vec<Feature>,
    pub x: Matrix,
    pub label: Option<(Label, Target)>,
    pub weights: Option<Vec<f64>>,
}

impl TrainOptions {
    fn with_role(&self, frame: &DataFrame, role: Role) -> Option<String> {
        let has_role = |(_, r): &(&String, &Role)| **r == role;
        self.roles.iter().filter(has_role).map(|(name, _)| name).find(|name| frame.column(name).is_ok()).cloned()
    }

    pub(super) fn prepare(&self, estimator: &Estimator, frame: &DataFrame) -> Result<Prepared> {
        let label = self.label_name(frame);
        let weight = self.weight_name(frame);
        let features = self.choose_features(frame, label.as_deref(), weight.as_deref())?;
        if features.is_empty() {
            return invalid("There are no features to learn from. Keep at least one column besides the label.");
        }
        let label = match &label {
            _ if estimator.is_clustering() => None,
            Some(name) => Some(self.label_of(frame, name, estimator)?),
            None => {
                return invalid(format!(
                    "{} needs a label to learn from. Choose the column to predict.",
                    estimator.title()
                ));
            }
        };
        let x = encode::matrix(&features, frame)?;
        encode::refuse_missing(&features, &x, estimator)?;
        let weights = weight.map(|name| encode::weights(frame, &name)).transpose()?;
        Ok(Prepared { features, x, label, weights })
    }

    pub(super) fn label_name(&self, frame: &DataFrame) -> Option<String> {
        self.label.clone().or_else(|| self.with_role(frame, Role::Label))
    }

    pub(super) fn weight_name(&self, frame: &DataFrame) -> Option<String> {
        self.weight.clone().or_else(|| self.with_role(frame, Role::Weight))
    }

    pub(super) fn label_of(&self, frame: &DataFrame, name: &str, estimator: &Estimator) -> Result<(Label, Target)> {
        let (mut label, target) = Label::of(frame, name, self.label_as, self.positive.as_deref(), estimator)?;
        if let Some(threshold) = self.threshold {
            label.set_threshold(threshold)?;
        }
        Ok((label, target))
    }

    pub(super) fn choose_features(
        &self,
        frame: &DataFrame,
        label: Option<&str>,
        weight: Option<&str>,
    ) -> Result<Vec<Feature>> {
        if let Some(names) = &self.features {
            let schema = Schema::of(frame);
            return names
                .iter()
                .map(|name| {
                    if Some(name.as_str()) == label {
                        return invalid(format!("Column “{name}” is the label, so it cannot be a feature too."));
                    }
                    let column = frame.column(name).map_err(|_| schema.missing(name))?;
                    Feature::of(column, self.max_categories)
                })
                .collect();
        }
        let is_feature = |name: &str| {
            let role = self.roles.get(name).copied().unwrap_or(Role::Feature);
            Some(name) != label && Some(name) != weight && role == Role::Feature
        };
        let columns = frame.columns().iter().filter(|column| is_feature(column.name().as_str()));
        columns.map(|column| Feature::of(column, self.max_categories)).collect()
    }
}

impl Model {
    /// Trains on the rows of `frame`, which have gone through `options.preparation` already.
    ///
    /// # Errors
    /// A sentence for a table that the estimator cannot learn from: a missing column, a date, too many categories,
    /// missing values, one class only, and so on.
    pub fn train(
        estimator: &Estimator,
        frame: &DataFrame,
        options: &TrainOptions,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let started = Instant::now();
        let Prepared { features, x, label, weights } = options.prepare(estimator, frame)?;
        let (label, target) = label.unzip();
        let (input, exact_input) = input(options, frame, &features);
        let fitted = fit(estimator, &x, target.as_ref(), weights.as_deref(), observer)?;
        Ok(Self {
            format: FORMAT,
            created_by: concat!("atelier ", env!("CARGO_PKG_VERSION")).to_owned(),
            preparation: options.preparation.clone(),
            input,
            exact_input,
            features,
            label,
            estimator: estimator.clone(),
            fitted,
            training: Training {
                rows: frame.height() as u64,
                class_rows: target.as_ref().map(class_rows).unwrap_or_default(),
                seconds: started.elapsed().as_secs_f64(),
                metrics: Vec::new(),
            },
        })
    }

    /// The columns needed before each step of the preparation, and last the features.
    pub(super) fn needed(&self) -> Vec<Needed> {
        inputs::needed(&self.preparation, of_features(&self.features))
    }
}

fn class_rows(target: &Target) -> Vec<u64> {
    let Target::Classes { codes, classes } = target else { return Vec::new() };
    let mut rows = vec![0; classes.len()];
    codes.iter().for_each(|code| rows[*code as usize] += 1);
    rows
}

fn of_features(features: &[Feature]) -> Needed {
    features.iter().map(|feature| (feature.column.clone(), Some(feature.kind))).collect()
}

/// The raw columns behind the features, and whether their kinds are those of the raw table.
fn input(options: &TrainOptions, frame: &DataFrame, features: &[Feature]) -> (Schema, bool) {
    let needed = inputs::needed(&options.preparation, of_features(features)).swap_remove(0);
    // Rows that went through nothing are raw themselves.
    let own = || options.preparation.is_empty().then(|| Schema::of(frame));
    match options.raw.clone().or_else(own) {
        // An expression may mention words that are no columns; the raw table knows.
        Some(raw) => {
            let mut input: Schema =
                raw.columns.into_iter().filter(|column| needed.contains_key(&column.name)).collect();
            // A join may have added columns to rows that were no longer raw.
            for (name, kind) in needed {
                if let (false, Ok(column)) = (input.contains(&name), frame.column(&name)) {
                    input.columns.push(Column::new(name, kind.unwrap_or(Kind::of(column.dtype()))));
                }
            }
            (input, true)
        }
        None => {
            let guessed = |(name, kind): (String, Option<Kind>)| Column::new(name, kind.unwrap_or(Kind::Real));
            (needed.into_iter().map(guessed).collect(), false)
        }
    }
}
