//! `model-versions/…`.

use serde_json::{Value, json};
use studio::tracking::{NewRegisteredVersion, RegisteredVersion, Stage, Tracking, VersionSearch};

use super::call::Call;
use super::models::{is_prompt, registry_limit};
use super::{nothing, sources, with_token};
use crate::error::{Code, Error, Result};
use crate::messages::{self, *};
use crate::{filter, names, page};

/// Answers what lies below `model-versions/`; `None` for what is not there.
pub(super) fn answer(store: Tracking<'_>, action: &str, call: &Call<'_>) -> Option<Result<Value>> {
    Some(match (action, call.method.as_str()) {
        ("create", "POST") => create(store, call),
        ("update", "PATCH") => update(store, call),
        ("transition-stage", "POST") => transition(store, call),
        ("delete", "DELETE") => {
            one(call).and_then(|(name, version)| Ok(nothing(store.delete_version(&name, version)?)))
        }
        ("get", "GET") => one(call).and_then(|(name, version)| Ok(answer_of(&store.version(&name, version)?))),
        ("get-download-uri", "GET") => {
            one(call).and_then(|(name, version)| Ok(json!({"artifact_uri": place(&store.version(&name, version)?)})))
        }
        ("search", "GET" | "POST") => search(store, call),
        ("set-tag", "POST") => set_tag(store, call),
        ("delete-tag", "DELETE") => delete_tag(store, call),
        _ => return None,
    })
}

fn answer_of(version: &RegisteredVersion) -> Value {
    json!({"model_version": messages::model_version(version)})
}

/// Where a version's files are.
pub(super) fn place(version: &RegisteredVersion) -> String {
    version.storage_location.clone().filter(|place| !place.is_empty()).unwrap_or_else(|| version.source.clone())
}

fn one(call: &Call<'_>) -> Result<(String, u32)> {
    let asked: ModelVersionId = call.message()?;
    names::model_name(&asked.name)?;
    Ok((asked.name, names::model_version(&asked.version)?))
}

fn create(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let (body, asked) = call.read(CreateModelVersion::request)?;
    let tags = pairs(asked.tags);
    let mut new = NewRegisteredVersion {
        model: asked.name,
        source: asked.source,
        run: Some(asked.run_id).filter(|id| !id.is_empty()),
        run_link: Some(asked.run_link),
        logged_model: Some(asked.model_id).filter(|id| !id.is_empty()),
        description: asked.description,
        ..NewRegisteredVersion::default()
    };
    let prompt = is_prompt(&tags);
    let told = |name: &str| messages::has(&body, name);
    // CVE-2026-2614: that a client calls it a prompt lets no other source in.
    match prompt {
        true => sources::prompt(&new.source)?,
        false => sources::check(store, &mut new, told("run_id"), told("model_id"))?,
    }
    names::model_name(&new.model)?;
    for (key, value) in &tags {
        names::registry_tag(key, value)?;
    }
    new.tags = tags;
    sources::resolve(store, &mut new)?;
    let logged_model = new.logged_model.clone().filter(|_| !prompt);
    let version = store.create_version(new)?;
    if let Some(id) = logged_model {
        store.note_version(&id, &version)?;
    }
    Ok(answer_of(&version))
}

fn update(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: UpdateModelVersion = call.message()?;
    names::model_name(&asked.name)?;
    let version = names::model_version(&asked.version)?;
    Ok(answer_of(&store.describe_version(&asked.name, version, &asked.description)?))
}

fn transition(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: TransitionStage = call.message()?;
    names::model_name(&asked.name)?;
    let version = names::model_version(&asked.version)?;
    let stage = Stage::of_word(&asked.stage).map_err(studio::Error::from)?;
    if asked.archive_existing_versions && !matches!(stage, Stage::Staging | Stage::Production) {
        // MLflow gives this one no code, which makes it an internal error.
        let message = format!(
            "Model version transition cannot archive existing model versions because '{}' is not an Active stage. Valid \
             stages are ['Staging', 'Production']",
            asked.stage
        );
        return Err(Error::new(Code::InternalError, message));
    }
    Ok(answer_of(&store.set_stage(&asked.name, version, stage, asked.archive_existing_versions)?))
}

fn search(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SearchRegistry = call.message()?;
    let limit = registry_limit(call, asked.max_results, 200_000, 200_000)?;
    if limit == 0 {
        let most = asked.max_results.unwrap_or_default();
        return Err(Error::invalid(format!(
            "Invalid value for max_results. It must be a positive integer, but got {most}"
        )));
    }
    let search = VersionSearch {
        limit,
        conditions: filter::versions(&asked.filter)?,
        order: filter::order_of_versions(&asked.order_by)?,
        offset: page::offset(&asked.page_token)?,
    };
    let found = store.search_versions(&search)?;
    let mut answer = json!({});
    if !found.items.is_empty() {
        answer["model_versions"] = found.items.iter().map(messages::model_version_without_aliases).collect();
    }
    Ok(with_token(answer, found.more.then_some(search.offset + search.limit)))
}

fn set_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SetModelVersionTag = call.message()?;
    names::model_name(&asked.name)?;
    let version = names::model_version(&asked.version)?;
    names::registry_tag(&asked.key, &asked.value)?;
    Ok(nothing(store.tag_version(&asked.name, version, &asked.key, Some(asked.value))?))
}

fn delete_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: DeleteModelVersionTag = call.message()?;
    names::model_name(&asked.name)?;
    let version = names::model_version(&asked.version)?;
    names::registry_tag_key(&asked.key)?;
    Ok(nothing(store.tag_version(&asked.name, version, &asked.key, None)?))
}
