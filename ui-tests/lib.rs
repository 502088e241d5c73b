//! Drives the real window over a real workspace without a display, and finds the real program.
//!
//! Used by the tests beside it and by `render`, which makes pictures for review and documentation. It is all test
//! support: a step that cannot be taken ends the test with a panic that says so.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod program;
pub mod window;

pub use program::program;
pub use window::{Theme, Window};

use std::path::Path;
use std::sync::OnceLock;

use studio::Studio;

/// A copy of the sample workspace, made once a process and copied for each caller.
pub fn sample() -> tempfile::TempDir {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let home = tempfile::tempdir().expect("a temporary folder");
        Studio::create_sample(&home.path().join("sample"), &|_| ()).expect("the sample workspace");
        home
    });
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&made.path().join("sample"), copy.path());
    copy
}

/// A workspace as a program whose database had schema `version` left it, in a folder of its own.
pub fn written_by(version: u32) -> tempfile::TempDir {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("workspaces/{version}.tar.gz"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut tar = std::process::Command::new("tar");
    let done = tar.arg("-xzf").arg(&archive).arg("--no-same-owner").arg("-C").arg(folder.path()).status();
    assert!(done.expect("tar").success(), "{} could not be unpacked", archive.display());
    folder
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a file type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a file to copy");
        }
    }
}
