//! Files that carry their own types: Parquet and Arrow IPC.

use std::path::Path;

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, IpcReader, LazyFrame, PlRefPath, SerReader, len};

use super::Imported;
use super::import::Work;
use super::options::{Format, ReadOptions};
use super::sink::Sink;
use crate::error::{Error, Result};
use crate::grid::ParquetFile;
use crate::prepare::convert;
use crate::schema::{Kind, Schema};

/// Most rows taken at once.
const ROWS: u64 = 1 << 17;
/// Most cells taken at once.
const CELLS: u64 = 16 << 20;

/// A file that carries its own types.
enum Typed {
    Parquet(ParquetFile),
    Arrow { path: std::path::PathBuf, rows: u64, schema: Schema },
}

impl Typed {
    fn open(path: &Path, format: Format) -> Result<Self> {
        if format == Format::Parquet {
            return Ok(Self::Parquet(ParquetFile::open(path)?));
        }
        let broken = |e: polars::prelude::PolarsError| {
            let sentence = format!("This is not an Arrow IPC file, or it is damaged ({e}).");
            Error::malformed(path, None, sentence)
        };
        let file = std::fs::File::open(path).map_err(Error::file("Opening", path))?;
        let schema = IpcReader::new(file).schema().map_err(broken)?;
        let polars_schema = <polars::prelude::Schema as polars::prelude::SchemaExt>::from_arrow_schema(&schema);
        let rows = scan(path)?.select([len().alias("rows")]).collect().map_err(broken)?;
        let rows = rows.column("rows")?.cast(&DataType::UInt64)?.u64()?.get(0).unwrap_or(0);
        let schema = Schema::from_polars(&polars_schema);
        Ok(Self::Arrow { path: path.to_owned(), rows, schema })
    }

    fn rows(&self) -> u64 {
        match self {
            Self::Parquet(file) => file.rows(),
            Self::Arrow { rows, .. } => *rows,
        }
    }

    fn schema(&self) -> &Schema {
        match self {
            Self::Parquet(file) => file.schema(),
            Self::Arrow { schema, .. } => schema,
        }
    }

    /// Runs of rows to read at once; short ones where there are many columns.
    fn pieces(&self) -> Vec<std::ops::Range<u64>> {
        let step = (CELLS / self.schema().len().max(1) as u64).clamp(1_024, ROWS);
        let cut = |run: std::ops::Range<u64>| {
            let end = run.end;
            run.step_by(step as usize).map(move |at| at..(at + step).min(end))
        };
        match self {
            Self::Parquet(file) => file.pages().iter().cloned().flat_map(cut).collect(),
            Self::Arrow { rows, .. } => cut(0..*rows).collect(),
        }
    }

    fn read(&self, rows: std::ops::Range<u64>) -> Result<DataFrame> {
        match self {
            Self::Parquet(file) => file.read(rows, None),
            Self::Arrow { path, .. } => {
                let frame = scan(path)?.slice(rows.start as i64, (rows.end - rows.start) as _);
                Ok(frame.collect()?)
            }
        }
    }
}

fn scan(path: &Path) -> Result<LazyFrame> {
    let text = path
        .to_str()
        .ok_or_else(|| Error::malformed(path, None, "The name of this file is not Unicode. Rename it."))?;
    Ok(LazyFrame::scan_ipc(PlRefPath::new(text), Default::default(), Default::default())?)
}

/// The first rows of a file.
pub(super) fn head(path: &Path, options: &ReadOptions, rows: usize) -> Result<DataFrame> {
    let file = Typed::open(path, options.format)?;
    let kinds = wanted(std::slice::from_ref(&file), &[path.to_owned()], options)?;
    shaped(file.read(0..file.rows().min(rows as u64))?, &kinds)
}

/// Imports files that carry their own types.
pub(super) fn import(work: &Work) -> Result<Imported> {
    let open = |path: &std::path::PathBuf| Typed::open(path, work.options.format);
    let files = work.paths.iter().map(open).collect::<Result<Vec<_>>>()?;
    let kinds = wanted(&files, work.paths, work.options)?;
    let like = shaped(files[0].read(0..0)?, &kinds)?;
    let mut sink = Sink::create(work.out, &like, work.options.compression)?;
    for (number, file) in files.iter().enumerate() {
        for piece in file.pieces() {
            let share = piece.end as f64 / file.rows().max(1) as f64;
            let mut frame = shaped(file.read(piece)?, &kinds)?;
            agree(&mut frame, &like)?;
            let bytes = frame.estimated_size();
            sink.push(frame, bytes)?;
            let read = (work.sizes[number] as f64 * share) as u64;
            work.tell(number, read, sink.rows(), 1)?;
        }
    }
    if sink.rows() == 0 {
        let sentence = "The file has columns but no rows.";
        return Err(Error::malformed(&work.paths[0], None, sentence));
    }
    let written = sink.finish()?;
    Ok(Imported {
        schema: written.schema,
        rows: written.rows,
        bytes: written.bytes,
        profile: written.profile,
        warnings: Vec::new(),
    })
}

/// Names with the kinds they must be converted to, in the first file's order.
type Wanted = Vec<(String, Option<Kind>)>;

fn wanted(files: &[Typed], paths: &[std::path::PathBuf], options: &ReadOptions) -> Result<Wanted> {
    let first = files[0].schema();
    for name in options.kinds.keys() {
        first.require(name)?;
    }
    let mut wanted: Wanted =
        first.columns.iter().map(|column| (column.name.clone(), options.kinds.get(&column.name).copied())).collect();
    for (file, path) in files.iter().zip(paths).skip(1) {
        let disagree = |sentence: String| Err(Error::malformed(path, None, sentence));
        if let Some(extra) = file.schema().names().find(|name| !first.contains(name)) {
            return disagree(format!("The file has a column “{extra}” that the first file lacks."));
        }
        for (name, kind) in &mut wanted {
            let Some(column) = file.schema().get(name) else {
                return disagree(format!("The file has no column “{name}”, which the first has."));
            };
            let expected = first.require(name)?.kind;
            if column.kind == expected || kind.is_some() {
                continue;
            }
            if !(column.kind.is_numeric() && expected.is_numeric()) {
                return disagree(format!(
                    "Column “{name}” is {} here and {} in the first file. Choose one type for it.",
                    column.kind.phrase(),
                    expected.phrase()
                ));
            }
            *kind = Some(Kind::Real);
        }
    }
    Ok(wanted)
}

/// The wanted columns, in order, of the wanted kinds.
fn shaped(frame: DataFrame, wanted: &Wanted) -> Result<DataFrame> {
    let columns = wanted.iter().map(|(name, kind)| {
        let column = plain(frame.column(name)?)?;
        Ok(match kind {
            Some(kind) if Kind::of(column.dtype()) != *kind => convert(&column, *kind)?.into_column(),
            _ => column,
        })
    });
    Ok(DataFrame::new(frame.height(), columns.collect::<Result<Vec<_>>>()?)?)
}

/// Times with a zone in UTC without one, and columns of nothing as text.
fn plain(column: &Column) -> Result<Column> {
    Ok(match column.dtype() {
        DataType::Datetime(unit, Some(_)) => {
            let physical = column.as_materialized_series().to_physical_repr().into_owned();
            physical.cast(&DataType::Datetime(*unit, None))?.into_column()
        }
        DataType::Null => column.cast(&DataType::String)?,
        _ => column.clone(),
    })
}

/// Later files may store a kind more narrowly or widely than the first.
fn agree(frame: &mut DataFrame, like: &DataFrame) -> Result<()> {
    for expected in like.columns() {
        let column = frame.column(expected.name())?;
        if column.dtype() != expected.dtype() {
            let cast = column.strict_cast(expected.dtype()).map_err(|_| {
                Error::invalid(format!(
                    "Column “{}” holds values in a later file that do not fit {} of the first. \
                     Choose a type for it.",
                    expected.name(),
                    expected.dtype()
                ))
            })?;
            frame.with_column(cast)?;
        }
    }
    Ok(())
}
