//! From a pipeline to YAML lines in the one form that the designer writes.

use serde_json::Value as Json;

use crate::graph::{Input, Job, Note, Pipeline};

/// A flow list longer than this is written one item a line.
const LINE: usize = 100;

/// The whole file, without line ends.
pub(super) fn pipeline(pipeline: &Pipeline) -> Vec<String> {
    pipeline_with(pipeline, &|_| Vec::new())
}

/// The whole file, with more lines for the top level (`None`) and for jobs by name.
pub(super) fn pipeline_with(pipeline: &Pipeline, more: &dyn Fn(Option<&str>) -> Vec<String>) -> Vec<String> {
    let mut lines = vec!["type: pipeline".to_owned()];
    lines.extend(text_entry(0, "display_name", &pipeline.display_name));
    if !pipeline.description.is_empty() {
        lines.extend(text_entry(0, "description", &pipeline.description));
    }
    lines.extend(more(None));
    lines.push(String::new());
    lines.push("jobs:".to_owned());
    for (index, (name, job)) in pipeline.jobs.iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        lines.extend(self::job(2, name, job));
        lines.extend(more(Some(name)));
    }
    if !pipeline.notes.is_empty() {
        lines.push(String::new());
        lines.extend(notes(&pipeline.notes));
    }
    if !pipeline.layout.is_empty() {
        lines.push(String::new());
        lines.push("layout:".to_owned());
        lines.extend(pipeline.layout.iter().map(|(name, place)| layout_entry(2, name, *place)));
    }
    lines
}

/// A job and all below it.
pub(super) fn job(indent: usize, name: &str, job: &Job) -> Vec<String> {
    let mut lines = vec![format!("{}{}:", spaces(indent), scalar_text(name))];
    for (key, value) in fields(job) {
        lines.extend(value_entry(indent + 2, key, &value));
    }
    if !job.inputs.is_empty() {
        lines.extend(inputs(indent + 2, job));
    }
    lines
}

/// A job's own fields in the order they are written, without those that say nothing.
pub(super) fn fields(job: &Job) -> Vec<(&'static str, Json)> {
    let text = |text: &Option<String>| text.as_deref().map(Json::from);
    let flag = |flag: bool| flag.then_some(Json::Bool(true));
    let fields = [
        ("component", Some(Json::from(job.component.as_str()))),
        ("display_name", text(&job.display_name)),
        ("comment", text(&job.comment)),
        ("disabled", flag(job.disabled)),
        ("collapsed", flag(job.collapsed)),
        ("compute", text(&job.compute)),
        ("environment", text(&job.environment)),
    ];
    fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

pub(super) fn inputs(indent: usize, job: &Job) -> Vec<String> {
    let mut lines = vec![format!("{}inputs:", spaces(indent))];
    for (key, input) in &job.inputs {
        lines.extend(input_entry(indent + 2, key, input));
    }
    lines
}

pub(super) fn input_entry(indent: usize, key: &str, input: &Input) -> Vec<String> {
    value_entry(indent, key, &input_value(input))
}

/// A binding as its text, a value as itself.
pub(super) fn input_value(input: &Input) -> Json {
    match input {
        Input::Value(value) => value.clone(),
        Input::Binding { job, output } => format!("${{{{parent.jobs.{job}.outputs.{output}}}}}").into(),
    }
}

pub(super) fn layout_entry(indent: usize, name: &str, [left, top]: [f32; 2]) -> String {
    format!("{}{}: [{left}, {top}]", spaces(indent), scalar_text(name))
}

/// The block of notes, one line a note.
pub(super) fn notes(notes: &[Note]) -> Vec<String> {
    let line = |note: &Note| {
        let [left, top, width, height] = note.rect;
        format!("  - {{text: {}, rect: [{left}, {top}, {width}, {height}]}}", quoted(&note.text))
    };
    std::iter::once("notes:".to_owned()).chain(notes.iter().map(line)).collect()
}

fn text_entry(indent: usize, key: &str, text: &str) -> Vec<String> {
    value_entry(indent, key, &Json::from(text))
}

/// `key: value` on one line, or with the value on the lines below.
pub(super) fn value_entry(indent: usize, key: &str, value: &Json) -> Vec<String> {
    let (first, below) = value_lines(value, indent + 2);
    let separator = if first.is_empty() { "" } else { " " };
    let head = format!("{}{}:{separator}{first}", spaces(indent), scalar_text(key));
    std::iter::once(head).chain(below).collect()
}

/// What follows the colon, and the lines below with that indent.
pub(super) fn value_lines(value: &Json, indent: usize) -> (String, Vec<String>) {
    match value {
        Json::String(text) if text.contains('\n') => match literal(text, indent) {
            Some((head, below)) => (head, below),
            None => (quoted(text), Vec::new()),
        },
        Json::Array(items) if !items.is_empty() => {
            let one_line = flow(value);
            let rows = items.iter().any(Json::is_object);
            if !rows && indent + one_line.chars().count() <= LINE {
                (one_line, Vec::new())
            } else {
                (String::new(), list_lines(items, indent))
            }
        }
        other => (flow(other), Vec::new()),
    }
}

/// One item a line.
pub(super) fn list_lines(items: &[Json], indent: usize) -> Vec<String> {
    let text = |item: &Json| match item {
        Json::String(text) => scalar_text(text),
        other => flow(other),
    };
    items.iter().map(|item| format!("{}- {}", spaces(indent), text(item))).collect()
}

/// A value on one line. Scalars are plain where YAML lets them.
fn flow(value: &Json) -> String {
    match value {
        Json::String(text) => scalar_text(text),
        Json::Array(items) => format!("[{}]", items.iter().map(flow_inner).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let pair = |(key, value): (&String, &Json)| {
                let key = if is_plain(key, true) { key.clone() } else { quoted(key) };
                format!("{key}: {}", flow_inner(value))
            };
            format!("{{{}}}", map.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn flow_inner(value: &Json) -> String {
    match value {
        Json::String(text) if is_plain(text, true) => text.clone(),
        Json::String(text) => quoted(text),
        other => flow(other),
    }
}

/// A text outside of brackets: plain if that reads back as the same text, quoted otherwise.
pub(super) fn scalar_text(text: &str) -> String {
    if is_plain(text, false) { text.to_owned() } else { quoted(text) }
}

/// Double-quoted, with every character escaped that YAML would fold, refuse or misread.
pub(super) fn quoted(text: &str) -> String {
    let json = Json::from(text).to_string();
    let mut safe = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_printable(letter) {
            safe.push(letter);
        } else {
            safe.push_str(&format!("\\u{:04x}", letter as u32));
        }
    }
    safe
}

/// Single-quoted, if the text allows it.
pub(super) fn single_quoted(text: &str) -> Option<String> {
    text.chars().all(|letter| is_printable(letter) && letter != '\t').then(|| format!("'{}'", text.replace('\'', "''")))
}

/// A `|` block, if the text survives in one.
fn literal(text: &str, indent: usize) -> Option<(String, Vec<String>)> {
    let (body, head) = match text.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (text, "|-"),
    };
    let ambiguous = body.is_empty() || body.ends_with('\n') || body.starts_with([' ', '\n', '\t']);
    let readable = body.chars().all(|letter| letter == '\n' || letter == '\t' || is_printable(letter));
    let blank_ends = body.lines().any(|line| !line.is_empty() && line.trim().is_empty());
    if ambiguous || blank_ends || !readable {
        return None;
    }
    let line = |line: &str| {
        if line.is_empty() { String::new() } else { format!("{}{line}", spaces(indent)) }
    };
    Some((head.to_owned(), body.split('\n').map(line).collect()))
}

/// A letter that may stand in YAML unescaped and isn't a line end to any reader.
fn is_printable(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_plain(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let indicator = "-?:,[]{}#&*!|>'\"%@`=<~".contains(first);
    let inner = text.contains(": ") || text.ends_with(':') || text.contains(" #");
    let flow_inner = flow && text.contains([',', '[', ']', '{', '}', ':', '#']);
    !(indicator || inner || flow_inner)
        && text.trim() == text
        && text.chars().all(is_printable)
        && !is_reserved(text)
        && !looks_numeric(text)
}

/// Words that a reader of YAML 1.1 or 1.2 takes for something other than text.
fn is_reserved(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    matches!(
        word.as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | ".inf" | ".nan" | "..."
    )
}

/// Numbers in any base, dates and times.
fn looks_numeric(text: &str) -> bool {
    let body = text.trim_start_matches(['+', '-', '.']);
    body.starts_with(|letter: char| letter.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_hexdigit() || "xXoO_:.+-TtZ ".contains(letter))
        || text.starts_with(['+', '.']) && text.len() < 6
}

pub(super) fn spaces(count: usize) -> String {
    " ".repeat(count)
}
