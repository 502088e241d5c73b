//! Lines of a log or of code, drawn only where they are seen.

use egui::{Align, Label, Layout, Response, RichText, ScrollArea, Ui, UiBuilder, vec2};

use super::Button;
use crate::{
    icons::Icon,
    theme::{self, Tokens},
};

/// How a line reads.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tone {
    #[default]
    Plain,
    Quiet,
    Good,
    Warn,
    Error,
}

impl Tone {
    fn color(self, t: &Tokens) -> egui::Color32 {
        match self {
            Self::Plain => t.color.text1,
            Self::Quiet => t.color.text3,
            Self::Good => t.color.ok,
            Self::Warn => t.color.warn,
            Self::Error => t.color.error,
        }
    }
}

/// One line; `gutter` stands before it quietly (a time, a number).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodeLine<'a> {
    pub gutter: &'a str,
    pub text: &'a str,
    pub tone: Tone,
}

impl<'a> CodeLine<'a> {
    /// A line of a unified difference, coloured by its sign.
    pub fn of_diff(text: &'a str) -> Self {
        let tone = match text.as_bytes().first() {
            _ if text.starts_with("+++") || text.starts_with("---") => Tone::Quiet,
            Some(b'+') => Tone::Good,
            Some(b'-') => Tone::Error,
            Some(b'@' | b'd' | b'i') => Tone::Quiet,
            _ => Tone::Plain,
        };
        Self { gutter: "", text, tone }
    }
}

/// A view of `count` lines, each fetched when it is seen.
#[must_use = "call show"]
pub struct CodeView<'a> {
    id: &'a str,
    count: usize,
    follow: bool,
    copy: bool,
}

impl<'a> CodeView<'a> {
    pub fn new(id: &'a str, count: usize) -> Self {
        Self { id, count, follow: false, copy: true }
    }

    /// Stays at the end while lines arrive, until a person scrolls up.
    pub fn follow(self) -> Self {
        Self { follow: true, ..self }
    }

    /// Without the button that copies everything.
    pub fn no_copy(self) -> Self {
        Self { copy: false, ..self }
    }

    /// Draws the lines; text can be selected with the mouse, and the button copies all of it.
    pub fn show<'l>(self, ui: &mut Ui, line: impl Fn(usize) -> CodeLine<'l>) {
        let t = theme::of(ui);
        let area = ui.available_rect_before_wrap();
        let height = t.face.mono.line;
        ui.add_space(t.size.grid);
        ui.spacing_mut().item_spacing = vec2(t.size.pad, 0.0);
        ScrollArea::both().id_salt(self.id).auto_shrink(false).stick_to_bottom(self.follow).show_rows(
            ui,
            height,
            self.count,
            |ui, rows| {
                for at in rows {
                    one(ui, &t, &line(at));
                }
            },
        );
        if self.copy && self.count > 0 {
            let side = t.size.control;
            let at = egui::Rect::from_min_size(area.right_top() + vec2(-side - t.size.gap, 0.0), vec2(side, side));
            if ui.new_child(UiBuilder::new().max_rect(at)).add(Button::icon(Icon::Copy, "Copy all lines")).clicked() {
                let all: Vec<String> = (0..self.count).map(|at| plain(&line(at))).collect();
                ui.copy_text(all.join("\n"));
            }
        }
    }
}

fn one(ui: &mut Ui, t: &Tokens, line: &CodeLine<'_>) -> Response {
    let size = vec2(ui.available_width(), t.face.mono.line);
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_height(size.y);
        ui.add_space(t.size.pad);
        if !line.gutter.is_empty() {
            ui.add(label(t.mono(line.gutter).color(t.color.text3)).selectable(false));
        }
        ui.add(label(t.mono(line.text).color(line.tone.color(t))).selectable(true))
    })
    .inner
}

fn label(text: RichText) -> Label {
    Label::new(text).extend()
}

fn plain(line: &CodeLine<'_>) -> String {
    if line.gutter.is_empty() { line.text.to_owned() } else { format!("{} {}", line.gutter, line.text) }
}
