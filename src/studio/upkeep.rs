//! Keeping a workspace in order, and hearing what changes in it.

use std::ops::ControlFlow;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value as Json;
use workspace::Event;

use crate::{Error, Result, Studio};

pub use workspace::{Collected, KeptItem, Problem, Purge, Purged};

/// How long a file that nothing refers to is left alone: another process may be about to refer to it.
const GRACE: Duration = Duration::from_secs(3600);
/// How often [`Upkeep`] frees what has just lost its last reference.
const SWEEP_EVERY: Duration = Duration::from_secs(20);
/// How often [`Upkeep`] looks through everything.
const COLLECT_EVERY: Duration = Duration::from_secs(15 * 60);

/// The kind of the event by which a window is asked to show a run.
pub const ASKED_TO_SHOW: &str = "window.asked_to_show";
/// The kind of the event by which a window says that it does.
const SHOWN: &str = "window.shown";

/// What a collection removed, and what it left.
#[derive(Clone, Debug, Serialize)]
pub struct GcReport {
    #[serde(flatten)]
    pub collected: Collected,
    /// What was removed for good.
    pub purged: Option<Purged>,
    /// What is deleted and stays, as it can be brought back.
    pub restorable: Purged,
}

/// What goes, or would go, in words: "2 runs, 1 logged model and 14 files". Nothing where it is nothing.
pub fn purged_in_words(purged: &Purged) -> String {
    let counts = [
        (purged.runs, "run", "runs"),
        (purged.experiments, "experiment", "experiments"),
        (purged.logged_models, "logged model", "logged models"),
        (purged.models, "registered model", "registered models"),
        (purged.model_versions, "model version", "model versions"),
        (purged.datasets, "dataset", "datasets"),
        (purged.dataset_versions, "dataset version", "dataset versions"),
        (purged.files, "file", "files"),
    ];
    let mut parts: Vec<String> = Vec::new();
    for (count, one, many) in counts {
        match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            count => parts.push(format!("{count} {many}")),
        }
    }
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) }
}

/// The moment that a text names, ms: so long ago (`30d`, `12h`, `0s`), or the beginning of a day here (`2026-11-01`).
///
/// # Errors
/// A text that is neither.
pub fn moment_in_words(text: &str) -> Result<i64> {
    moment_before(text, jiff::Timestamp::now())
}

fn moment_before(text: &str, now: jiff::Timestamp) -> Result<i64> {
    let wrong = || {
        Error::invalid(format!(
            "“{text}” is neither an age nor a date. Write an age such as 30d, 12h, 45m or 0s, or a date such as 2026-11-01."
        ))
    };
    let text = text.trim();
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        return Ok(day.to_zoned(jiff::tz::TimeZone::system()).map_err(|_| wrong())?.timestamp().as_millisecond());
    }
    let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).ok_or_else(wrong)?);
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0).ok_or_else(wrong)?;
    // What was deleted in this very millisecond counts as before an age of nothing.
    Ok(now.as_millisecond() + 1 - (number * seconds * 1000.0) as i64)
}

impl Studio {
    /// Verifies every blob's digest, every reference and the database. `progress` hears the fraction done.
    ///
    /// # Errors
    /// Only when it cannot look at all; what it finds is the answer.
    pub fn check(&self, progress: &dyn Fn(f32)) -> Result<Vec<Problem>> {
        let told = |so_far: workspace::Progress| {
            progress(so_far.done_bytes as f32 / so_far.total_bytes.max(1) as f32);
            ControlFlow::Continue(())
        };
        Ok(self.workspace.check(told)?)
    }

    /// Removes what nothing refers to, and before that for good what was deleted before a time, if one is given.
    pub fn gc(&self, deleted_before: Option<i64>) -> Result<GcReport> {
        let purged = deleted_before.map(|time| self.purge(&Purge::DeletedBefore(time))).transpose()?;
        let collected = self.workspace.gc(GRACE)?;
        let restorable = self.preview_purge(&Purge::DeletedBefore(crate::now_ms() + 1))?;
        Ok(GcReport { collected, purged, restorable })
    }

    /// Removes for good what was deleted, and frees its bytes.
    ///
    /// # Errors
    /// Something that is not there or not deleted.
    pub fn purge(&self, purge: &Purge) -> Result<Purged> {
        Ok(self.workspace.purge(purge)?)
    }

    /// Says what [`Self::purge`] would remove.
    ///
    /// # Errors
    /// Something that is not there or not deleted.
    pub fn preview_purge(&self, purge: &Purge) -> Result<Purged> {
        Ok(self.workspace.preview_purge(purge)?)
    }

    /// Asks a window of this workspace, in whatever process, to come forward with a run; false when none does within
    /// `patience`.
    ///
    /// # Errors
    /// A run that is not there, a read-only workspace.
    pub fn ask_to_show(&self, run: &str, patience: Duration) -> Result<bool> {
        self.workspace.run(run)?;
        let before = self.last_change()?;
        self.workspace.batch(ASKED_TO_SHOW, run, |_| Ok(()))?;
        let until = Instant::now() + patience;
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
            let shown =
                self.changes_since(before)?.into_iter().any(|event| event.kind == SHOWN && event.subject == run);
            if shown {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Answers [`Self::ask_to_show`].
    ///
    /// # Errors
    /// A read-only workspace.
    pub fn say_shown(&self, run: &str) -> Result<()> {
        Ok(self.workspace.batch(SHOWN, run, |_| Ok(()))?)
    }

    /// What changed after event `seq`, by this process or any other.
    pub fn changes_since(&self, seq: i64) -> Result<Vec<Event>> {
        Ok(self.workspace.events_since(seq, 1000)?)
    }

    /// The number of the newest event.
    pub fn last_change(&self) -> Result<i64> {
        Ok(self.workspace.last_event()?)
    }

    /// Something the window remembers with the workspace: its layout, what was seen last.
    pub fn setting(&self, key: &str) -> Result<Option<Json>> {
        Ok(self.workspace.setting(key)?)
    }

    pub fn set_setting(&self, key: &str, value: &Json) -> Result<()> {
        Ok(self.workspace.set_setting(key, value)?)
    }

    /// Keeps a text that could not be saved where it belongs.
    pub fn save_draft(&self, name: &str, text: &str) -> Result<()> {
        Ok(self.workspace.save_draft(name, text)?)
    }

    pub fn draft(&self, name: &str) -> Result<Option<String>> {
        Ok(self.workspace.draft(name)?)
    }

    pub fn discard_draft(&self, name: &str) -> Result<()> {
        Ok(self.workspace.discard_draft(name)?)
    }
}

/// JSON of something that is ours to write.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<Json> {
    serde_json::to_value(value).map_err(|error| Error::storage(format!("This could not be written as JSON: {error}")))
}

/// A thread that keeps a workspace free of what nothing refers to, for as long as this lives. Several processes may have
/// one over the same workspace.
pub struct Upkeep {
    /// Dropped to end the thread.
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Begins to keep a workspace in order.
    ///
    /// # Errors
    /// A system without room for one more thread.
    pub fn start(studio: Studio) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel::<()>(0);
        let work = move || {
            if studio.workspace.is_read_only() {
                return;
            }
            let mut collected = None;
            loop {
                keep_in_order(&studio, &mut collected);
                if !matches!(stopped.recv_timeout(SWEEP_EVERY), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("upkeep".to_owned()).spawn(work)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A thread that broke has said so already.
            let _ = thread.join();
        }
    }
}

fn keep_in_order(studio: &Studio, collected: &mut Option<Instant>) {
    let due = collected.is_none_or(|at| at.elapsed() >= COLLECT_EVERY);
    let done = if due { studio.workspace.gc(GRACE) } else { studio.workspace.sweep() };
    if due {
        *collected = Some(Instant::now());
    }
    match done {
        Ok(done) if done.blobs > 0 => tracing::info!("removed {} files that nothing refers to", done.blobs),
        Ok(_) => {}
        Err(error) => tracing::warn!("what nothing refers to could not be removed: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::tracking::NewTrackedRun;

    #[test]
    fn what_goes_is_said_in_words() {
        let mut purged = Purged::default();
        assert_eq!(purged_in_words(&purged), "");
        purged.runs = 1;
        assert_eq!(purged_in_words(&purged), "1 run");
        (purged.logged_models, purged.files) = (2, 14);
        assert_eq!(purged_in_words(&purged), "1 run, 2 logged models and 14 files");
    }

    #[test]
    fn an_age_or_a_date_is_a_moment_before() {
        let now: jiff::Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let ms = now.as_millisecond() + 1;
        assert_eq!(moment_before("30d", now).unwrap(), ms - 30 * 86_400_000);
        assert_eq!(moment_before("0s", now).unwrap(), ms);
        assert_eq!(moment_before("1.5h", now).unwrap(), ms - 5_400_000);
        assert!(moment_before("2026-11-01", now).unwrap() < ms);
        for wrong in ["", "30", "d", "-1d", "30 days", "nand", "yesterday", "2026-13-01"] {
            assert!(moment_before(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn disk_does_not_fill_while_it_is_kept_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        let store = studio.tracking();
        let run = store.create_run(NewTrackedRun { name: "r".into(), ..NewTrackedRun::default() }).unwrap().id;
        let log = |path: &str, byte: u8| {
            let mut upload = store.upload().unwrap();
            upload.write_all(&vec![byte; 10_000]).unwrap();
            store.finish_upload(upload, &format!("0/{run}/artifacts/{path}")).unwrap();
        };
        let stored = || -> u64 {
            let blobs = walk(&folder.path().join(".atelier/blobs"));
            blobs.iter().map(|path| std::fs::metadata(path).unwrap().len()).sum()
        };
        let before = stored();
        (0..20).for_each(|byte| log("last.ckpt", byte));
        assert_eq!(stored() - before, 10_000, "one copy of what was logged twenty times");
        log("other.bin", 99);
        store.delete_artifacts(&format!("0/{run}/artifacts/other.bin")).unwrap();
        assert_eq!(stored() - before, 10_000, "what was deleted is gone");
        let mut part = store.upload().unwrap();
        part.write_all(&[1; 5000]).unwrap();
        let part = store.keep_part(part).unwrap();
        assert_eq!(stored() - before, 15_000);
        store.drop_parts(&[part]);
        assert_eq!(stored() - before, 10_000);
        store.delete_run(&run).unwrap();
        let report = studio.gc(None).unwrap();
        assert_eq!((report.restorable.runs, report.restorable.bytes), (1, 10_000), "said, and left");
        let report = studio.gc(Some(crate::now_ms() + 1)).unwrap();
        assert_eq!(report.purged.unwrap().bytes, 10_000);
        assert_eq!(stored(), before);
        drop(Upkeep::start(studio.clone()).unwrap());
    }

    fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => found.extend(walk(&path)),
                path => found.push(path),
            }
        }
        found
    }
}
