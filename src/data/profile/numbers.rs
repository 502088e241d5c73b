//! Distribution of numbers, dates and times, held as order-preserving keys.

use super::distinct::Distinct;
use super::sketch::{
    Key, Ranked, Sketch, integer_of_key, key_of_integer, key_of_real, key_of_units, real_of_key, units_of_key,
};
use super::{ColumnProfile, Histogram, MAX_BINS, MAX_TOP, Quantiles, TopValue};
use crate::decimal::Decimal;
use crate::scalar::{Scalar, ZonedDateTime};
use crate::schema::Kind;

/// How keys of a column become values again.
pub(super) struct Unit {
    pub(super) kind: Kind,
    /// Digits behind the point of decimals.
    pub(super) scale: usize,
    /// The zone of date-times.
    pub(super) zone: Option<String>,
}

/// A key that stands for a value of a column.
pub(super) trait Value: Key {
    /// The value.
    fn scalar(self, unit: &Unit) -> Scalar;

    /// The key as a number in its own unit.
    fn number(self, unit: &Unit) -> f64;

    /// The key nearest above a number in its own unit.
    fn at(value: f64, unit: &Unit) -> Self;
}

impl Value for u64 {
    fn scalar(self, unit: &Unit) -> Scalar {
        let integer = || integer_of_key(self);
        match (unit.kind, &unit.zone) {
            (Kind::Real, _) => Scalar::Real(real_of_key(self)),
            (Kind::Date, _) => Scalar::Date(integer() as i32),
            (Kind::DateTime, None) => Scalar::DateTime(integer()),
            (Kind::DateTime, Some(zone)) => {
                Scalar::ZonedDateTime(ZonedDateTime { micros: integer(), zone: zone.clone() })
            }
            (Kind::Time, _) => Scalar::Time(integer()),
            (Kind::Duration, _) => Scalar::Duration(integer()),
            _ => Scalar::Integer(integer()),
        }
    }

    fn number(self, unit: &Unit) -> f64 {
        if unit.kind == Kind::Real { real_of_key(self) } else { integer_of_key(self) as f64 }
    }

    fn at(value: f64, unit: &Unit) -> Self {
        if unit.kind == Kind::Real { key_of_real(value) } else { key_of_integer(value.ceil() as i64) }
    }
}

impl Value for u128 {
    fn scalar(self, unit: &Unit) -> Scalar {
        let units = units_of_key(self);
        if let (Kind::Integer, Ok(value)) = (unit.kind, i64::try_from(units)) {
            return Scalar::Integer(value);
        }
        match Decimal::new(units, unit.scale) {
            Some(decimal) => Scalar::Decimal(decimal),
            None => Scalar::Real(self.number(unit)),
        }
    }

    fn number(self, unit: &Unit) -> f64 {
        let units = units_of_key(self);
        Decimal::new(units, unit.scale).map_or(units as f64, Decimal::to_f64)
    }

    fn at(value: f64, unit: &Unit) -> Self {
        let exact = Decimal::from_f64(value).and_then(|decimal| decimal.ceil_at(unit.scale));
        let nearest = || (value * 10_f64.powi(unit.scale as i32)).ceil() as i128;
        key_of_units(exact.unwrap_or_else(nearest))
    }
}

/// Keys of one column, exact up to a limit.
pub(super) struct Numbers<K> {
    sketch: Sketch<K>,
    /// Counts, once there are too many keys to hold them all.
    counts: Option<Distinct<K>>,
    sharing: usize,
}

impl<K: Value> Numbers<K> {
    /// Keeps up to `limit` keys exactly, then sketches with k = `half`; `columns`
    /// share the memory of counts.
    pub(super) fn new(limit: usize, half: usize, columns: usize) -> Self {
        Self { sketch: Sketch::new(limit, half), counts: None, sharing: columns }
    }

    pub(super) fn add(&mut self, keys: &[K]) {
        if self.counts.is_none() && !self.sketch.holds(keys.len()) {
            let mut counts = Distinct::new(self.sharing);
            let held = self.sketch.exact_keys();
            held.sort_unstable();
            for run in held.chunk_by(|left, right| left == right) {
                counts.add(run[0].hashed(), run.len() as u64, 0, || run[0]);
            }
            self.counts = Some(counts);
        }
        self.sketch.extend(keys);
        if let Some(counts) = &mut self.counts {
            for &key in keys {
                counts.add(key.hashed(), 1, 0, || key);
            }
        }
    }

    /// Fills in a column's profile. `others` are counts of values that are
    /// frequent or not like any, but have no place in an order, such as
    /// infinities.
    pub(super) fn finish(self, unit: &Unit, others: &[(u64, K)], profile: &mut ColumnProfile) {
        let (ranked, rank_error) = match &self.counts {
            // Few different values stay exact however many rows there are.
            Some(counts) if !counts.is_approximate() => {
                let counts = counts.counts().map(|(count, &key)| (key, count));
                (Ranked::from_counts(counts.collect()), 0.0)
            }
            _ => self.sketch.finish(),
        };
        let mut counts: Vec<(u64, K)> = match &self.counts {
            Some(counts) => counts.counts().map(|(count, &key)| (count, key)).collect(),
            None => ranked.runs().map(|(key, count)| (count, key)).collect(),
        };
        counts.extend_from_slice(others);

        profile.distinct = match &self.counts {
            Some(counts) if counts.is_approximate() => counts.distinct().min(ranked.count),
            _ => counts.len() as u64,
        };
        profile.approximate = self.counts.as_ref().is_some_and(Distinct::is_approximate);
        keep_most_frequent(&mut counts);
        let top = counts.into_iter().map(|(count, key)| TopValue { value: key.scalar(unit), count });
        profile.top = top.collect();

        profile.min = ranked.keys.first().map(|key| key.scalar(unit));
        profile.max = ranked.keys.last().map(|key| key.scalar(unit));
        profile.quantiles = quantiles(unit, &ranked, rank_error);
        profile.histogram = histogram(unit, &ranked);
    }
}

/// The most frequent first; of equally frequent ones the smallest value.
pub(super) fn keep_most_frequent<T: Ord>(counts: &mut Vec<(u64, T)>) {
    let order = |left: &(u64, T), right: &(u64, T)| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1));
    if counts.len() > MAX_TOP {
        counts.select_nth_unstable_by(MAX_TOP, order);
        counts.truncate(MAX_TOP);
    }
    counts.sort_unstable_by(order);
}

fn quantiles<K: Value>(unit: &Unit, ranked: &Ranked<K>, rank_error: f64) -> Option<Quantiles> {
    let last = ranked.count.checked_sub(1)?;
    let values = Quantiles::PROBABILITIES.iter().map(|p| {
        let position = p * last as f64;
        let below = position.floor();
        let lower = ranked.at(below as u64)?;
        if !unit.kind.is_numeric() {
            return Some(lower.scalar(unit));
        }
        let upper = ranked.at(below as u64 + u64::from(position > below))?;
        let (low, high) = (lower.number(unit), upper.number(unit));
        let share = position - below;
        Some(Scalar::Real(low * (1.0 - share) + high * share))
    });
    Some(Quantiles { values: values.collect::<Option<_>>()?, rank_error })
}

fn histogram<K: Value>(unit: &Unit, ranked: &Ranked<K>) -> Option<Histogram> {
    let low = ranked.keys.first()?.number(unit);
    let high = ranked.keys.last()?.number(unit);
    let native = edges(unit, low, high, ranked.count);
    let mut counts = Vec::with_capacity(native.len() - 1);
    let mut before = 0;
    for &edge in &native[1..native.len() - 1] {
        let upto = ranked.below(K::at(edge, unit), false);
        counts.push(upto - before);
        before = upto;
    }
    counts.push(ranked.count - before);
    let factor = match unit.kind {
        Kind::Date => 86_400.0,
        Kind::DateTime | Kind::Duration => 1e-6,
        Kind::Time => 1e-9,
        _ => 1.0,
    };
    Some(Histogram { edges: native.into_iter().map(|edge| edge * factor).collect(), counts })
}

/// Edges in the kind's own unit: one bin a whole number or day if they are
/// few, else equal widths.
fn edges(unit: &Unit, low: f64, high: f64, count: u64) -> Vec<f64> {
    let steps = high - low;
    let whole = matches!(unit.kind, Kind::Integer | Kind::Date) || (unit.kind == Kind::Decimal && unit.scale == 0);
    if whole && steps < MAX_BINS as f64 {
        let start = if unit.kind == Kind::Date { low } else { low - 0.5 };
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
