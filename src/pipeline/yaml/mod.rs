//! Pipeline files: YAML in the vocabulary of Azure ML's pipeline jobs.
//!
//! ```yaml
//! type: pipeline
//! display_name: Diagnosis, boosted trees
//!
//! jobs:
//!   split:
//!     component: split_data
//!     inputs:
//!       table: ${{parent.jobs.clean.outputs.table}}
//!       fraction: 0.3
//!
//! notes:
//!   - {text: "Check the units", rect: [20, 40, 200, 80]}
//!
//! layout:
//!   split: [520, 240]
//! ```
//!
//! Reading a file and writing it back changes nothing, and a change of the pipeline changes only the lines it must:
//! comments, quoting, order, blank lines, line ends and unknown keys stay as a person left them. Meaning is read by a
//! YAML parser, form by [`outline`]; after every edit the result is parsed again and compared with what was asked for.
//! A file too unusual to edit in place is written anew, keeping the comments at its top and its unknown keys.

mod edit;
mod form;
mod format;
mod outline;
mod read;
#[cfg(test)]
mod tests;
mod write;

use crate::graph::Pipeline;
use form::Form;

pub use format::format;

/// A pipeline file and what it says.
#[derive(Clone, Debug)]
pub struct Document {
    pub text: String,
    pub pipeline: Pipeline,
    /// What in the file could not be understood; it is kept in the text but is not in the pipeline.
    pub problems: Vec<FileProblem>,
    form: Form,
}

/// A part of a file that is not as a pipeline file should be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileProblem {
    /// From 1; `None` where the place is not known.
    pub line: Option<usize>,
    pub job: Option<String>,
    /// A whole sentence.
    pub sentence: String,
}

/// Why a file cannot be opened at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Line {line}: {sentence}")]
pub struct YamlError {
    /// From 1.
    pub line: usize,
    /// A whole sentence without the line.
    pub sentence: String,
}

impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "Line {line}: {}", self.sentence),
            None => f.write_str(&self.sentence),
        }
    }
}

impl Document {
    /// Reads a pipeline file.
    ///
    /// # Errors
    /// When it is not YAML, not a mapping, or defines something twice. Anything else that is wrong is in
    /// [`Self::problems`], so that the designer can show the rest.
    pub fn parse(text: impl Into<String>) -> Result<Self, YamlError> {
        let text = text.into();
        let lines: Vec<&str> = text.lines().collect();
        let form = Form::of(&lines);
        let (pipeline, problems) = read::read(&text, &form)?;
        Ok(Self { text, pipeline, problems, form })
    }

    /// A new file.
    pub fn new(pipeline: &Pipeline) -> Self {
        let text = write::pipeline(pipeline).join("\n") + "\n";
        let lines: Vec<&str> = text.lines().collect();
        let form = Form::of(&lines);
        Self { pipeline: pipeline.clone(), problems: Vec::new(), form, text }
    }

    /// The text after the pipeline has become `pipeline`: only the lines that must change differ.
    pub fn update(&self, pipeline: &Pipeline) -> String {
        self.edited(pipeline).text
    }

    /// [`Self::update`], read again.
    pub fn edited(&self, pipeline: &Pipeline) -> Self {
        if *pipeline == self.pipeline {
            return self.clone();
        }
        let in_place = edit::edit(self, pipeline).and_then(|text| Self::parse(text).ok());
        match in_place {
            Some(document) if document.pipeline == *pipeline => document,
            _ => Self::parse(edit::rewrite(self, pipeline)).unwrap_or_else(|_| Self::new(pipeline)),
        }
    }

    /// The line, from 1, of a job or of one of its parameters, ports or fields.
    pub fn line_of(&self, job: &str, part: Option<&str>) -> Option<usize> {
        self.form.line_of(job, part)
    }
}

/// Some jobs as YAML, for the clipboard: the `jobs` and `layout` blocks of a file.
pub fn snippet(pipeline: &Pipeline) -> String {
    let lines = write::pipeline(pipeline);
    let jobs = lines.iter().position(|line| line == "jobs:").unwrap_or_default();
    lines[jobs..].join("\n") + "\n"
}
