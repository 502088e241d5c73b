//! Runs: starting one, watching it, stopping it, comparing several.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use pipeline::component::{ParamKind, Params, PortKind, Spec};
use pipeline::graph::{Input, Job, Pipeline};
use pipeline::plan::{Plan, Target};
use serde::{Deserialize, Serialize};
use workspace::{Change, LogLine, NewRun, NewStep, RunInput, Step, StepStatus};

use crate::environments::Wanted;
use crate::model_runs::RunModels;
use crate::registered::{self, ModelRead};
use crate::surroundings::{Starting, Surroundings};
use crate::{Error, Result, RunModel, Studio, names};

pub use workspace::{Run, RunFilter as RunQuery, RunPage, RunSort};

/// What to run of a pipeline, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    pub target: Target,
    /// Compute every step, even where its result is known.
    pub force: bool,
    /// Parameters for this run only: ("jobs.split.fraction", "0.3").
    pub set: Vec<(String, String)>,
    /// What people call it; one is made up when missing.
    pub name: Option<String>,
}

/// What a run was told to do, as it was when it started: stored as a blob, read by the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Frozen {
    /// The pipeline file with the run's own parameters in it and every dataset's version pinned.
    pub yaml: String,
    pub plan: Plan,
    pub force: bool,
    /// What the environments that its steps choose asked for.
    #[serde(default)]
    pub environments: BTreeMap<String, Wanted>,
    /// The process that waits for the result. Without it nobody wants the run, and its worker leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u32>,
}

/// A run with everything it did.
#[derive(Clone, Debug, Serialize)]
pub struct RunDetail {
    pub row: Run,
    /// The pipeline as it was run.
    #[serde(skip)]
    pub pipeline: Pipeline,
    pub yaml: String,
    pub steps: Vec<Step>,
    pub inputs: Vec<RunInput>,
    pub models: Vec<RunModel>,
    /// The nested runs that hold what was measured of each model, where the run makes several.
    pub model_runs: Vec<Run>,
    /// What was not committed when it started.
    pub diff: Option<String>,
    /// What it ran on.
    pub environment: Surroundings,
    /// The repository of its code, where that is another one than the workspace's.
    pub repository: Option<PathBuf>,
}

/// A metric over its steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// `train_model.training_log_loss`
    pub key: String,
    /// (step, value), by step
    pub points: Vec<(i64, f64)>,
}

/// Two or more runs beside each other.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    pub runs: Vec<Run>,
    pub params: Vec<Compared<String>>,
    pub metrics: Vec<Compared<f64>>,
    /// By metric, a curve of each run that logged it, in the order of `runs`.
    pub curves: IndexMap<String, Vec<Option<Curve>>>,
}

/// One parameter or metric of each run, in the order of the runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared<T> {
    pub key: String,
    pub values: Vec<Option<T>>,
    pub differs: bool,
}

impl Studio {
    /// Freezes what will run and starts a worker process for it; returns the run's id at once.
    ///
    /// # Errors
    /// A pipeline that is broken or has errors, a `set` that names no parameter.
    pub fn start_run(&self, path: &str, request: &RunRequest) -> Result<String> {
        let id = self.record_run(path, request)?;
        self.spawn_worker(&id)?;
        Ok(id)
    }

    /// As [`Self::start_run`], but carries the run out in this process and returns when it has ended.
    ///
    /// # Errors
    /// Those of [`Self::start_run`], a workspace that cannot be written. A step's failure is the run's, not an error.
    pub fn run_in_process(&self, path: &str, request: &RunRequest) -> Result<String> {
        let id = self.record_run(path, request)?;
        crate::worker::work(self.clone(), &id, None)?;
        Ok(id)
    }

    /// Freezes what will run, without starting it.
    pub(crate) fn record_run(&self, path: &str, request: &RunRequest) -> Result<String> {
        let mut document = self.open_pipeline(path)?;
        if let Some(problem) = document.problems.first() {
            return Err(Error::invalid(format!("{path} cannot run. {problem}")));
        }
        let mut pipeline = document.pipeline.clone();
        for (key, value) in &request.set {
            pipeline::graph::set::set(&mut pipeline, key, value).map_err(Error::invalid)?;
        }
        let inputs = self.pin_datasets(&mut pipeline)?;
        let read = self.pin_models(&mut pipeline);
        document = document.edited(&pipeline);
        let plan = self.plan(&pipeline, &request.target)?;
        let models = RunModels::of(plan.clone(), pipeline.clone());
        let steps: Vec<NewStep> = plan.steps.iter().filter_map(|step| new_step(&pipeline, &step.job)).collect();
        let source = self.source()?;
        let inputs: Vec<RunInput> =
            inputs.into_iter().filter(|input| steps.iter().any(|step| step.name == input.step)).collect();
        let starting = Starting { path, request, plan: &plan, inputs: &inputs, source: &source };
        let surroundings = self.look_around(&starting)?;
        let environments = self.wanted_by(&plan)?;
        let frozen = Frozen { yaml: document.text, plan, force: request.force, environments, waiting: None };
        let id = workspace::new_run_id();
        let new = NewRun {
            name: request.name.clone().unwrap_or_else(|| names::run_name(&id)),
            id: Some(id.clone()),
            pipeline: Some(path.to_owned()),
            pipeline_title: Some(title(&pipeline, path)),
            diff: source.keep_diff(&self.workspace)?,
            commit: source.commit,
            branch: source.branch,
            plan: Some(self.put_json(&frozen)?),
            environment: Some(self.put_json(&surroundings)?),
            details: serde_json::json!({ "algorithm": algorithm(&pipeline) }),
            inputs,
            steps,
            params: params(&models),
            models: models.nested(),
            ..NewRun::default()
        };
        let read = registered::inputs_of(&read, &new.steps);
        self.workspace.write(Change::new("run.started", &id).with("pipeline", path), |tx| {
            tx.insert_run(&new)?;
            tx.log_inputs(&id, &[], &read)
        })?;
        Ok(id)
    }

    /// Writes the newest version behind every dataset that is named without one, so that the run stays what it was.
    /// A dataset that is not there is left for the check to find.
    fn pin_datasets(&self, pipeline: &mut Pipeline) -> Result<Vec<RunInput>> {
        let mut inputs = Vec::new();
        for (name, job) in pipeline.jobs.iter_mut().filter(|(_, job)| !job.disabled) {
            let Some(spec) = job.spec() else { continue };
            for param in spec.params.iter().filter(|param| matches!(param.kind, ParamKind::Dataset)) {
                let Some(Input::Value(value)) = job.inputs.get_mut(param.name) else { continue };
                let Ok(version) = self.dataset_version(value.as_str().unwrap_or_default()) else { continue };
                *value = format!("{}@{}", version.dataset, version.version).into();
                inputs.push(RunInput {
                    step: name.clone(),
                    port: param.name.to_owned(),
                    dataset: version.dataset,
                    version: version.version,
                    digest: version.digest,
                });
            }
        }
        Ok(inputs)
    }

    /// Writes the version behind every registered model that is named without one or by an alias.
    fn pin_models(&self, pipeline: &mut Pipeline) -> Vec<ModelRead> {
        let mut models = Vec::new();
        for (name, job) in pipeline.jobs.iter_mut().filter(|(_, job)| !job.disabled) {
            let Some(spec) = job.spec() else { continue };
            for param in spec.params.iter().filter(|param| matches!(param.kind, ParamKind::Model)) {
                if let Some(Input::Value(reference)) = job.inputs.get_mut(param.name) {
                    models.extend(registered::pin(&self.workspace, name, reference));
                }
            }
        }
        models
    }

    /// The plan, if nothing in it is known to fail.
    fn plan(&self, pipeline: &Pipeline, target: &Target) -> Result<Plan> {
        let checked = self.check_pipeline(pipeline);
        let plan = Plan::of(pipeline, &checked, target).map_err(Error::invalid)?;
        if let Some((job, sentence)) = plan.errors().next() {
            return Err(Error::invalid(format!("“{}” cannot run: {sentence}", pipeline.title(job))));
        }
        Ok(plan)
    }

    pub(crate) fn put_json(&self, value: &impl Serialize) -> Result<String> {
        let bytes = serde_json::to_vec(value).map_err(|error| Error::storage(error.to_string()))?;
        Ok(self.workspace.put_bytes(&bytes)?.digest)
    }

    /// Runs, newest first unless the query says otherwise. Runs whose worker died are marked as failed on the way.
    pub fn runs(&self, query: &RunQuery) -> Result<RunPage> {
        self.bury_dead_workers()?;
        Ok(self.workspace.runs(query)?)
    }

    /// The id of the run with this id, beginning of an id, or name.
    pub fn find_run(&self, text: &str) -> Result<String> {
        let query = RunQuery { text: text.to_owned(), models: true, ..RunQuery::default() };
        let named = self.workspace.runs(&query)?;
        match named.runs.iter().find(|run| run.name == text) {
            Some(run) => Ok(run.id.clone()),
            None => Ok(self.workspace.find_run(text)?),
        }
    }

    pub fn run_row(&self, id: &str) -> Result<Run> {
        Ok(self.workspace.run(id)?.run)
    }

    /// Everything known of a run. It is marked as failed on the way if its worker died.
    pub fn run(&self, id: &str) -> Result<RunDetail> {
        self.bury_dead_workers()?;
        let workspace::RunDetail { run: row, steps, inputs, .. } = self.workspace.run(id)?;
        let (pipeline, yaml) = match self.frozen(&row)? {
            Some(frozen) => (self.parse_frozen(&frozen)?, frozen.yaml),
            None => Default::default(),
        };
        let text = |digest: &Option<String>| digest.as_ref().map(|digest| self.workspace.read_blob(digest)).transpose();
        let diff = text(&row.diff)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let environment: Surroundings =
            text(&row.environment)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let models = self.models_made(id)?;
        let model_runs = self.model_rows(&row)?;
        let client = environment.client.as_ref().filter(|client| client.versioned);
        let code = client.map(|client| client.root.clone());
        let repository = code.filter(|root| self.repository().map_or(true, |own| own.root() != root));
        Ok(RunDetail { row, pipeline, yaml, steps, inputs, models, model_runs, diff, environment, repository })
    }

    /// How long the steps that run now still take, if they go on as fast as they did so far; nothing before a twentieth of
    /// each is done. Steps that wait are unknown.
    pub fn time_left(&self, id: &str) -> Result<Option<Duration>> {
        let steps = self.workspace.run(id)?.steps;
        let running = steps.iter().filter(|step| step.status == StepStatus::Running);
        let left = |step: &Step| {
            let gone = (crate::now_ms() - step.started_ms?).max(0) as f64 / 1000.0;
            (step.progress >= 0.05).then(|| gone * (1.0 - step.progress) / step.progress)
        };
        let left: Option<Vec<f64>> = running.map(left).collect();
        Ok(left.and_then(|left| left.into_iter().reduce(f64::max)).map(Duration::from_secs_f64))
    }

    pub(crate) fn frozen(&self, run: &Run) -> Result<Option<Frozen>> {
        let Some(digest) = &run.plan else { return Ok(None) };
        let bytes = self.workspace.read_blob(digest)?;
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Error::storage(format!("What run {} was told to do cannot be read: {error}", run.name)))
    }

    pub(crate) fn parse_frozen(&self, frozen: &Frozen) -> Result<Pipeline> {
        let document = pipeline::yaml::Document::parse(frozen.yaml.as_str());
        document.map(|document| document.pipeline).map_err(|error| Error::invalid(error.to_string()))
    }

    /// Log lines after `seq`, of one job or of all.
    pub fn run_logs(&self, run: &str, job: Option<&str>, after: i64) -> Result<Vec<LogLine>> {
        Ok(self.workspace.logs(run, job, after, 10_000)?)
    }

    /// Every metric that has more than one point, in outline: of a curve with more than [`OUTLINE`] points the first,
    /// the lowest, the highest and the last of every so many. All of them are [`Self::metric_columns`].
    pub fn run_curves(&self, run: &str) -> Result<Vec<Curve>> {
        let curve = |key: String| {
            let all = self.workspace.metric_columns(run, &key)?;
            Ok(Curve { points: outline(&all.steps, &all.values), key })
        };
        self.workspace.curve_keys(run)?.into_iter().map(curve).collect()
    }

    pub fn compare_runs(&self, ids: &[String]) -> Result<Comparison> {
        let runs = ids.iter().map(|id| self.run_row(id)).collect::<Result<Vec<_>>>()?;
        let mut curves: IndexMap<String, Vec<Option<Curve>>> = IndexMap::new();
        for (index, id) in ids.iter().enumerate() {
            for curve in self.run_curves(id)? {
                let slots = curves.entry(curve.key.clone()).or_insert_with(|| vec![None; ids.len()]);
                slots[index] = Some(curve);
            }
        }
        Ok(Comparison {
            params: compared(&runs, |run| &run.params),
            metrics: compared(&runs, |run| &run.metrics),
            runs,
            curves,
        })
    }

    pub fn rename_run(&self, id: &str, name: &str) -> Result<()> {
        let change = Change::new("run.renamed", id).with("name", name);
        Ok(self.workspace.write(change, |tx| tx.rename_run(id, name))?)
    }
}

/// More points than this are outlined where a small picture is all that is wanted.
const OUTLINE: usize = 8_000;

/// At most [`OUTLINE`] points with every peak of the curve.
fn outline(steps: &[i64], values: &[f64]) -> Vec<(i64, f64)> {
    let part = values.len().div_ceil(OUTLINE / 4);
    if values.len() <= OUTLINE {
        return steps.iter().copied().zip(values.iter().copied()).collect();
    }
    let mut points = Vec::with_capacity(OUTLINE);
    for from in (0..values.len()).step_by(part) {
        let to = (from + part).min(values.len());
        let places = || (from..to).filter(|&at| !values[at].is_nan());
        let order = |&a: &usize, &b: &usize| values[a].total_cmp(&values[b]);
        let mut kept: Vec<usize> =
            [places().next(), places().min_by(order), places().max_by(order), places().next_back()]
                .into_iter()
                .flatten()
                .collect();
        kept.sort_unstable();
        kept.dedup();
        points.extend(kept.into_iter().map(|at| (steps[at], values[at])));
    }
    points
}

fn title(pipeline: &Pipeline, path: &str) -> String {
    if pipeline.display_name.is_empty() { path.to_owned() } else { pipeline.display_name.clone() }
}

fn new_step(pipeline: &Pipeline, name: &str) -> Option<NewStep> {
    let job = pipeline.jobs.get(name)?;
    let spec = job.spec()?;
    Some(NewStep {
        name: name.to_owned(),
        title: job.title().to_owned(),
        component: job.component.clone(),
        component_version: spec.version.to_string(),
    })
}

/// The titles of the estimators in the pipeline, which is what people call the model.
fn algorithm(pipeline: &Pipeline) -> String {
    let titles =
        pipeline.jobs.values().filter(|job| !job.disabled).filter_map(|job| estimator(job).map(|spec| spec.title));
    titles.collect::<Vec<_>>().join(", ")
}

fn estimator(job: &Job) -> Option<&'static Spec> {
    let spec = job.spec()?;
    spec.outputs.iter().any(|port| port.kind == PortKind::Estimator).then_some(spec)
}

/// The parameters of a run itself: those of its model's algorithm, defaults included. Where it makes several models
/// they belong to these; where no model of it is known, they are those of every algorithm in the pipeline.
fn params(models: &RunModels) -> Vec<(String, String)> {
    match models.lineage.subjects() {
        [] => params_of_all(&models.pipeline),
        [one] => models.params(one),
        _ => Vec::new(),
    }
}

/// The estimators' parameters, defaults included: `n_estimators`, or `forest.n_estimators` where two jobs share a name.
fn params_of_all(pipeline: &Pipeline) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (name, job) in pipeline.jobs.iter().filter(|(_, job)| !job.disabled) {
        let Some(spec) = estimator(job) else { continue };
        for (key, value) in Params::of(spec, job).0 {
            if !value.is_null() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                found.entry(key).or_default().push((name.clone(), value));
            }
        }
    }
    let mut params = Vec::new();
    for (key, values) in found {
        let alone = values.len() == 1;
        params.extend(
            values.into_iter().map(|(job, value)| (if alone { key.clone() } else { format!("{job}.{key}") }, value)),
        );
    }
    params
}

fn compared<T: Clone + PartialEq>(runs: &[Run], of: impl Fn(&Run) -> &IndexMap<String, T>) -> Vec<Compared<T>> {
    let mut keys: Vec<&String> = runs.iter().flat_map(|run| of(run).keys()).collect();
    keys.sort();
    keys.dedup();
    let compare = |key: &String| {
        let values: Vec<Option<T>> = runs.iter().map(|run| of(run).get(key).cloned()).collect();
        Compared { key: key.clone(), differs: values.windows(2).any(|pair| pair[0] != pair[1]), values }
    };
    keys.into_iter().map(compare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_every_peak_and_both_ends() {
        let steps: Vec<i64> = (0..1_000_000).collect();
        let mut values = vec![0.5; steps.len()];
        (values[0], values[777_777], values[333_333], values[999_999]) = (0.1, 9.0, -9.0, 0.2);
        values[500] = f64::NAN;
        let thin = outline(&steps, &values);
        assert!(thin.len() <= OUTLINE && thin.is_sorted_by_key(|point| point.0));
        for point in [(0, 0.1), (777_777, 9.0), (333_333, -9.0), (999_999, 0.2)] {
            assert!(thin.contains(&point), "{point:?}");
        }
        assert_eq!(outline(&[1, 2], &[0.0, 1.0]), [(1, 0.0), (2, 1.0)]);
    }
}
