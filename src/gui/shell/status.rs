//! What the shell shows around the panels, as plain values, and where they come from.

use std::time::Duration;

use jiff::Timestamp;

use crate::{backend::Failure, icons::Glyph, panels::Subject};

/// The state of the workspace as the bars show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The workspace's name; empty before one is open.
    pub workspace: String,
    pub git: Option<GitState>,
    pub jobs: Vec<Job>,
    pub notices: Vec<Notice>,
    /// "Local worker idle · 2 of 2 cores free".
    pub worker: String,
    /// Whether everything typed is on disk.
    pub saved: bool,
    pub tracking: TrackingState,
}

/// The server that MLflow's clients log to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackingState {
    /// Where it answers, while it is on.
    pub uri: Option<String>,
    /// The port that it has or would take.
    pub port: u16,
    /// Why it is off though it should be on.
    pub failure: Option<String>,
}

/// The branch and what has changed on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GitState {
    pub branch: String,
    /// Seven digits of the newest commit; `None` before the first.
    pub commit: Option<String>,
    pub changes: Vec<Change>,
}

/// A file that differs from the newest commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub path: String,
    /// "new", "changed", "deleted", "renamed".
    pub kind: String,
}

/// Work that goes on in the background.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub id: String,
    pub title: String,
    /// What it is doing: "Train model, round 187 of 300".
    pub detail: String,
    /// 0 to 1; `None` while it cannot be told.
    pub progress: Option<f32>,
    pub left: Option<Duration>,
    pub can_cancel: bool,
    pub subject: Option<Subject>,
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub id: String,
    pub glyph: Glyph,
    pub text: String,
    pub when: Timestamp,
    pub subject: Option<Subject>,
}

/// What the shell asks for itself, always on a background thread. The application implements it
/// over its service.
pub trait Desk: Send + Sync + 'static {
    /// The state of the bars.
    fn status(&self) -> Result<Status, Failure>;

    /// Starts the tracking server on a port, or stops it; the answer is a word for a toast.
    fn track(&self, port: Option<u16>) -> Result<String, Failure>;

    fn cancel_job(&self, id: &str) -> Result<(), Failure>;

    fn dismiss_notice(&self, id: &str) -> Result<(), Failure>;
}
