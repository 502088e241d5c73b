//! Environments: sets of packages that a person lists in files under `environments/`, made real with uv, and chosen
//! per Python step.

mod build;
mod file;
mod prepare;
#[cfg(test)]
mod tests;
mod uv;

use std::path::PathBuf;

use std::collections::BTreeMap;
use std::sync::Arc;

use pipeline::graph::Pipeline;
use pipeline::plan::Plan;
use serde::Serialize;

pub use build::{BuiltEnvironment, Resolved};
pub use file::Wanted;
pub use uv::Progress;

pub(crate) use build::Builder;
pub(crate) use prepare::prepare;
pub(crate) use uv::{follow, run as run_tool};

use crate::store::WorkspaceStore;
use crate::{Error, Result, Studio};

/// Which endings an environment's file may have.
const ENDINGS: [&str; 3] = ["yaml", "yml", "txt"];

/// An environment as a list shows it.
#[derive(Clone, Debug, Serialize)]
pub struct EnvironmentRow {
    /// What steps call it: its file's name without the ending.
    pub name: String,
    /// Within the workspace, with `/`.
    pub file: String,
    /// What is wrong with the file.
    pub problem: Option<String>,
    /// What the file asks for.
    pub wanted: Wanted,
    /// What that came to; none before it was resolved here.
    pub resolved: Option<Resolved>,
    /// Whether it is ready to be used.
    pub built: bool,
}

impl Studio {
    /// The environments, by name.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn environments(&self) -> Result<Vec<EnvironmentRow>> {
        let folder = self.folder().join("environments");
        let failed =
            |error| Error::storage(format!("The environments cannot be listed: {error}. {}", folder.display()));
        let mut rows: Vec<EnvironmentRow> = Vec::new();
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(rows),
            entries => entries.map_err(failed)?,
        };
        let builder = self.builder()?;
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        for file in names {
            let Some((name, _)) = file.rsplit_once('.').filter(|(name, ending)| is_ours(name, ending)) else {
                continue;
            };
            let mut row = self.environment_row(&builder, name, &file);
            if rows.last().is_some_and(|before| before.name == name) {
                row.problem = Some(format!("Two files are called {name}; steps mean the first. Rename this one."));
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn environment_row(&self, builder: &Builder, name: &str, file: &str) -> EnvironmentRow {
        let read = self.read_environment(file);
        let (wanted, problem) = match read {
            Ok(wanted) => (wanted, None),
            Err(problem) => (Wanted::default(), Some(problem)),
        };
        let resolved = problem.is_none().then(|| builder.known(&wanted)).flatten();
        let built = resolved.as_ref().is_some_and(|resolved| builder.built(&resolved.digest).is_some());
        let file = format!("environments/{file}");
        EnvironmentRow { name: name.to_owned(), file, problem, wanted, resolved, built }
    }

    /// The environment that a step or a person means by this text.
    ///
    /// # Errors
    /// No such file.
    pub fn environment(&self, reference: &str) -> Result<EnvironmentRow> {
        let name = name_of(reference)?;
        let rows = self.environments()?;
        let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
        rows.into_iter().find(|row| row.name == name).ok_or_else(|| {
            let hint = match data::schema::closest_of(name, names.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean “{near}”?"),
                None => format!("Write environments/{name}.yaml or environments/{name}.txt."),
            };
            Error::not_found(format!("There is no environment “{name}” in this workspace. {hint}"))
        })
    }

    /// What an environment's file asks for.
    ///
    /// # Errors
    /// No such file, one that cannot be read or understood.
    pub fn wanted_environment(&self, reference: &str) -> Result<Wanted> {
        let row = self.environment(reference)?;
        row.problem.map_or(Ok(row.wanted), |problem| Err(Error::invalid(problem)))
    }

    /// Makes an environment ready to be used; at once if it is.
    ///
    /// # Errors
    /// A sentence: what cannot be understood, resolved or installed.
    pub fn build_environment(&self, reference: &str, progress: Progress<'_>) -> Result<BuiltEnvironment> {
        let wanted = self.wanted_environment(reference)?;
        self.builder()?.make(&wanted, progress)
    }

    /// What is installed in an environment, if it was built.
    pub fn built_environment(&self, reference: &str) -> Result<Option<BuiltEnvironment>> {
        let row = self.environment(reference)?;
        let builder = self.builder()?;
        Ok(row.resolved.and_then(|resolved| builder.built(&resolved.digest)))
    }

    /// What the environments that a plan's steps choose ask for, by what the steps call them.
    pub(crate) fn wanted_by(&self, plan: &Plan) -> Result<BTreeMap<String, Wanted>> {
        let names = plan.steps.iter().filter_map(|step| step.environment.clone());
        names.map(|name| self.wanted_environment(&name).map(|wanted| (name, wanted))).collect()
    }

    /// The store for a pipeline that is looked at and not run: it knows the environments that are ready.
    pub(crate) fn store_for(&self, pipeline: &Pipeline) -> WorkspaceStore {
        let names = pipeline.jobs.values().filter_map(|job| job.environment.clone());
        let ready = |name: &str| match self.built_environment(name) {
            Ok(Some(built)) => Ok(prepare::usable(&built)),
            Ok(None) => Err(format!("The environment “{name}” has not been built yet.")),
            Err(error) => Err(error.message),
        };
        let known = names.map(|name| (name.clone(), ready(&name))).collect();
        WorkspaceStore::new(Arc::clone(&self.workspace)).with_environments(known)
    }

    pub(crate) fn builder(&self) -> Result<Builder> {
        let python = crate::store::python(&self.workspace)?;
        Ok(Builder { cache: self.cache_folder(), python })
    }

    pub(crate) fn cache_folder(&self) -> PathBuf {
        self.workspace.private_folder().join("cache")
    }

    /// A sentence that begins with what is wrong.
    fn read_environment(&self, file: &str) -> std::result::Result<Wanted, String> {
        let path = self.folder().join("environments").join(file);
        let text =
            std::fs::read_to_string(&path).map_err(|error| format!("environments/{file} cannot be read: {error}."))?;
        file::parse(file, &text)
    }
}

fn is_ours(name: &str, ending: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && ENDINGS.contains(&ending)
}

/// The name in what a job's `environment` says: `NAME`, `environments/NAME.yaml`, or Azure ML's `azureml:NAME@latest`.
///
/// # Errors
/// A version: files under git have none.
pub(crate) fn name_of(reference: &str) -> Result<&str> {
    let text = reference.trim();
    let name = text.strip_prefix("azureml:").unwrap_or(text);
    let name = name.strip_suffix("@latest").unwrap_or(name);
    if let Some((name, version)) = name.split_once(':') {
        return Err(Error::invalid(format!(
            "“{reference}” asks for version {version}; environments here are files under git. Write environment: {name}."
        )));
    }
    let name = name.trim_start_matches("./").strip_prefix("environments/").unwrap_or(name);
    let stem = name.rsplit_once('.').filter(|(_, ending)| ENDINGS.contains(ending)).map_or(name, |(stem, _)| stem);
    Ok(stem)
}
