//! Logged models, registered models and their versions. Each function does what the workspace's of the same
//! name does.

use serde_json::{Value as Json, json};

use super::*;

/// The tag of a logged model that lists the versions it was registered as.
const VERSIONS_TAG: &str = "mlflow.modelVersions";

/// [`VERSIONS_TAG`] of a logged model that has these tags, with one version more.
pub(crate) fn versions_tag(tags: &[(String, String)], name: &str, version: u32) -> (String, String) {
    let own = json!({"name": name, "version": version});
    let known = tags.iter().find(|(key, _)| key == VERSIONS_TAG);
    let mut all: Vec<Json> = known.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default();
    if !all.contains(&own) {
        all.push(own);
    }
    // The spelling of Python's json module, which clients compare.
    let one = |entry: &Json| format!("{{\"name\": {}, \"version\": {}}}", entry["name"], entry["version"]);
    (VERSIONS_TAG.to_owned(), format!("[{}]", all.iter().map(one).collect::<Vec<_>>().join(", ")))
}

impl Tracking<'_> {
    pub fn create_logged_model(self, new: NewLoggedModel) -> Result<LoggedModel> {
        let id = self.change("model.logged", "", move |tx| tx.create_logged_model(&new))?;
        self.logged_model(&id, false)
    }

    /// A logged model; a deleted one only if `deleted` allows it.
    pub fn logged_model(self, id: &str, deleted: bool) -> Result<LoggedModel> {
        Ok(self.0.logged_model(id, deleted)?)
    }

    pub fn search_logged_models(self, search: &LoggedModelSearch) -> Result<Page<LoggedModel>> {
        Ok(self.0.search_logged_models(search)?)
    }

    pub fn log_model_params(self, id: &str, params: Vec<(String, String)>) -> Result<()> {
        let own = id.to_owned();
        self.change("model.logged", id, move |tx| tx.log_model_params(&own, &params))
    }

    pub fn set_logged_model_tags(self, id: &str, tags: Vec<(String, String)>) -> Result<()> {
        let own = id.to_owned();
        self.change("model.logged", id, move |tx| tx.set_logged_model_tags(&own, &tags))
    }

    pub fn delete_logged_model_tag(self, id: &str, key: &str) -> Result<()> {
        let (own, key) = (id.to_owned(), key.to_owned());
        self.change("model.logged", id, move |tx| tx.delete_logged_model_tag(&own, &key))
    }

    /// Says how the upload of a logged model ended.
    pub fn finish_logged_model(self, id: &str, status: LoggedModelStatus) -> Result<LoggedModel> {
        let own = id.to_owned();
        self.change("model.logged", id, move |tx| tx.finish_logged_model(&own, status))?;
        self.logged_model(id, true)
    }

    pub fn delete_logged_model(self, id: &str) -> Result<()> {
        let own = id.to_owned();
        self.change("model.logged_deleted", id, move |tx| tx.delete_logged_model(&own))
    }

    pub fn create_model(self, name: &str, description: &str, tags: Vec<(String, String)>) -> Result<RegisteredModel> {
        let (own, description) = (name.to_owned(), description.to_owned());
        self.change("model.created", name, move |tx| tx.create_registered_model(&own, &description, &tags))?;
        self.model(name)
    }

    pub fn model(self, name: &str) -> Result<RegisteredModel> {
        Ok(self.0.registered_model(name)?)
    }

    pub fn search_models(self, search: &ModelSearch) -> Result<Page<RegisteredModel>> {
        Ok(self.0.search_registered_models(search)?)
    }

    pub fn describe_model(self, name: &str, description: &str) -> Result<RegisteredModel> {
        let (own, description) = (name.to_owned(), description.to_owned());
        self.change("model.described", name, move |tx| tx.describe_registered_model(&own, &description))?;
        self.model(name)
    }

    pub fn rename_model(self, name: &str, new_name: &str) -> Result<RegisteredModel> {
        let (own, new) = (name.to_owned(), new_name.to_owned());
        self.change("model.renamed", name, move |tx| tx.rename_registered_model(&own, &new))?;
        self.model(new_name)
    }

    pub fn delete_model(self, name: &str) -> Result<()> {
        let own = name.to_owned();
        self.change("model.deleted", name, move |tx| tx.delete_registered_model(&own))
    }

    /// Sets a tag of a registered model, or removes it with `None`.
    pub fn tag_model(self, name: &str, key: &str, value: Option<String>) -> Result<()> {
        let (own, key) = (name.to_owned(), key.to_owned());
        self.change("model.tagged", name, move |tx| tx.tag_registered_model(&own, &key, value.as_deref()))
    }

    /// Makes an alias stand for a version, or removes it with `None`.
    pub fn set_alias(self, name: &str, alias: &str, version: Option<u32>) -> Result<()> {
        let (own, alias) = (name.to_owned(), alias.to_owned());
        self.change("model.alias", name, move |tx| tx.set_model_alias(&own, &alias, version))
    }

    pub fn version_of_alias(self, name: &str, alias: &str) -> Result<RegisteredVersion> {
        Ok(self.0.version_of_alias(name, alias)?)
    }

    pub fn create_version(self, new: NewRegisteredVersion) -> Result<RegisteredVersion> {
        let name = new.model.clone();
        let version = self.change("model.registered", &name, move |tx| tx.create_registered_version(&new))?;
        self.version(&name, version)
    }

    /// Adds a version to those that its logged model lists.
    pub fn note_version(self, id: &str, version: &RegisteredVersion) -> Result<()> {
        let tag = versions_tag(&self.logged_model(id, false)?.tags, &version.model, version.version);
        self.set_logged_model_tags(id, vec![tag])
    }

    pub fn version(self, name: &str, version: u32) -> Result<RegisteredVersion> {
        Ok(self.0.registered_version(name, version)?)
    }

    pub fn search_versions(self, search: &VersionSearch) -> Result<Page<RegisteredVersion>> {
        Ok(self.0.search_registered_versions(search)?)
    }

    pub fn describe_version(self, name: &str, version: u32, description: &str) -> Result<RegisteredVersion> {
        let (own, description) = (name.to_owned(), description.to_owned());
        self.change("model.version_described", name, move |tx| {
            tx.describe_registered_version(&own, version, &description)
        })?;
        self.version(name, version)
    }

    /// Sets a tag of a version, or removes it with `None`.
    pub fn tag_version(self, name: &str, version: u32, key: &str, value: Option<String>) -> Result<()> {
        let (own, key) = (name.to_owned(), key.to_owned());
        self.change("model.version_tagged", name, move |tx| {
            tx.tag_registered_version(&own, version, &key, value.as_deref())
        })
    }

    /// Puts a version into a stage; with `archive`, all others in that stage are archived.
    pub fn set_stage(self, name: &str, version: u32, stage: Stage, archive: bool) -> Result<RegisteredVersion> {
        let own = name.to_owned();
        self.change("model.stage", name, move |tx| tx.set_version_stage(&own, version, stage, archive))?;
        self.version(name, version)
    }

    pub fn delete_version(self, name: &str, version: u32) -> Result<()> {
        let own = name.to_owned();
        self.change("model.version_deleted", name, move |tx| tx.delete_registered_version(&own, version))
    }
}
