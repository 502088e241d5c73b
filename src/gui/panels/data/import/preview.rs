//! The first rows as they will be stored, with a choice of the type in each column's head.

use std::collections::HashMap;

use egui::Ui;
use studio::PreparedImport;
use studio::data::read::{Preview, ReadChoices, importable_kinds};
use studio::data::schema::Kind;

use super::form::guessed;
use crate::table::{Cell, Column, Table, TableSource, TableState};
use crate::widgets::Select;

/// Wide enough for the longest type.
const WIDTH: f32 = 176.0;
/// Room for the choice of a type in a column's head.
const HEAD: f32 = 36.0;
/// Longer texts may not fit their cell.
const LONG: usize = 20;
/// Cells of a row that are read out.
const SPOKEN: usize = 20;

#[derive(Default)]
pub struct PreviewTable {
    state: TableState,
    /// The kinds guessed for columns, as last seen.
    guesses: HashMap<String, Kind>,
}

impl PreviewTable {
    /// Remembers what was guessed, to be shown after something else was chosen.
    pub fn learn(&mut self, import: &PreparedImport) {
        let chosen = &import.draft.options.kinds;
        for column in &import.preview.schema.columns {
            if !chosen.contains_key(&column.name) {
                self.guesses.insert(column.name.clone(), column.kind);
            }
        }
    }

    /// Draws the rows; true when a type was chosen.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        preview: &Preview,
        cells: &[Vec<Option<String>>],
        choices: &mut ReadChoices,
    ) -> bool {
        let columns = preview.schema.columns.iter().map(|column| {
            let it = Column::new(&column.name, &column.name, WIDTH);
            if column.kind.is_numeric() { it.right() } else { it }
        });
        let columns: Vec<Column> = columns.collect();
        let mut source = Shown { preview, cells, choices, guesses: &self.guesses, changed: false };
        Table::new("Preview", &columns).head_extra(HEAD).show(ui, &mut self.state, &mut source);
        source.changed
    }
}

struct Shown<'a> {
    preview: &'a Preview,
    cells: &'a [Vec<Option<String>>],
    choices: &'a mut ReadChoices,
    guesses: &'a HashMap<String, Kind>,
    changed: bool,
}

impl TableSource for Shown<'_> {
    fn rows(&self) -> u64 {
        self.cells.len() as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let row = self.cells.get(cell.row as usize);
        match row.and_then(|row| row.get(cell.column)?.as_deref()) {
            Some(text) => cell.mono(text),
            None => cell.quiet("missing"),
        }
    }

    fn value(&self, row: u64, column: usize) -> Option<(String, bool)> {
        let text = self.cells.get(row as usize)?.get(column)?.clone()?;
        let cut = text.chars().count() > LONG;
        Some((text, cut))
    }

    fn row_name(&self, row: u64) -> String {
        let cells = self.cells.get(row as usize).into_iter().flatten();
        let named = self.preview.schema.columns.iter().zip(cells).take(SPOKEN);
        let said = named.map(|(column, cell)| format!("{} {}", column.name, cell.as_deref().unwrap_or("missing")));
        format!("Row {}: {}", row + 1, said.collect::<Vec<_>>().join(", "))
    }

    fn head(&mut self, cell: &mut Cell<'_>) {
        let Some(column) = self.preview.schema.columns.get(cell.column) else {
            return;
        };
        let guess = self.guesses.get(&column.name);
        let mut options: Vec<(Option<Kind>, String)> = vec![(None, guessed(guess.map(|kind| kind.name().to_owned())))];
        options.extend(importable_kinds().into_iter().map(|kind| (Some(kind), kind.name().to_owned())));

        let mut kind = self.choices.kinds.get(&column.name).copied();
        let name = format!("Type of {}", column.name);
        let shown = cell.show(|ui| Select::new(name).show(ui, &mut kind, &options));
        if shown.changed() {
            self.changed = true;
            match kind {
                Some(kind) => drop(self.choices.kinds.insert(column.name.clone(), kind)),
                None => drop(self.choices.kinds.shift_remove(&column.name)),
            }
        }
    }
}
