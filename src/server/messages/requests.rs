//! Every request of the tracking and registry protocol. Fields are the protocol's own; an `Option` is
//! one whose absence means something.

use serde_json::{Map, Value};

use super::json::special_number;
use super::read::{Field, Message, Shape, Spec, field, find, missing_within};
use crate::error::Result;

/// Declares messages: each field has a type and, with `!`, must be there.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $($field:ident $($required:literal)?: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name { $(pub $field: $type,)* }

        impl Message for $name {
            const FIELDS: &'static [Spec] = &[$(Spec {
                name: stringify!($field),
                required: false $(|| $required)?,
                shape: <$type as Field>::SHAPE,
                reads: |value| <$type as Field>::read(value).is_some(),
            }),*];

            fn fields(map: &Map<String, Value>) -> Option<Self> {
                Some(Self { $($field: field(map, stringify!($field))?,)* })
            }
        }

        impl Field for $name {
            const SHAPE: Shape = Shape::Object;

            fn read(value: &Value) -> Option<Self> {
                special_number(value).is_none().then(|| Self::fields(value.as_object()?)).flatten()
            }
        }
    )+};
}

messages! {
    /// A tag or a parameter.
    Pair { key: String, value: String }
    /// A point of a metric.
    Metric {
        key: String, value: f64, timestamp: i64, step: i64, model_id: String, dataset_name: String,
        dataset_digest: String,
    }
    /// A dataset as its client describes it.
    Dataset {
        name: String, digest: String, source_type: String, source: String, schema: Option<String>,
        profile: Option<String>,
    }
    /// A dataset and what it is used for.
    DatasetInput { dataset: Dataset, tags: Vec<Pair> }
    /// A logged model that a run uses.
    ModelInput { model_id: String }
    /// A logged model that a run makes.
    ModelOutput { model_id: String, step: i64 }

    /// `POST experiments/create`.
    CreateExperiment { name true: String, artifact_location: String, tags: Vec<Pair> }
    /// `POST` and `GET experiments/search`.
    SearchExperiments {
        view_type: Option<View>, max_results: Option<i64>, order_by: Vec<String>, filter: String, page_token: String,
    }
    /// `GET experiments/get`, `POST experiments/delete` and `restore`.
    ExperimentId { experiment_id true: String }
    /// `GET experiments/get-by-name`.
    ExperimentName { experiment_name true: String }
    /// `POST experiments/update`.
    UpdateExperiment { experiment_id true: String, new_name true: String }
    /// `POST experiments/set-experiment-tag`.
    SetExperimentTag { experiment_id true: String, key true: String, value: String }
    /// `POST experiments/delete-experiment-tag`.
    DeleteExperimentTag { experiment_id true: String, key true: String }
    /// `POST experiments/search-datasets`.
    SearchDatasets { experiment_ids true: Vec<String> }

    /// `POST runs/create`.
    CreateRun { experiment_id: String, start_time: i64, run_name: String, user_id: String, tags: Vec<Pair> }
    /// `POST runs/update`.
    UpdateRun {
        run_id true: String, end_time: Option<i64>, status: Option<Status>, run_name: Option<String>, run_uuid: String,
    }
    /// `GET runs/get`, `POST runs/delete` and `restore`.
    RunId { run_id true: String, run_uuid: String }
    /// `POST runs/log-metric`.
    LogMetric {
        run_id true: String, key true: String, value true: f64, timestamp true: i64, step: i64, model_id: String,
        dataset_name: String, dataset_digest: String, run_uuid: String,
    }
    /// `POST runs/log-parameter` and `runs/set-tag`.
    RunPair { run_id true: String, key true: String, value: String, run_uuid: String }
    /// `POST runs/delete-tag`.
    DeleteTag { run_id true: String, key true: String }
    /// `POST runs/log-batch`.
    LogBatch { run_id true: String, metrics: Vec<Metric>, params: Vec<Pair>, tags: Vec<Pair> }
    /// `POST runs/log-inputs`.
    LogInputs { run_id true: String, datasets: Vec<DatasetInput>, models: Vec<ModelInput> }
    /// `POST runs/outputs`.
    LogOutputs { run_id true: String, models true: Vec<ModelOutput> }
    /// `POST runs/log-model`.
    LogModel { run_id true: String, model_json true: String }
    /// `POST runs/search`.
    SearchRuns {
        experiment_ids: Vec<String>, filter: String, max_results: Option<i64>, order_by: Vec<String>,
        run_view_type: Option<View>, page_token: String,
    }
    /// `GET metrics/get-history`.
    GetMetricHistory {
        run_id true: String, metric_key true: String, page_token: String, max_results: Option<i64>, run_uuid: String,
    }
    /// `GET metrics/get-history-bulk`.
    GetMetricHistoryBulk { run_id: Vec<String>, metric_key: Option<String>, max_results: Option<i64> }
    /// `GET metrics/get-history-bulk-interval`.
    GetMetricHistoryBulkInterval {
        run_ids true: Vec<String>, metric_key true: String, start_step: Option<i64>, end_step: Option<i64>,
        max_results: Option<i64>,
    }
    /// `GET mlflow-artifacts/artifacts`.
    ListFolder { path: String }
    /// `POST mlflow-artifacts/mpu/create`.
    CreateMultipart { path true: String, num_parts: Option<i64> }
    /// `POST mlflow-artifacts/mpu/complete` and `abort`.
    EndMultipart { path true: String, upload_id: String }
    /// `GET logged-models/{model_id}/artifacts/directories`.
    ListLoggedModelArtifacts { artifact_directory_path: String }
    /// `GET artifacts/list`.
    ListArtifacts { run_id true: String, path: String, page_token: String, run_uuid: String }

    /// `POST logged-models`.
    CreateLoggedModel {
        experiment_id true: String, name: String, model_type: String, source_run_id: String, params: Vec<Pair>,
        tags: Vec<Pair>,
    }
    /// `PATCH logged-models/{model_id}`.
    FinalizeLoggedModel { model_id true: String, status true: Option<ModelStatus> }
    /// `GET` and `DELETE logged-models/{model_id}`.
    LoggedModelId { model_id true: String }
    /// `POST logged-models/search`.
    SearchLoggedModels {
        experiment_ids true: Vec<String>, filter: String, datasets: Vec<DatasetFilter>, max_results: Option<i64>,
        order_by: Vec<LoggedModelOrder>, page_token: String,
    }
    /// A dataset that metrics were measured on.
    DatasetFilter { dataset_name: String, dataset_digest: String }
    /// By what logged models are ordered.
    LoggedModelOrder { field_name: String, ascending: Option<bool>, dataset_name: String, dataset_digest: String }
    /// `PATCH logged-models/{model_id}/tags`.
    SetLoggedModelTags { model_id true: String, tags: Vec<Pair> }
    /// `DELETE logged-models/{model_id}/tags/{tag_key}`.
    DeleteLoggedModelTag { model_id true: String, tag_key true: String }
    /// `POST logged-models/{model_id}/params`.
    LogLoggedModelParams { model_id true: String, params: Vec<Pair> }

    /// `POST registered-models/create` and `PATCH registered-models/update`.
    RegisteredModelText { name true: String, tags: Vec<Pair>, description: String }
    /// `POST registered-models/rename`.
    RenameRegisteredModel { name true: String, new_name true: String }
    /// `GET registered-models/get`, `DELETE registered-models/delete`.
    RegisteredModelName { name true: String }
    /// `GET registered-models/search`, `GET model-versions/search`.
    SearchRegistry { filter: String, max_results: Option<i64>, order_by: Vec<String>, page_token: String }
    /// `GET` and `POST registered-models/get-latest-versions`.
    GetLatestVersions { name true: String, stages: Vec<String> }
    /// `POST registered-models/set-tag`.
    SetRegisteredModelTag { name true: String, key true: String, value: String }
    /// `DELETE registered-models/delete-tag`.
    DeleteRegisteredModelTag { name true: String, key true: String }
    /// `POST registered-models/alias`.
    SetAlias { name true: String, alias true: String, version true: String }
    /// `GET` and `DELETE registered-models/alias`.
    Alias { name true: String, alias true: String }
    /// `POST model-versions/create`.
    CreateModelVersion {
        name true: String, source true: String, run_id: String, tags: Vec<Pair>, run_link: String, description: String,
        model_id: String,
    }
    /// `GET model-versions/get` and `get-download-uri`, `DELETE model-versions/delete`.
    ModelVersionId { name true: String, version true: String }
    /// `PATCH model-versions/update`.
    UpdateModelVersion { name true: String, version true: String, description: String }
    /// `POST model-versions/transition-stage`.
    TransitionStage { name true: String, version true: String, stage true: String, archive_existing_versions: bool }
    /// `POST model-versions/set-tag`.
    SetModelVersionTag { name true: String, version true: String, key true: String, value: String }
    /// `DELETE model-versions/delete-tag`.
    DeleteModelVersionTag { name true: String, version true: String, key true: String }
}

/// Which of deleted and active things; a word or a number in JSON. Protobuf passes over a word it does not
/// know, so that is as if nothing had been said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View(pub studio::tracking::View);

impl Field for View {
    const SHAPE: Shape = Shape::Text;

    fn read(value: &Value) -> Option<Self> {
        use studio::tracking::View as Known;
        let known = match word(value, &["ACTIVE_ONLY", "DELETED_ONLY", "ALL"])?.as_str() {
            "DELETED_ONLY" => Known::Deleted,
            "ALL" => Known::All,
            _ => Known::Active,
        };
        Some(Self(known))
    }
}

/// How far a run is; a word or a number in JSON. `None` for a word that is none, as with [`View`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status(pub Option<studio::RunStatus>);

impl Field for Status {
    const SHAPE: Shape = Shape::Text;

    fn read(value: &Value) -> Option<Self> {
        let word = word(value, &["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"])?;
        Some(Self(studio::tracking::status_of_protocol(&word)))
    }
}

/// The word of an enum, whose numbers begin at 1; `None` for what is neither a word nor a number.
fn word(value: &Value, words: &[&str]) -> Option<String> {
    let number = value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_u64());
    let named = number.and_then(|number| words.get(usize::try_from(number).ok()?.checked_sub(1)?));
    named.map(|word| (*word).to_owned()).or_else(|| value.as_str().map(str::to_owned))
}

/// How the upload of a logged model ended; a word or a number in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelStatus(pub studio::tracking::LoggedModelStatus);

impl Default for ModelStatus {
    fn default() -> Self {
        Self(studio::tracking::LoggedModelStatus::Pending)
    }
}

impl Field for ModelStatus {
    const SHAPE: Shape = Shape::Integer;

    fn read(value: &Value) -> Option<Self> {
        use studio::tracking::LoggedModelStatus as Known;
        let words = ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"];
        Some(Self(match word(value, &words)?.as_str() {
            "LOGGED_MODEL_READY" => Known::Ready,
            "LOGGED_MODEL_UPLOAD_FAILED" => Known::Failed,
            _ => Known::Pending,
        }))
    }
}

impl LogBatch {
    /// Reads a request of log-batch, which also says where in its lists something is missing.
    ///
    /// # Errors
    /// What is missing or wrong, in MLflow's words.
    pub fn checked(body: &Value) -> Result<Self> {
        let needs: [(&str, &[&str]); 3] =
            [("metrics", &["key", "value", "timestamp"]), ("params", &["key"]), ("tags", &["key"])];
        for (list, fields) in needs {
            let Some(entries) = body.as_object().and_then(|map| find(map, list)).and_then(Value::as_array) else {
                continue;
            };
            for (place, entry) in entries.iter().enumerate() {
                for name in fields {
                    let value = entry.get(name).unwrap_or(&Value::Null);
                    if value.is_null() || value.as_str() == Some("") {
                        return Err(missing_within(&format!("{list}[{place}].{name}")));
                    }
                }
            }
        }
        Self::request(body)
    }
}

/// The pairs of a list.
pub fn pairs(list: Vec<Pair>) -> Vec<(String, String)> {
    list.into_iter().map(|pair| (pair.key, pair.value)).collect()
}
