//! Linear classification.

use learn::Estimator;

use super::{Algorithm, CLASS_WEIGHT, ESTIMATOR, class_weight, count};
use crate::component::{Category, Default, Param, ParamKind, Params, Spec};

pub struct LogisticRegression;

static SPEC: Spec = Spec {
    id: "logistic_regression",
    version: 1,
    title: "Logistic regression",
    category: Category::Learn,
    summary: "Predicts classes from a weighted sum of the features.",
    docs: "Predicts the probability of each class from weighted sums of the features: one sigmoid for two classes, a \
        softmax for more. Fast, its probabilities are well calibrated, and its weights can be read.\n\n\
        An L2 penalty keeps weights small; **Inverse penalty** is scikit-learn's `C`, so smaller means simpler. Bring \
        features to one scale first (Normalise). Text columns need One-hot encode, missing cells Clean missing data.",
    keywords: &["logit", "softmax", "classification", "classifier", "multinomial"],
    inputs: &[],
    outputs: ESTIMATOR,
    params: &[
        Param::new(
            "c",
            "Inverse penalty (C)",
            ParamKind::Real { min: 1e-12, max: f64::INFINITY, unit: "" },
            Default::Real(1.0),
            "Smaller keeps weights smaller, for a simpler model.",
        ),
        CLASS_WEIGHT,
        Param::new(
            "intercept",
            "Fit an intercept",
            ParamKind::Boolean,
            Default::Boolean(true),
            "Off, all-zero features give even odds.",
        )
        .advanced(),
        Param::new(
            "max_iterations",
            "Iterations at most",
            ParamKind::Integer { min: 1, max: 1_000_000 },
            Default::Integer(100),
            "Newton steps before giving up.",
        )
        .advanced(),
    ],
    reusable: true,
};

impl Algorithm for LogisticRegression {
    fn declaration(&self) -> &'static Spec {
        &SPEC
    }

    fn summary(&self, params: &Params) -> String {
        let balanced = if params.text("class_weight") == "balanced" { " · balanced" } else { "" };
        format!("C {}{balanced}", params.real("c"))
    }

    fn estimator(&self, params: &Params) -> Estimator {
        Estimator::LogisticRegression(learn::estimator::LogisticRegression {
            c: params.real("c"),
            intercept: params.boolean("intercept"),
            max_iterations: count(params, "max_iterations"),
            class_weight: class_weight(params),
            ..std::default::Default::default()
        })
    }
}
