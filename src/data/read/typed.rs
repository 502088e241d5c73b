//! Files that carry the types of their columns: Parquet, Arrow IPC, and those of
//! statistics programs and workbooks.

use std::path::{Path, PathBuf};

use polars::prelude::{Column, DataFrame, DataType};

use super::Imported;
use super::import::Work;
use super::options::{Format, ReadOptions};
use super::partitions::Partitions;
use super::plan::{ColumnPlan, Plan};
use super::sink::Sink;
use super::statistics::StatisticsFile;
use super::workbook::Sheet;
use crate::error::{Error, Result};
use crate::foreign::arrow::ArrowTable;
use crate::foreign::{Meaning, guarded, unique_names};
use crate::grid::ParquetFile;

/// Most rows taken at once.
const ROWS: u64 = 1 << 17;
/// Most cells taken at once.
const CELLS: u64 = 16 << 20;

/// An open file that carries its own types.
enum Source {
    Parquet(ParquetFile),
    Arrow(Box<ArrowTable>),
    Statistics(StatisticsFile),
    Workbook(Sheet),
}

/// A file with the names that its columns are imported by.
pub(super) struct TypedFile {
    path: PathBuf,
    source: Source,
    pub(super) columns: Vec<TypedColumn>,
    pub(super) notes: Vec<String>,
}

/// A column as its file has it.
#[derive(Clone, Debug)]
pub(super) struct TypedColumn {
    pub(super) name: String,
    pub(super) dtype: DataType,
    pub(super) meaning: Meaning,
}

impl TypedFile {
    pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        let source = match options.format {
            Format::Parquet => Source::Parquet(ParquetFile::open(path)?),
            Format::ArrowIpc => Source::Arrow(Box::new(ArrowTable::open(path)?)),
            Format::Workbook => Source::Workbook(Sheet::open(path, options)?),
            _ => Source::Statistics(StatisticsFile::open(path)?),
        };
        let (given, mut notes) = source.columns_and_notes()?;
        let names: Vec<String> = given.iter().map(|column| column.name.clone()).collect();
        let (names, renamed) = unique_names(&names);
        notes.extend(renamed);

        let columns = given.into_iter().zip(names).map(|(column, name)| TypedColumn { name, ..column });
        Ok(Self { path: path.to_owned(), source, columns: columns.collect(), notes })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Number of rows, if the file says so at its beginning.
    fn rows(&self) -> Option<u64> {
        match &self.source {
            Source::Parquet(file) => Some(file.rows()),
            Source::Arrow(table) => table.rows,
            Source::Statistics(file) => file.rows(),
            Source::Workbook(sheet) => Some(sheet.rows()),
        }
    }

    /// Hands pieces of the table to `take`, which says whether to go on. Columns
    /// carry their names; with `only`, a Parquet file reads none but those at
    /// these positions, and the rest of the files read all.
    pub(super) fn each_piece(
        &self,
        only: Option<&[usize]>,
        take: &mut dyn FnMut(DataFrame) -> Result<bool>,
    ) -> Result<()> {
        guarded(&self.path, || match &self.source {
            Source::Parquet(file) => {
                let named = |frame| self.named(frame, only);
                for piece in self.pieces(file) {
                    if !take(named(file.read(piece, only)?)?)? {
                        break;
                    }
                }
                Ok(())
            }
            Source::Arrow(table) => table.each_batch(&mut |frame| take(self.named(frame, None)?)),
            Source::Statistics(file) => file.each_batch(&mut |frame| take(self.named(frame, None)?)),
            Source::Workbook(sheet) => take(self.named(sheet.frame()?, None)?).map(drop),
        })
    }

    /// Runs of rows to read at once; short ones where there are many columns.
    fn pieces(&self, file: &ParquetFile) -> Vec<std::ops::Range<u64>> {
        let step = (CELLS / self.columns.len().max(1) as u64).clamp(1_024, ROWS);
        let mut pieces = Vec::new();
        for page in file.pages() {
            let mut start = page.start;
            while start < page.end {
                let end = (start + step).min(page.end);
                pieces.push(start..end);
                start = end;
            }
        }
        pieces
    }

    /// Columns by position, under the names they are imported by.
    fn named(&self, frame: DataFrame, only: Option<&[usize]>) -> Result<DataFrame> {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let positions = only.unwrap_or(&all);
        if frame.width() != positions.len() {
            let sentence = "The file has other columns further on than at its beginning. Write it again.";
            return Err(Error::malformed(&self.path, None, sentence));
        }
        let height = frame.height();
        let columns = positions.iter().zip(frame.columns()).map(|(&at, column)| {
            let mut column: Column = column.clone();
            column.rename(self.columns[at].name.as_str().into());
            column
        });
        Ok(DataFrame::new(height, columns.collect())?)
    }
}

impl Source {
    fn columns_and_notes(&self) -> Result<(Vec<TypedColumn>, Vec<String>)> {
        let plain = |(name, dtype): (String, DataType)| TypedColumn { name, dtype, meaning: Meaning::Plain };
        Ok(match self {
            Self::Parquet(file) => {
                let names = file.schema().names();
                let types = file.dtypes().iter().zip(file.meanings());
                let columns = names.zip(types).map(|(name, (dtype, &meaning))| TypedColumn {
                    name: name.to_owned(),
                    dtype: dtype.clone(),
                    meaning,
                });
                (columns.collect(), file.notes().to_vec())
            }
            Self::Arrow(table) => {
                let columns = table.columns()?.into_iter().zip(&table.meanings).map(|((name, own), &meaning)| {
                    TypedColumn { name, dtype: meaning.dtype().unwrap_or(own), meaning }
                });
                (columns.collect(), table.notes.clone())
            }
            Self::Statistics(file) => (file.columns().into_iter().map(plain).collect(), file.notes()),
            Self::Workbook(sheet) => (sheet.columns().into_iter().map(plain).collect(), sheet.notes().to_vec()),
        })
    }
}

/// The first rows of a file, and what a person should know of it.
pub(super) fn head(path: &Path, options: &ReadOptions, rows: usize) -> Result<(DataFrame, Vec<String>)> {
    let file = TypedFile::open(path, options)?;
    let mut first: Option<DataFrame> = None;
    file.each_piece(None, &mut |frame| {
        let held = match first.take() {
            None => frame,
            Some(held) => held.vstack(&frame)?,
        };
        let enough = held.height() >= rows;
        first = Some(held.head(Some(rows)));
        Ok(!enough)
    })?;

    let mut plan = Plan::of(&file, options)?;
    let Some(frame) = first else {
        return Ok((plan.empty_frame()?, file.notes));
    };
    plan.look_at(&frame)?;
    let mut shaped = plan.shape(&frame, 0)?;
    let paths = [path.to_owned()];
    let partitions = Partitions::of(&paths, &plan.names(), options)?;
    partitions.extend(0, &mut shaped)?;
    let mut notes = file.notes;
    notes.extend(plan.notes());
    notes.extend(partitions.notes());
    Ok((shaped, notes))
}

/// Imports files that carry their own types.
pub(super) fn import(work: &Work) -> Result<Imported> {
    let mut files = Vec::with_capacity(work.paths.len());
    for path in work.paths {
        files.push(TypedFile::open(path, work.options)?);
    }
    let mut plan = Plan::of(&files[0], work.options)?;
    for (file, path) in files.iter().zip(work.paths).skip(1) {
        plan.join(file, path, work.options)?;
    }
    look_through(&files, &mut plan, work)?;

    let partitions = Partitions::of(work.paths, &plan.names(), work.options)?;
    let mut like = plan.empty_frame()?;
    partitions.extend(0, &mut like)?;
    let mut sink = Sink::create(work.out, &like, work.options.compression)?;
    for (number, file) in files.iter().enumerate() {
        let mut read = 0;
        file.each_piece(None, &mut |frame| {
            let before = read;
            read += frame.height() as u64;
            let mut shaped = plan.shape(&frame, before)?;
            partitions.extend(number, &mut shaped)?;
            let bytes = shaped.estimated_size();
            sink.push(shaped, bytes)?;
            let share = file.rows().map_or(0.5, |rows| read as f64 / rows.max(1) as f64);
            work.tell(number, (work.sizes[number] as f64 * share) as u64, sink.rows(), 1)?;
            Ok(true)
        })?;
    }
    if sink.rows() == 0 {
        let sentence = "The file has columns but no rows.";
        return Err(Error::malformed(&work.paths[0], None, sentence));
    }

    let mut warnings: Vec<String> = Vec::new();
    let said = files.into_iter().flat_map(|file| file.notes);
    for note in said.chain(plan.notes()).chain(partitions.notes()) {
        if !warnings.contains(&note) {
            warnings.push(note);
        }
    }
    let written = sink.finish()?;
    Ok(Imported {
        schema: written.schema,
        rows: written.rows,
        bytes: written.bytes,
        profile: written.profile,
        warnings,
    })
}

/// Looks at all values of columns whose type depends on them.
fn look_through(files: &[TypedFile], plan: &mut Plan, work: &Work) -> Result<()> {
    for (number, file) in files.iter().enumerate() {
        let open = |column: &&TypedColumn| plan.get(&column.name).is_some_and(ColumnPlan::is_open);
        let wanted: Vec<&TypedColumn> = file.columns.iter().filter(open).collect();
        if wanted.is_empty() {
            continue;
        }
        let positions: Vec<usize> =
            (0..file.columns.len()).filter(|&at| wanted.iter().any(|w| w.name == file.columns[at].name)).collect();
        file.each_piece(Some(&positions), &mut |frame| {
            plan.look_at(&frame)?;
            work.tell(number, 0, 0, 1)?;
            Ok(true)
        })?;
    }
    Ok(())
}
