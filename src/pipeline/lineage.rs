//! Which models a run makes, and which of its reports is about which of them.
//!
//! A metric, a parameter or a curve belongs to a *subject*: a model that a step trains or loads, an algorithm that a
//! step tries out by itself (cross-validation), or predictions that come from elsewhere. Everything that a run
//! records is told apart by its subject, so this is the one place that derives it.
//!
//! The derivation knows no component by its name. It looks at what flows through the ports:
//!
//! - a step that puts out a trained model is the model's subject. One that was handed a trained model (to choose its
//!   threshold, say) finishes that one, as long as nothing else uses it as it was; otherwise there are two models;
//! - a step that makes a report of an untrained model is a subject of its own;
//! - any other report is about the model on the step's own model port, or else about the one whose predictions its
//!   rows carry: that of the nearest step upstream that has rows scored by a model. Rows that carry the predictions of
//!   several models, or of none that is known, are a subject of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::component::{Port, PortKind, Spec};
use crate::components;
use crate::graph::{Job, Pipeline};
use crate::plan::{Plan, Source, Step};

/// What a metric can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A model that a step trains.
    Trained,
    /// A model that a step has from elsewhere.
    Given,
    /// An algorithm that a step trains and tests by itself, without a model that stays.
    Validated,
    /// Predictions of which no model of the run is known.
    Predictions,
}

/// A model of a run, or what stands for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Unique in the run, and the same whenever this plan is carried out: the job, and for the second of two kinds of
    /// predictions that one job compares, `JOB.PORT`.
    pub id: String,
    pub kind: SubjectKind,
    /// The job that trains, loads, validates or (of predictions) judges it.
    pub job: String,
    /// The job that makes the algorithm, where one is connected.
    pub estimator: Option<String>,
    /// Where the finished model comes out, where there is one: what is judged and what the metrics are about.
    pub model: Option<ModelOutput>,
    /// Of predictions: the job that the judged rows come from.
    pub rows_from: Option<String>,
}

/// A port that a trained model comes out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOutput {
    pub job: String,
    pub port: String,
}

/// A report of the plan: the job that makes it and its port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportPlace {
    pub job: String,
    pub port: String,
}

/// Which models a plan makes, and what is measured of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// In plan order.
    subjects: Vec<Subject>,
    /// The place of each report's subject.
    reports: BTreeMap<ReportPlace, usize>,
    /// For each job that puts out a trained model, the place of the model's subject.
    models: BTreeMap<String, usize>,
}

impl Lineage {
    /// Derives who belongs to whom from the wires of a plan.
    pub fn of(plan: &Plan) -> Self {
        let mut walk = Walk { plan: Wires::of(plan), lineage: Self::default() };
        for step in &plan.steps {
            walk.visit(step);
        }
        walk.lineage
    }

    /// The subjects in plan order.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The subject with this id.
    pub fn subject(&self, id: &str) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.id == id)
    }

    /// The subject that a report is about.
    pub fn measured_by(&self, job: &str, port: &str) -> Option<&Subject> {
        let place = ReportPlace { job: job.to_owned(), port: port.to_owned() };
        self.subjects.get(*self.reports.get(&place)?)
    }

    /// The subject that a job trains, validates or loads: what it says while it works is about this one.
    pub fn made_by(&self, job: &str) -> Option<&Subject> {
        let place = self.own_place(job).or_else(|| self.models.get(job).copied());
        self.subjects.get(place?)
    }

    /// The reports about a subject, in the order of their jobs' names.
    pub fn reports_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a ReportPlace> {
        let about = move |at: &usize| self.subjects.get(*at).is_some_and(|subject| subject.id == id);
        self.reports.iter().filter(move |(_, at)| about(at)).map(|(place, _)| place)
    }

    /// The name that a report's metric has among those of its subject: its own where the report is the only one of its
    /// rank about that subject, otherwise with the report's job before it.
    pub fn metric_key(&self, job: &str, port: &str, metric: &str) -> String {
        let subject = self.measured_by(job, port);
        let about: Vec<&ReportPlace> = subject.into_iter().flat_map(|subject| self.reports_of(&subject.id)).collect();
        self.key_among(&about, job, port, metric)
    }

    /// The name that a report's metric has where those of every subject stand together.
    pub fn run_metric_key(&self, job: &str, port: &str, metric: &str) -> String {
        let all: Vec<&ReportPlace> = self.reports.keys().collect();
        self.key_among(&all, job, port, metric)
    }

    fn key_among(&self, reports: &[&ReportPlace], job: &str, port: &str, metric: &str) -> String {
        let main = reports.iter().filter(|place| self.is_main(&place.job, &place.port)).count();
        let is_alone = if self.is_main(job, port) { main <= 1 } else { reports.len() <= 1 };
        if is_alone { metric.to_owned() } else { format!("{}.{metric}", self.report_name(job, port)) }
    }

    /// Whether a report is a judgement in its own right: not one of what others are compared with, and not what a step
    /// tells beside the model that it makes.
    fn is_main(&self, job: &str, port: &str) -> bool {
        port == MAIN_REPORT && !self.models.contains_key(job)
    }

    /// How the names of those metrics begin that belong to reports which jobs make beside their main one, where the
    /// metrics of every subject stand together.
    pub fn second_reports(&self) -> impl Iterator<Item = String> {
        let second = self.reports.keys().filter(|place| place.port != MAIN_REPORT);
        second.map(|place| format!("{}.", self.report_name(&place.job, &place.port)))
    }

    /// `JOB` for the report that a job always makes, `JOB.PORT` for another.
    pub fn report_name(&self, job: &str, port: &str) -> String {
        if port == MAIN_REPORT { job.to_owned() } else { format!("{job}.{port}") }
    }

    /// What people call each subject, in the order of [`Self::subjects`]: no two alike.
    pub fn titles(&self, pipeline: &Pipeline) -> Vec<String> {
        let plain: Vec<String> = self.subjects.iter().map(|subject| title(subject, pipeline)).collect();
        let is_taken = |title: &String| plain.iter().filter(|other| *other == title).count() > 1;
        let told_apart = |(subject, title): (&Subject, &String)| {
            if is_taken(title) { format!("{title} ({})", subject.id) } else { title.clone() }
        };
        self.subjects.iter().zip(&plain).map(told_apart).collect()
    }

    /// The place of the subject that a job itself trains, validates or loads.
    fn own_place(&self, job: &str) -> Option<usize> {
        let own = |subject: &Subject| subject.job == job && subject.kind != SubjectKind::Predictions;
        self.subjects.iter().position(own)
    }

    fn add(&mut self, subject: Subject) -> usize {
        self.subjects.push(subject);
        self.subjects.len() - 1
    }
}

/// What components call the report that they always make.
pub const MAIN_REPORT: &str = "report";

/// The title that people gave a job; none where it has its component's.
fn given_title(job: &Job) -> Option<&str> {
    let usual = job.spec().map(|spec| spec.title);
    Some(job.title()).filter(|title| Some(*title) != usual)
}

fn title(subject: &Subject, pipeline: &Pipeline) -> String {
    let job_title = |name: &str| pipeline.jobs.get(name).map_or(name, Job::title).to_owned();
    let algorithm = subject.estimator.as_deref().map(job_title);
    let own = pipeline.jobs.get(&subject.job).and_then(given_title);

    match (subject.kind, algorithm) {
        (SubjectKind::Predictions, _) => job_title(subject.rows_from.as_deref().unwrap_or(&subject.job)),
        (SubjectKind::Validated, Some(algorithm)) => format!("{} · {algorithm}", job_title(&subject.job)),
        (_, Some(algorithm)) => match own.filter(|own| !own.contains(&algorithm)) {
            Some(own) => format!("{own} · {algorithm}"),
            None => own.map_or(algorithm, str::to_owned),
        },
        (_, None) => job_title(&subject.job),
    }
}

/// The steps of a plan by their jobs.
struct Wires<'a>(HashMap<&'a str, (&'a Step, &'static Spec)>);

impl<'a> Wires<'a> {
    fn of(plan: &'a Plan) -> Self {
        let known = |step: &'a Step| Some((step.job.as_str(), (step, components::find(&step.component)?.spec())));
        Self(plan.steps.iter().filter_map(known).collect())
    }

    fn get(&self, job: &str) -> Option<(&'a Step, &'static Spec)> {
        self.0.get(job).copied()
    }

    /// Whether any step but this one takes a model.
    fn uses(&self, model: &ModelOutput, but: &str) -> bool {
        let takes = |source: &Source| source.job == model.job && source.output == model.port;
        self.0.values().any(|(step, _)| step.job != but && step.obstacle.is_none() && step.inputs.iter().any(takes))
    }

    /// The connected inputs of one kind, among those that an output tells of.
    fn inputs(&self, step: &'a Step, spec: &Spec, about: &[&str], kind: PortKind) -> Vec<&'a Source> {
        let told = |source: &&Source| about.is_empty() || about.contains(&source.port.as_str());
        let of_kind = |source: &&Source| spec.input(&source.port).is_some_and(|port| port.kind == kind);
        step.inputs.iter().filter(told).filter(of_kind).collect()
    }
}

struct Walk<'a> {
    plan: Wires<'a>,
    lineage: Lineage,
}

impl<'a> Walk<'a> {
    /// Takes in a step. The steps that it needs were visited before.
    fn visit(&mut self, step: &'a Step) {
        let Some((_, spec)) = self.plan.get(&step.job).filter(|_| step.obstacle.is_none()) else { return };
        let makes = |kind: PortKind| spec.outputs.iter().any(|port| port.kind == kind);
        let estimators = self.plan.inputs(step, spec, &[], PortKind::Estimator);
        let estimator = estimators.first().map(|source| source.job.clone());

        if makes(PortKind::Model) {
            let handed = self.models_on(step, spec, &[]);
            let subject = match (estimator.is_some(), handed.first()) {
                (true, _) => self.lineage.add(own_subject(step, spec, SubjectKind::Trained, estimator)),
                (false, Some(handed)) => self.finished(step, spec, *handed),
                (false, None) => self.lineage.add(own_subject(step, spec, SubjectKind::Given, None)),
            };
            self.lineage.models.insert(step.job.clone(), subject);
        } else if makes(PortKind::Report) && estimator.is_some() {
            self.lineage.add(own_subject(step, spec, SubjectKind::Validated, estimator));
        }
        for port in spec.outputs.iter().filter(|port| port.kind == PortKind::Report) {
            self.report(step, spec, port);
        }
    }

    /// The subject of a model that a step was handed and puts out again.
    fn finished(&mut self, step: &'a Step, spec: &Spec, handed: usize) -> usize {
        let before = self.lineage.subjects[handed].clone();
        let is_used_elsewhere = before.model.as_ref().is_some_and(|model| self.plan.uses(model, &step.job));
        if is_used_elsewhere {
            return self.lineage.add(own_subject(step, spec, before.kind, before.estimator));
        }
        self.lineage.subjects[handed].model = own_subject(step, spec, before.kind, None).model;
        handed
    }

    /// Finds the subject of one of a step's reports, where what the report is about is connected.
    fn report(&mut self, step: &'a Step, spec: &Spec, port: &Port) {
        let tells = |source: &Source| port.about.is_empty() || port.about.contains(&source.port.as_str());
        if !step.inputs.iter().any(tells) {
            return;
        }
        let subject = match self.lineage.own_place(&step.job) {
            // A step that trains reports on what it trained.
            Some(own) => own,
            None => match self.measured(step, spec, port.about)[..] {
                [one] => one,
                _ => self.lineage.add(self.predictions(step, spec, port)),
            },
        };
        let place = ReportPlace { job: step.job.clone(), port: port.name.to_owned() };
        self.lineage.reports.insert(place, subject);
    }

    /// The subjects whose predictions a step looks at.
    fn measured(&self, step: &'a Step, spec: &Spec, about: &[&str]) -> Vec<usize> {
        let direct = self.models_on(step, spec, about);
        if !direct.is_empty() {
            return direct;
        }
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for source in self.plan.inputs(step, spec, about, PortKind::Table) {
            self.scored_by(source, &mut found, &mut seen);
        }
        found.into_iter().collect()
    }

    /// Collects the subjects whose predictions the rows from `source` carry.
    fn scored_by(&self, source: &Source, found: &mut BTreeSet<usize>, seen: &mut BTreeSet<String>) {
        // Rows that come together again were looked at once, and a circle ends.
        if !seen.insert(source.job.clone()) {
            return;
        }
        let Some((step, spec)) = self.plan.get(&source.job) else { return };

        // Predictions take the place of any that the rows had before: what stands further up does not count.
        let models = self.models_on(step, spec, &[]);
        if !models.is_empty() {
            found.extend(models);
            return;
        }
        if let Some(own) = self.lineage.own_place(&source.job) {
            found.insert(own);
            return;
        }
        for before in self.plan.inputs(step, spec, &[], PortKind::Table) {
            self.scored_by(before, found, seen);
        }
    }

    /// The subjects of the trained models that are connected to a step.
    fn models_on(&self, step: &'a Step, spec: &Spec, about: &[&str]) -> Vec<usize> {
        let sources = self.plan.inputs(step, spec, about, PortKind::Model);
        let mut found: Vec<usize> =
            sources.iter().filter_map(|source| self.lineage.models.get(&source.job).copied()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What stands for the model of predictions whose model is not known.
    fn predictions(&self, step: &'a Step, spec: &Spec, port: &Port) -> Subject {
        let rows = self.plan.inputs(step, spec, port.about, PortKind::Table);
        let main = port.name == MAIN_REPORT;
        Subject {
            id: if main { step.job.clone() } else { format!("{}.{}", step.job, port.name) },
            kind: SubjectKind::Predictions,
            job: step.job.clone(),
            estimator: None,
            model: None,
            rows_from: rows.first().map(|source| source.job.clone()),
        }
    }
}

fn own_subject(step: &Step, spec: &Spec, kind: SubjectKind, estimator: Option<String>) -> Subject {
    let model = spec.outputs.iter().find(|port| port.kind == PortKind::Model);
    Subject {
        id: step.job.clone(),
        kind,
        job: step.job.clone(),
        estimator,
        model: model.map(|port| ModelOutput { job: step.job.clone(), port: port.name.to_owned() }),
        rows_from: None,
    }
}

#[cfg(test)]
mod tests;
