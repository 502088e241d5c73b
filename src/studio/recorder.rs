//! Writes what a worker says into the workspace: in batches, so that a thousand log lines cost one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use workspace::{NewLogLine, Output, StepStatus, StepUpdate, Workspace};

use crate::model_runs::{Measured, MetricPlace, MetricPlaces, SortedMetrics};
use crate::shown::Shown;
use crate::{Error, Result};

/// How long what was said may wait to be written.
const DELAY: Duration = Duration::from_millis(60);
/// How much may wait; a step that says more waits itself.
const QUEUE: usize = 4096;

pub(crate) enum Record {
    /// What a step has come to, with what was measured of its results: it is written whole.
    Step {
        job: String,
        update: StepUpdate,
        outputs: Vec<Output>,
        metrics: Vec<Measured>,
    },
    Metric(Measured),
    /// A curve begins: what an attempt left that was broken off is none of it.
    CurveBegins(MetricPlace),
    Log(NewLogLine),
}

pub(crate) struct Recorder {
    sender: SyncSender<Record>,
    thread: JoinHandle<Result<()>>,
}

impl Recorder {
    pub(crate) fn start(workspace: Arc<Workspace>, run: &str, places: Arc<MetricPlaces>) -> Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        let run = run.to_owned();
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || Target { workspace: &workspace, run: &run, places: &places }.record(&receiver))
            .map_err(|error| Error::storage(format!("The run's worker could not start a thread: {error}")))?;
        Ok(Self { sender, thread })
    }

    /// Hands over a record. When the recorder has died its error comes out of [`Self::finish`].
    pub(crate) fn send(&self, record: Record) {
        let _ = self.sender.send(record);
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// What could not be written.
    pub(crate) fn finish(self) -> Result<()> {
        drop(self.sender);
        self.thread.join().map_err(|_| Error::storage("What the run did could not be recorded."))?
    }
}

/// The run that is recorded, and where its parts belong.
struct Target<'a> {
    workspace: &'a Workspace,
    run: &'a str,
    places: &'a MetricPlaces,
}

impl Target<'_> {
    fn record(&self, receiver: &Receiver<Record>) -> Result<()> {
        loop {
            let (batch, open) = next_batch(receiver);
            if !batch.is_empty() {
                self.write(batch)?;
            }
            if !open {
                return Ok(());
            }
        }
    }

    fn write(&self, batch: Vec<Record>) -> Result<()> {
        let (workspace, run) = (self.workspace, self.run);
        let (mut metrics, mut lines, mut steps) = (SortedMetrics::default(), Vec::new(), Vec::new());
        let mut begun = Vec::new();
        // Of the many times that a step tells its progress only the last counts.
        let mut progress: BTreeMap<String, StepUpdate> = BTreeMap::new();
        for record in batch {
            match record {
                Record::Metric(metric) => metrics.add(metric),
                Record::CurveBegins(place) => begun.push(place),
                Record::Log(line) => lines.push(line),
                Record::Step { job, update, .. } if update.status.is_none() => {
                    progress.insert(job, update);
                }
                Record::Step { job, update, outputs, metrics: own } => {
                    own.into_iter().for_each(|metric| metrics.add(metric));
                    steps.push((job, update, outputs));
                }
            }
        }
        let mut shown = Vec::new();
        for (job, _, outputs) in &steps {
            shown.push(Shown::of(workspace, run, job, outputs, self.places.nested_run(job))?);
        }
        workspace.batch("run.step", run, |tx| {
            for (job, update) in &progress {
                tx.update_step(run, job, update)?;
            }
            for (job, update, outputs) in &steps {
                tx.update_step(run, job, update)?;
                if !outputs.is_empty() {
                    tx.set_step_outputs(run, job, outputs)?;
                    // A step that ran stored them for this; a reused one did not store them again.
                    let ran = update.status == Some(workspace::StepStatus::Done);
                    for digest in outputs.iter().filter(|_| ran).filter_map(|output| output.digest.as_ref()) {
                        tx.settle_blob(digest)?;
                    }
                }
            }
            shown.iter().try_for_each(|shown| shown.write(tx, run))?;
            // A curve begins before its first point, so nothing of this batch is lost.
            begun.iter().try_for_each(|place| tx.clear_metric(&place.run, &place.key))?;
            metrics.write(tx)?;
            tx.log_lines(run, &lines)
        })?;
        Ok(())
    }
}

/// What is written together, and whether more may come: everything that is said within a short time, up to a new
/// result.
fn next_batch(receiver: &Receiver<Record>) -> (Vec<Record>, bool) {
    let mut batch = Vec::new();
    match receiver.recv() {
        Ok(first) => batch.push(first),
        Err(_) => return (batch, false),
    }

    let until = Instant::now() + DELAY;
    while !batch.last().is_some_and(has_new_result) && batch.len() < QUEUE {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(record) => batch.push(record),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return (batch, false),
        }
    }
    (batch, true)
}

/// A new result is written at once: others wait for it, and it must not be lost. A reused one is kept already, so that
/// a chain of hundreds costs a few transactions and not one for each.
fn has_new_result(record: &Record) -> bool {
    let is_new = |status: StepStatus| status.is_final() && status != StepStatus::Reused;
    matches!(record, Record::Step { update, .. } if update.status.is_some_and(is_new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(job: &str, status: StepStatus) -> Record {
        let update = StepUpdate { status: Some(status), ..StepUpdate::default() };
        Record::Step { job: job.to_owned(), update, outputs: Vec::new(), metrics: Vec::new() }
    }

    #[test]
    fn a_reused_chain_is_written_together_and_a_new_result_at_once() {
        let (sender, receiver) = sync_channel(QUEUE);
        for number in 0..300 {
            sender.send(ended(&format!("step {number}"), StepStatus::Reused)).unwrap();
        }
        sender.send(ended("new", StepStatus::Done)).unwrap();
        sender.send(ended("last", StepStatus::Reused)).unwrap();
        drop(sender);
        let (first, open) = next_batch(&receiver);
        assert_eq!((first.len(), open), (301, true));
        let (rest, open) = next_batch(&receiver);
        assert_eq!((rest.len(), open), (1, false));
        assert_eq!(next_batch(&receiver).0.len(), 0);
    }
}
