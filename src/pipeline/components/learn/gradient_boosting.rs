//! Trees that each correct those before.

use learn::Estimator;

use super::{Algorithm, CLASS_WEIGHT, ESTIMATOR, class_weight, count, counted, maybe_count};
use crate::component::{Category, Default, Param, ParamKind, Params, Spec};

pub struct GradientBoosting;

const SHARE: ParamKind = ParamKind::Real { min: 0.001, max: 1.0, unit: "" };
const COST: ParamKind = ParamKind::Real { min: 0.0, max: f64::INFINITY, unit: "" };

static SPEC: Spec = Spec {
    id: "gradient_boosting",
    version: 1,
    title: "Gradient boosting",
    category: Category::Learn,
    summary: "Adds up small trees, each correcting the ones before.",
    docs: "Grows one small tree after the other on what those before got wrong: log loss for two classes, softmax for \
        more, squared error for numbers. Usually the most accurate choice for tables. Needs no scaling and takes \
        missing cells as they are.\n\n\
        - A lower **Learning rate** with more **Trees** is better and slower.\n\
        - **Leaves at most** lets trees grow best leaf first, as LightGBM does; empty grows level by level.\n\
        - **Early stopping** holds rows out and stops when they no longer gain; the run shows both loss curves. \
        Without it, all trees are grown on all rows.",
    keywords: &["gbm", "xgboost", "lightgbm", "boosted trees", "ensemble", "classification", "regression"],
    inputs: &[],
    outputs: ESTIMATOR,
    params: &[
        Param::new(
            "trees",
            "Trees",
            ParamKind::Integer { min: 1, max: 100_000 },
            Default::Integer(300),
            "Rounds; with more than two classes, each grows one tree a class.",
        ),
        Param::new(
            "learning_rate",
            "Learning rate",
            ParamKind::Real { min: 1e-6, max: 1.0, unit: "" },
            Default::Real(0.1),
            "How much of each tree's correction is taken.",
        ),
        Param::new(
            "max_leaves",
            "Leaves at most",
            ParamKind::Integer { min: 2, max: 65_536 },
            Default::Integer(31),
            "Of one tree, which then grows best leaf first. Empty means limited by depth alone.",
        )
        .optional(),
        Param::new(
            "max_depth",
            "Depth at most",
            ParamKind::Integer { min: 1, max: 64 },
            Default::Integer(6),
            "Questions from a tree's root to a leaf.",
        ),
        Param::new(
            "early_stopping",
            "Early stopping",
            ParamKind::Integer { min: 1, max: 100_000 },
            Default::None,
            "Rounds without gain on held-out rows before stopping. Empty grows all trees on all rows.",
        )
        .optional(),
        Param::new(
            "validation_fraction",
            "Held-out share",
            ParamKind::Real { min: 0.01, max: 0.5, unit: "" },
            Default::Real(0.1),
            "Rows kept apart for early stopping.",
        )
        .advanced(),
        Param::new("subsample", "Share of rows", SHARE, Default::Real(1.0), "How many of the rows each round sees.")
            .advanced(),
        Param::new(
            "feature_share",
            "Share of features",
            SHARE,
            Default::Real(1.0),
            "How many of the features each tree sees.",
        )
        .advanced(),
        Param::new("min_leaf_weight", "Weight of a leaf", COST, Default::Real(1.0), "Smaller leaves are not made.")
            .advanced(),
        Param::new("l2", "L2 penalty", COST, Default::Real(1.0), "Keeps leaf values small.").advanced(),
        Param::new("l1", "L1 penalty", COST, Default::Real(0.0), "Sets small leaf values to zero.").advanced(),
        Param::new(
            "min_split_gain",
            "Gain of a split",
            COST,
            Default::Real(0.0),
            "Splits that gain less are not made.",
        )
        .advanced(),
        Param::new(
            "max_bins",
            "Bins",
            ParamKind::Integer { min: 2, max: 255 },
            Default::Integer(255),
            "How finely each feature is cut before growing.",
        )
        .advanced(),
        CLASS_WEIGHT,
    ],
    reusable: true,
};

impl Algorithm for GradientBoosting {
    fn declaration(&self) -> &'static Spec {
        &SPEC
    }

    fn summary(&self, params: &Params) -> String {
        let size = match params.maybe_integer("max_leaves") {
            Some(leaves) => format!("{leaves} leaves"),
            None => format!("depth {}", params.integer("max_depth")),
        };
        format!("{} · rate {} · {size}", counted(params.integer("trees"), "tree"), params.real("learning_rate"))
    }

    fn estimator(&self, params: &Params) -> Estimator {
        Estimator::GradientBoosting(learn::estimator::GradientBoosting {
            n_estimators: count(params, "trees"),
            learning_rate: params.real("learning_rate"),
            max_depth: count(params, "max_depth"),
            max_leaves: maybe_count(params, "max_leaves"),
            min_leaf_weight: params.real("min_leaf_weight"),
            l2: params.real("l2"),
            l1: params.real("l1"),
            min_split_gain: params.real("min_split_gain"),
            subsample: params.real("subsample"),
            feature_share: params.real("feature_share"),
            max_bins: count(params, "max_bins"),
            early_stopping_rounds: maybe_count(params, "early_stopping"),
            validation_fraction: params.real("validation_fraction"),
            class_weight: class_weight(params),
            ..std::default::Default::default()
        })
    }
}
