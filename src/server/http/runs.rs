//! `runs/…` and `metrics/…`.

use serde_json::{Value, json};
use studio::tracking::{
    DatasetInput, LogBatch as Batch, LoggedDataset, MetricPoint, ModelInput, ModelMetric, ModelOutput, NewTrackedRun,
    RUN_NAME_TAG, RunSearch, RunUpdate, Tracking,
};

use super::call::Call;
use super::{limit, nothing, with_token};
use crate::error::{Code, Error, Result};
use crate::messages::{self, *};
use crate::{filter, names, page};

const MOST_RUNS: usize = 100;
const MOST_HISTORY: usize = 25_000;
const MOST_SAMPLES: i64 = 2500;

/// Answers what lies below `runs/` and `metrics/`; `None` for what is not there.
pub(super) fn answer(store: Tracking<'_>, path: &str, post: bool, call: &Call<'_>) -> Option<Result<Value>> {
    Some(match (path, post) {
        ("runs/create", true) => create(store, call),
        ("runs/get", false) => get(store, call),
        ("runs/search", true) => search(store, call),
        ("runs/update", true) => update(store, call),
        ("runs/delete", true) => by_id(call, |id| store.delete_run(id)),
        ("runs/restore", true) => by_id(call, |id| store.restore_run(id)),
        ("runs/log-metric", true) => log_metric(store, call),
        ("runs/log-parameter", true) => log_param(store, call),
        ("runs/log-batch", true) => log_batch(store, call),
        ("runs/set-tag", true) => set_tag(store, call),
        ("runs/delete-tag", true) => delete_tag(store, call),
        ("runs/log-inputs", true) => log_inputs(store, call),
        ("runs/outputs", true) => log_outputs(store, call),
        ("metrics/get-history", false) => history(store, call),
        ("metrics/get-history-bulk", false) => history_bulk(store, call),
        ("metrics/get-history-bulk-interval", false) => history_sampled(store, call),
        _ => return None,
    })
}

/// A run's id under its name or its old one.
fn either(id: String, uuid: String) -> String {
    if id.is_empty() { uuid } else { id }
}

fn text(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}

fn create(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: CreateRun = call.message()?;
    // MLflow's database refuses it too. A run nobody says the place of is the rest of a request that was cut.
    let id = text(asked.experiment_id).ok_or_else(|| {
        Error::new(Code::BadRequest, "A run belongs to an experiment: the request names none in 'experiment_id'.")
    })?;
    let tags = pairs(asked.tags);
    let tagged = tags.iter().find(|(key, _)| key == RUN_NAME_TAG).map(|(_, value)| value.clone());
    let name = match (text(asked.run_name), tagged.and_then(text)) {
        (Some(name), Some(tagged)) if name != tagged => {
            return Err(Error::invalid(format!(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values \
                 (run_name='{name}', mlflow.runName='{tagged}')."
            )));
        }
        (name, tagged) => name.or(tagged).unwrap_or_else(names::random_name),
    };
    let new = NewTrackedRun {
        experiment: names::experiment_id(&id)?,
        name,
        user: asked.user_id,
        start_ms: asked.start_time,
        tags,
    };
    let run = store.create_run(new)?;
    call.created(&run.id);
    Ok(json!({"run": messages::run(&run)}))
}

fn get(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: RunId = call.message()?;
    let run = store.run(&either(asked.run_id, asked.run_uuid))?;
    Ok(json!({"run": messages::run(&run)}))
}

fn search(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SearchRuns = call.message()?;
    if asked.max_results.is_some_and(|most| most > 50_000) {
        let most = asked.max_results.unwrap_or_default();
        return Err(Error::invalid(format!(
            "Invalid value {most} for parameter 'max_results' supplied:  Hint: Value was of type 'int'. See the API \
             docs for more information about request parameters."
        )));
    }
    let search = RunSearch {
        conditions: filter::runs(&asked.filter)?,
        order: filter::order_of_runs(&asked.order_by)?,
        view: asked.run_view_type.unwrap_or_default().0,
        offset: page::offset(&asked.page_token)?,
        limit: limit(asked.max_results, 1000, 50_000)?,
        experiments: asked.experiment_ids.iter().map(|id| names::experiment_id(id)).collect::<Result<_>>()?,
    };
    let found = store.search_runs(&search)?;
    let mut answer = json!({});
    if !found.items.is_empty() {
        answer["runs"] = found.items.iter().map(messages::run).collect();
    }
    Ok(with_token(answer, found.more.then_some(search.offset + search.limit)))
}

fn update(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: UpdateRun = call.message()?;
    let update = RunUpdate {
        status: asked.status.and_then(|status| status.0),
        end_ms: asked.end_time,
        name: asked.run_name.and_then(text),
    };
    let run = store.update_run(&either(asked.run_id, asked.run_uuid), update)?;
    Ok(json!({"run_info": messages::run_info(&run)}))
}

fn by_id(call: &Call<'_>, act: impl Fn(&str) -> studio::Result<()>) -> Result<Value> {
    let asked: RunId = call.message()?;
    Ok(nothing(act(&either(asked.run_id, asked.run_uuid))?))
}

/// A point, and itself once more if it belongs to a model.
fn point(asked: Metric, batch: &mut Batch) {
    let point = MetricPoint { key: asked.key, value: asked.value, timestamp_ms: asked.timestamp, step: asked.step };
    if let Some(model_id) = text(asked.model_id) {
        batch.model_metrics.push(ModelMetric {
            model_id,
            point: point.clone(),
            dataset_name: text(asked.dataset_name),
            dataset_digest: text(asked.dataset_digest),
        });
    }
    batch.metrics.push(point);
}

fn log_metric(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: LogMetric = call.message()?;
    names::metric(&asked.key, asked.value, asked.timestamp, "")?;
    let mut batch = Batch::default();
    let metric = Metric {
        key: asked.key,
        value: asked.value,
        timestamp: asked.timestamp,
        step: asked.step,
        model_id: asked.model_id,
        dataset_name: asked.dataset_name,
        dataset_digest: asked.dataset_digest,
    };
    point(metric, &mut batch);
    Ok(nothing(store.log_batch(&either(asked.run_id, asked.run_uuid), batch)?))
}

fn log_param(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: RunPair = call.message()?;
    let value = names::param(&asked.key, &asked.value, "")?;
    Ok(nothing(store.log_param(&either(asked.run_id, asked.run_uuid), &asked.key, &value)?))
}

fn log_batch(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let (_, asked) = call.read(LogBatch::checked)?;
    names::run_id(&asked.run_id)?;
    let mut batch = Batch::default();
    for (index, metric) in asked.metrics.into_iter().enumerate() {
        names::metric(&metric.key, metric.value, metric.timestamp, &format!("metrics[{index}]"))?;
        point(metric, &mut batch);
    }
    for (index, Pair { key, value }) in asked.params.into_iter().enumerate() {
        let value = names::param(&key, &value, &format!("params[{index}]"))?;
        batch.params.push((key, value));
    }
    for (index, Pair { key, value }) in asked.tags.into_iter().enumerate() {
        let value = names::tag(&key, &value, &format!("tags[{index}]"))?;
        batch.tags.push((key, value));
    }
    names::batch_limits(batch.metrics.len(), batch.params.len(), batch.tags.len())?;
    names::unique_params(&batch.params)?;
    Ok(nothing(store.log_batch(&asked.run_id, batch)?))
}

fn set_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: RunPair = call.message()?;
    let value = names::tag(&asked.key, &asked.value, "")?;
    let batch = Batch { tags: vec![(asked.key, value)], ..Batch::default() };
    Ok(nothing(store.log_batch(&either(asked.run_id, asked.run_uuid), batch)?))
}

fn delete_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: DeleteTag = call.message()?;
    Ok(nothing(store.delete_tag(&asked.run_id, &asked.key)?))
}

fn log_inputs(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: LogInputs = call.message()?;
    names::run_id(&asked.run_id)?;
    let input = |input: messages::DatasetInput| DatasetInput {
        dataset: LoggedDataset {
            name: input.dataset.name,
            digest: input.dataset.digest,
            source_type: input.dataset.source_type,
            source: input.dataset.source,
            schema: input.dataset.schema,
            profile: input.dataset.profile,
        },
        tags: pairs(input.tags),
    };
    let datasets: Vec<DatasetInput> = asked.datasets.into_iter().map(input).collect();
    datasets.iter().try_for_each(names::dataset)?;
    let models = asked.models.into_iter().map(|model| ModelInput { model_id: model.model_id }).collect();
    Ok(nothing(store.log_inputs(&asked.run_id, datasets, models)?))
}

fn log_outputs(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: LogOutputs = call.message()?;
    let models =
        asked.models.into_iter().map(|model| ModelOutput { model_id: model.model_id, step: model.step }).collect();
    Ok(nothing(store.log_outputs(&asked.run_id, models)?))
}

/// `POST runs/log-model`, by which clients before MLflow 3 list the models of a run in one of its tags.
pub(super) fn log_model(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    const TAG: &str = "mlflow.log-model.history";
    let asked: LogModel = call.message()?;
    let model: Value = serde_json::from_str(&asked.model_json).map_err(|_| {
        Error::invalid(format!("Malformed model info. \n {} \n is not a valid JSON.", asked.model_json))
    })?;
    let mandatory = ["artifact_path", "flavors", "utc_time_created", "run_id"];
    let missing: Vec<&str> = mandatory.into_iter().filter(|name| model.get(name).is_none()).collect();
    if !missing.is_empty() {
        let missing: Vec<String> = missing.into_iter().map(studio::tracking::python_repr).collect();
        return Err(Error::invalid(format!("Model json is missing mandatory fields: {{{}}}", missing.join(", "))));
    }
    let kept = ["run_id", "utc_time_created", "artifact_path", "model_uuid", "flavors"];
    let facts = kept.into_iter().filter_map(|name| Some((name.to_owned(), model.get(name)?.clone())));
    let facts = Value::Object(facts.collect());
    let run = store.run(&asked.run_id)?;
    let known = run.tags.iter().find(|(key, _)| key == TAG).and_then(|(_, text)| serde_json::from_str(text).ok());
    let mut all: Vec<Value> = known.unwrap_or_default();
    all.push(facts);
    let tags = vec![(TAG.to_owned(), Value::from(all).to_string())];
    Ok(nothing(store.log_batch(&asked.run_id, Batch { tags, ..Batch::default() })?))
}

fn history(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: GetMetricHistory = call.message()?;
    if let Some(most) = asked.max_results.filter(|most| *most <= 0) {
        return Err(Error::invalid(format!(
            "Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer."
        )));
    }
    let most = asked.max_results.and_then(|most| usize::try_from(most).ok());
    let offset = page::offset(&asked.page_token)?;
    let found = store.metric_page(&either(asked.run_id, asked.run_uuid), &asked.metric_key, offset, most)?;
    let mut answer = json!({});
    if !found.items.is_empty() {
        answer["metrics"] = found.items.iter().map(messages::metric).collect();
    }
    Ok(with_token(answer, found.more.then_some(offset + most.unwrap_or_default())))
}

fn history_bulk(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: GetMetricHistoryBulk = call.message()?;
    let count = asked.run_id.len();
    if count == 0 {
        return Err(Error::invalid("GetMetricHistoryBulk request must specify at least one run_id."));
    }
    if count > MOST_RUNS {
        return Err(Error::invalid(format!(
            "GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. Received {count} run_ids."
        )));
    }
    let key =
        asked.metric_key.ok_or_else(|| Error::invalid("GetMetricHistoryBulk request must specify a metric_key."))?;
    let most =
        asked.max_results.and_then(|most| usize::try_from(most).ok()).map_or(MOST_HISTORY, |n| n.min(MOST_HISTORY));
    let found = store.metric_histories(&asked.run_id, &key, most)?;
    Ok(json!({"metrics": found.iter().map(messages::run_point).collect::<Value>()}))
}

fn history_sampled(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    const SEE: &str = " See the API docs for more information about request parameters.";
    let asked: GetMetricHistoryBulkInterval = call.message()?;
    let count = asked.run_ids.len();
    if count > MOST_RUNS {
        return Err(Error::invalid(format!(
            "GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids. Received {count} run_ids.{SEE}"
        )));
    }
    let most = asked.max_results.unwrap_or(MOST_SAMPLES);
    if !(1..=MOST_SAMPLES).contains(&most) {
        return Err(Error::invalid(format!("max_results must be between 1 and {MOST_SAMPLES}.{SEE}")));
    }
    let steps = match (asked.start_step, asked.end_step) {
        (Some(start), Some(end)) if start > end => {
            return Err(Error::invalid(format!(
                "end_step must be greater than start_step. Found start_step={start} and end_step={end}."
            )));
        }
        (Some(start), Some(end)) => Some((start, end)),
        (None, None) => None,
        _ => {
            return Err(Error::invalid("If either start step or end step are specified, both must be specified."));
        }
    };
    let found = store.sampled_histories(&asked.run_ids, &asked.metric_key, most as usize, steps)?;
    Ok(match found.as_slice() {
        [] => json!({}),
        found => json!({"metrics": found.iter().map(messages::run_point).collect::<Value>()}),
    })
}
