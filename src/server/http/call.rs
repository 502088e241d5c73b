//! A request as its handler reads it.

use std::net::SocketAddr;

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use studio::Clients;

use crate::error::{Code, Error, Result};
use crate::messages::{Message, json};

/// A request without its path.
pub(crate) struct Call<'a> {
    pub method: &'a Method,
    /// What the client calls this server.
    pub host: &'a str,
    pub query: &'a str,
    /// What the client says the body is.
    pub content_type: Option<&'a str>,
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
        Ok(self.read(M::request)?.1)
    }

    /// The body, and what `read` makes of it.
    ///
    /// A body that is no JSON is never taken for an empty one: that would make a run out of half a request. What MLflow
    /// says of it is what an empty one lacks; where that is nothing, the body is the matter.
    pub(super) fn read<M>(&self, read: impl Fn(&Value) -> Result<M>) -> Result<(Value, M)> {
        self.check_content_type()?;
        let Some(value) = self.json() else {
            read(&Value::Null)?;
            let message = "The request's body is no JSON, or only the beginning of one. Nothing was done.";
            return Err(Error::new(Code::BadRequest, message));
        };
        let message = read(&value)?;
        Ok((value, message))
    }

    /// The body as JSON; none where it is something else. Old clients send it twice encoded.
    fn json(&self) -> Option<Value> {
        if self.body.is_empty() {
            return Some(Value::Null);
        }
        match json::parse(self.body)? {
            Value::String(inner) => json::parse(inner.as_bytes()),
            value => Some(value),
        }
    }

    /// Refuses what a page in a browser can send to any address without asking.
    fn check_content_type(&self) -> Result<()> {
        if !matches!(*self.method, Method::POST | Method::PUT) {
            return Ok(());
        }
        match self.content_type.map(|kind| kind.split(';').next().unwrap_or(kind)) {
            Some("application/json") => Ok(()),
            None => Err(Error::invalid("Bad Request. Content-Type header is missing.")),
            Some(_) => Err(Error::invalid("Bad Request. Content-Type must be one of ['application/json'].")),
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
