//! A report: its metrics as a row of numbers, its charts below.

use egui::{Grid, Ui, vec2};
use studio::learn::Report;
use studio::learn::report::{Chart, Reference, Series};

use crate::chart::{self, BarRow, Cloud, LineChart, Scatter};
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
            ui.vertical(|ui| {
                ui.label(t.caption(&metric.label));
                let value = metric.value.map_or_else(|| "undefined".to_owned(), format::metric);
                ui.label(t.title(value));
            })
            .response
            .on_hover_text(match &metric.note {
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
            ui.allocate_ui(vec2(CHART_WIDTH, CHART_HEIGHT + 40.0), |ui| {
                ui.vertical(|ui| {
                    ui.set_width(CHART_WIDTH);
                    ui.label(t.small_strong(chart.title()));
                    one(ui, chart);
                });
            });
        }
    });
}

fn one(ui: &mut Ui, chart: &Chart) {
    let t = theme::of(ui);
    match chart {
        Chart::Curve { id, x_label, y_label, series, reference, .. } => {
            curve(ui, id, x_label, y_label, series, *reference);
        }
        Chart::Confusion { labels, counts, .. } => {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let counts: Vec<Vec<u64>> =
                counts.iter().map(|row| row.iter().map(|count| count.round().max(0.0) as u64).collect()).collect();
            chart::confusion(ui, &labels, &counts);
        }
        Chart::Histogram { edges, series, .. } => {
            for counts in series {
                if series.len() > 1 {
                    ui.label(t.caption(&counts.name));
                }
                let height = CHART_HEIGHT / series.len().max(1) as f32 - 24.0;
                let whole: Vec<u64> = counts.counts.iter().map(|count| count.round().max(0.0) as u64).collect();
                chart::histogram(ui, height.max(40.0), edges, &whole, "", None);
            }
        }
        Chart::Scatter { id, x_label, y_label, x, y, reference, note, .. } => {
            let clouds = [Cloud { name: "rows".into(), color: t.data(0), x, y }];
            let plot = Scatter::new(id, &clouds).labels(x_label, y_label).height(CHART_HEIGHT);
            match reference {
                Reference::Diagonal => plot.diagonal().show(ui),
                Reference::Horizontal(_) => plot.zero().show(ui),
                Reference::None => plot.show(ui),
            };
            if let Some(note) = note {
                ui.label(t.caption(note));
            }
        }
        Chart::Bars { id, labels, values, .. } => {
            let rows: Vec<BarRow<'_>> = labels
                .iter()
                .zip(values)
                .map(|(name, &value)| BarRow { name: name.as_str().into(), value, color: t.data(0) })
                .collect();
            chart::bars(ui, id, &rows);
        }
        Chart::Table { id, columns, rows, .. } => {
            Grid::new(id).striped(false).spacing([t.size.pad_panel, t.size.grid]).show(ui, |ui| {
                ui.label("");
                for column in columns {
                    ui.label(t.caption(column));
                }
                ui.end_row();
                for row in rows {
                    ui.label(t.small(&row.label));
                    for value in &row.values {
                        ui.label(t.mono(format::number(*value)));
                    }
                    ui.end_row();
                }
            });
        }
    }
}

fn curve(ui: &mut Ui, id: &str, x_label: &str, y_label: &str, series: &[Series], reference: Reference) {
    let t = theme::of(ui);
    let split: Vec<(String, Vec<f64>, Vec<f64>)> = series
        .iter()
        .map(|it| {
            let name = it.note.as_ref().map_or_else(|| it.name.clone(), |note| format!("{}, {note}", it.name));
            let (x, y) = it.points.iter().map(|point| (point[0], point[1])).unzip();
            (name, x, y)
        })
        .collect();
    let lines: Vec<chart::Series<'_>> = split
        .iter()
        .enumerate()
        .map(|(index, (name, x, y))| chart::Series::new(name.as_str(), t.data(index), y).x(x))
        .collect();
    let diagonal = [0.0, 1.0];
    let mut all = lines;
    let level;
    match reference {
        Reference::Diagonal => all.push(chart::Series::new("", t.color.line2, &diagonal).x(&diagonal).dashed()),
        Reference::Horizontal(value) => {
            level = [value, value];
            all.push(chart::Series::new("", t.color.line2, &level).x(&diagonal).dashed());
        }
        Reference::None => {}
    }
    LineChart::new(id, &all).height(CHART_HEIGHT).x_label(x_label).y_label(y_label).show(ui);
}
