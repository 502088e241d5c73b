//! One tree.

use learn::Estimator;

use super::{Algorithm, CLASS_WEIGHT, CRITERION, ESTIMATOR, class_weight, count, criterion, maybe_count};
use crate::component::{Category, Default, Param, ParamKind, Params, Spec};

pub struct DecisionTree;

static SPEC: Spec = Spec {
    id: "decision_tree",
    version: 1,
    title: "Decision tree",
    category: Category::Learn,
    summary: "Predicts by a tree of yes-or-no questions about single features.",
    docs: "Splits the rows again and again by the question that separates the label best (CART with exact splits), for \
        classes and for numbers. Easy to read, needs no scaling, takes missing cells as they are, but learns noise \
        easily: limit its depth or the rows of a leaf, prune it, or use a forest.",
    keywords: &["cart", "rules", "classification", "regression", "pruning"],
    inputs: &[],
    outputs: ESTIMATOR,
    params: &[
        Param::new(
            "max_depth",
            "Depth at most",
            ParamKind::Integer { min: 1, max: 1000 },
            Default::None,
            "Questions from the root to a leaf. Empty means until every leaf is pure.",
        )
        .optional(),
        Param::new(
            "min_samples_leaf",
            "Rows of a leaf",
            ParamKind::Integer { min: 1, max: 1_000_000_000 },
            Default::Integer(1),
            "A split that leaves fewer rows on a side is not made.",
        ),
        Param::new(
            "min_samples_split",
            "Rows to split",
            ParamKind::Integer { min: 2, max: 1_000_000_000 },
            Default::Integer(2),
            "A node with fewer rows becomes a leaf.",
        )
        .advanced(),
        Param::new(
            "ccp_alpha",
            "Pruning",
            ParamKind::Real { min: 0.0, max: f64::INFINITY, unit: "" },
            Default::Real(0.0),
            "Branches that improve the fit by less than this for each leaf are cut (minimal cost-complexity pruning).",
        )
        .advanced(),
        CRITERION,
        CLASS_WEIGHT,
    ],
    reusable: true,
};

impl Algorithm for DecisionTree {
    fn declaration(&self) -> &'static Spec {
        &SPEC
    }

    fn summary(&self, params: &Params) -> String {
        let depth = params.maybe_integer("max_depth").map(|depth| format!("Depth {depth}"));
        let rows = params.integer("min_samples_leaf");
        let leaf = (rows > 1).then(|| format!("leaves of {rows} rows"));
        let parts: Vec<String> = depth.or(Some("Any depth".to_owned())).into_iter().chain(leaf).collect();
        parts.join(" · ")
    }

    fn estimator(&self, params: &Params) -> Estimator {
        Estimator::DecisionTree(learn::estimator::DecisionTree {
            criterion: criterion(params),
            max_depth: maybe_count(params, "max_depth"),
            min_samples_split: count(params, "min_samples_split"),
            min_samples_leaf: count(params, "min_samples_leaf"),
            ccp_alpha: params.real("ccp_alpha"),
            class_weight: class_weight(params),
            ..std::default::Default::default()
        })
    }
}
