//! JSON lines, object by object.

use std::collections::HashMap;

use serde_json::Value;

use super::blocks::Block;
use super::columns::Builder;
use super::csv::{Layout, Parsed};
use super::guess::Origin;
use crate::error::{Error, Result};

/// Parses one block. Names that the layout does not know are reported.
pub(super) fn parse(block: &Block, layout: &Layout) -> Result<Parsed> {
    let text = block.text(layout.path)?;
    let new = |planned| Builder::new(planned, 0, layout.look);
    let mut builders: Vec<Builder> = layout.columns.iter().map(new).collect();
    let index: HashMap<&str, usize> =
        layout.columns.iter().enumerate().map(|(at, column)| (column.name.as_str(), at)).collect();
    let mut seen = vec![0; builders.len()];
    let mut new_names: Vec<String> = Vec::new();
    let mut rows = 0;
    for (offset, text) in text.lines().enumerate() {
        let line = block.line + offset as u64;
        if text.trim().is_empty() {
            continue;
        }
        rows += 1;
        for (name, value) in object(layout, text, line)? {
            match index.get(name.as_str()) {
                Some(&at) => {
                    seen[at] = rows;
                    push(&mut builders[at], &value, line, layout);
                }
                None if !new_names.contains(&name) => new_names.push(name),
                None => {}
            }
        }
        for (builder, _) in builders.iter_mut().zip(&seen).filter(|(_, seen)| **seen != rows) {
            builder.push_null();
        }
    }
    Ok(Parsed { builders, rows, ragged: None, new_names })
}

/// The object of one line.
fn object(layout: &Layout, text: &str, line: u64) -> Result<serde_json::Map<String, Value>> {
    let failed = |sentence: String| Error::malformed(layout.path, Some(line), sentence);
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Array(_)) => Err(failed(
            "This line holds a JSON list. JSON lines need one object { … } on each line; convert \
             the file first."
                .to_owned(),
        )),
        Ok(_) => {
            Err(failed("This line holds no JSON object. JSON lines need one object { … } on each line.".to_owned()))
        }
        Err(e) => {
            let reason = e.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            Err(failed(format!("This line is not JSON: {reason} at column {}.", e.column())))
        }
    }
}

/// A value as a field: nested ones as JSON text.
fn push(builder: &mut Builder, value: &Value, line: u64, layout: &Layout) {
    let rules = layout.rules;
    match value {
        Value::Null => builder.push_null(),
        Value::Bool(true) => builder.push("true", Origin::Literal, line, rules),
        Value::Bool(false) => builder.push("false", Origin::Literal, line, rules),
        Value::Number(number) => builder.push(&number.to_string(), Origin::Literal, line, rules),
        Value::String(text) => builder.push(text, Origin::Word, line, rules),
        nested => builder.push(&nested.to_string(), Origin::Word, line, rules),
    }
}
