//! What is done to all checked runs at once.

use egui::{Popup, PopupCloseBehavior, Response};

use super::{Runs, Verb, menus::entry, query::Scope};
use crate::{icons::Icon, theme, widgets::separator};

/// The list below `button`; what was asked of the checked runs.
pub fn menu(button: &Response, scope: &Scope) -> Option<Verb> {
    let shown = Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Checked runs")
        .show(|ui| {
            ui.set_width(theme::of(ui).size.popover);
            let deleted = *scope == Scope::Deleted;
            let archive = if *scope == Scope::Archived { "Take out of the archive" } else { "Archive" };
            let mut asked = None;
            let all = [
                (Verb::Star, "Star", Icon::Star, !deleted),
                (Verb::Unstar, "Take stars away", Icon::Star, !deleted),
                (Verb::Tag, "Tag…", Icon::Tag, !deleted),
                (Verb::Archive, archive, Icon::Folder, !deleted),
                (Verb::Delete, "Delete", Icon::Trash, !deleted),
                (Verb::Restore, "Bring back", Icon::Undo, deleted),
                (Verb::Purge, "Delete for good…", Icon::Trash, deleted),
            ];
            for (verb, title, icon, there) in all {
                if there && entry(ui, title, icon) {
                    asked = Some(verb);
                }
            }
            separator(ui);
            if entry(ui, "Check every run listed", Icon::Check) {
                asked = Some(Verb::CheckAll);
            }
            if entry(ui, "Uncheck every run", Icon::Close) {
                asked = Some(Verb::Uncheck);
            }
            asked
        });
    shown.and_then(|shown| shown.inner)
}

impl Runs {
    /// The runs that a verb is about: the one that was pointed at, or all that are checked. A run whose models are all
    /// checked stands for them.
    pub(super) fn about(&self, id: Option<String>) -> Vec<String> {
        id.map_or_else(|| self.checked_runs(), |id| vec![id])
    }

    fn checked_runs(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for id in self.checked.ids() {
            let run = self.pages.find(&id).and_then(studio::Run::model_of).map(|part| part.run);
            let whole = run.filter(|run| {
                let models = self.pages.measured_runs(run);
                models.iter().all(|model| self.checked.has(model))
            });
            let id = whole.unwrap_or(id);
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found
    }

    /// "brisk-heron-64", or "12 runs".
    pub(super) fn name_of_all(&self, ids: &[String]) -> String {
        match ids {
            [one] => self.name_of(one),
            all => crate::widgets::format::counted(all.len() as u64, "run", "runs"),
        }
    }
}
