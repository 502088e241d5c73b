//! Decision trees: one exact tree, and forests of histogram trees.

mod bins;
mod criterion;
pub mod decision_tree;
mod exact;
pub mod forest;
mod histogram;
pub mod nodes;
mod prune;
pub mod random_forest;

pub use nodes::Tree;

/// What trees are fitted to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Labels<'a> {
    Real(&'a [f64]),
    /// Every one of the classes has a row.
    Classes {
        codes: &'a [u32],
        classes: usize,
    },
}

impl Labels<'_> {
    pub fn len(&self) -> usize {
        match self {
            Self::Real(values) => values.len(),
            Self::Classes { codes, .. } => codes.len(),
        }
    }
}
