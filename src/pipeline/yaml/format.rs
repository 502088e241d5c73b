//! A pipeline file in the house's one form, with the same meaning and every comment.
//!
//! The form is the one that the designer writes ([`super::write`]): keys in one order, two spaces a
//! level, one blank line between jobs, plain scalars where YAML lets them. A comment stays with the
//! entry it stands before or behind; keys that we do not know stay as they are written. What cannot
//! be kept is refused: a formatter that loses a person's words is no formatter.

use std::collections::HashMap;

use serde_json::Value as Json;
use serde_norway::{Mapping, Value as Yaml};

use super::form::{Form, JobForm};
use super::outline::{Entry, is_filler};
use super::{Document, YamlError, write};
use crate::graph::{Input, Job};

/// Keys of the top level in their order; others follow `description`.
const TOP: [&str; 6] = ["type", "display_name", "description", "jobs", "notes", "layout"];
/// Keys of a job in their order; others follow `inputs`.
const JOB: [&str; 8] =
    ["component", "display_name", "comment", "disabled", "collapsed", "compute", "environment", "inputs"];

/// The text in canonical form. Formatting twice changes nothing more.
///
/// # Errors
/// A file that is not a pipeline, one with a part that cannot be understood, or a comment at a place
/// from which it cannot be carried over.
pub fn format(text: &str) -> Result<String, YamlError> {
    let document = Document::parse(text)?;
    if let Some(problem) = document.problems.first() {
        let line = problem.line.unwrap_or(1);
        return Err(YamlError { line, sentence: problem.sentence.clone() });
    }

    let mut yaml: Yaml = serde_norway::from_str(text).unwrap_or_default();
    // A merge that cannot be applied leaves `<<` standing, which is then kept as any unknown key.
    let _ = yaml.apply_merge();
    let source = Source { document: &document, lines: text.lines().collect(), yaml };
    let remarks = source.remarks();
    let mut formatter = Formatter { source: &source, remarks, out: Vec::new() };
    formatter.file();
    let formatted = formatter.out.join("\n") + "\n";
    source.verify(&formatted)?;
    Ok(formatted)
}

/// Where an entry stands: its keys from the top.
type Path = Vec<String>;

fn path(keys: &[&str]) -> Path {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// A file as it was written.
struct Source<'a> {
    document: &'a Document,
    lines: Vec<&'a str>,
    yaml: Yaml,
}

/// The comments of a file by the entry that they belong to.
#[derive(Default)]
struct Remarks {
    /// Lines above an entry; an empty one is a blank line.
    above: HashMap<Path, Vec<String>>,
    /// What follows an entry on its line.
    behind: HashMap<Path, String>,
    /// Lines below the last entry.
    end: Vec<String>,
}

impl<'a> Source<'a> {
    fn form(&self) -> &'a Form {
        &self.document.form
    }

    /// Every entry whose comments can be carried over, with its path.
    fn entries(&self) -> Vec<(Path, &'a Entry)> {
        let form = self.form();
        let mut found: Vec<(Path, &Entry)> = Vec::new();
        found.extend(form.top.iter().map(|entry| (path(&[&entry.key]), entry)));
        for job in &form.jobs {
            let name = job.entry.key.as_str();
            found.push((path(&["jobs", name]), &job.entry));
            let fields = job.fields.iter().flatten();
            found.extend(fields.map(|entry| (path(&["jobs", name, &entry.key]), entry)));
            let inputs = job.inputs.iter().flatten();
            found.extend(inputs.map(|entry| (path(&["jobs", name, "inputs", &entry.key]), entry)));
        }
        found.extend(form.layout.iter().map(|entry| (path(&["layout", &entry.key]), entry)));
        found.sort_by_key(|(_, entry)| entry.line);
        found
    }

    fn remarks(&self) -> Remarks {
        let mut remarks = Remarks::default();
        let entries = self.entries();
        let mut waiting: Vec<String> = Vec::new();
        let mut line = 0;
        for (path, entry) in &entries {
            waiting.extend(self.fillers(line..entry.line));
            let above = tidy(std::mem::take(&mut waiting));
            if !above.is_empty() {
                remarks.above.insert(path.clone(), above);
            }
            let behind = self.lines[entry.line][entry.value.end..].trim();
            if behind.starts_with('#') {
                remarks.behind.insert(path.clone(), behind.to_owned());
            }
            let descended =
                entries.iter().any(|(other, _)| other.len() == path.len() + 1 && other.starts_with(path.as_slice()));
            line = if descended { entry.line + 1 } else { entry.end };
        }
        waiting.extend(self.fillers(line..self.lines.len()));
        remarks.end = tidy(waiting);
        remarks
    }

    fn fillers(&self, lines: std::ops::Range<usize>) -> impl Iterator<Item = String> {
        let within = self.lines.get(lines).unwrap_or_default();
        within.iter().filter(|line| is_filler(line)).map(|line| line.trim().to_owned())
    }

    /// The value's own lines at another indent.
    fn verbatim(&self, indent: usize, entry: &Entry) -> Vec<String> {
        let body = &self.lines[entry.body()];
        let margin = |line: &&str| line.len() - line.trim_start().len();
        let least = body.iter().filter(|line| !line.trim().is_empty()).map(margin).min().unwrap_or(0);
        // A block of text may say how far it is indented, as its own first line begins with spaces.
        let head = &self.lines[entry.line][entry.value.clone()];
        let said = head.starts_with(['|', '>']).then(|| head.chars().find_map(|sign| sign.to_digit(10))).flatten();
        let (least, below) = match said {
            Some(said) => (entry.indent + said as usize, indent + said as usize),
            None => (least, indent + 2),
        };
        let first = self.lines[entry.line];
        let head = format!("{}{}", write::spaces(indent), &first[entry.indent..entry.value.end]);
        let body = body.iter().map(|line| match line.trim().is_empty() {
            true => String::new(),
            false => format!("{}{}", write::spaces(below), line.get(least..).unwrap_or_default()),
        });
        std::iter::once(head.trim_end().to_owned()).chain(body).collect()
    }

    /// The value as our form writes it, or as it stands where comments stand among its lines.
    fn kept(&self, indent: usize, entry: Option<&Entry>, written: Vec<String>) -> Vec<String> {
        let remarked = |entry: &&Entry| self.lines[entry.body()].iter().any(|line| line.contains('#'));
        match entry.filter(remarked) {
            // A block of text has no comments; what looks like one is a part of it.
            Some(entry) if self.lines[entry.line][entry.value.clone()].starts_with('|') && written.len() > 1 => written,
            Some(entry) => self.verbatim(indent, entry),
            None => written,
        }
    }

    /// Refuses a result that says something else or less.
    fn verify(&self, formatted: &str) -> Result<(), YamlError> {
        let again = Document::parse(formatted)?;
        let mut left = tails(formatted);
        for (line, tail) in self.lines.iter().enumerate().filter_map(|(at, line)| Some((at, tail(line)?))) {
            match left.get_mut(tail).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => {
                    let sentence = format!(
                        "The comment “{tail}” stands where formatting would lose it. Put it on a line of its own \
                         above an entry."
                    );
                    return Err(YamlError { line: line + 1, sentence });
                }
            }
        }
        let new: Yaml = serde_norway::from_str(formatted).unwrap_or_default();
        if again.pipeline == self.document.pipeline && keeps_unknown(&new, &self.yaml) {
            return Ok(());
        }
        let sentence = "This file is written in a way that cannot be put into another form without a change of its \
                        meaning. Write anchors, merges and tags out.";
        Err(YamlError { line: 1, sentence: sentence.to_owned() })
    }
}

/// Without blank lines at the beginning and at the end, and with no two in a row.
fn tidy(lines: Vec<String>) -> Vec<String> {
    let mut tidied: Vec<String> = Vec::new();
    for line in lines {
        if !line.is_empty() || tidied.last().is_some_and(|last| !last.is_empty()) {
            tidied.push(line);
        }
    }
    while tidied.last().is_some_and(String::is_empty) {
        tidied.pop();
    }
    tidied
}

/// The comment that a line ends with, or what looks like one inside of a block of text.
fn tail(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '#' && before.is_whitespace() => return Some(line[at..].trim_end()),
            None if matches!(letter, '"' | '\'') && " [{,:".contains(before) => quote = Some(letter),
            None => {}
        }
        before = letter;
    }
    None
}

fn tails(text: &str) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for tail in text.lines().filter_map(tail) {
        *counts.entry(tail).or_default() += 1;
    }
    counts
}

/// Whether all keys that we do not know have the values that they had; the pipeline has the others.
fn keeps_unknown(new: &Yaml, old: &Yaml) -> bool {
    let jobs = |yaml: &'_ Yaml| yaml.get("jobs").and_then(Yaml::as_mapping).cloned().unwrap_or_default();
    let new_jobs = jobs(new);
    let same_jobs = jobs(old).iter().all(|(name, job)| {
        let again = new_jobs.get(name);
        unknown_of(job, &JOB) == again.map(|again| unknown_of(again, &JOB)).unwrap_or_default()
    });
    same_jobs && unknown_of(new, &TOP) == unknown_of(old, &TOP)
}

fn unknown_of(yaml: &Yaml, known: &[&str]) -> Mapping {
    let entries = yaml.as_mapping().into_iter().flatten();
    let unknown = entries.filter(|(key, _)| key.as_str().is_none_or(|key| !known.contains(&key)));
    unknown.map(|(key, value)| (key.clone(), value.clone())).collect()
}

struct Formatter<'a> {
    source: &'a Source<'a>,
    remarks: Remarks,
    out: Vec<String>,
}

impl Formatter<'_> {
    fn file(&mut self) {
        let pipeline = &self.source.document.pipeline;
        let form = self.source.form();
        // A paragraph at the top of the file stays apart from the first key.
        let first = form.top.iter().min_by_key(|entry| entry.line).map(|entry| path(&[&entry.key]));
        let head = first.and_then(|first| self.remarks.above.remove(&first)).unwrap_or_default();
        self.out.extend(head);
        self.put(&path(&["type"]), write::value_entry(0, "type", &Json::from("pipeline")));
        let texts = [("display_name", &pipeline.display_name), ("description", &pipeline.description)];
        for (key, text) in texts {
            if self.source.yaml.get(key).is_some() {
                let written = write::value_entry(0, key, &Json::from(text.as_str()));
                let lines = self.source.kept(0, form.top(key), written);
                self.put(&path(&[key]), lines);
            }
        }
        for entry in form.top.iter().filter(|entry| !TOP.contains(&entry.key.as_str())) {
            self.unknown(path(&[&entry.key]), 0, entry);
        }
        self.jobs();
        self.notes();
        self.layout();
        let end = std::mem::take(&mut self.remarks.end);
        if !end.is_empty() {
            self.out.push(String::new());
            self.out.extend(end);
        }
    }

    fn jobs(&mut self) {
        self.out.push(String::new());
        self.put(&path(&["jobs"]), vec!["jobs:".to_owned()]);
        for (at, (name, job)) in self.source.document.pipeline.jobs.iter().enumerate() {
            if at > 0 {
                self.out.push(String::new());
            }
            self.put(&path(&["jobs", name]), vec![format!("  {}:", write::scalar_text(name))]);
            self.job(name, job);
        }
    }

    fn job(&mut self, name: &str, job: &Job) {
        let form = self.source.form().job(name);
        let entry = |key: &str| form.and_then(|form| form.field(key));
        let written = write::fields(job);
        for key in JOB.iter().filter(|key| **key != "inputs") {
            let place = path(&["jobs", name, key]);
            let value = written.iter().find(|(field, _)| field == key).map(|(_, value)| value);
            match (value, entry(key)) {
                (Some(value), entry) => {
                    let lines = self.source.kept(4, entry, write::value_entry(4, key, value));
                    self.put(&place, lines);
                }
                // What says nothing goes, unless something is said about it.
                (None, Some(entry)) if self.has_remarks(&place) => {
                    let lines = self.source.verbatim(4, entry);
                    self.put(&place, lines);
                }
                _ => {}
            }
        }
        let place = path(&["jobs", name, "inputs"]);
        if !job.inputs.is_empty() || self.has_remarks(&place) {
            self.put(&place, vec!["    inputs:".to_owned()]);
            for (key, input) in &job.inputs {
                self.input(name, form, key, input);
            }
        }
        let unknown = form.and_then(|form| form.fields.as_ref()).into_iter().flatten();
        for entry in unknown.filter(|entry| !JOB.contains(&entry.key.as_str())) {
            self.unknown(path(&["jobs", name, &entry.key]), 4, entry);
        }
        if form.is_none_or(|form| form.fields.is_none()) {
            self.unknown_of_flow(name);
        }
    }

    /// Keys that we do not know of a job written on one line.
    fn unknown_of_flow(&mut self, name: &str) {
        let job = self.source.yaml.get("jobs").and_then(|jobs| jobs.get(name)).and_then(Yaml::as_mapping);
        for (key, value) in job.into_iter().flatten() {
            let Some(key) = key.as_str().filter(|key| !JOB.contains(key)) else { continue };
            if let Ok(value) = serde_json::to_value(value) {
                self.out.extend(write::value_entry(4, key, &value));
            }
        }
    }

    fn input(&mut self, job: &str, form: Option<&JobForm>, key: &str, input: &Input) {
        let place = path(&["jobs", job, "inputs", key]);
        let entry = form.and_then(|form| form.input(key));
        let lines = self.source.kept(6, entry, write::input_entry(6, key, input));
        self.put(&place, lines);
    }

    fn notes(&mut self) {
        let notes = &self.source.document.pipeline.notes;
        if notes.is_empty() {
            return;
        }
        let plain = |item: &Yaml| {
            item.as_mapping().is_some_and(|map| map.keys().all(|key| matches!(key.as_str(), Some("text" | "rect"))))
        };
        let items = self.source.yaml.get("notes").and_then(Yaml::as_sequence);
        let all_plain = items.is_some_and(|items| items.iter().all(plain));
        let entry = self.source.form().top("notes");
        self.out.push(String::new());
        let lines = match entry {
            Some(entry) if !all_plain => self.source.verbatim(0, entry),
            entry => self.source.kept(0, entry, write::notes(notes)),
        };
        self.put(&path(&["notes"]), lines);
    }

    fn layout(&mut self) {
        let layout = &self.source.document.pipeline.layout;
        if layout.is_empty() {
            return;
        }
        self.out.push(String::new());
        self.put(&path(&["layout"]), vec!["layout:".to_owned()]);
        for (name, place) in layout {
            self.put(&path(&["layout", name]), vec![write::layout_entry(2, name, *place)]);
        }
    }

    /// An entry that we do not know, in our form where it is a scalar or a short list.
    fn unknown(&mut self, place: Path, indent: usize, entry: &Entry) {
        let value = place.iter().try_fold(&self.source.yaml, |value, key| value.get(key.as_str()));
        let json = value.filter(|value| is_simple(value)).and_then(|value| serde_json::to_value(value).ok());
        let lines = match json {
            Some(json) => self.source.kept(indent, Some(entry), write::value_entry(indent, &entry.key, &json)),
            None => self.source.verbatim(indent, entry),
        };
        self.put(&place, lines);
    }

    fn has_remarks(&self, place: &Path) -> bool {
        self.remarks.above.contains_key(place) || self.remarks.behind.contains_key(place)
    }

    /// Adds an entry with the comments above and behind it.
    fn put(&mut self, place: &Path, mut lines: Vec<String>) {
        let indent = lines.first().map_or(0, |line| line.len() - line.trim_start().len());
        for comment in self.remarks.above.remove(place).unwrap_or_default() {
            // Blank lines stand between jobs and sections alone.
            if !comment.is_empty() {
                self.out.push(format!("{}{comment}", write::spaces(indent)));
            }
        }
        if let (Some(first), Some(comment)) = (lines.first_mut(), self.remarks.behind.remove(place)) {
            first.push_str("  ");
            first.push_str(&comment);
        }
        self.out.extend(lines);
    }
}

/// Whether a value has one short form: a scalar, or a list of them.
fn is_simple(value: &Yaml) -> bool {
    match value {
        Yaml::Mapping(_) | Yaml::Tagged(_) => false,
        Yaml::Sequence(items) => items.iter().all(|item| !item.is_sequence() && is_simple(item)),
        _ => true,
    }
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
