//! Views of the list that a person has named: filter, groups, columns, order and charts.

use std::sync::Arc;

use egui::{Popup, PopupCloseBehavior, Response, Ui};
use serde::{Deserialize, Serialize};
use studio::Studio;

use super::{columns::Shown, query::Filters};
use crate::{
    backend::{Backend, Request},
    icons::Icon,
    theme,
    widgets::{self, Button, ListRow, TextField},
};

/// The setting that views are kept in, with the workspace.
const SETTING: &str = "window.runs.views";

/// A named view.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct View {
    pub name: String,
    pub filters: Filters,
    pub shown: Shown,
}

/// Those of the workspace.
#[derive(Default)]
pub struct Views {
    all: Vec<View>,
    reading: Request<Option<serde_json::Value>>,
    /// Whether what the workspace keeps has come.
    known: bool,
    saving: Request<()>,
    unsaved: bool,
    name: String,
}

impl Views {
    /// Reads the views, and keeps them when they changed; why they could not be kept.
    pub fn ensure(&mut self, backend: &Backend) -> Option<String> {
        if !self.known && self.reading.ensure((), backend, |studio: &Arc<Studio>| studio.setting(SETTING)) {
            let found = self.reading.value_mut().and_then(Option::take);
            self.all = found.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
            self.known = true;
        }
        if self.unsaved && !self.saving.is_pending() {
            self.unsaved = false;
            let json = serde_json::to_value(&self.all).unwrap_or_default();
            self.saving.ask(backend, move |studio: &Arc<Studio>| studio.set_setting(SETTING, &json));
        }
        let came = self.saving.poll();
        self.saving.failure().filter(|_| came).map(|failure| format!("The views could not be kept. {failure}"))
    }

    /// Another window changed what the workspace keeps.
    pub fn again(&mut self) {
        if !self.unsaved && !self.saving.is_pending() {
            self.known = false;
            self.reading.refresh();
        }
    }

    /// The view that shows just this, if one does.
    pub fn current(&self, filters: &Filters, shown: &Shown) -> Option<&str> {
        let same = |view: &&View| view.filters == *filters && view.shown == *shown;
        self.all.iter().find(same).map(|view| view.name.as_str())
    }

    /// The list below `button`; the view that was chosen.
    pub fn chooser(&mut self, button: &Response, filters: &Filters, shown: &Shown) -> Option<View> {
        let popup = Popup::from_toggle_button_response(button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .accessible_name("Views");
        popup.show(|ui| self.contents(ui, filters, shown)).and_then(|shown| shown.inner)
    }

    fn contents(&mut self, ui: &mut Ui, filters: &Filters, shown: &Shown) -> Option<View> {
        let t = theme::of(ui);
        ui.set_width(t.size.popover);
        let mut chosen = None;
        if self.all.is_empty() {
            ui.label(t.secondary("A view keeps the filter, groups, columns and charts under a name."));
        } else {
            let usual = View { name: String::new(), filters: Filters::default(), shown: Shown::default() };
            if ListRow::new("All runs, usual columns").height(t.size.control).show(ui).clicked() {
                chosen = Some(usual);
            }
        }
        let current = self.current(filters, shown).map(str::to_owned);
        let mut gone = None;
        for (at, view) in self.all.iter().enumerate() {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = t.size.grid;
                let room = ui.available_width() - t.size.control - t.size.grid;
                ui.allocate_ui(egui::vec2(room, t.size.control), |ui| {
                    let row = ListRow::new(&view.name).selected(current.as_ref() == Some(&view.name));
                    if row.height(t.size.control).show(ui).clicked() {
                        chosen = Some(view.clone());
                    }
                });
                let name = format!("Forget the view {}", view.name);
                if ui.add(Button::icon(Icon::Trash, name)).clicked() {
                    gone = Some(at);
                }
            });
        }
        if let Some(at) = gone {
            self.all.remove(at);
            self.unsaved = true;
        }
        widgets::separator(ui);
        self.save(ui, filters, shown);
        if chosen.is_some() {
            ui.close();
        }
        chosen
    }

    fn save(&mut self, ui: &mut Ui, filters: &Filters, shown: &Shown) {
        let t = theme::of(ui);
        let name = self.name.trim().to_owned();
        let known = self.all.iter().position(|view| view.name == name);
        let field = ui.add(TextField::new(&mut self.name).name("Name of the view").hint("Name this view"));
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        ui.add_space(t.size.grid);
        let verb = if known.is_some() { "Save over it" } else { "Save view" };
        let clicked = ui.add(Button::secondary(verb).enabled(!name.is_empty())).clicked();
        if (clicked || enter) && !name.is_empty() {
            let view = View { name, filters: filters.clone(), shown: shown.clone() };
            match known {
                Some(at) => self.all[at] = view,
                None => self.all.push(view),
            }
            self.unsaved = true;
            self.name.clear();
        }
    }
}
