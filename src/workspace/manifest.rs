//! `atelier.toml`: the name of a workspace, its format, and settings that people edit and commit.

use std::fs;
use std::path::Path;

use serde_json::Value;
use toml_edit::{DocumentMut, Item, Table};

use crate::error::{Error, Result};
use crate::files;

/// The file that makes a folder a workspace.
pub const MANIFEST: &str = "atelier.toml";
/// The layout of the folder that this program reads and writes.
pub const FORMAT: i64 = 1;

/// What `atelier.toml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// What the workspace is called.
    pub name: String,
    /// When it was made, RFC 3339, in UTC.
    pub created: String,
    /// The `[settings]` table, such as `python = "/usr/bin/python3"`.
    pub settings: serde_json::Map<String, Value>,
}

/// The text of a new manifest.
pub(crate) fn new_text(name: &str) -> String {
    let mut document = DocumentMut::new();
    document["format"] = toml_edit::value(FORMAT);
    document["name"] = toml_edit::value(name);
    document["created"] = toml_edit::value(jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    format!("# An Atelier workspace. Commit this file; keep .atelier out of version control.\n{document}")
}

/// Reads the manifest of `folder`. The format is looked at before anything else, as a newer one may
/// mean something different by the rest.
pub(crate) fn read(folder: &Path) -> Result<Manifest> {
    let path = folder.join(MANIFEST);
    let document = parse(folder, &path)?;
    let text = |key: &str| document.get(key).and_then(Item::as_str).map(str::to_owned);
    let settings = document.get("settings").and_then(Item::as_table_like);
    Ok(Manifest {
        name: text("name")
            .unwrap_or_else(|| folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())),
        created: text("created").unwrap_or_default(),
        settings: settings
            .map(|table| table.iter().map(|(key, item)| (key.to_owned(), to_json(item))).collect())
            .unwrap_or_default(),
    })
}

/// Changes the name or settings and keeps every comment and every key it does not know.
///
/// A setting of `null` is removed; texts, numbers and booleans can be set.
pub(crate) fn change(folder: &Path, name: Option<&str>, settings: &[(&str, Value)]) -> Result<()> {
    let path = folder.join(MANIFEST);
    let mut document = parse(folder, &path)?;
    if let Some(name) = name {
        document["name"] = toml_edit::value(name);
    }
    for (key, value) in settings {
        let table = document.entry("settings").or_insert(Item::Table(Table::new()));
        let Some(table) = table.as_table_like_mut() else {
            return Err(damaged(&path, "“settings” is not a table"));
        };
        match from_json(value)? {
            Some(value) => table.insert(key, Item::Value(value)),
            None => table.remove(key),
        };
    }
    files::write_atomically(&path, document.to_string().as_bytes())
}

fn parse(folder: &Path, path: &Path) -> Result<DocumentMut> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| damaged(path, "it is not UTF-8 text"))?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound || e.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(Error::NotAWorkspace { folder: folder.to_path_buf() });
        }
        Err(e) => return Err(Error::io("read the workspace's manifest", path, e)),
    };
    let document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| {
        let line = e.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        damaged(path, &format!("line {line}: {}", e.message().trim()))
    })?;
    match document.get("format").and_then(Item::as_integer) {
        Some(found) if found > FORMAT => {
            Err(Error::Newer { folder: folder.to_path_buf(), what: "format", found, supported: FORMAT })
        }
        Some(found) if found >= 1 => Ok(document),
        _ => Err(damaged(path, "it does not say “format = 1”")),
    }
}

fn damaged(path: &Path, reason: &str) -> Error {
    Error::Damaged { what: "The workspace's atelier.toml", reason: reason.to_owned(), path: Some(path.to_path_buf()) }
}

fn to_json(item: &Item) -> Value {
    match item {
        Item::Value(toml_edit::Value::String(text)) => text.value().as_str().into(),
        Item::Value(toml_edit::Value::Integer(number)) => (*number.value()).into(),
        Item::Value(toml_edit::Value::Float(number)) => (*number.value()).into(),
        Item::Value(toml_edit::Value::Boolean(flag)) => (*flag.value()).into(),
        Item::Value(toml_edit::Value::Datetime(time)) => time.value().to_string().into(),
        Item::Value(toml_edit::Value::Array(array)) => {
            array.iter().map(|value| to_json(&Item::Value(value.clone()))).collect()
        }
        other => other.as_table_like().map_or(Value::Null, |table| {
            Value::Object(table.iter().map(|(key, item)| (key.to_owned(), to_json(item))).collect())
        }),
    }
}

fn from_json(value: &Value) -> Result<Option<toml_edit::Value>> {
    Ok(match value {
        Value::Null => None,
        Value::Bool(flag) => Some((*flag).into()),
        Value::String(text) => Some(text.into()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(integer.into()),
            None => number.as_f64().map(Into::into),
        },
        Value::Array(_) | Value::Object(_) => {
            return Err(Error::Invalid("A setting in atelier.toml is a text, a number or a yes or no.".into()));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn folder(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(MANIFEST), text).unwrap();
        dir
    }

    #[test]
    fn a_new_manifest_reads_back_whatever_the_name() {
        for name in ["Plain", "with \"quotes\" and \\", "मेरा काम", "line\nbreak"] {
            let dir = folder(&new_text(name));
            assert_eq!(read(dir.path()).unwrap().name, name);
        }
    }

    #[test]
    fn a_change_keeps_comments_and_unknown_keys() {
        let dir =
            folder("# mine\nformat = 1\nname = \"a\" # why\nlater = [1, 2]\n\n[settings]\npython = \"python3\"\n");
        change(dir.path(), Some("b"), &[("python", Value::Null), ("seed", json!(7))]).unwrap();
        let text = fs::read_to_string(dir.path().join(MANIFEST)).unwrap();
        assert!(text.starts_with("# mine\nformat = 1\nname = \"b\""), "{text}");
        assert!(text.contains("later = [1, 2]"), "{text}");
        let manifest = read(dir.path()).unwrap();
        assert_eq!(Value::Object(manifest.settings), json!({"seed": 7}));
    }

    #[test]
    fn damage_names_the_line() {
        let dir = folder("format = 1\nname = \n");
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        let dir = folder("name = \"x\"\n");
        assert!(read(dir.path()).unwrap_err().to_string().contains("format = 1"));
    }
}
