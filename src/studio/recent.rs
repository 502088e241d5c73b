//! Workspaces opened before, newest first, kept in the user's own configuration folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, Studio};

/// How many are remembered.
const LIMIT: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    pub folder: PathBuf,
    pub name: String,
    /// Unix time, milliseconds.
    pub opened_ms: i64,
}

/// The folder of Atelier's own files for this user. `ATELIER_HOME` overrides it.
pub fn home() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("ATELIER_HOME") {
        return Ok(PathBuf::from(folder));
    }
    directories::ProjectDirs::from("", "", "atelier").map(|folders| folders.data_dir().to_owned()).ok_or_else(|| {
        Error::storage("This user has no home folder; set ATELIER_HOME to a folder for Atelier's files.")
    })
}

/// Where the sample workspace is made on first start.
pub fn sample_folder() -> Result<PathBuf> {
    Ok(home()?.join("sample"))
}

/// Those that are still there. An unreadable list counts as empty: it is a convenience, never the truth.
pub fn list() -> Vec<Recent> {
    let Ok(folder) = home() else { return Vec::new() };
    let Ok(text) = std::fs::read(folder.join("recent.json")) else { return Vec::new() };
    let all: Vec<Recent> = serde_json::from_slice(&text).unwrap_or_default();
    all.into_iter().filter(|recent| recent.folder.join("atelier.toml").is_file()).collect()
}

pub fn remember(studio: &Studio) -> Result<()> {
    let opened =
        Recent { folder: studio.folder().to_owned(), name: studio.name().to_owned(), opened_ms: crate::now_ms() };
    let mut all = list();
    all.retain(|recent| recent.folder != opened.folder);
    all.insert(0, opened);
    all.truncate(LIMIT);
    save(&all)
}

pub fn forget(folder: &Path) -> Result<()> {
    let mut all = list();
    all.retain(|recent| recent.folder != folder);
    save(&all)
}

fn save(all: &[Recent]) -> Result<()> {
    let text = serde_json::to_vec_pretty(all).map_err(|error| Error::storage(error.to_string()))?;
    write("recent.json", &text, "The list of recent workspaces")
}

/// How this user's window was arranged, as the window wrote it.
pub fn kept_window() -> Option<String> {
    std::fs::read_to_string(home().ok()?.join("window.json")).ok()
}

/// Keeps how the window is arranged.
pub fn keep_window(text: &str) -> Result<()> {
    write("window.json", text.as_bytes(), "The window's arrangement")
}

fn write(name: &str, bytes: &[u8], what: &str) -> Result<()> {
    let folder = home()?;
    std::fs::create_dir_all(&folder).map_err(|error| Error::storage(format!("{what} could not be saved: {error}")))?;
    Ok(workspace::write_atomically(&folder.join(name), bytes)?)
}
