//! Finds the licence texts of a crate.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::project::Library;

/// A text that must be handed on with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Where it came from, such as `libgit2/COPYING`.
    pub file: String,
    pub text: String,
}

/// How a licence file's name starts, in upper case.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE", "OFL", "UFL"];
/// Folders whose contents are not compiled.
const ASIDE: &[&str] = &["tests", "test", "examples", "benches", "fuzz", "target", "contrib", "winhttp"];
/// Bundled C sources keep theirs this deep, as in `libgit2/deps/pcre2/LICENCE.md`.
const DEPTH: usize = 4;

/// Standard texts, for crates that name a licence and bring no file. In order of preference.
const STANDARD: &[(&str, &str)] = &[
    ("MIT", include_str!("standard/MIT.txt")),
    ("Apache-2.0", include_str!("../../LICENSE-APACHE")),
    ("BSD-3-Clause", include_str!("standard/BSD-3-Clause.txt")),
];

/// Every licence text of a crate; one at least.
pub fn of(library: &Library) -> Result<Vec<Text>> {
    let mut files = Vec::new();
    gather(&library.folder, DEPTH, &mut files)
        .with_context(|| format!("The sources of {} cannot be read", library.name))?;
    files.extend(library.licence_file.iter().filter(|file| file.is_file()).cloned());
    files.sort();
    files.dedup();
    let texts = files.iter().map(|file| read(&library.folder, file)).collect::<Result<Vec<_>>>()?;
    if texts.iter().any(|text| is_whole(&text.text)) {
        return Ok(texts);
    }
    let standard = standard(library)?;
    Ok(texts.into_iter().chain(standard).collect())
}

/// A file may only point elsewhere ("see the root of the repository").
fn is_whole(text: &str) -> bool {
    text.len() > 400
}

fn gather(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if depth > 1 && !ASIDE.contains(&name.as_str()) && !name.starts_with('.') {
                gather(&entry.path(), depth - 1, files)?;
            }
        } else if kind.is_file() && is_licence(&name) {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn is_licence(name: &str) -> bool {
    let upper = name.to_uppercase();
    let source = ["RS", "C", "H", "PY", "HTML", "JSON"].iter().any(|end| upper.ends_with(&format!(".{end}")));
    !source && NAMES.iter().any(|start| upper.starts_with(start))
}

fn read(folder: &Path, file: &Path) -> Result<Text> {
    let bytes = fs::read(file).with_context(|| format!("A licence cannot be read: {}", file.display()))?;
    let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    Ok(Text { file: name, text: text.trim_matches('\n').to_owned() })
}

/// The texts of a crate without files, from the licences it names.
fn standard(library: &Library) -> Result<Vec<Text>> {
    let named = |name: &str| library.licence.split([' ', '/', '(', ')']).any(|word| word == name);
    let chosen: Vec<_> = STANDARD.iter().filter(|(name, _)| named(name)).collect();
    // Where the crate offers a choice, one is enough.
    let wanted = if library.licence.contains("AND") { chosen.len() } else { 1 };
    if chosen.is_empty() {
        bail!(
            "{} {} brings no licence text, and there is no standard one for {:?}. Add it to bundle/licences/standard.",
            library.name,
            library.version,
            library.licence
        );
    }
    let holders =
        if library.authors.is_empty() { format!("The {} authors", library.name) } else { library.authors.join(", ") };
    Ok(chosen
        .into_iter()
        .take(wanted)
        .map(|(name, text)| Text {
            file: format!("{name}, as the crate names it"),
            text: match *name {
                "Apache-2.0" => text.trim_matches('\n').to_owned(),
                _ => format!("Copyright (c) {holders}\n\n{}", text.trim_matches('\n')),
            },
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(folder: &Path, licence: &str) -> Library {
        Library {
            name: "sample".into(),
            version: "1.0.0".into(),
            licence: licence.into(),
            authors: vec!["Ada".into()],
            repository: None,
            folder: folder.to_path_buf(),
            licence_file: None,
        }
    }

    #[test]
    fn bundled_sources_are_searched_and_tests_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let long = "Permission is granted. ".repeat(30);
        for (file, text) in [
            ("LICENSE-MIT", long.as_str()),
            ("inner/deps/zlib/COPYING", "zlib"),
            ("tests/LICENSE", "not shipped"),
            ("src/licence.rs", "code"),
            ("fonts/OFL.txt", "font"),
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found: Vec<_> =
            of(&library(folder.path(), "MIT")).unwrap().into_iter().map(|text| text.file.replace('\\', "/")).collect();
        assert_eq!(found, ["LICENSE-MIT", "fonts/OFL.txt", "inner/deps/zlib/COPYING"]);
    }

    #[test]
    fn a_crate_without_a_file_gets_the_text_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let one = of(&library(folder.path(), "MIT OR Apache-2.0")).unwrap();
        assert_eq!(one.len(), 1);
        assert!(one[0].text.starts_with("Copyright (c) Ada"), "{}", one[0].text);
        let both = of(&library(folder.path(), "MIT AND Apache-2.0")).unwrap();
        assert_eq!(both.len(), 2);
        let error = of(&library(folder.path(), "EUPL-1.2")).unwrap_err();
        assert!(error.to_string().contains("EUPL-1.2"), "{error}");
    }
}
