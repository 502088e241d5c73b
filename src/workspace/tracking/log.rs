//! What clients log many times a second: metrics, parameters, tags.

use std::collections::HashMap;

use rusqlite::OptionalExtension;

use super::logged_models::logged_model_row;
use super::runs::{active_run, any_run};
use super::{RUN_NAME_TAG, python_repr};
use crate::error::{Error, Result};
use crate::metrics::MetricPoint;
use crate::tx::Batch;

/// A metric's point that belongs to a logged model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMetric {
    /// The logged model's id.
    pub model_id: String,
    /// The point.
    pub point: MetricPoint,
    /// The dataset that it was measured on.
    pub dataset_name: Option<String>,
    /// That dataset's digest.
    pub dataset_digest: Option<String>,
}

/// All that one call logs to a run; it is logged whole or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogBatch {
    /// Points of metrics.
    pub metrics: Vec<MetricPoint>,
    /// Those of the points that belong to models too.
    pub model_metrics: Vec<ModelMetric>,
    /// Parameters, each name once.
    pub params: Vec<(String, String)>,
    /// Tags; of one name the last counts.
    pub tags: Vec<(String, String)>,
}

impl Batch<'_> {
    /// Logs a batch to a run.
    ///
    /// # Errors
    /// A run that is not there or deleted, a parameter that has another value already, a logged model
    /// that is not there.
    pub fn log_batch(&self, run: &str, batch: &LogBatch) -> Result<()> {
        active_run(self.conn, run)?;
        self.log_params(run, &batch.params)?;
        if !batch.metrics.is_empty() {
            self.log_metrics(run, &batch.metrics)?;
        }
        self.log_model_metrics(run, &batch.model_metrics)?;
        self.log_tags(run, &batch.tags)
    }

    /// Logs one parameter. The same value again is no change.
    ///
    /// # Errors
    /// A run that is not there or deleted, a parameter that has another value already.
    pub fn log_param(&self, run: &str, key: &str, value: &str) -> Result<()> {
        let row = active_run(self.conn, run)?;
        match self.param(row, key)? {
            Some(known) if known != value => Err(Error::Invalid(format!(
                "Changing param values is not allowed. Param with key='{key}' was already logged with value='{known}' \
                 for run ID='{run}'. Attempted logging new value '{value}'."
            ))),
            Some(_) => Ok(()),
            None => self.set_params(run, &[(key.to_owned(), value.to_owned())]),
        }
    }

    /// Logs parameters. The same values again are no change.
    ///
    /// # Errors
    /// A run that is not there or deleted, parameters that have other values already: all of them are
    /// named, and none is logged.
    pub fn log_params(&self, run: &str, params: &[(String, String)]) -> Result<()> {
        if params.is_empty() {
            return Ok(());
        }
        let row = active_run(self.conn, run)?;
        let mut new: Vec<(String, String)> = Vec::new();
        let mut refused = Vec::new();
        for (key, value) in params {
            match self.param(row, key)? {
                None => new.push((key.clone(), value.clone())),
                Some(known) if known != *value => refused.push(format!(
                    "{{'key': {}, 'old_value': {}, 'new_value': {}}}",
                    python_repr(key),
                    python_repr(&known),
                    python_repr(value)
                )),
                Some(_) => {}
            }
        }
        if refused.is_empty() {
            return self.set_params(run, &new);
        }
        Err(Error::Invalid(format!(
            "Changing param values is not allowed. Params were already logged='[{}]' for run ID='{run}'.",
            refused.join(", ")
        )))
    }

    fn param(&self, row: i64, key: &str) -> Result<Option<String>> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT value FROM params WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            )?
            .query_row((row, key), |row| row.get(0))
            .optional()?)
    }

    /// Sets tags of a run; the one of its name names it.
    ///
    /// # Errors
    /// A run that is not there or deleted.
    pub fn log_tags(&self, run: &str, tags: &[(String, String)]) -> Result<()> {
        if tags.is_empty() {
            return Ok(());
        }
        let row = active_run(self.conn, run)?;
        let (names, tags): (Vec<_>, Vec<_>) = tags.iter().cloned().partition(|(key, _)| key == RUN_NAME_TAG);
        if let Some((_, name)) = names.last().filter(|(_, name)| !name.is_empty()) {
            self.name_run(row, name)?;
        }
        self.set_tags(run, &tags)
    }

    /// Removes a tag of a run. That of its name stays, as a run has a name.
    ///
    /// # Errors
    /// A run that is not there or deleted, a tag that is not there.
    pub fn delete_tag(&self, run: &str, key: &str) -> Result<()> {
        let row = active_run(self.conn, run)?;
        let removed = self
            .conn
            .prepare_cached("DELETE FROM tags WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)")?
            .execute((row, key))?;
        if removed == 0 && key != RUN_NAME_TAG {
            return Err(Error::NotFound(format!("No tag with name: {key} in run with id {run}")));
        }
        Ok(())
    }

    /// Logs points that belong to logged models. A point that is there already is not added again.
    ///
    /// # Errors
    /// A run or a logged model that is not there.
    pub fn log_model_metrics(&self, run: &str, points: &[ModelMetric]) -> Result<()> {
        if points.is_empty() {
            return Ok(());
        }
        let row = any_run(self.conn, run)?;
        let mut models: HashMap<&str, i64> = HashMap::new();
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO logged_model_metrics (model_id, run_id, key, step, timestamp, value, dataset_name, dataset_digest)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (
                 SELECT 1 FROM logged_model_metrics WHERE model_id = ?1 AND run_id = ?2 AND key = ?3 AND step = ?4
                     AND timestamp = ?5 AND value IS ?6 AND dataset_name IS ?7 AND dataset_digest IS ?8)",
        )?;
        for metric in points {
            let model = match models.get(metric.model_id.as_str()) {
                Some(model) => *model,
                None => {
                    let model = logged_model_row(self.conn, &metric.model_id)?;
                    models.insert(&metric.model_id, model);
                    model
                }
            };
            let point = &metric.point;
            insert.execute(rusqlite::params![
                model,
                row,
                point.key,
                point.step,
                point.timestamp_ms,
                point.value,
                metric.dataset_name,
                metric.dataset_digest
            ])?;
        }
        Ok(())
    }
}
