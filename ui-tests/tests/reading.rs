//! Files that several programs wrote, read by the real program, DuckDB and pandas.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

/// What was written is read, and where a peer does not read it the reason is listed.
#[test]
fn files_of_other_programs_are_read_as_they_were_written() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/read_same.py");
    let output = Command::new("python3").arg(script).arg(ui_tests::program()).args(["40", "7"]).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}
