//! Learning limits.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::columns::{finite, quantile};
use super::{ClipColumn, Fitted, Outside, Step};
use crate::error::{Error, Result};

/// Where the limits come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limits {
    /// These values.
    Values {
        /// Smallest value allowed.
        lower: Option<f64>,
        /// Largest value allowed.
        upper: Option<f64>,
    },
    /// These percentiles of each column's finite values, 0 to 100.
    Percentiles {
        /// Percentile of the smallest value allowed.
        lower: Option<f64>,
        /// Percentile of the largest value allowed.
        upper: Option<f64>,
    },
}

/// Learns limits for each numeric column.
///
/// # Errors
/// A missing column, one that is not numeric or has no values, a percentile
/// outside 0 to 100, or limits in the wrong order.
pub fn fit(frame: &DataFrame, columns: &[String], limits: Limits, outside: Outside) -> Result<Fitted> {
    let entries = columns.iter().map(|name| {
        let mut values = finite(frame, name)?;
        let (lower, upper) = match limits {
            Limits::Values { lower, upper } => (lower, upper),
            Limits::Percentiles { lower, upper } => {
                values.sort_unstable_by(f64::total_cmp);
                let at = |percent: Option<f64>| percent.map(|p| percentile(&values, p)).transpose();
                (at(lower)?, at(upper)?)
            }
        };
        Ok(ClipColumn { column: name.clone(), lower, upper, outside })
    });
    Fitted::new(Step::Clip { columns: entries.collect::<Result<_>>()? })
}

fn percentile(sorted: &[f64], percent: f64) -> Result<f64> {
    if !(0.0..=100.0).contains(&percent) {
        return Err(Error::invalid(format!("{percent} is no percentile. Enter a number from 0 to 100.")));
    }
    Ok(quantile(sorted, percent / 100.0))
}
