//! Cross-validation.

mod cross;
mod folds;
#[cfg(test)]
mod tests;

pub use cross::{CrossValidation, FoldOutcome, FoldResult, Spread, cross_validate, cross_validate_by};
pub use folds::{Fold, Folds, Scheme};
