//! The program to pack: building, stripping, and what it asks of the system.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The cargo that runs us, else the one on the path.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
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
    Ok(target_folder
        .join("release")
        .join(format!("atelier{}", env::consts::EXE_SUFFIX)))
}

/// Copies the program to `place` without its debug information.
pub fn copy_stripped(binary: &Path, place: &Path) -> Result<()> {
    fs::copy(binary, place)
        .with_context(|| format!("The program cannot be read: {}", binary.display()))?;
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

/// The newest version of the C library that the program asks for, such as `2.36`.
///
/// Symbol versions stand in an ELF file as plain strings, `GLIBC_2.36`.
pub fn glibc_version(program: &[u8]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"GLIBC_";
    program
        .windows(MARK.len())
        .enumerate()
        .filter(|(_, window)| *window == MARK)
        .filter_map(|(at, _)| version(&program[at + MARK.len()..]))
        .max()
}

/// `major.minor` at the start of `bytes`; a third number is ignored.
fn version(bytes: &[u8]) -> Option<(u32, u32)> {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_c_library_version_is_found() {
        let program = b"\x7fELF\0GLIBC_2.9\0GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_PRIVATE\0GLIBC_";
        assert_eq!(glibc_version(program), Some((2, 34)));
        assert_eq!(glibc_version(b"a static program"), None);
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nowhere");
        let error = copy_stripped(&missing, &folder.path().join("copy")).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
