//! Carrying a step out on a table.

use polars::prelude::{
    ChunkApply, Column, DataFrame, DataType, Float64Chunked, Int64Chunked, IntoColumn, IntoLazy, IntoSeries, NamedFrom,
    NewChunkedArray, Series, StringChunked,
};

use super::columns::{convert, filled_kind, get, reals, texts};
use super::plan;
use super::step::{BinColumn, ClipColumn, ImputeColumn, OneHotColumn, Outside, ScaleColumn, Step};
use crate::decimal::Decimal;
use crate::error::{Error, Result};
use crate::expression;
use crate::normalize;
use crate::scalar::Scalar;
use crate::schema::{Kind, Schema};

/// The table after the step.
pub(super) fn apply(step: &Step, frame: &DataFrame) -> Result<DataFrame> {
    // The plan finds every missing column, wrong kind and name clash, so that
    // a table fails with the same sentence that the designer shows.
    plan::output(step, &Schema::of(frame))?;
    match step {
        Step::Select { columns } => Ok(frame.select(columns.iter().map(String::as_str))?),
        Step::Drop { columns } => Ok(frame.drop_many(columns.iter().map(String::as_str))),
        Step::SetRole { .. } => Ok(frame.clone()),
        Step::Rename { columns } => rebuild(frame, |column| {
            let mut renamed = column.clone();
            if let Some(name) = columns.get(column.name().as_str()) {
                renamed.rename(name.as_str().into());
            }
            Ok(renamed)
        }),
        Step::Cast { columns } => rebuild(frame, |column| match columns.get(column.name().as_str()) {
            Some(&kind) if Kind::of(column.dtype()) != kind => Ok(convert(column, kind)?.into_column()),
            _ => Ok(column.clone()),
        }),
        Step::Impute { columns } => impute(frame, columns),
        Step::Clip { columns } => each(frame, columns.iter().map(|entry| clip(frame, entry))),
        Step::Scale { columns } => each(frame, columns.iter().map(|entry| scale(frame, entry))),
        Step::OneHot { columns } => one_hot(frame, columns),
        Step::Bin { columns } => each(frame, columns.iter().map(|entry| bin(frame, entry))),
        Step::Compute { columns } => {
            let mut out = frame.clone();
            for entry in columns {
                let compiled = expression::row_wise(&entry.expression, &Schema::of(&out))?;
                out = out.lazy().with_column(compiled.expr.alias(entry.name.as_str())).collect()?;
            }
            Ok(out)
        }
    }
}

/// A table of changed columns.
fn rebuild(frame: &DataFrame, change: impl Fn(&Column) -> Result<Column>) -> Result<DataFrame> {
    let columns = frame.columns().iter().map(change).collect::<Result<Vec<_>>>()?;
    Ok(DataFrame::new(frame.height(), columns)?)
}

/// The table with some columns replaced, or added at the end.
fn each(frame: &DataFrame, columns: impl Iterator<Item = Result<Column>>) -> Result<DataFrame> {
    let mut out = frame.columns().to_vec();
    let known = Schema::of(frame);
    let positions = known.positions();
    for column in columns {
        let column = column?;
        match positions.get(column.name().as_str()) {
            Some(&at) => out[at] = column,
            None => out.push(column),
        }
    }
    Ok(DataFrame::new(frame.height(), out)?)
}

fn impute(frame: &DataFrame, columns: &[ImputeColumn]) -> Result<DataFrame> {
    let mut out = frame.clone();
    for entry in columns {
        let column = get(frame, &entry.column)?;
        let kind = filled_kind(&entry.column, Kind::of(column.dtype()), &entry.value)?;
        let series = column.as_materialized_series();
        let filled = match &entry.value {
            value if kind == Kind::Real => {
                let value = value.as_f64().unwrap_or_default();
                let fill = |held: Option<f64>| Some(held.filter(|x| !x.is_nan()).unwrap_or(value));
                let reals = reals(frame, &entry.column)?;
                Float64Chunked::from_iter_options(series.name().clone(), reals.iter().map(fill)).into_series()
            }
            Scalar::Text(text) => {
                let fill = |held: Option<&str>| Some(held.unwrap_or(text).to_owned());
                let held = texts(frame, &entry.column)?;
                let filled = held.iter().map(fill).collect::<Vec<_>>();
                Series::new(series.name().clone(), filled).cast(series.dtype())?
            }
            value if kind == Kind::Decimal => fill_decimals(series, value)?,
            value => fill_plain(series, value)?,
        };
        out.with_column(filled.into_column())?;
        if let Some(name) = &entry.indicator {
            let mut missing = series.is_null();
            if series.dtype().is_float() {
                missing = missing | series.is_nan()?.fill_null_with(false);
            }
            out.with_column(missing.into_series().with_name(name.as_str().into()).into_column())?;
        }
    }
    Ok(out)
}

/// Missing decimals filled, at the scale that holds both exactly.
fn fill_decimals(series: &Series, value: &Scalar) -> Result<Series> {
    let held = normalize::to_decimal(series)?;
    let value = match value {
        Scalar::Integer(value) => Decimal::from(*value),
        Scalar::Decimal(value) => *value,
        other => return Err(Error::invalid(format!("A decimal column cannot be filled with “{other}”."))),
    };

    let scale = normalize::scale_of(held.dtype()).max(value.scale());
    let units = normalize::units_at(&held, scale)?;
    let fill = value.units_at(scale);
    let filled = units.iter().map(|held| held.or(fill));
    normalize::decimals(series.name().clone(), filled.collect(), scale)
}

/// Missing values filled with a value of the column's own kind. A time without
/// zone is the hour of the column's zone.
fn fill_plain(series: &Series, value: &Scalar) -> Result<Series> {
    let name = series.name().clone();
    let single = match (value, series.dtype()) {
        (Scalar::DateTime(_), DataType::Datetime(_, Some(zone))) => {
            let local = Series::from_any_values(name, &[value.to_any()], true)?;
            normalize::local_to_zone(&local, zone)?
        }
        _ => Series::from_any_values(name, &[value.to_any()], true)?,
    };
    let mask = series.is_not_null();
    Ok(series.zip_with(&mask, &single.cast(series.dtype())?)?)
}

/// Nulls of a mask become a value.
trait FillNull {
    fn fill_null_with(&self, value: bool) -> Self;
}

impl FillNull for polars::prelude::BooleanChunked {
    fn fill_null_with(&self, value: bool) -> Self {
        self.iter().map(|held| Some(held.unwrap_or(value))).collect()
    }
}

fn clip(frame: &DataFrame, entry: &ClipColumn) -> Result<Column> {
    let column = get(frame, &entry.column)?;
    let name = column.name().clone();
    if Kind::of(column.dtype()) == Kind::Integer {
        // Whole numbers beyond 2^53 would lose digits as reals.
        let lower = entry.lower.map_or(i64::MIN, |bound| bound.ceil() as i64);
        let upper = entry.upper.map_or(i64::MAX, |bound| bound.floor() as i64);
        let values = column.cast(&DataType::Int64)?;
        let limited = values.i64()?.iter().map(|value| {
            let value = value?;
            match entry.outside {
                Outside::Limit => Some(value.max(lower).min(upper)),
                Outside::Missing => (lower..=upper).contains(&value).then_some(value),
            }
        });
        return Ok(Int64Chunked::from_iter_options(name, limited).into_column());
    }
    if Kind::of(column.dtype()) == Kind::Decimal {
        return clip_decimals(column.as_materialized_series(), entry);
    }
    let lower = entry.lower.unwrap_or(f64::NEG_INFINITY);
    let upper = entry.upper.unwrap_or(f64::INFINITY);
    let limited = reals(frame, &entry.column)?;
    let limited = limited.iter().map(|value| {
        let value = value?;
        match entry.outside {
            // NaN stays NaN, which f64::max would not do.
            Outside::Limit if value < lower => Some(lower),
            Outside::Limit if value > upper => Some(upper),
            Outside::Missing if value < lower || value > upper => None,
            _ => Some(value),
        }
    });
    Ok(Float64Chunked::from_iter_options(name, limited).into_column())
}

/// Decimals within limits; a limit with more digits counts as the nearest one
/// inside it.
fn clip_decimals(series: &Series, entry: &ClipColumn) -> Result<Column> {
    let scale = normalize::scale_of(series.dtype());
    let limit = |bound: Option<f64>| bound.and_then(Decimal::from_f64);
    let lower = limit(entry.lower).and_then(|bound| bound.ceil_at(scale)).unwrap_or(i128::MIN);
    let upper = limit(entry.upper).and_then(|bound| bound.floor_at(scale)).unwrap_or(i128::MAX);

    let units = normalize::units_at(series, scale)?;
    let limited = units.iter().map(|value| {
        let value = value?;
        match entry.outside {
            Outside::Limit => Some(value.max(lower).min(upper)),
            Outside::Missing => (lower..=upper).contains(&value).then_some(value),
        }
    });
    Ok(normalize::decimals(series.name().clone(), limited.collect(), scale)?.into_column())
}

fn scale(frame: &DataFrame, entry: &ScaleColumn) -> Result<Column> {
    let column = reals(frame, &entry.column)?;
    Ok(column.apply_values(|value| (value - entry.center) / entry.scale).into_column())
}

fn one_hot(frame: &DataFrame, columns: &[OneHotColumn]) -> Result<DataFrame> {
    let mut out = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        match columns.iter().find(|entry| entry.column == column.name().as_str()) {
            None => out.push(column.clone()),
            Some(entry) => out.extend(indicators(&texts(frame, &entry.column)?, entry)),
        }
    }
    Ok(DataFrame::new(frame.height(), out)?)
}

/// One 0/1 column a category.
fn indicators(values: &StringChunked, entry: &OneHotColumn) -> Vec<Column> {
    let index: std::collections::HashMap<&str, usize> =
        entry.categories.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut marks = vec![vec![0_i64; values.len()]; entry.categories.len()];
    for (row, value) in values.iter().enumerate() {
        if let Some(&category) = value.and_then(|text| index.get(text)) {
            marks[category][row] = 1;
        }
    }
    let marks = marks.into_iter().skip(usize::from(entry.drop_first));
    let named = entry.names().zip(marks);
    named.map(|(name, mark)| Int64Chunked::from_vec(name.as_str().into(), mark).into_column()).collect()
}

fn bin(frame: &DataFrame, entry: &BinColumn) -> Result<Column> {
    let values = reals(frame, &entry.column)?;
    let name = entry.output.as_ref().unwrap_or(&entry.column).as_str().into();
    let inner = &entry.edges[1..entry.edges.len() - 1];
    let place = |value: f64| (!value.is_nan()).then(|| inner.partition_point(|&edge| edge <= value));
    let places = values.iter().map(|value| value.and_then(place));
    Ok(match &entry.labels {
        None => Int64Chunked::from_iter_options(name, places.map(|at| at.map(|at| at as i64))).into_column(),
        Some(labels) => {
            let named: Vec<Option<&str>> = places.map(|at| at.map(|at| labels[at].as_str())).collect();
            Series::new(name, named).into_column()
        }
    })
}
