use super::*;
use crate::estimator::{DecisionTree, Estimator, KMeans, KNearestNeighbours, LinearRegression};
use crate::matrix::{Matrix, Target};
use crate::report::Options;
use crate::{Silent, Task};
use proptest::prelude::*;

fn table(rows: usize) -> (Matrix, Target, Target) {
    let values: Vec<f64> = (0..rows).map(|i| (i as f64 * 0.37).sin()).collect();
    let real = Target::Real(values.iter().map(|v| 2.0 * v + 1.0).collect());
    let codes = values.iter().map(|v| u32::from(*v > 0.0)).collect();
    let x = Matrix::new(rows, 1, values).unwrap();
    (x, real, Target::Classes { codes, classes: vec!["low".into(), "high".into()] })
}

#[test]
fn perfect_models_score_perfectly_in_every_fold() {
    let (x, real, classes) = table(60);
    let folds = Folds { shuffle: true, ..Folds::default() }.split(60, None, None, None).unwrap();
    let linear = Estimator::LinearRegression(LinearRegression::default());
    let result = cross_validate(&linear, &x, &real, &folds, &Options::default(), &Silent).unwrap();
    let r2 = result.metrics.iter().find(|m| m.key == "r2").unwrap();
    assert_eq!(r2.values.len(), 5);
    assert!((r2.mean.unwrap() - 1.0).abs() < 1e-12 && r2.deviation.unwrap() < 1e-12);
    assert_eq!(result.folds.iter().map(|f| f.test_rows).sum::<usize>(), 60);
    let tree = Estimator::DecisionTree(DecisionTree::default());
    let result = cross_validate(&tree, &x, &classes, &folds, &Options::default(), &Silent).unwrap();
    assert_eq!(result.pooled.task, Task::Binary);
    assert!(result.pooled.value("accuracy").unwrap() > 0.95);
    let json = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::to_string(&serde_json::from_str::<CrossValidation>(&json).unwrap()).unwrap(), json);
}

#[test]
fn spread_is_mean_and_deviation_of_the_folds() {
    let (x, real, _) = table(50);
    let folds = Folds { folds: 4, ..Folds::default() }.split(50, None, None, None).unwrap();
    let neighbours = Estimator::KNearestNeighbours(KNearestNeighbours::default());
    let result = cross_validate(&neighbours, &x, &real, &folds, &Options::default(), &Silent).unwrap();
    for spread in &result.metrics {
        let values: Vec<f64> = spread.values.iter().map(|v| v.unwrap()).collect();
        let mean = values.iter().sum::<f64>() / 4.0;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
        assert!((spread.mean.unwrap() - mean).abs() < 1e-12 && (spread.deviation.unwrap() - deviation).abs() < 1e-12);
        let own: Vec<f64> = result.folds.iter().map(|f| f.report.value(&spread.key).unwrap()).collect();
        assert_eq!(values, own);
    }
}

#[test]
fn what_cannot_be_divided_is_refused() {
    let (x, real, classes) = table(6);
    let split = |folds: Folds, target| folds.split(6, target, None, None).unwrap_err().to_string();
    assert!(split(Folds { folds: 7, ..Folds::default() }, None).contains("6 rows cannot be divided into 7"));
    assert!(split(Folds { folds: 1, ..Folds::default() }, None).contains("at least 2 folds"));
    let stratified = Folds { scheme: Scheme::Stratified, folds: 3, ..Folds::default() };
    assert!(split(stratified.clone(), Some(&real)).contains("label of classes"));
    assert!(split(Folds { folds: 6, ..stratified }, Some(&classes)).contains("Use fewer folds"));
    let group = Folds { scheme: Scheme::Group, folds: 3, ..Folds::default() };
    assert!(split(group.clone(), None).contains("group for every row"));
    assert!(group.split(6, None, Some(&[1, 1, 1, 2, 2, 2]), None).is_err());
    let series = Folds { scheme: Scheme::TimeSeries, folds: 6, ..Folds::default() };
    assert!(split(series, None).contains("too few"));
    let folds = Folds { folds: 2, ..Folds::default() }.split(6, None, None, None).unwrap();
    let clusters = Estimator::KMeans(KMeans::default());
    assert!(cross_validate(&clusters, &x, &real, &folds, &Options::default(), &Silent).is_err());
}

#[test]
fn time_never_runs_backwards() {
    let time: Vec<f64> = (0..30).map(|i| f64::from((i * 7) % 30)).collect();
    let series = Folds { scheme: Scheme::TimeSeries, ..Folds::default() };
    for fold in series.split(30, None, None, Some(&time)).unwrap() {
        let last = fold.train.iter().map(|&r| time[r]).fold(f64::NEG_INFINITY, f64::max);
        assert!(fold.test.iter().all(|&r| time[r] > last));
    }
}

proptest! {
    #[test]
    fn every_row_is_tested_once_a_repeat(
        rows in 8usize..80,
        folds in 2usize..6,
        repeats in 1usize..3,
        shuffle: bool,
        seed: u64,
        stratified: bool,
    ) {
        let scheme = if stratified { Scheme::Stratified } else { Scheme::KFold };
        let codes: Vec<u32> = (0..rows).map(|r| u32::from(r % 3 == 0)).collect();
        let target = Target::Classes { codes: codes.clone(), classes: vec!["a".into(), "b".into()] };
        let made = Folds { scheme, folds, repeats, shuffle, seed }.split(rows, Some(&target), None, None).unwrap();
        prop_assert_eq!(made.len(), folds * repeats);
        let mut tested = vec![0; rows];
        for fold in &made {
            prop_assert_eq!(fold.train.len() + fold.test.len(), rows);
            fold.test.iter().for_each(|&r| tested[r] += 1);
            prop_assert!(fold.test.iter().all(|r| fold.train.binary_search(r).is_err()));
            if stratified {
                let ones = fold.test.iter().filter(|&&r| codes[r] == 1).count() as f64;
                let expected = codes.iter().sum::<u32>() as f64 / folds as f64;
                prop_assert!((ones - expected).abs() <= 1.0);
            }
        }
        prop_assert!(tested.iter().all(|n| *n == repeats));
    }
}
