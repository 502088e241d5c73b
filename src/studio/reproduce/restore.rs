//! A clean folder with a run's code and data.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pipeline::component::{ParamKind, Params, Spec};
use serde_json::Value as Json;
use workspace::{Change, MANIFEST, NewDatasetVersion, NewRun, NewStep, RunInput, Workspace};

use super::python::Pythons;
use crate::compare::CodePlace;
use crate::model_runs::RunModels;
use crate::{Error, Result, Studio};

/// Folders that a killed program left are removed after this long.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);
/// The mark of a folder that a person wants to keep.
const KEPT: &str = ".atelier-kept";

/// A folder for one reproduction, gone when it is dropped unless it is kept.
pub(super) struct Scratch {
    folder: PathBuf,
    kept: std::cell::Cell<bool>,
}

impl Scratch {
    pub(super) fn new(studio: &Studio, run: &str) -> Result<Self> {
        let all = studio.cache_folder().join("reproduce");
        sweep(&all);
        let folder = all.join(format!("{}-{}", &run[..run.len().min(8)], &workspace::new_run_id()[..8]));
        fs::create_dir_all(&folder)
            .map_err(|error| Error::storage(format!("The folder {} cannot be made: {error}.", folder.display())))?;
        Ok(Self { folder, kept: std::cell::Cell::new(false) })
    }

    /// Leaves the folder where it is.
    pub(super) fn keep(&self) -> PathBuf {
        self.kept.set(true);
        // Without the mark it would be swept some day, which is worse than a message.
        if let Err(error) = fs::write(self.folder.join(KEPT), "") {
            tracing::warn!("the kept folder could not be marked: {error}");
        }
        self.folder.clone()
    }

    /// Writes the code that a run started from.
    ///
    /// # Errors
    /// A commit that is gone, a difference that does not fit it.
    pub(super) fn check_out(&self, studio: &Studio, run: &str) -> Result<()> {
        let failed =
            |error: std::io::Error| Error::storage(format!("{} cannot be written: {error}.", self.folder.display()));
        let state = studio.run_state(run)?;
        match &state.place {
            _ if state.is_empty() => {}
            CodePlace::Folder(_) => {
                for (path, content) in &state.state.files {
                    write_below(&self.folder, path, content).map_err(failed)?;
                }
            }
            place => studio.code_repository(place)?.check_out(&state.state, &self.folder)?,
        }
        // Whatever a commit holds there is not ours; a link would lead the second run into another workspace.
        let private = self.folder.join(".atelier");
        if let Ok(found) = private.symlink_metadata() {
            if found.is_dir() { fs::remove_dir_all(&private) } else { fs::remove_file(&private) }.map_err(failed)?;
        }
        let manifest = self.folder.join(MANIFEST);
        if !manifest.is_file() {
            fs::copy(studio.folder().join(MANIFEST), &manifest).map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder as a workspace, with an empty record.
    pub(super) fn open(&self, studio: &Studio) -> Result<Studio> {
        Ok(Studio::over(Workspace::open(&self.folder)?)?.with_program(studio.program.to_path_buf()))
    }
}

/// Writes a file of `folder`; a path that leads out of it is none.
fn write_below(folder: &Path, path: &str, content: &[u8]) -> std::io::Result<()> {
    if !Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_))) {
        return Err(std::io::Error::other(format!("“{path}” is no path of a file in a folder")));
    }
    let file = folder.join(path);
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, content)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.kept.get() {
            // What stays is swept another day.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn sweep(all: &Path) {
    let Ok(entries) = fs::read_dir(all) else { return };
    let old = |path: &Path| {
        let changed = fs::metadata(path).and_then(|meta| meta.modified()).ok();
        changed.and_then(|time| SystemTime::now().duration_since(time).ok()).is_some_and(|age| age > LEFT_BEHIND)
    };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| old(path)) {
        if !path.join(KEPT).exists() {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

impl Studio {
    /// Records the run anew in `again`, with its datasets, and with each script's interpreter written into the plan.
    /// Returns the new run's id.
    pub(super) fn record_again(
        &self,
        again: &Studio,
        run: &str,
        pythons: &Pythons,
        notes: &mut Vec<String>,
    ) -> Result<String> {
        let workspace::RunDetail { run: row, steps, inputs, .. } = self.workspace.run(run)?;
        let mut frozen = self.frozen(&row)?.ok_or_else(|| Error::invalid("This run has nothing to carry out."))?;
        frozen.force = true;
        frozen.waiting = Some(std::process::id());
        for input in &inputs {
            self.share_dataset(again, input)?;
        }
        let own = crate::store::python(&self.workspace)?;
        for step in &mut frozen.plan.steps {
            let Some(component) = pipeline::components::find(&step.component) else { continue };
            if component.takes_environment() {
                let python = pythons.get(&step.job).unwrap_or(&own);
                step.params.0.insert("interpreter".to_owned(), python.to_string_lossy().into());
                step.environment = None;
            }
            // A dataset may have been renamed since.
            for param in component.spec().params.iter().filter(|param| matches!(param.kind, ParamKind::Dataset)) {
                let read = inputs.iter().find(|input| input.step == step.job && input.port == param.name);
                if let Some(input) = read {
                    let reference = format!("{}@{}", input.dataset, input.version);
                    step.params.0.insert(param.name.to_owned(), reference.into());
                }
            }
            let reads_model = component.spec().params.iter().any(|param| matches!(param.kind, ParamKind::Model));
            if reads_model {
                self.share_models(again, &step.job, component.spec(), &mut step.params, &steps)?;
            }
            if step.component == "export_data" {
                keep_inside(&step.job, step.params.0.get_mut("path"), notes);
            }
        }
        let new_steps = steps.iter().map(|step| NewStep {
            name: step.name.clone(),
            title: step.title.clone(),
            component: step.component.clone(),
            component_version: step.component_version.clone(),
        });
        // Where each model has a run of its own, it has one again; a run that recorded everything itself does so again.
        let models = match row.model_runs().is_empty() {
            true => Vec::new(),
            false => RunModels::of(frozen.plan.clone(), self.parse_frozen(&frozen)?).nested(),
        };
        let mut details = row.details.clone();
        if let Some(details) = details.as_object_mut() {
            details.remove("models");
        }
        let id = workspace::new_run_id();
        let new = NewRun {
            id: Some(id.clone()),
            name: format!("{}, again", row.name),
            pipeline: row.pipeline.clone(),
            pipeline_title: row.pipeline_title.clone(),
            commit: row.commit.clone(),
            branch: row.branch.clone(),
            plan: Some(again.put_json(&frozen)?),
            details,
            models,
            inputs,
            steps: new_steps.collect(),
            params: row.params.clone().into_iter().collect(),
            ..NewRun::default()
        };
        again.workspace.write(Change::new("run.started", &id), |tx| tx.insert_run(&new))?;
        Ok(id)
    }

    /// Lets the steps of the new run find the registered models that this one read. They are named by their bytes: the
    /// versions may have been deleted since, and the folder of the new run has no registry.
    fn share_models(
        &self,
        again: &Studio,
        job: &str,
        spec: &Spec,
        params: &mut Params,
        steps: &[workspace::Step],
    ) -> Result<()> {
        let read = steps.iter().find(|step| step.name == job).and_then(|step| step.outputs.first());
        for param in spec.params.iter().filter(|param| matches!(param.kind, ParamKind::Model)) {
            let digest = match read.and_then(|output| output.digest.clone()) {
                Some(digest) => digest,
                // The run did not come so far.
                None => crate::registered::find_registered(&self.workspace, params.text(param.name))?.digest,
            };
            again.workspace.share_blob(&self.workspace, &digest)?;
            params.0.insert(param.name.to_owned(), format!("{}{digest}", crate::registered::BY_DIGEST).into());
        }
        Ok(())
    }

    fn share_dataset(&self, again: &Studio, input: &RunInput) -> Result<()> {
        let (name, version) = (&input.dataset, input.version);
        if again.workspace.dataset_version(name, Some(version)).is_ok() {
            return Ok(());
        }
        let found = self.workspace.dataset_version(name, Some(version))?;
        again.workspace.share_blob(&self.workspace, &found.digest)?;
        let new = NewDatasetVersion {
            dataset: name.clone(),
            digest: found.digest,
            rows: found.rows,
            columns: found.columns,
            bytes: found.bytes,
            source: found.source,
            schema: self.workspace.dataset_schema(name, version)?,
            profile: self.workspace.dataset_profile(name, version)?,
        };
        let change = Change::new("dataset.imported", name);
        Ok(again.workspace.write(change, |tx| tx.adopt_dataset_version(&new, version))?)
    }
}

/// A file that was written outside of the workspace is written inside of the folder now: a repetition overwrites
/// nothing.
fn keep_inside(job: &str, path: Option<&mut Json>, notes: &mut Vec<String>) {
    let Some(path) = path else { return };
    let text = path.as_str().unwrap_or_default().to_owned();
    let inside = Path::new(&text).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if inside {
        return;
    }
    let name =
        Path::new(&text).file_name().map_or_else(|| "export".to_owned(), |name| name.to_string_lossy().into_owned());
    let kept = format!("exports/{job}-{name}");
    notes.push(format!("{job} wrote {text}; now it writes {kept} in the clean folder."));
    *path = kept.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_exported_outside_of_the_folder() {
        let moved = |text: &str| {
            let mut path = Json::from(text);
            let mut notes = Vec::new();
            keep_inside("out", Some(&mut path), &mut notes);
            (path.as_str().unwrap_or_default().to_owned(), notes.len())
        };
        assert_eq!(moved("exports/a.csv"), ("exports/a.csv".to_owned(), 0));
        assert_eq!(moved("/home/ada/a.csv"), ("exports/out-a.csv".to_owned(), 1));
        assert_eq!(moved("../a.csv"), ("exports/out-a.csv".to_owned(), 1));
    }
}
