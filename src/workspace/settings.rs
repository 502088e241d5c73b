//! Settings that the program keeps for itself, and drafts of what people type.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::files;
use crate::folder::Workspace;
use crate::tx::{json_column, json_text};

/// Text that was typed and not yet saved where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The name it was saved under.
    pub name: String,
    /// When it was last saved, ms.
    pub saved_ms: i64,
}

impl Workspace {
    /// A setting, such as the window's layout.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn setting(&self, key: &str) -> Result<Option<Value>> {
        self.db.read(|conn| {
            Ok(conn
                .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
                .query_row([key], |row| json_column(row, 0))
                .optional()?)
        })
    }

    /// Keeps a setting; `null` removes it. One event, and no audit entry: how a window is arranged is
    /// no change to the work.
    ///
    /// # Errors
    /// A read-only workspace, a full disk.
    pub fn set_setting(&self, key: &str, value: &Value) -> Result<()> {
        self.batch("setting.changed", key, |batch| {
            if value.is_null() {
                batch.conn.prepare_cached("DELETE FROM settings WHERE key = ?1")?.execute([key])?;
            } else {
                batch
                    .conn
                    .prepare_cached("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)")?
                    .execute((key, json_text(value)?))?;
            }
            Ok(())
        })
    }

    /// Keeps a draft under a name, in place of the one before.
    ///
    /// # Errors
    /// A name that is empty or far too long, a read-only workspace, a full disk.
    pub fn save_draft(&self, name: &str, text: &str) -> Result<()> {
        self.writable()?;
        files::write_atomically(&self.draft_path(name)?, text.as_bytes())
    }

    /// The draft of that name.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn draft(&self, name: &str) -> Result<Option<String>> {
        let path = self.draft_path(name)?;
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io("read the draft", &path, e)),
        }
    }

    /// Forgets a draft; one that is not there is no error.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn discard_draft(&self, name: &str) -> Result<()> {
        let path = self.draft_path(name)?;
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("discard the draft", &path, e)),
            _ => Ok(()),
        }
    }

    /// All drafts, newest first: what a crash may have left unsaved.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn drafts(&self) -> Result<Vec<Draft>> {
        let folder = self.private("drafts");
        let failed = |e| Error::io("list the drafts", &folder, e);
        let mut drafts = Vec::new();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(drafts),
            Err(e) => return Err(failed(e)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let Some(name) = entry.file_name().to_str().and_then(decode_name) else {
                continue;
            };
            let saved = entry.metadata().and_then(|meta| meta.modified()).map_err(failed)?;
            let saved_ms = saved.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
            drafts.push(Draft { name, saved_ms });
        }
        drafts.sort_by(|a, b| b.saved_ms.cmp(&a.saved_ms).then_with(|| a.name.cmp(&b.name)));
        Ok(drafts)
    }

    fn draft_path(&self, name: &str) -> Result<PathBuf> {
        let file = encode_name(name);
        if name.is_empty() || file.len() > 240 {
            return Err(Error::Invalid("A draft needs a name, and a shorter one than this.".into()));
        }
        Ok(self.private("drafts").join(file))
    }
}

/// Any name as a file name that every system takes: other bytes than `a-z 0-9 - _` as `%XX`.
/// Capitals too, as some systems do not tell them from small letters.
fn encode_name(name: &str) -> String {
    let mut file = String::with_capacity(name.len() + 6);
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => file.push(byte.into()),
            _ => file.push_str(&format!("%{byte:02x}")),
        }
    }
    file.push_str(".draft");
    file
}

fn decode_name(file: &str) -> Option<String> {
    let mut rest = file.strip_suffix(".draft")?.bytes();
    let mut bytes = Vec::new();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn workspace() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(dir.path(), "Test").unwrap();
        (dir, workspace)
    }

    #[test]
    fn a_setting_is_kept_replaced_and_removed_with_one_event_each() {
        let (_dir, workspace) = workspace();
        assert_eq!(workspace.setting("layout").unwrap(), None);
        workspace.set_setting("layout", &json!({"rail": 56})).unwrap();
        workspace.set_setting("layout", &json!([1, 2.5, null])).unwrap();
        assert_eq!(workspace.setting("layout").unwrap(), Some(json!([1, 2.5, null])));
        workspace.set_setting("layout", &Value::Null).unwrap();
        assert_eq!(workspace.setting("layout").unwrap(), None);
        assert_eq!(workspace.events_since(0, 10).unwrap().len(), 3);
        assert!(workspace.audit(None, None, 10).unwrap().is_empty());
    }

    #[test]
    fn drafts_come_back_under_any_name() {
        let (_dir, workspace) = workspace();
        for name in ["pipelines/a.yaml", "Ärger: 100%", "../../escape", "A", "a", "con"] {
            workspace.save_draft(name, &format!("text of {name}")).unwrap();
        }
        for name in ["pipelines/a.yaml", "Ärger: 100%", "../../escape", "A", "a", "con"] {
            assert_eq!(workspace.draft(name).unwrap().unwrap(), format!("text of {name}"));
        }
        assert_eq!(workspace.drafts().unwrap().len(), 6);
        workspace.discard_draft("A").unwrap();
        workspace.discard_draft("A").unwrap();
        assert_eq!(workspace.draft("A").unwrap(), None);
        assert!(workspace.draft("a").unwrap().is_some());
        assert!(workspace.save_draft("", "x").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        #[test]
        fn names_survive_the_file_system(name in "\\PC{1,20}") {
            let file = encode_name(&name);
            prop_assert!(file.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_%.".contains(&b)));
            prop_assert_eq!(decode_name(&file), Some(name));
        }
    }
}
