//! Keeping a workspace in order, and hearing what changes in it.

use std::ops::ControlFlow;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use workspace::Event;

use crate::{Error, Result, Studio};

pub use workspace::{Collected, KeptItem, Problem, Purge, Purged};

/// How long a file that nothing refers to is left alone: another process may be about to refer to it.
const GRACE: Duration = Duration::from_secs(3600);
/// How often [`Upkeep`] frees what has just lost its last reference.
const SWEEP_EVERY: Duration = Duration::from_secs(20);
/// How often [`Upkeep`] looks through everything.
const COLLECT_EVERY: Duration = Duration::from_secs(15 * 60);

impl Studio {
    /// Verifies every blob's digest, every reference and the database. `progress` hears the fraction done.
    ///
    /// # Errors
    /// Only when it cannot look at all; what it finds is the answer.
    pub fn check(&self, progress: &dyn Fn(f32)) -> Result<Vec<Problem>> {
        let told = |so_far: workspace::Progress| {
            progress(so_far.done_bytes as f32 / so_far.total_bytes.max(1) as f32);
            ControlFlow::Continue(())
        };
        Ok(self.workspace.check(told)?)
    }

    /// Removes what nothing refers to.
    pub fn gc(&self) -> Result<Collected> {
        Ok(self.workspace.gc(GRACE)?)
    }

    /// Removes for good what was deleted, and frees its bytes.
    ///
    /// # Errors
    /// Something that is not there or not deleted.
    pub fn purge(&self, purge: &Purge) -> Result<Purged> {
        Ok(self.workspace.purge(purge)?)
    }

    /// Says what [`Self::purge`] would remove.
    ///
    /// # Errors
    /// Something that is not there or not deleted.
    pub fn preview_purge(&self, purge: &Purge) -> Result<Purged> {
        Ok(self.workspace.preview_purge(purge)?)
    }

    /// What changed after event `seq`, by this process or any other.
    pub fn changes_since(&self, seq: i64) -> Result<Vec<Event>> {
        Ok(self.workspace.events_since(seq, 1000)?)
    }

    /// The number of the newest event.
    pub fn last_change(&self) -> Result<i64> {
        Ok(self.workspace.last_event()?)
    }

    /// Something the window remembers with the workspace: its layout, what was seen last.
    pub fn setting(&self, key: &str) -> Result<Option<Json>> {
        Ok(self.workspace.setting(key)?)
    }

    pub fn set_setting(&self, key: &str, value: &Json) -> Result<()> {
        Ok(self.workspace.set_setting(key, value)?)
    }

    /// Keeps a text that could not be saved where it belongs.
    pub fn save_draft(&self, name: &str, text: &str) -> Result<()> {
        Ok(self.workspace.save_draft(name, text)?)
    }

    pub fn draft(&self, name: &str) -> Result<Option<String>> {
        Ok(self.workspace.draft(name)?)
    }

    pub fn discard_draft(&self, name: &str) -> Result<()> {
        Ok(self.workspace.discard_draft(name)?)
    }
}

/// JSON of something that is ours to write.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<Json> {
    serde_json::to_value(value).map_err(|error| Error::storage(format!("This could not be written as JSON: {error}")))
}

/// A thread that keeps a workspace free of what nothing refers to, for as long as this lives. Several processes may have
/// one over the same workspace.
pub struct Upkeep {
    /// Dropped to end the thread.
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Begins to keep a workspace in order.
    ///
    /// # Errors
    /// A system without room for one more thread.
    pub fn start(studio: Studio) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel::<()>(0);
        let work = move || {
            let mut collected = None;
            loop {
                keep_in_order(&studio, &mut collected);
                if !matches!(stopped.recv_timeout(SWEEP_EVERY), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("upkeep".to_owned()).spawn(work)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A thread that broke has said so already.
            let _ = thread.join();
        }
    }
}

fn keep_in_order(studio: &Studio, collected: &mut Option<Instant>) {
    let due = collected.is_none_or(|at| at.elapsed() >= COLLECT_EVERY);
    let done = if due { studio.workspace.gc(GRACE) } else { studio.workspace.sweep() };
    if due {
        *collected = Some(Instant::now());
    }
    match done {
        Ok(done) if done.blobs > 0 => tracing::info!("removed {} files that nothing refers to", done.blobs),
        Ok(_) => {}
        Err(error) => tracing::warn!("what nothing refers to could not be removed: {error}"),
    }
}
