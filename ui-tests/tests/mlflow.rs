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
    peer_with(script, served, &[]);
}

fn peer_with(script: &str, served: &Served, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    command
        .arg(path)
        .arg(served.uri())
        .args(arguments)
        .current_dir(home.path())
        .env("MLFLOW_DISABLE_TELEMETRY", "true");
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

/// A bounded number of mutated requests and random filters, the same each time.
#[test]
fn mutated_requests_are_answered_as_by_mlflows_own_server() {
    let desk = Desk::new();
    peer_with("mlflow_mutate.py", &Served::start(&desk), &["--requests", "400", "--seed", "7"]);
    desk.is_whole();
}

#[test]
fn what_the_window_registers_the_real_client_finds() {
    let desk = Desk::with_flowers();
    desk.atelier(&["run", "pipelines/flowers.yaml", "--json"]).succeeds();
    let run = desk.studio().runs(&studio::RunQuery::default()).unwrap().runs.remove(0).id;
    desk.atelier(&["models", "register", "diagnosis", "--run", &run]).succeeds();
    peer("mlflow_registered.py", &Served::start(&desk));
    desk.is_whole();
}

/// The files below a folder, in bytes.
fn stored(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(
            |entry| {
                if entry.path().is_dir() {
                    stored(&entry.path())
                } else {
                    entry.metadata().map_or(0, |meta| meta.len())
                }
            },
        )
        .sum()
}

#[test]
fn what_nothing_refers_to_goes_by_itself_and_what_was_deleted_for_good() {
    let desk = Desk::new();
    let served = Served::start(&desk);
    let mut connection = served.connect();
    let run = connection.run("checkpoints");
    let blobs = desk.workspace().join(".atelier/blobs");
    let path = format!("/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/last.ckpt");
    for step in 0..20_u8 {
        let (status, _) = connection.ask("PUT", &path, &vec![step; 1 << 20]).unwrap();
        assert_eq!(status, 200);
    }
    assert!(stored(&blobs) < 2 << 20, "one copy stays of twenty: {}", stored(&blobs));
    let parts = json!({"path": "big.bin", "num_parts": 2}).to_string();
    let create = format!("/api/2.0/mlflow-artifacts/mpu/create/0/{run}/artifacts");
    let (_, made) = connection.ask("POST", &create, parts.as_bytes()).unwrap();
    let made: Json = serde_json::from_slice(&made).unwrap();
    let id = text(&made["upload_id"]);
    for part in 1..=2_u8 {
        let address = format!("/api/2.0/mlflow-artifacts/mpu/part/{id}/{part}");
        assert_eq!(connection.ask("PUT", &address, &vec![100 + part; 3 << 20]).unwrap().0, 200);
    }
    let end = json!({"path": "big.bin", "upload_id": id, "parts": []}).to_string();
    let complete = create.replace("/create/", "/complete/");
    assert_eq!(connection.ask("POST", &complete, end.as_bytes()).unwrap().0, 200);
    assert!(stored(&blobs) < 8 << 20, "the parts went when they were joined: {}", stored(&blobs));
    let (status, _) = connection.ask("DELETE", &path, b"").unwrap();
    assert_eq!(status, 200);
    assert!(stored(&blobs) < 7 << 20, "a deleted artifact frees its bytes");

    connection.post("runs/delete", &json!({"run_id": run}));
    let left = desk.atelier(&["gc"]);
    assert!(left.stdout.contains("Left 1 run and 1 file (6.3 MB) that were deleted"), "{}", left.stdout);
    let told = desk.atelier(&["gc", "--deleted-before", "0s", "--dry-run"]);
    assert!(told.stdout.contains("Would remove for good: 1 run and 1 file (6.3 MB)."), "{}", told.stdout);
    let gone = desk.atelier(&["gc", "--deleted-before", "0s"]);
    assert!(gone.stdout.contains("Removed for good: 1 run and 1 file (6.3 MB)."), "{}", gone.stdout);
    assert!(stored(&blobs) < 1 << 20, "{}", stored(&blobs));
    assert_eq!(connection.ask("GET", &format!("/api/2.0/mlflow/runs/get?run_id={run}"), b"").unwrap().0, 404);
    desk.atelier(&["gc", "--deleted-before", "yesterday"]).fails(4, &["neither an age nor a date"]);
    desk.is_whole();
}

/// Ends a program with the test.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn files_in_a_bucket_are_listed_and_read_with_the_environments_credentials() {
    use std::io::{BufRead, BufReader};
    let desk = Desk::new();
    let buckets = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/s3_folder.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(buckets.path()).stdout(std::process::Stdio::piped());
    let mut store = Ended(command.spawn().unwrap());
    let mut port = String::new();
    BufReader::new(store.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let endpoint = format!("http://127.0.0.1:{}", port.trim());
    let variables =
        [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_ENDPOINT_URL", endpoint.as_str())];
    let served = Served::with(&desk, &variables);
    let mut connection = served.connect();
    let location = json!({"name": "far", "artifact_location": "s3://models/team"});
    let experiment = text(&connection.post("experiments/create", &location)["experiment_id"]);
    let run = connection.post("runs/create", &json!({"experiment_id": experiment}))["run"]["info"]["run_id"].clone();
    let run = text(&run);
    let root = buckets.path().join("models/team").join(&run).join("artifacts");
    std::fs::create_dir_all(root.join("plots")).unwrap();
    std::fs::write(root.join("plots/a b.txt"), "hello from afar").unwrap();
    std::fs::write(root.join("weights.bin"), vec![7; 9 << 20]).unwrap();
    std::fs::write(buckets.path().join("models/secret"), "not of a run").unwrap();

    let listed = connection.get(&format!("artifacts/list?run_id={run}"));
    assert_eq!(listed["files"][0], json!({"path": "plots", "is_dir": true}));
    assert_eq!(listed["files"][1], json!({"path": "weights.bin", "is_dir": false, "file_size": 9 << 20}));
    let read = |connection: &mut Connection, path: &str| {
        connection.ask("GET", &format!("/get-artifact?run_id={run}&path={path}"), b"").unwrap()
    };
    assert_eq!(read(&mut connection, "plots/a%20b.txt"), (200, b"hello from afar".to_vec()));
    assert_eq!(read(&mut connection, "weights.bin").1, vec![7; 9 << 20], "larger than a piece");
    assert_eq!(read(&mut connection, "none").0, 404);
    assert_eq!(read(&mut connection, "../../../secret").0, 400);
    drop(served);

    // Without credentials nothing is asked, and the answer says what to set.
    let served = Served::with(&desk, &[("AWS_ENDPOINT_URL", endpoint.as_str())]);
    let (status, said) =
        served.connect().ask("GET", &format!("/api/2.0/mlflow/artifacts/list?run_id={run}"), b"").unwrap();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(status == 400 && said.contains("no credentials"), "{said}");
}

/// What a real browser makes of an address.
fn browse(address: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let programs = ["chromium", "chromium-browser", "google-chrome"];
    let found = programs.into_iter().find_map(|program| {
        let mut command = Command::new(program);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
        command.arg(format!("--user-data-dir={}", home.path().display()));
        command.args(["--virtual-time-budget=8000", "--dump-dom", address]).output().ok()
    });
    let ended = found.expect("a browser: sh ui-tests/prerequisites installs chromium");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

#[test]
fn the_address_that_the_client_prints_opens_a_page_of_the_run() {
    let desk = Desk::new();
    let served = Served::start(&desk);
    let mut connection = served.connect();
    let run = connection.run("<b>brisk</b> heron");
    let points: Vec<Json> = (0..20)
        .map(|step| json!({"key": "loss", "value": 1.0 / f64::from(step + 1), "timestamp": step, "step": step}))
        .collect();
    let hostile = "<img src=x onerror=document.title='owned'>";
    let params = json!([{"key": "depth", "value": "6"}, {"key": "note", "value": hostile}]);
    connection.post("runs/log-batch", &json!({"run_id": run, "metrics": points, "params": params}));
    let path = format!("/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/notes.txt");
    assert_eq!(connection.ask("PUT", &path, b"hello").unwrap().0, 200);

    // As MLflow's client prints it: the path behind a #, which the server never sees.
    let page = browse(&format!("{}/#/experiments/0/runs/{run}", served.uri()));
    for shown in [
        "&lt;b&gt;brisk&lt;/b&gt; heron",
        ">loss<",
        ">0.0500<",
        "<polyline",
        ">depth<",
        ">notes.txt</a>",
        "Open in Atelier",
    ] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    assert!(!page.contains("<title>owned") && !page.contains("<img"), "what was logged ran: {page}");
    let list = browse(&format!("{}/#/experiments/0", served.uri()));
    assert!(list.contains(&format!("/experiments/0/runs/{run}")), "{list}");

    let (status, _) = connection.ask("GET", "/experiments/0/runs/none", b"").unwrap();
    assert_eq!(status, 404);
}

#[test]
fn pages_ask_for_the_token_too() {
    let desk = Desk::new();
    let served = Served::with(&desk, &[("ATELIER_TOKEN", "s3cret")]);
    let mut connection = served.connect();
    for path in ["/", "/experiments/0", "/pages/style.css", "/get-artifact?run_id=x&path=y"] {
        assert_eq!(connection.ask("GET", path, b"").unwrap().0, 401, "{path}");
    }
    assert_eq!(connection.ask("POST", "/pages/open", b"run=x").unwrap().0, 401);
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
