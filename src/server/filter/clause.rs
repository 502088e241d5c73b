//! Comparisons out of tokens: what each of MLflow's `parse_search_filter` returns or refuses.

use studio::tracking::python_repr;

use super::lex::{self, Token};
use crate::error::{Error, Result};

/// What is searched; each has its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dialect {
    Runs,
    Experiments,
    Models,
    Versions,
    LoggedModels,
}

/// What an identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Metric,
    Param,
    Tag,
    Attribute,
    Dataset,
}

impl Kind {
    /// MLflow's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Param => "parameter",
            Self::Tag => "tag",
            Self::Attribute => "attribute",
            Self::Dataset => "dataset",
        }
    }
}

/// A value as MLflow's parser leaves it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Literal {
    Text(String),
    Integer(i64),
    Float(f64),
    List(Vec<String>),
    Nothing,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// What is compared.
    pub kind: Kind,
    /// Its name.
    pub key: String,
    /// How, in capitals.
    pub comparator: String,
    /// With what.
    pub value: Literal,
}

const RUN_KEYS: &[&str] = &[
    "Created",
    "Run Name",
    "Run name",
    "artifact_uri",
    "created",
    "end_time",
    "run name",
    "run_id",
    "run_name",
    "start_time",
    "status",
    "user_id",
];
pub(super) const EXPERIMENT_KEYS: &[&str] = &["creation_time", "experiment_id", "last_update_time", "name"];
const VERSION_KEYS: &[&str] = &["name", "run_id", "source_path", "version_number"];
const DATASET_KEYS: &[&str] = &["context", "digest", "name"];

/// The comparisons of a filter.
///
/// # Errors
/// A filter that MLflow refuses, in its words.
pub fn clauses(filter: &str, dialect: Dialect) -> Result<Vec<Clause>> {
    let tokens = lex::tokens(filter);
    if tokens.is_empty() && !filter.is_empty() {
        return Err(match dialect {
            Dialect::LoggedModels => several(filter, dialect),
            _ => Error::invalid(format!("Invalid filter '{filter}'. Could not be parsed.")),
        });
    }
    let ends = tokens.iter().position(|token| token.kind == lex::Kind::Semicolon);
    if ends.is_some_and(|end| end + 1 < tokens.len()) {
        return Err(several(filter, dialect));
    }
    let (comparisons, invalid) = group(filter, &tokens);
    if dialect == Dialect::LoggedModels {
        if !invalid.is_empty() {
            return Err(Error::invalid(format!(
                "Invalid filter string: {}. Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > \
                 0.1 AND params.lr = 0.01').",
                python_repr(filter)
            )));
        }
        return comparisons.iter().map(logged_model_clause).collect();
    }
    if !invalid.is_empty() {
        let shown: Vec<String> = match dialect {
            Dialect::Runs => invalid.iter().map(|text| format!("'{text}'")).collect(),
            _ => invalid.iter().map(|text| (*text).to_owned()).collect(),
        };
        return Err(Error::invalid(format!("Invalid clause(s) in filter string: {}", shown.join(", "))));
    }
    comparisons.iter().map(|comparison| clause(comparison, dialect)).collect()
}

fn several(filter: &str, dialect: Dialect) -> Error {
    Error::invalid(match dialect {
        Dialect::LoggedModels => {
            format!("Invalid filter string: {}. Expected a single SQL expression.", python_repr(filter))
        }
        _ => format!(
            "Search filter contained multiple expression {}. Provide AND-ed expression list.",
            python_repr(filter)
        ),
    })
}

/// Three tokens, or two for `IS NULL` and `IS NOT NULL`.
struct Comparison<'a> {
    left: Token<'a>,
    operator: String,
    right: Option<Token<'a>>,
}

/// Groups tokens into comparisons; what remains but `AND` is invalid.
fn group<'a>(filter: &'a str, tokens: &[Token<'a>]) -> (Vec<Comparison<'a>>, Vec<&'a str>) {
    let operand = |token: &Token<'_>| {
        matches!(
            token.kind,
            lex::Kind::Identifier | lex::Kind::Text | lex::Kind::Integer | lex::Kind::Float | lex::Kind::Parenthesis
        ) || token.is("NULL")
    };
    let mut comparisons = Vec::new();
    let mut invalid = Vec::new();
    let mut at = 0;
    while let Some(left) = tokens.get(at) {
        let next = |n: usize| tokens.get(at + n);
        let compares = next(1).is_some_and(|token| token.kind == lex::Kind::Comparison);
        if operand(left) && compares && next(2).is_some_and(operand) {
            let (operator, right) = (tokens[at + 1].text, tokens[at + 2]);
            // A name right after a comparison is taken for its alias.
            let follows = next(3).is_some_and(|token| token.kind == lex::Kind::Identifier);
            let begins = next(4).is_some_and(|token| {
                token.kind == lex::Kind::Comparison || token.is("IN") || token.is("IS") || token.is("NOT")
            });
            if follows && !begins {
                let alias = tokens[at + 3];
                invalid.push(&filter[left.start..alias.start + alias.text.len()]);
                at += 4;
                continue;
            }
            let operator = operator.split_whitespace().collect::<Vec<_>>().join(" ");
            comparisons.push(Comparison { left: *left, operator, right: Some(right) });
            at += 3;
        } else if let Some((operator, length)) = worded(left, &tokens[at + 1..]) {
            let right = tokens[at + length - 1];
            let right = (right.kind == lex::Kind::Parenthesis).then_some(right);
            comparisons.push(Comparison { left: *left, operator: operator.to_owned(), right });
            at += length;
        } else {
            let both = left.kind == lex::Kind::Identifier && next(1).is_some_and(|t| t.kind == lex::Kind::Identifier);
            let begins = next(2).is_some_and(|token| token.kind == lex::Kind::Comparison);
            if both && !begins {
                let alias = tokens[at + 1];
                invalid.push(&filter[left.start..alias.start + alias.text.len()]);
                at += 1;
            } else if !left.is("AND") {
                invalid.push(left.text);
            }
            at += 1;
        }
    }
    (comparisons, invalid)
}

/// `IN (…)`, `NOT IN (…)`, `IS NULL`, `IS NOT NULL` after an identifier, and how many tokens in all.
fn worded(left: &Token<'_>, after: &[Token<'_>]) -> Option<(&'static str, usize)> {
    if left.kind != lex::Kind::Identifier {
        return None;
    }
    let list = |token: &Token<'_>| token.kind == lex::Kind::Parenthesis;
    match after {
        [a, b, ..] if a.is("IN") && list(b) => Some(("IN", 3)),
        [a, b, ..] if a.is("IS") && b.is("NULL") => Some(("IS NULL", 3)),
        [a, b, ..] if a.is("IS") && b.kind == lex::Kind::Keyword && is_not_null(b.text) => Some(("IS NOT NULL", 3)),
        [a, b, c, ..] if a.is("NOT") && b.is("IN") && list(c) => Some(("NOT IN", 4)),
        _ => None,
    }
}

fn is_not_null(text: &str) -> bool {
    let mut words = text.split_whitespace();
    matches!((words.next(), words.next()), (Some(a), Some(b)) if a.eq_ignore_ascii_case("NOT") && b.eq_ignore_ascii_case("NULL"))
}

fn clause(comparison: &Comparison<'_>, dialect: Dialect) -> Result<Clause> {
    let left = comparison.left;
    if left.kind != lex::Kind::Identifier {
        return Err(Error::invalid(format!("Invalid comparison clause. Expected 'Identifier' found '{}'", left.text)));
    }
    let comparator = comparison.operator.to_uppercase();
    let (kind, key) = identifier(left.text, dialect)?;
    let Some(right) = comparison.right else {
        return without_value(kind, key, comparator, dialect);
    };
    let value = match dialect {
        Dialect::Runs => run_value(kind, &key, &right)?,
        Dialect::Experiments => run_value_or_time(kind, &key, &right)?,
        _ => registry_value(kind, &key, &right, dialect)?,
    };
    Ok(Clause { kind, key, comparator, value })
}

fn without_value(kind: Kind, key: String, comparator: String, dialect: Dialect) -> Result<Clause> {
    let message = match (dialect, kind) {
        (Dialect::Runs, Kind::Tag | Kind::Param) | (Dialect::Experiments, Kind::Tag) => {
            return Ok(Clause { kind, key, comparator, value: Literal::Nothing });
        }
        (Dialect::Runs, _) => {
            format!("IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{key}'", kind.word())
        }
        (Dialect::Experiments, _) => {
            format!("IS NULL / IS NOT NULL is only supported for tags, not for attribute '{key}'")
        }
        (Dialect::Models, _) => "IS NULL / IS NOT NULL is not supported for registered model search.".to_owned(),
        _ => "IS NULL / IS NOT NULL is not supported for model version search.".to_owned(),
    };
    Err(Error::invalid(message))
}

/// What an identifier names.
fn identifier(text: &str, dialect: Dialect) -> Result<(Kind, String)> {
    let valid: &[&str] = match dialect {
        Dialect::Runs => RUN_KEYS,
        Dialect::Experiments => EXPERIMENT_KEYS,
        Dialect::Models => &["name"],
        _ => VERSION_KEYS,
    };
    identifier_of(text, dialect, valid)
}

/// What an identifier names, if an attribute one of these.
pub(super) fn identifier_of(text: &str, dialect: Dialect, valid: &[&str]) -> Result<(Kind, String)> {
    let (entity, key) = match text.split_once('.') {
        Some((entity, key)) => (Some(entity), key),
        None => (None, text),
    };
    let kind = match (entity, dialect) {
        (None, _) => Kind::Attribute,
        (Some(entity), Dialect::Runs) => entity_of_run(trim(entity, &['`']))?,
        (Some(entity), _) => entity_of_other(entity, dialect)?,
    };
    let bare = trim(trim(key, &['\'', '"']), &['`']).to_owned();
    // The registry looks an attribute up with its quotes.
    let sought = if matches!(dialect, Dialect::Models | Dialect::Versions) { key } else { &bare };
    if kind == Kind::Attribute && !valid.contains(&sought) {
        return Err(invalid_key(sought, valid));
    }
    if kind == Kind::Dataset && !DATASET_KEYS.contains(&bare.as_str()) {
        return Err(Error::invalid(format!(
            "Invalid dataset key '{bare}' specified. Valid keys are '{}'",
            set(DATASET_KEYS)
        )));
    }
    Ok((kind, bare))
}

pub(super) fn invalid_key(key: &str, valid: &[&str]) -> Error {
    Error::invalid(format!("Invalid attribute key '{key}' specified. Valid keys are '{}'", set(valid)))
}

/// Words as Python shows a set of them, in alphabetical order.
pub(super) fn set(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| python_repr(word)).collect();
    format!("{{{}}}", words.join(", "))
}

fn entity_of_run(entity: &str) -> Result<Kind> {
    match entity {
        "metric" | "metrics" => Ok(Kind::Metric),
        "parameter" | "parameters" | "param" | "params" => Ok(Kind::Param),
        "tag" | "tags" => Ok(Kind::Tag),
        "attribute" | "attributes" | "attr" | "run" => Ok(Kind::Attribute),
        "dataset" | "datasets" => Ok(Kind::Dataset),
        _ => Err(Error::invalid(format!(
            "Invalid entity type '{entity}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"
        ))),
    }
}

fn entity_of_other(entity: &str, dialect: Dialect) -> Result<Kind> {
    match entity {
        "tag" | "tags" => Ok(Kind::Tag),
        "attribute" => Ok(Kind::Attribute),
        // 3.18 takes the plural for experiments, which 3.17 documents but refuses.
        "attributes" if dialect == Dialect::Experiments => Ok(Kind::Attribute),
        _ => Err(Error::invalid(format!(
            "Invalid entity type '{entity}'. Valid entity types are ('attribute', 'tag', 'tags')"
        ))),
    }
}

/// Without the first of these quotes that the text begins and ends with.
pub(super) fn trim<'a>(text: &'a str, quotes: &[char]) -> &'a str {
    let quoted = |quote: &&char| text.len() >= 2 && text.starts_with(**quote) && text.ends_with(**quote);
    if quotes.iter().any(|quote| quoted(&quote)) { &text[1..text.len() - 1] } else { text }
}

/// A text in quotes; nothing is unescaped, as in MLflow.
fn text(token: &Token<'_>) -> Option<Result<Literal>> {
    if !matches!(token.kind, lex::Kind::Text | lex::Kind::Identifier) {
        return None;
    }
    let bare = trim(token.text, &['\'', '"']);
    Some(if bare.len() == token.text.len() {
        Err(Error::invalid(format!(
            "Parameter value is either not quoted or unidentified quote types used for string value {}. Use either \
             single or double quotes.",
            token.text
        )))
    } else {
        Ok(Literal::Text(bare.to_owned()))
    })
}

fn number(token: &Token<'_>) -> Option<Literal> {
    match token.kind {
        // Python's integers have no end; ours become the nearest number.
        lex::Kind::Integer => match token.text.parse() {
            Ok(value) => Some(Literal::Integer(value)),
            Err(_) => token.text.parse().ok().map(Literal::Float),
        },
        lex::Kind::Float => token.text.parse().ok().map(Literal::Float),
        _ => None,
    }
}

fn run_value(kind: Kind, key: &str, token: &Token<'_>) -> Result<Literal> {
    match kind {
        Kind::Metric => number(token)
            .ok_or_else(|| Error::invalid(format!("Expected numeric value type for metric. Found {}", token.text))),
        Kind::Param | Kind::Tag => quoted_only(kind, token),
        Kind::Attribute if matches!(key, "start_time" | "end_time" | "created" | "Created") => time(key, token),
        Kind::Attribute => attribute(key, token, &["run_id"]),
        Kind::Dataset => match text(token) {
            Some(text) => text,
            None if token.kind == lex::Kind::Parenthesis => list(token.text),
            None => Err(Error::invalid(format!(
                "Expected a quoted string value for dataset attributes. Got value {}",
                token.text
            ))),
        },
    }
}

fn run_value_or_time(kind: Kind, key: &str, token: &Token<'_>) -> Result<Literal> {
    match kind {
        Kind::Attribute if matches!(key, "creation_time" | "last_update_time") => time(key, token),
        Kind::Attribute => attribute(key, token, &["experiment_id"]),
        _ => quoted_only(kind, token),
    }
}

fn time(key: &str, token: &Token<'_>) -> Result<Literal> {
    number(token).ok_or_else(|| {
        Error::invalid(format!("Expected numeric value type for numeric attribute: {key}. Found {}", token.text))
    })
}

fn quoted_only(kind: Kind, token: &Token<'_>) -> Result<Literal> {
    text(token).unwrap_or_else(|| {
        Err(Error::invalid(format!(
            "Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
            kind.word(),
            token.text
        )))
    })
}

fn attribute(key: &str, token: &Token<'_>, lists: &[&str]) -> Result<Literal> {
    match text(token) {
        Some(text) => text,
        None if token.kind == lex::Kind::Parenthesis => listed(key, token, lists),
        None => Err(Error::invalid(format!("Expected a quoted string value for attributes. Got value {}", token.text))),
    }
}

fn registry_value(kind: Kind, key: &str, token: &Token<'_>, dialect: Dialect) -> Result<Literal> {
    if kind == Kind::Tag {
        return quoted_only(kind, token);
    }
    if let Some(text) = text(token) {
        return text;
    }
    if token.kind == lex::Kind::Parenthesis {
        let lists: &[&str] = if dialect == Dialect::Models { &["name"] } else { &["name", "run_id"] };
        return listed(key, token, lists);
    }
    match number(token) {
        Some(value) if dialect == Dialect::Versions && key == "version_number" => Ok(value),
        Some(_) if dialect == Dialect::Versions => Err(Error::invalid(format!(
            "Only the '{}' attributes support comparison with numeric values.",
            set(&["creation_timestamp", "last_updated_timestamp", "version_number"])
        ))),
        _ => Err(Error::invalid(format!(
            "Expected a quoted string value or a list of quoted string values for attributes. Got value {}",
            token.text
        ))),
    }
}

fn listed(key: &str, token: &Token<'_>, lists: &[&str]) -> Result<Literal> {
    if !lists.contains(&key) {
        let lists: Vec<String> = lists.iter().map(|key| python_repr(key)).collect();
        return Err(Error::invalid(format!(
            "Only [{}] attributes support comparison with a list of quoted string values.",
            lists.join(", ")
        )));
    }
    list(token.text)
}

/// A list in parentheses, which MLflow reads as Python's.
fn list(written: &str) -> Result<Literal> {
    const BEFORE: &str = "While parsing a list in the query, expected";
    let ill = || Error::invalid(format!("{BEFORE} a non-empty list of string values, but got ill-formed list."));
    let inside = &written[1..written.len() - 1];
    let tokens = lex::tokens(inside);
    if tokens.is_empty() {
        return Err(Error::invalid(format!("{BEFORE} a non-empty list of string values, but got empty list")));
    }
    let mut values = Vec::new();
    let mut numbers = false;
    for (place, token) in tokens.iter().enumerate() {
        let comma = token.kind == lex::Kind::Other && token.text == ",";
        if comma != (place % 2 == 1) {
            return Err(ill());
        }
        let bare = trim(token.text, &['\'', '"']);
        match token.kind {
            _ if comma => {}
            lex::Kind::Integer | lex::Kind::Float => numbers = true,
            _ if bare.len() < token.text.len() => values.push(unescape(bare)),
            _ => return Err(ill()),
        }
    }
    if numbers {
        // A single number needs no comma to be a list here.
        let shown = if tokens.len() == 1 { format!("({inside},)") } else { written.to_owned() };
        return Err(Error::invalid(format!(
            "{BEFORE} string value, punctuation, or whitespace, but got different type in list: {shown}"
        )));
    }
    Ok(Literal::List(values))
}

/// The escapes of a Python string that people use.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(next @ ('\\' | '\'' | '"')) => out.push(next),
                Some(next) => out.extend(['\\', next]),
                None => out.push('\\'),
            },
            (c, _) => out.push(c),
        }
    }
    out
}

/// Logged models have a parser of their own, with its own words.
fn logged_model_clause(comparison: &Comparison<'_>) -> Result<Clause> {
    let Some(right) = comparison.right else {
        return Err(Error::invalid(format!(
            "Invalid comparison: {}{}. Expected a comparison with 3 tokens.",
            comparison.left.text, comparison.operator
        )));
    };
    let comparator = comparison.operator.to_uppercase();
    let left = comparison.left.text;
    let (kind, key) = match left
        .split_once('.')
        .filter(|(entity, key)| !key.is_empty() && !entity.is_empty() && entity.bytes().all(|b| b.is_ascii_lowercase()))
    {
        Some(("attributes", key)) => (Kind::Attribute, key),
        Some(("metrics", key)) => (Kind::Metric, key),
        Some(("params", key)) => (Kind::Param, key),
        Some(("tags", key)) => (Kind::Tag, key),
        Some((entity, _)) => {
            return Err(Error::invalid(format!(
                "Invalid entity type: {}. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
                python_repr(entity)
            )));
        }
        None => (Kind::Attribute, left),
    };
    let key = key.trim_matches('`');
    let key = match (kind, key) {
        (Kind::Attribute, "creation_time" | "creation_timestamp") => "creation_timestamp_ms",
        (Kind::Attribute, "last_updated_timestamp") => "last_updated_timestamp_ms",
        (_, key) => key,
    };
    let numeric = kind == Kind::Metric
        || (kind == Kind::Attribute && matches!(key, "creation_timestamp_ms" | "last_updated_timestamp_ms"));
    let operators: &[&str] =
        if numeric { &["<", "<=", ">", ">=", "=", "!="] } else { &["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"] };
    if !operators.contains(&comparator.as_str()) {
        let shown: Vec<String> = operators.iter().map(|operator| python_repr(operator)).collect();
        let entity = match kind {
            Kind::Metric => "metrics",
            Kind::Param => "params",
            Kind::Tag => "tags",
            _ => "attributes",
        };
        return Err(Error::invalid(format!(
            "Invalid comparison operator for {entity}.{key}: {}. Expected one of ({}).",
            python_repr(&comparator),
            shown.join(", ")
        )));
    }
    let value =
        if numeric {
            Literal::Float(right.text.parse().map_err(|_| {
                Error::invalid(format!("could not convert string to float: {}", python_repr(right.text)))
            })?)
        } else if right.kind == lex::Kind::Parenthesis {
            list(right.text)?
        } else {
            Literal::Text(right.text.trim_matches('\'').to_owned())
        };
    Ok(Clause { kind, key: key.to_owned(), comparator, value })
}
