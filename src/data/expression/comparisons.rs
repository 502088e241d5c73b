//! Comparing values of like and unlike types, and looking for them in lists.

use std::collections::HashSet;

use polars::prelude::{
    BooleanChunked, Column, DataType, Expr, IntoColumn, IntoSeries, NewChunkedArray, NonExistent, TimeUnit, lit,
};

use super::ExpressionError;
use super::compile::{CompileResult, Compiler, unknown};
use super::operand::{Literal, Operand};
use crate::checked::{self, Comparison, kernel};
use crate::schema::Kind;
use crate::temporal;

/// A comparison as SQL has it: missing where a side is, exact whatever the types of two numbers.
pub(super) fn compared(compiler: &Compiler, comparison: Comparison, left: &Operand, right: &Operand) -> CompileResult {
    if let Some(side) = [left, right].into_iter().find(|side| side.kind() == Kind::Other && !side.is_null()) {
        return compiler.wrong(format!("A side of a comparison is {}, which has no order.", side.phrase()));
    }
    let expr = if left.is_null() || right.is_null() { unknown() } else { of_types(compiler, comparison, left, right)? };
    Ok(Operand::made_of(expr, DataType::Boolean, &[left, right]))
}

fn of_types(compiler: &Compiler, comparison: Comparison, left: &Operand, right: &Operand) -> CompileResult<Expr> {
    let (left_kind, right_kind) = (left.kind(), right.kind());
    match (left_kind, right_kind) {
        (from, to) if from.is_numeric() && to.is_numeric() => Ok(numbers(comparison, left, right)),
        (from, to) if from.is_textual() && to.is_textual() => Ok(native(comparison, left.as_text(), right.as_text())),
        (Kind::Boolean, Kind::Integer) | (Kind::Integer, Kind::Boolean) => {
            Ok(checked::compare(comparison, left.expr.clone(), right.expr.clone()))
        }
        (Kind::DateTime, Kind::DateTime) => moments(compiler, comparison, left, right),
        (Kind::Date, Kind::DateTime) | (Kind::DateTime, Kind::Date) => {
            let local = |side: &Operand| match side.kind() {
                Kind::DateTime => local_hour(side.expr.clone()),
                _ => side.expr.clone().cast(Kind::DateTime.dtype()),
            };
            Ok(native(comparison, local(left), local(right)))
        }
        (Kind::Date | Kind::DateTime | Kind::Time, kind) if kind.is_textual() => {
            let (moment, text) = with_text(compiler, left, right)?;
            Ok(native(comparison, moment, text))
        }
        (kind, Kind::Date | Kind::DateTime | Kind::Time) if kind.is_textual() => {
            let (moment, text) = with_text(compiler, right, left)?;
            Ok(native(comparison, text, moment))
        }
        (Kind::Duration, Kind::Duration) => {
            let (first, second) = (super::moments::micros(compiler, left)?, super::moments::micros(compiler, right)?);
            Ok(native(comparison, first, second))
        }
        (from, to) if from == to => Ok(native(comparison, left.expr.clone(), right.expr.clone())),
        (from, to) if (from.is_textual() && to.is_numeric()) || (from.is_numeric() && to.is_textual()) => compiler
            .wrong("Text is compared with a number. Numbers stand without quotes; text stands in single quotes."),
        _ => compiler.wrong(format!(
            "{} is compared with {}. Convert one side with CAST(… AS …).",
            super::operand::capitalized(left.phrase()),
            right.phrase()
        )),
    }
}

fn native(comparison: Comparison, left: Expr, right: Expr) -> Expr {
    match comparison {
        Comparison::Equal => left.eq(right),
        Comparison::NotEqual => left.neq(right),
        Comparison::Less => left.lt(right),
        Comparison::LessOrEqual => left.lt_eq(right),
        Comparison::Greater => left.gt(right),
        Comparison::GreaterOrEqual => left.gt_eq(right),
    }
}

fn numbers(comparison: Comparison, left: &Operand, right: &Operand) -> Expr {
    let same = left.dtype == right.dtype && !left.dtype.is_decimal();
    // Rounding whole numbers keeps their order, so that small ones can be compared as reals.
    let rounds_safely = |side: &Operand, other: &Operand| {
        let small = side.written_number().and_then(|digits| digits.parse::<f64>().ok());
        let small = small.is_some_and(|value| value.abs() < 9_007_199_254_740_992.0);
        small && !side.dtype.is_decimal() && !other.dtype.is_decimal()
    };
    if same || rounds_safely(left, right) || rounds_safely(right, left) {
        return native(comparison, left.expr.clone(), right.expr.clone());
    }
    let exact = |side: &Operand, other: &Operand| match side.as_written_decimal() {
        // What was written with a point is exact as a decimal.
        Some(decimal) if !other.dtype.is_float() => decimal.expr,
        _ => side.expr.clone(),
    };
    checked::compare(comparison, exact(left, right), exact(right, left))
}

/// Two dates with times: instants if both have a zone, else the same local hour.
fn moments(compiler: &Compiler, comparison: Comparison, left: &Operand, right: &Operand) -> CompileResult<Expr> {
    match (zone(left), zone(right)) {
        (false, false) => Ok(native(comparison, left.expr.clone(), right.expr.clone())),
        (true, true) => Ok(native(comparison, instant(left.expr.clone()), instant(right.expr.clone()))),
        _ => compiler.wrong(
            "A date and time with a time zone is compared with one without. Convert the first with \
             CAST(… AS TIMESTAMP), which gives its local hour.",
        ),
    }
}

fn zone(operand: &Operand) -> bool {
    matches!(operand.dtype, DataType::Datetime(_, Some(_)))
}

fn instant(expr: Expr) -> Expr {
    expr.dt().timestamp(TimeUnit::Microseconds)
}

/// The hour that a moment shows; those without a zone as they are.
pub(super) fn local_hour(expr: Expr) -> Expr {
    expr.dt().replace_time_zone(None, lit("raise"), NonExistent::Raise)
}

/// A moment beside the text that it is compared with, as values of one type.
fn with_text(compiler: &Compiler, moment: &Operand, text: &Operand) -> CompileResult<(Expr, Expr)> {
    let Some(written) = text.written_text() else {
        let function = match moment.kind() {
            Kind::Date => "date",
            Kind::Time => "time",
            _ => "timestamp",
        };
        return compiler.wrong(format!(
            "{} is compared with a column of text. Convert the text with {function}(…).",
            super::operand::capitalized(moment.phrase())
        ));
    };

    if moment.kind() == Kind::DateTime
        && let Some((micros, true)) = temporal::parse_datetime(written.trim(), None)
    {
        let literal = checked::convert::whole_literal(micros);
        return Ok((instant(moment.expr.clone()), literal));
    }
    match text.as_moment(&moment.dtype) {
        Some(literal) if zone(moment) => Ok((local_hour(moment.expr.clone()), literal)),
        Some(literal) => Ok((moment.expr.clone(), literal)),
        None => Err(no_moment(compiler, written, moment.kind())),
    }
}

/// The error for a text that is no moment of that kind.
pub(super) fn no_moment(compiler: &Compiler, written: &str, kind: Kind) -> ExpressionError {
    let quoted = format!("'{}'", written.replace('\'', "''"));
    let token = compiler.tokens.iter().find(|token| token.text(compiler.text) == quoted);
    let example = match kind {
        Kind::Date => "2024-01-31",
        Kind::Time => "13:05",
        _ => "2024-01-31 13:05",
    };
    let sentence = format!("'{written}' is not {}. Write '{example}'.", kind.phrase());
    ExpressionError::new(sentence, token.map(|token| token.span.clone()))
}

/// IN: true where the value equals a member, else missing where it or a member is missing.
pub(super) fn member_of(compiler: &Compiler, value: &Operand, members: &[Operand]) -> CompileResult {
    let present: Vec<&Operand> = members.iter().filter(|member| !member.is_null()).collect();
    let has_null = present.len() < members.len();
    // Every member is compared, at least for its error.
    let mut tests = Vec::new();
    for member in &present {
        tests.push(compared(compiler, Comparison::Equal, value, member)?);
    }
    let mut parts: Vec<&Operand> = vec![value];
    parts.extend(present.iter().copied());

    let expr = match Members::of(value, &present) {
        Some(set) => set.found(value, has_null),
        None => {
            let mut exprs: Vec<Expr> = tests.iter().map(|test| test.expr.clone()).collect();
            if has_null || exprs.is_empty() {
                exprs.push(unknown());
            }
            any_of(exprs)
        }
    };
    Ok(Operand::made_of(expr, DataType::Boolean, &parts))
}

/// Joined with OR, as a shallow tree.
fn any_of(mut exprs: Vec<Expr>) -> Expr {
    while exprs.len() > 1 {
        let pairs = exprs.chunks(2).map(|pair| pair.iter().cloned().reduce(Expr::or));
        exprs = pairs.flatten().collect();
    }
    exprs.pop().unwrap_or_else(unknown)
}

/// The members of a list that were all written as values of the column's own type.
enum Members {
    Whole(HashSet<i64>),
    Text(HashSet<String>),
}

impl Members {
    fn of(value: &Operand, members: &[&Operand]) -> Option<Self> {
        if members.len() < 2 {
            return None;
        }
        let written = |member: &&Operand| member.literal.clone();
        let whole = |parse: fn(&str) -> Option<i64>| {
            let texts = members.iter().map(|member| parse(member.written_text()?.trim()));
            texts.collect::<Option<_>>().map(Self::Whole)
        };
        match &value.dtype {
            DataType::Int64 => {
                let numbers = members.iter().map(written).map(|literal| match literal {
                    Some(Literal::Number(digits)) => digits.parse().ok(),
                    _ => None,
                });
                numbers.collect::<Option<_>>().map(Self::Whole)
            }
            DataType::Date => whole(|text| temporal::parse_date(text, None).map(i64::from)),
            DataType::Time => whole(temporal::parse_time),
            DataType::Datetime(_, None) => whole(checked::convert::parse_moment),
            _ if value.kind().is_textual() => {
                let texts = members.iter().map(|member| member.written_text().map(str::to_owned));
                texts.collect::<Option<_>>().map(Self::Text)
            }
            _ => None,
        }
    }

    fn found(self, value: &Operand, has_null: bool) -> Expr {
        let expr = match value.kind() {
            Kind::Text | Kind::Category => value.as_text(),
            Kind::DateTime => value.expr.clone().cast(Kind::DateTime.dtype()),
            _ => value.expr.clone(),
        };
        let answer = move |found: bool| if found { Some(true) } else { (!has_null).then_some(false) };
        let run = move |columns: &[Column]| {
            let series = columns[0].as_materialized_series();
            let name = series.name().clone();
            let found: BooleanChunked = match &self {
                Self::Text(texts) => {
                    let values = series.str()?.iter();
                    let answers = values.map(|value| value.and_then(|value| answer(texts.contains(value))));
                    BooleanChunked::from_iter_options(name, answers)
                }
                Self::Whole(numbers) => {
                    let physical = series.to_physical_repr().cast(&DataType::Int64)?;
                    let values = physical.i64()?.iter();
                    let answers = values.map(|value| value.and_then(|value| answer(numbers.contains(&value))));
                    BooleanChunked::from_iter_options(name, answers)
                }
            };
            Ok(found.into_series().into_column())
        };
        kernel(vec![expr], |_| Ok(DataType::Boolean), run)
    }
}
