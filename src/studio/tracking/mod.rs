//! What MLflow's tracking and registry protocol asks of a workspace, over the same runs and models as ours.
//!
//! [`Studio::tracking`] is the door. Values are plain; errors are sentences in MLflow's words, with the kind
//! that tells its codes apart. Everything a call changes is on the disk when it returns, in a transaction that
//! clients of the same moment share, with one event; what a person would call a change (not each logged point)
//! also leaves one audit entry.

mod artifacts;
mod log;
mod registry;

use workspace::{Batch, Change, Tx, Workspace};

use crate::{Result, Studio};

pub use artifacts::Upload;
pub use workspace::tracking::*;
pub use workspace::{Blob, MetricPoint, RunStatus, new_run_id as new_id};

/// A workspace as the protocol sees it.
#[derive(Clone, Copy)]
pub struct Tracking<'a>(&'a Workspace);

impl Studio {
    /// The workspace as MLflow's protocol sees it.
    pub fn tracking(&self) -> Tracking<'_> {
        Tracking(&self.workspace)
    }
}

impl Tracking<'_> {
    /// A change that the audit trail tells of.
    fn change<T: Send + 'static>(
        self,
        action: &str,
        subject: impl ToString,
        f: impl FnOnce(&Tx<'_>) -> workspace::Result<T> + Send + 'static,
    ) -> Result<T> {
        Ok(self.0.write_grouped(Change::new(action, subject.to_string()), f)?)
    }

    /// What clients do many times a second.
    fn batch<T: Send + 'static>(
        self,
        kind: &str,
        subject: &str,
        f: impl FnOnce(&Batch<'_>) -> workspace::Result<T> + Send + 'static,
    ) -> Result<T> {
        Ok(self.0.batch_grouped(kind, subject, f)?)
    }
}
