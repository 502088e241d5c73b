//! Tables: reading files of any common format into one Parquet file, profiling
//! them, looking at any part of them, and preparing their columns for a model.
//!
//! This crate knows no workspace and no window. Everything it says to a person
//! is a whole sentence ([`Error`]).
//!
//! | module | what it does |
//! |---|---|
//! | [`schema`] | names, kinds and roles of columns |
//! | [`decimal`] | exact decimal numbers |
//! | [`normalize`] | any table in the few types that the crate stores |
//! | [`read`] | files → one Parquet file, with types guessed from every row |
//! | [`profile`] | per-column statistics, in one bounded-memory pass |
//! | [`grid`] | any rows of a Parquet file, sorted, filtered, searched |
//! | [`checked`] | arithmetic, sums, comparisons and conversions that are exact or refuse |
//! | [`expression`] | SQL-like expressions, checked without data |
//! | [`query`] | SQL over tables, whose expressions are those of `expression` |
//! | [`prepare`] | fitted column transforms that travel with a model |
//! | [`write`] | tables → files that read back as the same values |
//! | [`ops`] | splits, samples, summaries, feature scores |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub use polars;

pub mod checked;
pub mod decimal;
pub mod error;
pub mod expression;
mod foreign;
#[cfg(test)]
mod golden;
pub mod grid;
pub mod normalize;
pub mod ops;
pub mod prepare;
pub mod profile;
pub mod query;
pub mod read;
pub mod scalar;
pub mod schema;
mod schema_changes;
pub mod temporal;
pub mod write;

pub use decimal::Decimal;
pub use error::{Error, Result};
pub use scalar::Scalar;
pub use schema::{Column, Kind, Role, Schema};
pub use schema_changes::{RetypedColumn, SchemaChanges};
