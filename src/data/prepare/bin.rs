//! Learning bin edges.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::columns::{finite, quantile, require_numeric};
use super::{BinColumn, Fitted, Step};
use crate::error::{Error, Result};
use crate::schema::{Kind, Schema};

/// Where the edges come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// That many bins of equal width between minimum and maximum.
    EqualWidth(usize),
    /// That many bins of about equal count; fewer where values repeat.
    Quantile(usize),
    /// These edges, ascending.
    Edges(Vec<f64>),
}

/// Learns edges for each numeric column. With `labels` each bin is named (one
/// label a bin), else numbered from 0. With `suffix` the bin goes to a new column
/// `name` + suffix, else it replaces the column.
///
/// # Errors
/// A missing column, one that is not numeric or has no values, fewer than two
/// bins, or labels that do not fit.
pub fn fit(
    frame: &DataFrame,
    columns: &[String],
    binning: &Binning,
    labels: Option<&[String]>,
    suffix: Option<&str>,
) -> Result<Fitted> {
    let entries = columns.iter().map(|name| {
        Ok(BinColumn {
            column: name.clone(),
            edges: edges(frame, name, binning)?,
            labels: labels.map(<[String]>::to_vec),
            output: suffix.map(|suffix| format!("{name}{suffix}")),
        })
    });
    Fitted::new(Step::Bin { columns: entries.collect::<Result<_>>()? })
}

fn edges(frame: &DataFrame, name: &str, binning: &Binning) -> Result<Vec<f64>> {
    if let Binning::Edges(edges) = binning {
        let schema = Schema::of(frame);
        let kind: Kind = schema.require(name)?.kind;
        require_numeric(name, kind)?;
        return Ok(edges.clone());
    }
    let mut values = finite(frame, name)?;
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values[0], values[values.len() - 1]);
    if low == high {
        // One bin for a constant, as KBinsDiscretizer does.
        return Ok(vec![low, low + 1.0]);
    }
    let mut edges = match *binning {
        Binning::EqualWidth(bins) | Binning::Quantile(bins) if bins < 2 => {
            return Err(Error::invalid("At least two bins are needed."));
        }
        Binning::EqualWidth(bins) => {
            let step = (high - low) / bins as f64;
            let inner = (1..bins).map(|bin| low + step * bin as f64);
            std::iter::once(low).chain(inner).chain([high]).collect::<Vec<f64>>()
        }
        Binning::Quantile(bins) => (0..=bins).map(|bin| quantile(&values, bin as f64 / bins as f64)).collect(),
        Binning::Edges(_) => Vec::new(),
    };
    // Repeated values make equal edges; scikit-learn's threshold.
    let mut last = f64::NEG_INFINITY;
    edges.retain(|&edge| {
        let kept = edge - last > 1e-8;
        if kept {
            last = edge;
        }
        kept
    });
    if edges.len() < 2 {
        edges = vec![low, high];
    }
    Ok(edges)
}
