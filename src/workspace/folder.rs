//! A workspace as a folder: making one, opening one, finding the one a path lies in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::db::{self, Db, Header, MIGRATIONS};
use crate::error::{Error, Result};
use crate::files;
use crate::manifest::{self, MANIFEST, Manifest};

/// The folder inside a workspace that holds what the program records; git ignores it.
pub(crate) const PRIVATE: &str = ".atelier";
const AUTHORED: [&str; 3] = ["pipelines", "environments", "src"];
const RECORDED: [&str; 5] = ["blobs", "cache", "logs", "drafts", "tmp"];
const IGNORED: [&str; 2] = [".atelier/", ".atelier-*.tmp"];
/// Files that systems put into folders by themselves.
const LITTER: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// An open workspace. `Send + Sync`; share it behind an `Arc`.
///
/// Several of these, in several processes, may work on one folder at once.
pub struct Workspace {
    folder: PathBuf,
    pub(crate) db: Db,
    who: String,
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace")
            .field("folder", &self.folder)
            .field("read_only", &self.is_read_only())
            .finish_non_exhaustive()
    }
}

impl Workspace {
    /// Makes a workspace in `folder`, which is created if it is missing, and opens it.
    ///
    /// `atelier.toml` is written last, so a creation that was interrupted can simply be repeated; one
    /// that fails takes away what it had made.
    ///
    /// # Errors
    /// [`Error::AlreadyAWorkspace`]; [`Error::NotEmpty`] unless the folder is empty, a git repository,
    /// or what an interrupted creation left; a folder that cannot be written.
    pub fn create(folder: impl AsRef<Path>, name: &str) -> Result<Self> {
        let folder = folder.as_ref();
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 200 {
            return Err(Error::Invalid("A workspace needs a name of 1 to 200 characters.".into()));
        }
        if folder.join(MANIFEST).exists() {
            return Err(Error::AlreadyAWorkspace { folder: folder.to_path_buf() });
        }
        refuse_strangers(folder)?;
        let mut made = Made::default();
        made.folder(folder)?;
        made.layout(folder)?;
        made.database(folder)?;
        made.ignore_list(&folder.join(".gitignore"))?;
        files::write_atomically(&folder.join(MANIFEST), manifest::new_text(name).as_bytes())?;
        made.keep();
        Self::open(folder)
    }

    /// Opens the workspace in `folder`, bringing an older database up to date.
    ///
    /// Where the folder cannot be written it opens for reading ([`Workspace::is_read_only`]), and
    /// every change is refused with a sentence. A folder with a manifest and no `.atelier` (a fresh
    /// git clone) gets an empty record.
    ///
    /// # Errors
    /// [`Error::NotAWorkspace`], [`Error::Newer`] (nothing is touched), [`Error::Damaged`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder =
            std::path::absolute(folder.as_ref()).map_err(|e| Error::io("find the folder", folder.as_ref(), e))?;
        manifest::read(&folder)?;
        let private = folder.join(PRIVATE);
        let database = private.join("studio.db");
        match db::read_header(&database)? {
            Header::Schema(found) if found > MIGRATIONS.len() as i64 => {
                let supported = MIGRATIONS.len() as i64;
                return Err(Error::Newer { folder, what: "database schema", found, supported });
            }
            Header::Foreign(reason) => return Err(damaged(&database, reason)),
            Header::Empty if holds_blobs(&private) => {
                return Err(damaged(&database, "it is missing or empty, though the folder beside it holds blobs"));
            }
            _ => {}
        }
        let writable = files::is_writable(if private.exists() { &private } else { &folder });
        let db = if writable {
            for name in RECORDED {
                let path = private.join(name);
                fs::create_dir_all(&path).map_err(|e| Error::io("make the folder", &path, e))?;
            }
            Db::open(&database)?
        } else if database.exists() {
            Db::open_read_only(&database)?
        } else {
            return Err(Error::ReadOnly { path: Some(folder) });
        };
        Ok(Self { folder, db, who: user_name() })
    }

    /// The workspace that `inside` lies in: the nearest folder upwards that holds `atelier.toml`.
    pub fn find(inside: impl AsRef<Path>) -> Option<PathBuf> {
        let start = std::path::absolute(inside.as_ref()).ok()?;
        start.ancestors().find(|folder| folder.join(MANIFEST).is_file()).map(Path::to_path_buf)
    }

    /// The workspace's folder, absolute.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of what the program records, `.atelier`.
    pub fn private_folder(&self) -> PathBuf {
        self.folder.join(PRIVATE)
    }

    /// Whether changes are refused because the folder cannot be written.
    pub fn is_read_only(&self) -> bool {
        self.db.is_read_only()
    }

    /// The same workspace, whose changes are recorded as `who`'s.
    #[must_use]
    pub fn signed(mut self, who: String) -> Self {
        self.who = who;
        self
    }

    /// Who changes are recorded as: the system's user name, or who it was signed by.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// Reads `atelier.toml` anew, as a person may have edited it.
    ///
    /// # Errors
    /// A missing, damaged or newer manifest.
    pub fn manifest(&self) -> Result<Manifest> {
        manifest::read(&self.folder)
    }

    /// Changes the name or settings in `atelier.toml`, keeping comments; a setting of `null` goes.
    ///
    /// # Errors
    /// A manifest that cannot be read or written; a setting that is a list or a table.
    pub fn change_manifest(&self, name: Option<&str>, settings: &[(&str, serde_json::Value)]) -> Result<()> {
        self.writable()?;
        manifest::change(&self.folder, name, settings)
    }

    pub(crate) fn writable(&self) -> Result<()> {
        if self.is_read_only() { Err(Error::ReadOnly { path: Some(self.folder.clone()) }) } else { Ok(()) }
    }

    pub(crate) fn private(&self, name: &str) -> PathBuf {
        self.folder.join(PRIVATE).join(name)
    }
}

fn damaged(path: &Path, reason: &str) -> Error {
    Error::Damaged { what: "The workspace's database", reason: reason.to_owned(), path: Some(path.to_path_buf()) }
}

fn holds_blobs(private: &Path) -> bool {
    fs::read_dir(private.join("blobs")).is_ok_and(|mut entries| entries.next().is_some())
}

fn user_name() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

/// Refuses a folder whose content is not ours and not under git.
fn refuse_strangers(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io("make a workspace", folder, e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("make a workspace", folder, e))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    let interrupted = names.iter().any(|name| name == PRIVATE);
    if names.iter().any(|name| name == ".git") {
        return Ok(());
    }
    let ours = |name: &str| {
        LITTER.contains(&name)
            || (interrupted && (name == PRIVATE || name == ".gitignore" || AUTHORED.contains(&name)))
            || name.starts_with(files::TEMPORARY_PREFIX)
    };
    match names.into_iter().find(|name| !ours(name)) {
        Some(entry) => Err(Error::NotEmpty { folder: folder.to_path_buf(), entry }),
        None => Ok(()),
    }
}

/// What a creation has made so far; dropped before [`Made::keep`], it takes it all away again.
#[derive(Default)]
struct Made {
    folders: Vec<PathBuf>,
    trees: Vec<PathBuf>,
    /// A file with its content before, or none.
    file: Option<(PathBuf, Option<Vec<u8>>)>,
}

impl Made {
    /// Makes a folder and those above it.
    fn folder(&mut self, path: &Path) -> Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.folder(parent)?;
        }
        match fs::create_dir(path) {
            Ok(()) => self.folders.push(path.to_path_buf()),
            // Another process was quicker.
            Err(_) if path.is_dir() => {}
            Err(e) => return Err(Error::io("make the folder", path, e)),
        }
        Ok(())
    }

    fn layout(&mut self, folder: &Path) -> Result<()> {
        let private = folder.join(PRIVATE);
        if !private.exists() {
            self.trees.push(private.clone());
        }
        let all = AUTHORED.iter().map(|name| folder.join(name)).chain(RECORDED.iter().map(|name| private.join(name)));
        for path in all {
            self.folder(&path)?;
        }
        Ok(())
    }

    fn database(&mut self, folder: &Path) -> Result<()> {
        Db::open(&folder.join(PRIVATE).join("studio.db")).map(drop)
    }

    /// Adds our lines to `.gitignore`, keeping what is there.
    fn ignore_list(&mut self, path: &Path) -> Result<()> {
        let before = fs::read(path).ok();
        let mut text = before.clone().unwrap_or_default();
        let known = String::from_utf8_lossy(&text).into_owned();
        let missing: Vec<&str> =
            IGNORED.into_iter().filter(|line| known.lines().all(|known| known.trim() != *line)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        if text.last().is_some_and(|byte| *byte != b'\n') {
            text.push(b'\n');
        }
        for line in missing {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        self.file = Some((path.to_path_buf(), before));
        files::write_atomically(path, &text)
    }

    fn keep(mut self) {
        self.folders.clear();
        self.trees.clear();
        self.file = None;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // Each step is a best effort: what stays behind does not hinder a second try.
        match self.file.take() {
            Some((path, Some(before))) => drop(files::write_atomically(&path, &before)),
            Some((path, None)) => drop(fs::remove_file(path)),
            None => {}
        }
        for tree in &self.trees {
            let _ = fs::remove_dir_all(tree);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
