//! What came out of all checked runs: parameters and tags that differ, metrics, curves.

use std::{borrow::Cow, cell::Cell, collections::BTreeMap};

use egui::{ScrollArea, Ui, vec2};
use studio::{Comparison, Run};

use crate::panels::runs::{
    charts::{self, Together},
    checked::Checked,
    table::{STAR_TAG, param},
    words,
};
use crate::{
    chart::legend,
    output::report,
    table::{self, Column, Table, TableSource, TableState},
    theme,
    widgets::{self, format, section},
};

/// Rows that a table shows before it scrolls.
const ROWS: usize = 18;

/// What is shown of the results.
#[derive(Default)]
pub struct Results {
    tables: [TableState; 3],
    hovered: Option<String>,
    /// Those that are the same as well.
    every: bool,
    /// What the tables show, and which answer it was made of.
    rows: Rows,
    made_of: Option<(u64, bool)>,
}

/// The rows of the three tables.
#[derive(Default)]
struct Rows {
    metrics: Vec<Told>,
    params: Vec<Told>,
    tags: Vec<Told>,
}

impl Rows {
    fn of(comparison: &Comparison, every: bool) -> Self {
        let titled = |mut rows: Vec<Told>| -> Vec<Told> {
            let titles = words::told_apart(rows.iter().map(|row| row.key.as_str()));
            rows.iter_mut().zip(titles).for_each(|(row, title)| row.title = title);
            rows
        };
        let tags = |run: &Run| -> Vec<(String, String)> {
            let shown = run.tags.iter().filter(|(key, _)| *key != STAR_TAG && *key != studio::MODEL_TAG);
            shown.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let params = |run: &Run| run.params.clone().into_iter().collect();
        Self {
            metrics: titled(measured(comparison)),
            params: titled(told(comparison, every, params)),
            tags: told(comparison, every, tags),
        }
    }
}

impl Results {
    pub fn show(&mut self, ui: &mut Ui, together: &Together, comparison: &Comparison, checked: &Checked) {
        let t = theme::of(ui);
        let color = |_: usize, id: &str| checked.color(&t, id).unwrap_or(t.color.text3);
        let mut hovered = None;
        ScrollArea::vertical().id_salt("results").auto_shrink(false).show(ui, |ui| {
            egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(t.size.pad, t.size.pad);
                ui.horizontal_wrapped(|ui| {
                    for (at, run) in comparison.runs.iter().enumerate() {
                        if legend(ui, &run.name, color(at, &run.id)) {
                            hovered = Some(run.id.clone());
                        }
                    }
                });
                self.tables(ui, together, comparison);
                if !together.curves.is_empty() {
                    section(ui, "Curves");
                }
                let titles = words::told_apart(together.curves.iter().map(|set| set.key.as_str()));
                report::tiled(ui, together.curves.len(), |ui, at| {
                    let set = &together.curves[at];
                    widgets::card(ui, &titles[at], |ui| {
                        let strong = self.hovered.as_deref();
                        let found = charts::curves(ui, set, comparison, color, strong, 200.0);
                        hovered = hovered.take().or(found);
                    });
                });
            });
        });
        self.hovered = hovered;
    }

    fn tables(&mut self, ui: &mut Ui, together: &Together, comparison: &Comparison) {
        let key = (together.request().revision(), self.every);
        if self.made_of != Some(key) {
            self.rows = Rows::of(comparison, self.every);
            self.made_of = Some(key);
        }
        let [metrics, params, tags] = &mut self.tables;
        ui.horizontal(|ui| {
            section(ui, "Metrics");
            if let Some(first) = comparison.runs.first().filter(|_| !self.rows.metrics.is_empty()) {
                ui.label(theme::of(ui).caption(format!("with differences from {}", first.name)));
            }
        });
        table(ui, metrics, "Metric", comparison, &self.rows.metrics, "These runs logged no metric.");
        ui.horizontal(|ui| {
            section(ui, "Parameters");
            ui.add_space(theme::of(ui).size.pad);
            widgets::checkbox(ui, &mut self.every, "Show identical parameters");
        });
        table(ui, params, "Parameter", comparison, &self.rows.params, "These runs have the same parameters.");
        if !self.rows.tags.is_empty() {
            section(ui, "Tags");
            table(ui, tags, "Tag", comparison, &self.rows.tags, "");
        }
    }
}

/// One row: a name and a value of each run.
struct Told {
    key: String,
    title: String,
    differs: bool,
    values: Vec<Value>,
    /// The names of the runs with the best value, where one is better.
    best: Vec<String>,
    /// The widest of the values, once it is known.
    wide: Cell<Option<f32>>,
}

/// What stands in a cell.
#[derive(Clone, Debug, Default, PartialEq)]
struct Value {
    text: String,
    exact: String,
    /// To the first run.
    difference: String,
    best: bool,
}

/// The metrics, those that tell most first; curves' last points are among them.
fn measured(comparison: &Comparison) -> Vec<Told> {
    let mut rows: Vec<Told> = comparison
        .metrics
        .iter()
        .map(|one| {
            let best = words::best(&one.key, &one.values).and_then(|at| one.values[at]);
            let base = one.values.first().copied().flatten();
            let shown = format::alike(&one.values.iter().flatten().copied().collect::<Vec<f64>>());
            let mut shown = shown.into_iter();
            let values = one.values.iter().enumerate().map(|(at, value)| match value {
                Some(number) => Value {
                    text: shown.next().unwrap_or_default(),
                    exact: format::exact(*number),
                    difference: base.filter(|_| at > 0).map(|base| signed(number - base)).unwrap_or_default(),
                    best: best.is_some() && best == *value,
                },
                None => Value::default(),
            });
            let values: Vec<Value> = values.collect();
            let named = comparison.runs.iter().zip(&values).filter(|(_, value)| value.best);
            Told {
                title: words::key_title(&one.key),
                differs: one.differs,
                best: named.map(|(run, _)| run.name.clone()).collect(),
                values,
                key: one.key.clone(),
                wide: Cell::default(),
            }
        })
        .collect();
    let curve = |row: &Told| comparison.curves.contains_key(&row.key);
    rows.sort_by_key(|row| (curve(row), words::rank(&row.key), !row.differs));
    rows
}

/// "+0.0132"; nothing for no difference.
fn signed(difference: f64) -> String {
    if difference == 0.0 || !difference.is_finite() {
        return String::new();
    }
    let sign = if difference > 0.0 { "+" } else { "−" };
    format!("{sign}{}", format::number(difference.abs()))
}

/// Texts of the runs under every name that any of them has, those that differ first.
fn told(comparison: &Comparison, every: bool, of: impl Fn(&Run) -> Vec<(String, String)>) -> Vec<Told> {
    let all: Vec<BTreeMap<String, String>> = comparison.runs.iter().map(|run| of(run).into_iter().collect()).collect();
    let mut keys: Vec<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    keys.sort();
    keys.dedup();
    let row = |key: &String| {
        let found: Vec<Option<&String>> = all.iter().map(|run| run.get(key)).collect();
        let value = |value: &Option<&String>| {
            let exact = value.cloned().unwrap_or_default();
            Value { text: param(&exact), exact, ..Value::default() }
        };
        Told {
            key: key.clone(),
            title: words::key_title(key),
            differs: found.windows(2).any(|pair| pair[0] != pair[1]),
            values: found.iter().map(value).collect(),
            best: Vec::new(),
            wide: Cell::default(),
        }
    };
    let mut rows: Vec<Told> = keys.into_iter().map(row).filter(|row| row.differs || every).collect();
    rows.sort_by_key(|row| !row.differs);
    rows
}

fn table(ui: &mut Ui, state: &mut TableState, what: &str, comparison: &Comparison, rows: &[Told], none: &str) {
    let t = theme::of(ui);
    if rows.is_empty() {
        ui.label(t.secondary(none));
        return;
    }
    let mut columns = vec![Column::new("key", what, 220.0).pinned(true)];
    for run in &comparison.runs {
        columns.push(Column::new(&run.id, &run.name, 170.0).right());
    }
    let wide = columns.iter().map(|column| column.width).sum::<f32>() > ui.available_width();
    let bar = if wide { t.size.scrollbar } else { 0.0 };
    let height = t.size.control + t.size.row_compact * rows.len().min(ROWS) as f32 + bar;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), egui::Sense::hover());
    ui.painter().rect_filled(rect, t.size.radius_card, t.color.surface3);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(what));
    Table::new(what, &columns).compact(true, ui).show(&mut child, state, &mut Listed(rows));
}

/// The value, and whether it is the best.
fn marked(value: &Value) -> Cow<'_, str> {
    if value.best { format!("✓ {}", value.text).into() } else { value.text.as_str().into() }
}

struct Listed<'a>(&'a [Told]);

impl TableSource for Listed<'_> {
    fn rows(&self) -> u64 {
        self.0.len() as u64
    }

    fn cell(&mut self, cell: &mut table::Cell<'_>) {
        let t = theme::of(cell.ui);
        let row = &self.0[cell.row as usize];
        if cell.column == 0 {
            if row.differs {
                cell.set(&row.title, &t.face.small_strong, t.color.text1);
            } else {
                cell.secondary(&row.title);
            }
            return;
        }
        let Some(value) = row.values.get(cell.column - 1).filter(|value| !value.text.is_empty()) else {
            cell.quiet("–");
            return;
        };
        let mut room = cell.inside();
        if row.values.iter().any(|value| !value.difference.is_empty()) {
            // Before the value, which stands below the run's name.
            let wide = row.wide.get().unwrap_or_else(|| {
                let each = row.values.iter().map(|value| cell.width_of(&marked(value), &t.face.small_strong));
                each.fold(0.0, f32::max)
            });
            row.wide.set(Some(wide));
            let beside = room.with_max_x(room.right() - wide - t.size.gap);
            cell.set_in(beside, &value.difference, &t.face.caption, t.color.text2);
            room.min.x = room.right() - wide;
        }
        let text = marked(value);
        let face = if value.best { &t.face.small_strong } else { &t.face.small };
        let color = if row.differs { t.color.text1 } else { t.color.text2 };
        cell.set_in(room, &text, face, color);
    }

    fn value(&self, row: u64, column: usize) -> Option<(String, bool)> {
        let row = self.0.get(row as usize)?;
        match column.checked_sub(1) {
            Some(at) => row.values.get(at).map(|value| (value.exact.clone(), value.exact != value.text)),
            None => Some((row.key.clone(), row.key != row.title)),
        }
    }

    fn row_name(&self, row: u64) -> String {
        let row = &self.0[row as usize];
        let differs = if row.differs { ", differs" } else { "" };
        let best = if row.best.is_empty() { String::new() } else { format!(", best {}", row.best.join(", ")) };
        format!("{}{differs}{best}", row.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_their_sign() {
        assert_eq!(signed(0.0132), "+0.0132");
        assert_eq!(signed(-2.0), "−2");
        assert_eq!(signed(0.0), "");
        assert_eq!(signed(f64::NAN), "");
    }
}
