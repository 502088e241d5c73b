//! Many trees, averaged.

use learn::Estimator;
use learn::estimator::MaxFeatures;

use super::{Algorithm, CLASS_WEIGHT, CRITERION, ESTIMATOR, class_weight, count, counted, criterion, maybe_count};
use crate::component::{Category, Choice, Default, Param, ParamKind, Params, Spec};

pub struct RandomForest;

static SPEC: Spec = Spec {
    id: "random_forest",
    version: 1,
    title: "Random forest",
    category: Category::Learn,
    summary: "Averages many trees, each grown on its own sample of the rows.",
    docs: "Grows many trees, each on a bootstrap sample of the rows and, at each split, on a random part of the \
        features, and averages them. A strong first choice: needs no scaling, takes missing cells as they are, and \
        hardly suffers from more trees.\n\n\
        Values are sorted into at most 255 bins a feature before growing, which makes large tables fast and changes \
        results little. The same seed gives the same forest on any number of cores.",
    keywords: &["bagging", "ensemble", "classification", "regression", "trees", "extra trees"],
    inputs: &[],
    outputs: ESTIMATOR,
    params: &[
        Param::new(
            "trees",
            "Trees",
            ParamKind::Integer { min: 1, max: 100_000 },
            Default::Integer(100),
            "More are steadier and slower.",
        ),
        Param::new(
            "max_depth",
            "Depth at most",
            ParamKind::Integer { min: 1, max: 1000 },
            Default::None,
            "Questions from the root to a leaf. Empty means until every leaf is pure.",
        )
        .optional(),
        Param::new(
            "max_features",
            "Features at a split",
            ParamKind::Choice(&[
                Choice { value: "default", title: "Root for classes, all for numbers" },
                Choice { value: "all", title: "All" },
                Choice { value: "sqrt", title: "Square root" },
                Choice { value: "log2", title: "Binary logarithm" },
                Choice { value: "share", title: "A share" },
            ]),
            Default::Text("default"),
            "Fewer make the trees more different from each other.",
        ),
        Param::new(
            "feature_share",
            "Share of features",
            ParamKind::Real { min: 0.001, max: 1.0, unit: "" },
            Default::Real(0.3),
            "How many of the features each split looks at.",
        )
        .when("max_features", &["share"]),
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
            "bootstrap",
            "Sample rows with replacement",
            ParamKind::Boolean,
            Default::Boolean(true),
            "Off, every tree sees all rows.",
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
        CRITERION,
        CLASS_WEIGHT,
    ],
    reusable: true,
};

impl Algorithm for RandomForest {
    fn declaration(&self) -> &'static Spec {
        &SPEC
    }

    fn summary(&self, params: &Params) -> String {
        let trees = counted(params.integer("trees"), "tree");
        match params.maybe_integer("max_depth") {
            Some(depth) => format!("{trees} · depth {depth}"),
            None => format!("{trees} · any depth"),
        }
    }

    fn estimator(&self, params: &Params) -> Estimator {
        let max_features = match params.text("max_features") {
            "all" => MaxFeatures::All,
            "sqrt" => MaxFeatures::Sqrt,
            "log2" => MaxFeatures::Log2,
            "share" => MaxFeatures::Share(params.real("feature_share")),
            _ => MaxFeatures::Default,
        };
        Estimator::RandomForest(learn::estimator::RandomForest {
            n_estimators: count(params, "trees"),
            criterion: criterion(params),
            max_depth: maybe_count(params, "max_depth"),
            min_samples_split: count(params, "min_samples_split"),
            min_samples_leaf: count(params, "min_samples_leaf"),
            max_features,
            bootstrap: params.boolean("bootstrap"),
            max_bins: count(params, "max_bins"),
            class_weight: class_weight(params),
            ..std::default::Default::default()
        })
    }
}
