//! Names, kinds and roles of a table's columns.

use std::collections::HashMap;
use std::fmt;

use polars::prelude::{Categories, DataFrame, DataType, TimeUnit, TimeZone};
use serde::{Deserialize, Serialize};

use crate::decimal::MAX_DIGITS;
use crate::error::{Error, Result};

/// What a column holds, as far as a person cares; the exact storage type is
/// polars' matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// True or false.
    Boolean,
    /// Whole numbers of any width.
    Integer,
    /// Floating-point numbers.
    Real,
    /// Exact decimal numbers with a fixed number of digits behind the point,
    /// and whole numbers too large for 64 bits.
    Decimal,
    /// Free text.
    Text,
    /// Text from a limited set of values.
    Category,
    /// A day.
    Date,
    /// A day and a time of day.
    DateTime,
    /// A time of day.
    Time,
    /// A length of time.
    Duration,
    /// Lists, structures, bytes and whatever else a Parquet file may hold.
    Other,
}

impl Kind {
    /// Every kind, in the order that choosers show.
    pub const ALL: [Self; 11] = [
        Self::Boolean,
        Self::Integer,
        Self::Real,
        Self::Decimal,
        Self::Text,
        Self::Category,
        Self::Date,
        Self::DateTime,
        Self::Time,
        Self::Duration,
        Self::Other,
    ];

    /// The kind of a polars type.
    pub fn of(dtype: &DataType) -> Self {
        match dtype {
            DataType::Boolean => Self::Boolean,
            dtype if dtype.is_integer() => Self::Integer,
            dtype if dtype.is_float() => Self::Real,
            DataType::Decimal(..) => Self::Decimal,
            DataType::String => Self::Text,
            DataType::Categorical(..) | DataType::Enum(..) => Self::Category,
            DataType::Date => Self::Date,
            DataType::Datetime(..) => Self::DateTime,
            DataType::Time => Self::Time,
            DataType::Duration(_) => Self::Duration,
            _ => Self::Other,
        }
    }

    /// The polars type that this crate stores the kind in: 64-bit numbers,
    /// microseconds, one global set of categories. A column may say more: how
    /// many digits a decimal has behind its point, or a time's zone
    /// ([`Column::dtype`]). [`Kind::Other`] has none and gives the null type.
    pub fn dtype(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Decimal => DataType::Decimal(MAX_DIGITS, 0),
            Self::Text => DataType::String,
            Self::Category => DataType::from_categories(Categories::global()),
            Self::Date => DataType::Date,
            Self::DateTime => DataType::Datetime(TimeUnit::Microseconds, None),
            Self::Time => DataType::Time,
            Self::Duration => DataType::Duration(TimeUnit::Microseconds),
            Self::Other => DataType::Null,
        }
    }

    /// Integer, real or decimal.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Real | Self::Decimal)
    }

    /// Text or category.
    pub fn is_textual(self) -> bool {
        matches!(self, Self::Text | Self::Category)
    }

    /// Date, date and time, time, or duration.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::DateTime | Self::Time | Self::Duration)
    }

    /// What a label of a classification may be: a limited set of values.
    pub fn is_categorical(self) -> bool {
        matches!(self, Self::Boolean | Self::Integer | Self::Text | Self::Category)
    }

    /// Whether values of this kind have an order and a distance, so that a
    /// histogram and quantiles make sense.
    pub fn is_ordered(self) -> bool {
        self.is_numeric() || self.is_temporal()
    }

    /// The name a person sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::Real => "Real",
            Self::Decimal => "Decimal",
            Self::Text => "Text",
            Self::Category => "Category",
            Self::Date => "Date",
            Self::DateTime => "Date and time",
            Self::Time => "Time",
            Self::Duration => "Duration",
            Self::Other => "Other",
        }
    }

    /// The kind in the middle of a sentence, with its article: "a real number".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Integer => "a whole number",
            Self::Real => "a real number",
            Self::Decimal => "a decimal number",
            Self::Text => "a text",
            Self::Category => "a category",
            Self::Date => "a date",
            Self::DateTime => "a date and time",
            Self::Time => "a time of day",
            Self::Duration => "a duration",
            Self::Other => "a nested or binary value",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a column is for when a model is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What a model learns from.
    Feature,
    /// What a model learns to predict.
    Label,
    /// How much a row counts.
    Weight,
    /// Names the row; never a feature.
    Id,
    /// Carried along, never used.
    Ignore,
    /// When the row happened.
    Time,
}

impl Role {
    /// Every role, in the order that choosers show.
    pub const ALL: [Self; 6] = [Self::Feature, Self::Label, Self::Weight, Self::Id, Self::Ignore, Self::Time];

    /// The name a person sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::Feature => "Feature",
            Self::Label => "Label",
            Self::Weight => "Weight",
            Self::Id => "Id",
            Self::Ignore => "Ignore",
            Self::Time => "Time",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, exactly as in the table.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// What it is for; `None` when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The time zone of its moments, such as "Europe/Berlin"; `None` for local
    /// times and other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Digits behind the point of its decimals; `None` for none of them and for
    /// other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u8>,
}

impl Column {
    /// A column without a role.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, role: None, zone: None, scale: None }
    }

    /// The column that holds values of a polars type.
    pub fn of(name: impl Into<String>, dtype: &DataType) -> Self {
        let mut column = Self::new(name, Kind::of(dtype));
        match dtype {
            DataType::Datetime(_, Some(zone)) => column.zone = Some(zone.to_string()),
            DataType::Decimal(_, scale) if *scale > 0 => column.scale = Some(*scale as u8),
            _ => {}
        }
        column
    }

    /// The same column with values of another kind, without zone and scale.
    pub fn with_kind(mut self, kind: Kind) -> Self {
        if kind != self.kind {
            (self.kind, self.zone, self.scale) = (kind, None, None);
        }
        self
    }

    /// The polars type that this crate stores the column in.
    pub fn dtype(&self) -> DataType {
        match (self.kind, &self.zone, self.scale) {
            (Kind::DateTime, Some(zone), _) => {
                let zone = TimeZone::opt_try_new(Some(zone.as_str())).unwrap_or_default();
                DataType::Datetime(TimeUnit::Microseconds, zone)
            }
            (Kind::Decimal, _, Some(scale)) => DataType::Decimal(MAX_DIGITS, usize::from(scale).min(MAX_DIGITS)),
            (kind, ..) => kind.dtype(),
        }
    }
}

/// A table's columns in order; names are unique.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns in order.
    pub columns: Vec<Column>,
}

impl Schema {
    /// Columns without roles, from names and kinds.
    pub fn new<N: Into<String>>(columns: impl IntoIterator<Item = (N, Kind)>) -> Self {
        columns.into_iter().map(|(name, kind)| Column::new(name, kind)).collect()
    }

    /// The schema of a table.
    pub fn of(frame: &DataFrame) -> Self {
        Self::from_polars(frame.schema())
    }

    /// The schema of a polars schema.
    pub fn from_polars(schema: &polars::prelude::Schema) -> Self {
        schema.iter().map(|(name, dtype)| Column::of(name.as_str(), dtype)).collect()
    }

    /// The polars schema, with the types this crate stores each column in.
    pub fn to_polars(&self) -> polars::prelude::Schema {
        self.columns.iter().map(|column| (column.name.as_str().into(), column.dtype())).collect()
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The column of that name.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The position of the column of that name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Whether there is a column of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The column of that name.
    ///
    /// # Errors
    /// [`Error::MissingColumn`] with the nearest name.
    pub fn require(&self, name: &str) -> Result<&Column> {
        self.get(name).ok_or_else(|| self.missing(name))
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Columns that carry a role.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(move |column| column.role == Some(role))
    }

    /// Takes over the roles of equally named columns.
    pub fn adopt_roles(mut self, from: &Self) -> Self {
        let known = from.positions();
        for column in &mut self.columns {
            if let Some(&at) = known.get(column.name.as_str()) {
                column.role = from.columns[at].role;
            }
        }
        self
    }

    /// Every column's position by its name, for many look-ups in a wide table.
    pub fn positions(&self) -> HashMap<&str, usize> {
        self.names().enumerate().map(|(at, name)| (name, at)).collect()
    }

    /// A table of this schema with no rows.
    pub fn empty_frame(&self) -> DataFrame {
        DataFrame::empty_with_schema(&self.to_polars())
    }

    /// The error for a column that is not here.
    pub fn missing(&self, name: &str) -> Error {
        let suggestion = closest(name, self).map(str::to_owned);
        Error::MissingColumn { name: name.to_owned(), suggestion }
    }
}

impl FromIterator<Column> for Schema {
    fn from_iter<I: IntoIterator<Item = Column>>(columns: I) -> Self {
        Self { columns: columns.into_iter().collect() }
    }
}

/// The column whose name is nearest to `name`, if one is near enough to ask
/// "did you mean": equal but for case, spaces and punctuation, or within a
/// third of its letters (Damerau–Levenshtein distance, adjacent swaps count 1).
pub fn closest<'a>(name: &str, schema: &'a Schema) -> Option<&'a str> {
    closest_of(name, schema.names())
}

/// [`closest`] among any names.
pub fn closest_of<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = folded(name);
    names
        .take(20_000)
        .filter_map(|candidate| {
            let letters = folded(candidate);
            let allowed = wanted.len().max(letters.len()) / 3;
            if letters.len().abs_diff(wanted.len()) > allowed {
                return None;
            }
            let distance = edit_distance(&wanted, &letters);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn folded(name: &str) -> Vec<char> {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Optimal string alignment distance.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut before = vec![0; width];
    let mut previous: Vec<usize> = (0..width).collect();
    for (row, &from) in left.iter().enumerate() {
        let mut current = vec![row + 1; width];
        for (column, &to) in right.iter().enumerate() {
            let substituted = previous[column] + usize::from(from != to);
            let mut best = substituted.min(previous[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && from == right[column - 1] && left[row - 1] == to;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            current[column + 1] = best;
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_round_trip_through_their_storage_type() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.dtype()), kind);
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        }
        assert_eq!(serde_json::to_string(&Kind::DateTime).unwrap(), "\"date_time\"");
    }

    #[test]
    fn zones_and_scales_survive_json_and_their_storage_type() {
        let berlin = TimeZone::opt_try_new(Some("Europe/Berlin")).unwrap();
        let dtypes = [DataType::Datetime(TimeUnit::Microseconds, berlin), DataType::Decimal(MAX_DIGITS, 2)];
        for dtype in dtypes {
            let column = Column::of("x", &dtype);
            assert_eq!(column.dtype(), dtype);
            let json = serde_json::to_string(&column).unwrap();
            assert_eq!(serde_json::from_str::<Column>(&json).unwrap(), column, "{json}");
        }
        let old: Column = serde_json::from_str(r#"{"name": "x", "kind": "date_time"}"#).unwrap();
        assert_eq!(old, Column::new("x", Kind::DateTime));
    }

    #[test]
    fn closest_names() {
        let schema = Schema::new([("mean radius", Kind::Real), ("diagnosis", Kind::Text)]);
        assert_eq!(closest("mean_radius", &schema), Some("mean radius"));
        assert_eq!(closest("Diagnosis", &schema), Some("diagnosis"));
        assert_eq!(closest("diagonsis", &schema), Some("diagnosis"));
        assert_eq!(closest("price", &schema), None);
        assert_eq!(closest("", &schema), None);
        let sentence = schema.missing("diagnois").to_string();
        assert_eq!(sentence, "There is no column “diagnois”. Did you mean “diagnosis”?");
    }

    #[test]
    fn roles_are_adopted_by_name() {
        let mut known = Schema::new([("y", Kind::Real)]);
        known.columns[0].role = Some(Role::Label);
        let schema = Schema::new([("x", Kind::Real), ("y", Kind::Integer)]).adopt_roles(&known);
        assert_eq!(schema.with_role(Role::Label).map(|c| c.name.as_str()).collect::<Vec<_>>(), ["y"]);
    }
}
