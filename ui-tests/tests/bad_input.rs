//! Everything that a person may hand in and that cannot be used: each is refused with a sentence that says what is
//! wrong, where, and what to do, and leaves nothing half-written behind.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Desk, PIPELINE, text};

/// Adds the file as the dataset `new` and asserts that it fails so, and that nothing of it stays.
#[track_caller]
fn refused(desk: &Desk, file: &str, content: impl AsRef<[u8]>, options: &[&str], parts: &[&str]) {
    desk.file(file, content);
    desk.atelier(&[&["data", "add", "new", file], options].concat()).fails(4, &[parts, &[file]].concat());
    nothing_stays(desk);
}

#[track_caller]
fn nothing_stays(desk: &Desk) {
    assert!(!desk.datasets().contains(&"new".to_owned()));
    assert_eq!(files(&desk.workspace().join(".atelier/tmp")), Vec::<PathBuf>::new());
    desk.is_whole();
}

/// Every file below the folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    all.sort();
    all
}

#[test]
fn files_that_are_no_tables() {
    let desk = Desk::new();
    refused(&desk, "empty.csv", "", &[], &["is empty", "Choose a file with a table"]);
    refused(&desk, "heads.csv", "a,b\n", &[], &["no rows"]);
    let bytes: Vec<u8> = (0..4000_u32).map(|at| (at * at / 7 % 256) as u8).collect();
    refused(&desk, "binary.csv", bytes, &[], &["binary file", "Check that it is the right file"]);
    refused(&desk, "no.parquet", "a,b\n1,2\n", &[], &["not a Parquet file"]);
    desk.atelier(&["data", "add", "new", "missing.csv"]).fails(3, &["there is no such file", "missing.csv"]);
    nothing_stays(&desk);
}

#[test]
fn ragged_rows() {
    let desk = Desk::new();
    let table = "a,b\n1,2\n3,4,5\n6\n";
    refused(&desk, "ragged.csv", table, &[], &["3 fields where the table has 2", "Correct it", "line 3"]);
    let padded = desk.atelier(&["data", "add", "padded", "ragged.csv", "--ragged", "--json"]);
    assert!(padded.stderr.contains("2 rows had the wrong number of fields"), "{}", padded.stderr);
    assert_eq!(padded.json()["rows"], 3);
}

#[test]
fn the_wrong_encoding() {
    let desk = Desk::new();
    let latin = b"name,price\ncaf\xe9,1\n";
    let utf8 = ["--encoding", "utf-8"];
    refused(&desk, "latin.csv", latin, &utf8, &["not UTF-8", "Choose another encoding", "line 2"]);
    refused(&desk, "latin.csv", latin, &["--encoding", "shift_jis"], &["not Shift_JIS", "line 2"]);
    desk.atelier(&["data", "add", "new", "latin.csv", "--encoding", "klingon"])
        .fails(4, &["“klingon” is no text encoding"]);
    let guessed = desk.atelier(&["data", "add", "guessed", "latin.csv", "--json"]).json();
    assert_eq!(guessed["source"]["options"]["encoding"], "windows-1252");
}

#[test]
fn ten_thousand_columns() {
    let desk = Desk::new();
    let names: Vec<String> = (0..10_000).map(|at| format!("c{at}")).collect();
    let row = |by: u32| (0..10_000).map(|at| (at * by).to_string()).collect::<Vec<_>>().join(",");
    desk.file("wide.csv", format!("{}\n{}\n{}\n{}\n", names.join(","), row(1), row(2), row(3)));
    let version = desk.atelier(&["data", "add", "wide", "wide.csv", "--json"]).json();
    assert_eq!((&version["rows"], &version["columns"]), (&3.into(), &10_000.into()));
    let profile = desk.atelier(&["data", "profile", "wide", "--json"]).json();
    assert_eq!(profile["columns"][9_999]["max"]["integer"], 29_997);
    desk.is_whole();
}

/// The address space counts shared libraries and what threads reserve, so the limit is on memory that is the program's
/// own, and the file is larger than all of that.
#[test]
#[cfg(target_os = "linux")]
fn a_file_larger_than_memory() {
    const LIMIT_KIB: u64 = 384 << 10;
    let desk = Desk::new();
    let line = format!("{},\"{}\"\n", 4711, "All work and no play makes a table long. ".repeat(96));
    let rows = ((LIMIT_KIB << 10) + (32 << 20)) / line.len() as u64;
    let mut table = std::io::BufWriter::new(std::fs::File::create(desk.home().join("large.csv")).unwrap());
    std::io::Write::write_all(&mut table, b"number,words\n").unwrap();
    for _ in 0..rows {
        std::io::Write::write_all(&mut table, line.as_bytes()).unwrap();
    }
    drop(table);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -d {LIMIT_KIB} && exec \"$@\""), "sh"]);
    shell.arg(ui_tests::program()).args(["data", "add", "large", "large.csv", "--json", "--workspace", "W"]);
    let version = support::outcome(shell.current_dir(desk.home()).output().unwrap()).json();
    assert_eq!(version["rows"], rows);
    desk.is_whole();
}

#[test]
fn nothing_infinity_and_not_a_number_everywhere() {
    let desk = Desk::new();
    desk.file("odd.csv", "a,b,nothing,constant\nNaN,inf,,5\n-inf,,NA,5\n,nan,NULL,5\n1,2,,5\n");
    desk.atelier(&["data", "add", "odd", "odd.csv"]).succeeds();
    let profile = desk.atelier(&["data", "profile", "odd", "--json"]).json();
    let column = |at: usize| &profile["columns"][at];
    assert_eq!((&column(0)["missing"], &column(2)["missing"]), (&1.into(), &4.into()));
    assert_eq!((&column(3)["distinct"], &column(3)["std"]), (&1.into(), &0.0.into()));

    // Training on it says what is in the way.
    let pipeline = PIPELINE.replace("dataset: flowers", "dataset: odd").replace("label: kind", "label: constant");
    let path = desk.pipeline("odd", &pipeline);
    let ended = desk.atelier(&["run", &path]).exits(1);
    assert!(ended.stdout.contains("Train model"), "{}", ended.stdout);
    desk.is_whole();
}

#[test]
fn a_constant_column_and_a_label_of_one_class() {
    let desk = Desk::with_flowers();
    let table = support::flowers(100).replace('\n', ",7\n").replacen(",7\n", ",constant\n", 1);
    desk.file("constant.csv", table);
    desk.atelier(&["data", "add", "constant", "constant.csv"]).succeeds();
    let path = desk.pipeline("constant", &PIPELINE.replace("dataset: flowers", "dataset: constant"));
    desk.atelier(&["run", &path]).succeeds();

    desk.file("one.csv", support::flowers(100).replace("iris", "rose"));
    desk.atelier(&["data", "add", "one", "one.csv"]).succeeds();
    let path = desk.pipeline("one", &PIPELINE.replace("dataset: flowers", "dataset: one"));
    let ended = desk.atelier(&["run", &path]).exits(1);
    for part in ["Train model", "one class only, \"rose\"", "Use rows of at least two classes"] {
        assert!(ended.stdout.contains(part), "“{part}” is missing in {}", ended.stdout);
    }
    desk.is_whole();
}

#[test]
fn duplicate_and_right_to_left_names() {
    let desk = Desk::new();
    desk.file("names.csv", "שם,x,x,اسم العميل,\u{202e}z\n1,2,3,4,5\n");
    let added = desk.atelier(&["data", "add", "names", "names.csv"]).succeeds();
    assert!(added.stderr.contains("Two columns are named “x”; the one in place 3 is now “x_2”."), "{}", added.stderr);
    let shown = desk.atelier(&["data", "show", "names", "--json"]).json();
    let names: Vec<_> =
        shown["schema"]["columns"].as_array().unwrap().iter().map(|column| text(&column["name"])).collect();
    assert_eq!(names, ["שם", "x", "x_2", "اسم العميل", "\u{202e}z"]);
    // And through a pipeline, out into a file and in again.
    let path = desk.pipeline("export", EXPORT);
    desk.atelier(&["run", &path]).succeeds();
    let out = desk.workspace().join("out.csv");
    assert!(std::fs::read_to_string(&out).unwrap().starts_with("שם,x,x_2,اسم العميل,\u{202e}z\n"));
}

const EXPORT: &str = "jobs:\n  names:\n    component: import_dataset\n    inputs:\n      dataset: names\n  export:\n    \
                      component: export_data\n    inputs:\n      table: ${{parent.jobs.names.outputs.table}}\n      path: out.csv\n";

#[test]
fn pipelines_that_cannot_run() {
    let desk = Desk::with_flowers();
    let circle = "jobs:\n  a:\n    component: sort_rows\n    display_name: First\n    inputs:\n      \
                  table: ${{parent.jobs.b.outputs.table}}\n  b:\n    component: sort_rows\n    display_name: Second\n    \
                  inputs:\n      table: ${{parent.jobs.a.outputs.table}}\n";
    let cases: [(&str, String, &[&str]); 5] = [
        ("circle", circle.to_owned(), &["waits for itself", "First", "Second", "Take one of these wires away"]),
        (
            "unknown",
            PIPELINE.replace("split_data", "splitdata"),
            &["no component “splitdata”", "Did you mean “split_data”?"],
        ),
        (
            "missing",
            PIPELINE.replace("dataset: flowers", "dataset: flwers"),
            &["no dataset “flwers”", "Did you mean “flowers”?"],
        ),
        ("wrong", PIPELINE.replace("fraction: 0.7", "fraction: many"), &["Training share", "a number", "“many”"]),
        ("broken", "jobs:\n  a: [1\nb: 2\n".to_owned(), &["pipelines/broken.yaml is not a pipeline", "Line 3"]),
    ];
    for (name, yaml, parts) in cases {
        let path = desk.pipeline(name, &yaml);
        desk.atelier(&["run", &path]).fails(4, parts);
    }
    let runs = desk.atelier(&["runs", "list", "--json"]).json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 0);
    desk.is_whole();
}

#[test]
fn a_workspace_of_a_newer_version() {
    let desk = Desk::with_flowers();
    let manifest = desk.workspace().join("atelier.toml");
    let old = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, old.replace("format = 1", "format = 99")).unwrap();
    left_alone(&desk, &["newer Atelier", "its format is 99", "Nothing was changed", "Update Atelier"]);
    std::fs::write(&manifest, old).unwrap();

    // `user_version`, in the header of SQLite's file format at offset 60.
    let database = desk.workspace().join(".atelier/studio.db");
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&database, bytes).unwrap();
    left_alone(&desk, &["newer Atelier", "its database schema is 99", "Nothing was changed", "Update Atelier"]);
}

/// Tries to read and to change, and compares every byte.
#[track_caller]
fn left_alone(desk: &Desk, parts: &[&str]) {
    let contents =
        || files(&desk.workspace()).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect::<Vec<_>>();
    let before = contents();
    desk.atelier(&["check"]).fails(4, parts);
    desk.atelier(&["data", "add", "new", "flowers.csv"]).fails(4, parts);
    desk.atelier(&["run", "pipelines/flowers.yaml"]).fails(4, parts);
    assert!(contents() == before, "a workspace that was refused was changed");
}

/// A folder mounted for the length of a test; only root may, elsewhere the test is skipped and says so.
#[cfg(target_os = "linux")]
struct Mount(PathBuf);

#[cfg(target_os = "linux")]
impl Mount {
    fn new(at: PathBuf, steps: &[&[&str]]) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mount = Self(at);
        let done = steps.iter().all(|step| {
            let tried = Command::new("mount").args(*step).arg(&mount.0).output();
            tried.is_ok_and(|output| output.status.success())
        });
        if !done {
            println!("skipped: only root may mount a file system to test this on");
        }
        done.then_some(mount)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Mount {
    fn drop(&mut self) {
        // Nothing more can be done about a mount that stays; one that was never made is fine.
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_only_folder() {
    let desk = Desk::with_flowers();
    let workspace = desk.workspace();
    let bind: [&[&str]; 2] = [&["--bind", workspace.to_str().unwrap()], &["-o", "remount,ro,bind"]];
    let Some(mount) = Mount::new(desk.home().join("frozen"), &bind) else { return };
    let frozen = mount.0.to_str().unwrap();
    let parts = ["can be read but not changed", "Make the folder writable", frozen];
    desk.run(&["data", "add", "new", "flowers.csv", "--workspace", frozen]).fails(6, &parts);
    desk.run(&["run", "pipelines/flowers.yaml", "--workspace", frozen]).fails(6, &parts);
    desk.run(&["gc", "--workspace", frozen]).fails(6, &parts);
    desk.run(&["data", "show", "flowers", "--workspace", frozen]).succeeds();
    desk.run(&["check", "--workspace", frozen]).succeeds();
    drop(mount);
    nothing_stays(&desk);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk() {
    let desk = Desk::with_flowers();
    let Some(mount) = Mount::new(desk.home().join("small"), &[&["-t", "tmpfs", "-o", "size=6m", "tmpfs"]]) else {
        return;
    };
    let workspace = mount.0.join("W");
    ui_tests::copy_folder(&desk.workspace(), &workspace);
    let on_small = |arguments: &[&str]| desk.run(&[arguments, &["--workspace", workspace.to_str().unwrap()]].concat());
    let parts = ["The disk is full", "Free some space"];

    // An import that outgrows the disk.
    let mut random = support::Random::new(1);
    let rows: String =
        (0..600_000).map(|_| format!("{},{}\n", random.below(u64::MAX), random.below(u64::MAX))).collect();
    desk.file("large.csv", format!("a,b\n{rows}"));
    on_small(&["data", "add", "new", "large.csv"]).fails(6, &parts);
    on_small(&["check"]).succeeds();

    // A disk that others filled while the workspace was open.
    let studio = studio::Studio::open(&workspace).unwrap().with_program(ui_tests::program().to_owned());
    let path = "pipelines/flowers.yaml";
    let document = studio.open_pipeline(path).unwrap();
    fill(&mount.0.join("filler"));
    let mut pipeline = document.pipeline.clone();
    studio::pipeline::graph::set::set(&mut pipeline, "jobs.split.fraction", "0.5").unwrap();
    let error = studio.save_pipeline(path, &document, &pipeline).unwrap_err();
    assert!(error.message.contains("The disk is full"), "{error}");
    assert_eq!(studio.open_pipeline(path).unwrap().text, document.text);
    let error = studio.start_run(path, &Default::default()).unwrap_err();
    assert!(error.message.contains("The disk is full"), "{error}");
    drop(studio);

    // And one that was full before; closing the workspace gave some room back.
    fill(&mount.0.join("more"));
    on_small(&["data", "add", "new", "flowers.csv"]).fails(6, &parts);
    on_small(&["run", path]).fails(6, &parts);
    std::fs::remove_file(mount.0.join("filler")).unwrap();
    on_small(&["check"]).succeeds();
    assert_eq!(on_small(&["data", "list", "--json"]).json().as_array().unwrap().len(), 1);
    assert_eq!(files(&workspace.join(".atelier/tmp")), Vec::<PathBuf>::new());
    on_small(&["run", path]).succeeds();
}

/// Writes into the file until the disk holds no more.
#[cfg(target_os = "linux")]
fn fill(file: &Path) {
    let filled = Command::new("dd").args(["if=/dev/zero", "bs=4096"]).arg(format!("of={}", file.display())).output();
    assert!(!filled.unwrap().status.success(), "the disk did not get full");
}
