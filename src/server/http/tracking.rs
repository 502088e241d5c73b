//! What the routes need of a store.

use workspace::MetricPoint;
use workspace::tracking::{
    DatasetInput, DatasetSummary, ExperimentSearch, LogBatch, ModelInput, ModelOutput, NewTrackedRun, Page, RunPoint,
    RunSearch, RunUpdate, TrackedExperiment, TrackedRun,
};

/// The result of a store.
type Result<T> = workspace::Result<T>;

/// A store of experiments and runs. Everything it is given was checked; its errors are MLflow's sentences.
///
/// Each change is on the disk when it returns. Methods are named as those of the workspace's `tracking`,
/// and mean the same.
#[allow(missing_docs)]
pub trait Tracking: Send + Sync + 'static {
    fn create_experiment(&self, name: &str, location: Option<&str>, tags: &[(String, String)]) -> Result<i64>;
    fn experiment(&self, id: i64) -> Result<TrackedExperiment>;
    fn experiment_by_name(&self, name: &str) -> Result<Option<TrackedExperiment>>;
    fn search_experiments(&self, search: &ExperimentSearch) -> Result<Page<TrackedExperiment>>;
    fn rename_experiment(&self, id: i64, name: &str) -> Result<()>;
    fn delete_experiment(&self, id: i64) -> Result<()>;
    fn restore_experiment(&self, id: i64) -> Result<()>;
    fn set_experiment_tag(&self, id: i64, key: &str, value: &str) -> Result<()>;
    fn delete_experiment_tag(&self, id: i64, key: &str) -> Result<()>;
    fn search_datasets(&self, experiments: &[i64]) -> Result<Vec<DatasetSummary>>;

    fn create_run(&self, new: NewTrackedRun) -> Result<TrackedRun>;
    fn run(&self, id: &str) -> Result<TrackedRun>;
    fn search_runs(&self, search: &RunSearch) -> Result<Page<TrackedRun>>;
    fn update_run(&self, id: &str, update: RunUpdate) -> Result<TrackedRun>;
    fn delete_run(&self, id: &str) -> Result<()>;
    fn restore_run(&self, id: &str) -> Result<()>;
    fn log_batch(&self, run: &str, batch: LogBatch) -> Result<()>;
    fn log_param(&self, run: &str, key: &str, value: &str) -> Result<()>;
    fn delete_tag(&self, run: &str, key: &str) -> Result<()>;
    fn log_inputs(&self, run: &str, datasets: Vec<DatasetInput>, models: Vec<ModelInput>) -> Result<()>;
    fn log_outputs(&self, run: &str, models: Vec<ModelOutput>) -> Result<()>;

    fn metric_page(&self, run: &str, key: &str, offset: usize, limit: Option<usize>) -> Result<Page<MetricPoint>>;
    fn metric_histories(&self, runs: &[String], key: &str, limit: usize) -> Result<Vec<RunPoint>>;
    fn sampled_histories(
        &self,
        runs: &[String],
        key: &str,
        limit: usize,
        steps: Option<(i64, i64)>,
    ) -> Result<Vec<RunPoint>>;
}
