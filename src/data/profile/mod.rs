//! Per-column statistics of a table, in one pass of bounded memory.
//!
//! Up to a limit that depends on the number of columns (two million values for
//! up to 16 columns, 32 million shared among more) everything is exact. Beyond it,
//! a column of few different values stays exact; of others, quantiles and
//! histograms come from a deterministic sketch whose rank error is bounded by [`Quantiles::rank_error`], the number of distinct values from
//! HyperLogLog (standard error 0.8 %), and top values from Misra–Gries counts;
//! each says that it is approximate.

mod accumulate;
mod distinct;
mod hash;
mod moments;
mod numbers;
mod sketch;

use std::ops::ControlFlow;
use std::path::Path;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

pub use accumulate::Profiler;

use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::schema::{Column, Kind, Schema};

/// Most histogram bins.
pub const MAX_BINS: usize = 32;
/// Most top values.
pub const MAX_TOP: usize = 10;
/// Cells decoded at once when a file is profiled.
const CELLS: usize = 16 << 20;
/// Longest top value of text, in characters; longer ones end with "…".
pub const MAX_TEXT: usize = 200;

/// The profile of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Number of rows.
    pub rows: u64,
    /// One profile a column, in the table's order.
    pub columns: Vec<ColumnProfile>,
}

impl Profile {
    /// The profile of the column of that name.
    pub fn get(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Names and kinds, without roles.
    pub fn schema(&self) -> Schema {
        let kinds = self.columns.iter().map(|column| Column {
            zone: column.zone.clone(),
            scale: column.scale,
            ..Column::new(column.name.as_str(), column.kind)
        });
        kinds.collect()
    }
}

/// Statistics of one column. Minimum, maximum, quantiles and histogram are of
/// its finite values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The column's name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The time zone of its moments, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Digits behind the point of its decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u8>,
    /// Number of nulls.
    pub missing: u64,
    /// Number of NaNs; they are not counted as missing.
    pub nan: u64,
    /// Number of positive and negative infinities.
    pub infinite: u64,
    /// Number of different values that are neither null nor NaN.
    pub distinct: u64,
    /// Whether [`ColumnProfile::distinct`] and [`ColumnProfile::top`] are
    /// estimates.
    pub approximate: bool,
    /// Smallest value of an ordered kind.
    pub min: Option<Scalar>,
    /// Largest value of an ordered kind.
    pub max: Option<Scalar>,
    /// Arithmetic mean; of a boolean the share of true; of a duration in
    /// seconds.
    pub mean: Option<f64>,
    /// Sample standard deviation (n − 1), in the mean's unit.
    pub std: Option<f64>,
    /// Skewness (biased Fisher–Pearson g₁, as `scipy.stats.skew`).
    pub skew: Option<f64>,
    /// 1, 5, 25, 50, 75, 95 and 99 % quantiles of an ordered kind.
    pub quantiles: Option<Quantiles>,
    /// Counts of an ordered kind's values over equal-width bins.
    pub histogram: Option<Histogram>,
    /// The most frequent values with their counts, most frequent first.
    pub top: Vec<TopValue>,
    /// Lengths of text in characters.
    pub lengths: Option<Lengths>,
    /// Number of zeros of a number.
    pub zeros: u64,
    /// Number of values below zero of a number, −∞ included.
    pub negatives: u64,
    /// Whether the column holds one single value, or nothing at all.
    pub constant: bool,
}

impl ColumnProfile {
    /// The quantile at `p`, one of [`Quantiles::PROBABILITIES`].
    pub fn quantile(&self, p: f64) -> Option<&Scalar> {
        let at = Quantiles::PROBABILITIES.iter().position(|&known| known == p)?;
        self.quantiles.as_ref()?.values.get(at)
    }
}

/// Quantiles with the bound of their error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Values at [`Quantiles::PROBABILITIES`]; between two values of a number
    /// they are interpolated linearly (NumPy's default), those of other kinds
    /// are the lower of the two.
    pub values: Vec<Scalar>,
    /// Largest possible difference between the share of values below a quantile
    /// and its probability; 0 when exact.
    pub rank_error: f64,
}

impl Quantiles {
    /// The probabilities.
    pub const PROBABILITIES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
}

/// Counts over bins. Bin `i` holds `edges[i] <= value < edges[i + 1]`, the last
/// one its upper edge too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// One more than there are bins; in the unit of [`Scalar::as_f64`] (dates
    /// and times in seconds).
    pub edges: Vec<f64>,
    /// Number of values in each bin.
    pub counts: Vec<u64>,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopValue {
    /// The value.
    pub value: Scalar,
    /// How many rows hold it.
    pub count: u64,
}

/// Lengths of text, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lengths {
    /// Shortest.
    pub min: u64,
    /// Mean.
    pub mean: f64,
    /// Longest.
    pub max: u64,
}

/// The profile of a table in memory.
///
/// # Errors
/// When the table engine cannot convert a column.
pub fn of_frame(frame: &DataFrame) -> Result<Profile> {
    let mut profiler = Profiler::new(&Schema::of(frame));
    profiler.add(frame)?;
    Ok(profiler.finish())
}

/// The profile of a Parquet file, read piece by piece. `progress` is told the
/// share done, 0 to 1, and may stop the work.
///
/// # Errors
/// When the file cannot be read, or [`Error::Cancelled`].
pub fn of_parquet(path: &Path, progress: &dyn Fn(f64) -> ControlFlow<()>) -> Result<Profile> {
    let file = crate::grid::ParquetFile::open(path)?;
    let mut profiler = Profiler::new(file.schema());
    let width = file.schema().len();
    for (page, rows) in file.pages().iter().enumerate() {
        // A wide table's page is read a few columns at a time.
        let step = (CELLS / (rows.end - rows.start).max(1) as usize).clamp(1, width.max(1));
        for first in (0..width).step_by(step) {
            let done = page as f64 + first as f64 / width as f64;
            if progress(done / file.pages().len() as f64).is_break() {
                return Err(Error::Cancelled);
            }
            let columns: Vec<usize> = (first..(first + step).min(width)).collect();
            profiler.add_columns(&file.read(rows.clone(), Some(&columns))?, first)?;
        }
    }
    Ok(profiler.finish())
}

#[cfg(test)]
mod tests;
