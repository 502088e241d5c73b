//! Two or more runs beside each other: what came out, and what made the difference.
//!
//! Results are compared over all checked runs; code, environment and data between two of them, from the first that
//! is chosen to the second.

mod code;
mod data;
mod environment;
mod results;

use egui::{ScrollArea, Ui, vec2};
use studio::{
    Comparison, Run,
    compare::{CodeComparison, DataComparison, EnvironmentComparison},
};

use self::results::Results;
use super::{charts::Together, checked::Checked};
use crate::{
    backend::{Backend, Request},
    icons::Glyph,
    theme,
    widgets::{self, Select, Tab, tabs},
};

/// The tabs in the bar.
pub const TABS: [&str; 4] = ["Results", "Code", "Environment", "Data"];

/// What is shown of the comparison.
#[derive(Default)]
pub struct Compare {
    tab: usize,
    results: Results,
    /// The two runs that are compared closely.
    pair: Option<[String; 2]>,
    code: Request<CodeComparison>,
    code_view: code::CodeTab,
    environment: Request<EnvironmentComparison>,
    data: Request<DataComparison>,
}

impl Compare {
    /// The tabs, for the panel's bar.
    pub fn tabs(&mut self, ui: &mut Ui) {
        tabs(ui, &mut self.tab, &TABS.map(|title| Tab { title, count: 0 }));
    }

    /// Draws everything below the panel's bar; whether to ask again after a failure.
    pub fn show(&mut self, ui: &mut Ui, together: &Together, checked: &Checked, backend: &Backend) -> bool {
        let mut again = false;
        let retry = widgets::requested(ui, together.request(), "the runs", |ui, comparison| {
            if self.tab == 0 {
                self.results.show(ui, together, comparison, checked);
            } else {
                again = self.closely(ui, comparison, backend);
            }
        });
        retry || again
    }

    /// What differs between two of the runs.
    fn closely(&mut self, ui: &mut Ui, comparison: &Comparison, backend: &Backend) -> bool {
        let t = theme::of(ui);
        egui::Frame::NONE
            .inner_margin(t.size.pad_panel)
            .show(ui, |ui| {
                let Some([first, second]) = self.choose(ui, &comparison.runs) else { return false };
                ui.add_space(t.size.gap);
                if first == second {
                    widgets::message(ui, Glyph::Info, "Choose two different runs to see what differs between them.");
                    return false;
                }
                self.tab_of(ui, first, second, backend)
            })
            .inner
    }

    fn tab_of(&mut self, ui: &mut Ui, first: String, second: String, backend: &Backend) -> bool {
        let key = (first.clone(), second.clone());
        match self.tab {
            1 => {
                self.code.ensure_of(key, (), backend, move |studio| studio.compare_code(&first, &second));
                let (view, revision) = (&mut self.code_view, self.code.revision());
                let show = |ui: &mut Ui, code: &CodeComparison| view.show(ui, code, revision);
                let again = widgets::requested(ui, &self.code, "their code", show);
                if again {
                    self.code.refresh();
                }
            }
            2 => {
                self.environment
                    .ensure_of(key, (), backend, move |studio| studio.compare_environments(&first, &second));
                let again = widgets::requested(ui, &self.environment, "what they ran on", |ui, found| {
                    scrolled(ui, |ui| environment::show(ui, found));
                });
                if again {
                    self.environment.refresh();
                }
            }
            _ => {
                self.data.ensure_of(key, (), backend, move |studio| studio.compare_data(&first, &second));
                let again = widgets::requested(ui, &self.data, "their data", |ui, found| {
                    scrolled(ui, |ui| data::show(ui, found));
                });
                if again {
                    self.data.refresh();
                }
            }
        }
        false
    }

    /// The two runs: the first two, until a person chooses others.
    fn choose(&mut self, ui: &mut Ui, runs: &[Run]) -> Option<[String; 2]> {
        let t = theme::of(ui);
        let known = |id: &String| runs.iter().any(|run| run.id == *id);
        let mut pair = match self.pair.take().filter(|pair| pair.iter().all(known)) {
            Some(pair) => pair,
            None => [runs.first()?.id.clone(), runs.get(1)?.id.clone()],
        };
        let options: Vec<(String, &str)> = runs.iter().map(|run| (run.id.clone(), run.name.as_str())).collect();
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = t.size.gap;
            ui.label(t.secondary("From"));
            Select::new("From").width(200.0).show(ui, &mut pair[0], &options);
            ui.label(t.secondary("to"));
            Select::new("To").width(200.0).show(ui, &mut pair[1], &options);
        });
        self.pair = Some(pair.clone());
        Some(pair)
    }
}

fn scrolled(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let t = theme::of(ui);
    ScrollArea::vertical().id_salt("compared").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(t.size.pad, t.size.gap);
        contents(ui);
    });
}

/// What is not known, each in a line.
fn notes(ui: &mut Ui, notes: &[String]) {
    for note in notes {
        widgets::message(ui, Glyph::Info, note);
    }
}
