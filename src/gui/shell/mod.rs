mod status;
pub use status::{Change, Desk, GitState, Job, Notice, Status};
