//! A table's rows in the grid, read page by page on a background thread.

use std::ops::Range;

use egui::{Align, Ui, vec2};
use studio::data::grid::{Digits, Grid, format_value};
use studio::data::profile::{ColumnProfile, Profile};
use studio::data::schema::{Kind, Schema};

use crate::backend::{Backend, Request};
use crate::panels::Cx;
use crate::table::{Cell, Column, Table, TableSource, TableState};
use crate::theme;
use crate::widgets::{self, format};

/// Rows read beyond those in sight, on each side.
const MARGIN: u64 = 60;
/// Colours for so many categories; more are drawn without.
const CATEGORIES: usize = 8;

pub struct Rows {
    grid: Grid,
    schema: Schema,
    profile: Profile,
    columns: Vec<Column>,
    state: TableState,
    page: Request<Page>,
    /// What the page on its way, or here, holds.
    asked: Option<(Range<u64>, Vec<usize>)>,
}

/// Formatted cells, by column position.
pub struct Page {
    rows: Range<u64>,
    columns: Vec<(usize, Vec<Option<String>>)>,
}

impl Rows {
    pub fn new(grid: Grid, schema: Schema, profile: Profile) -> Self {
        let columns = schema.columns.iter().map(|column| {
            let width = (column.name.chars().count() as f32 * 7.0 + 28.0).clamp(96.0, 220.0);
            let it = Column::new(&column.name, &column.name, width);
            if column.kind.is_numeric() { it.right() } else { it }
        });
        let columns = columns.collect();
        Self { grid, schema, profile, columns, state: TableState::default(), page: Request::default(), asked: None }
    }

    /// "398 rows · 31 columns"
    pub fn note(&self) -> String {
        let columns = format::counted(self.schema.len() as u64, "column", "columns");
        format!("{} · {columns}", format::counted(self.grid.len(), "row", "rows"))
    }

    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.page.poll();
        let columns = std::mem::take(&mut self.columns);
        let mut state = std::mem::take(&mut self.state);
        let mut source = Source { rows: self, backend: cx.backend };
        Table::new("Preview", &columns).head_extra(24.0).show(ui, &mut state, &mut source);
        self.columns = columns;
        self.state = state;
    }

    fn fetch(&mut self, backend: &Backend, seen: Range<u64>, columns: &[usize]) {
        let held = self.asked.as_ref().is_some_and(|(rows, held)| {
            rows.start <= seen.start && seen.end <= rows.end && columns.iter().all(|column| held.contains(column))
        });
        if held || seen.is_empty() {
            return;
        }
        let rows = seen.start.saturating_sub(MARGIN)..(seen.end + MARGIN).min(self.grid.len());
        let (grid, wanted) = (self.grid.clone(), columns.to_vec());
        let asked = (rows.clone(), wanted.clone());
        let taken = self.page.ask(backend, move |_| read(&grid, rows, &wanted));
        if taken {
            self.asked = Some(asked);
        }
    }

    fn text(&self, row: u64, column: usize) -> Option<Option<&str>> {
        let page = self.page.value()?;
        let at = row.checked_sub(page.rows.start)? as usize;
        let cells = &page.columns.iter().find(|(index, _)| *index == column)?.1;
        cells.get(at).map(Option::as_deref)
    }

    fn profile(&self, column: usize) -> Option<&ColumnProfile> {
        self.profile.get(&self.schema.columns.get(column)?.name)
    }
}

fn read(grid: &Grid, rows: Range<u64>, columns: &[usize]) -> Result<Page, studio::data::Error> {
    let frame = grid.rows(rows.clone(), Some(columns))?;
    let cells = frame.columns().iter().zip(columns).map(|(column, &index)| {
        let text = |row| column.get(row).ok().and_then(|value| format_value(&value, Digits::Short));
        (index, (0..column.len()).map(text).collect())
    });
    Ok(Page { rows, columns: cells.collect() })
}

struct Source<'a> {
    rows: &'a mut Rows,
    backend: &'a Backend,
}

impl TableSource for Source<'_> {
    fn rows(&self) -> u64 {
        self.rows.grid.len()
    }

    fn prepare(&mut self, rows: Range<u64>, columns: &[usize]) {
        self.rows.fetch(self.backend, rows, columns);
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let Some(text) = self.rows.text(cell.row, cell.column) else { return };
        let Some(text) = text else { return cell.quiet("missing") };
        let category = self.category(cell.column, text);
        let Some(index) = category else { return cell.mono(text) };
        let t = theme::of(cell.ui);
        let inside = cell.inside();
        cell.ui.painter().circle_filled(inside.left_center() + vec2(4.0, 0.0), 3.5, t.data(index + 2));
        let text_at = inside.with_min_x(inside.left() + 14.0);
        cell.set_in(text_at, text, &t.face.mono, t.color.text1);
    }

    fn head(&mut self, cell: &mut Cell<'_>) {
        let Some(profile) = self.rows.profile(cell.column) else { return };
        let t = theme::of(cell.ui);
        let right = cell.align == Align::Max;
        let size = vec2((cell.inside().width()).min(88.0), 16.0);
        let colors: Vec<(u64, egui::Color32)> =
            profile.top.iter().take(CATEGORIES).enumerate().map(|(index, top)| (top.count, t.data(index + 2))).collect();
        cell.show(|ui| {
            if right {
                ui.add_space((ui.available_width() - size.x).max(0.0));
            }
            match &profile.histogram {
                Some(histogram) => drop(widgets::histogram(ui, size, &histogram.counts, None)),
                None if is_category(profile) => drop(widgets::proportions(ui, vec2(size.x, 5.0), &colors)),
                None => drop(ui.label(t.caption(format::counted(profile.distinct, "value", "values")))),
            }
        });
    }
}

impl Source<'_> {
    /// The place of `text` among the column's categories.
    fn category(&self, column: usize, text: &str) -> Option<usize> {
        let profile = self.rows.profile(column).filter(|profile| is_category(profile))?;
        profile.top.iter().take(CATEGORIES).position(|top| top.value.to_string() == text)
    }
}

fn is_category(profile: &ColumnProfile) -> bool {
    matches!(profile.kind, Kind::Text | Kind::Category | Kind::Boolean) && profile.distinct as usize <= CATEGORIES
}
