//! What all algorithms share: hard tables, missing values, weights, cancelling, seeds, storing.

use crate::estimator::*;
use crate::fitted::{Fitted, Prediction, Summary};
use crate::matrix::{Matrix, Target};
use crate::observer::{Observer, Silent};
use crate::rng;
use crate::{Error, Result};
use proptest::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Uniform numbers in -1 to 1.
fn noise(rows: usize, columns: usize, seed: u64) -> Matrix {
    let mut random = rng::part(seed, 0);
    let values = (0..rows * columns).map(|_| 2.0 * rng::unit(&mut random) - 1.0).collect();
    Matrix::new(rows, columns, values).unwrap()
}

/// Which of `classes` equal ranges of the sum of the first two columns a row lies in.
fn classes_of(x: &Matrix, classes: usize) -> Target {
    let sum = |r: usize| (x.get(r, 0) + x.get(r, 1) + 2.0) / 4.0;
    let code = |r: usize| ((sum(r) * classes as f64) as u32).min(classes as u32 - 1);
    Target::Classes {
        codes: (0..x.rows()).map(code).collect(),
        classes: (0..classes).map(|c| format!("class {c}")).collect(),
    }
}

fn real_of(x: &Matrix) -> Target {
    Target::Real((0..x.rows()).map(|r| 3.0 * x.get(r, 0) - x.get(r, 1) + 10.0).collect())
}

fn classifiers() -> Vec<Estimator> {
    vec![
        Estimator::LogisticRegression(LogisticRegression::default()),
        Estimator::DecisionTree(DecisionTree::default()),
        Estimator::RandomForest(RandomForest { n_estimators: 20, ..RandomForest::default() }),
        Estimator::GradientBoosting(GradientBoosting { n_estimators: 20, ..GradientBoosting::default() }),
        Estimator::KNearestNeighbours(KNearestNeighbours::default()),
    ]
}

fn regressors() -> Vec<Estimator> {
    let mut all = classifiers();
    all[0] = Estimator::LinearRegression(LinearRegression::default());
    all.push(Estimator::LinearRegression(LinearRegression { penalty: Penalty::Ridge, ..LinearRegression::default() }));
    let net = LinearRegression { penalty: Penalty::ElasticNet, alpha: 0.1, ..LinearRegression::default() };
    all.push(Estimator::LinearRegression(net));
    all
}

fn train(estimator: &Estimator, x: &Matrix, y: &Target) -> Result<Fitted> {
    fit(estimator, x, Some(y), None, &Silent)
}

fn sentence(result: Result<Fitted>) -> String {
    let text = result.unwrap_err().to_string();
    assert!(text.ends_with('.') && text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()), "{text}");
    text
}

fn accuracy(fitted: &Fitted, x: &Matrix, y: &Target) -> f64 {
    let (Prediction::Classes { codes, probabilities }, Target::Classes { codes: truth, classes }) =
        (fitted.predict(x).unwrap(), y)
    else {
        panic!()
    };
    for row in probabilities.chunks_exact(classes.len()) {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9 && row.iter().all(|p| (0.0..=1.0).contains(p)), "{row:?}");
    }
    codes.iter().zip(truth).filter(|(a, b)| a == b).count() as f64 / codes.len() as f64
}

#[test]
fn every_classifier_learns_two_and_several_classes() {
    let (x, other) = (noise(400, 4, 1), noise(200, 4, 2));
    for estimator in classifiers() {
        for (classes, least) in [(2, 0.85), (3, 0.75)] {
            let fitted = train(&estimator, &x, &classes_of(&x, classes)).unwrap();
            let reached = accuracy(&fitted, &other, &classes_of(&other, classes));
            assert!(reached > least, "{}, {classes} classes: {reached}", estimator.title());
        }
    }
}

#[test]
fn every_regressor_learns_numbers() {
    let (x, other) = (noise(400, 4, 1), noise(200, 4, 2));
    for estimator in regressors() {
        let fitted = train(&estimator, &x, &real_of(&x)).unwrap();
        let (Prediction::Real(ours), Target::Real(truth)) = (fitted.predict(&other).unwrap(), real_of(&other)) else {
            panic!()
        };
        let r2 = crate::metrics::regression::r2(&truth, &ours, None);
        assert!(r2 > 0.8, "{}: {r2}", estimator.title());
        if let Some(importance) = fitted.importance() {
            assert!((importance.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(importance[0] > importance[2], "{}: {importance:?}", estimator.title());
        }
    }
}

#[test]
fn one_class_is_refused_with_its_name() {
    let x = noise(10, 2, 1);
    let y = Target::Classes { codes: vec![1; 10], classes: vec!["no".into(), "yes".into()] };
    for estimator in classifiers() {
        assert!(sentence(train(&estimator, &x, &y)).contains("one class only, \"yes\""));
    }
}

#[test]
fn a_class_without_rows_gets_probability_zero() {
    let x = noise(60, 2, 1);
    let Target::Classes { codes, .. } = classes_of(&x, 2) else { panic!() };
    let shifted = codes.iter().map(|c| c * 2).collect();
    let y = Target::Classes { codes: shifted, classes: ["a", "b", "c"].map(str::to_owned).to_vec() };
    for estimator in classifiers() {
        let fitted = train(&estimator, &x, &y).unwrap();
        let Prediction::Classes { codes, probabilities } = fitted.predict(&x).unwrap() else { panic!() };
        assert!(codes.iter().all(|c| *c != 1), "{}", estimator.title());
        assert!(probabilities.chunks_exact(3).all(|p| p[1] == 0.0));
        assert!(accuracy(&fitted, &x, &y) > 0.8, "{}", estimator.title());
    }
}

#[test]
fn constant_columns_do_no_harm() {
    let mut x = noise(200, 3, 1);
    x.column_mut(2).fill(1e6);
    for (estimators, y) in [(classifiers(), classes_of(&x, 2)), (regressors(), real_of(&x))] {
        for estimator in estimators {
            let fitted = train(&estimator, &x, &y).unwrap();
            if let Some(importance) = fitted.importance() {
                assert!(importance[2] < 1e-6, "{}: {importance:?}", estimator.title());
            }
        }
    }
    x.column_mut(0).fill(0.0);
    x.column_mut(1).fill(-3.0);
    for estimator in classifiers() {
        let y = Target::Classes { codes: (0..200).map(|i| i % 2).collect(), classes: vec!["a".into(), "b".into()] };
        let Prediction::Classes { probabilities, .. } = train(&estimator, &x, &y).unwrap().predict(&x).unwrap() else {
            panic!()
        };
        assert!(probabilities.iter().all(|p| p.is_finite()), "{}", estimator.title());
    }
}

#[test]
fn empty_tables_and_wrong_targets_are_refused() {
    let x = noise(10, 2, 1);
    for estimator in classifiers() {
        assert!(sentence(train(&estimator, &noise(0, 2, 1), &classes_of(&x, 2))).contains("no rows"));
        assert!(sentence(train(&estimator, &Matrix::zeros(10, 0), &classes_of(&x, 2))).contains("no features"));
        assert!(sentence(train(&estimator, &noise(9, 2, 1), &classes_of(&x, 2))).contains("10 values"));
        assert!(sentence(fit(&estimator, &x, None, None, &Silent)).contains("needs a label"));
    }
    let logistic = Estimator::LogisticRegression(LogisticRegression::default());
    assert!(sentence(train(&logistic, &x, &real_of(&x))).contains("linear regression"));
    let linear = Estimator::LinearRegression(LinearRegression::default());
    assert!(sentence(train(&linear, &x, &classes_of(&x, 2))).contains("logistic regression"));
    let missing = Target::Real(vec![f64::NAN; 10]);
    assert!(sentence(train(&linear, &x, &missing)).contains("missing or infinite in 10 of 10 rows"));
}

#[test]
fn missing_cells_are_used_by_trees_and_counted_for_others() {
    let mut x = noise(300, 3, 1);
    let y = classes_of(&x, 2);
    (0..300).step_by(10).for_each(|r| x.column_mut(2)[r] = f64::NAN);
    (0..300).step_by(7).for_each(|r| x.column_mut(0)[r] = f64::NAN);
    for estimator in classifiers() {
        let result = train(&estimator, &x, &y);
        if estimator.accepts_missing() {
            let reached = accuracy(&result.unwrap(), &x, &y);
            assert!(reached > 0.85, "{}: {reached}", estimator.title());
        } else {
            let text = sentence(result);
            assert!(text.contains("73 missing cells in 2 columns"), "{text}");
        }
    }
    x.column_mut(1)[3] = f64::NEG_INFINITY;
    for estimator in classifiers() {
        assert!(sentence(train(&estimator, &x, &y)).contains("1 infinite value"));
    }
}

#[test]
fn a_missing_value_can_be_the_whole_signal() {
    let mut x = noise(200, 2, 1);
    let codes: Vec<u32> = (0..200).map(|r| r % 2).collect();
    codes.iter().enumerate().filter(|(_, c)| **c == 1).for_each(|(r, _)| x.column_mut(0)[r] = f64::NAN);
    let y = Target::Classes { codes, classes: vec!["present".into(), "absent".into()] };
    for estimator in classifiers().into_iter().filter(Estimator::accepts_missing) {
        let fitted = train(&estimator, &x, &y).unwrap();
        let reached = accuracy(&fitted, &x, &y);
        assert!(reached > 0.97, "{}: {reached}", estimator.title());
    }
}

#[test]
fn fewer_rows_than_neighbours_or_clusters() {
    let x = noise(4, 2, 1);
    let neighbours = Estimator::KNearestNeighbours(KNearestNeighbours::default());
    assert!(sentence(train(&neighbours, &x, &real_of(&x))).contains("only 4 rows"));
    let clusters = Estimator::KMeans(KMeans::default());
    assert!(sentence(fit(&clusters, &x, None, None, &Silent)).contains("only 4 rows"));
}

#[test]
fn more_features_than_rows() {
    let x = noise(8, 30, 1);
    for estimator in regressors() {
        let fitted = train(&estimator, &x, &real_of(&x)).unwrap();
        let Prediction::Real(values) = fitted.predict(&x).unwrap() else { panic!() };
        assert!(values.iter().all(|v| v.is_finite()), "{}", estimator.title());
    }
    for estimator in classifiers() {
        assert!(train(&estimator, &x, &classes_of(&x, 2)).is_ok(), "{}", estimator.title());
    }
}

#[test]
fn weights_are_like_repeated_rows() {
    let x = noise(60, 3, 1);
    let weights: Vec<f64> = (0..60).map(|r| f64::from(r % 4)).collect();
    let repeated: Vec<usize> = (0..60).flat_map(|r| std::iter::repeat_n(r, r % 4)).collect();
    let tree = Estimator::DecisionTree(DecisionTree { max_depth: Some(3), ..DecisionTree::default() });
    let boosting = Estimator::GradientBoosting(GradientBoosting { n_estimators: 5, ..GradientBoosting::default() });
    let linear = Estimator::LinearRegression(LinearRegression::default());
    for estimator in [tree, boosting, linear] {
        let weighted = fit(&estimator, &x, Some(&real_of(&x)), Some(&weights), &Silent).unwrap();
        let copied = train(&estimator, &x.take(&repeated), &real_of(&x).take(&repeated)).unwrap();
        let (Prediction::Real(a), Prediction::Real(b)) = (weighted.predict(&x).unwrap(), copied.predict(&x).unwrap())
        else {
            panic!()
        };
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-4), "{}", estimator.title());
    }
    let bad = [vec![1.0; 3], vec![-1.0; 60], vec![f64::NAN; 60], vec![0.0; 60]];
    let linear = Estimator::LinearRegression(LinearRegression::default());
    for weights in bad {
        sentence(fit(&linear, &x, Some(&real_of(&x)), Some(&weights), &Silent));
    }
}

#[test]
fn balanced_classes_favour_the_rare_one() {
    let x = noise(500, 2, 1);
    let codes: Vec<u32> = (0..500).map(|r| u32::from(x.get(r, 0) > 0.8 && r % 3 > 0)).collect();
    let y = Target::Classes { codes, classes: vec!["common".into(), "rare".into()] };
    let mean = |class_weight| {
        let params = LogisticRegression { class_weight, ..LogisticRegression::default() };
        let fitted = train(&Estimator::LogisticRegression(params), &x, &y).unwrap();
        let Prediction::Classes { probabilities, .. } = fitted.predict(&x).unwrap() else { panic!() };
        probabilities.chunks_exact(2).map(|p| p[1]).sum::<f64>() / 500.0
    };
    assert!(mean(ClassWeight::Balanced) > 2.0 * mean(ClassWeight::Equal));
}

#[test]
fn seeds_decide_and_threads_do_not() {
    let x = noise(3000, 5, 1);
    let forest = |seed| Estimator::RandomForest(RandomForest { n_estimators: 8, seed, ..RandomForest::default() });
    let boosting = |seed| {
        let params = GradientBoosting { n_estimators: 8, subsample: 0.6, seed, ..GradientBoosting::default() };
        Estimator::GradientBoosting(GradientBoosting { early_stopping_rounds: Some(3), ..params })
    };
    let clusters = |seed| Estimator::KMeans(KMeans { n_clusters: 7, seed, ..KMeans::default() });
    let on = |threads: usize, estimator: &Estimator| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| train(estimator, &x, &classes_of(&x, 3)).unwrap())
    };
    for make in [&forest as &dyn Fn(u64) -> Estimator, &boosting, &clusters] {
        let one = on(1, &make(1));
        assert_eq!(one, on(4, &make(1)));
        assert_ne!(one, on(1, &make(2)));
    }
    let logistic = Estimator::LogisticRegression(LogisticRegression::default());
    assert_eq!(on(1, &logistic), on(3, &logistic));
}

/// Cancels when asked for the `n`th time.
struct Impatient(AtomicUsize, usize);

impl Observer for Impatient {
    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) >= self.1
    }
}

#[test]
fn every_training_can_be_cancelled() {
    let x = noise(300, 3, 1);
    let mut cases: Vec<(Estimator, Target)> = classifiers().into_iter().map(|e| (e, classes_of(&x, 3))).collect();
    cases.extend(regressors().into_iter().map(|e| (e, real_of(&x))));
    cases.push((Estimator::KMeans(KMeans::default()), real_of(&x)));
    for (estimator, y) in cases {
        let quick = matches!(estimator, Estimator::KNearestNeighbours(_));
        let patience = if quick { 0 } else { 1 };
        let result = fit(&estimator, &x, Some(&y), None, &Impatient(AtomicUsize::new(0), patience));
        assert_eq!(result.unwrap_err(), Error::Cancelled, "{}", estimator.title());
    }
}

#[derive(Default)]
struct Recorder(Mutex<Vec<(String, f64, u64)>>, Mutex<Vec<f64>>);

impl Observer for Recorder {
    fn metric(&self, name: &str, value: f64, step: u64) {
        self.0.lock().unwrap().push((name.to_owned(), value, step));
    }
    fn progress(&self, fraction: f64, _: &str) {
        self.1.lock().unwrap().push(fraction);
    }
}

#[test]
fn boosting_stops_early_and_logs_its_curves() {
    let x = noise(600, 3, 1);
    // Labels that have nothing to do with the features cannot be learnt for long.
    let mut random = rng::part(9, 9);
    let codes = (0..600).map(|_| rng::below(&mut random, 2) as u32).collect();
    let y = Target::Classes { codes, classes: vec!["a".into(), "b".into()] };
    let params = GradientBoosting { early_stopping_rounds: Some(5), ..GradientBoosting::default() };
    let recorder = Recorder::default();
    let fitted = fit(&Estimator::GradientBoosting(params), &x, Some(&y), None, &recorder).unwrap();
    let Summary::Boosting { rounds, .. } = fitted.summary() else { panic!() };
    let metrics = recorder.0.into_inner().unwrap();
    let curve = |name: &str| -> Vec<f64> { metrics.iter().filter(|m| m.0 == name).map(|m| m.1).collect() };
    let (training, validation) = (curve("train_log_loss"), curve("validation_log_loss"));
    assert_eq!(training.len(), validation.len());
    assert_eq!(training.len(), rounds + 5, "five rounds without improvement, then back to the best");
    assert!(rounds < 50, "{rounds}");
    let best = validation.iter().fold(f64::INFINITY, |m, v| m.min(*v));
    assert_eq!(rounds.checked_sub(1).map_or(best, |at| validation[at]), best);
    assert!(training.windows(2).all(|pair| pair[1] <= pair[0]), "training loss falls");
    assert!(recorder.1.into_inner().unwrap().iter().all(|f| (0.0..=1.0).contains(f)));
}

#[test]
fn trees_obey_their_limits() {
    let x = noise(500, 4, 1);
    let mut random = rng::part(3, 3);
    let y = Target::Real((0..500).map(|_| rng::unit(&mut random)).collect());
    let shape = |estimator: Estimator| match train(&estimator, &x, &y).unwrap().summary() {
        Summary::Trees { depth, leaves, .. } | Summary::Boosting { depth, leaves, .. } => (depth, leaves),
        other => panic!("{other:?}"),
    };
    let tree = DecisionTree::default;
    assert_eq!(shape(Estimator::DecisionTree(tree())).1, 500, "pure leaves");
    assert_eq!(shape(Estimator::DecisionTree(DecisionTree { max_depth: Some(3), ..tree() })).0, 3);
    assert!(shape(Estimator::DecisionTree(DecisionTree { min_samples_leaf: 50, ..tree() })).1 <= 10);
    assert_eq!(shape(Estimator::DecisionTree(DecisionTree { min_samples_split: 501, ..tree() })).1, 1);
    assert_eq!(shape(Estimator::DecisionTree(DecisionTree { ccp_alpha: 1.0, ..tree() })).1, 1);
    let forest = |max_depth, min_samples_leaf| {
        let some = RandomForest { n_estimators: 1, bootstrap: false, ..RandomForest::default() };
        Estimator::RandomForest(RandomForest { max_depth, min_samples_leaf, ..some })
    };
    assert_eq!(shape(forest(Some(2), 1)), (2, 4));
    assert!(shape(forest(None, 50)).1 <= 10);
    let boosting = GradientBoosting { n_estimators: 1, max_leaves: Some(5), ..GradientBoosting::default() };
    assert!(shape(Estimator::GradientBoosting(boosting)).1 <= 5);
}

#[test]
fn wrong_parameters_are_sentences() {
    let x = noise(20, 2, 1);
    let real = real_of(&x);
    let forest = RandomForest::default;
    let boosting = GradientBoosting::default;
    let linear = LinearRegression::default;
    let wrong = [
        Estimator::RandomForest(RandomForest { n_estimators: 0, ..forest() }),
        Estimator::RandomForest(RandomForest { max_bins: 1000, ..forest() }),
        Estimator::RandomForest(RandomForest { criterion: Criterion::Gini, ..forest() }),
        Estimator::GradientBoosting(GradientBoosting { subsample: 0.0, ..boosting() }),
        Estimator::GradientBoosting(GradientBoosting { learning_rate: f64::NAN, ..boosting() }),
        Estimator::GradientBoosting(GradientBoosting { max_depth: 0, ..boosting() }),
        Estimator::GradientBoosting(GradientBoosting { l2: -1.0, ..boosting() }),
        Estimator::LinearRegression(LinearRegression { penalty: Penalty::Ridge, alpha: -1.0, ..linear() }),
        Estimator::LinearRegression(LinearRegression { penalty: Penalty::ElasticNet, l1_ratio: 2.0, ..linear() }),
        Estimator::KNearestNeighbours(KNearestNeighbours { n_neighbours: 0, ..KNearestNeighbours::default() }),
        Estimator::DecisionTree(DecisionTree { ccp_alpha: f64::NAN, ..DecisionTree::default() }),
    ];
    for estimator in wrong {
        sentence(train(&estimator, &x, &real));
    }
    let logistic = Estimator::LogisticRegression(LogisticRegression { c: 0.0, ..LogisticRegression::default() });
    sentence(train(&logistic, &x, &classes_of(&x, 2)));
    let clusters = Estimator::KMeans(KMeans { n_clusters: 0, ..KMeans::default() });
    sentence(fit(&clusters, &x, None, None, &Silent));
}

#[test]
fn k_means_finds_separate_groups_and_survives_equal_rows() {
    let centres = [-10.0, 0.0, 10.0];
    let mut x = noise(90, 2, 1);
    (0..90).for_each(|r| x.column_mut(0)[r] += centres[r % 3]);
    let estimator = Estimator::KMeans(KMeans { n_clusters: 3, ..KMeans::default() });
    let Summary::KMeans { sizes, centres, .. } = fit(&estimator, &x, None, None, &Silent).unwrap().summary() else {
        panic!()
    };
    assert_eq!(sizes, [30, 30, 30]);
    let mut found: Vec<f64> = centres.iter().map(|c| c[0].round()).collect();
    found.sort_by(f64::total_cmp);
    assert!(found.iter().zip([-10.0, 0.0, 10.0]).all(|(a, b)| (a - b).abs() <= 1.0), "{found:?}");
    let same = Matrix::new(20, 1, vec![5.0; 20]).unwrap();
    let Summary::KMeans { inertia, .. } = fit(&estimator, &same, None, None, &Silent).unwrap().summary() else {
        panic!()
    };
    assert_eq!(inertia, 0.0);
}

#[test]
fn estimators_read_from_json_with_defaults() {
    let forest: Estimator = serde_json::from_str(r#"{"algorithm":"random_forest","n_estimators":7}"#).unwrap();
    assert_eq!(forest, Estimator::RandomForest(RandomForest { n_estimators: 7, ..RandomForest::default() }));
    for estimator in classifiers().into_iter().chain(regressors()).chain([Estimator::KMeans(KMeans::default())]) {
        let json = serde_json::to_string(&estimator).unwrap();
        assert_eq!(serde_json::from_str::<Estimator>(&json).unwrap(), estimator, "{json}");
    }
    assert!(serde_json::from_str::<Estimator>(r#"{"algorithm":"k_means","clusters":7}"#).is_err(), "misspelt");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What is stored and read back predicts the same bits.
    #[test]
    fn stored_models_predict_the_same(
        rows in 12usize..60,
        columns in 1usize..5,
        classes in 2usize..5,
        seed: u64,
    ) {
        let x = noise(rows, columns.max(2), seed);
        let mut cases: Vec<(Estimator, Target)> = regressors().into_iter().map(|e| (e, real_of(&x))).collect();
        cases.push((Estimator::KMeans(KMeans { n_clusters: 3, ..KMeans::default() }), real_of(&x)));
        let y = classes_of(&x, classes);
        let Target::Classes { codes, .. } = &y else { unreachable!() };
        if codes.iter().any(|c| *c != codes[0]) {
            cases.extend(classifiers().into_iter().map(|e| (e, y.clone())));
        }
        for (estimator, y) in cases {
            let fitted = train(&estimator, &x, &y).unwrap();
            let bytes = rmp_serde::to_vec_named(&fitted).unwrap();
            let back: Fitted = rmp_serde::from_slice(&bytes).unwrap();
            prop_assert!(back.is_sound());
            prop_assert_eq!(&back, &fitted);
            prop_assert_eq!(back.predict(&x).unwrap(), fitted.predict(&x).unwrap());
        }
    }
}
