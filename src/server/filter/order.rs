//! What a search is ordered by.

use studio::tracking::{
    ExperimentField, LoggedModelField, LoggedModelOrder, ModelField, Order, RunField, VersionField, python_repr,
};

use super::clause::{self, Dialect, Kind, invalid_key};
use super::lex;
use super::targets::{logged_model_attribute, run_attribute};
use crate::error::{Code, Error, Result};

/// The order of runs: MLflow's own order when none is given.
///
/// # Errors
/// A clause that MLflow refuses, or a field that comes twice.
pub fn order_of_runs(clauses: &[String]) -> Result<Vec<Order<RunField>>> {
    let mut orders: Vec<Order<RunField>> = Vec::new();
    for written in clauses {
        let (name, ascending) = parts(written)?;
        let (kind, key) = clause::identifier_of(&name, Dialect::Runs, RUN_ORDER_KEYS)?;
        let field = match kind {
            Kind::Metric => RunField::Metric(key),
            Kind::Param => RunField::Param(key),
            Kind::Tag => RunField::Tag(key),
            Kind::Attribute => run_attribute(&key),
            Kind::Dataset => return Err(Error::invalid("Invalid identifier type 'dataset'")),
        };
        once(&mut orders, Order { field, ascending }, clauses)?;
    }
    Ok(orders)
}

const RUN_ORDER_KEYS: &[&str] =
    &["Created", "artifact_uri", "created", "end_time", "run_id", "run_name", "start_time", "status", "user_id"];

/// The order of experiments: the newest first when none is given.
///
/// # Errors
/// A clause that MLflow refuses.
pub fn order_of_experiments(clauses: &[String]) -> Result<Vec<Order<ExperimentField>>> {
    let order = |written: &String| {
        let (name, ascending) = parts(written)?;
        let (kind, key) = clause::identifier_of(&name, Dialect::Experiments, clause::EXPERIMENT_KEYS)?;
        if kind != Kind::Attribute {
            return Err(Error::invalid(format!("Invalid order_by entity: {}", kind.word())));
        }
        let field = match key.as_str() {
            "name" => ExperimentField::Name,
            "experiment_id" => ExperimentField::Id,
            "creation_time" => ExperimentField::Created,
            _ => ExperimentField::Updated,
        };
        Ok(Order { field, ascending })
    };
    clauses.iter().map(order).collect()
}

/// The order of registered models.
///
/// # Errors
/// A clause that MLflow refuses, or a field that comes twice.
pub fn order_of_models(clauses: &[String]) -> Result<Vec<Order<ModelField>>> {
    let mut orders = Vec::new();
    for written in clauses {
        let (name, ascending) = parts(written)?;
        let field = match name.trim() {
            "name" => ModelField::Name,
            "timestamp" | "last_updated_timestamp" => ModelField::Updated,
            other => {
                return Err(Error::invalid(format!(
                    "Invalid order by key '{other}' specified. Valid keys are '{}'",
                    clause::set(&["name", "timestamp"])
                )));
            }
        };
        once(&mut orders, Order { field, ascending }, clauses)?;
    }
    Ok(orders)
}

/// The order of model versions.
///
/// # Errors
/// A clause that MLflow refuses, or a field that comes twice.
pub fn order_of_versions(clauses: &[String]) -> Result<Vec<Order<VersionField>>> {
    const KEYS: &[&str] = &["creation_timestamp", "last_updated_timestamp", "name", "version_number"];
    let mut orders = Vec::new();
    for written in clauses {
        let (name, ascending) = parts(written)?;
        let key = match name.trim().split_once('.') {
            None => name.trim().to_owned(),
            Some(("attribute" | "attributes" | "tag" | "tags", key)) => key.to_owned(),
            Some((entity, _)) => {
                return Err(Error::invalid(format!(
                    "Invalid entity type '{entity}'. Valid entity types are ('attribute', 'tag', 'tags')"
                )));
            }
        };
        let field = match clause::trim(clause::trim(&key, &['\'', '"']), &['`']) {
            "name" => VersionField::Name,
            "version_number" => VersionField::Number,
            "creation_timestamp" => VersionField::Created,
            "last_updated_timestamp" => VersionField::Updated,
            other => return Err(invalid_key(other, KEYS)),
        };
        once(&mut orders, Order { field, ascending }, clauses)?;
    }
    Ok(orders)
}

/// One clause of the order of logged models, which the protocol sends in parts.
///
/// # Errors
/// A field that cannot be ordered by.
pub fn logged_model_order(
    field: &str,
    ascending: bool,
    dataset: Option<studio::tracking::DatasetFilter>,
) -> Result<LoggedModelOrder> {
    let field = match field.split_once('.') {
        Some(("metrics", key)) => LoggedModelField::Metric(key.to_owned()),
        Some(_) => {
            return Err(Error::invalid(format!("Invalid order by field name: {field}. Only metrics are supported.")));
        }
        None => logged_model_attribute(field)
            .ok_or_else(|| Error::invalid(format!("Invalid order by field name: {field}")))?,
    };
    Ok(LoggedModelOrder { field, ascending, dataset })
}

fn once<F: PartialEq>(orders: &mut Vec<Order<F>>, order: Order<F>, clauses: &[String]) -> Result<()> {
    if orders.iter().any(|known| known.field == order.field) {
        let shown: Vec<String> = clauses.iter().map(|clause| python_repr(clause)).collect();
        // MLflow gives this one no code, which makes it an internal error.
        let message = format!("`order_by` contains duplicate fields: [{}]", shown.join(", "));
        return Err(Error::new(Code::InternalError, message));
    }
    orders.push(order);
    Ok(())
}

/// The name, quoted as it was, and whether it is ascending.
fn parts(written: &str) -> Result<(String, bool)> {
    let unread = || Error::invalid(format!("Invalid order_by clause '{written}'. Could not be parsed."));
    let tokens = lex::tokens(written);
    let [name, rest @ ..] = tokens.as_slice() else { return Err(unread()) };
    if name.kind != lex::Kind::Identifier {
        return Err(unread());
    }
    match rest {
        [] => Ok((name.text.to_owned(), true)),
        [direction] if direction.is("asc") || direction.is("desc") => {
            // MLflow splits as a shell does, which takes the quotes away.
            Ok((name.text.replace(['`', '"'], ""), direction.is("asc")))
        }
        [other] if other.kind == lex::Kind::Identifier => {
            Err(Error::invalid(format!("Invalid ordering key in order_by clause '{written}'.")))
        }
        _ => Err(unread()),
    }
}
