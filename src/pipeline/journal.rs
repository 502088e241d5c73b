//! What a step said beside its outputs.
//!
//! Metrics, notes and warnings are part of a result: a step that is reused says them again, so that a run reads the same
//! whether its steps were computed or reused. What a script prints is not: it tells of the one time it ran.

use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::store::{Observer, StepEvent, Stream};

/// Notes and warnings that are kept of a step.
const LINES: usize = 1_000;

/// What a step said beside its outputs, kept with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepJournal {
    /// The points of each curve, in the order they came in.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub curves: IndexMap<String, Curve>,
    /// Notes, warnings and errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<(Stream, String)>,
    /// What stood on the step when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The points of a metric: two columns of equal length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    pub steps: Vec<i64>,
    /// The bits of the values, as JSON has no NaN and rounds the others.
    values: Vec<u64>,
}

impl Curve {
    pub fn push(&mut self, step: i64, value: f64) {
        self.steps.push(step);
        self.values.push(value.to_bits());
    }

    /// The points as step and value.
    pub fn points(&self) -> impl Iterator<Item = (i64, f64)> {
        self.steps.iter().copied().zip(self.values.iter().map(|bits| f64::from_bits(*bits)))
    }
}

impl StepJournal {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Says everything again as the step `job`.
    pub fn replay(&self, job: &str, observer: &dyn Observer) {
        for (name, curve) in &self.curves {
            curve.points().for_each(|(step, value)| observer.metric(job, name, value, step));
        }
        for (stream, line) in &self.lines {
            observer.log(job, *stream, line);
        }
        if let Some(message) = &self.message {
            observer.progress(job, None, message);
        }
    }
}

/// Passes on what one step says, and writes down what belongs to its result.
pub(crate) struct JournalWriter<'a> {
    observer: &'a dyn Observer,
    journal: Mutex<StepJournal>,
}

impl<'a> JournalWriter<'a> {
    pub(crate) fn new(observer: &'a dyn Observer) -> Self {
        Self { observer, journal: Mutex::default() }
    }

    pub(crate) fn into_journal(self) -> StepJournal {
        self.journal.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, change: impl FnOnce(&mut StepJournal)) {
        change(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Observer for JournalWriter<'_> {
    fn progress(&self, job: &str, fraction: Option<f32>, message: &str) {
        self.write(|journal| {
            // A message that was logged as well says something of the result, and others what the step is doing.
            let lasting = journal.lines.iter().any(|(_, line)| message.starts_with(line.as_str()));
            journal.message = lasting.then(|| message.to_owned());
        });
        self.observer.progress(job, fraction, message);
    }

    fn metric(&self, job: &str, name: &str, value: f64, step: i64) {
        self.write(|journal| match journal.curves.get_mut(name) {
            Some(curve) => curve.push(step, value),
            None => journal.curves.entry(name.to_owned()).or_default().push(step, value),
        });
        self.observer.metric(job, name, value, step);
    }

    fn log(&self, job: &str, stream: Stream, line: &str) {
        if matches!(stream, Stream::Info | Stream::Warning | Stream::Error) {
            self.write(|journal| {
                if journal.lines.len() < LINES {
                    journal.lines.push((stream, line.to_owned()));
                }
            });
        }
        self.observer.log(job, stream, line);
    }

    fn step(&self, event: StepEvent) {
        self.observer.step(event);
    }

    fn cancelled(&self) -> bool {
        self.observer.cancelled()
    }

    fn variables(&self, job: &str) -> Vec<(String, String)> {
        self.observer.variables(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Recorder;

    #[test]
    fn a_journal_says_again_what_belongs_to_the_result() {
        let first = Recorder::new();
        let writer = JournalWriter::new(&first);
        let values = [0.1, f64::NAN, f64::NEG_INFINITY, -0.0, 0.1 + 0.2];
        for (step, value) in values.into_iter().enumerate() {
            writer.metric("train", "loss", value, step as i64);
        }
        writer.metric("train", "depth", 3.0, 0);
        writer.log("train", Stream::Stdout, "printed");
        writer.log("train", Stream::Warning, "warned");
        writer.progress("train", Some(0.5), "half way");
        writer.progress("train", None, "warned. And 2 more.");

        let journal = writer.into_journal();
        let text = serde_json::to_string(&journal).unwrap();
        let journal: StepJournal = serde_json::from_str(&text).unwrap();
        let second = Recorder::new();
        journal.replay("fit", &second);
        let bits = |recorder: &Recorder| {
            let points = recorder.points.lock().unwrap();
            points.iter().map(|point| (point.1.clone(), point.2.to_bits(), point.3)).collect::<Vec<_>>()
        };
        assert_eq!(bits(&second), bits(&first));
        assert_eq!(second.log("fit"), "warned\n");
        assert_eq!(*second.marks.lock().unwrap(), [("fit".to_owned(), None, "warned. And 2 more.".to_owned())]);
        assert!(!journal.is_empty() && StepJournal::default().is_empty());
        assert_eq!(serde_json::to_string(&StepJournal::default()).unwrap(), "{}");
    }
}
