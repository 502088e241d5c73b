//! Everything that a person can say about how a file is read, as one list: the window's form and the
//! program's flags are both made of it.
//!
//! A value is text on both sides, as typed behind the flag, and is kept typed in [`ReadChoices`].
//!
//! ```
//! use data::read::{ReadChoices, ReadField};
//!
//! let mut choices = ReadChoices::default();
//! let decimal = ReadField::find("decimal").unwrap();
//! decimal.set(&mut choices, &["comma"]).unwrap();
//! assert_eq!(choices.decimal, Some(','));
//! assert_eq!(decimal.chosen(&choices), ["comma"]);
//! ```

mod list;
mod values;

use super::options::{Format, ReadChoices, ReadOptions};
use crate::error::{Error, Result};

pub use list::READ_FIELDS;
pub use values::importable_kinds;

/// One thing that can be said about the reading of files.
pub struct ReadField {
    /// The flag without its dashes; also the field's stable name.
    pub flag: &'static str,
    /// The words before the field in a form.
    pub title: &'static str,
    /// The value's name in the help of the flag.
    pub value_name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Seldom needed, so that a form may hide it.
    pub advanced: bool,
    /// How it is edited.
    pub editor: FieldEditor,
    applies: fn(Format) -> bool,
    get: fn(&ReadChoices) -> Vec<String>,
    put: fn(&mut ReadChoices, &[&str]) -> std::result::Result<(), String>,
    guess: fn(&ReadOptions) -> String,
}

/// How a field is edited.
#[derive(Clone, Copy)]
pub enum FieldEditor {
    /// One of a few values; on the command line others may be possible.
    Choice(fn() -> Vec<FieldChoice>),
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// Several texts; in a form between commas, on the command line each with its own flag.
    List,
    /// A type for each of some columns, as `COLUMN=TYPE`; a form has it in the columns' heads.
    Columns,
}

/// A value that a field offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChoice {
    /// As it is typed behind the flag.
    pub value: String,
    /// As a person reads it.
    pub words: String,
}

impl ReadField {
    /// The field of that name.
    pub fn find(flag: &str) -> Option<&'static Self> {
        READ_FIELDS.iter().find(|field| field.flag == flag)
    }

    /// Whether the field has a say in files of this format.
    pub fn applies_to(&self, format: Format) -> bool {
        (self.applies)(format)
    }

    /// What was chosen, as it would be typed; nothing where it is left to the guess.
    pub fn chosen(&self, choices: &ReadChoices) -> Vec<String> {
        (self.get)(choices)
    }

    /// Chooses; no values leave it to the guess again. Of a field that takes one value the last
    /// counts.
    ///
    /// # Errors
    /// A sentence about a value that is none.
    pub fn set(&self, choices: &mut ReadChoices, values: &[&str]) -> Result<()> {
        let failed = |sentence| Error::invalid(format!("“{}”: {sentence}", self.title));
        (self.put)(choices, values).map_err(failed)
    }

    /// What is in force, in words.
    pub fn in_force(&self, options: &ReadOptions) -> String {
        (self.guess)(options)
    }
}

impl ReadChoices {
    /// Whether everything is left to the guess.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The fields that something was chosen for.
    pub fn fields(&self) -> impl Iterator<Item = &'static ReadField> {
        READ_FIELDS.iter().filter(|field| !field.chosen(self).is_empty())
    }

    /// What was chosen, a sentence's part for each field: “Decimal mark: comma”.
    pub fn described(&self) -> Vec<String> {
        self.fields().map(|field| format!("{}: {}", field.title, field.chosen(self).join(", "))).collect()
    }

    /// Sentences about choices that have no say in files of this format.
    pub fn without_effect(&self, format: Format) -> Vec<String> {
        let idle = self.fields().filter(|field| !field.applies_to(format));
        idle.map(|field| {
            format!("“{}” was chosen, but has no say in a file of the format {}.", field.title, format.name())
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
