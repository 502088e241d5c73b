//! What the colours of a chart mean, where the curves themselves cannot say it.

use egui::{Align2, Color32, Rect, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2};

use crate::{theme, widgets::elided};

const SQUARE: f32 = 10.0;

/// One entry of a legend: a square and a name. Returns whether the pointer is on it.
pub fn legend(ui: &mut Ui, name: &str, color: Color32) -> bool {
    let t = theme::of(ui);
    let galley = elided(ui.painter(), name, &t.face.small, t.color.text2, 200.0);
    let size = vec2(galley.size().x + 16.0, t.face.small.line);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    let square = Rect::from_center_size(pos2(rect.left() + 5.0, rect.center().y), Vec2::splat(SQUARE));
    ui.painter().rect_filled(square, 2.5, color);
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect.with_min_x(rect.left() + 16.0));
    ui.painter().galley(at.min, galley, t.color.text2);
    response.hovered()
}
