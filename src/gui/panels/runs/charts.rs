//! The charts over the table: curves of the checked runs, and their parameters beside results.

use std::sync::Arc;

use egui::{Color32, Popup, PopupCloseBehavior, Rect, Response, Ui, UiBuilder, vec2};
use studio::{Comparison, Studio};

use super::{
    checked::Checked,
    columns::{Shown, curve_keys},
    pages::Pages,
    parallel, words,
};
use crate::{
    backend::{Backend, Request},
    chart::{self, BarRow, LineChart, Series},
    theme,
    widgets::{self, card_frame, format},
};

/// Charts of curves when nobody has chosen.
const USUAL: usize = 2;
/// Most charts that may be chosen.
const MOST: usize = 6;
/// Narrower than this a chart is not worth drawing.
const NARROWEST: f32 = 260.0;

/// x and y of a run's curve.
type Points = (Vec<f64>, Vec<f64>);

/// A metric's curve of each run that has it, in the order of the comparison.
pub struct CurveSet {
    pub key: String,
    pub runs: Vec<Option<Points>>,
}

/// What is known of the checked runs together.
#[derive(Default)]
pub struct Together {
    request: Request<Comparison>,
    ids: Vec<String>,
    pub curves: Vec<CurveSet>,
}

impl Together {
    pub fn ensure(&mut self, ids: Vec<String>, revision: u64, backend: &Backend) {
        if ids.is_empty() {
            *self = Self::default();
            return;
        }
        let same = ids == self.ids;
        let came = if same && self.request.is_pending() {
            self.request.poll()
        } else {
            let key = (&ids, revision);
            let asked = ids.clone();
            let ask = move |studio: &Arc<Studio>| studio.compare_runs(&asked);
            self.request.ensure(key, backend, ask)
        };
        self.ids = ids;
        if came && let Some(comparison) = self.request.value() {
            self.curves = curve_sets(comparison);
        }
    }

    pub fn value(&self) -> Option<&Comparison> {
        self.request.value()
    }

    pub fn request(&self) -> &Request<Comparison> {
        &self.request
    }
}

fn curve_sets(comparison: &Comparison) -> Vec<CurveSet> {
    let split = |curve: &studio::Curve| -> Points {
        let points = curve.points.iter();
        points.map(|(step, value)| (*step as f64, *value)).unzip()
    };
    let sets = comparison.curves.iter().map(|(key, curves)| CurveSet {
        key: key.clone(),
        runs: curves.iter().map(|curve| curve.as_ref().map(split)).collect(),
    });
    let mut sets: Vec<CurveSet> = sets.collect();
    let count = |set: &CurveSet| set.runs.iter().flatten().count();
    sets.sort_by_key(|set| (std::cmp::Reverse(count(set)), !set.key.contains("valid")));
    sets
}

/// Draws one metric's curves; the run that the pointer is on.
pub fn curves(
    ui: &mut Ui,
    set: &CurveSet,
    comparison: &Comparison,
    color: impl Fn(usize, &str) -> Color32,
    strong: Option<&str>,
    height: f32,
) -> Option<String> {
    let mut series = Vec::new();
    let mut ids = Vec::new();
    for (at, (run, points)) in comparison.runs.iter().zip(&set.runs).enumerate() {
        let Some((x, y)) = points else { continue };
        let one = Series::new(run.name.as_str(), color(at, &run.id), y).x(x);
        series.push(one.strong(strong == Some(run.id.as_str())));
        ids.push(&run.id);
    }
    let title = words::key_title(&set.key);
    let shown = LineChart::new(&title, &series).height(height).labels(false).show(ui);
    shown.series.map(|at| ids[at].clone())
}

/// What the strip of charts is drawn from.
pub struct Strip<'a> {
    pub together: &'a Together,
    pub checked: &'a Checked,
    pub pages: &'a Pages,
    pub shown: &'a Shown,
    /// The run that is drawn strongly.
    pub strong: Option<&'a str>,
}

enum Chart<'a> {
    Curve(&'a CurveSet),
    /// For runs without curves: how good each is.
    Result(String),
    Parallel,
}

impl Strip<'_> {
    /// Draws the strip over `area`; the run that the pointer is on.
    pub fn show(&self, ui: &mut Ui, area: Rect) -> Option<String> {
        let t = theme::of(ui);
        let inside = area.shrink2(vec2(t.size.pad_panel, t.size.pad));
        let gap = t.size.pad;
        let most = ((inside.width() + gap) / (NARROWEST + gap)).floor().max(1.0) as usize;
        let charts = self.charts(most);
        let wide = (inside.width() - gap * (charts.len() - 1) as f32) / charts.len() as f32;
        let mut hovered = None;
        let titles = titles(&charts);
        for (at, chart) in charts.iter().enumerate() {
            let left = inside.left() + (wide + gap) * at as f32;
            let rect = Rect::from_min_size(egui::pos2(left, inside.top()), vec2(wide, inside.height()));
            let builder = UiBuilder::new().max_rect(rect).id_salt(("chart", at));
            let mut child = ui.new_child(builder);
            let found = card_frame(&t)
                .show(&mut child, |ui| {
                    ui.set_min_size(rect.size() - vec2(2.0 * t.size.pad, 2.0 * t.size.pad));
                    self.card(ui, chart, &titles[at])
                })
                .inner;
            hovered = hovered.or(found);
        }
        hovered
    }

    fn charts(&self, most: usize) -> Vec<Chart<'_>> {
        let sets = &self.together.curves;
        let mut charts: Vec<Chart<'_>> = match &self.shown.charts {
            Some(chosen) => {
                let found = chosen.iter().filter_map(|key| sets.iter().find(|set| set.key == *key));
                found.map(Chart::Curve).collect()
            }
            None => sets.iter().take(USUAL).map(Chart::Curve).collect(),
        };
        if let Some(comparison) = self.together.value().filter(|_| self.shown.charts.is_none()) {
            let mut keys: Vec<&String> = comparison
                .metrics
                .iter()
                .map(|one| &one.key)
                .filter(|key| !comparison.curves.contains_key(*key))
                .collect();
            keys.sort_by_key(|key| words::rank(key));
            let room = USUAL.saturating_sub(charts.len());
            let best = keys.into_iter().take(room).cloned();
            charts.splice(0..0, best.map(Chart::Result));
        }
        charts.truncate(most.saturating_sub(1).max(1));
        if charts.len() < most {
            charts.push(Chart::Parallel);
        }
        charts
    }

    fn card(&self, ui: &mut Ui, chart: &Chart<'_>, title: &str) -> Option<String> {
        let t = theme::of(ui);
        ui.spacing_mut().item_spacing.y = t.size.grid;
        ui.label(t.small_strong(title));
        let height = ui.available_height();
        if matches!(chart, Chart::Parallel) {
            return parallel::show(ui, self, height);
        }
        let comparison = self.together.value()?;
        let color = |_: usize, id: &str| self.checked.color(&t, id).unwrap_or(t.color.text3);
        match chart {
            Chart::Curve(set) => curves(ui, set, comparison, color, self.strong, height),
            Chart::Result(key) => {
                egui::ScrollArea::vertical()
                    .id_salt("results")
                    .max_height(height)
                    .show(ui, |ui| results(ui, comparison, key, color));
                None
            }
            Chart::Parallel => None,
        }
    }
}

/// What stands over the charts, no two alike.
fn titles(charts: &[Chart<'_>]) -> Vec<String> {
    let key = |chart: &Chart<'_>| match chart {
        Chart::Curve(set) => set.key.clone(),
        Chart::Result(key) => key.clone(),
        Chart::Parallel => "Parameters and results".to_owned(),
    };
    let keys: Vec<String> = charts.iter().map(key).collect();
    words::told_apart(keys.iter().map(String::as_str))
}

/// One metric of each run as bars, the best one marked.
pub fn results(ui: &mut Ui, comparison: &Comparison, key: &str, color: impl Fn(usize, &str) -> Color32) {
    let Some(compared) = comparison.metrics.iter().find(|one| one.key == key) else {
        return;
    };
    let best = words::best(key, &compared.values).and_then(|at| compared.values[at]);
    let rows: Vec<BarRow<'_>> = comparison
        .runs
        .iter()
        .zip(&compared.values)
        .enumerate()
        .filter_map(|(at, (run, value))| {
            Some(BarRow {
                name: if best.is_some() && best == *value {
                    format!("✓ {}", run.name).into()
                } else {
                    run.name.as_str().into()
                },
                value: (*value)?,
                color: color(at, &run.id),
            })
        })
        .collect();
    chart::bars(ui, &words::key_title(key), &rows);
    if let Some(value) = best {
        let t = theme::of(ui);
        ui.label(t.caption(format!("✓ best, {}", format::metric(value))));
    }
}

/// The list below `button` of the curves that may have a chart.
pub fn chooser(button: &Response, shown: &mut Shown, pages: &Pages, together: &Together) {
    let mut keys = curve_keys(pages);
    for set in &together.curves {
        if !keys.contains(&set.key) {
            keys.push(set.key.clone());
        }
    }
    let now: Vec<String> = match &shown.charts {
        Some(chosen) => chosen.clone(),
        None => {
            let usual = together.curves.iter().take(USUAL);
            usual.map(|set| set.key.clone()).collect()
        }
    };
    Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Charts")
        .show(|ui| {
            let t = theme::of(ui);
            ui.set_width(t.size.popover);
            let mut visible = !shown.charts_hidden;
            if widgets::toggle_row(ui, "Show charts", &mut visible).changed() {
                shown.charts_hidden = !visible;
            }
            widgets::separator(ui);
            widgets::section(ui, "Curves");
            if keys.is_empty() {
                ui.label(t.secondary("These runs logged no metric more than once."));
            }
            let titles = words::told_apart(keys.iter().map(String::as_str));
            for (key, title) in keys.into_iter().zip(titles) {
                let mut on = now.contains(&key);
                let full = !on && now.len() >= MOST;
                let boxed = ui.add_enabled_ui(!full, |ui| widgets::checkbox(ui, &mut on, &title));
                if boxed.inner.on_hover_text(&key).changed() {
                    let mut chosen = now.clone();
                    if on {
                        chosen.push(key);
                    } else {
                        chosen.retain(|other| *other != key);
                    }
                    shown.charts = Some(chosen);
                }
            }
            if shown.charts.is_some() && widgets::link(ui, "Back to the usual charts").clicked() {
                shown.charts = None;
            }
        });
}
