//! `mlflow-artifacts/…` and the lists of artifacts.

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use studio::tracking::{ArtifactEntry, Tracking};

use super::answer::Answer;
use super::call::Call;
use super::files::{self, FileAnswer};
use super::{App, nothing};
use crate::error::{Code, Error, Result};
use crate::messages::{ListArtifacts, ListFolder};
use crate::paths;

/// Answers what lies below `mlflow-artifacts/`, uploads apart; `None` for what is not there.
pub(super) fn answer(app: &App, path: &str, call: &Call<'_>) -> Option<Result<Answer>> {
    let store = app.studio.tracking();
    let decoded = |path: &str| percent_decode_str(path).decode_utf8_lossy().into_owned();
    let json = |answer: Result<Value>| Some(answer.map(Answer::Json));
    if path == "artifacts" {
        return (call.method == Method::GET).then(|| list(store, call).map(Answer::Json));
    }
    if let Some(path) = path.strip_prefix("artifacts/") {
        let path = decoded(path);
        if path.contains('\n') {
            return None;
        }
        return match *call.method {
            Method::GET => Some(paths::safe(&path).and_then(|path| FileAnswer::open(store, &path))),
            Method::DELETE => json(delete(store, &path)),
            _ => None,
        };
    }
    if let Some(rest) = path.strip_prefix("mpu/") {
        let (action, folder) = rest.split_once('/').unwrap_or((rest, ""));
        return json(app.uploads.answer(&app.studio, action, &decoded(folder), call)?);
    }
    if path.starts_with("presigned/") {
        let message = "Presigned download is not supported for the current artifact repository";
        return Some(Err(Error::new(Code::NotImplemented, message)));
    }
    None
}

fn delete(store: Tracking<'_>, path: &str) -> Result<Value> {
    let path = paths::safe(path)?;
    // CVE-2023-6975 and its kin end here too: nothing but rows of one table goes.
    if path.is_empty() {
        return Err(Error::invalid("Invalid path"));
    }
    Ok(nothing(store.delete_artifacts(&path)?))
}

fn list(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: ListFolder = call.message()?;
    let found = store.artifacts_in(&paths::safe(&asked.path)?)?;
    Ok(entries(&found, ""))
}

/// `GET artifacts/list`.
pub(super) fn of_run(store: Tracking<'_>, call: &Call<'_>) -> Result<Value> {
    let asked: ListArtifacts = call.message()?;
    let path = paths::safe(&asked.path)?;
    let id = if asked.run_id.is_empty() { asked.run_uuid } else { asked.run_id };
    below(store, &store.run(&id)?.artifact_uri, &id, &path)
}

/// What lies in a folder of the files of a run or a logged model, which are at an address.
pub(super) fn below(store: Tracking<'_>, address: &str, owner: &str, folder: &str) -> Result<Value> {
    let found = store.files_in(&files::place_of(address, owner)?, folder)?;
    let mut answer = entries(&found, folder);
    answer["root_uri"] = address.into();
    Ok(answer)
}

fn entries(found: &[ArtifactEntry], folder: &str) -> Value {
    let one = |entry: &ArtifactEntry| {
        let path = paths::join(folder, &entry.name);
        match entry.size {
            // MLflow says nothing of a size of 0.
            Some(0) => json!({"path": path, "is_dir": false}),
            Some(size) => json!({"path": path, "is_dir": false, "file_size": size}),
            None => json!({"path": path, "is_dir": true}),
        }
    };
    match found {
        [] => json!({}),
        found => json!({"files": found.iter().map(one).collect::<Value>()}),
    }
}
