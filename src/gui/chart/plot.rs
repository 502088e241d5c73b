//! Axes around a frame, and how a person moves in it: a drag zooms to a box, the wheel zooms at the pointer, a secondary
//! drag pans, a double click shows everything again.

use egui::{Align2, Color32, Painter, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind, Ui, pos2, vec2};

use super::{
    drawing::Drawing,
    scale::{Frame, Scale, Tick},
};
use crate::{
    theme::{self, Tokens},
    widgets::elided,
};

/// A box smaller than this in one direction zooms in the other alone.
const THIN: f32 = 10.0;
/// Points of x between two marks, and of y.
const APART: [f32; 2] = [72.0, 44.0];

/// What of the whole is in sight, in the axes' own numbers; nothing where all is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Zoom {
    x: Option<(f64, f64)>,
    y: Option<(f64, f64)>,
    /// Where a box began.
    from: Option<Pos2>,
}

impl Zoom {
    /// `whole` with what is in sight of it.
    pub fn of(&self, whole: Frame) -> Frame {
        let part = |scale: Scale, part: Option<(f64, f64)>| match part {
            Some((low, high)) => Scale { low, high, ..scale },
            None => scale,
        };
        Frame { x: part(whole.x, self.x), y: part(whole.y, self.y), ..whole }
    }

    pub fn is_zoomed(&self) -> bool {
        self.x.is_some() || self.y.is_some()
    }

    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// What the numbers of the axes mean changed, so that what was in sight means nothing.
    fn set(&mut self, x: (f64, f64), y: (f64, f64)) {
        let sound = |(low, high): (f64, f64)| low.is_finite() && high.is_finite() && high - low > low.abs() * 1e-13;
        if sound(x) && sound(y) {
            (self.x, self.y) = (Some(x), Some(y));
        }
    }

    /// Takes in what the pointer does on `response`; paints the box that is being drawn.
    pub fn interact(&mut self, ui: &Ui, response: &Response, frame: &Frame) {
        if response.double_clicked() {
            return self.reset();
        }
        self.wheel(ui, response, frame);
        if response.dragged_by(PointerButton::Secondary) {
            self.pan(response.drag_delta(), frame);
        }
        let pointer = response.interact_pointer_pos().map(|at| frame.rect.clamp(at));
        if response.drag_started_by(PointerButton::Primary) {
            self.from = ui.input(|input| input.pointer.press_origin()).filter(|at| frame.rect.contains(*at));
        }
        let Some((from, to)) = self.from.zip(pointer) else { return };
        let mut area = Rect::from_two_pos(from, to);
        if area.height() < THIN {
            area = Rect::from_x_y_ranges(area.x_range(), frame.rect.y_range());
        } else if area.width() < THIN {
            area = Rect::from_x_y_ranges(frame.rect.x_range(), area.y_range());
        }
        if response.drag_stopped_by(PointerButton::Primary) {
            self.from = None;
            if area.width() >= THIN && area.height() >= THIN {
                self.set(span(frame, true, area), span(frame, false, area));
            }
            return;
        }
        let t = theme::of(ui);
        let fill = t.color.accent.gamma_multiply(0.12);
        let edge = Stroke::new(t.size.line, t.color.accent);
        ui.painter().rect(area, 0.0, fill, edge, StrokeKind::Inside);
    }

    fn wheel(&mut self, ui: &Ui, response: &Response, frame: &Frame) {
        let Some(at) = response.hover_pos().filter(|at| frame.rect.contains(*at)) else { return };
        let (turned, pinched) = ui.input_mut(|input| {
            // Zoomed here, not scrolled elsewhere.
            let turned = std::mem::take(&mut input.smooth_scroll_delta.y);
            (turned, input.zoom_delta())
        });
        let factor = (-turned * 0.004).exp() / pinched;
        if factor == 1.0 {
            return;
        }
        let around = |scale: Scale, share: f64| {
            let (centre, wide) =
                (scale.low + (scale.high - scale.low) * share, (scale.high - scale.low) * f64::from(factor));
            (centre - wide * share, centre + wide * (1.0 - share))
        };
        let across = f64::from((at.x - frame.rect.left()) / frame.rect.width());
        let up = f64::from((frame.rect.bottom() - at.y) / frame.rect.height());
        self.set(around(frame.x, across), around(frame.y, up));
    }

    fn pan(&mut self, by: egui::Vec2, frame: &Frame) {
        let moved = |scale: Scale, share: f32| {
            let by = (scale.high - scale.low) * f64::from(share);
            (scale.low + by, scale.high + by)
        };
        self.set(moved(frame.x, -by.x / frame.rect.width()), moved(frame.y, by.y / frame.rect.height()));
    }
}

/// The ends of a part of the frame in the axis' own numbers.
fn span(frame: &Frame, across: bool, area: Rect) -> (f64, f64) {
    let (scale, ends) = if across {
        let share = |x: f32| (x - frame.rect.left()) / frame.rect.width();
        (frame.x, [area.left(), area.right()].map(share))
    } else {
        let share = |y: f32| (frame.rect.bottom() - y) / frame.rect.height();
        (frame.y, [area.bottom(), area.top()].map(share))
    };
    let own = ends.map(|share| scale.low + (scale.high - scale.low) * f64::from(share));
    (own[0], own[1])
}

/// The frame's rectangle within `area`, which leaves room for the axes' words.
pub fn inside(painter: &Painter, t: &Tokens, area: Rect, y: &Scale, right: f32) -> Rect {
    let below = t.face.caption.line + t.size.grid;
    let words = y.ticks(f64::from((area.height() - below) / APART[1]));
    let widest = words.iter().map(|tick| width(painter, t, &tick.words)).fold(20.0, f32::max);
    let left = widest.min(area.width() * 0.3) + t.size.gap;
    Rect::from_min_max(area.min + vec2(left, t.size.grid), area.max - vec2(right.max(t.size.gap), below))
}

fn width(painter: &Painter, t: &Tokens, words: &str) -> f32 {
    painter.layout_no_wrap(words.to_owned(), t.face.caption.font(), Color32::PLACEHOLDER).size().x
}

/// The light grid with its numbers; `name` of the x axis stands at its right end.
pub fn axes(drawing: &mut Drawing, painter: &Painter, t: &Tokens, frame: &Frame, name: &str) {
    let Rect { min, max } = frame.rect;
    for tick in frame.y.ticks(f64::from(frame.rect.height() / APART[1])) {
        let y = place(&frame.y, &tick, max.y, min.y);
        drawing.line(vec![pos2(min.x, y), pos2(max.x, y)], t.hairline());
        let room = Rect::from_min_max(pos2(drawing.rect.left(), y - 8.0), pos2(min.x - t.size.gap + 2.0, y + 8.0));
        drawing.text(painter, room, Align2::RIGHT_CENTER, &tick.words, &t.face.caption, t.color.text3);
    }
    let row =
        Rect::from_min_max(pos2(drawing.rect.left(), max.y + t.size.grid), pos2(drawing.rect.right(), max.y + 20.0));
    let named = match name {
        "" => f32::INFINITY,
        name => {
            let room = row.with_max_x(max.x + t.size.grid);
            let lies = drawing.text(painter, room, Align2::RIGHT_TOP, name, &t.face.caption, t.color.text2);
            lies.left()
        }
    };
    let mut free = row.left();
    for tick in frame.x.ticks(f64::from(frame.rect.width() / APART[0])) {
        let x = place(&frame.x, &tick, min.x, max.x);
        let half = width(painter, t, &tick.words) / 2.0;
        // The first and the last stay within the picture, and none runs into another.
        let centre = x.clamp(row.left() + half, (row.right() - half).max(row.left() + half));
        if centre - half < free || centre + half + t.size.gap > named {
            continue;
        }
        free = centre + half + t.size.gap;
        let room = Rect::from_center_size(pos2(centre, row.center().y), vec2(2.0 * half + 2.0, row.height()));
        drawing.text(painter, room, Align2::CENTER_TOP, &tick.words, &t.face.caption, t.color.text3);
    }
}

fn place(scale: &Scale, tick: &Tick, low: f32, high: f32) -> f32 {
    low + (high - low) * ((tick.at - scale.low) / (scale.high - scale.low)) as f32
}

/// Names beside the right end of a frame, each at its height and pushed apart where they would overlap.
pub fn end_labels(
    drawing: &mut Drawing,
    painter: &Painter,
    t: &Tokens,
    frame: &Frame,
    mut names: Vec<(f32, (&str, Color32))>,
) {
    let line = 13.0;
    for (y, _) in &mut names {
        *y = y.clamp(frame.rect.top(), frame.rect.bottom());
    }
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    super::line::spread(&mut names, frame.rect.top(), frame.rect.bottom(), line);
    for (y, (name, color)) in names {
        let left = frame.rect.right() + 6.0;
        let room = Rect::from_min_max(pos2(left, y - line / 2.0), pos2(drawing.rect.right().max(left), y + line / 2.0));
        drawing.text(painter, room, Align2::LEFT_CENTER, name, &t.face.caption, t.readable(color));
    }
}

/// The room that [`end_labels`] want.
pub fn label_room<'a>(painter: &Painter, t: &Tokens, names: impl Iterator<Item = &'a str>, most: f32) -> f32 {
    let wide = |name: &str| elided(painter, name, &t.face.caption, t.color.text1, most).size().x;
    names.map(wide).fold(0.0, f32::max) + t.size.pad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{curve::Extent, scale::Measure};

    fn frame() -> Frame {
        let unit = Scale::over(Extent { low: 0.0, high: 100.0 }, false, 0.0, Measure::Number);
        Frame { rect: Rect::from_min_size(Pos2::ZERO, vec2(100.0, 100.0)), x: unit, y: unit }
    }

    #[test]
    fn a_box_is_what_is_seen_next_and_a_reset_shows_all() {
        let mut zoom = Zoom::default();
        let area = Rect::from_min_max(pos2(20.0, 10.0), pos2(40.0, 60.0));
        zoom.set(span(&frame(), true, area), span(&frame(), false, area));
        let seen = zoom.of(frame());
        let round = |value: f64| value.round();
        assert_eq!([seen.x.low, seen.x.high, seen.y.low, seen.y.high].map(round), [20.0, 40.0, 40.0, 90.0]);
        zoom.reset();
        assert_eq!(zoom.of(frame()), frame());
    }

    #[test]
    fn a_double_click_shows_everything_again() {
        let ctx = egui::Context::default();
        theme::install(&ctx, &theme::Appearance::default());
        let mut zoom = Zoom::default();
        zoom.pan(vec2(10.0, 0.0), &frame());
        assert!(zoom.is_zoomed());
        let pos = pos2(50.0, 50.0);
        let button = |pressed| egui::Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        let frames = [
            vec![egui::Event::PointerMoved(pos)],
            vec![button(true)],
            vec![button(false)],
            vec![button(true)],
            vec![button(false)],
        ];
        for (at, events) in frames.into_iter().enumerate() {
            let input = egui::RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(200.0, 200.0))),
                time: Some(at as f64 * 0.02),
                events,
                ..egui::RawInput::default()
            };
            let mut output = ctx.run_ui(input, |ui| {
                let response = ui.interact(frame().rect, ui.scope_id().with("plot"), egui::Sense::click_and_drag());
                zoom.interact(ui, &response, &frame());
            });
            output.textures_delta.clear();
        }
        assert!(!zoom.is_zoomed());
    }

    #[test]
    fn panning_moves_both_ends() {
        let mut zoom = Zoom::default();
        zoom.pan(vec2(10.0, -20.0), &frame());
        let seen = zoom.of(frame());
        let close = |a: f64, b: f64| (a - b).abs() < 1e-4;
        assert!(close(seen.x.low, -10.0) && close(seen.y.low, -20.0), "{seen:?}");
    }
}
