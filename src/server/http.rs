//! The routes of the tracking protocol, over anything that is [`Tracking`].
//!
//! Invariants: nothing here waits on the async threads (each request's work runs on a blocking one, so
//! that many clients' writes meet in one commit); every error leaves as MLflow's JSON; what is not
//! implemented says so.

mod experiments;
mod runs;
mod tracking;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub use tracking::Tracking;

use crate::error::{Code, Error, Result};
use crate::messages::Message;

/// The version of MLflow that this speaks as.
pub const VERSION: &str = "3.17.2";

/// The largest body of a request, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// All routes.
pub fn router(store: Arc<dyn Tracking>) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(MOST_BYTES)).with_state(store)
}

/// A request as its handler reads it.
pub(crate) struct Call<'a> {
    get: bool,
    query: &'a str,
    body: &'a [u8],
}

impl Call<'_> {
    /// The message in the address or the body, whichever MLflow reads.
    fn message<M: Message>(&self) -> Result<M> {
        if self.get && !self.query.is_empty() {
            return M::query(&self.pairs());
        }
        M::request(&self.json()?)
    }

    /// The body as JSON. Old clients send it twice encoded.
    fn json(&self) -> Result<Value> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        // MLflow takes a body that is no JSON for an empty one.
        let value: Value = serde_json::from_slice(self.body).unwrap_or_default();
        match value {
            Value::String(inner) => serde_json::from_str(&inner)
                .map_err(|error| Error::new(Code::BadRequest, format!("The request's body is no JSON: {error}."))),
            value => Ok(value),
        }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let split = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(key), unescape(value))
        };
        self.query.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
    }
}

/// `%41` and `+` of an address; what is no UTF-8 is replaced.
fn unescape(text: &str) -> String {
    let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = match bytes.get(at..at + 3) {
            Some([b'%', high, low]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

async fn answer(State(store): State<Arc<dyn Tracking>>, method: Method, uri: Uri, body: Bytes) -> Response {
    match uri.path() {
        "/health" => return "OK".into_response(),
        "/version" => return VERSION.into_response(),
        _ => {}
    }
    let done = tokio::task::spawn_blocking(move || {
        let call = Call { get: method == Method::GET, query: uri.query().unwrap_or_default(), body: &body };
        route(store.as_ref(), &method, uri.path(), &call).map(|value| value.to_string())
    });
    let broke = |_| Err(Error::new(Code::InternalError, "The server broke while it answered this."));
    match done.await.unwrap_or_else(broke) {
        Ok(body) => json_response(StatusCode::OK, body),
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
fn route(store: &dyn Tracking, method: &Method, path: &str, call: &Call<'_>) -> Result<Value> {
    let prefixes = ["/api/2.0/mlflow/", "/api/3.0/mlflow/", "/ajax-api/2.0/mlflow/", "/ajax-api/3.0/mlflow/"];
    let Some(path) = prefixes.iter().find_map(|prefix| path.strip_prefix(prefix)) else {
        return Err(Error::new(Code::EndpointNotFound, format!("There is nothing at {path}.")));
    };
    let post = method == Method::POST;
    let found = match path.split_once('/') {
        Some(("experiments", action)) => experiments::answer(store, action, post, call),
        Some(("runs" | "metrics", _)) => runs::answer(store, path, post, call),
        Some(("traces", _)) => {
            return Err(Error::new(Code::NotImplemented, "Traces are not implemented by this server."));
        }
        _ => None,
    };
    found
        .unwrap_or_else(|| Err(Error::new(Code::EndpointNotFound, format!("There is nothing at {path} for {method}."))))
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
mod tests;
