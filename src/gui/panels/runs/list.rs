//! The list: charts above, the table below.

use egui::{Key, Rect, Ui, UiBuilder};

use super::{Runs, Verb, charts::Strip, columns, lines::Line, table::Source};
use crate::{
    panels::{Cx, Subject},
    table::{Table, TableResponse},
    theme,
    widgets::{self, format},
};

/// Below this height of the panel the charts would leave no table.
const LOWEST: f32 = 420.0;
/// Rows that a range of checks may span.
const RANGE: u64 = 200;

impl Runs {
    /// Draws the list; what was asked, and of which run.
    pub(super) fn list(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Option<(Verb, Option<String>)> {
        if self.pages.total() == Some(0) && self.is_unfiltered() {
            self.nothing(ui, cx);
            return None;
        }
        if let Some(verb) = self.list_bar(ui, cx) {
            return Some((verb, None));
        }
        match (self.pages.total(), self.pages.failure().cloned()) {
            (None, Some(failure)) => {
                if widgets::failed(ui, "Could not read the runs", &failure, "Try again") {
                    self.pages.revision += 1;
                }
                return None;
            }
            (None, None) => {
                widgets::loading(ui, "Reading the runs…");
                return None;
            }
            (Some(0), _) => {
                self.nothing(ui, cx);
                return None;
            }
            (Some(_), failure) => {
                if let Some(failure) = failure {
                    widgets::message(ui, crate::icons::Glyph::Error, &failure.message);
                }
            }
        }
        let area = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(area);
        let charted = !self.shown.charts_hidden && !self.checked.is_empty() && area.height() > LOWEST;
        let split = if charted { area.top() + (area.height() * 0.38).clamp(190.0, 320.0) } else { area.top() };
        let (above, below) = area.split_top_bottom_at_y(split);
        let before = self.hovered.take();
        if charted {
            let strip = Strip {
                together: &self.together,
                checked: &self.checked,
                pages: &self.pages,
                shown: &self.shown,
                strong: before.as_deref().or(self.current.as_deref()),
            };
            self.hovered = strip.show(ui, above);
        }
        self.table(ui, below, before, cx)
    }

    fn table(
        &mut self,
        ui: &mut Ui,
        area: Rect,
        hovered: Option<String>,
        cx: &mut Cx<'_>,
    ) -> Option<(Verb, Option<String>)> {
        let t = theme::of(ui);
        ui.painter().rect_filled(area, 0.0, t.color.surface2);
        ui.painter().hline(area.x_range(), area.top(), t.hairline());
        let fields = columns::fields(&self.shown, &self.pages);
        let columns = columns::columns(&fields, &self.shown);
        let mut source = Source {
            pages: &self.pages,
            fields: &fields,
            pinned: &self.shown.pinned,
            filters: &self.filters,
            measures: &self.listing.measures,
            opens: self.pages.opens(),
            checked: &self.checked,
            current: self.current.as_deref(),
            hovered: hovered.as_deref(),
            now: format::now(ui),
            asked: None,
        };
        let mut child = ui.new_child(UiBuilder::new().max_rect(area).id_salt("table"));
        let mut state = std::mem::take(&mut self.shown.table);
        let answer = Table::new("Runs", &columns).show(&mut child, &mut state, &mut source);
        let asked = source.asked.take();
        self.shown.table = state;
        let visible = answer.visible.start as usize..(answer.visible.end as usize).max(1);
        if visible != self.visible {
            self.visible = visible;
            ui.request_repaint();
        }
        if let Some(row) = answer.hovered {
            self.hovered = self.pages.run(row as usize).map(|run| run.id.clone());
        }
        // Charts and table point at the same run: the one learns of the other in the next frame.
        if self.hovered != hovered {
            ui.request_repaint();
        }
        if let Some(asked) = asked {
            self.asked(asked, &fields, cx);
            return None;
        }
        if let Some((line, open)) = answer.opened {
            self.pages.open(line as usize, Some(open));
        }
        let group = answer.clicked.filter(|line| matches!(self.pages.line(*line as usize), Some(Line::Group { .. })));
        if let Some(line) = group {
            self.pages.open(line as usize, None);
            return None;
        }
        self.answer(ui, &answer, &fields, cx)
    }

    /// What clicks and keys on rows mean.
    fn answer(
        &mut self,
        ui: &Ui,
        answer: &TableResponse,
        fields: &[columns::Field],
        cx: &mut Cx<'_>,
    ) -> Option<(Verb, Option<String>)> {
        let pages = &self.pages;
        let id = |row: u64| pages.run(row as usize).map(|run| run.id.clone());
        let (moved, clicked) = (answer.moved.and_then(id), answer.clicked.and_then(id));
        if let Some(id) = answer.double_clicked.and_then(id) {
            return Some((Verb::Open, Some(id)));
        }
        if let Some(id) = answer.toggled.and_then(id) {
            self.anchor = answer.toggled;
            return Some((Verb::Check, Some(id)));
        }
        if let Some(id) = moved {
            self.select(id, cx);
        }
        let (row, id) = (answer.clicked?, clicked?);
        let (enter, modifiers) = ui.input(|input| (input.key_pressed(Key::Enter), input.modifiers));
        if enter {
            return Some((Verb::Open, Some(id)));
        }
        let on_square = answer.column.is_some_and(|column| matches!(fields.get(column), Some(columns::Field::Check)));
        if modifiers.shift {
            self.check_range(row);
        } else if modifiers.command || on_square {
            self.anchor = Some(row);
            return Some((Verb::Check, Some(id)));
        } else {
            self.anchor = Some(row);
            self.select(id, cx);
        }
        None
    }

    fn select(&mut self, id: String, cx: &mut Cx<'_>) {
        self.current = Some(id.clone());
        cx.select(Subject::Run { id });
    }

    /// Checks the runs between the last one clicked and this one.
    fn check_range(&mut self, row: u64) {
        let from = self.anchor.unwrap_or(row);
        let (low, high) = (from.min(row), from.max(row));
        for row in low..=high.min(low + RANGE) {
            let Some(run) = self.pages.run(row as usize) else { continue };
            self.pages.measured_runs(&run.id).iter().for_each(|id| self.checked.add(id));
        }
    }
}
