//! Gathering a profile piece by piece, columns in parallel.

use polars::prelude::{Column, DataFrame, DataType, Float64Chunked, Int64Chunked, Series};
use rayon::prelude::*;

use super::distinct::Distinct;
use super::moments::Moments;
use super::numbers::{Numbers, Unit, keep_most_frequent};
use super::sketch::{key_of_integer, key_of_real, key_of_units};
use super::{ColumnProfile, Lengths, MAX_TEXT, Profile, TopValue, hash};
use crate::decimal::Decimal;
use crate::error::{Error, Result};
use crate::normalize;
use crate::scalar::{Scalar, to_micros};
use crate::schema::{self, Kind, Schema};

/// Values held exactly over all columns together: 256 MiB.
const EXACT_VALUES: usize = 32 << 20;

/// Gathers the profile of a table that comes in pieces.
pub struct Profiler {
    columns: Vec<Accumulator>,
    rows: u64,
}

impl Profiler {
    /// For tables of this schema.
    pub fn new(schema: &Schema) -> Self {
        let columns = schema.columns.iter().map(|column| Accumulator::new(column, schema.len()));
        Self { columns: columns.collect(), rows: 0 }
    }

    /// Adds the next rows; columns by position.
    ///
    /// # Errors
    /// When the columns are others than the schema's.
    pub fn add(&mut self, frame: &DataFrame) -> Result<()> {
        if frame.width() != self.columns.len() {
            return Err(Error::invalid(format!(
                "A piece of the table has {} columns, where {} are expected.",
                frame.width(),
                self.columns.len()
            )));
        }
        self.add_columns(frame, 0)
    }

    /// Adds the next rows of the columns from position `first` on. The same rows of
    /// every column have to be added before the next rows of any.
    pub(super) fn add_columns(&mut self, frame: &DataFrame, first: usize) -> Result<()> {
        if first == 0 {
            self.rows += frame.height() as u64;
        }
        let pairs = self.columns[first..].par_iter_mut().zip(frame.columns());
        pairs.try_for_each(|(accumulator, column)| accumulator.add(column))
    }

    /// Forgets all columns but the first few, which keep their share of memory.
    #[cfg(test)]
    pub(super) fn keep_first(&mut self, columns: usize) {
        self.columns.truncate(columns);
    }

    /// The profile of everything added.
    pub fn finish(self) -> Profile {
        let rows = self.rows;
        let columns = self.columns.into_par_iter().map(|column| column.finish(rows)).collect();
        Profile { rows, columns }
    }
}

/// What is known of one column.
struct Accumulator {
    name: String,
    kind: Kind,
    missing: u64,
    nan: u64,
    infinite: [u64; 2],
    zeros: u64,
    negatives: u64,
    trues: u64,
    moments: Moments,
    lengths: Option<(u64, u64)>,
    letters: u64,
    numbers: Numbers<u64>,
    decimals: Numbers<u128>,
    /// Whole numbers were too wide for 64 bits with a sign and are among the decimals.
    wide: bool,
    /// Digits behind the point of the decimals.
    scale: usize,
    /// The zone whose clock shows the times.
    zone: Option<String>,
    texts: Distinct<Box<str>>,
}

impl Accumulator {
    fn new(column: &schema::Column, columns: usize) -> Self {
        let half = (8_192 * 20 / columns.max(1)).clamp(512, 8_192);
        let limit = (EXACT_VALUES / columns.max(1)).clamp(2 * half, 2_000_000);
        Self {
            name: column.name.clone(),
            kind: column.kind,
            missing: 0,
            nan: 0,
            infinite: [0; 2],
            zeros: 0,
            negatives: 0,
            trues: 0,
            moments: Moments::default(),
            lengths: None,
            letters: 0,
            numbers: Numbers::new(limit, half, columns),
            // A key of 128 bits takes the room of two.
            decimals: Numbers::new((limit / 2).max(2 * half), half, columns),
            wide: false,
            scale: usize::from(column.scale.unwrap_or(0)),
            zone: column.zone.clone(),
            texts: Distinct::new(columns),
        }
    }

    fn add(&mut self, column: &Column) -> Result<()> {
        self.missing += column.null_count() as u64;
        let series = column.as_materialized_series();
        match self.kind {
            Kind::Real => self.add_reals(series.cast(&DataType::Float64)?.f64()?),
            Kind::Decimal => self.add_decimals(series)?,
            Kind::Boolean => self.trues += u64::from(series.bool()?.sum().unwrap_or(0)),
            Kind::Text | Kind::Category => self.add_texts(series)?,
            Kind::Other => {}
            Kind::Integer if normalize::is_wide(series.dtype()) => {
                self.wide = true;
                self.add_decimals(series)?;
            }
            _ => self.add_integers(&integers(series)?),
        }
        Ok(())
    }

    fn add_reals(&mut self, values: &Float64Chunked) {
        let mut finite = Vec::with_capacity(values.len());
        for array in values.downcast_iter() {
            if array.validity().is_none() {
                array.values().iter().for_each(|&value| self.add_real(value, &mut finite));
            } else {
                array.iter().flatten().for_each(|&value| self.add_real(value, &mut finite));
            }
        }
        self.moments.merge(&Moments::of(finite.iter().copied()));
        let keys: Vec<u64> = finite.iter().map(|&value| key_of_real(value)).collect();
        self.numbers.add(&keys);
    }

    #[inline]
    fn add_real(&mut self, value: f64, finite: &mut Vec<f64>) {
        self.zeros += u64::from(value == 0.0);
        self.negatives += u64::from(value < 0.0);
        if value.is_finite() {
            finite.push(value);
        } else if value.is_nan() {
            self.nan += 1;
        } else {
            self.infinite[usize::from(value > 0.0)] += 1;
        }
    }

    fn add_integers(&mut self, values: &Int64Chunked) {
        let mut keys = Vec::with_capacity(values.len());
        let mut held = Vec::with_capacity(values.len());
        for array in values.downcast_iter() {
            if array.validity().is_none() {
                held.extend_from_slice(array.values());
            } else {
                held.extend(array.iter().flatten().copied());
            }
        }
        for &value in &held {
            self.zeros += u64::from(value == 0);
            self.negatives += u64::from(value < 0);
            keys.push(key_of_integer(value));
        }
        self.moments.merge(&Moments::of(held.iter().map(|&value| value as f64)));
        self.numbers.add(&keys);
    }

    fn add_decimals(&mut self, series: &Series) -> Result<()> {
        let scale = self.scale;
        let units = normalize::units_at(series, scale)?;
        let held: Vec<i128> = units.iter().flatten().collect();

        self.zeros += held.iter().filter(|&&value| value == 0).count() as u64;
        self.negatives += held.iter().filter(|&&value| value < 0).count() as u64;
        let to_real = |units: &i128| Decimal::new(*units, scale).map_or(f64::NAN, Decimal::to_f64);
        self.moments.merge(&Moments::of(held.iter().map(to_real)));
        let keys: Vec<u128> = held.iter().map(|&value| key_of_units(value)).collect();
        self.decimals.add(&keys);
        Ok(())
    }

    fn add_texts(&mut self, series: &Series) -> Result<()> {
        let texts = series.cast(&DataType::String)?;
        for text in texts.str()?.iter().flatten() {
            let length = text.chars().count() as u64;
            let (shortest, longest) = self.lengths.unwrap_or((length, length));
            self.lengths = Some((shortest.min(length), longest.max(length)));
            self.letters += length;
            let hash = hash::of_bytes(text.as_bytes());
            self.texts.add(hash, 1, text.len().min(MAX_TEXT), || shortened(text));
        }
        Ok(())
    }

    fn finish(mut self, rows: u64) -> ColumnProfile {
        let present = rows - self.missing - self.nan;
        let mut profile = ColumnProfile {
            name: std::mem::take(&mut self.name),
            kind: self.kind,
            zone: self.zone.clone(),
            scale: (self.scale > 0).then_some(self.scale as u8),
            missing: self.missing,
            nan: self.nan,
            infinite: self.infinite[0] + self.infinite[1],
            distinct: 0,
            approximate: false,
            min: None,
            max: None,
            mean: None,
            std: None,
            skew: None,
            quantiles: None,
            histogram: None,
            top: Vec::new(),
            lengths: None,
            zeros: self.zeros,
            negatives: self.negatives,
            constant: false,
        };
        match self.kind {
            Kind::Boolean => self.finish_boolean(present, &mut profile),
            Kind::Text | Kind::Category => self.finish_texts(present, &mut profile),
            Kind::Other => {}
            _ => self.finish_numbers(&mut profile),
        }
        let kinds_of_nothing = u64::from(profile.missing > 0) + u64::from(profile.nan > 0);
        let nested = profile.kind == Kind::Other && present > 0;
        profile.constant = !nested && profile.distinct + kinds_of_nothing <= 1;
        if !profile.kind.is_numeric() {
            (profile.zeros, profile.negatives) = (0, 0);
        }
        profile
    }

    fn finish_boolean(self, present: u64, profile: &mut ColumnProfile) {
        let counts = [(true, self.trues), (false, present - self.trues)];
        let held = counts.into_iter().filter(|(_, count)| *count > 0);
        profile.top = held.map(|(value, count)| TopValue { value: Scalar::Boolean(value), count }).collect();
        profile.top.sort_by_key(|top| std::cmp::Reverse(top.count));
        profile.distinct = profile.top.len() as u64;
        profile.mean = (present > 0).then(|| self.trues as f64 / present as f64);
    }

    fn finish_texts(self, present: u64, profile: &mut ColumnProfile) {
        profile.distinct = self.texts.distinct().min(present);
        profile.approximate = self.texts.is_approximate();
        let mut counts: Vec<(u64, &Box<str>)> = self.texts.counts().collect();
        keep_most_frequent(&mut counts);
        profile.top =
            counts.into_iter().map(|(count, text)| TopValue { value: Scalar::Text(text.to_string()), count }).collect();
        profile.lengths =
            self.lengths.map(|(min, max)| Lengths { min, mean: self.letters as f64 / present as f64, max });
    }

    fn finish_numbers(self, profile: &mut ColumnProfile) {
        let kind = self.kind;
        if kind.is_numeric() || kind == Kind::Duration {
            let unit = if kind == Kind::Duration { 1e-6 } else { 1.0 };
            profile.mean = self.moments.mean().map(|mean| mean * unit);
            profile.std = self.moments.std().map(|std| std * unit);
            profile.skew = self.moments.skew();
        }

        let unit = Unit { kind, scale: self.scale, zone: self.zone };
        if kind == Kind::Decimal || self.wide {
            return self.decimals.finish(&unit, &[], profile);
        }
        let infinities = [f64::NEG_INFINITY, f64::INFINITY].into_iter().zip(self.infinite);
        let infinities = infinities.filter(|(_, count)| *count > 0);
        let others: Vec<(u64, u64)> = infinities.map(|(value, count)| (count, key_of_real(value))).collect();
        self.numbers.finish(&unit, &others, profile);
    }
}

/// Days, microseconds, nanoseconds or the number itself.
fn integers(series: &Series) -> Result<Int64Chunked> {
    let physical = series.to_physical_repr().cast(&DataType::Int64)?;
    let values = physical.i64()?;
    Ok(match series.dtype() {
        DataType::Datetime(unit, _) | DataType::Duration(unit) => {
            let unit = *unit;
            values.iter().map(|value| value.map(|value| to_micros(value, unit))).collect()
        }
        _ => values.clone(),
    })
}

fn shortened(text: &str) -> Box<str> {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}
