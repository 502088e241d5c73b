//! Packs the program into a Debian package, unpacks it as `dpkg` would, and uses what is in it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A test renderer on two busy cores takes its time for the first frame.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn the_package_holds_what_a_desktop_needs() {
    let package = Unpacked::get();
    for place in [
        "usr/share/applications/atelier.desktop",
        "usr/share/icons/hicolor/scalable/apps/atelier.svg",
        "usr/share/icons/hicolor/16x16/apps/atelier.png",
        "usr/share/icons/hicolor/256x256/apps/atelier.png",
        "usr/share/doc/atelier/copyright",
        "usr/share/doc/atelier/LICENSE-MIT",
        "usr/share/doc/atelier/LICENSE-APACHE",
        "usr/share/doc/atelier/SAMPLES.md",
    ] {
        let size = fs::metadata(package.path(place)).map(|file| file.len()).unwrap_or_default();
        assert!(size > 0, "{place} is missing or empty");
    }
    let licences = fs::read_to_string(package.path("usr/share/doc/atelier/THIRD-PARTY.md")).unwrap();
    for name in ["egui", "polars-core", "git2", "Inter (font)", "breast_cancer.csv"] {
        assert!(licences.contains(name), "{name} has no licence in the package");
    }
    let control = succeed(tool("dpkg-deb", "dpkg").arg("--field").arg(&package.deb));
    assert!(control.contains("Package: atelier") && control.contains("libxkbcommon-x11-0"), "{control}");

    // No warning either: desktop-file-validate prints nothing about a good entry.
    let entry = package.path("usr/share/applications/atelier.desktop");
    assert_eq!(succeed(tool("desktop-file-validate", "desktop-file-utils").arg(&entry)), "");

    succeed(tool("update-mime-database", "shared-mime-info").arg(package.path("usr/share/mime")));
    let globs = fs::read_to_string(package.path("usr/share/mime/globs2")).unwrap();
    let kind = globs.lines().find_map(|line| line.strip_suffix(":atelier.toml")).unwrap();
    let kind = kind.split(':').next_back().unwrap();
    let entry = fs::read_to_string(entry).unwrap();
    assert!(entry.contains(&format!("MimeType={kind};")), "{entry} does not open {kind}");
}

#[test]
fn the_packaged_program_runs_verbs() {
    let home = Home::new();
    let version = succeed(home.program().arg("--version"));
    assert_eq!(version.trim(), concat!("atelier ", env!("CARGO_PKG_VERSION")));

    let folder = home.join("study");
    succeed(home.program().arg("new").arg(&folder));
    assert!(folder.join("atelier.toml").is_file());
    succeed(home.program().current_dir(&folder).arg("check"));
}

#[test]
fn the_packaged_program_opens_a_window_on_a_double_clicked_file() {
    let home = Home::new();
    let folder = home.join("Orchard study");
    succeed(home.program().arg("new").arg(&folder));

    let entry = fs::read_to_string(Unpacked::get().path("usr/share/applications/atelier.desktop")).unwrap();
    let line = entry.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap();
    let mut words = line.split(' ');
    assert_eq!(words.next(), Some("atelier"));

    let display = Display::start();
    let mut program = home.program();
    for word in words {
        match word {
            "%f" => program.arg(folder.join("atelier.toml")),
            word => program.arg(word),
        };
    }
    let log = home.join("log");
    let output = fs::File::create(&log).unwrap();
    let own = home.join("own");
    program.env("DISPLAY", &display.name).env("ATELIER_HOME", &own).stdin(Stdio::null());
    program.stdout(output.try_clone().unwrap()).stderr(output);
    let mut window = Running(program.spawn().unwrap());

    let mut wait_for = |what: &str, seen: &dyn Fn() -> bool| {
        let until = Instant::now() + PATIENCE;
        while !seen() {
            let said = || fs::read_to_string(&log).unwrap();
            if let Some(status) = window.0.try_wait().unwrap() {
                panic!("The program ended ({status}).\n{}", said());
            }
            assert!(Instant::now() < until, "No {what} came.\n{}", said());
            sleep(Duration::from_millis(200));
        }
    };
    wait_for("window", &|| {
        let mut search = tool("xdotool", "xdotool");
        search.args(["search", "--onlyvisible", "--name", "Atelier"]).env("DISPLAY", &display.name);
        search.output().unwrap().status.success()
    });
    // Workspaces that opened whole are remembered.
    wait_for("open workspace", &|| {
        fs::read_to_string(own.join("recent.json")).is_ok_and(|recent| recent.contains("Orchard study"))
    });
    // It stands for a while without falling over.
    let since = Instant::now();
    wait_for("calm", &|| since.elapsed() > Duration::from_secs(2));
}

/// The package, packed and unpacked once for all tests of this file.
struct Unpacked {
    folder: PathBuf,
    deb: PathBuf,
}

impl Unpacked {
    fn get() -> &'static Self {
        static ONCE: OnceLock<Unpacked> = OnceLock::new();
        ONCE.get_or_init(Self::make)
    }

    fn make() -> Self {
        // Statics are not dropped, so this stays until the next run clears it.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installer");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let built = Built::find();
        let mut bundle = Command::new(&built.bundle);
        bundle.arg("--binary").arg(&built.atelier).args(["--formats", "deb", "--out"]).arg(&folder);
        let deb = PathBuf::from(succeed(&mut bundle).trim());
        succeed(tool("dpkg-deb", "dpkg").arg("--extract").arg(&deb).arg(folder.join("root")));
        Self { folder, deb }
    }

    fn path(&self, place: &str) -> PathBuf {
        self.folder.join("root").join(place)
    }
}

/// A person's home, empty at first.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.0.path().join("runtime")).unwrap();
        home
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The installed program, with nothing of this machine's home or display in its surroundings.
    fn program(&self) -> Command {
        let mut command = Command::new(Unpacked::get().path("usr/bin/atelier"));
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DBUS_SESSION_BUS_ADDRESS", "ATELIER_HOME"] {
            command.env_remove(name);
        }
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command.env("HOME", self.0.path()).env("XDG_RUNTIME_DIR", self.join("runtime")).current_dir(self.0.path());
        command
    }
}

/// The programs of this build: tests run in `TARGET/PROFILE/deps`, programs lie one folder up.
struct Built {
    atelier: PathBuf,
    bundle: PathBuf,
}

impl Built {
    fn find() -> Self {
        let test = env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let built = Self { atelier: profile.join("atelier"), bundle: profile.join("bundle") };
        if !built.atelier.is_file() || !built.bundle.is_file() {
            built.build(profile.parent().unwrap());
        }
        built
    }

    /// With the features that the whole workspace is tested with, or half of it is built twice.
    fn build(&self, target: &Path) {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target);
        succeed(cargo.args(["build", "--locked", "--workspace", "--lib", "--bins", "--tests", "--examples"]));
    }
}

/// An X server without a screen, on a number that it chose itself.
struct Display {
    name: String,
    _server: Running,
}

impl Display {
    fn start() -> Self {
        let mut command = tool("Xvfb", "xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
        let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let server = Running(server);
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Self { name: format!(":{}", number.trim()), _server: server }
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A tool of the system, or a failure that says where to get it.
fn tool(name: &str, package: &str) -> Command {
    let found = env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(name).is_file());
    assert!(found, "{name} is not installed. Install the Debian package {package}, or run: sh ui-tests/prerequisites");
    Command::new(name)
}

/// What a command prints; it must succeed.
fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?} failed ({status}).\n{stderr}");
    String::from_utf8_lossy(&stdout).into_owned()
}
