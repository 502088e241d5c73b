//! SQL-like expressions.
/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ExpressionError {
    /// What is wrong and what to do.
    pub sentence: String,
    /// Byte range in the text that the sentence is about, if known.
    pub span: Option<std::ops::Range<usize>>,
    /// What to write in place of the span, if there is a near miss.
    pub suggestion: Option<String>,
}
