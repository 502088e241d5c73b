//! What panels are laid out with: bars, cards, sections, rows of a form.

use egui::{Align, Frame, InnerResponse, Layout, Margin, Response, Ui, UiBuilder, vec2};

use super::paint_text;

use crate::theme::{self, Tokens};

/// The bar at the top of a panel: its title and what it can do. `right` is laid out from the
/// right edge and first; `left` gets the room that it leaves and is cut where that ends.
pub fn bar<R>(ui: &mut Ui, left: impl FnOnce(&mut Ui), right: impl FnOnce(&mut Ui) -> R) -> R {
    let t = theme::of(ui);
    let size = vec2(ui.available_width(), t.size.panel_bar);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    ui.painter().rect_filled(rect, 0.0, t.color.surface2);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
    let inside = rect.shrink2(vec2(t.size.pad_panel, 0.0));
    let place = |layout| UiBuilder::new().max_rect(inside).layout(layout);
    let mut at_right = ui.new_child(place(Layout::right_to_left(Align::Center)).id_salt("right"));
    at_right.spacing_mut().item_spacing.x = t.size.gap;
    let answer = right(&mut at_right);
    let end = at_right.min_rect().left() - t.size.gap;
    let rest = inside.with_max_x(end.max(inside.left()));
    let layout = Layout::left_to_right(Align::Center);
    let builder = UiBuilder::new().max_rect(rest).layout(layout).id_salt("left");
    let mut at_left = ui.new_child(builder);
    at_left.shrink_clip_rect(rest.expand(t.size.focus).with_min_x(rect.left()));
    at_left.spacing_mut().item_spacing.x = t.size.gap;
    left(&mut at_left);
    answer
}

/// The frame of a card.
pub fn card_frame(t: &Tokens) -> Frame {
    Frame::NONE
        .fill(t.color.surface3)
        .stroke(t.hairline())
        .corner_radius(t.size.radius_card)
        .inner_margin(Margin::same(t.size.pad as i8))
}

/// A card as wide as there is room, with a heading when `title` is not empty.
pub fn card<R>(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let t = theme::of(ui);
    card_frame(&t).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        if !title.is_empty() {
            ui.label(t.face.small_strong.of(title).color(t.color.text1));
        }
        contents(ui)
    })
}

/// The frame of a side panel: palette, inspector.
pub fn side_frame(t: &Tokens) -> Frame {
    Frame::NONE.fill(t.color.surface2).inner_margin(Margin::same(t.size.pad_panel as i8))
}

/// The heading of a section.
pub fn section(ui: &mut Ui, title: &str) -> Response {
    let t = theme::of(ui);
    ui.label(t.section(title))
}

/// A separator with air above and below: between the sections of an inspector.
pub fn separator(ui: &mut Ui) {
    let t = theme::of(ui);
    ui.add_space(t.size.grid);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), egui::Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, t.hairline());
    ui.add_space(t.size.grid);
}

/// A row of a form: the label at the left, the control at the right half. The label is painted
/// and becomes the accessible name of the control, so that a screen reader says it once.
pub fn field_row<R>(ui: &mut Ui, label: &str, control: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let t = theme::of(ui);
    let width = ui.available_width();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = t.size.gap;
        let (_, rect) = ui.allocate_space(vec2((width * 0.48).floor() - t.size.gap, t.size.control));
        paint_text(ui.painter(), rect, egui::Align2::LEFT_CENTER, label, &t.face.small, t.color.text2);
        ui.name_inputs(label, control)
    })
}

/// A row of a form with a switch at the right edge.
pub fn toggle_row(ui: &mut Ui, label: &str, on: &mut bool) -> Response {
    let t = theme::of(ui);
    ui.horizontal(|ui| {
        let room = vec2(ui.available_width() - 30.0 - t.size.gap, t.size.control);
        let (_, rect) = ui.allocate_space(room);
        paint_text(ui.painter(), rect, egui::Align2::LEFT_CENTER, label, &t.face.small, t.color.text2);
        ui.spacing_mut().item_spacing.x = t.size.gap;
        super::toggle(ui, on, label)
    })
    .inner
}

/// A name and its value, one at each edge.
pub fn key_value(ui: &mut Ui, key: &str, value: impl Into<egui::WidgetText>) -> Response {
    let t = theme::of(ui);
    let shown = ui.horizontal(|ui| {
        ui.set_min_height(t.face.small.line);
        ui.label(t.secondary(key));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(egui::Label::new(value).truncate());
        });
    });
    shown.response
}
