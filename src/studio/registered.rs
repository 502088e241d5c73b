//! Registered models as pipelines name them: `name`, `name@version` or `name@alias`.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use pipeline::meta::ModelMeta;
use pipeline::shape::{KnownModel, ModelShape};
use workspace::tracking::ModelInput;
use workspace::{ModelVersion, NewStep, Run, Workspace};

use crate::{Error, Result, Studio};

/// What a reference begins with that names a model file by its digest, in the plan of a run that is done again.
pub(crate) const BY_DIGEST: &str = "blob:";

/// The version that a reference means.
///
/// # Errors
/// A model, version or alias that is not there, with the nearest name; a deleted version; a model that was logged by a
/// program and is no model file of ours.
pub(crate) fn find_registered(workspace: &Workspace, reference: &str) -> Result<ModelVersion> {
    let (name, which) = match reference.rsplit_once('@') {
        Some((name, which)) => (name, Some(which)),
        None => (reference, None),
    };
    let known = workspace.models()?;
    let present = || known.iter().filter(|model| model.deleted_ms.is_none() && model.versions > 0);
    if !present().any(|model| model.name == name) {
        let near = data::schema::closest_of(name, present().map(|model| model.name.as_str()));
        return Err(Error::not_found(match near {
            Some(near) => format!("There is no registered model “{name}” in this workspace. Did you mean “{near}”?"),
            None => format!("There is no registered model “{name}” in this workspace. Register one from a run."),
        }));
    }

    let version = match which {
        None => None,
        Some(which) => match which.parse::<u32>() {
            Ok(version) => Some(version),
            Err(_) => Some(version_of_alias(workspace, name, which)?),
        },
    };
    let found = workspace.model_version(name, version)?;
    if found.deleted_ms.is_some() {
        return Err(Error::not_found(format!(
            "Version {} of the model “{name}” is deleted. Restore it on the Models page, or choose another.",
            found.version
        )));
    }
    if found.digest.is_empty() {
        return Err(Error::invalid(format!(
            "Version {} of the model “{name}” was logged by a program, so it cannot be scored here. Choose a model that a \
             pipeline trained.",
            found.version
        )));
    }
    Ok(found)
}

fn version_of_alias(workspace: &Workspace, name: &str, alias: &str) -> Result<u32> {
    match workspace.version_of_alias(name, alias) {
        Ok(version) => Ok(version.version),
        Err(_) => {
            let aliases = workspace.registered_model(name).map(|model| model.aliases).unwrap_or_default();
            let near = data::schema::closest_of(alias, aliases.iter().map(|(alias, _)| alias.as_str()));
            let hint = match near {
                Some(near) => format!("Did you mean “{near}”?"),
                None => "Write a version's number, or leave it out for the newest.".to_owned(),
            };
            Err(Error::not_found(format!("The model “{name}” has no version or alias “{alias}”. {hint}")))
        }
    }
}

/// What a reference means, and what the model predicts.
///
/// # Errors
/// As [`find_registered`]; a model file that cannot be read.
pub(crate) fn known_model(workspace: &Workspace, reference: &str) -> Result<KnownModel> {
    let found = find_registered(workspace, reference)?;
    let shape = shape_of(workspace, &found.digest)?;
    Ok(KnownModel { name: found.model, version: found.version, shape })
}

/// At most this many shapes are remembered.
const SHAPES: usize = 64;

/// The shape of a stored model. A pipeline is checked after every edit, and a model file may be large, so shapes are
/// remembered by digest: what a digest stands for never changes.
fn shape_of(workspace: &Workspace, digest: &str) -> Result<ModelShape> {
    static KNOWN: OnceLock<Mutex<HashMap<String, ModelShape>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    if let Some(shape) = known.lock().unwrap_or_else(PoisonError::into_inner).get(digest) {
        return Ok(shape.clone());
    }
    let model = learn::Model::from_bytes(&workspace.read_blob(digest)?)?;
    let shape = ModelMeta::of(&model).shape();
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= SHAPES {
        known.clear();
    }
    known.insert(digest.to_owned(), shape.clone());
    Ok(shape)
}

/// A registered model that a run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelRead {
    pub step: String,
    /// The id of the logged model behind the version, by which runs are found that read it.
    pub logged_model: Option<String>,
}

/// Finds the version of a model that a step reads, and writes it behind the model's name.
pub(crate) fn pin(workspace: &Workspace, step: &str, reference: &mut serde_json::Value) -> Option<ModelRead> {
    // A model that is not there is left for the check to find.
    let found = find_registered(workspace, reference.as_str().unwrap_or_default()).ok()?;
    *reference = format!("{}@{}", found.model, found.version).into();
    let registered = workspace.registered_version(&found.model, found.version).ok();
    Some(ModelRead { step: step.to_owned(), logged_model: registered.and_then(|version| version.logged_model) })
}

/// The models that the steps of a run read, as runs record them.
pub(crate) fn inputs_of(models: &[ModelRead], steps: &[NewStep]) -> Vec<ModelInput> {
    let runs = |model: &&ModelRead| steps.iter().any(|step| step.name == model.step);
    let read = models.iter().filter(runs).filter_map(|model| model.logged_model.clone());
    read.map(|model_id| ModelInput { model_id }).collect()
}

impl Studio {
    /// The registered models that a pipeline can load, by name, with their versions and aliases.
    pub fn loadable_models(&self) -> Result<Vec<LoadableModel>> {
        let mut loadable = Vec::new();
        for model in self.models()? {
            let versions = self.workspace.model_versions(&model.name)?.into_iter();
            let ours = versions.filter(|version| version.deleted_ms.is_none() && !version.digest.is_empty());
            let versions: Vec<u32> = ours.map(|version| version.version).collect();
            if versions.is_empty() {
                continue;
            }
            let aliases = self.workspace.registered_model(&model.name)?.aliases;
            loadable.push(LoadableModel { name: model.name, versions, aliases });
        }
        Ok(loadable)
    }

    /// The runs that loaded a version of a registered model, newest first.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn runs_using_model(&self, name: &str, version: u32) -> Result<Vec<Run>> {
        let Some(model) = self.workspace.registered_version(name, version)?.logged_model else {
            return Ok(Vec::new());
        };
        let ids = self.workspace.runs_reading_model(&model)?;
        ids.iter().map(|id| self.run_row(id)).collect()
    }
}

/// A registered model that a pipeline can load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadableModel {
    pub name: String,
    /// The newest first.
    pub versions: Vec<u32>,
    /// Aliases and the versions they stand for.
    pub aliases: Vec<(String, u32)>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{RunRequest, RunStatus};

    const TRAIN: &str = "jobs:
  rows: {component: enter_data, inputs: {data: \"x,y\\n1,a\\n2,a\\n3,b\\n4,b\\n\"}}
  tree: {component: decision_tree}
  train:
    component: train_model
    inputs:
      estimator: ${{parent.jobs.tree.outputs.estimator}}
      table: ${{parent.jobs.rows.outputs.table}}
      label: y
";
    const SCORE: &str = "jobs:
  rows: {component: enter_data, inputs: {data: \"x\\n1.0\\n4.0\\n\"}}
  model: {component: load_model, inputs: {model: clf}}
  score:
    component: score_model
    inputs: {model: '${{parent.jobs.model.outputs.model}}', table: '${{parent.jobs.rows.outputs.table}}'}
";

    fn run(studio: &Studio, path: &str) -> String {
        let run = studio.record_run(path, &RunRequest::default()).unwrap();
        crate::worker::work(studio.clone(), &run, None).unwrap();
        assert_eq!(studio.run_row(&run).unwrap().status, RunStatus::Done);
        run
    }

    #[test]
    fn rows_are_scored_by_a_registered_model_and_the_run_says_which() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        for (name, text) in [("train", TRAIN), ("score", SCORE)] {
            std::fs::write(folder.path().join(format!("pipelines/{name}.yaml")), text).unwrap();
        }
        let trained = run(&studio, "pipelines/train.yaml");
        let place = studio.model_made(&trained, Some("train")).unwrap();
        let version = studio.register_model(&trained, &place, "clf", "", BTreeMap::new()).unwrap();

        let scored = run(&studio, "pipelines/score.yaml");
        assert!(studio.run(&scored).unwrap().yaml.contains("clf@1"), "the version is pinned");
        let grid = studio.output_grid(&scored, "score", "table").unwrap();
        let rows = grid.rows(0..2, None).unwrap();
        let predicted = rows.column("predicted").unwrap();
        assert_eq!(
            [predicted.get(0), predicted.get(1)].map(|it| it.unwrap().get_str().unwrap().to_owned()),
            ["a", "b"]
        );
        let using = studio.runs_using_model("clf", version.version).unwrap();
        assert_eq!(using.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), [scored.as_str()]);
        let loadable = studio.loadable_models().unwrap();
        assert_eq!((loadable[0].name.as_str(), &loadable[0].versions[..]), ("clf", &[1][..]));
    }

    #[test]
    fn a_model_that_is_not_there_is_told_with_the_nearest_name() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        std::fs::write(folder.path().join("pipelines/train.yaml"), TRAIN).unwrap();
        let trained = run(&studio, "pipelines/train.yaml");
        let place = studio.model_made(&trained, Some("train")).unwrap();
        studio.register_model(&trained, &place, "churn", "", BTreeMap::new()).unwrap();
        studio.tracking().set_alias("churn", "champion", Some(1)).unwrap();

        let find = |reference: &str| find_registered(&studio.workspace, reference).map(|found| found.version);
        assert_eq!([find("churn"), find("churn@1"), find("churn@champion")], [Ok(1), Ok(1), Ok(1)]);
        assert!(find("chrun").unwrap_err().message.ends_with("Did you mean “churn”?"));
        assert!(find("churn@champoin").unwrap_err().message.ends_with("Did you mean “champion”?"));
        studio.delete_model_version("churn", 1).unwrap();
        assert!(find("churn@1").is_err() && find("churn").is_err());
    }
}
