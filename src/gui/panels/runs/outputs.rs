//! What the steps of a run put out.

use std::sync::Arc;

use egui::{ScrollArea, Ui, UiBuilder, vec2};
use studio::{
    ModelCard, Output, Step, Studio,
    data::grid::{Digits, format_value},
    learn::Report,
    pipeline::component::PortKind,
};

use super::reports;
use crate::{
    backend::Request,
    chart::{self, BarRow},
    panels::Cx,
    table::{Cell, Column, Table, TableSource, TableState},
    theme,
    widgets::{self, ListRow, format, key_value, section},
};

/// Rows of a table that are read to look at.
const ROWS: u64 = 1_000;
const WIDTH: f32 = 220.0;

/// What a port holds, ready to be drawn.
enum Content {
    Table(Rows),
    Model(Box<ModelCard>),
    Report(Report),
    Words(Vec<String>),
}

struct Rows {
    columns: Vec<(String, bool)>,
    cells: Vec<Vec<Option<String>>>,
    total: u64,
}

/// The chosen port and what it holds.
#[derive(Default)]
pub struct Outputs {
    chosen: Option<(String, String)>,
    content: Request<Content>,
    table: TableState,
}

impl Outputs {
    /// Draws the ports of the steps (of one, when `step` is chosen) and the chosen one's content.
    pub fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, run: &str, steps: &[Step], step: Option<&str>) {
        let t = theme::of(ui);
        let wanted = |one: &&Step| step.is_none_or(|name| name == one.name);
        let ports: Vec<(&Step, &str, &str)> = steps
            .iter()
            .filter(wanted)
            .flat_map(|step| {
                let outputs = step.outputs.iter();
                outputs.map(move |output| (step, output.port.as_str(), output.kind.as_str()))
            })
            .collect();
        if ports.is_empty() {
            widgets::loading(ui, "No outputs yet.");
            return;
        }
        let there = self
            .chosen
            .as_ref()
            .is_some_and(|(job, port)| ports.iter().any(|(step, name, _)| step.name == *job && name == port));
        if !there {
            let (step, port, _) = ports[0];
            self.chosen = Some((step.name.clone(), port.to_owned()));
        }
        let area = ui.available_rect_before_wrap();
        let (left, right) = area.split_left_right_at_x(area.left() + WIDTH);
        ui.advance_cursor_after_rect(area);
        ui.painter().vline(left.right(), area.y_range(), t.hairline());
        let mut child = ui.new_child(UiBuilder::new().max_rect(left).id_salt("ports"));
        ScrollArea::vertical().id_salt("ports").show(&mut child, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (step, port, kind) in &ports {
                let key = (step.name.clone(), (*port).to_owned());
                let row = ListRow::new(step.title.as_str())
                    .second(port.replace('_', " "), if port == kind { "" } else { *kind })
                    .selected(self.chosen.as_ref() == Some(&key));
                if row.show(ui).clicked() {
                    self.chosen = Some(key);
                }
            }
        });
        let Some((job, port)) = self.chosen.clone() else {
            return;
        };
        let key = (run.to_owned(), job.clone(), port.clone());
        let ask = key.clone();
        let digest = steps
            .iter()
            .find(|step| step.name == job)
            .and_then(|step| step.outputs.iter().find(|output| output.port == port))
            .and_then(|output| output.digest.clone());
        self.content
            .ensure((key, digest), cx.backend, move |studio: &Arc<Studio>| read(studio, &ask.0, &ask.1, &ask.2));
        let builder = UiBuilder::new().max_rect(right.shrink2(vec2(1.0, 0.0))).id_salt((&job, &port));
        let mut child = ui.new_child(builder);
        let table = &mut self.table;
        let again = widgets::requested(&mut child, &self.content, "the output", |ui, content| {
            draw(ui, table, content);
        });
        if again {
            self.content.refresh();
        }
    }
}

fn read(studio: &Studio, run: &str, job: &str, port: &str) -> studio::Result<Content> {
    if studio.stored_output(run, job, port)?.kind == PortKind::Table {
        return rows(studio, run, job, port).map(Content::Table);
    }
    Ok(match studio.output(run, job, port)? {
        Output::Table { .. } => Content::Words(Vec::new()),
        Output::Estimator(estimator) => Content::Words(vec![
            estimator.title().to_owned(),
            "Not trained yet: it tells the training step how to learn.".to_owned(),
        ]),
        Output::Model(card) => Content::Model(card),
        Output::Transform { steps } => Content::Words(steps),
        Output::Report(report) => Content::Report(report),
    })
}

fn rows(studio: &Studio, run: &str, job: &str, port: &str) -> studio::Result<Rows> {
    let grid = studio.output_grid(run, job, port)?;
    let frame = grid.rows(0..ROWS, None)?;
    let columns = grid.schema().columns.iter();
    let columns = columns.map(|column| (column.name.clone(), column.kind.is_numeric()));
    let cells = frame.columns().iter().map(|column| {
        let values = (0..column.len()).map(|row| {
            let value = column.get(row).ok()?;
            format_value(&value, Digits::Short)
        });
        values.collect()
    });
    Ok(Rows { columns: columns.collect(), cells: cells.collect(), total: grid.len() })
}

fn draw(ui: &mut Ui, state: &mut TableState, content: &Content) {
    let t = theme::of(ui);
    match content {
        Content::Table(rows) => table(ui, state, rows),
        Content::Model(card) => scrolled(ui, |ui| model(ui, card)),
        Content::Report(report) => scrolled(ui, |ui| reports::show(ui, report)),
        Content::Words(lines) => scrolled(ui, |ui| {
            for line in lines {
                ui.label(t.small(line));
            }
        }),
    }
}

fn scrolled(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let t = theme::of(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = t.size.grid;
            contents(ui);
        });
    });
}

/// A trained model in short.
pub fn model(ui: &mut Ui, card: &ModelCard) {
    let t = theme::of(ui);
    ui.label(t.strong(&card.algorithm));
    let rows = format::counted(card.rows, "row", "rows");
    key_value(ui, "Trained on", t.small(rows));
    if let Some(label) = &card.label {
        key_value(ui, "Predicts", t.small(label));
    }
    importance(ui, card, 20);
    if !card.preparation.is_empty() {
        ui.add_space(t.size.gap);
        section(ui, "Preparation");
        for step in &card.preparation {
            ui.label(t.small(step));
        }
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
        chart::bars(ui, "Importance", &rows);
    }
}

struct Preview<'a>(&'a Rows);

impl TableSource for Preview<'_> {
    fn rows(&self) -> u64 {
        self.0.cells.first().map_or(0, |column| column.len() as u64)
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        match &self.0.cells[cell.column][cell.row as usize] {
            Some(value) => cell.mono(value),
            None => cell.quiet("missing"),
        }
    }
}

fn table(ui: &mut Ui, state: &mut TableState, rows: &Rows) {
    let t = theme::of(ui);
    let columns: Vec<Column> = rows
        .columns
        .iter()
        .map(|(name, number)| {
            let column = Column::new(name, name, 120.0);
            if *number { column.right() } else { column }
        })
        .collect();
    let seen = rows.cells.first().map_or(0, Vec::len) as u64;
    let mut words = format::counted(rows.total, "row", "rows");
    if seen < rows.total {
        words.push_str(&format!(", the first {} here", format::count(seen)));
    }
    egui::Frame::NONE.inner_margin(t.size.gap).show(ui, |ui| {
        ui.label(t.caption(words));
    });
    Table::new("output", &columns).compact(true, ui).show(ui, state, &mut Preview(rows));
}
