//! Keeping a workspace in order, and hearing what changes in it.

use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::Value as Json;
use workspace::Event;

use crate::{Error, Result, Studio};

pub use workspace::{Collected, Problem};

/// How long a file that nothing refers to is left alone: another process may be about to refer to it.
const GRACE: Duration = Duration::from_secs(3600);

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
