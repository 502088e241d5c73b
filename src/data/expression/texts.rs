//! Functions of texts.

use polars::prelude::{
    Column, DataType, Expr, Int64Chunked, IntoColumn, IntoSeries, NewChunkedArray, PolarsResult, Series, StringChunked,
    StrptimeOptions, concat_str, lit,
};

use super::compile::{CompileResult, Compiler};
use super::operand::Operand;
use super::patterns;
use crate::checked::{height, kernel, refusal};
use crate::schema::Kind;

/// The call, if the function is one of texts.
pub(super) fn called(compiler: &Compiler, name: &str, operands: &[Operand]) -> CompileResult<Option<Operand>> {
    let parts: Vec<&Operand> = operands.iter().collect();
    let made = |expr: Expr, dtype: DataType| Ok(Some(Operand::made_of(expr, dtype, &parts)));
    if matches!(name, "concat" | "concat_ws") {
        for operand in operands {
            compiler.plain(operand, name)?;
        }
        return made(joined(compiler, name, operands)?, DataType::String);
    }
    let Some(numbers_from) = arguments_of(name) else {
        return Ok(None);
    };
    for operand in operands.iter().take(numbers_from.0) {
        compiler.textual(operand, name)?;
    }
    let counts = operands.iter().skip(numbers_from.0).take(numbers_from.1);
    let mut unfit = counts.filter(|operand| operand.dtype != DataType::Int64 && !operand.is_null());
    if let Some(operand) = unfit.next() {
        return compiler.wrong_at(&[name], format!("{name} needs a whole number, but gets {}.", operand.phrase()));
    }
    for operand in operands.iter().skip(numbers_from.0 + numbers_from.1) {
        compiler.textual(operand, name)?;
    }

    let inputs: Vec<Expr> =
        operands.iter().enumerate().map(|(at, operand)| argument(at, operand, numbers_from)).collect();
    let text = || inputs.first().cloned().unwrap_or_else(|| lit(""));
    let second = || inputs.get(1).cloned().unwrap_or_else(|| lit(polars::prelude::NULL));
    match name {
        "lower" => made(text().str().to_lowercase(), DataType::String),
        "upper" => made(text().str().to_uppercase(), DataType::String),
        "length" => made(text().str().len_chars().cast(DataType::Int64), DataType::Int64),
        "trim" => made(text().str().strip_chars(second()), DataType::String),
        "ltrim" => made(text().str().strip_chars_start(second()), DataType::String),
        "rtrim" => made(text().str().strip_chars_end(second()), DataType::String),
        "starts_with" => made(text().str().starts_with(second()), DataType::Boolean),
        "ends_with" => made(text().str().ends_with(second()), DataType::Boolean),
        "contains" => made(text().str().contains_literal(second()), DataType::Boolean),
        "regexp_like" => match operands {
            [value, pattern] => patterns::matches(compiler, value, pattern, false).map(Some),
            _ => Ok(None),
        },
        "strpos" => made(by_row(inputs, DataType::Int64, |row| Ok(position(row).map(Value::Whole))), DataType::Int64),
        "lpad" | "rpad" => {
            let left = name == "lpad";
            let expr = by_row(inputs, DataType::String, move |row| padded(row, left));
            Ok(Some(Operand::made_of(expr, DataType::String, &parts).fallible()))
        }
        _ => {
            let compute: fn(&Row) -> Option<String> = match name {
                "left" => |row| Some(beginning(row.text(0)?, row.whole(1)?)),
                "right" => |row| Some(end(row.text(0)?, row.whole(1)?)),
                "substr" => substring,
                "replace" => replaced,
                _ => split_part,
            };
            let run = move |row: &Row| Ok(compute(row).map(Value::Text));
            made(by_row(inputs, DataType::String, run), DataType::String)
        }
    }
}

/// How many texts a function takes first, and how many whole numbers behind them.
fn arguments_of(name: &str) -> Option<(usize, usize)> {
    Some(match name {
        "length" | "lower" | "upper" => (1, 0),
        "trim" | "ltrim" | "rtrim" | "starts_with" | "ends_with" | "contains" | "strpos" | "regexp_like" => (2, 0),
        "left" | "right" => (1, 1),
        "substr" => (1, 2),
        "replace" => (3, 0),
        "split_part" => (2, 1),
        "lpad" | "rpad" => (1, 1),
        _ => return None,
    })
}

fn argument(at: usize, operand: &Operand, numbers_from: (usize, usize)) -> Expr {
    let is_number = (numbers_from.0..numbers_from.0 + numbers_from.1).contains(&at);
    match is_number {
        true => operand.expr.clone().cast(DataType::Int64),
        false => operand.as_text(),
    }
}

/// `concat` and `concat_ws`, which leave missing values out.
fn joined(compiler: &Compiler, name: &str, operands: &[Operand]) -> CompileResult<Expr> {
    if name == "concat" {
        let texts: Vec<Expr> = operands.iter().map(Operand::as_text).collect();
        return Ok(concat_str(texts, "", true));
    }
    let Some((separator, texts)) = operands.split_first() else {
        return compiler.wrong_at(&[name], "concat_ws needs a separator.");
    };
    match separator.written_text() {
        Some(separator) => {
            let texts: Vec<Expr> = texts.iter().map(Operand::as_text).collect();
            Ok(concat_str(texts, separator, true))
        }
        None => compiler.wrong_at(&[name], "concat_ws needs its separator as text, such as ', '."),
    }
}

/// The arguments of a call in one row.
struct Row<'a> {
    columns: &'a [Argument],
    row: usize,
}

enum Argument {
    Texts(StringChunked),
    Whole(Int64Chunked),
}

enum Value {
    Text(String),
    Whole(i64),
}

impl Row<'_> {
    fn text(&self, at: usize) -> Option<&str> {
        match self.columns.get(at)? {
            Argument::Texts(texts) => texts.get(if texts.len() == 1 { 0 } else { self.row }),
            Argument::Whole(_) => None,
        }
    }

    fn whole(&self, at: usize) -> Option<i64> {
        match self.columns.get(at)? {
            Argument::Whole(numbers) => numbers.get(if numbers.len() == 1 { 0 } else { self.row }),
            Argument::Texts(_) => None,
        }
    }

    fn count(&self) -> usize {
        self.columns.len()
    }
}

fn by_row(
    inputs: Vec<Expr>,
    dtype: DataType,
    compute: impl Fn(&Row) -> PolarsResult<Option<Value>> + Send + Sync + 'static,
) -> Expr {
    let output = dtype.clone();
    let run = move |columns: &[Column]| {
        let arguments = columns.iter().map(|column| {
            let series = column.as_materialized_series();
            Ok(match series.dtype() {
                DataType::Int64 => Argument::Whole(series.i64()?.rechunk().into_owned()),
                _ => Argument::Texts(series.str()?.rechunk().into_owned()),
            })
        });
        let arguments = arguments.collect::<PolarsResult<Vec<_>>>()?;
        let name = columns[0].name().clone();
        let mut texts: Vec<Option<String>> = Vec::new();
        let mut numbers: Vec<Option<i64>> = Vec::new();
        for row in 0..height(columns) {
            match compute(&Row { columns: &arguments, row })? {
                Some(Value::Text(text)) => texts.push(Some(text)),
                Some(Value::Whole(number)) => numbers.push(Some(number)),
                None if dtype == DataType::Int64 => numbers.push(None),
                None => texts.push(None),
            }
        }
        let series: Series = match dtype {
            DataType::Int64 => Int64Chunked::from_iter_options(name, numbers.into_iter()).into_series(),
            _ => StringChunked::from_iter_options(name, texts.into_iter()).into_series(),
        };
        Ok(series.into_column())
    };
    kernel(inputs, move |_| Ok(output.clone()), run)
}

/// The place of a part in a text, counted in letters from 1; 0 for nowhere.
fn position(row: &Row) -> Option<i64> {
    let (text, part) = (row.text(0)?, row.text(1)?);
    let found = text.find(part).map_or(0, |at| text[..at].chars().count() + 1);
    i64::try_from(found).ok()
}

/// The first letters, or all but the last where the number is negative.
fn beginning(text: &str, count: i64) -> String {
    let letters = usize::try_from(count).unwrap_or_else(|_| {
        let dropped = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        text.chars().count().saturating_sub(dropped)
    });
    text.chars().take(letters).collect()
}

/// The last letters, or all but the first where the number is negative.
fn end(text: &str, count: i64) -> String {
    let all = text.chars().count();
    let magnitude = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let skipped = if count < 0 { magnitude.min(all) } else { all.saturating_sub(magnitude) };
    text.chars().skip(skipped).collect()
}

/// Letters from a place on, counted from 1, or from the end where it is negative. As in SQL the
/// places before the first letter count, and a negative length takes what stands before.
fn substring(row: &Row) -> Option<String> {
    let (text, start) = (row.text(0)?, row.whole(1)?);
    let all = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let first = if start < 0 { all.saturating_add(start) } else { start.saturating_sub(1) };
    let (from, to) = match row.count() {
        2 => (first, all),
        _ => {
            let length = row.whole(2)?;
            let other = first.saturating_add(length);
            (first.min(other), first.max(other))
        }
    };
    let bounded = |place: i64| usize::try_from(place.clamp(0, all)).unwrap_or_default();
    let (from, to) = (bounded(from), bounded(to));
    Some(text.chars().skip(from).take(to - from).collect())
}

fn replaced(row: &Row) -> Option<String> {
    let (text, old, new) = (row.text(0)?, row.text(1)?, row.text(2)?);
    Some(if old.is_empty() { text.to_owned() } else { text.replace(old, new) })
}

/// The nth part between separators, from the end where the number is negative; else nothing.
fn split_part(row: &Row) -> Option<String> {
    let (text, separator, number) = (row.text(0)?, row.text(1)?, row.whole(2)?);
    let parts: Vec<&str> = if separator.is_empty() { vec![text] } else { text.split(separator).collect() };
    let place = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
    let at = if number < 0 { parts.len().checked_sub(place) } else { place.checked_sub(1) };
    Some(at.and_then(|at| parts.get(at)).map_or_else(String::new, |part| (*part).to_owned()))
}

/// A text filled up to a length, or cut to it.
fn padded(row: &Row, left: bool) -> PolarsResult<Option<Value>> {
    let Some((text, length)) = row.text(0).zip(row.whole(1)) else {
        return Ok(None);
    };
    let fill = if row.count() > 2 { row.text(2) } else { Some(" ") };
    let Some(fill) = fill else {
        return Ok(None);
    };
    const LONGEST: i64 = 1_000_000;
    if length > LONGEST {
        return Err(refusal(format!("A text is not filled up to more than {LONGEST} letters, as {length} would ask.")));
    }

    let length = usize::try_from(length).unwrap_or_default();
    let present = text.chars().count();
    let lacking = length.saturating_sub(present);
    if lacking > 0 && fill.is_empty() {
        return Err(refusal(format!("“{text}” cannot be filled up to {length} letters with an empty text.")));
    }
    let filling: String = fill.chars().cycle().take(lacking).collect();
    let kept: String = text.chars().take(length).collect();
    Ok(Some(Value::Text(if left { filling + &kept } else { kept + &filling })))
}

/// `date(text, '%d.%m.%Y')` and its like.
pub(super) fn read_with_format(compiler: &Compiler, name: &str, value: &Operand, format: &Operand) -> CompileResult {
    compiler.textual(value, name)?;
    let Some(format) = format.written_text() else {
        return compiler.wrong_at(&[name], format!("{name} needs its format as text, such as '%d.%m.%Y'."));
    };
    let options = StrptimeOptions { format: Some(format.into()), strict: true, ..StrptimeOptions::default() };
    let text = value.as_text().str();
    let (expr, dtype) = match name {
        "date" => (text.to_date(options), DataType::Date),
        "time" => (text.to_time(options), DataType::Time),
        _ => {
            let unit = Some(polars::prelude::TimeUnit::Microseconds);
            (text.to_datetime(unit, None, options, lit("raise")), Kind::DateTime.dtype())
        }
    };
    Ok(Operand::made_of(expr, dtype, &[value]).fallible())
}
