//! MLflow's search language (`mlflow/utils/search_utils.py`, `search_logged_model_utils.py` of 3.17).
//!
//! A filter is comparisons joined by `AND`: an identifier, an operator, a value. MLflow reads it with
//! `sqlparse`, whose tokens decide what is an identifier; [`lex`] follows its rules as far as filters go.
//! [`clauses`] does what `parse_search_filter` does, and the functions after it what the SQL stores then
//! check, so that sentences come in the same order.

pub mod clause;
pub mod lex;
mod order;
mod targets;

pub use clause::{Clause, Dialect, Kind, Literal, clauses};
pub use order::{logged_model_order, order_of_experiments, order_of_models, order_of_runs, order_of_versions};
pub use targets::{experiments, logged_models, models, runs, versions};

#[cfg(test)]
mod golden_tests;
