//! What made the difference between two runs: their code, what they ran on, and the data they read.
//!
//! Each function takes two runs' ids and returns plain values. Where something is not known of a run (it was logged by
//! a client, or recorded by an older program) the answer says so in `notes` instead of failing.

mod code;
mod data;
mod environments;
#[cfg(test)]
mod tests;

pub use code::{CodeComparison, CodePlace, RunState};
pub use data::{ColumnMove, DataComparison, DatasetPair, DatasetUse, KindChange};
pub use environments::{EnvironmentComparison, Fact, PackageChange, PythonComparison, PythonUse};
