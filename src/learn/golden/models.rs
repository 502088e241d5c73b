use super::*;
use crate::Silent;
use crate::estimator::{
    ClassWeight, Criterion, DecisionTree, Distance, Estimator, GradientBoosting, KMeans, KNearestNeighbours,
    NeighbourWeight, RandomForest, fit,
};
use crate::fitted::{Fitted, Prediction, Summary};
use crate::metrics::clustering::silhouette;
use crate::report::{Options, Report, evaluate};

/// A table in its golden parts.
struct Parts {
    train: Matrix,
    train_y: Target,
    test: Matrix,
    test_y: Target,
}

fn parts(file: &Value, x: &Matrix, y: &Target, which: &str) -> Parts {
    let (train, test) = (indices(&file[format!("{which}train")]), indices(&file[format!("{which}test")]));
    Parts { train: x.take(&train), train_y: y.take(&train), test: x.take(&test), test_y: y.take(&test) }
}

fn cancer_parts(file: &Value, scale: bool) -> Parts {
    let (x, y) = cancer();
    let mut parts = parts(file, &x, &y, "");
    if scale {
        parts.test = scaled(&parts.test, &parts.train);
        parts.train = scaled(&parts.train, &parts.train.clone());
    }
    parts
}

fn diabetes_parts(file: &Value, scale: bool) -> Parts {
    let (x, y) = diabetes();
    let mut parts = parts(file, &x, &Target::Real(y), "real_");
    if scale {
        parts.test = scaled(&parts.test, &parts.train);
        parts.train = scaled(&parts.train, &parts.train.clone());
    }
    parts
}

impl Parts {
    fn fit(&self, estimator: &Estimator) -> Fitted {
        fit(estimator, &self.train, Some(&self.train_y), None, &Silent).unwrap()
    }

    fn report(&self, estimator: &Estimator) -> Report {
        let prediction = self.fit(estimator).predict(&self.test).unwrap();
        evaluate(&self.test_y, &prediction, &Options::default()).unwrap()
    }
}

/// Probabilities of the second class, or numbers.
fn outputs(prediction: Prediction) -> Vec<f64> {
    match prediction {
        Prediction::Real(values) => values,
        Prediction::Classes { probabilities, .. } => probabilities.chunks_exact(2).map(|p| p[1]).collect(),
        Prediction::Clusters { distances, .. } => distances,
    }
}

fn tree_params(params: &Value) -> DecisionTree {
    let number = |key: &str| params[key].as_u64().map(|n| n as usize);
    DecisionTree {
        max_depth: number("max_depth"),
        min_samples_split: number("min_samples_split").unwrap_or(2),
        min_samples_leaf: number("min_samples_leaf").unwrap_or(1),
        ccp_alpha: params["ccp_alpha"].as_f64().unwrap_or(0.0),
        criterion: if params["criterion"] == "entropy" { Criterion::Entropy } else { Criterion::Default },
        class_weight: if params["class_weight"] == "balanced" { ClassWeight::Balanced } else { ClassWeight::Equal },
        ..DecisionTree::default()
    }
}

/// Where no two splits are equally good, the tree is scikit-learn's: same leaves, predictions and importance.
#[test]
fn decision_trees() {
    let file = golden("models");
    let real = diabetes_parts(&file, false);
    let mut classes = diabetes_parts(&file, false);
    for target in [&mut classes.train_y, &mut classes.test_y] {
        let Target::Real(values) = target else { panic!() };
        let names: Vec<&str> = values.iter().map(|v| if *v > 140.0 { "high" } else { "a low one" }).collect();
        *target = Target::from_names(&names);
    }
    for (key, parts) in [("tree", &classes), ("real_tree", &real)] {
        for case in file[key].as_array().unwrap() {
            let fitted = parts.fit(&Estimator::DecisionTree(tree_params(&case["params"])));
            let Summary::Trees { leaves, depth, .. } = fitted.summary() else { panic!() };
            let size = (leaves as u64, depth as u64);
            assert_eq!(size, (case["leaves"].as_u64().unwrap(), case["depth"].as_u64().unwrap()), "{}", case["params"]);
            let ours = outputs(fitted.predict(&parts.test).unwrap());
            close(&case["params"].to_string(), &ours, &numbers(&case["outputs"]), 1e-9);
            close("importance", &fitted.importance().unwrap(), &numbers(&case["importance"]), 1e-9);
        }
    }
}

/// A metric lies within what ten seeds of scikit-learn gave, widened by `slack`.
#[track_caller]
fn within(report: &Report, golden: &Value, key: &str, slack: f64) {
    let (low, high) = (golden[key]["low"].as_f64().unwrap(), golden[key]["high"].as_f64().unwrap());
    let ours = report.value(key).unwrap();
    assert!((low - slack..=high + slack).contains(&ours), "{key}: {ours} is not in {low} to {high}, +- {slack}");
}

#[test]
fn full_tree() {
    let file = golden("models");
    let report = cancer_parts(&file, false).report(&Estimator::DecisionTree(DecisionTree::default()));
    within(&report, &file["full_tree"], "accuracy", 0.01);
}

#[test]
fn forests() {
    let file = golden("models");
    let report = cancer_parts(&file, false).report(&Estimator::RandomForest(RandomForest::default()));
    within(&report, &file["forest"], "accuracy", 0.01);
    within(&report, &file["forest"], "roc_auc", 0.003);
    within(&report, &file["forest"], "log_loss", 0.01);
    let report = diabetes_parts(&file, false).report(&Estimator::RandomForest(RandomForest::default()));
    within(&report, &file["real_forest"], "r2", 0.015);
    within(&report, &file["real_forest"], "root_mean_squared_error", 0.5);
}

#[test]
fn boosting() {
    let file = golden("models");
    let near = |report: &Report, golden: &Value, key: &str, band: f64| {
        let (ours, theirs) = (report.value(key).unwrap(), golden[key].as_f64().unwrap());
        assert!((ours - theirs).abs() <= band, "{key}: {ours} is not {theirs} +- {band}");
    };
    // The least leaf weight is a count in scikit-learn and a sum of second derivatives here.
    let params = GradientBoosting { min_leaf_weight: 1e-3, ..GradientBoosting::default() };
    let report = cancer_parts(&file, false).report(&Estimator::GradientBoosting(params.clone()));
    near(&report, &file["boosting"], "accuracy", 0.02);
    near(&report, &file["boosting"], "roc_auc", 0.01);
    near(&report, &file["boosting"], "log_loss", 0.06);
    let report = diabetes_parts(&file, false).report(&Estimator::GradientBoosting(params));
    near(&report, &file["real_boosting"], "r2", 0.06);
}

#[test]
fn neighbours() {
    let file = golden("models");
    let classes = cancer_parts(&file, true);
    let real = diabetes_parts(&file, true);
    for (key, field, parts) in [("neighbours", "probability", &classes), ("real_neighbours", "predicted", &real)] {
        for case in file[key].as_array().unwrap() {
            let params = &case["params"];
            let estimator = Estimator::KNearestNeighbours(KNearestNeighbours {
                n_neighbours: params["n_neighbors"].as_u64().unwrap_or(5) as usize,
                weight: if params["weights"] == "distance" {
                    NeighbourWeight::Distance
                } else {
                    NeighbourWeight::Uniform
                },
                distance: if params["p"] == 1 { Distance::Manhattan } else { Distance::Euclidean },
            });
            let ours = outputs(parts.fit(&estimator).predict(&parts.test).unwrap());
            close(&params.to_string(), &ours, &numbers(&case[field]), 1e-9);
        }
    }
}

/// The best of 20 starts is the same optimum as scikit-learn's, to 0.1 %.
#[test]
fn k_means() {
    let file = golden("models");
    let (x, _) = cancer();
    let x = scaled(&x, &cancer_parts(&file, false).train);
    for case in file["k_means"].as_array().unwrap() {
        let n_clusters = case["clusters"].as_u64().unwrap() as usize;
        let params = KMeans { n_clusters, n_init: 20, tolerance: 1e-10, ..KMeans::default() };
        let fitted = fit(&Estimator::KMeans(params), &x, None, None, &Silent).unwrap();
        let Summary::KMeans { inertia, .. } = fitted.summary() else { panic!() };
        close("inertia", &[inertia], &[case["inertia"].as_f64().unwrap()], 1e-3);
        let Prediction::Clusters { codes, .. } = fitted.predict(&x).unwrap() else { panic!() };
        let ours = silhouette(&x, &codes);
        assert!((ours - case["silhouette"].as_f64().unwrap()).abs() < 0.01, "{ours}");
    }
}
