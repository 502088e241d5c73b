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
    /// The runs that a verb is about: the one that was pointed at, or all that are checked.
    pub(super) fn about(&self, id: Option<String>) -> Vec<String> {
        id.map_or_else(|| self.checked.ids(), |id| vec![id])
    }

    /// "brisk-heron-64", or "12 runs".
    pub(super) fn name_of_all(&self, ids: &[String]) -> String {
        match ids {
            [one] => self.name_of(one),
            all => crate::widgets::format::counted(all.len() as u64, "run", "runs"),
        }
    }
}
