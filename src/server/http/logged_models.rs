//! `logged-models…`.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use studio::tracking::{DatasetFilter, LoggedModel, LoggedModelSearch, NewLoggedModel, Tracking};

use super::answer::Answer;
use super::call::Call;
use super::{artifacts, files, nothing};
use crate::error::{Error, Result};
use crate::messages::{self, *};
use crate::{filter, names, page, paths};

/// Results of a search when nobody says how many.
const USUAL: i64 = 50;

/// Answers what lies at and below `logged-models`; `None` for what is not there.
pub(super) fn answer(store: Tracking<'_>, rest: &str, call: &Call<'_>) -> Option<Result<Answer>> {
    let parts: Vec<String> =
        rest.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let json = match (parts.as_slice(), call.method.as_str()) {
        ([""], "POST") => create(store, call),
        (["search"], "POST") => search(store, call),
        ([_], "PATCH") => finalize(store, call),
        ([id], "GET") => get(store, id, call),
        ([id], "DELETE") => deleted(store, id),
        ([id, "tags"], "PATCH") => set_tags(store, id, call),
        ([id, "tags", key], "DELETE") => delete_tag(store, id, key),
        ([id, "params"], "POST") => log_params(store, id, call),
        ([id, "artifacts", "directories"], "GET") => list(store, id, call),
        ([id, "artifacts", "files"], "GET") => return Some(files::of_logged_model(store, id, call)),
        _ => return None,
    };
    Some(json.map(Answer::Json))
}

fn answer_of(model: &LoggedModel) -> Value {
    json!({"model": messages::logged_model(model)})
}

fn create(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: CreateLoggedModel = call.message()?;
    let name = match asked.name.as_str() {
        "" => names::random_name(),
        name => {
            names::logged_model_name(name)?;
            name.to_owned()
        }
    };
    let new = NewLoggedModel {
        experiment: names::experiment_id(&asked.experiment_id)?,
        name,
        model_type: Some(asked.model_type),
        source_run: Some(asked.source_run_id),
        params: pairs(asked.params),
        tags: pairs(asked.tags),
    };
    Ok(answer_of(&store.create_logged_model(new)?))
}

fn finalize(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: FinalizeLoggedModel = call.message()?;
    let status = asked.status.unwrap_or_default().0;
    Ok(answer_of(&store.finish_logged_model(&asked.model_id, status)?))
}

fn get(store: Tracking<'_>, id: &str, call: &Call<'_>) -> Result<Value> {
    let deleted = call.param("allow_deleted").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(answer_of(&store.logged_model(id, deleted)?))
}

fn deleted(store: Tracking<'_>, id: &str) -> Result<Value> {
    store.logged_model(id, false)?;
    Ok(nothing(store.delete_logged_model(id)?))
}

fn set_tags(store: Tracking<'_>, id: &str, call: &Call<'_>) -> Result<Value> {
    let (_, asked) = call.read(|body| SetLoggedModelTags::request(&with_id(body, id)))?;
    store.logged_model(id, false)?;
    Ok(nothing(store.set_logged_model_tags(id, pairs(asked.tags))?))
}

fn delete_tag(store: Tracking<'_>, id: &str, key: &str) -> Result<Value> {
    store.logged_model(id, false)?;
    Ok(nothing(store.delete_logged_model_tag(id, key)?))
}

fn log_params(store: Tracking<'_>, id: &str, call: &Call<'_>) -> Result<Value> {
    let asked: LogLoggedModelParams = call.message()?;
    store.logged_model(id, false)?;
    Ok(nothing(store.log_model_params(id, pairs(asked.params))?))
}

/// The body with the id of the address, which is the one that counts.
fn with_id(body: &Value, id: &str) -> Value {
    let mut body = body.as_object().cloned().unwrap_or_default();
    body.insert("model_id".to_owned(), id.into());
    body.into()
}

fn list(store: Tracking<'_>, id: &str, call: &Call<'_>) -> Result<Value> {
    let asked: ListLoggedModelArtifacts = call.message()?;
    let folder = paths::safe(&asked.artifact_directory_path)?;
    artifacts::below(store, &store.logged_model(id, false)?.artifact_location, id, &folder)
}

fn search(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let (body, asked) = call.read(SearchLoggedModels::request)?;
    if asked.datasets.iter().any(|dataset| dataset.dataset_name.is_empty()) {
        return Err(Error::invalid("`dataset_name` in the `datasets` clause must be specified."));
    }
    // What a page's token is of.
    let same = json!([asked.experiment_ids, asked.filter, body.get("order_by")]);
    let most = asked.max_results.filter(|most| *most > 0).unwrap_or(USUAL);
    let dataset = |name: String, digest: String| {
        (!name.is_empty()).then(|| DatasetFilter { name, digest: Some(digest).filter(|digest| !digest.is_empty()) })
    };
    let order = asked.order_by.into_iter().map(|by| {
        let on = dataset(by.dataset_name, by.dataset_digest);
        filter::logged_model_order(&by.field_name, by.ascending.unwrap_or(true), on)
    });
    let search = LoggedModelSearch {
        experiments: asked.experiment_ids.iter().map(|id| names::experiment_id(id)).collect::<Result<_>>()?,
        conditions: filter::logged_models(&asked.filter)?,
        datasets: asked.datasets.into_iter().filter_map(|on| dataset(on.dataset_name, on.dataset_digest)).collect(),
        order: order.collect::<Result<_>>()?,
        offset: page::search_offset(&asked.page_token, &same)?,
        limit: usize::try_from(most).unwrap_or(usize::MAX),
    };
    let found = store.search_logged_models(&search)?;
    let mut answer = json!({});
    if !found.items.is_empty() {
        answer["models"] = found.items.iter().map(messages::logged_model).collect();
    }
    if found.more {
        answer["next_page_token"] = page::search_token(&same, search.offset + search.limit).into();
    }
    Ok(answer)
}
