//! Values made by the reference implementations (`make.py`), and the tables they
//! were made from, for tests.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use polars::prelude::DataFrame;
use serde_json::Value;

/// Everything in `golden.json`.
pub(crate) fn golden() -> &'static Value {
    static GOLDEN: OnceLock<Value> = OnceLock::new();
    GOLDEN.get_or_init(|| serde_json::from_str(include_str!("golden.json")).unwrap())
}

/// A list of numbers.
pub(crate) fn values(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// One of the sample tables.
pub(crate) fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples").join(name)
}

/// One of the sample tables, read.
pub(crate) fn sample_table(name: &str) -> DataFrame {
    let path = sample_path(name);
    let options = crate::read::sniff(&path).unwrap().options;
    crate::read::preview(&path, &options, usize::MAX).unwrap().rows
}

/// Fails unless both agree within a relative (near zero: absolute) tolerance.
#[track_caller]
pub(crate) fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * expected.abs().max(1e-12) + f64::MIN_POSITIVE;
    assert!((found - expected).abs() <= allowed, "{what}: {found} instead of {expected}");
}

/// A table's column names.
pub(crate) fn column_names(frame: &DataFrame) -> Vec<&str> {
    frame.columns().iter().map(|column| column.name().as_str()).collect()
}
