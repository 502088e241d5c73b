//! Removing for good what was deleted: the rows, the files that clients logged, and the bytes that nothing else uses.
//!
//! Nothing goes that something else still needs: a run in whose folder a registered model lies, a logged model that is
//! registered, a run that goes on. Each is kept and named with its reason.

use std::ops::AddAssign;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::gc::nothing_refers;
use crate::model_runs;
use crate::tracking::{below, default_location};
use crate::tx::{Change, Tx};
use crate::words::RunStatus;

/// Where addresses of files that are kept here begin.
const HERE: &str = "mlflow-artifacts:/";

/// What is to be removed for good; it must have been deleted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// Everything that was deleted before this time, ms.
    DeletedBefore(i64),
    /// The runs of these ids.
    Runs(Vec<String>),
    /// The experiment of this number with its runs.
    Experiment(i64),
}

/// What was, or would be, removed for good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// Runs with all that they logged.
    pub runs: u64,
    /// Experiments.
    pub experiments: u64,
    /// Logged models.
    pub logged_models: u64,
    /// Registered models.
    pub models: u64,
    /// Versions of registered models.
    pub model_versions: u64,
    /// Datasets.
    pub datasets: u64,
    /// Versions of datasets.
    pub dataset_versions: u64,
    /// Files among the artifacts.
    pub files: u64,
    /// Bytes on the disk that nothing else uses.
    pub bytes: u64,
    /// What stays all the same.
    pub kept: Vec<KeptItem>,
    /// Addresses of files that are not kept here and are not touched.
    pub elsewhere: Vec<String>,
}

/// Something that was to be removed and stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptItem {
    /// What it is, such as "the run brisk-heron".
    pub what: String,
    /// Why it stays, as half a sentence that follows "because".
    pub why: String,
}

impl Purged {
    /// How many things go, files apart.
    pub fn count(&self) -> u64 {
        self.runs
            + self.experiments
            + self.logged_models
            + self.models
            + self.model_versions
            + self.datasets
            + self.dataset_versions
    }
}

impl AddAssign for Purged {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.experiments += other.experiments;
        self.logged_models += other.logged_models;
        self.models += other.models;
        self.model_versions += other.model_versions;
        self.datasets += other.datasets;
        self.dataset_versions += other.dataset_versions;
        self.files += other.files;
        self.bytes += other.bytes;
        self.kept.extend(other.kept);
        self.elsewhere.extend(other.elsewhere);
    }
}

/// One thing that is to go, in a transaction of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PurgeItem {
    ModelVersion(i64),
    Model(i64),
    LoggedModel(i64),
    Run(i64),
    Experiment(i64),
    DatasetVersion(i64),
    Dataset(i64),
}

/// Names a row of a table as something to purge.
type RowAsItem = fn(i64) -> PurgeItem;

impl Workspace {
    /// Removes for good what was deleted, and frees its bytes.
    ///
    /// # Errors
    /// Something that is not there or not deleted, a read-only workspace. What went until then is gone.
    pub fn purge(&self, purge: &Purge) -> Result<Purged> {
        let mut purged = Purged::default();
        for item in self.purge_items(purge)? {
            purged += self.write(Change::new("gc.purged", ""), |tx| tx.purge_item(&item))?;
        }
        purged.bytes = self.sweep()?.bytes;
        Ok(purged)
    }

    /// Says what [`Self::purge`] would remove; nothing is.
    ///
    /// # Errors
    /// Those of [`Self::purge`].
    pub fn preview_purge(&self, purge: &Purge) -> Result<Purged> {
        let items = self.purge_items(purge)?;
        self.rehearse(|tx| {
            let mut purged = Purged::default();
            tx.conn.execute("DELETE FROM released_blobs", [])?;
            for item in &items {
                purged += tx.purge_item(item)?;
            }
            let bytes: i64 = tx.conn.query_row(
                &format!(
                    "SELECT coalesce(sum(b.size), 0) FROM released_blobs r JOIN blobs b ON b.digest = r.digest WHERE {}",
                    nothing_refers()
                ),
                [],
                |row| row.get(0),
            )?;
            purged.bytes = bytes as u64;
            Ok(purged)
        })
    }

    /// What is to go, in an order in which nothing keeps what comes after it.
    fn purge_items(&self, purge: &Purge) -> Result<Vec<PurgeItem>> {
        self.db.read(|conn| match purge {
            Purge::DeletedBefore(time) => {
                let mut items = Vec::new();
                let tables: [(&str, RowAsItem); 7] = [
                    ("model_versions", PurgeItem::ModelVersion),
                    ("models", PurgeItem::Model),
                    ("logged_models", PurgeItem::LoggedModel),
                    ("runs", PurgeItem::Run),
                    ("experiments", PurgeItem::Experiment),
                    ("dataset_versions", PurgeItem::DatasetVersion),
                    ("datasets", PurgeItem::Dataset),
                ];
                for (table, item) in tables {
                    let mut found =
                        conn.prepare(&format!("SELECT id FROM {table} WHERE deleted_at < ?1 ORDER BY id"))?;
                    for row in found.query_map([time], |row| row.get(0))? {
                        items.push(item(row?));
                    }
                }
                Ok(items)
            }
            Purge::Runs(ids) => {
                let row = |id: &String| Ok(PurgeItem::Run(crate::runs::run_row(conn, id)?));
                let mut items = ids.iter().map(row).collect::<Result<Vec<_>>>()?;
                // A deleted experiment goes with the last of its runs, so that its name is free again.
                let mut emptied = conn.prepare(
                    "SELECT DISTINCT e.id FROM json_each(?1) j JOIN runs r ON r.uuid = j.value
                     JOIN experiments e ON e.id = r.experiment_id
                     WHERE e.deleted_at IS NOT NULL AND e.id <> 0 AND NOT EXISTS (SELECT 1 FROM runs o
                         WHERE o.experiment_id = e.id AND o.uuid NOT IN (SELECT value FROM json_each(?1)))",
                )?;
                for row in emptied.query_map([serde_json::to_string(ids)?], |row| row.get(0))? {
                    items.push(PurgeItem::Experiment(row?));
                }
                Ok(items)
            }
            Purge::Experiment(id) => {
                let mut items = Vec::new();
                let mut found = conn.prepare("SELECT id FROM runs WHERE experiment_id = ?1 ORDER BY id")?;
                for row in found.query_map([id], |row| row.get(0))? {
                    items.push(PurgeItem::Run(row?));
                }
                items.push(PurgeItem::Experiment(*id));
                Ok(items)
            }
        })
    }
}

/// What happened to one thing that was to go.
enum Fate {
    Gone,
    Kept(String),
}

impl Tx<'_> {
    fn purge_item(&self, item: &PurgeItem) -> Result<Purged> {
        let mut purged = Purged::default();
        let (what, fate) = match *item {
            PurgeItem::ModelVersion(row) => self.purge_version_row(row, &mut purged)?,
            PurgeItem::Model(row) => self.purge_model_row(row, &mut purged)?,
            PurgeItem::LoggedModel(row) => self.purge_logged_model(row, &mut purged)?,
            PurgeItem::Run(row) => self.purge_run_row(row, &mut purged)?,
            PurgeItem::Experiment(row) => self.purge_experiment(row, &mut purged)?,
            PurgeItem::DatasetVersion(row) => self.purge_dataset_row(row, "dataset_versions", &mut purged)?,
            PurgeItem::Dataset(row) => self.purge_dataset_row(row, "datasets", &mut purged)?,
        };
        self.set_subject(&what);
        match fate {
            Fate::Kept(why) => purged.kept.push(KeptItem { what, why }),
            Fate::Gone => self.note("files", purged.files),
        }
        Ok(purged)
    }

    fn purge_version_row(&self, row: i64, purged: &mut Purged) -> Result<(String, Fate)> {
        let found: Option<(String, u32)> = self
            .conn
            .query_row(
                "SELECT m.name, v.version FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.id = ?1",
                [row],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((name, version)) = found else { return Ok((String::new(), Fate::Gone)) };
        let what = format!("version {version} of the model {name}");
        // A copy's files are those of the version that it was made of.
        let copied: Option<String> = self
            .conn
            .query_row(
                "SELECT m.name || '@' || v.version FROM model_versions v JOIN models m ON m.id = v.model_id
                 WHERE v.source = 'models:/' || ?1 || '/' || ?2 AND v.deleted_at IS NULL AND m.deleted_at IS NULL",
                (&name, version),
                |row| row.get(0),
            )
            .optional()?;
        if let Some(copy) = copied {
            return Ok((what, Fate::Kept(format!("{copy} is a copy of it"))));
        }
        purged.model_versions += self.conn.execute("DELETE FROM model_versions WHERE id = ?1", [row])? as u64;
        Ok((what, Fate::Gone))
    }

    fn purge_model_row(&self, row: i64, purged: &mut Purged) -> Result<(String, Fate)> {
        let name: Option<String> =
            self.conn.query_row("SELECT name FROM models WHERE id = ?1", [row], |row| row.get(0)).optional()?;
        let Some(name) = name else { return Ok((String::new(), Fate::Gone)) };
        let versions = self.rows("SELECT id FROM model_versions WHERE model_id = ?1", row)?;
        for version in versions {
            if let (_, Fate::Kept(why)) = self.purge_version_row(version, purged)? {
                return Ok((format!("the model {name}"), Fate::Kept(why)));
            }
        }
        purged.models += self.conn.execute("DELETE FROM models WHERE id = ?1", [row])? as u64;
        Ok((format!("the model {name}"), Fate::Gone))
    }

    fn purge_logged_model(&self, row: i64, purged: &mut Purged) -> Result<(String, Fate)> {
        let found: Option<(String, String, Option<String>)> = self
            .conn
            .query_row("SELECT model_id, name, artifact_location FROM logged_models WHERE id = ?1", [row], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((id, name, location)) = found else { return Ok((String::new(), Fate::Gone)) };
        let what = format!("the logged model {name}");
        let location = location.unwrap_or_default();
        if let Some(version) = version_within(self.conn, &location, &format!("models:/{id}"), Some(&id))? {
            return Ok((what, Fate::Kept(format!("{version} is registered from it"))));
        }
        self.purge_files(&location, purged)?;
        self.conn.execute("DELETE FROM run_models WHERE model_id = ?1", [&id])?;
        purged.logged_models += self.conn.execute("DELETE FROM logged_models WHERE id = ?1", [row])? as u64;
        Ok((what, Fate::Gone))
    }

    /// Removes a deleted run with its logged models, its files, its curves and what it left in the cache.
    fn purge_run_row(&self, row: i64, purged: &mut Purged) -> Result<(String, Fate)> {
        let Some(run) = doomed_run(self.conn, row)? else { return Ok((String::new(), Fate::Gone)) };
        let what = format!("the run {}", run.name);
        if !run.deleted {
            return Err(Error::Invalid(format!(
                "Only a deleted run can be removed for good. Delete {} first.",
                run.name
            )));
        }
        if let Some(why) = why_kept(self.conn, &run)? {
            return Ok((what, Fate::Kept(why)));
        }

        // The models of a run that has several are runs of their own, which share its fate.
        let parts = model_runs::rows_of(self.conn, &run.id)?;
        for part in &parts {
            if let Some(why) =
                doomed_run(self.conn, *part)?.map(|part| why_kept(self.conn, &part)).transpose()?.flatten()
            {
                return Ok((what, Fate::Kept(why)));
            }
        }
        for part in &parts {
            let before = purged.runs;
            self.purge_run_row(*part, purged)?;
            purged.runs = before;
        }

        let models = self.rows_of_text("SELECT id FROM logged_models WHERE source_run = ?1", &run.id)?;
        for model in models {
            if let (what, Fate::Kept(why)) = self.purge_logged_model(model, purged)? {
                purged.kept.push(KeptItem { what, why });
            }
        }
        self.purge_files(&run.location, purged)?;
        self.conn.execute("DELETE FROM step_cache WHERE run = ?1", [&run.id])?;
        purged.runs += self.conn.execute("DELETE FROM runs WHERE id = ?1", [row])? as u64;
        Ok((what, Fate::Gone))
    }

    fn purge_experiment(&self, id: i64, purged: &mut Purged) -> Result<(String, Fate)> {
        let found: Option<(String, bool)> = self
            .conn
            .query_row("SELECT name, deleted_at IS NOT NULL FROM experiments WHERE id = ?1", [id], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((name, deleted)) = found else {
            return Err(Error::NotFound(format!("No Experiment with id={id} exists")));
        };
        let what = format!("the experiment {name}");
        if !deleted {
            return Err(Error::Invalid(format!(
                "Only a deleted experiment can be removed for good. Delete {name} first."
            )));
        }
        if id == 0 {
            return Ok((what, Fate::Kept("runs that name no experiment belong to it".into())));
        }
        let models = self.rows("SELECT id FROM logged_models WHERE experiment_id = ?1", id)?;
        for model in models {
            if let (model, Fate::Kept(why)) = self.purge_logged_model(model, purged)? {
                return Ok((what, Fate::Kept(format!("{model} belongs to it, and {why}"))));
            }
        }
        let left: i64 =
            self.conn.query_row("SELECT count(*) FROM runs WHERE experiment_id = ?1", [id], |row| row.get(0))?;
        if left > 0 {
            let runs = if left == 1 { "a run of it stays".to_owned() } else { format!("{left} runs of it stay") };
            return Ok((what, Fate::Kept(runs)));
        }
        purged.experiments += self.conn.execute("DELETE FROM experiments WHERE id = ?1", [id])? as u64;
        Ok((what, Fate::Gone))
    }

    fn purge_dataset_row(&self, row: i64, table: &str, purged: &mut Purged) -> Result<(String, Fate)> {
        let named = match table {
            "datasets" => "SELECT 'the dataset ' || name FROM datasets WHERE id = ?1",
            _ => {
                "SELECT 'version ' || v.version || ' of the dataset ' || d.name
                 FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE v.id = ?1"
            }
        };
        let what: Option<String> = self.conn.query_row(named, [row], |row| row.get(0)).optional()?;
        let Some(what) = what else { return Ok((String::new(), Fate::Gone)) };
        if table == "datasets" {
            purged.dataset_versions +=
                self.conn.execute("DELETE FROM dataset_versions WHERE dataset_id = ?1", [row])? as u64;
            purged.datasets += self.conn.execute("DELETE FROM datasets WHERE id = ?1", [row])? as u64;
        } else {
            purged.dataset_versions += self.conn.execute("DELETE FROM dataset_versions WHERE id = ?1", [row])? as u64;
        }
        Ok((what, Fate::Gone))
    }

    /// Removes the files below an address, if they are kept here.
    fn purge_files(&self, location: &str, purged: &mut Purged) -> Result<()> {
        match location.strip_prefix(HERE).map(|path| path.trim_matches('/')) {
            Some(path) if !path.is_empty() => purged.files += self.delete_artifacts(path)? as u64,
            Some(_) => {}
            None if location.is_empty() => {}
            None => purged.elsewhere.push(location.to_owned()),
        }
        Ok(())
    }

    fn rows(&self, sql: &str, key: i64) -> Result<Vec<i64>> {
        let mut found = self.conn.prepare_cached(sql)?;
        let rows = found.query_map([key], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn rows_of_text(&self, sql: &str, key: &str) -> Result<Vec<i64>> {
        let mut found = self.conn.prepare_cached(sql)?;
        let rows = found.query_map([key], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// What must be known of a run before it goes.
struct DoomedRun {
    id: String,
    name: String,
    status: RunStatus,
    logged: bool,
    deleted: bool,
    /// The address below which its files lie.
    location: String,
}

fn doomed_run(conn: &Connection, row: i64) -> Result<Option<DoomedRun>> {
    let sql = "SELECT r.uuid, r.name, r.status, r.logged, r.deleted_at IS NOT NULL, r.artifact_uri, r.experiment_id,
             e.artifact_location
         FROM runs r JOIN experiments e ON e.id = r.experiment_id WHERE r.id = ?1";
    let run = conn.query_row(sql, [row], |row| {
        let id: String = row.get(0)?;
        let uri: Option<String> = row.get(5)?;
        let root = row.get::<_, Option<String>>(7)?.unwrap_or_else(|| default_location(row.get(6).unwrap_or(0)));
        Ok(DoomedRun {
            location: uri.unwrap_or_else(|| below(&root, &format!("{id}/artifacts"))),
            id,
            name: row.get(1)?,
            status: row.get(2)?,
            logged: row.get(3)?,
            deleted: row.get(4)?,
        })
    });
    Ok(run.optional()?)
}

/// The reason for which a run stays, as half a sentence.
fn why_kept(conn: &Connection, run: &DoomedRun) -> Result<Option<String>> {
    if !run.logged && run.status == RunStatus::Running {
        return Ok(Some("it is still going".into()));
    }
    let version = version_within(conn, &run.location, &format!("runs:/{}", run.id), None)?;
    Ok(version.map(|version| format!("{version} lies among its files")))
}

/// A version, deleted or not, whose files lie at or below one of two addresses, or that is this logged model: `NAME@1`.
fn version_within(conn: &Connection, one: &str, other: &str, logged_model: Option<&str>) -> Result<Option<String>> {
    let sql = "SELECT m.name || '@' || v.version FROM model_versions v JOIN models m ON m.id = v.model_id
         WHERE v.logged_model = ?3
             OR (v.digest IS NULL AND (v.source IN (?1, ?2) OR v.storage_location = ?1
                 OR substr(v.source, 1, length(?1) + 1) = ?1 || '/'
                 OR substr(v.source, 1, length(?2) + 1) = ?2 || '/'
                 OR substr(v.storage_location, 1, length(?1) + 1) = ?1 || '/'))
         ORDER BY m.name, v.version LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row((one, other, logged_model), |row| row.get(0)).optional()?)
}

#[cfg(test)]
#[path = "purge_tests.rs"]
mod tests;
