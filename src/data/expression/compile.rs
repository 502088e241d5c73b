//! From an expression's syntax tree to an expression of polars, with the type of every part known.

use std::ops::Range;

use polars::prelude::{DataType, Expr, NULL, lit, when};
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, Expr as SqlExpr, Ident, UnaryOperator, Value as SqlValue, ValueWithSpan,
};

use super::branches::computed_where;
use super::calls::Call;
use super::comparisons::{self, compared};
use super::operand::{Operand, unified, unifying_may_fail};
use super::tokens::{self, Token};
use super::{ExpressionError, casts, moments, patterns};
use crate::checked::{self, Arithmetic, Comparison};
use crate::schema::{Kind, Schema, closest};

pub(super) type CompileResult<T = Operand> = Result<T, ExpressionError>;

pub(super) struct Compiler<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) schema: &'a Schema,
}

impl Compiler<'_> {
    /// An error about the whole text.
    pub(super) fn wrong<T>(&self, sentence: impl Into<String>) -> CompileResult<T> {
        Err(ExpressionError::new(sentence, Some(0..self.text.len())))
    }

    /// An error about the first word of these.
    pub(super) fn wrong_at<T>(&self, words: &[&str], sentence: impl Into<String>) -> CompileResult<T> {
        let token = self.tokens.iter().find(|token| words.iter().any(|word| token.is(self.text, word)));
        let span: Range<usize> = token.map_or(0..self.text.len(), |token| token.span.clone());
        Err(ExpressionError::new(sentence, Some(span)))
    }

    pub(super) fn compile(&self, tree: &SqlExpr) -> CompileResult {
        match tree {
            SqlExpr::Nested(inner) => self.compile(inner),
            SqlExpr::Identifier(name) => self.column(name),
            SqlExpr::CompoundIdentifier(parts) => self.dotted(parts),
            SqlExpr::Value(value) => self.literal(value),
            SqlExpr::TypedString(typed) => self.typed_text(typed),
            SqlExpr::Interval(interval) => moments::interval(self, interval),
            SqlExpr::UnaryOp { op, expr } => self.unary(*op, expr),
            SqlExpr::BinaryOp { left, op, right } => self.binary(left, op, right),
            SqlExpr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            SqlExpr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            SqlExpr::IsNull(expr) => self.checked_for(expr, |expr| expr.is_null()),
            SqlExpr::IsNotNull(expr) => self.checked_for(expr, |expr| expr.is_not_null()),
            SqlExpr::IsTrue(expr) => self.is_truth(expr, true, false),
            SqlExpr::IsNotTrue(expr) => self.is_truth(expr, true, true),
            SqlExpr::IsFalse(expr) => self.is_truth(expr, false, false),
            SqlExpr::IsNotFalse(expr) => self.is_truth(expr, false, true),
            SqlExpr::IsUnknown(expr) => self.checked_for(expr, |expr| expr.is_null()),
            SqlExpr::IsNotUnknown(expr) => self.checked_for(expr, |expr| expr.is_not_null()),
            SqlExpr::IsDistinctFrom(left, right) => self.distinct(left, right, true),
            SqlExpr::IsNotDistinctFrom(left, right) => self.distinct(left, right, false),
            SqlExpr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_ref(), *negated, false)
            }
            SqlExpr::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_ref(), *negated, true)
            }
            SqlExpr::RLike { negated, expr, pattern, .. } => self.matches(expr, pattern, *negated, false),
            SqlExpr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            SqlExpr::Cast { kind, expr, data_type, format: None, .. } => {
                let lossy = match kind {
                    CastKind::Cast | CastKind::DoubleColon => checked::Lossy::Refuse,
                    CastKind::TryCast | CastKind::SafeCast => checked::Lossy::Missing,
                };
                casts::cast(self, self.compile(expr)?, data_type, lossy)
            }
            SqlExpr::Function(_)
            | SqlExpr::Ceil { .. }
            | SqlExpr::Floor { .. }
            | SqlExpr::Extract { .. }
            | SqlExpr::Position { .. }
            | SqlExpr::Substring { .. }
            | SqlExpr::Trim { .. } => Call::read(self, tree)?.compile(self),
            SqlExpr::InSubquery { .. } | SqlExpr::Subquery(_) | SqlExpr::Exists { .. } => {
                self.wrong("An expression computes one value for each row; a query (SELECT) cannot stand here.")
            }
            other => self.wrong(format!("“{other}” cannot stand in an expression.")),
        }
    }

    fn column(&self, name: &Ident) -> CompileResult {
        let Some(column) = self.schema.get(&name.value) else {
            return Err(self.unknown_column(&name.value));
        };
        let dtype = column.dtype();
        let expr = Expr::Column(name.value.as_str().into());
        // A table from before widths were made one may still hold narrow numbers.
        let expr = match column.kind {
            Kind::Integer | Kind::Real => expr.strict_cast(dtype.clone()),
            _ => expr,
        };
        Ok(Operand::new(expr, dtype))
    }

    fn dotted(&self, parts: &[Ident]) -> CompileResult {
        let whole = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        if !self.schema.contains(&whole) {
            return Err(self.unknown_column(&whole));
        }
        let quoted = tokens::quoted(&whole);
        let span = self.tokens.iter().find(|token| parts.first().is_some_and(|part| token.is(self.text, &part.value)));
        Err(ExpressionError {
            sentence: format!("A name with a point stands in double quotes: write {quoted}."),
            span: span.map(|token| token.span.clone()),
            suggestion: Some(quoted),
        })
    }

    fn unknown_column(&self, unknown: &str) -> ExpressionError {
        let named = |token: &&Token| token.name(self.text).is_some_and(|name| name == unknown);
        let near = closest(unknown, self.schema);
        let hint = match near {
            Some(near) => format!(" Did you mean “{near}”?"),
            None if self.schema.is_empty() => String::new(),
            None => " Text stands in single quotes, as 'text'.".to_owned(),
        };
        ExpressionError {
            sentence: format!("There is no column “{unknown}”.{hint}"),
            span: self.tokens.iter().find(named).map(|token| token.span.clone()),
            suggestion: near.map(tokens::quoted),
        }
    }

    fn literal(&self, value: &ValueWithSpan) -> CompileResult {
        match &value.value {
            SqlValue::Null => Ok(Operand::null()),
            SqlValue::Boolean(value) => Ok(Operand::boolean(*value)),
            SqlValue::SingleQuotedString(text) => Ok(Operand::text(text)),
            SqlValue::Number(digits, _) => match Operand::number(digits) {
                Some(number) => Ok(number),
                None => self.wrong_at(&[digits], format!("“{digits}” is no number of at most 38 digits.")),
            },
            other => self.wrong(format!("“{other}” cannot stand in an expression.")),
        }
    }

    /// `DATE '2024-01-31'` and its like.
    fn typed_text(&self, typed: &sqlparser::ast::TypedString) -> CompileResult {
        let SqlValue::SingleQuotedString(text) = &typed.value.value else {
            return self.wrong(format!("“{}” cannot stand in an expression.", typed.value));
        };
        let dtype = casts::target(self, &typed.data_type)?;
        let operand = Operand::text(text);
        match operand.as_moment(&dtype) {
            Some(moment) => Ok(Operand::new(moment, dtype)),
            None => Err(comparisons::no_moment(self, text, Kind::of(&dtype))),
        }
    }

    fn unary(&self, op: UnaryOperator, expr: &SqlExpr) -> CompileResult {
        // A sign before a number is a part of it: the smallest whole number has no positive.
        if let (UnaryOperator::Minus, SqlExpr::Value(ValueWithSpan { value: SqlValue::Number(digits, _), .. })) =
            (op, expr)
            && let Some(number) = Operand::number(&format!("-{digits}"))
        {
            return Ok(number);
        }
        let operand = self.compile(expr)?;
        match op {
            UnaryOperator::Not | UnaryOperator::BangNot => {
                let condition = self.condition(&operand, "NOT needs a condition that is true or false.")?;
                Ok(Operand::made_of(condition.not(), DataType::Boolean, &[&operand]))
            }
            UnaryOperator::Plus if operand.is_number() || operand.kind() == Kind::Duration => Ok(operand),
            UnaryOperator::Minus if operand.is_null() => Ok(operand),
            UnaryOperator::Minus if operand.kind().is_numeric() => {
                let expr = checked::negate(operand.expr.clone());
                Ok(Operand::made_of(expr, operand.dtype.clone(), &[&operand]).fallible())
            }
            UnaryOperator::Minus if operand.kind() == Kind::Duration => moments::negated(self, &operand),
            UnaryOperator::Plus | UnaryOperator::Minus => {
                self.wrong(format!("A sign needs a number behind it, but there is {}.", operand.phrase()))
            }
            other => self.wrong(format!("“{other}” cannot stand in an expression.")),
        }
    }

    fn binary(&self, left: &SqlExpr, op: &BinaryOperator, right: &SqlExpr) -> CompileResult {
        let comparison = match op {
            BinaryOperator::Eq => Some(Comparison::Equal),
            BinaryOperator::NotEq => Some(Comparison::NotEqual),
            BinaryOperator::Lt => Some(Comparison::Less),
            BinaryOperator::LtEq => Some(Comparison::LessOrEqual),
            BinaryOperator::Gt => Some(Comparison::Greater),
            BinaryOperator::GtEq => Some(Comparison::GreaterOrEqual),
            _ => None,
        };
        if let Some(comparison) = comparison {
            return compared(self, comparison, &self.compile(left)?, &self.compile(right)?);
        }
        match op {
            BinaryOperator::And | BinaryOperator::BitwiseAnd => self.joined(left, right, true),
            BinaryOperator::Or | BinaryOperator::BitwiseOr => self.joined(left, right, false),
            BinaryOperator::Spaceship => self.distinct(left, right, false),
            BinaryOperator::Plus => self.arithmetic(Arithmetic::Add, left, right),
            BinaryOperator::Minus => self.arithmetic(Arithmetic::Subtract, left, right),
            BinaryOperator::Multiply => self.arithmetic(Arithmetic::Multiply, left, right),
            BinaryOperator::Divide => self.arithmetic(Arithmetic::Divide, left, right),
            BinaryOperator::DuckIntegerDivide => self.arithmetic(Arithmetic::DivideWhole, left, right),
            BinaryOperator::Modulo => self.arithmetic(Arithmetic::Remainder, left, right),
            BinaryOperator::StringConcat => {
                let (left, right) = (self.compile(left)?, self.compile(right)?);
                for side in [&left, &right] {
                    self.plain(side, "||")?;
                }
                Ok(Operand::made_of(patterns::joined(&left, &right), DataType::String, &[&left, &right]))
            }
            BinaryOperator::PGRegexMatch => self.matches(left, right, false, false),
            BinaryOperator::PGRegexIMatch => self.matches(left, right, false, true),
            BinaryOperator::PGRegexNotMatch => self.matches(left, right, true, false),
            BinaryOperator::PGRegexNotIMatch => self.matches(left, right, true, true),
            BinaryOperator::PGLikeMatch => self.like(left, right, None, false, false),
            BinaryOperator::PGILikeMatch => self.like(left, right, None, false, true),
            BinaryOperator::PGNotLikeMatch => self.like(left, right, None, true, false),
            BinaryOperator::PGNotILikeMatch => self.like(left, right, None, true, true),
            other => self.wrong_at(&[&other.to_string()], format!("The operator {other} is not offered here.")),
        }
    }

    /// AND and OR. The right side is computed only where the left one does not decide.
    fn joined(&self, left: &SqlExpr, right: &SqlExpr, and: bool) -> CompileResult {
        let (left, right) = (self.compile(left)?, self.compile(right)?);
        let parts = [&left, &right];
        let (first, second) = (self.joined_side(&left)?, self.joined_side(&right)?);
        let open = first.clone().neq_missing(lit(!and));
        let second = computed_where(open, &Operand { expr: second, dtype: DataType::Boolean, ..right.clone() });
        let expr = if and { first.and(second) } else { first.or(second) };
        Ok(Operand::made_of(expr, DataType::Boolean, &parts))
    }

    fn joined_side(&self, side: &Operand) -> CompileResult<Expr> {
        match side.kind() {
            Kind::Boolean => Ok(side.expr.clone()),
            _ if side.is_null() => Ok(unknown()),
            _ => self.wrong_at(&["and", "or", "&", "|"], CONDITIONS),
        }
    }

    pub(super) fn condition(&self, operand: &Operand, sentence: &str) -> CompileResult<Expr> {
        match operand.kind() {
            Kind::Boolean => Ok(operand.expr.clone()),
            _ if operand.is_null() => Ok(unknown()),
            _ => self.wrong(format!("{sentence} This is {}.", operand.phrase())),
        }
    }

    pub(super) fn arithmetic(&self, operation: Arithmetic, left: &SqlExpr, right: &SqlExpr) -> CompileResult {
        self.computed(operation, &self.compile(left)?, &self.compile(right)?)
    }

    pub(super) fn computed(&self, operation: Arithmetic, left: &Operand, right: &Operand) -> CompileResult {
        if left.kind().is_temporal() || right.kind().is_temporal() {
            return moments::computed(self, operation, left, right);
        }
        let number = |side: &Operand| side.is_number() || side.kind() == Kind::Boolean;
        if let Some(side) = [left, right].into_iter().find(|side| !number(side)) {
            let hint = if side.kind().is_textual() { " Convert it with CAST(… AS DOUBLE)." } else { "" };
            return self.wrong(format!("Arithmetic needs numbers, but a side is {}.{hint}", side.phrase()));
        }

        // A number with a point beside a decimal is one itself.
        let (left, right) = match (left.dtype.is_decimal(), right.dtype.is_decimal()) {
            (true, false) => (left.clone(), right.as_written_decimal().unwrap_or_else(|| right.clone())),
            (false, true) => (left.as_written_decimal().unwrap_or_else(|| left.clone()), right.clone()),
            _ => (left.clone(), right.clone()),
        };
        let dtype = match checked::arithmetic_type(operation, &left.dtype, &right.dtype) {
            Ok(dtype) => dtype,
            Err(error) => return self.wrong(crate::Error::from(error).to_string()),
        };
        let computed = Operand::made_of(
            checked::arithmetic(operation, left.expr.clone(), right.expr.clone()),
            dtype.clone(),
            &[&left, &right],
        );
        Ok(if dtype == DataType::Float64 { computed } else { computed.fallible() })
    }

    fn between(&self, expr: &SqlExpr, negated: bool, low: &SqlExpr, high: &SqlExpr) -> CompileResult {
        let (value, low, high) = (self.compile(expr)?, self.compile(low)?, self.compile(high)?);
        let above = compared(self, Comparison::GreaterOrEqual, &value, &low)?;
        let below = compared(self, Comparison::LessOrEqual, &value, &high)?;
        let within = above.expr.clone().and(below.expr.clone());
        let expr = if negated { within.not() } else { within };
        Ok(Operand::made_of(expr, DataType::Boolean, &[&above, &below]))
    }

    fn in_list(&self, expr: &SqlExpr, list: &[SqlExpr], negated: bool) -> CompileResult {
        let value = self.compile(expr)?;
        let members = list.iter().map(|member| self.compile(member)).collect::<CompileResult<Vec<_>>>()?;
        let found = comparisons::member_of(self, &value, &members)?;
        let expr = if negated { found.expr.clone().not() } else { found.expr.clone() };
        Ok(Operand::made_of(expr, DataType::Boolean, &[&found]))
    }

    /// IS NULL and its like, which anything may be asked.
    fn checked_for(&self, expr: &SqlExpr, check: fn(Expr) -> Expr) -> CompileResult {
        let operand = self.compile(expr)?;
        Ok(Operand::made_of(check(operand.expr.clone()), DataType::Boolean, &[&operand]))
    }

    fn is_truth(&self, expr: &SqlExpr, truth: bool, negated: bool) -> CompileResult {
        let operand = self.compile(expr)?;
        let condition = self.condition(&operand, "IS TRUE and IS FALSE need a condition.")?;
        let wanted = lit(truth);
        let expr = if negated { condition.neq_missing(wanted) } else { condition.eq_missing(wanted) };
        Ok(Operand::made_of(expr, DataType::Boolean, &[&operand]))
    }

    /// IS DISTINCT FROM: as <>, with missing values equal to each other and to nothing else.
    fn distinct(&self, left: &SqlExpr, right: &SqlExpr, negated: bool) -> CompileResult {
        let (left, right) = (self.compile(left)?, self.compile(right)?);
        let equal = compared(self, Comparison::Equal, &left, &right)?;
        let missing = (left.expr.clone().is_null(), right.expr.clone().is_null());
        let same =
            when(missing.0.clone().or(missing.1.clone())).then(missing.0.and(missing.1)).otherwise(equal.expr.clone());
        let expr = if negated { same.not() } else { same };
        Ok(Operand::made_of(expr, DataType::Boolean, &[&left, &right, &equal]))
    }

    fn like(
        &self,
        expr: &SqlExpr,
        pattern: &SqlExpr,
        escape: Option<&ValueWithSpan>,
        negated: bool,
        any_case: bool,
    ) -> CompileResult {
        let (value, pattern) = (self.compile(expr)?, self.compile(pattern)?);
        for side in [&value, &pattern] {
            self.textual(side, "LIKE")?;
        }
        let escape = match escape.map(|value| &value.value) {
            None => None,
            Some(SqlValue::SingleQuotedString(text)) if text.chars().count() == 1 => text.chars().next(),
            Some(other) => return self.wrong(format!("ESCAPE needs a single letter, not {other}.")),
        };
        let found = patterns::like(value.as_text(), pattern.as_text(), escape, any_case);
        let expr = if negated { found.not() } else { found };
        Ok(Operand::made_of(expr, DataType::Boolean, &[&value, &pattern]))
    }

    /// A regular expression found anywhere in the text.
    pub(super) fn matches(&self, expr: &SqlExpr, pattern: &SqlExpr, negated: bool, any_case: bool) -> CompileResult {
        let (value, pattern) = (self.compile(expr)?, self.compile(pattern)?);
        let found = patterns::matches(self, &value, &pattern, any_case)?;
        let expr = if negated { found.expr.clone().not() } else { found.expr.clone() };
        Ok(Operand::made_of(expr, DataType::Boolean, &[&found]))
    }

    /// Refuses what is neither a text nor a category.
    pub(super) fn textual(&self, operand: &Operand, name: &str) -> CompileResult<()> {
        if operand.kind().is_textual() || operand.is_null() {
            return Ok(());
        }
        let sentence = format!("{name} needs a text, but gets {}. Convert it with CAST(… AS TEXT).", operand.phrase());
        self.wrong_at(&[name], sentence)
    }

    /// Refuses lists, structures and bytes.
    pub(super) fn plain(&self, operand: &Operand, name: &str) -> CompileResult<()> {
        match operand.kind() {
            Kind::Other if !operand.is_null() => {
                self.wrong_at(&[name], format!("{name} needs a plain value, but gets {}.", operand.phrase()))
            }
            _ => Ok(()),
        }
    }

    fn case(&self, operand: Option<&SqlExpr>, conditions: &[CaseWhen], otherwise: Option<&SqlExpr>) -> CompileResult {
        let operand = operand.map(|operand| self.compile(operand)).transpose()?;
        let mut tests = Vec::new();
        let mut results = Vec::new();
        for CaseWhen { condition, result } in conditions {
            let condition = self.compile(condition)?;
            tests.push(match &operand {
                Some(operand) => compared(self, Comparison::Equal, operand, &condition)?,
                None => {
                    let expr = self.condition(&condition, "WHEN needs a condition that is true or false.")?;
                    Operand::made_of(expr, DataType::Boolean, &[&condition])
                }
            });
            results.push(self.compile(result)?);
        }
        results.push(otherwise.map_or_else(|| Ok(Operand::null()), |otherwise| self.compile(otherwise))?);
        self.chosen(&tests, results)
    }

    /// The result of the first test that holds, or the last one. Each test and each result is
    /// computed only for the rows that come to it.
    pub(super) fn chosen(&self, tests: &[Operand], results: Vec<Operand>) -> CompileResult {
        let (exprs, dtype) = match unified(&results) {
            Ok(unified) => unified,
            Err(sentence) => return self.wrong(sentence),
        };
        if dtype == DataType::Null {
            return Ok(Operand::null());
        }
        let may_fail = unifying_may_fail(&results);
        let branches: Vec<Operand> = results
            .iter()
            .zip(exprs)
            .map(|(result, expr)| {
                let branch = Operand::made_of(expr, dtype.clone(), &[result]);
                if may_fail && result.literal.is_none() { branch.fallible() } else { branch }
            })
            .collect();

        // Rows that no test before has taken.
        let mut left_over = lit(true);
        let mut guarded = Vec::new();
        for (test, branch) in tests.iter().zip(&branches) {
            let test = computed_where(left_over.clone(), test);
            let holds = test.fill_null(lit(false));
            let taken = left_over.clone().and(holds.clone());
            guarded.push((holds.clone(), computed_where(taken, branch)));
            left_over = left_over.and(holds.not());
        }
        let last = branches.last().map_or_else(unknown, |branch| computed_where(left_over, branch));
        let expr = guarded
            .into_iter()
            .rev()
            .fold(last, |otherwise, (holds, branch)| when(holds).then(branch).otherwise(otherwise));

        let parts: Vec<&Operand> = tests.iter().chain(&branches).collect();
        Ok(Operand::made_of(expr, dtype, &parts))
    }
}

/// A condition of which nothing is known.
pub(super) fn unknown() -> Expr {
    lit(NULL).cast(DataType::Boolean)
}

const CONDITIONS: &str = "AND and OR need a condition that is true or false on both sides.";
