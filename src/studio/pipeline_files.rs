//! Pipeline files for a script: every problem with its line, the canonical form, the graph.

use std::path::{Path, PathBuf};

use pipeline::check::Severity;
use pipeline::graph::Pipeline;
use pipeline::yaml::{self, Document};
use serde::Serialize;
use workspace::Change;

use crate::{Error, Result, Studio};

/// What is wrong with a pipeline file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PipelineFileCheck {
    /// The file as it was named, or within the workspace.
    pub path: String,
    /// By line; those without a place come first.
    pub problems: Vec<PipelineFileProblem>,
}

impl PipelineFileCheck {
    /// Whether the pipeline cannot run.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Something wrong in a pipeline file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PipelineFileProblem {
    /// From 1; none where it has no place in the file.
    pub line: Option<usize>,
    pub severity: Severity,
    pub job: Option<String>,
    /// The parameter or port.
    pub part: Option<String>,
    /// A whole sentence.
    pub message: String,
}

/// A pipeline file in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormattedPipeline {
    pub path: String,
    /// It was not in that form.
    pub changed: bool,
    #[serde(skip)]
    pub text: String,
    #[serde(skip)]
    file: PathBuf,
}

/// A pipeline file on disk.
struct PipelineFile {
    /// What people read.
    shown: String,
    file: PathBuf,
    text: String,
}

impl Studio {
    /// Everything that is wrong with a pipeline file, in the workspace or elsewhere.
    ///
    /// # Errors
    /// A file that is missing or cannot be read. One that is no pipeline has a problem that says so.
    pub fn check_pipeline_file(&self, path: &str) -> Result<PipelineFileCheck> {
        let found = self.pipeline_text(path)?;
        let mut problems = match Document::parse(found.text) {
            Ok(document) => self.file_problems(&document),
            Err(broken) => vec![PipelineFileProblem {
                line: Some(broken.line),
                severity: Severity::Error,
                job: None,
                part: None,
                message: broken.sentence,
            }],
        };
        problems.sort_by_key(|problem| problem.line);
        Ok(PipelineFileCheck { path: found.shown, problems })
    }

    fn file_problems(&self, document: &Document) -> Vec<PipelineFileProblem> {
        let mut problems: Vec<PipelineFileProblem> = Vec::new();
        for problem in &document.problems {
            problems.push(PipelineFileProblem {
                line: problem.line,
                severity: Severity::Error,
                job: problem.job.clone(),
                part: None,
                message: problem.sentence.clone(),
            });
        }
        for (job, found) in self.check_pipeline(&document.pipeline).problems {
            for problem in found {
                let part = problem.param.or(problem.port);
                let line = document.line_of(&job, part.as_deref());
                let (severity, message) = (problem.severity, problem.message);
                problems.push(PipelineFileProblem { line, severity, job: Some(job.clone()), part, message });
            }
        }
        problems
    }

    /// The pipeline file in canonical form; nothing is written.
    ///
    /// # Errors
    /// A file that is missing, is no pipeline, or holds what the form has no place for.
    pub fn format_pipeline_file(&self, path: &str) -> Result<FormattedPipeline> {
        let found = self.pipeline_text(path)?;
        let text = yaml::format(&found.text)
            .map_err(|error| Error::invalid(format!("{} cannot be formatted. {error}", found.shown)))?;
        Ok(FormattedPipeline { changed: text != found.text, path: found.shown, text, file: found.file })
    }

    /// Writes a formatted pipeline over its file.
    ///
    /// # Errors
    /// A disk that refuses.
    pub fn save_formatted_pipeline(&self, formatted: &FormattedPipeline) -> Result<()> {
        workspace::write_atomically(&formatted.file, formatted.text.as_bytes())?;
        Ok(self.workspace.write(Change::new("pipeline.formatted", &formatted.path), |_| Ok(()))?)
    }

    /// The graph in a pipeline file, in the workspace or elsewhere.
    ///
    /// # Errors
    /// A file that is missing or is no pipeline.
    pub fn pipeline_graph(&self, path: &str) -> Result<Pipeline> {
        let found = self.pipeline_text(path)?;
        let shown = found.shown;
        let document = Document::parse(found.text)
            .map_err(|error| Error::invalid(format!("{shown} is not a pipeline. {error}")))?;
        Ok(document.pipeline)
    }

    fn pipeline_text(&self, path: &str) -> Result<PipelineFile> {
        let named = self.find_pipeline(path);
        let in_workspace = self.folder().join(&named);
        let (file, inside) = if !Path::new(&named).is_absolute() && in_workspace.is_file() {
            (in_workspace, Some(named.clone()))
        } else {
            (PathBuf::from(path), None)
        };
        let text = std::fs::read(&file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::not_found(format!("There is no pipeline {path}, neither in this workspace nor beside you."))
            }
            _ => Error::storage(format!("The pipeline cannot be read: {error}. {}", file.display())),
        })?;
        let text = String::from_utf8(text)
            .map_err(|_| Error::invalid(format!("{path} is not a text file in UTF-8; a pipeline is YAML text.")))?;
        let shown = inside.unwrap_or_else(|| path.to_owned());
        Ok(PipelineFile { shown, file, text })
    }
}
