//! Fitted, stateless, row-wise column transforms that travel with a model, so
//! that scoring raw rows does exactly what training did.
//!
//! Numbers agree with scikit-learn: `StandardScaler`, `MinMaxScaler`,
//! `RobustScaler`, `SimpleImputer`, `OneHotEncoder(handle_unknown="ignore")`
//! and `KBinsDiscretizer(encode="ordinal")`. Two differences are deliberate:
//! a missing value one-hot encodes to zeros rather than to a category of its
//! own, and scaling a missing value leaves it missing.

mod apply;
pub mod bin;
pub mod clip;
mod columns;
mod conform;
pub mod impute;
pub mod one_hot;
mod plan;
pub mod scale;
mod step;

pub(crate) use columns::{convert, parse_boolean, quantile};
pub use conform::{Spelling, conform, matching};
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

pub use step::{
    BinColumn, ClipColumn, ComputedColumn, ImputeColumn, OneHotColumn, Outside, ScaleColumn, Scaling, Step,
};

use crate::error::{Error, Result};
use crate::schema::Schema;

/// Version of the stored form of a step.
pub const VERSION: u32 = 1;

/// A step with the digest of its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Fitted {
    version: u32,
    id: String,
    #[serde(flatten)]
    step: Step,
}

/// [`Fitted`] as it is read, before it is believed.
#[derive(Deserialize)]
struct Written {
    version: u32,
    #[serde(flatten)]
    rest: serde_json::Value,
}

impl TryFrom<Written> for Fitted {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        if written.version > VERSION {
            return Err(Error::invalid(
                "This preparation was made by a newer version of the program. Update the program \
                 to use it.",
            ));
        }
        let step: Step = serde_json::from_value(written.rest)
            .map_err(|e| Error::invalid(format!("A preparation step cannot be read: {e}.")))?;
        Self::new(step)
    }
}

impl Fitted {
    /// Checks a step and gives it its id.
    ///
    /// # Errors
    /// When its numbers are not finite or its lists do not fit together.
    pub fn new(step: Step) -> Result<Self> {
        plan::check(&step)?;
        let json = serde_json::to_string(&step)
            .map_err(|e| Error::invalid(format!("A preparation step cannot be stored: {e}.")))?;
        Ok(Self { version: VERSION, id: blake3::hash(json.as_bytes()).to_hex().to_string(), step })
    }

    /// BLAKE3 of the step's JSON, in hex.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The step.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// The table after the step. Columns the step does not speak of stay.
    ///
    /// # Errors
    /// A missing column, or one of the wrong kind, by name.
    pub fn apply(&self, frame: &DataFrame) -> Result<DataFrame> {
        apply::apply(&self.step, frame)
    }

    /// The columns after the step, from the columns before it.
    ///
    /// # Errors
    /// As [`Fitted::apply`].
    pub fn output_schema(&self, schema: &Schema) -> Result<Schema> {
        plan::output(&self.step, schema)
    }
}

/// Fitted steps in the order they apply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Preparation(pub Vec<Fitted>);

impl Preparation {
    /// Adds a step at the end.
    pub fn push(&mut self, step: Fitted) {
        self.0.push(step);
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The table after every step.
    ///
    /// # Errors
    /// As [`Fitted::apply`].
    pub fn apply(&self, frame: &DataFrame) -> Result<DataFrame> {
        self.0.iter().try_fold(frame.clone(), |frame, step| step.apply(&frame))
    }

    /// The columns after every step.
    ///
    /// # Errors
    /// As [`Fitted::output_schema`].
    pub fn output_schema(&self, schema: &Schema) -> Result<Schema> {
        self.0.iter().try_fold(schema.clone(), |schema, step| step.output_schema(&schema))
    }

    /// What is still to be applied to a table that has already gone through
    /// `applied`: the steps of `self` after `applied`, which must be the
    /// beginning of `self`.
    ///
    /// # Errors
    /// When the table went through something else, or through more.
    pub fn remaining_after(&self, applied: &Self) -> Result<Self> {
        for (at, theirs) in applied.0.iter().enumerate() {
            let Some(ours) = self.0.get(at) else {
                return Err(Error::invalid(format!(
                    "The table went through “{}” (step {}), which the model does not know. \
                     Connect the table from before that step.",
                    theirs.step.name(),
                    at + 1,
                )));
            };
            if ours.id != theirs.id {
                return Err(different(at, ours, theirs));
            }
        }
        Ok(Self(self.0[applied.0.len()..].to_vec()))
    }
}

fn different(at: usize, ours: &Fitted, theirs: &Fitted) -> Error {
    let (ours, theirs) = (ours.step.name(), theirs.step.name());
    let how = if ours == theirs {
        format!("“{ours}” was fitted on other rows or with other settings")
    } else {
        format!("the table went through “{theirs}” where the model expects “{ours}”")
    };
    Error::invalid(format!(
        "The table was not prepared as the model's training data was: at step {}, {how}. Connect \
         the raw table, or the one prepared by the same steps.",
        at + 1,
    ))
}

#[cfg(test)]
mod tests;
