//! Reports of a run: metrics and charts.

use egui::{Grid, Ui, vec2};
use studio::learn::{Report, report::Chart};

use crate::{
    chart,
    icons::Glyph,
    theme,
    widgets::{self, format},
};

const HEIGHT: f32 = 220.0;

/// Metrics, then the charts side by side.
pub fn show(ui: &mut Ui, report: &Report) {
    let t = theme::of(ui);
    metrics(ui, report);
    for note in &report.notes {
        widgets::message(ui, Glyph::Info, note);
    }
    ui.add_space(t.size.gap);
    let charts: Vec<&Chart> = report.charts.iter().collect();
    tiled(ui, charts.len(), |ui, at| {
        widgets::card(ui, charts[at].title(), |ui| {
            ui.set_min_height(HEIGHT);
            ui.push_id(charts[at].id(), |ui| chart::report_chart(ui, charts[at], HEIGHT));
        });
    });
}

fn metrics(ui: &mut Ui, report: &Report) {
    let t = theme::of(ui);
    let across = ((ui.available_width() / 240.0) as usize).clamp(1, 4);
    let spacing = vec2(t.size.pad_panel, t.size.grid);
    Grid::new("metrics").spacing(spacing).show(ui, |ui| {
        for (at, metric) in report.metrics.iter().enumerate() {
            ui.label(t.secondary(&metric.label)).on_hover_text(&metric.help);
            match metric.value {
                Some(value) => {
                    let exact = format::exact(value);
                    ui.label(t.small(format::metric(value))).on_hover_text(exact);
                }
                None => {
                    let why = metric.note.as_deref().unwrap_or("Not defined for these rows");
                    ui.label(t.caption("n/a")).on_hover_text(why);
                }
            }
            if (at + 1) % across == 0 {
                ui.end_row();
            }
        }
    });
}

/// `count` cards in as many columns as fit.
pub fn tiled(ui: &mut Ui, count: usize, mut card: impl FnMut(&mut Ui, usize)) {
    let t = theme::of(ui);
    let across = ((ui.available_width() / 340.0) as usize).clamp(1, 3);
    ui.spacing_mut().item_spacing = vec2(t.size.pad, t.size.pad);
    for first in (0..count).step_by(across) {
        ui.columns(across, |columns| {
            for (ui, at) in columns.iter_mut().zip(first..count) {
                card(ui, at);
            }
        });
    }
}
