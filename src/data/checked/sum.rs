//! Figures of many numbers: sums that do not wrap, and the largest one.

use polars::prelude::{Column, DataType, Expr, IntoColumn, IntoSeries, PolarsResult, lit, when};

use super::arithmetic::narrowed;
use super::decimal::does_not_fit;
use super::kernel;

/// The sum of numbers (or of booleans, counted) over rows. Whole numbers give a whole number of 64
/// bits or an error; a decimal's sum keeps its scale. The sum of no values is 0.
pub fn sum(expr: Expr) -> Expr {
    let magnitude = expr.clone().cast(DataType::Float64).sum();
    narrow(widen(expr).sum(), magnitude)
}

/// The largest real number over rows; NaN is larger than every other, as in comparisons.
pub fn largest(expr: Expr) -> Expr {
    when(expr.clone().is_nan().any(true)).then(lit(f64::NAN)).otherwise(expr.max())
}

/// The sum of every row and those before it.
pub fn cumulative_sum(expr: Expr, reverse: bool) -> Expr {
    let magnitude = expr.clone().cast(DataType::Float64).cum_sum(reverse);
    narrow(widen(expr).cum_sum(reverse), magnitude)
}

/// Integers and booleans as 128-bit integers, in which no sum of 64-bit ones overflows.
fn widen(expr: Expr) -> Expr {
    let widened = |dtype: &DataType| match dtype {
        DataType::Boolean => DataType::Int128,
        dtype if dtype.is_integer() => DataType::Int128,
        DataType::Float32 | DataType::Float16 => DataType::Float64,
        dtype => dtype.clone(),
    };
    let run = move |columns: &[Column]| columns[0].strict_cast(&widened(columns[0].dtype()));
    kernel(vec![expr], move |types| Ok(widened(&types[0])), run)
}

/// What [`widen`] made 128 bits wide as 64 bits again. `magnitude` is the same sum in reals, which
/// shows where a decimal's has wrapped.
fn narrow(expr: Expr, magnitude: Expr) -> Expr {
    let run = |columns: &[Column]| -> PolarsResult<Column> {
        let column = &columns[0];
        match column.dtype() {
            DataType::Int128 => {
                let series = column.as_materialized_series();
                Ok(narrowed(series.i128()?)?.into_series().into_column().with_name(column.name().clone()))
            }
            DataType::Decimal(..) => {
                let magnitude = columns[1].cast(&DataType::Float64)?;
                let scale = super::decimal::scale_of(column.dtype());
                let limit = 10_f64.powi(38 - i32::try_from(scale).unwrap_or(0)) * 0.999_999;
                let largest = magnitude.f64()?.iter().flatten().find(|sum| sum.abs() >= limit);
                match largest {
                    Some(sum) => Err(does_not_fit(&format!("The sum, about {sum:e},"))),
                    None => Ok(column.clone()),
                }
            }
            _ => Ok(column.clone()),
        }
    };
    let narrowed_type = |types: &[DataType]| match &types[0] {
        DataType::Int128 => Ok(DataType::Int64),
        dtype => Ok(dtype.clone()),
    };
    kernel(vec![expr, magnitude], narrowed_type, run)
}
