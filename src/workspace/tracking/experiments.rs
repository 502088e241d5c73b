//! Experiments as the protocol has them.

use std::cmp::Ordering;

use rusqlite::{Connection, OptionalExtension};

use super::{Condition, Order, Page, View, default_location};
use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::tx::Tx;

/// An experiment with its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedExperiment {
    /// Its number; 0 is `Default`.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The address below which its runs' artifacts lie.
    pub artifact_location: String,
    /// It was deleted and can be restored.
    pub deleted: bool,
    /// When it was made, ms.
    pub created_ms: i64,
    /// When it was last changed, ms.
    pub updated_ms: i64,
    /// Its tags by name.
    pub tags: Vec<(String, String)>,
}

/// By what experiments are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ExperimentField {
    Id,
    Name,
    Created,
    Updated,
    Tag(String),
}

/// Which experiments, in which order: by default the newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExperimentSearch {
    /// All of these are met.
    pub conditions: Vec<Condition<ExperimentField>>,
    /// In this order, then the greatest number first.
    pub order: Vec<Order<ExperimentField>>,
    /// Deleted or not.
    pub view: View,
    /// How many to leave out.
    pub offset: usize,
    /// How many to return at most.
    pub limit: usize,
}

impl Tx<'_> {
    /// Makes an experiment and returns its number.
    ///
    /// # Errors
    /// A name that is taken, also by a deleted experiment.
    pub fn create_tracked_experiment(
        &self,
        name: &str,
        artifact_location: Option<&str>,
        tags: &[(String, String)],
    ) -> Result<i64> {
        if self.conn.prepare_cached("SELECT 1 FROM experiments WHERE name = ?1")?.exists([name])? {
            return Err(Error::Exists(format!("Experiment(name={name}) already exists.")));
        }
        let id = self
            .conn
            .prepare_cached(
                "INSERT INTO experiments (name, created_at, updated_at, artifact_location) VALUES (?1, ?2, ?2, ?3)",
            )?
            .insert((name, self.now, artifact_location))?;
        for (key, value) in tags {
            set_tag(self.conn, id, key, value)?;
        }
        self.note("experiment", id);
        Ok(id)
    }

    /// Gives an experiment another name.
    ///
    /// # Errors
    /// One that is not there or deleted, a name that is taken.
    pub fn rename_tracked_experiment(&self, id: i64, name: &str) -> Result<()> {
        if experiment(self.conn, id, View::All)?.deleted {
            return Err(Error::State("Cannot rename a non-active experiment.".into()));
        }
        if self.conn.prepare_cached("SELECT 1 FROM experiments WHERE name = ?1 AND id != ?2")?.exists((name, id))? {
            return Err(Error::Exists(format!("Experiment(name={name}) already exists.")));
        }
        self.conn.execute("UPDATE experiments SET name = ?2, updated_at = ?3 WHERE id = ?1", (id, name, self.now))?;
        Ok(())
    }

    /// Deletes an experiment with its runs so that both can be restored.
    ///
    /// # Errors
    /// One that is not there or is deleted already.
    pub fn delete_tracked_experiment(&self, id: i64) -> Result<()> {
        experiment(self.conn, id, View::Active)?;
        self.conn.execute("UPDATE experiments SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1", (id, self.now))?;
        self.conn.execute("UPDATE runs SET deleted_at = ?2 WHERE experiment_id = ?1", (id, self.now))?;
        Ok(())
    }

    /// Brings a deleted experiment back with all its runs.
    ///
    /// # Errors
    /// One that is not there or not deleted.
    pub fn restore_tracked_experiment(&self, id: i64) -> Result<()> {
        experiment(self.conn, id, View::Deleted)?;
        self.conn.execute("UPDATE experiments SET deleted_at = NULL, updated_at = ?2 WHERE id = ?1", (id, self.now))?;
        self.conn.execute("UPDATE runs SET deleted_at = NULL WHERE experiment_id = ?1", [id])?;
        Ok(())
    }

    /// Sets a tag of an experiment.
    ///
    /// # Errors
    /// An experiment that is not there or deleted.
    pub fn set_experiment_tag(&self, id: i64, key: &str, value: &str) -> Result<()> {
        active_experiment(self.conn, id)?;
        set_tag(self.conn, id, key, value)
    }

    /// Removes a tag of an experiment.
    ///
    /// # Errors
    /// An experiment or a tag that is not there.
    pub fn delete_experiment_tag(&self, id: i64, key: &str) -> Result<()> {
        active_experiment(self.conn, id)?;
        match self.conn.execute("DELETE FROM experiment_tags WHERE experiment_id = ?1 AND key = ?2", (id, key))? {
            0 => Err(Error::NotFound(format!("No tag with name: {key} in experiment with id {id}"))),
            _ => Ok(()),
        }
    }
}

fn set_tag(conn: &Connection, id: i64, key: &str, value: &str) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO experiment_tags (experiment_id, key, value) VALUES (?1, ?2, ?3)")?
        .execute((id, key, value))?;
    Ok(())
}

impl Workspace {
    /// An experiment, deleted or not.
    ///
    /// # Errors
    /// One that is not there.
    pub fn tracked_experiment(&self, id: i64) -> Result<TrackedExperiment> {
        self.db.read(|conn| experiment(conn, id, View::All))
    }

    /// The experiment of that name, deleted or not.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn tracked_experiment_by_name(&self, name: &str) -> Result<Option<TrackedExperiment>> {
        self.db.read(|conn| {
            let id: Option<i64> = conn
                .prepare_cached("SELECT id FROM experiments WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?;
            id.map(|id| experiment(conn, id, View::All)).transpose()
        })
    }

    /// The experiments that meet all conditions, a page of them.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn search_experiments(&self, search: &ExperimentSearch) -> Result<Page<TrackedExperiment>> {
        self.db.read(|conn| {
            // There are few experiments beside the runs, so the conditions are met here and not in SQL.
            let mut found = all(conn, search.view, None)?;
            found.retain(|experiment| search.conditions.iter().all(|condition| meets(experiment, condition)));
            found.sort_by(|a, b| order(a, b, &search.order));
            Ok(Page::cut(found, search.offset, search.limit))
        })
    }
}

fn meets(experiment: &TrackedExperiment, condition: &Condition<ExperimentField>) -> bool {
    match &condition.field {
        ExperimentField::Id => match condition.value {
            super::Value::Integer(_) => condition.meets_integer(experiment.id),
            _ => condition.meets_text(&experiment.id.to_string()),
        },
        ExperimentField::Name => condition.meets_text(&experiment.name),
        ExperimentField::Created => condition.meets_integer(experiment.created_ms),
        ExperimentField::Updated => condition.meets_integer(experiment.updated_ms),
        ExperimentField::Tag(key) => {
            condition.meets(experiment.tags.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()))
        }
    }
}

fn order(a: &TrackedExperiment, b: &TrackedExperiment, by: &[Order<ExperimentField>]) -> Ordering {
    for clause in by {
        let ordering = match &clause.field {
            ExperimentField::Id => a.id.cmp(&b.id),
            ExperimentField::Name => a.name.cmp(&b.name),
            ExperimentField::Created => a.created_ms.cmp(&b.created_ms),
            ExperimentField::Updated => a.updated_ms.cmp(&b.updated_ms),
            ExperimentField::Tag(_) => Ordering::Equal,
        };
        let ordering = if clause.ascending { ordering } else { ordering.reverse() };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    // MLflow orders by creation, newest first, and then by number, least first, when not told otherwise.
    if by.is_empty() { b.created_ms.cmp(&a.created_ms).then(a.id.cmp(&b.id)) } else { b.id.cmp(&a.id) }
}

fn all(conn: &Connection, view: View, id: Option<i64>) -> Result<Vec<TrackedExperiment>> {
    let condition = view.sql("deleted_at");
    let mut statement = conn.prepare_cached(&format!(
        "SELECT id, name, artifact_location, deleted_at IS NOT NULL, created_at, updated_at FROM experiments
         WHERE {condition} AND (?1 IS NULL OR id = ?1) ORDER BY id"
    ))?;
    let rows = statement.query_map([id], |row| {
        let id = row.get(0)?;
        let location: Option<String> = row.get(2)?;
        Ok(TrackedExperiment {
            id,
            name: row.get(1)?,
            artifact_location: location.unwrap_or_else(|| default_location(id)),
            deleted: row.get(3)?,
            created_ms: row.get(4)?,
            updated_ms: row.get(5)?,
            tags: Vec::new(),
        })
    })?;
    let mut found: Vec<TrackedExperiment> = rows.collect::<rusqlite::Result<_>>()?;
    let mut tags = conn.prepare_cached(
        "SELECT experiment_id, key, value FROM experiment_tags WHERE ?1 IS NULL OR experiment_id = ?1
         ORDER BY experiment_id, key",
    )?;
    let mut rows = tags.query([id])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if let Ok(place) = found.binary_search_by_key(&id, |experiment| experiment.id) {
            found[place].tags.push((row.get(1)?, row.get(2)?));
        }
    }
    Ok(found)
}

/// An experiment that `view` shows.
pub(super) fn experiment(conn: &Connection, id: i64, view: View) -> Result<TrackedExperiment> {
    let found = all(conn, View::All, Some(id))?.pop();
    found
        .filter(|experiment| view.shows(experiment.deleted))
        .ok_or_else(|| Error::NotFound(format!("No Experiment with id={id} exists")))
}

/// An experiment that something may be added to.
pub(super) fn active_experiment(conn: &Connection, id: i64) -> Result<TrackedExperiment> {
    let found = experiment(conn, id, View::All)?;
    if found.deleted {
        return Err(Error::Invalid(format!(
            "The experiment {id} must be in the 'active' state. Current state is deleted."
        )));
    }
    Ok(found)
}
