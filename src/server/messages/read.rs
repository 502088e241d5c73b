//! Reading one message.

use serde_json::{Map, Value};

use super::json::{special_number, special_word};
use crate::error::{Error, Result};
use crate::names;

const SEE: &str = " See the API docs for more information about request parameters.";

/// What JSON a field is, for the sentence that says it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shape {
    Text,
    Integer,
    Float,
    Bool,
    List,
    Object,
}

impl Shape {
    /// Whether a value can be one. MLflow lets some pass that it then reads as 0, without a word: a time of 1.5, a
    /// step beyond 64 bits. Those are refused here.
    fn passes(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Integer => i64::read(value).is_some(),
            Self::Float => f64::read(value).is_some(),
            Self::Bool => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object() && special_number(value).is_none(),
        }
    }
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Its name, with underscores.
    pub name: &'static str,
    /// It must be there and not empty.
    pub required: bool,
    /// What it is.
    pub shape: Shape,
    /// Whether a value can be read as it.
    pub reads: fn(&Value) -> bool,
}

/// A value of a field, or a message in another.
pub trait Field: Sized + Default {
    /// What it is.
    const SHAPE: Shape;

    /// Reads a value that is not null. `None` when protobuf would refuse it.
    fn read(value: &Value) -> Option<Self>;
}

impl Field for String {
    const SHAPE: Shape = Shape::Text;

    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Field for i64 {
    const SHAPE: Shape = Shape::Integer;

    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => text.trim().parse().ok().or_else(|| python_float(text).and_then(whole)),
            _ => None,
        }
    }
}

impl Field for f64 {
    const SHAPE: Shape = Shape::Float;

    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64(),
            // Python's True is a number.
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Value::String(text) => python_float(text),
            other => special_number(other),
        }
    }
}

/// The whole number that a real one is, if it is one that a real one can name exactly.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e18).then_some(number as i64)
}

/// A number as Python's `float` reads it from a text: spaces around it, `_` between digits, `inf` and `nan` in letters of
/// either case.
fn python_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let joins = |(at, byte): (usize, &u8)| *byte != b'_' || (digit(at.checked_sub(1)) && digit(Some(at + 1)));
    if !bytes.iter().enumerate().all(joins) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

impl Field for bool {
    const SHAPE: Shape = Shape::Bool;

    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl<T: Field> Field for Option<T> {
    const SHAPE: Shape = T::SHAPE;

    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Some)
    }
}

impl<T: Field> Field for Vec<T> {
    const SHAPE: Shape = Shape::List;

    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

/// A message of named fields.
pub trait Message: Sized + Default {
    /// Its fields in the order in which they are checked.
    const FIELDS: &'static [Spec];

    /// Reads every field that is there. `None` when protobuf would refuse one.
    fn fields(map: &Map<String, Value>) -> Option<Self>;

    /// Reads a request's body; nothing and `null` are an empty one.
    ///
    /// # Errors
    /// What is missing or wrong, in MLflow's words.
    fn request(body: &Value) -> Result<Self> {
        let empty = Map::new();
        let map = match body {
            Value::Null => &empty,
            Value::Object(map) => map,
            _ => return Err(Error::invalid(format!("Invalid request: a JSON object was expected.{SEE}"))),
        };
        for spec in Self::FIELDS {
            refuse_two_spellings(spec, map)?;
        }
        let read = Self::fields(map);
        for spec in Self::FIELDS {
            check(spec, map, read.is_some())?;
        }
        // What MLflow has no check for it leaves out without a word; here it is named.
        let wrong = |spec: &&Spec| find(map, spec.name).is_some_and(|value| !value.is_null() && !(spec.reads)(value));
        read.ok_or_else(|| match Self::FIELDS.iter().find(wrong) {
            Some(spec) => invalid_type(spec, find(map, spec.name).unwrap_or(&Value::Null)),
            None => Error::invalid(format!("Invalid request: a parameter has the wrong type.{SEE}")),
        })
    }

    /// Reads the parameters of an address.
    ///
    /// # Errors
    /// What is missing or wrong, in MLflow's words.
    fn query(pairs: &[(String, String)]) -> Result<Self> {
        let mut map = Map::new();
        for spec in Self::FIELDS {
            let mut values = pairs.iter().filter(|(key, _)| key == spec.name).map(|(_, value)| value.as_str());
            let value = match spec.shape {
                Shape::List => {
                    Some(values.map(Value::from).collect::<Vec<_>>()).filter(|v| !v.is_empty()).map(Value::from)
                }
                Shape::Bool => match values.next() {
                    Some(text) if text.eq_ignore_ascii_case("true") => Some(true.into()),
                    Some(text) if text.eq_ignore_ascii_case("false") => Some(false.into()),
                    Some(text) => {
                        return Err(Error::invalid(format!(
                            "Invalid boolean value: {text}, must be 'true' or 'false'."
                        )));
                    }
                    None => None,
                },
                _ => values.next().map(Value::from),
            };
            if let Some(value) = value {
                map.insert(spec.name.to_owned(), value);
            }
        }
        Self::request(&Value::Object(map))
    }
}

fn check(spec: &Spec, map: &Map<String, Value>, read: bool) -> Result<()> {
    let found = find(map, spec.name);
    let found = match found {
        // Old clients send the id under its old name.
        None | Some(Value::Null) if spec.name == "run_id" => find(map, "run_uuid").or(found),
        found => found,
    };
    let absent = found.is_none_or(|value| value.is_null() || value.as_str() == Some(""));
    let passes = found.is_none_or(|value| value.is_null() || spec.shape.passes(value));
    if !read && !passes {
        return Err(invalid_type(spec, found.unwrap_or(&Value::Null)));
    }
    if spec.required && absent {
        return Err(Error::invalid(format!("Missing value for required parameter '{}'.{SEE}", spec.name)));
    }
    Ok(())
}

fn invalid_type(spec: &Spec, value: &Value) -> Error {
    Error::invalid(format!(
        "Invalid value {} for parameter '{}' supplied:  Hint: Value was of type '{}'.{SEE}",
        python_json(value),
        spec.name,
        python_type(value)
    ))
}

/// Refuses a field that is there under both of its names: what checks one and does the other could be fooled.
fn refuse_two_spellings(spec: &Spec, map: &Map<String, Value>) -> Result<()> {
    let other = camel(spec.name);
    if other != spec.name && map.contains_key(spec.name) && map.contains_key(&other) {
        return Err(Error::invalid(format!(
            "Request specifies both '{}' and '{other}'; provide only one of them.",
            spec.name
        )));
    }
    Ok(())
}

/// A parameter within a list that must be there.
pub(super) fn missing_within(path: &str) -> Error {
    Error::invalid(format!("Missing value for required parameter '{path}'.{SEE}"))
}

/// A field by its name or its other spelling.
pub(super) fn find<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name).or_else(|| name.contains('_').then(|| map.get(&camel(name))).flatten())
}

/// Whether a body has a field at all.
pub fn has(body: &Value, name: &str) -> bool {
    body.as_object().and_then(|map| find(map, name)).is_some_and(|value| !value.is_null())
}

fn camel(name: &str) -> String {
    let mut upper = false;
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// A value of one field; the default when it is missing or null.
pub(super) fn field<T: Field>(map: &Map<String, Value>, name: &str) -> Option<T> {
    match find(map, name) {
        None | Some(Value::Null) => Some(T::default()),
        Some(value) => T::read(value),
    }
}

/// JSON as Python writes it without spaces: keys in order, only ASCII.
fn python_json(value: &Value) -> String {
    if let Some(number) = special_number(value) {
        return special_word(number).to_owned();
    }
    match value {
        Value::String(text) => names::ascii_json(text),
        Value::Array(list) => format!("[{}]", list.iter().map(python_json).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{}:{}", names::ascii_json(key), python_json(value))).collect();
            format!("{{{}}}", pairs.join(","))
        }
        other => other.to_string(),
    }
}

fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) if special_number(value).is_some() => "float",
        Value::Object(_) => "dict",
    }
}
