//! By what the runs of the list are grouped, and whether nested ones are.

use egui::{Popup, PopupCloseBehavior, Response, ScrollArea, Ui};
use studio::RunSort;

use super::{columns::Field, menus, pages::Pages, query::Filters};
use crate::{
    theme,
    widgets::{self, ListRow, link},
};

/// The list below `button`.
pub fn chooser(button: &Response, filters: &mut Filters, pages: &mut Pages) {
    Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Groups")
        .show(|ui| {
            let t = theme::of(ui);
            ui.set_width(t.size.popover);
            widgets::toggle_row(ui, "Nest runs below the one that started them", &mut filters.nested);
            if pages.opens() {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = t.size.pad;
                    if link(ui, "Open all").clicked() {
                        pages.open_all(true);
                    }
                    if link(ui, "Close all").clicked() {
                        pages.open_all(false);
                    }
                });
            }
            widgets::separator(ui);
            widgets::section(ui, "Group by");
            ScrollArea::vertical().max_height(t.size.popover).show(ui, |ui| list(ui, filters, pages));
        });
}

fn list(ui: &mut Ui, filters: &mut Filters, pages: &Pages) {
    let height = theme::of(ui).size.control;
    let mut choice = |ui: &mut Ui, title: &str, by: Option<RunSort>| {
        if ListRow::new(title).selected(filters.group == by).height(height).show(ui).clicked() {
            filters.group = by;
            ui.close();
        }
    };
    choice(ui, "Nothing", None);
    for field in [Field::Status, Field::Experiment, Field::Pipeline, Field::User, Field::Branch, Field::Commit] {
        choice(ui, &field.title(), field.sort());
    }
    for key in pages.telling_params() {
        let by = RunSort::Param(key);
        choice(ui, &menus::sort_title(&by), Some(by));
    }
    for key in pages.tags.keys().filter(|key| !key.starts_with("mlflow.") || *key == "mlflow.source.name") {
        choice(ui, key, Some(RunSort::Tag(key.clone())));
    }
}
