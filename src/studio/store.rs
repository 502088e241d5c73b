//! The pipeline engine's [`Store`] over a workspace.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use data::schema::Schema;
use pipeline::component::{PortKind, StepError};
use pipeline::journal::StepJournal;
use pipeline::store::{Dataset, Environment, RegisteredModel, Store, Stored};
use workspace::{Output, Workspace};

use crate::registered::BY_DIGEST;

/// Bytes in the workspace's blobs, results in its step cache.
pub(crate) struct WorkspaceStore {
    workspace: Arc<Workspace>,
    /// By what the pipeline calls them: ready, or why not.
    environments: BTreeMap<String, Result<Environment, String>>,
}

impl WorkspaceStore {
    pub(crate) fn new(workspace: Arc<Workspace>) -> Self {
        Self { workspace, environments: BTreeMap::new() }
    }

    pub(crate) fn with_environments(mut self, environments: BTreeMap<String, Result<Environment, String>>) -> Self {
        self.environments = environments;
        self
    }
}

/// The interpreter that Python steps use when they name none.
pub(crate) fn python(workspace: &Workspace) -> workspace::Result<PathBuf> {
    let manifest = workspace.manifest()?;
    let named = manifest.settings.get("python").and_then(|value| value.as_str()).map(PathBuf::from);
    Ok(match named {
        // A path is relative to the workspace; a bare name is looked for in PATH.
        Some(named) if named.components().count() > 1 => workspace.folder().join(named),
        Some(named) => named,
        None => PathBuf::from(if cfg!(windows) { "python" } else { "python3" }),
    })
}

impl Store for WorkspaceStore {
    fn dataset(&self, name: &str, version: Option<u32>) -> Result<Dataset, StepError> {
        let found = self.workspace.dataset_version(name, version).map_err(failed)?;
        let schema = self.workspace.dataset_schema(name, found.version).map_err(failed)?;
        let schema: Schema = serde_json::from_value(schema)
            .map_err(|error| StepError::Failed(format!("The columns of dataset “{name}” cannot be read: {error}.")))?;
        Ok(Dataset {
            path: self.workspace.blob_path(&found.digest).map_err(failed)?,
            name: found.dataset,
            version: found.version,
            digest: found.digest,
            schema,
            rows: found.rows,
        })
    }

    fn model(&self, reference: &str) -> Result<RegisteredModel, StepError> {
        if let Some(digest) = reference.strip_prefix(BY_DIGEST) {
            let path = self.workspace.blob_path(digest).map_err(failed)?;
            return Ok(RegisteredModel { name: reference.to_owned(), version: 0, digest: digest.to_owned(), path });
        }
        let found = crate::registered::find_registered(&self.workspace, reference)
            .map_err(|error| StepError::Failed(error.message))?;
        let path = self.workspace.blob_path(&found.digest).map_err(failed)?;
        Ok(RegisteredModel { name: found.model, version: found.version, digest: found.digest, path })
    }

    fn find(&self, key: &str) -> Result<Option<Vec<Stored>>, StepError> {
        let Some(entry) = self.workspace.cached_step(key).map_err(failed)? else { return Ok(None) };
        let outputs: Option<Vec<Stored>> = entry.outputs.into_iter().map(stored).collect();
        Ok(outputs.filter(|outputs| {
            outputs.iter().all(|output| self.workspace.blob_path(&output.digest).is_ok_and(|path| path.is_file()))
        }))
    }

    fn journal(&self, key: &str) -> Result<StepJournal, StepError> {
        if let Some(kept) = self.workspace.step_journal(key).map_err(failed)? {
            return serde_json::from_value(kept)
                .map_err(|error| StepError::Failed(format!("What a step said when it ran cannot be read: {error}.")));
        }
        // Programs before this one kept no journals. What was trained or judged without its curves is so again.
        let entry = self.workspace.cached_step(key).map_err(failed)?;
        let mut kinds = entry.iter().flat_map(|entry| &entry.outputs).map(|output| output.kind.as_str());
        if kinds.any(|kind| matches!(kind, "model" | "report")) {
            return Err(StepError::failed("The curves of this step were not kept with its result."));
        }
        Ok(StepJournal::default())
    }

    fn keep(&self, key: &str, outputs: &[Stored], journal: &StepJournal) -> Result<(), StepError> {
        let outputs: Vec<Output> = outputs.iter().map(recorded).collect();
        let said = serde_json::to_value(journal).map_err(unwritable)?;
        let kept = self.workspace.batch("step.kept", key, |batch| {
            batch.remember_step(key, None, None, &outputs)?;
            batch.keep_step_journal(key, &said)
        });
        kept.map_err(failed)
    }

    fn put_file(&self, path: PathBuf) -> Result<String, StepError> {
        let put = self.workspace.adopt_file(&path).map_err(failed)?;
        Ok(put.digest)
    }

    fn put_bytes(&self, bytes: &[u8]) -> Result<String, StepError> {
        Ok(self.workspace.put_bytes(bytes).map_err(failed)?.digest)
    }

    fn path(&self, digest: &str) -> Result<PathBuf, StepError> {
        self.workspace.blob_path(digest).map_err(failed)
    }

    fn scratch_file(&self, extension: &str) -> Result<PathBuf, StepError> {
        let name = format!("step-{}.{extension}", workspace::new_run_id());
        Ok(self.workspace.private_folder().join("tmp").join(name))
    }

    fn folder(&self) -> PathBuf {
        self.workspace.folder().to_owned()
    }

    fn python(&self) -> Result<PathBuf, StepError> {
        python(&self.workspace).map_err(failed)
    }

    fn environment(&self, name: &str) -> Result<Environment, StepError> {
        let known = self.environments.get(name).cloned();
        known.unwrap_or_else(|| Err(format!("The environment “{name}” was not built."))).map_err(StepError::Failed)
    }
}

fn unwritable(error: serde_json::Error) -> StepError {
    StepError::Failed(format!("What the step said cannot be written as JSON: {error}."))
}

fn failed(error: workspace::Error) -> StepError {
    StepError::Failed(error.to_string())
}

/// An output as the engine knows it; `None` for one that was kept without bytes or by a newer program.
pub(crate) fn stored(output: Output) -> Option<Stored> {
    let kind: PortKind = serde_json::from_value(output.kind.into()).ok()?;
    Some(Stored { port: output.port, kind, digest: output.digest?, meta: output.meta })
}

/// An output as the workspace records it.
pub(crate) fn recorded(output: &Stored) -> Output {
    let kind = serde_json::to_value(output.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    Output {
        port: output.port.clone(),
        kind: kind.unwrap_or_default(),
        digest: Some(output.digest.clone()),
        meta: output.meta.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Studio;

    #[test]
    fn what_was_kept_without_its_curves_is_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Studio::create(folder.path(), "Test").unwrap().workspace;
        let store = WorkspaceStore::new(Arc::clone(&workspace));
        let digest = store.put_bytes(b"bytes").unwrap();
        let output =
            |kind| Stored { port: "out".to_owned(), kind, digest: digest.clone(), meta: serde_json::json!({}) };

        // As programs kept results that knew of no journals.
        for (key, kind) in [("model", PortKind::Model), ("report", PortKind::Report), ("table", PortKind::Table)] {
            let outputs = [recorded(&output(kind))];
            workspace.batch("step.kept", key, |batch| batch.remember_step(key, None, None, &outputs)).unwrap();
        }
        assert!(store.journal("model").is_err() && store.journal("report").is_err());
        assert_eq!(store.journal("table").unwrap(), StepJournal::default());

        let mut journal = StepJournal::default();
        store.keep("model", &[output(PortKind::Model)], &journal).unwrap();
        assert_eq!(store.journal("model").unwrap(), journal, "it said nothing");
        journal.curves.entry("loss".to_owned()).or_default().push(1, f64::NAN);
        store.keep("model", &[output(PortKind::Model)], &journal).unwrap();
        assert_eq!(store.journal("model").unwrap(), journal);
        assert_eq!(store.find("model").unwrap().unwrap(), [output(PortKind::Model)]);
    }
}
