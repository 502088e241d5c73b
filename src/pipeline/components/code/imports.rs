//! Which of the workspace's own modules a script uses, so that a change in one of them runs the step anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// More files than this in one package are not looked at.
const FILES: usize = 2000;

/// The Python files under `root` that a script imports, directly or through others, in order of their paths.
pub(super) fn own_modules(script: &str, root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut texts = vec![script.to_owned()];
    while let Some(text) = texts.pop() {
        for name in imported(&text) {
            let mut files = Vec::new();
            let module = root.join(format!("{name}.py"));
            if module.is_file() {
                files.push(module);
            }
            python_files(&root.join(name), &mut files);
            for file in files {
                if found.len() < FILES && found.insert(file.clone()) {
                    texts.extend(fs::read_to_string(&file));
                }
            }
        }
    }
    found
}

/// The first words of imported names.
fn imported(text: &str) -> Vec<&str> {
    let names = text.lines().map(str::trim_start).flat_map(|line| {
        if let Some(rest) = line.strip_prefix("from ") {
            rest.split_whitespace().take(1).collect::<Vec<_>>()
        } else if let Some(rest) = line.strip_prefix("import ") {
            rest.split(',').filter_map(|part| part.split_whitespace().next()).collect()
        } else {
            Vec::new()
        }
    });
    let first = names.map(|name| name.split('.').next().unwrap_or_default());
    first.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')).collect()
}

/// A package's files, without following links out of it.
fn python_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => python_files(&path, files),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|ending| ending == "py") => files.push(path),
            _ => {}
        }
        if files.len() >= FILES {
            return;
        }
    }
}
