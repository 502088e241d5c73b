//! Rounding and signs of numbers, as SQL has them.

use polars::prelude::arity::try_unary_elementwise;
use polars::prelude::{
    ChunkApply, Column, DataType, Expr, Int64Type, Int128Type, IntoColumn, IntoSeries, NamedFrom, PolarsError,
    PolarsResult, Series,
};

use super::arithmetic::{Arithmetic, arithmetic_type, reals, too_large, whole};
use super::decimal::{column_of, power_of_ten, rounded, units};
use super::{height, kernel};

/// The type of a number as arithmetic has it: 64 bits wide.
fn kept(types: &[DataType]) -> PolarsResult<DataType> {
    arithmetic_type(Arithmetic::Add, &types[0], &types[0])
}

/// The next whole number below.
pub(crate) fn floor(expr: Expr) -> Expr {
    to_whole(expr, f64::floor, i128::div_euclid)
}

/// The next whole number above.
pub(crate) fn ceiling(expr: Expr) -> Expr {
    to_whole(expr, f64::ceil, |units, unit| -(-units).div_euclid(unit))
}

fn to_whole(expr: Expr, of_real: fn(f64) -> f64, of_units: fn(i128, i128) -> i128) -> Expr {
    let run = move |columns: &[Column]| {
        let column = &columns[0];
        let result = match kept(&[column.dtype().clone()])? {
            DataType::Float64 => reals(column)?.apply_values(of_real).into_series().into_column(),
            DataType::Int64 => whole(column)?.into_series().into_column(),
            _ => {
                let (units, scale) = units(column)?;
                let unit = power_of_ten(scale).unwrap_or(i128::MAX);
                column_of(units.apply_values(|units| of_units(units, unit) * unit), scale)?
            }
        };
        Ok(result.with_name(column.name().clone()))
    };
    kernel(vec![expr], kept, run)
}

/// −1, 0 or 1, in the number's own type; NaN stays.
pub(crate) fn sign(expr: Expr) -> Expr {
    let run = |columns: &[Column]| {
        let column = &columns[0];
        let of_real = |value: f64| if value.is_nan() || value == 0.0 { value } else { value.signum() };
        let result = match kept(&[column.dtype().clone()])? {
            DataType::Float64 => reals(column)?.apply_values(of_real).into_series().into_column(),
            DataType::Int64 => whole(column)?.apply_values(i64::signum).into_series().into_column(),
            _ => {
                let (units, scale) = units(column)?;
                let unit = power_of_ten(scale).unwrap_or(1);
                column_of(units.apply_values(|units| units.signum() * unit), scale)?
            }
        };
        Ok(result.with_name(column.name().clone()))
    };
    kernel(vec![expr], kept, run)
}

/// Rounded to a number of decimals, halves away from zero. Negative decimals round to tens,
/// hundreds and so on.
pub(crate) fn round(expr: Expr, decimals: Expr) -> Expr {
    kernel(vec![expr, decimals], kept, |columns| {
        let column = &columns[0];
        let decimals = whole(&columns[1])?;
        let single = (decimals.len() == 1).then(|| decimals.get(0)).flatten();
        let rounded = match single {
            Some(decimals) => rounded_to(column, decimals)?,
            None => rounded_by_row(column, &decimals, height(columns))?,
        };
        Ok(rounded.with_name(column.name().clone()))
    })
}

fn rounded_to(column: &Column, decimals: i64) -> PolarsResult<Column> {
    Ok(match kept(&[column.dtype().clone()])? {
        DataType::Float64 => {
            reals(column)?.apply_values(|value| round_real(value, decimals)).into_series().into_column()
        }
        DataType::Int64 if decimals >= 0 => whole(column)?.into_series().into_column(),
        DataType::Int64 => {
            let round = |value: Option<i64>| value.map(|value| round_whole(value, decimals)).transpose();
            try_unary_elementwise::<Int64Type, Int64Type, _, _, _>(&whole(column)?, round)?.into_series().into_column()
        }
        _ => {
            let (units, scale) = units(column)?;
            let round =
                |value: Option<i128>| Ok::<_, PolarsError>(value.map(|units| round_units(units, scale, decimals)));
            column_of(try_unary_elementwise::<Int128Type, Int128Type, _, _, _>(&units, round)?, scale)?
        }
    })
}

/// As [`rounded_to`], where the number of decimals differs from row to row.
fn rounded_by_row(column: &Column, decimals: &polars::prelude::Int64Chunked, rows: usize) -> PolarsResult<Column> {
    let name = column.name().clone();
    let at = |row: usize| decimals.get(if decimals.len() == 1 { 0 } else { row });
    let of_column = |row: usize| if column.len() == 1 { 0 } else { row };
    Ok(match kept(&[column.dtype().clone()])? {
        DataType::Float64 => {
            let values = reals(column)?;
            let round = |row| Some(round_real(values.get(of_column(row))?, at(row)?));
            Series::new(name, (0..rows).map(round).collect::<Vec<_>>()).into_column()
        }
        DataType::Int64 => {
            let values = whole(column)?;
            let round =
                |row| values.get(of_column(row)).zip(at(row)).map(|(value, to)| round_whole(value, to)).transpose();
            Series::new(name, (0..rows).map(round).collect::<PolarsResult<Vec<_>>>()?).into_column()
        }
        _ => {
            let (values, scale) = units(column)?;
            let round = |row| Some(round_units(values.get(of_column(row))?, scale, at(row)?));
            let rounded: polars::prelude::Int128Chunked = (0..rows).map(round).collect();
            column_of(rounded, scale)?
        }
    })
}

fn round_real(value: f64, decimals: i64) -> f64 {
    let power = 10_f64.powi(i32::try_from(decimals.unsigned_abs()).unwrap_or(i32::MAX));
    let rounded = if decimals < 0 { (value / power).round() * power } else { round_scaled(value, power) / power };
    // Beyond the range of reals there is nothing behind the point to round.
    match rounded.is_finite() {
        true => rounded,
        false if decimals < 0 && value.is_finite() => 0.0,
        false => value,
    }
}

/// `value * power` rounded to a whole number by its exact digits: 2.675 is a little less than it
/// looks, although a hundred times it is 267.5 as a real.
fn round_scaled(value: f64, power: f64) -> f64 {
    let scaled = value * power;
    let lost = value.mul_add(power, -scaled);
    let looks_half = scaled.fract().abs() == 0.5;
    if looks_half && lost != 0.0 && (lost < 0.0) != (scaled < 0.0) { scaled.trunc() } else { scaled.round() }
}

fn round_whole(value: i64, decimals: i64) -> PolarsResult<i64> {
    if decimals >= 0 {
        return Ok(value);
    }
    let rounded = round_units(i128::from(value), 0, decimals);
    i64::try_from(rounded).map_err(|_| too_large(rounded))
}

fn round_units(units: i128, scale: usize, decimals: i64) -> i128 {
    let dropped = i64::try_from(scale).unwrap_or(i64::MAX).saturating_sub(decimals);
    if dropped <= 0 {
        return units;
    }
    let dropped = usize::try_from(dropped).unwrap_or(usize::MAX);
    let unit = power_of_ten(dropped).unwrap_or(0);
    // What does not fit here has too many digits for a decimal, which the caller refuses.
    rounded(units, dropped).checked_mul(unit).unwrap_or(i128::MAX)
}
