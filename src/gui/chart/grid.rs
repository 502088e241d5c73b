//! What all plots of `egui_plot` share: grid, axes, mouse.

use egui::{Align2, PointerButton, Pos2, Rect, Stroke, Ui, Vec2, Vec2b, vec2};
use egui_plot::{AxisHints, GridMark, HoverPosition, Plot, PlotUi};

use crate::{
    theme::{self, Tokens},
    widgets::format,
};

/// What the axes say.
#[derive(Clone, Copy, Default)]
pub struct Axes<'a> {
    pub x: &'a str,
    pub y: &'a str,
    /// Powers of ten are marked on a logarithmic axis, whose values come as log10.
    pub log_y: bool,
}

/// A plot of `size` in our look; the caller adds bounds and contents.
pub fn plot<'a>(t: &Tokens, id: &str, axes: Axes<'_>, size: Vec2) -> Plot<'a> {
    let log = axes.log_y;
    let hints = |axis: AxisHints<'a>, label: &str| {
        let axis = axis.tick_label_color(t.color.text3).tick_label_font(t.face.caption.font()).label_spacing(FULL);
        if label.is_empty() { axis } else { axis.label(t.face.caption.of(label).color(t.color.text2)) }
    };
    // Room for the label below the numbers.
    let below = if axes.x.is_empty() { 14.0 } else { 2.0 * t.face.caption.line };
    let x = hints(AxisHints::new_x(), axes.x).formatter(|mark, _| tick(mark, false)).min_thickness(below);
    let y = hints(AxisHints::new_y(), axes.y).formatter(move |mark, _| tick(mark, log)).min_thickness(36.0);
    let (across, up) = (f64::from(size.x / 96.0).max(2.0), f64::from(size.y / 48.0).max(2.0));
    Plot::new(id)
        .width(size.x)
        .height(size.y)
        .show_background(false)
        .show_grid([false, true])
        .grid_color(t.color.line1)
        .grid_spacing(FULL)
        .x_grid_spacer(move |input| marks(input.bounds, across))
        .y_grid_spacer(move |input| marks(input.bounds, up))
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
        .allow_scroll(false)
        .allow_zoom(Vec2b::TRUE)
        .allow_axis_zoom_drag(false)
        .allow_boxed_zoom(true)
        .boxed_zoom_pointer_button(PointerButton::Primary)
        .allow_drag(true)
        .pan_pointer_button(PointerButton::Secondary)
        .allow_double_click_reset(true)
        .show_crosshair(false)
        .cursor_color(t.color.line2)
        .set_margin_fraction(vec2(0.0, 0.05))
        .label_formatter(|_: &HoverPosition<'_>| None)
}

/// `egui_plot` fades lines and labels that stand close; ours are all as strong, for they are few.
const FULL: std::ops::RangeInclusive<f32> = 0.5..=1.0;

/// Marks at round values, about `count` of them.
pub(super) fn marks((low, high): (f64, f64), count: f64) -> Vec<GridMark> {
    let step_size = round_step((high - low) / count);
    if !(step_size > 0.0 && step_size.is_finite()) {
        return Vec::new();
    }
    let first = (low / step_size).ceil();
    let last = (high / step_size).floor().min(first + 100.0);
    let all = (0..=(last - first).max(-1.0) as i64).map(|i| (first + i as f64) * step_size);
    all.filter(|_| last >= first).map(|value| GridMark { value, step_size }).collect()
}

/// The smallest of 1, 2, 2.5, 5 and their tenfolds that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|round| round * power >= step * (1.0 - 1e-9));
    round.unwrap_or(10.0) * power
}

pub(super) fn tick(mark: GridMark, log: bool) -> String {
    if log {
        return if mark.value.fract().abs() < 1e-9 { format::number(10_f64.powf(mark.value)) } else { String::new() };
    }
    let whole = |decimals: &i32| {
        let scaled = mark.step_size * 10_f64.powi(*decimals);
        (scaled - scaled.round()).abs() < 1e-6
    };
    match (0..=6).find(whole) {
        Some(decimals) if mark.value.abs() < 1e5 => {
            let text = format!("{:.*}", decimals as usize, mark.value.abs());
            if mark.value < -mark.step_size * 0.5 { format!("−{text}") } else { text }
        }
        _ => format::number(mark.value),
    }
}

/// The wheel zooms at the pointer and scrolls nothing else.
pub fn wheel_zoom(plot: &mut PlotUi<'_>) {
    if !plot.response().contains_pointer() {
        return;
    }
    let delta = plot.ctx().input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
    if delta != 0.0 {
        let factor = (delta * 0.004).exp();
        plot.zoom_bounds_around_hovered(vec2(factor, factor));
    }
}

/// One line of the box at the crosshair.
pub struct Value {
    pub name: String,
    pub value: String,
    pub color: egui::Color32,
}

/// The box beside the crosshair: where on x, and each series there. Keeps within `area`.
pub fn values(ui: &Ui, area: Rect, at: Pos2, head: &str, all: &[Value]) {
    let t = theme::of(ui);
    let painter = ui.painter();
    let font = t.face.caption.font();
    let lay = |text: &str, color| painter.layout_no_wrap(text.to_owned(), font.clone(), color);
    let head = lay(head, t.color.text2);
    let rows: Vec<_> =
        all.iter().map(|v| (lay(&v.name, t.color.text2), lay(&v.value, t.color.text1), v.color)).collect();
    let names = rows.iter().map(|row| row.0.size().x).fold(0.0, f32::max);
    let numbers = rows.iter().map(|row| row.1.size().x).fold(0.0, f32::max);
    let line = t.face.caption.line;
    let pad = t.size.gap;
    let width = (14.0 + names + 12.0 + numbers).max(head.size().x) + 2.0 * pad;
    let size = vec2(width, line * (rows.len() + 1) as f32 + 2.0 * pad - 2.0);
    let left = if at.x + pad + size.x > area.right() { at.x - pad - size.x } else { at.x + pad };
    let top = (at.y - size.y / 2.0).clamp(area.top(), (area.bottom() - size.y).max(area.top()));
    let rect = Rect::from_min_size(Pos2::new(left.max(area.left()), top), size);
    painter.rect(rect, t.size.radius, t.color.surface3, t.border(), egui::StrokeKind::Inside);
    painter.galley(rect.min + vec2(pad, pad - 1.0), head, t.color.text2);
    for (at, (name, number, color)) in rows.into_iter().enumerate() {
        let y = rect.top() + pad + line * (at + 1) as f32;
        let mark = Rect::from_min_size(Pos2::new(rect.left() + pad, y + line / 2.0 - 2.0), vec2(8.0, 2.0));
        painter.rect_filled(mark, 0.0, color);
        painter.galley(Pos2::new(rect.left() + pad + 14.0, y), name, t.color.text2);
        let right = Pos2::new(rect.right() - pad - number.size().x, y);
        painter.galley(right, number, t.color.text1);
    }
}

/// Says in the middle of `rect` that there is nothing to draw.
pub fn nothing(ui: &Ui, rect: Rect) {
    let t = theme::of(ui);
    let words = "No values yet";
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, t.face.small.font(), t.color.text2);
}

/// The vertical line of the crosshair.
pub fn crosshair(ui: &Ui, area: Rect, x: f32) {
    let t = theme::of(ui);
    ui.painter().vline(x, area.y_range(), Stroke::new(t.size.line, t.color.line2));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_say_what_they_mean() {
        let words =
            |bounds, count| -> Vec<String> { marks(bounds, count).into_iter().map(|mark| tick(mark, false)).collect() };
        assert_eq!(words((0.0, 1.0), 4.0), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(words((-3.0, 7.0), 2.0), ["0", "5"]);
        assert_eq!(words((-0.02, 0.011), 3.0), ["−0.02", "0.00"]);
        assert_eq!(words((0.0, 4e6), 2.0), ["0", "2,000,000", "4,000,000"]);
        assert!(words((1.0, 1.0), 4.0).is_empty());
    }
}
