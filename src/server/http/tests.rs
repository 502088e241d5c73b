//! The routes over a real workspace, without a socket.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use workspace::Workspace;

use super::{Call, Tracking, route};

#[path = "../examples/serve/double.rs"]
mod double;

struct Client {
    _dir: tempfile::TempDir,
    store: Arc<dyn Tracking>,
}

impl Client {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(dir.path(), "Test").unwrap();
        Self { _dir: dir, store: Arc::new(double::Double(workspace)) }
    }

    fn call(&self, method: Method, path: &str, query: &str, body: &str) -> Result<Value, (u16, String)> {
        let call = Call { get: method == Method::GET, query, body: body.as_bytes() };
        let path = format!("/api/2.0/mlflow/{path}");
        route(self.store.as_ref(), &method, &path, &call).map_err(|error| (error.code.status(), error.message))
    }

    fn post(&self, path: &str, body: Value) -> Result<Value, (u16, String)> {
        self.call(Method::POST, path, "", &body.to_string())
    }

    fn get(&self, path: &str, query: &str) -> Result<Value, (u16, String)> {
        self.call(Method::GET, path, query, "")
    }

    fn run(&self) -> String {
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
