//! A part of an expression with its type, and bringing two of them to one type.

use polars::prelude::{DataType, Expr, NULL, lit};

use crate::checked::{self, Lossy, convert};
use crate::decimal::{Decimal, MAX_DIGITS};
use crate::scalar::Scalar;
use crate::schema::Kind;
use crate::temporal;

/// A compiled part of an expression.
#[derive(Clone)]
pub(super) struct Operand {
    pub(super) expr: Expr,
    pub(super) dtype: DataType,
    /// The value as it was written, if it is one.
    pub(super) literal: Option<Literal>,
    /// Looks at several rows at once.
    pub(super) aggregates: bool,
    /// Some values make it an error, so that it must not be computed for rows that do not need it.
    pub(super) fallible: bool,
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Boolean(bool),
    /// Digits with an optional sign, point and exponent.
    Number(String),
    Text(String),
    /// A length of time in polars' words, such as `1mo` or `2h30m`.
    Interval(String),
}

impl Operand {
    pub(super) fn new(expr: Expr, dtype: DataType) -> Self {
        Self { expr, dtype, literal: None, aggregates: false, fallible: false }
    }

    /// Something computed of others, which inherits what they can do.
    pub(super) fn made_of(expr: Expr, dtype: DataType, parts: &[&Self]) -> Self {
        let aggregates = parts.iter().any(|part| part.aggregates);
        let fallible = parts.iter().any(|part| part.fallible);
        Self { expr, dtype, literal: None, aggregates, fallible }
    }

    pub(super) fn fallible(mut self) -> Self {
        self.fallible = true;
        self
    }

    pub(super) fn null() -> Self {
        Self { literal: Some(Literal::Null), ..Self::new(lit(NULL), DataType::Null) }
    }

    pub(super) fn boolean(value: bool) -> Self {
        Self { literal: Some(Literal::Boolean(value)), ..Self::new(lit(value), DataType::Boolean) }
    }

    pub(super) fn text(value: &str) -> Self {
        Self { literal: Some(Literal::Text(value.to_owned())), ..Self::new(lit(value), DataType::String) }
    }

    /// A number as written: whole of 64 bits, a decimal beyond, real with a point or an exponent.
    pub(super) fn number(digits: &str) -> Option<Self> {
        let literal = Some(Literal::Number(digits.to_owned()));
        if digits.contains(['.', 'e', 'E']) {
            let value: f64 = digits.parse().ok()?;
            return Some(Self { literal, ..Self::new(lit(value), DataType::Float64) });
        }
        if let Ok(value) = digits.parse::<i64>() {
            return Some(Self { literal, ..Self::new(convert::whole_literal(value), DataType::Int64) });
        }
        let value: Decimal = digits.parse().ok()?;
        Some(Self { literal, ..Self::decimal(value) })
    }

    fn decimal(value: Decimal) -> Self {
        let dtype = DataType::Decimal(MAX_DIGITS, value.scale());
        Self::new(scalar(&Scalar::Decimal(value)), dtype)
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.dtype)
    }

    pub(super) fn is_null(&self) -> bool {
        self.literal == Some(Literal::Null)
    }

    pub(super) fn is_number(&self) -> bool {
        self.kind().is_numeric() || self.is_null()
    }

    pub(super) fn written_text(&self) -> Option<&str> {
        match &self.literal {
            Some(Literal::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn written_number(&self) -> Option<&str> {
        match &self.literal {
            Some(Literal::Number(digits)) => Some(digits),
            _ => None,
        }
    }

    /// What the operand holds, for a sentence.
    pub(super) fn phrase(&self) -> &'static str {
        if self.is_null() { "missing" } else { self.kind().phrase() }
    }

    /// The operand as text; categories by their names.
    pub(super) fn as_text(&self) -> Expr {
        match self.kind() {
            Kind::Text => self.expr.clone(),
            Kind::Category => self.expr.clone().cast(DataType::String),
            _ if self.is_null() => lit(NULL).cast(DataType::String),
            _ => convert::to_text(self.expr.clone()),
        }
    }

    /// A number as a real one, rounded to the nearest.
    pub(super) fn as_real(&self) -> Expr {
        match self.dtype {
            DataType::Float64 => self.expr.clone(),
            _ if self.is_null() => lit(NULL).cast(DataType::Float64),
            _ => convert::to_real(self.expr.clone(), Lossy::Refuse),
        }
    }

    /// A number written with a point as the decimal that it is.
    pub(super) fn as_written_decimal(&self) -> Option<Self> {
        let digits = self.written_number()?;
        let value: Decimal = digits.parse().ok()?;
        Some(Self { literal: self.literal.clone(), ..Self::decimal(value) })
    }

    /// A text that stands for a moment of the type; `None` if it is none.
    pub(super) fn as_moment(&self, dtype: &DataType) -> Option<Expr> {
        let text = self.written_text()?.trim();
        let scalar_value = match dtype {
            DataType::Date => Scalar::Date(temporal::parse_date(text, None)?),
            DataType::Time => Scalar::Time(temporal::parse_time(text)?),
            DataType::Datetime(..) => Scalar::DateTime(convert::parse_moment(text)?),
            _ => return None,
        };
        Some(scalar(&scalar_value))
    }
}

/// A scalar as a literal of exactly its type.
pub(super) fn scalar(value: &Scalar) -> Expr {
    let value = value.to_any().into_static();
    lit(polars::prelude::Scalar::new(value.dtype(), value))
}

/// The one type that several operands have in common, and each of them in it.
///
/// # Errors
/// A sentence when there is none.
pub(super) fn unified(operands: &[Operand]) -> Result<(Vec<Expr>, DataType), String> {
    let Some(common) = common_type(operands)? else {
        // Nothing but missing values: they take the type of whatever they stand beside.
        return Ok((operands.iter().map(|_| lit(NULL)).collect(), DataType::Null));
    };
    let exprs = operands.iter().map(|operand| brought_to(operand, &common)).collect();
    Ok((exprs, common))
}

/// Whether bringing operands to one type may refuse a value.
pub(super) fn unifying_may_fail(operands: &[Operand]) -> bool {
    let reals = operands.iter().any(|operand| operand.dtype.is_float());
    let counted = |operand: &Operand| operand.dtype.is_integer() || operand.dtype.is_decimal();
    let decimals = operands.iter().any(|operand| operand.dtype.is_decimal());
    operands.iter().any(counted) && (reals || decimals)
}

fn common_type(operands: &[Operand]) -> Result<Option<DataType>, String> {
    let decimals = operands.iter().any(|operand| operand.dtype.is_decimal());
    let mut common: Option<DataType> = None;
    for operand in operands.iter().filter(|operand| !operand.is_null()) {
        super::moments::fixed(operand)?;
        // A number with a point beside decimals is one of them.
        let written = operand.as_written_decimal().filter(|_| decimals);
        let dtype = written.map_or_else(|| operand.dtype.clone(), |decimal| decimal.dtype);
        common = Some(match common {
            None => dtype,
            Some(known) => joined(&known, &dtype, operands).ok_or_else(|| {
                format!(
                    "{} and {} do not go together here. Convert one with CAST(… AS …).",
                    capitalized(Kind::of(&known).phrase()),
                    Kind::of(&dtype).phrase()
                )
            })?,
        });
    }
    Ok(common)
}

/// The type that holds values of both.
fn joined(left: &DataType, right: &DataType, operands: &[Operand]) -> Option<DataType> {
    use DataType::{Date, Datetime, Decimal, Float64, Int64, String, Time};
    let all_written =
        |dtype: &DataType| operands.iter().filter(|one| one.dtype == String).all(|one| one.as_moment(dtype).is_some());
    Some(match (left, right) {
        (left, right) if left == right => left.clone(),
        (Int64 | Decimal(..), Float64) | (Float64, Int64 | Decimal(..)) => Float64,
        (Int64, Decimal(_, scale)) | (Decimal(_, scale), Int64) => Decimal(MAX_DIGITS, *scale),
        (Decimal(_, left), Decimal(_, right)) => Decimal(MAX_DIGITS, *left.max(right)),
        (Date, Datetime(unit, None)) | (Datetime(unit, None), Date) => Datetime(*unit, None),
        (moment @ (Date | Time | Datetime(_, None)), String) | (String, moment @ (Date | Time | Datetime(_, None)))
            if all_written(moment) =>
        {
            moment.clone()
        }
        (left, right) if Kind::of(left).is_textual() && Kind::of(right).is_textual() => String,
        _ => return None,
    })
}

fn brought_to(operand: &Operand, dtype: &DataType) -> Expr {
    if operand.is_null() {
        return lit(NULL).cast(dtype.clone());
    }
    if operand.dtype == *dtype {
        return operand.expr.clone();
    }
    match dtype {
        DataType::Float64 if operand.written_number().is_some() => operand.as_real(),
        DataType::Float64 => checked::exact_real(operand.expr.clone()),
        DataType::Decimal(_, scale) => {
            let written = operand.as_written_decimal();
            let expr = written.map_or_else(|| operand.expr.clone(), |decimal| decimal.expr);
            convert::to_decimal(expr, MAX_DIGITS, *scale, Lossy::Refuse)
        }
        DataType::String => operand.as_text(),
        dtype => operand.as_moment(dtype).unwrap_or_else(|| operand.expr.clone().cast(dtype.clone())),
    }
}

pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
