//! The models of a pipeline's run: what they are called, which parameters and reports are theirs, and where what is
//! measured of them is recorded.
//!
//! A run that makes one model records everything itself, under plain names. One that makes several has a nested run
//! for each (`workspace::ModelRun`), with that model's parameters, metrics and curves under plain names. Which metric
//! belongs to which model, `pipeline::lineage` derives from the plan.

use std::collections::BTreeMap;

use learn::Report;
use pipeline::component::{Params, PortKind};
use pipeline::components::{COMPARED_REPORT, drop_compared, name_compared};
use pipeline::graph::Pipeline;
use pipeline::lineage::{Lineage, MAIN_REPORT, Subject};
use pipeline::meta::Meta;
use pipeline::plan::Plan;
use pipeline::store::Stored;
use workspace::tracking::ModelMetric;
use workspace::{MetricPoint, ModelRun, NewModelRun, Step};

use crate::runs::Frozen;
use crate::store::stored;
use crate::{Curve, Output, Result, Run, Studio};

/// The models of one run, with the plan and the pipeline that they are derived from.
pub(crate) struct RunModels {
    pub plan: Plan,
    pub pipeline: Pipeline,
    pub lineage: Lineage,
    /// In the order of the lineage's subjects.
    titles: Vec<String>,
}

impl RunModels {
    pub(crate) fn of(plan: Plan, pipeline: Pipeline) -> Self {
        let lineage = Lineage::of(&plan);
        let titles = lineage.titles(&pipeline);
        Self { plan, pipeline, lineage, titles }
    }

    /// What people call a subject.
    pub(crate) fn title<'a>(&'a self, subject: &'a Subject) -> &'a str {
        let place = self.lineage.subjects().iter().position(|other| other.id == subject.id);
        place.and_then(|place| self.titles.get(place)).map_or(subject.job.as_str(), String::as_str)
    }

    /// What people call the model on a job's port; none where the lineage knows of no model there.
    pub(crate) fn model_title(&self, job: &str) -> Option<String> {
        let subject = self.lineage.made_by(job)?;
        let title = self.title(subject).to_owned();
        // A step that was handed a model and puts it out again is not the one that trained it.
        let passed_on = subject.job != job;
        Some(if passed_on { format!("{title} · {}", self.job_title(job)) } else { title })
    }

    fn job_title<'a>(&'a self, job: &'a str) -> &'a str {
        self.pipeline.title(job)
    }

    /// The nested runs of a run that makes several models; none where one has everything to itself.
    pub(crate) fn nested(&self) -> Vec<NewModelRun> {
        let subjects = self.lineage.subjects();
        if subjects.len() < 2 {
            return Vec::new();
        }
        subjects.iter().map(|subject| self.nested_run(subject)).collect()
    }

    fn nested_run(&self, subject: &Subject) -> NewModelRun {
        let reports = self.lineage.reports_of(&subject.id).map(|place| place.job.clone());
        let mut steps: Vec<String> = std::iter::once(subject.job.clone()).chain(reports).collect();
        steps.dedup();
        NewModelRun {
            subject: subject.id.clone(),
            title: self.title(subject).to_owned(),
            algorithm: self.algorithm(subject),
            steps,
            params: self.params(subject),
        }
    }

    /// The algorithm's name for a person: what its component is called.
    fn algorithm(&self, subject: &Subject) -> String {
        let job = subject.estimator.as_ref().and_then(|job| self.pipeline.jobs.get(job));
        job.and_then(|job| job.spec()).map(|spec| spec.title.to_owned()).unwrap_or_default()
    }

    /// The parameters of a subject's algorithm, defaults included.
    pub(crate) fn params(&self, subject: &Subject) -> Vec<(String, String)> {
        let job = subject.estimator.as_ref().and_then(|job| self.pipeline.jobs.get(job));
        let Some((job, spec)) = job.and_then(|job| Some((job, job.spec()?))) else { return Vec::new() };
        let set = Params::of(spec, job).0.into_iter().filter(|(_, value)| !value.is_null());
        set.map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
    }

    /// The subject whose finished model a job puts out. One that a later step finished was not judged as it was.
    pub(crate) fn finished_by(&self, job: &str) -> Option<&Subject> {
        let subject = self.lineage.made_by(job)?;
        subject.model.as_ref().is_some_and(|model| model.job == job).then_some(subject)
    }

    /// What was measured of the model on a job's port, out of the reports about it.
    pub(crate) fn measured(&self, job: &str, steps: &[Step]) -> BTreeMap<String, f64> {
        let Some(subject) = self.finished_by(job) else { return BTreeMap::new() };
        let mut metrics = BTreeMap::new();
        for place in self.lineage.reports_of(&subject.id) {
            let step = steps.iter().find(|step| step.name == place.job);
            let output = step.and_then(|step| step.outputs.iter().find(|output| output.port == place.port));
            let meta = output.cloned().and_then(stored).and_then(|output| Meta::of(&output));
            for (name, value) in meta.map(|meta| meta.metrics()).unwrap_or_default() {
                metrics.insert(self.lineage.metric_key(&place.job, &place.port, &name), value);
            }
        }
        metrics
    }

    /// The title of a report: that of its step, and of the model that it is about where there are several.
    fn report_title(&self, step: &Step, port: &str) -> String {
        match self.lineage.measured_by(&step.name, port) {
            Some(subject) if self.lineage.subjects().len() > 1 => {
                let title = self.title(subject);
                // “Cross-validate · Random forest” says it all.
                if title.starts_with(&step.title) { title.to_owned() } else { format!("{} · {title}", step.title) }
            }
            _ => step.title.clone(),
        }
    }

    /// Puts the models' names into a report that compares two of them.
    pub(crate) fn name_compared(&self, job: &str, report: &mut Report) {
        let title = |port: &str| self.lineage.measured_by(job, port).map(|subject| self.title(subject));
        if let (Some(first), Some(second)) = (title(MAIN_REPORT), title(COMPARED_REPORT)) {
            name_compared(report, first, second);
        }
    }
}

/// A curve of a run, and of which of its models it is where it makes several.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCurve {
    pub model: Option<ModelRun>,
    pub curve: Curve,
}

impl ModelCurve {
    /// The name of the curve among those of every step of its run: `train.loss`.
    pub fn step_key(&self) -> String {
        match &self.model {
            Some(model) => format!("{}.{}", model.subject, self.curve.key),
            None => self.curve.key.clone(),
        }
    }
}

/// Where a metric is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MetricPlace {
    /// The run, or the model's run nested in it.
    pub run: String,
    pub key: String,
    /// The logged model that it belongs to as well.
    pub model: Option<String>,
}

/// The places of all metrics of a run that is carried out.
pub(crate) struct MetricPlaces {
    run: String,
    lineage: Lineage,
    /// The nested runs by their subjects; none where the run has everything to itself.
    nested: BTreeMap<String, String>,
}

impl MetricPlaces {
    pub(crate) fn of(run: &Run, plan: &Plan) -> Self {
        let nested = run.model_runs().into_iter().map(|model| (model.subject, model.run)).collect();
        Self { run: run.id.clone(), lineage: Lineage::of(plan), nested }
    }

    /// The place of a metric of a report.
    pub(crate) fn of_report(&self, job: &str, port: &str, metric: &str) -> MetricPlace {
        let subject = self.lineage.measured_by(job, port);
        let key = match subject.and_then(|subject| self.nested.get(&subject.id)) {
            Some(_) => self.lineage.metric_key(job, port, metric),
            None => self.lineage.run_metric_key(job, port, metric),
        };
        MetricPlace { run: self.run_of(subject), key, model: subject.and_then(|subject| self.logged_model(subject)) }
    }

    /// The place of what a job says while it works.
    pub(crate) fn of_curve(&self, job: &str, metric: &str) -> MetricPlace {
        let subject = self.lineage.made_by(job).filter(|subject| subject.job == job);
        let run = self.run_of(subject);
        let key = if run == self.run { format!("{job}.{metric}") } else { metric.to_owned() };
        MetricPlace { run, key, model: None }
    }

    /// The place of what a trained model remembers of its training: the logged model alone, as its run has the curves.
    pub(crate) fn of_model(&self, job: &str, port: &str, metric: &str) -> MetricPlace {
        let place = self.of_curve(job, metric);
        let model = crate::shown::model_id(&self.run, job, port);
        MetricPlace { key: metric.to_owned(), model: Some(model), ..place }
    }

    /// The run nested in this one that a job's model has, if it has one.
    pub(crate) fn nested_run(&self, job: &str) -> Option<&str> {
        self.nested.get(&self.lineage.made_by(job)?.id).map(String::as_str)
    }

    fn run_of(&self, subject: Option<&Subject>) -> String {
        let nested = subject.and_then(|subject| self.nested.get(&subject.id));
        nested.unwrap_or(&self.run).clone()
    }

    fn logged_model(&self, subject: &Subject) -> Option<String> {
        let model = subject.model.as_ref()?;
        Some(crate::shown::model_id(&self.run, &model.job, &model.port))
    }
}

/// Points of metrics by the run that they belong to.
#[derive(Default)]
pub(crate) struct SortedMetrics(BTreeMap<String, (Vec<MetricPoint>, Vec<ModelMetric>)>);

impl SortedMetrics {
    pub(crate) fn add(&mut self, metric: Measured) {
        let Measured { place, value, timestamp_ms, step, of_run } = metric;
        let point = MetricPoint { key: place.key, value, timestamp_ms, step };
        let (points, model_points) = self.0.entry(place.run).or_default();
        if let Some(model_id) = place.model {
            let point = point.clone();
            model_points.push(ModelMetric { model_id, point, dataset_name: None, dataset_digest: None });
        }
        if of_run {
            points.push(point);
        }
    }

    pub(crate) fn write(&self, batch: &workspace::Batch<'_>) -> workspace::Result<()> {
        for (run, (points, model_points)) in &self.0 {
            batch.log_metrics(run, points)?;
            match batch.log_model_metrics(run, model_points) {
                // A client may have removed the logged model; the run has its metrics all the same.
                Err(workspace::Error::NotFound(why)) => tracing::warn!("a model's metrics have no logged model: {why}"),
                logged => logged?,
            }
        }
        Ok(())
    }
}

/// A value with its place.
pub(crate) struct Measured {
    pub place: MetricPlace,
    pub value: f64,
    pub timestamp_ms: i64,
    pub step: i64,
    /// Whether it is the run's metric too, and not the logged model's alone.
    pub of_run: bool,
}

impl Studio {
    /// The models of a run that was started from a pipeline; none of one that was logged by a program.
    pub(crate) fn run_models(&self, run: &Run) -> Result<Option<RunModels>> {
        let Some(frozen) = self.frozen(run)? else { return Ok(None) };
        let pipeline = self.parse_frozen(&frozen)?;
        let Frozen { plan, .. } = frozen;
        Ok(Some(RunModels::of(plan, pipeline)))
    }

    /// The run that carries out what is asked about, and which model of it is meant where the run is one.
    pub(crate) fn whole_run(&self, run: &str) -> Result<(workspace::RunDetail, Option<ModelRun>)> {
        let detail = self.workspace.run(run)?;
        match detail.run.model_of() {
            Some(part) => Ok((self.workspace.run(&part.run)?, Some(part))),
            None => Ok((detail, None)),
        }
    }

    /// The models of a run that makes several, each as the nested run that it is recorded as; those that are gone are
    /// left out.
    pub(crate) fn model_rows(&self, run: &Run) -> Result<Vec<Run>> {
        let ids: Vec<String> = run.model_runs().into_iter().map(|model| model.run).collect();
        Ok(if ids.is_empty() { Vec::new() } else { self.workspace.runs_by_id(&ids)? })
    }

    /// The curves of a run and of its models, as [`Self::run_curves`] has them.
    pub fn model_curves(&self, run: &str) -> Result<Vec<ModelCurve>> {
        let row = self.run_row(run)?;
        let own = self.run_curves(run)?.into_iter();
        let mut curves: Vec<ModelCurve> = own.map(|curve| ModelCurve { model: None, curve }).collect();
        let models = row.model_runs();
        for row in self.model_rows(&row)? {
            let model = models.iter().find(|model| model.run == row.id);
            let of_model = self.run_curves(&row.id)?.into_iter();
            curves.extend(of_model.map(|curve| ModelCurve { model: model.cloned(), curve }));
        }
        Ok(curves)
    }

    /// The reports of a run, each with its step's title and, where there are several, that of the model it is about;
    /// of a run that is a model of another one, those about this model.
    pub fn run_reports(&self, run: &str) -> Result<Vec<(String, Report)>> {
        let (detail, part) = self.whole_run(run)?;
        let models = self.run_models(&detail.run)?;
        self.reports_about(&detail.steps, models.as_ref(), part.as_ref().map(|part| part.subject.as_str()))
    }

    /// The reports among these steps' outputs: all of them, or those about one subject. A report about one alone does
    /// not hold what it was compared with, which has a report of its own.
    pub(crate) fn reports_about(
        &self,
        steps: &[Step],
        models: Option<&RunModels>,
        subject: Option<&str>,
    ) -> Result<Vec<(String, Report)>> {
        let mut reports = Vec::new();
        for step in steps {
            let mut outputs: Vec<Stored> = step.outputs.iter().cloned().filter_map(stored).collect();
            outputs.sort_by_key(|output| output.port != MAIN_REPORT);
            for output in outputs {
                let about = models.and_then(|models| models.lineage.measured_by(&step.name, &output.port));
                let is_wanted = subject.is_none_or(|wanted| about.is_some_and(|about| about.id == wanted));
                if output.kind != PortKind::Report || !is_wanted {
                    continue;
                }
                let Output::Report(mut report) = self.open_output(&output)? else { continue };

                let mut title = step.title.clone();
                if let Some(models) = models {
                    title = models.report_title(step, &output.port);
                    match subject {
                        Some(_) => drop_compared(&mut report),
                        None => models.name_compared(&step.name, &mut report),
                    }
                }
                reports.push((title, report));
            }
        }
        Ok(reports)
    }
}

#[cfg(test)]
#[path = "model_runs_tests.rs"]
mod tests;
