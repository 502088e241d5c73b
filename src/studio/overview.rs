//! What Home shows: what changed, what runs, what needs a person.

use serde::Serialize;
use workspace::{Run, RunFilter, RunStatus};

use crate::{PipelineRow, Result, Studio};

/// The state of a workspace at a glance.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// Runs under way or waiting for a worker.
    pub running: Vec<Run>,
    /// The newest ended runs.
    pub recent: Vec<Run>,
    /// Failed runs that no later run of the same pipeline made good.
    pub failed: Vec<Run>,
    pub pipelines: Vec<PipelineRow>,
    pub datasets: usize,
    pub models: usize,
    pub runs: usize,
}

/// How many runs a list on Home holds.
const SHOWN: usize = 8;

impl Studio {
    pub fn overview(&self) -> Result<Overview> {
        let page = self.runs(&RunFilter { limit: 100, ..RunFilter::default() })?;
        let (running, ended): (Vec<Run>, Vec<Run>) = page.runs.into_iter().partition(|run| !run.status.is_final());
        Ok(Overview {
            failed: failed(&ended),
            recent: ended.iter().take(SHOWN).cloned().collect(),
            running,
            pipelines: self.pipelines()?,
            datasets: self.datasets()?.len(),
            models: self.models()?.len(),
            runs: page.total,
        })
    }
}

/// Of runs from the newest to the oldest, those that failed and were the last of their pipeline.
fn failed(ended: &[Run]) -> Vec<Run> {
    let mut seen = Vec::new();
    let mut failed = Vec::new();
    for run in ended {
        if seen.contains(&&run.pipeline) {
            continue;
        }
        seen.push(&run.pipeline);
        if run.status == RunStatus::Failed {
            failed.push(run.clone());
        }
    }
    failed
}
