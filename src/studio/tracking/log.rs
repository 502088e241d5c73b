//! Experiments, runs and what is logged to them. Each function does what the workspace's of the same name does.

use super::*;

impl Tracking<'_> {
    pub fn create_experiment(self, name: &str, location: Option<&str>, tags: &[(String, String)]) -> Result<i64> {
        let (own, location, tags) = (name.to_owned(), location.map(str::to_owned), tags.to_vec());
        self.change("experiment.created", name, move |tx| {
            tx.create_tracked_experiment(&own, location.as_deref(), &tags)
        })
    }

    pub fn experiment(self, id: i64) -> Result<TrackedExperiment> {
        Ok(self.0.tracked_experiment(id)?)
    }

    pub fn experiment_by_name(self, name: &str) -> Result<Option<TrackedExperiment>> {
        Ok(self.0.tracked_experiment_by_name(name)?)
    }

    pub fn search_experiments(self, search: &ExperimentSearch) -> Result<Page<TrackedExperiment>> {
        Ok(self.0.search_experiments(search)?)
    }

    pub fn rename_experiment(self, id: i64, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.change("experiment.renamed", id, move |tx| tx.rename_tracked_experiment(id, &name))
    }

    pub fn delete_experiment(self, id: i64) -> Result<()> {
        self.change("experiment.deleted", id, move |tx| tx.delete_tracked_experiment(id))
    }

    pub fn restore_experiment(self, id: i64) -> Result<()> {
        self.change("experiment.restored", id, move |tx| tx.restore_tracked_experiment(id))
    }

    pub fn set_experiment_tag(self, id: i64, key: &str, value: &str) -> Result<()> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.change("experiment.tagged", id, move |tx| tx.set_experiment_tag(id, &key, &value))
    }

    pub fn delete_experiment_tag(self, id: i64, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.change("experiment.tagged", id, move |tx| tx.delete_experiment_tag(id, &key))
    }

    pub fn search_datasets(self, experiments: &[i64]) -> Result<Vec<DatasetSummary>> {
        Ok(self.0.search_datasets(experiments)?)
    }

    pub fn create_run(self, new: NewTrackedRun) -> Result<TrackedRun> {
        let id = self.change("run.created", "", move |tx| tx.create_tracked_run(&new))?;
        self.run(&id)
    }

    /// A run, deleted or not, that a worker of ours carries out or a client logs.
    pub fn run(self, id: &str) -> Result<TrackedRun> {
        Ok(self.0.tracked_run(id)?)
    }

    pub fn search_runs(self, search: &RunSearch) -> Result<Page<TrackedRun>> {
        Ok(self.0.search_runs(search)?)
    }

    pub fn update_run(self, id: &str, update: RunUpdate) -> Result<TrackedRun> {
        let own = id.to_owned();
        self.change("run.updated", id, move |tx| tx.update_tracked_run(&own, &update))
    }

    pub fn delete_run(self, id: &str) -> Result<()> {
        let own = id.to_owned();
        self.change("run.deleted", id, move |tx| tx.delete_tracked_run(&own))
    }

    pub fn restore_run(self, id: &str) -> Result<()> {
        let own = id.to_owned();
        self.change("run.restored", id, move |tx| tx.restore_tracked_run(&own))
    }

    pub fn log_batch(self, run: &str, batch: LogBatch) -> Result<()> {
        let own = run.to_owned();
        self.batch("run.logged", run, move |tx| tx.log_batch(&own, &batch))
    }

    pub fn log_param(self, run: &str, key: &str, value: &str) -> Result<()> {
        let (own, key, value) = (run.to_owned(), key.to_owned(), value.to_owned());
        self.batch("run.logged", run, move |tx| tx.log_param(&own, &key, &value))
    }

    pub fn delete_tag(self, run: &str, key: &str) -> Result<()> {
        let (own, key) = (run.to_owned(), key.to_owned());
        self.batch("run.logged", run, move |tx| tx.delete_tag(&own, &key))
    }

    pub fn log_inputs(self, run: &str, datasets: Vec<DatasetInput>, models: Vec<ModelInput>) -> Result<()> {
        let own = run.to_owned();
        self.batch("run.logged", run, move |tx| tx.log_inputs(&own, &datasets, &models))
    }

    pub fn log_outputs(self, run: &str, models: Vec<ModelOutput>) -> Result<()> {
        let own = run.to_owned();
        self.batch("run.logged", run, move |tx| tx.log_outputs(&own, &models))
    }

    pub fn metric_page(self, run: &str, key: &str, offset: usize, limit: Option<usize>) -> Result<Page<MetricPoint>> {
        Ok(self.0.metric_page(run, key, offset, limit)?)
    }

    pub fn metric_histories(self, runs: &[String], key: &str, limit: usize) -> Result<Vec<RunPoint>> {
        Ok(self.0.metric_histories_of(runs, key, limit)?)
    }

    pub fn sampled_histories(
        self,
        runs: &[String],
        key: &str,
        limit: usize,
        steps: Option<(i64, i64)>,
    ) -> Result<Vec<RunPoint>> {
        Ok(self.0.sampled_histories(runs, key, limit, steps)?)
    }
}
