//! The data of two runs, by the profiles of what they read.

use egui::{Grid, Ui, vec2};
use studio::compare::{ColumnMove, DataComparison, DatasetPair, DatasetUse};

use super::notes;
use crate::{
    icons::Glyph,
    theme,
    widgets::{self, format, status},
};

pub fn show(ui: &mut Ui, found: &DataComparison) {
    notes(ui, &found.notes);
    if found.datasets.is_empty() {
        widgets::loading(ui, "Neither run read a dataset of this workspace.");
    }
    for (at, pair) in found.datasets.iter().enumerate() {
        ui.push_id(at, |ui| {
            widgets::card(ui, &format!("Read by {}", pair.step), |ui| dataset(ui, pair));
        });
    }
}

fn dataset(ui: &mut Ui, pair: &DatasetPair) {
    let t = theme::of(ui);
    let words = |used: &Option<DatasetUse>| match used {
        Some(used) => {
            let rows = used.rows.map(|rows| format!(", {}", format::counted(rows, "row", "rows"))).unwrap_or_default();
            format!("{} version {}{rows}", used.dataset, used.version)
        }
        None => "nothing".to_owned(),
    };
    ui.label(t.small(format!("{} → {}", words(&pair.first), words(&pair.second))));
    if pair.same {
        status(ui, Glyph::Ok, "The same bytes");
        return;
    }
    status(ui, Glyph::Warn, "Different bytes");
    let mut say = |what: &str, names: &[String]| {
        if !names.is_empty() {
            ui.label(t.small(format!("{what} {}", names.join(", "))));
        }
    };
    say("Columns added", &pair.columns_added);
    say("Columns removed", &pair.columns_removed);
    for change in &pair.kinds_changed {
        ui.label(t.small(format!("{} was {:?} and is {:?}", change.column, change.first, change.second)));
    }
    if !pair.moved.is_empty() {
        widgets::section(ui, "What moved");
        moved(ui, &pair.moved);
    }
}

fn moved(ui: &mut Ui, moves: &[ColumnMove]) {
    let t = theme::of(ui);
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format::metric);
    Grid::new("moved").num_columns(5).spacing(vec2(t.size.pad_panel, t.size.grid)).show(ui, |ui| {
        for head in ["Column", "Statistic", "Before", "After", "Shift"] {
            ui.label(t.caption(head));
        }
        ui.end_row();
        for one in moves {
            ui.label(t.small(&one.column));
            ui.label(t.secondary(one.statistic));
            ui.label(t.small(number(one.first)));
            ui.label(t.small(number(one.second)));
            ui.label(t.small(format::number(one.shift)));
            ui.end_row();
        }
    });
}
