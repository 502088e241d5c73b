//! MLflow's tracking protocol, as its clients speak it.
//!
//! - [`filter`]: the search language, to conditions that the store takes.
//! - [`names`]: what names, keys and values may be, in MLflow's sentences.
//! - [`messages`]: requests and responses as protobuf's JSON.
//! - [`page`]: page tokens. [`error`]: codes and statuses.
//! - [`http`]: the routes, over anything that is [`http::Tracking`].
//!
//! The specification is MLflow 3.17's own source; `golden/make.py` runs it and writes what the tests here
//! compare with. No SQL, and no knowledge of where things are stored.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
#![warn(missing_docs)]

// The store that tests share with the example names this crate as others do.
#[cfg(test)]
extern crate self as server;

pub mod error;
pub mod filter;
pub mod http;
pub mod messages;
pub mod names;
pub mod page;

pub use error::{Code, Error, Result};
