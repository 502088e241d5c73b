//! Applying fitted steps to tables of any size, and predicting what they make.

use std::sync::Arc;

use data::checked::refusal;
use data::polars::error::PolarsError;
use data::polars::lazy::frame::OptFlags;
use data::polars::prelude::{DataFrame, LazyFrame, Schema as PolarsSchema, SchemaRef};
use data::prepare::{Fitted, Preparation, Step};
use data::schema::{Kind, Schema};
use learn::model::ScoredColumns;

use crate::component::{Params, StepError};
use crate::components::tables::{chosen_or, cols, is_feature, require, roles_in, still_scored};
use crate::shape::{Problem, Shape, TableShape};
use crate::value::{Outputs, Table, TableContent, Value};

/// The table after one more step of preparation, which travels with whatever is trained on it. Rows are streamed.
///
/// # Errors
/// A missing column, or one of the wrong kind, by name.
pub fn prepared(table: &Table, steps: &Preparation) -> Result<Table, StepError> {
    let schema = steps.output_schema(&table.schema()?)?;
    let raw = table.raw_schema()?;
    let mut query = table.lazy()?;
    let mut preparation = table.preparation.clone();
    let mut scored = table.scored.clone();
    for step in &steps.0 {
        query = apply(query, step)?;
        preparation.push(step.clone());
        scored = scored.and_then(|scored| scored_after(step.step(), scored));
    }
    let scored = scored.filter(|scored| still_scored(scored, &schema));
    let (content, roles) = (TableContent::from(query), roles_in(&schema));
    Ok(Table { content, roles, preparation, raw, scored, notes: None })
}

/// What the predictions are after a step: it may rename them, or make other numbers of them.
fn scored_after(step: &Step, scored: Arc<ScoredColumns>) -> Option<Arc<ScoredColumns>> {
    let changed: Vec<&str> = match step {
        Step::Rename { columns } => return Some(Arc::new(scored.renamed(columns))),
        Step::Scale { columns } => columns.iter().map(|entry| entry.column.as_str()).collect(),
        Step::Clip { columns } => columns.iter().map(|entry| entry.column.as_str()).collect(),
        Step::Compute { columns } => columns.iter().map(|entry| entry.name.as_str()).collect(),
        Step::Bin { columns } => columns.iter().filter(|it| it.output.is_none()).map(|it| it.column.as_str()).collect(),
        _ => Vec::new(),
    };
    let is_changed = scored.names().any(|name| changed.contains(&name));
    (!is_changed).then_some(scored)
}

/// The one output `table` after a step that needs no fitting.
pub fn prepared_by(table: &Table, step: Step) -> Result<Outputs, StepError> {
    let steps = Preparation(vec![Fitted::new(step)?]);
    Ok(vec![("table", prepared(table, &steps)?.into())])
}

/// The outputs `table` and `transform` of a step that learnt something from the table.
pub fn fitted(table: &Table, steps: Vec<Fitted>) -> Result<Outputs, StepError> {
    let steps = Preparation(steps);
    let prepared = prepared(table, &steps)?;
    Ok(vec![("table", prepared.into()), ("transform", Value::Transform(Arc::new(steps)))])
}

fn apply(query: LazyFrame, step: &Fitted) -> Result<LazyFrame, StepError> {
    match step.step() {
        // What the engine can do itself it can also push down into the file.
        Step::Select { columns } => return Ok(query.select(cols(columns))),
        Step::SetRole { .. } => return Ok(query),
        _ => {}
    }
    let input = query.clone().collect_schema()?;
    let output = after_step(step, &input)?;
    let schema = move |_: &PolarsSchema| -> Result<SchemaRef, PolarsError> { Ok(output.clone()) };
    let step = step.clone();
    let map = move |frame: DataFrame| step.apply(&frame).map_err(engine_error);
    // Every step works row by row, so batches may pass through on their own; but it wants all its columns.
    Ok(query.map(map, OptFlags::STREAMING, Some(Arc::new(schema)), Some("prepare")))
}

fn after_step(step: &Fitted, input: &PolarsSchema) -> Result<SchemaRef, StepError> {
    let empty = step.apply(&DataFrame::empty_with_schema(input))?;
    Ok(empty.schema().clone())
}

fn engine_error(error: data::Error) -> PolarsError {
    refusal(error.to_string())
}

/// The columns that a step is fitted on, in memory.
///
/// # Errors
/// A missing column by name; no column at all, with `none` as the sentence.
pub fn rows_to_fit(table: &Table, columns: &[String], none: &str) -> Result<DataFrame, StepError> {
    if columns.is_empty() {
        return Err(StepError::failed(none));
    }
    require(&table.schema()?, columns)?;
    Ok(table.lazy()?.select(cols(columns)).collect()?)
}

/// The columns that a preparation works on: the parameter's, or all features of the right kind.
///
/// Labels, weights and ids are left alone unless they are named: a model is not to see its target scaled by accident.
pub fn features(params: &Params, schema: &Schema, fits: impl Fn(Kind) -> bool) -> Vec<String> {
    chosen_or(params, "columns", schema, |column| is_feature(column) && fits(column.kind))
}

/// The shape after a step, or nothing when columns are not known yet. What is wrong is reported.
///
/// A missing column is not reported: the caller of `infer` looked for it.
pub fn shape_after(step: Step, shape: &TableShape, param: &str, problems: &mut Vec<Problem>) -> Option<TableShape> {
    let schema = Fitted::new(step).and_then(|step| step.output_schema(&shape.schema));
    match schema {
        Ok(schema) => Some(TableShape { schema, ..shape.clone() }),
        Err(data::Error::MissingColumn { .. } | data::Error::WrongKind { .. }) => None,
        Err(error) => {
            problems.push(Problem::error(error.to_string()).at_param(param));
            None
        }
    }
}

/// The shapes of `table`, where known, and of `transform`.
pub fn fitted_shapes(table: Option<TableShape>, columns: Vec<String>) -> Vec<(&'static str, Shape)> {
    let table = table.map(|shape| ("table", Shape::Table(shape)));
    table.into_iter().chain([("transform", Shape::Transform { columns })]).collect()
}

/// Reports that an empty choice of columns finds none to work on.
pub fn report_none(columns: &[String], shape: &TableShape, none: &str, problems: &mut Vec<Problem>) {
    if columns.is_empty() && !shape.open {
        problems.push(Problem::error(none).at_param("columns"));
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::polars::prelude::{Engine, lit};
    use data::prepare::{ImputeColumn, Scaling, bin, impute, one_hot, scale};
    use data::scalar::Scalar;

    use super::*;
    use crate::components::tables::col;

    /// Enough rows for several batches, with every kind of gap.
    fn rows() -> DataFrame {
        let x = (0..200_000).map(|row| (row % 7 != 0).then(|| f64::from(row % 1000))).collect::<Vec<_>>();
        let k = (0..200_000).map(|row| (row % 11 != 0).then_some(row)).collect::<Vec<_>>();
        let t = (0..200_000).map(|row| ["a", "b", "c"].get(row % 4).copied()).collect::<Vec<_>>();
        df!("x" => x, "k" => k, "t" => t, "unused" => (0..200_000).collect::<Vec<i64>>()).unwrap()
    }

    fn steps(rows: &DataFrame) -> Preparation {
        let names = |name: &str| [name.to_owned()];
        let filled = impute::fit(rows, &names("x"), &impute::Strategy::Median, true).unwrap();
        let whole = ImputeColumn { column: "k".to_owned(), value: Scalar::Integer(0), indicator: None };
        let whole = Fitted::new(Step::Impute { columns: vec![whole] }).unwrap();
        let scaled = scale::fit(rows, &names("x"), Scaling::ZScore).unwrap();
        let binned = bin::fit(rows, &names("k"), &bin::Binning::Quantile(4), None, Some("_bin")).unwrap();
        let encoded = one_hot::fit(rows, &names("t"), false, 10).unwrap();
        let columns = ["k_bin", "t_c", "x", "x_missing"].map(str::to_owned).to_vec();
        let selected = Fitted::new(Step::Select { columns }).unwrap();
        Preparation(vec![filled, whole, scaled, binned, encoded, selected])
    }

    #[test]
    fn streamed_in_batches_it_is_what_it_is_at_once() {
        let rows = rows();
        let steps = steps(&rows);
        let table = prepared(&Table::raw(TableContent::from(rows.clone())), &steps).unwrap();
        let streamed = table.lazy().unwrap().collect_with_engine(Engine::Streaming).unwrap().unwrap_single();
        let at_once = steps.apply(&rows).unwrap();
        assert_eq!(table.schema().unwrap(), Schema::of(&at_once));
        assert!(streamed.equals_missing(&at_once));
        assert_eq!(table.preparation, steps);
    }

    #[test]
    fn what_follows_may_use_any_of_the_columns() {
        let rows = rows();
        let table = prepared(&Table::raw(TableContent::from(rows.clone())), &steps(&rows)).unwrap();
        let query = table.lazy().unwrap().filter(col("t_c").eq(lit(1u8)));
        let counted = query.select([col("x_missing").sum()]).collect().unwrap();
        let expected = (0..200_000).filter(|row| row % 4 == 2 && row % 7 == 0).count();
        let found = counted.column("x_missing").unwrap().get(0).unwrap().extract::<usize>();
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn a_missing_column_is_named_at_once() {
        let other = df!("X" => [1.0], "k" => [1], "t" => ["a"]).unwrap();
        let error = prepared(&Table::raw(TableContent::from(other)), &steps(&rows())).err().unwrap();
        assert_eq!(error.to_string(), "There is no column “x”. Did you mean “X”?");
    }
}
