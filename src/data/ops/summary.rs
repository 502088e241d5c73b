//! Summary statistics as a table.

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use crate::error::Result;
use crate::profile::{self, ColumnProfile, Quantiles};

/// One row a column: name, type, counts, moments and quantiles. Statistics that a
/// kind does not have are missing.
///
/// # Errors
/// When the table engine cannot convert a column.
pub fn summarise(frame: &DataFrame) -> Result<DataFrame> {
    let profile = profile::of_frame(frame)?;
    let columns = &profile.columns;
    let reals = |name: &str, of: &dyn Fn(&ColumnProfile) -> Option<f64>| -> Column {
        Series::new(name.into(), columns.iter().map(of).collect::<Vec<_>>()).into()
    };
    let counts = |name: &str, of: &dyn Fn(&ColumnProfile) -> u64| -> Column {
        Series::new(name.into(), columns.iter().map(|c| of(c) as i64).collect::<Vec<_>>()).into()
    };
    let texts = |name: &str, of: &dyn Fn(&ColumnProfile) -> Option<String>| -> Column {
        Series::new(name.into(), columns.iter().map(of).collect::<Vec<_>>()).into()
    };
    let numeric = |column: &ColumnProfile, value: Option<f64>| value.filter(|_| column.kind.is_numeric());
    let mut table = vec![
        texts("column", &|c| Some(c.name.clone())),
        texts("type", &|c| Some(c.kind.name().to_owned())),
        counts("count", &|c| profile.rows - c.missing - c.nan),
        counts("missing", &|c| c.missing + c.nan),
        counts("distinct", &|c| c.distinct),
        reals("mean", &|c| c.mean),
        reals("std", &|c| c.std),
        reals("skew", &|c| c.skew),
        reals("min", &|c| numeric(c, c.min.as_ref().and_then(|value| value.as_f64()))),
    ];
    for p in Quantiles::PROBABILITIES {
        let name = format!("{}%", (p * 100.0).round());
        table.push(reals(&name, &|c| numeric(c, c.quantile(p).and_then(|value| value.as_f64()))));
    }
    table.push(reals("max", &|c| numeric(c, c.max.as_ref().and_then(|value| value.as_f64()))));
    table.push(texts("most frequent", &|c| c.top.first().map(|top| top.value.to_string())));
    table.push(reals("its count", &|c| c.top.first().map(|top| top.count as f64)));
    Ok(DataFrame::new(columns.len(), table)?)
}
