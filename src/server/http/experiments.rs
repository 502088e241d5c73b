//! `experiments/…`.

use serde_json::{Value, json};
use studio::tracking::{ExperimentSearch, Tracking};

use super::call::Call;
use super::{limit, nothing, sources, with_token};
use crate::error::{Code, Error, Result};
use crate::messages::{self, *};
use crate::{filter, names, page};

/// Answers what lies below `experiments/`; `None` for what is not there.
pub(super) fn answer(store: Tracking<'_>, action: &str, post: bool, call: &Call<'_>) -> Option<Result<Value>> {
    Some(match (action, post) {
        ("create", true) => create(store, call),
        ("search" | "list", _) => search(store, call),
        ("get", false) => get(store, call),
        ("get-by-name", false) => by_name(store, call),
        ("update", true) => update(store, call),
        ("delete", true) => by_id(call, |id| store.delete_experiment(id)),
        ("restore", true) => by_id(call, |id| store.restore_experiment(id)),
        ("set-experiment-tag", true) => set_tag(store, call),
        ("delete-experiment-tag", true) => delete_tag(store, call),
        ("search-datasets", true) => datasets(store, call),
        _ => return None,
    })
}

fn create(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: CreateExperiment = call.message()?;
    names::experiment_name(&asked.name)?;
    let location = Some(asked.artifact_location.as_str()).filter(|location| !location.is_empty());
    let location = location.map(|location| sources::artifact_location(store, location)).transpose()?;
    let tags = pairs(asked.tags);
    for (key, value) in &tags {
        names::experiment_tag(key, value)?;
    }
    let id = store.create_experiment(&asked.name, location.as_deref(), &tags)?;
    Ok(json!({"experiment_id": id.to_string()}))
}

fn search(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SearchExperiments = call.message()?;
    let search = ExperimentSearch {
        conditions: filter::experiments(&asked.filter)?,
        order: filter::order_of_experiments(&asked.order_by)?,
        view: asked.view_type.unwrap_or_default().0,
        offset: page::offset(&asked.page_token)?,
        limit: limit(Some(asked.max_results.unwrap_or_default()), 0, 50_000)?,
    };
    let found = store.search_experiments(&search)?;
    let mut answer = json!({});
    if !found.items.is_empty() {
        answer["experiments"] = found.items.iter().map(messages::experiment).collect();
    }
    Ok(with_token(answer, found.more.then_some(search.offset + search.limit)))
}

fn get(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: ExperimentId = call.message()?;
    let found = store.experiment(names::experiment_id(&asked.experiment_id)?)?;
    Ok(json!({"experiment": messages::experiment(&found)}))
}

fn by_name(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: ExperimentName = call.message()?;
    let found = store.experiment_by_name(&asked.experiment_name)?.ok_or_else(|| {
        let message = format!("Could not find experiment with name '{}'", asked.experiment_name);
        Error::new(Code::ResourceDoesNotExist, message)
    })?;
    Ok(json!({"experiment": messages::experiment(&found)}))
}

fn update(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: UpdateExperiment = call.message()?;
    names::experiment_name(&asked.new_name)?;
    Ok(nothing(store.rename_experiment(names::experiment_id(&asked.experiment_id)?, &asked.new_name)?))
}

fn by_id(call: &Call<'_>, act: impl Fn(i64) -> studio::Result<()>) -> Result<Value> {
    let asked: ExperimentId = call.message()?;
    Ok(nothing(act(names::experiment_id(&asked.experiment_id)?)?))
}

fn set_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SetExperimentTag = call.message()?;
    names::experiment_tag(&asked.key, &asked.value)?;
    Ok(nothing(store.set_experiment_tag(names::experiment_id(&asked.experiment_id)?, &asked.key, &asked.value)?))
}

fn delete_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: DeleteExperimentTag = call.message()?;
    Ok(nothing(store.delete_experiment_tag(names::experiment_id(&asked.experiment_id)?, &asked.key)?))
}

fn datasets(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SearchDatasets = call.message()?;
    let ids = asked.experiment_ids.iter().map(|id| names::experiment_id(id)).collect::<Result<Vec<_>>>()?;
    let found = store.search_datasets(&ids)?;
    Ok(match found.as_slice() {
        [] => json!({}),
        found => json!({"dataset_summaries": found.iter().map(messages::dataset_summary).collect::<Value>()}),
    })
}
