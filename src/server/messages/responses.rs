//! What the store returns, as protobuf's JSON. Empty lists are left out, as protobuf does.

use serde_json::{Map, Value, json};
use studio::tracking::MetricPoint;
use studio::tracking::{
    DatasetSummary, LoggedModel, LoggedModelStatus, RegisteredModel, RegisteredVersion, RunPoint, TrackedExperiment,
    TrackedRun, protocol_status,
};

fn stage(deleted: bool) -> &'static str {
    if deleted { "deleted" } else { "active" }
}

/// A number. NaN is a text, as JSON has none; an infinity is the number that MLflow's SQL store keeps for it.
fn number(value: f64) -> Value {
    if value.is_nan() { "NaN".into() } else { value.clamp(f64::MIN, f64::MAX).into() }
}

/// An object without what is null or an empty list.
fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let there = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    fields.into_iter().filter(|(_, v)| there(v)).map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>().into()
}

fn pairs(list: &[(String, String)]) -> Value {
    list.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// An experiment.
pub fn experiment(experiment: &TrackedExperiment) -> Value {
    object([
        ("experiment_id", experiment.id.to_string().into()),
        ("name", experiment.name.as_str().into()),
        ("artifact_location", experiment.artifact_location.as_str().into()),
        ("lifecycle_stage", stage(experiment.deleted).into()),
        ("last_update_time", experiment.updated_ms.into()),
        ("creation_time", experiment.created_ms.into()),
        ("tags", pairs(&experiment.tags)),
        ("workspace", "default".into()),
    ])
}

/// A run without its data.
pub fn run_info(run: &TrackedRun) -> Value {
    object([
        ("run_id", run.id.as_str().into()),
        ("run_uuid", run.id.as_str().into()),
        ("run_name", run.name.as_str().into()),
        ("experiment_id", run.experiment.to_string().into()),
        ("user_id", run.user.as_str().into()),
        ("status", protocol_status(run.status).into()),
        ("start_time", run.start_ms.into()),
        ("end_time", run.end_ms.into()),
        ("artifact_uri", run.artifact_uri.as_str().into()),
        ("lifecycle_stage", stage(run.deleted).into()),
    ])
}

/// A run with its data.
pub fn run(run: &TrackedRun) -> Value {
    let data = object([
        ("metrics", run.metrics.iter().map(metric).collect()),
        ("params", pairs(&run.params)),
        ("tags", pairs(&run.tags)),
    ]);
    let datasets = run.datasets.iter().map(|input| {
        let dataset = &input.dataset;
        let dataset = object([
            ("name", dataset.name.as_str().into()),
            ("digest", dataset.digest.as_str().into()),
            ("source_type", dataset.source_type.as_str().into()),
            ("source", dataset.source.as_str().into()),
            ("schema", dataset.schema.as_deref().into()),
            ("profile", dataset.profile.as_deref().into()),
        ]);
        object([("tags", pairs(&input.tags)), ("dataset", dataset)])
    });
    let used = run.model_inputs.iter().map(|id| json!({"model_id": id}));
    let made = run.model_outputs.iter().map(|output| json!({"model_id": output.model_id, "step": output.step}));
    json!({
        "info": run_info(run),
        "data": data,
        "inputs": object([("dataset_inputs", datasets.collect()), ("model_inputs", used.collect())]),
        "outputs": object([("model_outputs", made.collect())]),
    })
}

/// A point of a metric.
pub fn metric(point: &MetricPoint) -> Value {
    json!({"key": point.key, "value": number(point.value), "timestamp": point.timestamp_ms, "step": point.step})
}

/// A point of a metric of one of several runs.
pub fn run_point(point: &RunPoint) -> Value {
    let mut value = metric(&point.point);
    value["run_id"] = point.run.as_str().into();
    value
}

/// A dataset of an experiment's runs.
pub fn dataset_summary(summary: &DatasetSummary) -> Value {
    object([
        ("experiment_id", summary.experiment.to_string().into()),
        ("name", summary.name.as_str().into()),
        ("digest", summary.digest.as_str().into()),
        ("context", summary.context.as_deref().into()),
    ])
}

/// A logged model.
pub fn logged_model(model: &LoggedModel) -> Value {
    let status = match model.status {
        LoggedModelStatus::Pending => "LOGGED_MODEL_PENDING",
        LoggedModelStatus::Ready => "LOGGED_MODEL_READY",
        LoggedModelStatus::Failed => "LOGGED_MODEL_UPLOAD_FAILED",
    };
    let info = object([
        ("model_id", model.id.as_str().into()),
        ("experiment_id", model.experiment.to_string().into()),
        ("name", model.name.as_str().into()),
        ("creation_timestamp_ms", model.created_ms.into()),
        ("last_updated_timestamp_ms", model.updated_ms.into()),
        ("artifact_uri", model.artifact_location.as_str().into()),
        ("status", status.into()),
        ("model_type", model.model_type.as_deref().into()),
        ("source_run_id", model.source_run.as_deref().into()),
        ("status_message", model.status_message.as_deref().into()),
        ("tags", pairs(&model.tags)),
    ]);
    let metrics = model.metrics.iter().map(|(run, of)| {
        object([
            ("key", of.point.key.as_str().into()),
            ("value", number(of.point.value)),
            ("timestamp", of.point.timestamp_ms.into()),
            ("step", of.point.step.into()),
            ("dataset_name", of.dataset_name.as_deref().into()),
            ("dataset_digest", of.dataset_digest.as_deref().into()),
            ("model_id", model.id.as_str().into()),
            ("run_id", run.as_str().into()),
        ])
    });
    json!({"info": info, "data": object([("params", pairs(&model.params)), ("metrics", metrics.collect())])})
}

/// A registered model.
pub fn registered_model(model: &RegisteredModel) -> Value {
    let aliases = model.aliases.iter().map(|(alias, version)| json!({"alias": alias, "version": version.to_string()}));
    object([
        ("name", model.name.as_str().into()),
        ("creation_timestamp", model.created_ms.into()),
        ("last_updated_timestamp", model.updated_ms.into()),
        ("description", Some(model.description.as_str()).filter(|text| !text.is_empty()).into()),
        ("latest_versions", model.latest.iter().map(model_version_without_aliases).collect()),
        ("tags", pairs(&model.tags)),
        ("aliases", aliases.collect()),
    ])
}

/// A version of a registered model as lists show it.
pub fn model_version_without_aliases(version: &RegisteredVersion) -> Value {
    let mut value = model_version(version);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("aliases");
    }
    value
}

/// A version of a registered model.
pub fn model_version(version: &RegisteredVersion) -> Value {
    object([
        ("name", version.model.as_str().into()),
        ("version", version.version.to_string().into()),
        ("creation_timestamp", version.created_ms.into()),
        ("last_updated_timestamp", version.updated_ms.into()),
        ("current_stage", version.stage.word().into()),
        ("description", version.description.as_str().into()),
        ("source", version.source.as_str().into()),
        ("run_id", version.run.as_deref().unwrap_or_default().into()),
        ("status", "READY".into()),
        ("tags", pairs(&version.tags)),
        ("run_link", version.run_link.as_deref().unwrap_or_default().into()),
        ("aliases", version.aliases.iter().map(|alias| Value::from(alias.as_str())).collect()),
    ])
}
