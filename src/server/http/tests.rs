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
        let call = Call { method: &method, host: "localhost:5000", query, body: body.as_bytes(), client: None };
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
