//! Draws the rows of the list of runs.

use egui::{Rect, Sense, StrokeKind, Ui, pos2, vec2};
use jiff::Timestamp;
use studio::Run;

use super::{Verb, checked::Checked, columns::Field, pages::Pages, words};
use crate::{
    icons::{Icon, paint_glyph},
    table::{Cell, TableSource},
    theme::{self, Tokens},
    widgets::{ListRow, format, paint_sparkline},
};

/// Side of the square in a run's colour.
const SQUARE: f32 = 10.0;

/// What the rows are drawn from, and what their menus ask.
pub struct Source<'a> {
    pub pages: &'a Pages,
    pub fields: &'a [Field],
    pub checked: &'a Checked,
    pub current: Option<&'a str>,
    pub hovered: Option<&'a str>,
    pub now: Timestamp,
    pub asked: Option<(Verb, String)>,
}

impl TableSource for Source<'_> {
    fn rows(&self) -> u64 {
        self.pages.total().unwrap_or(0) as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let t = theme::of(cell.ui);
        let Some(run) = self.pages.run(cell.row as usize) else {
            if matches!(self.fields[cell.column], Field::Name) {
                cell.quiet("…");
            }
            return;
        };
        if self.hovered == Some(run.id.as_str()) && !cell.selected {
            let fill = cell.rect.shrink2(vec2(0.0, 0.5));
            cell.ui.painter().rect_filled(fill, 0.0, t.color.surface4);
        }
        match &self.fields[cell.column] {
            Field::Check => self.square(cell, &t, run),
            Field::Name => name(cell, &t, run),
            Field::Model => cell.secondary(words::algorithm(run)),
            Field::Pipeline => cell.secondary(words::pipeline_title(run)),
            Field::Metric(key) => match run.metrics.get(key) {
                Some(&value) => {
                    cell.text(&format::metric(value));
                    hint(cell, || format::exact(value));
                }
                None => cell.quiet("–"),
            },
            Field::Spark(key) => {
                if let Some(values) = self.pages.spark(&run.id, key) {
                    let rect = cell.inside().shrink2(vec2(0.0, 9.0));
                    let rect = rect.with_max_x(rect.right().min(rect.left() + 76.0));
                    let color = self.checked.color(&t, &run.id).unwrap_or(t.color.text3);
                    paint_sparkline(cell.ui.painter(), rect, values, color);
                }
            }
            Field::Param(key) => match run.params.get(key) {
                Some(value) => cell.text(&param(value)),
                None => cell.quiet("–"),
            },
            Field::Commit => match &run.commit {
                Some(commit) => {
                    cell.set(words::short_commit(commit), &t.face.mono, t.color.text2);
                }
                None => cell.quiet("–"),
            },
            Field::Branch => cell.secondary(run.branch.as_deref().unwrap_or("–")),
            Field::User => cell.secondary(run.user.as_deref().unwrap_or("–")),
            Field::Duration => match run.duration_ms(self.now.as_millisecond()) {
                Some(ms) => cell.secondary(&words::millis(ms)),
                None => cell.quiet("–"),
            },
            Field::Started => {
                let when = words::time(run.started_ms.unwrap_or(run.created_ms));
                cell.quiet(&format::ago(when, self.now));
                hint(cell, || format::date_time(when));
            }
        }
    }

    fn row_menu(&mut self, ui: &mut Ui, row: u64, _column: Option<usize>) {
        let Some(run) = self.pages.run(row as usize) else {
            return;
        };
        let running = !run.status.is_final();
        let resumes = matches!(run.status, studio::RunStatus::Failed | studio::RunStatus::Cancelled);
        let all = [
            (Verb::Open, "Open", Icon::Runs, true),
            (Verb::Check, "Check or uncheck", Icon::Check, true),
            (Verb::Register, "Register model…", Icon::Models, !running),
            (Verb::Rename, "Rename…", Icon::Edit, true),
            (Verb::CopyId, "Copy the run's id", Icon::Copy, true),
            (Verb::Cancel, "Cancel", Icon::Stop, running),
            (Verb::Resume, "Resume", Icon::Run, resumes),
            (Verb::Delete, "Delete", Icon::Trash, !running),
        ];
        ui.set_width(theme::of(ui).size.palette);
        for (verb, title, icon, there) in all {
            if there && ListRow::new(title).icon(icon).height(28.0).show(ui).clicked() {
                self.asked = Some((verb, run.id.clone()));
                ui.close();
            }
        }
    }

    fn has_menus(&self) -> bool {
        true
    }

    fn is_selected(&self, row: u64) -> bool {
        let run = self.pages.run(row as usize);
        run.is_some_and(|run| self.current == Some(run.id.as_str()))
    }

    fn row_name(&self, row: u64) -> String {
        match self.pages.run(row as usize) {
            Some(run) => {
                let checked = if self.checked.has(&run.id) { ", checked" } else { "" };
                format!("{}, {}{checked}", run.name, words::run_word(run))
            }
            None => format!("Row {}", row + 1),
        }
    }
}

impl Source<'_> {
    fn square(&self, cell: &Cell<'_>, t: &Tokens, run: &Run) {
        let centre = pos2(cell.rect.left() + 16.0, cell.rect.center().y);
        let square = Rect::from_center_size(centre, vec2(SQUARE, SQUARE));
        match self.checked.color(t, &run.id) {
            Some(color) => {
                cell.ui.painter().rect_filled(square, 2.5, color);
            }
            None => {
                let square = square.shrink(0.5);
                let edge = t.border();
                cell.ui.painter().rect_stroke(square, 2.5, edge, StrokeKind::Inside);
            }
        }
    }
}

fn name(cell: &Cell<'_>, t: &Tokens, run: &Run) {
    let inside = cell.inside();
    let at = pos2(inside.left() + 5.0, inside.center().y);
    paint_glyph(cell.ui.painter(), t, words::run_glyph(run), at);
    let room = inside.with_min_x(inside.left() + 17.0);
    cell.set_in(room, &run.name, &t.face.small, t.color.text1);
    if let Some(error) = &run.error {
        let error = error.clone();
        hint(cell, move || error);
    }
}

/// What the pointer learns on a cell; clicks go on to the row.
fn hint(cell: &Cell<'_>, words: impl FnOnce() -> String) {
    if !cell.ui.rect_contains_pointer(cell.rect) {
        return;
    }
    let id = cell.ui.scope_id().with(("hint", cell.row, cell.column));
    cell.ui.interact(cell.rect, id, Sense::hover()).on_hover_text(words());
}

/// A number among parameters gets the digits that a person reads.
pub fn param(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => format::number(number),
        _ => value.to_owned(),
    }
}
