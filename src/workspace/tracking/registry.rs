//! Registered models, their versions, stages and aliases as the protocol has them: the same models and
//! versions that people register in the window.

use indexmap::IndexMap;
use rusqlite::{Connection, OptionalExtension};

use crate::error::{Error, Result};
use crate::folder::Workspace;
use crate::tx::{Tx, json_column, json_text};

/// The stage of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Stage {
    None,
    Staging,
    Production,
    Archived,
}

impl Stage {
    /// Every stage, in the protocol's order.
    pub const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// The protocol's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// The stage of a word in letters of either case.
    ///
    /// # Errors
    /// A word that is no stage.
    pub fn of_word(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|stage| stage.word().eq_ignore_ascii_case(word)).ok_or_else(|| {
            Error::Invalid(format!(
                "Invalid Model Version stage: {word}. Value must be one of None, Staging, Production, Archived."
            ))
        })
    }
}

/// A registered model.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredModel {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was registered, ms.
    pub created_ms: i64,
    /// When it or a version was last changed, ms.
    pub updated_ms: i64,
    /// Tags by name.
    pub tags: Vec<(String, String)>,
    /// Aliases by name, each with the version it stands for.
    pub aliases: Vec<(String, u32)>,
    /// The newest version of each stage that has one, oldest first.
    pub latest: Vec<RegisteredVersion>,
}

/// A version of a registered model.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredVersion {
    /// The model's name.
    pub model: String,
    /// 1, 2, …; never given twice.
    pub version: u32,
    /// When it was registered, ms.
    pub created_ms: i64,
    /// When it was last changed, ms.
    pub updated_ms: i64,
    /// What is special about it.
    pub description: String,
    /// Who registered it.
    pub user: String,
    /// Its stage.
    pub stage: Stage,
    /// Where its files came from; never empty, as a client takes that for the folder it is in.
    pub source: String,
    /// Where its files are, if not at the source.
    pub storage_location: Option<String>,
    /// Digest of the stored model, for one that the window registered.
    pub digest: Option<String>,
    /// The run it came from.
    pub run: Option<String>,
    /// Where to look at that run.
    pub run_link: Option<String>,
    /// The logged model it came from.
    pub logged_model: Option<String>,
    /// Tags by name.
    pub tags: Vec<(String, String)>,
    /// The names that stand for it.
    pub aliases: Vec<String>,
}

/// A version to be registered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewRegisteredVersion {
    /// The registered model's name; it must be there.
    pub model: String,
    /// Where the files come from.
    pub source: String,
    /// Where they are, if not at the source.
    pub storage_location: Option<String>,
    /// The run it comes from.
    pub run: Option<String>,
    /// Where to look at that run.
    pub run_link: Option<String>,
    /// The logged model it comes from.
    pub logged_model: Option<String>,
    /// What is special about it.
    pub description: String,
    /// Tags; of one name the last counts.
    pub tags: Vec<(String, String)>,
}

type Pairs = IndexMap<String, String>;

impl Tx<'_> {
    /// Registers a model without versions.
    ///
    /// A deleted model of that name is set aside under another, so that this one starts at version 1 and
    /// that one can still be restored.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn create_registered_model(&self, name: &str, description: &str, tags: &[(String, String)]) -> Result<()> {
        let deleted: Option<Option<i64>> = self
            .conn
            .prepare_cached("SELECT deleted_at FROM models WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        match deleted {
            Some(None) => return Err(Error::Exists(format!("Registered Model (name={name}) already exists."))),
            Some(Some(at)) => self.set_aside(name, at)?,
            None => {}
        }
        let tags: Pairs = tags.iter().cloned().collect();
        self.conn.execute(
            "INSERT INTO models (name, description, tags, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            (name, description, json_text(&tags)?, self.now),
        )?;
        Ok(())
    }

    fn set_aside(&self, name: &str, deleted_at: i64) -> Result<()> {
        let mut aside = format!("{name} (deleted {deleted_at})");
        while self.conn.prepare_cached("SELECT 1 FROM models WHERE name = ?1")?.exists([&aside])? {
            aside.push('\'');
        }
        self.conn.execute("UPDATE models SET name = ?2 WHERE name = ?1", (name, aside))?;
        Ok(())
    }

    /// Says what a registered model is for.
    ///
    /// # Errors
    /// A model that is not there or deleted.
    pub fn describe_registered_model(&self, name: &str, description: &str) -> Result<()> {
        let id = model_row(self.conn, name)?;
        self.conn.execute("UPDATE models SET description = ?2 WHERE id = ?1", (id, description))?;
        self.touch(id)
    }

    /// Gives a registered model another name.
    ///
    /// # Errors
    /// A model that is not there, a name that is taken.
    pub fn rename_registered_model(&self, name: &str, new_name: &str) -> Result<()> {
        let id = model_row(self.conn, name)?;
        let taken: Option<(i64, Option<i64>)> = self
            .conn
            .prepare_cached("SELECT id, deleted_at FROM models WHERE name = ?1")?
            .query_row([new_name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match taken {
            Some((other, None)) if other != id => {
                return Err(Error::Exists(format!("Registered Model (name={new_name}) already exists.")));
            }
            Some((_, Some(at))) => self.set_aside(new_name, at)?,
            _ => {}
        }
        self.conn.execute("UPDATE models SET name = ?2 WHERE id = ?1", (id, new_name))?;
        self.conn.execute("UPDATE model_versions SET updated_at = ?2 WHERE model_id = ?1", (id, self.now))?;
        self.touch(id)
    }

    /// Deletes a registered model with its versions so that the window can restore it.
    ///
    /// # Errors
    /// A model that is not there or deleted.
    pub fn delete_registered_model(&self, name: &str) -> Result<()> {
        let id = model_row(self.conn, name)?;
        self.conn.execute("UPDATE models SET deleted_at = ?2 WHERE id = ?1", (id, self.now))?;
        Ok(())
    }

    /// Sets a tag of a registered model, or removes it.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn tag_registered_model(&self, name: &str, key: &str, value: Option<&str>) -> Result<()> {
        let id = model_row(self.conn, name)?;
        self.tag_row("models", id, key, value)
    }

    fn tag_row(&self, table: &str, id: i64, key: &str, value: Option<&str>) -> Result<()> {
        let mut tags: Pairs = self
            .conn
            .prepare_cached(&format!("SELECT tags FROM {table} WHERE id = ?1"))?
            .query_row([id], |row| json_column(row, 0))?;
        match value {
            Some(value) => {
                tags.insert(key.to_owned(), value.to_owned());
            }
            None => {
                tags.shift_remove(key);
            }
        }
        self.conn.execute(&format!("UPDATE {table} SET tags = ?2 WHERE id = ?1"), (id, json_text(&tags)?))?;
        Ok(())
    }

    /// Makes an alias stand for a version, or removes it with `None`.
    ///
    /// # Errors
    /// A model or version that is not there.
    pub fn set_model_alias(&self, name: &str, alias: &str, version: Option<u32>) -> Result<()> {
        let id = model_row(self.conn, name)?;
        match version {
            Some(version) => {
                version_row(self.conn, name, version)?;
                self.conn.execute(
                    "INSERT OR REPLACE INTO model_aliases (model_id, alias, version) VALUES (?1, ?2, ?3)",
                    (id, alias, version),
                )?;
            }
            None => {
                self.conn.execute("DELETE FROM model_aliases WHERE model_id = ?1 AND alias = ?2", (id, alias))?;
            }
        }
        Ok(())
    }

    /// Registers the next version of a model and returns its number.
    ///
    /// # Errors
    /// A model that is not there or deleted, an empty source.
    pub fn create_registered_version(&self, new: &NewRegisteredVersion) -> Result<u32> {
        if new.source.trim().is_empty() {
            return Err(Error::Invalid(
                "A model version needs a source: the address of the model's files, such as runs:/RUN/model.".into(),
            ));
        }
        let id = model_row(self.conn, &new.model)?;
        let version: u32 = self
            .conn
            .prepare_cached(
                "UPDATE models SET next_version = next_version + 1, updated_at = ?2 WHERE id = ?1 RETURNING next_version - 1",
            )?
            .query_row((id, self.now), |row| row.get(0))?;
        let run: Option<i64> = match &new.run {
            Some(run) => self
                .conn
                .prepare_cached("SELECT id FROM runs WHERE uuid = ?1")?
                .query_row([run], |row| row.get(0))
                .optional()?,
            None => None,
        };
        let tags: Pairs = new.tags.iter().cloned().collect();
        self.conn
            .prepare_cached(
                "INSERT INTO model_versions (model_id, version, run_id, created_at, created_by, description, tags,
                     metrics, datasets, details, updated_at, source, storage_location, run_uuid, run_link, logged_model)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '{}', '[]', '{}', ?4, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(rusqlite::params![
                id,
                version,
                run,
                self.now,
                self.who,
                new.description,
                json_text(&tags)?,
                new.source,
                new.storage_location,
                new.run,
                new.run_link,
                new.logged_model
            ])?;
        self.note("version", version);
        Ok(version)
    }

    /// Says what is special about a version.
    ///
    /// # Errors
    /// A version that is not there or deleted.
    pub fn describe_registered_version(&self, name: &str, version: u32, description: &str) -> Result<()> {
        let (_, row) = version_row(self.conn, name, version)?;
        self.conn.execute(
            "UPDATE model_versions SET description = ?2, updated_at = ?3 WHERE id = ?1",
            (row, description, self.now),
        )?;
        Ok(())
    }

    /// Sets a tag of a version, or removes it.
    ///
    /// # Errors
    /// A version that is not there or deleted.
    pub fn tag_registered_version(&self, name: &str, version: u32, key: &str, value: Option<&str>) -> Result<()> {
        let (_, row) = version_row(self.conn, name, version)?;
        self.tag_row("model_versions", row, key, value)
    }

    /// Puts a version into a stage; with `archive`, all others in that stage are archived.
    ///
    /// # Errors
    /// A version that is not there or deleted, a stage that nothing is archived from.
    pub fn set_version_stage(&self, name: &str, version: u32, stage: Stage, archive: bool) -> Result<()> {
        if archive && !matches!(stage, Stage::Staging | Stage::Production) {
            return Err(Error::Invalid(format!(
                "Model version transition cannot archive existing model versions because '{}' is not an Active stage. \
                 Valid stages are ['Staging', 'Production']",
                stage.word()
            )));
        }
        let (model, row) = version_row(self.conn, name, version)?;
        if archive {
            self.conn.execute(
                "UPDATE model_versions SET stage = 'Archived', updated_at = ?4
                 WHERE model_id = ?1 AND id != ?2 AND stage = ?3 AND deleted_at IS NULL",
                (model, row, stage.word(), self.now),
            )?;
        }
        self.conn.execute(
            "UPDATE model_versions SET stage = ?2, updated_at = ?3 WHERE id = ?1",
            (row, stage.word(), self.now),
        )?;
        self.touch(model)
    }

    /// Deletes a version and the aliases that stand for it; the window can restore the version.
    ///
    /// # Errors
    /// A version that is not there or deleted.
    pub fn delete_registered_version(&self, name: &str, version: u32) -> Result<()> {
        let (model, row) = version_row(self.conn, name, version)?;
        self.conn.execute("DELETE FROM model_aliases WHERE model_id = ?1 AND version = ?2", (model, version))?;
        self.conn
            .execute("UPDATE model_versions SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1", (row, self.now))?;
        self.touch(model)
    }

    fn touch(&self, model: i64) -> Result<()> {
        self.conn.execute("UPDATE models SET updated_at = ?2 WHERE id = ?1", (model, self.now))?;
        Ok(())
    }
}

impl Workspace {
    /// A registered model that is not deleted.
    ///
    /// # Errors
    /// A model that is not there.
    pub fn registered_model(&self, name: &str) -> Result<RegisteredModel> {
        self.db.read(|conn| {
            let id = model_row(conn, name)?;
            load_models(conn, Some(id))?.pop().ok_or_else(|| no_model(name))
        })
    }

    /// A version that is not deleted.
    ///
    /// # Errors
    /// A version that is not there.
    pub fn registered_version(&self, name: &str, version: u32) -> Result<RegisteredVersion> {
        self.db.read(|conn| {
            let (_, row) = version_row(conn, name, version)?;
            load_versions(conn, "v.id = ?1", row)?.pop().ok_or_else(|| no_version(name, version))
        })
    }

    /// The version that an alias stands for; `latest` stands for the greatest unless it is an alias.
    ///
    /// # Errors
    /// A model or an alias that is not there.
    pub fn version_of_alias(&self, name: &str, alias: &str) -> Result<RegisteredVersion> {
        let model = self.registered_model(name)?;
        if alias.eq_ignore_ascii_case("latest") {
            return model
                .latest
                .into_iter()
                .max_by_key(|version| version.version)
                .ok_or_else(|| Error::NotFound(format!("Latest version not found for model {name}.")));
        }
        match model.aliases.iter().find(|(known, _)| known == alias) {
            Some((_, version)) => self.registered_version(name, *version),
            None => Err(Error::Invalid(format!("Registered model alias {alias} not found."))),
        }
    }
}

fn model_row(conn: &Connection, name: &str) -> Result<i64> {
    conn.prepare_cached("SELECT id FROM models WHERE name = ?1 AND deleted_at IS NULL")?
        .query_row([name], |row| row.get(0))
        .optional()?
        .ok_or_else(|| no_model(name))
}

/// The rows of the model and of its version.
fn version_row(conn: &Connection, name: &str, version: u32) -> Result<(i64, i64)> {
    conn.prepare_cached(
        "SELECT m.id, v.id FROM models m JOIN model_versions v ON v.model_id = m.id
         WHERE m.name = ?1 AND v.version = ?2 AND m.deleted_at IS NULL AND v.deleted_at IS NULL",
    )?
    .query_row((name, version), |row| Ok((row.get(0)?, row.get(1)?)))
    .optional()?
    .ok_or_else(|| no_version(name, version))
}

fn no_model(name: &str) -> Error {
    Error::NotFound(format!("Registered Model with name={name} not found"))
}

fn no_version(name: &str, version: u32) -> Error {
    Error::NotFound(format!("Model Version (name={name}, version={version}) not found"))
}

/// All registered models that are not deleted, by name, or the one of this row.
pub(super) fn load_models(conn: &Connection, id: Option<i64>) -> Result<Vec<RegisteredModel>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, name, description, created_at, coalesce(updated_at, created_at), tags FROM models
         WHERE deleted_at IS NULL AND (?1 IS NULL OR id = ?1) ORDER BY name",
    )?;
    let mut aliases =
        conn.prepare_cached("SELECT alias, version FROM model_aliases WHERE model_id = ?1 ORDER BY alias")?;
    let mut found = Vec::new();
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let tags: Pairs = json_column(row, 5)?;
        let aliases = aliases.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let latest = load_versions(
            conn,
            "v.model_id = ?1 AND v.deleted_at IS NULL AND v.version = (SELECT max(o.version) FROM model_versions o
                 WHERE o.model_id = v.model_id AND o.stage = v.stage AND o.deleted_at IS NULL)",
            id,
        )?;
        found.push(RegisteredModel {
            name: row.get(1)?,
            description: row.get(2)?,
            created_ms: row.get(3)?,
            updated_ms: row.get(4)?,
            tags: sorted(tags),
            aliases: aliases.collect::<rusqlite::Result<_>>()?,
            latest,
        });
    }
    Ok(found)
}

/// The versions that meet an SQL condition on `v` and its value, by model and number.
pub(super) fn load_versions(conn: &Connection, condition: &str, value: i64) -> Result<Vec<RegisteredVersion>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT m.name, v.version, v.created_at, coalesce(v.updated_at, v.created_at), v.description, v.created_by,
             v.stage, v.source, v.storage_location, v.digest, coalesce(v.run_uuid, r.uuid), v.run_link,
             v.logged_model, v.tags, m.id
         FROM model_versions v JOIN models m ON m.id = v.model_id LEFT JOIN runs r ON r.id = v.run_id
         WHERE {condition} ORDER BY m.name, v.version"
    ))?;
    let mut aliases =
        conn.prepare_cached("SELECT alias FROM model_aliases WHERE model_id = ?1 AND version = ?2 ORDER BY alias")?;
    let mut found = Vec::new();
    let mut rows = statement.query([value])?;
    while let Some(row) = rows.next()? {
        let version: u32 = row.get(1)?;
        let stage: String = row.get(6)?;
        let names = aliases.query_map((row.get::<_, i64>(14)?, version), |row| row.get(0))?;
        found.push(RegisteredVersion {
            model: row.get(0)?,
            version,
            created_ms: row.get(2)?,
            updated_ms: row.get(3)?,
            description: row.get(4)?,
            user: row.get(5)?,
            stage: Stage::of_word(&stage).unwrap_or(Stage::None),
            source: row.get(7)?,
            storage_location: row.get(8)?,
            digest: row.get(9)?,
            run: row.get(10)?,
            run_link: row.get(11)?,
            logged_model: row.get(12)?,
            tags: sorted(json_column(row, 13)?),
            aliases: names.collect::<rusqlite::Result<_>>()?,
        });
    }
    Ok(found)
}

fn sorted(tags: Pairs) -> Vec<(String, String)> {
    let mut tags: Vec<_> = tags.into_iter().collect();
    tags.sort();
    tags
}
