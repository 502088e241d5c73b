//! What cargo says of the project and of every crate that ends up in the program.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::program::cargo;

/// A crate from elsewhere that is compiled into the program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Library {
    pub name: String,
    pub version: String,
    /// SPDX expression; empty where the crate only points at a file.
    pub licence: String,
    pub authors: Vec<String>,
    pub repository: Option<String>,
    /// The crate's sources.
    pub folder: PathBuf,
    /// The licence file the crate names, inside `folder`.
    pub licence_file: Option<PathBuf>,
}

/// The workspace as cargo resolved it for this system.
pub struct Project {
    target: String,
    target_folder: PathBuf,
    version: String,
    description: String,
    libraries: Vec<Library>,
}

impl Project {
    /// Asks cargo about the workspace at `root`. Reaches for no network once the crates are there.
    pub fn read(root: &Path) -> Result<Self> {
        let target = line(cargo().arg("-vV"), "host: ")?;
        let mut command = cargo();
        command.current_dir(root).args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &target]);
        let metadata: Value = serde_json::from_slice(&output(&mut command)?).context("cargo metadata is not JSON")?;
        Self::from_metadata(&metadata, target)
    }

    fn from_metadata(metadata: &Value, target: String) -> Result<Self> {
        let packages: HashMap<&str, &Value> =
            array(metadata, "packages").map(|package| (text(package, "id"), package)).collect();
        let (root_id, program) = packages
            .iter()
            .find(|(_, package)| package["name"] == "atelier" && package["source"].is_null())
            .context("The workspace has no crate named atelier")?;
        let libraries = shipped(metadata, root_id)
            .into_iter()
            .filter_map(|id| packages.get(id))
            .filter(|package| !package["source"].is_null())
            .map(|package| library(package))
            .collect::<Result<std::collections::BTreeSet<_>>>()?;
        Ok(Self {
            target,
            target_folder: text(metadata, "target_directory").into(),
            version: text(program, "version").to_owned(),
            description: text(program, "description").to_owned(),
            libraries: libraries.into_iter().collect(),
        })
    }

    /// The target triple that is built for.
    pub fn target(&self) -> &str {
        &self.target
    }

    pub fn target_folder(&self) -> &Path {
        &self.target_folder
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn description(&self) -> &str {
        &self.description
    }

    /// Sorted by name and version.
    pub fn libraries(&self) -> &[Library] {
        &self.libraries
    }
}

/// Ids of the packages reachable from `root` by ordinary dependencies: build scripts and test
/// tools leave nothing in the program.
fn shipped<'m>(metadata: &'m Value, root: &'m str) -> HashSet<&'m str> {
    let nodes: BTreeMap<&str, &Value> =
        array(&metadata["resolve"], "nodes").map(|node| (text(node, "id"), node)).collect();
    let mut found = HashSet::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        let Some(node) = nodes.get(id).filter(|_| found.insert(id)) else {
            continue;
        };
        let ordinary = |dependency: &&Value| array(dependency, "dep_kinds").any(|kind| kind["kind"].is_null());
        waiting.extend(array(node, "deps").filter(ordinary).map(|dependency| text(dependency, "pkg")));
    }
    found
}

fn library(package: &Value) -> Result<Library> {
    let manifest = Path::new(text(package, "manifest_path"));
    let folder = manifest.parent().with_context(|| format!("A manifest without a folder: {}", manifest.display()))?;
    Ok(Library {
        name: text(package, "name").to_owned(),
        version: text(package, "version").to_owned(),
        licence: text(package, "license").to_owned(),
        authors: array(package, "authors").filter_map(Value::as_str).map(String::from).collect(),
        repository: package["repository"].as_str().map(String::from),
        folder: folder.to_path_buf(),
        licence_file: package["license_file"].as_str().map(|file| folder.join(file)),
    })
}

/// The text under `key`, empty when there is none.
fn text<'m>(value: &'m Value, key: &str) -> &'m str {
    value[key].as_str().unwrap_or_default()
}

fn array<'m>(value: &'m Value, key: &str) -> impl Iterator<Item = &'m Value> {
    value[key].as_array().into_iter().flatten()
}

/// What a command prints, or its complaint.
fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo could not describe the workspace.\n{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

/// The rest of the line that starts with `mark`.
fn line(command: &mut Command, mark: &str) -> Result<String> {
    let printed = output(command)?;
    let printed = String::from_utf8_lossy(&printed);
    let found = printed.lines().find_map(|line| line.strip_prefix(mark));
    found.map(String::from).with_context(|| format!("cargo printed no line starting with {mark:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, source: Option<&str>) -> Value {
        json!({"id": name, "name": name, "version": "1.0.0", "source": source, "license": "MIT",
               "manifest_path": format!("/sources/{name}/Cargo.toml"), "authors": [], "description": ""})
    }

    fn node(id: &str, deps: &[(&str, Option<&str>)]) -> Value {
        let deps: Vec<_> = deps.iter().map(|(to, kind)| json!({"pkg": to, "dep_kinds": [{"kind": kind}]})).collect();
        json!({"id": id, "deps": deps})
    }

    #[test]
    fn only_what_the_program_contains_is_listed() {
        let registry = Some("registry");
        let metadata = json!({
            "target_directory": "/target",
            "packages": [
                package("atelier", None), package("gui", None), package("egui", registry),
                package("cc", registry), package("proptest", registry), package("unrelated", registry),
            ],
            "resolve": {"nodes": [
                node("atelier", &[("gui", None), ("proptest", Some("dev"))]),
                node("gui", &[("egui", None), ("cc", Some("build"))]),
                node("egui", &[("gui", None)]),
                node("cc", &[]), node("proptest", &[]), node("unrelated", &[]),
            ]},
        });
        let project = Project::from_metadata(&metadata, "x".into()).unwrap();
        let names: Vec<_> = project.libraries().iter().map(|library| library.name.as_str()).collect();
        assert_eq!(names, ["egui"]);
    }
}
