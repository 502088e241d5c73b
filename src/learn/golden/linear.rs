use super::*;
use crate::Silent;
use crate::estimator::{ClassWeight, Estimator, LinearRegression, LogisticRegression, Penalty, fit};
use crate::fitted::{Prediction, Summary};
use crate::metrics::multiclass;

#[track_caller]
fn check_linear(key: &str, params: LinearRegression, x: &Matrix, y: &[f64], weighted: bool, relative: f64) {
    let file = golden("linear");
    let weights = numbers(&file["weights"]);
    let weights = weighted.then_some(&weights[..]);
    let target = Target::Real(y.to_vec());
    let fitted = fit(&Estimator::LinearRegression(params), x, Some(&target), weights, &Silent).unwrap();
    let Summary::Linear { coefficients, intercepts, .. } = fitted.summary() else { panic!() };
    close(key, &coefficients[0], &numbers(&file[key]["coefficients"][0]), relative);
    close(key, &intercepts, &numbers(&file[key]["intercepts"]), relative);
}

#[test]
fn least_squares() {
    let (x, y) = diabetes();
    let plain = LinearRegression::default;
    check_linear("ols", plain(), &x, &y, false, 1e-10);
    check_linear("ols_weighted", plain(), &x, &y, true, 1e-10);
    let through_origin = LinearRegression { intercept: false, ..plain() };
    check_linear("ols_no_intercept", through_origin, &x, &y, false, 1e-10);
}

#[test]
fn least_squares_of_dependent_columns_has_the_least_norm() {
    let (x, y) = diabetes();
    let mut columns: Vec<Vec<f64>> = (0..x.columns()).map(|c| x.column(c).to_vec()).collect();
    columns.push(x.column(2).iter().map(|v| v * 2.0).collect());
    columns.push(x.column(0).iter().zip(x.column(3)).map(|(a, b)| a - b).collect());
    let twice = Matrix::from_columns(&columns).unwrap();
    check_linear("ols_dependent", LinearRegression::default(), &twice, &y, false, 1e-8);
    let few = scaled(&twice, &twice).take(&[0, 1, 2, 3, 4, 5, 6, 7]);
    check_linear("ols_few_rows", LinearRegression::default(), &few, &y[..8], false, 1e-8);
}

#[test]
fn ridge() {
    let (x, y) = diabetes();
    let params = || LinearRegression { penalty: Penalty::Ridge, alpha: 2.5, ..LinearRegression::default() };
    check_linear("ridge", params(), &x, &y, false, 1e-10);
    check_linear("ridge_weighted", params(), &x, &y, true, 1e-9);
}

#[test]
fn elastic_net() {
    let (x, y) = diabetes();
    let params = |alpha, l1_ratio| LinearRegression {
        penalty: Penalty::ElasticNet,
        alpha,
        l1_ratio,
        max_iterations: 100_000,
        tolerance: 1e-12,
        ..LinearRegression::default()
    };
    check_linear("elastic_net", params(0.7, 0.3), &scaled(&x, &x), &y, false, 1e-6);
    check_linear("lasso_weighted", params(2.0, 1.0), &scaled(&x, &x), &y, true, 1e-6);
}

/// Coefficients within 1e-4 and log loss within 1e-6, as different solvers stop at different points.
#[track_caller]
fn check_logistic(key: &str, params: LogisticRegression, x: &Matrix, y: &Target, weighted: bool) {
    let file = golden("logistic");
    let weights = numbers(&file["weights"]);
    let params = LogisticRegression { tolerance: 1e-11, ..params };
    let weights = weighted.then_some(&weights[..]);
    let fitted = fit(&Estimator::LogisticRegression(params), x, Some(y), weights, &Silent).unwrap();
    let Summary::Linear { coefficients, intercepts, converged, .. } = fitted.summary() else { panic!() };
    assert!(converged, "{key}");
    let theirs: Vec<f64> = file[key]["coefficients"].as_array().unwrap().iter().flat_map(numbers).collect();
    close(key, &coefficients.concat(), &theirs, 1e-4);
    close(key, &intercepts, &numbers(&file[key]["intercepts"]), 1e-4);
    let (Prediction::Classes { probabilities, codes }, Target::Classes { codes: truth, classes }) =
        (fitted.predict(x).unwrap(), y)
    else {
        panic!()
    };
    let loss = multiclass::log_loss(truth, &probabilities, classes.len(), None);
    close(key, &[loss], &[file[key]["log_loss"].as_f64().unwrap()], 1e-6);
    let right = truth.iter().zip(&codes).filter(|(t, p)| t == p).count() as f64 / truth.len() as f64;
    close(key, &[right], &[file[key]["accuracy"].as_f64().unwrap()], 1e-9);
}

#[test]
fn logistic_of_two_classes() {
    let (x, y) = cancer();
    let scaled = scaled(&x, &x);
    let plain = LogisticRegression::default;
    check_logistic("binary", plain(), &scaled, &y, false);
    check_logistic("binary_weak_penalty", LogisticRegression { c: 100.0, ..plain() }, &scaled, &y, false);
    check_logistic("binary_no_intercept", LogisticRegression { intercept: false, ..plain() }, &scaled, &y, false);
    let balanced = LogisticRegression { class_weight: ClassWeight::Balanced, ..plain() };
    check_logistic("binary_balanced", balanced, &scaled, &y, true);
    let some = [1, 4, 6, 20, 25].map(|c| x.column(c).to_vec());
    check_logistic("binary_unscaled", plain(), &Matrix::from_columns(&some).unwrap(), &y, false);
}

#[test]
fn logistic_of_several_classes() {
    let (x, _) = cancer();
    let scaled = scaled(&x, &x);
    let without_first: Vec<Vec<f64>> = (1..x.columns()).map(|c| scaled.column(c).to_vec()).collect();
    let x = Matrix::from_columns(&without_first).unwrap();
    let y = Target::Classes {
        codes: codes(&golden("logistic")["multinomial_truth"]),
        classes: (0..4).map(|c| c.to_string()).collect(),
    };
    check_logistic("multinomial", LogisticRegression::default(), &x, &y, false);
    let stronger = LogisticRegression { c: 0.3, ..LogisticRegression::default() };
    check_logistic("multinomial_weighted", stronger, &x, &y, true);
}
