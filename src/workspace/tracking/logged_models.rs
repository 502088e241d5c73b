//! Models that runs log, before anyone registers them.

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::experiments::active_experiment;
use super::{Condition, ModelMetric, Page, below};
use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::metrics::{MetricPoint, value_from};
use crate::runs::new_run_id;
use crate::tx::{Tx, json_text};

/// How far a logged model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedModelStatus {
    /// Its files are being uploaded.
    Pending,
    /// It can be used.
    Ready,
    /// Its upload failed.
    Failed,
}

impl LoggedModelStatus {
    /// The protocol's short word, which filters use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Ready => "READY",
            Self::Failed => "UPLOAD_FAILED",
        }
    }

    /// The status of the protocol's short word, or of the name of its enumeration.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "PENDING" | "LOGGED_MODEL_PENDING" => Some(Self::Pending),
            "READY" | "LOGGED_MODEL_READY" => Some(Self::Ready),
            "UPLOAD_FAILED" | "LOGGED_MODEL_UPLOAD_FAILED" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// A logged model that is to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewLoggedModel {
    /// The experiment's number.
    pub experiment: i64,
    /// What people call it.
    pub name: String,
    /// The run that made it.
    pub source_run: Option<String>,
    /// What kind of model, such as `sklearn`.
    pub model_type: Option<String>,
    /// Parameters, each name once.
    pub params: Vec<(String, String)>,
    /// Tags, each name once.
    pub tags: Vec<(String, String)>,
}

/// A logged model with its data.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModel {
    /// `m-` and 32 hex digits.
    pub id: String,
    /// The experiment's number.
    pub experiment: i64,
    /// What people call it.
    pub name: String,
    /// The address below which its files lie.
    pub artifact_location: String,
    /// When it was made, ms.
    pub created_ms: i64,
    /// When it was last changed, ms.
    pub updated_ms: i64,
    /// It was deleted.
    pub deleted: bool,
    /// How far it is.
    pub status: LoggedModelStatus,
    /// More about the status.
    pub status_message: Option<String>,
    /// What kind of model.
    pub model_type: Option<String>,
    /// The run that made it.
    pub source_run: Option<String>,
    /// Parameters by name.
    pub params: Vec<(String, String)>,
    /// Tags by name.
    pub tags: Vec<(String, String)>,
    /// Every point that was logged for it, with the id of the run that logged it.
    pub metrics: Vec<(String, ModelMetric)>,
}

impl LoggedModel {
    /// The latest value of a metric on one of `datasets`, on any if there are none.
    fn latest(&self, key: &str, datasets: &[DatasetFilter]) -> Option<f64> {
        let points = self.metrics.iter().map(|(_, metric)| metric);
        let on = points.filter(|m| m.point.key == key && (datasets.is_empty() || datasets.iter().any(|d| d.meets(m))));
        let order = |m: &&ModelMetric| (m.point.step, m.point.timestamp_ms);
        let value = |m: &ModelMetric| if m.point.value.is_nan() { 0.0 } else { m.point.value };
        on.max_by(|a, b| order(a).cmp(&order(b)).then(value(a).total_cmp(&value(b)))).map(|m| m.point.value)
    }
}

/// Points that were measured on this dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetFilter {
    /// Its name.
    pub name: String,
    /// Its digest, or any.
    pub digest: Option<String>,
}

impl DatasetFilter {
    fn meets(&self, metric: &ModelMetric) -> bool {
        metric.dataset_name.as_ref() == Some(&self.name)
            && (self.digest.is_none() || metric.dataset_digest == self.digest)
    }
}

/// By what logged models are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LoggedModelField {
    Id,
    Experiment,
    Name,
    Location,
    Type,
    Status,
    StatusMessage,
    /// `active` or `deleted`.
    Lifecycle,
    SourceRun,
    Created,
    Updated,
    Metric(String),
    Param(String),
    Tag(String),
}

/// By what logged models are ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModelOrder {
    /// The field.
    pub field: LoggedModelField,
    /// Least first.
    pub ascending: bool,
    /// For a metric: only what was measured on this dataset.
    pub dataset: Option<DatasetFilter>,
}

/// Which logged models, in which order: at the end the newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoggedModelSearch {
    /// Of these experiments.
    pub experiments: Vec<i64>,
    /// All of these are met.
    pub conditions: Vec<Condition<LoggedModelField>>,
    /// Metrics count only on these; without a condition on a metric, models without any there are out.
    pub datasets: Vec<DatasetFilter>,
    /// In this order; what is missing comes last.
    pub order: Vec<LoggedModelOrder>,
    /// How many to leave out.
    pub offset: usize,
    /// How many to return at most.
    pub limit: usize,
}

impl Tx<'_> {
    /// Makes a logged model whose upload is pending, and returns its id.
    ///
    /// # Errors
    /// An experiment that is not there or deleted.
    pub fn create_logged_model(&self, new: &NewLoggedModel) -> Result<String> {
        let experiment = active_experiment(self.conn, new.experiment)?;
        let id = format!("m-{}", new_run_id());
        let location = below(&experiment.artifact_location, &format!("models/{id}/artifacts"));
        let row = self
            .conn
            .prepare_cached(
                "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, created_at, updated_at,
                     status, model_type, source_run) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)",
            )?
            .insert((
                &id,
                experiment.id,
                &new.name,
                location,
                self.now,
                LoggedModelStatus::Pending.word(),
                &new.model_type,
                &new.source_run,
            ))?;
        self.put_pairs("logged_model_params", row, &new.params)?;
        self.put_pairs("logged_model_tags", row, &new.tags)?;
        self.set_subject(&id);
        Ok(id)
    }

    fn put_pairs(&self, table: &str, row: i64, pairs: &[(String, String)]) -> Result<()> {
        let mut insert = self
            .conn
            .prepare_cached(&format!("INSERT OR REPLACE INTO {table} (model_id, key, value) VALUES (?1, ?2, ?3)"))?;
        for (key, value) in pairs {
            insert.execute((row, key, value))?;
        }
        Ok(())
    }

    /// Adds parameters to a logged model.
    ///
    /// # Errors
    /// A model that is not there, a parameter that it has already.
    pub fn log_model_params(&self, id: &str, params: &[(String, String)]) -> Result<()> {
        let row = logged_model_row(self.conn, id)?;
        let mut known =
            self.conn.prepare_cached("SELECT 1 FROM logged_model_params WHERE model_id = ?1 AND key = ?2")?;
        for (key, _) in params {
            if known.exists((row, key))? {
                return Err(Error::Invalid(format!("The model {id} has a parameter “{key}” already.")));
            }
        }
        self.put_pairs("logged_model_params", row, params)
    }

    /// Sets tags of a logged model.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn set_logged_model_tags(&self, id: &str, tags: &[(String, String)]) -> Result<()> {
        self.put_pairs("logged_model_tags", logged_model_row(self.conn, id)?, tags)
    }

    /// Removes a tag of a logged model.
    ///
    /// # Errors
    /// A model or a tag that is not there.
    pub fn delete_logged_model_tag(&self, id: &str, key: &str) -> Result<()> {
        let row = logged_model_row(self.conn, id)?;
        match self.conn.execute("DELETE FROM logged_model_tags WHERE model_id = ?1 AND key = ?2", (row, key))? {
            0 => {
                let (key, id) = (super::python_repr(key), super::python_repr(id));
                Err(Error::NotFound(format!("No tag with key {key} found for model with ID {id}.")))
            }
            _ => Ok(()),
        }
    }

    /// Says how a logged model's upload ended.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn finish_logged_model(&self, id: &str, status: LoggedModelStatus) -> Result<()> {
        let row = logged_model_row(self.conn, id)?;
        self.conn.execute(
            "UPDATE logged_models SET status = ?2, updated_at = ?3 WHERE id = ?1",
            (row, status.word(), self.now),
        )?;
        Ok(())
    }

    /// Deletes a logged model; its rows stay.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn delete_logged_model(&self, id: &str) -> Result<()> {
        let row = logged_model_row(self.conn, id)?;
        self.conn
            .execute("UPDATE logged_models SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1", (row, self.now))?;
        Ok(())
    }
}

impl Workspace {
    /// A logged model; a deleted one only if `deleted` allows it.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn logged_model(&self, id: &str, deleted: bool) -> Result<LoggedModel> {
        self.db.read(|conn| {
            let row = logged_model_row(conn, id)?;
            let found = load(conn, "id = ?1", row)?.pop();
            found.filter(|model| deleted || !model.deleted).ok_or_else(|| no_model(id))
        })
    }

    /// The models that a run made and that are still there, each once, by name: id, name, and the address below which its
    /// files lie.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn models_logged_by(&self, run: &str) -> Result<Vec<[String; 3]>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT DISTINCT m.model_id, m.name, m.artifact_location FROM run_models r
                 JOIN logged_models m ON m.model_id = r.model_id AND m.deleted_at IS NULL
                 WHERE r.run_id = (SELECT id FROM runs WHERE uuid = ?1) AND r.kind = 'output'
                 ORDER BY m.name, m.created_at, m.model_id",
            )?;
            let found = statement.query_map([run], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The logged models that meet all conditions, a page of them; never the deleted ones.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn search_logged_models(&self, search: &LoggedModelSearch) -> Result<Page<LoggedModel>> {
        self.db.read(|conn| {
            let mut found = Vec::new();
            for experiment in &search.experiments {
                found.extend(load(conn, "experiment_id = ?1 AND deleted_at IS NULL", *experiment)?);
            }
            let on_metric = search.conditions.iter().any(|c| matches!(c.field, LoggedModelField::Metric(_)));
            found.retain(|model| {
                let on_datasets = search.datasets.is_empty()
                    || on_metric
                    || model.metrics.iter().any(|(_, metric)| search.datasets.iter().any(|d| d.meets(metric)));
                on_datasets && search.conditions.iter().all(|condition| meets(model, condition, &search.datasets))
            });
            found.sort_by(|a, b| order(a, b, search));
            Ok(Page::cut(found, search.offset, search.limit))
        })
    }
}

fn meets(model: &LoggedModel, condition: &Condition<LoggedModelField>, datasets: &[DatasetFilter]) -> bool {
    use LoggedModelField as Field;
    let of = |pairs: &[(String, String)], key: &str| {
        condition.meets(pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()))
    };
    match &condition.field {
        Field::Id => condition.meets_text(&model.id),
        Field::Experiment => condition.meets_text(&model.experiment.to_string()),
        Field::Name => condition.meets_text(&model.name),
        Field::Location => condition.meets_text(&model.artifact_location),
        Field::Type => condition.meets(model.model_type.as_deref()),
        Field::Status => condition.meets_text(model.status.word()),
        Field::StatusMessage => condition.meets(model.status_message.as_deref()),
        Field::Lifecycle => condition.meets_text(lifecycle(model)),
        Field::SourceRun => condition.meets(model.source_run.as_deref()),
        Field::Created => condition.meets_integer(model.created_ms),
        Field::Updated => condition.meets_integer(model.updated_ms),
        Field::Metric(key) => model.latest(key, datasets).is_some_and(|value| condition.meets_number(value)),
        Field::Param(key) => of(&model.params, key),
        Field::Tag(key) => of(&model.tags, key),
    }
}

/// The protocol's word for whether a model was deleted.
fn lifecycle(model: &LoggedModel) -> &'static str {
    if model.deleted { "deleted" } else { "active" }
}

fn order(a: &LoggedModel, b: &LoggedModel, search: &LoggedModelSearch) -> Ordering {
    use LoggedModelField as Field;
    for clause in &search.order {
        let number = |model: &LoggedModel, key: &str| {
            let own: Vec<DatasetFilter> = clause.dataset.iter().cloned().collect();
            model.latest(key, if own.is_empty() { &search.datasets } else { &own }).filter(|value| !value.is_nan())
        };
        let text = |a: Option<&str>, b: Option<&str>| missing_last(a, b, clause.ascending, |a, b| a.cmp(b));
        let ordering = match &clause.field {
            Field::Id => text(Some(&a.id), Some(&b.id)),
            Field::Name => text(Some(&a.name), Some(&b.name)),
            Field::Location => text(Some(&a.artifact_location), Some(&b.artifact_location)),
            Field::Type => text(a.model_type.as_deref(), b.model_type.as_deref()),
            Field::StatusMessage => text(a.status_message.as_deref(), b.status_message.as_deref()),
            Field::Lifecycle => text(Some(lifecycle(a)), Some(lifecycle(b))),
            Field::SourceRun => text(a.source_run.as_deref(), b.source_run.as_deref()),
            Field::Status => missing_last(Some(a.status as u8), Some(b.status as u8), clause.ascending, Ord::cmp),
            Field::Experiment => missing_last(Some(a.experiment), Some(b.experiment), clause.ascending, Ord::cmp),
            Field::Created => missing_last(Some(a.created_ms), Some(b.created_ms), clause.ascending, Ord::cmp),
            Field::Updated => missing_last(Some(a.updated_ms), Some(b.updated_ms), clause.ascending, Ord::cmp),
            Field::Metric(key) => missing_last(number(a, key), number(b, key), clause.ascending, f64::total_cmp),
            Field::Param(_) | Field::Tag(_) => Ordering::Equal,
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    b.created_ms.cmp(&a.created_ms).then_with(|| a.id.cmp(&b.id))
}

fn missing_last<T>(a: Option<T>, b: Option<T>, ascending: bool, compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if ascending => compare(&a, &b),
        (Some(a), Some(b)) => compare(&b, &a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

pub(super) fn logged_model_row(conn: &Connection, id: &str) -> Result<i64> {
    conn.prepare_cached("SELECT id FROM logged_models WHERE model_id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or_else(|| no_model(id))
}

fn no_model(id: &str) -> Error {
    Error::NotFound(format!("Logged model with ID '{id}' not found."))
}

fn load(conn: &Connection, condition: &str, value: i64) -> Result<Vec<LoggedModel>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT id, model_id, experiment_id, name, coalesce(artifact_location, ''), created_at, updated_at,
             deleted_at IS NOT NULL, status, status_message, model_type, source_run
         FROM logged_models WHERE {condition} ORDER BY id"
    ))?;
    let mut rows = Vec::new();
    let mut found = Vec::new();
    for pair in statement.query_map([value], |row| {
        let status: String = row.get(8)?;
        let model = LoggedModel {
            id: row.get(1)?,
            experiment: row.get(2)?,
            name: row.get(3)?,
            artifact_location: row.get(4)?,
            created_ms: row.get(5)?,
            updated_ms: row.get(6)?,
            deleted: row.get(7)?,
            status: LoggedModelStatus::of_word(&status).unwrap_or(LoggedModelStatus::Failed),
            status_message: row.get(9)?,
            model_type: row.get(10)?,
            source_run: row.get(11)?,
            params: Vec::new(),
            tags: Vec::new(),
            metrics: Vec::new(),
        };
        Ok((row.get::<_, i64>(0)?, model))
    })? {
        let (row, model) = pair?;
        rows.push(row);
        found.push(model);
    }
    fill(conn, &rows, &mut found)?;
    Ok(found)
}

fn fill(conn: &Connection, rows: &[i64], found: &mut [LoggedModel]) -> Result<()> {
    let places: HashMap<i64, usize> = rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
    let list = json_text(&rows)?;
    for table in ["logged_model_params", "logged_model_tags"] {
        let mut statement = conn.prepare_cached(&format!(
            "SELECT v.model_id, v.key, v.value FROM json_each(?1) j CROSS JOIN {table} v ON v.model_id = j.value
             ORDER BY v.model_id, v.key"
        ))?;
        let mut sql = statement.query([&list])?;
        while let Some(row) = sql.next()? {
            let Some(model) = places.get(&row.get(0)?).and_then(|place| found.get_mut(*place)) else { continue };
            let pairs = if table == "logged_model_tags" { &mut model.tags } else { &mut model.params };
            pairs.push((row.get(1)?, row.get(2)?));
        }
    }
    let mut statement = conn.prepare_cached(
        "SELECT m.model_id, m.key, m.step, m.value, m.timestamp, m.dataset_name, m.dataset_digest, r.uuid
         FROM json_each(?1) j CROSS JOIN logged_model_metrics m ON m.model_id = j.value JOIN runs r ON r.id = m.run_id
         ORDER BY m.id",
    )?;
    let mut sql = statement.query([&list])?;
    while let Some(row) = sql.next()? {
        let Some(model) = places.get(&row.get(0)?).and_then(|place| found.get_mut(*place)) else { continue };
        let point =
            MetricPoint { key: row.get(1)?, step: row.get(2)?, value: value_from(row, 3)?, timestamp_ms: row.get(4)? };
        let metric =
            ModelMetric { model_id: model.id.clone(), point, dataset_name: row.get(5)?, dataset_digest: row.get(6)? };
        model.metrics.push((row.get(7)?, metric));
    }
    Ok(())
}
