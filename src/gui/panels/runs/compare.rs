//! Two or more runs beside each other: results, curves, and what made the difference.

use egui::{ScrollArea, Ui, vec2};
use studio::{Compared, Comparison};

use super::{
    charts::{self, Together},
    checked::Checked,
    table::param,
    words,
};
use crate::{
    chart::legend,
    output::report,
    table::{Cell, Column, Table, TableSource, TableState},
    theme::{self, Tokens},
    widgets::{self, section},
};

/// What is shown of the comparison.
#[derive(Default)]
pub struct Compare {
    params: TableState,
    hovered: Option<String>,
    /// Those that are the same as well.
    every: bool,
}

impl Compare {
    /// Draws everything below the panel's bar; whether to ask again after a failure.
    pub fn show(&mut self, ui: &mut Ui, together: &Together, checked: &Checked) -> bool {
        widgets::requested(ui, together.request(), "the runs", |ui, comparison| {
            self.body(ui, together, comparison, checked);
        })
    }

    fn body(&mut self, ui: &mut Ui, together: &Together, comparison: &Comparison, checked: &Checked) {
        let t = theme::of(ui);
        let color = |_: usize, id: &str| checked.color(&t, id).unwrap_or(t.color.text3);
        let mut hovered = None;
        ScrollArea::vertical().id_salt("compare").auto_shrink(false).show(ui, |ui| {
            egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(t.size.pad, t.size.pad);
                ui.horizontal_wrapped(|ui| {
                    for (at, run) in comparison.runs.iter().enumerate() {
                        if legend(ui, &run.name, color(at, &run.id)) {
                            hovered = Some(run.id.clone());
                        }
                    }
                });
                self.parameters(ui, &t, comparison);
                section(ui, "Metrics");
                let mut metrics: Vec<&Compared<f64>> =
                    comparison.metrics.iter().filter(|one| !comparison.curves.contains_key(&one.key)).collect();
                metrics.sort_by_key(|one| (words::rank(&one.key), !one.differs));
                report::tiled(ui, metrics.len(), |ui, at| {
                    let key = &metrics[at].key;
                    widgets::card(ui, &words::key_title(key), |ui| {
                        charts::results(ui, comparison, key, color);
                    });
                });
                if !together.curves.is_empty() {
                    section(ui, "Curves");
                }
                report::tiled(ui, together.curves.len(), |ui, at| {
                    let set = &together.curves[at];
                    widgets::card(ui, &words::key_title(&set.key), |ui| {
                        let strong = self.hovered.as_deref();
                        let found = charts::curves(ui, set, comparison, color, strong, 200.0);
                        hovered = hovered.take().or(found);
                    });
                });
            });
        });
        self.hovered = hovered;
    }

    fn parameters(&mut self, ui: &mut Ui, t: &Tokens, comparison: &Comparison) {
        ui.horizontal(|ui| {
            section(ui, "Parameters");
            ui.add_space(t.size.pad);
            widgets::checkbox(ui, &mut self.every, "Show identical parameters");
        });
        let mut rows: Vec<&Compared<String>> =
            comparison.params.iter().filter(|one| one.differs || self.every).collect();
        rows.sort_by_key(|one| !one.differs);
        if rows.is_empty() {
            ui.label(t.secondary("These runs have the same parameters."));
            return;
        }
        let mut columns = vec![Column::new("key", "Parameter", 220.0).pinned(true)];
        for run in &comparison.runs {
            columns.push(Column::new(&run.id, &run.name, 150.0).right());
        }
        let height = t.size.control + t.size.row_compact * rows.len() as f32;
        let size = vec2(ui.available_width(), height.min(520.0) + 2.0);
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let painter = ui.painter();
        painter.rect_filled(rect, t.size.radius_card, t.color.surface3);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt("params"));
        Table::new("parameters", &columns).compact(true, ui).show(&mut child, &mut self.params, &mut Rows(&rows));
    }
}

struct Rows<'a>(&'a [&'a Compared<String>]);

impl TableSource for Rows<'_> {
    fn rows(&self) -> u64 {
        self.0.len() as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let t = theme::of(cell.ui);
        let row = self.0[cell.row as usize];
        if cell.column == 0 {
            if row.differs {
                let at = cell.rect.left_center() + vec2(4.0, 0.0);
                cell.ui.painter().circle_filled(at, 2.0, t.color.warn);
                cell.set(&words::key_title(&row.key), &t.face.small_strong, t.color.text1);
            } else {
                cell.secondary(&words::key_title(&row.key));
            }
            return;
        }
        match row.values.get(cell.column - 1).and_then(Option::as_ref) {
            Some(value) if row.differs => cell.text(&param(value)),
            Some(value) => cell.secondary(&param(value)),
            None => cell.quiet("–"),
        }
    }

    fn row_name(&self, row: u64) -> String {
        let row = self.0[row as usize];
        let differs = if row.differs { ", differs" } else { "" };
        format!("{}{differs}", words::key_title(&row.key))
    }
}
