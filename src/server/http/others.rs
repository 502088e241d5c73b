//! What is no part of this server, said as MLflow says it: traces and all that hangs on them, the gateway,
//! webhooks, workspaces of its own kind, and its pages.

use axum::http::StatusCode;
use serde_json::json;

use super::VERSION;
use super::answer::Answer;
use crate::error::{Code, Error, Result};

/// Below `mlflow/`: parts of the protocol that answer "not implemented".
const NOT_IMPLEMENTED: [&str; 22] = [
    "traces",
    "unified-traces",
    "get-online-trace-details",
    "get-trace-artifact",
    "assessments",
    "issues",
    "label-schemas",
    "datasets",
    "scorers",
    "gateway",
    "gateway-proxy",
    "gateway-config",
    "prompt-optimization",
    "review-queues",
    "webhooks",
    "jobs",
    "assistant",
    "scorer",
    "genai",
    "ui-telemetry",
    "mcp",
    "demo",
];

/// Answers what is not below an API's prefix; `None` for what is.
pub(super) fn outside(path: &str) -> Option<Result<Answer>> {
    let refused =
        |what: &str| Some(Err(Error::new(Code::NotImplemented, format!("{what} not implemented by this server."))));
    match path {
        "/health" => Some(Ok(Answer::Text(StatusCode::OK, "OK"))),
        "/version" => Some(Ok(Answer::Text(StatusCode::OK, VERSION))),
        "/graphql" | "/ajax-api/graphql" => refused("GraphQL is"),
        "/metrics" => refused("Metrics of the server itself are"),
        path if path.starts_with("/v1/traces") => refused("Traces are"),
        path if path.starts_with("/gateway/") => refused("The gateway is"),
        _ => None,
    }
}

/// Answers what lies below `mlflow/` and is none of the parts that are there; `None` for what nobody has.
pub(super) fn answer(path: &str) -> Option<Result<Answer>> {
    let refused = |code, message: String| Some(Err(Error::new(code, message)));
    match path {
        "server-info" => Some(Ok(Answer::Json(json!({
            "store_type": "SqlStore",
            "workspaces_enabled": false,
            "trace_archival_enabled": false,
            "multipart_uploads_enabled": true,
            "multipart_downloads_enabled": false,
            "presigned_upload_run_id_supported": true,
            "presigned_upload_model_id_supported": true,
            "features_enabled": {"gateway": false},
        })))),
        "artifacts/presigned-upload-url" | "artifacts/presigned-download-url" => refused(
            Code::InvalidParameterValue,
            "Presigned addresses are not supported for proxied artifact storage (artifact URI scheme: \
             mlflow-artifacts). This endpoint requires a direct cloud storage artifact URI."
                .to_owned(),
        ),
        "runs/create-promptlab-run" => {
            refused(Code::NotImplemented, "Promptlab is not implemented by this server.".into())
        }
        _ => {
            let part = path.split('/').next().unwrap_or_default();
            if part == "workspaces" {
                const DISABLED: &str = "Endpoint disabled because the server is running without workspaces support. To \
                                        enable workspace, run `mlflow server` with `--enable-workspaces`";
                return Some(Ok(Answer::Text(StatusCode::SERVICE_UNAVAILABLE, DISABLED)));
            }
            let known = NOT_IMPLEMENTED.contains(&part);
            known.then(|| Err(Error::new(Code::NotImplemented, format!("`{part}` is not implemented by this server."))))
        }
    }
}
