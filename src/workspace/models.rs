//! Registered models: named, in versions 1, 2, …, each with the run, code and data it came from.

use indexmap::IndexMap;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::runs::run_row;
use crate::tx::{Tx, check_name, json_column, json_text};

/// A model version to be registered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewModelVersion {
    /// The model's name; made when new.
    pub model: String,
    /// Digest of the stored model.
    pub digest: String,
    /// The run it came from.
    pub run: Option<String>,
    /// The step that trained it.
    pub step: Option<String>,
    /// The port it came out of.
    pub port: Option<String>,
    /// The logged model that it is, by which MLflow's clients find its files; one is made when none.
    pub logged_model: Option<String>,
    /// What is special about this version.
    pub description: String,
    /// The pipeline's path within the workspace.
    pub pipeline: Option<String>,
    /// The git commit it was trained at.
    pub commit: Option<String>,
    /// Tags.
    pub tags: IndexMap<String, String>,
    /// How good it is, by metric; finite values only, as JSON has no others.
    pub metrics: IndexMap<String, f64>,
    /// The dataset versions it was trained on.
    pub datasets: Vec<(String, u32)>,
    /// Small facts that lists show, such as algorithm, task and label.
    pub details: Value,
}

/// One version of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// The model's name.
    pub model: String,
    /// 1, 2, …; never given twice.
    pub version: u32,
    /// Digest of the stored model; empty for one that was registered through MLflow's protocol, whose
    /// bytes lie among the artifacts of a run.
    pub digest: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The run it came from.
    pub run: Option<String>,
    /// That run's name.
    pub run_name: Option<String>,
    /// The step that trained it.
    pub step: Option<String>,
    /// The port it came out of.
    pub port: Option<String>,
    /// When it was registered, ms.
    pub created_ms: i64,
    /// Who registered it.
    pub created_by: String,
    /// When it was deleted, ms; it can be restored.
    pub deleted_ms: Option<i64>,
    /// What is special about this version.
    pub description: String,
    /// The pipeline's path within the workspace.
    pub pipeline: Option<String>,
    /// The git commit it was trained at.
    pub commit: Option<String>,
    /// Tags.
    pub tags: IndexMap<String, String>,
    /// How good it is, by metric.
    pub metrics: IndexMap<String, f64>,
    /// The dataset versions it was trained on.
    pub datasets: Vec<(String, u32)>,
    /// Small facts given with [`NewModelVersion::details`].
    pub details: Value,
}

/// A model as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Tags.
    pub tags: IndexMap<String, String>,
    /// When it was first registered, ms.
    pub created_ms: i64,
    /// When it was deleted, ms; it can be restored.
    pub deleted_ms: Option<i64>,
    /// How many versions are not deleted.
    pub versions: u32,
    /// The newest that is not deleted.
    pub latest: Option<ModelVersion>,
}

impl Tx<'_> {
    /// Registers the next version of a model and returns its number.
    ///
    /// A model of that name that was deleted is alive again with its versions.
    ///
    /// # Errors
    /// A name that cannot be, a digest or run the workspace does not have.
    pub fn add_model_version(&self, new: &NewModelVersion) -> Result<u32> {
        check_name("A model", &new.model)?;
        if let Some((name, value)) = new.metrics.iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::Invalid(format!(
                "The metric “{name}” is {value}, which cannot be registered with a model."
            )));
        }
        let run = new.run.as_deref().map(|run| run_row(self.conn, run)).transpose()?;
        self.conn
            .prepare_cached(
                "INSERT INTO models (name, created_at) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET deleted_at = NULL",
            )?
            .execute((&new.model, self.now))?;
        let (id, version): (i64, u32) = self
            .conn
            .prepare_cached(
                "UPDATE models SET next_version = next_version + 1 WHERE name = ?1 RETURNING id, next_version - 1",
            )?
            .query_row([&new.model], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let details = if new.details.is_null() { "{}".into() } else { json_text(&new.details)? };
        let (logged_model, location) = self.logged_model_of(new)?;
        self.conn
            .prepare_cached(
                "INSERT INTO model_versions (model_id, version, digest, run_id, step, port, created_at, created_by,
                     description, pipeline, commit_id, tags, metrics, datasets, details, logged_model, source,
                     storage_location)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 'models:/' || ?16, ?17)",
            )?
            .execute(rusqlite::params![
                id,
                version,
                new.digest,
                run,
                new.step,
                new.port,
                self.now,
                self.who,
                new.description,
                new.pipeline,
                new.commit,
                json_text(&new.tags)?,
                json_text(&new.metrics)?,
                json_text(&new.datasets)?,
                details,
                logged_model,
                location
            ])?;
        self.note("version", version);
        Ok(version)
    }

    /// The logged model that a version is, alive, and the address below which its files lie.
    fn logged_model_of(&self, new: &NewModelVersion) -> Result<(String, String)> {
        let id = match &new.logged_model {
            Some(id) => id.clone(),
            None => {
                self.log_stored_model(new.run.as_deref(), new.step.as_deref().unwrap_or(&new.model), &new.digest)?
            }
        };
        // A version is no longer found by its source when the logged model was deleted.
        let location = self
            .conn
            .prepare_cached(
                "UPDATE logged_models SET deleted_at = NULL WHERE model_id = ?1 RETURNING artifact_location",
            )?
            .query_row([&id], |row| row.get(0))
            .optional()?
            .ok_or_else(|| Error::NotFound(format!("Logged model with ID '{id}' not found.")))?;
        Ok((id, location))
    }

    /// Says what a model is for.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn describe_model(&self, model: &str, description: &str) -> Result<()> {
        self.conn
            .execute("UPDATE models SET description = ?2 WHERE id = ?1", (model_row(self.conn, model)?, description))?;
        Ok(())
    }

    /// Replaces a model's tags.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn set_model_tags(&self, model: &str, tags: &IndexMap<String, String>) -> Result<()> {
        self.conn
            .execute("UPDATE models SET tags = ?2 WHERE id = ?1", (model_row(self.conn, model)?, json_text(tags)?))?;
        Ok(())
    }

    /// Gives a model another name.
    ///
    /// # Errors
    /// A model that is not there, a name that cannot be or is taken.
    pub fn rename_model(&self, model: &str, new_name: &str) -> Result<()> {
        check_name("A model", new_name)?;
        let id = model_row(self.conn, model)?;
        if model != new_name && model_row(self.conn, new_name).is_ok() {
            return Err(Error::Exists(format!("There is a model “{new_name}” already.")));
        }
        self.conn.execute("UPDATE models SET name = ?2 WHERE id = ?1", (id, new_name))?;
        Ok(())
    }

    /// Says what is special about a version.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn describe_model_version(&self, model: &str, version: u32, description: &str) -> Result<()> {
        let row = version_row(self.conn, model, version)?;
        self.conn.execute("UPDATE model_versions SET description = ?2 WHERE id = ?1", (row, description))?;
        Ok(())
    }

    /// Replaces a version's tags.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn set_model_version_tags(&self, model: &str, version: u32, tags: &IndexMap<String, String>) -> Result<()> {
        let row = version_row(self.conn, model, version)?;
        self.conn.execute("UPDATE model_versions SET tags = ?2 WHERE id = ?1", (row, json_text(tags)?))?;
        Ok(())
    }

    /// Deletes a model with its versions so that it can be restored.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn delete_model(&self, model: &str) -> Result<()> {
        let id = model_row(self.conn, model)?;
        self.conn.execute("UPDATE models SET deleted_at = coalesce(deleted_at, ?2) WHERE id = ?1", (id, self.now))?;
        Ok(())
    }

    /// Brings a deleted model back.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn restore_model(&self, model: &str) -> Result<()> {
        self.conn.execute("UPDATE models SET deleted_at = NULL WHERE id = ?1", [model_row(self.conn, model)?])?;
        Ok(())
    }

    /// Deletes one version so that it can be restored.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn delete_model_version(&self, model: &str, version: u32) -> Result<()> {
        let row = version_row(self.conn, model, version)?;
        self.conn.execute(
            "UPDATE model_versions SET deleted_at = coalesce(deleted_at, ?2) WHERE id = ?1",
            (row, self.now),
        )?;
        Ok(())
    }

    /// Brings a deleted version back.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn restore_model_version(&self, model: &str, version: u32) -> Result<()> {
        let row = version_row(self.conn, model, version)?;
        self.conn.execute("UPDATE model_versions SET deleted_at = NULL WHERE id = ?1", [row])?;
        Ok(())
    }
}

const SELECT_VERSION: &str =
    "SELECT m.name, v.version, coalesce(v.digest, ''), coalesce(b.size, 0), r.uuid, r.name, v.step, v.port,
    v.created_at, v.created_by, coalesce(v.deleted_at, m.deleted_at), v.description, v.pipeline, v.commit_id, v.tags,
    v.metrics, v.datasets, v.details
    FROM model_versions v JOIN models m ON m.id = v.model_id LEFT JOIN blobs b ON b.digest = v.digest
    LEFT JOIN runs r ON r.id = v.run_id";

fn version_from(row: &Row<'_>) -> rusqlite::Result<ModelVersion> {
    Ok(ModelVersion {
        model: row.get(0)?,
        version: row.get(1)?,
        digest: row.get(2)?,
        bytes: row.get::<_, i64>(3)? as u64,
        run: row.get(4)?,
        run_name: row.get(5)?,
        step: row.get(6)?,
        port: row.get(7)?,
        created_ms: row.get(8)?,
        created_by: row.get(9)?,
        deleted_ms: row.get(10)?,
        description: row.get(11)?,
        pipeline: row.get(12)?,
        commit: row.get(13)?,
        tags: json_column(row, 14)?,
        metrics: json_column(row, 15)?,
        datasets: json_column(row, 16)?,
        details: json_column(row, 17)?,
    })
}

impl Workspace {
    /// All models by name, the deleted ones included (see [`Model::deleted_ms`]).
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn models(&self) -> Result<Vec<Model>> {
        self.db.read(|conn| {
            let mut newest = conn.prepare_cached(&format!(
                "{SELECT_VERSION} WHERE v.model_id = ?1 AND v.deleted_at IS NULL ORDER BY v.version DESC LIMIT 1"
            ))?;
            let mut statement = conn.prepare_cached(
                "SELECT id, name, description, tags, created_at, deleted_at,
                     (SELECT count(*) FROM model_versions v WHERE v.model_id = models.id AND v.deleted_at IS NULL)
                 FROM models ORDER BY name COLLATE NOCASE, name",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Model {
                    name: row.get(1)?,
                    description: row.get(2)?,
                    tags: json_column(row, 3)?,
                    created_ms: row.get(4)?,
                    deleted_ms: row.get(5)?,
                    versions: row.get(6)?,
                    latest: newest.query_row([row.get::<_, i64>(0)?], version_from).optional()?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// All versions of a model, newest first, the deleted ones included.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn model_versions(&self, model: &str) -> Result<Vec<ModelVersion>> {
        self.db.read(|conn| {
            let id = model_row(conn, model)?;
            versions(conn, "v.model_id = ?1 ORDER BY v.version DESC", id)
        })
    }

    /// The model versions that came from a run, the deleted ones left out.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn model_versions_of_run(&self, run: &str) -> Result<Vec<ModelVersion>> {
        self.db.read(|conn| {
            let row = run_row(conn, run)?;
            versions(
                conn,
                "v.run_id = ?1 AND coalesce(v.deleted_at, m.deleted_at) IS NULL ORDER BY m.name, v.version",
                row,
            )
        })
    }

    /// One version of a model, deleted or not; the newest that is not deleted for `None`.
    ///
    /// # Errors
    /// A model or version that is not there.
    pub fn model_version(&self, model: &str, version: Option<u32>) -> Result<ModelVersion> {
        self.db.read(|conn| {
            let id = model_row(conn, model)?;
            let found = conn
                .prepare_cached(&format!(
                    "{SELECT_VERSION} WHERE v.model_id = ?1 AND (v.version = ?2 OR (?2 IS NULL AND v.deleted_at IS NULL))
                     ORDER BY v.version DESC LIMIT 1"
                ))?
                .query_row((id, version), version_from)
                .optional()?;
            found.ok_or_else(|| match version {
                Some(version) => no_version(model, version),
                None => Error::NotFound(format!("All versions of the model “{model}” are deleted. Restore one, or register another.")),
            })
        })
    }
}

fn versions(conn: &Connection, condition: &str, id: i64) -> Result<Vec<ModelVersion>> {
    let mut statement = conn.prepare_cached(&format!("{SELECT_VERSION} WHERE {condition}"))?;
    let rows = statement.query_map([id], version_from)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn model_row(conn: &Connection, name: &str) -> Result<i64> {
    conn.prepare_cached("SELECT id FROM models WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::NotFound(format!("There is no model “{name}” in this workspace.")))
}

fn version_row(conn: &Connection, model: &str, version: u32) -> Result<i64> {
    let id = model_row(conn, model)?;
    conn.prepare_cached("SELECT id FROM model_versions WHERE model_id = ?1 AND version = ?2")?
        .query_row((id, version), |row| row.get(0))
        .optional()?
        .ok_or_else(|| no_version(model, version))
}

fn no_version(model: &str, version: u32) -> Error {
    Error::NotFound(format!("The model “{model}” has no version {version}."))
}
