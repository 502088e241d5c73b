//! What is known of a dataset or of one of its columns.

use egui::Ui;
use jiff::Timestamp;
use studio::data::profile::{ColumnProfile, Quantiles};
use studio::data::read::ReadChoices;
use studio::{DatasetDetail, DatasetVersion};

use crate::chart::{self, BarRow};
use crate::theme;
use crate::widgets::{self, Button, Confirm, format};

/// The dataset as a whole; true when a person wants it deleted.
pub fn dataset(ui: &mut Ui, detail: &DatasetDetail) -> bool {
    let t = theme::of(ui);
    let version = &detail.version;
    ui.label(t.title(format!("{} version {}", version.dataset, version.version)));
    ui.label(t.secondary("Click a cell to see its column"));
    widgets::separator(ui);
    widgets::key_value(ui, "Rows", t.small(format::count(version.rows)));
    widgets::key_value(ui, "Columns", t.small(format::count(u64::from(version.columns))));
    widgets::key_value(ui, "Size", t.small(format::bytes(version.bytes)));
    let when = Timestamp::from_millisecond(version.created_ms).unwrap_or_default();
    widgets::key_value(ui, "Imported", t.small(format::date_time(when)));
    widgets::key_value(ui, "By", t.small(&version.created_by));
    let files = version.source.get("files").and_then(|files| files.as_array()).cloned().unwrap_or_default();
    if !files.is_empty() {
        widgets::separator(ui);
        widgets::section(ui, "Where it came from");
        for file in files.iter().filter_map(|file| file.as_str()).take(8) {
            ui.add(egui::Label::new(t.mono(file)).wrap());
        }
    }
    reading(ui, version);
    widgets::separator(ui);
    let delete = ui.add(Button::secondary("Delete dataset…"));
    let title = format!("Delete {}?", version.dataset);
    let detail = "All its versions go. Runs that used them keep their results. It can be restored.";
    widgets::confirm(&delete, &Confirm { title: &title, detail, verb: "Delete" })
}

/// How a version was read: what was said about its files, and what the import had to say.
fn reading(ui: &mut Ui, version: &DatasetVersion) {
    let t = theme::of(ui);
    let choices = version.source.get("choices").cloned().unwrap_or_default();
    let choices: ReadChoices = serde_json::from_value(choices).unwrap_or_default();
    if !choices.is_empty() {
        widgets::separator(ui);
        widgets::section(ui, "How it was read");
        for field in choices.fields() {
            widgets::key_value(ui, field.title, t.small(field.chosen(&choices).join(", ")));
        }
    }
    for key in ["changes", "warnings"] {
        let sentences = version.source.get(key).and_then(|list| list.as_array()).into_iter().flatten();
        for sentence in sentences.filter_map(|sentence| sentence.as_str()) {
            widgets::message(ui, crate::icons::Glyph::Warn, sentence);
        }
    }
}

/// One column: counts, shape, quantiles and the most frequent values.
pub fn column(ui: &mut Ui, profile: &ColumnProfile, rows: u64) {
    let t = theme::of(ui);
    ui.label(t.title(&profile.name));
    ui.label(t.secondary(profile.kind.to_string()));
    if let Some(histogram) = &profile.histogram {
        ui.add_space(t.size.gap);
        let median = profile.quantile(0.5).map(|median| format!("median {median}")).unwrap_or_default();
        chart::histogram(ui, 88.0, &histogram.edges, &histogram.counts, &median, None);
    }
    widgets::separator(ui);
    counts(ui, profile, rows);
    if let Some(quantiles) = &profile.quantiles {
        widgets::separator(ui);
        widgets::section(ui, "Quantiles");
        for (share, value) in Quantiles::PROBABILITIES.iter().zip(&quantiles.values) {
            widgets::key_value(ui, &format::percent(*share), t.small(value.to_string()));
        }
    }
    if !profile.top.is_empty() {
        widgets::separator(ui);
        widgets::section(ui, "Most frequent values");
        let bar = |top: &studio::data::profile::TopValue| BarRow {
            name: top.value.to_string().into(),
            value: top.count as f64,
            color: t.data(0),
        };
        let bars: Vec<BarRow<'_>> = profile.top.iter().map(bar).collect();
        chart::bars(ui, "Most frequent values", &bars);
    }
}

fn counts(ui: &mut Ui, profile: &ColumnProfile, rows: u64) {
    let t = theme::of(ui);
    let share =
        |count: u64| format!("{} · {}", format::count(count), format::percent(count as f64 / rows.max(1) as f64));
    widgets::key_value(ui, "Missing", t.small(share(profile.missing)));
    for (name, count) in [
        ("NaN", profile.nan),
        ("Infinite", profile.infinite),
        ("Zeros", profile.zeros),
        ("Negative", profile.negatives),
    ] {
        if count > 0 {
            widgets::key_value(ui, name, t.small(share(count)));
        }
    }
    let about = if profile.approximate { "about " } else { "" };
    widgets::key_value(ui, "Distinct", t.small(format!("{about}{}", format::count(profile.distinct))));
    for (name, value) in [("Smallest", &profile.min), ("Largest", &profile.max)] {
        if let Some(value) = value {
            widgets::key_value(ui, name, t.small(value.to_string()));
        }
    }
    for (name, value) in [("Mean", profile.mean), ("Standard deviation", profile.std), ("Skewness", profile.skew)] {
        if let Some(value) = value {
            widgets::key_value(ui, name, t.small(format::number(value)));
        }
    }
}
