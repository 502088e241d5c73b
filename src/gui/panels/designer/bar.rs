//! The panel's bar: which pipeline, and what can be done with it.

use egui::{Key, Popup, PopupCloseBehavior, Sense, Ui, vec2};
use studio::PipelineRow;

use super::document::Document;
use crate::icons::{self, Icon};
use crate::theme;
use crate::widgets::{self, Button, Confirm, ListRow, TextField};

pub enum Ask {
    /// One of the panel's commands.
    Verb(&'static str),
    Title(String),
    Open(String),
    Delete,
}

#[derive(Debug, Default)]
pub struct Bar {
    /// The title while it is edited.
    title: Option<String>,
}

impl Bar {
    pub fn show(&mut self, ui: &mut Ui, document: &Document, selected: bool, rows: &[PipelineRow]) -> Vec<Ask> {
        let mut asks = Vec::new();
        let mut more = Vec::new();
        widgets::bar(
            ui,
            |ui| self.title(ui, document, rows, &mut asks),
            |ui| buttons(ui, document, selected, &mut more),
        );
        asks.append(&mut more);
        asks
    }

    fn title(&mut self, ui: &mut Ui, document: &Document, rows: &[PipelineRow], asks: &mut Vec<Ask>) {
        let t = theme::of(ui);
        if let Some(title) = &mut self.title {
            let field = ui.add(TextField::new(title).name("Title of the pipeline").width(320.0));
            let done = field.lost_focus();
            if !field.has_focus() && !done {
                field.request_focus();
            }
            if done {
                let keep = !ui.input(|input| input.key_pressed(Key::Escape));
                asks.extend(self.title.take().filter(|title| keep && !title.trim().is_empty()).map(Ask::Title));
            }
            return;
        }
        let words = shown_title(document);
        let label = ui.add(egui::Label::new(t.title(words)).truncate().sense(Sense::click()));
        let label = label.on_hover_text("Click to rename").on_hover_cursor(egui::CursorIcon::Text);
        if label.clicked() {
            self.title = Some(words.to_owned());
        }
        self.switcher(ui, document, rows, asks);
        ui.add(egui::Label::new(t.secondary(&document.path).color(t.color.text3)).truncate());
    }

    fn switcher(&mut self, ui: &mut Ui, document: &Document, rows: &[PipelineRow], asks: &mut Vec<Ask>) {
        let t = theme::of(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(t.size.hit, t.size.hit), Sense::click());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Pipelines"));
        if response.hovered() {
            ui.painter().rect_filled(rect, t.size.radius, t.color.surface4);
        }
        icons::paint_caret(ui.painter(), rect.center(), t.color.text2);
        widgets::focus_ring(ui, &response, t.size.radius);
        Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClickOutside).width(300.0).show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for row in rows {
                let here = row.path == document.path;
                let steps = widgets::format::counted(row.jobs as u64, "step", "steps");
                let line = ListRow::new(&row.title).note(steps).selected(here).height(t.size.row);
                if line.show(ui).clicked() {
                    asks.push(Ask::Open(row.path.clone()));
                    ui.close();
                }
            }
            widgets::separator(ui);
            for (title, icon, verb) in [
                ("New pipeline", Icon::Plus, "new"),
                ("Duplicate this pipeline", Icon::Duplicate, "duplicate-pipeline"),
                ("History…", Icon::Clock, "history"),
            ] {
                if ListRow::new(title).icon(icon).height(t.size.row).show(ui).clicked() {
                    asks.push(Ask::Verb(verb));
                    ui.close();
                }
            }
            if ListRow::new("Rename").icon(Icon::Edit).height(t.size.row).show(ui).clicked() {
                self.title = Some(shown_title(document).to_owned());
                ui.close();
            }
            let delete = ListRow::new("Delete this pipeline…").icon(Icon::Trash).height(t.size.row).show(ui);
            let what = Confirm {
                title: "Delete this pipeline?",
                detail: "Its file goes; a draft of it and its runs stay.",
                verb: "Delete",
            };
            if widgets::confirm(&delete, &what) {
                asks.push(Ask::Delete);
                ui.close();
            }
        });
        response.on_hover_text("Other pipelines");
    }
}

fn shown_title(document: &Document) -> &str {
    let title = document.pipeline.display_name.as_str();
    if title.is_empty() { &document.path } else { title }
}

/// From the right edge.
fn buttons(ui: &mut Ui, document: &Document, selected: bool, asks: &mut Vec<Ask>) {
    let running = document.is_running();
    let empty = document.pipeline.jobs.is_empty();
    let more = ui.add(Button::icon(Icon::ChevronDown, "More ways to run"));
    Popup::menu(&more).width(240.0).show(|ui| {
        let t = theme::of(ui);
        ui.spacing_mut().item_spacing.y = 0.0;
        let ways = [
            ("Run", "F5", "run", !running && !empty),
            ("Run up to here", "Shift F5", "run-to", selected && !running),
            ("Run again from scratch", "", "run-again", !running && !empty),
            ("Stop", "", "stop", running),
        ];
        for (title, key, verb, enabled) in ways {
            ui.add_enabled_ui(enabled, |ui| {
                let row = ListRow::new(title).height(t.size.row);
                let row = if key.is_empty() { row } else { row.shortcut(key) };
                if row.show(ui).clicked() {
                    asks.push(Ask::Verb(verb));
                    ui.close();
                }
            });
        }
    });
    if running {
        if ui.add(Button::secondary("Stop").with_icon(Icon::Stop)).clicked() {
            asks.push(Ask::Verb("stop"));
        }
    } else if ui.add(Button::primary("Run").shortcut("F5").enabled(!empty)).clicked() {
        asks.push(Ask::Verb("run"));
    }
    for (title, verb, hint, enabled) in [
        ("Fit", "fit", "Show the whole pipeline", true),
        ("Tidy", "tidy", "Lay the steps out anew", !empty),
        ("Undo", "undo", "Take the last change back (Ctrl Z)", document.undo.can_undo()),
    ] {
        if ui.add(Button::secondary(title).hint(hint).enabled(enabled)).clicked() {
            asks.push(Ask::Verb(verb));
        }
    }
}
