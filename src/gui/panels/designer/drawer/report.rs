//! A report: its metrics as a row of numbers, its charts below.

use egui::{Ui, vec2};
use studio::learn::Report;

use crate::chart::report_chart;
use crate::icons::Glyph;
use crate::theme;
use crate::widgets::{self, format};

const CHART_WIDTH: f32 = 340.0;
const CHART_HEIGHT: f32 = 220.0;

pub fn show(ui: &mut Ui, report: &Report) {
    let t = theme::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(2.0 * t.size.pad_panel, t.size.gap);
        for metric in &report.metrics {
            let shown = ui.vertical(|ui| {
                ui.label(t.caption(&metric.label));
                ui.label(t.title(metric.value.map_or_else(|| "undefined".to_owned(), format::metric)));
            });
            shown.response.on_hover_text(match &metric.note {
                Some(note) => format!("{} {note}", metric.help),
                None => metric.help.clone(),
            });
        }
    });
    for note in &report.notes {
        widgets::message(ui, Glyph::Info, note);
    }
    ui.add_space(t.size.pad);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(t.size.pad_panel, t.size.pad_panel);
        for chart in &report.charts {
            ui.allocate_ui(vec2(CHART_WIDTH, CHART_HEIGHT), |ui| {
                ui.vertical(|ui| {
                    ui.set_width(CHART_WIDTH);
                    ui.label(t.small_strong(chart.title()));
                    report_chart(ui, chart, CHART_HEIGHT);
                });
            });
        }
    });
}
