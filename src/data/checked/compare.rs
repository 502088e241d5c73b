//! Comparing numbers of different types without rounding either.

use std::cmp::Ordering;

use polars::prelude::{BooleanChunked, Column, DataType, Expr, IntoColumn, IntoSeries, NewChunkedArray, PolarsResult};

use super::arithmetic::reals;
use super::decimal::units;
use super::{height, kernel, refusal};
use crate::decimal::Decimal;

/// An operator that compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Compares two numbers exactly, whatever their types: a whole number of 64 bits with a real one
/// too. As in SQL a missing side gives a missing answer, and NaN equals itself and is the largest.
pub fn compare(comparison: Comparison, left: Expr, right: Expr) -> Expr {
    let run = move |columns: &[Column]| {
        let (left, right) = (Numbers::of(&columns[0])?, Numbers::of(&columns[1])?);
        let rows = 0..height(columns);
        let answers = rows.map(|row| Some(comparison.holds(left.get(row)?.order(right.get(row)?))));
        let answers = BooleanChunked::from_iter_options(columns[0].name().clone(), answers);
        Ok(answers.into_series().into_column())
    };
    kernel(vec![left, right], |_| Ok(DataType::Boolean), run)
}

/// The rows in which two numeric columns hold different numbers.
pub(super) fn differing(left: &Column, right: &Column) -> PolarsResult<Vec<usize>> {
    let (left_numbers, right_numbers) = (Numbers::of(left)?, Numbers::of(right)?);
    let differ = |row: &usize| match (left_numbers.get(*row), right_numbers.get(*row)) {
        (Some(left), Some(right)) => left.order(right).is_ne(),
        _ => false,
    };
    Ok((0..left.len().min(right.len())).filter(differ).collect())
}

/// A number of a column.
#[derive(Clone, Copy)]
enum Number {
    Exact(Decimal),
    Real(f64),
}

impl Number {
    fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Exact(left), Self::Exact(right)) => left.cmp(&right),
            (Self::Exact(left), Self::Real(right)) => with_real(left, right),
            (Self::Real(left), Self::Exact(right)) => with_real(right, left).reverse(),
            (Self::Real(left), Self::Real(right)) => of_reals(left, right),
        }
    }
}

fn of_reals(left: f64, right: f64) -> Ordering {
    // One of them is NaN where there is no order; NaN is the largest.
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// The order of a decimal and a real number.
fn with_real(left: Decimal, right: f64) -> Ordering {
    if left.scale() > 0 {
        return of_reals(left.to_f64(), right);
    }
    const LIMIT: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if right.is_nan() || right >= LIMIT {
        return Ordering::Less;
    }
    if right < -LIMIT {
        return Ordering::Greater;
    }
    // The whole part of a real is exact as an integer, and so is the rest.
    let whole = right.trunc() as i128;
    left.units().cmp(&whole).then(of_reals(0.0, right.fract()))
}

/// A numeric column read row by row; one row long if it is a literal.
enum Numbers {
    Exact(polars::prelude::Int128Chunked, usize),
    Real(polars::prelude::Float64Chunked),
}

impl Numbers {
    fn of(column: &Column) -> PolarsResult<Self> {
        let dtype = column.dtype();
        if dtype.is_float() {
            return Ok(Self::Real(reals(column)?.rechunk().into_owned()));
        }
        if dtype.is_integer() || dtype.is_decimal() || matches!(dtype, DataType::Boolean | DataType::Null) {
            let (units, scale) = units(column)?;
            return Ok(Self::Exact(units.rechunk().into_owned(), scale));
        }
        Err(refusal(format!("A number is compared with a value of the type {dtype}.")))
    }

    fn get(&self, row: usize) -> Option<Number> {
        match self {
            Self::Exact(units, scale) => {
                let units = units.get(if units.len() == 1 { 0 } else { row })?;
                Decimal::new(units, *scale).map(Number::Exact)
            }
            Self::Real(values) => values.get(if values.len() == 1 { 0 } else { row }).map(Number::Real),
        }
    }
}
