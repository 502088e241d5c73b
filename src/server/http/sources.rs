//! Where a model version may come from.
//!
//! A source is an address that clients later load files from, some of them on this very machine. So one that
//! points at local files, out of its run, or at a host of somebody's choice is refused in MLflow's words
//! (`_validate_source_run`, `_validate_source_model` in `mlflow/server/handlers.py` of 3.17).

use studio::ErrorKind;
use studio::tracking::{NewRegisteredVersion, RegisteredVersion, Tracking};

use super::models::is_prompt;
use super::versions::place;
use crate::error::{Error, Result};
use crate::names;
use crate::paths::{Address, ROUTE, decode};

/// Sources that stand for no place: a prompt's text lies in its tags.
const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];
/// Schemes whose addresses name a host that would be connected to.
const HOSTS: [&str; 10] = ["ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"];

/// Checks the source of a prompt.
pub(super) fn prompt(source: &str) -> Result<()> {
    if PROMPT_SOURCES.contains(&source) {
        return Ok(());
    }
    Err(Error::invalid(format!("Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder.")))
}

/// What `models:/…` names.
enum Named {
    Logged(String),
    Version(String, u32),
    Stage(String, String),
    Alias(String, String),
    Latest(String),
}

/// Checks the source of a model version and completes what it comes from. `told_*` say whether the client named
/// a run and a logged model.
pub(super) fn check(
    store: Tracking<'_>,
    new: &mut NewRegisteredVersion,
    told_run: bool,
    told_model: bool,
) -> Result<()> {
    reject_hosts(&new.source, "source")?;
    if Address::of(&new.source).is("models") {
        copy_of_registered(store, new, told_run, told_model)?;
    }
    match new.logged_model.clone() {
        Some(id) => check_model(store, &new.source, &id),
        None => check_run(store, &new.source, new.run.as_deref()),
    }
}

/// Checks the place of an experiment's artifacts and completes a relative one: below the workspace, so that it is the
/// same wherever the server was started.
pub(super) fn artifact_location(store: Tracking<'_>, location: &str) -> Result<String> {
    names::artifact_location(location)?;
    reject_hosts(location, "artifact_location")?;
    let address = Address::of(location);
    let drive = location.as_bytes().get(1) == Some(&b':');
    let relative = |path: &str| {
        let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        parts.fold(store.folder().to_path_buf(), |path, part| path.join(part)).display().to_string()
    };
    Ok(match address.scheme {
        "" if !drive && !location.starts_with(['/', '\\']) => relative(location),
        scheme if scheme.eq_ignore_ascii_case("file") && !address.path.starts_with('/') => {
            format!("file://{}", relative(address.path))
        }
        _ => location.to_owned(),
    })
}

/// Addresses that would make whoever loads the model connect to a host that the client chose.
fn reject_hosts(source: &str, parameter: &str) -> Result<()> {
    let address = Address::of(source);
    let scheme = address.scheme.to_ascii_lowercase();
    let chosen = HOSTS.contains(&scheme.as_str()) && (scheme != "mlflow-artifacts" || !address.authority.is_empty());
    if !chosen {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "'{parameter}' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host other than the tracking \
         server's configured artifact storage, so the server would connect to the host named in the URI. Set the \
         MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it."
    )))
}

/// A version that is made of another one is a copy of that, with its run and logged model.
fn copy_of_registered(
    store: Tracking<'_>,
    new: &mut NewRegisteredVersion,
    told_run: bool,
    told_model: bool,
) -> Result<()> {
    let source = new.source.clone();
    if !Address::of(&source).authority.is_empty() {
        return Err(Error::invalid(format!(
            "Invalid model version source: '{source}'. Registered model sources must use the active model registry."
        )));
    }
    if let Named::Version(name, _) = parse(&source)? {
        store.model(&name)?;
    }
    let Some(other) = registered(store, &source)? else { return Ok(()) };
    if is_prompt(&store.model(&other.model)?.tags) {
        return Err(Error::invalid(format!(
            "Invalid model version source: '{source}'. Prompt versions cannot be used as model version sources."
        )));
    }
    if (told_run && new.run != other.run) || (told_model && new.logged_model != other.logged_model) {
        return Err(Error::invalid(format!(
            "Invalid model version source: '{source}'. The run_id and model_id request parameters must match the \
             referenced model version."
        )));
    }
    new.source = format!("models:/{}/{}", other.model, other.version);
    new.run = new.run.take().or(other.run);
    new.logged_model = new.logged_model.take().or(other.logged_model);
    Ok(())
}

/// The version that `models:/…` names; `None` for a logged model.
fn registered(store: Tracking<'_>, source: &str) -> Result<Option<RegisteredVersion>> {
    Ok(Some(match parse(source)? {
        Named::Logged(_) => return Ok(None),
        Named::Version(name, version) => store.version(&name, version)?,
        Named::Alias(name, alias) => store.version_of_alias(&name, &alias)?,
        Named::Latest(name) => store.version_of_alias(&name, "latest")?,
        Named::Stage(name, stage) => {
            let stage = studio::tracking::Stage::of_word(&stage).map_err(studio::Error::from)?;
            let model = store.model(&name)?;
            let found = model.latest.into_iter().find(|version| version.stage == stage);
            found.ok_or_else(|| {
                Error::invalid(format!("No versions of model with name '{name}' and stage '{}' found", stage.word()))
            })?
        }
    }))
}

fn parse(source: &str) -> Result<Named> {
    let path = Address::of(source).path;
    let parts: Vec<&str> = path.strip_prefix('/').unwrap_or_default().trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        [one] if !one.trim().is_empty() => match one.rsplit_once('@') {
            Some((name, alias)) if !alias.trim().is_empty() => Ok(Named::Alias(name.to_owned(), alias.to_owned())),
            Some(_) => Err(foreign(source, "model_id")),
            None => Ok(Named::Logged((*one).to_owned())),
        },
        [name, suffix] if !name.trim().is_empty() && !suffix.trim().is_empty() => {
            let (name, suffix) = ((*name).to_owned(), (*suffix).to_owned());
            if suffix.bytes().all(|b| b.is_ascii_digit()) {
                return Ok(Named::Version(name, names::model_version(&suffix)?));
            }
            Ok(if suffix.eq_ignore_ascii_case("latest") { Named::Latest(name) } else { Named::Stage(name, suffix) })
        }
        _ => Err(foreign(source, "model_id")),
    }
}

fn check_run(store: Tracking<'_>, source: &str, run: Option<&str>) -> Result<()> {
    if is_local(source) {
        let source = match run {
            Some(run) => known(store.run(run), source, "run_id").map(|_| local_path(source))?,
            None => source,
        };
        return Err(Error::invalid(format!(
            "Invalid model version source: '{source}'. To use a local path as a model version source, the run_id \
             request parameter has to be specified and the local path has to be contained within the artifact \
             directory of the run specified by the run_id."
        )));
    }
    no_relative_parts(source)?;
    let address = Address::of(source);
    if address.is("runs") {
        let named = address.path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let own = address.authority.is_empty() && run == Some(named);
        return if own { Ok(()) } else { Err(foreign(source, "run_id")) };
    }
    if address.is("models") && matches!(parse(source)?, Named::Logged(_)) {
        return Err(foreign(source, "model_id"));
    }
    if is_ours(source) {
        let root = run.map(|run| known(store.run(run), source, "run_id")).transpose()?.map(|run| run.artifact_uri);
        return within(source, root, "run_id");
    }
    Ok(())
}

fn check_model(store: Tracking<'_>, source: &str, id: &str) -> Result<()> {
    if is_local(source) {
        known(store.logged_model(id, false), source, "model_id")?;
        let source = local_path(source);
        return Err(Error::invalid(format!(
            "Invalid model version source: '{source}'. To use a local path as a model version source, the model_id \
             request parameter has to be specified and the local path has to be contained within the artifact \
             directory of the run specified by the model_id."
        )));
    }
    no_relative_parts(source)?;
    let address = Address::of(source);
    if address.is("models")
        && let Named::Logged(named) = parse(source)?
    {
        let own = address.authority.is_empty() && named == id;
        return if own { Ok(()) } else { Err(foreign(source, "model_id")) };
    }
    if address.is("runs") {
        return Err(foreign(source, "model_id"));
    }
    if is_ours(source) {
        let model = known(store.logged_model(id, false), source, "model_id")?;
        return within(source, Some(model.artifact_location), "model_id");
    }
    Ok(())
}

/// A run or model that must be there for its artifacts to be a source.
fn known<T>(found: studio::Result<T>, source: &str, parameter: &str) -> Result<T> {
    found.map_err(|error| match error.kind {
        ErrorKind::NotFound => foreign(source, parameter),
        _ => error.into(),
    })
}

fn within(source: &str, root: Option<String>, parameter: &str) -> Result<()> {
    let parts = |address: &str| -> (String, String, Vec<String>) {
        let of = Address::of(address);
        let names = of.path.split('/').filter(|part| !part.is_empty());
        let names = names.map(|part| decode(part).unwrap_or_else(|| "..".to_owned())).collect();
        (of.scheme.to_ascii_lowercase(), of.authority.to_ascii_lowercase(), names)
    };
    let (scheme, authority, path) = parts(source);
    let inside = root.is_some_and(|root| {
        let (root_scheme, root_authority, root_path) = parts(&root);
        scheme == root_scheme && authority == root_authority && !root_path.is_empty() && path.starts_with(&root_path)
    });
    if inside { Ok(()) } else { Err(foreign(source, parameter)) }
}

/// Whether the source lies among the artifacts of a tracking server.
fn is_ours(source: &str) -> bool {
    let address = Address::of(source);
    address.is("mlflow-artifacts")
        || ((address.is("http") || address.is("https"))
            && decode(address.path).is_none_or(|path| path.contains(ROUTE.trim_start_matches('/'))))
}

/// A path of a disk, written plainly or as `file:`.
fn is_local(source: &str) -> bool {
    let address = Address::of(source);
    address.scheme.is_empty() || address.is("file")
}

/// How MLflow shows such a path in its sentence.
fn local_path(source: &str) -> &str {
    let path = Address::of(source).path;
    if path.len() > 1 { path.trim_end_matches('/') } else { path }
}

/// Refuses `..`, NUL and doubled slashes, encoded or not.
fn no_relative_parts(source: &str) -> Result<()> {
    let bad = || {
        Error::invalid(format!(
            "Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp, \
             objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references \
             present. Please provide an absolute path."
        ))
    };
    let plain = decode(&source.replace('+', " ")).ok_or_else(bad)?;
    let path = Address::of(&plain).path;
    let relative = plain.split(['/', '\\']).any(|part| part == "..") || path.split('/').any(|part| part == ".");
    if relative || plain.contains('\0') || !path.starts_with('/') {
        return Err(bad());
    }
    Ok(())
}

fn foreign(source: &str, parameter: &str) -> Error {
    Error::invalid(format!(
        "Invalid model version source: '{source}'. The {parameter} request parameter must identify the resource that \
         contains the source."
    ))
}

/// Finds where the files are, and the run they come from.
pub(super) fn resolve(store: Tracking<'_>, new: &mut NewRegisteredVersion) -> Result<()> {
    if Address::of(&new.source).is("models") {
        match registered(store, &new.source)? {
            Some(other) => new.storage_location = Some(place(&other)),
            None => {
                if let Named::Logged(id) = parse(&new.source)? {
                    let model = store.logged_model(&id, false)?;
                    new.storage_location = Some(model.artifact_location);
                    new.run = new.run.take().or(model.source_run).filter(|run| !run.is_empty());
                }
            }
        }
    }
    if let (None, Some(id)) = (&new.run, &new.logged_model) {
        new.run = store.logged_model(id, false)?.source_run.filter(|run| !run.is_empty());
    }
    Ok(())
}
