//! One open pipeline: what it says, how it is kept on disk, what is known of it, and its newest run.
//!
//! Everything that touches the disk happens on a background thread; the window shows what came last.

use std::collections::BTreeMap;
use std::sync::Arc;

use studio::pipeline::check::Checked;
use studio::pipeline::graph::{Pipeline, layout};
use studio::pipeline::plan::Target;
use studio::pipeline::yaml::Document as File;
use studio::{Curve, ErrorKind, JobState, RunDetail, RunRequest};

use super::canvas::States;
use super::catalogue::Catalogue;
use super::edits::{self, Edit, Made};
use super::states;
use super::undo::Undo;
use crate::backend::{Backend, Failure, Request};

/// Seconds without an edit before the file is written.
const QUIET: f64 = 0.25;
/// Seconds before a write that failed is tried again.
const RETRY: f64 = 5.0;
/// Seconds between two looks at a run.
pub const WATCH: f64 = 0.3;

/// How the file and the window stand to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Disk {
    Saved,
    Unsaved,
    /// Why it could not be written; what was typed is still here.
    Failed(String),
    /// Someone else changed the file meanwhile, or an earlier window could not write it.
    Conflict,
}

enum Written {
    Done(Box<File>),
    Conflict,
}

/// A run as it goes.
pub struct Watched {
    pub detail: RunDetail,
    pub curves: Vec<Curve>,
}

/// What is known without running, and what the newest runs made.
type Known = (Checked, BTreeMap<String, JobState>);

pub struct Document {
    pub path: String,
    pub pipeline: Pipeline,
    pub disk: Disk,
    pub undo: Undo,
    pub states: States,
    /// The run that is shown on the nodes: the one that was started here, or the newest of this pipeline.
    pub run: Option<String>,
    /// Why the last run could not be started.
    pub refused: Option<String>,
    file: File,
    /// Counts changes of the pipeline.
    edited: u64,
    /// The change that is on disk, and the one that is on its way.
    saved: u64,
    saving: u64,
    changed_at: f64,
    /// Counts everything that the canvas shows.
    revision: u64,
    save: Request<Written>,
    check: Request<Known>,
    reread: Request<File>,
    start: Request<String>,
    cancel: Request<()>,
    watch: Request<Watched>,
    watched_at: f64,
    /// Bumped to check again though nothing was edited: a run ended, a dataset came.
    outside: u64,
    /// The one that the newest question was asked for.
    outside_seen: u64,
}

impl Document {
    /// Over `file`, or over what could not be written into it before, which a person then decides about.
    pub fn new(path: String, file: File, unsaved: Option<Pipeline>) -> Self {
        let mut pipeline = file.pipeline.clone();
        layout::complete(&mut pipeline);
        let mut undo = Undo::default();
        undo.reset(&pipeline);
        let kept = unsaved.is_some();
        if let Some(unsaved) = unsaved {
            pipeline = unsaved;
            undo.record(&pipeline);
        }
        Self {
            path,
            pipeline,
            disk: if kept { Disk::Conflict } else { Disk::Saved },
            undo,
            states: States::new(),
            run: None,
            refused: None,
            file,
            edited: u64::from(kept),
            saved: 0,
            saving: 0,
            changed_at: 0.0,
            revision: 1,
            save: Request::default(),
            check: Request::default(),
            reread: Request::default(),
            start: Request::default(),
            cancel: Request::default(),
            watch: Request::default(),
            watched_at: f64::NEG_INFINITY,
            outside: 0,
            outside_seen: 0,
        }
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn checked(&self) -> Option<&Checked> {
        self.check.value().map(|known| &known.0)
    }

    /// What the newest runs made of a step.
    pub fn job_state(&self, job: &str) -> Option<&JobState> {
        self.check.value()?.1.get(job)
    }

    pub fn watched(&self) -> Option<&Watched> {
        self.watch.value().filter(|watched| Some(&watched.detail.row.id) == self.run.as_ref())
    }

    pub fn is_running(&self) -> bool {
        let unfinished = || match self.watched() {
            Some(watched) => !watched.detail.row.status.is_final(),
            // Just started, and not seen yet.
            None => self.watch.failure().is_none(),
        };
        self.start.is_pending() || (self.run.is_some() && unfinished())
    }

    pub fn file_problems(&self) -> &[studio::pipeline::yaml::FileProblem] {
        &self.file.problems
    }

    /// The run whose result a port's preview shows.
    pub fn run_of(&self, job: &str) -> Option<String> {
        let live = self.watched().filter(|watched| {
            let step = watched.detail.steps.iter().find(|step| step.name == job);
            step.is_some_and(|step| !step.outputs.is_empty())
        });
        live.map(|watched| watched.detail.row.id.clone()).or_else(|| self.job_state(job).map(|state| state.run.clone()))
    }

    /// Carries out an edit.
    ///
    /// # Errors
    /// A sentence when it cannot be.
    pub fn apply(&mut self, catalogue: &Catalogue, edit: Edit, time: f64) -> Result<Made, String> {
        let made = edits::apply(&mut self.pipeline, catalogue, edit)?;
        self.touch(time);
        Ok(made)
    }

    fn touch(&mut self, time: f64) {
        self.edited += 1;
        self.revision += 1;
        self.changed_at = time;
        if self.disk == Disk::Saved {
            self.disk = Disk::Unsaved;
        }
    }

    pub fn undo(&mut self, time: f64) -> bool {
        let back = self.undo.undo(&self.pipeline);
        self.become_other(back, time)
    }

    pub fn redo(&mut self, time: f64) -> bool {
        let forth = self.undo.redo(&self.pipeline);
        self.become_other(forth, time)
    }

    fn become_other(&mut self, other: Option<Arc<Pipeline>>, time: f64) -> bool {
        let Some(other) = other else { return false };
        self.pipeline = (*other).clone();
        self.touch(time);
        true
    }

    /// Something outside changed: datasets, runs. A run that is watched already needs no second look.
    pub fn look_again(&mut self) {
        if !self.is_running() {
            self.outside += 1;
        }
    }

    /// Reads the file again, in case someone else changed it.
    pub fn reread(&mut self, backend: &Backend) {
        if self.disk == Disk::Saved && !self.save.is_pending() && !self.reread.is_pending() {
            let path = self.path.clone();
            self.reread.ask(backend, move |studio| studio.open_pipeline(&path));
        }
    }

    /// Takes the file as it is on disk; what is here can be had back by undo.
    pub fn take_theirs(&mut self, backend: &Backend) {
        let path = self.path.clone();
        self.disk = Disk::Saved;
        self.saved = self.edited;
        self.reread.ask(backend, move |studio| {
            studio.discard_unsaved_pipeline(&path)?;
            studio.open_pipeline(&path)
        });
    }

    /// Writes what is here over the file as it is on disk.
    pub fn keep_mine(&mut self, backend: &Backend) {
        let (path, pipeline) = (self.path.clone(), self.pipeline.clone());
        self.disk = Disk::Unsaved;
        self.saving = self.edited;
        self.save.ask(backend, move |studio| {
            let theirs = studio.open_pipeline(&path)?;
            studio.save_pipeline(&path, &theirs, &pipeline).map(|file| Written::Done(Box::new(file)))
        });
    }

    pub fn start(&mut self, backend: &Backend, target: Target, force: bool) {
        let (path, file, pipeline) = (self.path.clone(), self.file.clone(), self.pipeline.clone());
        self.refused = None;
        self.start.ask(backend, move |studio| {
            // What is run is what is seen: an edit that is not on disk yet goes there first.
            if file.pipeline != pipeline {
                let now = studio.open_pipeline(&path)?;
                if now.pipeline != pipeline {
                    studio.save_pipeline(&path, &now, &pipeline)?;
                }
            }
            studio.start_run(&path, &RunRequest { target, force, ..RunRequest::default() })
        });
    }

    pub fn cancel(&mut self, backend: &Backend) {
        if let Some(run) = self.run.clone() {
            self.cancel.ask(backend, move |studio| studio.cancel_run(&run));
        }
    }

    /// Saves, checks and watches, as far as it is time. Call it every frame; the seconds until the next call must be.
    pub fn tick(&mut self, backend: &Backend, time: f64, busy: bool) -> Option<f64> {
        if !busy {
            self.undo.record(&self.pipeline);
        }
        self.take_reread(time);
        self.take_saved(time);
        self.take_started();
        let mut next = self.save_when_quiet(backend, time);
        self.check_now(backend);
        if let Some(wait) = self.watch_run(backend, time) {
            next = Some(next.map_or(wait, |next: f64| next.min(wait)));
        }
        next
    }

    fn take_reread(&mut self, time: f64) {
        if !self.reread.poll() {
            return;
        }
        let same = self.reread.value().is_none_or(|file| file.text == self.file.text);
        if same || self.save.is_pending() {
            return;
        }
        if self.saved != self.edited {
            self.disk = Disk::Conflict;
            return;
        }
        if let Some(file) = self.reread.value().cloned() {
            self.pipeline = file.pipeline.clone();
            layout::complete(&mut self.pipeline);
            self.file = file;
            self.touch(time);
            self.saved = self.edited;
            self.disk = Disk::Saved;
        }
    }

    fn take_saved(&mut self, time: f64) {
        match self.save.take() {
            Some(Ok(Written::Done(file))) => {
                self.file = *file;
                self.saved = self.saving;
                self.disk = if self.saved == self.edited { Disk::Saved } else { Disk::Unsaved };
            }
            Some(Ok(Written::Conflict)) => self.disk = Disk::Conflict,
            Some(Err(Failure { message })) => {
                self.disk = Disk::Failed(message);
                self.changed_at = time;
            }
            None => {}
        }
    }

    fn take_started(&mut self) {
        match self.start.take() {
            Some(Ok(run)) => {
                self.run = Some(run);
                self.watch.clear();
                self.watched_at = f64::NEG_INFINITY;
                self.revision += 1;
            }
            Some(Err(Failure { message })) => self.refused = Some(message),
            None => {}
        }
        self.cancel.poll();
    }

    fn save_when_quiet(&mut self, backend: &Backend, time: f64) -> Option<f64> {
        let waits = matches!(self.disk, Disk::Unsaved | Disk::Failed(_));
        if !waits || self.saved == self.edited || self.save.is_pending() {
            return None;
        }
        let quiet = if matches!(self.disk, Disk::Failed(_)) { RETRY } else { QUIET };
        let left = self.changed_at + quiet - time;
        if left > 0.0 {
            return Some(left);
        }
        let (path, file, pipeline) = (self.path.clone(), self.file.clone(), self.pipeline.clone());
        self.saving = self.edited;
        self.save.ask(backend, move |studio| match studio.save_pipeline(&path, &file, &pipeline) {
            Ok(file) => Ok(Written::Done(Box::new(file))),
            Err(error) if error.kind == ErrorKind::Conflict => Ok(Written::Conflict),
            Err(error) => Err(error),
        });
        None
    }

    fn check_now(&mut self, backend: &Backend) {
        // While an answer is on its way only an edit makes it stale, so that a stream of events cannot starve it.
        if !self.check.is_pending() {
            self.outside_seen = self.outside;
        }
        let (path, pipeline) = (self.path.clone(), self.pipeline.clone());
        let came = self.check.ensure((&self.path, self.edited, self.outside_seen), backend, move |studio| {
            let checked = studio.check_pipeline(&pipeline);
            Ok::<_, studio::Error>((checked, studio.job_states(&path, &pipeline)?))
        });
        if came {
            self.adopt_newest_run();
            self.refresh_states();
        }
    }

    /// Another program's run of this pipeline is shown as if it had been started here.
    fn adopt_newest_run(&mut self) {
        if self.is_running() && self.run.is_some() {
            return;
        }
        let states = self.check.value().map(|known| &known.1);
        let running = states.into_iter().flatten().find(|(_, state)| !state.step.status.is_final());
        if let Some((_, state)) = running
            && self.run.as_ref() != Some(&state.run)
        {
            self.run = Some(state.run.clone());
            self.watch.clear();
        }
    }

    fn watch_run(&mut self, backend: &Backend, time: f64) -> Option<f64> {
        let run = self.run.clone()?;
        if self.watch.poll() {
            if self.is_running() {
                self.refresh_states();
            } else {
                // Its results are known now, so the ports' shapes may be too; the nodes follow the check.
                self.outside += 1;
            }
        }
        if !self.is_running() {
            return None;
        }
        let left = self.watched_at + WATCH - time;
        if left > 0.0 || self.watch.is_pending() {
            return Some(left.max(0.05));
        }
        self.watched_at = time;
        self.watch.ask(backend, move |studio| {
            let detail = studio.run(&run)?;
            let of_steps = studio.model_curves(&run)?.into_iter();
            let curves = of_steps.map(|curve| Curve { key: curve.step_key(), ..curve.curve }).collect();
            Ok::<_, studio::Error>(Watched { detail, curves })
        });
        Some(WATCH)
    }

    fn refresh_states(&mut self) {
        let known = self.check.value();
        let running = self.is_running();
        let steps = self.watched().filter(|_| running).map(|watched| watched.detail.steps.as_slice());
        let states = states::of(&self.pipeline, known.map(|it| &it.0), known.map(|it| &it.1), steps);
        if states != self.states {
            self.states = states;
            self.revision += 1;
        }
    }
}
