//! The columns that a model takes, in the kinds it was trained on, and bringing a table's columns to them.

use super::Model;
use super::encode::Encoding;
use super::notes::ScoringNotes;
use crate::error::Result;
use data::polars::prelude::{Column, DataFrame};
use data::prepare::{Fitted, Spelling, Step, conform};
use data::schema::{Column as SchemaColumn, Kind, Schema};

/// What becomes of a column's texts on their way to the features.
#[derive(Debug, PartialEq, Eq)]
enum TextUse {
    /// They are looked for among these.
    Categories(Vec<String>),
    /// They are read as another kind.
    Value,
    /// An expression computes with them.
    Letters,
    /// Nothing looks at them.
    None,
}

impl TextUse {
    fn spelling(&self) -> Spelling<'_> {
        match self {
            Self::Categories(known) => Spelling::Known(known),
            Self::Value | Self::None => Spelling::ByValue,
            Self::Letters => Spelling::Letters,
        }
    }
}

impl Model {
    /// The table with every column that the steps from `stage` on need as it was in training. Notes what was converted
    /// and what is missing.
    ///
    /// # Errors
    /// A column that cannot be converted, by name and value.
    pub(super) fn conformed(&self, frame: &DataFrame, stage: usize, notes: &mut ScoringNotes) -> Result<DataFrame> {
        let schema = self.schema_at(stage);
        let kinds = schema.as_ref().map(Schema::positions).unwrap_or_default();
        let needed = &self.needed()[stage];
        let mut columns = Vec::with_capacity(frame.width());
        for column in frame.columns() {
            let name = column.name().as_str();
            let Some(known) = needed.get(name) else {
                columns.push(column.clone());
                continue;
            };
            let exact = kinds.get(name).zip(schema.as_ref()).map(|(&at, schema)| schema.columns[at].kind);
            let read = match exact.or(*known) {
                Some(kind) => self.conformed_column(column, kind, stage, notes)?,
                None => column.clone(),
            };
            note_missing(&read, name, notes);
            columns.push(read);
        }
        Ok(DataFrame::new(frame.height(), columns)?)
    }

    fn conformed_column(&self, column: &Column, kind: Kind, stage: usize, notes: &mut ScoringNotes) -> Result<Column> {
        let name = column.name().as_str();
        let found = Kind::of(column.dtype());
        // Decimals of one value are written with as many digits as they happen to have.
        if found == kind && kind != Kind::Decimal {
            return Ok(conform(column, kind, Spelling::ByValue)?);
        }
        let text_use = self.text_use(stage, name);
        note_conversion(column, kind, notes);
        Ok(conform(column, kind, text_use.spelling())?)
    }

    /// The columns before step `stage` of the preparation, or after all of it; none where training did not know the raw
    /// table.
    fn schema_at(&self, stage: usize) -> Option<Schema> {
        if stage == self.preparation.0.len() {
            let of_features = self.features.iter().map(|feature| (feature.column.as_str(), feature.kind));
            return Some(Schema::new(of_features));
        }
        if !self.exact_input {
            return None;
        }
        let mut schema = self.input.clone();
        for step in &self.preparation.0[..stage] {
            schema = after(step, schema)?;
        }
        Some(schema)
    }

    /// What the steps from `stage` on do with the texts of a column.
    fn text_use(&self, stage: usize, column: &str) -> TextUse {
        let mut name = column.to_owned();
        let mut computed_with = false;
        for step in &self.preparation.0[stage..] {
            match step.step() {
                Step::Rename { columns } => {
                    if let Some(new) = columns.get(&name) {
                        name.clone_from(new);
                    }
                }
                Step::Cast { columns } => match columns.get(&name) {
                    Some(Kind::Text | Kind::Category) | None => {}
                    Some(_) => return TextUse::Value,
                },
                Step::OneHot { columns } => {
                    if let Some(entry) = columns.iter().find(|entry| entry.column == name) {
                        return TextUse::Categories(entry.categories.clone());
                    }
                }
                Step::Compute { columns } => {
                    let this = super::inputs::computed_from(columns, &name);
                    computed_with |= this;
                    if columns.iter().any(|entry| entry.name == name) {
                        return if computed_with { TextUse::Letters } else { TextUse::None };
                    }
                }
                _ => {}
            }
        }
        let feature = self.features.iter().find(|feature| feature.column == name);
        match feature.map(|feature| &feature.encoding) {
            Some(Encoding::OneHot { categories }) => TextUse::Categories(categories.clone()),
            _ if computed_with => TextUse::Letters,
            _ => TextUse::None,
        }
    }

    /// The raw column behind a number that is a feature, and a number of training in that column's units; none where it
    /// was made of something else than that column's numbers.
    pub(super) fn in_raw_units(&self, feature: &str, range: [f64; 2]) -> Option<(String, [f64; 2])> {
        let (mut name, mut range) = (feature.to_owned(), range);
        for step in self.preparation.0.iter().rev() {
            match step.step() {
                Step::Rename { columns } => {
                    if let Some((old, _)) = columns.iter().find(|(_, new)| **new == name) {
                        name.clone_from(old);
                    }
                }
                Step::Scale { columns } => {
                    if let Some(entry) = columns.iter().find(|entry| entry.column == name) {
                        range = range.map(|value| value * entry.scale + entry.center);
                    }
                }
                Step::OneHot { columns } if columns.iter().any(|entry| entry.names().any(|made| made == name)) => {
                    return None;
                }
                Step::Bin { columns }
                    if columns.iter().any(|entry| *entry.output.as_ref().unwrap_or(&entry.column) == name) =>
                {
                    return None;
                }
                Step::Impute { columns } if columns.iter().any(|entry| entry.indicator.as_ref() == Some(&name)) => {
                    return None;
                }
                // A computed number is known by its own name and in its own units.
                Step::Compute { columns } if columns.iter().any(|entry| entry.name == name) => break,
                _ => {}
            }
        }
        let [low, high] = range;
        Some((name, [low.min(high), low.max(high)]))
    }

    /// Notes values that a one-hot encoding at `step` has no column for.
    pub(super) fn note_unseen(step: &Fitted, frame: &DataFrame, notes: &mut ScoringNotes) -> Result<()> {
        let Step::OneHot { columns } = step.step() else { return Ok(()) };
        for entry in columns {
            let Ok(column) = frame.column(&entry.column) else { continue };
            note_unseen_of(column, &entry.categories, notes)?;
        }
        Ok(())
    }
}

/// Notes texts that are none of the categories.
pub(super) fn note_unseen_of(column: &Column, categories: &[String], notes: &mut ScoringNotes) -> Result<()> {
    let known: std::collections::HashSet<&str> = categories.iter().map(String::as_str).collect();
    let texts = column.cast(&data::polars::prelude::DataType::String)?;
    for text in texts.str()?.iter().flatten() {
        // NaN in a column of numbers is a missing value.
        let is_missing = column.dtype().is_float() && text == "NaN";
        if !known.contains(text) && !is_missing {
            notes.unseen(column.name(), text);
        }
    }
    Ok(())
}

fn note_conversion(column: &Column, kind: Kind, notes: &mut ScoringNotes) {
    let found = Kind::of(column.dtype());
    let same = found == kind || (found.is_textual() && kind.is_textual());
    if same || column.null_count() == column.len() {
        return;
    }
    let noted = notes.column(column.name());
    noted.converted_from = Some(found);
    noted.trained_as = Some(kind);
}

fn note_missing(column: &Column, name: &str, notes: &mut ScoringNotes) {
    let mut missing = column.null_count();
    if column.dtype().is_float()
        && let Ok(nan) = column.as_materialized_series().is_nan()
    {
        missing += nan.sum().unwrap_or(0) as usize;
    }
    if missing > 0 {
        notes.column(name).missing += missing as u64;
    }
}

/// The columns after a step; those that it names and a model does not need are made up.
fn after(step: &Fitted, mut schema: Schema) -> Option<Schema> {
    loop {
        match step.output_schema(&schema) {
            Ok(after) => return Some(after),
            Err(data::Error::MissingColumn { name, .. }) if !schema.contains(&name) => {
                schema.columns.push(SchemaColumn::new(&name, Kind::Real));
            }
            Err(_) => return None,
        }
    }
}
