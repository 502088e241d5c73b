//! What a handler returns.

use axum::http::StatusCode;
use serde_json::Value;

use super::files::FileAnswer;

/// What a handler returns.
pub(super) enum Answer {
    Json(Value),
    Text(StatusCode, &'static str),
    /// Nothing but the tag of what was stored.
    Etag(String),
    File(Box<FileAnswer>),
    Page(crate::pages::Page),
}
