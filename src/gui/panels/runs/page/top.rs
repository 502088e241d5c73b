//! The bar over the page.

use egui::{Popup, PopupCloseBehavior, Response, Ui};

use super::{Page, Scene, first, spec::COLUMNS, spec::Kind};
use crate::{
    icons::Icon,
    panels::runs::{Verb, bar},
    theme,
    widgets::{self, Button, ListRow, Select, format},
};

impl Page {
    /// Draws the bar; what was asked of the panel.
    pub(super) fn bar(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<Verb> {
        let t = theme::of(ui);
        let checked = scene.checked.len();
        let hidden = self.charted.value().map_or(0, |known| {
            known.runs.iter().filter(|run| self.hidden.contains(&run.id) || self.outside.contains(&run.id)).count()
        });
        let count = match hidden {
            0 => format::counted(checked as u64, "run", "runs"),
            hidden => {
                format!("{} of {}", checked - hidden.min(checked), format::counted(checked as u64, "run", "runs"))
            }
        };
        let roomy = ui.available_width() > 700.0;
        let (mut back, mut added, mut undo, mut clear, mut usual) = (false, None, false, false, false);
        let arranged = self.own.is_some();
        let mut columns = self.own.as_ref().and_then(|own| own.columns);
        let mut choices = vec![(None, "Columns to fit".to_owned())];
        choices.extend((1..=COLUMNS).map(|n| (Some(n), format::counted(n.into(), "column", "columns"))));
        let can_undo = self.can_undo();
        let narrowed = !self.brushes.is_empty() || !self.hidden.is_empty();
        widgets::bar(
            ui,
            |ui| {
                back = bar::back_to_list(ui);
                ui.label(t.title("Charts"));
                ui.label(t.caption(&count));
                clear = narrowed && ui.add(Button::quiet("Show every run").with_icon(Icon::Close)).clicked();
            },
            |ui| {
                let button = ui.add(Button::primary("Add chart").with_icon(Icon::Plus).enabled(checked > 0));
                added = self.offer(&button);
                if roomy {
                    Select::new("Columns of the page").width(140.0).show(ui, &mut columns, &choices);
                }
                let hint = "Takes back the last change of the page";
                undo = ui.add(Button::icon(Icon::Undo, "Undo").hint(hint).enabled(can_undo)).clicked();
                let hint = "One chart for each curve of the runs, and what else there is";
                usual = roomy && arranged && ui.add(Button::quiet("Usual charts").hint(hint)).clicked();
            },
        );
        if let Some(kind) = added {
            self.add(kind);
        }
        if columns != self.own.as_ref().and_then(|own| own.columns) {
            self.edit(|own| own.columns = columns);
        }
        if undo && can_undo {
            self.undo();
        }
        if usual {
            self.edit_all(|own| *own = None);
        }
        if clear {
            self.brushes.clear();
            self.hidden.clear();
            self.outside.clear();
        }
        back.then_some(Verb::Back)
    }

    /// The kinds of charts below `button`; the one that was taken.
    fn offer(&self, button: &Response) -> Option<Kind> {
        let mut taken = None;
        Popup::from_toggle_button_response(button)
            .close_behavior(PopupCloseBehavior::CloseOnClick)
            .accessible_name("Kinds of charts")
            .show(|ui| {
                let t = theme::of(ui);
                ui.set_width(t.size.palette);
                ui.spacing_mut().item_spacing.y = 0.0;
                for (icon, words, kind) in self.with_known(first::offers) {
                    if ListRow::new(words).icon(icon).height(t.size.control).show(ui).clicked() {
                        taken = Some(kind);
                    }
                }
            });
        taken
    }
}
