//! Draws the lines of the list of runs.

use egui::{CursorIcon, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use jiff::Timestamp;
use studio::{Run, RunGroup, Spread};

use super::{
    checked::Checked,
    columns::Field,
    lines::Line,
    menus::{self, Asked},
    pages::Pages,
    query::Filters,
    words,
};
use crate::{
    icons::{self, Icon, paint_glyph},
    table::{Cell, RIGHT, TableSource},
    theme::{self, Tokens},
    widgets::{format, paint_sparkline},
};

/// Side of the square in a run's colour.
const SQUARE: f32 = 12.0;
/// Points that a nested run stands further right.
const STEP: f32 = 16.0;
/// The tag of runs that a person marked.
pub const STAR_TAG: &str = "atelier.starred";

/// What the lines are drawn from, and what was asked on them.
pub struct Source<'a> {
    pub pages: &'a Pages,
    pub fields: &'a [Field],
    pub pinned: &'a [String],
    pub filters: &'a Filters,
    /// The metrics that groups are summed up by, in the order of their sums.
    pub measures: &'a [String],
    pub checked: &'a Checked,
    pub current: Option<&'a str>,
    pub hovered: Option<&'a str>,
    /// Whether any run of the list is nested in another or any group there is: room for what opens them.
    pub opens: bool,
    pub now: Timestamp,
    pub asked: Option<Asked>,
}

impl TableSource for Source<'_> {
    fn rows(&self) -> u64 {
        self.pages.len() as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        match self.pages.line(cell.row as usize) {
            Some(Line::Group { group, open }) => self.group(cell, group, open),
            Some(Line::Run { depth, children, open, .. }) => match self.pages.run(cell.row as usize) {
                Some(run) => self.run(cell, run, Nesting { depth, children, open }),
                None if matches!(self.fields[cell.column], Field::Name) => cell.quiet("…"),
                None => {}
            },
            None => {}
        }
    }

    fn row_menu(&mut self, ui: &mut Ui, row: u64, column: Option<usize>) {
        if let Some(run) = self.pages.run(row as usize) {
            let field = column.and_then(|column| self.fields.get(column));
            self.asked = menus::of_run(ui, run, field, &self.filters.scope).or(self.asked.take());
        }
    }

    fn head_menu(&mut self, ui: &mut Ui, column: usize) {
        let Some(field) = self.fields.get(column) else { return };
        let pinned = self.pinned.contains(&field.id());
        self.asked = menus::of_head(ui, field, pinned).or(self.asked.take());
    }

    fn has_menus(&self) -> bool {
        true
    }

    fn is_selected(&self, row: u64) -> bool {
        let run = self.pages.run(row as usize);
        run.is_some_and(|run| self.current == Some(run.id.as_str()))
    }

    fn value(&self, row: u64, column: usize) -> Option<(String, bool)> {
        let run = self.pages.run(row as usize)?;
        let text = match self.fields.get(column)? {
            Field::Name => run.name.clone(),
            Field::Metric(key) => return Some((format::exact(*run.metrics.get(key)?), false)),
            Field::Param(key) => run.params.get(key)?.clone(),
            Field::Tag(key) => run.tags.get(key)?.clone(),
            Field::Commit => return Some((run.commit.clone()?, true)),
            _ => return None,
        };
        let cut = text.chars().count() > 14;
        Some((text, cut))
    }

    fn row_name(&self, row: u64) -> String {
        let opened = |open: bool| if open { ", open" } else { ", closed" };
        match self.pages.line(row as usize) {
            Some(Line::Group { group, open }) => match self.pages.group(group) {
                Some(found) => {
                    let runs = format::counted(found.runs as u64, "run", "runs");
                    format!("{}, {runs}{}", self.group_title(found), opened(open))
                }
                None => format!("Group {}", group + 1),
            },
            Some(Line::Run { children, open, .. }) => match self.pages.run(row as usize) {
                Some(run) => {
                    let checked = if self.is_checked(run) { ", checked" } else { "" };
                    let opened = if children > 0 { opened(open) } else { "" };
                    format!("{}, {}{checked}{opened}", run.name, words::run_word(run))
                }
                None => format!("Row {}", row + 1),
            },
            None => format!("Row {}", row + 1),
        }
    }
}

/// How a run stands among others.
#[derive(Clone, Copy)]
struct Nesting {
    depth: u16,
    children: u32,
    open: bool,
}

impl Source<'_> {
    fn run(&mut self, cell: &mut Cell<'_>, run: &Run, nesting: Nesting) {
        let t = theme::of(cell.ui);
        if self.hovered == Some(run.id.as_str()) && !cell.selected {
            let fill = cell.rect.shrink2(vec2(0.0, 0.5));
            cell.ui.painter().rect_filled(fill, 0.0, t.color.surface4);
        }
        match &self.fields[cell.column] {
            Field::Check => self.square(cell, &t, run),
            Field::Name => self.name(cell, &t, run, nesting),
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
            Field::Tag(key) => secondary(cell, run.tags.get(key).map(String::as_str)),
            Field::Started => {
                let when = words::time(run.started_ms.unwrap_or(run.created_ms));
                cell.quiet(&format::ago(when, self.now));
                hint(cell, || format::date_time(when));
            }
            field => system(cell, &t, field, run, self.now),
        }
        self.quick_filter(cell, &t, run);
    }

    /// What narrows the list to the value under the pointer, at the side of the cell that the value is not on.
    fn quick_filter(&mut self, cell: &Cell<'_>, t: &Tokens, run: &Run) {
        if !cell.ui.rect_contains_pointer(cell.rect) {
            return;
        }
        let Some((title, what)) = menus::narrowing(run, &self.fields[cell.column]).into_iter().next() else { return };
        let half = t.size.hit / 2.0;
        let x = if cell.align == RIGHT { cell.rect.left() + half } else { cell.rect.right() - half };
        let rect = Rect::from_center_size(pos2(x, cell.rect.center().y), vec2(t.size.hit, cell.rect.height() - 2.0));
        let id = cell.ui.scope_id().with(("filter", cell.row, cell.column));
        let response = cell.ui.interact(rect, id, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &title));
        let (fill, color) = match (cell.selected, response.hovered()) {
            (true, hovered) => (t.color.accent_soft, if hovered { t.color.text1 } else { t.color.text2 }),
            (false, hovered) => (t.color.surface4, if hovered { t.color.text1 } else { t.color.text3 }),
        };
        cell.ui.painter().rect_filled(rect, 0.0, fill);
        icons::paint_at(cell.ui.painter(), Icon::Filter, rect.center(), t.size.icon_small, color);
        if response.clicked() {
            self.asked = Some(what);
        }
        response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(title);
    }

    fn square(&self, cell: &Cell<'_>, t: &Tokens, run: &Run) {
        let centre = pos2(cell.rect.left() + 16.0, cell.rect.center().y);
        let square = Rect::from_center_size(centre, vec2(SQUARE, SQUARE));
        match self.checked.color(t, &run.id) {
            Some(color) => {
                cell.ui.painter().rect_filled(square, 2.5, color);
            }
            // Its models have the colours.
            None if self.is_checked(run) => {
                cell.ui.painter().rect_filled(square, 2.5, t.color.text3);
            }
            None => {
                let square = square.shrink(0.5);
                let edge = Stroke::new(t.size.line, t.color.text3);
                cell.ui.painter().rect_stroke(square, 2.5, edge, StrokeKind::Inside);
            }
        }
    }

    /// Whether a run is checked, or every one of the models that it makes.
    fn is_checked(&self, run: &Run) -> bool {
        let models = || run.model_runs();
        self.checked.has(&run.id) || words::has_models(run) && models().iter().all(|model| self.checked.has(&model.run))
    }

    fn name(&mut self, cell: &mut Cell<'_>, t: &Tokens, run: &Run, nesting: Nesting) {
        let mut inside = cell.inside();
        inside.min.x += f32::from(nesting.depth) * STEP;
        if self.opens {
            if nesting.children > 0 {
                self.chevron(cell, inside.left(), nesting.open, &run.name);
            }
            inside.min.x += STEP;
        }
        paint_glyph(cell.ui.painter(), t, words::run_glyph(run), pos2(inside.left() + 5.0, inside.center().y));
        self.star(cell, t, run);
        let mut room = inside.with_min_x(inside.left() + 17.0);
        room.max.x -= STEP;
        if nesting.children > 0 {
            let count = format::count(u64::from(nesting.children));
            let wide = cell.width_of(&count, &t.face.small);
            cell.set_in(room.with_min_x(room.right() - wide), &count, &t.face.small, t.color.text3);
            room.max.x -= wide + t.size.gap;
        }
        // Below its run a model needs no more than its own name.
        let nested = nesting.depth > u16::from(self.filters.group.is_some());
        let name = words::model_title(run).filter(|_| nested).unwrap_or(&run.name);
        cell.set_in(room, name, &t.face.small, t.color.text1);
        if let Some(error) = &run.error {
            let error = error.clone();
            hint(cell, move || error);
        }
    }

    /// The mark at the right of the name: of starred runs, and of the one under the pointer.
    fn star(&mut self, cell: &mut Cell<'_>, t: &Tokens, run: &Run) {
        let starred = run.tags.contains_key(STAR_TAG);
        let centre = pos2(cell.rect.right() - STEP, cell.rect.center().y);
        let rect = Rect::from_center_size(centre, vec2(t.size.hit, cell.rect.height()));
        let line = cell.rect.with_min_x(cell.ui.clip_rect().left()).with_max_x(cell.ui.clip_rect().right());
        if !starred && !cell.selected && !cell.ui.rect_contains_pointer(line) {
            return;
        }
        let response = cell.ui.interact(rect, cell.ui.scope_id().with(("star", cell.row)), Sense::click());
        let name = format!("{} {}", if starred { "Unstar" } else { "Star" }, run.name);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, starred, &name));
        let color = match (starred, response.hovered()) {
            (true, _) => t.color.warn,
            (false, true) => t.color.text1,
            (false, false) => t.color.text3,
        };
        let icon = if starred { Icon::Starred } else { Icon::Star };
        icons::paint_at(cell.ui.painter(), icon, centre, t.size.icon_small, color);
        if response.clicked() {
            self.asked = Some(Asked::Star(run.id.clone(), !starred));
        }
        response.on_hover_text(if starred { "Take the star away" } else { "Mark with a star" });
    }

    /// What opens a group or a run that holds others.
    fn chevron(&mut self, cell: &mut Cell<'_>, left: f32, open: bool, of: &str) {
        let t = theme::of(cell.ui);
        let centre = pos2(left + 5.0, cell.rect.center().y);
        let rect = Rect::from_center_size(centre, vec2(t.size.hit, cell.rect.height()));
        let response = cell.ui.interact(rect, cell.ui.scope_id().with(("open", cell.row)), Sense::click());
        let name = format!("{} {of}", if open { "Close" } else { "Open" });
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, &name));
        let icon = if open { Icon::ChevronDown } else { Icon::ChevronRight };
        let color = if response.hovered() { t.color.text1 } else { t.color.text2 };
        icons::paint_at(cell.ui.painter(), icon, centre, 13.0, color);
        if response.clicked() {
            self.asked = Some(Asked::Toggle(cell.row));
        }
    }

    fn group(&mut self, cell: &mut Cell<'_>, group: u32, open: bool) {
        let Some(found) = self.pages.group(group) else { return };
        let t = theme::of(cell.ui);
        match &self.fields[cell.column] {
            Field::Name => {
                let title = self.group_title(found);
                let inside = cell.inside();
                self.chevron(cell, inside.left(), open, &title);
                let count = format::count(found.runs as u64);
                let room = inside.with_min_x(inside.left() + STEP);
                let at = cell.width_of(&count, &t.face.small);
                cell.set_in(
                    room.with_max_x(room.right() - at - t.size.gap),
                    &title,
                    &t.face.small_strong,
                    t.color.text1,
                );
                cell.set_in(room.with_min_x(room.right() - at), &count, &t.face.small, t.color.text2);
            }
            Field::Metric(key) => {
                let measured = self.measures.iter().position(|measure| measure == key);
                match measured.and_then(|at| found.measures.get(at)).filter(|spread| spread.count > 0) {
                    Some(spread) => {
                        cell.secondary(&format::metric(spread.mean));
                        hint(cell, || spread_words(spread));
                    }
                    None => cell.quiet("–"),
                }
            }
            _ => {}
        }
    }

    fn group_title(&self, group: &RunGroup) -> String {
        let by = self.filters.group.as_ref().map(menus::sort_title).unwrap_or_default();
        match &group.value {
            Some(value) => match studio::RunStatus::ALL.iter().find(|status| status.as_str() == value) {
                Some(status) if by == "status" => words::status_word(*status).to_owned(),
                _ => param(value),
            },
            None => format!("No {by}"),
        }
    }
}

/// "mean 0.93, from 0.91 to 0.95, ± 0.01 over 12 runs"
fn spread_words(spread: &Spread) -> String {
    let deviation = spread.deviation().map(|it| format!(", ± {}", format::metric(it))).unwrap_or_default();
    format!(
        "Mean {}, from {} to {}{deviation}, of {}",
        format::metric(spread.mean),
        format::metric(spread.least),
        format::metric(spread.greatest),
        format::counted(spread.count as u64, "run", "runs")
    )
}

/// What every run has beside its name and its start.
fn system(cell: &Cell<'_>, t: &Tokens, field: &Field, run: &Run, now: Timestamp) {
    match field {
        Field::Model => cell.secondary(words::algorithm(run)),
        Field::Status => cell.secondary(&words::run_word(run)),
        Field::Experiment => cell.secondary(&run.experiment),
        Field::Pipeline => cell.secondary(words::pipeline_title(run)),
        Field::Commit => match &run.commit {
            Some(commit) => cell.set(words::short_commit(commit), &t.face.mono, t.color.text2),
            None => cell.quiet("–"),
        },
        Field::Branch => secondary(cell, run.branch.as_deref()),
        Field::User => secondary(cell, run.user.as_deref()),
        Field::Duration => match run.duration_ms(now.as_millisecond()) {
            Some(ms) => cell.secondary(&words::millis(ms)),
            None => cell.quiet("–"),
        },
        _ => {}
    }
}

fn secondary(cell: &Cell<'_>, text: Option<&str>) {
    match text {
        Some(text) => cell.secondary(text),
        None => cell.quiet("–"),
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
