//! Learning categories.

use std::collections::BTreeSet;

use polars::prelude::DataFrame;

use super::columns::{get, no_values, texts};
use super::{Fitted, OneHotColumn, Step};
use crate::error::{Error, Result};
use crate::schema::Kind;

/// Learns each column's categories, ascending (numbers by value), missing values
/// and NaN left out.
///
/// # Errors
/// A missing column, one without values, or one with more than `limit`
/// categories.
pub fn fit(frame: &DataFrame, columns: &[String], drop_first: bool, limit: usize) -> Result<Fitted> {
    let entries = columns.iter().map(|name| {
        let categories = categories(frame, name)?;
        if categories.is_empty() {
            return Err(no_values(name));
        }
        if categories.len() > limit {
            return Err(Error::invalid(format!(
                "Column “{name}” has {} categories; at most {limit} are allowed. Leave the column \
                 out, join rare categories, or raise the limit.",
                categories.len()
            )));
        }
        Ok(OneHotColumn { column: name.clone(), categories, drop_first })
    });
    Fitted::new(Step::OneHot { columns: entries.collect::<Result<_>>()? })
}

fn categories(frame: &DataFrame, name: &str) -> Result<Vec<String>> {
    let texts = texts(frame, name)?;
    let kind = Kind::of(get(frame, name)?.dtype());
    let distinct: BTreeSet<&str> = texts.iter().flatten().collect();
    let mut categories: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
    if kind.is_numeric() {
        categories.retain(|category| category != "NaN");
        let value = |text: &String| text.parse::<f64>().unwrap_or(f64::NAN);
        // Stable, so that whole numbers beyond 2^53 keep their text order.
        categories.sort_by(|left, right| value(left).total_cmp(&value(right)));
    }
    Ok(categories)
}
