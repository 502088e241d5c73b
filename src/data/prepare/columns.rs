//! Columns as plain numbers and texts, shared by fitting and applying.

use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Float64Chunked, IntoSeries, NamedFrom, NewChunkedArray, Series,
    StringChunked,
};

use crate::error::{Error, Result};
use crate::normalize;
use crate::schema::{Kind, Schema};
use crate::{scalar::Scalar, temporal};

/// The column of that name, or the error that names the nearest.
pub(super) fn get<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column> {
    frame.column(name).map_err(|_| Schema::of(frame).missing(name))
}

/// A number, or true and false as 1 and 0.
pub(super) fn require_numeric(name: &str, kind: Kind) -> Result<()> {
    if kind.is_numeric() || kind == Kind::Boolean {
        return Ok(());
    }
    Err(wrong_kind(name, kind, "a number"))
}

pub(super) fn wrong_kind(name: &str, kind: Kind, needed: &str) -> Error {
    Error::WrongKind { name: name.to_owned(), found: kind.phrase().to_owned(), needed: needed.to_owned() }
}

/// A numeric or boolean column as reals.
pub(super) fn reals(frame: &DataFrame, name: &str) -> Result<Float64Chunked> {
    let column = get(frame, name)?;
    require_numeric(name, Kind::of(column.dtype()))?;
    Ok(column.cast(&DataType::Float64)?.f64()?.clone())
}

/// The finite values of a numeric column.
///
/// # Errors
/// When there is none.
pub(super) fn finite(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let column = reals(frame, name)?;
    let values: Vec<f64> = column.iter().flatten().filter(|value| value.is_finite()).collect();
    if values.is_empty() {
        return Err(no_values(name));
    }
    Ok(values)
}

pub(super) fn no_values(name: &str) -> Error {
    Error::invalid(format!("Column “{name}” has no values to learn from. Leave it out, or fill it with a constant."))
}

/// Any column that is not nested, as text; a real as polars writes it ("1.0").
pub(super) fn texts(frame: &DataFrame, name: &str) -> Result<StringChunked> {
    let column = get(frame, name)?;
    let kind = Kind::of(column.dtype());
    if kind == Kind::Other {
        return Err(wrong_kind(name, kind, "a text, a category or a number"));
    }
    Ok(column.cast(&DataType::String)?.str()?.clone())
}

/// A column converted to a kind; what cannot be converted becomes null. Text is
/// read as a file's fields are: trimmed, dates in ISO 8601.
pub(crate) fn convert(column: &Column, kind: Kind) -> Result<Series> {
    let series = column.as_materialized_series();
    if kind == Kind::Decimal {
        return normalize::to_decimal(series);
    }
    if Kind::of(series.dtype()) != Kind::Text {
        return Ok(series.cast(&kind.dtype())?);
    }
    let name = series.name().clone();
    let texts = series.str()?.iter().map(|text| text.map(str::trim));
    let parsed = match kind {
        Kind::Boolean => {
            BooleanChunked::from_iter_options(name, texts.map(|t| t.and_then(parse_boolean))).into_series()
        }
        Kind::Integer => {
            return Ok(Series::new(name, texts.map(|t| t.and_then(parse_integer)).collect::<Vec<_>>()));
        }
        Kind::Real => {
            let reals = texts.map(|t| t.and_then(|text| text.parse::<f64>().ok()));
            Float64Chunked::from_iter_options(name, reals).into_series()
        }
        Kind::Date => {
            let days = texts.map(|t| t.and_then(|text| temporal::parse_date(text, None)));
            Series::new(name, days.collect::<Vec<_>>())
        }
        Kind::DateTime => Series::new(name, texts.map(|t| t.and_then(parse_datetime)).collect::<Vec<_>>()),
        Kind::Time => Series::new(name, texts.map(|t| t.and_then(temporal::parse_time)).collect::<Vec<_>>()),
        _ => series.clone(),
    };
    Ok(parsed.cast(&kind.dtype())?)
}

pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "t" | "y" | "1" => Some(true),
        "false" | "no" | "f" | "n" | "0" => Some(false),
        _ => None,
    }
}

fn parse_integer(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let value: f64 = text.parse().ok()?;
        (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
    })
}

fn parse_datetime(text: &str) -> Option<i64> {
    match temporal::parse_datetime(text, None) {
        Some((micros, _)) => Some(micros),
        None => Some(i64::from(temporal::parse_date(text, None)?) * 86_400_000_000),
    }
}

/// Whether a value can stand in a column of that kind, and the kind that the
/// column then has: an integer or decimal column filled with a real becomes real.
pub(super) fn filled_kind(name: &str, kind: Kind, value: &Scalar) -> Result<Kind> {
    match (kind, value) {
        (Kind::Boolean, Scalar::Boolean(_))
        | (Kind::Integer, Scalar::Integer(_))
        | (Kind::Real, Scalar::Real(_) | Scalar::Integer(_) | Scalar::Decimal(_))
        | (Kind::Decimal, Scalar::Decimal(_) | Scalar::Integer(_))
        | (Kind::Text | Kind::Category, Scalar::Text(_))
        | (Kind::Date, Scalar::Date(_))
        | (Kind::DateTime, Scalar::DateTime(_) | Scalar::ZonedDateTime(_))
        | (Kind::Time, Scalar::Time(_))
        | (Kind::Duration, Scalar::Duration(_)) => Ok(kind),
        (Kind::Integer | Kind::Decimal, Scalar::Real(_)) => Ok(Kind::Real),
        (Kind::Integer, Scalar::Decimal(_)) => Ok(Kind::Decimal),
        _ => Err(Error::invalid(format!("Column “{name}” is {} and cannot be filled with “{value}”.", kind.phrase()))),
    }
}

/// The quantile of ascending values, interpolated linearly between neighbours
/// exactly as `numpy.quantile` does by default. 0 for no values.
pub(crate) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let position = p.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let share = position - below as f64;
    let gap = sorted[above] - sorted[below];
    if share < 0.5 { sorted[below] + gap * share } else { sorted[above] - gap * (1.0 - share) }
}
