//! Calls of functions.

use polars::prelude::{DataType, Expr, NULL, lit, when};
use sqlparser::ast::{
    CeilFloorKind, DuplicateTreatment, Expr as SqlExpr, Function as SqlFunction, FunctionArg, FunctionArgExpr,
    FunctionArguments, TrimWhereField,
};

use super::comparisons::compared;
use super::compile::{CompileResult, Compiler};
use super::functions::{self, Function};
use super::operand::{Operand, unified, unifying_may_fail};
use super::{aggregates, casts, grammar, moments, numbers, texts};
use crate::checked::{Arithmetic, Comparison, Lossy};
use crate::schema::Kind;

/// A call as it was written: the function and its arguments.
pub(super) struct Call<'a> {
    pub(super) function: &'static Function,
    pub(super) arguments: Vec<&'a SqlExpr>,
    /// What SQL writes without quotes: the part of a date.
    part: Option<String>,
    /// `count(*)`
    pub(super) star: bool,
    pub(super) distinct: bool,
}

impl<'a> Call<'a> {
    /// # Errors
    /// A function that is not offered, or a form of call that is not.
    pub(super) fn read(compiler: &Compiler, tree: &'a SqlExpr) -> CompileResult<Self> {
        let call = |name: &str, arguments: Vec<&'a SqlExpr>| {
            let function = found(compiler, name)?;
            Ok(Self { function, arguments, part: None, star: false, distinct: false })
        };
        match tree {
            SqlExpr::Function(function) => Self::of_function(compiler, function),
            SqlExpr::Ceil { expr, field: CeilFloorKind::DateTimeField(_) } => call("ceil", vec![expr]),
            SqlExpr::Floor { expr, field: CeilFloorKind::DateTimeField(_) } => call("floor", vec![expr]),
            SqlExpr::Extract { field, expr, .. } => {
                let part = Some(field.to_string());
                call("extract", vec![expr]).map(|call| Self { part, ..call })
            }
            SqlExpr::Position { expr, r#in } => call("strpos", vec![r#in, expr]),
            SqlExpr::Substring { expr, substring_from, substring_for, .. } => {
                let arguments = std::iter::once(expr).chain(substring_from).chain(substring_for);
                call("substr", arguments.map(|argument| &**argument).collect())
            }
            SqlExpr::Trim { expr, trim_where, trim_what, trim_characters } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    _ => "trim",
                };
                let letters = trim_what.iter().map(|what| &**what).chain(trim_characters.iter().flatten());
                call(name, std::iter::once(&**expr).chain(letters).collect())
            }
            other => compiler.wrong(format!("“{other}” cannot stand in an expression.")),
        }
    }

    fn of_function(compiler: &Compiler, written: &'a SqlFunction) -> CompileResult<Self> {
        let name = written.name.to_string();
        let function = found(compiler, &name)?;
        if written.over.is_some() {
            return compiler.wrong_at(&["over"], "OVER looks at several rows; use it in a SQL query.");
        }
        if written.filter.is_some() || written.null_treatment.is_some() || !written.within_group.is_empty() {
            return compiler.wrong_at(&[&name], format!("{name} cannot be called in this form here."));
        }

        let mut call = Self { function, arguments: Vec::new(), part: None, star: false, distinct: false };
        match &written.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(_) => {
                return compiler.wrong_at(&[&name], "A query (SELECT) cannot stand in an expression.");
            }
            FunctionArguments::List(list) => {
                call.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
                for argument in &list.args {
                    match argument {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => call.arguments.push(expr),
                        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => call.star = true,
                        other => {
                            return compiler.wrong_at(&[&name], format!("{name} cannot take “{other}”."));
                        }
                    }
                }
            }
        }
        Ok(call)
    }

    pub(super) fn compile(&self, compiler: &Compiler) -> CompileResult {
        let name = self.function.name;
        if (self.distinct || self.star) && name != "count" {
            return compiler.wrong_at(&[name], format!("{name} cannot be called in this form here."));
        }
        let operands = self.arguments.iter().map(|argument| compiler.compile(argument));
        let operands = operands.collect::<CompileResult<Vec<_>>>()?;
        self.check_count(compiler, &operands)?;
        if self.function.aggregates {
            return aggregates::aggregated(compiler, self, &operands);
        }
        if let Some(number) = numbers::called(compiler, name, &operands)? {
            return Ok(number);
        }
        if let Some(text) = texts::called(compiler, name, &operands)? {
            return Ok(text);
        }
        self.choosing_or_moment(compiler, &operands)
    }

    fn check_count(&self, compiler: &Compiler, operands: &[Operand]) -> CompileResult<()> {
        let name = self.function.name;
        let (least, most) = self.function.arguments();
        let given = operands.len() + usize::from(self.star);
        if (least..=most).contains(&given) || self.part.is_some() {
            return Ok(());
        }
        let sentence = format!("{name} takes other arguments. Write it as {}.", self.function.signature);
        compiler.wrong_at(&[name], sentence)
    }

    fn choosing_or_moment(&self, compiler: &Compiler, operands: &[Operand]) -> CompileResult {
        match (self.function.name, operands) {
            ("coalesce" | "ifnull", all) => first_present(compiler, all),
            ("nullif", [value, _]) if value.is_null() => Ok(Operand::null()),
            ("nullif", [value, other]) => {
                let equal = compared(compiler, Comparison::Equal, value, other)?;
                let expr = when(equal.expr.clone()).then(lit(NULL)).otherwise(value.expr.clone());
                Ok(Operand::made_of(expr.cast(value.dtype.clone()), value.dtype.clone(), &[value, &equal]))
            }
            ("greatest", all) => extreme(compiler, all, Comparison::GreaterOrEqual),
            ("least", all) => extreme(compiler, all, Comparison::LessOrEqual),
            ("if", [condition, then, otherwise]) => {
                let expr = compiler.condition(condition, "if needs a condition that is true or false.")?;
                let test = Operand::made_of(expr, DataType::Boolean, &[condition]);
                compiler.chosen(&[test], vec![then.clone(), otherwise.clone()])
            }
            ("date", [value]) => casts::converted(compiler, value.clone(), DataType::Date, Lossy::Refuse),
            ("time", [value]) => casts::converted(compiler, value.clone(), DataType::Time, Lossy::Refuse),
            ("timestamp", [value]) => casts::converted(compiler, value.clone(), Kind::DateTime.dtype(), Lossy::Refuse),
            ("date" | "time" | "timestamp", [value, format]) => {
                texts::read_with_format(compiler, self.function.name, value, format)
            }
            ("extract", [value]) => moments::part(compiler, self.part.as_deref().unwrap_or_default(), value),
            ("date_part", [part, value]) => match part.written_text() {
                Some(part) => moments::part(compiler, part, value),
                None => compiler.wrong_at(&["date_part"], "date_part needs its part as text, such as 'year'."),
            },
            ("strftime", [value, format]) => moments::formatted(compiler, value, format),
            ("mod", [left, right]) => compiler.computed(Arithmetic::Remainder, left, right),
            ("div", [left, right]) => compiler.computed(Arithmetic::DivideWhole, left, right),
            (name, _) => {
                let sentence = format!("{name} takes other arguments. Write it as {}.", self.function.signature);
                compiler.wrong_at(&[name], sentence)
            }
        }
    }
}

/// The function that is offered under that name.
fn found(compiler: &Compiler, name: &str) -> CompileResult<&'static Function> {
    functions::find(functions::main_name(name)).ok_or_else(|| {
        let token = compiler.tokens.iter().find(|token| token.is(compiler.text, name));
        grammar::unknown_function(name, token.map(|token| token.span.clone()))
    })
}

/// The first operand that is not missing; the others are not computed for its rows.
fn first_present(compiler: &Compiler, operands: &[Operand]) -> CompileResult {
    let [before @ .., _] = operands else {
        return compiler.wrong_at(&["coalesce"], "coalesce needs at least one value.");
    };
    let tests: Vec<Operand> = before
        .iter()
        .map(|operand| Operand::made_of(operand.expr.clone().is_not_null(), DataType::Boolean, &[operand]))
        .collect();
    compiler.chosen(&tests, operands.to_vec())
}

/// The largest or smallest operand; missing ones count for nothing.
fn extreme(compiler: &Compiler, operands: &[Operand], wins: Comparison) -> CompileResult {
    let (exprs, dtype) = match unified(operands) {
        Ok(unified) => unified,
        Err(sentence) => return compiler.wrong(sentence),
    };
    if dtype == DataType::Null {
        return Ok(Operand::null());
    }
    if Kind::of(&dtype) == Kind::Other {
        return compiler.wrong(format!("There is no largest or smallest of {}s.", Kind::Other.phrase()));
    }
    let better = |left: Expr, right: Expr| match wins {
        Comparison::LessOrEqual => left.lt_eq(right),
        _ => left.gt_eq(right),
    };
    let expr = exprs.into_iter().reduce(|best, next| {
        let kept = next.clone().is_null().or(best.clone().is_not_null().and(better(best.clone(), next.clone())));
        when(kept.fill_null(lit(false))).then(best).otherwise(next)
    });
    let parts: Vec<&Operand> = operands.iter().collect();
    let chosen = Operand::made_of(expr.unwrap_or_else(|| lit(NULL)), dtype, &parts);
    Ok(if unifying_may_fail(operands) { chosen.fallible() } else { chosen })
}
