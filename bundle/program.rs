//! The program to pack: building, stripping, and what it asks of the system.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use object::elf::DT_NEEDED;
use object::read::elf::{Dyn, ElfFile64};

/// The cargo that runs us, else the one on the path.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What the cargo that runs us says of this package is not for another: build scripts that look at it would run
    // again, and all that stands on them be built again.
    for (name, _) in env::vars_os() {
        let ours = |prefix: &&str| name.to_string_lossy().starts_with(prefix);
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(ours) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Builds the release program, which costs nothing when it is up to date, and returns its path.
pub fn build_release(root: &Path, target_folder: &Path) -> Result<PathBuf> {
    let status = cargo()
        .current_dir(root)
        .args(["build", "--release", "--locked", "--package", "atelier"])
        .status()
        .context("cargo cannot be started")?;
    if !status.success() {
        bail!("The release program was not built; see above.");
    }
    Ok(target_folder.join("release").join(format!("atelier{}", env::consts::EXE_SUFFIX)))
}

/// Copies the program to `place` without its debug information.
pub fn copy_stripped(binary: &Path, place: &Path) -> Result<()> {
    fs::copy(binary, place).with_context(|| format!("The program cannot be read: {}", binary.display()))?;
    if !cfg!(unix) {
        return Ok(());
    }
    match Command::new("strip").arg(place).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("strip failed ({status}) on {}", place.display()),
        // The release profile strips by itself; only a bigger installer comes of it.
        Err(_) => {
            eprintln!("strip (binutils) is not installed: the program is packed as it was built.");
            Ok(())
        }
    }
}

/// What a Linux program is linked with, from its dynamic section and symbol versions.
#[derive(Debug, Default)]
pub struct Needs {
    /// Names such as `libz.so.1`.
    pub libraries: Vec<String>,
    /// The newest version of the C library whose symbols are used, such as 2.36.
    pub glibc: Option<(u32, u32)>,
}

impl Needs {
    /// Reads a 64-bit ELF file.
    pub fn of(program: &[u8]) -> Result<Self> {
        let file: ElfFile64 = ElfFile64::parse(program).context("The program is not a 64-bit ELF file")?;
        let (endian, sections) = (file.endian(), file.elf_section_table());
        let mut needs = Self::default();
        if let Some((entries, link)) = sections.dynamic(endian, program)? {
            let strings = sections.strings(endian, program, link)?;
            for entry in entries.iter().filter(|entry| entry.tag(endian) == DT_NEEDED) {
                needs.libraries.push(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned());
            }
        }
        if let Some((mut files, link)) = sections.gnu_verneed(endian, program)? {
            let strings = sections.strings(endian, program, link)?;
            while let Some((_, mut versions)) = files.next()? {
                while let Some(version) = versions.next()? {
                    needs.glibc = needs.glibc.max(glibc_version(version.name(endian, strings)?));
                }
            }
        }
        Ok(needs)
    }
}

/// `GLIBC_2.36` as (2, 36); none for another library's version.
fn glibc_version(name: &[u8]) -> Option<(u32, u32)> {
    let numbers = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    let mut numbers = numbers.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_tells_what_it_is_linked_with() {
        let needs = Needs::of(&fs::read(env::current_exe().unwrap()).unwrap()).unwrap();
        assert!(needs.libraries.iter().any(|name| name == "libc.so.6"), "{needs:?}");
        assert!(needs.glibc.unwrap() >= (2, 2), "{needs:?}");
        assert!(Needs::of(b"#!/bin/sh").is_err());
    }

    #[test]
    fn only_versions_of_the_c_library_count() {
        assert_eq!(glibc_version(b"GLIBC_2.36"), Some((2, 36)));
        assert_eq!(glibc_version(b"GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(glibc_version(b"GLIBC_PRIVATE"), None);
        assert_eq!(glibc_version(b"GCC_3.0"), None);
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nowhere");
        let error = copy_stripped(&missing, &folder.path().join("copy")).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
