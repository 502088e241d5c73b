//! Functions of numbers.

use polars::prelude::{ChunkApply, Column, DataType, Expr, IntoColumn, IntoSeries, lit};

use super::compile::{CompileResult, Compiler};
use super::operand::Operand;
use crate::checked::{self, convert, kernel};

/// The call, if the function is one of numbers.
pub(super) fn called(compiler: &Compiler, name: &str, operands: &[Operand]) -> CompileResult<Option<Operand>> {
    if name == "pi" {
        return Ok(Some(Operand::new(lit(std::f64::consts::PI), DataType::Float64)));
    }
    let of_one = real_function(name);
    let known =
        of_one.is_some() || matches!(name, "abs" | "ceil" | "floor" | "round" | "sign" | "pow" | "log" | "atan2");
    if !known {
        return Ok(None);
    }
    if let Some(operand) = operands.iter().find(|operand| !operand.is_number()) {
        let hint = if operand.kind().is_textual() { " Convert it with CAST(… AS DOUBLE)." } else { "" };
        return compiler.wrong_at(&[name], format!("{name} needs a number, but gets {}.{hint}", operand.phrase()));
    }
    let Some(first) = operands.first() else {
        return Ok(None);
    };

    let parts: Vec<&Operand> = operands.iter().collect();
    let value = if first.is_null() { first.as_real() } else { first.expr.clone() };
    let own_type = if first.is_null() { DataType::Float64 } else { first.dtype.clone() };
    let own = |expr: Expr| Operand::made_of(expr, own_type.clone(), &parts);
    let real = |expr: Expr| Operand::made_of(expr, DataType::Float64, &parts);
    Ok(Some(match (name, operands) {
        ("abs", _) => own(checked::absolute(value)).fallible(),
        ("ceil", _) => own(checked::ceiling(value)),
        ("floor", _) => own(checked::floor(value)),
        ("sign", _) => own(checked::sign(value)),
        ("round", [_]) => own(checked::round(value, convert::whole_literal(0))),
        ("round", [_, decimals]) if decimals.dtype == DataType::Int64 => {
            own(checked::round(value, decimals.expr.clone())).fallible()
        }
        ("round", _) => {
            return compiler.wrong_at(&["round"], "round needs a whole number of decimals, such as round(x, 2).");
        }
        ("pow", [base, exponent]) => real(of_two(base.as_real(), exponent.as_real(), f64::powf)),
        ("atan2", [y, x]) => real(of_two(y.as_real(), x.as_real(), f64::atan2)),
        ("log", [_]) => real(of_reals(first.as_real(), f64::log10)),
        ("log", [value, base]) => real(of_two(value.as_real(), base.as_real(), logarithm)),
        _ => match of_one {
            Some(function) => real(of_reals(first.as_real(), function)),
            None => return Ok(None),
        },
    }))
}

/// Functions of one real number.
fn real_function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "sqrt" => f64::sqrt,
        "cbrt" => f64::cbrt,
        "exp" => f64::exp,
        "ln" => f64::ln,
        "log10" => f64::log10,
        "log1p" => f64::ln_1p,
        "log2" => f64::log2,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "degrees" => f64::to_degrees,
        "radians" => f64::to_radians,
        _ => return None,
    })
}

/// The logarithm to a base; exact for powers of 2 and 10, which a quotient of two is not.
fn logarithm(value: f64, base: f64) -> f64 {
    if base == 10.0 {
        value.log10()
    } else if base == 2.0 {
        value.log2()
    } else {
        value.ln() / base.ln()
    }
}

fn of_reals(expr: Expr, function: fn(f64) -> f64) -> Expr {
    let run = move |columns: &[Column]| {
        let values = columns[0].cast(&DataType::Float64)?;
        Ok(values.f64()?.apply_values(function).into_series().into_column())
    };
    kernel(vec![expr], |_| Ok(DataType::Float64), run)
}

fn of_two(left: Expr, right: Expr, function: fn(f64, f64) -> f64) -> Expr {
    use polars::prelude::Float64Type;
    use polars::prelude::arity::broadcast_binary_elementwise;

    let run = move |columns: &[Column]| {
        let (left, right) = (columns[0].cast(&DataType::Float64)?, columns[1].cast(&DataType::Float64)?);
        let pair = |left: Option<f64>, right: Option<f64>| Some(function(left?, right?));
        let values = broadcast_binary_elementwise::<_, _, Float64Type, _>(left.f64()?, right.f64()?, pair);
        Ok(values.into_series().into_column().with_name(columns[0].name().clone()))
    };
    kernel(vec![left, right], |_| Ok(DataType::Float64), run)
}
