//! Which type each column of files that carry types gets, so that no value of
//! any of them is lost or changed.

use std::path::Path;

use polars::prelude::{Column, DataFrame, DataType, Int128Chunked, IntoColumn, NewChunkedArray};

use super::options::ReadOptions;
use super::typed::{TypedColumn, TypedFile};
use crate::decimal::{Decimal, MAX_DIGITS};
use crate::error::{Error, Result};
use crate::foreign::Meaning;
use crate::normalize::{self, Losses, StoredType};
use crate::prepare::convert;
use crate::schema::{Kind, closest_of};

/// The columns of an import, in the first file's order.
pub(super) struct Plan {
    columns: Vec<ColumnPlan>,
    losses: Losses,
}

/// One column of an import.
pub(super) struct ColumnPlan {
    name: String,
    stored: StoredType,
    /// The kind that a person chose; values that do not fit become missing.
    chosen: Option<Kind>,
    /// Nothing but missing values so far: any type will do.
    unknown: bool,
    /// Decimals that came as texts or reals, and the digits that they need.
    digits: Option<DecimalDigits>,
    misfits: Option<Misfits>,
}

/// Values that do not fit a chosen kind.
struct Misfits {
    count: u64,
    row: u64,
    sample: String,
}

impl ColumnPlan {
    fn new(column: &TypedColumn, options: &ReadOptions) -> Result<Self> {
        let chosen = options.kinds.get(&column.name).copied();
        if chosen == Some(Kind::Other) {
            return Err(Error::invalid(format!(
                "Column “{}” cannot be read as {}. Choose another type.",
                column.name,
                Kind::Other.phrase()
            )));
        }
        let own_kind = Kind::of(&column.dtype);
        let wide = matches!(column.meaning, Meaning::WideDecimal { .. }) && chosen.is_none();
        let measured = chosen == Some(Kind::Decimal) && matches!(own_kind, Kind::Text | Kind::Category | Kind::Real);
        Ok(Self {
            name: column.name.clone(),
            stored: StoredType::of(&column.dtype),
            chosen,
            unknown: column.dtype == DataType::Null,
            digits: (wide || measured).then(DecimalDigits::default),
            misfits: None,
        })
    }

    /// Whether the type depends on the values.
    pub(super) fn is_open(&self) -> bool {
        self.stored.wide || self.digits.is_some()
    }

    fn look_at(&mut self, column: &Column) -> Result<()> {
        if let Some(digits) = &mut self.digits {
            digits.look_at(column)?;
        }
        if self.chosen.is_none() || self.chosen == Some(Kind::Integer) {
            self.stored.look_at(column)?;
        }
        Ok(())
    }

    /// The type that the column is stored in.
    fn dtype(&self) -> DataType {
        match (self.chosen, self.digits) {
            (Some(Kind::Decimal) | None, Some(digits)) => match digits.scale() {
                Some(scale) => DataType::Decimal(MAX_DIGITS, scale),
                None => DataType::String,
            },
            (Some(Kind::Decimal), None) => match self.stored.dtype() {
                DataType::Decimal(_, scale) => DataType::Decimal(MAX_DIGITS, *scale),
                _ => DataType::Decimal(MAX_DIGITS, 0),
            },
            // A moment keeps its zone where its kind was confirmed.
            (Some(kind), _) if Kind::of(self.stored.dtype()) == kind => self.stored.dtype().clone(),
            (Some(kind), _) => kind.dtype(),
            (None, None) => self.stored.dtype().clone(),
        }
    }

    /// A piece of the column in its stored type. `before` rows came before it.
    fn shape(&mut self, column: &Column, before: u64, losses: &mut Losses) -> Result<Column> {
        let target = self.dtype();
        if let DataType::Decimal(_, scale) = target
            && self.digits.is_some()
        {
            let shaped = texts_to_decimals(column, scale)?;
            self.count_misfits(column, &shaped, before)?;
            return Ok(shaped);
        }
        let own = StoredType::of(column.dtype());
        if self.chosen.is_none() || Kind::of(own.dtype()) == Kind::of(&target) {
            return StoredType::exactly(target).apply(column, losses);
        }
        if target == DataType::Int64 && matches!(Kind::of(own.dtype()), Kind::Real | Kind::Decimal) {
            // A number with a fraction is no whole number, rather than one without it.
            let shaped = texts_to_decimals(column, 0)?.cast(&target)?;
            self.count_misfits(column, &shaped, before)?;
            return Ok(shaped);
        }
        let plain = own.apply(column, losses).or_else(|_| column.cast(&DataType::String).map_err(Error::from))?;
        let shaped = convert(&plain, Kind::of(&target))?.into_column().cast(&target)?;
        self.count_misfits(column, &shaped, before)?;
        Ok(shaped)
    }

    fn count_misfits(&mut self, from: &Column, to: &Column, before: u64) -> Result<()> {
        let lost = to.null_count().saturating_sub(from.null_count()) as u64;
        if lost == 0 {
            return Ok(());
        }
        let kept = to.as_materialized_series().is_not_null();
        let held = from.as_materialized_series().is_not_null();
        let first = kept.iter().zip(held.iter()).position(|(kept, held)| kept == Some(false) && held == Some(true));
        let row = first.unwrap_or(0);
        let sample = crate::grid::format_value(&from.get(row)?, crate::grid::Digits::Full).unwrap_or_default();
        let misfits = self.misfits.get_or_insert_with(|| Misfits { count: 0, row: before + row as u64 + 1, sample });
        misfits.count += lost;
        Ok(())
    }

    fn note(&self) -> Option<String> {
        if let Some(found) = &self.misfits {
            let values = if found.count == 1 { "1 value".to_owned() } else { format!("{} values", found.count) };
            return Some(format!(
                "{values} of column “{}” did not fit the chosen type and became missing, the first in row {}: “{}”.",
                self.name, found.row, found.sample
            ));
        }
        let too_long = self.digits.is_some_and(|digits| digits.scale().is_none());
        too_long.then(|| {
            format!(
                "Column “{}” holds decimal numbers of more than {MAX_DIGITS} digits; it is kept as text.",
                self.name
            )
        })
    }
}

impl Plan {
    /// The plan for one file.
    ///
    /// # Errors
    /// A choice for a column that is not there, or that cannot be carried out.
    pub(super) fn of(file: &TypedFile, options: &ReadOptions) -> Result<Self> {
        let names = || file.columns.iter().map(|column| column.name.as_str());
        for name in options.kinds.keys() {
            if !names().any(|known| known == name) && !super::partitions::names_in(file.path()).contains(name) {
                let suggestion = closest_of(name, names()).map(str::to_owned);
                return Err(Error::MissingColumn { name: name.clone(), suggestion });
            }
        }
        let mut columns = Vec::with_capacity(file.columns.len());
        for column in &file.columns {
            columns.push(ColumnPlan::new(column, options)?);
        }
        Ok(Self { columns, losses: Losses::default() })
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&ColumnPlan> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Takes a further file in, whose columns may stand in another order and be of
    /// other widths.
    ///
    /// # Errors
    /// A column that only one of them has, or types that no one type holds.
    pub(super) fn join(&mut self, file: &TypedFile, path: &Path, options: &ReadOptions) -> Result<()> {
        let disagree = |sentence: String| Err(Error::malformed(path, None, sentence));
        let known = self.names();
        if let Some(extra) = file.columns.iter().find(|column| !known.contains(&column.name)) {
            return disagree(format!("The file has a column “{}” that the first file lacks.", extra.name));
        }
        for mine in &mut self.columns {
            let Some(column) = file.columns.iter().find(|column| column.name == mine.name) else {
                return disagree(format!("The file has no column “{}”, which the first has.", mine.name));
            };
            let theirs = ColumnPlan::new(column, options)?;
            mine.digits = mine.digits.or(theirs.digits);
            if mine.chosen.is_some() || theirs.unknown {
                continue;
            }
            if mine.unknown {
                (mine.stored, mine.unknown) = (theirs.stored, false);
                continue;
            }
            match mine.stored.joined(&theirs.stored) {
                Some(joined) => mine.stored = joined,
                None => {
                    return disagree(format!(
                        "Column “{}” is {} here and {} in the first file. Choose one type for it.",
                        mine.name,
                        described(theirs.stored.dtype()),
                        described(mine.stored.dtype())
                    ));
                }
            }
        }
        Ok(())
    }

    /// Learns from values of columns whose type depends on them.
    pub(super) fn look_at(&mut self, frame: &DataFrame) -> Result<()> {
        for plan in self.columns.iter_mut().filter(|plan| plan.is_open()) {
            if let Ok(column) = frame.column(&plan.name) {
                plan.look_at(column)?;
            }
        }
        Ok(())
    }

    /// A table of the planned columns without rows.
    pub(super) fn empty_frame(&self) -> Result<DataFrame> {
        let empty = self.columns.iter().map(|plan| Column::new_empty(plan.name.as_str().into(), &plan.dtype()));
        Ok(DataFrame::new(0, empty.collect())?)
    }

    /// A piece of a file as it is stored. `before` rows of the file came before it.
    pub(super) fn shape(&mut self, frame: &DataFrame, before: u64) -> Result<DataFrame> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for plan in &mut self.columns {
            columns.push(plan.shape(frame.column(&plan.name)?, before, &mut self.losses)?);
        }
        Ok(DataFrame::new(frame.height(), columns)?)
    }

    /// What could not be kept, each a sentence.
    pub(super) fn notes(&self) -> Vec<String> {
        let own = self.columns.iter().filter_map(ColumnPlan::note);
        own.chain(self.losses.sentences()).collect()
    }
}

/// A type in the middle of a sentence.
fn described(dtype: &DataType) -> String {
    let phrase = Kind::of(dtype).phrase();
    match dtype {
        DataType::Datetime(_, Some(zone)) => format!("{phrase} with the time zone {zone}"),
        DataType::Datetime(_, None) => format!("{phrase} without a time zone"),
        _ => phrase.to_owned(),
    }
}

/// Digits before and behind the point that the decimals of a column need.
#[derive(Clone, Copy, Debug, Default)]
struct DecimalDigits {
    whole: usize,
    fraction: usize,
}

impl DecimalDigits {
    fn look_at(&mut self, column: &Column) -> Result<()> {
        let texts = decimal_texts(column)?;
        for text in texts.str()?.iter().flatten() {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit() || byte == b'-') {
                continue;
            }
            self.whole = self.whole.max(whole.trim_start_matches(['-', '0']).len());
            self.fraction = self.fraction.max(fraction.trim_end_matches('0').len());
        }
        Ok(())
    }

    /// The scale at which decimals hold all values, if there is one.
    fn scale(self) -> Option<usize> {
        (self.whole + self.fraction <= MAX_DIGITS).then_some(self.fraction)
    }
}

/// Values as decimals are written; reals by their shortest text.
fn decimal_texts(column: &Column) -> Result<Column> {
    let series = column.as_materialized_series();
    if !series.dtype().is_float() {
        return Ok(column.cast(&DataType::String)?);
    }
    let reals = series.cast(&DataType::Float64)?;
    let texts = reals.f64()?.iter().map(|value| value.and_then(Decimal::from_f64).map(|value| value.to_string()));
    let name = series.name().clone();
    Ok(polars::prelude::StringChunked::from_iter_options(name, texts).into_column())
}

/// Texts or reals as decimals; what is none, or does not fit, becomes missing.
fn texts_to_decimals(column: &Column, scale: usize) -> Result<Column> {
    let texts = decimal_texts(column)?;
    let units = texts.str()?.iter().map(|text| {
        let text = text?.trim();
        let shortest = if text.contains('.') { text.trim_end_matches('0') } else { text };
        shortest.parse::<Decimal>().ok()?.units_at(scale)
    });
    let units = Int128Chunked::from_iter_options(column.name().clone(), units);
    Ok(normalize::decimals(column.name().clone(), units, scale)?.into_column())
}
