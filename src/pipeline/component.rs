//! What a component is: its ports, its parameters, what it makes of its inputs' shapes, and what it does.
//!
//! A component is one file under `components/` and one line in `components/mod.rs`.

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::graph::{Input, Job};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, Outputs};

/// What flows through a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortKind {
    Table,
    /// An algorithm with its settings, not trained yet.
    Estimator,
    /// A trained model.
    Model,
    /// A fitted preparation, to be applied to other tables.
    Transform,
    /// Metrics and charts.
    Report,
}

impl PortKind {
    /// The kind in a sentence, with its article.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Table => "a table",
            Self::Estimator => "an untrained model",
            Self::Model => "a trained model",
            Self::Transform => "a fitted transform",
            Self::Report => "a report",
        }
    }

    /// The file name extension of the kept bytes.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Table => "parquet",
            Self::Model => "model",
            Self::Estimator | Self::Transform | Self::Report => "json",
        }
    }
}

#[derive(Debug)]
pub struct Port {
    pub name: &'static str,
    pub title: &'static str,
    pub kind: PortKind,
    pub optional: bool,
    pub help: &'static str,
    /// Of an output: the inputs that it tells of. Empty stands for all.
    pub about: &'static [&'static str],
}

impl Port {
    pub const fn new(name: &'static str, title: &'static str, kind: PortKind, help: &'static str) -> Self {
        Self { name, title, kind, optional: false, help, about: &[] }
    }

    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Of an output: says which inputs it tells of, where it does not tell of all.
    pub const fn about(mut self, inputs: &'static [&'static str]) -> Self {
        self.about = inputs;
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Data,
    Transform,
    Learn,
    /// Train and judge
    Judge,
    /// Python and SQL
    Code,
}

impl Category {
    pub const ALL: [Self; 5] = [Self::Data, Self::Transform, Self::Learn, Self::Judge, Self::Code];

    pub fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Transform => "Transform",
            Self::Learn => "Learn",
            Self::Judge => "Train and judge",
            Self::Code => "Code",
        }
    }
}

/// Which columns a column parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    Any,
    Numeric,
    Text,
    Temporal,
    NumericOrBoolean,
}

#[derive(Debug)]
pub struct Choice {
    pub value: &'static str,
    pub title: &'static str,
}

/// How a parameter's value looks in YAML, and which editor the inspector shows.
#[derive(Debug)]
pub enum ParamKind {
    Boolean,
    Integer {
        min: i64,
        max: i64,
    },
    /// `unit` is shown beside the field.
    Real {
        min: f64,
        max: f64,
        unit: &'static str,
    },
    Text,
    Multiline,
    Choice(&'static [Choice]),
    /// One column of the table on input `port`; a string, or null for none when the parameter is optional.
    Column {
        port: &'static str,
        accept: Accept,
    },
    /// Some columns of the table on input `port`; a list of strings. An empty list means what `empty` says.
    Columns {
        port: &'static str,
        accept: Accept,
        empty: &'static str,
    },
    /// An expression over the columns of the table on input `port` (see `data::expression`).
    Expression {
        port: &'static str,
    },
    /// `language` is "python" or "sql".
    Code {
        language: &'static str,
    },
    /// A small table typed by hand, as CSV text with a header.
    Csv,
    /// A dataset of the workspace: `name` or `name@version`.
    Dataset,
    /// A registered model of the workspace: `name`, `name@version` or `name@alias`.
    Model,
    /// A list of objects, edited as rows; each field is itself a scalar parameter.
    Rows {
        fields: &'static [Param],
    },
}

/// Shows a parameter only while another has one of these values.
#[derive(Debug)]
pub struct When {
    pub param: &'static str,
    pub one_of: &'static [&'static str],
}

#[derive(Debug)]
pub struct Param {
    pub name: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    pub kind: ParamKind,
    pub default: Default,
    pub optional: bool,
    pub when: Option<When>,
    pub advanced: bool,
}

/// A parameter's default, writable in a `static`.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    None,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(&'static str),
    EmptyList,
}

impl Default {
    pub fn to_json(self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Boolean(value) => value.into(),
            Self::Integer(value) => value.into(),
            Self::Real(value) => value.into(),
            Self::Text(value) => value.into(),
            Self::EmptyList => Json::Array(Vec::new()),
        }
    }
}

impl Param {
    pub const fn new(
        name: &'static str,
        title: &'static str,
        kind: ParamKind,
        default: Default,
        help: &'static str,
    ) -> Self {
        Self { name, title, help, kind, default, optional: false, when: None, advanced: false }
    }

    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub const fn when(mut self, param: &'static str, one_of: &'static [&'static str]) -> Self {
        self.when = Some(When { param, one_of });
        self
    }

    pub const fn advanced(mut self) -> Self {
        self.advanced = true;
        self
    }
}

/// Everything about a component that is known without running it.
#[derive(Debug)]
pub struct Spec {
    /// The name in YAML, snake_case, never changed once shipped.
    pub id: &'static str,
    /// Raised whenever the same inputs would give another result; part of the cache key.
    pub version: u32,
    pub title: &'static str,
    pub category: Category,
    /// One sentence for the palette and the head of the inspector.
    pub summary: &'static str,
    /// Markdown for the inspector's documentation: what it does, when to use it, how edge cases are treated.
    pub docs: &'static str,
    /// Other words people search for ("imputation", "dummy variables", …).
    pub keywords: &'static [&'static str],
    pub inputs: &'static [Port],
    pub outputs: &'static [Port],
    pub params: &'static [Param],
    /// Only these are part of the reuse cache. A Python script that reads the network can opt out.
    pub reusable: bool,
}

impl Spec {
    pub fn input(&self, name: &str) -> Option<&'static Port> {
        self.inputs.iter().find(|port| port.name == name)
    }

    pub fn output(&self, name: &str) -> Option<&'static Port> {
        self.outputs.iter().find(|port| port.name == name)
    }

    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }
}

/// A job's parameters with the defaults filled in.
///
/// **Invariant**: every value has the type its [`ParamKind`] asks for (or is null): what a person wrote wrongly was
/// reported by [`crate::check`] and is replaced by the default here, so access cannot fail.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Params(pub IndexMap<String, Json>);

impl Params {
    /// A job's parameters in the order of the component's declaration. Unknown ones are left out.
    pub fn of(spec: &Spec, job: &Job) -> Self {
        Self::from_values(spec.params, |name| match job.inputs.get(name) {
            Some(Input::Value(value)) => Some(value),
            _ => None,
        })
    }

    /// What a component does when nothing is set.
    pub fn defaults(spec: &Spec) -> Self {
        Self::from_values(spec.params, |_| None)
    }

    fn from_values<'a>(declared: &[Param], value: impl Fn(&str) -> Option<&'a Json>) -> Self {
        let fill = |param: &Param| {
            let given = value(param.name).and_then(|value| param.kind.conform(value));
            (param.name.to_owned(), given.unwrap_or_else(|| param.default.to_json()))
        };
        Self(declared.iter().map(fill).collect())
    }

    /// Replaces one value; handy in tests: `Params::defaults(spec).with("fraction", 0.3)`.
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The value as it is; null when it is not set.
    pub fn get(&self, name: &str) -> &Json {
        self.0.get(name).unwrap_or(&Json::Null)
    }

    /// A text, choice, column or dataset; empty when it is not set.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// A text, choice, column or dataset, if it is set and not empty.
    pub fn maybe_text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str().filter(|text| !text.is_empty())
    }

    pub fn boolean(&self, name: &str) -> bool {
        self.get(name).as_bool().unwrap_or_default()
    }

    /// A whole number; 0 when it is not set.
    pub fn integer(&self, name: &str) -> i64 {
        self.maybe_integer(name).unwrap_or_default()
    }

    pub fn maybe_integer(&self, name: &str) -> Option<i64> {
        self.get(name).as_i64()
    }

    /// A number; 0 when it is not set.
    pub fn real(&self, name: &str) -> f64 {
        self.maybe_real(name).unwrap_or_default()
    }

    pub fn maybe_real(&self, name: &str) -> Option<f64> {
        self.get(name).as_f64()
    }

    /// A list of texts (columns).
    pub fn texts(&self, name: &str) -> Vec<String> {
        let list = self.get(name).as_array();
        list.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// The rows of a [`ParamKind::Rows`], each with the defaults of its fields filled in.
    pub fn rows(&self, name: &str, fields: &'static [Param]) -> Vec<Self> {
        let list = self.get(name).as_array();
        list.into_iter().flatten().map(|row| Self::from_values(fields, |field| row.get(field))).collect()
    }
}

impl ParamKind {
    /// Whether it names something of the workspace whose content, not its name, decides the result.
    pub fn is_reference(&self) -> bool {
        matches!(self, Self::Dataset | Self::Model)
    }

    /// What a value should be, in a sentence: "a whole number".
    pub fn phrase(&self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Integer { .. } => "a whole number",
            Self::Real { .. } => "a number",
            Self::Text | Self::Multiline | Self::Code { .. } | Self::Csv => "a text",
            Self::Choice(_) => "one of its choices",
            Self::Column { .. } => "a column’s name",
            Self::Columns { .. } => "a list of columns",
            Self::Expression { .. } => "an expression",
            Self::Dataset => "a dataset’s name",
            Self::Model => "a registered model’s name",
            Self::Rows { .. } => "a list of rows",
        }
    }

    /// The value in the one form this kind stores, or `None` when it is of another type.
    ///
    /// A whole number does for a real; a single text does for a list of one.
    pub fn conform(&self, value: &Json) -> Option<Json> {
        let fits = match self {
            Self::Boolean => value.is_boolean(),
            Self::Integer { .. } => value.is_i64(),
            Self::Real { .. } if !value.is_null() => {
                return value.as_f64().filter(|number| number.is_finite()).map(Json::from);
            }
            // Null, which stands for nothing given.
            Self::Real { .. } => false,
            Self::Columns { .. } if value.is_string() => {
                return Some(Json::Array(vec![value.clone()]));
            }
            Self::Columns { .. } => value.as_array().is_some_and(|list| list.iter().all(Json::is_string)),
            Self::Rows { .. } => value.as_array().is_some_and(|list| list.iter().all(Json::is_object)),
            Self::Text
            | Self::Multiline
            | Self::Choice(_)
            | Self::Column { .. }
            | Self::Expression { .. }
            | Self::Code { .. }
            | Self::Csv
            | Self::Dataset
            | Self::Model => value.is_string(),
        };
        (fits || value.is_null()).then(|| value.clone())
    }
}

/// One kind of step. Implementations hold no state.
pub trait Component: Send + Sync {
    fn spec(&self) -> &'static Spec;

    /// The second line of the node: "Median · 4 columns".
    fn caption(&self, params: &Params, inputs: &Shapes, known: &dyn Known) -> String;

    /// The shapes of the outputs, from those of the inputs, without any data. Problems are shown on the node.
    ///
    /// Required inputs that are not connected and parameters out of range are reported by the caller: an
    /// implementation sees `None` for an input whose shape is unknown and must answer as well as it can.
    /// Columns named by a [`ParamKind::Column`] or [`ParamKind::Columns`] were already looked for by the caller, and
    /// expressions are to be checked here. An output that is left out is unknown.
    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)>;

    /// Does the work.
    ///
    /// # Errors
    /// A sentence for the person who drew the pipeline: what is wrong, where, and what to do.
    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError>;

    /// How the rows of an output relate to those of the input `table`.
    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::New
    }

    /// Whether it learns something from the rows that it then applies to them, such as a mean.
    fn learns(&self, _params: &Params) -> bool {
        self.spec().outputs.iter().any(|port| port.kind == PortKind::Transform)
    }

    /// Whether it sets rows aside that nothing before it should have learnt from.
    fn holds_out(&self) -> bool {
        false
    }

    /// The input whose rows it divides again and again, so that whatever was learnt from them must be learnt anew from
    /// each part. Its [`StepContext::chain`] then says how.
    fn refits(&self) -> Option<&'static str> {
        None
    }

    /// The digest of whatever outside of parameters and inputs decides the result (a script's text, a dataset's
    /// version); part of the cache key.
    fn code_digest(&self, _params: &Params, _context: &dyn crate::store::Store) -> Result<Option<String>, StepError> {
        Ok(None)
    }

    /// Whether the step's `environment` decides what its script runs in.
    fn takes_environment(&self) -> bool {
        false
    }

    /// The person's own code that the step runs; none for a step that runs none.
    fn code(&self, _params: &Params, _store: &dyn crate::store::Store) -> Option<Code> {
        None
    }
}

/// How the rows of a step's output relate to those of its input `table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowRelation {
    /// They are others: joined, grouped, computed by a script.
    New,
    /// Each is the one of the same number, with columns changed by steps of the table's preparation.
    Same,
    /// Each is one of the input's, unchanged; some may be left out or in another order.
    Some,
    /// As [`Self::Some`], and a row may come more than once.
    Drawn,
}

/// A person's own code as a step runs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The files it is made of, absolute: a script and those of the workspace's modules that it imports.
    pub files: Vec<std::path::PathBuf>,
    /// What runs it where no environment is chosen, if that is known.
    pub interpreter: Option<std::path::PathBuf>,
}

/// Why a step failed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum StepError {
    #[error("{0}")]
    Failed(String),
    #[error("The step was cancelled.")]
    Cancelled,
}

impl StepError {
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }
}

impl From<data::Error> for StepError {
    fn from(error: data::Error) -> Self {
        match error {
            data::Error::Cancelled => Self::Cancelled,
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<learn::Error> for StepError {
    fn from(error: learn::Error) -> Self {
        match error {
            learn::Error::Cancelled => Self::Cancelled,
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<data::polars::error::PolarsError> for StepError {
    fn from(error: data::polars::error::PolarsError) -> Self {
        data::Error::from(error).into()
    }
}
