//! The routes of the tracking protocol.
//!
//! Invariants: nothing here waits on the async threads (each request's work runs on a blocking one, so
//! that many clients' writes meet in one commit); every error leaves as MLflow's JSON; what is not
//! implemented says so; a file is never whole in memory.

mod answer;
mod artifacts;
mod call;
mod experiments;
mod files;
mod logged_models;
mod models;
mod multipart;
mod others;
mod runs;
mod sources;
mod versions;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use studio::tracking::Tracking;
use studio::{Clients, Studio};

use answer::Answer;
use call::Call;

use crate::error::{Code, Error, Result};
use crate::guard::Guard;

/// The version of MLflow that this speaks as.
pub const VERSION: &str = "3.17.2";

/// The largest body of a request that is no file, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// What requests share.
struct App {
    studio: Studio,
    guard: Guard,
    /// Who looks at the programs that log; none where they are known.
    clients: Option<Clients>,
    uploads: multipart::Uploads,
}

/// All routes.
pub(crate) fn router(studio: Studio, guard: Guard, clients: Option<Clients>) -> Router {
    let app = App { studio, guard, clients, uploads: multipart::Uploads::default() };
    Router::new().fallback(serve).with_state(Arc::new(app))
}

async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = match app.guard.refusal(request.method(), request.uri().path(), request.headers()) {
        Some(refusal) => refusal,
        None => dispatch(Arc::clone(&app), request).await,
    };
    app.guard.finish(origin.as_ref(), &mut response);
    response
}

async fn dispatch(app: Arc<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = squeeze(parts.uri.path());
    if let Some(path) = files::upload_path(&parts.method, &path) {
        return respond(files::upload(app, path, body).await, None);
    }
    let Ok(body) = axum::body::to_bytes(body, MOST_BYTES).await else {
        let error = Error::new(Code::BadRequest, format!("A request may have at most {MOST_BYTES} bytes."));
        return (StatusCode::PAYLOAD_TOO_LARGE, [(header::CONTENT_TYPE, "application/json")], error.body())
            .into_response();
    };
    let range = parts.headers.get(header::RANGE).and_then(|range| range.to_str().ok()).map(str::to_owned);
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let work = move || {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        // What HEAD is answered with is the answer to GET, whose body stays here.
        let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
        let client = app.clients.as_ref().zip(peer);
        let call = Call { method, host, query, content_type, body: &body, client };
        route(&app, &path, &call)
    };
    respond(blocking(work).await, range.as_deref())
}

/// A path whose doubled slashes are one, as an address that ends with one makes of what follows it.
fn squeeze(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}

/// Runs what waits for the disk on a thread that may wait.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let broke = |_| Err(Error::new(Code::InternalError, "The server broke while it answered this."));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(broke)
}

fn respond(answer: Result<Answer>, range: Option<&str>) -> Response {
    match answer {
        Ok(Answer::Json(value)) => json_response(StatusCode::OK, value.to_string()),
        Ok(Answer::Text(status, text)) => (status, text).into_response(),
        Ok(Answer::Etag(etag)) => (StatusCode::OK, [(header::ETAG, etag)], Body::empty()).into_response(),
        Ok(Answer::File(file)) => file.response(range),
        Ok(Answer::Page(page)) => page.into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            json_response(status, error.body())
        }
    }
}

fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Answers one call. Paths are the same below every prefix that MLflow has.
fn route(app: &App, path: &str, call: &Call<'_>) -> Result<Answer> {
    let store = app.studio.tracking();
    if let Some(answer) = others::outside(path) {
        return answer;
    }
    if let Some(page) = crate::pages::answer(&app.studio, path, call.method, call.body) {
        return page.map(Answer::Page);
    }
    let found = match (path, api(path, "mlflow-artifacts/"), api(path, "mlflow/")) {
        ("/get-artifact", ..) => Some(files::of_run(store, call)),
        ("/model-versions/get-artifact", ..) => Some(files::of_version(store, call)),
        (_, Some(path), _) => artifacts::answer(app, path, call),
        (_, _, Some(path)) => below_mlflow(store, path, call),
        _ => None,
    };
    found.unwrap_or_else(|| {
        Err(Error::new(Code::EndpointNotFound, format!("There is nothing at {path} for {}.", call.method)))
    })
}

/// The rest of a path below one of the prefixes, before `part`.
fn api<'a>(path: &'a str, part: &str) -> Option<&'a str> {
    let rest = path.strip_prefix("/api/").or_else(|| path.strip_prefix("/ajax-api/"))?;
    let rest = rest.strip_prefix("2.0/").or_else(|| rest.strip_prefix("3.0/"))?;
    rest.strip_prefix(part)
}

fn below_mlflow(store: Tracking<'_>, path: &str, call: &Call<'_>) -> Option<Result<Answer>> {
    let post = call.method == Method::POST;
    let json = |found: Option<Result<Value>>| found.map(|answer| answer.map(Answer::Json));
    match path.split_once('/').unwrap_or((path, "")) {
        ("experiments", action) => json(experiments::answer(store, action, post, call)),
        ("runs", "log-model") if post => json(Some(runs::log_model(store, call))),
        ("runs" | "metrics", _) if others::answer(path).is_none() => json(runs::answer(store, path, post, call)),
        ("artifacts", "list") => json(Some(artifacts::of_run(store, call))),
        ("registered-models", action) => json(models::answer(store, action, call)),
        ("model-versions", action) => json(versions::answer(store, action, call)),
        ("logged-models", rest) => logged_models::answer(store, rest, call),
        ("upload-artifact", "") if post => Some(files::upload_small(store, call)),
        _ => others::answer(path),
    }
}

/// The answer of a call that returns nothing.
fn nothing((): ()) -> Value {
    json!({})
}

/// How many results a search may return; `default` when not told.
fn limit(asked: Option<i64>, default: usize, most: i64) -> Result<usize> {
    let Some(asked) = asked else { return Ok(default) };
    let wrong = |must: String| {
        Error::invalid(format!("Invalid value {asked} for parameter 'max_results' supplied. It must be {must}"))
    };
    if asked < 1 {
        return Err(wrong("a positive integer".to_owned()));
    }
    if asked > most {
        return Err(wrong(format!("at most {most}")));
    }
    Ok(usize::try_from(asked).unwrap_or(default))
}

/// Adds the token of the next page to an answer, if there is one.
fn with_token(mut answer: Value, next: Option<usize>) -> Value {
    if let Some(offset) = next {
        answer["next_page_token"] = crate::page::token(offset).into();
    }
    answer
}

#[cfg(test)]
mod security_tests;
#[cfg(test)]
mod tests;
