//! Group commit: what several threads write at one moment goes to the disk in one transaction.
//!
//! A commit waits for the disk, which takes a hundred times longer than the rows. While one thread
//! commits, the others queue what they have; the next that gets its turn writes all of it. Each is told
//! only after the commit, and one that fails takes nothing of the others with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::db::lock;
use crate::error::{Error, Result};
use crate::tx::{Change, insert_event};

/// What a job does. It returns the event that is still to be recorded, if it did not do so itself.
pub(crate) type Work = Box<dyn FnOnce(&Connection) -> Result<Option<(i64, Change)>> + Send>;

type Outcome = Arc<Mutex<Option<Result<()>>>>;

/// The jobs that wait to be written: at most one of each thread.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// A thread has the writer, or waits for it, to write what is queued then.
    led: bool,
}

struct Job {
    work: Option<Work>,
    outcome: Outcome,
}

impl Job {
    fn end(&self, result: Result<()>) {
        *lock(&self.outcome) = Some(result);
    }
}

impl Drop for Job {
    /// A job that nobody ended must not be waited for.
    fn drop(&mut self) {
        lock(&self.outcome).get_or_insert_with(|| Err(broken()));
    }
}

fn broken() -> Error {
    Error::Invalid("This was not saved, because the program broke while it did it. Please report this.".into())
}

impl Queue {
    /// Has `work` done, by this thread or by another that writes for both. `write` gives its argument
    /// the writing connection when it is this thread's turn.
    ///
    /// Those who wait do not queue for the writer itself: they would wake one after the other, each to
    /// find its work done, and the next transaction would be as short as this.
    pub(crate) fn submit(&self, work: Work, write: impl Fn(&dyn Fn(&Connection))) -> Result<()> {
        let outcome = Outcome::default();
        let mut state = lock(&self.state);
        state.jobs.push(Job { work: Some(work), outcome: outcome.clone() });
        loop {
            if let Some(result) = lock(&outcome).take() {
                return result;
            }
            if state.led {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.led = true;
            drop(state);
            write(&|connection| self.run(connection));
            state = lock(&self.state);
            state.led = false;
            self.changed.notify_all();
        }
    }

    /// Runs every job that waits, in order and in one transaction.
    fn run(&self, connection: &Connection) {
        let mut jobs = std::mem::take(&mut lock(&self.state).jobs);
        if let Err(error) = run_all(connection, &mut jobs) {
            for job in &jobs {
                if lock(&job.outcome).is_none() {
                    job.end(Err(error.again()));
                }
            }
        }
    }
}

/// Ends each job, or returns the error that all of those share that have not ended.
fn run_all(connection: &Connection, jobs: &mut [Job]) -> Result<()> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut events: Vec<(i64, Change)> = Vec::new();
    let alone = jobs.len() == 1;
    for job in jobs.iter_mut() {
        let Some(work) = job.work.take() else { continue };
        if !alone {
            tx.prepare_cached("SAVEPOINT job")?.execute([])?;
        }
        // The thread that runs a job is not the one that wants it, so a panic must not leave it.
        let result = catch_unwind(AssertUnwindSafe(|| work(&tx))).unwrap_or_else(|_| Err(broken()));
        match result {
            // Clients that log to one run at once leave one event.
            Ok(Some((now, change))) if !events.iter().any(|(_, known)| *known == change) => events.push((now, change)),
            Ok(_) => {}
            Err(error) => {
                // SQLite gives up the whole transaction for some errors, such as a full disk.
                if alone || tx.is_autocommit() {
                    return Err(error);
                }
                tx.prepare_cached("ROLLBACK TO job")?.execute([])?;
                job.end(Err(error));
            }
        }
        if !alone {
            tx.prepare_cached("RELEASE job")?.execute([])?;
        }
    }
    for (now, change) in &events {
        insert_event(&tx, *now, change)?;
    }
    tx.commit()?;
    for job in jobs.iter() {
        if lock(&job.outcome).is_none() {
            job.end(Ok(()));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
