//! The routes over a real workspace, without a socket.

use axum::http::Method;
use serde_json::{Value, json};
use studio::Studio;

use super::{Answer, App, Call, route};
use crate::guard::Guard;

pub(super) struct Client {
    _dir: tempfile::TempDir,
    pub app: App,
}

impl Client {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let studio = Studio::create(dir.path(), "Test").unwrap();
        let guard = Guard::new(([127, 0, 0, 1], 5000).into(), &[], None);
        Self { _dir: dir, app: App { studio, guard, clients: None, uploads: super::multipart::Uploads::default() } }
    }

    /// Answers a call to a whole path.
    pub fn ask(&self, method: Method, path: &str, query: &str, body: &str) -> Result<Answer, (u16, String)> {
        let call = Call {
            method: &method,
            host: "localhost:5000",
            query,
            content_type: Some("application/json"),
            body: body.as_bytes(),
            client: None,
        };
        route(&self.app, path, &call).map_err(|error| (error.code.status(), error.message))
    }

    pub fn call(&self, method: Method, path: &str, query: &str, body: &str) -> Result<Value, (u16, String)> {
        match self.ask(method, &format!("/api/2.0/mlflow/{path}"), query, body)? {
            Answer::Json(value) => Ok(value),
            _ => panic!("{path} is no JSON"),
        }
    }

    /// Puts a file among the artifacts, as an upload does.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let store = self.app.studio.tracking();
        let mut upload = store.upload().unwrap();
        std::io::Write::write_all(&mut upload, bytes).unwrap();
        store.finish_upload(upload, path).unwrap();
    }

    pub fn post(&self, path: &str, body: Value) -> Result<Value, (u16, String)> {
        self.call(Method::POST, path, "", &body.to_string())
    }

    pub fn get(&self, path: &str, query: &str) -> Result<Value, (u16, String)> {
        self.call(Method::GET, path, query, "")
    }

    pub fn run(&self) -> String {
        let body = json!({"experiment_id": "0", "start_time": 5, "tags": [{"key": "mlflow.runName", "value": "a"}]});
        self.post("runs/create", body).unwrap()["run"]["info"]["run_id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_run_is_logged_and_found() {
    let client = Client::new();
    let run = client.run();
    let batch = json!({
        "run_id": run,
        "metrics": [{"key": "m", "value": "NaN", "timestamp": 1, "step": "2"}, {"key": "l", "value": 1, "timestamp": 1}],
        "params": [{"key": "p", "value": "x"}],
        "tags": [{"key": "t", "value": "y"}],
    });
    assert_eq!(client.post("runs/log-batch", batch).unwrap(), json!({}));
    let seen = client.get("runs/get", &format!("run_id={run}")).unwrap();
    assert_eq!(seen["run"]["data"]["metrics"][1]["value"], "NaN");
    assert_eq!(seen["run"]["info"]["artifact_uri"], format!("mlflow-artifacts:/0/{run}/artifacts"));
    let search =
        json!({"experiment_ids": ["0"], "filter": "params.p = 'x' AND metrics.l < 2", "order_by": ["metrics.l"]});
    assert_eq!(client.post("runs/search", search).unwrap()["runs"].as_array().unwrap().len(), 1);
    let none = json!({"experiment_ids": ["0"], "filter": "params.p = 'z'"});
    assert_eq!(client.post("runs/search", none).unwrap(), json!({}));
    let ended = client.post("runs/update", json!({"run_id": run, "status": "FINISHED", "end_time": "9"})).unwrap();
    assert_eq!((&ended["run_info"]["status"], &ended["run_info"]["end_time"]), (&json!("FINISHED"), &json!(9)));
    let history = client.get("metrics/get-history", &format!("run_id={run}&metric_key=l&max_results=1")).unwrap();
    assert_eq!(history["metrics"][0]["value"], 1.0);
    let bulk = client.get("metrics/get-history-bulk", &format!("run_id={run}&run_id=x&metric_key=l")).unwrap();
    assert_eq!(bulk["metrics"][0]["run_id"], run);
    let sampled = client.get("metrics/get-history-bulk-interval", &format!("run_ids={run}&metric_key=l")).unwrap();
    assert_eq!(sampled["metrics"].as_array().unwrap().len(), 1);
}

#[test]
fn pages_follow_one_another() {
    let client = Client::new();
    let runs: Vec<String> = (0..5).map(|_| client.run()).collect();
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let body = json!({"experiment_ids": ["0"], "max_results": 2, "page_token": token});
        let page = client.post("runs/search", body).unwrap();
        seen.extend(
            page["runs"].as_array().unwrap().iter().map(|run| run["info"]["run_id"].as_str().unwrap().to_owned()),
        );
        token = page["next_page_token"].clone();
        if token.is_null() {
            break;
        }
    }
    let mut expected = runs;
    expected.sort();
    assert_eq!(seen, expected, "of the same start, by id");
}

#[test]
fn errors_have_mlflows_words_and_statuses() {
    let client = Client::new();
    let said = |answer: Result<Value, (u16, String)>| answer.unwrap_err();
    assert_eq!(said(client.get("runs/get", "run_id=x")), (404, "Run with id=x not found".into()));
    let run = client.run();
    let two = |value: &str| json!({"run_id": run, "key": "p", "value": value});
    client.post("runs/log-parameter", two("1")).unwrap();
    assert_eq!(said(client.post("runs/log-parameter", two("2"))).0, 400);
    assert_eq!(
        said(client.post("runs/search", json!({"experiment_ids": ["0"], "order_by": ["start_time", "created"]}))).0,
        500
    );
    assert_eq!(
        said(client.post("runs/search", json!({"experiment_ids": ["x"]}))).1,
        "Invalid experiment ID 'x'. Experiment ID must be a valid integer."
    );
    assert_eq!(said(client.get("nothing/here", "")).0, 404);
    assert_eq!(said(client.post("traces/search", json!({}))).0, 501);
    let taken = json!({"name": "Default"});
    assert_eq!(said(client.post("experiments/create", taken)).0, 400);
    let missing = said(client.post("runs/log-metric", json!({"run_id": run}))).1;
    assert!(missing.starts_with("Missing value for required parameter 'key'."));
}

#[test]
fn experiments_live_and_die() {
    let client = Client::new();
    let body = json!({"name": "Churn", "tags": [{"key": "a", "value": "b"}]});
    let id = client.post("experiments/create", body).unwrap()["experiment_id"].clone();
    let found = client.get("experiments/get-by-name", "experiment_name=Churn").unwrap();
    assert_eq!(found["experiment"]["tags"][0]["value"], "b");
    client.post("experiments/delete", json!({"experiment_id": id})).unwrap();
    let active = client.post("experiments/search", json!({"max_results": 10})).unwrap();
    assert_eq!(active["experiments"].as_array().unwrap().len(), 1);
    client.post("experiments/restore", json!({"experiment_id": id})).unwrap();
    client.post("experiments/update", json!({"experiment_id": id, "new_name": "New +"})).unwrap();
    assert!(client.get("experiments/get-by-name", "experiment_name=New%20%2B").is_ok());
    // An old client's body, encoded twice.
    let twice = json!(json!({"experiment_id": id}).to_string()).to_string();
    assert!(client.call(Method::POST, "experiments/delete", "", &twice).is_ok());
}

#[test]
fn a_model_is_registered_staged_and_found_by_alias() {
    let client = Client::new();
    let run = client.run();
    let model =
        json!({"experiment_id": "0", "name": "clf", "source_run_id": run, "params": [{"key": "c", "value": "1"}]});
    let model = client.post("logged-models", model).unwrap()["model"]["info"].clone();
    let id = model["model_id"].as_str().unwrap().to_owned();
    let root = format!("0/models/{id}/artifacts");
    assert_eq!(model["artifact_uri"], format!("mlflow-artifacts:/{root}"));
    client.put(&format!("{root}/MLmodel"), b"flavors: {}");
    let ready = json!({"model_id": id, "status": "LOGGED_MODEL_READY"});
    let done = client.call(Method::PATCH, &format!("logged-models/{id}"), "", &ready.to_string()).unwrap();
    assert_eq!(done["model"]["info"]["status"], "LOGGED_MODEL_READY");
    let folder = client.get(&format!("logged-models/{id}/artifacts/directories"), "").unwrap();
    assert_eq!(folder["files"][0]["path"], "MLmodel");
    client.post("registered-models/create", json!({"name": "churn"})).unwrap();
    let source = json!({"name": "churn", "source": format!("models:/{id}"), "model_id": id});
    let version = client.post("model-versions/create", source).unwrap()["model_version"].clone();
    assert_eq!((&version["version"], &version["run_id"]), (&json!("1"), &json!(run)));
    let uri = client.get("model-versions/get-download-uri", "name=churn&version=1").unwrap();
    assert_eq!(uri["artifact_uri"], format!("mlflow-artifacts:/{root}"));
    client.post("registered-models/alias", json!({"name": "churn", "alias": "best", "version": "1"})).unwrap();
    let found = client.get("registered-models/alias", "name=churn&alias=best").unwrap();
    assert_eq!(found["model_version"]["aliases"], json!(["best"]));
    let stage = json!({"name": "churn", "version": "1", "stage": "production"});
    client.post("model-versions/transition-stage", stage).unwrap();
    let latest =
        client.post("registered-models/get-latest-versions", json!({"name": "churn", "stages": ["Production"]}));
    assert_eq!(latest.unwrap()["model_versions"][0]["current_stage"], "Production");
    let copied = json!({"name": "churn", "source": "models:/churn@best"});
    assert_eq!(client.post("model-versions/create", copied).unwrap()["model_version"]["source"], "models:/churn/1");
    let versions = client.get("model-versions/search", "filter=name%3D'churn'&order_by=version_number+ASC").unwrap();
    assert_eq!(versions["model_versions"].as_array().unwrap().len(), 2);
    let tagged = client.get(&format!("logged-models/{id}"), "").unwrap();
    let tags = tagged["model"]["info"]["tags"].as_array().unwrap().clone();
    let told = tags.iter().find(|tag| tag["key"] == "mlflow.modelVersions").unwrap();
    assert_eq!(told["value"], r#"[{"name": "churn", "version": 1}, {"name": "churn", "version": 2}]"#);
}

#[test]
fn a_prompt_is_a_model_with_a_tag_and_neither_takes_the_others_name() {
    let client = Client::new();
    let prompt = json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]);
    client.post("registered-models/create", json!({"name": "greet", "tags": prompt})).unwrap();
    let version = json!({"name": "greet", "source": "dummy-source", "tags": prompt});
    assert_eq!(client.post("model-versions/create", version).unwrap()["model_version"]["version"], "1");
    let said = client.post("registered-models/create", json!({"name": "greet"})).unwrap_err().1;
    assert!(said.starts_with("Tried to create a registered model with name 'greet'"), "{said}");
    assert_eq!(client.get("registered-models/search", "").unwrap(), json!({}), "not among the models");
}

#[test]
fn artifacts_are_listed_read_and_deleted() {
    let client = Client::new();
    let run = client.run();
    client.put(&format!("0/{run}/artifacts/plots/a.png"), b"png");
    let listed = client.get("artifacts/list", &format!("run_id={run}&path=plots")).unwrap();
    assert_eq!(listed["files"], json!([{"path": "plots/a.png", "is_dir": false, "file_size": 3}]));
    assert_eq!(listed["root_uri"], format!("mlflow-artifacts:/0/{run}/artifacts"));
    let ask = |method, path: &str, query: &str| client.ask(method, path, query, "");
    let file = ask(Method::GET, &format!("/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/plots/a.png"), "");
    assert!(matches!(file, Ok(Answer::File(_))));
    let file = ask(Method::GET, "/get-artifact", &format!("run_id={run}&path=plots/a.png"));
    assert!(matches!(file, Ok(Answer::File(_))));
    assert_eq!(ask(Method::GET, "/get-artifact", &format!("run_id={run}&path=plots")).err().unwrap().0, 400);
    ask(Method::DELETE, &format!("/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/plots"), "").unwrap();
    assert_eq!(ask(Method::GET, "/get-artifact", &format!("run_id={run}&path=plots/a.png")).err().unwrap().0, 404);
}

#[test]
fn parts_are_joined_in_their_order() {
    let client = Client::new();
    let ask = |path: &str, body: Value| match client.ask(
        Method::POST,
        &format!("/api/2.0/mlflow-artifacts/mpu/{path}"),
        "",
        &body.to_string(),
    ) {
        Ok(Answer::Json(value)) => Ok(value),
        Ok(_) => panic!("no JSON"),
        Err(error) => Err(error),
    };
    let made = ask("create/0/r/artifacts", json!({"path": "/home/me/big.bin", "num_parts": 2})).unwrap();
    let id = made["upload_id"].as_str().unwrap().to_owned();
    assert_eq!(
        made["credentials"][1]["url"],
        format!("http://localhost:5000/api/2.0/mlflow-artifacts/mpu/part/{id}/2")
    );
    let end = json!({"path": "/home/me/big.bin", "upload_id": id, "parts": []});
    let part = |number: usize, bytes: &[u8]| {
        let mut upload = client.app.studio.tracking().upload().unwrap();
        std::io::Write::write_all(&mut upload, bytes).unwrap();
        client.app.uploads.put_part(&client.app.studio, &id, number, upload).unwrap()
    };
    assert!(client.app.uploads.check_part(&id, 3).is_err());
    part(2, b" world");
    assert_eq!(part(1, b"hello").len(), 66, "a quoted digest");
    assert!(ask("complete/0/other", end.clone()).is_err(), "to another place");
    ask("complete/0/r/artifacts", end.clone()).unwrap();
    assert_eq!(ask("complete/0/r/artifacts", end).unwrap_err().0, 404, "once");
    let (artifact, _) = client.app.studio.tracking().open_artifact("0/r/artifacts/big.bin").unwrap();
    assert_eq!(artifact.blob.size, 11);
}

#[test]
fn what_is_not_there_says_so_in_mlflows_shape() {
    let client = Client::new();
    for path in ["traces/search", "scorers/list", "gateway/secrets/list", "webhooks", "datasets/search", "issues"] {
        assert_eq!(client.post(path, json!({})).unwrap_err().0, 501, "{path}");
    }
    assert_eq!(client.get("server-info", "").unwrap()["store_type"], "SqlStore");
    assert!(matches!(client.ask(Method::GET, "/version", "", ""), Ok(Answer::Text(_, "3.17.2"))));
}

/// Sends a body as it stands.
fn raw(client: &Client, path: &str, body: &str) -> Result<Value, (u16, String)> {
    client.call(Method::POST, path, "", body)
}

#[test]
fn half_a_request_makes_nothing() {
    let client = Client::new();
    let whole = r#"{"experiment_id": "0", "start_time": 1, "run_name": "x", "tags": [{"key": "a", "value": "b"}]}"#;
    for end in 1..whole.len() {
        assert_eq!(raw(&client, "runs/create", &whole[..end]).unwrap_err().0, 400, "{}", &whole[..end]);
    }
    let run = client.run();
    for body in ["", "null", "[]", "5", "\"x\"", "not json", "{\"run_id\": 0x1}"] {
        let paths = [
            "runs/create",
            "runs/log-metric",
            "runs/log-batch",
            "runs/delete",
            "experiments/create",
            "experiments/delete",
            "registered-models/create",
            "model-versions/create",
            "logged-models",
        ];
        for path in paths {
            assert_eq!(raw(&client, path, body).unwrap_err().0, 400, "{path} {body}");
        }
    }
    // Nothing is required there, so that an empty body would do.
    assert_eq!(raw(&client, "runs/search", "{\"experiment_ids\": [\"0\"").unwrap_err().0, 400);
    let said = raw(&client, "runs/log-metric", "{").unwrap_err().1;
    assert!(said.starts_with("Missing value for required parameter 'run_id'."), "{said}");
    let all = client.post("runs/search", json!({"experiment_ids": ["0"]})).unwrap();
    assert_eq!(all["runs"].as_array().unwrap().len(), 1, "only the whole one");
    assert_eq!(client.get("runs/get", &format!("run_id={run}")).unwrap()["run"]["info"]["lifecycle_stage"], "active");
}

#[test]
fn a_body_is_read_as_python_writes_it() {
    let client = Client::new();
    let run =
        raw(&client, "runs/create", "\u{feff}{\"experiment_id\": \"0\"}").unwrap()["run"]["info"]["run_id"].clone();
    let run = run.as_str().unwrap();
    let cases = [
        ("NaN", json!("NaN")),
        ("Infinity", json!(f64::MAX)),
        ("-Infinity", json!(f64::MIN)),
        ("1e309", json!(f64::MAX)),
        ("-1e400", json!(f64::MIN)),
        ("\"1e309\"", json!(f64::MAX)),
        ("\" 5 \"", json!(5.0)),
        ("\"1_000\"", json!(1000.0)),
        ("\"inf\"", json!(f64::MAX)),
        ("true", json!(1.0)),
        ("123456789012345678901234567890", json!(1.2345678901234568e29)),
    ];
    for (n, (written, stored)) in cases.into_iter().enumerate() {
        let body = format!("{{\"run_id\": \"{run}\", \"key\": \"k{n}\", \"value\": {written}, \"timestamp\": 7}}");
        raw(&client, "runs/log-metric", &body).unwrap();
        let batch = format!("{{\"key\": \"b{n}\", \"value\": {written}, \"timestamp\": 7}}");
        raw(&client, "runs/log-batch", &format!("{{\"run_id\": \"{run}\", \"metrics\": [{batch}]}}")).unwrap();
        for key in ["k", "b"] {
            let seen = client.get("metrics/get-history", &format!("run_id={run}&metric_key={key}{n}")).unwrap();
            assert_eq!(seen["metrics"][0]["value"], stored, "{written}");
            assert_eq!(seen["metrics"][0]["timestamp"], 7, "{written}");
        }
    }
    for wrong in ["\"abc\"", "[]", "{}", "null", "\"1__0\"", "\"0x10\""] {
        let body = format!("{{\"run_id\": \"{run}\", \"key\": \"w\", \"value\": {wrong}, \"timestamp\": 7}}");
        assert_eq!(raw(&client, "runs/log-metric", &body).unwrap_err().0, 400, "{wrong}");
    }
    for wrong in ["NaN", "1.5", "1e309", "9223372036854775808", "true", "\"x\""] {
        let body = format!("{{\"run_id\": \"{run}\", \"key\": \"w\", \"value\": 1, \"timestamp\": {wrong}}}");
        let said = raw(&client, "runs/log-metric", &body).unwrap_err().1;
        assert!(said.contains("for parameter 'timestamp' supplied"), "{said}");
    }
    let two = raw(&client, "runs/create", "{\"experimentId\": \"0\", \"experiment_id\": \"0\"}").unwrap_err().1;
    assert_eq!(two, "Request specifies both 'experiment_id' and 'experimentId'; provide only one of them.");
}

#[test]
fn a_version_without_a_source_is_refused() {
    let client = Client::new();
    let empty = json!({"name": "m", "source": "", "run_id": client.run()});
    client.post("registered-models/create", json!({"name": "m"})).unwrap();
    assert_eq!(client.post("model-versions/create", empty).unwrap_err().0, 400);
}

#[test]
fn histories_of_runs_that_are_not_there_are_empty() {
    let client = Client::new();
    let run = client.run();
    client.post("runs/log-metric", json!({"run_id": run, "key": "m", "value": 1, "timestamp": 1})).unwrap();
    let none = "0".repeat(32);
    assert_eq!(client.get("metrics/get-history", &format!("run_id={none}&metric_key=m")).unwrap(), json!({}));
    let both = format!("run_ids={none}&run_ids={run}&metric_key=m");
    let bulk = client.get("metrics/get-history-bulk-interval", &both).unwrap();
    assert_eq!(bulk["metrics"].as_array().unwrap().len(), 1, "the good ones are answered");
}

#[test]
fn names_of_files_are_those_that_mlflow_keeps() {
    let client = Client::new();
    let run = client.run();
    let root = format!("/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts");
    for (sent, kept) in
        [("t%09x.txt", "tx.txt"), ("c%0Dr", "cr"), ("b%5Cs.txt", "b\\s.txt"), ("d%5Ce/f", "d\\e/f"), ("%01", "%01")]
    {
        let Some(super::files::Upload::File(path)) = super::files::upload_path(&Method::PUT, &format!("{root}/{sent}"))
        else {
            panic!("{sent} is no upload");
        };
        client.put(&crate::paths::safe(&path).unwrap(), b"x");
        assert!(matches!(client.ask(Method::GET, &format!("{root}/{sent}"), "", ""), Ok(Answer::File(_))), "{sent}");
        assert!(client.app.studio.tracking().open_artifact(&format!("0/{run}/artifacts/{kept}")).is_ok(), "{kept}");
    }
    assert!(super::files::upload_path(&Method::PUT, &format!("{root}/a%0Ab")).is_none(), "a name of two lines");
    assert_eq!(client.ask(Method::GET, &format!("{root}/a%0Ab"), "", "").err().unwrap().0, 404);
}

#[test]
fn an_experiment_says_where_its_files_lie() {
    let client = Client::new();
    let folder = client.app.studio.folder().display().to_string();
    let place = |name: &str, location: &str| -> Result<String, (u16, String)> {
        let made = client.post("experiments/create", json!({"name": name, "artifact_location": location}))?;
        let id = made["experiment_id"].as_str().unwrap().to_owned();
        let found = client.get("experiments/get", &format!("experiment_id={id}"))?;
        Ok(found["experiment"]["artifact_location"].as_str().unwrap().to_owned())
    };
    assert_eq!(place("a", "my_location").unwrap(), format!("{folder}/my_location"));
    assert_eq!(place("b", "./a//b").unwrap(), format!("{folder}/a/b"));
    assert_eq!(place("c", "file:rel").unwrap(), format!("file://{folder}/rel"));
    for kept in ["/abs/x", "file:///abs", "s3://b/p?q=1", "gs://b", "dbfs:/x", "C:\\x", "mlflow-artifacts:/x/y"] {
        assert_eq!(place(kept, kept).unwrap(), kept);
    }
    for chosen in ["http://h/p", "hdfs://a/b", "ftp://h", "mlflow-artifacts://h/x"] {
        let said = place(chosen, chosen).unwrap_err().1;
        assert!(said.starts_with("'artifact_location' cannot use the"), "{said}");
    }
}

#[test]
fn files_that_lie_in_a_folder_are_listed_and_read() {
    let client = Client::new();
    let dir = tempfile::tempdir().unwrap();
    let location = format!("file://{}", dir.path().display());
    let made = client.post("experiments/create", json!({"name": "there", "artifact_location": location})).unwrap();
    let run = client.post("runs/create", json!({"experiment_id": made["experiment_id"]})).unwrap();
    let run = run["run"]["info"]["run_id"].as_str().unwrap().to_owned();
    let list = |path: &str| client.get("artifacts/list", &format!("run_id={run}&path={path}")).unwrap();
    assert_eq!(list("")["files"], Value::Null, "nothing was logged yet");
    let root = dir.path().join(&run).join("artifacts/plots");
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(root.join("a.txt"), "hello").unwrap();
    assert_eq!(list("")["files"], json!([{"path": "plots", "is_dir": true}]));
    assert_eq!(list("plots")["files"], json!([{"path": "plots/a.txt", "is_dir": false, "file_size": 5}]));
    let file = client.ask(Method::GET, "/get-artifact", &format!("run_id={run}&path=plots/a.txt"), "");
    assert!(matches!(file, Ok(Answer::File(_))));
    assert_eq!(client.ask(Method::GET, "/get-artifact", &format!("run_id={run}&path=plots"), "").err().unwrap().0, 400);
    let upload = format!("run_uuid={run}&path=b");
    let refused = client.ask(Method::POST, "/ajax-api/2.0/mlflow/upload-artifact", &upload, "x");
    assert_eq!(refused.err().unwrap().0, 400, "nothing is written there");
}

#[test]
fn tags_that_are_too_long_to_be_set_are_removed_or_not_found() {
    let client = Client::new();
    client.post("registered-models/create", json!({"name": "m"})).unwrap();
    let long = "a".repeat(300);
    let untag = |key: &str| {
        client.call(Method::DELETE, "registered-models/delete-tag", "", &json!({"name": "m", "key": key}).to_string())
    };
    assert_eq!(untag(&long).unwrap(), json!({}));
    assert_eq!(untag("../x").unwrap_err().0, 400);
    assert_eq!(client.post("runs/delete-tag", json!({"run_id": client.run(), "key": long})).unwrap_err().0, 404);
}

#[test]
fn a_name_is_needed_to_rename() {
    let client = Client::new();
    for body in [json!({"experiment_id": "0"}), json!({"experiment_id": "0", "new_name": ""})] {
        let (status, said) = client.post("experiments/update", body).unwrap_err();
        assert!(status == 400 && said.starts_with("Missing value for required parameter 'new_name'."), "{said}");
    }
}

#[test]
fn a_filter_of_spaces_is_no_filter() {
    let client = Client::new();
    let blank = json!({"experiment_ids": ["0"], "filter": "  "});
    assert_eq!(client.post("runs/search", blank.clone()).unwrap_err().1, "Invalid filter '  '. Could not be parsed.");
    assert_eq!(client.post("logged-models/search", blank).unwrap_err().0, 400);
    let stages = |stage: &str| json!({"experiment_ids": ["0"], "filter": format!("lifecycle_stage = {stage}")});
    client.post("logged-models", json!({"experiment_id": "0", "name": "m"})).unwrap();
    let active = client.post("logged-models/search", stages("active")).unwrap();
    assert_eq!(active["models"].as_array().unwrap().len(), 1, "without quotes too");
    assert_eq!(client.post("logged-models/search", stages("'deleted'")).unwrap(), json!({}));
}

#[test]
fn slashes_may_be_doubled() {
    assert_eq!(super::squeeze("//api/2.0//mlflow///x"), "/api/2.0/mlflow/x");
    assert_eq!(super::squeeze("/"), "/");
}
