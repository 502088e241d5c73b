//! What a run will do: which steps, in which order, from what.
//!
//! A plan holds all a run needs of a pipeline, so it can be written down when the run is started and carried out by
//! another process, or carried on after a crash.

use std::collections::{HashMap, HashSet};

use crate::check::{Checked, bypass};
use crate::component::{Params, Spec};
use crate::components;
use crate::graph::{Input, Job, Pipeline};

/// How much of a pipeline to run. What was computed before is reused whatever the target.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    #[default]
    All,
    /// A job and everything it needs.
    UpTo(String),
}

/// Steps so that each stands after those it needs.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    pub job: String,
    pub component: String,
    /// With defaults filled in.
    pub params: Params,
    /// Where each connected input comes from, past disabled jobs.
    pub inputs: Vec<Source>,
    /// The environment that its script runs in, as the pipeline names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Why the step cannot run, known beforehand.
    pub obstacle: Option<Obstacle>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Source {
    /// The step's own input.
    pub port: String,
    pub job: String,
    pub output: String,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// Checking found an error: the step fails with this sentence.
    Error(String),
    /// The job is disabled, or what it needs is: the step is skipped.
    Skip(String),
}

impl Plan {
    /// Plans a run of a pipeline that was checked.
    ///
    /// A job with an error is planned and will fail; what doesn't depend on it runs. Ask [`Self::errors`] to refuse
    /// instead.
    ///
    /// # Errors
    /// A sentence when the target is not a job that can run, or when there is nothing to run.
    pub fn of(pipeline: &Pipeline, checked: &Checked, target: &Target) -> Result<Self, String> {
        let wanted: Vec<&str> = match target {
            Target::All => pipeline.jobs.keys().map(String::as_str).collect(),
            Target::UpTo(job) => match pipeline.jobs.get(job) {
                None => return Err(format!("There is no job “{job}” in this pipeline.")),
                Some(found) if found.disabled => {
                    return Err(format!("{} is disabled. Enable it to run up to it.", found.title()));
                }
                Some(_) => pipeline.upstream(&[job]),
            },
        };
        if wanted.is_empty() {
            return Err("This pipeline has no steps yet. Add some from the palette.".to_owned());
        }
        let position: HashMap<&str, usize> =
            checked.order.iter().enumerate().map(|(at, job)| (job.as_str(), at)).collect();
        // Jobs on a circle stand in no order; they have errors and fail before anything is asked of them.
        let mut wanted = wanted;
        wanted.sort_by_key(|job| position.get(job).copied().unwrap_or(usize::MAX));
        let steps = wanted.into_iter().filter_map(|job| Some(step(pipeline, checked, job, pipeline.jobs.get(job)?)));
        Ok(Self { steps: steps.collect() })
    }

    /// The jobs that a job's result comes from, itself among them.
    pub fn upstream<'a>(&'a self, job: &'a str) -> HashSet<&'a str> {
        let mut found = HashSet::from([job]);
        let mut waiting = vec![job];
        while let Some(job) = waiting.pop() {
            let step = self.steps.iter().find(|step| step.job == job);
            for source in step.map_or(&[][..], |step| &step.inputs) {
                if found.insert(&source.job) {
                    waiting.push(&source.job);
                }
            }
        }
        found
    }

    /// The steps that cannot run since checking found an error in them.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.steps.iter().filter_map(|step| match &step.obstacle {
            Some(Obstacle::Error(sentence)) => Some((step.job.as_str(), sentence.as_str())),
            _ => None,
        })
    }
}

fn step(pipeline: &Pipeline, checked: &Checked, name: &str, job: &Job) -> Step {
    let mut step = Step {
        job: name.to_owned(),
        component: job.component.clone(),
        params: Params::default(),
        inputs: Vec::new(),
        environment: None,
        obstacle: None,
    };
    if job.disabled {
        step.obstacle = Some(Obstacle::Skip("It is disabled.".to_owned()));
        return step;
    }
    if let Some((_, problem)) = checked.errors().find(|(job, _)| *job == name) {
        step.obstacle = Some(Obstacle::Error(problem.message.clone()));
    }
    let Some(component) = components::find(&job.component) else {
        return step;
    };
    let spec = component.spec();
    step.params = Params::of(spec, job);
    step.environment = job.environment.clone().filter(|_| component.takes_environment());
    for port in spec.inputs {
        let Some(Input::Binding { job: source, output }) = job.inputs.get(port.name) else {
            continue;
        };
        match resolve(pipeline, source, output) {
            Ok((source, output)) => step.inputs.push(Source {
                port: port.name.to_owned(),
                job: source.to_owned(),
                output: output.to_owned(),
            }),
            Err(_) if port.optional => {}
            Err(why) => {
                step.obstacle.get_or_insert(Obstacle::Skip(why));
            }
        }
    }
    step
}

/// Where an output really comes from, past disabled jobs that let it through.
fn resolve<'a>(pipeline: &'a Pipeline, source: &'a str, output: &'a str) -> Result<(&'a str, &'a str), String> {
    let (mut source, mut output) = (source, output);
    // A chain of disabled jobs cannot be longer than the pipeline, unless it is a circle.
    for _ in 0..=pipeline.jobs.len() {
        let Some(job) = pipeline.jobs.get(source).filter(|job| job.disabled) else {
            return Ok((source, output));
        };
        let through = job.spec().and_then(|spec: &Spec| bypass(job, spec, output));
        let Some((before, its)) = through else {
            return Err(format!("{} is disabled and passes nothing on.", job.title()));
        };
        (source, output) = (before, its);
    }
    Err("It waits for itself.".to_owned())
}
