//! Pipeline files: listing, opening, saving, checking.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use pipeline::check::{Checked, Known, KnownDataset, check};
use pipeline::execute::known_results;
use pipeline::graph::Pipeline;
use pipeline::plan::{Plan, Target};
use pipeline::shape::{KnownModel, Shape};
use pipeline::store::Stored;
use pipeline::yaml::Document;
use serde::Serialize;
use workspace::{Change, Run, RunFilter, Step, Workspace};

use crate::datasets::parse_reference;
use crate::store::stored;
use crate::{Error, ErrorKind, Result, Studio, names};

/// A pipeline file as a list shows it.
#[derive(Clone, Debug, Serialize)]
pub struct PipelineRow {
    /// Within the workspace, with `/`.
    pub path: String,
    pub title: String,
    pub description: String,
    pub jobs: usize,
    pub modified_ms: i64,
    pub last_run: Option<Run>,
    /// Why it cannot be opened.
    pub problem: Option<String>,
}

/// What the newest run that had this job made of it.
#[derive(Clone, Debug, Serialize)]
pub struct JobState {
    pub run: String,
    pub run_name: String,
    /// The commit that it started from.
    pub commit: Option<String>,
    /// Files had changed since that commit.
    pub uncommitted: bool,
    pub step: Step,
    /// What each output port holds.
    pub outputs: Vec<Stored>,
    /// Nothing that decides the result has changed since, so it would be reused.
    pub current: bool,
}

impl Studio {
    /// The pipeline files, by title.
    pub fn pipelines(&self) -> Result<Vec<PipelineRow>> {
        let mut rows = Vec::new();
        for path in self.pipeline_paths()? {
            rows.push(self.pipeline_row(path)?);
        }
        rows.sort_by_key(|row| row.title.to_lowercase());
        Ok(rows)
    }

    fn pipeline_row(&self, path: String) -> Result<PipelineRow> {
        let modified = std::fs::metadata(self.folder().join(&path)).and_then(|meta| meta.modified()).ok();
        let modified = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let query = RunFilter { pipeline: Some(path.clone()), limit: 1, ..RunFilter::default() };
        let last_run = self.workspace.runs(&query)?.runs.into_iter().next();
        let opened = self.open_pipeline(&path);
        let (pipeline, problem) = match opened {
            Ok(document) => (document.pipeline, document.problems.first().map(ToString::to_string)),
            Err(error) => (Pipeline::default(), Some(error.message)),
        };
        let title = if pipeline.display_name.is_empty() { stem(&path) } else { pipeline.display_name };
        Ok(PipelineRow {
            path,
            title,
            description: pipeline.description,
            jobs: pipeline.jobs.len(),
            modified_ms: modified.map_or(0, |time| time.as_millis() as i64),
            last_run,
            problem,
        })
    }

    fn pipeline_paths(&self) -> Result<Vec<String>> {
        let folder = self.folder().join("pipelines");
        let failed = |error| Error::storage(format!("The pipelines cannot be listed: {error}. {}", folder.display()));
        let mut paths = Vec::new();
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(paths),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            if (name.ends_with(".yaml") || name.ends_with(".yml")) && !name.starts_with('.') {
                paths.push(format!("pipelines/{name}"));
            }
        }
        Ok(paths)
    }

    /// The file of a pipeline, which must lie in the workspace.
    fn pipeline_file(&self, path: &str) -> Result<PathBuf> {
        let inside = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if inside {
            return Ok(self.folder().join(path));
        }
        Err(Error::invalid(format!(
            "A pipeline lies in its workspace's pipelines folder, which this path does not: {path}"
        )))
    }

    /// # Errors
    /// A file that is missing, cannot be read or is not YAML. Lesser problems are in the document.
    pub fn open_pipeline(&self, path: &str) -> Result<Document> {
        let file = self.pipeline_file(path)?;
        let text = std::fs::read(&file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::not_found(format!("There is no pipeline {path} in this workspace.")),
            _ => Error::storage(format!("The pipeline cannot be read: {error}. {}", file.display())),
        })?;
        let text = String::from_utf8(text)
            .map_err(|_| Error::invalid(format!("{path} is not a text file in UTF-8; a pipeline is YAML text.")))?;
        Document::parse(text).map_err(|error| Error::invalid(format!("{path} is not a pipeline. {error}")))
    }

    /// Writes the pipeline into its file, changing only the lines it must. What cannot be written is kept as a draft, see
    /// [`Self::unsaved_pipeline`].
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the file is no longer the one in `document`: someone else changed it.
    pub fn save_pipeline(&self, path: &str, document: &Document, pipeline: &Pipeline) -> Result<Document> {
        let edited = document.edited(pipeline);
        let saved = self.write_if_same(path, document, &edited);
        let kept = match &saved {
            Ok(()) => self.discard_unsaved_pipeline(path),
            Err(_) => self.workspace.save_draft(&unsaved(path), &edited.text).map_err(Error::from),
        };
        if let Err(error) = kept {
            tracing::warn!("the draft of {path}: {error}");
        }
        saved.map(|()| edited)
    }

    /// What was drawn and could not be written, for a window that opens the pipeline again.
    pub fn unsaved_pipeline(&self, path: &str) -> Result<Option<Pipeline>> {
        let text = self.workspace.draft(&unsaved(path))?;
        Ok(text.and_then(|text| Document::parse(text).ok()).map(|document| document.pipeline))
    }

    pub fn discard_unsaved_pipeline(&self, path: &str) -> Result<()> {
        match self.workspace.draft(&unsaved(path))? {
            Some(_) => Ok(self.workspace.discard_draft(&unsaved(path))?),
            None => Ok(()),
        }
    }

    fn write_if_same(&self, path: &str, document: &Document, edited: &Document) -> Result<()> {
        let file = self.pipeline_file(path)?;
        let on_disk = std::fs::read(&file).unwrap_or_default();
        if on_disk != document.text.as_bytes() {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("{path} was changed outside of this window. Reload it, or save yours over it."),
            ));
        }
        self.write_pipeline(path, &file, &edited.text, "pipeline.saved")
    }

    fn write_pipeline(&self, path: &str, file: &Path, text: &str, action: &str) -> Result<()> {
        // The file first: an audit entry for a change that did not happen would be worse than none.
        workspace::write_atomically(file, text.as_bytes())?;
        Ok(self.workspace.write(Change::new(action, path), |_| Ok(()))?)
    }

    /// A new, empty pipeline; returns its path.
    /// The path in the workspace of the pipeline that a person at a terminal means: a path in the workspace, or one from
    /// the folder they stand in.
    pub fn find_pipeline(&self, text: &str) -> String {
        let here = || {
            let path = Path::new(text).canonicalize().ok()?;
            let inside = path.strip_prefix(self.folder().canonicalize().ok()?).ok()?;
            let parts: Option<Vec<&str>> = inside.iter().map(std::ffi::OsStr::to_str).collect();
            Some(parts?.join("/"))
        };
        here().unwrap_or_else(|| text.to_owned())
    }

    pub fn create_pipeline(&self, title: &str) -> Result<String> {
        let pipeline = Pipeline { display_name: title.trim().to_owned(), ..Pipeline::default() };
        self.add_pipeline(&pipeline)
    }

    pub fn duplicate_pipeline(&self, path: &str) -> Result<String> {
        let mut pipeline = self.open_pipeline(path)?.pipeline;
        let title = if pipeline.display_name.is_empty() { stem(path) } else { pipeline.display_name };
        pipeline.display_name = format!("{title} copy");
        self.add_pipeline(&pipeline)
    }

    pub(crate) fn add_pipeline(&self, pipeline: &Pipeline) -> Result<String> {
        let exists = |name: &str| self.folder().join("pipelines").join(format!("{name}.yaml")).exists();
        let path = format!("pipelines/{}.yaml", names::free_name(&names::slug(&pipeline.display_name), exists));
        let file = self.pipeline_file(&path)?;
        self.write_pipeline(&path, &file, &Document::new(pipeline).text, "pipeline.created")?;
        Ok(path)
    }

    /// Removes the file and keeps its text as a draft, so that [`Self::restore_pipeline`] can bring it back.
    pub fn delete_pipeline(&self, path: &str) -> Result<()> {
        let file = self.pipeline_file(path)?;
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Error::storage(format!("{path} cannot be read before it is deleted: {error}")))?;
        self.workspace.save_draft(&deleted(path), &text)?;
        std::fs::remove_file(&file).map_err(|error| Error::storage(format!("{path} cannot be deleted: {error}")))?;
        Ok(self.workspace.write(Change::new("pipeline.deleted", path), |_| Ok(()))?)
    }

    pub fn restore_pipeline(&self, path: &str) -> Result<()> {
        let file = self.pipeline_file(path)?;
        if file.exists() {
            return Err(Error::new(ErrorKind::Conflict, format!("There is a pipeline {path} again; rename it first.")));
        }
        let text = self.workspace.draft(&deleted(path))?;
        let text = text.ok_or_else(|| Error::not_found(format!("No deleted pipeline {path} was kept.")))?;
        self.write_pipeline(path, &file, &text, "pipeline.restored")
    }

    /// Shapes and problems of every job, from schemas and earlier results, without running anything.
    pub fn check_pipeline(&self, pipeline: &Pipeline) -> Checked {
        let known = KnownHere { studio: self, workspace: &self.workspace, results: HashMap::new() };
        let checked = check(pipeline, &known);
        // Where steps have results already, those tell what inference cannot (the categories of an encoding).
        let Ok(plan) = Plan::of(pipeline, &checked, &Target::All) else { return checked };
        let store = self.store_for(pipeline);
        let results = known_results(&plan, &store);
        if results.is_empty() { checked } else { check(pipeline, &KnownHere { results, ..known }) }
    }

    /// What the newest runs of this pipeline made of each of its jobs.
    pub fn job_states(&self, path: &str, pipeline: &Pipeline) -> Result<BTreeMap<String, JobState>> {
        let store = self.store_for(pipeline);
        let plan = Plan::of(pipeline, &self.check_pipeline(pipeline), &Target::All).unwrap_or_default();
        let results = known_results(&plan, &store);
        let query = RunFilter { pipeline: Some(path.to_owned()), limit: 10, ..RunFilter::default() };
        let mut states = BTreeMap::new();
        for run in self.workspace.runs(&query)?.runs {
            for step in self.workspace.run(&run.id)?.steps {
                if states.contains_key(&step.name) || !pipeline.jobs.contains_key(&step.name) {
                    continue;
                }
                let current = results.get(&step.name).is_some_and(|(key, _)| step.cache_key.as_ref() == Some(key));
                let outputs = step.outputs.iter().cloned().filter_map(stored).collect();
                let name = step.name.clone();
                let (commit, uncommitted) = (run.commit.clone(), run.diff.is_some());
                let (run, run_name) = (run.id.clone(), run.name.clone());
                states.insert(name, JobState { run, run_name, commit, uncommitted, step, outputs, current });
            }
        }
        Ok(states)
    }
}

/// What the checker may know of a workspace.
struct KnownHere<'a> {
    studio: &'a Studio,
    workspace: &'a Workspace,
    /// By job, its key and outputs.
    results: HashMap<String, (String, Vec<Stored>)>,
}

impl Known for KnownHere<'_> {
    fn dataset(&self, reference: &str) -> std::result::Result<KnownDataset, String> {
        let (name, version) = parse_reference(reference).map_err(|error| error.message)?;
        let Ok(found) = self.workspace.dataset_version(name, version) else {
            return Err(self.no_dataset(reference, name));
        };
        let schema = self.workspace.dataset_schema(&found.dataset, found.version).map_err(|error| error.to_string())?;
        let schema = serde_json::from_value(schema).map_err(|error| error.to_string())?;
        Ok(KnownDataset { name: found.dataset, version: found.version, schema, rows: found.rows })
    }

    fn model(&self, reference: &str) -> std::result::Result<KnownModel, String> {
        crate::registered::known_model(self.workspace, reference).map_err(|error| error.message)
    }

    fn environment(&self, name: &str) -> std::result::Result<(), String> {
        self.studio.wanted_environment(name).map(drop).map_err(|error| error.message)
    }

    fn computed(&self, job: &str) -> Option<BTreeMap<String, Shape>> {
        self.results.get(job).map(|(_, outputs)| pipeline::meta::shapes(outputs))
    }
}

impl KnownHere<'_> {
    fn no_dataset(&self, reference: &str, name: &str) -> String {
        let datasets = self.workspace.datasets().unwrap_or_default();
        let near = data::schema::closest_of(name, datasets.iter().map(|dataset| dataset.name.as_str()));
        match near {
            Some(near) if near == name => {
                format!("Dataset “{name}” has no such version: {reference}. Leave the version out for the newest.")
            }
            Some(near) => format!("There is no dataset “{reference}” in this workspace. Did you mean “{near}”?"),
            None => format!("There is no dataset “{reference}” in this workspace. Import it on the Data page."),
        }
    }
}

fn stem(path: &str) -> String {
    Path::new(path).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// The name of the draft of a pipeline whose file could not be written.
fn unsaved(path: &str) -> String {
    format!("unsaved {path}")
}

fn deleted(path: &str) -> String {
    format!("deleted {path}")
}
