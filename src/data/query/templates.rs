//! Parts of a query that are computed row by row, as functions of ours.
//!
//! `CASE WHEN sum(x) > 0 THEN upper(t) END` becomes the function of `sum(x)` and `t` that the
//! expression `CASE WHEN a0 > 0 THEN upper(a1) END` is. Its types are known only when polars asks.

use std::collections::HashMap;
use std::ops::ControlFlow;

use polars::lazy::dsl::BaseColumnUdf;
use polars::lazy::dsl::udf::UserDefinedFunction;
use polars::prelude::{Column, DataFrame, Field, IntoLazy, PolarsResult, Schema as PolarsSchema};
use polars::sql::{FunctionOptions, FunctionRegistry};
use sqlparser::ast::{
    BinaryOperator, Expr as SqlExpr, Function as SqlFunction, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Query, Select, SelectItem, Value as SqlValue, VisitMut, VisitorMut,
};

use crate::checked::{height, refusal};
use crate::expression::{self, computed_row_by_row};
use crate::normalize::stored_type;
use crate::schema::{Column as SchemaColumn, Schema};

/// The functions that a query's parts became, by the names they have in it.
#[derive(Default)]
pub(super) struct Templates {
    names: HashMap<SqlExpr, String>,
    functions: HashMap<String, UserDefinedFunction>,
    /// How many subqueries of expressions stand around: polars plans those without our functions.
    subqueries: usize,
}

impl Templates {
    /// Replaces every part of the query that our expressions can compute.
    pub(super) fn take_from(&mut self, query: &mut Query) {
        let _ = query.visit(self);
    }

    /// A call of the function that the expression is of its leaves.
    fn call(&mut self, expr: &SqlExpr) -> SqlExpr {
        let mut tree = expr.clone();
        let mut leaves = Leaves(Vec::new());
        let _ = tree.visit(&mut leaves);
        if leaves.0.is_empty() {
            // A function of nothing would not know that it is one value for every row.
            leaves.0.push(SqlExpr::Value(SqlValue::Boolean(true).into()));
        }

        let number = self.names.len();
        let name = self.names.entry(tree.clone()).or_insert_with(|| format!("atelier_template_{number}"));
        self.functions.entry(name.clone()).or_insert_with(|| function(name, tree));
        let arguments = leaves.0.into_iter().map(|leaf| FunctionArg::Unnamed(FunctionArgExpr::Expr(leaf)));
        let list = FunctionArgumentList { duplicate_treatment: None, args: arguments.collect(), clauses: Vec::new() };
        SqlExpr::Function(SqlFunction {
            name: ObjectName::from(vec![Ident::new(name.as_str())]),
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args: FunctionArguments::List(list),
            filter: None,
            null_treatment: None,
            over: None,
            within_group: Vec::new(),
        })
    }
}

impl VisitorMut for Templates {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if self.subqueries > 0 {
            return ControlFlow::Continue(());
        }
        for item in &mut select.projection {
            let SelectItem::UnnamedExpr(expr) = item else {
                continue;
            };
            if !is_template(expr) {
                continue;
            }
            // The result keeps the name that polars would give it.
            let name = output_name(expr);
            let call = self.call(expr);
            *item = match output_name(&call) == name {
                true => SelectItem::UnnamedExpr(call),
                false => SelectItem::ExprWithAlias { expr: call, alias: Ident::with_quote('"', name) },
            };
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut SqlExpr) -> ControlFlow<()> {
        self.subqueries += usize::from(holds_subquery(expr));
        if self.subqueries == 0 && is_template(expr) {
            *expr = self.call(expr);
        }
        without_exponent(expr);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut SqlExpr) -> ControlFlow<()> {
        self.subqueries -= usize::from(holds_subquery(expr));
        ControlFlow::Continue(())
    }
}

fn holds_subquery(expr: &SqlExpr) -> bool {
    matches!(expr, SqlExpr::InSubquery { .. } | SqlExpr::Subquery(_) | SqlExpr::Exists { .. })
}

/// Takes the parts out of an expression that it does not compute itself: columns, figures of
/// several rows, subqueries. Names stand in their places.
struct Leaves(Vec<SqlExpr>);

impl VisitorMut for Leaves {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut SqlExpr) -> ControlFlow<()> {
        if is_inner(expr) {
            return ControlFlow::Continue(());
        }
        let known = self.0.iter().position(|leaf| leaf == expr);
        let at = known.unwrap_or(self.0.len());
        let leaf = std::mem::replace(expr, SqlExpr::Identifier(Ident::new(placeholder(at))));
        if known.is_none() {
            self.0.push(leaf);
        }
        ControlFlow::Continue(())
    }
}

fn placeholder(at: usize) -> String {
    format!("a{at}")
}

/// Parts whose meaning in polars' SQL differs from ours, or that must not be computed for rows that
/// do not come to them.
fn is_template(expr: &SqlExpr) -> bool {
    match expr {
        SqlExpr::BinaryOp { left, op, right } => match op {
            BinaryOperator::StringConcat
            | BinaryOperator::PGRegexMatch
            | BinaryOperator::PGRegexIMatch
            | BinaryOperator::PGRegexNotMatch
            | BinaryOperator::PGRegexNotIMatch => true,
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::DuckIntegerDivide
            | BinaryOperator::Modulo => true,
            // As a real number a long literal would be another one; a text may stand for a date.
            _ => is_long_number(left) || is_long_number(right) || is_made_beside_text(left, right),
        },
        SqlExpr::Nested(_) | SqlExpr::UnaryOp { .. } | SqlExpr::Value(_) | SqlExpr::Interval(_) => false,
        SqlExpr::TypedString(_) | SqlExpr::IsNull(_) | SqlExpr::IsNotNull(_) => false,
        other => is_inner(other),
    }
}

/// Whether a number was written with a point and more digits than a real one holds.
fn is_long_number(expr: &SqlExpr) -> bool {
    let SqlExpr::Value(value) = expr else {
        return false;
    };
    matches!(&value.value, SqlValue::Number(digits, _) if digits.contains('.') && digits.len() > 16)
}

/// Whether a text was written beside something computed, whose type polars' SQL does not look at.
fn is_made_beside_text(left: &SqlExpr, right: &SqlExpr) -> bool {
    let text = |side: &SqlExpr| matches!(side, SqlExpr::Value(value) if matches!(value.value, SqlValue::SingleQuotedString(_)));
    let made = |side: &SqlExpr| !matches!(side, SqlExpr::Identifier(_) | SqlExpr::CompoundIdentifier(_));
    (text(left) && made(right)) || (text(right) && made(left))
}

/// A number with an exponent, which polars' SQL cannot read, in plain digits.
fn without_exponent(expr: &mut SqlExpr) {
    if let SqlExpr::Value(value) = expr
        && let SqlValue::Number(digits, _) = &mut value.value
        && digits.contains(['e', 'E'])
        && let Ok(number) = digits.parse::<f64>()
        && number.is_finite()
    {
        let plain = number.to_string();
        *digits = if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
}

/// Parts that an expression of ours computes of their own parts.
fn is_inner(expr: &SqlExpr) -> bool {
    match expr {
        SqlExpr::Function(function) => {
            let plain = function.over.is_none() && function.filter.is_none() && function.within_group.is_empty();
            plain && computed_row_by_row(&function.name.to_string())
        }
        SqlExpr::Nested(_)
        | SqlExpr::UnaryOp { .. }
        | SqlExpr::BinaryOp { .. }
        | SqlExpr::Value(_)
        | SqlExpr::TypedString(_)
        | SqlExpr::Interval(_)
        | SqlExpr::IsNull(_)
        | SqlExpr::IsNotNull(_)
        | SqlExpr::IsTrue(_)
        | SqlExpr::IsNotTrue(_)
        | SqlExpr::IsFalse(_)
        | SqlExpr::IsNotFalse(_)
        | SqlExpr::IsDistinctFrom(..)
        | SqlExpr::IsNotDistinctFrom(..)
        | SqlExpr::Between { .. }
        | SqlExpr::InList { .. }
        | SqlExpr::Like { any: false, .. }
        | SqlExpr::ILike { any: false, .. }
        | SqlExpr::RLike { .. }
        | SqlExpr::Case { .. }
        | SqlExpr::Cast { format: None, .. }
        | SqlExpr::Extract { .. }
        | SqlExpr::Ceil { .. }
        | SqlExpr::Floor { .. }
        | SqlExpr::Position { .. }
        | SqlExpr::Substring { .. }
        | SqlExpr::Trim { .. } => true,
        _ => false,
    }
}

/// The name that polars gives the column of an expression without an alias.
fn output_name(expr: &SqlExpr) -> String {
    let inner = match expr {
        SqlExpr::Identifier(name) => return name.value.clone(),
        SqlExpr::CompoundIdentifier(parts) => {
            return parts.last().map(|part| part.value.clone()).unwrap_or_default();
        }
        SqlExpr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            let FunctionArguments::List(list) = &function.args else {
                return name;
            };
            let at = usize::from(matches!(name.as_str(), "if" | "concat_ws" | "date_part"));
            match list.args.get(at) {
                _ if name == "nullif" => return "literal".to_owned(),
                Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => expr,
                _ => return name,
            }
        }
        SqlExpr::Case { conditions, .. } => match conditions.first() {
            Some(first) => &first.result,
            None => return "literal".to_owned(),
        },
        SqlExpr::Nested(expr)
        | SqlExpr::UnaryOp { expr, .. }
        | SqlExpr::BinaryOp { left: expr, .. }
        | SqlExpr::IsNull(expr)
        | SqlExpr::IsNotNull(expr)
        | SqlExpr::IsTrue(expr)
        | SqlExpr::IsNotTrue(expr)
        | SqlExpr::IsFalse(expr)
        | SqlExpr::IsNotFalse(expr)
        | SqlExpr::IsDistinctFrom(expr, _)
        | SqlExpr::IsNotDistinctFrom(expr, _)
        | SqlExpr::Between { expr, .. }
        | SqlExpr::InList { expr, .. }
        | SqlExpr::Like { expr, .. }
        | SqlExpr::ILike { expr, .. }
        | SqlExpr::RLike { expr, .. }
        | SqlExpr::Cast { expr, .. }
        | SqlExpr::Extract { expr, .. }
        | SqlExpr::Ceil { expr, .. }
        | SqlExpr::Floor { expr, .. }
        | SqlExpr::Position { r#in: expr, .. }
        | SqlExpr::Substring { expr, .. }
        | SqlExpr::Trim { expr, .. } => expr,
        _ => return "literal".to_owned(),
    };
    output_name(inner)
}

/// The function that an expression is of its placeholders.
fn function(name: &str, tree: SqlExpr) -> UserDefinedFunction {
    let planned = tree.clone();
    let output = move |_: &PolarsSchema, fields: &[Field]| {
        let columns = fields.iter().enumerate().map(|(at, field)| {
            let dtype = field.dtype().clone().materialize_unknown(true)?;
            Ok(SchemaColumn::of(placeholder(at), &stored_type(&dtype)))
        });
        let schema: Schema = columns.collect::<PolarsResult<_>>()?;
        let compiled = expression::compile_tree(&planned, &schema).map_err(|error| refusal(error.sentence))?;
        let name = fields.first().map(|field| field.name().clone()).unwrap_or_default();
        Ok(Field::new(name, compiled.dtype))
    };
    let run = move |columns: &mut [Column]| computed(&tree, columns);
    let mut function = UserDefinedFunction::new(name.into(), BaseColumnUdf::new(run, output));
    function.options = FunctionOptions::elementwise();
    function
}

fn computed(tree: &SqlExpr, columns: &[Column]) -> PolarsResult<Column> {
    let rows = height(columns);
    let mut table = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        let stored = column.strict_cast(&stored_type(column.dtype()))?;
        let spread = if stored.len() == rows { stored } else { stored.new_from_index(0, rows) };
        table.push(spread.with_name(placeholder(at).into()));
    }
    let table = DataFrame::new(rows, table)?;
    let compiled = expression::compile_tree(tree, &Schema::of(&table)).map_err(|error| refusal(error.sentence))?;
    let result = table.lazy().select([compiled.expr.alias("value")]).collect()?;
    let name = columns.first().map(|column| column.name().clone()).unwrap_or_default();
    let value = result.column("value")?;
    // An expression that turns out to depend on nothing gives one value.
    let value = if value.len() == rows { value.clone() } else { value.new_from_index(0, rows) };
    Ok(value.with_name(name))
}

impl FunctionRegistry for Templates {
    fn register(&mut self, name: &str, function: UserDefinedFunction) -> PolarsResult<()> {
        self.functions.insert(name.to_owned(), function);
        Ok(())
    }

    fn get_udf(&self, name: &str) -> PolarsResult<Option<UserDefinedFunction>> {
        Ok(self.functions.get(name).cloned())
    }

    fn contains(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }
}
