//! Changes that a panel asks the studio for, and the way back from a deletion.

use std::sync::Arc;

use egui::{Align2, Area, Frame, Margin, Order, Ui, vec2};
use studio::Studio;

use crate::{
    backend::{Failure, Request},
    icons::{Glyph, paint_glyph},
    panels::Cx,
    theme,
    widgets::{Button, link},
};

/// Seconds that a deletion can be taken back by one click.
const STAYS: f64 = 10.0;

type Work = Box<dyn FnOnce(&Studio) -> studio::Result<()> + Send>;

/// Changes under way, and the last deletion.
#[derive(Default)]
pub struct Doing {
    under_way: Vec<(Request<String>, &'static str)>,
    undo: Option<Undo>,
}

struct Undo {
    words: String,
    until: f64,
    work: Work,
}

impl Doing {
    /// Does `work` in the background; says `done` (when not empty), or `failed` and why.
    pub fn start(
        &mut self,
        cx: &Cx<'_>,
        failed: &'static str,
        done: impl Into<String>,
        work: impl FnOnce(&Studio) -> studio::Result<()> + Send + 'static,
    ) {
        let mut request = Request::default();
        let done = done.into();
        let asked = request.ask(cx.backend, move |studio: &Arc<Studio>| work(studio).map(|()| done));
        if asked {
            self.under_way.push((request, failed));
        }
    }

    /// Offers for a while to take back what was just done.
    pub fn offer_undo(
        &mut self,
        now: f64,
        words: impl Into<String>,
        work: impl FnOnce(&Studio) -> studio::Result<()> + Send + 'static,
    ) {
        self.undo = Some(Undo { words: words.into(), until: now + STAYS, work: Box::new(work) });
    }

    /// What could be taken back now.
    pub fn undoes(&self) -> Option<&str> {
        self.undo.as_ref().map(|undo| undo.words.as_str())
    }

    pub fn undo(&mut self, cx: &Cx<'_>) {
        if let Some(undo) = self.undo.take() {
            self.start(cx, "It could not be brought back.", "Brought back", undo.work);
        }
    }

    /// Tells how changes ended. Returns whether one did.
    pub fn poll(&mut self, cx: &mut Cx<'_>) -> bool {
        let before = self.under_way.len();
        let mut ended: Vec<Result<String, Failure>> = Vec::new();
        self.under_way.retain_mut(|(request, failed)| {
            let Some(answer) = request.take() else {
                return true;
            };
            ended.push(answer.map_err(|failure| Failure::new(format!("{failed} {failure}"))));
            false
        });
        for answer in ended {
            match answer {
                Ok(done) if done.is_empty() => {}
                Ok(done) => cx.done(done),
                Err(failure) => cx.failed(failure.message),
            }
        }
        self.under_way.len() != before
    }

    /// The line at the foot of the panel that takes a deletion back.
    pub fn show(&mut self, ui: &Ui, cx: &Cx<'_>) {
        let now = ui.input(|input| input.time);
        if self.undo.as_ref().is_some_and(|undo| undo.until <= now) {
            self.undo = None;
        }
        let Some(undo) = &self.undo else { return };
        ui.request_repaint_after_secs((undo.until - now) as f32);
        let t = theme::of(ui);
        let at = ui.max_rect().center_bottom() - vec2(0.0, t.size.pad_panel);
        let frame = Frame::NONE
            .fill(t.color.surface3)
            .stroke(t.border())
            .corner_radius(t.size.radius)
            .inner_margin(Margin::symmetric(t.size.pad as i8, t.size.grid as i8));
        let mut take_back = false;
        let mut dismiss = false;
        Area::new(ui.scope_id().with("undo")).order(Order::Foreground).pivot(Align2::CENTER_BOTTOM).fixed_pos(at).show(
            ui,
            |ui| {
                frame.show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = t.size.gap;
                        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 20.0), egui::Sense::hover());
                        paint_glyph(ui.painter(), &t, Glyph::Ok, rect.center());
                        ui.label(t.small(&undo.words));
                        take_back = link(ui, "Undo").clicked();
                        let close = Button::icon(crate::icons::Icon::Close, "Dismiss");
                        dismiss = ui.add(close).clicked();
                    });
                });
            },
        );
        if take_back {
            self.undo(cx);
        } else if dismiss {
            self.undo = None;
        }
    }
}
