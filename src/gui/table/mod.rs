//! A table of any number of rows that draws only what is seen.
//!
//! Scrolling is our own because a row's place must be exact at 100 million rows: egui's scroll
//! offsets, and those of `egui_table`, are 32-bit floats, which at that depth step by 256 points.
//! Here the offset is a 64-bit float and rows are placed relative to the first one seen.

mod cell;
mod columns;
mod head;
mod scroll;
mod state;
#[cfg(test)]
mod tests;

use std::ops::Range;

use egui::{Align, EventFilter, Id, Key, Pos2, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

pub use cell::Cell;
pub use columns::Column;
use columns::Placed;
pub use state::{Sort, TableState};

use crate::{theme, widgets::paint_ring};

/// What a table shows. Only rows and columns that are seen are asked for.
pub trait TableSource {
    fn rows(&self) -> u64;

    /// The rows and columns about to be drawn, so that they can be fetched together.
    fn prepare(&mut self, _rows: Range<u64>, _columns: &[usize]) {}

    /// Draws one cell. `column` of the cell is the index into the columns given to the table.
    fn cell(&mut self, cell: &mut Cell<'_>);

    /// Draws below a column's title; only when the table was given room for it.
    fn head(&mut self, _cell: &mut Cell<'_>) {}

    /// The menu of a column's head.
    fn head_menu(&mut self, _ui: &mut Ui, _column: usize) {}

    /// The menu of a row; `column` is the one that was clicked.
    fn row_menu(&mut self, _ui: &mut Ui, _row: u64, _column: Option<usize>) {}

    fn has_menus(&self) -> bool {
        false
    }

    fn is_selected(&self, _row: u64) -> bool {
        false
    }

    /// A cell's value in full, for copying, and whether the cell shows less of it.
    fn value(&self, _row: u64, _column: usize) -> Option<(String, bool)> {
        None
    }

    /// The accessible name of a row.
    fn row_name(&self, row: u64) -> String {
        format!("Row {}", row + 1)
    }
}

/// What a person did to the table in this frame.
#[derive(Debug, Default)]
pub struct TableResponse {
    /// A click on a row, or Enter on the one with the cursor.
    pub clicked: Option<u64>,
    pub double_clicked: Option<u64>,
    /// The column of the click.
    pub column: Option<usize>,
    /// The row under the pointer.
    pub hovered: Option<u64>,
    /// The keyboard's cursor came to another row.
    pub moved: Option<u64>,
    /// Space on a row.
    pub toggled: Option<u64>,
    /// Right (true) or left (false) on a row: to open what it holds, or to close it.
    pub opened: Option<(u64, bool)>,
    /// A head was clicked; the state already holds the new sort.
    pub sorted: bool,
    /// Rows on screen.
    pub visible: Range<u64>,
}

/// A table: `Table::new("runs", &columns).show(ui, &mut self.table, &mut source)`.
#[must_use = "call show"]
pub struct Table<'a> {
    id: &'a str,
    columns: &'a [Column],
    row_height: Option<f32>,
    head_extra: f32,
}

/// Where the parts of a table lie.
struct Frame {
    head: Rect,
    body: Rect,
    row_height: f32,
    /// The lower end of the bar that scrolls columns.
    across: f32,
}

impl<'a> Table<'a> {
    pub fn new(id: &'a str, columns: &'a [Column]) -> Self {
        Self { id, columns, row_height: None, head_extra: 0.0 }
    }

    /// Rows 24 points high instead of 32.
    pub fn compact(self, compact: bool, ui: &Ui) -> Self {
        let t = theme::of(ui);
        Self { row_height: Some(if compact { t.size.row_compact } else { t.size.row }), ..self }
    }

    pub fn row_height(self, height: f32) -> Self {
        Self { row_height: Some(height), ..self }
    }

    /// Room below the titles for [`TableSource::head`]: a small histogram.
    pub fn head_extra(self, height: f32) -> Self {
        Self { head_extra: height, ..self }
    }

    /// Draws the table over all the room there is.
    pub fn show(self, ui: &mut Ui, state: &mut TableState, source: &mut dyn TableSource) -> TableResponse {
        let t = theme::of(ui);
        let area = ui.available_rect_before_wrap();
        let id = ui.make_persistent_id(("table", self.id));
        let whole = ui.allocate_rect(area, Sense::hover());
        let row_height = self.row_height.unwrap_or(t.size.row);
        let head_height = t.size.control + self.head_extra;
        let (head, body) = area.split_top_bottom_at_y((area.top() + head_height).min(area.bottom()));
        let placed = columns::place(self.columns, state, area);
        // The bar below covers no row.
        let bar = if placed.total > area.width() + 0.5 { t.size.scrollbar } else { 0.0 };
        let frame = Frame { head, body: body.with_max_y(body.bottom() - bar), row_height, across: body.bottom() };
        let rows = source.rows();
        scroll::wheel(ui, state, &frame, rows, placed.total, area);
        let mut answer = TableResponse::default();
        let focus = self.keyboard(ui, id, state, &frame, rows, &mut answer);
        state.clamp(&frame, rows, placed.total);

        let first = (state.offset / f64::from(row_height)) as u64;
        let last = ((state.offset + f64::from(body.height())) / f64::from(row_height)).ceil() as u64;
        answer.visible = first..last.min(rows);
        let seen: Vec<usize> = placed.seen(area).map(|column| column.index).collect();
        source.prepare(answer.visible.clone(), &seen);

        let mut painter_ui = ui.new_child(egui::UiBuilder::new().max_rect(area).id_salt(self.id));
        painter_ui.set_clip_rect(area.intersect(ui.clip_rect()));
        self.body(&mut painter_ui, id, state, &frame, &placed, source, &mut answer);
        painter_ui.set_clip_rect(area.intersect(ui.clip_rect()));
        head::show(&mut painter_ui, id, self.columns, state, &frame, &placed, source, &mut answer);
        painter_ui.set_clip_rect(area.intersect(ui.clip_rect()));
        scroll::bars(&mut painter_ui, id, state, &frame, rows, &placed);
        if focus.has_focus() {
            paint_ring(&painter_ui.painter().with_clip_rect(ui.clip_rect()), &t, whole.rect.shrink(2.0), 0.0);
        }
        answer
    }

    /// The table itself takes the keyboard: arrows move a cursor over rows.
    fn keyboard(
        &self,
        ui: &Ui,
        id: Id,
        state: &mut TableState,
        frame: &Frame,
        rows: u64,
        answer: &mut TableResponse,
    ) -> Response {
        let response = ui.interact(frame.body, id, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Table, ui.is_enabled(), self.id));
        if !response.has_focus() || rows == 0 {
            return response;
        }
        let arrows = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
        let page = (frame.body.height() / frame.row_height).max(1.0) as u64;
        let at = state.cursor;
        let step = |by: i128| at.map_or(0, |row| (i128::from(row) + by).clamp(0, i128::from(rows - 1)) as u64);
        let to = ui.input(|input| {
            [
                (Key::ArrowDown, step(1)),
                (Key::ArrowUp, step(-1)),
                (Key::PageDown, step(i128::from(page))),
                (Key::PageUp, step(-i128::from(page))),
                (Key::Home, 0),
                (Key::End, rows - 1),
            ]
            .into_iter()
            .find_map(|(key, row)| input.key_pressed(key).then_some(row))
        });
        if let Some(row) = to {
            state.cursor = Some(row);
            state.show_row(row, frame);
            answer.moved = Some(row);
        }
        ui.input(|input| {
            if input.key_pressed(Key::Enter) {
                answer.clicked = state.cursor;
            }
            if input.key_pressed(Key::Space) {
                answer.toggled = state.cursor;
            }
            for (key, open) in [(Key::ArrowRight, true), (Key::ArrowLeft, false)] {
                // With Alt it goes back, which is not the table's.
                if input.modifiers.is_none() && input.key_pressed(key) {
                    answer.opened = state.cursor.map(|row| (row, open));
                }
            }
        });
        response
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one frame, borrowed apart")]
    fn body(
        &self,
        ui: &mut Ui,
        id: Id,
        state: &mut TableState,
        frame: &Frame,
        placed: &Placed,
        source: &mut dyn TableSource,
        answer: &mut TableResponse,
    ) {
        let t = theme::of(ui);
        let body = frame.body;
        let clip = ui.clip_rect().intersect(body);
        for row in answer.visible.clone() {
            let top = body.top() + (row as f64 * f64::from(frame.row_height) - state.offset) as f32;
            let rect = Rect::from_min_size(pos2(body.left(), top), vec2(body.width(), frame.row_height));
            ui.set_clip_rect(clip);
            let response = ui.interact(rect.intersect(body), id.with(row), Sense::click());
            let selected = source.is_selected(row);
            response.widget_info(|| WidgetInfo::selected(Role::Row, ui.is_enabled(), selected, source.row_name(row)));
            let cursor = state.cursor == Some(row) && ui.memory(|memory| memory.has_focus(id));
            if selected {
                ui.painter().rect_filled(rect, 0.0, t.color.accent_soft);
            } else if response.hovered() || cursor {
                ui.painter().rect_filled(rect, 0.0, t.color.surface4);
            }
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
            if source.has_menus() {
                response.context_menu(|ui| source.row_menu(ui, row, state.menu_column));
            }
            self.pointer(ui, id, state, placed, row, &response, answer);
            value(ui, id, placed, row, response, source);
            for column in placed.seen(body) {
                let cell = Rect::from_x_y_ranges(column.x.0..=column.x.1, rect.y_range());
                ui.set_clip_rect(clip.intersect(column.clip).intersect(cell));
                let align = self.columns[column.index].align;
                source.cell(&mut Cell::new(ui, cell, row, column.index, align, selected));
            }
        }
        ui.set_clip_rect(clip);
        if let Some(x) = placed.edge {
            ui.painter().vline(x, body.y_range(), t.hairline());
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one frame, borrowed apart")]
    fn pointer(
        &self,
        ui: &Ui,
        id: Id,
        state: &mut TableState,
        placed: &Placed,
        row: u64,
        response: &Response,
        answer: &mut TableResponse,
    ) {
        if response.hovered() {
            answer.hovered = Some(row);
        }
        if response.clicked() || response.double_clicked() || response.secondary_clicked() {
            state.cursor = Some(row);
            let column_at = |at: Pos2| placed.seen(response.rect).find(|c| (c.x.0..c.x.1).contains(&at.x));
            answer.column = response.interact_pointer_pos().and_then(column_at).map(|column| column.index);
            if response.secondary_clicked() {
                state.menu_column = answer.column;
            }
            // Arrows go on from here.
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        if response.clicked() {
            answer.clicked = Some(row);
        }
        if response.double_clicked() {
            answer.double_clicked = Some(row);
        }
    }
}

/// Shows the cell under the pointer in full where it is cut, and copies it while the table has the keyboard.
fn value(ui: &Ui, id: Id, placed: &Placed, row: u64, response: Response, source: &dyn TableSource) {
    let Some(at) = response.hover_pos() else { return };
    let column = placed.seen(response.rect).find(|column| (column.x.0..column.x.1).contains(&at.x));
    let Some((text, cut)) = column.and_then(|column| source.value(row, column.index)) else { return };
    let asked = || ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if ui.memory(|memory| memory.has_focus(id)) && asked() {
        ui.copy_text(text.clone());
    }
    if cut {
        response.on_hover_text_at_pointer(text);
    }
}

/// The alignment that a column of numbers has.
pub const RIGHT: Align = Align::Max;
