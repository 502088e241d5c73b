//! MLflow's tracking protocol, as its clients speak it.
//!
//! - [`start`]: a server over a workspace, until it is stopped.
//! - [`filter`]: the search language, to conditions that the store takes.
//! - [`names`]: what names, keys and values may be, in MLflow's sentences.
//! - [`messages`]: requests and responses as protobuf's JSON.
//! - `pages`: what a browser sees of a run. [`page`]: page tokens. [`paths`]: where artifacts are. [`error`]: codes and statuses.
//!
//! The specification is MLflow 3.17's own source; `golden/make.py` runs it and writes what the tests here
//! compare with, and `ui-tests/peers` puts the real client and the real server beside this one. No SQL, and no
//! knowledge of where things are stored.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
#![warn(missing_docs)]

pub mod error;
pub mod filter;
mod guard;
mod http;
pub mod messages;
pub mod names;
pub mod page;
mod pages;
pub mod paths;
mod start;

pub use error::{Code, Error, Result};
pub use http::VERSION;
pub use start::{Options, Server, start, start_for_own};
