//! Packs the `atelier` program into installers, with the desktop entry, the file type, the
//! icons and the licences of everything inside.
//!
//! `.deb` and `.rpm` are made without a network. The other formats are made by tools of their
//! system that the bundler fetches: build with `--features download` there.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod licences;
mod linux;
mod program;
mod settings;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::settings::Format;

/// Pack Atelier into installers for this system.
#[derive(Parser)]
#[command(name = "bundle", version)]
struct Arguments {
    /// What to make; all that need no network by default
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMATS")]
    formats: Vec<Format>,
    /// Pack this program instead of building the release one
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Where to put the installers; TARGET/installers by default
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let root = source_root()?;
    let formats = settings::choose(&arguments.formats)?;
    let project = licences::Project::read(&root)?;
    let binary = match arguments.binary {
        Some(binary) => binary,
        None => program::build_release(&root, project.target_folder())?,
    };
    let out = arguments.out.unwrap_or_else(|| project.target_folder().join("installers"));
    for installer in pack(&root, &project, &binary, &out, &formats)? {
        println!("{}", installer.display());
    }
    Ok(())
}

/// Makes each format from `binary` and returns where the installers lie.
fn pack(
    root: &Path,
    project: &licences::Project,
    binary: &Path,
    out: &Path,
    formats: &[Format],
) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(out).with_context(|| format!("The folder for installers cannot be made: {}", out.display()))?;
    // The bundler works beside the program and rewrites it, so it gets a copy on the same disk.
    let work = tempfile::Builder::new().prefix(".work-").tempdir_in(out)?;
    let staged = stage::Staged::make(root, work.path(), binary, project)?;
    let settings = settings::settings(root, &staged, project, formats)?;
    let bundles = tauri_bundler::bundle_project(&settings).context("The bundler failed")?;
    let mut installers = Vec::new();
    for path in bundles.iter().flat_map(|bundle| &bundle.bundle_paths) {
        let name = path.file_name().with_context(|| format!("A bundle without a name: {}", path.display()))?;
        let place = out.join(name);
        if place.is_dir() {
            fs::remove_dir_all(&place)?;
        }
        fs::rename(path, &place).with_context(|| format!("Cannot move {} to {}", path.display(), place.display()))?;
        installers.push(place);
    }
    if installers.is_empty() {
        bail!("The bundler made nothing. Choose a format that this system can make with --formats.");
    }
    Ok(installers)
}

/// The folder of the workspace's `Cargo.toml`, found from this crate's own place.
fn source_root() -> Result<PathBuf> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_folder.parent().context("The bundle crate lies at the root of the disk")?;
    if !root.join("Cargo.toml").is_file() {
        bail!("The sources have moved since this program was built. Run it with cargo: cargo run -p bundle --release");
    }
    Ok(root.to_path_buf())
}
