//! The drawer: what the selected port holds, what the step says, what is wrong, and what was before.

mod history;
mod log;
mod preview;

use egui::{ScrollArea, Ui};
use studio::data::profile::ColumnProfile;
use studio::pipeline::shape::Severity;

use super::canvas::PortKey;
use super::document::Document;
use crate::icons::{Glyph, Icon};
use crate::panels::Cx;
use crate::theme;
use crate::widgets::{self, Empty, ListRow};

/// What the drawer is about.
pub struct Shown<'a> {
    pub document: &'a Document,
    pub port: Option<&'a PortKey>,
    /// The selected step.
    pub job: Option<&'a str>,
}

#[derive(Default)]
pub struct Drawer {
    preview: preview::Preview,
    log: log::Log,
    history: history::History,
}

pub fn problem_count(document: &Document) -> usize {
    document.checked().map_or(0, |checked| checked.problems.values().map(Vec::len).sum())
}

impl Drawer {
    /// The contents of a tab; a step to show on the canvas.
    pub fn show(&mut self, tab: &str, ui: &mut Ui, cx: &mut Cx<'_>, shown: &Shown<'_>) -> Option<String> {
        match tab {
            "log" => self.log.show(ui, cx, shown),
            "problems" => return problems(ui, shown.document),
            "history" => self.history.show(ui, cx, shown.document),
            _ => self.preview.show(ui, cx, shown),
        }
        None
    }

    /// The column that stands for what the previewed port holds.
    pub fn column(&self) -> Option<&ColumnProfile> {
        self.preview.column()
    }

    /// At the right of the tabs.
    pub fn note(&self, tab: &str) -> String {
        if tab == "preview" { self.preview.note().to_owned() } else { String::new() }
    }
}

fn problems(ui: &mut Ui, document: &Document) -> Option<String> {
    let t = theme::of(ui);
    let Some(checked) = document.checked().filter(|checked| !checked.problems.is_empty()) else {
        widgets::empty(ui, &Empty { icon: Icon::Check, text: "Nothing is wrong with this pipeline", step: "" });
        return None;
    };
    let mut chosen = None;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (job, problem) in checked.problems.iter().flat_map(|(job, all)| all.iter().map(move |it| (job, it))) {
            let glyph = if problem.severity == Severity::Error { Glyph::Error } else { Glyph::Warn };
            let row = ListRow::new(&problem.message).glyph(glyph).note(document.pipeline.title(job)).height(t.size.row);
            if row.show(ui).on_hover_text(&problem.message).clicked() {
                chosen = Some(job.clone());
            }
        }
    });
    chosen
}
