//! Asks before something goes, beside the button that would do it.

use egui::{Align, Layout, Popup, PopupCloseBehavior, Response, Ui};

use super::Button;
use crate::theme;

/// What is asked.
pub struct Confirm<'a> {
    /// "Delete 3 runs?"
    pub title: &'a str,
    /// What goes and what stays: "Their metrics, logs and outputs go. Registered models stay."
    pub detail: &'a str,
    /// The verb of the button that does it: "Delete".
    pub verb: &'a str,
}

/// Opens below `button` when that is clicked; true when the person agreed.
pub fn confirm(button: &Response, what: &Confirm<'_>) -> bool {
    let agreed = Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(what.title)
        .show(|ui| contents(ui, what))
        .and_then(|shown| shown.inner);
    if agreed.is_some() {
        Popup::close_id(&button.ctx, Popup::default_response_id(button));
    }
    agreed == Some(true)
}

fn contents(ui: &mut Ui, what: &Confirm<'_>) -> Option<bool> {
    let t = theme::of(ui);
    ui.set_width(t.size.popover);
    egui::Frame::NONE.inner_margin(t.size.gap).show(ui, |ui| ask(ui, what)).inner
}

fn ask(ui: &mut Ui, what: &Confirm<'_>) -> Option<bool> {
    let t = theme::of(ui);
    ui.label(t.strong(what.title));
    ui.label(t.secondary(what.detail));
    ui.add_space(t.size.grid);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let agree = ui.add(Button::danger(what.verb)).clicked();
        let keep = ui.add(Button::secondary("Keep")).clicked();
        if agree { Some(true) } else { keep.then_some(false) }
    })
    .inner
}
