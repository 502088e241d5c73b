//! Arithmetic, comparisons and conversions that are exact or refuse.
//!
//! polars wraps integers that overflow, compares whole numbers with real ones as reals, and rounds
//! in its own way. The functions here build expressions that do the same work with Rust's checked
//! 128-bit integers: a result that does not fit is an error that names the values, never another
//! number. They look at the types that they find when they run, so that they serve narrow integers,
//! decimals of any scale and reals alike.
//!
//! | function | of |
//! |---|---|
//! | [`arithmetic`], [`negate`], [`absolute`] | `+ - * / // %` and signs |
//! | [`compare`] | numbers of different types |
//! | [`sum`], [`cumulative_sum`] | many numbers |
//! | [`convert`] | one type into another, as SQL's `CAST` and `TRY_CAST` |
//! | [`guard`] | all of those in a query that polars planned |

mod arithmetic;
mod compare;
pub mod convert;
mod decimal;
mod guard;
mod numbers;
mod sum;
#[cfg(test)]
mod tests;

use polars::prelude::{Column, DataType, Expr, Field, PolarsError, PolarsResult, map_multiple};

pub use arithmetic::{Arithmetic, absolute, arithmetic, arithmetic_type, negate};
pub use compare::{Comparison, compare};
pub use convert::{Lossy, exact_real};
pub use guard::guard;
pub(crate) use numbers::{ceiling, floor, round, sign};
pub use sum::{cumulative_sum, largest, sum};

/// Stands before and after a sentence of ours inside an error of polars, which adds words of its
/// own on its way up.
const SENTENCE_MARK: char = '\u{2063}';

/// An error of polars that carries a whole sentence for a person; [`crate::Error`] shows only that.
pub fn refusal(sentence: impl AsRef<str>) -> PolarsError {
    let marked = format!("{SENTENCE_MARK}{}{SENTENCE_MARK}", sentence.as_ref());
    PolarsError::ComputeError(marked.into())
}

/// The sentence that [`refusal`] put into an error, whatever stands around it by now.
pub fn sentence_in(message: &str) -> Option<&str> {
    let after = message.split_once(SENTENCE_MARK)?.1;
    let sentence = after.split(SENTENCE_MARK).next()?;
    (!sentence.trim().is_empty()).then_some(sentence)
}

/// An expression computed row by row by a function of ours.
///
/// `output` tells the type of the result from those of the inputs; `run` gets columns of equal
/// length, but for literals, which are one row long.
pub(crate) fn kernel(
    inputs: Vec<Expr>,
    output: impl Fn(&[DataType]) -> PolarsResult<DataType> + Send + Sync + 'static,
    run: impl Fn(&[Column]) -> PolarsResult<Column> + Send + Sync + 'static,
) -> Expr {
    map_multiple(
        move |columns: &mut [Column]| run(columns),
        inputs,
        move |_, fields: &[Field]| {
            let known = |field: &Field| field.dtype().clone().materialize_unknown(true);
            let types = fields.iter().map(known).collect::<PolarsResult<Vec<_>>>()?;
            let name = fields.first().map(|field| field.name().clone()).unwrap_or_default();
            Ok(Field::new(name, output(&types)?))
        },
    )
}

/// The number of rows that a kernel makes of its inputs: literals are one row long.
pub(crate) fn height(columns: &[Column]) -> usize {
    columns.iter().map(Column::len).find(|&rows| rows != 1).unwrap_or(1)
}
