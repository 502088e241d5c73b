//! Datasets: importing files as versions, listing, profiling, viewing.

use std::ops::ControlFlow;
use std::path::PathBuf;

use data::grid::Grid;
use data::profile::Profile;
use data::read::{self, Preview, ReadOptions};
use data::schema::Schema;
use serde::{Deserialize, Serialize};
use workspace::{Change, NewDatasetVersion};

use crate::upkeep::to_json;
use crate::{Error, Result, Studio, names};

pub use workspace::{Dataset, DatasetVersion};

/// Files about to be imported, with what was guessed about them; all of it can be changed before the import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportDraft {
    pub suggested_name: String,
    pub files: Vec<PathBuf>,
    pub options: ReadOptions,
}

/// How far an import is.
#[derive(Clone, Debug)]
pub struct ImportProgress {
    pub fraction: Option<f32>,
    pub rows: u64,
    pub message: String,
}

/// What an import made.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    pub version: DatasetVersion,
    /// What a person should know: renamed columns, values that did not fit.
    pub warnings: Vec<String>,
}

/// A dataset version with its columns.
#[derive(Clone, Debug, Serialize)]
pub struct DatasetDetail {
    pub version: DatasetVersion,
    pub schema: Schema,
    pub profile: Profile,
}

impl Studio {
    /// What importing these files, folders or globs would read, and how.
    ///
    /// # Errors
    /// No such file, an empty one, one that is no table.
    pub fn sniff(&self, paths: &[PathBuf]) -> Result<ImportDraft> {
        // Where a dataset came from has to mean the same from every folder.
        let paths: Vec<PathBuf> =
            paths.iter().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())).collect();
        let files = read::expand(&paths)?;
        let first = files.first().ok_or_else(|| Error::not_found("There is no file to import."))?;
        let sniffed = read::sniff(first)?;
        let named =
            if files.len() == 1 { first.file_stem() } else { first.parent().and_then(|folder| folder.file_name()) };
        let suggested_name = names::slug(&named.unwrap_or_default().to_string_lossy());
        Ok(ImportDraft { suggested_name, options: sniffed.options, files })
    }

    /// The first rows as they would be imported.
    pub fn preview_import(&self, draft: &ImportDraft, rows: usize) -> Result<Preview> {
        let first = draft.files.first().ok_or_else(|| Error::not_found("There is no file to import."))?;
        Ok(read::preview(first, &draft.options, rows)?)
    }

    /// Imports the files as the next version of the dataset `name`. Nothing stays of an import that fails or that
    /// `progress` stops.
    pub fn import_dataset(
        &self,
        name: &str,
        draft: &ImportDraft,
        progress: &dyn Fn(ImportProgress) -> ControlFlow<()>,
    ) -> Result<Imported> {
        let temporary = self.workspace.new_temp()?;
        let imported = read::import(&draft.files, &draft.options, temporary.path(), &|progressed| {
            progress(ImportProgress {
                fraction: Some(progressed.share() as f32),
                rows: progressed.rows,
                message: format!("{} rows read", progressed.rows),
            })
        })?;
        let blob = self.workspace.put_temp(temporary)?;
        let new = NewDatasetVersion {
            dataset: name.to_owned(),
            digest: blob.digest,
            bytes: blob.size,
            rows: imported.rows,
            columns: imported.schema.columns.len() as u32,
            source: serde_json::json!({ "files": draft.files, "options": draft.options, "warnings": imported.warnings }),
            schema: to_json(&imported.schema)?,
            profile: to_json(&imported.profile)?,
        };
        let change = Change::new("dataset.imported", name).with("rows", imported.rows);
        let version = self.workspace.write(change, |tx| tx.add_dataset_version(&new))?;
        let version = self.workspace.dataset_version(name, Some(version))?;
        Ok(Imported { version, warnings: imported.warnings })
    }

    /// The datasets, by name, with those that were deleted and can be restored.
    pub fn all_datasets(&self) -> Result<Vec<Dataset>> {
        Ok(self.workspace.datasets()?)
    }

    /// The datasets, by name.
    pub fn datasets(&self) -> Result<Vec<Dataset>> {
        let all = self.workspace.datasets()?;
        Ok(all.into_iter().filter(|dataset| dataset.deleted_ms.is_none() && dataset.latest.is_some()).collect())
    }

    /// The versions of a dataset, the newest first.
    pub fn dataset_versions(&self, name: &str) -> Result<Vec<DatasetVersion>> {
        Ok(self.workspace.dataset_versions(name)?)
    }

    /// The version that `NAME` (the newest) or `NAME@VERSION` refers to.
    pub fn dataset_version(&self, reference: &str) -> Result<DatasetVersion> {
        let (name, version) = parse_reference(reference)?;
        Ok(self.workspace.dataset_version(name, version)?)
    }

    pub fn dataset(&self, reference: &str) -> Result<DatasetDetail> {
        let version = self.dataset_version(reference)?;
        let unreadable = |error| Error::storage(format!("What is recorded of {reference} cannot be read: {error}"));
        let schema = self.workspace.dataset_schema(&version.dataset, version.version)?;
        let profile = self.workspace.dataset_profile(&version.dataset, version.version)?;
        Ok(DatasetDetail {
            schema: serde_json::from_value(schema).map_err(unreadable)?,
            profile: serde_json::from_value(profile).map_err(unreadable)?,
            version,
        })
    }

    /// The rows, to be read a page at a time.
    pub fn grid(&self, reference: &str) -> Result<Grid> {
        let version = self.dataset_version(reference)?;
        Ok(Grid::open(&self.workspace.blob_path(&version.digest)?)?)
    }

    pub fn describe_dataset(&self, name: &str, description: &str) -> Result<()> {
        let change = Change::new("dataset.described", name);
        Ok(self.workspace.write(change, |tx| tx.describe_dataset(name, description))?)
    }

    pub fn rename_dataset(&self, name: &str, new_name: &str) -> Result<()> {
        let change = Change::new("dataset.renamed", name).with("to", new_name);
        Ok(self.workspace.write(change, |tx| tx.rename_dataset(name, new_name))?)
    }

    /// Deletes a dataset with its versions so that [`Self::restore_dataset`] can bring it back.
    pub fn delete_dataset(&self, name: &str) -> Result<()> {
        Ok(self.workspace.write(Change::new("dataset.deleted", name), |tx| tx.delete_dataset(name))?)
    }

    pub fn restore_dataset(&self, name: &str) -> Result<()> {
        Ok(self.workspace.write(Change::new("dataset.restored", name), |tx| tx.restore_dataset(name))?)
    }
}

/// `name` or `name@3`.
pub(crate) fn parse_reference(reference: &str) -> Result<(&str, Option<u32>)> {
    let Some((name, version)) = reference.rsplit_once('@') else { return Ok((reference, None)) };
    let version = version.parse().map_err(|_| {
        Error::invalid(format!("“{reference}” names no version; write NAME or NAME@VERSION, such as iris@2."))
    })?;
    Ok((name, Some(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_version_or_the_newest() {
        assert_eq!(parse_reference("iris"), Ok(("iris", None)));
        assert_eq!(parse_reference("iris@12"), Ok(("iris", Some(12))));
        assert!(parse_reference("iris@new").is_err());
    }
}
