//! `+ - * / // %`, signs: checked.

use polars::prelude::arity::{broadcast_try_binary_elementwise, try_unary_elementwise};
use polars::prelude::{
    Column, DataType, Expr, Float64Chunked, Float64Type, Int64Chunked, Int64Type, Int128Chunked, Int128Type,
    IntoColumn, IntoSeries, PolarsError, PolarsResult,
};

use super::decimal::{column_of, does_not_fit, number, scale_of, units};
use super::{kernel, refusal};
use crate::decimal::{Decimal, MAX_DIGITS};

/// An operation on two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `x + y`
    Add,
    /// `x - y`
    Subtract,
    /// `x * y`
    Multiply,
    /// `x / y`, always real.
    Divide,
    /// `x // y`: the whole part, towards zero, as SQL has it.
    DivideWhole,
    /// `x % y`, with the sign of `x`.
    Remainder,
}

impl Arithmetic {
    fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::DivideWhole => "//",
            Self::Remainder => "%",
        }
    }
}

/// The type that an operation gives: whole numbers of 64 bits, decimals of 38 digits, or reals.
///
/// # Errors
/// When a type is no number, or the digits behind the point would be more than a decimal holds.
pub fn arithmetic_type(operation: Arithmetic, left: &DataType, right: &DataType) -> PolarsResult<DataType> {
    for dtype in [left, right] {
        if !(dtype.is_numeric() || matches!(dtype, DataType::Boolean | DataType::Null | DataType::Unknown(_))) {
            let symbol = operation.symbol();
            return Err(refusal(format!("“{symbol}” needs numbers, but a side is of the type {dtype}.")));
        }
    }

    let real = left.is_float() || right.is_float();
    let (left_scale, right_scale) = (scale_of(left), scale_of(right));
    Ok(match operation {
        Arithmetic::Divide => DataType::Float64,
        Arithmetic::DivideWhole => DataType::Int64,
        _ if real => DataType::Float64,
        _ if !left.is_decimal() && !right.is_decimal() => DataType::Int64,
        Arithmetic::Multiply if left_scale + right_scale > MAX_DIGITS => {
            return Err(refusal(format!(
                "Multiplying {left_scale} by {right_scale} digits behind the point gives more than the {MAX_DIGITS} \
                 digits that a decimal holds. Round a side first, or convert it with CAST(… AS DOUBLE)."
            )));
        }
        Arithmetic::Multiply => DataType::Decimal(MAX_DIGITS, left_scale + right_scale),
        _ => DataType::Decimal(MAX_DIGITS, left_scale.max(right_scale)),
    })
}

/// An operation on two numeric expressions. A missing side makes the result missing; one that does
/// not fit, and a whole number divided by zero, are errors.
pub fn arithmetic(operation: Arithmetic, left: Expr, right: Expr) -> Expr {
    kernel(
        vec![left, right],
        move |types| arithmetic_type(operation, &types[0], &types[1]),
        move |columns| compute(operation, &columns[0], &columns[1]),
    )
}

fn compute(operation: Arithmetic, left: &Column, right: &Column) -> PolarsResult<Column> {
    let result = arithmetic_type(operation, left.dtype(), right.dtype())?;
    let real = left.dtype().is_float() || right.dtype().is_float();
    let name = left.name().clone();
    let column = match result {
        DataType::Float64 => {
            let (left, right) = (reals(left)?, reals(right)?);
            of_reals(operation, &left, &right)?.into_series().into_column()
        }
        DataType::Int64 if real => whole_part(&reals(left)?, &reals(right)?)?.into_series().into_column(),
        DataType::Int64 if left.dtype().is_decimal() || right.dtype().is_decimal() => {
            let (units, _) = of_decimals(operation, left, right)?;
            narrowed(&units)?.into_series().into_column()
        }
        DataType::Int64 => of_whole(operation, &whole(left)?, &whole(right)?)?.into_series().into_column(),
        _ => {
            let (units, scale) = of_decimals(operation, left, right)?;
            column_of(units, scale)?
        }
    };
    Ok(column.with_name(name))
}

/// A numeric column as reals.
pub(super) fn reals(column: &Column) -> PolarsResult<Float64Chunked> {
    let series = column.as_materialized_series();
    if let DataType::Decimal(_, scale) = *series.dtype() {
        let (units, _) = units(column)?;
        let convert = |value: Option<i128>| value.map(|units| number(units, scale).map(Decimal::to_f64)).transpose();
        return try_unary_elementwise::<Int128Type, Float64Type, _, _, _>(&units, convert);
    }
    Ok(series.cast(&DataType::Float64)?.f64()?.clone())
}

/// A column of integers of any width as 64-bit ones.
///
/// # Errors
/// A number that needs more bits.
pub(super) fn whole(column: &Column) -> PolarsResult<Int64Chunked> {
    let series = column.as_materialized_series();
    if matches!(series.dtype(), DataType::UInt64 | DataType::Int128 | DataType::UInt128) {
        return narrowed(&units(column)?.0);
    }
    Ok(series.strict_cast(&DataType::Int64)?.i64()?.clone())
}

/// 128-bit integers as 64-bit ones.
///
/// # Errors
/// A number that needs more bits.
pub(super) fn narrowed(wide: &Int128Chunked) -> PolarsResult<Int64Chunked> {
    let narrow =
        |value: Option<i128>| value.map(|value| i64::try_from(value).map_err(|_| too_large(value))).transpose();
    try_unary_elementwise::<Int128Type, Int64Type, _, _, _>(wide, narrow)
}

pub(super) fn too_large(value: i128) -> PolarsError {
    refusal(format!(
        "{value} does not fit into a whole number of 64 bits (up to {}). Compute with real numbers, such as \
         CAST(… AS DOUBLE), or with decimals.",
        i64::MAX
    ))
}

fn of_reals(operation: Arithmetic, left: &Float64Chunked, right: &Float64Chunked) -> PolarsResult<Float64Chunked> {
    let apply = move |left: f64, right: f64| match operation {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide | Arithmetic::DivideWhole => left / right,
        Arithmetic::Remainder => left % right,
    };
    let pair = move |left: Option<f64>, right: Option<f64>| Ok(left.zip(right).map(|(left, right)| apply(left, right)));
    broadcast_try_binary_elementwise::<_, _, Float64Type, _, _, PolarsError>(left, right, pair)
}

/// The whole part of a real quotient.
fn whole_part(left: &Float64Chunked, right: &Float64Chunked) -> PolarsResult<Int64Chunked> {
    let divide = |left: Option<f64>, right: Option<f64>| {
        let Some((left, right)) = left.zip(right) else {
            return Ok(None);
        };
        let quotient = (left / right).trunc();
        if fits_whole(quotient) {
            return Ok(Some(quotient as i64));
        }
        Err(refusal(format!(
            "The whole part of {left} / {right} is no whole number of 64 bits. Use / for a real number, or \
             nullif(…, 0) to make such rows missing."
        )))
    };
    broadcast_try_binary_elementwise::<_, _, Int64Type, _, _, PolarsError>(left, right, divide)
}

/// Whether a real without a fraction is one of the whole numbers of 64 bits; NaN is none.
pub(super) fn fits_whole(value: f64) -> bool {
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value)
}

fn of_whole(operation: Arithmetic, left: &Int64Chunked, right: &Int64Chunked) -> PolarsResult<Int64Chunked> {
    let apply = move |left: i64, right: i64| match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide | Arithmetic::DivideWhole => left.checked_div(right),
        // The smallest number divided by −1 leaves no remainder; checked_rem refuses it.
        Arithmetic::Remainder if right == -1 => Some(0),
        Arithmetic::Remainder => left.checked_rem(right),
    };
    let pair = move |left: Option<i64>, right: Option<i64>| {
        let Some((left, right)) = left.zip(right) else {
            return Ok(None);
        };
        match apply(left, right) {
            Some(result) => Ok(Some(result)),
            None if right == 0 => Err(divided_by_zero(operation, &left)),
            None => Err(refusal(format!(
                "{left} {} {right} does not fit into a whole number of 64 bits (up to {}). Convert a side with \
                 CAST(… AS DOUBLE).",
                operation.symbol(),
                i64::MAX
            ))),
        }
    };
    broadcast_try_binary_elementwise::<_, _, Int64Type, _, _, PolarsError>(left, right, pair)
}

/// The result as units with their scale.
fn of_decimals(operation: Arithmetic, left: &Column, right: &Column) -> PolarsResult<(Int128Chunked, usize)> {
    let ((left, left_scale), (right, right_scale)) = (units(left)?, units(right)?);
    let common = left_scale.max(right_scale);
    let pair = move |left: Option<i128>, right: Option<i128>| {
        let Some((left, right)) = left.zip(right) else {
            return Ok(None);
        };
        let (left, right) = (number(left, left_scale)?, number(right, right_scale)?);
        let refused = || match right.units() {
            0 => divided_by_zero(operation, &left),
            _ => does_not_fit(&format!("{left} {} {right}", operation.symbol())),
        };
        if operation == Arithmetic::Multiply {
            return left.units().checked_mul(right.units()).map(Some).ok_or_else(refused);
        }
        let (Some(a), Some(b)) = (left.units_at(common), right.units_at(common)) else {
            return Err(refused());
        };
        let result = match operation {
            Arithmetic::Add => a.checked_add(b),
            Arithmetic::Subtract => a.checked_sub(b),
            Arithmetic::Remainder => a.checked_rem(b),
            _ => a.checked_div(b),
        };
        result.map(Some).ok_or_else(refused)
    };
    let units = broadcast_try_binary_elementwise::<_, _, Int128Type, _, _, PolarsError>(&left, &right, pair)?;
    let scale = match operation {
        Arithmetic::Multiply => left_scale + right_scale,
        Arithmetic::DivideWhole | Arithmetic::Divide => 0,
        _ => common,
    };
    Ok((units, scale))
}

fn divided_by_zero(operation: Arithmetic, left: &dyn std::fmt::Display) -> PolarsError {
    refusal(format!(
        "{left} {} 0 divides by zero. Write nullif(…, 0) around the divisor to make such rows missing.",
        operation.symbol()
    ))
}

/// `-x`.
pub fn negate(expr: Expr) -> Expr {
    signed(expr, "-", i64::checked_neg, |value| -value)
}

/// `abs(x)`.
pub fn absolute(expr: Expr) -> Expr {
    signed(expr, "abs", i64::checked_abs, f64::abs)
}

fn signed(expr: Expr, word: &'static str, of_whole: fn(i64) -> Option<i64>, of_real: fn(f64) -> f64) -> Expr {
    let run = move |columns: &[Column]| {
        let column = &columns[0];
        let name = column.name().clone();
        let result = match arithmetic_type(Arithmetic::Add, column.dtype(), column.dtype())? {
            DataType::Float64 => {
                let values = reals(column)?;
                polars::prelude::ChunkApply::apply_values(&values, of_real).into_series().into_column()
            }
            DataType::Int64 => {
                let apply = |value: Option<i64>| {
                    let refused =
                        |value: i64| refusal(format!("{word}({value}) does not fit into a whole number of 64 bits."));
                    value.map(|value| of_whole(value).ok_or_else(|| refused(value))).transpose()
                };
                let values = whole(column)?;
                try_unary_elementwise::<Int64Type, Int64Type, _, _, _>(&values, apply)?.into_series().into_column()
            }
            _ => {
                let (values, scale) = units(column)?;
                // Fewer than 38 digits: the sign of 128 bits can always be changed.
                let apply = |value: i128| if word == "-" { -value } else { value.abs() };
                column_of(polars::prelude::ChunkApply::apply_values(&values, apply), scale)?
            }
        };
        Ok(result.with_name(name))
    };
    kernel(vec![expr], |types| arithmetic_type(Arithmetic::Add, &types[0], &types[0]), run)
}
