//! The question whether columns that differ from those of the version before may become the next version.

use egui::{Align, Context, Id, Layout, Modal, ScrollArea, Ui};
use studio::StagedImport;

use crate::theme::Tokens;
use crate::widgets::Button;

/// An import that was read and waits for an answer.
pub struct Asking {
    staged: StagedImport,
    sentences: Vec<String>,
}

impl Asking {
    pub fn new(staged: StagedImport) -> Self {
        let changes = staged.changes.as_ref();
        Self { sentences: changes.map(|changes| changes.sentences()).unwrap_or_default(), staged }
    }

    pub fn into_staged(self) -> StagedImport {
        self.staged
    }

    /// Draws the question; the answer, once there is one.
    pub fn show(&mut self, ctx: &Context, t: &Tokens) -> Option<bool> {
        let modal = Modal::new(Id::unique("gui::data::import::ask")).backdrop_color(t.color.scrim);
        let shown = modal.show(ctx, |ui| {
            ui.set_width(460.0_f32.min(ctx.content_rect().width() - 2.0 * t.size.pad_panel));
            ui.spacing_mut().item_spacing.y = t.size.gap;
            egui::Frame::NONE.inner_margin(t.size.pad).show(ui, |ui| self.contents(ui, t)).inner
        });
        let closed = shown.should_close().then_some(false);
        shown.inner.or(closed)
    }

    fn contents(&self, ui: &mut Ui, t: &Tokens) -> Option<bool> {
        ui.label(t.title("Other columns than before"));
        let (head, rest) = self.sentences.split_first()?;
        ui.label(t.secondary(head));
        ScrollArea::vertical().max_height(240.0).show(ui, |ui| {
            for sentence in rest {
                ui.add(egui::Label::new(t.small(sentence)).wrap());
            }
        });
        ui.label(
            t.secondary("Pipelines that read the newest version get these columns. Nothing is stored until you agree."),
        );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let agree = ui.add(Button::primary("Import these columns")).clicked();
            let back = ui.add(Button::secondary("Back to the form")).clicked();
            if agree { Some(true) } else { back.then_some(false) }
        })
        .inner
    }
}
