//! `registered-models/…`.

use axum::http::Method;
use serde_json::{Value, json};
use studio::tracking::{ModelSearch, Stage, Tracking};

use super::call::Call;
use super::{nothing, with_token};
use crate::error::{Code, Error, Result};
use crate::messages::{self, *};
use crate::{filter, names, page};

/// Says of a model that it is a prompt.
pub(super) const IS_PROMPT: &str = "mlflow.prompt.is_prompt";

/// Answers what lies below `registered-models/`; `None` for what is not there.
pub(super) fn answer(store: Tracking<'_>, action: &str, call: &Call<'_>) -> Option<Result<Value>> {
    Some(match (action, call.method.as_str()) {
        ("create", "POST") => create(store, call),
        ("rename", "POST") => rename(store, call),
        ("update", "PATCH") => update(store, call),
        ("delete", "DELETE") => by_name(call).and_then(|name| Ok(nothing(store.delete_model(&name)?))),
        ("get", "GET") => by_name(call).and_then(|name| Ok(answer_of(&store.model(&name)?))),
        ("search", "GET" | "POST") => search(store, call),
        ("get-latest-versions", "GET" | "POST") => latest(store, call),
        ("set-tag", "POST") => set_tag(store, call),
        ("delete-tag", "DELETE") => delete_tag(store, call),
        ("alias", "POST") => set_alias(store, call),
        ("alias", "DELETE") => alias(call).and_then(|(name, alias)| Ok(nothing(store.set_alias(&name, &alias, None)?))),
        ("alias", "GET") => alias(call).and_then(|(name, alias)| {
            let version = store.version_of_alias(&name, &alias)?;
            Ok(json!({"model_version": messages::model_version(&version)}))
        }),
        _ => return None,
    })
}

fn answer_of(model: &studio::tracking::RegisteredModel) -> Value {
    json!({"registered_model": messages::registered_model(model)})
}

/// Whether tags make a model or a version a prompt; of one key the last counts.
pub(super) fn is_prompt(tags: &[(String, String)]) -> bool {
    tags.iter().rev().find(|(key, _)| key == IS_PROMPT).is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"))
}

fn by_name(call: &Call<'_>) -> Result<String> {
    let asked: RegisteredModelName = call.message()?;
    names::model_name(&asked.name)?;
    Ok(asked.name)
}

fn create(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: RegisteredModelText = call.message()?;
    names::model_name(&asked.name)?;
    let tags = pairs(asked.tags);
    for (key, value) in &tags {
        names::registry_tag(key, value)?;
    }
    let prompt = is_prompt(&tags);
    match store.create_model(&asked.name, &asked.description, tags) {
        Err(error) if error.kind == studio::ErrorKind::Conflict => Err(taken(store, &asked.name, prompt)?),
        done => Ok(answer_of(&done?)),
    }
}

/// Models and prompts share their names; MLflow says which of them has it.
fn taken(store: Tracking<'_>, name: &str, prompt: bool) -> Result<Error> {
    let word = |prompt: bool| if prompt { "Prompt" } else { "Registered Model" };
    let (old, new) = (word(is_prompt(&store.model(name)?.tags)), word(prompt));
    let message = if old == new {
        format!("{new} (name={name}) already exists.")
    } else {
        let (old, new) = (old.to_lowercase(), new.to_lowercase());
        let name = studio::tracking::python_repr(name);
        format!(
            "Tried to create a {new} with name {name}, but the name is already taken by a {old}. MLflow does not allow \
             creating a model and a prompt with the same name."
        )
    };
    Ok(Error::new(Code::ResourceAlreadyExists, message))
}

fn rename(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: RenameRegisteredModel = call.message()?;
    names::model_name(&asked.name)?;
    names::new_model_name(&asked.new_name)?;
    Ok(answer_of(&store.rename_model(&asked.name, &asked.new_name)?))
}

fn update(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: RegisteredModelText = call.message()?;
    names::model_name(&asked.name)?;
    Ok(answer_of(&store.describe_model(&asked.name, &asked.description)?))
}

/// How many results a search of the registry returns, in the sentences of that store.
pub(super) fn registry_limit(call: &Call<'_>, asked: Option<i64>, default: i64, most: i64) -> Result<usize> {
    let asked = asked.unwrap_or(default);
    if asked > most {
        // What came in the address is a text to MLflow.
        let shown = if call.method == Method::GET { format!("\"{asked}\"") } else { asked.to_string() };
        return Err(Error::invalid(format!(
            "Invalid value {shown} for parameter 'max_results' supplied:  Hint: Value was of type '{}'. See the API docs \
             for more information about request parameters.",
            if call.method == Method::GET { "str" } else { "int" }
        )));
    }
    Ok(usize::try_from(asked).unwrap_or_default())
}

fn search(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SearchRegistry = call.message()?;
    let search = ModelSearch {
        limit: registry_limit(call, asked.max_results, 100, 1000)?,
        conditions: filter::models(&asked.filter)?,
        order: filter::order_of_models(&asked.order_by)?,
        offset: page::offset(&asked.page_token)?,
    };
    let found = store.search_models(&search)?;
    let mut answer = json!({});
    if !found.items.is_empty() {
        answer["registered_models"] = found.items.iter().map(messages::registered_model).collect();
    }
    Ok(with_token(answer, found.more.then_some(search.offset + search.limit)))
}

fn latest(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: GetLatestVersions = call.message()?;
    names::model_name(&asked.name)?;
    let model = store.model(&asked.name)?;
    let stages =
        asked.stages.iter().map(|word| Ok(Stage::of_word(word)?)).collect::<Result<Vec<_>, studio::Error>>()?;
    let wanted = |stage: Stage| stages.is_empty() || stages.contains(&stage);
    let found = model.latest.iter().filter(|version| wanted(version.stage));
    let versions: Vec<Value> = found.map(messages::model_version).collect();
    Ok(if versions.is_empty() { json!({}) } else { json!({"model_versions": versions}) })
}

fn set_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SetRegisteredModelTag = call.message()?;
    names::model_name(&asked.name)?;
    names::registry_tag(&asked.key, &asked.value)?;
    Ok(nothing(store.tag_model(&asked.name, &asked.key, Some(asked.value))?))
}

fn delete_tag(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: DeleteRegisteredModelTag = call.message()?;
    names::model_name(&asked.name)?;
    names::registry_tag_key(&asked.key)?;
    Ok(nothing(store.tag_model(&asked.name, &asked.key, None)?))
}

fn set_alias(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: SetAlias = call.message()?;
    names::model_name(&asked.name)?;
    names::new_alias(&asked.alias)?;
    let version = names::model_version(&asked.version)?;
    store.version(&asked.name, version)?;
    Ok(nothing(store.set_alias(&asked.name, &asked.alias, Some(version))?))
}

fn alias(call: &Call<'_>) -> Result<(String, String)> {
    let asked: Alias = call.message()?;
    names::model_name(&asked.name)?;
    names::alias(&asked.alias)?;
    Ok((asked.name, asked.alias))
}
