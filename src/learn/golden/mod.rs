//! Agreement with scikit-learn: `make.py` beside this file wrote the values.

mod linear;
mod metrics;
mod models;

use crate::matrix::{Matrix, Target};
use serde_json::Value;

/// A golden file.
fn golden(name: &str) -> Value {
    let path = format!("{}/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn maybe_numbers(value: &Value) -> Option<Vec<f64>> {
    value.is_array().then(|| numbers(value))
}

fn codes(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u32).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    codes(value).into_iter().map(|i| i as usize).collect()
}

/// A sample table: all columns but the last, and the last as text.
fn sample(name: &str) -> (Matrix, Vec<String>) {
    let path = format!("{}/../../assets/samples/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut rows = Vec::new();
    let mut labels = Vec::new();
    for line in text.lines().skip(1) {
        let (values, label) = line.rsplit_once(',').unwrap();
        rows.push(values.split(',').map(|v| v.parse().unwrap()).collect());
        labels.push(label.to_owned());
    }
    (Matrix::from_rows(&rows).unwrap(), labels)
}

fn cancer() -> (Matrix, Target) {
    let (x, labels) = sample("breast_cancer");
    (x, Target::from_names(&labels))
}

fn diabetes() -> (Matrix, Vec<f64>) {
    let (x, labels) = sample("diabetes");
    (x, labels.iter().map(|v| v.parse().unwrap()).collect())
}

/// Columns to mean 0 and deviation 1 over the rows of `by`.
fn scaled(x: &Matrix, by: &Matrix) -> Matrix {
    let (means, deviations) = crate::linear::moments(by, None);
    let mut out = x.clone();
    for c in 0..x.columns() {
        out.column_mut(c).iter_mut().for_each(|v| *v = (*v - means[c]) / deviations[c]);
    }
    out
}

#[track_caller]
fn close(what: &str, ours: &[f64], theirs: &[f64], relative: f64) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let scale = theirs.iter().fold(1e-300f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= relative * scale, "{what}[{i}]: {a} is not {b}");
    }
}
