//! Theme, size and motion, at the foot of the rail.

use egui::{Align, Layout, Popup, PopupCloseBehavior, Ui};

use super::World;
use crate::{
    icons::Icon,
    panels::Action,
    theme::{self, ThemeChoice},
    widgets::{self, Button, format},
};

/// Smallest and largest size of everything.
pub const ZOOM: std::ops::RangeInclusive<f32> = 0.6..=2.5;

pub fn show(ui: &mut Ui, world: &mut World) {
    let t = theme::of(ui);
    let layout = Layout::bottom_up(Align::Center);
    let button = ui
        .with_layout(layout, |ui| {
            ui.add_space(t.size.gap);
            ui.add(Button::icon(Icon::Settings, "Appearance"))
        })
        .inner;
    Popup::from_toggle_button_response(&button)
        .align(egui::RectAlign::RIGHT_END)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Appearance")
        .show(|ui| contents(ui, world));
}

fn contents(ui: &mut Ui, world: &mut World) {
    let t = theme::of(ui);
    ui.set_width(t.size.palette);
    let mut choice = world.layout.appearance.clone();
    widgets::section(ui, "Theme");
    for theme in ThemeChoice::ALL {
        widgets::radio(ui, &mut choice.theme, theme, theme.text());
    }
    widgets::separator(ui);
    widgets::section(ui, "Size");
    ui.horizontal(|ui| {
        if ui.add(Button::icon(Icon::Minus, "Smaller").shortcut("Ctrl -")).clicked() {
            choice.zoom -= 0.1;
        }
        ui.label(t.small(format::percent(f64::from(choice.zoom))));
        if ui.add(Button::icon(Icon::Plus, "Larger").shortcut("Ctrl +")).clicked() {
            choice.zoom += 0.1;
        }
    });
    widgets::separator(ui);
    widgets::checkbox(ui, &mut choice.reduced_motion, "Reduce motion");
    choice.zoom = choice.zoom.clamp(*ZOOM.start(), *ZOOM.end());
    if choice != world.layout.appearance {
        world.actions.push(Action::Appearance(choice));
    }
}
