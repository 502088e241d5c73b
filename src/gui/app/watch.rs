//! Hears what changes in the workspace, by this window or by any other program, and tells the panels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use studio::Studio;

use crate::panels::{Action, Subject};
use crate::shell::Notifier;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(150);
/// How many looks apart the files that people author are looked at.
const FILES_EVERY: u32 = 7;

/// A thread that watches until this goes.
pub struct Watch {
    stop: Arc<AtomicBool>,
}

impl Watch {
    pub fn start(studio: Arc<Studio>, notifier: Notifier) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watch = move || watch(&studio, &notifier, &stopped);
        if let Err(error) = std::thread::Builder::new().name("watch".to_owned()).spawn(watch) {
            tracing::error!("changes of the workspace will not be seen: {error}");
        }
        Self { stop }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn watch(studio: &Studio, notifier: &Notifier, stopped: &AtomicBool) {
    let mut seen = studio.last_change().unwrap_or_default();
    let mut files = authored(studio);
    let mut round = 0_u32;
    while !stopped.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK);
        round = round.wrapping_add(1);
        match studio.changes_since(seen) {
            Ok(changes) => {
                if let Some(last) = changes.last() {
                    seen = last.seq;
                }
                for change in changes.iter().filter(|change| change.kind == studio::ASKED_TO_SHOW) {
                    notifier.act(Action::Open(Subject::Run { id: change.subject.clone() }));
                    if let Err(error) = studio.say_shown(&change.subject) {
                        tracing::warn!("whoever asked is not told that the run is shown: {error}");
                    }
                }
                let mut kinds: Vec<&str> = changes.iter().map(|change| subject_of(&change.kind)).collect();
                kinds.sort_unstable();
                kinds.dedup();
                kinds.iter().for_each(|kind| notifier.changed(kind));
            }
            Err(error) => tracing::warn!("changes of the workspace cannot be read: {error}"),
        }
        if round.is_multiple_of(FILES_EVERY) {
            let now = authored(studio);
            if now != files {
                files = now;
                notifier.changed("pipelines");
                notifier.changed("git");
            }
        }
    }
}

/// The word that panels know a kind of change by.
fn subject_of(kind: &str) -> &'static str {
    match kind.split('.').next() {
        Some("dataset") => "datasets",
        Some("run" | "experiment" | "artifact") => "runs",
        Some("model") => "models",
        Some("pipeline") => "pipelines",
        Some("step") => "results",
        Some("git") => "git",
        _ => "settings",
    }
}

/// When the files under git were last written: pipelines by this window or an editor, commits by a terminal.
fn authored(studio: &Studio) -> Vec<(std::path::PathBuf, SystemTime)> {
    let folder = studio.folder();
    let git = ["HEAD", "index", "logs/HEAD", "MERGE_HEAD", "config"].map(|file| folder.join(".git").join(file));
    let mut paths: Vec<_> = git.into_iter().chain([folder.join("atelier.toml")]).collect();
    for part in ["pipelines", "src", "environments"] {
        let entries = std::fs::read_dir(folder.join(part)).into_iter().flatten().flatten();
        paths.extend(entries.map(|entry| entry.path()));
    }
    let written = |path: std::path::PathBuf| {
        let time = std::fs::metadata(&path).and_then(|meta| meta.modified()).ok()?;
        Some((path, time))
    };
    let mut times: Vec<_> = paths.into_iter().filter_map(written).collect();
    times.sort();
    times
}
