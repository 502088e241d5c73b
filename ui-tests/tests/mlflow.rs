//! The tracking server and the real `mlflow` from PyPI, beside MLflow's own server; and what neither a killed process nor
//! many clients at once may do to what was logged.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/http.rs"]
mod http;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::{Connection, Served};
use serde_json::{Value as Json, json};
use support::{Desk, Random, text};

/// A Python program beside these tests, run against a server.
fn peer(script: &str, served: &Served) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    command.arg(path).arg(served.uri()).current_dir(home.path()).env("MLFLOW_DISABLE_TELEMETRY", "true");
    let ended = command.output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    println!("{out}");
    assert!(ended.status.success(), "{script} failed (run the tests with: sh ui-tests/test)\n{out}\n{error}");
}

#[test]
fn the_real_client_is_at_home() {
    let desk = Desk::new();
    peer("mlflow_client.py", &Served::start(&desk));
    desk.is_whole();
}

#[test]
fn answers_are_those_of_mlflows_own_server() {
    let desk = Desk::new();
    peer("mlflow_same.py", &Served::start(&desk));
}

/// Posts batches until the connection breaks; returns the last step that was acknowledged.
fn log_until_killed(port: u16, run: &str, first: i64) -> i64 {
    let mut connection = Connection::to(port).unwrap();
    let mut step = first;
    loop {
        let metrics: Vec<Json> =
            (step..step + 10).map(|step| json!({"key": "m", "value": step, "timestamp": step, "step": step})).collect();
        let body = json!({"run_id": run, "metrics": metrics}).to_string();
        match connection.ask("POST", "/api/2.0/mlflow/runs/log-batch", body.as_bytes()) {
            Ok((200, _)) => step += 10,
            _ => return step,
        }
    }
}

#[test]
fn an_acknowledged_batch_survives_a_kill() {
    let desk = Desk::new();
    let mut random = Random::new(11);
    let run = Served::start(&desk).connect().run("killed");
    let mut acknowledged = 0;
    for _ in 0..8 {
        let served = Served::start(&desk);
        let port = served.port;
        acknowledged = std::thread::scope(|scope| {
            let logging = scope.spawn(|| log_until_killed(port, &run, acknowledged));
            std::thread::sleep(Duration::from_millis(50 + random.below(200)));
            served.kill();
            logging.join().unwrap()
        });
        let seen = desk.studio().tracking().metric_page(&run, "m", 0, None).unwrap().items;
        let steps: BTreeSet<i64> = seen.iter().map(|point| point.step).collect();
        assert_eq!(steps.len(), seen.len(), "a point is there twice");
        assert!((0..acknowledged).all(|step| steps.contains(&step)), "an acknowledged point is gone");
        assert!(seen.len() as i64 <= acknowledged + 10, "more than the one batch under way");
    }
    assert!(acknowledged > 0);
    desk.is_whole();
}

/// Clients at once, batches of each, points of a batch.
const CLIENTS: usize = 32;
const BATCHES: usize = 20;
const POINTS: usize = 25;

#[test]
fn many_clients_write_while_others_read() {
    let desk = Desk::new();
    let served = Served::start(&desk);
    let shared = served.connect().run("shared");
    let done = AtomicBool::new(false);
    let own: Vec<String> = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            // As the window reads: in another process, from the same files.
            let (studio, mut last) = (desk.studio(), 0);
            while !done.load(Ordering::Acquire) {
                let seen = studio.tracking().metric_page(&shared, "m", 0, None).unwrap().items.len();
                assert!(seen >= last, "points went away");
                last = seen;
                studio.runs(&studio::RunQuery::default()).unwrap();
            }
        });
        let (served, shared) = (&served, &shared);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn(move || {
                    let mut connection = served.connect();
                    let own = connection.run(&format!("client {client}"));
                    for batch in 0..BATCHES {
                        let point = |n: usize| {
                            let step = (client * BATCHES + batch) * POINTS + n;
                            json!({"key": "m", "value": n, "timestamp": 1, "step": step})
                        };
                        let metrics: Vec<Json> = (0..POINTS).map(point).collect();
                        let tags = json!([{"key": format!("t{client}"), "value": batch.to_string()}]);
                        connection.post("runs/log-batch", &json!({"run_id": shared, "metrics": metrics, "tags": tags}));
                        connection.post("runs/log-batch", &json!({"run_id": own, "metrics": metrics}));
                    }
                    own
                })
            })
            .collect();
        let own = clients.into_iter().map(|client| client.join().unwrap()).collect();
        done.store(true, Ordering::Release);
        reader.join().unwrap();
        own
    });
    let studio = desk.studio();
    let count = |run: &str| studio.tracking().metric_page(run, "m", 0, None).unwrap().items.len();
    assert_eq!(count(&shared), CLIENTS * BATCHES * POINTS);
    assert!(own.iter().all(|run| count(run) == BATCHES * POINTS));
    assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), CLIENTS);
    let tags = studio.tracking().run(&shared).unwrap().tags;
    assert_eq!(tags.iter().filter(|(key, _)| key.starts_with('t')).count(), CLIENTS);
    desk.is_whole();
}

#[test]
fn a_server_says_where_it_is_and_refuses_what_cannot_be() {
    let desk = Desk::new();
    let begun = Instant::now();
    let served = Served::start(&desk);
    println!("ready after {:?}", begun.elapsed());
    let port = served.port.to_string();
    desk.atelier(&["serve", "--port", &port]).fails(5, &["is taken by another program"]);
    desk.atelier(&["serve", "--port", "0", "--host", "0.0.0.0"]).fails(4, &["token"]);
    let (status, _) = served.connect().ask("GET", "/health", b"").unwrap();
    assert_eq!(status, 200);
}

/// A pipeline whose only step is a script.
fn script(text: &str) -> String {
    let script: String = text.lines().map(|line| format!("        {line}\n")).collect();
    format!(
        "jobs:\n  script:\n    component: python_script\n    inputs:\n      interpreter: python3\n      reuse: false\n      \
         script: |\n{script}"
    )
}

#[test]
fn a_pipelines_run_and_a_clients_are_the_same_runs() {
    let desk = Desk::with_flowers();
    let ran = desk.atelier(&["run", "pipelines/flowers.yaml", "--json"]).json();
    let id = text(&ran["row"]["id"]);
    let served = Served::start(&desk);
    let mut connection = served.connect();
    let run = connection.get(&format!("runs/get?run_id={id}"))["run"].clone();
    assert_eq!(text(&run["info"]["status"]), "FINISHED");
    let has = |list: &Json, key: &str| list.as_array().unwrap().iter().any(|pair| pair["key"] == key);
    assert!(has(&run["data"]["metrics"], "accuracy") && has(&run["data"]["params"], "c"), "{run}");
    assert!(has(&run["data"]["tags"], "mlflow.source.name") && has(&run["data"]["tags"], "mlflow.user"), "{run}");
    assert_eq!(text(&run["inputs"]["dataset_inputs"][0]["dataset"]["name"]), "flowers");
    let files = connection.get(&format!("artifacts/list?run_id={id}"))["files"].clone();
    let folders: Vec<String> = files.as_array().unwrap().iter().map(|file| text(&file["path"])).collect();
    assert!(folders.contains(&"split".to_owned()) && folders.contains(&"train".to_owned()), "{folders:?}");
    let listed = connection.get(&format!("artifacts/list?run_id={id}&path=split"))["files"].clone();
    let path = text(&listed[0]["path"]);
    let (status, bytes) = connection.ask("GET", &format!("/get-artifact?run_id={id}&path={path}"), b"").unwrap();
    assert_eq!((status, &bytes[..4]), (200, &b"PAR1"[..]), "a Parquet file");
    let model = text(&run["outputs"]["model_outputs"][0]["model_id"]);
    let model = connection.get(&format!("logged-models/{model}"))["model"].clone();
    assert_eq!(
        (text(&model["info"]["source_run_id"]), text(&model["info"]["status"])),
        (id, "LOGGED_MODEL_READY".into())
    );
    desk.is_whole();
}

#[test]
fn a_python_step_logs_into_its_own_run_and_a_quiet_one_leaves_no_trace() {
    let desk = Desk::with_flowers();
    let loud = "import mlflow\ndef run():\n    mlflow.log_metric('depth', 3)\n    mlflow.log_param('p', 'x')\n    \
                mlflow.log_text('hello', 'a.txt')\n    return {'a': [1]}";
    let path = desk.pipeline("loud", &script(loud));
    let ran = desk.atelier(&["run", &path, "--json"]).json();
    let id = text(&ran["row"]["id"]);
    let studio = desk.studio();
    let found = studio.tracking().search_runs(&search(&id)).unwrap().items;
    assert_eq!(found.len(), 1);
    let step = &found[0];
    assert_eq!((step.metrics[0].key.as_str(), step.metrics[0].value), ("depth", 3.0));
    assert_eq!(step.params, [("p".to_owned(), "x".to_owned())]);
    assert_eq!(studio::tracking::protocol_status(step.status), "FINISHED");
    assert_eq!(studio.tracking().artifacts_in(&format!("0/{}/artifacts", step.id)).unwrap()[0].name, "a.txt");
    let before = studio.runs(&studio::RunQuery::default()).unwrap().total;
    let path = desk.pipeline("quiet", &script("import mlflow\ndef run():\n    return {'a': [1]}"));
    let ran = desk.atelier(&["run", &path, "--json"]).json();
    assert!(studio.tracking().search_runs(&search(&text(&ran["row"]["id"]))).unwrap().items.is_empty());
    assert_eq!(studio.runs(&studio::RunQuery::default()).unwrap().total, before + 1);
    desk.is_whole();
}

/// The runs nested in a run.
fn search(parent: &str) -> studio::tracking::RunSearch {
    use studio::tracking::{Condition, Operator, RunField, RunSearch, Value};
    let field = RunField::Tag("mlflow.parentRunId".to_owned());
    let condition = Condition { field, operator: Operator::Equal, value: Value::Text(parent.to_owned()) };
    RunSearch { experiments: vec![0], conditions: vec![condition], limit: 10, ..RunSearch::default() }
}
