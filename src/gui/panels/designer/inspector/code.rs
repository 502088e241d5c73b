//! Code in the mono face, with its words coloured.

use std::sync::Arc;

use egui::{FontSelection, Frame, Galley, Id, Margin, ScrollArea, TextBuffer, TextEdit, Ui};
use serde_json::Value as Json;

use super::form::Typing;
use crate::syntax::{self, Language};
use crate::theme;

const ROWS: usize = 12;

pub fn show(ui: &mut Ui, value: &Json, language: &'static str, typing: &mut Typing, id: Id) -> Option<Json> {
    let t = theme::of(ui);
    let mut text = typing.text(id, value.as_str().unwrap_or_default());
    let words = Language::of(language);
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| -> Arc<Galley> {
        let mut job = syntax::layout(&t, text.as_str(), words);
        job.wrap.max_width = width;
        ui.painter().layout_job(job)
    };
    let frame = Frame::NONE.fill(t.color.surface1).stroke(t.hairline()).corner_radius(t.size.radius);
    let frame = frame.inner_margin(Margin::same(t.size.gap as i8));
    let response = frame
        .show(ui, |ui| {
            ScrollArea::both().id_salt(id).max_height(ROWS as f32 * t.face.mono.line * 1.5).show(ui, |ui| {
                let edit = TextEdit::multiline(&mut text)
                    .id(id)
                    .font(FontSelection::FontId(t.face.mono.font()))
                    .frame(Frame::NONE)
                    .desired_width(f32::INFINITY)
                    .desired_rows(ROWS)
                    .lock_focus(true)
                    .layouter(&mut layouter);
                ui.add(edit)
            })
        })
        .inner
        .inner;
    if language == "python" {
        ui.add(
            egui::Label::new(
                t.caption("Longer code lives well in src/ of the workspace, from where this can import it."),
            )
            .wrap(),
        );
    }
    typing.keep(id, text.clone(), response.has_focus());
    response.changed().then(|| Json::from(text))
}
