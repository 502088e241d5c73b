//! Sheets of workbooks: Excel and OpenDocument.

mod cells;
mod columns;
mod range;

use std::path::Path;

use polars::prelude::{DataFrame, DataType};

use super::options::ReadOptions;
use crate::error::{Error, Result};
use cells::{Cells, Workbook};
use columns::SheetColumn;
use range::CellRange;

/// The table on one sheet.
pub(super) struct Sheet {
    columns: Vec<SheetColumn>,
    rows: usize,
    notes: Vec<String>,
}

impl Sheet {
    /// Reads the chosen cells of the chosen sheet, or the first that holds
    /// anything.
    ///
    /// # Errors
    /// Another kind of file, a protected or damaged one, a sheet that is not
    /// there, and one without cells or too many.
    pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        crate::foreign::guarded(path, || {
            let range = options.range.as_deref().map(CellRange::parse).transpose()?;
            let mut workbook = Workbook::open(path)?;
            let (name, cells) = chosen(&mut workbook, path, options, range.as_ref())?;
            let mut notes = Vec::new();
            let others = workbook.sheets().len();
            if options.sheet.is_none() && others > 1 {
                notes.push(format!(
                    "The workbook has {others} sheets; “{name}” was read. Choose the sheet to read another."
                ));
            }
            if workbook.has_merged_cells(&name) {
                notes.push(format!(
                    "Sheet “{name}” has merged cells. Only the first of them holds the value; the others are missing."
                ));
            }
            Self::of(cells, options, notes, path)
        })
    }

    fn of(cells: Cells, options: &ReadOptions, mut notes: Vec<String>, path: &Path) -> Result<Self> {
        let mut table = cells.dense(options.skip_rows, path)?;
        let names = options.header.then(|| table.take_first_row()).flatten();
        table.drop_rows(options.skip_after_names, options.footer);
        if table.blank_rows > 0 {
            let rows = if table.blank_rows == 1 { "1 row".to_owned() } else { format!("{} rows", table.blank_rows) };
            notes.push(format!("{rows} between others had no values and were left out."));
        }

        let mut columns = Vec::with_capacity(table.columns.len());
        for (at, cells) in table.columns.into_iter().enumerate() {
            let name = match &names {
                Some(names) => columns::text_of(&names[at]).unwrap_or_default(),
                None => format!("column_{}", at + 1),
            };
            let empty = cells.iter().all(|cell| columns::text_of(cell).is_none());
            if name.is_empty() && empty {
                // A blank column between others is spacing.
                continue;
            }
            let column = SheetColumn::of(name, cells, &options.null_values)?;
            notes.extend(column.notes.iter().cloned());
            columns.push(column);
        }
        Ok(Self { columns, rows: table.rows, notes })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows as u64
    }

    pub(super) fn columns(&self) -> Vec<(String, DataType)> {
        self.columns.iter().map(|column| (column.name.clone(), column.series.dtype().clone())).collect()
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The whole table; columns are numbered, since names may be doubled.
    pub(super) fn frame(&self) -> Result<DataFrame> {
        let numbered = self.columns.iter().enumerate().map(|(at, column)| {
            let series = column.series.clone().with_name(format!("{at}").as_str().into());
            series.into()
        });
        Ok(DataFrame::new(self.rows, numbered.collect())?)
    }
}

/// Whether the first row of the chosen cells seems to hold names.
///
/// # Errors
/// As [`Sheet::open`].
pub(super) fn has_header(path: &Path, options: &ReadOptions) -> Result<bool> {
    crate::foreign::guarded(path, || {
        let range = options.range.as_deref().map(CellRange::parse).transpose()?;
        let mut workbook = Workbook::open(path)?;
        let (_, cells) = chosen(&mut workbook, path, options, range.as_ref())?;
        let mut table = cells.dense(options.skip_rows, path)?;
        let Some(first) = table.take_first_row() else {
            return Ok(true);
        };
        Ok(columns::are_names(&first, &table.columns))
    })
}

/// The name and the cells of the sheet to read.
fn chosen(
    workbook: &mut Workbook,
    path: &Path,
    options: &ReadOptions,
    range: Option<&CellRange>,
) -> Result<(String, Cells)> {
    let sheets = workbook.sheets();
    if let Some(wanted) = &options.sheet {
        let number = wanted.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let by_name = sheets.iter().find(|sheet| *sheet == wanted);
        let Some(name) = by_name.or_else(|| sheets.get(number?)).cloned() else {
            let sentence =
                format!("The workbook has no sheet “{wanted}”. Its sheets are {}.", quoted(&sheets).join(", "));
            return Err(Error::malformed(path, None, sentence));
        };
        let cells = workbook.cells(&name, range)?;
        if cells.is_empty() {
            return Err(empty(path, &name, range));
        }
        return Ok((name, cells));
    }

    for name in &sheets {
        let cells = workbook.cells(name, range)?;
        if !cells.is_empty() {
            return Ok((name.clone(), cells));
        }
    }
    let sentence = "The workbook holds no cells with values. Choose a file with a table in it.";
    Err(Error::malformed(path, None, sentence))
}

fn empty(path: &Path, name: &str, range: Option<&CellRange>) -> Error {
    let place = if range.is_some() { "the chosen cells of sheet" } else { "sheet" };
    Error::malformed(path, None, format!("There are no values in {place} “{name}”. Choose another sheet or range."))
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("“{name}”")).collect()
}

#[cfg(test)]
mod tests;
