//! Gathering a profile piece by piece, columns in parallel.

use polars::prelude::{Column, DataFrame, DataType, Float64Chunked, Int64Chunked, Series};
use rayon::prelude::*;

use super::distinct::Distinct;
use super::moments::Moments;
use super::sketch::{Ranked, Sketch, integer_of_key, key_of_integer, key_of_real, real_of_key};
use super::{ColumnProfile, Histogram, Lengths, MAX_BINS, MAX_TEXT, MAX_TOP, Profile, Quantiles, TopValue, hash};
use crate::error::{Error, Result};
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
    sketch: Sketch,
    /// Counts of numbers, once there are too many to hold them all.
    numbers: Option<Distinct<u64>>,
    texts: Distinct<Box<str>>,
    sharing: usize,
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
            sketch: Sketch::new(limit, half),
            numbers: None,
            texts: Distinct::new(columns),
            sharing: columns,
        }
    }

    fn add(&mut self, column: &Column) -> Result<()> {
        self.missing += column.null_count() as u64;
        let series = column.as_materialized_series();
        match self.kind {
            Kind::Real => self.add_reals(series.cast(&DataType::Float64)?.f64()?),
            Kind::Boolean => self.trues += u64::from(series.bool()?.sum().unwrap_or(0)),
            Kind::Text | Kind::Category => self.add_texts(series)?,
            Kind::Other => {}
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
        self.add_keys(&keys);
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
        self.add_keys(&keys);
    }

    fn add_keys(&mut self, keys: &[u64]) {
        if self.numbers.is_none() && !self.sketch.holds(keys.len()) {
            let mut numbers = Distinct::new(self.sharing);
            let held = self.sketch.exact_keys();
            held.sort_unstable();
            for run in held.chunk_by(|left, right| left == right) {
                numbers.add(hash::of_u64(run[0]), run.len() as u64, 0, || run[0]);
            }
            self.numbers = Some(numbers);
        }
        self.sketch.extend(keys);
        if let Some(numbers) = &mut self.numbers {
            for &key in keys {
                numbers.add(hash::of_u64(key), 1, 0, || key);
            }
        }
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
        if !matches!(profile.kind, Kind::Integer | Kind::Real) {
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
        let (ranked, rank_error) = match &self.numbers {
            // Few different values stay exact however many rows there are.
            Some(numbers) if !numbers.is_approximate() => {
                let counts = numbers.counts().map(|(count, &key)| (key, count));
                (Ranked::from_counts(counts.collect()), 0.0)
            }
            _ => self.sketch.finish(),
        };
        let mut counts: Vec<(u64, u64)> = match &self.numbers {
            Some(numbers) => numbers.counts().map(|(count, &key)| (count, key)).collect(),
            None => ranked.runs().map(|(key, count)| (count, key)).collect(),
        };
        let infinities = [f64::NEG_INFINITY, f64::INFINITY].into_iter().zip(self.infinite);
        let infinities = infinities.filter(|(_, count)| *count > 0);
        counts.extend(infinities.map(|(value, count)| (count, key_of_real(value))));
        profile.distinct = match &self.numbers {
            Some(numbers) if numbers.is_approximate() => numbers.distinct().min(ranked.count),
            _ => counts.len() as u64,
        };
        profile.approximate = self.numbers.as_ref().is_some_and(Distinct::is_approximate);
        keep_most_frequent(&mut counts);
        profile.top = counts.into_iter().map(|(count, key)| TopValue { value: scalar(kind, key), count }).collect();
        profile.min = ranked.keys.first().map(|&key| scalar(kind, key));
        profile.max = ranked.keys.last().map(|&key| scalar(kind, key));
        profile.quantiles = quantiles(kind, &ranked, rank_error);
        profile.histogram = histogram(kind, &ranked);
    }
}

/// The most frequent first; of equally frequent ones the smallest value.
fn keep_most_frequent<T: Ord>(counts: &mut Vec<(u64, T)>) {
    let order = |left: &(u64, T), right: &(u64, T)| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1));
    if counts.len() > MAX_TOP {
        counts.select_nth_unstable_by(MAX_TOP, order);
        counts.truncate(MAX_TOP);
    }
    counts.sort_unstable_by(order);
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

fn scalar(kind: Kind, key: u64) -> Scalar {
    match kind {
        Kind::Real => Scalar::Real(real_of_key(key)),
        Kind::Date => Scalar::Date(integer_of_key(key) as i32),
        Kind::DateTime => Scalar::DateTime(integer_of_key(key)),
        Kind::Time => Scalar::Time(integer_of_key(key)),
        Kind::Duration => Scalar::Duration(integer_of_key(key)),
        _ => Scalar::Integer(integer_of_key(key)),
    }
}

/// A key in its own unit, and the key nearest above a number in that unit.
fn number(kind: Kind, key: u64) -> f64 {
    if kind == Kind::Real { real_of_key(key) } else { integer_of_key(key) as f64 }
}

fn key_at(kind: Kind, value: f64) -> u64 {
    if kind == Kind::Real { key_of_real(value) } else { key_of_integer(value.ceil() as i64) }
}

fn quantiles(kind: Kind, ranked: &Ranked, rank_error: f64) -> Option<Quantiles> {
    let last = ranked.count.checked_sub(1)?;
    let values = Quantiles::PROBABILITIES.iter().map(|p| {
        let position = p * last as f64;
        let below = position.floor();
        let lower = ranked.at(below as u64)?;
        if !kind.is_numeric() {
            return Some(scalar(kind, lower));
        }
        let upper = ranked.at(below as u64 + u64::from(position > below))?;
        let (low, high) = (number(kind, lower), number(kind, upper));
        let share = position - below;
        Some(Scalar::Real(low * (1.0 - share) + high * share))
    });
    Some(Quantiles { values: values.collect::<Option<_>>()?, rank_error })
}

fn histogram(kind: Kind, ranked: &Ranked) -> Option<Histogram> {
    let low = number(kind, *ranked.keys.first()?);
    let high = number(kind, *ranked.keys.last()?);
    let native = edges(kind, low, high, ranked.count);
    let mut counts = Vec::with_capacity(native.len() - 1);
    let mut before = 0;
    for &edge in &native[1..native.len() - 1] {
        let upto = ranked.below(key_at(kind, edge), false);
        counts.push(upto - before);
        before = upto;
    }
    counts.push(ranked.count - before);
    let unit = match kind {
        Kind::Date => 86_400.0,
        Kind::DateTime | Kind::Duration => 1e-6,
        Kind::Time => 1e-9,
        _ => 1.0,
    };
    Some(Histogram { edges: native.into_iter().map(|edge| edge * unit).collect(), counts })
}

/// Edges in the kind's own unit: one bin a whole number or day if they are
/// few, else equal widths.
fn edges(kind: Kind, low: f64, high: f64, count: u64) -> Vec<f64> {
    let steps = high - low;
    if matches!(kind, Kind::Integer | Kind::Date) && steps < MAX_BINS as f64 {
        let start = if kind == Kind::Date { low } else { low - 0.5 };
        return (0..=steps as u64 + 1).map(|step| start + step as f64).collect();
    }
    if steps == 0.0 {
        let half = (low.abs() * 1e-9).max(0.5);
        return vec![low - half, high + half];
    }
    let bins = (count as f64).sqrt().ceil().clamp(1.0, MAX_BINS as f64);
    let width = high / bins - low / bins;
    // In two halves, as the whole of it may be larger than any float.
    let inner = (1..bins as usize).map(|bin| low + width * (bin / 2) as f64 + width * (bin - bin / 2) as f64);
    std::iter::once(low).chain(inner).chain([high]).collect()
}
