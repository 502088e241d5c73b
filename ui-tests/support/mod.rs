//! The program as a person runs it in a shell, on a desk of its own.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)] // Each test file uses its part of this.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use studio::Studio;

/// Import, split, logistic regression, train, score, evaluate.
pub const PIPELINE: &str = include_str!("flowers.yaml");

/// A temporary folder with a workspace `W` in it.
pub struct Desk {
    home: tempfile::TempDir,
}

/// What a finished command left behind.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    /// An empty workspace, made by `atelier new`.
    pub fn new() -> Self {
        let desk = Self { home: tempfile::tempdir().unwrap() };
        desk.run(&["new", desk.workspace().to_str().unwrap()]).succeeds();
        desk
    }

    /// The workspace with the dataset `flowers` and the pipeline `pipelines/flowers.yaml`.
    pub fn with_flowers() -> Self {
        let desk = Self::new();
        let table = desk.file("flowers.csv", flowers(200));
        desk.atelier(&["data", "add", "flowers", table.to_str().unwrap()]).succeeds();
        desk.pipeline("flowers", PIPELINE);
        desk
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn workspace(&self) -> PathBuf {
        self.home.path().join("W")
    }

    pub fn studio(&self) -> Studio {
        Studio::open(&self.workspace()).unwrap().with_program(ui_tests::program().to_owned())
    }

    /// Writes a file beside the workspace.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn pipeline(&self, name: &str, text: &str) -> String {
        std::fs::write(self.workspace().join(format!("pipelines/{name}.yaml")), text).unwrap();
        format!("pipelines/{name}.yaml")
    }

    /// Runs the program on the workspace, from outside of it.
    pub fn atelier(&self, arguments: &[&str]) -> Outcome {
        let workspace = self.workspace();
        self.run(&[arguments, &["--workspace", workspace.to_str().unwrap()]].concat())
    }

    /// Runs the program beside the workspace.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        outcome(self.command(arguments).output().unwrap())
    }

    /// The program with these arguments, to be started beside the workspace.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.home.path()).args(arguments);
        command
    }

    /// Starts the program on the workspace, its output piped.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.arg("--workspace").arg(self.workspace());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Asserts that the workspace is whole.
    pub fn is_whole(&self) {
        self.atelier(&["check"]).succeeds();
    }

    /// The names of the datasets.
    pub fn datasets(&self) -> Vec<String> {
        let listed = self.atelier(&["data", "list", "--json"]).json();
        listed.as_array().unwrap().iter().map(|dataset| text(&dataset["name"])).collect()
    }
}

impl Outcome {
    /// Asserts exit code 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Asserts the exit code and that what is said on standard error is a sentence with all of `parts` in it.
    #[track_caller]
    pub fn fails(self, code: i32, parts: &[&str]) {
        let Self { stderr, .. } = self.exits(code);
        assert!(stderr.contains("atelier: "), "no sentence of the program's own: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        for part in parts {
            assert!(stderr.contains(part), "“{part}” is missing in: {stderr}");
        }
    }

    /// The JSON of a command that succeeded.
    #[track_caller]
    pub fn json(self) -> Json {
        let Self { stdout, .. } = self.succeeds();
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error} in {stdout}"))
    }
}

/// The program, hearing nothing of this test's surroundings.
pub fn program() -> Command {
    let mut command = Command::new(ui_tests::program());
    command.env_remove("ATELIER_PROGRAM").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").stdin(Stdio::null());
    command
}

pub fn outcome(output: Output) -> Outcome {
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn text(value: &Json) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A table of two measurements and a class that they nearly tell.
pub fn flowers(rows: u64) -> String {
    let mut random = Random::new(7);
    let mut csv = "length,width,kind\n".to_owned();
    for _ in 0..rows {
        let kind = random.below(2);
        let (length, width) = (random.below(1000) + 500 * kind, random.below(1000));
        csv.push_str(&format!(
            "{},{},{}\n",
            length as f64 / 100.0,
            width as f64 / 100.0,
            ["iris", "rose"][kind as usize]
        ));
    }
    csv
}

/// Asks until it holds, for at most `patience`; returns how long it took.
#[track_caller]
pub fn wait_until(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < patience, "waited {patience:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    start.elapsed()
}

/// Ends a process at once, without asking it.
pub fn kill(pid: u32) {
    let pid = pid.to_string();
    let mut command = if cfg!(windows) { Command::new("taskkill") } else { Command::new("kill") };
    let arguments: &[&str] = if cfg!(windows) { &["/F", "/PID", &pid] } else { &["-9", &pid] };
    // It may be gone already, which is as good.
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
}

/// Whether the process runs; one that has ended and was not waited for does not.
pub fn is_running(pid: u32) -> bool {
    let pid = pid.to_string();
    if cfg!(windows) {
        let listed = Command::new("tasklist").args(["/FI", &format!("PID eq {pid}")]).output().unwrap();
        return String::from_utf8_lossy(&listed.stdout).contains(&pid);
    }
    let state = Command::new("ps").args(["-o", "stat=", "-p", &pid]).output().unwrap();
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

/// Numbers that only look random (SplitMix64, Steele et al. 2014), so that a failure can be repeated.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}
