//! How a long computation reports to, and is stopped by, whoever started it.

use crate::{Error, Result};

/// Receives progress and curves; says whether to stop. Called from several threads.
pub trait Observer: Sync {
    /// `fraction` of the work done, 0 to 1, and what is being done, in a few words.
    fn progress(&self, _fraction: f64, _message: &str) {}
    /// One point of a curve, such as `validation_log_loss` after round `step`.
    fn metric(&self, _name: &str, _value: f64, _step: u64) {}
    /// Asked often; once true, the computation ends with [`Error::Cancelled`].
    fn cancelled(&self) -> bool {
        false
    }
}

/// An observer that ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// `Err(Cancelled)` once the observer asks to stop.
pub(crate) fn check(observer: &dyn Observer) -> Result<()> {
    if observer.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
}
