//! A workspace: the folder on disk, its SQLite record and its content-addressed blobs.
//!
//! This is the only crate with SQL. It knows what is recorded (runs, datasets, models, events) and
//! how to keep it through crashes and between processes; it does not know what any of it means.
//!
//! - [`Workspace::create`], [`Workspace::open`], [`Workspace::find`]: the folder.
//! - [`Workspace::write`]: the only way to change it. One transaction, one audit entry, one event.
//!   [`Workspace::batch`] is for what a worker writes many times a second: one event for all of it.
//! - [`Workspace::put_bytes`] and its kin: blobs, stored before the change that refers to them.
//! - [`Workspace::check`] and [`Workspace::gc`]: whether all is sound, and what nobody needs.
//!
//! Invariants: what a call acknowledged survives `kill -9` and a power cut; several processes may use
//! one folder at once; a newer workspace is refused untouched; every error is a sentence.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
#![warn(missing_docs)]

mod blobs;
mod check;
mod datasets;
mod db;
mod error;
mod events;
mod experiments;
mod files;
mod folder;
mod gc;
mod group;
mod logs;
mod manifest;
mod metrics;
mod model_runs;
mod models;
mod purge;
mod run_changes;
mod run_index;
mod run_list;
mod runs;
mod settings;
mod steps;
pub mod tracking;
mod tx;
mod words;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod test_support;

pub use blobs::{Blob, BlobWriter, Temp};
pub use check::{Problem, Progress, Severity};
pub use datasets::{Dataset, DatasetVersion, NewDatasetVersion};
pub use db::SCHEMA;
pub use error::{Error, Result};
pub use events::{AuditEntry, Event};
pub use experiments::Experiment;
pub use files::{copy_atomically, write_atomically};
pub use folder::Workspace;
pub use gc::Collected;
pub use logs::{LogLine, NewLogLine};
pub use manifest::{FORMAT, MANIFEST, Manifest};
pub use metrics::{MetricColumns, MetricPoint};
pub use model_runs::{MODEL_TAG, ModelRun, NewModelRun};
pub use models::{Model, ModelVersion, NewModelVersion};
pub use purge::{KeptItem, Purge, Purged};
pub use run_index::{ARCHIVED_TAG, IndexedRun, RunGroup, RunIndex, RunListing, Spread};
pub use run_list::{RunFilter, RunKeys, RunPage, RunSort};
pub use runs::{Beat, NewRun, Run, RunDetail, RunInput, STALE_AFTER_MS, new_run_id};
pub use settings::Draft;
pub use steps::{CacheEntry, NewStep, Output, Step, StepUpdate};
pub use tx::{Batch, Change, Tx, check_name, now_ms};
pub use words::{RunStatus, StepStatus, Stream};
