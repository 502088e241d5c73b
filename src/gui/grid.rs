//! A table's rows, sorted, filtered and searched: read page by page on background threads, so that 100 million rows
//! scroll. Shared by every panel that shows data.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use egui::{Align, Ui, vec2};
use studio::data::grid::{Digits, Grid, Index, SortBy, View, format_value};
use studio::data::profile::{ColumnProfile, Profile};
use studio::data::schema::{Kind, Schema};

use crate::backend::{Backend, Request};
use crate::table::{Cell, Column, Table, TableResponse, TableSource, TableState};
use crate::theme;
use crate::widgets::{self, format};

/// Rows read beyond those in sight, on each side.
const MARGIN: u64 = 60;
/// Colours for so many categories; more are drawn without.
const CATEGORIES: usize = 8;
/// Longer text may not fit its column.
const LONG: usize = 24;
/// Room for the small picture in a column's head.
const HEAD_EXTRA: f32 = 24.0;

pub struct GridView {
    grid: Grid,
    schema: Schema,
    profile: Profile,
    columns: Vec<Column>,
    state: TableState,
    view: View,
    /// The rows of a view that is not plain, in its order.
    index: Request<Arc<Index>>,
    page: Request<Page>,
    /// What the page on its way, or here, holds.
    asked: Option<(u64, Range<u64>, Vec<usize>)>,
    /// The column a person clicked.
    pub selected: Option<usize>,
}

/// Formatted cells, by column position.
struct Page {
    rows: Range<u64>,
    columns: Vec<(usize, Vec<Option<Text>>)>,
}

/// A cell as it is shown, and in full where that is more.
struct Text {
    shown: String,
    full: Option<String>,
}

impl GridView {
    pub fn new(grid: Grid, schema: Schema, profile: Profile) -> Self {
        let column = |column: &studio::data::schema::Column| {
            let width = (column.name.chars().count() as f32 * 7.0 + 28.0).clamp(96.0, 220.0);
            let it = Column::new(&column.name, &column.name, width).sortable();
            if column.kind.is_numeric() { it.right() } else { it }
        };
        Self {
            columns: schema.columns.iter().map(column).collect(),
            grid,
            schema,
            profile,
            state: TableState::default(),
            view: View::default(),
            index: Request::default(),
            page: Request::default(),
            asked: None,
            selected: None,
        }
    }

    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// "398 rows · 31 columns", or "12 of 398 rows" under a filter.
    pub fn note(&self) -> String {
        let columns = format::counted(self.schema.len() as u64, "column", "columns");
        let all = format::counted(self.grid.len(), "row", "rows");
        match self.index.value().filter(|_| !self.view.is_plain()) {
            Some(index) if index.len() < self.grid.len() => {
                format!("{} of {all} · {columns}", format::count(index.len()))
            }
            _ => format!("{all} · {columns}"),
        }
    }

    /// Why the filter cannot be applied.
    pub fn problem(&self) -> Option<&str> {
        self.index.failure().filter(|_| !self.view.is_plain()).map(|failure| failure.message.as_str())
    }

    /// Whether a sort or a filter is being worked out.
    pub fn is_working(&self) -> bool {
        self.index.is_pending()
    }

    /// Shows the rows for which `filter` holds and that contain `search`; empty texts take all.
    pub fn narrow(&mut self, backend: &Backend, filter: &str, search: &str) {
        let text = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let view = View { filter: text(filter), search: text(search), sort: std::mem::take(&mut self.view.sort) };
        self.set_view(backend, view);
    }

    fn set_view(&mut self, backend: &Backend, view: View) {
        self.view = view.clone();
        if view.is_plain() {
            self.index.clear();
            return;
        }
        let grid = self.grid.clone();
        self.index.ask_cancellable(backend, move |_, cancel| {
            let go_on = |_| {
                if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            grid.index(&view, &go_on).map(Arc::new)
        });
    }

    pub fn show(&mut self, ui: &mut Ui, backend: &Backend) -> TableResponse {
        self.page.poll();
        if self.index.poll() {
            self.state.offset = 0.0;
        }
        let columns = std::mem::take(&mut self.columns);
        let mut state = std::mem::take(&mut self.state);
        let mut source = Source { rows: self, backend };
        let response = Table::new("Rows", &columns).head_extra(HEAD_EXTRA).show(ui, &mut state, &mut source);
        self.columns = columns;
        self.state = state;
        if response.sorted {
            let sort = self.state.sort.iter();
            let sort =
                sort.map(|sort| SortBy { column: sort.column.clone(), descending: sort.descending, nulls_last: true });
            let view = View { sort: sort.collect(), ..self.view.clone() };
            self.set_view(backend, view);
        }
        if response.clicked.is_some() {
            self.selected = response.column;
        }
        response
    }

    /// The rows in the view's order; `None` while all are shown in the file's.
    fn index(&self) -> Option<&Arc<Index>> {
        self.index.value().filter(|_| !self.view.is_plain())
    }

    fn len(&self) -> u64 {
        self.index().map_or(self.grid.len(), |index| index.len())
    }

    fn fetch(&mut self, backend: &Backend, seen: Range<u64>, columns: &[usize]) {
        let revision = self.index().map_or(0, |_| self.index.revision());
        let held = self.asked.as_ref().is_some_and(|(of, rows, held)| {
            *of == revision
                && rows.start <= seen.start
                && seen.end <= rows.end
                && columns.iter().all(|column| held.contains(column))
        });
        if held || seen.is_empty() {
            return;
        }
        let rows = seen.start.saturating_sub(MARGIN)..(seen.end + MARGIN).min(self.len());
        let (grid, index, wanted) = (self.grid.clone(), self.index().cloned(), columns.to_vec());
        let asked = (revision, rows.clone(), wanted.clone());
        if self.page.ask(backend, move |_| read(&grid, index.as_deref(), rows, &wanted)) {
            self.asked = Some(asked);
        }
    }

    fn text(&self, row: u64, column: usize) -> Option<Option<&Text>> {
        let page = self.page.value()?;
        let at = row.checked_sub(page.rows.start)? as usize;
        let cells = &page.columns.iter().find(|(index, _)| *index == column)?.1;
        cells.get(at).map(Option::as_ref)
    }

    pub fn column_profile(&self, column: usize) -> Option<&ColumnProfile> {
        self.profile.get(&self.schema.columns.get(column)?.name)
    }
}

fn read(grid: &Grid, index: Option<&Index>, rows: Range<u64>, columns: &[usize]) -> Result<Page, studio::data::Error> {
    let frame = match index {
        Some(index) => grid.rows_of(index, rows.clone(), Some(columns))?,
        None => grid.rows(rows.clone(), Some(columns))?,
    };
    let cells = frame.columns().iter().zip(columns).map(|(column, &index)| {
        let digits = Digits::of_column(column);
        let text = |row| {
            let value = column.get(row).ok()?;
            let (shown, full) = (format_value(&value, digits)?, format_value(&value, Digits::Full)?);
            let full = (full != shown || shown.len() > LONG).then_some(full);
            Some(Text { shown, full })
        };
        (index, (0..column.len()).map(text).collect())
    });
    Ok(Page { rows, columns: cells.collect() })
}

struct Source<'a> {
    rows: &'a mut GridView,
    backend: &'a Backend,
}

impl TableSource for Source<'_> {
    fn rows(&self) -> u64 {
        self.rows.len()
    }

    fn prepare(&mut self, rows: Range<u64>, columns: &[usize]) {
        self.rows.fetch(self.backend, rows, columns);
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let Some(text) = self.rows.text(cell.row, cell.column) else {
            return;
        };
        let Some(Text { shown: text, .. }) = text else {
            return cell.quiet("missing");
        };
        let Some(category) = self.category(cell.column, text) else {
            return cell.mono(text);
        };
        let t = theme::of(cell.ui);
        let inside = cell.inside();
        cell.ui.painter().circle_filled(inside.left_center() + vec2(4.0, 0.0), 3.5, t.data(category + 2));
        cell.set_in(inside.with_min_x(inside.left() + 14.0), text, &t.face.mono, t.color.text1);
    }

    fn value(&self, row: u64, column: usize) -> Option<(String, bool)> {
        let text = self.rows.text(row, column)??;
        Some((text.full.as_ref().unwrap_or(&text.shown).clone(), text.full.is_some()))
    }

    fn head(&mut self, cell: &mut Cell<'_>) {
        let Some(profile) = self.rows.column_profile(cell.column) else {
            return;
        };
        let right = cell.align == Align::Max;
        cell.show(|ui| head_picture(ui, profile, right));
    }
}

/// The small picture of a column: a histogram, the shares of its categories, or how many values it has.
pub fn head_picture(ui: &mut Ui, profile: &ColumnProfile, right: bool) {
    let t = theme::of(ui);
    let size = vec2(ui.available_width().min(88.0), 16.0);
    if right {
        ui.add_space((ui.available_width() - size.x).max(0.0));
    }
    if let Some(histogram) = &profile.histogram {
        widgets::histogram(ui, size, &histogram.counts, None);
    } else if is_category(profile) {
        let parts = profile.top.iter().take(CATEGORIES).enumerate();
        let parts: Vec<_> = parts.map(|(index, top)| (top.count, t.data(index + 2))).collect();
        widgets::proportions(ui, vec2(size.x, 5.0), &parts);
    } else {
        ui.label(t.caption(format::counted(profile.distinct, "value", "values")));
    }
}

impl Source<'_> {
    /// The place of `text` among the column's categories.
    fn category(&self, column: usize, text: &str) -> Option<usize> {
        let profile = self.rows.column_profile(column).filter(|profile| is_category(profile))?;
        profile.top.iter().take(CATEGORIES).position(|top| top.value.to_string() == text)
    }
}

fn is_category(profile: &ColumnProfile) -> bool {
    matches!(profile.kind, Kind::Text | Kind::Category | Kind::Boolean) && profile.distinct as usize <= CATEGORIES
}
