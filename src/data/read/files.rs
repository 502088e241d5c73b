//! Which files a person means by a path, a folder or a pattern.

use std::path::{Path, PathBuf};

use super::partitions::is_partition;
use crate::error::{Error, Result};

/// Endings of files that are tables beyond doubt.
const TABLES: [&str; 20] = [
    "csv", "tsv", "tab", "parquet", "pq", "arrow", "ipc", "feather", "jsonl", "ndjson", "xlsx", "xlsm", "xlsb", "xls",
    "ods", "sas7bdat", "xpt", "dta", "sav", "zsav",
];
/// Endings of files that may be tables.
const PERHAPS: [&str; 3] = ["txt", "json", "dat"];

/// Endings of files that may be tables, packed ones too, for a dialog that chooses files.
pub fn table_endings() -> Vec<&'static str> {
    TABLES.into_iter().chain(PERHAPS).chain(PACKED).collect()
}

/// The files behind paths, folders and patterns such as `data/*.csv`, in order of
/// their names, each once. Of a folder, the files directly in it, or in folders
/// such as `year=2024` below it, whose ending is a table's; hidden ones are left
/// out.
///
/// # Errors
/// A missing file, a folder without tables, or a pattern that matches nothing.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        let found = if path.is_dir() {
            in_folder(path)?
        } else if path.exists() {
            vec![path.clone()]
        } else {
            matching(path)?
        };
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    if files.is_empty() {
        return Err(Error::invalid("No file was chosen."));
    }
    Ok(files)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = files_in(folder)?;
    let tables = tables_of(&files);
    if tables.is_empty() {
        let sentence = "The folder holds no tables: no CSV, TSV, Parquet, Arrow, JSON lines, workbook or statistics \
                        file lies directly in it.";
        return Err(Error::malformed(folder, None, sentence));
    }
    Ok(tables)
}

/// The files directly in a folder, and those below folders that are named after
/// a column and its value (`year=2024`), in order; hidden ones are left out.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Error::file("Reading the folder", folder))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::file("Reading the folder", folder))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if path.is_file() && !hidden {
            files.push(path);
        } else if path.is_dir() && is_partition(&path) {
            files.extend(files_in(&path)?);
        }
    }
    files.sort();
    Ok(files)
}

/// The files that are tables by their names: beyond doubt, else perhaps.
pub(super) fn tables_of(files: &[PathBuf]) -> Vec<PathBuf> {
    let of = |endings: &[&str]| -> Vec<PathBuf> {
        files.iter().filter(|path| endings.contains(&ending(path).as_str())).cloned().collect()
    };
    let sure = of(&TABLES);
    if sure.is_empty() { of(&PERHAPS) } else { sure }
}

/// What is added to the name of a file that is compressed.
const PACKED: [&str; 6] = ["gz", "bz2", "xz", "zst", "zstd", "zip"];

/// The name of a file without its endings: `sales` of `sales.csv.gz`.
pub fn bare_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let packed = name.rsplit_once('.').filter(|(_, ending)| PACKED.contains(&ending.to_lowercase().as_str()));
    let name = packed.map_or(name.as_str(), |(name, _)| name);
    Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The ending in lower case, without one such as `.gz`.
pub(super) fn ending(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let (rest, last) = name.rsplit_once('.').unwrap_or((&name, ""));
    if !PACKED.contains(&last) {
        return last.to_owned();
    }
    rest.rsplit_once('.').map(|(_, ending)| ending.to_owned()).unwrap_or_default()
}

fn matching(path: &Path) -> Result<Vec<PathBuf>> {
    let pattern = path.to_string_lossy();
    if !pattern.contains(['*', '?', '[']) {
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such file");
        return Err(Error::file("Opening", path)(missing));
    }
    let found = glob::glob(&pattern).map_err(|e| Error::invalid(format!("“{pattern}” is not a pattern: {e}.")))?;
    let files: Vec<PathBuf> = found.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    if files.is_empty() {
        return Err(Error::invalid(format!("No file matches “{pattern}”.")));
    }
    Ok(files)
}
