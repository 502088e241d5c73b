//! The form: the dataset's name and every field of [`READ_FIELDS`] that has a say.

use std::collections::BTreeMap;

use egui::Ui;
use studio::ImportDraft;
use studio::data::read::{FieldEditor, Format, READ_FIELDS, ReadChoices, ReadField, ReadOptions};

use crate::icons::Glyph;
use crate::theme;
use crate::widgets::{self, Select, TextField};

/// Most of two columns of fields; wider ones are harder to read.
const WIDTH: f32 = 904.0;

#[derive(Default)]
pub struct Form {
    pub name: String,
    /// A person has changed the name.
    named: bool,
    /// What a person chose here; until then what the dataset keeps is in force.
    pub chosen: Option<ReadChoices>,
    /// Texts as they are typed, by field.
    typed: BTreeMap<&'static str, String>,
    /// Why what was typed cannot be, by field.
    wrong: BTreeMap<&'static str, String>,
    /// Whether the fields that are seldom needed are shown.
    more: bool,
    /// Why the import failed.
    pub failure: Option<String>,
}

impl Form {
    /// The name, if a person typed one.
    pub fn typed_name(&self) -> Option<String> {
        let name = self.name.trim();
        (self.named && !name.is_empty()).then(|| name.to_owned())
    }

    /// Takes over a name until a person types one.
    pub fn suggest(&mut self, name: &str) {
        if !self.named {
            name.clone_into(&mut self.name);
        }
    }

    /// Leaves everything to the guess, also what the version before keeps.
    pub fn forget(&mut self) {
        self.chosen = Some(ReadChoices::default());
        self.typed.clear();
        self.wrong.clear();
    }

    /// Whether everything that was typed can be, and the dataset has a name.
    pub fn is_complete(&self) -> bool {
        self.wrong.is_empty() && !self.name.trim().is_empty()
    }

    /// Draws the fields in two columns.
    pub fn show(&mut self, ui: &mut Ui, draft: Option<&ImportDraft>) {
        let t = theme::of(ui);
        let fields = self.fields(draft);
        egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
            ui.set_max_width(WIDTH);
            // Air between the two columns, as between the panel's edge and the form.
            ui.spacing_mut().item_spacing.x = t.size.pad_panel * 1.5;
            let left_count = (fields.len() + 1).div_ceil(2).saturating_sub(1);
            ui.columns(2, |columns| {
                let [left, right] = columns else { return };
                for ui in [&mut *left, &mut *right] {
                    ui.spacing_mut().item_spacing.y = t.size.grid;
                }
                widgets::field_row(left, "Dataset name", |ui| {
                    let field = TextField::new(&mut self.name).name("Dataset name");
                    self.named |= ui.add(field).changed();
                });
                for (at, field) in fields.iter().enumerate() {
                    let ui = if at < left_count { &mut *left } else { &mut *right };
                    self.field(ui, field, draft);
                }
            });
            self.more_or_less(ui);
        });
        for sentence in self.wrong.values() {
            widgets::message(ui, Glyph::Error, sentence);
        }
    }

    /// The fields that have a say in files of the format in force. One that was chosen is never hidden.
    fn fields(&self, draft: Option<&ImportDraft>) -> Vec<&'static ReadField> {
        let format = draft.map_or(Format::default(), |draft| draft.options.format);
        let choices = self.choices(draft);
        let shown = |field: &&ReadField| {
            let in_heads = matches!(field.editor, FieldEditor::Columns);
            let wanted = self.more || !field.advanced || !field.chosen(&choices).is_empty();
            field.applies_to(format) && !in_heads && wanted
        };
        READ_FIELDS.iter().filter(shown).collect()
    }

    fn choices(&self, draft: Option<&ImportDraft>) -> ReadChoices {
        let kept = || draft.map(|draft| draft.choices.clone()).unwrap_or_default();
        self.chosen.clone().unwrap_or_else(kept)
    }

    fn more_or_less(&mut self, ui: &mut Ui) {
        let words = if self.more { "Fewer options" } else { "More options" };
        if widgets::link(ui, words).clicked() {
            self.more = !self.more;
        }
    }

    fn field(&mut self, ui: &mut Ui, field: &'static ReadField, draft: Option<&ImportDraft>) {
        let choices = self.choices(draft);
        let options = draft.map(|draft| &draft.options);
        let chosen = field.chosen(&choices);
        let changed = match field.editor {
            FieldEditor::Choice(offered) => choose(ui, field, &offered(), chosen.last(), options),
            _ => self.text(ui, field, &chosen, options),
        };
        let Some(values) = changed else { return };

        let mut choices = choices;
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        match field.set(&mut choices, &values) {
            Ok(()) => {
                self.wrong.remove(field.flag);
                self.chosen = Some(choices);
            }
            Err(error) => drop(self.wrong.insert(field.flag, error.to_string())),
        }
    }

    /// A text, a number, or several texts between commas; the values, if they changed.
    fn text(
        &mut self,
        ui: &mut Ui,
        field: &ReadField,
        chosen: &[String],
        options: Option<&ReadOptions>,
    ) -> Option<Vec<String>> {
        let several = matches!(field.editor, FieldEditor::List);
        let wrong = self.wrong.contains_key(field.flag);
        let text = self.typed.entry(field.flag).or_default();
        // Until a person chooses, what is kept with the dataset of this name is in force.
        if self.chosen.is_none() && !wrong {
            *text = chosen.join(", ");
        }
        let hint = guessed(options.filter(|_| chosen.is_empty()).map(|options| field.in_force(options)));
        let response = widgets::field_row(ui, field.title, |ui| {
            ui.add(TextField::new(text).name(field.title).hint(hint).error(wrong))
        });
        response.inner.clone().on_hover_text(field.help);
        if !response.inner.changed() {
            return None;
        }
        let parts: Vec<String> = match several {
            true => text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect(),
            false => Some(text.trim().to_owned()).filter(|text| !text.is_empty()).into_iter().collect(),
        };
        Some(parts)
    }
}

/// A choice among what is offered and the guess; the values, if they changed.
fn choose(
    ui: &mut Ui,
    field: &ReadField,
    offered: &[studio::data::read::FieldChoice],
    chosen: Option<&String>,
    options: Option<&ReadOptions>,
) -> Option<Vec<String>> {
    let words_of = |value: &str| offered.iter().find(|choice| choice.value == value).map(|choice| choice.words.clone());
    let in_force = options.filter(|_| chosen.is_none()).map(|options| {
        let value = field.in_force(options);
        words_of(&value).unwrap_or(value)
    });
    let mut list = vec![(None, guessed(in_force))];
    list.extend(offered.iter().map(|choice| (Some(choice.value.clone()), choice.words.clone())));
    if let Some(other) = chosen.filter(|value| words_of(value).is_none()) {
        list.push((Some(other.clone()), other.clone()));
    }

    let mut value = chosen.cloned();
    let response = widgets::field_row(ui, field.title, |ui| Select::new(field.title).show(ui, &mut value, &list));
    response.inner.clone().on_hover_text(field.help);
    response.inner.changed().then(|| value.into_iter().collect())
}

/// “As guessed (comma)”.
pub fn guessed(in_force: Option<String>) -> String {
    match in_force {
        Some(words) => format!("As guessed ({})", lower_first(&words)),
        None => "As guessed".to_owned(),
    }
}

/// The words within a sentence; abbreviations and names of encodings keep their capitals.
fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(words.chars().skip(1)).collect()
        }
        _ => words.to_owned(),
    }
}
