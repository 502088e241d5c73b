//! Reading an expression's text, with the place of every mistake.

use std::fmt;

use sqlparser::ast::Expr as SqlExpr;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token as SqlToken;

use super::ExpressionError;
use super::functions::FUNCTIONS;
use super::tokens::{self, Token, TokenKind, tokenize};
use crate::schema::closest_of;

/// The syntax tree of an expression and its words.
pub(super) struct Parsed {
    pub(super) tree: SqlExpr,
    pub(super) tokens: Vec<Token>,
}

/// # Errors
/// A mistake in grammar.
pub(super) fn parse(text: &str) -> Result<Parsed, ExpressionError> {
    if text.trim().is_empty() {
        return Err(ExpressionError::new("Enter an expression, for example “x > 3”.", None));
    }
    let tokens = tokenize(text);
    check_tokens(text, &tokens)?;
    let tree = tree(text, &tokens::standard(text, &tokens))?;
    Ok(Parsed { tree, tokens })
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

fn tree(text: &str, sql: &str) -> Result<SqlExpr, ExpressionError> {
    let dialect = GenericDialect {};
    let failed = |e: &dyn fmt::Display| syntax(text, &e.to_string());
    let mut parser = Parser::new(&dialect).try_with_sql(sql).map_err(|e| failed(&e))?;
    let tree = parser.parse_expr().map_err(|e| failed(&e))?;
    let next = parser.peek_token();
    if next.token == SqlToken::EOF {
        return Ok(tree);
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

pub(super) fn unknown_function(word: &str, span: Option<std::ops::Range<usize>>) -> ExpressionError {
    let near = closest_of(&word.to_lowercase(), FUNCTIONS.iter().map(|function| function.name));
    let hint = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    let sentence = format!("There is no function {word}.{hint}");
    ExpressionError { sentence, span, suggestion: near.map(str::to_owned) }
}
