//! Columns of decimals as 128-bit integers with a scale.

use polars::prelude::{Column, DataType, Int128Chunked, IntoColumn, IntoSeries, PolarsError, PolarsResult};

use super::refusal;
use crate::decimal::{Decimal, MAX_DIGITS};
pub(super) use crate::normalize::scale_of;

/// 10 to the power of `exponent`, as far as 128 bits go.
pub(super) fn power_of_ten(exponent: usize) -> Option<i128> {
    10_i128.checked_pow(u32::try_from(exponent).ok()?)
}

/// Units without their last digits, rounded to the nearest, halves away from zero.
pub(super) fn rounded(units: i128, dropped: usize) -> i128 {
    let Some(unit) = power_of_ten(dropped) else {
        return 0;
    };
    let (whole, rest) = (units / unit, units % unit);
    let up = rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2) && dropped > 0;
    whole + i128::from(up) * units.signum()
}

/// The units of a number at another scale, halves away from zero; `None` if it grows too long.
pub(super) fn units_rounded(number: Decimal, scale: usize) -> Option<i128> {
    match number.scale().checked_sub(scale) {
        Some(dropped) => Some(rounded(number.units(), dropped)),
        None => number.units_at(scale),
    }
}

/// A number of a column whose values were checked by [`units`].
pub(super) fn number(units: i128, scale: usize) -> PolarsResult<Decimal> {
    Decimal::new(units, scale).ok_or_else(|| does_not_fit(&units.to_string()))
}

/// A column of integers, booleans or decimals as units, with its scale.
///
/// # Errors
/// A number of more digits than a decimal holds.
pub(super) fn units(column: &Column) -> PolarsResult<(Int128Chunked, usize)> {
    let series = column.as_materialized_series();
    if let DataType::Decimal(_, scale) = series.dtype() {
        return Ok((series.decimal()?.physical().clone(), *scale));
    }
    let units = series.strict_cast(&DataType::Int128)?.i128()?.clone();
    if matches!(series.dtype(), DataType::Int128 | DataType::UInt128)
        && let Some(long) = units.iter().flatten().find(|units| Decimal::new(*units, 0).is_none())
    {
        return Err(does_not_fit(&long.to_string()));
    }
    Ok((units, 0))
}

/// Units as a decimal column.
///
/// # Errors
/// A number of more digits than a decimal holds.
pub(super) fn column_of(units: Int128Chunked, scale: usize) -> PolarsResult<Column> {
    let too_long = units.iter().flatten().find(|units| Decimal::new(*units, scale).is_none());
    match too_long {
        Some(long) => Err(does_not_fit(&format!("A result, {long} without its point,"))),
        None => Ok(units.into_decimal_unchecked(MAX_DIGITS, scale).into_series().into_column()),
    }
}

pub(super) fn does_not_fit(what: &str) -> PolarsError {
    refusal(format!(
        "{what} has more than the {MAX_DIGITS} digits that a decimal holds. Convert a side with CAST(… AS DOUBLE)."
    ))
}
