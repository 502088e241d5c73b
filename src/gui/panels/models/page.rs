//! The middle of the panel: one model.

use egui::{Align, Label, Layout, ScrollArea, Ui, vec2};
use studio::{
    ModelDetail,
    learn::report::{Chart, Reference, Series},
};

use super::{Models, Verb, lineage, versions};
use crate::{
    chart::{self, Overlay},
    icons::Glyph,
    output::model,
    panels::{Cx, Subject},
    theme,
    widgets::{self, Button, Chip, TextField, format, message},
};

const CHART: f32 = 270.0;

impl Models {
    pub(super) fn page(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        let Some(chosen) = self.chosen().cloned() else {
            match self.versions.failure() {
                Some(failure) => {
                    if widgets::failed(ui, "Could not read the versions", failure, "Try again") {
                        self.versions.refresh();
                    }
                }
                None => widgets::loading(ui, "Reading the versions…"),
            }
            return;
        };
        let id = ("model", &chosen.model);
        ScrollArea::vertical().id_salt(id).auto_shrink(false).show(ui, |ui| {
            egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = t.size.pad;
                self.heading(ui, cx);
                let sources = self.sources.value().map_or(&[][..], Vec::as_slice);
                if let Some(to) = lineage::show(ui, &chosen, sources) {
                    cx.open(to);
                }
                let all = self.versions.value().cloned().unwrap_or_default();
                let picked = versions::show(ui, &all, chosen.version, &mut self.table);
                if let Some(version) = picked {
                    self.version = Some(version);
                    let name = chosen.model.clone();
                    let version = Some(version);
                    cx.select(Subject::Model { name, version });
                }
                if let Some(failure) = self.detail.failure() {
                    message(ui, Glyph::Error, &failure.message);
                }
                self.charts(ui);
            });
        });
    }

    /// The name with its tags, and the description with the way to change it.
    fn heading(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        let Some(chosen) = self.chosen().cloned() else {
            return;
        };
        let description = self.model().map(|model| model.description.clone());
        let description = description.unwrap_or_default();
        let mut verb = None;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = t.size.gap;
            ui.label(t.page(&chosen.model));
            let tags = self.model().map(|model| model.tags.clone()).unwrap_or_default();
            for (key, value) in tags.iter().chain(&chosen.tags) {
                ui.add(Chip::new(format!("{key} = {value}")));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if chosen.run.is_some() && ui.add(Button::secondary("Open run")).clicked() {
                    verb = Some(Verb::OpenRun);
                }
                let words = if description.is_empty() { "Describe…" } else { "Edit description…" };
                if self.editing.is_none() && ui.add(Button::secondary(words)).clicked() {
                    verb = Some(Verb::Describe);
                }
            });
        });
        if self.editing.is_some() {
            self.edit(ui, cx);
        } else if !description.is_empty() {
            ui.add(Label::new(t.secondary(&description)).wrap());
        }
        if let Some(verb) = verb {
            self.act(verb, cx);
        }
    }

    /// The field for the model's description.
    fn edit(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let (Some(text), Some(name)) = (&mut self.editing, self.name.clone()) else {
            return;
        };
        let t = theme::of(ui);
        ui.add(TextField::new(text).name("Description of the model").hint("What it is for").rows(3));
        let mut ended = false;
        let mut save = false;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = t.size.gap;
            save = ui.add(Button::primary("Save")).clicked();
            ended = save || ui.add(Button::secondary("Cancel")).clicked();
        });
        if save {
            let text = text.trim().to_owned();
            self.doing.start(cx, "The description could not be saved.", "", move |studio| {
                studio.describe_model(&name, &text)
            });
        }
        if ended {
            self.editing = None;
        }
    }

    /// How good it is, and what it looks at, side by side.
    fn charts(&self, ui: &mut Ui) {
        let t = theme::of(ui);
        let Some(detail) = self.opened() else {
            if self.detail.is_pending() {
                ui.label(t.secondary("Reading the model…"));
            }
            return;
        };
        let chart = telling(detail);
        let card = detail.card();
        let weighs = card.filter(|card| card.features.iter().any(|one| one.importance.is_some()));
        let across = usize::from(chart.is_some()) + usize::from(weighs.is_some());
        if across == 0 {
            return;
        }
        ui.spacing_mut().item_spacing = vec2(t.size.pad, t.size.pad);
        ui.columns(across, |columns| {
            let mut columns = columns.iter_mut();
            if let (Some(chart), Some(ui)) = (chart, columns.next()) {
                let previous = self.previous.value();
                held_out(ui, detail, previous, chart);
            }
            if let (Some(card), Some(ui)) = (weighs, columns.next()) {
                widgets::card(ui, "What it looks at", |ui| {
                    ui.set_min_height(CHART);
                    model::importance(ui, card, 9);
                });
            }
        });
    }
}

/// The chart that says most about how good the model is.
fn telling(detail: &ModelDetail) -> Option<&Chart> {
    let charts = || detail.reports.iter().flat_map(|(_, report)| &report.charts);
    ["roc", "predicted_actual", "sizes"]
        .into_iter()
        .find_map(|id| charts().find(|chart| chart.id() == id))
        .or_else(|| charts().next())
}

fn held_out(ui: &mut Ui, detail: &ModelDetail, previous: Option<&ModelDetail>, chart: &Chart) {
    let t = theme::of(ui);
    let title = format!("{} on the held-out table", chart.title());
    widgets::card(ui, &title, |ui| {
        ui.set_min_height(CHART);
        let earlier = previous.and_then(telling);
        match (chart, earlier.and_then(only)) {
            (Chart::Curve { id, title, x_label, y_label, reference, .. }, before) if only(chart).is_some() => {
                let mut curves = Vec::new();
                if let Some(now) = only(chart) {
                    let name = named(detail, id);
                    let color = t.data(0);
                    let points = &now.points;
                    curves.push(Overlay { name, color, points });
                }
                if let (Some(before), Some(previous)) = (before, previous) {
                    let name = named(previous, id);
                    let color = t.data(1);
                    let points = &before.points;
                    curves.push(Overlay { name, color, points });
                }
                let labels = (x_label.as_str(), y_label.as_str());
                chart::overlaid(ui, id, title, labels, &curves, *reference, CHART);
            }
            _ => chart::report_chart(ui, chart, CHART),
        }
    });
}

/// The curve of a chart that has one.
fn only(chart: &Chart) -> Option<&Series> {
    match chart {
        Chart::Curve { series, reference, .. } if series.len() == 1 => {
            (*reference == Reference::Diagonal).then(|| &series[0])
        }
        _ => None,
    }
}

/// "version 7 · 0.9912"
fn named(detail: &ModelDetail, chart: &str) -> String {
    let version = &detail.version;
    let key = if chart == "roc" { "roc_auc" } else { chart };
    let measured = detail.reports.iter().find_map(|(_, report)| report.value(key));
    match measured {
        Some(value) => format!("version {} · {}", version.version, format::metric(value)),
        None => format!("version {}", version.version),
    }
}
