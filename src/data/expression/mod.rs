//! SQL-like expressions over the columns of one row, such as
//! `"mean radius" > 3 AND diagnosis = 'benign'`, checked without data.
//!
//! The grammar is SQL's: names with spaces or capitals that clash with keywords
//! stand in double quotes or backticks, text in single quotes. A date, time or
//! date-time compares with ISO 8601 text. [`FUNCTIONS`] and [`OPERATORS`] list
//! everything that is offered.
//!
//! | module | what it does |
//! |---|---|
//! | `grammar`, `tokens` | text → syntax tree, with the place of a mistake |
//! | `compile`, `comparisons`, `casts`, `moments`, `patterns` | operators → polars |
//! | `calls`, `numbers`, `texts`, `aggregates` | functions → polars |
//! | `operand` | a part with its type; bringing several to one type |
//! | `branches` | computing a part only for the rows that need it |
//!
//! Every part's type is known before polars sees it. Arithmetic is that of
//! [`crate::checked`]: exact, or an error that names the values.

mod aggregates;
mod branches;
mod calls;
mod casts;
mod comparisons;
mod compile;
mod functions;
mod grammar;
mod moments;
mod numbers;
mod operand;
mod patterns;
mod texts;
mod tokens;

use std::fmt;
use std::ops::{ControlFlow, Range};

use polars::prelude::{DataType, Expr, IntoLazy, PolarsError};
use sqlparser::ast::{Expr as SqlExpr, visit_expressions};

pub use functions::{FUNCTIONS, Function, OPERATORS, OperatorHelp};

use crate::schema::{Column, Kind, Schema};
use compile::Compiler;
use grammar::Parsed;
use tokens::tokenize;

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ExpressionError {
    /// What is wrong and what to do.
    pub sentence: String,
    /// Byte range of the text that the sentence is about, if known.
    pub span: Option<Range<usize>>,
    /// What to write in place of the span, if something is near.
    pub suggestion: Option<String>,
}

impl ExpressionError {
    fn new(sentence: impl Into<String>, span: Option<Range<usize>>) -> Self {
        Self { sentence: sentence.into(), span, suggestion: None }
    }
}

/// What an expression over these columns gives.
///
/// # Errors
/// A mistake in the text, an unknown column or function, or kinds that do not go
/// together.
pub fn validate(text: &str, schema: &Schema) -> Result<Kind, ExpressionError> {
    compile(text, schema).map(|compiled| compiled.kind)
}

/// [`validate`] for an expression that must be true or false, as a filter's.
///
/// # Errors
/// As [`validate`], and when it gives anything else.
pub fn validate_filter(text: &str, schema: &Schema) -> Result<(), ExpressionError> {
    filter(text, schema).map(drop)
}

/// [`validate`] for an expression whose value depends on its own row alone.
///
/// # Errors
/// As [`validate`], and when it aggregates over rows.
pub fn validate_row_wise(text: &str, schema: &Schema) -> Result<Kind, ExpressionError> {
    row_wise(text, schema).map(|compiled| compiled.kind)
}

/// A checked expression.
#[derive(Clone)]
pub struct Compiled {
    /// For polars.
    pub expr: Expr,
    /// What it gives.
    pub kind: Kind,
    /// The exact type of what it gives, with the digits of a decimal.
    pub dtype: DataType,
    /// The columns it reads, each once.
    pub columns: Vec<String>,
    /// Whether it aggregates over rows.
    pub aggregates: bool,
}

impl Compiled {
    /// A column of that name that holds what the expression gives.
    pub fn column(&self, name: impl Into<String>) -> Column {
        Column::of(name, &self.dtype)
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} → {}", self.expr, self.kind)
    }
}

/// A checked condition for a filter.
///
/// # Errors
/// As [`validate_filter`].
pub fn filter(text: &str, schema: &Schema) -> Result<Expr, ExpressionError> {
    let compiled = row_wise(text, schema)?;
    if compiled.kind == Kind::Boolean {
        return Ok(compiled.expr);
    }
    Err(ExpressionError::new(
        format!(
            "A filter needs a condition that is true or false; this gives {}. Compare it with \
             something, for example “… > 0”.",
            compiled.kind.phrase()
        ),
        Some(0..text.len()),
    ))
}

/// A checked expression of one row.
///
/// # Errors
/// As [`validate_row_wise`].
pub fn row_wise(text: &str, schema: &Schema) -> Result<Compiled, ExpressionError> {
    let compiled = compile(text, schema)?;
    if !compiled.aggregates {
        return Ok(compiled);
    }
    let called = tokenize(text).into_iter().find(|token| {
        let function = functions::find(functions::main_name(token.text(text)));
        function.is_some_and(|function| function.aggregates)
    });
    Err(ExpressionError::new(
        "This looks at several rows at once, but each row must be computed by itself here.",
        called.map(|token| token.span),
    ))
}

/// A checked expression.
///
/// # Errors
/// As [`validate`].
pub fn compile(text: &str, schema: &Schema) -> Result<Compiled, ExpressionError> {
    let Parsed { tree, tokens } = grammar::parse(text)?;
    compiled(&Compiler { text, tokens: &tokens, schema }, &tree)
}

/// [`compile`] for a part of a query that was read already.
pub(crate) fn compile_tree(tree: &SqlExpr, schema: &Schema) -> Result<Compiled, ExpressionError> {
    compiled(&Compiler { text: "", tokens: &[], schema }, tree)
}

/// Whether a function of that name is offered and computes each row by itself.
pub(crate) fn computed_row_by_row(name: &str) -> bool {
    functions::find(functions::main_name(name)).is_some_and(|function| !function.aggregates)
}

fn compiled(compiler: &Compiler, tree: &SqlExpr) -> Result<Compiled, ExpressionError> {
    let operand = compiler.compile(tree)?;
    if let Err(sentence) = moments::fixed(&operand) {
        return compiler.wrong(sentence);
    }

    let (expr, dtype) = match operand.is_null() {
        // A column of nothing but missing values is one of text.
        true => (operand.as_text(), DataType::String),
        false => (operand.expr, operand.dtype),
    };
    check_type(compiler.text, &expr, &dtype, compiler.schema)?;
    let columns = columns_of_tree(tree);
    Ok(Compiled { kind: Kind::of(&dtype), dtype, columns, aggregates: operand.aggregates, expr })
}

/// The columns that an expression reads, each once, in the order in which it names them. Columns
/// need not be known: this reads the grammar alone.
///
/// # Errors
/// A mistake in the text.
///
/// ```
/// let columns = data::expression::columns_used(r#"CAST(age AS DOUBLE) * "mean radius" + age"#);
/// assert_eq!(columns.unwrap(), ["age", "mean radius"]);
/// ```
pub fn columns_used(text: &str) -> Result<Vec<String>, ExpressionError> {
    Ok(columns_of_tree(&grammar::parse(text)?.tree))
}

fn columns_of_tree(tree: &SqlExpr) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let _: ControlFlow<()> = visit_expressions(tree, |part| {
        if let SqlExpr::Identifier(name) = part
            && !names.contains(&name.value)
        {
            names.push(name.value.clone());
        }
        ControlFlow::Continue(())
    });
    names
}

/// The columns that an expression of polars reads, each once.
fn columns_of(expr: &Expr) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in expr {
        if let Expr::Column(name) = part
            && !names.iter().any(|known| known == name.as_str())
        {
            names.push(name.to_string());
        }
    }
    names
}

/// Runs the expression on no rows, which finds whatever polars would still refuse, and holds its
/// type against the planned one.
fn check_type(text: &str, expr: &Expr, dtype: &DataType, schema: &Schema) -> Result<(), ExpressionError> {
    let frame = schema.empty_frame().lazy().select([expr.clone().alias("value")]);
    let frame = frame.collect().map_err(|e| engine(text, e))?;
    match frame.columns().first() {
        Some(column) if column.dtype() != dtype => Err(ExpressionError::new(
            format!(
                "This gives values of the type {}, but {dtype} was planned. Please report this mistake of the program.",
                column.dtype()
            ),
            Some(0..text.len()),
        )),
        _ => Ok(()),
    }
}

/// polars' reasons in our words.
fn engine(text: &str, error: PolarsError) -> ExpressionError {
    ExpressionError::new(crate::Error::from(error).to_string(), Some(0..text.len()))
}

#[cfg(test)]
mod tests;
