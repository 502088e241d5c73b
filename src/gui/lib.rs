//! The window: theme, widgets, shell, and one module for each panel.
//!
//! Invariants
//! - A frame does no I/O: panels ask the [`backend`] and draw what has come back.
//! - Panels read a [`panels::Cx`] and send [`panels::Action`]s; the shell alone carries them out.
//! - Colours, sizes and fonts come from [`theme`] alone.
//! - Every interactive widget has an accessible name.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod app;
pub mod backend;
pub mod chart;
pub mod commands;
pub mod grid;
pub mod icons;
mod output;
pub mod panels;
pub mod shell;
pub mod syntax;
pub mod table;
pub mod theme;
pub mod widgets;

#[cfg(test)]
mod gallery;

pub use app::{App, run};
