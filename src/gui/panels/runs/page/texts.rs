//! Texts and tables of runs beside each other, with what differs from the first run marked.

use std::sync::Arc;

use egui::{Align2, Color32, Pos2, Rect, pos2, vec2};
use studio::{ArtifactContent, DiffLine, Difference, Studio, diff_lines};

use super::picture::{Csv, Making, Pen, Picture, Under, Who};
use crate::{backend::Failure, chart::drawing::Drawing, theme::Tokens};

/// Lines of a text, and rows of a table, that are set beside those of other runs.
const LINES: usize = 2_000;
/// The least width of a column of a table.
const NARROWEST: f32 = 64.0;

/// What a run left, as it is set beside that of others.
pub enum Beside {
    Text(Vec<DiffLine>),
    /// Cells as text, and how many rows there are in all.
    Table {
        columns: Vec<String>,
        cells: Vec<Vec<String>>,
        rows: u64,
    },
}

/// The contents by run id, in the order that runs were asked for.
pub type Contents = Vec<(String, Arc<Beside>)>;

/// What the runs left under `name`; texts beside the first one. On a background thread.
///
/// # Errors
/// Those of the studio.
pub fn read(studio: &Studio, runs: &[String], name: &str) -> Result<Contents, Failure> {
    let mut found = Vec::new();
    let mut first: Option<String> = None;
    for run in runs {
        let artifacts = studio.run_artifacts(run)?;
        let Some(artifact) = artifacts.iter().rev().find(|artifact| artifact.name == name) else { continue };
        let beside = match studio.read_run_artifact(run, &artifact.path)? {
            ArtifactContent::Text(text) => {
                let mut lines = diff_lines(first.get_or_insert_with(|| text.clone()), &text);
                lines.truncate(LINES);
                Beside::Text(lines)
            }
            ArtifactContent::Table { columns, cells, rows } => Beside::Table { columns, cells, rows },
            ArtifactContent::Image(_) => continue,
        };
        found.push((run.clone(), Arc::new(beside)));
    }
    Ok(found)
}

pub struct TextPicture {
    columns: Vec<(Who, Arc<Beside>)>,
}

impl TextPicture {
    pub fn new(contents: &Contents, making: &Making<'_>) -> Self {
        let texts = of_runs(contents, making).filter(|(_, beside)| matches!(**beside, Beside::Text(_)));
        Self { columns: texts.collect() }
    }

    fn lines(beside: &Beside) -> &[DiffLine] {
        match beside {
            Beside::Text(lines) => lines,
            Beside::Table { .. } => &[],
        }
    }
}

fn of_runs<'a>(contents: &'a Contents, making: &'a Making<'_>) -> impl Iterator<Item = (Who, Arc<Beside>)> + 'a {
    making.shown.iter().filter_map(|run| {
        let (_, beside) = contents.iter().find(|(id, _)| *id == run.id)?;
        Some((Who::of(run, making), beside.clone()))
    })
}

/// The place of column `at` of `count`.
fn column(pen: &Pen<'_>, at: usize, count: usize) -> Rect {
    let gap = pen.t.size.pad;
    let wide = (pen.area.width() - gap * (count.max(1) - 1) as f32) / count.max(1) as f32;
    let left = pen.area.left() + (wide + gap) * at as f32;
    Rect::from_min_max(pos2(left, pen.area.top()), pos2(left + wide, pen.area.bottom()))
}

fn head(drawing: &mut Drawing, pen: &Pen<'_>, who: &Who, place: Rect) {
    let line = pen.t.size.row_compact;
    let words = place.with_max_y(place.top() + line);
    drawing.text(pen.painter, words, Align2::LEFT_CENTER, &who.name, &pen.t.face.caption_strong, who.color);
    drawing.line(vec![words.left_bottom(), words.right_bottom()], pen.t.hairline());
}

impl Picture for TextPicture {
    fn nothing(&self) -> Option<String> {
        self.columns.is_empty().then(|| "None of these runs left a text of this name".to_owned())
    }

    fn height(&self, t: &Tokens) -> Option<f32> {
        let longest = self.columns.iter().map(|(_, text)| Self::lines(text).len()).max().unwrap_or(0);
        Some(t.size.row_compact + longest as f32 * t.face.mono.line + t.size.gap)
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let t = pen.t;
        let seen = pen.painter.clip_rect();
        for (at, (who, lines)) in self.columns.iter().enumerate() {
            let place = column(pen, at, self.columns.len());
            head(drawing, pen, who, place);
            for (row, line) in Self::lines(lines).iter().enumerate() {
                let top = place.top() + t.size.row_compact + t.size.grid + t.face.mono.line * row as f32;
                let room = Rect::from_min_max(pos2(place.left(), top), pos2(place.right(), top + t.face.mono.line));
                if !drawing.vector && !room.intersects(seen) {
                    continue;
                }
                let (sign, mark) = match line.change {
                    Difference::Same => (" ", None),
                    Difference::Added => ("+", Some(t.color.ok)),
                    Difference::Gone => ("−", Some(t.color.error)),
                };
                if let Some(color) = mark {
                    drawing.rect(room, 0.0, t.tint(t.color.surface3, color, 0.16));
                    let edge = room.with_max_x(room.left() + 12.0);
                    drawing.text(pen.painter, edge, Align2::CENTER_CENTER, sign, &t.face.mono, color);
                }
                let words = room.with_min_x(room.left() + 14.0);
                let ink = if mark.is_some() { t.color.text1 } else { t.color.text2 };
                drawing.text(pen.painter, words, Align2::LEFT_CENTER, &line.text, &t.face.mono, ink);
            }
        }
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        emphasise_column(self, self.columns.iter().map(|(who, _)| who), drawing, pen, run);
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        under_column(self.columns.iter().map(|(who, _)| who), pen, pointer)
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["run_id", "run", "line", "change", "text"]);
        for (who, lines) in &self.columns {
            for (at, line) in Self::lines(lines).iter().enumerate() {
                let change = match line.change {
                    Difference::Same => "same",
                    Difference::Added => "added",
                    Difference::Gone => "gone",
                };
                csv.row(&[&*who.id, &*who.name, &(at + 1).to_string(), change, &line.text]);
            }
        }
        Ok(csv)
    }
}

/// Draws everything again, but for the columns of other runs.
fn emphasise_column<'a>(
    picture: &dyn Picture,
    runs: impl ExactSizeIterator<Item = &'a Who>,
    drawing: &mut Drawing,
    pen: &Pen<'_>,
    run: &str,
) {
    let count = runs.len();
    for (at, _) in runs.enumerate().filter(|(_, who)| &*who.id == run) {
        drawing.within(column(pen, at, count), |drawing| picture.draw(drawing, pen));
    }
}

fn under_column<'a>(runs: impl ExactSizeIterator<Item = &'a Who>, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
    let count = runs.len();
    let (_, who) = runs.enumerate().find(|(at, _)| column(pen, *at, count).contains(pointer))?;
    Some(Under { run: Some(who.id.to_string()), ..Under::default() })
}

struct TableOf {
    who: Who,
    content: Arc<Beside>,
}

pub struct TablePicture(Vec<TableOf>);

impl TablePicture {
    pub fn new(contents: &Contents, making: &Making<'_>) -> Self {
        let tables = of_runs(contents, making).filter(|(_, beside)| matches!(**beside, Beside::Table { .. }));
        Self(tables.map(|(who, content)| TableOf { who, content }).collect())
    }

    /// Head, rows and how many there are in all.
    fn parts(table: &TableOf) -> (&[String], &[Vec<String>], u64) {
        match &*table.content {
            Beside::Table { columns, cells, rows } => (columns, cells, *rows),
            Beside::Text(_) => (&[], &[], 0),
        }
    }

    /// Whether the first run has something else at the same row and column.
    fn differs(&self, name: &str, row: usize, cell: &str) -> bool {
        let Some(first) = self.0.first() else { return false };
        let (columns, cells, _) = Self::parts(first);
        let there = columns.iter().position(|column| column == name).and_then(|at| cells.get(row)?.get(at));
        there.is_none_or(|other| other != cell)
    }
}

impl Picture for TablePicture {
    fn nothing(&self) -> Option<String> {
        self.0.is_empty().then(|| "None of these runs left a table of this name".to_owned())
    }

    fn height(&self, t: &Tokens) -> Option<f32> {
        let longest = self.0.iter().map(|table| Self::parts(table).1.len().min(LINES)).max().unwrap_or(0);
        Some((longest + 3) as f32 * t.size.row_compact)
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let (t, row_height) = (pen.t, pen.t.size.row_compact);
        let seen = pen.painter.clip_rect();
        for (at, table) in self.0.iter().enumerate() {
            let place = column(pen, at, self.0.len());
            head(drawing, pen, &table.who, place);
            let (columns, cells, rows) = Self::parts(table);
            let fit = ((place.width() / NARROWEST) as usize).clamp(1, columns.len().max(1));
            let wide = place.width() / fit as f32;
            let room = |row: usize, column: usize| {
                let corner = place.min + vec2(wide * column as f32, row_height * row as f32);
                Rect::from_min_size(corner, vec2(wide, row_height))
            };
            for (column, name) in columns.iter().take(fit).enumerate() {
                let words = room(1, column).shrink2(vec2(4.0, 0.0));
                drawing.text(pen.painter, words, Align2::RIGHT_CENTER, name, &t.face.caption, t.color.text3);
            }
            for (row, values) in cells.iter().take(LINES).enumerate() {
                if !drawing.vector && !room(row + 2, 0).with_max_x(place.right()).intersects(seen) {
                    continue;
                }
                for (column, cell) in values.iter().take(fit).enumerate() {
                    let differs = at > 0 && self.differs(&columns[column], row, cell);
                    let lies = room(row + 2, column);
                    if differs {
                        drawing.rect(lies.shrink(1.0), 2.0, t.tint(t.color.surface3, t.color.warn, 0.18));
                    }
                    let ink: Color32 = if differs { t.color.text1 } else { t.color.text2 };
                    let words = lies.shrink2(vec2(4.0, 0.0));
                    drawing.text(pen.painter, words, Align2::RIGHT_CENTER, cell, &t.face.mono, ink);
                }
            }
            let hidden = columns.len() - fit.min(columns.len());
            let more = if hidden > 0 { format!(" · {hidden} more columns") } else { String::new() };
            let foot = room(cells.len().min(LINES) + 2, 0).with_max_x(place.right());
            let said = format!("{} of {}{more}", cells.len(), crate::widgets::format::counted(rows, "row", "rows"));
            drawing.text(pen.painter, foot, Align2::LEFT_CENTER, &said, &t.face.caption, t.color.text3);
        }
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        emphasise_column(self, self.0.iter().map(|table| &table.who), drawing, pen, run);
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        under_column(self.0.iter().map(|table| &table.who), pen, pointer)
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["run_id", "run", "row", "column", "value"]);
        for table in &self.0 {
            let (columns, cells, _) = Self::parts(table);
            for (row, values) in cells.iter().enumerate() {
                for (name, value) in columns.iter().zip(values) {
                    csv.row(&[&*table.who.id, &*table.who.name, &(row + 1).to_string(), name, value]);
                }
            }
        }
        Ok(csv)
    }
}
