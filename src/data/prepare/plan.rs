//! What a step needs and what it makes, known without data.

use std::collections::{HashMap, HashSet};

use super::columns::{filled_kind, require_numeric, wrong_kind};
use super::step::{BinColumn, ClipColumn, OneHotColumn, ScaleColumn, Step};
use crate::error::{Error, Result};
use crate::expression;
use crate::scalar::Scalar;
use crate::schema::{Column, Kind, Schema};

/// Refuses a step whose numbers are not finite or whose lists do not fit
/// together; such a step could not be stored or applied.
pub(super) fn check(step: &Step) -> Result<()> {
    match step {
        Step::Impute { columns } => columns.iter().try_for_each(|entry| match entry.value {
            Scalar::Real(value) if !value.is_finite() => Err(not_finite(&entry.column)),
            _ => Ok(()),
        }),
        Step::Clip { columns } => columns.iter().try_for_each(check_clip),
        Step::Scale { columns } => columns.iter().try_for_each(check_scale),
        Step::OneHot { columns } => columns.iter().try_for_each(check_one_hot),
        Step::Bin { columns } => columns.iter().try_for_each(check_bin),
        _ => Ok(()),
    }
}

fn not_finite(column: &str) -> Error {
    Error::invalid(format!("A number for column “{column}” is not finite. Enter a finite number."))
}

fn check_clip(entry: &ClipColumn) -> Result<()> {
    let bounds = [entry.lower, entry.upper];
    if bounds.iter().flatten().any(|bound| !bound.is_finite()) {
        return Err(not_finite(&entry.column));
    }
    match bounds {
        [Some(lower), Some(upper)] if lower > upper => Err(Error::invalid(format!(
            "The lower limit {lower} of column “{}” is above its upper limit {upper}.",
            entry.column
        ))),
        _ => Ok(()),
    }
}

fn check_scale(entry: &ScaleColumn) -> Result<()> {
    if entry.center.is_finite() && entry.scale.is_finite() && entry.scale != 0.0 {
        return Ok(());
    }
    Err(not_finite(&entry.column))
}

fn check_one_hot(entry: &OneHotColumn) -> Result<()> {
    let mut seen = HashSet::new();
    match entry.categories.iter().find(|category| !seen.insert(category.as_str())) {
        Some(twice) => {
            Err(Error::invalid(format!("The categories of column “{}” list “{twice}” twice.", entry.column)))
        }
        None => Ok(()),
    }
}

fn check_bin(entry: &BinColumn) -> Result<()> {
    let name = &entry.column;
    if entry.edges.iter().any(|edge| !edge.is_finite()) {
        return Err(not_finite(name));
    }
    if entry.edges.len() < 2 || entry.edges.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Error::invalid(format!(
            "The bin edges of column “{name}” must be at least two numbers in ascending order."
        )));
    }
    let bins = entry.edges.len() - 1;
    match &entry.labels {
        Some(labels) if labels.len() != bins => Err(Error::invalid(format!(
            "Column “{name}” has {bins} bins but {} labels. Give one label for each bin.",
            labels.len()
        ))),
        _ => Ok(()),
    }
}

/// The columns before a step, found by name at once however many they are.
struct Known<'a> {
    schema: &'a Schema,
    positions: HashMap<&'a str, usize>,
}

impl<'a> Known<'a> {
    fn at(&self, name: &str) -> Result<usize> {
        self.positions.get(name).copied().ok_or_else(|| self.schema.missing(name))
    }

    fn require(&self, name: &str) -> Result<&'a Column> {
        Ok(&self.schema.columns[self.at(name)?])
    }
}

/// The columns after a step. New columns go to the end of `out`, so that positions
/// before the step hold for it too.
pub(super) fn output(step: &Step, schema: &Schema) -> Result<Schema> {
    let mut out = schema.clone();
    let schema = Known { schema, positions: schema.positions() };
    match step {
        Step::Select { columns } => {
            let kept = columns.iter().map(|name| schema.require(name).cloned());
            out = Schema { columns: kept.collect::<Result<_>>()? };
        }
        Step::Drop { columns } => {
            columns.iter().try_for_each(|name| schema.require(name).map(drop))?;
            out.columns.retain(|column| !columns.contains(&column.name));
        }
        Step::Rename { columns } => {
            columns.keys().try_for_each(|name| schema.require(name).map(drop))?;
            for column in &mut out.columns {
                if let Some(name) = columns.get(&column.name) {
                    column.name.clone_from(name);
                }
            }
        }
        Step::Cast { columns } => {
            for (name, &kind) in columns {
                check_cast(schema.require(name)?, kind)?;
                let at = schema.at(name)?;
                out.columns[at] = out.columns[at].clone().with_kind(kind);
            }
        }
        Step::SetRole { columns } => {
            for (name, role) in columns {
                out.columns[schema.at(name)?].role = *role;
            }
        }
        Step::Impute { columns } => {
            for entry in columns {
                let column = schema.require(&entry.column)?;
                let kind = filled_kind(&entry.column, column.kind, &entry.value)?;
                let at = schema.at(&entry.column)?;
                out.columns[at] = out.columns[at].clone().with_kind(kind);
                let indicator = entry.indicator.iter();
                out.columns.extend(indicator.map(|name| Column::new(name, Kind::Boolean)));
            }
        }
        Step::Clip { columns } => {
            for entry in columns {
                let column = schema.require(&entry.column)?;
                if !column.kind.is_numeric() {
                    return Err(wrong_kind(&column.name, column.kind, "a number"));
                }
            }
        }
        Step::Scale { columns } => {
            for entry in columns {
                require_numeric(&entry.column, schema.require(&entry.column)?.kind)?;
                let at = schema.at(&entry.column)?;
                out.columns[at] = out.columns[at].clone().with_kind(Kind::Real);
            }
        }
        Step::OneHot { columns } => one_hot(columns, &schema, &mut out)?,
        Step::Bin { columns } => bin(columns, &schema, &mut out)?,
        Step::Compute { columns } => {
            for entry in columns {
                let computed = expression::row_wise(&entry.expression, &out)?.column(&entry.name);
                match out.position(&entry.name) {
                    Some(at) => out.columns[at] = Column { role: out.columns[at].role, ..computed },
                    None => out.columns.push(computed),
                }
            }
        }
    }
    unique(&out)?;
    Ok(out)
}

fn one_hot(columns: &[OneHotColumn], schema: &Known, out: &mut Schema) -> Result<()> {
    for entry in columns {
        let column = schema.require(&entry.column)?;
        if column.kind == Kind::Other {
            return Err(wrong_kind(&column.name, column.kind, "a text, a category or a number"));
        }
        let role = column.role;
        let made = entry.names().map(|name| Column { role, ..Column::new(name, Kind::Integer) });
        if let Some(at) = out.position(&entry.column) {
            out.columns.splice(at..=at, made);
        }
    }
    Ok(())
}

fn bin(columns: &[BinColumn], schema: &Known, out: &mut Schema) -> Result<()> {
    for entry in columns {
        require_numeric(&entry.column, schema.require(&entry.column)?.kind)?;
        let kind = if entry.labels.is_some() { Kind::Text } else { Kind::Integer };
        match &entry.output {
            Some(name) => out.columns.push(Column::new(name, kind)),
            None => {
                let at = schema.at(&entry.column)?;
                out.columns[at] = out.columns[at].clone().with_kind(kind);
            }
        }
    }
    Ok(())
}

fn check_cast(column: &Column, kind: Kind) -> Result<()> {
    let impossible = match (column.kind, kind) {
        (from, to) if from == to => false,
        (Kind::Decimal, to) if to.is_temporal() => true,
        (Kind::Other, _) | (_, Kind::Other) | (Kind::Text | Kind::Category, Kind::Duration) => true,
        (Kind::Category, to) => to != Kind::Text,
        (from, Kind::Boolean | Kind::Decimal) => from.is_temporal(),
        (from, Kind::Category) => from != Kind::Text,
        (Kind::Date | Kind::DateTime, Kind::Time) => column.kind == Kind::Date,
        _ => false,
    };
    if impossible {
        return Err(Error::invalid(format!(
            "Column “{}” is {} and cannot become {}.",
            column.name,
            column.kind.phrase(),
            kind.phrase()
        )));
    }
    Ok(())
}

fn unique(schema: &Schema) -> Result<()> {
    let mut seen = HashSet::new();
    match schema.names().find(|name| !seen.insert(*name)) {
        Some(twice) => Err(Error::invalid(format!(
            "This would make two columns named “{twice}”. Rename or drop one of them first."
        ))),
        None => Ok(()),
    }
}
