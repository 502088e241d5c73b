//! Least squares, with or without a penalty.

use learn::Estimator;
use learn::estimator::Penalty;

use super::{Algorithm, ESTIMATOR, count};
use crate::component::{Category, Choice, Default, Param, ParamKind, Params, Spec};

pub struct LinearRegression;

static SPEC: Spec = Spec {
    id: "linear_regression",
    version: 1,
    title: "Linear regression",
    category: Category::Learn,
    summary: "Predicts a number as a weighted sum of the features.",
    docs: "Predicts a number as a weighted sum of the features, with the weights that make the squared error smallest.\n\n\
        - **No penalty** is ordinary least squares. Among features that say the same, weights are shared.\n\
        - **Ridge** keeps weights small (`alpha · |w|²` is added to the sum of squares): steadier when features \
        resemble each other.\n\
        - **Elastic net** also drops features whose weight is not worth its cost.\n\n\
        With a penalty, bring features to one scale first (Normalise), or large units are penalised less. Text columns \
        need One-hot encode, missing cells Clean missing data.",
    keywords: &["ordinary least squares", "ols", "ridge", "lasso", "elastic net", "regularisation"],
    inputs: &[],
    outputs: ESTIMATOR,
    params: &[
        Param::new(
            "penalty",
            "Penalty",
            ParamKind::Choice(&[
                Choice { value: "none", title: "None" },
                Choice { value: "ridge", title: "Ridge" },
                Choice { value: "elastic_net", title: "Elastic net" },
            ]),
            Default::Text("none"),
            "What large weights cost.",
        ),
        Param::new(
            "alpha",
            "Strength",
            ParamKind::Real { min: 0.0, max: f64::INFINITY, unit: "" },
            Default::Real(1.0),
            "How much the penalty counts; 0 is none.",
        )
        .when("penalty", &["ridge", "elastic_net"]),
        Param::new(
            "l1_ratio",
            "Share of L1",
            ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
            Default::Real(0.5),
            "1 is the lasso, which drops most features; 0 drops none.",
        )
        .when("penalty", &["elastic_net"]),
        Param::new(
            "intercept",
            "Fit an intercept",
            ParamKind::Boolean,
            Default::Boolean(true),
            "Off, the prediction for all-zero features is zero.",
        )
        .advanced(),
        Param::new(
            "max_iterations",
            "Iterations at most",
            ParamKind::Integer { min: 1, max: 1_000_000 },
            Default::Integer(1000),
            "Passes over the features before the elastic net gives up.",
        )
        .when("penalty", &["elastic_net"])
        .advanced(),
    ],
    reusable: true,
};

impl Algorithm for LinearRegression {
    fn declaration(&self) -> &'static Spec {
        &SPEC
    }

    fn summary(&self, params: &Params) -> String {
        let strength = params.real("alpha");
        match params.text("penalty") {
            "ridge" => format!("Ridge · strength {strength}"),
            "elastic_net" => format!("Elastic net · strength {strength} · L1 {}", params.real("l1_ratio")),
            _ => "Least squares".to_owned(),
        }
    }

    fn estimator(&self, params: &Params) -> Estimator {
        let penalty = match params.text("penalty") {
            "ridge" => Penalty::Ridge,
            "elastic_net" => Penalty::ElasticNet,
            _ => Penalty::None,
        };
        Estimator::LinearRegression(learn::estimator::LinearRegression {
            penalty,
            alpha: params.real("alpha"),
            l1_ratio: params.real("l1_ratio"),
            intercept: params.boolean("intercept"),
            max_iterations: count(params, "max_iterations"),
            ..std::default::Default::default()
        })
    }
}
