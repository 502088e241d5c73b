//! Comparisons as conditions of the store, with the checks of MLflow's SQL stores.

use studio::tracking::{
    Condition, ExperimentField, LoggedModelField, LoggedModelStatus, ModelField, Operator, RunField, Value,
    VersionField, python_repr,
};

use super::clause::{Clause, Dialect, Kind, Literal, clauses, set};
use crate::error::{Error, Result};

const NUMERIC: &[&str] = &["!=", "<", "<=", "=", ">", ">="];
const LISTS: &[&str] = &["!=", "=", "ILIKE", "IN", "LIKE", "NOT IN"];
const TEXTS: &[&str] = &["!=", "=", "ILIKE", "IS NOT NULL", "IS NULL", "LIKE"];

/// The conditions of a filter of runs.
///
/// # Errors
/// A filter that MLflow refuses, in its words.
pub fn runs(filter: &str) -> Result<Vec<Condition<RunField>>> {
    clauses(filter, Dialect::Runs)?.into_iter().map(run).collect()
}

fn run(clause: Clause) -> Result<Condition<RunField>> {
    let allowed = match clause.kind {
        Kind::Attribute if is_time(&clause.key) => NUMERIC,
        Kind::Attribute | Kind::Dataset => LISTS,
        Kind::Metric => NUMERIC,
        Kind::Param | Kind::Tag => TEXTS,
    };
    check(&clause, allowed)?;
    let field = match clause.kind {
        Kind::Metric => RunField::Metric(clause.key.clone()),
        Kind::Param => RunField::Param(clause.key.clone()),
        Kind::Tag => RunField::Tag(clause.key.clone()),
        Kind::Attribute => run_attribute(&clause.key),
        Kind::Dataset => match clause.key.as_str() {
            "name" => RunField::DatasetName,
            "digest" => RunField::DatasetDigest,
            _ => RunField::DatasetContext,
        },
    };
    condition(clause, field)
}

fn is_time(key: &str) -> bool {
    matches!(key, "start_time" | "end_time" | "created" | "Created")
}

pub(super) fn run_attribute(key: &str) -> RunField {
    match key {
        "run_id" => RunField::Id,
        "status" => RunField::Status,
        "user_id" => RunField::User,
        "artifact_uri" => RunField::ArtifactUri,
        "start_time" | "created" | "Created" => RunField::Start,
        "end_time" => RunField::End,
        _ => RunField::Name,
    }
}

/// Refuses an operator that this kind of thing does not have.
fn check(clause: &Clause, allowed: &[&str]) -> Result<()> {
    if allowed.contains(&clause.comparator.as_str()) {
        return Ok(());
    }
    // MLflow names the operators of texts for times too, and closes the quote for some kinds only.
    let shown = if clause.kind == Kind::Attribute { LISTS } else { allowed };
    let closed = match clause.kind {
        Kind::Param => "'",
        Kind::Attribute if !is_time(&clause.key) => "'",
        _ => "",
    };
    Err(Error::invalid(format!("Invalid comparator '{}' not one of '{}{closed}", clause.comparator, set(shown))))
}

fn condition<F>(clause: Clause, field: F) -> Result<Condition<F>> {
    let operator = match clause.comparator.as_str() {
        "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterEqual,
        "LIKE" => Operator::Like,
        "ILIKE" => Operator::ILike,
        "IN" => Operator::In,
        "NOT IN" => Operator::NotIn,
        "IS NULL" => Operator::IsNull,
        "IS NOT NULL" => Operator::IsNotNull,
        other => return Err(Error::invalid(format!("Invalid comparator '{other}'"))),
    };
    let value = match clause.value {
        Literal::Text(text) => Value::Text(text),
        Literal::Integer(number) => Value::Integer(number),
        Literal::Float(number) => Value::Number(number),
        Literal::List(list) => Value::List(list),
        Literal::Nothing => Value::Nothing,
    };
    let takes_list = matches!(operator, Operator::In | Operator::NotIn);
    if takes_list != matches!(value, Value::List(_)) {
        // MLflow's database fails here; a sentence helps more.
        let needs = if takes_list { "a list of values" } else { "a single value" };
        return Err(Error::invalid(format!(
            "The comparator '{}' of '{}' takes {needs}.",
            clause.comparator, clause.key
        )));
    }
    Ok(Condition { field, operator, value })
}

/// The conditions of a filter of experiments.
///
/// # Errors
/// A filter that MLflow refuses, in its words.
pub fn experiments(filter: &str) -> Result<Vec<Condition<ExperimentField>>> {
    clauses(filter, Dialect::Experiments)?.into_iter().map(experiment).collect()
}

fn experiment(mut clause: Clause) -> Result<Condition<ExperimentField>> {
    let comparator = clause.comparator.clone();
    let (allowed, what): (&[&str], &str) = match (clause.kind, clause.key.as_str()) {
        (Kind::Tag, _) => (TEXTS, "tag"),
        (_, "experiment_id") => (&["=", "!=", "IN", "NOT IN"], "experiment_id"),
        (_, "name") => {
            check(&clause, LISTS)?;
            (&["=", "!=", "LIKE", "ILIKE"], "string attribute")
        }
        _ => {
            if !NUMERIC.contains(&comparator.as_str()) {
                let shown = set(LISTS);
                return Err(Error::invalid(format!("Invalid comparator '{comparator}' not one of '{shown}")));
            }
            if let Literal::Float(value) = clause.value {
                return Err(float_time(&clause.key, value));
            }
            (NUMERIC, "numeric attribute")
        }
    };
    if !allowed.contains(&comparator.as_str()) {
        return Err(Error::invalid(format!("Invalid comparator for {what}: {comparator}")));
    }
    let field = match (clause.kind, clause.key.as_str()) {
        (Kind::Tag, key) => ExperimentField::Tag(key.to_owned()),
        (_, "experiment_id") => {
            clause.value = experiment_ids(clause.value)?;
            ExperimentField::Id
        }
        (_, "name") => ExperimentField::Name,
        (_, "creation_time") => ExperimentField::Created,
        _ => ExperimentField::Updated,
    };
    condition(clause, field)
}

/// Ids without leading zeros and such, so that they compare as texts.
fn experiment_ids(value: Literal) -> Result<Literal> {
    let one = |id: String| -> Result<String> { Ok(crate::names::experiment_id(&id)?.to_string()) };
    match value {
        Literal::Text(id) => Ok(Literal::Text(one(id)?)),
        Literal::List(ids) => Ok(Literal::List(ids.into_iter().map(one).collect::<Result<_>>()?)),
        other => Ok(other),
    }
}

fn float_time(key: &str, value: f64) -> Error {
    Error::invalid(format!("Invalid value for numeric attribute '{key}': '{value:?}'"))
}

/// The conditions of a filter of registered models.
///
/// # Errors
/// A filter that MLflow refuses, in its words.
pub fn models(filter: &str) -> Result<Vec<Condition<ModelField>>> {
    clauses(filter, Dialect::Models)?
        .into_iter()
        .map(|clause| {
            let field = match clause.kind {
                Kind::Tag => ModelField::Tag(clause.key.clone()),
                _ => ModelField::Name,
            };
            registry_comparator(&clause, &[])?;
            condition(clause, field)
        })
        .collect()
}

/// The conditions of a filter of model versions.
///
/// # Errors
/// A filter that MLflow refuses, in its words.
pub fn versions(filter: &str) -> Result<Vec<Condition<VersionField>>> {
    clauses(filter, Dialect::Versions)?.into_iter().map(version).collect()
}

fn version(mut clause: Clause) -> Result<Condition<VersionField>> {
    let field = match (clause.kind, clause.key.as_str()) {
        (Kind::Tag, key) => VersionField::Tag(key.to_owned()),
        (_, "name") => VersionField::Name,
        (_, "run_id") => VersionField::Run,
        (_, "version_number") => VersionField::Number,
        _ => VersionField::Source,
    };
    if field == VersionField::Number {
        if !NUMERIC.contains(&clause.comparator.as_str()) {
            let comparator = &clause.comparator;
            return Err(Error::invalid(format!("Invalid comparator for attribute version_number: {comparator}")));
        }
        let bad =
            |shown: String| Error::invalid(format!("Invalid value for numeric attribute 'version_number': {shown}"));
        clause.value = match clause.value {
            Literal::Text(text) => Literal::Integer(text.trim().parse().map_err(|_| bad(python_repr(&text)))?),
            Literal::Float(value) => return Err(bad(format!("{value:?}"))),
            other => other,
        };
    } else {
        registry_comparator(&clause, &["name", "run_id"])?;
    }
    condition(clause, field)
}

fn registry_comparator(clause: &Clause, lists: &[&str]) -> Result<()> {
    let what = if clause.kind == Kind::Tag { "tag" } else { "attribute" };
    let listed = matches!(clause.comparator.as_str(), "IN" | "NOT IN");
    let may_list = clause.kind == Kind::Attribute && (lists.is_empty() || lists.contains(&clause.key.as_str()));
    if LISTS.contains(&clause.comparator.as_str()) && (!listed || may_list) {
        return Ok(());
    }
    Err(Error::invalid(format!("Invalid comparator for {what}: {}", clause.comparator)))
}

/// The conditions of a filter of logged models.
///
/// # Errors
/// A filter that MLflow refuses, in its words.
pub fn logged_models(filter: &str) -> Result<Vec<Condition<LoggedModelField>>> {
    clauses(filter, Dialect::LoggedModels)?.into_iter().map(logged_model).collect()
}

fn logged_model(mut clause: Clause) -> Result<Condition<LoggedModelField>> {
    let field = match clause.kind {
        Kind::Metric => LoggedModelField::Metric(clause.key.clone()),
        Kind::Param => LoggedModelField::Param(clause.key.clone()),
        Kind::Tag => LoggedModelField::Tag(clause.key.clone()),
        _ => logged_model_attribute(&clause.key)
            .ok_or_else(|| Error::invalid(format!("Invalid attribute key: {}.", clause.key)))?,
    };
    if field == LoggedModelField::Status {
        if matches!(clause.comparator.as_str(), "LIKE" | "ILIKE") {
            return Err(Error::invalid(format!("Invalid comparison operator for status: {}", clause.comparator)));
        }
        let word = |text: &String| {
            LoggedModelStatus::of_word(text)
                .filter(|status| status.word() == text)
                .map(|status| status.word().to_owned())
                .ok_or_else(|| Error::invalid(format!("Unknown model status in filter: {}", python_repr(text))))
        };
        clause.value = match &clause.value {
            Literal::Text(text) => Literal::Text(word(text)?),
            Literal::List(list) => Literal::List(list.iter().map(word).collect::<Result<_>>()?),
            other => other.clone(),
        };
    }
    condition(clause, field)
}

pub(super) fn logged_model_attribute(key: &str) -> Option<LoggedModelField> {
    Some(match key {
        "model_id" => LoggedModelField::Id,
        "experiment_id" => LoggedModelField::Experiment,
        "name" => LoggedModelField::Name,
        "artifact_location" => LoggedModelField::Location,
        "model_type" => LoggedModelField::Type,
        "status" => LoggedModelField::Status,
        "status_message" => LoggedModelField::StatusMessage,
        "lifecycle_stage" => LoggedModelField::Lifecycle,
        "source_run_id" => LoggedModelField::SourceRun,
        "creation_time" | "creation_timestamp" | "creation_timestamp_ms" => LoggedModelField::Created,
        "last_updated_timestamp" | "last_updated_timestamp_ms" => LoggedModelField::Updated,
        _ => return None,
    })
}
