//! What charts of several runs are drawn from.

use indexmap::IndexMap;
use serde::Serialize;

pub use workspace::MetricColumns;

use crate::{Result, Run, Studio};

/// Runs with what they logged, but without a point of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChartedRuns {
    /// In the order that was asked for.
    pub runs: Vec<Run>,
    /// Metrics with more than one point, and how many of the runs have each.
    pub curves: IndexMap<String, usize>,
}

impl Studio {
    /// The runs with these ids; those that are not there are left out.
    pub fn charted_runs(&self, ids: &[String]) -> Result<ChartedRuns> {
        let mut found = ChartedRuns::default();
        for id in ids {
            let run = match self.workspace.run(id) {
                Ok(detail) => detail.run,
                Err(workspace::Error::NotFound(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            for key in self.workspace.curve_keys(id)? {
                *found.curves.entry(key).or_default() += 1;
            }
            found.runs.push(run);
        }
        Ok(found)
    }

    /// Every point of one metric of a run, column by column.
    pub fn metric_columns(&self, run: &str, key: &str) -> Result<MetricColumns> {
        Ok(self.workspace.metric_columns(run, key)?)
    }
}
