//! Requests and responses as protobuf's JSON (`mlflow/protos/service.proto` of 3.17).
//!
//! Requests are read as `mlflow/server/handlers.py` reads them: names in either spelling (`run_id`,
//! `runId`), numbers also as texts, unknown fields ignored; what is missing or of the wrong type is named.
//! Responses are built straight from what the store returns, integers as numbers, NaN and infinities as
//! texts.

pub mod json;
mod read;
mod requests;
mod responses;

pub use read::{Field, Message, Shape, Spec, has};
pub use requests::*;
pub use responses::{
    dataset_summary, experiment, logged_model, metric, model_version, model_version_without_aliases, registered_model,
    run, run_info, run_point,
};

#[cfg(test)]
mod tests;
