//! The list of every run: its order, and what is done to several of them at once.

use workspace::Change;

use crate::{Result, Run, RunSort, Studio};

pub use workspace::{IndexedRun, RunGroup, RunIndex, RunKeys, RunListing, Spread};

impl Studio {
    /// The runs that pass, in order; runs whose worker died are marked as failed on the way.
    pub fn run_index(&self, listing: &RunListing) -> Result<RunIndex> {
        self.bury_dead_workers()?;
        Ok(self.workspace.run_index(listing)?)
    }

    /// Runs of an index by their numbers, in this order. Those that have gone since are left out.
    pub fn indexed_runs(&self, rows: &[i64]) -> Result<Vec<(i64, Run)>> {
        Ok(self.workspace.indexed_runs(rows)?)
    }

    /// The names of the experiments that hold runs, by name.
    pub fn experiments(&self) -> Result<Vec<String>> {
        let all = self.workspace.experiments()?.into_iter();
        let used = all.filter(|experiment| experiment.deleted_ms.is_none() && experiment.runs > 0);
        Ok(used.map(|experiment| experiment.name).collect())
    }

    /// The names of all metrics, parameters and tags that runs have.
    pub fn run_keys(&self) -> Result<RunKeys> {
        Ok(self.workspace.run_keys()?)
    }

    /// Values that runs have of a parameter or a tag, the commonest first.
    pub fn run_values(&self, of: &RunSort, limit: usize) -> Result<Vec<String>> {
        Ok(self.workspace.run_values(of, limit)?)
    }

    /// Sets a tag of several runs, or takes it from them when there is no value.
    pub fn tag_runs(&self, ids: &[String], key: &str, value: Option<&str>) -> Result<()> {
        let change = several("run.tagged", ids).with("key", key).with("value", value);
        let tag = value.map(|value| [(key.to_owned(), value.to_owned())]);
        Ok(self.workspace.write(change, |tx| {
            ids.iter().try_for_each(|id| match &tag {
                Some(tag) => tx.set_tags(id, tag),
                None => tx.remove_tag(id, key),
            })
        })?)
    }

    /// Deletes runs so that [`Self::restore_runs`] can bring them back.
    pub fn delete_runs(&self, ids: &[String]) -> Result<()> {
        let change = several("run.deleted", ids);
        Ok(self.workspace.write(change, |tx| ids.iter().try_for_each(|id| tx.delete_run(id)))?)
    }

    pub fn restore_runs(&self, ids: &[String]) -> Result<()> {
        let change = several("run.restored", ids);
        Ok(self.workspace.write(change, |tx| ids.iter().try_for_each(|id| tx.restore_run(id)))?)
    }
}

/// One change of several runs: the first is its subject, all are in its details.
fn several(action: &str, ids: &[String]) -> Change {
    let change = Change::new(action, ids.first().cloned().unwrap_or_default());
    if ids.len() > 1 { change.with("runs", ids) } else { change }
}
