//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// `atelier`, built with this test's profile into this test's target folder.
pub fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // target/debug/deps/test-1234, or target/debug/render
        let me = std::env::current_exe().expect("this test's path");
        let mut profile = me.parent().expect("a folder");
        if profile.ends_with("deps") {
            profile = profile.parent().expect("the profile's folder");
        }
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Of the whole workspace, so that features are those the tests were built with.
        build.args(["build", "--quiet", "--workspace", "--bin", "atelier", "--manifest-path"]);
        build.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
        build.arg("--target-dir").arg(profile.parent().expect("the target folder"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo").success(), "atelier could not be built");
        profile.join(format!("atelier{}", std::env::consts::EXE_SUFFIX))
    })
}
