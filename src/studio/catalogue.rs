//! The catalogue of components as plain values, so that a pipeline can be written by hand.

use pipeline::component::{Accept, Category, Param, ParamKind, Port, PortKind, Spec};
use pipeline::components;
use serde::Serialize;
use serde_json::Value as Json;

use crate::{Error, Result};

/// A component as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComponentRow {
    /// What stands behind `component:` in a pipeline.
    pub id: &'static str,
    pub title: &'static str,
    pub category: Category,
    pub summary: &'static str,
}

/// Everything that a person needs to know to use a component in YAML.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComponentCard {
    pub id: &'static str,
    pub version: u32,
    pub title: &'static str,
    pub category: Category,
    pub summary: &'static str,
    pub inputs: Vec<PortCard>,
    pub outputs: Vec<PortCard>,
    pub parameters: Vec<ParameterCard>,
    /// Its result is reused while nothing that decides it has changed.
    pub reusable: bool,
    pub keywords: &'static [&'static str],
    /// Markdown.
    pub docs: &'static str,
    /// A job of it as it stands in a file.
    pub example: String,
}

/// A port of a component.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PortCard {
    pub name: &'static str,
    pub title: &'static str,
    pub kind: PortKind,
    pub optional: bool,
    pub help: &'static str,
}

/// A parameter of a component, or a field of a row of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterCard {
    pub name: &'static str,
    pub title: &'static str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub default: Json,
    /// It has no default and must be given.
    pub needed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Json>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub unit: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<ChoiceCard>,
    /// The input whose table has the columns that are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns_of: Option<&'static str>,
    /// The columns it takes: "any", "numeric", …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepts: Option<&'static str>,
    /// The meaning of an empty list of columns.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub empty_means: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ParameterCard>,
    /// It counts only while another parameter has one of these values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    pub advanced: bool,
    pub help: &'static str,
}

/// A value of a parameter that is one of a few.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceCard {
    pub value: &'static str,
    pub title: &'static str,
}

/// The values of another parameter under which one counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    pub parameter: &'static str,
    pub one_of: &'static [&'static str],
}

/// Every component, in the palette's order.
pub fn components() -> Vec<ComponentRow> {
    let specs = components::all().iter().map(|component| component.spec());
    specs
        .map(|spec| ComponentRow { id: spec.id, title: spec.title, category: spec.category, summary: spec.summary })
        .collect()
}

/// The component with this id, or with this title.
///
/// # Errors
/// There is none; the sentence names the nearest.
pub fn component(name: &str) -> Result<ComponentCard> {
    let specs = || components::all().iter().map(|component| component.spec());
    let found = specs().find(|spec| spec.id == name || spec.title.eq_ignore_ascii_case(name));
    let spec = found.ok_or_else(|| {
        let hint = match data::schema::closest_of(name, specs().map(|spec| spec.id)) {
            Some(near) => format!("Did you mean “{near}”?"),
            None => "atelier components list names them all.".to_owned(),
        };
        Error::not_found(format!("There is no component “{name}”. {hint}"))
    })?;
    Ok(card(spec))
}

fn card(spec: &'static Spec) -> ComponentCard {
    ComponentCard {
        id: spec.id,
        version: spec.version,
        title: spec.title,
        category: spec.category,
        summary: spec.summary,
        inputs: spec.inputs.iter().map(port_card).collect(),
        outputs: spec.outputs.iter().map(port_card).collect(),
        parameters: spec.params.iter().map(parameter_card).collect(),
        reusable: spec.reusable,
        keywords: spec.keywords,
        docs: spec.docs,
        example: example(spec),
    }
}

fn port_card(port: &'static Port) -> PortCard {
    PortCard { name: port.name, title: port.title, kind: port.kind, optional: port.optional, help: port.help }
}

fn parameter_card(param: &'static Param) -> ParameterCard {
    let mut card = ParameterCard {
        name: param.name,
        title: param.title,
        kind: type_name(&param.kind),
        default: param.default.to_json(),
        needed: pipeline::check::is_needed(param),
        min: None,
        max: None,
        unit: "",
        choices: Vec::new(),
        columns_of: None,
        accepts: None,
        empty_means: "",
        fields: Vec::new(),
        when: param.when.as_ref().map(|when| Condition { parameter: when.param, one_of: when.one_of }),
        advanced: param.advanced,
        help: param.help,
    };
    match &param.kind {
        ParamKind::Integer { min, max } => {
            card.min = (*min > i64::MIN).then(|| Json::from(*min));
            card.max = (*max < i64::MAX).then(|| Json::from(*max));
        }
        ParamKind::Real { min, max, unit } => {
            let bound = |bound: f64| (bound.abs() < 1e300).then(|| Json::from(bound));
            (card.min, card.max, card.unit) = (bound(*min), bound(*max), unit);
        }
        ParamKind::Choice(choices) => {
            card.choices = choices.iter().map(|it| ChoiceCard { value: it.value, title: it.title }).collect();
        }
        ParamKind::Column { port, accept } => {
            (card.columns_of, card.accepts) = (Some(*port), Some(accepted(*accept)));
        }
        ParamKind::Columns { port, accept, empty } => {
            (card.columns_of, card.accepts) = (Some(*port), Some(accepted(*accept)));
            card.empty_means = empty;
        }
        ParamKind::Expression { port } => card.columns_of = Some(*port),
        ParamKind::Rows { fields } => card.fields = fields.iter().map(parameter_card).collect(),
        _ => {}
    }
    card
}

/// The kind of value that stands in YAML.
fn type_name(kind: &ParamKind) -> &'static str {
    match kind {
        ParamKind::Boolean => "boolean",
        ParamKind::Integer { .. } => "integer",
        ParamKind::Real { .. } => "real",
        ParamKind::Text | ParamKind::Multiline => "text",
        ParamKind::Choice(_) => "choice",
        ParamKind::Column { .. } => "column",
        ParamKind::Columns { .. } => "columns",
        ParamKind::Expression { .. } => "expression",
        ParamKind::Code { language: "python" } => "python",
        ParamKind::Code { language: "sql" } => "sql",
        ParamKind::Code { .. } => "code",
        ParamKind::Csv => "csv",
        ParamKind::Dataset => "dataset",
        ParamKind::Model => "model",
        ParamKind::Rows { .. } => "rows",
    }
}

fn accepted(accept: Accept) -> &'static str {
    match accept {
        Accept::Any => "any",
        Accept::Numeric => "numeric",
        Accept::Text => "text",
        Accept::Temporal => "temporal",
        Accept::NumericOrBoolean => "numeric_or_boolean",
    }
}

/// A job with every input connected and every plain parameter at its default.
fn example(spec: &Spec) -> String {
    use pipeline::graph::{Input, Job, Pipeline};

    let mut job = Job { component: spec.id.to_owned(), ..Job::default() };
    for port in spec.inputs.iter().filter(|port| !port.optional) {
        let binding = Input::Binding { job: "JOB".to_owned(), output: output_name(port.kind).to_owned() };
        job.inputs.insert(port.name.to_owned(), binding);
    }
    for param in spec.params.iter().filter(|param| !param.advanced) {
        let default = param.default.to_json();
        let value = if pipeline::check::is_needed(param) { placeholder(&param.kind) } else { default };
        let says_nothing = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
        if !says_nothing {
            job.inputs.insert(param.name.to_owned(), Input::Value(value));
        }
    }
    let jobs = [(spec.id.to_owned(), job)].into_iter().collect();
    pipeline::yaml::snippet(&Pipeline { jobs, ..Pipeline::default() })
}

/// The usual name of an output of this kind.
fn output_name(kind: PortKind) -> &'static str {
    match kind {
        PortKind::Table => "table",
        PortKind::Estimator => "estimator",
        PortKind::Model => "model",
        PortKind::Transform => "transform",
        PortKind::Report => "report",
    }
}

fn placeholder(kind: &ParamKind) -> Json {
    match kind {
        ParamKind::Column { .. } => "COLUMN".into(),
        ParamKind::Columns { .. } => vec!["COLUMN"].into(),
        ParamKind::Dataset => "DATASET".into(),
        ParamKind::Expression { .. } => "COLUMN > 0".into(),
        ParamKind::Choice(choices) => choices.first().map_or(Json::Null, |choice| choice.value.into()),
        ParamKind::Integer { min, .. } => (*min).max(0).into(),
        ParamKind::Real { min, .. } => min.max(0.0).into(),
        _ => "TEXT".into(),
    }
}

#[cfg(test)]
mod tests {
    use pipeline::graph::Input;
    use pipeline::yaml::Document;

    use super::*;

    #[test]
    fn every_component_can_be_written_from_its_card() {
        for row in components() {
            let card = component(row.id).unwrap();
            assert_eq!((card.id, card.title), (row.id, row.title));
            let document = Document::parse(card.example.clone()).unwrap();
            assert_eq!(document.problems, [], "{}", card.example);
            let job = &document.pipeline.jobs[row.id];
            // Whatever stands in the example is of the type that the component asks for.
            for (name, input) in &job.inputs {
                if let Input::Value(value) = input {
                    let param = job.spec().unwrap().param(name).unwrap();
                    assert!(param.kind.conform(value).is_some(), "{name} of {}: {value}", row.id);
                }
            }
            for parameter in &card.parameters {
                assert!(!parameter.help.is_empty(), "{} of {} has no help", parameter.name, row.id);
                assert_eq!(parameter.kind == "choice", !parameter.choices.is_empty());
            }
            assert!(serde_json::to_value(&card).unwrap().is_object());
        }
    }

    #[test]
    fn a_component_is_found_by_id_and_title_and_nearly() {
        assert_eq!(component("Split data").unwrap().id, "split_data");
        let missing = component("splitdata").unwrap_err();
        assert!(missing.message.contains("Did you mean “split_data”?"), "{missing}");
        let split = component("split_data").unwrap();
        let fraction = split.parameters.iter().find(|parameter| parameter.name == "fraction").unwrap();
        assert_eq!((fraction.kind, fraction.min.is_some(), fraction.max.is_some()), ("real", true, true));
    }
}
