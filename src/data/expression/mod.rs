//! SQL-like expressions over the columns of one row, such as
//! `"mean radius" > 3 AND diagnosis = 'benign'`, checked without data.
//!
//! The language is that of polars' SQL: names with spaces or capitals that clash
//! with keywords stand in double quotes or backticks, text in single quotes. A
//! date, time or date-time column compares with ISO 8601 text.

mod functions;
mod tokens;

use std::fmt;
use std::ops::Range;

use polars::prelude::{Expr, IntoLazy, Operator, PolarsError, lit};

pub use functions::{FUNCTIONS, Function};

use crate::scalar::Scalar;
use crate::schema::{Kind, Schema, closest, closest_of};
use crate::temporal;
use tokens::{Token, TokenKind, tokenize};

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
    /// The columns it reads, each once.
    pub columns: Vec<String>,
    /// Whether it aggregates over rows.
    pub aggregates: bool,
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
        let function = functions::find(token.text(text));
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
    if text.trim().is_empty() {
        return Err(ExpressionError::new("Enter an expression, for example “x > 3”.", None));
    }
    let tokens = tokenize(text);
    check_tokens(text, &tokens)?;
    let sql = tokens::standard(text, &tokens);
    check_syntax(text, &sql)?;
    check_functions(text, &tokens)?;
    let expr = polars::sql::sql_expr(&sql).map_err(|e| engine(text, &e))?;
    check_columns(text, &tokens, &expr, schema)?;
    check_moments(text, &tokens, &expr, schema)?;
    let expr = with_dates(expr, schema);
    check_conditions(text, &tokens, &expr, schema)?;
    let kind = evaluate(text, &expr, schema)?;
    let called = |token: &Token| functions::find(token.text(text)).is_some_and(|f| f.aggregates);
    let aggregates = aggregates(&expr) || tokens.windows(2).any(|pair| called(&pair[0]) && pair[1].text(text) == "(");
    Ok(Compiled { kind, columns: columns(&expr), aggregates, expr })
}

/// The columns an expression reads, each once, in order.
fn columns(expr: &Expr) -> Vec<String> {
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

fn aggregates(expr: &Expr) -> bool {
    expr.into_iter().any(|part| {
        matches!(
            part,
            Expr::Agg(_)
                | Expr::Len
                | Expr::Over { .. }
                | Expr::Explode { .. }
                | Expr::Filter { .. }
                | Expr::Slice { .. }
                | Expr::Sort { .. }
                | Expr::SortBy { .. }
                | Expr::Gather { .. }
        )
    })
}

/// What the tokens alone tell.
fn check_tokens(text: &str, tokens: &[Token]) -> Result<(), ExpressionError> {
    for token in tokens {
        let sentence = match token.kind {
            TokenKind::OpenText => "This text has no closing quote. Add a ' at its end.",
            TokenKind::OpenName => "This name has no closing quote. Add one at its end.",
            TokenKind::Word if token.is(text, "select") => {
                "An expression computes one value for each row; a query (SELECT) cannot stand here."
            }
            _ => continue,
        };
        return Err(ExpressionError::new(sentence, Some(token.span.clone())));
    }
    Ok(())
}

/// Finds the place of a mistake in grammar, which polars does not tell.
fn check_syntax(text: &str, sql: &str) -> Result<(), ExpressionError> {
    use sqlparser::{dialect::GenericDialect, parser::Parser, tokenizer::Token as SqlToken};

    let dialect = GenericDialect {};
    let failed = |e: &dyn fmt::Display| syntax(text, &e.to_string());
    let mut parser = Parser::new(&dialect).try_with_sql(sql).map_err(|e| failed(&e))?;
    parser.parse_expr().map_err(|e| failed(&e))?;
    let next = parser.peek_token();
    if next.token == SqlToken::EOF {
        return Ok(());
    }
    let (line, column) = (next.span.start.line, next.span.start.column);
    let span = tokens::span_at(text, line, column);
    let found = span.clone().and_then(|span| text.get(span)).unwrap_or_default().to_owned();
    let mut sentence = format!("“{found}” is not expected here.");
    if found == "=" || found == ">" || found == "<" {
        sentence.push_str(" Write AND between two comparisons.");
    } else {
        sentence.push_str(" An operator such as AND, = or + may be missing before it.");
    }
    Err(ExpressionError::new(sentence, span))
}

/// A sentence from the parser's "Expected: X, found: Y at Line: 1, Column: 5".
fn syntax(text: &str, message: &str) -> ExpressionError {
    let message = message.trim_start_matches("sql parser error: ");
    let (what, place) = message.split_once(" at Line: ").unwrap_or((message, ""));
    let position = place.split_once(", Column: ").and_then(|(line, column)| {
        let digits = column.trim_end_matches(|c: char| !c.is_ascii_digit());
        Some((line.parse().ok()?, digits.parse().ok()?))
    });
    let span = position.and_then(|(line, column)| tokens::span_at(text, line, column));
    let Some((expected, found)) = what.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: ")) else {
        return ExpressionError::new(format!("This cannot be read: {what}."), span);
    };
    let expected = match expected {
        "an expression" => "a value or a column",
        ")" => "a closing parenthesis",
        other => other,
    };
    if found == "EOF" {
        let last = tokenize(text).pop().map(|token| token.span);
        let sentence = format!("The expression ends too early: {expected} is missing.");
        return ExpressionError::new(sentence, last);
    }
    ExpressionError::new(format!("“{found}” stands where {expected} is expected."), span)
}

/// A name before a parenthesis must be a function that is offered.
fn check_functions(text: &str, tokens: &[Token]) -> Result<(), ExpressionError> {
    for pair in tokens.windows(2) {
        let [name, open] = pair else { continue };
        let word = name.text(text);
        let called = name.kind == TokenKind::Word && open.text(text) == "(";
        if !called || functions::find(word).is_some() || tokens::is_keyword(word) {
            continue;
        }
        let lower = word.to_lowercase();
        let near = closest_of(&lower, FUNCTIONS.iter().map(|function| function.name));
        let hint = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
        let sentence = format!("There is no function {word}.{hint}");
        let suggestion = near.map(str::to_owned);
        return Err(ExpressionError { sentence, span: Some(name.span.clone()), suggestion });
    }
    Ok(())
}

fn check_columns(text: &str, tokens: &[Token], expr: &Expr, schema: &Schema) -> Result<(), ExpressionError> {
    let Some(unknown) = columns(expr).into_iter().find(|name| !schema.contains(name)) else {
        return Ok(());
    };
    let at = tokens.iter().find(|token| token.name(text).is_some_and(|name| name == unknown));
    let near = closest(&unknown, schema);
    let hint = match near {
        Some(near) => format!(" Did you mean “{near}”?"),
        None if schema.is_empty() => String::new(),
        None => " Text stands in single quotes, as 'text'.".to_owned(),
    };
    Err(ExpressionError {
        sentence: format!("There is no column “{unknown}”.{hint}"),
        span: at.map(|token| token.span.clone()),
        suggestion: near.map(tokens::quoted),
    })
}

/// AND and OR join conditions; polars would also join bits.
fn check_conditions(text: &str, tokens: &[Token], expr: &Expr, schema: &Schema) -> Result<(), ExpressionError> {
    for part in expr {
        let Expr::BinaryExpr { left, op: Operator::And | Operator::Or, right } = part else {
            continue;
        };
        let sides = [evaluate(text, left, schema)?, evaluate(text, right, schema)?];
        if sides.iter().any(|kind| !matches!(kind, Kind::Boolean | Kind::Other)) {
            let joined = tokens
                .iter()
                .find(|token| token.kind == TokenKind::Word && (token.is(text, "and") || token.is(text, "or")));
            return Err(ExpressionError::new(CONDITIONS, joined.map(|token| token.span.clone())));
        }
    }
    Ok(())
}

const CONDITIONS: &str = "AND and OR need a condition that is true or false on both sides.";

/// Text compared with a date or time column must be one.
fn check_moments(text: &str, tokens: &[Token], expr: &Expr, schema: &Schema) -> Result<(), ExpressionError> {
    for part in expr {
        let Expr::BinaryExpr { left, op, right } = part else {
            continue;
        };
        for (column, literal) in [(left, right), (right, left)] {
            let (Expr::Column(name), Expr::Literal(value)) = (&**column, &**literal) else {
                continue;
            };
            let kind = schema.get(name.as_str()).map_or(Kind::Other, |column| column.kind);
            let Some(word) = value.extract_str().filter(|_| is_comparison(*op)) else {
                continue;
            };
            let wrong =
                matches!(kind, Kind::Date | Kind::DateTime | Kind::Time) && moment(column, literal, schema).is_none();
            if wrong {
                let quoted = format!("'{word}'");
                let token = tokens.iter().find(|token| token.text(text) == quoted);
                let example = match kind {
                    Kind::Date => "2024-01-31",
                    Kind::Time => "13:05",
                    _ => "2024-01-31 13:05",
                };
                let sentence = format!("'{word}' is not {}. Write '{example}'.", kind.phrase());
                return Err(ExpressionError::new(sentence, token.map(|token| token.span.clone())));
            }
        }
    }
    Ok(())
}

/// Text compared with a date or time column becomes a date or time.
fn with_dates(expr: Expr, schema: &Schema) -> Expr {
    expr.map_expr(|part| match part {
        Expr::BinaryExpr { left, op, right } if is_comparison(op) => {
            let new_right = moment(&left, &right, schema).unwrap_or_else(|| (*right).clone());
            let new_left = moment(&right, &left, schema).unwrap_or_else(|| (*left).clone());
            Expr::BinaryExpr { left: new_left.into(), op, right: new_right.into() }
        }
        other => other,
    })
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, EqValidity, Gt, GtEq, Lt, LtEq, NotEq, NotEqValidity};
    matches!(op, Eq | EqValidity | NotEq | NotEqValidity | Lt | LtEq | Gt | GtEq)
}

fn moment(column: &Expr, literal: &Expr, schema: &Schema) -> Option<Expr> {
    let (Expr::Column(name), Expr::Literal(value)) = (column, literal) else {
        return None;
    };
    let text = value.extract_str()?;
    let scalar = match schema.get(name.as_str())?.kind {
        Kind::Date => Scalar::Date(temporal::parse_date(text, None)?),
        Kind::Time => Scalar::Time(temporal::parse_time(text)?),
        Kind::DateTime => match temporal::parse_datetime(text, None) {
            Some((micros, _)) => Scalar::DateTime(micros),
            None => Scalar::DateTime(i64::from(temporal::parse_date(text, None)?) * 86_400_000_000),
        },
        _ => return None,
    };
    Some(literal_of(&scalar))
}

/// A scalar as a polars literal.
fn literal_of(scalar: &Scalar) -> Expr {
    let kind = match scalar {
        Scalar::Boolean(value) => return lit(*value),
        Scalar::Integer(value) => return lit(*value),
        Scalar::Real(value) => return lit(*value),
        Scalar::Text(text) => return lit(text.clone()),
        Scalar::Date(days) => return lit(*days).cast(Kind::Date.dtype()),
        Scalar::DateTime(micros) => (*micros, Kind::DateTime),
        Scalar::Decimal(_) | Scalar::ZonedDateTime(_) => {
            let value = scalar.to_any().into_static();
            return lit(polars::prelude::Scalar::new(value.dtype(), value));
        }
        Scalar::Time(nanos) => (*nanos, Kind::Time),
        Scalar::Duration(micros) => (*micros, Kind::Duration),
    };
    lit(kind.0).cast(kind.1.dtype())
}

/// Runs the expression on no rows, which finds every error of kinds.
fn evaluate(text: &str, expr: &Expr, schema: &Schema) -> Result<Kind, ExpressionError> {
    let frame = schema.empty_frame().lazy().select([expr.clone().alias("value")]);
    let frame = frame.collect().map_err(|e| engine(text, &e))?;
    let column = frame.columns().first();
    Ok(column.map_or(Kind::Other, |column| Kind::of(column.dtype())))
}

/// polars' reasons in our words, as far as they are common.
fn engine(text: &str, error: &PolarsError) -> ExpressionError {
    let reason = error.to_string();
    let reason = reason.lines().next().unwrap_or_default();
    let sentence = if reason.contains("cannot compare string with numeric") {
        "Text is compared with a number. Numbers stand without quotes; text stands in single \
         quotes."
            .to_owned()
    } else {
        format!("This cannot be computed: {}.", reason.trim_end_matches('.'))
    };
    ExpressionError::new(sentence, Some(0..text.len()))
}

#[cfg(test)]
mod tests;
