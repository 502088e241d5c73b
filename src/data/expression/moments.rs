//! Dates, times and lengths of time: intervals, arithmetic, parts and formats.

use polars::prelude::{DataType, Expr, IntoLazy, TimeUnit, df, lit, when};
use sqlparser::ast::{Expr as SqlExpr, Interval, UnaryOperator, Value as SqlValue, ValueWithSpan};

use super::comparisons::local_hour;
use super::compile::{CompileResult, Compiler};
use super::operand::{Literal, Operand};
use crate::checked::{self, Arithmetic, convert};
use crate::schema::Kind;

/// Units of an interval: their names, polars' word, and microseconds where they have a fixed length.
const UNITS: &[(&[&str], &str, Option<i64>)] = &[
    (&["year", "years", "y"], "y", None),
    (&["quarter", "quarters"], "q", None),
    (&["month", "months", "mon", "mons"], "mo", None),
    (&["week", "weeks", "w"], "w", Some(604_800_000_000)),
    (&["day", "days", "d"], "d", Some(86_400_000_000)),
    (&["hour", "hours", "h"], "h", Some(3_600_000_000)),
    (&["minute", "minutes", "min", "mins", "m"], "m", Some(60_000_000)),
    (&["second", "seconds", "sec", "secs", "s"], "s", Some(1_000_000)),
    (&["millisecond", "milliseconds", "ms"], "ms", Some(1_000)),
    (&["microsecond", "microseconds", "us"], "us", Some(1)),
];

fn duration_type() -> DataType {
    Kind::Duration.dtype()
}

/// `INTERVAL '2 hours 30 minutes'`, `INTERVAL '1' DAY`, `INTERVAL 1 DAY`.
pub(super) fn interval(compiler: &Compiler, interval: &Interval) -> CompileResult {
    let wrong = || {
        compiler.wrong_at(
            &["interval"],
            "An interval is a whole number and a unit, such as INTERVAL '1 month' or INTERVAL '2 hours 30 minutes'.",
        )
    };
    let amount = match &*interval.value {
        SqlExpr::Value(ValueWithSpan { value: SqlValue::SingleQuotedString(text), .. }) => text.clone(),
        SqlExpr::Value(ValueWithSpan { value: SqlValue::Number(digits, _), .. }) => digits.clone(),
        SqlExpr::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
            SqlExpr::Value(ValueWithSpan { value: SqlValue::Number(digits, _), .. }) => format!("-{digits}"),
            _ => return wrong(),
        },
        _ => return wrong(),
    };
    let unit = interval.leading_field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
    match read_interval(&format!("{amount}{unit}")) {
        Some((words, micros)) => {
            let expr = convert::whole_literal(micros.unwrap_or_default()).cast(duration_type());
            Ok(Operand { literal: Some(Literal::Interval(words)), ..Operand::new(expr, duration_type()) })
        }
        None => wrong(),
    }
}

/// An interval in polars' words, with its length where every unit has a fixed one. All parts have
/// the sign of the first.
fn read_interval(text: &str) -> Option<(String, Option<i64>)> {
    let mut words = text.split_whitespace().peekable();
    let mut out = String::new();
    let mut total = Some(0_i64);
    let mut negative = None;
    words.peek()?;
    while let Some(number) = words.next() {
        let amount: i64 = number.parse().ok()?;
        if *negative.get_or_insert(amount < 0) != (amount < 0) && amount != 0 {
            return None;
        }
        let unit = words.next()?.trim_end_matches(',').to_lowercase();
        let (_, word, micros) = UNITS.iter().find(|(names, ..)| names.contains(&unit.as_str()))?;
        out.push_str(&format!("{}{word}", amount.unsigned_abs()));
        total = match (total, micros) {
            (Some(total), Some(micros)) => Some(amount.checked_mul(*micros)?.checked_add(total)?),
            _ => None,
        };
    }
    let sign = if negative == Some(true) { "-" } else { "" };
    Some((format!("{sign}{out}"), total))
}

/// Whether an interval was written with units whose length depends on the date, such as months.
fn depends_on_date(words: &str) -> bool {
    words.contains("mo") || words.contains('y') || words.contains('q')
}

/// Whether an interval was written with hours, minutes, seconds or less.
fn counts_clock_time(words: &str) -> bool {
    let mut units = words.split(|letter: char| letter.is_ascii_digit() || letter == '-');
    units.any(|unit| matches!(unit, "h" | "m" | "s" | "ms" | "us"))
}

/// Refuses an interval of months or years where only a length of time will do.
pub(super) fn fixed(operand: &Operand) -> Result<(), &'static str> {
    match &operand.literal {
        Some(Literal::Interval(words)) if depends_on_date(words) => Err(NO_FIXED_LENGTH),
        _ => Ok(()),
    }
}

const NO_FIXED_LENGTH: &str =
    "Months and years have no fixed length, so that they can only be added to a date or taken from it.";

/// `+ - *` with dates, times and lengths of time.
pub(super) fn computed(compiler: &Compiler, operation: Arithmetic, left: &Operand, right: &Operand) -> CompileResult {
    let dtype = left.dtype.clone();
    let expr = match (left.kind(), operation, right.kind()) {
        (Kind::Date | Kind::DateTime, Arithmetic::Add, Kind::Duration) => shifted(compiler, left, right, false)?,
        (Kind::Date | Kind::DateTime, Arithmetic::Subtract, Kind::Duration) => shifted(compiler, left, right, true)?,
        (Kind::Duration, Arithmetic::Add, Kind::Date | Kind::DateTime) => {
            return computed(compiler, operation, right, left);
        }
        (Kind::Date, Arithmetic::Add | Arithmetic::Subtract, Kind::Integer) => {
            let days = left.expr.clone().to_physical().cast(DataType::Int64);
            let moved = checked::arithmetic(operation, days, right.expr.clone());
            moved.strict_cast(DataType::Int32).cast(DataType::Date)
        }
        (Kind::Integer, Arithmetic::Add, Kind::Date) => return computed(compiler, operation, right, left),
        (Kind::Date | Kind::DateTime, Arithmetic::Subtract, Kind::Date | Kind::DateTime) => {
            let micros =
                checked::arithmetic(operation, instant(compiler, left, right)?, instant(compiler, right, left)?);
            return Ok(Operand::made_of(micros.cast(duration_type()), duration_type(), &[left, right]).fallible());
        }
        (Kind::Duration, Arithmetic::Add | Arithmetic::Subtract, Kind::Duration) => {
            let (first, second) = (micros(compiler, left)?, micros(compiler, right)?);
            checked::arithmetic(operation, first, second).cast(duration_type())
        }
        (Kind::Duration, Arithmetic::Multiply | Arithmetic::DivideWhole, Kind::Integer) => {
            checked::arithmetic(operation, micros(compiler, left)?, right.expr.clone()).cast(duration_type())
        }
        (Kind::Integer, Arithmetic::Multiply, Kind::Duration) => return computed(compiler, operation, right, left),
        (Kind::Duration, Arithmetic::Divide, Kind::Duration) => {
            let (first, second) = (micros(compiler, left)?, micros(compiler, right)?);
            let ratio = checked::arithmetic(operation, first, second);
            return Ok(Operand::made_of(ratio, DataType::Float64, &[left, right]));
        }
        _ if left.is_null() || right.is_null() => {
            let dtype = if left.is_null() { right.dtype.clone() } else { dtype };
            return Ok(Operand::made_of(lit(polars::prelude::NULL).cast(dtype.clone()), dtype, &[left, right]));
        }
        _ => {
            return compiler.wrong(format!(
                "This cannot be computed of {} and {}. Dates take days and intervals, such as day + INTERVAL '1 month'.",
                left.phrase(),
                right.phrase()
            ));
        }
    };
    Ok(Operand::made_of(expr, dtype, &[left, right]).fallible())
}

/// A moment moved by an interval that was written, or by a column of lengths.
fn shifted(compiler: &Compiler, moment: &Operand, by: &Operand, back: bool) -> CompileResult<Expr> {
    if let Some(Literal::Interval(words)) = &by.literal {
        let words = match (back, words.strip_prefix('-')) {
            (true, None) => format!("-{words}"),
            (true, Some(positive)) => positive.to_owned(),
            (false, _) => words.clone(),
        };
        if moment.kind() == Kind::Date && counts_clock_time(&words) {
            return compiler
                .wrong("A date has no time of day. Convert it with timestamp(…) to add hours, minutes or seconds.");
        }
        return Ok(moment.expr.clone().dt().offset_by(lit(words)));
    }
    let operation = if back { Arithmetic::Subtract } else { Arithmetic::Add };
    if moment.kind() == Kind::Date {
        let at = moment.expr.clone().cast(Kind::DateTime.dtype()).to_physical();
        let moved = checked::arithmetic(operation, at, micros(compiler, by)?);
        return Ok(moved.cast(Kind::DateTime.dtype()).cast(DataType::Date));
    }
    let moved = checked::arithmetic(operation, moment.expr.clone().to_physical(), micros(compiler, by)?);
    Ok(moved.cast(moment.dtype.clone()))
}

/// Microseconds since 1970, both sides of a difference on one clock.
fn instant(compiler: &Compiler, side: &Operand, other: &Operand) -> CompileResult<Expr> {
    let zoned = |side: &Operand| matches!(side.dtype, DataType::Datetime(_, Some(_)));
    match side.kind() {
        Kind::Date => Ok(side.expr.clone().cast(Kind::DateTime.dtype()).to_physical()),
        _ if zoned(side) && other.kind() == Kind::Date => Ok(local_hour(side.expr.clone()).to_physical()),
        _ if zoned(side) != zoned(other) && other.kind() != Kind::Date => compiler.wrong(
            "A date and time with a time zone and one without have no difference. Convert the first with \
             CAST(… AS TIMESTAMP), which gives its local hour.",
        ),
        _ => Ok(side.expr.clone().to_physical()),
    }
}

/// The length of a duration in microseconds.
pub(super) fn micros(compiler: &Compiler, duration: &Operand) -> CompileResult<Expr> {
    match fixed(duration) {
        Err(sentence) => compiler.wrong_at(&["interval"], sentence),
        Ok(()) => Ok(duration.expr.clone().to_physical()),
    }
}

pub(super) fn negated(compiler: &Compiler, operand: &Operand) -> CompileResult {
    if let Some(Literal::Interval(words)) = &operand.literal {
        let words = words.strip_prefix('-').map_or_else(|| format!("-{words}"), str::to_owned);
        let expr = checked::negate(operand.expr.clone().to_physical()).cast(duration_type());
        return Ok(Operand { literal: Some(Literal::Interval(words)), ..Operand::new(expr, duration_type()) });
    }
    let negated = checked::negate(micros(compiler, operand)?).cast(duration_type());
    Ok(Operand::made_of(negated, duration_type(), &[operand]).fallible())
}

/// `EXTRACT(year FROM x)` and `date_part('year', x)`.
pub(super) fn part(compiler: &Compiler, name: &str, operand: &Operand) -> CompileResult {
    let whole = |expr: Expr| Ok(Operand::made_of(expr.cast(DataType::Int64), DataType::Int64, &[operand]));
    let unknown = || {
        compiler.wrong_at(
            &[name],
            format!(
                "There is no part “{name}” of {}. Use year, quarter, month, week, day, dow, hour, minute, second \
                or epoch.",
                operand.phrase()
            ),
        )
    };
    if operand.is_null() {
        return whole(operand.expr.clone());
    }
    let name = name.to_lowercase();
    match operand.kind() {
        Kind::Date | Kind::DateTime => {}
        Kind::Time => return time_part(&name, operand).map_or_else(unknown, whole),
        Kind::Duration => return duration_part(compiler, &name, operand),
        _ => {
            return compiler.wrong(format!(
                "A part such as the year needs a date or a time, but gets {}. Convert it with date(…).",
                operand.phrase()
            ));
        }
    }

    let value = operand.expr.clone();
    let date = || value.clone().dt();
    match name.as_str() {
        "year" | "years" | "y" => whole(date().year()),
        "isoyear" => whole(date().iso_year()),
        "quarter" | "quarters" => whole(date().quarter()),
        "month" | "months" | "mon" | "mons" => whole(date().month()),
        "week" | "weeks" | "isoweek" | "w" => whole(date().week()),
        "day" | "days" | "dayofmonth" | "d" => whole(date().day()),
        "doy" | "dayofyear" => whole(date().ordinal_day()),
        "isodow" => whole(date().weekday()),
        "dow" | "dayofweek" => whole(date().weekday().cast(DataType::Int64) % convert::whole_literal(7)),
        "decade" => whole(date().year().cast(DataType::Int64).floor_div(convert::whole_literal(10))),
        "century" => whole(date().century()),
        "millennium" => whole(date().millennium()),
        "epoch" => {
            let micros = value.cast(DataType::Datetime(TimeUnit::Microseconds, None)).to_physical();
            let seconds = micros.cast(DataType::Float64) / lit(1e6);
            Ok(Operand::made_of(seconds, DataType::Float64, &[operand]))
        }
        _ => match clock_part(&name, operand) {
            Some(part) => whole(part),
            None => unknown(),
        },
    }
}

/// A part of the time of day; 0 for a date.
fn clock_part(name: &str, operand: &Operand) -> Option<Expr> {
    let value = || operand.expr.clone();
    let seconds_of = |per_second: i64| {
        let nanos = value().dt().nanosecond().cast(DataType::Int64);
        let fraction = nanos.floor_div(convert::whole_literal(1_000_000_000 / per_second));
        value().dt().second().cast(DataType::Int64) * convert::whole_literal(per_second) + fraction
    };
    let part = match name {
        "hour" | "hours" | "h" => value().dt().hour(),
        "minute" | "minutes" | "min" | "mins" | "m" => value().dt().minute(),
        "second" | "seconds" | "sec" | "secs" | "s" => value().dt().second(),
        "millisecond" | "milliseconds" | "ms" => seconds_of(1_000),
        "microsecond" | "microseconds" | "us" => seconds_of(1_000_000),
        "nanosecond" | "nanoseconds" | "ns" => seconds_of(1_000_000_000),
        _ => return None,
    };
    Some(match operand.kind() {
        Kind::Date => when(value().is_not_null()).then(convert::whole_literal(0)).otherwise(lit(polars::prelude::NULL)),
        _ => part,
    })
}

fn time_part(name: &str, operand: &Operand) -> Option<Expr> {
    let date = operand.expr.clone().dt();
    Some(match name {
        "hour" | "hours" | "h" => date.hour(),
        "minute" | "minutes" | "min" | "mins" | "m" => date.minute(),
        "second" | "seconds" | "sec" | "secs" | "s" => date.second(),
        "epoch" => operand.expr.clone().to_physical().floor_div(convert::whole_literal(1_000_000_000)),
        _ => return None,
    })
}

/// Days, and the hours, minutes and seconds of the rest; `epoch` is the whole in seconds.
fn duration_part(compiler: &Compiler, name: &str, operand: &Operand) -> CompileResult {
    let micros = micros(compiler, operand)?;
    let pieces = |unit: i64, of: Option<i64>| {
        let units = checked::arithmetic(Arithmetic::DivideWhole, micros.clone(), convert::whole_literal(unit));
        let units = match of {
            Some(of) => checked::arithmetic(Arithmetic::Remainder, units, convert::whole_literal(of)),
            None => units,
        };
        Ok(Operand::made_of(units, DataType::Int64, &[operand]))
    };
    match name {
        "day" | "days" => pieces(86_400_000_000, None),
        "hour" | "hours" => pieces(3_600_000_000, Some(24)),
        "minute" | "minutes" => pieces(60_000_000, Some(60)),
        "second" | "seconds" => pieces(1_000_000, Some(60)),
        "epoch" => {
            let seconds = micros.cast(DataType::Float64) / lit(1e6);
            Ok(Operand::made_of(seconds, DataType::Float64, &[operand]))
        }
        _ => compiler.wrong_at(
            &[name],
            format!("There is no part “{name}” of a duration. Use day, hour, minute, second or epoch."),
        ),
    }
}

/// `strftime(x, '%Y-%m')`.
pub(super) fn formatted(compiler: &Compiler, operand: &Operand, format: &Operand) -> CompileResult {
    let Some(format) = format.written_text() else {
        return compiler.wrong_at(&["strftime"], "strftime needs its format as text, such as '%Y-%m'.");
    };
    if !matches!(operand.kind(), Kind::Date | Kind::DateTime | Kind::Time) {
        return compiler.wrong_at(
            &["strftime"],
            format!("strftime needs a date or a time, but gets {}. Convert it with date(…).", operand.phrase()),
        );
    }
    let shown = |value: Expr| value.dt().strftime(format);
    // A wrong format is found on one value, before there are any rows.
    let sample = lit(0_i64).cast(operand.dtype.clone());
    let tried = df!("one" => [1]).and_then(|one| one.lazy().select([shown(sample).alias("text")]).collect());
    if tried.is_err() {
        return compiler.wrong(format!("'{format}' is no format for {}. Write it as '%Y-%m-%d'.", operand.phrase()));
    }
    Ok(Operand::made_of(shown(operand.expr.clone()), DataType::String, &[operand]))
}
