//! CAST and TRY_CAST.

use polars::prelude::{DataType, NULL, lit};
use sqlparser::ast::{DataType as SqlType, ExactNumberInfo};

use super::compile::{CompileResult, Compiler};
use super::operand::{Literal, Operand};
use crate::checked::{Lossy, convert};
use crate::decimal::MAX_DIGITS;
use crate::schema::Kind;

/// The type that a name of SQL means here: every width of a number is the widest.
pub(super) fn target(compiler: &Compiler, written: &SqlType) -> CompileResult<DataType> {
    let word = written.to_string().to_lowercase();
    let name: String = word.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    Ok(match name.as_str() {
        "boolean" | "bool" => DataType::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "int2" | "int4" | "int8" | "int16"
        | "int32" | "int64" | "signed" | "unsigned" | "uint8" | "uint16" | "uint32" | "uint64" | "utinyint"
        | "usmallint" | "ubigint" => DataType::Int64,
        "float" | "float4" | "float8" | "float32" | "float64" | "real" | "double" => DataType::Float64,
        "decimal" | "numeric" | "dec" => decimal(compiler, written)?,
        "varchar" | "char" | "character" | "text" | "string" | "nvarchar" | "tinytext" | "mediumtext" | "longtext" => {
            DataType::String
        }
        "date" => DataType::Date,
        "time" => DataType::Time,
        "timestamp" | "datetime" => Kind::DateTime.dtype(),
        _ => {
            return compiler.wrong(format!(
                "There is no type {written}. Use BIGINT, DOUBLE, DECIMAL(18, 2), TEXT, BOOLEAN, DATE, TIME or \
                 TIMESTAMP."
            ));
        }
    })
}

fn decimal(compiler: &Compiler, written: &SqlType) -> CompileResult<DataType> {
    let info = match written {
        SqlType::Decimal(info) | SqlType::Numeric(info) | SqlType::Dec(info) => *info,
        _ => ExactNumberInfo::None,
    };
    // SQL's own default.
    let (precision, scale) = match info {
        ExactNumberInfo::None => (18, 3),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, u64::try_from(scale).unwrap_or(u64::MAX)),
    };
    let within = (1..=MAX_DIGITS as u64).contains(&precision) && scale <= precision;
    match (usize::try_from(precision), usize::try_from(scale)) {
        (Ok(precision), Ok(scale)) if within => Ok(DataType::Decimal(precision, scale)),
        _ => compiler.wrong(format!(
            "A decimal has 1 to {MAX_DIGITS} digits, of which as many may stand behind the point: DECIMAL(18, 2)."
        )),
    }
}

/// A conversion; what cannot be converted is an error, or missing where nobody minds.
pub(super) fn cast(compiler: &Compiler, operand: Operand, written: &SqlType, lossy: Lossy) -> CompileResult {
    let to = target(compiler, written)?;
    converted(compiler, operand, to, lossy)
}

pub(super) fn converted(compiler: &Compiler, operand: Operand, to: DataType, lossy: Lossy) -> CompileResult {
    // Decimals are stored with all their digits; a narrower one is only checked.
    let stored = match to {
        DataType::Decimal(_, scale) => DataType::Decimal(MAX_DIGITS, scale),
        ref to => to.clone(),
    };
    if operand.is_null() {
        return Ok(Operand::made_of(lit(NULL).cast(stored.clone()), stored, &[&operand]));
    }
    let (from, kind) = (operand.kind(), Kind::of(&to));
    let impossible = match (from, kind) {
        (from, to) if from == to && from != Kind::Decimal => {
            let zoned = matches!(operand.dtype, DataType::Datetime(_, Some(_)));
            if !zoned {
                return Ok(Operand { dtype: stored, literal: None, ..operand });
            }
            false
        }
        (Kind::Other, _) => true,
        (from, Kind::Boolean | Kind::Real | Kind::Decimal) => from.is_temporal(),
        (from, Kind::Date) => !(from.is_textual() || from == Kind::DateTime),
        (from, Kind::DateTime) => !(from.is_textual() || from == Kind::Date || from == Kind::DateTime),
        (from, Kind::Time) => !(from.is_textual() || from == Kind::DateTime),
        _ => false,
    };
    if impossible {
        return compiler.wrong(format!(
            "{} cannot become {}.",
            super::operand::capitalized(from.phrase()),
            kind.phrase()
        ));
    }

    let value = operand.expr.clone();
    // Digits that were written with a point are exact as decimals.
    let exact = || match (&operand.literal, operand.as_written_decimal()) {
        (Some(Literal::Number(_)), Some(decimal)) => decimal.expr,
        _ => value.clone(),
    };
    let expr = match kind {
        Kind::Boolean => convert::to_boolean(value, lossy),
        Kind::Integer => convert::to_whole(exact(), lossy),
        Kind::Real => convert::to_real(value, lossy),
        Kind::Decimal => {
            let (precision, scale) = match to {
                DataType::Decimal(precision, scale) => (precision, scale),
                _ => (MAX_DIGITS, 0),
            };
            convert::to_decimal(exact(), precision, scale, lossy).cast(stored.clone())
        }
        Kind::Date => convert::to_date(value, lossy),
        Kind::DateTime => convert::to_datetime(value, lossy),
        Kind::Time => convert::to_time(value, lossy),
        _ => operand.as_text(),
    };
    let converted = Operand::made_of(expr, stored, &[&operand]);
    Ok(if lossy == Lossy::Refuse && kind != Kind::Text { converted.fallible() } else { converted })
}
