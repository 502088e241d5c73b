//! Training algorithms, metrics, cross-validation and the model file.
//!
//! The numeric core ([`matrix`], [`estimator`], [`metrics`], [`report`], [`validate`]) works on plain
//! `f64` matrices and knows no tables. Only [`model`] meets tables: it turns columns into features,
//! carries the fitted preparation along, and reads and writes the model file.
//!
//! Invariants:
//! - Nothing here knows a workspace, a window or a file system path.
//! - A fit with the same seed gives the same model, whatever the number of threads.
//! - Every error text is a whole sentence: what is wrong, where, and what to do.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod boosting;
pub mod error;
pub mod estimator;
mod fit;
pub mod fitted;
pub mod kmeans;
pub mod linear;
pub mod matrix;
pub mod metrics;
pub mod model;
pub mod neighbours;
pub mod observer;
pub mod report;
mod rng;
mod serial;
pub mod tree;
pub mod validate;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use estimator::Estimator;
pub use fitted::{Fitted, Prediction, Summary};
pub use matrix::{Matrix, Target};
pub use model::Model;
pub use observer::{Observer, Silent};
pub use report::{Report, Task};
