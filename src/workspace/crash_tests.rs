//! Processes that are killed at random moments, and what is there afterwards.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::test_support::{change, new_run, problems};
use crate::{MetricPoint, NewDatasetVersion, Workspace, new_run_id};

const FOLDER: &str = "ATELIER_TEST_CRASH_FOLDER";
const ROUNDS: u64 = 20;

/// Says that something is on the disk for good.
fn acknowledge(words: &str) {
    let mut out = std::io::stdout().lock();
    // The line break first, as the test harness leaves a line unfinished.
    writeln!(out, "\nack {words}").and_then(|()| out.flush()).unwrap();
}

/// Not a test of its own: the process that [`what_was_acknowledged_survives_kill_9`] kills.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let workspace = Workspace::open(folder).unwrap();
    for index in 0u64.. {
        let text = format!("{} {index} ", new_run_id()).repeat(1 + index as usize % 7 * 400);
        let blob = workspace.put_bytes(text.as_bytes()).unwrap();
        let version = workspace
            .write(change(), |tx| {
                tx.add_dataset_version(&NewDatasetVersion {
                    dataset: "data".into(),
                    digest: blob.digest.clone(),
                    rows: index,
                    columns: 1,
                    bytes: blob.size,
                    source: json!({}),
                    schema: json!([]),
                    profile: json!({}),
                })
            })
            .unwrap();
        acknowledge(&format!("dataset {version} {}", blob.digest));
        let run = workspace.write(change(), |tx| tx.insert_run(&new_run("r"))).unwrap();
        let points: Vec<_> =
            (0..50).map(|step| MetricPoint { key: "loss".into(), value: 0.5, timestamp_ms: 1, step }).collect();
        // As clients of the protocol log: in a transaction that several may share.
        let own = run.clone();
        workspace.batch_grouped("run.metrics", &run, move |batch| batch.log_metrics(&own, &points)).unwrap();
        acknowledge(&format!("run {run}"));
        workspace.save_draft(&run, &text).unwrap();
        acknowledge(&format!("draft {run} {}", blob.digest));
    }
}

/// Starts [`child`] and collects what it acknowledges until it dies.
fn start(folder: &std::path::Path) -> (Child, thread::JoinHandle<Vec<String>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash_tests::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let reader = thread::Builder::new().name("acknowledged".into()).spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        lines.filter_map(|line| line.strip_prefix("ack ").map(str::to_owned)).collect()
    });
    (child, reader.unwrap())
}

fn verify(workspace: &Workspace, acknowledged: &[String]) {
    for line in acknowledged {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["dataset", version, digest] => {
                let stored = workspace.dataset_version("data", Some(version.parse().unwrap())).unwrap();
                assert_eq!(stored.digest, digest);
                let bytes = workspace.read_blob(digest).unwrap();
                assert_eq!(blake3::hash(&bytes).to_hex().as_str(), digest);
            }
            ["run", run] => assert_eq!(workspace.metric_history(run, "loss").unwrap().len(), 50),
            ["draft", run, digest] => {
                let text = workspace.draft(run).unwrap().unwrap();
                assert_eq!(blake3::hash(text.as_bytes()).to_hex().as_str(), digest);
            }
            // The process was killed while it wrote the line.
            _ => {}
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let watching = Workspace::create(dir.path(), "Crash").unwrap();
    let mut total = 0;
    for round in 0..ROUNDS {
        let (mut first, first_lines) = start(dir.path());
        let (mut second, second_lines) = start(dir.path());
        let moment = blake3::hash(&round.to_le_bytes()).as_bytes()[0];
        thread::sleep(Duration::from_millis(40 + u64::from(moment)));
        first.kill().unwrap();
        first.wait().unwrap();
        // The other one goes on, alone with what the first left.
        thread::sleep(Duration::from_millis(u64::from(moment) / 4));
        second.kill().unwrap();
        second.wait().unwrap();
        let mut acknowledged = first_lines.join().unwrap();
        acknowledged.extend(second_lines.join().unwrap());
        total += acknowledged.len();
        verify(&watching, &acknowledged);
        assert_eq!(problems(&watching), [], "after round {round}");
    }
    assert!(total > 20, "the processes did too little to tell: {total}");
    let events = watching.events_since(0, usize::MAX >> 1).unwrap();
    let audit = watching.audit(None, None, usize::MAX >> 1).unwrap();
    let changes = events.iter().filter(|event| event.kind == change().action).count();
    assert_eq!(changes, audit.len());
    watching.gc(Duration::ZERO).unwrap();
    assert_eq!(problems(&watching), []);
}
