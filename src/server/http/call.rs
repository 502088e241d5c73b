//! A request as its handler reads it.

use std::net::SocketAddr;

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use studio::Clients;

use crate::error::{Code, Error, Result};
use crate::messages::Message;

/// A request without its path.
pub(crate) struct Call<'a> {
    pub method: &'a Method,
    /// What the client calls this server.
    pub host: &'a str,
    pub query: &'a str,
    pub body: &'a [u8],
    /// Who looks at the client, and where that is.
    pub client: Option<(&'a Clients, SocketAddr)>,
}

impl Call<'_> {
    /// The client has just created a run.
    pub(super) fn created(&self, run: &str) {
        if let Some((clients, address)) = self.client {
            clients.saw(run, address);
        }
    }

    /// The message in the address or the body, whichever MLflow reads.
    pub(super) fn message<M: Message>(&self) -> Result<M> {
        if self.method == Method::GET && !self.query.is_empty() {
            return M::query(&self.pairs());
        }
        M::request(&self.json()?)
    }

    /// The body as JSON. Old clients send it twice encoded.
    pub(super) fn json(&self) -> Result<Value> {
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

    /// A parameter of the address; empty counts as missing.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        let mut pairs = self.pairs().into_iter();
        pairs.find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
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
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
