//! A trained model in short.

use egui::Ui;
use studio::ModelCard;

use crate::{
    chart::{self, BarRow},
    theme,
    widgets::{self, format, key_value, section},
};

/// What is wide enough for importance beside the facts.
const TWO_COLUMNS: f32 = 560.0;

pub fn show(ui: &mut Ui, card: &ModelCard) {
    if ui.available_width() < TWO_COLUMNS {
        facts(ui, card);
        importance(ui, card, 12);
        return;
    }
    ui.columns_const(|[left, right]| {
        facts(left, card);
        if card.features.iter().any(|feature| feature.importance.is_some()) {
            section(right, "Importance of features");
            importance(right, card, 12);
        }
    });
}

fn facts(ui: &mut Ui, card: &ModelCard) {
    let t = theme::of(ui);
    ui.label(t.title(&card.algorithm));
    let facts = [
        ("Predicts", card.label.clone().unwrap_or_else(|| "clusters".to_owned())),
        ("Classes", card.classes.join(", ")),
        ("Threshold", threshold_words(card)),
        ("Trained on", format::counted(card.rows, "row", "rows")),
        ("Features", card.features.len().to_string()),
        ("Training took", format::duration(std::time::Duration::from_secs_f64(card.seconds.max(0.0)))),
    ];
    for (key, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        key_value(ui, key, t.small(value));
    }
    if !card.preparation.is_empty() {
        ui.add_space(t.size.gap);
        widgets::section(ui, "Preparation that travels with it");
        for step in &card.preparation {
            ui.add(egui::Label::new(t.secondary(step)).wrap());
        }
    }
}

/// From which probability the positive class is predicted; nothing where the likelier class is.
fn threshold_words(card: &ModelCard) -> String {
    match (&card.positive, card.threshold) {
        (Some(positive), Some(threshold)) => format!("{positive} from {}", format::exact(threshold)),
        _ => String::new(),
    }
}

/// The most important columns as bars.
pub fn importance(ui: &mut Ui, card: &ModelCard, most: usize) {
    let t = theme::of(ui);
    let rows: Vec<BarRow<'_>> = card
        .features
        .iter()
        .filter_map(|feature| {
            Some(BarRow { name: feature.column.as_str().into(), value: feature.importance?, color: t.data(0) })
        })
        .take(most)
        .collect();
    if !rows.is_empty() {
        chart::bars(ui, "Importance of features", &rows);
    }
}
