//! Tabs underlined in the accent.

use egui::{Color32, CursorIcon, Pos2, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::focus_ring;
use crate::theme;

/// One tab.
#[derive(Clone, Debug, PartialEq)]
pub struct Tab<'a> {
    pub title: &'a str,
    /// After the title, when it is more than nought.
    pub count: usize,
}

/// A row of tabs as high as the bar it stands in; true when another was chosen.
pub fn tabs(ui: &mut Ui, chosen: &mut usize, all: &[Tab<'_>]) -> bool {
    let before = *chosen;
    let t = theme::of(ui);
    ui.spacing_mut().item_spacing.x = t.size.gap * 2.0;
    for (at, tab) in all.iter().enumerate() {
        if one(ui, tab, at == *chosen).clicked() {
            *chosen = at;
        }
    }
    *chosen != before
}

fn one(ui: &mut Ui, tab: &Tab<'_>, selected: bool) -> Response {
    let t = theme::of(ui);
    let face = &t.face.small;
    let title = ui.painter().layout_no_wrap(tab.title.to_owned(), face.font(), Color32::PLACEHOLDER);
    let count = (tab.count > 0).then(|| ui.painter().layout_no_wrap(tab.count.to_string(), face.font(), t.color.text3));
    let width = title.size().x + count.as_ref().map_or(0.0, |galley| galley.size().x + 6.0);
    let height = ui.available_height().clamp(t.size.hit, t.size.panel_bar);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let name = if tab.count > 0 { format!("{} {}", tab.title, tab.count) } else { tab.title.to_owned() };
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), selected, &name));
    let color = if selected || response.hovered() { t.color.text1 } else { t.color.text2 };
    let painter = ui.painter();
    let y = rect.center().y;
    let end = rect.left() + title.size().x;
    painter.galley(Pos2::new(rect.left(), y - title.size().y / 2.0), title, color);
    if let Some(count) = count {
        painter.galley(Pos2::new(end + 6.0, y - count.size().y / 2.0), count, t.color.text3);
    }
    if selected {
        let line = Rect::from_x_y_ranges(rect.x_range(), rect.bottom() - 2.0..=rect.bottom());
        painter.rect_filled(line, 0.0, t.color.accent);
    }
    focus_ring(ui, &response, t.size.grid);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
