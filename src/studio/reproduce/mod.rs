//! Reproducing a run: its code, its data and its environment are brought back into a clean folder, it runs again with
//! nothing reused, and what comes out is weighed against what came out then.
//!
//! The folder lies under `.atelier/cache/reproduce`, is a workspace of its own, shares the bytes of datasets by hard
//! links, and goes afterwards unless it is to be kept. Nothing else of the person's workspace is written, but for what
//! a program or script writes under names of its own.

mod inspect;
mod program;
mod python;
mod rerun;
mod restore;
mod said;
#[cfg(test)]
mod tests;
mod weigh;

use std::path::PathBuf;

use serde::Serialize;
use workspace::{Change, RunStatus};

use crate::environments::Progress;
use crate::steps::Serve;
use crate::{ErrorKind, Result, Studio};

pub use inspect::Inspected;
pub use weigh::Outcome;

/// How a run is reproduced.
#[derive(Clone, Debug)]
pub struct ReproduceOptions {
    /// The folder stays.
    pub keep: bool,
    /// Numbers that differ by at most `tolerance · max(1, |a|, |b|)` are equal.
    pub tolerance: f64,
    /// Starts what a program logs to when it runs again; without it only code is brought back of what a program logged.
    pub serve: Option<Serve>,
}

impl Default for ReproduceOptions {
    fn default() -> Self {
        Self { keep: false, tolerance: 1e-9, serve: None }
    }
}

/// What came of reproducing a run.
#[derive(Clone, Debug, Serialize)]
pub struct Reproduction {
    pub run: String,
    pub run_name: String,
    pub verdict: Verdict,
    /// What is not as it was and may make a difference, in sentences.
    pub notes: Vec<String>,
    /// What could not be brought back, in sentences. Where this is not empty, nothing ran.
    pub missing: Vec<String>,
    /// What numbers may differ by and still be equal.
    pub tolerance: f64,
    /// Every output of every step; of a program's run every file that it logged.
    pub outputs: Vec<WeighedOutput>,
    pub metrics: Vec<WeighedMetric>,
    /// Why the second run failed, in a sentence.
    pub error: Option<String>,
    /// The folder, if it was kept.
    pub folder: Option<PathBuf>,
    /// The command that made the run, as far as it is known.
    pub command: String,
}

/// Everything together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every output and every metric is what it was.
    Identical,
    /// Numbers differ, none by more than the tolerance.
    Equal,
    /// Something came out differently.
    Different,
    /// It ended otherwise than it did then.
    Failed,
    /// There was nothing to run, or something could not be brought back.
    NotRun,
}

impl Verdict {
    /// For a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Identical => "Identical",
            Self::Equal => "Equal within the tolerance",
            Self::Different => "Different",
            Self::Failed => "Ended otherwise",
            Self::NotRun => "Not run",
        }
    }
}

/// One output of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeighedOutput {
    pub step: String,
    /// What people call the step.
    pub title: String,
    /// A file's path, where there are no steps.
    pub port: String,
    /// `table`, `model`, …; `file`.
    pub kind: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// One metric of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeighedMetric {
    pub key: String,
    /// The last value then.
    pub first: Option<f64>,
    /// The last value now.
    pub second: Option<f64>,
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Studio {
    /// Brings a run's code, data and environment back into a clean folder, runs it again with nothing reused, and
    /// weighs what comes out. `progress` is told what is done, a line at a time.
    ///
    /// What cannot be brought back is in [`Reproduction::missing`], and then nothing runs. Of a run that a client
    /// logged of which nothing more is known, only the code can be brought back, into a folder that stays.
    ///
    /// # Errors
    /// A run that is not there or goes on, a person who cancelled, a folder that cannot be written.
    pub fn reproduce(&self, run: &str, options: &ReproduceOptions, progress: Progress<'_>) -> Result<Reproduction> {
        let mut inspected = self.inspect_run(run)?;
        inspected.runs &= options.serve.is_some() || !inspected.program;
        let mut report = self.empty_report(run, options, &inspected)?;
        for line in inspected.notes.iter().chain(&inspected.missing) {
            (progress.say)(line);
        }
        if !inspected.missing.is_empty() {
            return Ok(report);
        }
        let scratch = restore::Scratch::new(self, run)?;
        let done = self.reproduce_in(&scratch, run, &inspected, options.serve, &mut report, progress);
        let keep = (options.keep || !inspected.runs) && done.is_ok();
        if keep {
            report.folder = Some(scratch.keep());
        }
        match done {
            Ok(()) => self.note_reproduction(&report)?,
            // A package or a commit that cannot be had is an answer, not a mistake.
            Err(error) if error.kind == ErrorKind::Invalid => report.missing.push(error.message),
            Err(error) => return Err(error),
        }
        Ok(report)
    }

    fn empty_report(&self, run: &str, options: &ReproduceOptions, inspected: &Inspected) -> Result<Reproduction> {
        let row = self.run_row(run)?;
        Ok(Reproduction {
            run: row.id,
            run_name: row.name,
            verdict: Verdict::NotRun,
            notes: inspected.notes.clone(),
            missing: inspected.missing.clone(),
            tolerance: options.tolerance,
            outputs: Vec::new(),
            metrics: Vec::new(),
            error: None,
            folder: None,
            command: inspected.command.clone(),
        })
    }

    fn reproduce_in(
        &self,
        scratch: &restore::Scratch,
        run: &str,
        inspected: &Inspected,
        serve: Option<Serve>,
        report: &mut Reproduction,
        progress: Progress<'_>,
    ) -> Result<()> {
        (progress.say)("Checking out the code as it was");
        scratch.check_out(self, run)?;
        if !inspected.runs {
            return Ok(());
        }
        let surroundings = self.surroundings(run)?;
        if let (Some(client), Some(then), Some(serve)) = (&surroundings.client, surroundings.python.first(), serve) {
            let then = &then.interpreter;
            let python = self.interpreter_of(client, then, progress, &mut report.notes)?;
            progress.check()?;
            let again = scratch.open(self)?;
            (progress.say)("Running again");
            let program = program::Program { client, python: &python, direct: &then.direct, folder: scratch.folder() };
            let ended = program.run(&again, serve, progress)?;
            (progress.say)("Weighing the results");
            return program::weigh(self, run, &again, ended, report);
        }
        let (pythons, notes) = self.bring_back_pythons(run, progress)?;
        report.notes.extend(notes);
        progress.check()?;
        (progress.say)("Bringing the datasets back");
        let again = scratch.open(self)?;
        let second = self.record_again(&again, run, &pythons, &mut report.notes)?;
        (progress.say)("Running again, with nothing reused");
        rerun::watch(&again, &second, progress)?;
        (progress.say)("Weighing the results");
        rerun::weigh(self, run, &again, &second, report)
    }

    /// That it was tried, and with what outcome, belongs to the run's history.
    fn note_reproduction(&self, report: &Reproduction) -> Result<()> {
        if self.is_read_only() {
            return Ok(());
        }
        let change = Change::new("run.reproduced", &report.run).with("verdict", report.verdict.word());
        Ok(self.workspace.write(change, |_| Ok(()))?)
    }
}

/// Whether a run came to its end, as [`RunStatus`] says it.
fn ended_well(status: RunStatus) -> bool {
    status == RunStatus::Done
}
