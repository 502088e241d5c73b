//! What a table remembers between frames and, if the panel keeps it, between sessions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Frame;

/// By which column the rows are sorted.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Sort {
    pub column: String,
    pub descending: bool,
}

/// Scroll, widths, order of columns, sort and cursor.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct TableState {
    /// Points above the first row that is seen. A 64-bit float, exact at any depth.
    #[serde(skip)]
    pub offset: f64,
    /// Points left of the first column that is seen.
    #[serde(skip)]
    pub x: f32,
    /// Widths that a person has set, by column id.
    pub widths: BTreeMap<String, f32>,
    /// Column ids in the order that a person has set; others follow in their own.
    pub order: Vec<String>,
    pub sort: Option<Sort>,
    /// The row that the keyboard is on.
    #[serde(skip)]
    pub cursor: Option<u64>,
    /// The column that the open menu of a row was asked for on.
    #[serde(skip)]
    pub menu_column: Option<usize>,
    /// A row to bring into view; see [`Self::scroll_to`].
    #[serde(skip)]
    pub wanted: Option<u64>,
}

impl TableState {
    /// Brings `row` into view in the next frame.
    pub fn scroll_to(&mut self, row: u64) {
        self.wanted = Some(row);
        self.cursor = Some(row);
    }

    /// A click on a head: descending first (the best runs on top), then ascending, then as it was.
    pub fn toggle_sort(&mut self, column: &str) {
        self.sort = match self.sort.take() {
            Some(sort) if sort.column == column => sort.descending.then_some(Sort { descending: false, ..sort }),
            _ => Some(Sort { column: column.to_owned(), descending: true }),
        };
    }

    pub(super) fn show_row(&mut self, row: u64, frame: &Frame) {
        let height = f64::from(frame.row_height);
        let top = row as f64 * height;
        let lowest = top + height - f64::from(frame.body.height());
        self.offset = self.offset.clamp(lowest.min(top), top);
    }

    pub(super) fn clamp(&mut self, frame: &Frame, rows: u64, width: f32) {
        if let Some(row) = self.wanted.take() {
            self.show_row(row.min(rows.saturating_sub(1)), frame);
        }
        let most = rows as f64 * f64::from(frame.row_height) - f64::from(frame.body.height());
        self.offset = self.offset.clamp(0.0, most.max(0.0));
        self.x = self.x.clamp(0.0, (width - frame.body.width()).max(0.0));
    }
}
