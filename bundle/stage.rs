//! Lays out what goes into an installer beside the program: licences and attributions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::program::Needs;
use crate::{licences, program};

/// A work folder with the program and its documents in it.
pub struct Staged {
    /// The folder; the bundler writes here too.
    pub folder: PathBuf,
    /// Documents by file name, all inside `folder`.
    pub documents: Vec<(String, PathBuf)>,
    /// What the program is linked with.
    pub needs: Needs,
}

/// Documents that are copied as they are: name in the installer, path in the sources.
const COPIED: &[(&str, &str)] = &[
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("copyright", "bundle/files/copyright"),
    ("SAMPLES.md", "assets/samples/README.md"),
];

impl Staged {
    /// Fills `folder` from the sources at `root` and the program at `binary`.
    pub fn make(root: &Path, folder: &Path, binary: &Path, project: &licences::Project) -> Result<Self> {
        let place = folder.join(format!("atelier{}", std::env::consts::EXE_SUFFIX));
        program::copy_stripped(binary, &place)?;
        let needs = if cfg!(target_os = "linux") { Needs::of(&fs::read(&place)?)? } else { Needs::default() };

        let shelf = folder.join("documents");
        fs::create_dir_all(&shelf)?;
        let mut documents = Vec::new();
        let mut add = |name: &str, text: Vec<u8>| -> Result<()> {
            let path = shelf.join(name);
            fs::write(&path, text)?;
            documents.push((name.to_owned(), path));
            Ok(())
        };
        for (name, source) in COPIED {
            let path = root.join(source);
            add(name, fs::read(&path).with_context(|| format!("A licence is missing: {}", path.display()))?)?;
        }
        add("THIRD-PARTY.md", licences::third_party(root, project)?.into_bytes())?;
        Ok(Self { folder: folder.to_path_buf(), documents, needs })
    }
}
