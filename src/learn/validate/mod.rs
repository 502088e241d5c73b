//! Cross-validation.

mod cross;
mod folds;
#[cfg(test)]
mod tests;

pub use cross::{CrossValidation, FoldResult, Spread, cross_validate};
pub use folds::{Fold, Folds, Scheme};
