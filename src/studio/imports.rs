//! Importing files as versions of datasets: what was chosen and guessed about them, the first rows, the
//! difference from the version before, and the import itself.
//!
//! ```text
//! draft_import ─> ImportDraft ─> stage_import ─> StagedImport ─> commit_import ─> Imported
//!       choices ↵        ↵ preview_import      ↵ changes, to be agreed with
//! ```

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use data::SchemaChanges;
use data::read::{self, Preview, ReadChoices, ReadOptions};
use data::schema::Schema;
use serde::{Deserialize, Serialize};
use workspace::{Change, NewDatasetVersion, Temp};

use crate::datasets::DatasetVersion;
use crate::upkeep::to_json;
use crate::{Error, ErrorKind, Result, Studio, names};

/// Files about to be imported: what a person chose about them, and with that in force what was guessed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportDraft {
    pub suggested_name: String,
    pub files: Vec<PathBuf>,
    /// Chosen for these files, or kept from the version before.
    #[serde(default)]
    pub choices: ReadChoices,
    /// The version that choices were kept from.
    #[serde(default)]
    pub kept_from: Option<u32>,
    /// Everything decided.
    pub options: ReadOptions,
    /// What a person should know about the choices, each a sentence.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The first rows of an import and what it would change.
#[derive(Clone, Debug)]
pub struct PreparedImport {
    pub draft: ImportDraft,
    pub preview: Preview,
    /// What the first rows say about the difference from the newest version, if there is one.
    pub changes: Option<VersionChanges>,
}

/// How the columns differ from those of the version before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionChanges {
    /// The version before.
    pub version: u32,
    pub changes: SchemaChanges,
}

/// How far an import is.
#[derive(Clone, Debug)]
pub struct ImportProgress {
    pub fraction: Option<f32>,
    pub rows: u64,
    pub message: String,
}

/// Files that were read whole and are not a version yet. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct StagedImport {
    dataset: String,
    draft: ImportDraft,
    file: Temp,
    read: read::Imported,
    /// The difference from the newest version, where there is one and any.
    pub changes: Option<VersionChanges>,
}

/// What an import made.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    pub version: DatasetVersion,
    /// What a person should know: what was guessed, renamed columns, values that did not fit.
    pub warnings: Vec<String>,
    /// How the columns differ from those of the version before.
    pub changes: Option<VersionChanges>,
}

impl VersionChanges {
    /// The difference in one sentence and one for each column.
    pub fn sentences(&self) -> Vec<String> {
        let head = format!("The columns differ from those of version {}.", self.version);
        std::iter::once(head).chain(self.changes.sentences()).collect()
    }
}

impl Studio {
    /// Looks at files, folders or globs with nothing chosen.
    ///
    /// # Errors
    /// No such file, an empty one, one that is no table.
    pub fn sniff(&self, paths: &[PathBuf]) -> Result<ImportDraft> {
        self.draft_import(paths, &ReadChoices::default())
    }

    /// Looks at files, folders or globs with these choices in force.
    ///
    /// # Errors
    /// As [`Self::sniff`], and choices that the files cannot be read with.
    pub fn draft_import(&self, paths: &[PathBuf], choices: &ReadChoices) -> Result<ImportDraft> {
        // Where a dataset came from has to mean the same from every folder.
        let paths: Vec<PathBuf> =
            paths.iter().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())).collect();
        let files = read::expand(&paths)?;
        let first = files.first().ok_or_else(|| Error::not_found("There is no file to import."))?;
        let sniffed = read::sniff_with(first, choices)?;
        let notes = choices.without_effect(sniffed.options.format);
        Ok(ImportDraft {
            suggested_name: suggested_name(&files, first),
            options: sniffed.options,
            choices: choices.clone(),
            kept_from: None,
            files,
            notes,
        })
    }

    /// Looks at files that are to become the next version of `dataset`, which need not be there: what was
    /// chosen for its newest version is in force again, but for what `choose` changes.
    ///
    /// # Errors
    /// As [`Self::draft_import`], and what `choose` says.
    pub fn draft_next_version(
        &self,
        dataset: &str,
        paths: &[PathBuf],
        choose: impl Fn(&mut ReadChoices) -> Result<()>,
    ) -> Result<ImportDraft> {
        let (kept_from, kept) = self.kept_choices(dataset)?.unzip();
        let kept = kept.unwrap_or_default();
        let mut choices = kept.clone();
        choose(&mut choices)?;

        let mut chosen = ReadChoices::default();
        choose(&mut chosen)?;
        let mut gone = Vec::new();
        if kept.kinds.keys().any(|column| !chosen.kinds.contains_key(column)) {
            let names = self.names_in(paths, &choices)?;
            choices.kinds.retain(|column, _| {
                let here = chosen.kinds.contains_key(column) || names.contains(column);
                if !here {
                    gone.push(format!(
                        "The type kept for the column “{column}” has no say: it is not among the columns."
                    ));
                }
                here
            });
        }

        let mut draft = self.draft_import(paths, &choices)?;
        let still = |field: &read::ReadField| field.chosen(&kept) == field.chosen(&draft.choices);
        draft.kept_from = kept_from.filter(|_| kept.fields().any(still));
        draft.notes.extend(gone);
        Ok(draft)
    }

    /// The columns of the first file, whatever types were chosen for them.
    fn names_in(&self, paths: &[PathBuf], choices: &ReadChoices) -> Result<Vec<String>> {
        let untyped = ReadChoices { kinds: Default::default(), ..choices.clone() };
        let draft = self.draft_import(paths, &untyped)?;
        Ok(self.preview_import(&draft, 1)?.schema.names().map(str::to_owned).collect())
    }

    /// The choices that the newest version of a dataset was read with, and that version. Of versions that
    /// older programs made, the types are known to have been chosen.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn kept_choices(&self, dataset: &str) -> Result<Option<(u32, ReadChoices)>> {
        let Some(version) = self.newest_version(dataset)? else { return Ok(None) };
        let source = &version.source;
        let choices = match source.get("choices") {
            Some(kept) => serde_json::from_value(kept.clone()).unwrap_or_default(),
            None => {
                let options = source.get("options").cloned().unwrap_or_default();
                let options: ReadOptions = serde_json::from_value(options).unwrap_or_default();
                ReadChoices { kinds: options.kinds, ..ReadChoices::default() }
            }
        };
        Ok(Some((version.version, choices)))
    }

    fn newest_version(&self, dataset: &str) -> Result<Option<DatasetVersion>> {
        match self.workspace.dataset_version(dataset, None).map_err(Error::from) {
            Ok(version) if version.deleted_ms.is_none() => Ok(Some(version)),
            Ok(_) => Ok(None),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first rows as they would be imported.
    ///
    /// # Errors
    /// As an import's.
    pub fn preview_import(&self, draft: &ImportDraft, rows: usize) -> Result<Preview> {
        let first = draft.files.first().ok_or_else(|| Error::not_found("There is no file to import."))?;
        Ok(read::preview(first, &draft.options, rows)?)
    }

    /// Everything that a form shows of an import: what is in force, the first rows, and how the columns
    /// differ from those of the dataset's newest version. `chosen` is what a person chose in the form;
    /// until then what the dataset keeps is in force. Without a name the suggested one counts.
    ///
    /// # Errors
    /// As [`Self::draft_import`] and [`Self::preview_import`].
    pub fn prepare_import(
        &self,
        dataset: Option<&str>,
        paths: &[PathBuf],
        chosen: Option<&ReadChoices>,
        rows: usize,
    ) -> Result<PreparedImport> {
        let suggested = match dataset {
            Some(name) => name.to_owned(),
            None => self.draft_import(paths, &ReadChoices::default())?.suggested_name,
        };
        let draft = match chosen {
            Some(choices) => self.draft_import(paths, choices)?,
            None => self.draft_next_version(&suggested, paths, |_| Ok(()))?,
        };
        let preview = self.preview_import(&draft, rows)?;
        let changes = self.changes_from_newest(&suggested, &preview.schema)?;
        Ok(PreparedImport { draft, preview, changes })
    }

    /// How a table's columns differ from those of the dataset's newest version; none where they are the
    /// same or there is no version.
    fn changes_from_newest(&self, dataset: &str, schema: &Schema) -> Result<Option<VersionChanges>> {
        let Some(newest) = self.newest_version(dataset)? else { return Ok(None) };
        let before = self.workspace.dataset_schema(dataset, newest.version)?;
        let before: Schema = serde_json::from_value(before).map_err(|error| {
            Error::storage(format!("What is recorded of {dataset}@{} cannot be read: {error}", newest.version))
        })?;
        let changes = SchemaChanges::between(&before, schema);
        Ok((!changes.is_empty()).then_some(VersionChanges { version: newest.version, changes }))
    }

    /// Reads the files whole, so that everything about the next version of the dataset `name` is known
    /// before there is one. Nothing stays of what fails or is dropped, or of what `progress` stops.
    ///
    /// # Errors
    /// Whatever is wrong with the files.
    pub fn stage_import(
        &self,
        name: &str,
        draft: &ImportDraft,
        progress: &dyn Fn(ImportProgress) -> ControlFlow<()>,
    ) -> Result<StagedImport> {
        let file = self.workspace.new_temp()?;
        let read = read::import(&draft.files, &draft.options, file.path(), &|progressed| {
            progress(ImportProgress {
                fraction: Some(progressed.share() as f32),
                rows: progressed.rows,
                message: format!("{} rows read", progressed.rows),
            })
        })?;
        let changes = self.changes_from_newest(name, &read.schema)?;
        Ok(StagedImport { dataset: name.to_owned(), draft: draft.clone(), file, read, changes })
    }

    /// Makes what was read the next version.
    ///
    /// # Errors
    /// A name that cannot be, a disk that is full.
    pub fn commit_import(&self, staged: StagedImport) -> Result<Imported> {
        let StagedImport { dataset, draft, file, read, changes } = staged;
        let mut warnings = draft.notes;
        warnings.extend(read.warnings);
        let blob = self.workspace.put_temp(file)?;
        let new = NewDatasetVersion {
            dataset: dataset.clone(),
            digest: blob.digest,
            bytes: blob.size,
            rows: read.rows,
            columns: read.schema.columns.len() as u32,
            source: serde_json::json!({
                "files": draft.files,
                "options": draft.options,
                "choices": draft.choices,
                "warnings": warnings,
                "changes": changes.as_ref().map(VersionChanges::sentences).unwrap_or_default(),
            }),
            schema: to_json(&read.schema)?,
            profile: to_json(&read.profile)?,
        };
        let change = Change::new("dataset.imported", &dataset).with("rows", read.rows);
        let version = self.workspace.write(change, |tx| tx.add_dataset_version(&new))?;
        let version = self.workspace.dataset_version(&dataset, Some(version))?;
        Ok(Imported { version, warnings, changes })
    }

    /// Imports the files as the next version of the dataset `name`, however its columns differ.
    ///
    /// # Errors
    /// As [`Self::stage_import`] and [`Self::commit_import`].
    pub fn import_dataset(
        &self,
        name: &str,
        draft: &ImportDraft,
        progress: &dyn Fn(ImportProgress) -> ControlFlow<()>,
    ) -> Result<Imported> {
        self.commit_import(self.stage_import(name, draft, progress)?)
    }
}

/// The name of the one file, or of the folder of several.
fn suggested_name(files: &[PathBuf], first: &Path) -> String {
    let folder = || first.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    names::slug(&if files.len() == 1 { read::bare_name(first) } else { folder() })
}

#[cfg(test)]
#[path = "imports_tests.rs"]
mod tests;
