//! The tracking server in the status bar: whether it is on, and how clients reach it.

use egui::{Id, Popup, PopupCloseBehavior, RectAlign, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::World;
use crate::{
    icons::{Glyph, paint_glyph},
    panels::Action,
    theme,
    widgets::{self, Button, TextField, focus_ring},
};

pub fn show(ui: &mut Ui, world: &mut World) {
    let t = theme::of(ui);
    let state = world.status.tracking.clone();
    let (words, color) = match (&state.uri, &state.failure) {
        (Some(uri), _) => (format!("Tracking server on {}", uri.trim_start_matches("http://")), t.color.text2),
        (None, Some(_)) => ("Tracking server failed".to_owned(), t.color.error),
        (None, None) => ("Tracking server off".to_owned(), t.color.text3),
    };
    let mark = if state.uri.is_some() { t.size.pad } else { 0.0 };
    let width = mark + widgets::text_width(ui.painter(), &words, &t.face.caption);
    let (rect, response) = ui.allocate_exact_size(vec2(width, t.size.status_bar), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &words));
    let color = if response.hovered() { t.color.text1 } else { color };
    if mark > 0.0 {
        paint_glyph(ui.painter(), &t, Glyph::Ok, rect.left_center() + vec2(4.0, 0.0));
    }
    let room = rect.with_min_x(rect.left() + mark);
    widgets::paint_text(ui.painter(), room, egui::Align2::LEFT_CENTER, &words, &t.face.caption, color);
    focus_ring(ui, &response, t.size.grid);
    Popup::from_toggle_button_response(&response)
        .align(RectAlign::TOP_START)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Tracking server")
        .show(|ui| {
            let margin = theme::of(ui).size.gap;
            egui::Frame::NONE.inner_margin(margin).show(ui, |ui| contents(ui, world));
        });
}

fn contents(ui: &mut Ui, world: &mut World) {
    let t = theme::of(ui);
    ui.set_width(t.size.popover * 1.2);
    let state = world.status.tracking.clone();
    let mut on = state.uri.is_some();
    let port = Id::unique("gui::tracking_port");
    let mut typed = ui.data(|data| data.get_temp::<String>(port)).unwrap_or_else(|| state.port.to_string());
    let number = typed.trim().parse::<u16>().ok().filter(|port| *port > 0);
    let switched = widgets::toggle_row(ui, "Serve this workspace to MLflow clients", &mut on).changed();
    widgets::field_row(ui, "Port", |ui| ui.add_enabled(state.uri.is_none(), TextField::new(&mut typed).name("Port")));
    ui.data_mut(|data| data.insert_temp(port, typed));
    if number.is_none() {
        widgets::message(ui, Glyph::Error, "A port is a number from 1 to 65535.");
    }
    if let Some(failure) = &state.failure {
        widgets::message(ui, Glyph::Error, failure);
    }
    if switched && (!on || number.is_some()) {
        let wanted = number.filter(|_| on);
        world.ask_desk("The tracking server did not start.", move |desk| desk.track(wanted));
    }
    let Some(uri) = &state.uri else {
        ui.label(t.caption("Code that logs with mlflow then shows up under Runs, and reads models from here."));
        return;
    };
    widgets::separator(ui);
    ui.label(t.secondary("In Python"));
    let line = format!("mlflow.set_tracking_uri(\"{uri}\")");
    ui.label(t.mono(&line));
    ui.label(t.caption("Only programs of this machine reach it."));
    if ui.add(Button::secondary("Copy")).clicked() {
        world.actions.push(Action::Copy(line));
    }
}
