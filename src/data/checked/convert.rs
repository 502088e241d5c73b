//! Converting columns between types as SQL's `CAST` and `TRY_CAST` do.

use polars::prelude::{
    BooleanChunked, Column, DataType, Expr, Float64Chunked, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries,
    NamedFrom, NewChunkedArray, PolarsError, PolarsResult, Series, StringChunked, TimeUnit,
};

use super::arithmetic::{fits_whole, reals};
use super::decimal::{column_of, number, power_of_ten, units, units_rounded};
use super::{kernel, refusal};
use crate::decimal::Decimal;
use crate::schema::Kind;
use crate::temporal;

/// What becomes of a value that the other type cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lossy {
    /// The whole conversion is refused with a sentence that names the value.
    Refuse,
    /// The value becomes missing.
    Missing,
}

impl Lossy {
    /// The converted value, or what becomes of one that cannot be.
    fn settle<T>(self, converted: Option<T>, value: impl std::fmt::Display, target: &str) -> PolarsResult<Option<T>> {
        match (converted, self) {
            (None, Self::Refuse) => Err(refusal(format!(
                "“{value}” cannot become {target}. Write TRY_CAST in place of CAST to make such values missing."
            ))),
            (converted, _) => Ok(converted),
        }
    }
}

/// A conversion to a whole number: reals to the nearest (halves to the even one), decimals and
/// texts with halves away from zero, true and false as 1 and 0, moments as their count.
pub fn to_whole(expr: Expr, lossy: Lossy) -> Expr {
    converted(expr, DataType::Int64, move |column| {
        let target = "a whole number of 64 bits";
        let series = column.as_materialized_series();
        let values: Int64Chunked = match series.dtype() {
            dtype if dtype.is_float() => {
                let convert = |value: f64| {
                    let nearest = value.round_ties_even();
                    lossy.settle(fits_whole(nearest).then_some(nearest as i64), value, target)
                };
                each(reals(column)?.iter(), convert)?
            }
            DataType::String | DataType::Categorical(..) | DataType::Enum(..) => {
                let texts = texts(column)?;
                each(texts.iter(), |text: &str| lossy.settle(parse_whole(text), text, target))?
            }
            DataType::Decimal(..) => {
                let (units, scale) = units(column)?;
                each(units.iter(), |units| {
                    let number = number(units, scale)?;
                    let whole = units_rounded(number, 0).and_then(|whole| i64::try_from(whole).ok());
                    lossy.settle(whole, number, target)
                })?
            }
            DataType::UInt64 | DataType::Int128 | DataType::UInt128 => {
                let (units, _) = units(column)?;
                each(units.iter(), |units| lossy.settle(i64::try_from(units).ok(), units, target))?
            }
            _ => series.to_physical_repr().cast(&DataType::Int64)?.i64()?.clone(),
        };
        Ok(values.into_series())
    })
}

/// A conversion to a real number; the nearest one where digits are lost.
pub fn to_real(expr: Expr, lossy: Lossy) -> Expr {
    converted(expr, DataType::Float64, move |column| {
        if !is_textual(column.dtype()) {
            return Ok(reals(column)?.into_series());
        }
        let parse = |text: &str| lossy.settle(text.trim().parse::<f64>().ok(), text, "a real number");
        let values: Float64Chunked = each(texts(column)?.iter(), parse)?;
        Ok(values.into_series())
    })
}

/// A whole number or a decimal as a real one, refused where that would change it.
pub fn exact_real(expr: Expr) -> Expr {
    converted(expr, DataType::Float64, move |column| {
        let values = reals(column)?;
        if column.dtype().is_float() || matches!(column.dtype(), DataType::Boolean | DataType::Null) {
            return Ok(values.into_series());
        }
        // Decimals have no exact reals; their nearest ones are what a person writes.
        if column.dtype().is_decimal() {
            return Ok(values.into_series());
        }
        let (units, _) = units(column)?;
        let changed = units.iter().zip(values.iter()).find(|(units, real)| match (units, real) {
            (Some(units), Some(real)) => *real as i128 != *units,
            _ => false,
        });
        match changed {
            Some((Some(units), _)) => Err(refusal(format!(
                "The whole number {units} has more digits than a real number holds, so that the two cannot share a \
                 column. Convert both to text, or to decimals with CAST(… AS DECIMAL)."
            ))),
            _ => Ok(values.into_series()),
        }
    })
}

/// A real number as the whole one that it is; the name of its column is for the sentence that refuses
/// fractions, NaN, and numbers so large that as real ones they may have lost digits.
pub fn exact_whole(expr: Expr, name: &str) -> Expr {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let name = name.to_owned();
    converted(expr, DataType::Int64, move |column| {
        let convert = |value: f64| {
            let why = match value {
                value if value.fract() == 0.0 && value.abs() < EXACT => return Ok(Some(value as i64)),
                value if value.abs() >= EXACT => "as a real number it may have lost digits",
                _ => "no whole number equals it",
            };
            Err(refusal(format!(
                "The column “{name}” holds the real number {value} beside whole numbers: {why}. Import it as whole \
                 numbers or as text, or change it with Edit metadata."
            )))
        };
        let values: Int64Chunked = each(reals(column)?.iter(), convert)?;
        Ok(values.into_series())
    })
}

/// A conversion to a decimal of that many digits, the last `scale` of them behind the point.
pub fn to_decimal(expr: Expr, precision: usize, scale: usize, lossy: Lossy) -> Expr {
    converted(expr, DataType::Decimal(precision, scale), move |column| {
        let target = format!("a decimal of {precision} digits, {scale} of them behind the point");
        let limit = power_of_ten(precision).unwrap_or(i128::MAX).unsigned_abs();
        let settle = |number: Option<Decimal>, value: &dyn std::fmt::Display| {
            let units = number.and_then(|number| units_rounded(number, scale));
            lossy.settle(units.filter(|units| units.unsigned_abs() < limit), value, &target)
        };
        let values: Int128Chunked = match column.dtype() {
            dtype if dtype.is_float() => {
                each(reals(column)?.iter(), |value: f64| settle(Decimal::from_f64(value), &value))?
            }
            dtype if is_textual(dtype) => {
                each(texts(column)?.iter(), |text: &str| settle(parse_decimal(text.trim()), &text))?
            }
            _ => {
                let (units, from) = units(column)?;
                each(units.iter(), |units| {
                    let number = number(units, from)?;
                    settle(Some(number), &number)
                })?
            }
        };
        let column = column_of(values, scale)?;
        column.as_materialized_series().cast(&DataType::Decimal(precision, scale))
    })
}

/// A conversion to text: numbers with all their digits, moments in ISO 8601.
pub fn to_text(expr: Expr) -> Expr {
    converted(expr, DataType::String, |column| texts(column).map(IntoSeries::into_series))
}

/// A conversion to true or false: numbers other than 0 are true, words as `yes` and `no` too.
pub fn to_boolean(expr: Expr, lossy: Lossy) -> Expr {
    converted(expr, DataType::Boolean, move |column| {
        let values: BooleanChunked = match column.dtype() {
            DataType::Boolean => return Ok(column.as_materialized_series().clone()),
            dtype if dtype.is_float() => {
                let convert =
                    |value: f64| lossy.settle((!value.is_nan()).then_some(value != 0.0), value, "true or false");
                each(reals(column)?.iter(), convert)?
            }
            dtype if is_textual(dtype) => each(texts(column)?.iter(), |text: &str| {
                lossy.settle(crate::prepare::parse_boolean(text.trim()), text, "true or false")
            })?,
            _ => each(units(column)?.0.iter(), |units| Ok(Some(units != 0)))?,
        };
        Ok(values.into_series())
    })
}

/// A conversion to a date: the day of a date and time, or ISO 8601 text.
pub fn to_date(expr: Expr, lossy: Lossy) -> Expr {
    converted(expr, DataType::Date, move |column| {
        if !is_textual(column.dtype()) {
            return column.as_materialized_series().cast(&DataType::Date);
        }
        let parse = |text: &str| {
            let days = temporal::parse_date(text.trim(), None).or_else(|| {
                let (micros, _) = temporal::parse_datetime(text.trim(), None)?;
                i32::try_from(micros.div_euclid(86_400_000_000)).ok()
            });
            lossy.settle(days, text, "a date, such as 2024-01-31")
        };
        let days = texts(column)?.iter().map(|text| text.map_or(Ok(None), parse)).collect::<PolarsResult<Vec<_>>>()?;
        Series::new(column.name().clone(), days).cast(&DataType::Date)
    })
}

/// A conversion to a date and time: the beginning of a day, or ISO 8601 text (in UTC if it has an
/// offset).
pub fn to_datetime(expr: Expr, lossy: Lossy) -> Expr {
    converted(expr, Kind::DateTime.dtype(), move |column| {
        if !is_textual(column.dtype()) {
            return local(column)?.cast(&Kind::DateTime.dtype());
        }
        let parse =
            |text: &str| lossy.settle(parse_moment(text.trim()), text, "a date and time, such as 2024-01-31 13:05");
        let micros: Int64Chunked = each(texts(column)?.iter(), parse)?;
        micros.into_series().cast(&Kind::DateTime.dtype())
    })
}

/// A conversion to a time of day.
pub fn to_time(expr: Expr, lossy: Lossy) -> Expr {
    converted(expr, DataType::Time, move |column| {
        if !is_textual(column.dtype()) {
            return local(column)?.cast(&DataType::Time);
        }
        let parse = |text: &str| lossy.settle(temporal::parse_time(text.trim()), text, "a time of day, such as 13:05");
        let nanos: Int64Chunked = each(texts(column)?.iter(), parse)?;
        nanos.into_series().cast(&DataType::Time)
    })
}

/// A kernel of one column that keeps its name.
fn converted(
    expr: Expr,
    target: DataType,
    convert: impl Fn(&Column) -> PolarsResult<Series> + Send + Sync + 'static,
) -> Expr {
    kernel(
        vec![expr],
        move |_| Ok(target.clone()),
        move |columns| Ok(convert(&columns[0])?.with_name(columns[0].name().clone()).into_column()),
    )
}

/// Converts value by value; missing ones stay missing.
fn each<T, U, C: FromIterator<Option<U>>>(
    values: impl Iterator<Item = Option<T>>,
    convert: impl Fn(T) -> PolarsResult<Option<U>>,
) -> PolarsResult<C> {
    values.map(|value| value.map_or(Ok(None), &convert)).collect::<Result<C, PolarsError>>()
}

fn is_textual(dtype: &DataType) -> bool {
    matches!(dtype, DataType::String | DataType::Categorical(..) | DataType::Enum(..))
}

/// Any column that is not nested, as text.
///
/// # Errors
/// A column of lists, structures or bytes.
pub(crate) fn texts(column: &Column) -> PolarsResult<StringChunked> {
    let name = column.name().clone();
    let series = column.as_materialized_series();
    let written: Vec<Option<String>> = match series.dtype() {
        DataType::Date => {
            let days = series.to_physical_repr().cast(&DataType::Int64)?;
            days.i64()?.iter().map(|days| days.map(temporal::format_date)).collect()
        }
        DataType::Datetime(_, None) => {
            let micros = series.cast(&Kind::DateTime.dtype())?.to_physical_repr().into_owned();
            micros.i64()?.iter().map(|micros| micros.map(temporal::format_datetime)).collect()
        }
        DataType::Datetime(_, Some(_)) => {
            let local = local(column)?.cast(&Kind::DateTime.dtype())?.to_physical_repr().into_owned();
            let utc = series.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?.to_physical_repr().into_owned();
            let zoned = local.i64()?.iter().zip(utc.i64()?.iter());
            zoned.map(|(local, utc)| Some(with_offset(local?, utc?))).collect()
        }
        DataType::Time => {
            series.to_physical_repr().i64()?.iter().map(|nanos| nanos.map(temporal::format_time)).collect()
        }
        DataType::Duration(_) => {
            let micros = series.cast(&Kind::Duration.dtype())?.to_physical_repr().into_owned();
            micros.i64()?.iter().map(|micros| micros.map(temporal::format_duration)).collect()
        }
        dtype if dtype.is_nested() || matches!(dtype, DataType::Binary) => {
            return Err(refusal(format!("A value of the type {dtype} cannot become a text.")));
        }
        _ => return Ok(series.cast(&DataType::String)?.str()?.clone()),
    };
    Ok(StringChunked::from_iter_options(name, written.into_iter()))
}

/// `2024-01-31 13:05:00+01:00`
fn with_offset(local: i64, utc: i64) -> String {
    let minutes = (local - utc) / 60_000_000;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    format!("{}{sign}{hours:02}:{rest:02}", temporal::format_datetime(local))
}

/// A moment with a zone as the local hour that it shows; any other column as it is.
fn local(column: &Column) -> PolarsResult<Series> {
    use polars::prelude::{IntoLazy, NonExistent, col, lit};

    if !matches!(column.dtype(), DataType::Datetime(_, Some(_))) {
        return Ok(column.as_materialized_series().clone());
    }
    let name = column.name().clone();
    let frame = polars::prelude::DataFrame::new(column.len(), vec![column.clone()])?;
    let shown = col(name.clone()).dt().replace_time_zone(None, lit("raise"), NonExistent::Raise);
    let shown = frame.lazy().select([shown]).collect()?;
    Ok(shown.column(&name)?.as_materialized_series().clone())
}

/// The numbers that are another one after a conversion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedNumbers {
    /// How many there are.
    pub count: usize,
    /// The first of them, before and after.
    pub first: Option<(String, String)>,
}

/// Holds two numeric columns against each other; missing values on either side count for nothing. A
/// decimal and its nearest real number count as the same.
///
/// # Errors
/// Columns that are not numeric, or of different lengths.
pub fn compared(before: &Column, after: &Column) -> PolarsResult<ChangedNumbers> {
    let mut changed = ChangedNumbers::default();
    let differs = super::compare::differing(before, after)?;
    for row in differs {
        changed.count += 1;
        if changed.first.is_none() {
            let text =
                |column: &Column| Ok::<_, PolarsError>(texts(&column.slice(row as i64, 1))?.get(0).map(str::to_owned));
            changed.first = text(before)?.zip(text(after)?);
        }
    }
    Ok(changed)
}

/// Reads a whole number as SQL does: `12`, `1.7` (2) and `1e3`.
fn parse_whole(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<Decimal>() {
        return i64::try_from(units_rounded(number, 0)?).ok();
    }
    let value = text.parse::<f64>().ok()?.round_ties_even();
    fits_whole(value).then_some(value as i64)
}

/// Reads `12.50`, and `1.25e1` by its nearest real.
fn parse_decimal(text: &str) -> Option<Decimal> {
    let exponent = || text.contains(['e', 'E']).then(|| text.parse().ok().and_then(Decimal::from_f64)).flatten();
    text.parse().ok().or_else(exponent)
}

/// Microseconds of a date and time, or of the beginning of a date.
pub(crate) fn parse_moment(text: &str) -> Option<i64> {
    match temporal::parse_datetime(text, None) {
        Some((micros, _)) => Some(micros),
        None => Some(i64::from(temporal::parse_date(text, None)?) * 86_400_000_000),
    }
}

/// A whole number of 64 bits as a literal; polars' own would take the width that its value needs.
pub(crate) fn whole_literal(value: i64) -> Expr {
    Expr::Literal(polars::prelude::Scalar::from(value).into())
}
