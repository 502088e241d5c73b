//! The licences of all that is shipped inside the program.
//!
//! The list comes from cargo's own resolution, the texts from the sources that were compiled.

mod project;
mod report;
mod spdx;
mod texts;

pub use project::Project;
pub use report::third_party;
