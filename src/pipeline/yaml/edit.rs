//! Editing a pipeline file in place: the fewest lines that turn one pipeline into another.

use std::ops::Range;

use indexmap::IndexMap;
use serde_json::Value as Json;
use serde_norway::{Mapping, Value as Yaml};

use super::form::{Form, JobForm};
use super::outline::{Entry, is_filler};
use super::{Document, write};
use crate::graph::{Job, Pipeline};

/// The edited text, or `None` where the file's form is not one we edit.
pub(super) fn edit(document: &Document, new: &Pipeline) -> Option<String> {
    let form = &document.form;
    if !form.known {
        return None;
    }
    let old = &document.pipeline;
    let mut editor = Editor { lines: document.text.lines().collect(), form, patches: Vec::new() };
    editor.head(old, new);
    let renamed = renames(old, new);
    editor.jobs(old, new, &renamed);
    editor.notes(old, new);
    editor.layout(old, new, &renamed);
    Some(editor.apply(&document.text))
}

/// Jobs that went by another name: at the same place, of the same component.
fn renames<'a>(old: &'a Pipeline, new: &'a Pipeline) -> IndexMap<&'a str, &'a str> {
    let mut renamed = IndexMap::new();
    for ((before, job), (after, same)) in old.jobs.iter().zip(&new.jobs) {
        let moved = before != after && !new.jobs.contains_key(before) && !old.jobs.contains_key(after);
        if moved && job.component == same.component {
            renamed.insert(before.as_str(), after.as_str());
        }
    }
    renamed
}

struct Editor<'a> {
    lines: Vec<&'a str>,
    form: &'a Form,
    patches: Vec<Patch>,
}

/// Lines that take the place of others.
struct Patch {
    at: Range<usize>,
    lines: Vec<String>,
}

impl Editor<'_> {
    fn head(&mut self, old: &Pipeline, new: &Pipeline) {
        let texts = [
            ("display_name", &old.display_name, &new.display_name, ["type", "name"].as_slice()),
            ("description", &old.description, &new.description, &["type", "name", "display_name"]),
        ];
        for (key, _, new, after) in texts.into_iter().filter(|(_, old, new, _)| old != new) {
            match self.form.top(key) {
                Some(entry) if new.is_empty() && key == "description" => self.remove(entry),
                Some(entry) => self.set(entry, None, &Json::from(new.as_str())),
                None => {
                    let anchor = after.iter().filter_map(|key| self.form.top(key)).map(|entry| entry.end).max();
                    let first = self.form.top.first().map_or(self.lines.len(), |entry| entry.line);
                    self.insert(anchor.unwrap_or(first), write::value_entry(0, key, &Json::from(new.as_str())));
                }
            }
        }
    }

    fn jobs(&mut self, old: &Pipeline, new: &Pipeline, renamed: &IndexMap<&str, &str>) {
        for (name, job) in &old.jobs {
            let current = renamed.get(name.as_str()).copied().unwrap_or(name);
            let Some(form) = self.form.job(name) else {
                continue;
            };
            match new.jobs.get(current) {
                None => self.remove(&form.entry),
                Some(changed) => {
                    if current != name {
                        self.rename(&form.entry, current);
                    }
                    if changed != job {
                        self.job(form, job, changed, current);
                    }
                }
            }
        }
        let is_new = |name: &str| !old.jobs.contains_key(name) && !renamed.values().any(|new| *new == name);
        let added: Vec<(&String, &Job)> = new.jobs.iter().filter(|(name, _)| is_new(name)).collect();
        if !added.is_empty() {
            self.add_jobs(&added);
        }
    }

    fn add_jobs(&mut self, added: &[(&String, &Job)]) {
        let indent = self.form.jobs.first().map_or(2, |job| job.entry.indent);
        let spaced = self.form.jobs.get(1).is_none_or(|job| {
            let above = self.attached(&job.entry);
            above > 0 && self.lines[above - 1].trim().is_empty()
        });
        let mut lines = Vec::new();
        for (index, (name, job)) in added.iter().enumerate() {
            if spaced && (index > 0 || !self.form.jobs.is_empty()) {
                lines.push(String::new());
            }
            lines.extend(write::job(indent, name, job));
        }
        match self.form.top("jobs") {
            Some(entry) if entry.is_block() => self.insert(entry.end, lines),
            Some(entry) => {
                lines.insert(0, "jobs:".to_owned());
                self.replace(entry.line..entry.end, lines);
            }
            None => {
                let blocks = ["notes", "layout"];
                let head = self.form.top.iter().filter(|entry| !blocks.contains(&entry.key.as_str()));
                let at = head.map(|entry| entry.end).max().unwrap_or(self.lines.len());
                lines.splice(0..0, [String::new(), "jobs:".to_owned()]);
                self.insert(at, lines);
            }
        }
    }

    fn job(&mut self, form: &JobForm, old: &Job, new: &Job, name: &str) {
        let Some(fields) = &form.fields else {
            return self.replace(form.entry.line..form.entry.end, write::job(form.entry.indent, name, new));
        };
        let indent = fields.first().map_or(form.entry.indent + 2, |field| field.indent);
        let (before, after) = (write::fields(old), write::fields(new));
        let value = |fields: &[(&str, Json)], key: &str| {
            fields.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
        };
        let mut anchor = form.entry.line + 1;
        for key in ["component", "display_name", "comment", "disabled", "collapsed", "compute", "environment"] {
            let entry = form.field(key);
            match (value(&before, key), value(&after, key)) {
                (old, new) if old == new => {}
                (_, Some(new)) => match entry {
                    Some(entry) => self.set(entry, None, &new),
                    None => self.insert(anchor, write::value_entry(indent, key, &new)),
                },
                (_, None) => {
                    if let Some(entry) = entry {
                        self.remove(entry);
                    }
                }
            }
            anchor = entry.map_or(anchor, |entry| entry.end.max(anchor));
        }
        if old.inputs != new.inputs {
            self.inputs(form, old, new, indent);
        }
    }

    fn inputs(&mut self, form: &JobForm, old: &Job, new: &Job, indent: usize) {
        let Some(entry) = form.field("inputs") else {
            return self.insert(form.entry.end, write::inputs(indent, new));
        };
        if new.inputs.is_empty() {
            return self.remove(entry);
        }
        let Some(present) = form.inputs.as_ref().filter(|present| !present.is_empty()) else {
            return self.replace(entry.line..entry.end, write::inputs(indent, new));
        };
        for (key, input) in &new.inputs {
            match form.input(key) {
                Some(entry) if old.inputs.get(key) != Some(input) => {
                    let before = old.inputs.get(key).map(write::input_value);
                    self.set(entry, before.as_ref(), &write::input_value(input));
                }
                None if old.inputs.get(key) != Some(input) => {
                    self.insert(entry.end, write::input_entry(present[0].indent, key, input))
                }
                _ => {}
            }
        }
        let gone = |entry: &&Entry| old.inputs.contains_key(&entry.key) && !new.inputs.contains_key(&entry.key);
        for entry in present.iter().filter(gone) {
            self.remove(entry);
        }
    }

    fn notes(&mut self, old: &Pipeline, new: &Pipeline) {
        if old.notes == new.notes {
            return;
        }
        match self.form.top("notes") {
            Some(entry) if new.notes.is_empty() => self.remove(entry),
            Some(entry) => self.replace(entry.line..entry.end, write::notes(&new.notes)),
            None => {
                let (mut lines, layout) = (write::notes(&new.notes), self.form.top("layout"));
                match layout {
                    Some(layout) => {
                        lines.push(String::new());
                        self.insert(self.attached(layout), lines);
                    }
                    None => self.append(lines),
                }
            }
        }
    }

    fn layout(&mut self, old: &Pipeline, new: &Pipeline, renamed: &IndexMap<&str, &str>) {
        if old.layout == new.layout {
            return;
        }
        let canonical = || {
            let entries = new.layout.iter().map(|(name, place)| write::layout_entry(2, name, *place));
            std::iter::once("layout:".to_owned()).chain(entries).collect::<Vec<_>>()
        };
        let Some(block) = self.form.top("layout") else {
            return self.append(canonical());
        };
        if new.layout.is_empty() {
            return self.remove(block);
        }
        if self.form.layout.is_empty() {
            return self.replace(block.line..block.end, canonical());
        }
        let mut seen = Vec::new();
        for entry in &self.form.layout {
            let name = renamed.get(entry.key.as_str()).copied().unwrap_or(&entry.key);
            match new.layout.get(name) {
                None => self.remove(entry),
                Some(place) if name != entry.key || old.layout.get(name) != Some(place) => {
                    let line = write::layout_entry(entry.indent, name, *place);
                    let comment = self.lines[entry.line][entry.value.end..].trim_end();
                    self.replace(entry.line..entry.end, vec![format!("{line}{comment}")]);
                }
                Some(_) => {}
            }
            seen.push(name);
        }
        let indent = self.form.layout[0].indent;
        for (name, place) in new.layout.iter().filter(|(name, _)| !seen.contains(&name.as_str())) {
            self.insert(block.end, vec![write::layout_entry(indent, name, *place)]);
        }
    }

    /// Gives an entry another value, in the style of the one it had.
    fn set(&mut self, entry: &Entry, old: Option<&Json>, new: &Json) {
        let line = self.lines[entry.line];
        let (first, below) = self.in_style(entry, old, new);
        let (head, tail) = (&line[..entry.value.start], line[entry.value.end..].trim_end());
        let gap = if head.ends_with([' ', '\t']) || first.is_empty() { "" } else { " " };
        let space = if entry.is_block() && !tail.is_empty() && !first.is_empty() { "  " } else { "" };
        let mut lines = vec![format!("{head}{gap}{first}{space}{tail}").trim_end().to_owned()];
        lines.extend(below);
        self.replace(entry.line..entry.end, lines);
    }

    fn in_style(&self, entry: &Entry, old: Option<&Json>, new: &Json) -> (String, Vec<String>) {
        let raw = &self.lines[entry.line][entry.value.clone()];
        let first = self.lines[entry.body()].iter().find(|line| !is_filler(line));
        let indent = first.map_or(entry.indent + 2, |line| line.len() - line.trim_start().len());
        match new {
            Json::String(text) if !text.contains('\n') && raw.starts_with('"') => (write::quoted(text), Vec::new()),
            Json::String(text) if !text.contains('\n') && raw.starts_with('\'') => {
                (write::single_quoted(text).unwrap_or_else(|| write::quoted(text)), Vec::new())
            }
            Json::String(text) if text.contains('\n') && raw.starts_with('|') => write::value_lines(new, indent),
            Json::Array(items) if !items.is_empty() && entry.is_block() && first.is_some() => {
                (String::new(), self.list(entry, indent, old.and_then(Json::as_array), items))
            }
            Json::Array(_) if raw.starts_with('[') => {
                let one_line = write::value_lines(new, 0);
                if one_line.0.is_empty() { write::value_lines(new, entry.indent + 2) } else { one_line }
            }
            _ => write::value_lines(new, entry.indent + 2),
        }
    }

    /// A block list's lines; those of items that stay are kept as they are written.
    fn list(&self, entry: &Entry, indent: usize, old: Option<&Vec<Json>>, new: &[Json]) -> Vec<String> {
        let lines: Vec<&str> = self.lines[entry.body()].iter().copied().filter(|line| !is_filler(line)).collect();
        let old = old.map(Vec::as_slice).unwrap_or_default();
        let one_each = lines.len() == old.len() && lines.iter().all(|line| line.trim_start().starts_with('-'));
        let mut written = write::list_lines(new, indent);
        for (item, line) in new.iter().zip(&mut written).filter(|_| one_each) {
            if let Some(at) = old.iter().position(|before| before == item) {
                *line = lines[at].to_owned();
            }
        }
        written
    }

    fn rename(&mut self, entry: &Entry, name: &str) {
        let line = self.lines[entry.line];
        let (head, tail) = (&line[..entry.key_span.start], &line[entry.key_span.end..]);
        self.replace(entry.line..entry.line + 1, vec![format!("{head}{}{tail}", write::scalar_text(name))]);
    }

    /// The first of the comment lines that stand right above an entry, or its own line.
    fn attached(&self, entry: &Entry) -> usize {
        let comment = |line: &&&str| line.len() - line.trim_start().len() == entry.indent && is_comment(line);
        entry.line - self.lines[..entry.line].iter().rev().take_while(comment).count()
    }

    /// Takes an entry away with the comment above it, and a blank line where two would meet.
    fn remove(&mut self, entry: &Entry) {
        let (mut start, mut end) = (self.attached(entry), entry.end);
        let blank_above = start > 0 && self.lines[start - 1].trim().is_empty();
        match self.lines.get(end) {
            Some(below) if below.trim().is_empty() && blank_above => end += 1,
            None if blank_above => start -= 1,
            _ => {}
        }
        self.replace(start..end, Vec::new());
    }

    fn append(&mut self, mut lines: Vec<String>) {
        let end = self.lines.len();
        if self.lines.last().is_some_and(|line| !line.trim().is_empty()) {
            lines.insert(0, String::new());
        }
        self.insert(end, lines);
    }

    fn insert(&mut self, at: usize, lines: Vec<String>) {
        self.replace(at..at, lines);
    }

    fn replace(&mut self, at: Range<usize>, lines: Vec<String>) {
        self.patches.push(Patch { at, lines });
    }

    fn apply(mut self, text: &str) -> String {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        self.patches.sort_by_key(|patch| patch.at.start);
        let old: Vec<&str> = text.split_inclusive('\n').collect();
        let mut result = String::with_capacity(text.len() + 256);
        let mut cursor = 0;
        for patch in &self.patches {
            result.extend(old[cursor..patch.at.start.max(cursor)].iter().copied());
            cursor = patch.at.end.max(cursor);
            for line in &patch.lines {
                if !result.is_empty() && !result.ends_with('\n') {
                    result.push_str(newline);
                }
                result.push_str(line);
                result.push_str(newline);
            }
        }
        result.extend(old[cursor..].iter().copied());
        if !text.is_empty() && !text.ends_with('\n') {
            result.truncate(result.trim_end_matches(['\r', '\n']).len());
        }
        result
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The file written anew, with the comments at its top and the keys we don't know.
pub(super) fn rewrite(document: &Document, new: &Pipeline) -> String {
    let comments = document.text.lines().take_while(|line| is_filler(line));
    let mut lines: Vec<String> = comments.map(str::to_owned).collect();
    let old: Yaml = serde_norway::from_str(&document.text).unwrap_or_default();
    let more = |job: Option<&str>| match job {
        None => unknown(&old, &["type", "display_name", "description", "jobs", "notes", "layout"], 0),
        Some(name) => {
            let known =
                ["component", "display_name", "comment", "inputs", "disabled", "collapsed", "compute", "environment"];
            old.get("jobs").and_then(|jobs| jobs.get(name)).map_or_else(Vec::new, |job| unknown(job, &known, 4))
        }
    };
    lines.extend(write::pipeline_with(new, &more));
    lines.join("\n") + "\n"
}

fn unknown(value: &Yaml, known: &[&str], indent: usize) -> Vec<String> {
    let Some(map) = value.as_mapping() else {
        return Vec::new();
    };
    let is_unknown = |key: &Yaml| key.as_str().is_none_or(|key| !known.contains(&key));
    let rest: Mapping =
        map.iter().filter(|(key, _)| is_unknown(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    if rest.is_empty() {
        return Vec::new();
    }
    let text = serde_norway::to_string(&rest).unwrap_or_default();
    text.lines().map(|line| format!("{}{line}", write::spaces(indent)).trim_end().to_owned()).collect()
}
