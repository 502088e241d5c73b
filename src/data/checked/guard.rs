//! Making a planned query exact: where polars would wrap, round or compare as reals, it computes
//! with the functions of this module.

use std::sync::Arc;

use polars::lazy::dsl::{AggExpr, Expr, FunctionExpr, Operator, SpecialEq};
use polars::lazy::prelude::{DslPlan, LazyFrame};
use polars::prelude::{DataType, PolarsResult, Schema};

use super::convert::{self, Lossy};
use super::{Arithmetic, Comparison, absolute, arithmetic, compare, cumulative_sum, largest, negate, refusal, sum};
use crate::schema::Kind;

/// The same query with exact arithmetic, comparisons, sums and conversions.
///
/// # Errors
/// When it joins columns that cannot be compared exactly.
pub fn guard(query: LazyFrame) -> PolarsResult<LazyFrame> {
    Ok(LazyFrame::from(plan(query.logical_plan)?))
}

fn input(plan_below: Arc<DslPlan>) -> PolarsResult<(Arc<DslPlan>, Arc<Schema>)> {
    let guarded = plan(Arc::unwrap_or_clone(plan_below))?;
    let schema = LazyFrame::from(guarded.clone()).collect_schema()?;
    Ok((Arc::new(guarded), schema))
}

fn inputs(plans: Vec<DslPlan>) -> PolarsResult<Vec<DslPlan>> {
    plans.into_iter().map(plan).collect()
}

/// Plans nest as deeply as a query's subqueries, which a person writes by hand.
fn plan(node: DslPlan) -> PolarsResult<DslPlan> {
    Ok(match node {
        DslPlan::Filter { input: below, predicate } => {
            let (input, schema) = input(below)?;
            DslPlan::Filter { input, predicate: exact(predicate, &schema)? }
        }
        DslPlan::Select { expr, input: below, options } => {
            let (input, schema) = input(below)?;
            DslPlan::Select { expr: all_exact(expr, &schema)?, input, options }
        }
        DslPlan::HStack { input: below, exprs, options } => {
            let (input, schema) = input(below)?;
            DslPlan::HStack { input, exprs: all_exact(exprs, &schema)?, options }
        }
        DslPlan::GroupBy { input: below, keys, predicates, aggs, maintain_order, options, apply } => {
            let (input, schema) = input(below)?;
            let (keys, aggs) = (all_exact(keys, &schema)?, all_exact(aggs, &schema)?);
            DslPlan::GroupBy { input, keys, predicates, aggs, maintain_order, options, apply }
        }
        DslPlan::Sort { input: below, by_column, slice, sort_options } => {
            let (input, schema) = input(below)?;
            DslPlan::Sort { input, by_column: all_exact(by_column, &schema)?, slice, sort_options }
        }
        DslPlan::Join { input_left, input_right, left_on, right_on, predicates, options } => {
            let ((input_left, left), (input_right, right)) = (input(input_left)?, input(input_right)?);
            for (left_key, right_key) in left_on.iter().zip(&right_on) {
                check_keys(left_key, &left, right_key, &right)?;
            }
            DslPlan::Join { input_left, input_right, left_on, right_on, predicates, options }
        }
        DslPlan::Cache { input: below, id } => DslPlan::Cache { input: input(below)?.0, id },
        DslPlan::Distinct { input: below, options } => DslPlan::Distinct { input: input(below)?.0, options },
        DslPlan::Slice { input: below, offset, len } => DslPlan::Slice { input: input(below)?.0, offset, len },
        DslPlan::MapFunction { input: below, function } => DslPlan::MapFunction { input: input(below)?.0, function },
        DslPlan::Union { inputs: plans, args } => DslPlan::Union { inputs: inputs(plans)?, args },
        DslPlan::HConcat { inputs: plans, options } => DslPlan::HConcat { inputs: inputs(plans)?, options },
        DslPlan::ExtContext { input: below, contexts } => {
            DslPlan::ExtContext { input: input(below)?.0, contexts: inputs(contexts)? }
        }
        // What the SQL front end has planned already is planned again.
        DslPlan::IR { dsl, .. } => plan(Arc::unwrap_or_clone(dsl))?,
        other => other,
    })
}

fn all_exact(exprs: Vec<Expr>, schema: &Schema) -> PolarsResult<Vec<Expr>> {
    exprs.into_iter().map(|expr| exact(expr, schema)).collect()
}

fn exact(expr: Expr, schema: &Schema) -> PolarsResult<Expr> {
    expr.try_map_expr(|part| {
        Ok(match part {
            Expr::BinaryExpr { left, op, right } => binary(left, op, right, schema),
            Expr::Agg(AggExpr::Sum(summed)) => match type_of(&summed, schema) {
                Some(dtype) if is_counted(&dtype) => sum(Arc::unwrap_or_clone(summed)),
                _ => Expr::Agg(AggExpr::Sum(summed)),
            },
            Expr::Agg(AggExpr::Max { input, propagate_nans }) => match type_of(&input, schema) {
                Some(dtype) if dtype.is_float() => largest(Arc::unwrap_or_clone(input)),
                _ => Expr::Agg(AggExpr::Max { input, propagate_nans }),
            },
            Expr::Function { input, function } => called(input, function, schema),
            Expr::Cast { expr, dtype, options } => {
                let target = dtype.as_literal().cloned();
                let lossy = if options.is_strict() { Lossy::Refuse } else { Lossy::Missing };
                match target.and_then(|target| cast(&expr, &target, lossy, schema)) {
                    Some(converted) => converted,
                    None => Expr::Cast { expr, dtype, options },
                }
            }
            Expr::SubPlan(below, columns) => {
                let guarded = plan(Arc::unwrap_or_clone(below.into_inner()))?;
                Expr::SubPlan(SpecialEq::new(Arc::new(guarded)), columns)
            }
            other => other,
        })
    })
}

/// The type of an expression, if it can be told.
fn type_of(expr: &Expr, schema: &Schema) -> Option<DataType> {
    let field = expr.to_field(schema).ok()?;
    field.dtype.materialize_unknown(true).ok()
}

/// Numbers that are counted in whole units, so that they overflow.
fn is_counted(dtype: &DataType) -> bool {
    dtype.is_integer() || dtype.is_decimal() || matches!(dtype, DataType::Boolean)
}

fn binary(left: Arc<Expr>, op: Operator, right: Arc<Expr>, schema: &Schema) -> Expr {
    let types = type_of(&left, schema).zip(type_of(&right, schema));
    let numbers = types.filter(|(left, right)| {
        let number = |dtype: &DataType| is_counted(dtype) || dtype.is_float();
        number(left) && number(right)
    });
    let Some((left_type, right_type)) = numbers else {
        return Expr::BinaryExpr { left, op, right };
    };

    let real = left_type.is_float() || right_type.is_float();
    let decimal = left_type.is_decimal() || right_type.is_decimal();
    let operation = match op {
        Operator::Plus if !real => Some(Arithmetic::Add),
        Operator::Minus if !real => Some(Arithmetic::Subtract),
        Operator::Multiply if !real => Some(Arithmetic::Multiply),
        Operator::TrueDivide if decimal => Some(Arithmetic::Divide),
        Operator::FloorDivide => Some(Arithmetic::DivideWhole),
        Operator::Modulus => Some(Arithmetic::Remainder),
        _ => None,
    };
    if let Some(operation) = operation {
        return arithmetic(operation, Arc::unwrap_or_clone(left), Arc::unwrap_or_clone(right));
    }

    let comparison = match op {
        Operator::Eq => Some(Comparison::Equal),
        Operator::NotEq => Some(Comparison::NotEqual),
        Operator::Lt => Some(Comparison::Less),
        Operator::LtEq => Some(Comparison::LessOrEqual),
        Operator::Gt => Some(Comparison::Greater),
        Operator::GtEq => Some(Comparison::GreaterOrEqual),
        _ => None,
    };
    let differ = left_type.is_float() != right_type.is_float() || (decimal && left_type != right_type);
    match comparison {
        Some(comparison) if differ => compare(comparison, Arc::unwrap_or_clone(left), Arc::unwrap_or_clone(right)),
        _ => Expr::BinaryExpr { left, op, right },
    }
}

fn called(mut input: Vec<Expr>, function: FunctionExpr, schema: &Schema) -> Expr {
    let counted = input.first().and_then(|first| type_of(first, schema)).is_some_and(|dtype| is_counted(&dtype));
    if !counted || input.len() != 1 {
        return Expr::Function { input, function };
    }
    match (function, input.pop()) {
        (FunctionExpr::Abs, Some(argument)) => absolute(argument),
        (FunctionExpr::Negate, Some(argument)) => negate(argument),
        (FunctionExpr::CumSum { reverse }, Some(argument)) => cumulative_sum(argument, reverse),
        (function, argument) => Expr::Function { input: argument.into_iter().collect(), function },
    }
}

/// A conversion by our rules, where polars has others.
fn cast(expr: &Arc<Expr>, target: &DataType, lossy: Lossy, schema: &Schema) -> Option<Expr> {
    let from = type_of(expr, schema)?;
    let (source, expr) = (Kind::of(&from), || (**expr).clone());
    let textual = source.is_textual();
    Some(match target {
        target if target.is_integer() && (from.is_float() || from.is_decimal() || textual) => {
            let whole = convert::to_whole(expr(), lossy);
            if *target == DataType::Int64 { whole } else { whole.strict_cast(target.clone()) }
        }
        DataType::Float64 if textual || from.is_decimal() => convert::to_real(expr(), lossy),
        DataType::Decimal(precision, scale) if is_counted(&from) || from.is_float() || textual => {
            convert::to_decimal(expr(), *precision, *scale, lossy)
        }
        DataType::String if source.is_temporal() => convert::to_text(expr()),
        DataType::Boolean if textual => convert::to_boolean(expr(), lossy),
        DataType::Date if textual => convert::to_date(expr(), lossy),
        DataType::Time if textual => convert::to_time(expr(), lossy),
        DataType::Datetime(_, None) if textual => convert::to_datetime(expr(), lossy).cast(target.clone()),
        _ => return None,
    })
}

/// Refuses keys that polars would compare as reals, or with other digits than they have.
fn check_keys(left: &Expr, left_schema: &Schema, right: &Expr, right_schema: &Schema) -> PolarsResult<()> {
    let Some((left_type, right_type)) = type_of(left, left_schema).zip(type_of(right, right_schema)) else {
        return Ok(());
    };
    let inexact = |dtype: &DataType| dtype.is_float();
    let scaled = |dtype: &DataType| dtype.is_decimal();
    let differ = inexact(&left_type) != inexact(&right_type)
        || scaled(&left_type) != scaled(&right_type)
        || (scaled(&left_type) && left_type != right_type);
    if !differ {
        return Ok(());
    }
    let name = |expr: &Expr| expr.clone().meta().root_names().first().map(ToString::to_string).unwrap_or_default();
    Err(refusal(format!(
        "The query joins “{}”, which is {}, with “{}”, which is {}: their keys cannot be compared exactly. Convert \
         one of them first, such as CAST(… AS BIGINT) in a subquery.",
        name(left),
        Kind::of(&left_type).phrase(),
        name(right),
        Kind::of(&right_type).phrase()
    )))
}
