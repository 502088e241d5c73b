//! The rail of places at the left.

use egui::{
    Align2, Color32, CursorIcon, Frame, Panel as Side, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, vec2,
};

use super::World;
use crate::{
    commands::Command,
    icons::{self, Icon},
    panels::{Action, Panel},
    theme,
    widgets::{focus_ring, paint_text},
};

pub fn show(ui: &mut Ui, panels: &[Box<dyn Panel>], world: &mut World) {
    let t = theme::of(ui);
    let frame = Frame::NONE.fill(t.color.surface2);
    Side::left("rail").exact_size(t.size.rail).resizable(false).show_separator_line(false).frame(frame).show(
        ui,
        |ui| {
            super::regions::region(ui, "Places");
            let edge = ui.max_rect();
            ui.painter().vline(edge.right() - 0.5, edge.y_range(), t.hairline());
            ui.spacing_mut().item_spacing.y = t.size.grid;
            ui.add_space(t.size.gap);
            for (at, panel) in panels.iter().filter(|panel| panel.on_rail()).enumerate() {
                let active = world.layout.active == panel.id();
                let response = place(ui, panel.icon(), panel.title(), active);
                let response = response.on_hover_ui(|ui| {
                    ui.horizontal(|ui| {
                        ui.label(t.small(panel.title()));
                        if at < 9 {
                            crate::widgets::key_caps(ui, &format!("Ctrl {}", at + 1));
                        }
                    });
                });
                if response.clicked() {
                    world.actions.push(Action::Run(Command::GoTo(panel.id())));
                }
                response.context_menu(|ui| {
                    if ui.button("Open").clicked() {
                        world.actions.push(Action::Run(Command::GoTo(panel.id())));
                    }
                    if ui.button("Open to the side").clicked() {
                        world.actions.push(Action::Run(Command::OpenToSide(panel.id())));
                    }
                });
            }
            super::settings::show(ui, world);
        },
    );
}

/// One place: icon over word.
fn place(ui: &mut Ui, icon: Icon, title: &str, active: bool) -> Response {
    let t = theme::of(ui);
    let side = t.size.place;
    let (cell, _) = ui.allocate_exact_size(vec2(t.size.rail, side), Sense::hover());
    let rect = Rect::from_center_size(cell.center(), vec2(side, side));
    let response = ui.interact(rect, ui.scope_id().with(title), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), active, title));
    let (fill, color) = match (active, response.hovered()) {
        (true, _) => (t.color.accent_soft, t.color.accent),
        (false, true) => (t.color.surface4, t.color.text1),
        (false, false) => (Color32::TRANSPARENT, t.color.text3),
    };
    let painter = ui.painter();
    painter.rect_filled(rect, t.size.radius_card, fill);
    icons::paint_at(painter, icon, rect.center_top() + vec2(0.0, 17.0), t.size.icon, color);
    let words = Rect::from_center_size(rect.center_bottom() - vec2(0.0, 12.0), vec2(t.size.rail, t.face.place.line));
    paint_text(painter, words, Align2::CENTER_CENTER, title, &t.face.place, color);
    focus_ring(ui, &response, t.size.radius_card);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
