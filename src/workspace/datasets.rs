//! Datasets: named, in versions 1, 2, …, each a blob with its schema, profile and origin.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::tx::{Tx, check_name, json_column, json_text};

/// A dataset version to be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewDatasetVersion {
    /// The dataset's name; made when new.
    pub dataset: String,
    /// Digest of the Parquet file.
    pub digest: String,
    /// Rows.
    pub rows: u64,
    /// Columns.
    pub columns: u32,
    /// Bytes of the Parquet file.
    pub bytes: u64,
    /// Where it came from and how it was read.
    pub source: Value,
    /// The columns.
    pub schema: Value,
    /// The profile of each column.
    pub profile: Value,
}

/// One version of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetVersion {
    /// The dataset's name.
    pub dataset: String,
    /// 1, 2, …; never given twice.
    pub version: u32,
    /// Digest of the Parquet file.
    pub digest: String,
    /// Rows.
    pub rows: u64,
    /// Columns.
    pub columns: u32,
    /// Bytes of the Parquet file.
    pub bytes: u64,
    /// When it was recorded, ms.
    pub created_ms: i64,
    /// Who recorded it.
    pub created_by: String,
    /// When it was deleted, ms; it can be restored.
    pub deleted_ms: Option<i64>,
    /// Where it came from and how it was read.
    pub source: Value,
}

/// A dataset as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// When it was first made, ms.
    pub created_ms: i64,
    /// When it was deleted, ms; it can be restored.
    pub deleted_ms: Option<i64>,
    /// How many versions are not deleted.
    pub versions: u32,
    /// The newest that is not deleted.
    pub latest: Option<DatasetVersion>,
}

impl Tx<'_> {
    /// Records the next version of a dataset and returns its number.
    ///
    /// A dataset of that name that was deleted is alive again with its versions.
    ///
    /// # Errors
    /// A name that cannot be, a digest the workspace does not have.
    pub fn add_dataset_version(&self, new: &NewDatasetVersion) -> Result<u32> {
        check_name("A dataset", &new.dataset)?;
        self.conn
            .prepare_cached(
                "INSERT INTO datasets (name, created_at) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET deleted_at = NULL",
            )?
            .execute((&new.dataset, self.now))?;
        let (id, version): (i64, u32) = self
            .conn
            .prepare_cached(
                "UPDATE datasets SET next_version = next_version + 1 WHERE name = ?1 RETURNING id, next_version - 1",
            )?
            .query_row([&new.dataset], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.insert_version(id, version, new)?;
        self.note("version", version);
        Ok(version)
    }

    /// Records a version under the number that it has in another workspace.
    ///
    /// # Errors
    /// A name that cannot be, a digest the workspace does not have, a version that is there already.
    pub fn adopt_dataset_version(&self, new: &NewDatasetVersion, version: u32) -> Result<()> {
        check_name("A dataset", &new.dataset)?;
        let id: i64 = self
            .conn
            .prepare_cached(
                "INSERT INTO datasets (name, created_at, next_version) VALUES (?1, ?2, ?3 + 1)
                 ON CONFLICT (name) DO UPDATE SET next_version = max(next_version, ?3 + 1) RETURNING id",
            )?
            .query_row((&new.dataset, self.now, version), |row| row.get(0))?;
        self.insert_version(id, version, new)
    }

    fn insert_version(&self, dataset: i64, version: u32, new: &NewDatasetVersion) -> Result<()> {
        let row = self
            .conn
            .prepare_cached(
                "INSERT INTO dataset_versions (dataset_id, version, digest, bytes, rows, columns, created_at, created_by, source)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .insert((dataset, version, &new.digest, new.bytes as i64, new.rows as i64, new.columns, self.now, self.who, json_text(&new.source)?))?;
        self.conn
            .prepare_cached("INSERT INTO dataset_profiles (version_id, schema, profile) VALUES (?1, ?2, ?3)")?
            .execute((row, json_text(&new.schema)?, json_text(&new.profile)?))?;
        Ok(())
    }

    /// Replaces a version's profile, as a newer way to compute it may.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn set_dataset_profile(&self, dataset: &str, version: u32, profile: &Value) -> Result<()> {
        let row = version_row(self.conn, dataset, version)?;
        self.conn
            .execute("UPDATE dataset_profiles SET profile = ?2 WHERE version_id = ?1", (row, json_text(profile)?))?;
        Ok(())
    }

    /// Says what a dataset is.
    ///
    /// # Errors
    /// A dataset that is not there.
    pub fn describe_dataset(&self, dataset: &str, description: &str) -> Result<()> {
        let id = dataset_row(self.conn, dataset)?;
        self.conn.execute("UPDATE datasets SET description = ?2 WHERE id = ?1", (id, description))?;
        Ok(())
    }

    /// Gives a dataset another name, in the record of past runs too.
    ///
    /// # Errors
    /// A dataset that is not there, a name that cannot be or is taken.
    pub fn rename_dataset(&self, dataset: &str, new_name: &str) -> Result<()> {
        check_name("A dataset", new_name)?;
        let id = dataset_row(self.conn, dataset)?;
        if dataset != new_name && dataset_row(self.conn, new_name).is_ok() {
            return Err(Error::Exists(format!("There is a dataset “{new_name}” already.")));
        }
        self.conn.execute("UPDATE datasets SET name = ?2 WHERE id = ?1", (id, new_name))?;
        self.conn.execute("UPDATE run_inputs SET dataset = ?2 WHERE dataset = ?1", (dataset, new_name))?;
        Ok(())
    }

    /// Deletes a dataset with its versions so that it can be restored.
    ///
    /// # Errors
    /// A dataset that is not there.
    pub fn delete_dataset(&self, dataset: &str) -> Result<()> {
        let id = dataset_row(self.conn, dataset)?;
        self.conn.execute("UPDATE datasets SET deleted_at = coalesce(deleted_at, ?2) WHERE id = ?1", (id, self.now))?;
        Ok(())
    }

    /// Brings a deleted dataset back.
    ///
    /// # Errors
    /// A dataset that is not there.
    pub fn restore_dataset(&self, dataset: &str) -> Result<()> {
        let id = dataset_row(self.conn, dataset)?;
        self.conn.execute("UPDATE datasets SET deleted_at = NULL WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Deletes one version so that it can be restored.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn delete_dataset_version(&self, dataset: &str, version: u32) -> Result<()> {
        let row = version_row(self.conn, dataset, version)?;
        self.conn.execute(
            "UPDATE dataset_versions SET deleted_at = coalesce(deleted_at, ?2) WHERE id = ?1",
            (row, self.now),
        )?;
        Ok(())
    }

    /// Brings a deleted version back.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn restore_dataset_version(&self, dataset: &str, version: u32) -> Result<()> {
        let row = version_row(self.conn, dataset, version)?;
        self.conn.execute("UPDATE dataset_versions SET deleted_at = NULL WHERE id = ?1", [row])?;
        Ok(())
    }
}

const SELECT_VERSION: &str =
    "SELECT d.name, v.version, v.digest, v.rows, v.columns, v.bytes, v.created_at, v.created_by,
    coalesce(v.deleted_at, d.deleted_at), v.source
    FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id";

fn version_from(row: &Row<'_>) -> rusqlite::Result<DatasetVersion> {
    Ok(DatasetVersion {
        dataset: row.get(0)?,
        version: row.get(1)?,
        digest: row.get(2)?,
        rows: row.get::<_, i64>(3)? as u64,
        columns: row.get(4)?,
        bytes: row.get::<_, i64>(5)? as u64,
        created_ms: row.get(6)?,
        created_by: row.get(7)?,
        deleted_ms: row.get(8)?,
        source: json_column(row, 9)?,
    })
}

impl Workspace {
    /// All datasets by name, the deleted ones included (see [`Dataset::deleted_ms`]).
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn datasets(&self) -> Result<Vec<Dataset>> {
        self.db.read(|conn| {
            let mut newest = conn.prepare_cached(&format!(
                "{SELECT_VERSION} WHERE v.dataset_id = ?1 AND v.deleted_at IS NULL ORDER BY v.version DESC LIMIT 1"
            ))?;
            let mut statement = conn.prepare_cached(
                "SELECT id, name, description, created_at, deleted_at,
                     (SELECT count(*) FROM dataset_versions v WHERE v.dataset_id = datasets.id AND v.deleted_at IS NULL)
                 FROM datasets ORDER BY name COLLATE NOCASE, name",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Dataset {
                    name: row.get(1)?,
                    description: row.get(2)?,
                    created_ms: row.get(3)?,
                    deleted_ms: row.get(4)?,
                    versions: row.get(5)?,
                    latest: newest.query_row([row.get::<_, i64>(0)?], version_from).optional()?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// All versions of a dataset, newest first, the deleted ones included.
    ///
    /// # Errors
    /// A dataset that is not there.
    pub fn dataset_versions(&self, dataset: &str) -> Result<Vec<DatasetVersion>> {
        self.db.read(|conn| {
            let id = dataset_row(conn, dataset)?;
            let mut statement =
                conn.prepare_cached(&format!("{SELECT_VERSION} WHERE v.dataset_id = ?1 ORDER BY v.version DESC"))?;
            let rows = statement.query_map([id], version_from)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One version of a dataset, deleted or not; the newest that is not deleted for `None`.
    ///
    /// # Errors
    /// A dataset or version that is not there.
    pub fn dataset_version(&self, dataset: &str, version: Option<u32>) -> Result<DatasetVersion> {
        self.db.read(|conn| {
            let id = dataset_row(conn, dataset)?;
            let found = conn
                .prepare_cached(&format!(
                    "{SELECT_VERSION} WHERE v.dataset_id = ?1 AND (v.version = ?2 OR (?2 IS NULL AND v.deleted_at IS NULL))
                     ORDER BY v.version DESC LIMIT 1"
                ))?
                .query_row((id, version), version_from)
                .optional()?;
            found.ok_or_else(|| match version {
                Some(version) => no_version(dataset, version),
                None => Error::NotFound(format!("All versions of the dataset “{dataset}” are deleted. Restore one, or import it again.")),
            })
        })
    }

    /// The columns of a version, as recorded with it.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn dataset_schema(&self, dataset: &str, version: u32) -> Result<Value> {
        self.profile_column("schema", dataset, version)
    }

    /// The profile of a version, as recorded with it.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn dataset_profile(&self, dataset: &str, version: u32) -> Result<Value> {
        self.profile_column("profile", dataset, version)
    }

    fn profile_column(&self, column: &str, dataset: &str, version: u32) -> Result<Value> {
        self.db.read(|conn| {
            let row = version_row(conn, dataset, version)?;
            Ok(conn
                .prepare_cached(&format!("SELECT {column} FROM dataset_profiles WHERE version_id = ?1"))?
                .query_row([row], |row| json_column(row, 0))?)
        })
    }
}

fn dataset_row(conn: &Connection, name: &str) -> Result<i64> {
    conn.prepare_cached("SELECT id FROM datasets WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::NotFound(format!("There is no dataset “{name}” in this workspace.")))
}

fn version_row(conn: &Connection, dataset: &str, version: u32) -> Result<i64> {
    let id = dataset_row(conn, dataset)?;
    conn.prepare_cached("SELECT id FROM dataset_versions WHERE dataset_id = ?1 AND version = ?2")?
        .query_row((id, version), |row| row.get(0))
        .optional()?
        .ok_or_else(|| no_version(dataset, version))
}

fn no_version(dataset: &str, version: u32) -> Error {
    Error::NotFound(format!("The dataset “{dataset}” has no version {version}."))
}

#[cfg(test)]
#[path = "datasets_tests.rs"]
mod tests;
