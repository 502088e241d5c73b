//! Buttons: one primary a panel, secondary for the rest, quiet and icon buttons for what stands by.

use std::borrow::Cow;

use egui::{
    Color32, CursorIcon, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Widget, WidgetInfo, accesskit::Role, vec2,
};

use super::{chip, focus_ring, text, tooltip};
use crate::{
    icons::{self, Icon},
    theme::{self, Tokens},
};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Primary,
    Secondary,
    Quiet,
    Danger,
}

/// A button: `ui.add(Button::primary("Run").shortcut("F5"))`.
#[must_use = "add it to a ui"]
pub struct Button<'a> {
    kind: Kind,
    text: Cow<'a, str>,
    icon: Option<Icon>,
    icon_only: bool,
    caret: bool,
    shortcut: Option<Cow<'a, str>>,
    hint: Option<Cow<'a, str>>,
    enabled: bool,
    selected: bool,
    full_width: bool,
}

impl<'a> Button<'a> {
    fn new(kind: Kind, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            kind,
            text: text.into(),
            icon: None,
            icon_only: false,
            caret: false,
            shortcut: None,
            hint: None,
            enabled: true,
            selected: false,
            full_width: false,
        }
    }

    /// The one action of a panel.
    pub fn primary(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Primary, text)
    }

    pub fn secondary(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Secondary, text)
    }

    /// No frame until the pointer is over it.
    pub fn quiet(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Quiet, text)
    }

    /// Does away with something; only where it has been asked about, see [`super::confirm`].
    pub fn danger(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Danger, text)
    }

    /// A square with an icon; `name` is its accessible name and its tooltip.
    pub fn icon(icon: Icon, name: impl Into<Cow<'a, str>>) -> Self {
        Self { icon: Some(icon), icon_only: true, ..Self::new(Kind::Quiet, name) }
    }

    /// An icon before the text.
    pub fn with_icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// Marks a button that opens a menu.
    pub fn caret(self) -> Self {
        Self { caret: true, ..self }
    }

    /// Shows the shortcut in a box after the text, and in the tooltip of an icon button.
    pub fn shortcut(self, shortcut: impl Into<Cow<'a, str>>) -> Self {
        Self { shortcut: Some(shortcut.into()), ..self }
    }

    /// A tooltip; on a disabled button, why it is.
    pub fn hint(self, hint: impl Into<Cow<'a, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }

    /// Drawn as pressed in: a toggle among icon buttons.
    pub fn selected(self, selected: bool) -> Self {
        Self { selected, ..self }
    }

    /// As wide as there is room, the text at the left and a chevron at the right.
    pub fn full_width(self) -> Self {
        Self { full_width: true, ..self }
    }
}

/// Fill, border and text of a button in one state.
struct Paint {
    fill: Color32,
    border: Stroke,
    text: Color32,
}

fn paint(t: &Tokens, kind: Kind, selected: bool, hovered: bool, pressed: bool) -> Paint {
    let c = &t.color;
    if selected {
        return Paint { fill: c.accent_soft, border: Stroke::NONE, text: c.accent };
    }
    let strong = |color: Color32| Paint {
        fill: if pressed {
            t.tint(color, c.surface1, 0.16)
        } else if hovered {
            t.tint(color, c.text1, 0.10)
        } else {
            color
        },
        border: Stroke::NONE,
        text: c.on_accent,
    };
    match kind {
        Kind::Primary => strong(c.accent),
        Kind::Danger => strong(c.error),
        Kind::Secondary => Paint {
            fill: if pressed {
                c.surface1
            } else if hovered {
                c.surface4
            } else {
                c.surface3
            },
            border: if hovered { t.border() } else { t.hairline() },
            text: c.text1,
        },
        Kind::Quiet => Paint {
            fill: if pressed {
                t.tint(c.surface4, c.line2, 0.5)
            } else if hovered {
                c.surface4
            } else {
                Color32::TRANSPARENT
            },
            border: Stroke::NONE,
            text: if hovered { c.text1 } else { c.text2 },
        },
    }
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let t = theme::of(ui);
        let face = if self.kind == Kind::Quiet { &t.face.small } else { &t.face.small_strong };
        let pad = t.size.pad;
        let icon_width = if self.icon.is_some() { t.size.icon_small } else { 0.0 };
        let galley = (!self.icon_only)
            .then(|| ui.painter().layout_no_wrap(self.text.to_string(), face.font(), Color32::PLACEHOLDER));
        let hint_width = match &self.shortcut {
            Some(shortcut) if !self.icon_only => chip::cap_width(ui.painter(), &t, shortcut) + t.size.gap,
            _ => 0.0,
        };
        let width = match &galley {
            None => t.size.control,
            Some(_) if self.full_width => ui.available_width(),
            Some(galley) => {
                let gap = if self.icon.is_some() { 6.0 } else { 0.0 };
                let caret = if self.caret { 14.0 } else { 0.0 };
                galley.size().x + 2.0 * pad + icon_width + gap + hint_width + caret
            }
        };
        let sense = if self.enabled { Sense::click() } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(vec2(width, t.size.control), sense);
        let enabled = self.enabled && ui.is_enabled();
        let name = self.text.to_string();
        response.widget_info(|| match self.selected {
            true => WidgetInfo::selected(Role::Button, enabled, true, &name),
            false => WidgetInfo::labeled(Role::Button, enabled, &name),
        });
        if ui.is_rect_visible(rect) {
            self.paint(ui, &t, rect, &response, galley);
        }
        self.finish(response)
    }
}

impl Button<'_> {
    fn paint(
        &self,
        ui: &Ui,
        t: &Tokens,
        rect: Rect,
        response: &Response,
        galley: Option<std::sync::Arc<egui::Galley>>,
    ) {
        let pressed = response.is_pointer_button_down_on();
        let mut look = paint(t, self.kind, self.selected, response.hovered() && self.enabled, pressed);
        if !self.enabled {
            look.text = t.tint(t.color.surface3, t.color.text2, 0.55);
            if matches!(self.kind, Kind::Primary | Kind::Danger) {
                look.fill = t.color.surface4;
            }
        }
        let painter = ui.painter();
        painter.rect(rect, t.size.radius, look.fill, look.border, StrokeKind::Inside);
        let centre = rect.center().y;
        let mut x = rect.left() + t.size.pad;
        if let Some(icon) = self.icon {
            let at = if self.icon_only { rect.center() } else { Pos2::new(x + t.size.icon_small / 2.0, centre) };
            icons::paint_at(painter, icon, at, t.size.icon_small, look.text);
            x += t.size.icon_small + 6.0;
        }
        if let Some(galley) = galley {
            let text_width = galley.size().x;
            painter.galley(Pos2::new(x, centre - galley.size().y / 2.0), galley, look.text);
            x += text_width;
        }
        if self.caret {
            icons::paint_caret(painter, Pos2::new(x + 9.0, centre), look.text);
        }
        if self.full_width {
            let at = Pos2::new(rect.right() - t.size.pad, centre);
            icons::paint_at(painter, Icon::ChevronRight, at, t.size.pad, t.color.text3);
        }
        if let Some(shortcut) = self.shortcut.as_ref().filter(|_| !self.icon_only) {
            let edge = t.tint(look.fill, look.text, 0.45);
            let text = t.tint(look.fill, look.text, 0.75);
            chip::paint_cap(painter, t, Pos2::new(x + t.size.gap, centre), shortcut, text, edge);
        }
        focus_ring(ui, response, t.size.radius);
    }

    fn finish(self, response: Response) -> Response {
        let response = response.on_hover_cursor(CursorIcon::PointingHand);
        match (&self.hint, self.icon_only) {
            (Some(hint), _) => tooltip(response, hint, self.shortcut.as_deref()),
            (None, true) => tooltip(response, &self.text, self.shortcut.as_deref()),
            (None, false) => response,
        }
    }
}

/// A word in the accent's colour that goes somewhere.
pub fn link(ui: &mut Ui, words: &str) -> Response {
    let t = theme::of(ui);
    let width = text::width(ui.painter(), words, &t.face.small);
    let (rect, response) = ui.allocate_exact_size(vec2(width, t.face.small.line), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, ui.is_enabled(), words));
    let at = text::paint_text(
        ui.painter(),
        rect.expand2(vec2(2.0, 0.0)),
        egui::Align2::CENTER_CENTER,
        words,
        &t.face.small,
        t.color.accent,
    );
    if response.hovered() {
        ui.painter().hline(at.x_range(), at.bottom() - 1.0, Stroke::new(t.size.line, t.color.accent));
    }
    focus_ring(ui, &response, t.size.grid);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
