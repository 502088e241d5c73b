//! A choice of one among several.

use std::borrow::Cow;

use egui::{
    Align2, CursorIcon, Key, Popup, PopupCloseBehavior, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use super::{ListRow, TextField, focus_ring, text};
use crate::{commands, icons, theme};

/// From this many on, the list can be searched.
const SEARCH_FROM: usize = 12;

/// A field that opens a list: `Select::new("Calibrate").show(ui, &mut value, &options)`.
#[must_use = "call show"]
pub struct Select<'a> {
    name: Cow<'a, str>,
    width: Option<f32>,
    empty: Cow<'a, str>,
}

impl<'a> Select<'a> {
    /// `name` is its accessible name and must be unique within its ui.
    pub fn new(name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), width: None, empty: "None".into() }
    }

    /// As wide as there is room when not set.
    pub fn width(self, width: f32) -> Self {
        Self { width: Some(width), ..self }
    }

    /// What stands there while the value is none of the options.
    pub fn empty(self, empty: impl Into<Cow<'a, str>>) -> Self {
        Self { empty: empty.into(), ..self }
    }

    /// Lets the person choose among `options`, each with its words. The response is marked as
    /// changed when another was chosen.
    pub fn show<T: PartialEq + Clone, W: AsRef<str>>(self, ui: &mut Ui, value: &mut T, options: &[(T, W)]) -> Response {
        let chosen = options.iter().position(|(option, _)| option == value);
        let words = chosen.map_or(self.empty.as_ref(), |at| options[at].1.as_ref()).to_owned();
        let names: Vec<&str> = options.iter().map(|(_, words)| words.as_ref()).collect();
        let (mut response, picked) = self.show_names(ui, &words, chosen, &names);
        if let Some(picked) = picked.filter(|&at| Some(at) != chosen) {
            *value = options[picked].0.clone();
            response.mark_changed();
        }
        response
    }

    fn show_names(self, ui: &mut Ui, words: &str, chosen: Option<usize>, names: &[&str]) -> (Response, Option<usize>) {
        let t = theme::of(ui);
        let width = self.width.unwrap_or_else(|| ui.available_width());
        let id = ui.make_persistent_id(("select", &*self.name));
        let (_, rect) = ui.allocate_space(vec2(width, t.size.control));
        let response = ui.interact(rect, id, Sense::click());
        let name = self.name.to_string();
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), &name);
            info.current_text_value = Some(words.to_owned());
            info
        });
        let open = Popup::is_id_open(ui, Popup::default_response_id(&response));
        let edge = if open {
            Stroke::new(t.size.line, t.color.accent)
        } else if response.hovered() {
            t.border()
        } else {
            t.hairline()
        };
        let painter = ui.painter();
        painter.rect(rect, t.size.radius, t.color.surface1, edge, StrokeKind::Inside);
        let inside = rect.shrink2(vec2(t.size.gap, 0.0)).with_max_x(rect.right() - 20.0);
        let color = if chosen.is_some() { t.color.text1 } else { t.color.text2 };
        text::paint_text(painter, inside, Align2::LEFT_CENTER, words, &t.face.small, color);
        icons::paint_caret(painter, rect.right_center() - vec2(12.0, 0.0), t.color.text2);
        focus_ring(ui, &response, t.size.radius);

        let picked = Popup::menu(&response)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .width(width)
            .show(|ui| {
                ui.set_min_width(width - 2.0 * t.size.grid);
                list(ui, chosen, names, !response.has_focus())
            })
            .and_then(|shown| shown.inner);
        if picked.is_some() {
            Popup::close_id(ui, Popup::default_response_id(&response));
        }
        (response.on_hover_cursor(CursorIcon::PointingHand), picked)
    }
}

/// The open list; the index that was picked.
fn list(ui: &mut Ui, chosen: Option<usize>, names: &[&str], fresh: bool) -> Option<usize> {
    let t = theme::of(ui);
    let id = ui.scope_id().with("query");
    let mut query = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_default();
    let searchable = names.len() >= SEARCH_FROM;
    if searchable {
        let field = ui.add(TextField::search(&mut query, "Find"));
        if fresh && !field.has_focus() && query.is_empty() {
            field.request_focus();
        }
        ui.data_mut(|data| data.insert_temp(id, query.clone()));
    }
    let mut fits: Vec<(i32, usize)> =
        names.iter().enumerate().filter_map(|(at, name)| Some((commands::score(&query, name)?.score, at))).collect();
    if !query.is_empty() {
        fits.sort_by_key(|&(score, at)| (std::cmp::Reverse(score), at));
    }
    let enter = searchable && ui.input(|input| input.key_pressed(Key::Enter));
    let mut picked = fits.first().filter(|_| enter && !query.is_empty()).map(|&(_, at)| at);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().max_height(t.size.popover).show_rows(ui, t.size.control, fits.len(), |ui, rows| {
        for &(_, at) in &fits[rows] {
            if ListRow::new(names[at]).selected(Some(at) == chosen).height(t.size.control).show(ui).clicked() {
                picked = Some(at);
            }
        }
    });
    if fits.is_empty() {
        ui.label(t.secondary("Nothing fits"));
    }
    if picked.is_some() {
        ui.data_mut(|data| data.remove::<String>(id));
    }
    picked
}
