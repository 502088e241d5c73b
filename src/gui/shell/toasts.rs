//! Short words at the lower right that something was done or failed.
//!
//! Our own rather than `egui-notify`: its colours are fixed and a screen reader does not hear it.

use egui::{Align2, Area, Context, Frame, Id, Margin, Order, Sense, UiKind, vec2};

use crate::{
    icons::{Glyph, Icon, paint_glyph},
    theme,
    widgets::Button,
};

/// Seconds that a toast stays.
const STAYS: f64 = 4.0;
/// A failure stays longer; it has more to say.
const FAILURE_STAYS: f64 = 10.0;
const MOST: usize = 5;

struct Toast {
    glyph: Glyph,
    text: String,
    until: f64,
}

/// Those that are shown now, the newest last.
#[derive(Default)]
pub struct Toasts(Vec<Toast>);

impl Toasts {
    pub fn add(&mut self, ctx: &Context, glyph: Glyph, text: String) {
        let stays = if matches!(glyph, Glyph::Error | Glyph::Warn) { FAILURE_STAYS } else { STAYS };
        self.0.retain(|toast| toast.text != text);
        self.0.push(Toast { glyph, text, until: ctx.time() + stays });
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }

    pub fn show(&mut self, ctx: &Context) {
        let now = ctx.time();
        self.0.retain(|toast| toast.until > now);
        let Some(next) = self.0.iter().map(|toast| toast.until - now).reduce(f64::min) else {
            return;
        };
        ctx.request_repaint_after_secs(next as f32);
        let t = theme::of(ctx);
        let offset = vec2(-t.size.pad_panel, -(t.size.status_bar + t.size.pad_panel));
        let mut closed = None;
        Area::new(Id::unique("gui::toasts"))
            .kind(UiKind::Popup)
            .order(Order::Tooltip)
            .anchor(Align2::RIGHT_BOTTOM, offset)
            .show(ctx, |ui| {
                for (at, toast) in self.0.iter().enumerate() {
                    if one(ui, toast) {
                        closed = Some(at);
                    }
                }
            });
        if let Some(at) = closed {
            self.0.remove(at);
        }
    }
}

/// Draws one; true when it was closed.
fn one(ui: &mut egui::Ui, toast: &Toast) -> bool {
    let t = theme::of(ui);
    Frame::popup(ui.style())
        .inner_margin(Margin::symmetric(t.size.pad as i8, t.size.grid as i8))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_width(t.size.popover);
                let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
                paint_glyph(ui.painter(), &t, toast.glyph, rect.center());
                let room = t.size.popover - t.size.control - t.size.pad_panel * 2.0;
                ui.allocate_ui(vec2(room, t.size.control), |ui| {
                    ui.set_width(room);
                    ui.add(egui::Label::new(t.small(&toast.text)).wrap());
                });
                ui.add(Button::icon(Icon::Close, "Close")).clicked()
            })
            .inner
        })
        .inner
}
