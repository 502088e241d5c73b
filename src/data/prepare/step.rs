//! The steps a preparation is made of.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::scalar::Scalar;
use crate::schema::{Kind, Role};

/// One row-wise transform of columns, with everything it learnt from the rows
/// it was fitted on. Stored with a model as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Keeps these columns, in this order.
    Select {
        /// Names.
        columns: Vec<String>,
    },
    /// Drops these columns.
    Drop {
        /// Names.
        columns: Vec<String>,
    },
    /// Renames columns, all at once (two may swap names).
    Rename {
        /// Old name → new name.
        columns: IndexMap<String, String>,
    },
    /// Converts columns to another kind; what cannot be converted is missing.
    Cast {
        /// Name → kind.
        columns: IndexMap<String, Kind>,
    },
    /// Says what columns are for.
    SetRole {
        /// Name → role, or none.
        columns: IndexMap<String, Option<Role>>,
    },
    /// Fills missing values; NaN counts as missing.
    Impute {
        /// One entry a column.
        columns: Vec<ImputeColumn>,
    },
    /// Limits values.
    Clip {
        /// One entry a column.
        columns: Vec<ClipColumn>,
    },
    /// Centres and scales numbers: `(x − center) / scale`.
    Scale {
        /// One entry a column.
        columns: Vec<ScaleColumn>,
    },
    /// Replaces a column by one 0/1 column a category.
    OneHot {
        /// One entry a column.
        columns: Vec<OneHotColumn>,
    },
    /// Replaces numbers by the bin they fall into.
    Bin {
        /// One entry a column.
        columns: Vec<BinColumn>,
    },
    /// Adds (or replaces) columns computed from others in the same row.
    Compute {
        /// One entry a new column, each seeing those before it.
        columns: Vec<ComputedColumn>,
    },
}

/// How one column's missing values are filled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImputeColumn {
    /// The column.
    pub column: String,
    /// What to fill with; of the column's kind.
    pub value: Scalar,
    /// Name of an added column that is true where a value was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<String>,
}

/// The limits of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipColumn {
    /// The column.
    pub column: String,
    /// Smallest value allowed.
    pub lower: Option<f64>,
    /// Largest value allowed.
    pub upper: Option<f64>,
    /// What takes the place of a value outside.
    #[serde(default)]
    pub outside: Outside,
}

/// What takes the place of a value outside its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The limit.
    #[default]
    Limit,
    /// Nothing: it becomes missing.
    Missing,
}

/// The scaling of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleColumn {
    /// The column.
    pub column: String,
    /// What the numbers below were fitted as.
    pub scaling: Scaling,
    /// Mean, minimum or median.
    pub center: f64,
    /// Standard deviation, range or interquartile range; 1 for a constant
    /// column.
    pub scale: f64,
}

/// What a column is scaled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Mean 0, standard deviation 1 (population, as scikit-learn's
    /// `StandardScaler`).
    ZScore,
    /// From 0 to 1 (`MinMaxScaler`).
    MinMax,
    /// Median 0, interquartile range 1 (`RobustScaler`).
    Robust,
}

impl Scaling {
    /// Every scaling, in the order that choosers show.
    pub const ALL: [Self; 3] = [Self::ZScore, Self::MinMax, Self::Robust];

    /// The name a person sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::ZScore => "Z-score",
            Self::MinMax => "Minimum to maximum",
            Self::Robust => "Robust (median and quartiles)",
        }
    }
}

/// The categories of one column. A value that is none of them, or missing,
/// gives zeros everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneHotColumn {
    /// The column.
    pub column: String,
    /// Categories as text, in the order of the columns they make.
    pub categories: Vec<String>,
    /// Whether the first category gets no column of its own.
    #[serde(default)]
    pub drop_first: bool,
}

impl OneHotColumn {
    /// The names of the columns made: `column_category`.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let skip = usize::from(self.drop_first);
        self.categories.iter().skip(skip).map(|category| format!("{}_{category}", self.column))
    }
}

/// The bins of one column. Bin `i` holds `edges[i] <= x < edges[i + 1]`, the
/// last one its upper edge too; what lies outside falls into the first or last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BinColumn {
    /// The column.
    pub column: String,
    /// Ascending; one more than there are bins.
    pub edges: Vec<f64>,
    /// Names of the bins; without them the bin's number, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Name of a new column for the bin; without it the column is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// A column computed from others in the same row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComputedColumn {
    /// Its name.
    pub name: String,
    /// An expression (see [`crate::expression`]).
    pub expression: String,
}

impl Step {
    /// What the step does, in a word or two.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Select { .. } => "Select columns",
            Self::Drop { .. } => "Drop columns",
            Self::Rename { .. } => "Rename columns",
            Self::Cast { .. } => "Change types",
            Self::SetRole { .. } => "Set roles",
            Self::Impute { .. } => "Fill missing values",
            Self::Clip { .. } => "Clip values",
            Self::Scale { .. } => "Normalise",
            Self::OneHot { .. } => "One-hot encode",
            Self::Bin { .. } => "Bin",
            Self::Compute { .. } => "Compute columns",
        }
    }
}
