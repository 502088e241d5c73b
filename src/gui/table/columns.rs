//! Columns and where they lie.

use egui::{Align, Rect};

use super::TableState;

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Unique in the table; widths and order are remembered by it.
    pub id: String,
    pub title: String,
    pub width: f32,
    pub min_width: f32,
    /// `Align::Max` for numbers.
    pub align: Align,
    pub sortable: bool,
    /// Takes its part of the room that is left over.
    pub grows: bool,
    /// Stays at the left while the others scroll.
    pub pinned: bool,
}

impl Column {
    pub fn new(id: impl Into<String>, title: impl Into<String>, width: f32) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            width,
            min_width: 40.0,
            align: Align::Min,
            sortable: false,
            grows: false,
            pinned: false,
        }
    }

    /// A column of numbers: at the right.
    pub fn right(self) -> Self {
        Self { align: Align::Max, ..self }
    }

    pub fn sortable(self) -> Self {
        Self { sortable: true, ..self }
    }

    pub fn grows(self) -> Self {
        Self { grows: true, ..self }
    }

    pub fn pinned(self, pinned: bool) -> Self {
        Self { pinned, ..self }
    }
}

/// One column in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedColumn {
    /// Index into the columns as given.
    pub index: usize,
    /// Left and right edge on the screen.
    pub x: (f32, f32),
    /// A scrolled column hides behind the pinned ones.
    pub clip: Rect,
}

/// All columns in the order that they are shown.
pub struct Placed {
    pub columns: Vec<PlacedColumn>,
    /// Width of all of them.
    pub total: f32,
    /// The edge between pinned and scrolled columns, when something is scrolled behind it.
    pub edge: Option<f32>,
}

impl Placed {
    /// The columns of which something is seen in `area`.
    pub fn seen(&self, area: Rect) -> impl Iterator<Item = &PlacedColumn> {
        self.columns.iter().filter(move |c| c.x.1 > area.left().max(c.clip.left()) && c.x.0 < area.right())
    }
}

/// How much of its own width a column takes on at most: words far apart are no longer one row.
const MOST: f32 = 1.0;

/// Lays the columns out from the left of `area`, scrolled by the state.
pub fn place(columns: &[Column], state: &TableState, area: Rect) -> Placed {
    let order = order(columns, state);
    let pinned = columns.iter().filter(|column| column.pinned).count();
    let mut widths: Vec<f32> = order
        .iter()
        .map(|&i| state.widths.get(&columns[i].id).copied().unwrap_or(columns[i].width).max(columns[i].min_width))
        .collect();
    let spare = area.width() - widths.iter().sum::<f32>();
    let growing = order.iter().filter(|&&i| columns[i].grows).count();
    if spare > 0.0 && growing > 0 {
        for (width, _) in widths.iter_mut().zip(&order).filter(|(_, i)| columns[**i].grows) {
            *width += (spare / growing as f32).min(*width * MOST);
        }
    }
    let fixed: f32 = widths.iter().take(pinned).sum();
    let scrolled = area.with_min_x(area.left() + fixed);
    let mut x = area.left();
    let placed = order.iter().zip(&widths).enumerate().map(|(at, (&index, &width))| {
        let left = if at < pinned { x } else { x - state.x };
        x += width;
        PlacedColumn { index, x: (left, left + width), clip: if at < pinned { area } else { scrolled } }
    });
    let columns = placed.collect();
    let edge = (pinned > 0 && state.x > 0.0).then_some(area.left() + fixed);
    Placed { columns, total: x - area.left(), edge }
}

/// Indices in the order that they are shown: the pinned ones, then as a person put them, the others after.
pub fn order(columns: &[Column], state: &TableState) -> Vec<usize> {
    let rank = |column: &Column| state.order.iter().position(|id| *id == column.id).unwrap_or(usize::MAX);
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|&i| (!columns[i].pinned, if state.order.is_empty() { 0 } else { rank(&columns[i]) }));
    order
}
