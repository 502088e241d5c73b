//! Untrained models: each component only puts an algorithm and its settings together.

mod decision_tree;
mod gradient_boosting;
mod k_means;
mod k_nearest_neighbours;
mod linear_regression;
mod logistic_regression;
mod random_forest;

use std::sync::Arc;

use learn::Estimator;
use learn::estimator::{ClassWeight, Criterion};

pub use decision_tree::DecisionTree;
pub use gradient_boosting::GradientBoosting;
pub use k_means::KMeans;
pub use k_nearest_neighbours::KNearestNeighbours;
pub use linear_regression::LinearRegression;
pub use logistic_regression::LogisticRegression;
pub use random_forest::RandomForest;

use crate::check::params::grouped;
use crate::component::{Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError};
use crate::execute::outputs::estimator_task;
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, Outputs, Value};

/// A component that makes an estimator.
pub trait Algorithm: Send + Sync {
    fn declaration(&self) -> &'static Spec;

    /// The node's second line.
    fn summary(&self, params: &Params) -> String;

    fn estimator(&self, params: &Params) -> Estimator;
}

impl<T: Algorithm> Component for T {
    fn spec(&self) -> &'static Spec {
        self.declaration()
    }

    fn caption(&self, params: &Params, _: &Shapes, _: &dyn Known) -> String {
        self.summary(params)
    }

    fn infer(&self, params: &Params, _: &Shapes, _: &dyn Known, _: &mut Vec<Problem>) -> Vec<(&'static str, Shape)> {
        let estimator = self.estimator(params);
        let title = estimator.title().to_owned();
        vec![("estimator", Shape::Estimator { title, task: estimator_task(&estimator) })]
    }

    fn run(&self, params: &Params, _: &Inputs, _: &StepContext<'_>) -> Result<Outputs, StepError> {
        Ok(vec![("estimator", Value::Estimator(Arc::new(self.estimator(params))))])
    }
}

static ESTIMATOR: &[Port] = &[Port::new(
    "estimator",
    "Untrained model",
    PortKind::Estimator,
    "The algorithm with these settings. Connect it to Train model or Cross-validate.",
)];

const CLASS_WEIGHT: Param = Param::new(
    "class_weight",
    "Class weights",
    ParamKind::Choice(&[Choice { value: "equal", title: "Equal" }, Choice { value: "balanced", title: "Balanced" }]),
    Default::Text("equal"),
    "Balanced lets rare classes count as much as common ones.",
)
.advanced();

fn class_weight(params: &Params) -> ClassWeight {
    if params.text("class_weight") == "balanced" { ClassWeight::Balanced } else { ClassWeight::Equal }
}

const CRITERION: Param = Param::new(
    "criterion",
    "Split by",
    ParamKind::Choice(&[
        Choice { value: "gini", title: "Gini impurity" },
        Choice { value: "entropy", title: "Entropy" },
    ]),
    Default::Text("gini"),
    "What a split should reduce when classes are learned. For numbers it is always the squared error.",
)
.advanced();

/// `Default` is Gini for classes and squared error for numbers.
fn criterion(params: &Params) -> Criterion {
    if params.text("criterion") == "entropy" { Criterion::Entropy } else { Criterion::Default }
}

/// An integer of at least 1, or the default where a file says otherwise.
fn count(params: &Params, name: &str) -> usize {
    usize::try_from(params.integer(name)).unwrap_or_default()
}

fn maybe_count(params: &Params, name: &str) -> Option<usize> {
    usize::try_from(params.maybe_integer(name)?).ok()
}

/// "1 tree", "1,000 trees".
fn counted(number: i64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Category;
    use crate::components;
    use crate::shape::Nothing;

    fn algorithms() -> Vec<&'static dyn Component> {
        components::all().iter().copied().filter(|component| component.spec().category == Category::Learn).collect()
    }

    #[test]
    fn defaults_make_an_estimator_of_the_promised_shape() {
        assert_eq!(algorithms().len(), 7);
        for component in algorithms() {
            let params = Params::defaults(component.spec());
            let shapes = component.infer(&params, &Shapes::new(), &Nothing, &mut Vec::new());
            assert!(matches!(shapes[..], [("estimator", Shape::Estimator { .. })]), "{}", component.spec().id);
            assert!(!component.caption(&params, &Shapes::new(), &Nothing).is_empty());
        }
    }

    #[test]
    fn captions_say_what_matters() {
        let caption = |algorithm: &dyn Component, changes: &[(&str, serde_json::Value)]| {
            let mut params = Params::defaults(algorithm.spec());
            for (name, value) in changes {
                assert!(algorithm.spec().param(name).is_some(), "{name}");
                params = params.with(name, value.clone());
            }
            algorithm.caption(&params, &Shapes::new(), &Nothing)
        };
        assert_eq!(caption(&GradientBoosting, &[]), "300 trees · rate 0.1 · 31 leaves");
        assert_eq!(caption(&GradientBoosting, &[("max_leaves", ().into())]), "300 trees · rate 0.1 · depth 6");
        assert_eq!(caption(&RandomForest, &[("trees", 1000.into()), ("max_depth", 1.into())]), "1,000 trees · depth 1");
        assert_eq!(caption(&LinearRegression, &[("penalty", "ridge".into())]), "Ridge · strength 1");
        assert_eq!(caption(&KMeans, &[]), "8 clusters");
    }

    #[test]
    fn settings_reach_the_estimator() {
        let params = Params::defaults(GradientBoosting.declaration()).with("early_stopping", 10).with("l2", 2.5);
        let Estimator::GradientBoosting(made) = GradientBoosting.estimator(&params) else { panic!() };
        assert_eq!((made.n_estimators, made.early_stopping_rounds, made.l2), (300, Some(10), 2.5));
        let params = Params::defaults(RandomForest.declaration())
            .with("max_features", "share")
            .with("feature_share", 0.5)
            .with("criterion", "entropy")
            .with("class_weight", "balanced");
        let Estimator::RandomForest(made) = RandomForest.estimator(&params) else { panic!() };
        assert_eq!(made.max_features, learn::estimator::MaxFeatures::Share(0.5));
        assert_eq!((made.criterion, made.class_weight), (Criterion::Entropy, ClassWeight::Balanced));
        let params = Params::defaults(LinearRegression.declaration()).with("penalty", "elastic_net");
        assert_eq!(LinearRegression.estimator(&params).title(), "Elastic net");
    }
}
