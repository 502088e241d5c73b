//! Model versions that were logged through MLflow's protocol: their bytes are files among the artifacts, and what is
//! inside is for the program that made them.

use std::io::Read;

use serde::Serialize;
use serde_json::Value as Json;
use workspace::ModelVersion;

use crate::tracking::{FilePlace, Tracking};
use crate::{Result, Studio};

/// How much of an `MLmodel` file is read.
const MOST: u64 = 1 << 20;
/// Folders below a model that are looked through.
const DEEPEST: usize = 8;

/// The files of a model version, as far as they are in this workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LoggedFiles {
    /// Where the client said that it comes from, such as `runs:/…/model`.
    pub source: String,
    /// Where its files are.
    pub location: String,
    /// Whether they lie where they can be looked at: in this workspace, or in a folder or bucket within reach.
    pub here: bool,
    /// What can load it, by the names in its `MLmodel` file, such as `sklearn`; the most telling first.
    pub flavors: Vec<Flavor>,
    /// (column, type) of what it takes and of what it gives, where it says so.
    pub inputs: Vec<(String, String)>,
    pub outputs: Vec<(String, String)>,
    /// (path, bytes)
    pub files: Vec<(String, u64)>,
}

/// One way to load a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flavor {
    pub name: String,
    /// The version of what made it, where it says so.
    pub version: Option<String>,
}

impl LoggedFiles {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }

    /// "sklearn 1.9", or where it comes from.
    pub fn title(&self) -> String {
        match self.flavors.first() {
            Some(Flavor { name, version: Some(version) }) => format!("{name} {version}"),
            Some(Flavor { name, version: None }) => name.clone(),
            None => "Logged by MLflow".to_owned(),
        }
    }
}

impl Studio {
    /// What lies behind a version that was registered through MLflow's protocol.
    ///
    /// # Errors
    /// A version that is not there.
    pub(crate) fn logged_files(&self, version: &ModelVersion) -> Result<LoggedFiles> {
        let store = self.tracking();
        let registered = store.version(&version.model, version.version)?;
        let source = registered.source;
        let location = registered.storage_location.unwrap_or_else(|| source.clone());
        let mut found = LoggedFiles { source, location, ..LoggedFiles::default() };
        let Some((place, folder)) = store.resolve(&found.location) else { return Ok(found) };
        found.here = true;
        list(store, &place, &folder, "", DEEPEST, &mut found.files)?;
        let file = if folder.is_empty() { "MLmodel".to_owned() } else { format!("{folder}/MLmodel") };
        if let Ok((_, file)) = store.open_file(&place, &file) {
            let mut text = String::new();
            // A file that is no text says nothing of the model.
            if file.take(MOST).read_to_string(&mut text).is_ok() {
                describe(&text, &mut found);
            }
        }
        Ok(found)
    }
}

fn list(
    store: Tracking<'_>,
    place: &FilePlace,
    root: &str,
    below: &str,
    depth: usize,
    files: &mut Vec<(String, u64)>,
) -> Result<()> {
    let inside = [root, below].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    for entry in store.files_in(place, &inside)? {
        let path = if below.is_empty() { entry.name } else { format!("{below}/{}", entry.name) };
        match entry.size {
            Some(size) => files.push((path, size)),
            None if depth > 0 => list(store, place, root, &path, depth - 1, files)?,
            None => {}
        }
    }
    Ok(())
}

/// Reads an `MLmodel` file: YAML, whose signature is JSON in texts.
fn describe(text: &str, found: &mut LoggedFiles) {
    let Ok(model) = serde_norway::from_str::<Json>(text) else { return };
    if let Some(flavors) = model["flavors"].as_object() {
        for (name, about) in flavors {
            let version = about.get(format!("{name}_version")).or_else(|| about.get("version"));
            let version = version.and_then(Json::as_str).map(str::to_owned);
            found.flavors.push(Flavor { name: name.clone(), version });
        }
        // Every model has this one; it says least.
        found.flavors.sort_by_key(|flavor| flavor.name == "python_function");
    }
    found.inputs = columns(&model["signature"]["inputs"]);
    found.outputs = columns(&model["signature"]["outputs"]);
}

fn columns(signature: &Json) -> Vec<(String, String)> {
    let listed: Vec<Json> = signature.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let one = |column: &Json| {
        let name = column["name"].as_str().unwrap_or("value").to_owned();
        let kind = match column["type"].as_str() {
            Some("tensor") => {
                let tensor = &column["tensor-spec"];
                format!("{} {}", tensor["dtype"].as_str().unwrap_or("tensor"), tensor["shape"])
            }
            Some(kind) => kind.to_owned(),
            None => String::new(),
        };
        (name, kind)
    };
    listed.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ml_model_file_tells_flavors_and_columns() {
        let text = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n    sklearn_version: 1.9.1\n\
                    signature:\n  inputs: '[{\"type\": \"double\", \"name\": \"age\", \"required\": true}]'\n  \
                    outputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"int64\", \"shape\": [-1]}}]'\n";
        let mut found = LoggedFiles::default();
        describe(text, &mut found);
        assert_eq!(found.title(), "sklearn 1.9.1");
        assert_eq!(found.flavors.len(), 2);
        assert_eq!(found.inputs, [("age".to_owned(), "double".to_owned())]);
        assert_eq!(found.outputs, [("value".to_owned(), "int64 [-1]".to_owned())]);
        describe("{{{", &mut LoggedFiles::default());
    }
}
