//! The pipeline: its graph and YAML file, the component catalogue, checking without running, planning, caching and
//! executing.
//!
//! **Invariant**: this crate knows neither the workspace nor the window. Whoever runs a pipeline hands it a
//! [`store::Store`] (where bytes live, which datasets exist, what was computed before) and a [`store::Observer`]
//! (where progress, metrics and log lines go).
//!
//! | module | what it does |
//! |---|---|
//! | [`graph`] | the drawing: jobs, wires, what may be connected, tidy places, copies, differences |
//! | [`yaml`] | the file of a drawing, edited line by line |
//! | [`component`], [`components`] | what a kind of step declares and does; the catalogue of them |
//! | [`shape`], [`check`] | what flows where and what is wrong, without data |
//! | [`lineage`] | which models a plan makes, and which report is about which of them |
//! | [`plan`], [`execute`] | what to run, from what; running it, reusing what was computed |
//! | [`refit`] | the steps between raw rows and a table, carried out again on parts of the rows |
//! | [`value`], [`meta`] | what a port holds while a step runs; what is kept beside its bytes |
//! | [`store`], [`memory`] | what the engine asks of whoever runs it; an implementation in a temporary folder |
//!
//! From a file to results:
//!
//! ```text
//! yaml::Document::parse ─> graph::Pipeline ─> check::check ─> plan::Plan::of ─> execute::execute
//! ```
//!
//! # How to add a component
//!
//! 1. Write `components/CATEGORY/my_step.rs` with a `static SPEC: Spec` (ports, parameters, documentation) and a unit
//!    struct that implements [`component::Component`]: `caption`, `infer` and `run`. An algorithm that only makes an
//!    estimator implements `components::learn::Algorithm` instead, which is shorter. Add `mod my_step;` to the folder's
//!    `mod.rs`.
//! 2. Add one line, `&category::MyStep`, to the list in `components/mod.rs`.
//!
//! The palette, the inspector's form, the documentation, checking, `--set`, the cache and the run follow from the
//! declaration. Rules that the engine relies on:
//!
//! - `run` is a function of its parameters and inputs. Whatever else decides the result (a file, a script) goes into
//!   `code_digest`; drawing at random takes a seed parameter.
//! - Raise `version` whenever the same inputs give another result.
//! - Return rows yet to be computed as [`value::TableContent::Lazy`]: the engine streams them to disk. A
//!   [`value::TableContent::File`] is an input's file, a dataset's, or a new file at a path from
//!   [`store::Store::scratch_file`], which the engine takes away.
//! - A step whose rows a model must go through as well pushes a fitted step to the table's preparation.
//! - Long work asks [`store::StepContext::check_cancelled`] every few milliseconds.
//! - An error is a sentence: what is wrong, where, what to do.
//!
//! # Where results go
//!
//! All work happens in the process that calls [`execute::execute`]. A [`graph::Job`] may name a compute target, which
//! is kept in the file; nothing reads it yet. The seam for other machines is [`plan::Step`] and [`store::Store`]: both
//! are plain data, so a step can be described to another process and its outputs fetched by digest.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod check;
pub mod child;
pub mod component;
pub mod components;
pub mod execute;
pub mod graph;
pub mod journal;
pub mod lineage;
pub mod memory;
pub mod meta;
pub mod plan;
pub mod refit;
pub mod shape;
pub mod store;
pub mod value;
pub mod yaml;
