//! Sorting, filtering and searching a file into a list of row numbers.

use std::ops::{ControlFlow, Range};

use polars::prelude::{
    BooleanChunked, ChunkFull, Column, DataFrame, DataType, IdxCa, IdxSize, IntoColumn, IntoLazy, NewChunkedArray,
    SortMultipleOptions,
};
use serde::{Deserialize, Serialize};

use super::Grid;
use crate::error::{Error, Result};
use crate::expression;
use crate::schema::Kind;

/// How a table is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Columns to sort by, the most important first.
    pub sort: Vec<SortBy>,
    /// A condition in the expression language.
    pub filter: Option<String>,
    /// Text that some cell of a row must contain, in any case.
    pub search: Option<String>,
}

/// A column to sort by. Equal rows keep their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SortBy {
    /// The column.
    pub column: String,
    /// Largest first.
    pub descending: bool,
    /// Missing values at the end, whichever the direction.
    pub nulls_last: bool,
}

impl View {
    /// Whether the view shows the file as it is.
    pub fn is_plain(&self) -> bool {
        self.sort.is_empty() && self.filter.is_none() && self.search.is_none()
    }
}

/// The rows of a view, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    rows: Rows,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rows {
    All(u64),
    Listed(Vec<IdxSize>),
}

impl Index {
    /// Every row of a grid in its own order.
    pub fn all(grid: &Grid) -> Self {
        Self { rows: Rows::All(grid.len()) }
    }

    /// Number of rows in the view.
    pub fn len(&self) -> u64 {
        match &self.rows {
            Rows::All(rows) => *rows,
            Rows::Listed(rows) => rows.len() as u64,
        }
    }

    /// Whether the view shows nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file's row numbers at these places of the view, cut to its length.
    pub fn numbers(&self, range: Range<u64>) -> Vec<u64> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match &self.rows {
            Rows::All(_) => range.collect(),
            Rows::Listed(rows) => {
                let listed = &rows[range.start as usize..range.end as usize];
                listed.iter().map(|&row| u64::from(row)).collect()
            }
        }
    }
}

impl Grid {
    /// Finds the rows of a view. Reads only the columns that the view names
    /// (all of them for a search), page by page; memory is that of the sort
    /// columns and 4 bytes a row. `progress` is told the share of pages read and
    /// may stop the work.
    ///
    /// # Errors
    /// A filter that cannot be used, an unknown column, [`Error::Cancelled`], or
    /// more rows than 4-byte numbers can count.
    pub fn index(&self, view: &View, progress: &dyn Fn(f64) -> ControlFlow<()>) -> Result<Index> {
        if view.is_plain() {
            return Ok(Index::all(self));
        }
        if self.len() >= u64::from(IdxSize::MAX) {
            return Err(Error::invalid("The table has more than 4 billion rows. Filter it in a pipeline instead."));
        }
        let reading = Reading::new(self, view)?;
        let mut rows: Vec<IdxSize> = Vec::new();
        let mut keys: Option<DataFrame> = None;
        let pages = self.file().pages();
        for (number, page) in pages.iter().enumerate() {
            if progress(number as f64 / pages.len() as f64).is_break() {
                return Err(Error::Cancelled);
            }
            let frame = self.file().read(page.clone(), Some(&reading.columns))?;
            let kept = reading.matches(&frame)?;
            let start = page.start as IdxSize;
            let found = kept.iter().enumerate().filter(|(_, keep)| *keep == Some(true));
            rows.extend(found.map(|(at, _)| start + at as IdxSize));
            if !view.sort.is_empty() {
                let names = view.sort.iter().map(|sort| sort.column.as_str());
                let part = frame.select(unique(names))?.filter(&kept)?;
                match &mut keys {
                    None => keys = Some(part),
                    Some(keys) => {
                        keys.vstack_mut(&part)?;
                    }
                }
            }
        }
        if let Some(keys) = keys {
            rows = sorted(keys, rows, &view.sort)?;
        }
        Ok(Index { rows: Rows::Listed(rows) })
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

/// Row numbers in the order of their keys.
fn sorted(mut keys: DataFrame, rows: Vec<IdxSize>, by: &[SortBy]) -> Result<Vec<IdxSize>> {
    // A name no column of the table can have been given by a person.
    let name = "\u{0}row";
    keys.with_column(IdxCa::from_vec(name.into(), rows).into_column())?;
    let options = SortMultipleOptions::new()
        .with_order_descending_multi(by.iter().map(|sort| sort.descending))
        .with_nulls_last_multi(by.iter().map(|sort| sort.nulls_last))
        .with_maintain_order(true);
    let columns: Vec<String> = by.iter().map(|sort| sort.column.clone()).collect();
    let ordered = keys.sort(columns, options)?;
    Ok(ordered.column(name)?.idx()?.iter().flatten().collect())
}

/// Which columns a view reads, and which rows it keeps.
struct Reading {
    columns: Vec<usize>,
    filter: Option<polars::prelude::Expr>,
    search: Option<String>,
}

impl Reading {
    fn new(grid: &Grid, view: &View) -> Result<Self> {
        let schema = grid.schema();
        let mut names: Vec<String> = Vec::new();
        for sort in &view.sort {
            names.push(schema.require(&sort.column)?.name.clone());
        }
        let mut filter = None;
        if let Some(text) = &view.filter {
            filter = Some(expression::filter(text, schema)?);
            names.extend(expression::row_wise(text, schema)?.columns);
        }
        let search = view.search.as_deref().map(str::to_lowercase).filter(|text| !text.is_empty());
        let searched = |at: &usize| {
            let column = &schema.columns[*at];
            (search.is_some() && column.kind != Kind::Other) || names.contains(&column.name)
        };
        let mut columns: Vec<usize> = (0..schema.len()).filter(searched).collect();
        if columns.is_empty() {
            // A condition without columns, such as 1 = 1, still needs rows.
            columns.extend((!schema.is_empty()).then_some(0));
        }
        Ok(Self { columns, filter, search })
    }

    fn matches(&self, frame: &DataFrame) -> Result<BooleanChunked> {
        let height = frame.height();
        let mut kept = BooleanChunked::full("".into(), true, height);
        if let Some(filter) = &self.filter {
            let found = frame.clone().lazy().select([filter.clone().alias("kept")]).collect()?;
            let found = found.column("kept")?.bool()?;
            // A constant condition gives one row.
            kept = if found.len() == height {
                found.clone()
            } else {
                BooleanChunked::full("".into(), found.get(0) == Some(true), height)
            };
        }
        if let Some(search) = &self.search {
            let mut found = vec![false; height];
            for column in frame.columns() {
                mark(column, search, &mut found)?;
            }
            kept = kept & BooleanChunked::from_slice("".into(), &found);
        }
        Ok(kept)
    }
}

/// Marks the rows whose cell contains a text that is in lower case.
fn mark(column: &Column, search: &str, found: &mut [bool]) -> Result<()> {
    let texts = column.cast(&DataType::String)?;
    let finder = memchr::memmem::Finder::new(search);
    for (row, text) in texts.str()?.iter().enumerate() {
        let Some(text) = text.filter(|_| !found[row]) else {
            continue;
        };
        found[row] = if text.is_ascii() {
            finder.find(text.to_ascii_lowercase().as_bytes()).is_some()
        } else {
            finder.find(text.to_lowercase().as_bytes()).is_some()
        };
    }
    Ok(())
}
