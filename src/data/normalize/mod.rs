//! The few types that this crate stores, and the one rule by which every other
//! type of the table engine becomes one of them.
//!
//! | a column of | is stored as |
//! |---|---|
//! | whole numbers of 8 to 32 bits | whole numbers of 64 bits |
//! | wider or unsigned whole numbers | 64 bits if all values fit, else decimals without a fraction; refused beyond 38 digits |
//! | reals of 16 and 32 bits | reals of 64 bits, which hold them exactly |
//! | decimals | decimals of 38 digits, with the same digits behind the point |
//! | moments and durations | microseconds, with their zone; finer digits are cut and counted |
//! | categories of any list | categories of the one shared list |
//! | nothing but missing values | text |
//! | lists, structures, bytes | as they are |
//!
//! What arithmetic was planned on is what it runs on: without this, 8 bits
//! would wrap where 64 were expected.

use indexmap::IndexMap;
use polars::prelude::{
    Column, DataFrame, DataType, Expr, Int64Chunked, Int128Chunked, IntoColumn, IntoLazy, IntoSeries, LazyFrame,
    NewChunkedArray, NonExistent, PlSmallStr, Series, TimeUnit, TimeZone, col, lit,
};

use crate::decimal::{Decimal, MAX_DIGITS};
use crate::error::{Error, Result};
use crate::schema::Kind;

/// A table in the types that this crate stores.
#[derive(Clone, Debug)]
pub struct Normalized {
    /// The table.
    pub frame: DataFrame,
    /// What could not be kept, each a sentence.
    pub notes: Vec<String>,
}

/// Brings a whole table into the types that this crate stores.
///
/// # Errors
/// A column with a value that no stored type holds, by name.
pub fn to_stored_types(frame: &DataFrame) -> Result<Normalized> {
    let mut losses = Losses::default();
    let mut columns = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        let mut target = StoredType::of(column.dtype());
        target.look_at(column)?;
        columns.push(target.apply(column, &mut losses)?);
    }
    Ok(Normalized { frame: DataFrame::new(frame.height(), columns)?, notes: losses.sentences() })
}

/// Whether every column has a type that this crate stores already.
pub fn is_stored(frame: &DataFrame) -> bool {
    frame.columns().iter().all(|column| *StoredType::of(column.dtype()).dtype() == *column.dtype())
}

/// The type that a column of this type is stored in; wide whole numbers are taken to fit 64 bits.
pub fn stored_type(dtype: &DataType) -> DataType {
    StoredType::of(dtype).dtype
}

/// The same query with every column in the types that this crate stores. Nothing is read yet: a
/// whole number that 64 bits do not hold is an error when the rows are.
///
/// # Errors
/// When the query is wrong.
pub fn stored_query(query: LazyFrame) -> Result<LazyFrame> {
    let schema = query.clone().collect_schema()?;
    let narrow = schema.iter().filter(|(_, dtype)| stored_type(dtype) != **dtype);
    let widened: Vec<Expr> = narrow
        .map(|(name, dtype)| {
            let column = Expr::Column(name.clone());
            let plain = if dtype.is_categorical() || dtype.is_enum() { column.cast(DataType::String) } else { column };
            plain.strict_cast(stored_type(dtype))
        })
        .collect();
    Ok(if widened.is_empty() { query } else { query.with_columns(widened) })
}

/// Whole numbers that 64 bits with a sign may not hold.
pub(crate) fn is_wide(dtype: &DataType) -> bool {
    matches!(dtype, DataType::UInt64 | DataType::Int128 | DataType::UInt128)
}

/// The type that a column is stored in, which for wide whole numbers depends on
/// all of its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredType {
    dtype: DataType,
    /// Values have to be looked at, piece by piece.
    pub(crate) wide: bool,
}

impl StoredType {
    /// For columns of this type, wide whole numbers taken to fit until
    /// [`StoredType::look_at`] meets one that does not.
    pub(crate) fn of(dtype: &DataType) -> Self {
        let stored = match dtype {
            dtype if dtype.is_integer() => DataType::Int64,
            dtype if dtype.is_float() => DataType::Float64,
            DataType::Decimal(_, scale) => DataType::Decimal(MAX_DIGITS, *scale),
            DataType::Datetime(_, zone) => DataType::Datetime(TimeUnit::Microseconds, zone.clone()),
            DataType::Duration(_) => DataType::Duration(TimeUnit::Microseconds),
            DataType::Categorical(..) | DataType::Enum(..) => Kind::Category.dtype(),
            DataType::Null => DataType::String,
            DataType::BinaryOffset => DataType::Binary,
            other => other.clone(),
        };
        Self { dtype: stored, wide: is_wide(dtype) }
    }

    /// A type that is one of the stored ones already.
    pub(crate) fn exactly(dtype: DataType) -> Self {
        Self { dtype, wide: false }
    }

    pub(crate) fn dtype(&self) -> &DataType {
        &self.dtype
    }

    /// Learns from values of a wide column.
    ///
    /// # Errors
    /// A number of more than 38 digits, by column.
    pub(crate) fn look_at(&mut self, column: &Column) -> Result<()> {
        if !self.wide || self.dtype != DataType::Int64 {
            return Ok(());
        }
        let series = column.as_materialized_series();
        let narrow = series.cast(&DataType::Int64)?;
        if narrow.null_count() > series.null_count() {
            self.dtype = DataType::Decimal(MAX_DIGITS, 0);
        }
        Ok(())
    }

    /// The type that holds the values of both, if it is one of numbers of which
    /// one is wider, or the same.
    pub(crate) fn joined(&self, other: &Self) -> Option<Self> {
        use DataType::{Decimal, Float64, Int64, String};
        let dtype = match (&self.dtype, &other.dtype) {
            (left, right) if left == right => left.clone(),
            (Int64, Float64) | (Float64, Int64) => Float64,
            (Int64, Decimal(_, scale)) | (Decimal(_, scale), Int64) => Decimal(MAX_DIGITS, *scale),
            (Decimal(_, left), Decimal(_, right)) => Decimal(MAX_DIGITS, *left.max(right)),
            (String, category) | (category, String) if Kind::of(category) == Kind::Category => String,
            _ => return None,
        };
        Some(Self { dtype, wide: self.wide || other.wide })
    }

    /// A column's values in this type.
    ///
    /// # Errors
    /// A value that this type does not hold, by column.
    pub(crate) fn apply(&self, column: &Column, losses: &mut Losses) -> Result<Column> {
        if *column.dtype() == self.dtype {
            return Ok(column.clone());
        }
        let series = column.as_materialized_series();
        let stored = match (series.dtype(), &self.dtype) {
            (from, DataType::Int64) if is_wide(from) => narrowed(series)?,
            (_, DataType::Decimal(_, scale)) => decimals(series.name().clone(), units_at(series, *scale)?, *scale)?,
            (DataType::Datetime(unit, _) | DataType::Duration(unit), target) => {
                let physical = series.to_physical_repr();
                micros(physical.i64()?, *unit, losses)?.into_series().cast(target)?
            }
            (DataType::Categorical(..) | DataType::Enum(..), target) => series.cast(&DataType::String)?.cast(target)?,
            (DataType::Int64, DataType::Float64) => exact_reals(series)?,
            (_, target) => series.strict_cast(target)?,
        };
        Ok(stored.with_name(series.name().clone()).into_column())
    }
}

/// What was cut off on the way into stored types, by column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses {
    nanoseconds: IndexMap<String, u64>,
}

impl Losses {
    /// One sentence for each column that lost something.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let sentence = |(name, count): (&String, &u64)| {
            let (values, were) = match count {
                1 => ("1 value".to_owned(), "was"),
                _ => (format!("{count} values"), "were"),
            };
            format!("{values} of column “{name}” {were} finer than a microsecond; the nanoseconds were cut off.")
        };
        self.nanoseconds.iter().map(sentence).collect()
    }
}

/// Wide whole numbers that are known to fit 64 bits.
fn narrowed(series: &Series) -> Result<Series> {
    let narrow = series.cast(&DataType::Int64)?;
    if narrow.null_count() == series.null_count() {
        return Ok(narrow);
    }
    Err(Error::invalid(format!(
        "Column “{}” holds whole numbers that 64 bits do not hold. Choose decimals or text for it.",
        series.name()
    )))
}

/// Whole numbers as reals, if that loses no digit.
fn exact_reals(series: &Series) -> Result<Series> {
    const EXACT: u64 = 1 << 53;
    let values = series.i64()?;
    if let Some(long) = values.iter().flatten().find(|value| value.unsigned_abs() > EXACT) {
        return Err(Error::invalid(format!(
            "Column “{}” holds the whole number {long} beside real numbers, which would lose digits as one of them. \
             Choose text or decimals for it.",
            series.name()
        )));
    }
    Ok(series.cast(&DataType::Float64)?)
}

/// Counts of a time unit in microseconds; finer digits are cut and counted.
fn micros(values: &Int64Chunked, unit: TimeUnit, losses: &mut Losses) -> Result<Int64Chunked> {
    let name = values.name().clone();
    match unit {
        TimeUnit::Microseconds => Ok(values.clone()),
        TimeUnit::Nanoseconds => {
            let fine = values.iter().flatten().filter(|value| value.rem_euclid(1_000) != 0).count() as u64;
            if fine > 0 {
                *losses.nanoseconds.entry(name.to_string()).or_default() += fine;
            }
            let cut = values.iter().map(|value| value.map(|value| value.div_euclid(1_000)));
            Ok(Int64Chunked::from_iter_options(name, cut))
        }
        TimeUnit::Milliseconds => {
            let too_far = values.iter().flatten().find(|value| value.checked_mul(1_000).is_none());
            if let Some(value) = too_far {
                return Err(Error::invalid(format!(
                    "Column “{name}” holds a time {value} milliseconds from 1970, which is more than 290,000 years \
                     and cannot be kept. Save the column as text or as a number."
                )));
            }
            let scaled = values.iter().map(|value| value.map(|value| value * 1_000));
            Ok(Int64Chunked::from_iter_options(name, scaled))
        }
    }
}

/// Digits behind the point of a decimal type; 0 for all others.
pub fn scale_of(dtype: &DataType) -> usize {
    match dtype {
        DataType::Decimal(_, scale) => *scale,
        _ => 0,
    }
}

/// A column of decimals from their units.
///
/// # Errors
/// A number of more than 38 digits.
pub fn decimals(name: PlSmallStr, units: Int128Chunked, scale: usize) -> Result<Series> {
    if let Some(long) = units.iter().flatten().find(|units| Decimal::new(*units, scale).is_none()) {
        return Err(too_long(&name, &long.to_string()));
    }
    let decimals = units.into_decimal_unchecked(MAX_DIGITS, scale);
    Ok(decimals.into_series().with_name(name))
}

fn too_long(name: &str, value: &str) -> Error {
    Error::invalid(format!(
        "Column “{name}” holds {value}, which has more than {MAX_DIGITS} digits. Save the column as text."
    ))
}

/// The units of whole numbers or decimals at a scale.
///
/// # Errors
/// Another kind of column, a digit that would be lost, or a number that would
/// have more than 38 digits.
pub fn units_at(series: &Series, scale: usize) -> Result<Int128Chunked> {
    let name = series.name().clone();
    let own = scale_of(series.dtype());
    let physical = match series.dtype() {
        DataType::Decimal(..) => series.to_physical_repr().into_owned(),
        DataType::UInt128 => {
            let narrow = series.cast(&DataType::Int128)?;
            if narrow.null_count() > series.null_count() {
                return Err(too_long(&name, "a number"));
            }
            narrow
        }
        dtype if dtype.is_integer() => series.cast(&DataType::Int128)?,
        dtype => {
            return Err(Error::WrongKind {
                name: name.to_string(),
                found: Kind::of(dtype).phrase().to_owned(),
                needed: "a whole or decimal number".to_owned(),
            });
        }
    };
    let units = physical.i128()?;
    if own == scale {
        return Ok(units.clone());
    }

    let mut moved = Vec::with_capacity(units.len());
    for value in units.iter() {
        let Some(value) = value else {
            moved.push(None);
            continue;
        };
        let decimal = Decimal::new(value, own).ok_or_else(|| too_long(&name, &value.to_string()))?;
        let units = decimal.units_at(scale).ok_or_else(|| {
            Error::invalid(format!(
                "Column “{name}” holds {decimal}, which {scale} digits behind the point cannot hold exactly."
            ))
        })?;
        moved.push(Some(units));
    }
    Ok(Int128Chunked::from_iter_options(name, moved.into_iter()))
}

/// Any column of numbers or text as decimals, with as many digits behind the
/// point as its values have. What is no decimal number of 38 digits at that
/// scale becomes missing.
///
/// # Errors
/// A column of another kind.
pub fn to_decimal(series: &Series) -> Result<Series> {
    let name = series.name().clone();
    let read: Vec<Option<Decimal>> = match Kind::of(series.dtype()) {
        Kind::Decimal => {
            let scale = scale_of(series.dtype());
            return decimals(name, units_at(series, scale)?, scale);
        }
        Kind::Integer => return decimals(name, units_at(series, 0)?, 0),
        Kind::Boolean => return decimals(name, units_at(&series.cast(&DataType::Int64)?, 0)?, 0),
        Kind::Real => {
            let reals = series.cast(&DataType::Float64)?;
            reals.f64()?.iter().map(|value| value.and_then(Decimal::from_f64)).collect()
        }
        Kind::Text | Kind::Category => {
            let texts = series.cast(&DataType::String)?;
            texts.str()?.iter().map(|text| text.and_then(|text| text.trim().parse().ok())).collect()
        }
        kind => {
            return Err(Error::WrongKind {
                name: name.to_string(),
                found: kind.phrase().to_owned(),
                needed: "a number or a text".to_owned(),
            });
        }
    };

    // Digits before the point are never given up for some behind it.
    let widest = read.iter().flatten().map(|value| whole_digits(*value)).max().unwrap_or(0);
    let finest = read.iter().flatten().map(|value| value.scale()).max().unwrap_or(0);
    let scale = finest.min(MAX_DIGITS - widest);
    let units = read.iter().map(|value| value.and_then(|value| value.units_at(scale)));
    decimals(name.clone(), Int128Chunked::from_iter_options(name, units), scale)
}

/// Number of digits before the point; 0 for a number below one.
fn whole_digits(value: Decimal) -> usize {
    let whole = value.floor_at(0).unwrap_or_default().unsigned_abs();
    if whole == 0 { 0 } else { whole.ilog10() as usize + 1 }
}

/// Local times as moments of the zone whose clock shows them.
///
/// # Errors
/// An hour that the zone's clock skips or shows twice.
pub fn local_to_zone(series: &Series, zone: &TimeZone) -> Result<Series> {
    let name = series.name().clone();
    let frame = DataFrame::new(series.len(), vec![series.clone().into_column()])?;
    let moment = col(name.clone()).dt().replace_time_zone(Some(zone.clone()), lit("raise"), NonExistent::Raise);
    let moved = frame.lazy().select([moment]).collect().map_err(|_| {
        Error::invalid(format!(
            "Column “{name}” holds a local time that the clock of {zone} skips or shows twice. Give it as UTC."
        ))
    })?;
    Ok(moved.column(name.as_str())?.as_materialized_series().clone())
}

#[cfg(test)]
mod tests;
