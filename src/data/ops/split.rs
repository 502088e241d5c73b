//! Splitting a table in two and sampling from it.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, DataType, IdxCa, IdxSize, IntoLazy};
use serde::{Deserialize, Serialize};

use super::Random;
use crate::error::{Error, Result};
use crate::expression;
use crate::schema::{Kind, Schema};

/// Which rows go to the first part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum SplitBy {
    /// A random share of all rows.
    Random {
        /// Share of the first part, 0 to 1.
        fraction: f64,
        /// Equal seeds give equal splits.
        seed: u64,
    },
    /// A random share of the rows of each value of a column.
    Stratified {
        /// The column; missing values are a value of their own.
        column: String,
        /// Share of the first part, 0 to 1.
        fraction: f64,
        /// Equal seeds give equal splits.
        seed: u64,
    },
    /// The earliest rows.
    Time {
        /// A date, time or number; equal ones keep the table's order.
        column: String,
        /// Share of the first part, 0 to 1.
        fraction: f64,
    },
    /// The rows for which a condition holds.
    Expression {
        /// A condition of the expression language.
        condition: String,
    },
}

/// Row numbers of the two parts, each ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The first part.
    pub first: Vec<IdxSize>,
    /// Every other row.
    pub second: Vec<IdxSize>,
}

/// Splits a table in two. Rows keep their order.
///
/// # Errors
/// A fraction outside 0 to 1, a column that is missing or holds missing times, a
/// wrong condition.
pub fn split(frame: &DataFrame, by: &SplitBy) -> Result<(DataFrame, DataFrame)> {
    let parts = split_rows(frame, by)?;
    Ok((take(frame, parts.first)?, take(frame, parts.second)?))
}

/// The row numbers of [`split`].
///
/// # Errors
/// As [`split`].
pub fn split_rows(frame: &DataFrame, by: &SplitBy) -> Result<Parts> {
    let height = frame.height();
    let mut chosen = vec![false; height];
    match by {
        SplitBy::Random { fraction, seed } => {
            let rows = shuffled((0..height as IdxSize).collect(), &mut Random::new(*seed));
            mark(&mut chosen, &rows[..share(height, *fraction)?]);
        }
        SplitBy::Stratified { column, fraction, seed } => {
            stratified(frame, column, *fraction, *seed, &mut chosen)?;
        }
        SplitBy::Time { column, fraction } => {
            let rows = by_time(frame, column)?;
            mark(&mut chosen, &rows[..share(height, *fraction)?]);
        }
        SplitBy::Expression { condition } => {
            let condition = expression::filter(condition, &Schema::of(frame))?;
            let held = frame.clone().lazy().select([condition.alias("held")]).collect()?;
            let held = held.column("held")?.bool()?.clone();
            for (row, chosen) in chosen.iter_mut().enumerate() {
                // A condition without columns gives a single value.
                let at = if held.len() == 1 { 0 } else { row };
                *chosen = held.get(at) == Some(true);
            }
        }
    }
    let rows = |wanted: bool| {
        let kept = chosen.iter().enumerate().filter(move |(_, chosen)| **chosen == wanted);
        kept.map(|(row, _)| row as IdxSize).collect()
    };
    Ok(Parts { first: rows(true), second: rows(false) })
}

fn mark(chosen: &mut [bool], rows: &[IdxSize]) {
    rows.iter().for_each(|&row| chosen[row as usize] = true);
}

fn shuffled(mut rows: Vec<IdxSize>, random: &mut Random) -> Vec<IdxSize> {
    random.shuffle(&mut rows);
    rows
}

fn share(rows: usize, fraction: f64) -> Result<usize> {
    if !(0.0..=1.0).contains(&fraction) {
        return Err(Error::invalid(format!("{fraction} is no share. Enter a number from 0 to 1.")));
    }
    Ok((rows as f64 * fraction).round() as usize)
}

/// Chooses a share of each stratum; the sizes add up to the share of all rows
/// (largest remainders).
fn stratified(frame: &DataFrame, column: &str, fraction: f64, seed: u64, chosen: &mut [bool]) -> Result<()> {
    let total = share(frame.height(), fraction)?;
    let values = frame.column(column).map_err(|_| Schema::of(frame).missing(column))?;
    let values = values.cast(&DataType::String)?;
    let mut strata: BTreeMap<Option<&str>, Vec<IdxSize>> = BTreeMap::new();
    for (row, value) in values.str()?.iter().enumerate() {
        strata.entry(value).or_default().push(row as IdxSize);
    }
    let exact: Vec<f64> = strata.values().map(|rows| rows.len() as f64 * fraction).collect();
    let mut sizes: Vec<usize> = exact.iter().map(|size| size.floor() as usize).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|&left, &right| exact[right].fract().total_cmp(&exact[left].fract()));
    let short = total.saturating_sub(sizes.iter().sum());
    order.into_iter().take(short).for_each(|stratum| sizes[stratum] += 1);
    let mut random = Random::new(seed);
    for (rows, size) in strata.into_values().zip(sizes) {
        let size = size.min(rows.len());
        mark(chosen, &shuffled(rows, &mut random)[..size]);
    }
    Ok(())
}

/// Row numbers, earliest first.
fn by_time(frame: &DataFrame, column: &str) -> Result<Vec<IdxSize>> {
    let values = frame.column(column).map_err(|_| Schema::of(frame).missing(column))?;
    let kind = Kind::of(values.dtype());
    if !kind.is_ordered() {
        return Err(Error::WrongKind {
            name: column.to_owned(),
            found: kind.phrase().to_owned(),
            needed: "a date, a time or a number".to_owned(),
        });
    }
    if values.null_count() > 0 {
        return Err(Error::invalid(format!(
            "Column “{column}” has {} missing values, so the rows have no order in time. Fill or \
             drop them first.",
            values.null_count()
        )));
    }
    let options = polars::prelude::SortOptions::default().with_maintain_order(true);
    Ok(values.as_materialized_series().arg_sort(options).iter().flatten().collect())
}

/// How much to sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// That many rows.
    Rows(usize),
    /// That share of the rows.
    Fraction(f64),
}

/// Draws random rows. Without replacement rows keep their order, and asking for
/// more rows than there are gives all.
///
/// # Errors
/// A fraction below 0, or above 1 without replacement; drawing from nothing.
pub fn sample(frame: &DataFrame, amount: Amount, replace: bool, seed: u64) -> Result<DataFrame> {
    take(frame, sample_rows(frame.height(), amount, replace, seed)?)
}

/// The row numbers of [`sample`].
///
/// # Errors
/// As [`sample`].
pub fn sample_rows(height: usize, amount: Amount, replace: bool, seed: u64) -> Result<Vec<IdxSize>> {
    let count = match amount {
        Amount::Rows(rows) => rows,
        Amount::Fraction(fraction) if replace && fraction >= 0.0 && fraction.is_finite() => {
            (height as f64 * fraction).round() as usize
        }
        Amount::Fraction(fraction) => share(height, fraction)?,
    };
    let mut random = Random::new(seed);
    if replace {
        if height == 0 && count > 0 {
            return Err(Error::invalid("The table has no rows to draw from."));
        }
        return Ok((0..count).map(|_| random.below(height as u64) as IdxSize).collect());
    }
    let mut rows = shuffled((0..height as IdxSize).collect(), &mut random);
    rows.truncate(count);
    rows.sort_unstable();
    Ok(rows)
}

fn take(frame: &DataFrame, rows: Vec<IdxSize>) -> Result<DataFrame> {
    Ok(frame.take(&IdxCa::from_vec("".into(), rows))?)
}
