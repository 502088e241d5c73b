//! The worker: the process that carries out one run, and what starts, stops and buries it.
//!
//! The studio starts `PROGRAM worker RUN` in a process group of its own, so that neither closing the window nor the
//! terminal ends it. The worker executes the frozen plan, records what happens in batches, beats its heart into the
//! database, and leaves at once when someone asks it to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pipeline::component::PortKind;
use pipeline::execute::{Options, execute};
use pipeline::meta::Meta;
use pipeline::store::{Observer, StepEvent, Stored, Stream};
use workspace::{Change, NewLogLine, RunStatus, Step, StepStatus, StepUpdate};

use crate::model_runs::{Measured, MetricPlace, MetricPlaces};
use crate::recorder::{Record, Recorder};
use crate::steps::{Serve, StepLogs};
use crate::store::{WorkspaceStore, recorded};
use crate::{Error, Result, Studio};

/// How often the worker looks whether it shall stop.
const LOOK: Duration = Duration::from_millis(100);
/// How often it says that it is alive.
const BEAT: Duration = Duration::from_secs(2);
/// How long steps get to end by themselves after a cancel before the process ends under them.
const GRACE: Duration = Duration::from_millis(500);
/// A worker whose heart has not beaten this long and whose process is gone is dead.
const DEAD_AFTER_MS: i64 = 6_000;

/// The program that carries out runs: `ATELIER_PROGRAM`, or this one.
pub(crate) fn program() -> Result<PathBuf> {
    match std::env::var_os("ATELIER_PROGRAM") {
        Some(program) => Ok(program.into()),
        None => std::env::current_exe()
            .map_err(|error| Error::storage(format!("The path of this program cannot be found: {error}"))),
    }
}

impl Studio {
    /// Starts the worker of a run that was recorded.
    pub(crate) fn spawn_worker(&self, run: &str) -> Result<()> {
        let log = self.workspace.private_folder().join("logs").join(format!("{run}.log"));
        let failed = |error: std::io::Error| Error::storage(format!("The run's worker could not be started: {error}"));
        let out = File::create(&log).map_err(failed)?;
        let mut command = Command::new(&*self.program);
        command.arg("worker").arg(run).arg("--workspace").arg(self.folder());
        command.stdin(Stdio::null()).stdout(out.try_clone().map_err(failed)?).stderr(out);
        detach(&mut command);
        let mut child = command.spawn().map_err(failed)?;
        let studio = self.clone();
        let run = run.to_owned();
        // Waits for the child, so that it leaves no zombie and its sudden death is noticed at once.
        let waiting = std::thread::Builder::new().name("worker-wait".to_owned()).spawn(move || {
            if child.wait().is_ok()
                && let Err(error) = studio.bury(&run)
            {
                tracing::error!("a run whose worker ended could not be closed: {error}");
            }
        });
        waiting.map(drop).map_err(failed)
    }

    /// Asks a run to stop. Its worker leaves within a fraction of a second.
    pub fn cancel_run(&self, id: &str) -> Result<()> {
        // A model of a run has no worker but that of its run.
        let whole = self.whole_run(id)?.0.run.id;
        let id = whole.as_str();
        Ok(self.workspace.write(Change::new("run.cancel", id), |tx| tx.request_cancel(id))?)
    }

    /// Starts a run again that failed, was cancelled or whose machine was switched off: steps that have a result are
    /// reused, the others computed.
    pub fn resume_run(&self, id: &str) -> Result<()> {
        let whole = self.whole_run(id)?.0.run.id;
        let id = whole.as_str();
        self.workspace.write(Change::new("run.resumed", id), |tx| tx.requeue_run(id))?;
        self.spawn_worker(id)
    }

    /// Marks runs whose worker died.
    pub(crate) fn bury_dead_workers(&self) -> Result<()> {
        if self.is_read_only() {
            return Ok(());
        }
        for run in self.workspace.stale_runs(DEAD_AFTER_MS)? {
            if !run.pid.is_some_and(is_alive) {
                self.bury(&run.id)?;
            }
        }
        Ok(())
    }

    /// Closes a run that is still open although its worker is gone.
    fn bury(&self, id: &str) -> Result<()> {
        let run = self.workspace.run(id)?.run;
        if run.status.is_final() {
            return Ok(());
        }
        let last = self.last_words(id);
        let (status, error) = if run.cancel_requested {
            (RunStatus::Cancelled, None)
        } else {
            let mut sentence =
                "The run's process ended without a word; resume the run to go on where it stopped.".to_owned();
            if !last.is_empty() {
                sentence.push_str(&format!(" Its last lines were: {last}"));
            }
            (RunStatus::Failed, Some(sentence))
        };
        let change = Change::new("run.finished", id).with("status", status.as_str());
        Ok(self.workspace.write(change, |tx| {
            tx.close_step_runs(id, None, status)?;
            tx.finish_run(id, status, error.as_deref())
        })?)
    }

    /// The last lines of the worker's own output, where a crash says what it was.
    fn last_words(&self, run: &str) -> String {
        let log = self.workspace.private_folder().join("logs").join(format!("{run}.log"));
        let text = std::fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.reverse();
        lines.join("\n")
    }
}

/// Carries out a run in this process, from claiming it to its end. `serve` starts what its steps' processes log to
/// through MLflow's protocol.
///
/// # Errors
/// A run that is not there or has a worker, a workspace that cannot be written. A step's failure is the run's, not an
/// error.
pub fn work(studio: Studio, run: &str, serve: Option<Serve>) -> Result<()> {
    let workspace = &studio.workspace;
    let pid = std::process::id();
    workspace.write(Change::new("run.claimed", run).with("pid", pid), |tx| tx.claim_run(run, pid))?;
    let detail = workspace.run(run)?;
    let (row, done) = (detail.run, done_before(detail.steps));
    let frozen = studio.frozen(&row)?.ok_or_else(|| Error::invalid("This run has nothing to carry out."))?;
    let pipeline = studio.parse_frozen(&frozen)?;

    let watch = Arc::new(Watch::default());
    let heart = start_heart(&studio, run, &watch, frozen.waiting)?;
    let places = Arc::new(MetricPlaces::of(&row, &frozen.plan));
    let recorder = Recorder::start(Arc::clone(workspace), run, Arc::clone(&places))?;
    let titles = pipeline.jobs.keys().map(|job| (job.clone(), pipeline.title(job).to_owned())).collect();
    let steps = StepLogs::new(studio.clone(), run, titles, serve);
    let curves = Mutex::default();
    let reporter = Reporter { recorder: &recorder, watch: &watch, steps: &steps, places: &places, done, curves };
    let environments = crate::environments::prepare(&studio, run, &frozen, &reporter)?;
    let store = WorkspaceStore::new(Arc::clone(workspace)).with_environments(environments);
    let options = Options { force: frozen.force, ..Options::default() };
    let outcome = execute(&frozen.plan, &store, &reporter, &options);
    recorder.finish()?;
    watch.done.store(true, Ordering::Release);
    let _ = heart.join();

    let status = match () {
        () if watch.cancelled() => RunStatus::Cancelled,
        () if outcome.failed.is_empty() => RunStatus::Done,
        () => RunStatus::Failed,
    };
    let error = outcome.failed.first().map(|(job, why)| format!("{}: {why}", pipeline.title(job)));
    close(&studio, run, status, error.filter(|_| status == RunStatus::Failed).as_deref())
}

fn close(studio: &Studio, run: &str, status: RunStatus, error: Option<&str>) -> Result<()> {
    let change = Change::new("run.finished", run).with("status", status.as_str());
    Ok(studio.workspace.write(change, |tx| {
        tx.close_step_runs(run, None, status)?;
        tx.finish_run(run, status, error)
    })?)
}

/// What the heart and the work tell each other.
#[derive(Default)]
struct Watch {
    cancelled: AtomicBool,
    done: AtomicBool,
}

impl Watch {
    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}

/// A thread that beats, and that ends the process soon after someone asked for it.
fn start_heart(
    studio: &Studio,
    run: &str,
    watch: &Arc<Watch>,
    waiting: Option<u32>,
) -> Result<std::thread::JoinHandle<()>> {
    let (studio, run, watch) = (studio.clone(), run.to_owned(), Arc::clone(watch));
    let beat = move || {
        let mut beaten: Option<Instant> = None;
        let mut asked: Option<Instant> = None;
        while !watch.done.load(Ordering::Acquire) {
            if beaten.is_none_or(|at| at.elapsed() >= BEAT) {
                beaten = Some(Instant::now());
                // A beat that fails (a full disk) is tried again; the run itself will say what is wrong.
                if studio.workspace.heartbeat(&run, std::process::id()).is_ok_and(|beat| beat.lost) {
                    std::process::exit(1);
                }
            }
            let unwanted = || studio.workspace.cancel_requested(&run).unwrap_or(false) || is_orphan(waiting);
            if asked.is_none() && unwanted() {
                asked = Some(Instant::now());
                watch.cancelled.store(true, Ordering::Release);
            }
            if asked.is_some_and(|at| at.elapsed() >= GRACE) {
                let closed = close(&studio, &run, RunStatus::Cancelled, None);
                std::process::exit(if closed.is_ok() { 130 } else { 1 });
            }
            std::thread::sleep(LOOK.min(GRACE));
        }
    };
    std::thread::Builder::new()
        .name("heart".to_owned())
        .spawn(beat)
        .map_err(|error| Error::storage(format!("The run's worker could not start a thread: {error}")))
}

/// Turns what the engine says into records.
struct Reporter<'a> {
    recorder: &'a Recorder,
    watch: &'a Watch,
    steps: &'a StepLogs,
    places: &'a MetricPlaces,
    /// Jobs that had their result before a run was resumed, with its key: the run knows already what they said.
    done: BTreeMap<String, String>,
    /// The curves of each job that have begun.
    curves: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

fn done_before(steps: Vec<Step>) -> BTreeMap<String, String> {
    let done = steps.into_iter().filter(|step| matches!(step.status, StepStatus::Done | StepStatus::Reused));
    done.filter_map(|step| Some((step.name, step.cache_key?))).collect()
}

impl Reporter<'_> {
    fn step(&self, job: &str, update: StepUpdate) {
        let (outputs, metrics) = (Vec::new(), Vec::new());
        self.recorder.send(Record::Step { job: job.to_owned(), update, outputs, metrics });
    }

    fn ended(&self, job: &str, status: StepStatus, key: String, outputs: &[Stored]) {
        let is_new = self.done.get(job) != Some(&key);
        let metrics = outputs.iter().filter(|_| is_new).flat_map(|output| self.measured(job, output)).collect();
        let update = StepUpdate { status: Some(status), cache_key: Some(key), ..StepUpdate::default() };
        let outputs = outputs.iter().map(recorded).collect();
        self.recorder.send(Record::Step { job: job.to_owned(), update, outputs, metrics });
    }

    /// Says before the first point of a curve that it begins, while no other thread can send one.
    fn begin_curve(&self, job: &str, name: &str, place: &MetricPlace) {
        let mut curves = self.curves.lock().unwrap_or_else(PoisonError::into_inner);
        if curves.get(job).is_some_and(|begun| begun.contains(name)) {
            return;
        }
        curves.entry(job.to_owned()).or_default().insert(name.to_owned());
        self.recorder.send(Record::CurveBegins(place.clone()));
    }

    /// What was measured of an output, each value where it belongs.
    fn measured(&self, job: &str, output: &Stored) -> Vec<Measured> {
        let metrics = Meta::of(output).map(|meta| meta.metrics()).unwrap_or_default();
        let (timestamp_ms, step) = (crate::now_ms(), 0);
        let of_report = |(name, value): (String, f64)| {
            let place = self.places.of_report(job, &output.port, &name);
            Measured { place, value, timestamp_ms, step, of_run: true }
        };
        let of_model = |(name, value): (String, f64)| {
            let place = self.places.of_model(job, &output.port, &name);
            Measured { place, value, timestamp_ms, step, of_run: false }
        };
        match output.kind {
            PortKind::Report => metrics.into_iter().map(of_report).collect(),
            PortKind::Model => metrics.into_iter().map(of_model).collect(),
            _ => Vec::new(),
        }
    }
}

impl Observer for Reporter<'_> {
    fn progress(&self, job: &str, fraction: Option<f32>, message: &str) {
        let progress = fraction.map(f64::from);
        self.step(job, StepUpdate { progress, message: Some(message.to_owned()), ..StepUpdate::default() });
    }

    fn metric(&self, job: &str, name: &str, value: f64, step: i64) {
        let (place, timestamp_ms) = (self.places.of_curve(job, name), crate::now_ms());
        self.begin_curve(job, name, &place);
        self.recorder.send(Record::Metric(Measured { place, value, timestamp_ms, step, of_run: true }));
    }

    fn log(&self, job: &str, stream: Stream, line: &str) {
        let stream = match stream {
            Stream::Stdout => workspace::Stream::Stdout,
            Stream::Stderr => workspace::Stream::Stderr,
            Stream::Info => workspace::Stream::Info,
            Stream::Warning => workspace::Stream::Warn,
            Stream::Error => workspace::Stream::Error,
        };
        let line =
            NewLogLine { step: Some(job.to_owned()), timestamp_ms: crate::now_ms(), stream, text: line.to_owned() };
        self.recorder.send(Record::Log(line));
    }

    fn step(&self, event: StepEvent) {
        let status = |status| StepUpdate { status: Some(status), ..StepUpdate::default() };
        match event {
            StepEvent::Started { job } => Reporter::step(self, &job, status(StepStatus::Running)),
            StepEvent::Reused { job, key, outputs, journal } => {
                if self.done.get(&job) != Some(&key) {
                    journal.replay(&job, self);
                    self.steps.repeat(&job, &key);
                }
                self.ended(&job, StepStatus::Reused, key, &outputs);
            }
            StepEvent::Finished { job, key, outputs, .. } => {
                self.steps.close(&job, RunStatus::Done, Some(&key));
                self.ended(&job, StepStatus::Done, key, &outputs);
            }
            StepEvent::Failed { job, message } => {
                self.steps.close(&job, RunStatus::Failed, None);
                let update = StepUpdate { error: Some(message), ..status(StepStatus::Failed) };
                Reporter::step(self, &job, update);
            }
            StepEvent::Skipped { job, why } => {
                Reporter::step(self, &job, StepUpdate { message: Some(why), ..status(StepStatus::Skipped) });
            }
            StepEvent::Cancelled { job } => {
                self.steps.close(&job, RunStatus::Cancelled, None);
                Reporter::step(self, &job, status(StepStatus::Cancelled));
            }
        }
    }

    fn variables(&self, job: &str) -> Vec<(String, String)> {
        self.steps.variables(job)
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }
}

/// Lets the child outlive this process and its terminal.
#[cfg(unix)]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
}

/// Whether the process that started this one to wait for it is gone.
#[cfg(unix)]
fn is_orphan(waiting: Option<u32>) -> bool {
    waiting.is_some_and(|parent| std::os::unix::process::parent_id() != parent)
}

/// Elsewhere a parent cannot be asked for; the run goes on to its end.
#[cfg(not(unix))]
fn is_orphan(_waiting: Option<u32>) -> bool {
    false
}

/// Whether a process with this number runs (it may be another one by now: the heart decides). One that has ended and
/// that nobody waited for is dead.
#[cfg(target_os = "linux")]
fn is_alive(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The state follows the name, which stands in parentheses and may hold any character.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, Some('Z' | 'X') | None)
}

/// Elsewhere a heart that has stopped is all there is to go by.
#[cfg(not(target_os = "linux"))]
fn is_alive(_pid: u32) -> bool {
    false
}
