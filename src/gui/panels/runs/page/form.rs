//! The settings of a chart, in the inspector.

use egui::Ui;
use studio::ArtifactKind;

use super::{
    first::Known,
    reports,
    spec::{Along, Behind, COLUMNS, Common, HEIGHTS, Kind, Lines, Points, Quantity, Spec},
};
use crate::{
    chart::smooth::Spread,
    panels::runs::words,
    theme,
    widgets::{self, Select, field_row, section, separator, toggle_row},
};

/// Lists as a select takes them.
type Options<T> = Vec<(T, String)>;

/// The form of `spec`, which it changes.
pub fn show(ui: &mut Ui, spec: &mut Spec, known: Known<'_>) {
    let t = theme::of(ui);
    ui.label(t.title(spec.kind.title()));
    ui.add_space(t.size.grid);
    match &mut spec.kind {
        Kind::Lines(lines) => self::lines(ui, lines, known),
        Kind::Bars { metric } => choose(ui, "Metric", metric, keys(known.metrics())),
        Kind::Scatter(points) => self::points(ui, points, known, false),
        Kind::Bubbles(points) => self::points(ui, points, known, true),
        Kind::Parallel { axes } => parallel(ui, axes, known),
        Kind::Contour { x, y, metric } => {
            choose(ui, "X axis", x, keys(known.params()));
            choose(ui, "Y axis", y, keys(known.params()));
            choose(ui, "Metric", metric, keys(known.metrics()));
        }
        Kind::Importance { metric, related } => {
            choose(ui, "Metric", metric, keys(known.metrics()));
            toggle_row(ui, "Every run of these pipelines", related);
        }
        Kind::Confusion => {
            ui.label(t.secondary("A matrix of each run that reported one. It has no settings."));
        }
        Kind::Report { curve } => choose(ui, "Curve", curve, reports::curve_ids(known.reports)),
        Kind::Images { name } => choose(ui, "Images", name, names(known, ArtifactKind::Image)),
        Kind::Text { name } => choose(ui, "Text", name, names(known, ArtifactKind::Text)),
        Kind::Table { name } => choose(ui, "Table", name, names(known, ArtifactKind::Table)),
    }
    separator(ui);
    section(ui, "Size");
    let widths: Vec<(u8, String)> =
        (1..=COLUMNS).map(|wide| (wide, widgets::format::counted(wide.into(), "column", "columns"))).collect();
    choose(ui, "Width", &mut spec.wide, widths);
    let mut height = f64::from(spec.height);
    let (low, high) = (f64::from(*HEIGHTS.start()), f64::from(*HEIGHTS.end()));
    slider(ui, "Height", &mut height, low..=high, 4.0, |height| format!("{height:.0}"));
    spec.height = height as f32;
}

fn slider(
    ui: &mut Ui,
    label: &str,
    value: &mut f64,
    range: std::ops::RangeInclusive<f64>,
    step: f64,
    words: impl Fn(f64) -> String,
) {
    field_row(ui, label, |ui| widgets::slider(ui, label, value, range, step, words));
}

fn choose<T: PartialEq + Clone>(ui: &mut Ui, label: &str, value: &mut T, options: Options<T>) {
    field_row(ui, label, |ui| Select::new(label).empty("Choose…").show(ui, value, &options));
}

fn keys(keys: Vec<&String>) -> Options<String> {
    let titles = words::told_apart(keys.iter().map(|key| key.as_str()));
    keys.into_iter().cloned().zip(titles).collect()
}

fn names(known: Known<'_>, kind: ArtifactKind) -> Options<String> {
    known.names(kind).into_iter().map(|name| (name.clone(), name.clone())).collect()
}

fn lines(ui: &mut Ui, lines: &mut Lines, known: Known<'_>) {
    section(ui, "Metrics");
    let mut offered: Vec<&String> = known.curves();
    offered.extend(known.metrics().into_iter().filter(|key| !known.charted.curves.contains_key(*key)));
    let titles = words::told_apart(offered.iter().map(|key| key.as_str()));
    for (key, title) in offered.into_iter().zip(titles) {
        let mut on = lines.metrics.contains(key);
        if widgets::checkbox(ui, &mut on, &title).on_hover_text(key).changed() {
            if on {
                lines.metrics.push(key.clone());
            } else {
                lines.metrics.retain(|other| other != key);
            }
        }
    }
    separator(ui);
    section(ui, "Axes");
    let mut along: Options<Along> =
        [Along::Step, Along::Relative, Along::Time].map(|along| (along.clone(), along.title())).into();
    along.extend(known.curves().into_iter().map(|key| (Along::Metric(key.clone()), words::key_title(key))));
    choose(ui, "X axis", &mut lines.x, along);
    toggle_row(ui, "Logarithmic x", &mut lines.log_x);
    toggle_row(ui, "Logarithmic y", &mut lines.log_y);
    toggle_row(ui, "Ignore outliers", &mut lines.no_outliers);
    separator(ui);
    section(ui, "Smoothing");
    slider(ui, "Smoothing", &mut lines.smoothing, 0.0..=0.99, 0.01, |weight| format!("{weight:.2}"));
    let behind = [(Behind::Original, "Original"), (Behind::Band, "Min–max band"), (Behind::Nothing, "Nothing")];
    choose(ui, "Behind it", &mut lines.behind, behind.map(|(behind, words)| (behind, words.to_owned())).into());
    separator(ui);
    section(ui, "Groups");
    let mut groups: Options<Option<Common>> = vec![(None, "Every run by itself".to_owned())];
    let params = known.params().into_iter().map(|key| (Some(Common::Param(key.clone())), words::key_title(key)));
    groups.extend(params);
    let tags = known.tags().into_iter().map(|key| (Some(Common::Tag(key.clone())), format!("tag {key}")));
    groups.extend(tags);
    choose(ui, "Average over", &mut lines.group, groups);
    if lines.group.is_some() {
        let spreads = [(Spread::MinMax, "Min to max"), (Spread::Deviation, "± 1 standard deviation")];
        choose(ui, "Spread", &mut lines.spread, spreads.map(|(spread, words)| (spread, words.to_owned())).into());
    }
}

fn quantities(known: Known<'_>) -> Options<Quantity> {
    let metrics = known.metrics().into_iter().chain(known.curves()).cloned().map(Quantity::Metric);
    let params = known.params().into_iter().cloned().map(Quantity::Param);
    let mut all: Vec<Quantity> = metrics.chain(params).chain([Quantity::Duration, Quantity::Started]).collect();
    let mut seen = std::collections::HashSet::new();
    all.retain(|quantity| seen.insert(quantity.clone()));
    all.into_iter().map(|quantity| (quantity.clone(), quantity.title())).collect()
}

fn points(ui: &mut Ui, points: &mut Points, known: Known<'_>, sized: bool) {
    choose(ui, "X axis", &mut points.x, quantities(known));
    choose(ui, "Y axis", &mut points.y, quantities(known));
    if sized {
        let sizes = quantities(known).into_iter().map(|(quantity, words)| (Some(quantity), words)).collect();
        choose(ui, "Size", &mut points.size, sizes);
    }
    toggle_row(ui, "Logarithmic x", &mut points.log_x);
    toggle_row(ui, "Logarithmic y", &mut points.log_y);
}

fn parallel(ui: &mut Ui, axes: &mut Vec<Quantity>, known: Known<'_>) {
    let t = theme::of(ui);
    section(ui, "Axes");
    let runs: Vec<&studio::Run> = known.charted.runs.iter().collect();
    let now = if axes.is_empty() { super::parallel::telling(&runs) } else { axes.clone() };
    for (quantity, words) in quantities(known) {
        let mut on = now.contains(&quantity);
        if widgets::checkbox(ui, &mut on, &words).changed() {
            axes.clone_from(&now);
            if on {
                axes.push(quantity);
            } else {
                axes.retain(|other| *other != quantity);
            }
        }
    }
    ui.add_space(t.size.grid);
    ui.label(t.caption("Drag along an axis to keep only the runs within; click it to let go."));
}
