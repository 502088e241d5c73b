//! From YAML to a pipeline: what can be understood is, what cannot is reported with its line.

use indexmap::IndexMap;
use serde_json::Value as Json;
use serde_norway::{Mapping, Value as Yaml};

use super::form::Form;
use super::outline::Entry;
use super::{FileProblem, YamlError};
use crate::graph::{Input, Job, Note, Pipeline};

pub(super) fn read(text: &str, form: &Form) -> Result<(Pipeline, Vec<FileProblem>), YamlError> {
    refuse_duplicates(form)?;
    let mut yaml: Yaml = serde_norway::from_str(text).map_err(|error| broken(&error))?;
    // A merge that cannot be applied leaves `<<` standing, which is then reported as an unexpected key.
    let _ = yaml.apply_merge();
    let mut reader = Reader { form, problems: Vec::new() };
    let pipeline = match &yaml {
        Yaml::Null => Pipeline::default(),
        Yaml::Mapping(top) => reader.pipeline(top),
        _ => {
            return Err(YamlError { line: 1, sentence: NO_PIPELINE.to_owned() });
        }
    };
    Ok((pipeline, reader.problems))
}

const NO_PIPELINE: &str = "This file is no pipeline: it should start with lines such as “type: pipeline” and “jobs:”.";

fn broken(error: &serde_norway::Error) -> YamlError {
    let line = error.location().map_or(1, |place| place.line());
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let sentence = format!("The YAML cannot be read: {reason}. Check the indentation, quotes and brackets there.");
    YamlError { line, sentence }
}

fn refuse_duplicates(form: &Form) -> Result<(), YamlError> {
    let twice = |what: String, entries: &mut dyn Iterator<Item = &Entry>| {
        let mut seen: IndexMap<&str, usize> = IndexMap::new();
        for entry in entries {
            if let Some(first) = seen.insert(&entry.key, entry.line) {
                let (key, first, line) = (&entry.key, first + 1, entry.line + 1);
                let sentence =
                    format!("{what} “{key}” stands here and on line {first}. Rename or remove one of the two.");
                return Err(YamlError { line, sentence });
            }
        }
        Ok(())
    };
    twice("The key".into(), &mut form.top.iter())?;
    twice("The job".into(), &mut form.jobs.iter().map(|job| &job.entry))?;
    twice("The layout of".into(), &mut form.layout.iter())?;
    for job in &form.jobs {
        let name = &job.entry.key;
        twice(format!("In the job “{name}” the key"), &mut job.fields.iter().flatten())?;
        twice(format!("In the job “{name}” the input"), &mut job.inputs.iter().flatten())?;
    }
    Ok(())
}

struct Reader<'a> {
    form: &'a Form,
    problems: Vec<FileProblem>,
}

impl Reader<'_> {
    fn pipeline(&mut self, top: &Mapping) -> Pipeline {
        if let Some(kind) = top.get("type").filter(|kind| kind.as_str() != Some("pipeline")) {
            let kind = shown(kind);
            self.top_problem("type", format!("The type should be “pipeline”, but it is {kind}."));
        }
        let display_name = self.top_text(top, "display_name").or_else(|| self.top_text(top, "name"));
        Pipeline {
            display_name: display_name.unwrap_or_default(),
            description: self.top_text(top, "description").unwrap_or_default(),
            jobs: self.jobs(top),
            notes: self.notes(top),
            layout: self.layout(top),
        }
    }

    fn jobs(&mut self, top: &Mapping) -> IndexMap<String, Job> {
        let mut jobs = IndexMap::new();
        for (name, value) in self.top_mapping(top, "jobs") {
            let job = self.job(&name, &value);
            jobs.insert(name, job);
        }
        jobs
    }

    fn job(&mut self, name: &str, value: &Yaml) -> Job {
        let empty = Mapping::new();
        let fields = match value {
            Yaml::Mapping(fields) => fields,
            _ => {
                let found = shown(value);
                self.problem(
                    name,
                    None,
                    format!("The job “{name}” should have keys such as “component”, not {found}."),
                );
                &empty
            }
        };
        let component = self.text(name, fields, "component").unwrap_or_default();
        if component.is_empty() && !fields.is_empty() {
            self.problem(name, None, format!("The job “{name}” names no component. Add a line “component: …”."));
        }
        Job {
            component,
            display_name: self.text(name, fields, "display_name"),
            comment: self.text(name, fields, "comment"),
            inputs: self.inputs(name, fields),
            disabled: self.flag(name, fields, "disabled"),
            collapsed: self.flag(name, fields, "collapsed"),
            compute: self.text(name, fields, "compute"),
            environment: self.text(name, fields, "environment"),
        }
    }

    fn inputs(&mut self, job: &str, fields: &Mapping) -> IndexMap<String, Input> {
        let mut inputs = IndexMap::new();
        match fields.get("inputs") {
            None | Some(Yaml::Null) => {}
            Some(Yaml::Mapping(given)) => {
                for (key, value) in given {
                    let key = key_text(key);
                    let input = self.input(job, &key, value);
                    inputs.insert(key, input);
                }
            }
            Some(other) => {
                let found = shown(other);
                let sentence = format!("The inputs of the job “{job}” should be lines of “name: value”, not {found}.");
                self.problem(job, Some("inputs"), sentence);
            }
        }
        inputs
    }

    fn input(&mut self, job: &str, key: &str, value: &Yaml) -> Input {
        if let Some(text) = value.as_str().filter(|text| text.trim_start().starts_with("${{")) {
            if let Some((job, output)) = binding(text) {
                return Input::Binding { job, output };
            }
            let sentence = format!(
                "The input “{key}” of the job “{job}” is bound to “{text}”. A binding is written \
                 ${{{{parent.jobs.JOB.outputs.PORT}}}}."
            );
            self.problem(job, Some(key), sentence);
        }
        Input::Value(serde_json::to_value(value).unwrap_or(Json::Null))
    }

    fn notes(&mut self, top: &Mapping) -> Vec<Note> {
        let wrong = "The notes should be a list of lines such as “- {text: \"Check units\", rect: [0, 0, 200, 80]}”.";
        let list = match top.get("notes") {
            None | Some(Yaml::Null) => return Vec::new(),
            Some(Yaml::Sequence(list)) => list,
            Some(_) => {
                self.top_problem("notes", wrong.to_owned());
                return Vec::new();
            }
        };
        let mut notes = Vec::new();
        for item in list {
            let text = item.get("text").and_then(Yaml::as_str);
            match (text, item.get("rect").and_then(numbers)) {
                (Some(text), Some(rect)) => notes.push(Note { text: text.to_owned(), rect }),
                _ => self.top_problem("notes", wrong.to_owned()),
            }
        }
        notes
    }

    fn layout(&mut self, top: &Mapping) -> IndexMap<String, [f32; 2]> {
        let mut layout = IndexMap::new();
        for (name, value) in self.top_mapping(top, "layout") {
            match numbers(&value) {
                Some(place) => {
                    layout.insert(name, place);
                }
                None => {
                    let line = self.form.layout.iter().find(|entry| entry.key == name);
                    let line = line.map(|entry| entry.line + 1);
                    let sentence = format!("The layout of “{name}” should be [left, top], such as [120, 40].");
                    self.problems.push(FileProblem { line, job: None, sentence });
                }
            }
        }
        layout
    }

    fn top_mapping(&mut self, top: &Mapping, key: &str) -> Vec<(String, Yaml)> {
        match top.get(key) {
            None | Some(Yaml::Null) => Vec::new(),
            Some(Yaml::Mapping(map)) => map.iter().map(|(key, value)| (key_text(key), value.clone())).collect(),
            Some(other) => {
                let found = shown(other);
                self.top_problem(key, format!("Below “{key}” should stand one entry a job, not {found}."));
                Vec::new()
            }
        }
    }

    fn top_text(&mut self, top: &Mapping, key: &str) -> Option<String> {
        let (text, problem) = text_of(top, key, "The pipeline’s");
        if let Some(problem) = problem {
            self.top_problem(key, problem);
        }
        text
    }

    fn text(&mut self, job: &str, fields: &Mapping, key: &str) -> Option<String> {
        let (text, problem) = text_of(fields, key, &format!("In the job “{job}” the"));
        if let Some(problem) = problem {
            self.problem(job, Some(key), problem);
        }
        text
    }

    fn flag(&mut self, job: &str, fields: &Mapping, key: &str) -> bool {
        match fields.get(key) {
            None | Some(Yaml::Null) => false,
            Some(Yaml::Bool(flag)) => *flag,
            Some(other) => {
                let found = shown(other);
                let sentence = format!("In the job “{job}” “{key}” should be true or false, but it is {found}.");
                self.problem(job, Some(key), sentence);
                false
            }
        }
    }

    fn problem(&mut self, job: &str, part: Option<&str>, sentence: String) {
        let line = self.form.line_of(job, part);
        self.problems.push(FileProblem { line, job: Some(job.to_owned()), sentence });
    }

    fn top_problem(&mut self, key: &str, sentence: String) {
        let line = self.form.top(key).map(|entry| entry.line + 1);
        self.problems.push(FileProblem { line, job: None, sentence });
    }
}

fn text_of(map: &Mapping, key: &str, whose: &str) -> (Option<String>, Option<String>) {
    match map.get(key) {
        None | Some(Yaml::Null) => (None, None),
        Some(Yaml::String(text)) => (Some(text.clone()), None),
        Some(Yaml::Number(number)) => (Some(number.to_string()), None),
        Some(other) => {
            let found = shown(other);
            (None, Some(format!("{whose} “{key}” should be a text, but it is {found}.")))
        }
    }
}

/// `${{parent.jobs.JOB.outputs.PORT}}`, with spaces inside the braces allowed.
pub(super) fn binding(text: &str) -> Option<(String, String)> {
    let path = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
    let (job, output) = path.strip_prefix("parent.jobs.")?.rsplit_once(".outputs.")?;
    (!job.is_empty() && !output.is_empty()).then(|| (job.to_owned(), output.to_owned()))
}

fn numbers<const N: usize>(value: &Yaml) -> Option<[f32; N]> {
    let list = value.as_sequence()?;
    let numbers: Vec<f32> = list.iter().filter_map(|item| item.as_f64().map(|number| number as f32)).collect();
    let finite = list.len() == N && numbers.iter().all(|number| number.is_finite());
    numbers.try_into().ok().filter(|_| finite)
}

fn key_text(key: &Yaml) -> String {
    match key {
        Yaml::String(text) => text.clone(),
        other => serde_norway::to_string(other).unwrap_or_default().trim_end().to_owned(),
    }
}

/// A value as it appears in a sentence.
fn shown(value: &Yaml) -> String {
    match value {
        Yaml::Null => "empty".to_owned(),
        Yaml::Bool(flag) => flag.to_string(),
        Yaml::Number(number) => number.to_string(),
        Yaml::String(text) => format!("“{text}”"),
        Yaml::Sequence(_) => "a list".to_owned(),
        Yaml::Mapping(_) => "a group of keys".to_owned(),
        Yaml::Tagged(tagged) => format!("a value tagged {}", tagged.tag),
    }
}
