//! The rows of datasets for a script: the first ones, those of a query, all of them in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data::polars::prelude::{DataFrame, LazyFrame, PlRefPath, ScanArgsParquet};
use data::polars::sql::extract_table_identifiers;
use data::schema::closest_of;
use data::write::FileFormat;
use pipeline::components::sql;
use serde::Serialize;

use crate::datasets::parse_reference;
use crate::{Error, ErrorKind, Result, Studio};

/// A file that a dataset was written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedFile {
    pub dataset: String,
    pub version: u32,
    pub path: PathBuf,
    pub rows: u64,
}

impl Studio {
    /// The first rows of `NAME` or `NAME@VERSION`.
    ///
    /// # Errors
    /// No such dataset or version.
    pub fn dataset_head(&self, reference: &str, rows: u64) -> Result<DataFrame> {
        let grid = self.grid(reference)?;
        Ok(grid.rows(0..rows.min(grid.len()), None)?)
    }

    /// The rows that a query selects. The dataset `reference` is called by its name, by
    /// `"NAME@VERSION"` or `t1`; every other dataset by its name or `"NAME@VERSION"`.
    ///
    /// # Errors
    /// A dataset that is not there, or a query that cannot be carried out.
    pub fn query_datasets(&self, reference: &str, query: &str) -> Result<DataFrame> {
        let mut tables: BTreeMap<String, LazyFrame> = BTreeMap::new();
        let (name, _) = parse_reference(reference)?;
        let first = self.rows_of(reference)?;
        for alias in [reference, name, "t1"] {
            tables.insert(alias.to_owned(), first.clone());
        }

        let mut absent = None;
        for table in extract_table_identifiers(query, false, true).unwrap_or_default() {
            if tables.contains_key(&table) {
                continue;
            }
            match self.rows_of(&table) {
                Ok(rows) => drop(tables.insert(table, rows)),
                // It may be the name of a WITH, which the query itself makes.
                Err(error) if error.kind == ErrorKind::NotFound => absent = Some((table, error)),
                Err(error) => return Err(error),
            }
        }

        let named = tables.iter().map(|(name, rows)| (name.as_str(), rows.clone())).collect();
        let planned = sql::plan(query, named).map_err(|sentence| match absent {
            Some((table, error)) if is_about_table(&sentence, &table) => self.no_table(&table, error),
            _ => Error::invalid(sentence),
        })?;
        Ok(planned.collect().map_err(data::Error::from)?)
    }

    /// The error for a table of a query that is no dataset.
    fn no_table(&self, table: &str, error: Error) -> Error {
        let names: Vec<String> = self.datasets().unwrap_or_default().into_iter().map(|dataset| dataset.name).collect();
        if table.contains('@') {
            return error;
        }
        let hint = match closest_of(table, names.iter().map(String::as_str)) {
            Some(near) => format!(" Did you mean “{near}”?"),
            None => String::new(),
        };
        Error::not_found(format!("The query reads “{table}”, but there is no such dataset.{hint}"))
    }

    /// Writes `NAME` or `NAME@VERSION` to a file, whose ending says the format.
    ///
    /// # Errors
    /// No such dataset; an ending that says no format; a file that is there already, unless it may be
    /// replaced; a column that the format has no place for; a disk that refuses.
    pub fn export_dataset(&self, reference: &str, path: &Path, replace: bool) -> Result<ExportedFile> {
        let version = self.dataset_version(reference)?;
        let format = FileFormat::of_path(path).ok_or_else(|| {
            Error::invalid(format!(
                "The file's ending says no format; end it in {}. File: {}",
                FileFormat::ENDINGS,
                path.display()
            ))
        })?;
        if path.is_dir() {
            let path = path.display();
            return Err(Error::invalid(format!("There is a folder of that name. Name a file in it. Folder: {path}")));
        }
        if path.exists() && !replace {
            let path = path.display();
            let sentence = format!("There is a file of that name already. Choose another, or replace it. File: {path}");
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        let rows = data::write::write(self.rows_of(reference)?, format, path, &|| false)?;
        Ok(ExportedFile { dataset: version.dataset, version: version.version, path: path.to_owned(), rows })
    }

    fn rows_of(&self, reference: &str) -> Result<LazyFrame> {
        let version = self.dataset_version(reference)?;
        let path = self.workspace.blob_path(&version.digest)?;
        let failed = |error| Error::storage(format!("The rows of {reference} cannot be read: {error}."));
        // A folder's name may hold what would be a pattern.
        let arguments = ScanArgsParquet { glob: false, ..ScanArgsParquet::default() };
        LazyFrame::scan_parquet(PlRefPath::new(path.to_string_lossy()), arguments).map_err(failed)
    }
}

/// Whether a mistake in a query is that there is no table of this name.
fn is_about_table(sentence: &str, table: &str) -> bool {
    sentence.contains(&format!("relation '{table}' was not found"))
}
