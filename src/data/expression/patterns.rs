//! LIKE, regular expressions and joining texts.

use polars::prelude::arity::broadcast_binary_elementwise;
use polars::prelude::{BooleanType, Column, DataType, Expr, IntoColumn, IntoLazy, IntoSeries, df, lit};

use super::compile::{CompileResult, Compiler};
use super::operand::Operand;
use crate::checked::kernel;

/// A part of a LIKE pattern.
#[derive(Clone, Copy, PartialEq)]
enum Piece {
    /// `%`: any letters, or none.
    Any,
    /// `_`: one letter.
    One,
    Letter(char),
}

fn pieces(pattern: &str, escape: Option<char>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        pieces.push(match letter {
            letter if Some(letter) == escape => Piece::Letter(letters.next().unwrap_or(letter)),
            '%' => Piece::Any,
            '_' => Piece::One,
            letter => Piece::Letter(letter),
        });
    }
    pieces
}

/// Whether the whole text fits the pattern; after a `%` that fits too little, it takes one letter
/// more and the rest is tried again.
fn fits(text: &[char], pattern: &[Piece]) -> bool {
    let (mut at, mut piece) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(piece) {
            Some(Piece::Any) => {
                retry = Some((at, piece));
                piece += 1;
            }
            Some(Piece::One) => (at, piece) = (at + 1, piece + 1),
            Some(Piece::Letter(letter)) if *letter == text[at] => (at, piece) = (at + 1, piece + 1),
            _ => {
                let Some((taken, any)) = retry else {
                    return false;
                };
                retry = Some((taken + 1, any));
                (at, piece) = (taken + 1, any + 1);
            }
        }
    }
    pattern[piece..].iter().all(|piece| *piece == Piece::Any)
}

/// `text LIKE pattern`; with `any_case`, `ILIKE`.
pub(super) fn like(text: Expr, pattern: Expr, escape: Option<char>, any_case: bool) -> Expr {
    let run = move |columns: &[Column]| {
        let (texts, patterns) = (columns[0].as_materialized_series(), columns[1].as_materialized_series());
        let folded = |text: &str| if any_case { text.to_lowercase() } else { text.to_owned() };
        // Nearly always the pattern is one literal, so that it is taken apart once.
        let mut known: Option<(String, Vec<Piece>)> = None;
        let found = broadcast_binary_elementwise::<_, _, BooleanType, _>(
            texts.str()?,
            patterns.str()?,
            |text: Option<&str>, pattern: Option<&str>| {
                let (text, pattern) = (text?, pattern?);
                if known.as_ref().is_none_or(|(last, _)| last != pattern) {
                    known = Some((pattern.to_owned(), pieces(&folded(pattern), escape)));
                }
                let letters: Vec<char> = folded(text).chars().collect();
                known.as_ref().map(|(_, pieces)| fits(&letters, pieces))
            },
        );
        Ok(found.into_series().into_column().with_name(columns[0].name().clone()))
    };
    kernel(vec![text, pattern], |_| Ok(DataType::Boolean), run)
}

/// A regular expression found anywhere in a text.
pub(super) fn matches(compiler: &Compiler, value: &Operand, pattern: &Operand, any_case: bool) -> CompileResult {
    for side in [value, pattern] {
        compiler.textual(side, "regexp_like")?;
    }
    let prefix = if any_case { "(?i)" } else { "" };
    if let Some(written) = pattern.written_text() {
        let tried = df!("text" => [""]).map(IntoLazy::lazy);
        let tried = tried.and_then(|one| {
            let found = polars::prelude::col("text").str().contains(lit(format!("{prefix}{written}")), true);
            one.select([found]).collect()
        });
        if tried.is_err() {
            return compiler.wrong(format!("'{written}' is no regular expression."));
        }
    }
    let pattern_expr = match any_case {
        true => polars::prelude::concat_str([lit(prefix), pattern.as_text()], "", false),
        false => pattern.as_text(),
    };
    let expr = value.as_text().str().contains(pattern_expr, true);
    let found = Operand::made_of(expr, DataType::Boolean, &[value, pattern]);
    Ok(if pattern.written_text().is_some() { found } else { found.fallible() })
}

/// `left || right`: missing where a side is.
pub(super) fn joined(left: &Operand, right: &Operand) -> Expr {
    polars::prelude::concat_str([left.as_text(), right.as_text()], "", false)
}
