//! Experiments: the folders that runs lie in.

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::tx::{Batch, Tx};

/// A named group of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// Its number; 0 is `Default`.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// When it was made, ms.
    pub created_ms: i64,
    /// When it was deleted, ms; it can be restored.
    pub deleted_ms: Option<i64>,
    /// How many runs it has that are not deleted.
    pub runs: u64,
}

impl Batch<'_> {
    /// The number of an experiment, made when missing.
    pub(crate) fn experiment_id(&self, name: &str) -> Result<i64> {
        let known = self
            .conn
            .prepare_cached("SELECT id FROM experiments WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        if name.trim() != name || name.is_empty() || name.chars().count() > 500 {
            return Err(Error::Invalid("An experiment needs a name of 1 to 500 characters.".into()));
        }
        Ok(self
            .conn
            .prepare_cached("INSERT INTO experiments (name, created_at, updated_at) VALUES (?1, ?2, ?2)")?
            .insert((name, self.now))?)
    }
}

impl Tx<'_> {
    /// Makes an experiment, or finds the one of that name, and returns its number.
    ///
    /// # Errors
    /// An empty name.
    pub fn ensure_experiment(&self, name: &str) -> Result<i64> {
        self.experiment_id(name)
    }

    /// Says what an experiment is about.
    ///
    /// # Errors
    /// An experiment that is not there.
    pub fn describe_experiment(&self, name: &str, description: &str) -> Result<()> {
        self.change_experiment(
            name,
            "UPDATE experiments SET description = ?2, updated_at = ?3 WHERE name = ?1",
            description,
        )
    }

    /// Gives an experiment another name.
    ///
    /// # Errors
    /// An experiment that is not there, a name that is taken.
    pub fn rename_experiment(&self, name: &str, new_name: &str) -> Result<()> {
        if self.conn.prepare_cached("SELECT 1 FROM experiments WHERE name = ?1")?.exists([new_name])? {
            return Err(Error::Exists(format!("There is an experiment “{new_name}” already.")));
        }
        self.change_experiment(name, "UPDATE experiments SET name = ?2, updated_at = ?3 WHERE name = ?1", new_name)
    }

    fn change_experiment(&self, name: &str, sql: &str, value: &str) -> Result<()> {
        match self.conn.execute(sql, (name, value, self.now))? {
            0 => Err(Error::NotFound(format!("There is no experiment “{name}” in this workspace."))),
            _ => Ok(()),
        }
    }
}

impl Workspace {
    /// All experiments by name, the deleted ones included.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn experiments(&self) -> Result<Vec<Experiment>> {
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT e.id, e.name, e.description, e.created_at, e.deleted_at,
                     (SELECT count(*) FROM runs r WHERE r.experiment_id = e.id AND r.deleted_at IS NULL)
                 FROM experiments e ORDER BY e.name",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Experiment {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    description: row.get(2)?,
                    created_ms: row.get(3)?,
                    deleted_ms: row.get(4)?,
                    runs: row.get::<_, i64>(5)? as u64,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
