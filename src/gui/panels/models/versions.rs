//! The versions of a model, the newest first.

use egui::{Ui, UiBuilder, vec2};
use studio::ModelVersion;

use crate::{
    panels::runs::words,
    table::{Cell, Column, Table, TableSource, TableState},
    theme,
    widgets::{card_frame, format},
};

/// Rows that are seen before the table scrolls.
const ROWS: usize = 6;
/// Metrics that have a column.
const METRICS: usize = 3;

/// Draws the card; the version that was clicked.
pub fn show(ui: &mut Ui, versions: &[ModelVersion], chosen: u32, state: &mut TableState) -> Option<u32> {
    let t = theme::of(ui);
    let mut metrics = metrics(versions);
    metrics.truncate(if ui.available_width() > 800.0 { METRICS } else { 1 });
    let mut columns =
        vec![Column::new("version", "Version", 72.0).right(), Column::new("description", "Description", 120.0).grows()];
    for key in &metrics {
        columns.push(Column::new(*key, words::long_title(key), 96.0).right());
    }
    columns.extend([
        Column::new("size", "Size", 84.0).right(),
        Column::new("commit", "Commit", 84.0),
        Column::new("registered", "Registered", 100.0),
    ]);
    let height = t.size.control + t.size.row * versions.len().min(ROWS) as f32;
    let frame = card_frame(&t).inner_margin(1.0);
    frame
        .show(ui, |ui| {
            let size = vec2(ui.available_width(), height);
            let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
            let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt("versions"));
            let mut source = Source { versions, chosen, metrics: &metrics, now: format::now(ui) };
            let answer = Table::new("Versions", &columns).show(&mut child, state, &mut source);
            let row = answer.clicked.or(answer.moved)?;
            versions.get(row as usize).map(|version| version.version)
        })
        .inner
}

/// The metrics that the versions have, the telling ones first.
fn metrics(versions: &[ModelVersion]) -> Vec<&str> {
    let mut keys: Vec<&str> = versions.iter().flat_map(|version| version.metrics.keys().map(String::as_str)).collect();
    keys.sort_by_key(|key| (words::rank(key), *key));
    keys.dedup();
    keys
}

struct Source<'a> {
    versions: &'a [ModelVersion],
    chosen: u32,
    metrics: &'a [&'a str],
    now: jiff::Timestamp,
}

impl TableSource for Source<'_> {
    fn rows(&self) -> u64 {
        self.versions.len() as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let t = theme::of(cell.ui);
        let version = &self.versions[cell.row as usize];
        let measured = self.metrics.len();
        match cell.column {
            0 => cell.text(&version.version.to_string()),
            1 => cell.secondary(&version.description),
            at if at < 2 + measured => match version.metrics.get(self.metrics[at - 2]) {
                Some(value) => cell.text(&format::metric(*value)),
                None => cell.quiet("–"),
            },
            // The files of one that MLflow logged are its run's.
            at if at == 2 + measured && version.digest.is_empty() => cell.quiet("–"),
            at if at == 2 + measured => cell.text(&format::bytes(version.bytes)),
            at if at == 3 + measured => match &version.commit {
                Some(commit) => {
                    cell.set(words::short_commit(commit), &t.face.mono, t.color.text2);
                }
                None => cell.quiet("–"),
            },
            _ => cell.quiet(&format::ago(words::time(version.created_ms), self.now)),
        }
    }

    fn is_selected(&self, row: u64) -> bool {
        self.versions[row as usize].version == self.chosen
    }

    fn row_name(&self, row: u64) -> String {
        format!("Version {}", self.versions[row as usize].version)
    }
}
