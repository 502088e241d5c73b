//! Writes `THIRD-PARTY.md`: every library, font and data set inside the program, with its licence.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::project::{Library, Project};
use super::{spdx, texts};

/// Fonts, with the files that say on what terms: two from `assets`, one inside a library that
/// names only its own licence.
const ASSETS: &[(&str, &str, &str)] = &[
    ("Inter (font)", "OFL-1.1", "assets/fonts/Inter-OFL.txt"),
    ("JetBrains Mono (font)", "OFL-1.1", "assets/fonts/JetBrainsMono-OFL.txt"),
];

/// The whole document.
///
/// # Errors
/// A library without a licence text, or under a licence that does not allow shipping it.
pub fn third_party(root: &Path, project: &Project) -> Result<String> {
    let mut table = String::new();
    // Each text once, with everything that comes under it.
    let mut shelf: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for library in project.libraries() {
        let licence = licence(library)?;
        let source = library.repository.as_deref().unwrap_or("crates.io");
        writeln!(table, "| {} | {} | {licence} | {source} |", library.name, library.version)?;
        for text in texts::of(library)? {
            let label = format!("{} {} ({})", library.name, library.version, text.file);
            shelf.entry(text.text).or_default().push(label);
        }
    }
    writeln!(table, "| Rust standard library | | MIT OR Apache-2.0 | https://github.com/rust-lang/rust |")?;
    let apache = fs::read_to_string(root.join("LICENSE-APACHE"))?;
    shelf.entry(apache.trim_matches('\n').to_owned()).or_default().push("Rust standard library".into());
    for (name, licence, file) in ASSETS {
        let path = root.join(file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("A font's licence is missing: {}", path.display()))?;
        writeln!(table, "| {name} | | {licence} | {file} |")?;
        shelf.entry(text.trim_matches('\n').to_owned()).or_default().push((*name).to_owned());
    }
    let samples = root.join("assets/samples/README.md");
    let samples = fs::read_to_string(&samples)
        .with_context(|| format!("The samples' attribution is missing: {}", samples.display()))?;
    Ok(document(&table, samples.trim(), shelf))
}

/// The crate's expression if it may be shipped; a crate that only names a file is shown so.
fn licence(library: &Library) -> Result<String> {
    if library.licence.is_empty() && library.licence_file.is_some() {
        return Ok("its own file, below".into());
    }
    if !spdx::is_accepted(&library.licence) {
        bail!("{} {} may not be shipped: its licence is {:?}.", library.name, library.version, library.licence);
    }
    Ok(library.licence.clone())
}

fn document(table: &str, samples: &str, shelf: BTreeMap<String, Vec<String>>) -> String {
    let mut document = format!(
        "# What Atelier is built from\n\nAtelier itself is under the MIT licence or the Apache License 2.0, as you \
         choose. It contains the work of others listed here; their licences follow, each text once.\n\n\
         | name | version | licence | source |\n|---|---|---|---|\n{table}\n{}\n\n# Licence texts\n",
        samples.replacen("# Sample data", "## Sample data", 1)
    );
    let mut shelf: Vec<_> = shelf.into_iter().collect();
    // The texts that cover most first; equal ones by the first name, so that the order is stable.
    shelf.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.1.cmp(&b.1)));
    for (text, covered) in shelf {
        let fence = if text.contains("```") { "~~~~" } else { "```" };
        document.push_str(&format!("\n## {}\n\n{fence}text\n{text}\n{fence}\n", covered.join(", ")));
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn everything_shipped_has_a_licence_text() {
        let project = Project::read(sources()).unwrap();
        assert!(project.libraries().len() > 300, "{} libraries", project.libraries().len());
        let document = third_party(sources(), &project).unwrap();
        let (list, texts) = document.split_once("# Licence texts").unwrap();
        let headings: Vec<_> = texts.lines().filter(|line| line.starts_with("## ")).collect();
        for library in project.libraries() {
            let label = format!("{} {} (", library.name, library.version);
            assert!(list.contains(&format!("| {} | {} |", library.name, library.version)), "{label}");
            assert!(headings.iter().any(|heading| heading.contains(&label)), "{label}");
        }
        // C sources inside crates, fonts and data have their own.
        for inner in ["libgit2/COPYING", "Inter (font)", "JetBrains Mono (font)", "Rust standard library"] {
            assert!(headings.iter().any(|heading| heading.contains(inner)), "{inner}");
        }
        assert!(list.contains("CC BY 4.0"));
    }

    #[test]
    fn a_licence_that_forbids_shipping_stops_the_bundle() {
        let library = Library {
            name: "sample".into(),
            version: "1.0.0".into(),
            licence: "GPL-3.0-only".into(),
            authors: Vec::new(),
            repository: None,
            folder: "/".into(),
            licence_file: None,
        };
        let error = licence(&library).unwrap_err().to_string();
        assert!(error.contains("sample 1.0.0") && error.contains("GPL-3.0-only"), "{error}");
    }
}
