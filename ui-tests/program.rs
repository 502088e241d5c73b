//! The program under test.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// `atelier`, as `cargo build --workspace` left it in this test's target folder.
///
/// It is not built from here: cargo chooses the features of dependencies by what it is asked to build, so building one
/// package would build the table engine anew.
pub fn program() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        // target/debug/deps/test-1234, or target/debug/render
        let me = std::env::current_exe().expect("this test's path");
        let mut profile = me.parent().expect("a folder");
        if profile.ends_with("deps") {
            profile = profile.parent().expect("the profile's folder");
        }
        let program = profile.join(format!("atelier{}", std::env::consts::EXE_SUFFIX));
        assert!(program.exists(), "there is no {}; run cargo build --workspace first", program.display());
        program
    })
}
