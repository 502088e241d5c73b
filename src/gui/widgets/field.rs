//! Text fields.

use std::borrow::Cow;

use egui::{
    Align2, Direction, FontSelection, Frame, Id, Layout, Margin, Response, Sense, Stroke, StrokeKind, TextBuffer,
    TextEdit, Ui, UiBuilder, Widget, text::LayoutJob, vec2,
};

use super::{Button, chip};
use crate::{
    icons::{self, Icon},
    theme::{self, Face},
};

/// A single line or a block of editable text: `ui.add(TextField::new(&mut name).name("Name"))`.
#[must_use = "add it to a ui"]
pub struct TextField<'a> {
    text: &'a mut String,
    name: Cow<'a, str>,
    hint: Cow<'a, str>,
    icon: Option<Icon>,
    shortcut: Option<Cow<'a, str>>,
    error: bool,
    mono: bool,
    rows: usize,
    width: Option<f32>,
    clear: bool,
    focus: bool,
    id: Option<Id>,
    layout: Option<&'a dyn Fn(&str) -> LayoutJob>,
}

impl<'a> TextField<'a> {
    pub fn new(text: &'a mut String) -> Self {
        Self {
            text,
            name: "".into(),
            hint: "".into(),
            icon: None,
            shortcut: None,
            error: false,
            mono: false,
            rows: 1,
            width: None,
            clear: false,
            focus: false,
            id: None,
            layout: None,
        }
    }

    /// A field to search with: `hint` says what ("Find a component") and is its name.
    pub fn search(text: &'a mut String, hint: impl Into<Cow<'a, str>>) -> Self {
        let hint = hint.into();
        Self { name: hint.clone(), hint, clear: true, ..Self::new(text) }
    }

    /// The accessible name. Not needed within [`super::field_row`], whose label names it.
    pub fn name(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Shown while empty.
    pub fn hint(self, hint: impl Into<Cow<'a, str>>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// The key that goes here, shown at the right while the field is empty.
    pub fn shortcut(self, shortcut: impl Into<Cow<'a, str>>) -> Self {
        Self { shortcut: Some(shortcut.into()), ..self }
    }

    /// Marks what is wrong; say why with [`super::message`] below.
    pub fn error(self, error: bool) -> Self {
        Self { error, ..self }
    }

    /// Code: JetBrains Mono.
    pub fn mono(self) -> Self {
        Self { mono: true, ..self }
    }

    /// Colours the text: a language.
    pub fn layout(self, layout: &'a dyn Fn(&str) -> LayoutJob) -> Self {
        Self { layout: Some(layout), ..self }
    }

    /// More than one line.
    pub fn rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// As wide as there is room when not set.
    pub fn width(self, width: f32) -> Self {
        Self { width: Some(width), ..self }
    }

    /// Takes the keyboard now.
    pub fn focus(self, focus: bool) -> Self {
        Self { focus, ..self }
    }

    pub fn id(self, id: Id) -> Self {
        Self { id: Some(id), ..self }
    }
}

impl Widget for TextField<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let t = theme::of(ui);
        let face: &Face = if self.mono { &t.face.mono } else { &t.face.small };
        let width = self.width.unwrap_or_else(|| ui.available_width());
        let height = if self.rows == 1 { t.size.control } else { self.rows as f32 * face.line + 2.0 * t.size.gap };
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let background = ui.painter().add(egui::Shape::Noop);

        let mut inside = rect.shrink2(vec2(t.size.gap + 1.0, 0.0));
        if let Some(icon) = self.icon {
            let at = inside.left_center() + vec2(t.size.icon_small / 2.0, 0.0);
            icons::paint_at(ui.painter(), icon, at, t.size.icon_small, t.color.text3);
            inside.min.x += t.size.icon_small + 6.0;
        }
        if let Some(shortcut) = self.shortcut.as_ref().filter(|_| self.text.is_empty()) {
            let cap = chip::cap_width(ui.painter(), &t, shortcut);
            let at = inside.right_center() - vec2(cap, 0.0);
            chip::paint_cap(ui.painter(), &t, at, shortcut, t.color.text3, t.color.line2);
            inside.max.x -= cap + t.size.gap;
        }
        let clears = self.clear && !self.text.is_empty();
        if clears {
            inside.max.x -= t.size.icon_small;
        }

        let hint = face.of(self.hint.to_string()).color(t.color.text3);
        let mut edit =
            if self.rows == 1 { TextEdit::singleline(&mut *self.text) } else { TextEdit::multiline(&mut *self.text) };
        edit = edit
            .font(FontSelection::FontId(face.font()))
            .text_color(t.color.text1)
            .hint_text(hint)
            .frame(Frame::NONE)
            .margin(Margin::ZERO)
            .desired_width(inside.width())
            .desired_rows(self.rows)
            .align(if self.rows == 1 { Align2::LEFT_CENTER } else { Align2::LEFT_TOP });
        if let Some(id) = self.id {
            edit = edit.id(id);
        }
        let mut layouter;
        if let Some(layout) = self.layout {
            layouter = move |ui: &Ui, text: &dyn TextBuffer, _: f32| {
                let job = layout(text.as_str());
                ui.fonts_mut(|fonts| fonts.layout_job(job))
            };
            edit = edit.layouter(&mut layouter);
        }
        let inside = if self.rows == 1 { inside } else { inside.shrink2(vec2(0.0, t.size.gap)) };
        // A child of its own: `put` would end the row at the text instead of at the frame.
        let place = UiBuilder::new().max_rect(inside).layout(Layout::centered_and_justified(Direction::TopDown));
        let mut response = ui.new_child(place).add(edit);
        if !self.name.is_empty() {
            response = response.accessible_name(self.name.to_string());
        }
        if self.focus {
            response.request_focus();
        }

        let edge = match (self.error, response.has_focus(), response.hovered()) {
            (_, true, _) => t.focus_ring(),
            (true, ..) => Stroke::new(t.size.line, t.color.error),
            (_, _, true) => t.border(),
            _ => t.hairline(),
        };
        let shape = egui::epaint::RectShape::new(rect, t.size.radius, t.color.surface1, edge, StrokeKind::Inside);
        ui.painter().set(background, shape);

        if clears {
            let side = t.size.control;
            let at = egui::Rect::from_center_size(rect.right_center() - vec2(side / 2.0, 0.0), vec2(side, side));
            if ui.new_child(UiBuilder::new().max_rect(at)).add(Button::icon(Icon::Close, "Clear")).clicked() {
                self.text.clear();
                response.mark_changed();
            }
        }
        response
    }
}
