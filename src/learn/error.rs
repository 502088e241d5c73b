//! The one error of this crate.

/// What went wrong, as a sentence for a person.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The data or the parameters cannot be used as they are.
    #[error("{0}")]
    Invalid(String),
    /// [`crate::Observer::cancelled`] said so.
    #[error("The training was cancelled.")]
    Cancelled,
    /// A model file cannot be read or written.
    #[error("{0}")]
    File(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Shorthand for [`Error::Invalid`].
pub(crate) fn invalid<T>(sentence: impl Into<String>) -> Result<T> {
    Err(Error::Invalid(sentence.into()))
}

/// `1 row`, `2 rows`: a count with its noun.
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
