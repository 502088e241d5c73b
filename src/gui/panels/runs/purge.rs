//! What is asked before runs are deleted for good: it says exactly what goes.

use std::sync::Arc;

use egui::{Align, Key, Label, Layout, Ui};
use studio::{Purge, Purged, Studio, purged_in_words};

use super::dialog::Outcome;
use crate::{
    backend::Request,
    icons::Glyph,
    panels::Cx,
    theme,
    widgets::{Button, format, message},
};

/// Things that stay are named up to this many.
const NAMED: usize = 5;

/// Deleting runs for good.
pub struct PurgeDialog {
    ids: Vec<String>,
    /// What they are called together.
    name: String,
    preview: Request<Purged>,
}

impl PurgeDialog {
    pub fn new(ids: Vec<String>, name: String) -> Self {
        Self { ids, name, preview: Request::default() }
    }

    pub fn contents(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Option<Outcome> {
        let t = theme::of(ui);
        let ids = self.ids.clone();
        self.preview.ensure((), cx.backend, move |studio: &Arc<Studio>| studio.preview_purge(&Purge::Runs(ids)));
        ui.label(t.title("Delete for good"));
        ui.label(t.secondary(self.name.as_str()));

        if let Some(failure) = self.preview.failure() {
            message(ui, Glyph::Error, &failure.message);
        }
        match self.preview.value() {
            Some(purged) => what_goes(ui, purged),
            None if self.preview.is_pending() => {
                ui.label(t.caption("Looking what goes…"));
            }
            None => {}
        }

        // Nothing goes before it was said what.
        let ready = self.preview.value().is_some_and(|purged| purged.count() > 0);
        let (go, close) = ui
            .with_layout(Layout::right_to_left(Align::Center), |ui| {
                let go = ui.add(Button::danger("Delete for good").enabled(ready)).clicked();
                let close = ui.add(Button::secondary("Cancel")).clicked();
                (go, close)
            })
            .inner;
        let enter = ui.input(|input| input.modifiers.command && input.key_pressed(Key::Enter));
        if ready && (go || enter) {
            return Some(Outcome::Purged { ids: std::mem::take(&mut self.ids), name: self.name.clone() });
        }
        close.then_some(Outcome::Closed)
    }
}

fn what_goes(ui: &mut Ui, purged: &Purged) {
    let t = theme::of(ui);
    let goes = match purged_in_words(purged).as_str() {
        "" => "Nothing goes.".to_owned(),
        words => format!(
            "{words} with their metrics, parameters and logs: {} on the disk. This cannot be undone.",
            format::bytes(purged.bytes)
        ),
    };
    ui.add(Label::new(t.secondary(goes)).wrap());
    for kept in purged.kept.iter().take(NAMED) {
        message(ui, Glyph::Warn, &format!("Stays: {}, because {}.", kept.what, kept.why));
    }
    if let Some(more) = purged.kept.len().checked_sub(NAMED).filter(|more| *more > 0) {
        ui.label(t.caption(format!("{more} more stay.")));
    }
    for place in purged.elsewhere.iter().take(NAMED) {
        ui.add(Label::new(t.caption(format!("The files at {place} are not touched."))).wrap());
    }
}
