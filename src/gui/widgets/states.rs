//! Empty, failed, loading: a panel is never blank.

use egui::{Align, Frame, Layout, Margin, Response, Stroke, Ui, vec2};

use super::Button;
use crate::{
    backend::{Failure, Request, State},
    icons::{self, Glyph, Icon, paint_glyph},
    theme,
};

/// What an empty place says and offers.
pub struct Empty<'a> {
    pub icon: Icon,
    /// One sentence: what belongs here.
    pub text: &'a str,
    /// The first step; nothing when there is none.
    pub step: &'a str,
}

/// An empty place in the middle of the room there is; true when its first step was taken.
pub fn empty(ui: &mut Ui, what: &Empty<'_>) -> bool {
    let t = theme::of(ui);
    centred(ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(40.0, 40.0), egui::Sense::hover());
        icons::paint(ui.painter(), what.icon, rect.shrink(4.0), t.color.text3);
        ui.add_space(t.size.gap);
        ui.label(t.face.body.of(what.text).color(t.color.text2));
        ui.add_space(t.size.gap);
        !what.step.is_empty() && ui.add(Button::primary(what.step)).clicked()
    })
}

/// What failed, and the button that may help; true when it was pressed.
pub fn failed(ui: &mut Ui, what: &str, failure: &Failure, next: &str) -> bool {
    let t = theme::of(ui);
    centred(ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(24.0, 24.0), egui::Sense::hover());
        paint_glyph(ui.painter(), &t, Glyph::Error, rect.center());
        ui.label(t.strong(what));
        ui.label(t.secondary(&failure.message));
        ui.add_space(t.size.gap);
        !next.is_empty() && ui.add(Button::secondary(next)).clicked()
    })
}

/// The first time only, before there is anything to keep showing.
pub fn loading(ui: &mut Ui, what: &str) {
    let t = theme::of(ui);
    centred(ui, |ui| {
        ui.label(t.secondary(what));
    });
}

fn centred<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let t = theme::of(ui);
    let room = ui.available_size_before_wrap();
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.set_min_width(room.x);
        ui.add_space((room.y * 0.5 - 80.0).clamp(t.size.pad_panel, 320.0));
        ui.scope(|ui| {
            ui.set_max_width(420.0_f32.min(room.x - t.size.pad_panel));
            contents(ui)
        })
        .inner
    })
    .inner
}

/// Shows the newest answer, or says why there is none. While another answer is on its way the
/// old one stays; when it failed, a line above says so. True when a person wants to try again.
pub fn requested<T>(ui: &mut Ui, request: &Request<T>, what: &str, contents: impl FnOnce(&mut Ui, &T)) -> bool {
    match request.state() {
        State::Idle | State::Pending(None) => {
            loading(ui, &format!("Reading {what}…"));
            false
        }
        State::Failed(failure, None) => failed(ui, &format!("Could not read {what}"), failure, "Try again"),
        State::Ready(value) | State::Pending(Some(value)) => {
            contents(ui, value);
            false
        }
        State::Failed(failure, Some(value)) => {
            let retry = ui
                .horizontal(|ui| {
                    message(ui, Glyph::Error, &failure.message);
                    super::link(ui, "Try again").clicked()
                })
                .inner;
            contents(ui, value);
            retry
        }
    }
}

/// A line beside what it is about: a field's error, a warning in a form.
pub fn message(ui: &mut Ui, glyph: Glyph, words: &str) -> Response {
    let t = theme::of(ui);
    let color = glyph.color(&t);
    let fill = t.tint(t.color.surface2, color, 0.10);
    let frame = Frame::NONE
        .fill(fill)
        .stroke(Stroke::NONE)
        .corner_radius(t.size.radius)
        .inner_margin(Margin::symmetric(t.size.gap as i8, t.size.grid as i8));
    frame
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = t.size.grid;
                let (rect, _) = ui.allocate_exact_size(vec2(14.0, t.face.small.line), egui::Sense::hover());
                paint_glyph(ui.painter(), &t, glyph, rect.center());
                ui.add(egui::Label::new(t.small(words)).wrap())
            })
            .inner
        })
        .inner
}
