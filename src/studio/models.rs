//! Registered models.

use std::collections::BTreeMap;

use data::schema::Kind;
use indexmap::IndexMap;
use learn::Report;
use pipeline::component::PortKind;
use pipeline::meta::Meta;
use serde::Serialize;
use workspace::{Change, NewModelVersion};

use crate::datasets::parse_reference;
use crate::tracking::{NewRegisteredVersion, versions_tag};
use crate::{Error, LoggedFiles, Output, Result, Studio};

pub use workspace::{Model, ModelVersion};

/// A trained model as a person reads it.
#[derive(Clone, Debug, Serialize)]
pub struct ModelCard {
    pub algorithm: String,
    pub task: learn::Task,
    pub label: Option<String>,
    pub classes: Vec<String>,
    /// Of two classes, the one that metrics are about.
    pub positive: Option<String>,
    /// From which probability of the positive class it is predicted; none where the likelier class is.
    pub threshold: Option<f64>,
    /// The columns it looks at, the most important first.
    pub features: Vec<ModelFeature>,
    /// What it does to raw rows before it looks, in sentences.
    pub preparation: Vec<String>,
    /// The columns that raw rows need.
    pub input: data::schema::Schema,
    pub rows: u64,
    pub seconds: f64,
    pub summary: learn::Summary,
}

#[derive(Clone, Debug, Serialize)]
pub struct ModelFeature {
    pub column: String,
    pub kind: Kind,
    /// Sums to 1 over the features; `None` where the algorithm has no such thing.
    pub importance: Option<f64>,
}

/// Where a model of a run is, before it is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelPlace {
    /// On an output port of a step.
    Port { job: String, port: String },
    /// Among the models that a client logged.
    Logged { id: String },
}

/// A model that a run made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunModel {
    /// What tells it from the run's other models: its step and its algorithm, or the name that it was logged under.
    pub title: String,
    pub place: ModelPlace,
}

/// A model that a client logged with a run.
pub(crate) struct LoggedBy {
    pub id: String,
    pub title: String,
    /// The address below which its files lie.
    pub location: String,
}

impl RunModel {
    fn job(&self) -> &str {
        match &self.place {
            ModelPlace::Port { job, .. } => job,
            ModelPlace::Logged { .. } => &self.title,
        }
    }

    /// What chooses it among others, with what people call it.
    fn choice(&self) -> String {
        if self.job() == self.title { self.title.clone() } else { format!("{} ({})", self.job(), self.title) }
    }
}

/// What a model version holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelContent {
    /// A model that a pipeline of ours trained.
    Card(Box<ModelCard>),
    /// Files that a client logged through MLflow's protocol.
    Files(LoggedFiles),
}

/// A model version with what is inside it and what was measured of it.
#[derive(Clone, Debug, Serialize)]
pub struct ModelDetail {
    pub version: ModelVersion,
    pub content: ModelContent,
    /// The reports of the run it came from that are about this model: (job's title, report).
    pub reports: Vec<(String, Report)>,
}

impl ModelDetail {
    /// What is inside, for a model of ours.
    pub fn card(&self) -> Option<&ModelCard> {
        match &self.content {
            ModelContent::Card(card) => Some(card),
            ModelContent::Files(_) => None,
        }
    }
}

impl Studio {
    /// Registers a model that a run made as the next version of `name`.
    ///
    /// # Errors
    /// A place where the run has no model.
    pub fn register_model(
        &self,
        run: &str,
        place: &ModelPlace,
        name: &str,
        description: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<ModelVersion> {
        match place {
            ModelPlace::Port { job, port } => {
                let (detail, _) = self.whole_run(run)?;
                self.register_port(&detail, [job, port], name, description, tags)
            }
            ModelPlace::Logged { id } => self.register_logged(run, id, name.trim(), description, tags),
        }
    }

    fn register_logged(
        &self,
        run: &str,
        id: &str,
        name: &str,
        description: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<ModelVersion> {
        workspace::check_name("A model", name)?;
        let model = self.tracking().logged_model(id, false)?;
        let new = NewRegisteredVersion {
            model: name.to_owned(),
            source: format!("models:/{id}"),
            storage_location: Some(model.artifact_location.clone()),
            run: Some(run.to_owned()),
            logged_model: Some(id.to_owned()),
            description: description.to_owned(),
            tags: tags.into_iter().collect(),
            ..NewRegisteredVersion::default()
        };
        let change = Change::new("model.registered", name).with("run", run);
        let version = self.workspace.write(change, |tx| {
            match tx.create_registered_model(name, "", &[]) {
                Ok(()) | Err(workspace::Error::Exists(_)) => {}
                Err(error) => return Err(error),
            }
            let version = tx.create_registered_version(&new)?;
            tx.set_logged_model_tags(id, &[versions_tag(&model.tags, name, version)])?;
            Ok(version)
        })?;
        Ok(self.workspace.model_version(name, Some(version))?)
    }

    fn register_port(
        &self,
        detail: &workspace::RunDetail,
        [job, port]: [&str; 2],
        name: &str,
        description: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<ModelVersion> {
        let run = detail.run.id.as_str();
        let stored = self.stored_output(run, job, port)?;
        let digest = stored.digest.clone();
        let Output::Model(card) = self.output(run, job, port)? else {
            return Err(Error::invalid(format!(
                "The port “{port}” of “{job}” holds no model; register a trained one."
            )));
        };
        // The run may have made other models of other data: only what this one descends from is its own.
        let models = self.run_models(&detail.run)?;
        let measured = models.as_ref().map(|models| models.measured(job, &detail.steps)).unwrap_or_default();
        let is_upstream = |step: &str| models.as_ref().is_none_or(|models| models.plan.upstream(job).contains(step));
        let inputs = detail.inputs.iter().filter(|input| is_upstream(&input.step));
        let mut datasets: Vec<(String, u32)> = inputs.map(|input| (input.dataset.clone(), input.version)).collect();
        datasets.sort();
        datasets.dedup();
        // The version is a logged model too, which is where MLflow's clients look for its files.
        let shown = match Meta::of(&stored) {
            Some(Meta::Model(meta)) => Some(crate::shown::model(&self.workspace, run, job, &stored, &meta)?),
            _ => None,
        };
        let known = shown.as_ref().and_then(|model| self.tracking().logged_model(&model.id, true).ok());
        let tags_of_model = known.map(|model| model.tags).unwrap_or_default();
        let new = NewModelVersion {
            model: name.trim().to_owned(),
            digest,
            logged_model: shown.as_ref().map(|model| model.id.clone()),
            run: Some(run.to_owned()),
            step: Some(job.to_owned()),
            port: Some(port.to_owned()),
            description: description.to_owned(),
            pipeline: detail.run.pipeline.clone(),
            commit: detail.run.commit.clone(),
            tags: tags.into_iter().collect(),
            // Curves are the run's; a version keeps what was measured of the finished model.
            metrics: measured.into_iter().filter(|(_, value)| value.is_finite()).collect::<IndexMap<_, _>>(),
            datasets,
            details: serde_json::json!({ "algorithm": card.algorithm, "task": card.task, "label": card.label }),
        };
        let change = Change::new("model.registered", name).with("run", run);
        let version = self.workspace.write(change, |tx| {
            if let Some(model) = &shown {
                tx.show_model(run, model)?;
            }
            let version = tx.add_model_version(&new)?;
            if let Some(model) = &shown {
                tx.set_logged_model_tags(&model.id, &[versions_tag(&tags_of_model, &new.model, version)])?;
            }
            Ok(version)
        })?;
        Ok(self.workspace.model_version(&new.model, Some(version))?)
    }

    /// The models that a run made: those of its steps, or where it has none, those that it logged; of a run that is a
    /// model of another one, this model.
    pub(crate) fn models_made(&self, run: &str) -> Result<Vec<RunModel>> {
        let (detail, part) = self.whole_run(run)?;
        let models = self.run_models(&detail.run)?;
        let mut trained = Vec::new();
        for step in &detail.steps {
            let is_wanted = match (&part, &models) {
                (Some(part), Some(models)) => {
                    models.lineage.made_by(&step.name).is_some_and(|subject| subject.id == part.subject)
                }
                _ => true,
            };
            let title = models.as_ref().and_then(|models| models.model_title(&step.name));
            let outputs = step.outputs.iter().cloned().filter_map(crate::store::stored);
            for output in outputs.filter(|output| is_wanted && output.kind == PortKind::Model) {
                let place = ModelPlace::Port { job: step.name.clone(), port: output.port };
                trained.push(RunModel { title: title.clone().unwrap_or_else(|| step.title.clone()), place });
            }
        }
        if !trained.is_empty() || part.is_some() {
            return Ok(trained);
        }
        let logged = self.logged_by(run)?.into_iter();
        Ok(logged.map(|model| RunModel { title: model.title, place: ModelPlace::Logged { id: model.id } }).collect())
    }

    /// The models that a run logged, by name. Those that share a name are told apart by their ids.
    pub(crate) fn logged_by(&self, run: &str) -> Result<Vec<LoggedBy>> {
        let all = self.workspace.models_logged_by(run)?;
        let several = |name: &str| all.iter().filter(|[_, other, _]| other == name).count() > 1;
        let one = |[id, name, location]: &[String; 3]| LoggedBy {
            title: if several(name) { format!("{name} {id}") } else { name.clone() },
            id: id.clone(),
            location: location.clone(),
        };
        Ok(all.iter().map(one).collect())
    }

    /// The model that a run made; `job` is the step that trained it, or the name that it was logged under.
    ///
    /// # Errors
    /// A run that made none, or several when `job` names none.
    pub fn model_made(&self, run: &str, job: Option<&str>) -> Result<ModelPlace> {
        let mut models = self.models_made(run)?;
        models.retain(|model| job.is_none_or(|job| job == model.job()));
        match &models[..] {
            [one] => Ok(one.place.clone()),
            [] => Err(Error::not_found("This run trained no model, or has not come so far.")),
            several => {
                let all: Vec<String> = several.iter().map(RunModel::choice).collect();
                Err(Error::invalid(format!(
                    "This run trained {} models. Say which with its job's name: {}.",
                    several.len(),
                    all.join(", ")
                )))
            }
        }
    }

    /// The registered models, by name.
    pub fn models(&self) -> Result<Vec<Model>> {
        let all = self.workspace.models()?;
        Ok(all.into_iter().filter(|model| model.deleted_ms.is_none() && model.latest.is_some()).collect())
    }

    /// The versions of a model, the newest first.
    pub fn model_versions(&self, name: &str) -> Result<Vec<ModelVersion>> {
        Ok(self.workspace.model_versions(name)?)
    }

    /// Everything about `NAME` (the newest version) or `NAME@VERSION`.
    pub fn model(&self, reference: &str) -> Result<ModelDetail> {
        let (name, version) = parse_reference(reference)?;
        let version = self.workspace.model_version(name, version)?;
        let content = match version.digest.as_str() {
            "" => ModelContent::Files(self.logged_files(&version)?),
            digest => {
                let model = learn::Model::from_bytes(&self.workspace.read_blob(digest)?)?;
                ModelContent::Card(Box::new(crate::outputs::card(&model)))
            }
        };
        let reports = self.reports_of_version(&version)?;
        Ok(ModelDetail { version, content, reports })
    }

    /// The reports about the model that a version is, out of the run that trained it.
    fn reports_of_version(&self, version: &ModelVersion) -> Result<Vec<(String, Report)>> {
        let (Some(run), Some(job)) = (&version.run, &version.step) else { return Ok(Vec::new()) };
        let detail = self.workspace.run(run)?;
        let Some(models) = self.run_models(&detail.run)? else { return Ok(Vec::new()) };
        match models.finished_by(job) {
            Some(subject) => self.reports_about(&detail.steps, Some(&models), Some(&subject.id)),
            None => Ok(Vec::new()),
        }
    }

    /// The versions that a run's models were registered as; of a run that is a model of another one, those of this
    /// model.
    pub fn models_of_run(&self, run: &str) -> Result<Vec<ModelVersion>> {
        let (detail, part) = self.whole_run(run)?;
        let mut versions = self.workspace.model_versions_of_run(&detail.run.id)?;
        if part.is_some() {
            let own: Vec<ModelPlace> = self.models_made(run)?.into_iter().map(|model| model.place).collect();
            let is_own = |version: &ModelVersion| {
                own.iter().any(|place| match place {
                    ModelPlace::Port { job, .. } => version.step.as_ref() == Some(job),
                    ModelPlace::Logged { .. } => false,
                })
            };
            versions.retain(is_own);
        }
        Ok(versions)
    }

    pub fn describe_model(&self, name: &str, description: &str) -> Result<()> {
        let change = Change::new("model.described", name);
        Ok(self.workspace.write(change, |tx| tx.describe_model(name, description))?)
    }

    /// Deletes a version so that [`Self::restore_model_version`] can bring it back.
    pub fn delete_model_version(&self, name: &str, version: u32) -> Result<()> {
        let change = Change::new("model.version_deleted", name).with("version", version);
        Ok(self.workspace.write(change, |tx| tx.delete_model_version(name, version))?)
    }

    pub fn restore_model_version(&self, name: &str, version: u32) -> Result<()> {
        let change = Change::new("model.version_restored", name).with("version", version);
        Ok(self.workspace.write(change, |tx| tx.restore_model_version(name, version))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::{ModelOutput, NewLoggedModel, NewTrackedRun};

    #[test]
    fn a_logged_model_is_registered_like_a_trained_one() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        let store = studio.tracking();
        let run = store.create_run(NewTrackedRun { name: "r".into(), ..NewTrackedRun::default() }).unwrap().id;
        assert!(studio.run(&run).unwrap().models.is_empty());
        assert!(studio.model_made(&run, None).unwrap_err().to_string().contains("trained no model"));
        let log = |name: &str| {
            let model = store.create_logged_model(NewLoggedModel { name: name.into(), ..NewLoggedModel::default() });
            let id = model.unwrap().id;
            store.log_outputs(&run, vec![ModelOutput { model_id: id.clone(), step: 0 }]).unwrap();
            id
        };
        let id = log("forest");
        log("linear");
        // The same model at a later step is still one.
        store.log_outputs(&run, vec![ModelOutput { model_id: id.clone(), step: 7 }]).unwrap();
        let titles =
            || -> Vec<String> { studio.run(&run).unwrap().models.into_iter().map(|model| model.title).collect() };
        assert_eq!(titles(), ["forest", "linear"]);
        assert!(studio.model_made(&run, None).unwrap_err().to_string().contains("its job's name: forest, linear."));
        let place = studio.model_made(&run, Some("forest")).unwrap();
        assert_eq!(place, ModelPlace::Logged { id: id.clone() });
        for expected in 1..=2 {
            let made = studio.register_model(&run, &place, "triage", "from code", BTreeMap::new()).unwrap();
            assert_eq!((made.model.as_str(), made.version, made.run.as_deref()), ("triage", expected, Some(&*run)));
        }
        let version = store.version("triage", 2).unwrap();
        assert_eq!(version.source, format!("models:/{id}"));
        let tags = store.logged_model(&id, false).unwrap().tags;
        let noted = r#"[{"name": "triage", "version": 1}, {"name": "triage", "version": 2}]"#;
        assert!(tags.iter().any(|(_, value)| value == noted), "{tags:?}");
        assert_eq!(studio.models_of_run(&run).unwrap().len(), 2);
        let gone = ModelPlace::Logged { id: "m-none".into() };
        assert!(studio.register_model(&run, &gone, "nothing", "", BTreeMap::new()).is_err());
        for bad in ["", "team@v2", "a/b"] {
            assert!(studio.register_model(&run, &place, bad, "", BTreeMap::new()).is_err(), "{bad}");
        }
        for name in ["nothing", "team@v2"] {
            assert!(store.model(name).is_err(), "{name}");
        }
        let again = log("linear");
        assert_eq!(titles().len(), 3);
        let found = studio.model_made(&run, Some(&format!("linear {again}"))).unwrap();
        assert_eq!(found, ModelPlace::Logged { id: again });
    }
}
