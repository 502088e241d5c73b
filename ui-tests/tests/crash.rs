//! Ends processes without asking them, at random moments of importing, running and editing: what was acknowledged is
//! there afterwards, and the workspace is whole.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use studio::pipeline::graph::set::set;
use studio::{RunRequest, RunStatus, Studio};
use support::{Desk, Random, kill, wait_until};

/// Moments in all: imports, edits, workers, windows together with their workers.
const IMPORTS: usize = 30;
const EDITS: usize = 30;
const WORKERS: usize = 20;
const BOTH: usize = 20;

/// Says to this test program, started again as a child, what to do in which workspace.
const ACT: &str = "ATELIER_CRASH_ACT";
const FOLDER: &str = "ATELIER_CRASH_WORKSPACE";
const PIPELINE: &str = "pipelines/flowers.yaml";

/// Not a test of its own: what the children do until they are killed. Without its variables it does nothing.
#[test]
fn child() {
    let Some(act) = std::env::var_os(ACT) else { return };
    let studio = Studio::open(std::env::var_os(FOLDER).unwrap().as_ref()).unwrap();
    let studio = studio.with_program(ui_tests::program().to_owned());
    match act.to_str().unwrap() {
        "import" => imports(&studio),
        "edit" => edits(&studio),
        "run" => runs(&studio),
        other => panic!("no act {other}"),
    }
}

/// Writes a line that the parent counts on from then on.
fn acknowledge(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nack {what}").unwrap();
    out.flush().unwrap();
}

fn imports(studio: &Studio) {
    acknowledge("ready");
    let draft = studio.sniff(&[studio.folder().parent().unwrap().join("flowers.csv")]).unwrap();
    for number in 0.. {
        let name = format!("d{}_{number}", std::process::id());
        studio.import_dataset(&name, &draft, &|_| std::ops::ControlFlow::Continue(())).unwrap();
        acknowledge(&name);
    }
}

fn edits(studio: &Studio) {
    acknowledge("ready");
    let mut document = studio.open_pipeline(PIPELINE).unwrap();
    let mut random = Random::new(std::process::id().into());
    loop {
        let seed = random.below(1_000_000_000).to_string();
        let mut pipeline = document.pipeline.clone();
        set(&mut pipeline, "jobs.split.seed", &seed).unwrap();
        acknowledge(&format!("trying {seed}"));
        document = studio.save_pipeline(PIPELINE, &document, &pipeline).unwrap();
        acknowledge(&seed);
    }
}

fn runs(studio: &Studio) {
    acknowledge("ready");
    let mut random = Random::new(std::process::id().into());
    loop {
        let seed = random.below(1_000_000_000).to_string();
        let request = RunRequest { set: vec![("jobs.split.seed".to_owned(), seed)], ..RunRequest::default() };
        let id = studio.start_run(PIPELINE, &request).unwrap();
        acknowledge(&id);
        while !studio.run_row(&id).unwrap().status.is_final() {
            std::thread::sleep(Duration::from_millis(5));
        }
        acknowledge(&format!("done {id}"));
    }
}

/// A child and what it acknowledged.
struct Doer {
    child: Child,
    lines: Receiver<String>,
}

impl Doer {
    /// Starts a child and waits until it is about to begin.
    fn start(desk: &Desk, act: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["child", "--exact", "--nocapture"]).env(ACT, act).env(FOLDER, desk.workspace());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = sync_channel(1024);
        std::thread::Builder::new()
            .name("acknowledged".to_owned())
            .spawn(move || {
                for line in out.lines().map_while(Result::ok) {
                    if let Some(what) = line.strip_prefix("ack ") {
                        let _ = sender.send(what.to_owned());
                    }
                }
            })
            .unwrap();
        assert_eq!(lines.recv_timeout(Duration::from_secs(60)).unwrap(), "ready");
        Self { child, lines }
    }

    /// Kills it and returns all that it acknowledged.
    fn end(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines.iter().collect()
    }
}

/// The longest wait, in ms, before a kill when the last one came `too_soon` for anything to be done: machines differ.
fn longer(longest: u64, too_soon: bool) -> u64 {
    if too_soon { (longest * 2).min(8_000) } else { longest }
}

/// A random moment within `longest`, printed so that a failure can be repeated.
fn moment(random: &mut Random, what: &str, number: usize, longest: u64) {
    let wait = Duration::from_micros(random.below(longest * 1000));
    println!("{what} {number} is killed after {wait:?}");
    std::thread::sleep(wait);
}

#[track_caller]
fn is_whole(studio: &Studio) {
    assert_eq!(studio.check(&|_| ()).unwrap(), []);
}

#[test]
fn importing() {
    let desk = Desk::with_flowers();
    let mut random = Random::new(1);
    let mut acknowledged = vec!["flowers".to_owned()];
    let mut longest = 250;
    for number in 0..IMPORTS {
        let doer = Doer::start(&desk, "import");
        moment(&mut random, "import", number, longest);
        let done = doer.end();
        longest = longer(longest, done.is_empty());
        acknowledged.extend(done);
        let studio = desk.studio();
        let names: Vec<String> = studio.datasets().unwrap().into_iter().map(|dataset| dataset.name).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|name| !names.contains(name)).collect();
        assert!(lost.is_empty(), "{lost:?} were imported and are gone");
        is_whole(&studio);
    }
    assert!(acknowledged.len() > IMPORTS / 2, "only {} imports came to their end", acknowledged.len());
}

#[test]
fn editing() {
    let desk = Desk::with_flowers();
    let mut random = Random::new(2);
    let mut saved = "1".to_owned();
    let mut count = 0;
    let mut longest = 250;
    for number in 0..EDITS {
        let doer = Doer::start(&desk, "edit");
        moment(&mut random, "edit", number, longest);
        let said = doer.end();
        let done: Vec<&String> = said.iter().filter(|line| !line.starts_with("trying ")).collect();
        longest = longer(longest, done.is_empty());
        count += done.len();
        let last = done.last().map_or(saved.clone(), |last| (*last).clone());
        let tried = said.last().and_then(|line| line.strip_prefix("trying ")).map(str::to_owned);

        let studio = desk.studio();
        let document = studio.open_pipeline(PIPELINE).unwrap();
        assert_eq!(document.problems, []);
        let written = |seed: &str| support::PIPELINE.replace("seed: 1", &format!("seed: {seed}"));
        // What was acknowledged last, or the one that was being written when the end came.
        let versions = [Some(last), tried];
        let found = versions.into_iter().flatten().find(|seed| document.text == written(seed).as_str());
        saved = found.unwrap_or_else(|| panic!("this was never written: {}", document.text));
        is_whole(&studio);
        let litter = std::fs::read_dir(desk.workspace().join("pipelines")).unwrap().flatten();
        let shown = litter.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')).count();
        assert_eq!(shown, 1, "a half-written file stands beside the pipeline");
    }
    assert!(count > EDITS, "only {count} edits came to their end");
}

/// Starts runs and kills the worker, and with `parent` the process that started it too.
fn running(desk: &Desk, random: &mut Random, number: usize, parent: bool) {
    let doer = Doer::start(desk, "run");
    let id = doer.lines.recv_timeout(Duration::from_secs(60)).unwrap();
    moment(random, if parent { "worker and parent" } else { "worker" }, number, 600);
    let studio = desk.studio();
    let pid = studio.run_row(&id).unwrap().pid;
    if parent {
        doer.child_kill();
    }
    if let Some(pid) = pid {
        kill(pid);
    }
    if !parent {
        // The one that started the worker notices at once.
        let over = || studio.run_row(&id).unwrap().status.is_final();
        wait_until("the parent to close the run", Duration::from_secs(30), over);
    }
    let said = doer.end();
    let row = studio.run_row(&id).unwrap();
    if said.first().is_some_and(|line| *line == format!("done {id}")) && pid.is_none() {
        assert!(row.status.is_final());
    }
    for line in said.iter().filter(|line| !line.starts_with("done ")) {
        studio.run_row(line).unwrap_or_else(|error| panic!("the run {line} was started and is gone: {error}"));
    }
    is_whole(&studio);
    if row.status == RunStatus::Failed {
        assert!(row.error.as_ref().is_some_and(|error| error.contains("resume the run")), "{:?}", row.error);
    }
}

impl Doer {
    fn child_kill(&self) {
        kill(self.child.id());
    }
}

#[test]
fn working() {
    let desk = Desk::with_flowers();
    let mut random = Random::new(3);
    for number in 0..WORKERS {
        running(&desk, &mut random, number, false);
    }
    resumes(&desk);
}

#[test]
fn working_and_watching() {
    let desk = Desk::with_flowers();
    let mut random = Random::new(4);
    for number in 0..BOTH {
        running(&desk, &mut random, number, true);
    }
    resumes(&desk);
}

/// Whatever was left open is found dead, and one of what failed can be brought to its end.
fn resumes(desk: &Desk) {
    let studio = desk.studio();
    let all = || studio.runs(&Default::default()).unwrap().runs;
    wait_until("all runs to be closed", Duration::from_secs(60), || all().iter().all(|run| run.status.is_final()));
    if let Some(failed) = all().into_iter().find(|run| run.status == RunStatus::Failed) {
        studio.resume_run(&failed.id).unwrap();
        let done = || studio.run_row(&failed.id).unwrap().status == RunStatus::Done;
        wait_until("the run to be done after all", Duration::from_secs(60), done);
    }
    is_whole(&studio);
}
