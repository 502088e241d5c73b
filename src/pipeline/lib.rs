//! The pipeline: its graph and YAML file, the component catalogue, checking without running, planning, caching and
//! executing.
//!
//! **Invariant**: this crate knows neither the workspace nor the window. Whoever runs a pipeline hands it a
//! [`store::Store`] (where bytes live, which datasets exist, what was computed before) and a [`store::Observer`]
//! (where progress, metrics and log lines go).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod check;
pub mod component;
pub mod components;
pub mod execute;
pub mod graph;
pub mod memory;
pub mod meta;
pub mod plan;
pub mod shape;
pub mod store;
pub mod value;
pub mod yaml;
