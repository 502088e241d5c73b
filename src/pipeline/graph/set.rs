//! `jobs.split.fraction=0.3`: changing one parameter by its path, for the command line.

use data::schema::closest_of;
use serde_json::Value as Json;

use super::{Input, Pipeline};
use crate::component::ParamKind;

/// Sets a parameter. `path` is `jobs.JOB.PARAM` or `jobs.JOB.inputs.PARAM`; `value` is written as in YAML, and a
/// parameter that holds text takes it as it is.
///
/// # Errors
/// A sentence for a wrong path, an unknown job or parameter (with the closest), or a value of another type.
pub fn set(pipeline: &mut Pipeline, path: &str, value: &str) -> Result<(), String> {
    let Some((job_name, name)) = target(pipeline, path)? else {
        return Err(format!(
            "“{path}” is no path to a parameter. Write jobs.JOB.PARAMETER, such as jobs.split.fraction."
        ));
    };
    let Some(job) = pipeline.jobs.get_mut(&job_name) else {
        return Ok(());
    };
    if let "disabled" | "collapsed" = name.as_str() {
        let Ok(flag) = value.parse() else {
            return Err(format!("“{name}” should be true or false, not “{value}”."));
        };
        *(if name == "disabled" { &mut job.disabled } else { &mut job.collapsed }) = flag;
        return Ok(());
    }
    let Some(spec) = job.spec() else {
        return Err(format!("The component “{}” of the job “{job_name}” is not known.", job.component));
    };
    let Some(param) = spec.param(&name) else {
        let what = if spec.input(&name).is_some() { "is a connection, not a parameter" } else { "is no parameter" };
        let near = closest_of(&name, spec.params.iter().map(|param| param.name));
        let hint = match near {
            Some(near) => format!("Did you mean “{near}”?"),
            None => format!("It has {}.", listed(spec.params.iter().map(|param| param.name))),
        };
        return Err(format!("“{name}” {what} of {}. {hint}", spec.title));
    };
    let parsed = match param.kind {
        ParamKind::Boolean | ParamKind::Integer { .. } | ParamKind::Real { .. } => yaml(value),
        ParamKind::Columns { .. } | ParamKind::Rows { .. } => yaml(value),
        _ if value == "null" && param.optional => Some(Json::Null),
        _ => Some(Json::from(value)),
    };
    let parsed = parsed.and_then(|value| param.kind.conform(&value).map(|_| value));
    let Some(parsed) = parsed else {
        let needed = param.kind.phrase();
        return Err(format!("“{name}” of {} should be {needed}, not “{value}”.", spec.title));
    };
    job.inputs.insert(name, Input::Value(parsed));
    Ok(())
}

fn target(pipeline: &Pipeline, path: &str) -> Result<Option<(String, String)>, String> {
    let Some(rest) = path.strip_prefix("jobs.") else {
        return Ok(None);
    };
    let Some((job, rest)) = rest.split_once('.') else {
        return Ok(None);
    };
    let name = rest.strip_prefix("inputs.").unwrap_or(rest);
    if name.is_empty() || name.contains('.') {
        return Ok(None);
    }
    if !pipeline.jobs.contains_key(job) {
        let hint = match closest_of(job, pipeline.jobs.keys().map(String::as_str)) {
            Some(near) => format!("Did you mean “{near}”?"),
            None => format!("It has {}.", listed(pipeline.jobs.keys().map(String::as_str))),
        };
        return Err(format!("There is no job “{job}” in this pipeline. {hint}"));
    }
    Ok(Some((job.to_owned(), name.to_owned())))
}

fn yaml(text: &str) -> Option<Json> {
    serde_norway::from_str(text).ok()
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
