//! Learning centres and scales.

use polars::prelude::DataFrame;

use super::columns::{finite, quantile};
use super::{Fitted, ScaleColumn, Scaling, Step};
use crate::error::Result;

/// Learns a centre and a scale for each numeric column from its finite values.
/// A constant column gets the scale 1.
///
/// # Errors
/// A missing column, one that is not numeric, or one without values.
pub fn fit(frame: &DataFrame, columns: &[String], scaling: Scaling) -> Result<Fitted> {
    let entries = columns.iter().map(|name| {
        let (center, scale) = measure(finite(frame, name)?, scaling);
        Ok(ScaleColumn { column: name.clone(), scaling, center, scale })
    });
    Fitted::new(Step::Scale { columns: entries.collect::<Result<_>>()? })
}

/// Centre and scale of values; there is at least one.
fn measure(mut values: Vec<f64>, scaling: Scaling) -> (f64, f64) {
    let n = values.len() as f64;
    if scaling == Scaling::ZScore {
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let rest: f64 = values.iter().map(|value| value - mean).sum();
        let variance = (squares - rest * rest / n) / n;
        // scikit-learn's test for a constant column, from the rounding error of
        // a two-pass variance.
        let noise = n * f64::EPSILON * variance + (n * mean * f64::EPSILON).powi(2);
        return (mean, if variance <= noise { 1.0 } else { variance.sqrt() });
    }
    values.sort_unstable_by(f64::total_cmp);
    let (center, scale) = match scaling {
        Scaling::Robust => (quantile(&values, 0.5), quantile(&values, 0.75) - quantile(&values, 0.25)),
        _ => (values[0], values[values.len() - 1] - values[0]),
    };
    (center, if scale < 10.0 * f64::EPSILON { 1.0 } else { scale })
}
