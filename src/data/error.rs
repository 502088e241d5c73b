//! One error for the whole crate; its `Display` is the sentence for a person.

use std::path::{Path, PathBuf};

use crate::expression::ExpressionError;

/// What went wrong, as a sentence that says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something; the sentence names the file.
    #[error("{action} failed: {source}. File: {}", path.display())]
    File {
        /// What was attempted, such as "Reading".
        action: &'static str,
        /// The file it was attempted on.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The disk holds no more.
    #[error("The disk is full, so this was not saved. Free some space and try again. File: {}", path.display())]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// A file's content cannot be understood.
    #[error("{sentence} File: {}{}", path.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// 1-based line where the trouble starts, if it lies on a line.
        line: Option<u64>,
        /// What is wrong and what to do.
        sentence: String,
    },
    /// A column is asked for that the table does not have.
    #[error("There is no column “{name}”.{}", did_you_mean(suggestion.as_deref()))]
    MissingColumn {
        /// The name asked for.
        name: String,
        /// The nearest name that exists.
        suggestion: Option<String>,
    },
    /// A column is of a kind that the operation cannot use.
    #[error("Column “{name}” is {found}, but {needed} is needed here.")]
    WrongKind {
        /// The column.
        name: String,
        /// Its kind, with an article, such as "a text".
        found: String,
        /// What would do, with an article.
        needed: String,
    },
    /// An expression is wrong.
    #[error("{0}")]
    Expression(#[from] ExpressionError),
    /// The caller stopped the work.
    #[error("The work was cancelled.")]
    Cancelled,
    /// A request that cannot be carried out; the text is a whole sentence.
    #[error("{0}")]
    Invalid(String),
    /// The table engine refused; kept apart since its words are not ours.
    #[error("{}", said_by_engine(.0))]
    Engine(#[from] polars::error::PolarsError),
}

/// This crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A request that cannot be carried out, as a whole sentence.
    pub fn invalid(sentence: impl Into<String>) -> Self {
        Self::Invalid(sentence.into())
    }

    /// Wraps an operating system error with what was attempted on which file.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::File { action, path, source },
        }
    }

    /// A file whose content cannot be understood.
    pub(crate) fn malformed(path: &Path, line: Option<u64>, sentence: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

/// How the sentence begins where only the table engine's own words are known.
pub const ENGINE_START: &str = "The table engine could not carry this out: ";

/// The sentence for what polars refused: ours where we put one in, else its own words on one line.
fn said_by_engine(error: &polars::error::PolarsError) -> String {
    let text = error.to_string();
    if let Some(sentence) = crate::checked::sentence_in(&text) {
        return sentence.to_owned();
    }
    let words = text.split("Resolved plan until failure").next().unwrap_or(&text);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    // An error that was one of ours before polars carried it has the beginning already.
    let words = words.rsplit(ENGINE_START).next().unwrap_or(&words).trim_end_matches('.');
    format!("{ENGINE_START}{words}.")
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" Did you mean “{name}”?")).unwrap_or_default()
}
