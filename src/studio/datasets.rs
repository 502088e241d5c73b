//! Datasets and their versions: listing, profiling, viewing, renaming, deleting.

use data::grid::Grid;
use data::profile::Profile;
use data::schema::Schema;
use serde::Serialize;
use workspace::Change;

use crate::{Error, Result, Studio};

pub use workspace::{Dataset, DatasetVersion};

/// A dataset version with its columns.
#[derive(Clone, Debug, Serialize)]
pub struct DatasetDetail {
    pub version: DatasetVersion,
    pub schema: Schema,
    pub profile: Profile,
}

impl Studio {
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
