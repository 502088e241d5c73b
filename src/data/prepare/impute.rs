//! Learning what to fill missing values with.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::columns::{filled_kind, finite, get, no_values, quantile, reals, require_numeric};
use super::{Fitted, ImputeColumn, Step};
use crate::decimal::Decimal;
use crate::error::Result;
use crate::scalar::Scalar;
use crate::schema::Kind;

/// What missing values are filled with. NaN counts as missing everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The mean of the finite values.
    Mean,
    /// The median of the finite values.
    Median,
    /// The most frequent value; of several the smallest.
    Mode,
    /// The smallest finite value.
    Minimum,
    /// The largest finite value.
    Maximum,
    /// A value of the column's kind.
    Constant(Scalar),
}

/// Learns a value for each column. With `indicator` each column that has
/// missing values gets a companion `name_missing` that says where.
///
/// # Errors
/// A missing column, one without values, or a strategy that does not suit its
/// kind.
pub fn fit(frame: &DataFrame, columns: &[String], strategy: &Strategy, indicator: bool) -> Result<Fitted> {
    let entries = columns.iter().map(|name| {
        let column = get(frame, name)?;
        let kind = Kind::of(column.dtype());
        let value = value(frame, name, kind, strategy)?;
        filled_kind(name, kind, &value)?;
        let nans =
            if column.dtype().is_float() { column.as_materialized_series().is_nan()?.sum().unwrap_or(0) } else { 0 };
        let incomplete = column.null_count() > 0 || nans > 0;
        let indicator = (indicator && incomplete).then(|| format!("{name}_missing"));
        Ok(ImputeColumn { column: name.clone(), value, indicator })
    });
    Fitted::new(Step::Impute { columns: entries.collect::<Result<_>>()? })
}

fn value(frame: &DataFrame, name: &str, kind: Kind, strategy: &Strategy) -> Result<Scalar> {
    match strategy {
        Strategy::Constant(value) => Ok(constant(kind, value)),
        Strategy::Mode => mode(frame, name),
        // Whole and decimal numbers beyond 2^53 would lose digits as reals.
        Strategy::Minimum | Strategy::Maximum if matches!(kind, Kind::Integer | Kind::Decimal) => {
            let values = get(frame, name)?.as_materialized_series().iter();
            let values: Vec<Scalar> = values.filter_map(|value| Scalar::from_any(&value)).collect();
            let keys = values.iter().map(Key::of);
            let extreme = if *strategy == Strategy::Minimum { keys.min() } else { keys.max() };
            let found = values.iter().find(|value| Some(Key::of(value)) == extreme);
            found.cloned().ok_or_else(|| no_values(name))
        }
        numeric => {
            require_numeric(name, if kind == Kind::Boolean { Kind::Text } else { kind })?;
            let mut values = finite(frame, name)?;
            values.sort_unstable_by(f64::total_cmp);
            let value = match numeric {
                Strategy::Mean => values.iter().sum::<f64>() / values.len() as f64,
                Strategy::Median => quantile(&values, 0.5),
                Strategy::Minimum => values[0],
                _ => values[values.len() - 1],
            };
            let whole = kind == Kind::Integer && value.fract() == 0.0;
            Ok(if whole { Scalar::Integer(value as i64) } else { Scalar::Real(value) })
        }
    }
}

/// A constant as the column's kind would write it: 0 for a real is 0.0, and
/// words for a date or a number are read as such.
fn constant(kind: Kind, value: &Scalar) -> Scalar {
    let read = |text: &str| match kind {
        Kind::Integer => text.parse().ok().map(Scalar::Integer),
        Kind::Real => text.parse().ok().map(Scalar::Real),
        Kind::Decimal => text.parse().ok().map(Scalar::Decimal),
        Kind::Boolean => text.parse().ok().map(Scalar::Boolean),
        Kind::Date => crate::temporal::parse_date(text, None).map(Scalar::Date),
        Kind::DateTime => crate::temporal::parse_datetime(text, None).map(|(micros, _)| Scalar::DateTime(micros)),
        Kind::Time => crate::temporal::parse_time(text).map(Scalar::Time),
        _ => None,
    };
    match (kind, value) {
        (Kind::Real, Scalar::Integer(value)) => Scalar::Real(*value as f64),
        (Kind::Decimal, Scalar::Integer(value)) => Scalar::Decimal(Decimal::from(*value)),
        (Kind::Decimal, Scalar::Real(value)) => Decimal::from_f64(*value).map_or(Scalar::Real(*value), Scalar::Decimal),
        (Kind::Integer, Scalar::Real(value)) if value.fract() == 0.0 => Scalar::Integer(*value as i64),
        (Kind::Text | Kind::Category, value) => Scalar::Text(value.to_string()),
        (_, Scalar::Text(text)) => read(text.trim()).unwrap_or_else(|| value.clone()),
        _ => value.clone(),
    }
}

fn mode(frame: &DataFrame, name: &str) -> Result<Scalar> {
    let column = get(frame, name)?;
    let series = column.as_materialized_series();
    if series.dtype().is_float() {
        return real_mode(name, reals(frame, name)?.iter().flatten());
    }
    let mut counts: BTreeMap<Key, (u64, Scalar)> = BTreeMap::new();
    for value in series.iter() {
        if let Some(scalar) = Scalar::from_any(&value) {
            counts.entry(Key::of(&scalar)).or_insert((0, scalar)).0 += 1;
        }
    }
    let most = counts.into_values().rev().max_by_key(|(count, _)| *count);
    most.map(|(_, value)| value).ok_or_else(|| no_values(name))
}

fn real_mode(name: &str, values: impl Iterator<Item = f64>) -> Result<Scalar> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let runs = values.chunk_by(|left, right| left == right);
    let longest = runs.rev().max_by_key(|run| run.len());
    longest.map(|run| Scalar::Real(run[0])).ok_or_else(|| no_values(name))
}

/// What orders values of one column, so that ties go to the smallest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Decimal(Decimal),
    Text(String),
}

impl Key {
    fn of(value: &Scalar) -> Self {
        match value {
            Scalar::Boolean(value) => Self::Number(i64::from(*value)),
            // Wide whole numbers are decimals, and have to be compared with the others.
            Scalar::Integer(value) => Self::Decimal(Decimal::from(*value)),
            Scalar::Decimal(value) => Self::Decimal(*value),
            Scalar::ZonedDateTime(moment) => Self::Number(moment.micros),
            Scalar::DateTime(value) | Scalar::Time(value) | Scalar::Duration(value) => Self::Number(*value),
            Scalar::Date(days) => Self::Number(i64::from(*days)),
            Scalar::Real(_) | Scalar::Text(_) => Self::Text(value.to_string()),
        }
    }
}
