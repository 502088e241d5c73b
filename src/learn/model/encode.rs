//! From prepared columns to the numbers an estimator sees.

use super::Model;
use super::notes::ScoringNotes;
use super::signature::note_unseen_of;
use crate::error::{Result, count, invalid};
use crate::estimator::Estimator;
use crate::matrix::Matrix;
use data::polars::prelude::{Column, DataFrame, DataType};
use data::schema::{Kind, Schema};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// A column that a model looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name after the preparation.
    pub column: String,
    /// What it held in training.
    pub kind: Kind,
    pub encoding: Encoding,
    /// The smallest and the largest number of training; none for categories, and in files from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
}

/// How a column becomes numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As it is; missing is NaN.
    Number,
    /// 0 or 1; missing is NaN.
    Boolean,
    /// One column of 0 and 1 a category; a missing value, or one not met in training, is 0 in all.
    OneHot { categories: Vec<String> },
}

impl Encoding {
    /// Number of columns it makes.
    pub fn width(&self) -> usize {
        match self {
            Self::Number | Self::Boolean => 1,
            Self::OneHot { categories } => categories.len(),
        }
    }
}

impl Feature {
    pub(super) fn names(&self) -> Vec<String> {
        match &self.encoding {
            Encoding::Number | Encoding::Boolean => vec![self.column.clone()],
            Encoding::OneHot { categories } => {
                categories.iter().map(|category| format!("{} = {category}", self.column)).collect()
            }
        }
    }

    /// How to encode a column, from the rows it has.
    pub(super) fn of(column: &Column, max_categories: usize) -> Result<Self> {
        let name = column.name().as_str();
        let kind = Kind::of(column.dtype());
        let encoding = match kind {
            // Estimators compute with reals.
            Kind::Integer | Kind::Real | Kind::Decimal => Encoding::Number,
            Kind::Boolean => Encoding::Boolean,
            Kind::Text | Kind::Category => Encoding::OneHot { categories: categories(column, max_categories)? },
            Kind::Date | Kind::DateTime | Kind::Time | Kind::Duration => {
                return invalid(format!(
                    "Column “{name}” is {}, which no estimator can use as it is. Compute numbers from it, such as \
                     the month or the days since a date, or leave it out with \"Select columns\".",
                    kind.phrase()
                ));
            }
            Kind::Other => {
                return invalid(format!(
                    "Column “{name}” is {}, which no estimator can use. Leave it out with \"Select columns\".",
                    kind.phrase()
                ));
            }
        };
        let range = if encoding == Encoding::Number { range(&numbers(column, kind.phrase())?) } else { None };
        Ok(Self { column: name.to_owned(), kind, encoding, range })
    }

    /// Notes values that training had not met.
    pub(super) fn note(
        &self,
        frame: &DataFrame,
        encoded: &[f64],
        model: &Model,
        notes: &mut ScoringNotes,
    ) -> Result<()> {
        if let Encoding::OneHot { categories } = &self.encoding
            && let Ok(column) = frame.column(&self.column)
        {
            return note_unseen_of(column, categories, notes);
        }
        let Some(range @ [low, high]) = self.range else { return Ok(()) };
        let outside = encoded.iter().filter(|value| **value < low || **value > high).count();
        if outside > 0
            && let Some((name, range)) = model.in_raw_units(&self.column, range)
        {
            let noted = notes.column(&name);
            noted.out_of_range += outside as u64;
            noted.range = Some(range);
        }
        Ok(())
    }

    /// Appends the column's numbers, `width` times the number of rows.
    fn encode(&self, frame: &DataFrame, out: &mut Vec<f64>) -> Result<()> {
        let Ok(column) = frame.column(&self.column) else {
            return Err(Schema::of(frame).missing(&self.column).into());
        };
        match &self.encoding {
            Encoding::Number | Encoding::Boolean => out.extend(numbers(column, self.kind.phrase())?),
            Encoding::OneHot { categories } => {
                let index: HashMap<&str, usize> = categories.iter().enumerate().map(|(i, c)| (c.as_str(), i)).collect();
                let start = out.len();
                let rows = frame.height();
                out.resize(start + rows * categories.len(), 0.0);
                let texts = column.cast(&DataType::String)?;
                for (row, text) in texts.str()?.iter().enumerate() {
                    if let Some(at) = text.and_then(|text| index.get(text)) {
                        out[start + at * rows + row] = 1.0;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The smallest and the largest of the finite numbers.
fn range(values: &[f64]) -> Option<[f64; 2]> {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    finite.fold(None, |range, value| match range {
        None => Some([value, value]),
        Some([low, high]) => Some([value.min(low), value.max(high)]),
    })
}

fn categories(column: &Column, limit: usize) -> Result<Vec<String>> {
    let texts = column.cast(&DataType::String)?;
    let distinct: BTreeSet<&str> = texts.str()?.iter().flatten().collect();
    if distinct.len() > limit {
        return invalid(format!(
            "Column “{}” has {} different texts; at most {limit} can be used as categories. Leave it out with \
             \"Select columns\", or join its rare categories.",
            column.name(),
            distinct.len()
        ));
    }
    Ok(distinct.into_iter().map(str::to_owned).collect())
}

/// A column as numbers, missing as NaN. Text is read as numbers if all of it can be.
pub(super) fn numbers(column: &Column, needed: &str) -> Result<Vec<f64>> {
    let kind = Kind::of(column.dtype());
    let usable = kind.is_numeric() || kind == Kind::Boolean || kind.is_textual();
    let cast = if usable { column.cast(&DataType::Float64).ok() } else { None };
    let Some(cast) = cast.filter(|cast| cast.null_count() == column.null_count()) else {
        return invalid(format!("Column “{}” is {}, but {needed} is needed here.", column.name(), kind.phrase()));
    };
    Ok(cast.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// The features of rows to be scored, with what training had not met.
pub(super) fn noted_matrix(model: &Model, frame: &DataFrame, notes: &mut ScoringNotes) -> Result<Matrix> {
    let features = &model.features;
    let width: usize = features.iter().map(|feature| feature.encoding.width()).sum();
    let mut values = Vec::with_capacity(width * frame.height());
    for feature in features {
        let start = values.len();
        feature.encode(frame, &mut values)?;
        feature.note(frame, &values[start..], model, notes)?;
    }
    notes.rows += frame.height() as u64;
    Matrix::new(frame.height(), width, values)
}

/// Refuses features with missing values, by name, for an algorithm that cannot use them.
pub(super) fn refuse_missing(features: &[Feature], x: &Matrix, estimator: &Estimator) -> Result<()> {
    if estimator.accepts_missing() {
        return Ok(());
    }
    let mut incomplete: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    for feature in features {
        let columns = at..at + feature.encoding.width();
        at = columns.end;
        let missing = columns.map(|column| x.column(column).iter().filter(|value| value.is_nan()).count()).sum();
        if missing > 0 {
            incomplete.push((&feature.column, missing));
        }
    }
    let [(name, missing), others @ ..] = &incomplete[..] else { return Ok(()) };
    let others =
        if others.is_empty() { String::new() } else { format!(", and {} more", count(others.len(), "column")) };
    invalid(format!(
        "Column “{name}” has {}{others}, which {} cannot use. Fill or remove them with \"Clean missing data\", or use a \
         tree, a forest or boosting.",
        count(*missing, "missing value"),
        estimator.title().to_lowercase()
    ))
}

/// The features of all rows.
pub(super) fn matrix(features: &[Feature], frame: &DataFrame) -> Result<Matrix> {
    let width: usize = features.iter().map(|feature| feature.encoding.width()).sum();
    let mut values = Vec::with_capacity(width * frame.height());
    for feature in features {
        feature.encode(frame, &mut values)?;
    }
    Matrix::new(frame.height(), width, values)
}

/// Row weights from a column.
pub(super) fn weights(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let Ok(column) = frame.column(name) else {
        return Err(Schema::of(frame).missing(name).into());
    };
    let weights = numbers(column, "a number for the row weight")?;
    let missing = weights.iter().filter(|w| w.is_nan()).count();
    if missing > 0 {
        return invalid(format!("The weight “{name}” is missing in {}. Fill or remove them.", count(missing, "row")));
    }
    Ok(weights)
}
