//! Computing a part of an expression only for the rows that need it, so that a guarded division
//! does not fail for rows that its guard excludes.

use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Expr, IdxCa, IdxSize, IntoColumn, IntoLazy, NewChunkedArray,
};

use super::columns_of;
use super::operand::Operand;
use crate::checked::{height, kernel};

/// The operand where the condition is true, and missing elsewhere. One that cannot fail, or that
/// does not look at its row, is left as it is.
pub(super) fn computed_where(condition: Expr, operand: &Operand) -> Expr {
    let names = columns_of(&operand.expr);
    if !operand.fallible || operand.aggregates || names.is_empty() {
        return operand.expr.clone();
    }

    let (expr, dtype) = (operand.expr.clone().alias("value"), operand.dtype.clone());
    let mut inputs = vec![condition];
    inputs.extend(names.iter().map(|name| Expr::Column(name.as_str().into())));
    let run = move |columns: &[Column]| {
        let rows = height(columns);
        let mask = columns[0].cast(&DataType::Boolean)?;
        let mask = spread(mask.bool()?, rows);
        let table = columns[1..].iter().zip(&names);
        let table = table.map(|(column, name)| spread_column(column, name, rows)).collect();
        let chosen = DataFrame::new(rows, table)?.filter(&mask)?;
        let computed = chosen.lazy().select([expr.clone()]).collect()?;
        let value = computed.column("value")?.as_materialized_series().take(&places(&mask))?;
        Ok(value.into_column().with_name(columns[0].name().clone()))
    };
    kernel(inputs, move |_| Ok(dtype.clone()), run)
}

/// A mask without missing values, of as many rows as there are.
fn spread(mask: &BooleanChunked, rows: usize) -> BooleanChunked {
    let at = |row: usize| mask.get(if mask.len() == 1 { 0 } else { row }).unwrap_or(false);
    BooleanChunked::from_iter_values("mask".into(), (0..rows).map(at))
}

fn spread_column(column: &Column, name: &str, rows: usize) -> Column {
    let column = column.clone().with_name(name.into());
    if column.len() == rows { column } else { column.new_from_index(0, rows) }
}

/// Where each row's value stands among those of the chosen rows.
fn places(mask: &BooleanChunked) -> IdxCa {
    let mut next: IdxSize = 0;
    let places = mask.iter().map(|chosen| {
        let place = chosen.unwrap_or(false).then_some(next);
        next += IdxSize::from(place.is_some());
        place
    });
    IdxCa::from_iter_options("place".into(), places)
}
