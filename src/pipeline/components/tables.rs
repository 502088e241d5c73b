//! What the table components share: naming columns, shapes found by planning a query over empty tables, captions.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use data::expression::ExpressionError;
use data::polars::prelude::{
    Column as PolarsColumn, DataFrame, Expr, HConcatOptions, IdxSize, IntoLazy, LazyFrame, PolarsResult,
    concat_lf_horizontal, len,
};
use data::schema::{Column, Role, Schema};
use learn::model::ScoredColumns;

use crate::component::{Params, StepError};
use crate::shape::{Problem, Shape, Shapes, TableShape, table};
use crate::value::{Table, TableContent};

/// The column of exactly this name; polars' `col` would read `*` and `^…$` as patterns.
pub fn col(name: &str) -> Expr {
    Expr::Column(name.into())
}

pub fn cols(names: &[String]) -> Vec<Expr> {
    names.iter().map(|name| col(name)).collect()
}

/// Whether a model would learn from the column: nobody said it is for anything else.
pub fn is_feature(column: &Column) -> bool {
    matches!(column.role, None | Some(Role::Feature))
}

/// The columns of the parameter, or when it names none all that `default` accepts.
pub fn chosen_or(params: &Params, name: &str, schema: &Schema, default: impl Fn(&Column) -> bool) -> Vec<String> {
    let chosen = params.texts(name);
    if !chosen.is_empty() {
        return chosen;
    }
    schema.columns.iter().filter(|column| default(column)).map(|column| column.name.clone()).collect()
}

/// Refuses names that are not columns. Checking found them already unless the columns were not known before the run.
pub fn require<N: AsRef<str>>(schema: &Schema, names: impl IntoIterator<Item = N>) -> Result<(), StepError> {
    let known: HashSet<&str> = schema.names().collect();
    let mut names = names.into_iter();
    match names.find(|name| !known.contains(name.as_ref())) {
        Some(name) => Err(schema.missing(name.as_ref()).into()),
        None => Ok(()),
    }
}

/// A query over no rows of this shape: what it plans to is what the real rows will look like.
pub fn empty_query(shape: &TableShape) -> LazyFrame {
    shape.schema.empty_frame().lazy()
}

/// The columns a query makes, without running it.
pub fn planned_schema(query: &LazyFrame) -> PolarsResult<Schema> {
    Ok(Schema::from_polars(&*query.clone().collect_schema()?))
}

/// The roles in a schema, as a table keeps them.
pub fn roles_in(schema: &Schema) -> BTreeMap<String, Role> {
    let role = |column: &Column| column.role.map(|role| (column.name.clone(), role));
    schema.columns.iter().filter_map(role).collect()
}

/// Whether all predictions are among the columns.
pub fn still_scored(scored: &ScoredColumns, schema: &Schema) -> bool {
    scored.names().all(|name| schema.contains(name))
}

/// The predictions that new rows have from the tables they were made of. A column that two of the tables have may be
/// either one's, so it is nobody's prediction.
pub fn scored_of(from: &[&Table], schema: &Schema) -> Result<Option<Arc<ScoredColumns>>, StepError> {
    for (at, table) in from.iter().enumerate() {
        let Some(scored) = table.scored.as_ref().filter(|scored| still_scored(scored, schema)) else { continue };
        let mut unique = true;
        for (other, its) in from.iter().enumerate() {
            let its = if other == at { Schema::default() } else { its.schema()? };
            unique &= !scored.names().any(|name| its.contains(name));
        }
        if unique {
            return Ok(Some(Arc::clone(scored)));
        }
    }
    Ok(None)
}

/// New rows, which count as raw, with the roles and predictions that `from` give to columns of the same name; the first
/// one wins.
pub fn new_rows(query: LazyFrame, from: &[&Table]) -> Result<Table, StepError> {
    let schema = planned_schema(&query)?;
    let scored = scored_of(from, &schema)?;
    let mut roles = BTreeMap::new();
    for table in from {
        for (name, role) in &table.roles {
            if schema.contains(name) {
                roles.entry(name.clone()).or_insert(*role);
            }
        }
    }
    Ok(Table { roles, scored, ..Table::raw(TableContent::from(query)) })
}

/// Gives a planned schema the roles of its inputs; the first one wins.
pub fn adopt_roles(mut schema: Schema, from: &[&Schema]) -> Schema {
    let mut roles = HashMap::new();
    for column in from.iter().flat_map(|input| &input.columns) {
        if let Some(role) = column.role {
            roles.entry(column.name.as_str()).or_insert(role);
        }
    }
    for column in &mut schema.columns {
        column.role = roles.get(column.name.as_str()).copied();
    }
    schema
}

/// The shape of the table on `port`; of an unknown one, no column and every column.
pub fn shape_or_open(inputs: &Shapes, port: &str) -> TableShape {
    table(inputs, port).cloned().unwrap_or_else(any_table)
}

/// A table of which nothing is known.
pub fn any_table() -> TableShape {
    TableShape { open: true, ..TableShape::default() }
}

/// The one output `table`.
pub fn one_table(shape: TableShape) -> Vec<(&'static str, Shape)> {
    vec![("table", Shape::Table(shape))]
}

/// How many rows a table has; a file knows without being read.
pub fn height(table: &Table) -> Result<u64, StepError> {
    let counted = table.lazy()?.select([len()]).collect()?;
    let count = counted.columns().first().and_then(|column| column.get(0).ok()?.extract::<u64>());
    Ok(count.unwrap_or_default())
}

/// The rows that a mask keeps, streamed: only the mask is held.
///
/// # Errors
/// When the table cannot be read.
pub fn masked(table: &Table, mask: Vec<bool>) -> Result<LazyFrame, StepError> {
    let schema = table.schema()?;
    let mut name = "kept".to_owned();
    while schema.contains(&name) {
        name.push('_');
    }
    let mask = DataFrame::new(mask.len(), vec![PolarsColumn::new(name.as_str().into(), mask)])?;
    let strict = HConcatOptions { strict: true, ..HConcatOptions::default() };
    let beside = concat_lf_horizontal([table.lazy()?, mask.lazy()], strict)?;
    Ok(beside.filter(col(&name)).select(schema.names().map(col).collect::<Vec<_>>()))
}

/// The rows of those numbers, as a mask.
pub fn mask_of(rows: &[IdxSize], height: usize) -> Vec<bool> {
    let mut mask = vec![false; height];
    for &row in rows {
        if let Some(kept) = mask.get_mut(row as usize) {
            *kept = true;
        }
    }
    mask
}

/// The column of a parameter, or when it names none the only one of a role.
///
/// # Errors
/// `none` when there is no such column, or several.
pub fn column_or_role(params: &Params, name: &str, schema: &Schema, role: Role, none: &str) -> Result<String, String> {
    if let Some(column) = params.maybe_text(name) {
        return Ok(column.to_owned());
    }
    let mut with_role = schema.with_role(role);
    match (with_role.next(), with_role.next()) {
        (Some(column), None) => Ok(column.name.clone()),
        _ => Err(none.to_owned()),
    }
}

/// "1 column", "4 columns".
pub fn count(number: usize, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

/// What a column choice amounts to, for a caption: up to two names, else how many.
pub fn name_some(names: &[String], none: &str) -> String {
    match names {
        [] => none.to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one}, {two}"),
        more => count(more.len(), "column"),
    }
}

/// A fraction as a percentage without needless digits: "70 %", "12.5 %".
pub fn percent(fraction: f64) -> String {
    let rounded = (fraction * 1e4).round() / 1e2;
    format!("{rounded}\u{2009}%")
}

/// The beginning of a text on one line, for a caption.
pub fn shorten(text: &str, letters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= letters {
        return line;
    }
    let start: String = line.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

/// Reports a mistake in an expression over the columns of a table, unless it may name columns that are not known yet.
///
/// That there is no expression at all was reported with the parameter.
pub fn report_expression<T>(
    checked: Result<T, ExpressionError>,
    shape: &TableShape,
    params: &Params,
    param: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    match checked {
        Ok(checked) => Some(checked),
        Err(_) if shape.open || params.text(param).trim().is_empty() => None,
        Err(error) => {
            problems.push(Problem::error(error.sentence).at_param(param));
            None
        }
    }
}
