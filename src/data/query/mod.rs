//! SQL queries over tables. polars plans them; what stands in them means exactly what it means in
//! an [`crate::expression`], and sums and products are those of [`crate::checked`].
//!
//! polars knows our functions only in the outermost SELECT, so that every query inside another one
//! is planned by itself, innermost first, and stands in the outer one as a table.

mod templates;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use polars::prelude::LazyFrame;
use polars::sql::SQLContext;
use sqlparser::ast::{Expr as SqlExpr, Query, SetExpr, Statement, TableAlias, TableFactor, VisitMut, VisitorMut};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError, ParserOptions};

use crate::checked::guard;
use crate::error::{Error, Result};
use crate::normalize::stored_query;
use templates::Templates;

/// Plans one query over tables by name. Nothing is read yet.
///
/// # Errors
/// A mistake in the query, an unknown column, or a join of columns that cannot be compared exactly.
pub fn plan(query: &str, tables: Vec<(&str, LazyFrame)>) -> Result<LazyFrame> {
    let stored = |(name, table): (&str, LazyFrame)| Ok((name.to_owned(), stored_query(table)?));
    let tables = tables.into_iter().map(stored).collect::<Result<Vec<_>>>()?;
    match statements(query) {
        Ok(mut statements) => match statements.as_mut_slice() {
            [Statement::Query(query)] => plan_query((**query).clone(), tables),
            // polars says why it takes one SELECT only.
            _ => executed(query, tables, Templates::default()),
        },
        Err(_) => executed(query, tables, Templates::default()),
    }
}

fn statements(query: &str) -> Result<Vec<Statement>, ParserError> {
    let dialect = GenericDialect {};
    let options = ParserOptions { trailing_commas: true, ..ParserOptions::default() };
    Parser::new(&dialect).with_options(options).try_with_sql(query)?.parse_statements()
}

type NamedTables = Vec<(String, LazyFrame)>;

fn executed(query: &str, tables: NamedTables, templates: Templates) -> Result<LazyFrame> {
    let mut context = SQLContext::new().with_function_registry(Arc::new(templates));
    for (name, table) in tables {
        context.register(&name, table);
    }
    stored_query(guard(context.execute(query)?)?)
}

fn plan_query(mut query: Query, mut tables: NamedTables) -> Result<LazyFrame> {
    if let Some(with) = query.with.take_if(|with| !with.recursive) {
        for cte in with.cte_tables {
            let table = renamed(plan_query(*cte.query, tables.clone())?, &cte.alias)?;
            tables.retain(|(name, _)| *name != cte.alias.name.value);
            tables.push((cte.alias.name.value, table));
        }
    }

    let mut inner = InnerQueries { tables, failed: None };
    if let SetExpr::SetOperation { left, right, .. } = &mut *query.body {
        inner.plan_operand(left)?;
        inner.plan_operand(right)?;
    }
    let _ = query.visit(&mut inner);
    if let Some(error) = inner.failed {
        return Err(error);
    }

    let mut templates = Templates::default();
    templates.take_from(&mut query);
    executed(&query.to_string(), inner.tables, templates)
}

/// A planned query under the column names that its alias gives.
fn renamed(table: LazyFrame, alias: &TableAlias) -> Result<LazyFrame> {
    if alias.columns.is_empty() {
        return Ok(table);
    }
    let schema = table.clone().collect_schema()?;
    if alias.columns.len() > schema.len() {
        return Err(Error::invalid(format!(
            "The query “{}” has {} columns, but {} names are given for them.",
            alias.name,
            schema.len(),
            alias.columns.len()
        )));
    }
    let old: Vec<String> = schema.iter_names().take(alias.columns.len()).map(ToString::to_string).collect();
    let new: Vec<&str> = alias.columns.iter().map(|column| column.name.value.as_str()).collect();
    Ok(table.rename(old, new, true))
}

/// Plans the queries inside another one and puts tables in their places.
struct InnerQueries {
    tables: NamedTables,
    failed: Option<Error>,
}

impl InnerQueries {
    /// A planned query as a table; its name.
    fn add(&mut self, table: LazyFrame) -> String {
        let name = format!("atelier_query_{}", self.tables.len());
        self.tables.push((name.clone(), table));
        name
    }

    fn plan_operand(&mut self, operand: &mut SetExpr) -> Result<()> {
        let query = match operand {
            SetExpr::Query(query) => (**query).clone(),
            SetExpr::SetOperation { .. } | SetExpr::Select(_) => whole_table("t", Some(operand.clone()))?,
            _ => return Ok(()),
        };
        let table = plan_query(query, self.tables.clone())?;
        let name = self.add(table);
        *operand = *whole_table(&name, None)?.body;
        Ok(())
    }

    fn plan_derived(&mut self, factor: &mut TableFactor) -> Result<()> {
        let TableFactor::Derived { lateral: false, subquery, alias, sample: None } = factor else {
            return Ok(());
        };
        let mut table = plan_query((**subquery).clone(), self.tables.clone())?;
        let mut alias = alias.take();
        if let Some(alias) = &mut alias {
            table = renamed(table, alias)?;
            alias.columns.clear();
        }
        let name = self.add(table);
        if let SetExpr::Select(select) = *whole_table(&name, None)?.body
            && let Some(from) = select.from.into_iter().next()
        {
            *factor = from.relation;
        }
        if let TableFactor::Table { alias: named, .. } = factor {
            *named = alias;
        }
        Ok(())
    }

    /// A subquery of a condition, unless it looks at the columns of the query around it.
    fn plan_subquery(&mut self, subquery: &mut Query) {
        if let Ok(table) = plan_query(subquery.clone(), self.tables.clone()) {
            let name = self.add(table);
            if let Ok(whole) = whole_table(&name, None) {
                *subquery = whole;
            }
        }
    }
}

impl VisitorMut for InnerQueries {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        match self.plan_derived(factor) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut SqlExpr) -> ControlFlow<()> {
        if let SqlExpr::InSubquery { subquery, .. } | SqlExpr::Subquery(subquery) | SqlExpr::Exists { subquery, .. } =
            expr
        {
            self.plan_subquery(subquery);
        }
        ControlFlow::Continue(())
    }
}

/// `SELECT * FROM name`, or another body in a query of its own.
fn whole_table(name: &str, body: Option<SetExpr>) -> Result<Query> {
    let parsed = statements(&format!("SELECT * FROM \"{name}\""));
    match parsed.map(|mut statements| statements.pop()) {
        Ok(Some(Statement::Query(mut query))) => {
            if let Some(body) = body {
                *query.body = body;
            }
            Ok(*query)
        }
        _ => Err(Error::invalid("The query cannot be taken apart. Please report this mistake of the program.")),
    }
}
