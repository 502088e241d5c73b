//! Functions over several rows.

use polars::prelude::{DataType, Expr, NULL, QuantileMethod, lit, when};

use super::calls::Call;
use super::compile::{CompileResult, Compiler};
use super::operand::Operand;
use crate::checked;
use crate::schema::Kind;

pub(super) fn aggregated(compiler: &Compiler, call: &Call, operands: &[Operand]) -> CompileResult {
    let name = call.function.name;
    let Some(first) = operands.first() else {
        let rows = polars::prelude::len().cast(DataType::Int64);
        return Ok(Operand { aggregates: true, ..Operand::new(rows, DataType::Int64) });
    };
    let numeric = !matches!(name, "count" | "min" | "max" | "first" | "last");
    for operand in operands.iter().filter(|_| numeric) {
        if !(operand.is_number() || (name == "sum" && operand.kind() == Kind::Boolean)) {
            let sentence = format!("{name} needs a number, but gets {}.", operand.phrase());
            return compiler.wrong_at(&[name], sentence);
        }
    }
    if matches!(name, "min" | "max") {
        compiler.plain(first, name)?;
    }

    let value = first.expr.clone();
    let real = || first.as_real();
    let (expr, dtype) = match (name, operands) {
        ("count", _) if call.distinct => (value.drop_nulls().n_unique().cast(DataType::Int64), DataType::Int64),
        ("count", _) => (value.count().cast(DataType::Int64), DataType::Int64),
        ("sum", _) => {
            let dtype = match first.kind() {
                Kind::Boolean | Kind::Integer => DataType::Int64,
                _ => first.dtype.clone(),
            };
            let some = value.clone().is_not_null().any(true);
            (when(some).then(checked::sum(value)).otherwise(lit(NULL)), dtype)
        }
        ("avg", _) => (real().mean(), DataType::Float64),
        ("median", _) => (real().median(), DataType::Float64),
        ("stddev", _) => (real().std(1), DataType::Float64),
        ("variance", _) => (real().var(1), DataType::Float64),
        ("min", _) if first.kind() == Kind::Real => (smallest(value), DataType::Float64),
        ("max", _) if first.kind() == Kind::Real => (checked::largest(value), DataType::Float64),
        ("min", _) => (value.min(), first.dtype.clone()),
        ("max", _) => (value.max(), first.dtype.clone()),
        ("first", _) => (value.first(), first.dtype.clone()),
        ("last", _) => (value.last(), first.dtype.clone()),
        ("quantile_cont", [_, share]) => {
            let share = share.written_number().and_then(|digits| digits.parse::<f64>().ok());
            match share.filter(|share| (0.0..=1.0).contains(share)) {
                Some(share) => (real().quantile(lit(share), QuantileMethod::Linear), DataType::Float64),
                None => return compiler.wrong_at(&[name], "quantile_cont needs a share from 0 to 1, such as 0.9."),
            }
        }
        ("corr", [_, other]) => (polars::prelude::pearson_corr(real(), other.as_real()), DataType::Float64),
        _ => return compiler.wrong_at(&[name], format!("{name} takes other arguments.")),
    };
    let parts: Vec<&Operand> = operands.iter().collect();
    Ok(Operand { aggregates: true, ..Operand::made_of(expr, dtype, &parts) })
}

/// The smallest number; NaN only where there is nothing else.
fn smallest(value: Expr) -> Expr {
    let numbers = value.clone().filter(value.clone().is_not_nan()).min();
    when(numbers.clone().is_not_null()).then(numbers).otherwise(value.min())
}
