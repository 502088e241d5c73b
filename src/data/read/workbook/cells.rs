//! The cells of a sheet, read without taking room for the blank ones.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use calamine::{Data, DataRef, Ods, Reader, SheetVisible, Xls, Xlsb, Xlsx};

use super::range::CellRange;
use crate::error::{Error, Result};
use crate::read::archive;

/// Most cells with values: about a gigabyte.
const MOST_CELLS: usize = 20_000_000;
/// Most cells of a table with its blank ones.
const MOST_PLACES: usize = 60_000_000;
/// Most bytes that a workbook may say it unpacks to.
const MOST_BYTES: u64 = 4 << 30;

type Input = BufReader<File>;

/// An open workbook.
pub(super) struct Workbook {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Xlsx(Xlsx<Input>),
    Xlsb(Xlsb<Input>),
    Xls(Xls<Input>),
    Ods(Ods<Input>),
}

/// A cell's row and column, counted from 0, and its value.
type Place = (u32, u32, Data);

/// The cells with values of one sheet.
pub(super) struct Cells {
    places: Vec<Place>,
}

/// A table of cells, column by column.
pub(super) struct Table {
    pub(super) columns: Vec<Vec<Data>>,
    pub(super) rows: usize,
    /// Rows between others that had no values.
    pub(super) blank_rows: u32,
}

impl Workbook {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let input = || File::open(path).map(BufReader::new).map_err(Error::file("Opening", path));
        let mut start = [0; 4];
        let _ = input()?.read(&mut start).map_err(Error::file("Reading", path))?;
        let kind = if start == archive::OLE_MAGIC {
            if is_encrypted(path)? {
                return Err(protected(path));
            }
            Kind::Xls(Xls::new(input()?).map_err(|error| refused(path, &error.to_string()))?)
        } else {
            let names = archive::names_in_workbook(path, MOST_BYTES)?;
            let holds = |name: &str| names.iter().any(|known| known == name);
            let failed = |error: String| refused(path, &error);
            if holds("xl/workbook.bin") {
                Kind::Xlsb(Xlsb::new(input()?).map_err(|error| failed(error.to_string()))?)
            } else if holds("content.xml") {
                Kind::Ods(Ods::new(input()?).map_err(|error| failed(error.to_string()))?)
            } else {
                Kind::Xlsx(Xlsx::new(input()?).map_err(|error| failed(error.to_string()))?)
            }
        };
        Ok(Self { path: path.to_owned(), kind })
    }

    /// Names of the sheets that hold cells, those in sight first.
    pub(super) fn sheets(&self) -> Vec<String> {
        let sheets = match &self.kind {
            Kind::Xlsx(book) => book.sheets_metadata(),
            Kind::Xlsb(book) => book.sheets_metadata(),
            Kind::Xls(book) => book.sheets_metadata(),
            Kind::Ods(book) => book.sheets_metadata(),
        };
        let with = |visible: bool| {
            let sheets = sheets.iter().filter(move |sheet| (sheet.visible == SheetVisible::Visible) == visible);
            sheets.map(|sheet| sheet.name.clone())
        };
        with(true).chain(with(false)).collect()
    }

    /// The cells of a sheet that have values and lie within the range.
    pub(super) fn cells(&mut self, sheet: &str, range: Option<&CellRange>) -> Result<Cells> {
        let path = self.path.clone();
        let mut cells = Collected { path: &path, sheet, range, places: Vec::new() };
        let failed = |error: String| refused(&path, &error);
        match &mut self.kind {
            Kind::Xlsx(book) => {
                let Ok(mut reader) = book.worksheet_cells_reader(sheet) else {
                    // A sheet of charts holds no cells.
                    return Ok(Cells { places: Vec::new() });
                };
                while let Some(cell) = reader.next_cell().map_err(|error| failed(error.to_string()))? {
                    let (row, column) = cell.get_position();
                    cells.take(row, column, || Data::from(cell.get_value().clone()))?;
                }
            }
            Kind::Xlsb(book) => {
                let Ok(mut reader) = book.worksheet_cells_reader(sheet) else {
                    return Ok(Cells { places: Vec::new() });
                };
                while let Some(cell) = reader.next_cell().map_err(|error| failed(error.to_string()))? {
                    let (row, column) = cell.get_position();
                    let value: &DataRef = cell.get_value();
                    cells.take(row, column, || Data::from(value.clone()))?;
                }
            }
            Kind::Xls(book) => {
                let sheet = book.worksheet_range(sheet).map_err(|error| failed(error.to_string()))?;
                cells.take_range(&sheet)?;
            }
            Kind::Ods(book) => {
                let sheet = book.worksheet_range(sheet).map_err(|error| failed(error.to_string()))?;
                cells.take_range(&sheet)?;
            }
        }
        Ok(Cells { places: cells.places })
    }

    /// Whether cells of a sheet are merged, as far as the format says so.
    pub(super) fn has_merged_cells(&mut self, sheet: &str) -> bool {
        match &mut self.kind {
            Kind::Xlsx(book) => book.merge_cells_by_sheet_name(sheet).is_ok_and(|merged| !merged.is_empty()),
            Kind::Xls(book) => book.merge_cells_by_sheet_name(sheet).is_ok_and(|merged| !merged.is_empty()),
            Kind::Xlsb(_) | Kind::Ods(_) => false,
        }
    }
}

/// Cells as they are gathered.
struct Collected<'a> {
    path: &'a Path,
    sheet: &'a str,
    range: Option<&'a CellRange>,
    places: Vec<Place>,
}

impl Collected<'_> {
    fn take(&mut self, row: u32, column: u32, value: impl FnOnce() -> Data) -> Result<()> {
        if self.range.is_some_and(|range| !range.contains(row, column)) {
            return Ok(());
        }
        let value = value();
        if matches!(&value, Data::Empty) || matches!(&value, Data::String(text) if text.is_empty()) {
            return Ok(());
        }
        if self.places.len() >= MOST_CELLS {
            return Err(too_large(self.path, self.sheet));
        }
        self.places.push((row, column, value));
        Ok(())
    }

    fn take_range(&mut self, sheet: &calamine::Range<Data>) -> Result<()> {
        let (top, left) = sheet.start().unwrap_or_default();
        for (row, column, value) in sheet.used_cells() {
            self.take(top + row as u32, left + column as u32, || value.clone())?;
        }
        Ok(())
    }
}

impl Cells {
    #[cfg(test)]
    pub(super) fn of_places(places: Vec<Place>) -> Self {
        Self { places }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The cells below the first `skip` rows of the sheet as a table, without
    /// blank rows.
    pub(super) fn dense(mut self, skip: u64, path: &Path) -> Result<Table> {
        self.places.retain(|(row, ..)| u64::from(*row) >= skip);
        self.places.sort_by_key(|(row, column, _)| (*row, *column));
        let mut numbers: Vec<u32> = self.places.iter().map(|(row, ..)| *row).collect();
        numbers.dedup();
        let Some((&first, &last)) = numbers.first().zip(numbers.last()) else {
            let sentence = "There are no values below the rows that are left out. Leave out fewer rows.";
            return Err(Error::malformed(path, None, sentence));
        };

        let left = self.places.iter().map(|(_, column, _)| *column).min().unwrap_or(0);
        let right = self.places.iter().map(|(_, column, _)| *column).max().unwrap_or(0);
        let width = (right - left + 1) as usize;
        if width.saturating_mul(numbers.len()) > MOST_PLACES {
            return Err(too_large(path, "the first"));
        }
        let mut columns = vec![vec![Data::Empty; numbers.len()]; width];
        let mut at = 0;
        for (row, column, value) in self.places {
            while numbers[at] < row {
                at += 1;
            }
            columns[(column - left) as usize][at] = value;
        }
        let blank_rows = (last - first + 1) - numbers.len() as u32;
        Ok(Table { columns, rows: numbers.len(), blank_rows })
    }
}

impl Table {
    /// Takes the first row away from the table.
    pub(super) fn take_first_row(&mut self) -> Option<Vec<Data>> {
        self.rows = self.rows.checked_sub(1)?;
        Some(self.columns.iter_mut().map(|column| column.remove(0)).collect())
    }

    /// Drops rows at the top and at the bottom.
    pub(super) fn drop_rows(&mut self, top: u64, bottom: u64) {
        let start = (top.min(self.rows as u64)) as usize;
        let end = self.rows - (bottom.min((self.rows - start) as u64)) as usize;
        for column in &mut self.columns {
            column.truncate(end);
            column.drain(..start);
        }
        self.rows = end - start;
    }
}

fn too_large(path: &Path, sheet: &str) -> Error {
    let sentence = format!(
        "Sheet “{sheet}” is too large to be read as a workbook. Choose a range of cells, or save the sheet as CSV."
    );
    Error::malformed(path, None, sentence)
}

/// Whether an OLE container holds an encrypted workbook, whose stream is named in UTF-16.
fn is_encrypted(path: &Path) -> Result<bool> {
    /// The directory of streams lies near the beginning, or near the end.
    const LOOKED_AT: u64 = 16 << 20;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Error::file("Opening", path))?;
    file.take(LOOKED_AT).read_to_end(&mut bytes).map_err(Error::file("Reading", path))?;
    Ok(memchr::memmem::find(&bytes, &name).is_some())
}

fn protected(path: &Path) -> Error {
    let sentence = "The workbook is protected by a password. Save it without one.";
    Error::malformed(path, None, sentence)
}

fn refused(path: &Path, reason: &str) -> Error {
    if reason.to_lowercase().contains("password") {
        return protected(path);
    }
    Error::malformed(path, None, format!("This workbook is damaged, or is none ({reason})."))
}
