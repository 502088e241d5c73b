//! Checking a job's parameters against their declarations.

use std::collections::HashSet;

use data::schema::{Kind, closest_of};
use serde_json::Value as Json;

use crate::component::{Accept, Choice, Default, Param, ParamKind, Params, Spec};
use crate::graph::{Input, Job};
use crate::shape::{Known, Problem, Shapes, TableShape, table};

pub(super) fn check(spec: &Spec, job: &Job, inputs: &Shapes, known: &dyn Known, problems: &mut Vec<Problem>) {
    for (name, input) in &job.inputs {
        if matches!(input, Input::Value(_)) && spec.param(name).is_none() && spec.input(name).is_none() {
            let near = closest_of(name, spec.params.iter().map(|param| param.name));
            let hint = near.map_or("Remove it.".to_owned(), |near| format!("Did you mean “{near}”?"));
            problems.push(Problem::error(format!("“{name}” is no parameter of {}. {hint}", spec.title)).at_param(name));
        }
    }
    let params = Params::of(spec, job);
    let check = Check { inputs, known };
    for param in spec.params.iter().filter(|param| is_shown(param, &params)) {
        let given = match job.inputs.get(param.name) {
            Some(Input::Value(value)) => value.clone(),
            Some(Input::Binding { .. }) => continue,
            None => param.default.to_json(),
        };
        if let Err(sentence) = check.value(param, &given) {
            problems.push(Problem::error(sentence).at_param(param.name));
        }
    }
}

/// Whether a parameter has a say under these values.
pub fn is_shown(param: &Param, params: &Params) -> bool {
    param.when.as_ref().is_none_or(|when| match params.get(when.param) {
        Json::String(text) => when.one_of.contains(&text.as_str()),
        Json::Bool(flag) => when.one_of.contains(&if *flag { "true" } else { "false" }),
        _ => false,
    })
}

struct Check<'a> {
    inputs: &'a Shapes,
    known: &'a dyn Known,
}

impl Check<'_> {
    fn value(&self, param: &Param, value: &Json) -> Result<(), String> {
        let title = param.title;
        if is_empty(value) {
            let needed = is_needed(param);
            let action = if picks(&param.kind) { "Choose one." } else { "Fill it in." };
            return if needed { Err(format!("“{title}” is needed. {action}")) } else { Ok(()) };
        }
        if param.kind.conform(value).is_none() {
            return Err(format!("“{title}” should be {}, but it is {}.", param.kind.phrase(), shown(value)));
        }
        match &param.kind {
            ParamKind::Integer { min, max } => {
                let inside = value.as_i64().is_some_and(|number| (*min..=*max).contains(&number));
                let least = (*min > i64::MIN).then(|| grouped(*min));
                let most = (*max < i64::MAX).then(|| grouped(*max));
                within(title, inside, least, most, value)
            }
            ParamKind::Real { min, max, .. } => {
                let inside = value.as_f64().is_some_and(|number| (*min..=*max).contains(&number));
                let bound = |bound: f64| (bound.is_finite() && bound.abs() < 1e300).then(|| bound.to_string());
                within(title, inside, bound(*min), bound(*max), value)
            }
            ParamKind::Choice(choices) => choice(title, choices, value.as_str().unwrap_or_default()),
            ParamKind::Column { port, accept } => self.columns(title, port, *accept, std::slice::from_ref(value)),
            ParamKind::Columns { port, accept, .. } => {
                let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                self.columns(title, port, *accept, &list)
            }
            ParamKind::Dataset => self.known.dataset(value.as_str().unwrap_or_default()).map(drop),
            ParamKind::Model => self.known.model(value.as_str().unwrap_or_default()).map(drop),
            ParamKind::Rows { fields } => self.rows(title, fields, value),
            _ => Ok(()),
        }
    }

    fn columns(&self, title: &str, port: &str, accept: Accept, names: &[Json]) -> Result<(), String> {
        let mut seen = HashSet::new();
        for name in names.iter().filter_map(Json::as_str) {
            if !seen.insert(name) {
                return Err(format!("“{title}” lists the column “{name}” twice. Remove one."));
            }
            if let Some(table) = table(self.inputs, port) {
                column(title, table, accept, name)?;
            }
        }
        Ok(())
    }

    fn rows(&self, title: &str, fields: &'static [Param], value: &Json) -> Result<(), String> {
        for (index, row) in value.as_array().into_iter().flatten().enumerate() {
            let place = |sentence: String| format!("“{title}”, row {}: {sentence}", index + 1);
            let Some(row) = row.as_object() else { continue };
            if let Some(unknown) = row.keys().find(|key| !fields.iter().any(|field| field.name == *key)) {
                let near = closest_of(unknown, fields.iter().map(|field| field.name));
                let hint = near.map_or("Remove it.".to_owned(), |near| format!("Did you mean “{near}”?"));
                return Err(place(format!("“{unknown}” has no meaning here. {hint}")));
            }
            let own = Params(row.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
            for field in fields.iter().filter(|field| is_shown(field, &own)) {
                let given = row.get(field.name).cloned().unwrap_or_else(|| field.default.to_json());
                self.value(field, &given).map_err(place)?;
            }
        }
        Ok(())
    }
}

fn column(title: &str, table: &TableShape, accept: Accept, name: &str) -> Result<(), String> {
    let Some(column) = table.schema.get(name) else {
        return if table.open { Ok(()) } else { Err(table.schema.missing(name).to_string()) };
    };
    let (fits, takes) = match accept {
        Accept::Any => (true, ""),
        Accept::Numeric => (column.kind.is_numeric(), "numbers"),
        Accept::Text => (column.kind.is_textual(), "text"),
        Accept::Temporal => (column.kind.is_temporal(), "dates and times"),
        Accept::NumericOrBoolean => (column.kind.is_numeric() || column.kind == Kind::Boolean, "numbers and booleans"),
    };
    let found = column.kind.phrase();
    if fits {
        Ok(())
    } else {
        Err(format!("“{title}” takes {takes}, but the column “{name}” holds {found} in each row."))
    }
}

fn choice(title: &str, choices: &[Choice], value: &str) -> Result<(), String> {
    if choices.iter().any(|choice| choice.value == value) {
        return Ok(());
    }
    let all: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
    let hint = match closest_of(value, all.iter().copied()) {
        Some(near) => format!("Did you mean “{near}”?"),
        None => format!("Choose one of {}.", all.join(", ")),
    };
    Err(format!("“{title}” has no choice “{value}”. {hint}"))
}

fn within(title: &str, inside: bool, min: Option<String>, max: Option<String>, value: &Json) -> Result<(), String> {
    let range = match (min, max) {
        _ if inside => return Ok(()),
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "a finite number".to_owned(),
    };
    Err(format!("“{title}” should be {range}, but it is {value}."))
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a parameter must be given since nothing stands in for it.
pub fn is_needed(param: &Param) -> bool {
    !param.optional && is_empty(&param.default.to_json()) && needs_value(param)
}

/// An empty list of columns means what the parameter says it means; an empty default is a choice of its own.
fn needs_value(param: &Param) -> bool {
    match (&param.kind, param.default) {
        (ParamKind::Columns { empty, .. }, _) => empty.is_empty(),
        (ParamKind::Rows { .. }, _) => false,
        (_, Default::Text(_)) => {
            picks(&param.kind) || matches!(param.kind, ParamKind::Code { .. } | ParamKind::Expression { .. })
        }
        _ => true,
    }
}

fn picks(kind: &ParamKind) -> bool {
    let is_column = matches!(kind, ParamKind::Column { .. } | ParamKind::Columns { .. });
    is_column || kind.is_reference() || matches!(kind, ParamKind::Choice(_))
}

fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => format!("the text “{text}”"),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a group of keys".to_owned(),
        other => other.to_string(),
    }
}

/// 1,234,567
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
