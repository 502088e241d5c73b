//! Two versions as text: mono, coloured by what the words are and by which side they are on.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{Align, Align2, Color32, Galley, Layout, Painter, Pos2, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};
use studio::git::Sign;

use super::Half;
use super::rows::{Line, Pair, Row, Rows};
use crate::syntax::{self, Language};
use crate::theme::{self, Tokens};
use crate::widgets::paint_text;

/// What can be done with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Stage(usize),
    Unstage(usize),
    Discard(usize),
}

/// Where the text is looked at.
#[derive(Default)]
pub struct TextView {
    /// How far the two sides are moved to the left, in points.
    shift: f32,
}

/// Room for signs and numbers.
struct Gutter {
    number: f32,
    sign: f32,
}

impl Gutter {
    fn of(ui: &Ui, t: &Tokens, rows: &Rows) -> Self {
        let letter = letter_width(ui, t);
        Self { number: letter * (rows.digits.max(2) as f32 + 1.5), sign: letter * 2.0 }
    }
}

fn letter_width(ui: &Ui, t: &Tokens) -> f32 {
    ui.painter().layout_no_wrap("0".to_owned(), t.face.mono.font(), Color32::PLACEHOLDER).size().x
}

impl TextView {
    /// One below the other; what was asked of a part.
    pub fn unified(&self, ui: &mut Ui, rows: &Rows, language: Language, half: Option<Half>) -> Option<Part> {
        let t = theme::of(ui);
        let gutter = Gutter::of(ui, &t, rows);
        let edge = 2.0 * gutter.number + gutter.sign;
        let width = edge + (rows.longest as f32 + 2.0) * letter_width(ui, &t);
        let mut asked = None;
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        let height = t.face.mono.line + 2.0;
        let area = ScrollArea::both().id_salt("unified").auto_shrink(false);
        area.show_rows(ui, height, rows.unified.len(), |ui, seen| {
            ui.set_min_width(width);
            for at in seen {
                let clip = ui.clip_rect();
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), egui::Sense::hover());
                match &rows.unified[at] {
                    // The head stays in sight however far the text is moved.
                    Row::Head(hunk) => {
                        let rect = Rect::from_x_y_ranges(clip.x_range(), rect.y_range());
                        asked = asked.take().or_else(|| head(ui, &t, rect, rows, *hunk, half));
                    }
                    Row::Line(line) => {
                        let painter = ui.painter();
                        ground(painter, &t, rect, line.sign);
                        number(painter, &t, rect.with_max_x(rect.left() + gutter.number), line.old);
                        let second = rect.with_min_x(rect.left() + gutter.number);
                        number(painter, &t, second.with_max_x(rect.left() + 2.0 * gutter.number), line.new);
                        sign(painter, &t, pos2(rect.left() + 2.0 * gutter.number, rect.center().y), line.sign);
                        put(painter, &t, line, language, pos2(rect.left() + edge, rect.center().y));
                    }
                }
            }
        });
        asked
    }

    /// The old side at the left, the new one at the right.
    pub fn side_by_side(&mut self, ui: &mut Ui, rows: &Rows, language: Language, half: Option<Half>) -> Option<Part> {
        let t = theme::of(ui);
        let gutter = Gutter::of(ui, &t, rows);
        let edge = gutter.number + gutter.sign;
        let column = ui.available_width() / 2.0;
        let longest = edge + (rows.longest as f32 + 2.0) * letter_width(ui, &t);
        if ui.rect_contains_pointer(ui.available_rect_before_wrap()) {
            let moved = ui.input(|input| input.smooth_scroll_delta().x);
            self.shift = (self.shift - moved).clamp(0.0, (longest - column).max(0.0));
        }
        let mut asked = None;
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        let height = t.face.mono.line + 2.0;
        let area = ScrollArea::vertical().id_salt("side by side").auto_shrink(false);
        area.show_rows(ui, height, rows.pairs.len(), |ui, seen| {
            for at in seen {
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), egui::Sense::hover());
                let (left, right) = rect.split_left_right_at_x(rect.left() + column);
                match &rows.pairs[at] {
                    Pair::Head(hunk) => asked = asked.take().or_else(|| head(ui, &t, rect, rows, *hunk, half)),
                    Pair::Lines(old, new) => {
                        for (side, line, is_old) in [(left, old, true), (right, new, false)] {
                            self.side(ui, &t, side, line.as_ref(), is_old, &gutter, language);
                        }
                    }
                }
                ui.painter().vline(right.left(), rect.y_range(), t.hairline());
            }
        });
        asked
    }

    #[expect(clippy::too_many_arguments, reason = "one flat call for each half row")]
    fn side(
        &self,
        ui: &Ui,
        t: &Tokens,
        rect: Rect,
        line: Option<&Line>,
        is_old: bool,
        gutter: &Gutter,
        language: Language,
    ) {
        let Some(line) = line else {
            ui.painter().rect_filled(rect, 0.0, t.tint(t.color.surface1, t.color.surface2, 0.8));
            return;
        };
        let painter = ui.painter();
        ground(painter, t, rect, line.sign);
        number(painter, t, rect.with_max_x(rect.left() + gutter.number), if is_old { line.old } else { line.new });
        sign(painter, t, pos2(rect.left() + gutter.number, rect.center().y), line.sign);
        let edge = rect.left() + gutter.number + gutter.sign;
        let inside = painter.with_clip_rect(rect.with_min_x(edge).intersect(painter.clip_rect()));
        put(&inside, t, line, language, pos2(edge - self.shift, rect.center().y));
    }
}

/// The line between two parts: where they are, and what can be done with the part below.
fn head(ui: &mut Ui, t: &Tokens, rect: Rect, rows: &Rows, at: usize, half: Option<Half>) -> Option<Part> {
    ui.painter().rect_filled(rect, 0.0, t.color.surface2);
    let inside = rect.shrink2(vec2(t.size.pad, 0.0));
    let words = rows.hunks[at].header();
    paint_text(ui.painter(), inside, Align2::LEFT_CENTER, &words, &t.face.mono, t.color.text3);
    let half = half?;
    let place = UiBuilder::new().max_rect(inside).layout(Layout::right_to_left(Align::Center)).id_salt(("head", at));
    let mut child = ui.new_child(place);
    let ui = &mut child;
    ui.spacing_mut().item_spacing.x = t.size.pad;
    let part = at + 1;
    let mut link = |words: &str, name: String| part_link(ui, t, words, &name);
    match half {
        Half::Staged => link("Unstage", format!("Unstage part {part}")).then_some(Part::Unstage(at)),
        Half::Unstaged => {
            let discard = link("Discard", format!("Discard part {part}")).then_some(Part::Discard(at));
            link("Stage", format!("Stage part {part}")).then_some(Part::Stage(at)).or(discard)
        }
    }
}

/// A word that acts, low enough for a line of text.
fn part_link(ui: &mut Ui, t: &Tokens, words: &str, name: &str) -> bool {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), t.face.caption.font(), Color32::PLACEHOLDER);
    let size = vec2(galley.size().x, t.face.mono.line);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, name));
    let color = if response.hovered() { t.color.text1 } else { t.color.accent };
    ui.painter().galley(rect.left_center() - vec2(0.0, galley.size().y / 2.0), galley, color);
    crate::widgets::focus_ring(ui, &response, t.size.grid);
    response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
}

fn ink(t: &Tokens, sign: Sign) -> Color32 {
    match sign {
        Sign::Same => t.color.text3,
        Sign::Added => t.color.ok,
        Sign::Removed => t.color.error,
    }
}

fn ground(painter: &Painter, t: &Tokens, rect: Rect, sign: Sign) {
    if sign != Sign::Same {
        painter.rect_filled(rect, 0.0, t.tint(t.color.surface1, ink(t, sign), 0.10));
    }
}

fn number(painter: &Painter, t: &Tokens, rect: Rect, number: Option<usize>) {
    if let Some(number) = number {
        let room = rect.with_max_x(rect.right() - t.size.grid);
        paint_text(painter, room, Align2::RIGHT_CENTER, &number.to_string(), &t.face.mono, t.color.text3);
    }
}

fn sign(painter: &Painter, t: &Tokens, at: Pos2, sign: Sign) {
    let words = match sign {
        Sign::Same => return,
        Sign::Added => "+",
        Sign::Removed => "−",
    };
    painter.text(at + vec2(t.size.grid, 0.0), Align2::LEFT_CENTER, words, t.face.mono_strong.font(), ink(t, sign));
}

fn put(painter: &Painter, t: &Tokens, line: &Line, language: Language, at: Pos2) {
    let galley = layout(painter, t, line, language);
    painter.galley(at - vec2(0.0, galley.size().y / 2.0), galley, t.color.text1);
}

/// The line's words coloured, and what its counterpart does not have on a stronger ground.
fn layout(painter: &Painter, t: &Tokens, line: &Line, language: Language) -> Arc<Galley> {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let strong = t.tint(t.color.surface1, ink(t, line.sign), 0.32);
    let mut start = 0;
    for (piece, part) in syntax::pieces(&line.text, language) {
        let end = start + part.len();
        let cuts = [line.differs.start.clamp(start, end), line.differs.end.clamp(start, end)];
        for (from, to, marked) in [(start, cuts[0], false), (cuts[0], cuts[1], true), (cuts[1], end, false)] {
            if from < to {
                let mut format = syntax::format(t, piece);
                if marked {
                    format.background = strong;
                }
                job.append(&line.text[from..to], 0.0, format);
            }
        }
        start = end;
    }
    painter.layout_job(job)
}
