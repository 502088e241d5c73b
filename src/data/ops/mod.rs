//! What several callers compute on tables: splits, samples, summaries and
//! feature scores. All randomness is seeded and the same on every platform.

mod random;
mod ranks;
mod scores;
mod special;
mod split;
mod summary;

pub use random::Random;
pub use scores::{FeatureScore, Score, feature_scores};
pub use special::{beta_regularised, gamma_upper_regularised, ln_gamma};
pub use split::{Amount, Parts, SplitBy, sample, sample_rows, split, split_rows};
pub use summary::summarise;

#[cfg(test)]
mod tests;
