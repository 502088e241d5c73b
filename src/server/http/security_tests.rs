//! Every advisory on MLflow's server that is about files it should not read, write or lead to, each by what it
//! was exploited with. Those on headers are in `guard`, those on paths alone in `paths`.

use axum::http::Method;
use serde_json::json;

use super::tests::Client;

/// Ways to write `../` that servers were fooled by.
const UP: [&str; 6] = ["../", "..%2f", "%2e%2e/", "%252e%252e%252f", "..%5c", "%2e%2e%5c"];

fn refused(client: &Client, method: Method, path: &str, query: &str, body: &str) {
    let status = client.ask(method.clone(), path, query, body).err().map(|(status, _)| status);
    assert!(matches!(status, Some(400 | 404)), "{method} {path}?{query} {body} was answered with {status:?}");
}

fn source(client: &Client, body: serde_json::Value) {
    refused(client, Method::POST, "/ajax-api/2.0/mlflow/model-versions/create", "", &body.to_string());
}

fn with_model() -> (Client, String) {
    let client = Client::new();
    client.post("registered-models/create", json!({"name": "m"})).unwrap();
    let run = client.run();
    (client, run)
}

/// GHSA-wp72-7hj9-5265, the first of them: `path` of `/get-artifact`.
#[test]
fn ghsa_wp72_get_artifact_leaves_no_run() {
    let (client, run) = with_model();
    for up in UP {
        let etc = format!("{}etc/passwd", up.repeat(6));
        refused(&client, Method::GET, "/get-artifact", &format!("run_uuid={run}&path={etc}"), "");
        refused(&client, Method::GET, "/api/2.0/mlflow/artifacts/list", &format!("run_id={run}&path={etc}"), "");
    }
    refused(&client, Method::GET, "/get-artifact", &format!("run_uuid={run}&path=/etc/passwd"), "");
    refused(&client, Method::GET, "/get-artifact", &format!("run_uuid={run}&path=C:/Windows/win.ini"), "");
}

/// CVE-2023-1177 and CVE-2023-2356: a version whose source is a folder of the server.
#[test]
fn cve_2023_1177_a_source_is_no_local_folder() {
    let (client, run) = with_model();
    for local in
        ["/etc/", "etc", "file:///etc", "file:/etc", "FILE:///etc", "//proc/self/root", "./etc", "C:\\Windows", "c:/x"]
    {
        source(&client, json!({"name": "m", "source": local}));
        source(&client, json!({"name": "m", "source": local, "run_id": run}));
    }
}

/// CVE-2023-2356 and CVE-2024-2928: `..` in a source that is an address.
#[test]
fn cve_2023_2356_a_source_has_no_relative_parts() {
    let (client, run) = with_model();
    for relative in [
        "mlflow-artifacts:/../../etc",
        "mlflow-artifacts://host:5000/../../../../",
        "mlflow-artifacts:/0/..%2f..%2f..%2fetc",
        "mlflow-artifacts:/0/%252e%252e/etc",
        "http://host/api/2.0/mlflow-artifacts/artifacts/../../../../",
        "http://host/api/2.0/mlflow-artifacts/artifacts%00",
        "s3://bucket/a/../../b",
        "s3:/bucket/..%2fb",
        "s3://bucket/a%00b",
        "models:/../../etc",
        "runs:/../etc",
    ] {
        source(&client, json!({"name": "m", "source": relative, "run_id": run}));
    }
}

/// CVE-2023-2780: backslashes in a `file:` address.
#[test]
fn cve_2023_2780_a_source_has_no_backslashes() {
    let (client, run) = with_model();
    for bad in ["file://\\..\\..\\etc", "\\..\\..\\etc", "mlflow-artifacts:/0\\..\\..\\etc", "file:///a\\..\\b"] {
        source(&client, json!({"name": "m", "source": bad, "run_id": run}));
    }
}

/// CVE-2023-6015 and CVE-2023-6018: an upload that writes a file of the server.
#[test]
fn cve_2023_6015_an_upload_writes_no_file_outside() {
    for up in UP {
        let path = format!("{}tmp/pwned", up.repeat(8));
        let decoded = percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned();
        assert!(crate::paths::safe(&decoded).is_err(), "{path}");
    }
    let (client, run) = with_model();
    let small = |path: &str| format!("run_uuid={run}&path={path}");
    for path in
        ["../../pwned", "/tmp/pwned", "..%252fpwned", "a/../../../b", "%2ftmp%2fpwned", "file:%2f%2f%2ftmp%2fpwned"]
    {
        refused(&client, Method::POST, "/ajax-api/2.0/mlflow/upload-artifact", &small(path), "data");
    }
    let large = "a".repeat((10 << 20) + 1);
    refused(&client, Method::POST, "/ajax-api/2.0/mlflow/upload-artifact", &small("a"), &large);
}

/// CVE-2023-6753, CVE-2023-6831, CVE-2024-1560: a deletion that leaves the artifacts, also twice encoded.
#[test]
fn cve_2023_6831_a_deletion_leaves_what_is_not_its() {
    let (client, run) = with_model();
    client.put(&format!("0/{run}/artifacts/kept"), b"x");
    let root = "/api/2.0/mlflow-artifacts/artifacts/";
    for up in UP {
        let up = up.replace('%', "%25");
        refused(&client, Method::DELETE, &format!("{root}0/x/{up}{up}{up}etc"), "", "");
    }
    for path in ["..", "%2e%2e", "%252e%252e%252f", "0/..%2f..", "%2fetc", ".", "", "%2e"] {
        refused(&client, Method::DELETE, &format!("{root}{path}"), "", "");
    }
    assert!(client.app.studio.tracking().open_artifact(&format!("0/{run}/artifacts/kept")).is_ok());
}

/// CVE-2023-6909, CVE-2024-1483, CVE-2024-1593, CVE-2024-1594, CVE-2024-3848, CVE-2024-8859: an experiment
/// whose place turns into a folder of the server by its query, parameters, fragment or scheme.
#[test]
fn cve_2024_3848_an_experiment_lies_in_no_folder_of_the_server() {
    let (client, _) = with_model();
    let places = [
        "http:///#/../../../../etc/",
        "http://host/a?/../../../../etc",
        "mlflow-artifacts:/a;/../../etc",
        "mlflow-artifacts:/%2e%2e/%2e%2e/etc",
        "mlflow-artifacts:/../../etc",
        "dbfs:/../../etc",
        "file:///etc",
        "/etc",
        "etc",
    ];
    for (number, place) in places.into_iter().enumerate() {
        let body = json!({"name": format!("e{number}"), "artifact_location": place});
        let Ok(made) = client.post("experiments/create", body) else { continue };
        // A client may keep its artifacts where it likes, but this server never looks there.
        let run = client.post("runs/create", json!({"experiment_id": made["experiment_id"]})).unwrap();
        let run = run["run"]["info"]["run_id"].as_str().unwrap().to_owned();
        for path in ["passwd", "hostname", ""] {
            refused(&client, Method::GET, "/get-artifact", &format!("run_id={run}&path={path}"), "");
        }
        // A place that nothing was logged to is empty; what lies beside it is never listed.
        if let Ok(listed) = client.get("artifacts/list", &format!("run_id={run}")) {
            assert!(listed.get("files").is_none(), "{place}: {listed}");
        }
        for path in ["..", "../..", "%2e%2e", "..%2f.."] {
            refused(&client, Method::GET, "/api/2.0/mlflow/artifacts/list", &format!("run_id={run}&path={path}"), "");
        }
        refused(&client, Method::POST, "/ajax-api/2.0/mlflow/upload-artifact", &format!("run_uuid={run}&path=a"), "x");
        source(&client, json!({"name": "m", "source": "/etc", "run_id": run}));
        source(&client, json!({"name": "m", "source": "file:///etc/", "run_id": run}));
    }
}

/// CVE-2024-1558: a source that is encoded once more than it is checked.
#[test]
fn cve_2024_1558_a_source_is_decoded_before_it_is_checked() {
    let (client, run) = with_model();
    for bad in [
        "http://h/%2525%32%65%2525%32%65/etc",
        "s3://b/%252e%252e/%252e%252e/etc",
        "mlflow-artifacts:/%25%32%65%25%32%65/x",
    ] {
        source(&client, json!({"name": "m", "source": bad, "run_id": run}));
    }
}

/// CVE-2026-2614: a tag that says "prompt" lets any source in.
#[test]
fn cve_2026_2614_a_prompt_has_no_source() {
    let (client, run) = with_model();
    for bad in ["/etc", "file:///etc", "s3://bucket/a", "mlflow-artifacts:/0/x"] {
        let tags = json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]);
        source(&client, json!({"name": "m", "source": bad, "tags": tags}));
        let tags = json!([{"key": "mlflow.prompt.is_prompt", "value": "false"}, {"key": "mlflow.prompt.is_prompt", "value": "TRUE"}]);
        source(&client, json!({"name": "m", "source": bad, "tags": tags, "run_id": run}));
    }
}

/// CVE-2025-11201 and what MLflow 3.10 and later add: a source of somebody else's run or host.
#[test]
fn a_source_lies_in_its_own_run_and_on_this_server() {
    let (client, run) = with_model();
    let other = client.run();
    client.put(&format!("0/{other}/artifacts/model/MLmodel"), b"x");
    for bad in [
        format!("mlflow-artifacts:/0/{other}/artifacts/model"),
        format!("mlflow-artifacts:/0/{run}/artifacts/../../{other}/artifacts"),
        format!("mlflow-artifacts:/0/{run}"),
        format!("runs:/{other}/model"),
        format!("runs://host/{run}/model"),
        "models:/m-0123".to_owned(),
        "ftp://evil.com/a".to_owned(),
        "http://169.254.169.254/latest".to_owned(),
        format!("mlflow-artifacts://evil.com/0/{run}/artifacts"),
    ] {
        source(&client, json!({"name": "m", "source": bad, "run_id": run}));
    }
    let own = json!({"name": "m", "source": format!("mlflow-artifacts:/0/{run}/artifacts/model"), "run_id": run});
    client.post("model-versions/create", own).unwrap();
    client
        .post("model-versions/create", json!({"name": "m", "source": format!("runs:/{run}/model"), "run_id": run}))
        .unwrap();
}

/// CVE-2023-43472, CVE-2024-27132 and such need a page of ours that shows what clients wrote; there is none.
/// CVE-2026-2393 and CVE-2025-52967: nothing here connects to an address that a client names.
#[test]
fn cve_2026_2393_nothing_connects_to_where_a_client_says() {
    let (client, _) = with_model();
    for path in ["webhooks", "gateway-proxy", "gateway/endpoints/create", "runs/create-promptlab-run"] {
        assert_eq!(client.post(path, json!({"url": "http://169.254.169.254/"})).unwrap_err().0, 501, "{path}");
    }
    assert_eq!(client.ask(Method::POST, "/graphql", "", "{}").err().unwrap().0, 501, "CVE-2025-0453");
}

/// What a symbolic link in the workspace points at is not served: files are found by digest alone.
#[test]
#[cfg(unix)]
fn a_symbolic_link_leads_nowhere() {
    let (client, run) = with_model();
    let folder = client.app.studio.folder().join(".atelier");
    for name in ["artifacts", "0"] {
        std::os::unix::fs::symlink("/etc", folder.join(name)).unwrap();
        std::os::unix::fs::symlink("/etc", client.app.studio.folder().join(name)).unwrap();
    }
    refused(&client, Method::GET, "/get-artifact", &format!("run_id={run}&path=passwd"), "");
    refused(&client, Method::GET, "/api/2.0/mlflow-artifacts/artifacts/0/passwd", "", "");
}
