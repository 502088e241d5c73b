//! A Parquet file and its pages.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, DataType, FileMetadataRef, ParallelStrategy, ParquetReader, SchemaExt, SerReader};

use crate::error::{Error, Result};
use crate::foreign::{Meaning, guarded, parquet};
use crate::schema::{Column, Schema};

/// Most rows of a page; longer row groups are cut.
const PAGE_ROWS: u64 = 1 << 17;

/// A Parquet file whose footer has been read.
pub struct ParquetFile {
    path: PathBuf,
    metadata: FileMetadataRef,
    schema: Schema,
    /// Types of the columns as they are read.
    dtypes: Vec<DataType>,
    meanings: Vec<Meaning>,
    notes: Vec<String>,
    pages: Vec<Range<u64>>,
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// When there is no such file or it is not Parquet.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::file("Opening", path))?;
        let mut magic = [0; 4];
        let read = file.read(&mut magic).map_err(Error::file("Reading", path))?;
        if read < 4 || &magic != b"PAR1" {
            let sentence = "This is not a Parquet file: it does not begin with “PAR1”.";
            return Err(Error::malformed(path, None, sentence));
        }
        let footer = parquet::open(&mut file, path)?;
        let groups = footer.metadata.row_groups.iter().map(|group| group.num_rows() as u64);
        let pages = pages(groups);
        let dtypes = guarded(path, || Ok(polars::prelude::Schema::from_arrow_schema(&footer.schema)))?;
        let of_meaning = |(meaning, own): (&Meaning, &DataType)| meaning.dtype().unwrap_or_else(|| own.clone());
        let dtypes: Vec<DataType> = footer.meanings.iter().zip(dtypes.iter_values()).map(of_meaning).collect();
        let names = footer.schema.iter_names().map(|name| name.as_str());
        Ok(Self {
            path: path.to_owned(),
            schema: names.zip(&dtypes).map(|(name, dtype)| Column::of(name, dtype)).collect(),
            metadata: footer.metadata,
            dtypes,
            meanings: footer.meanings,
            notes: footer.notes,
            pages,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.metadata.num_rows as u64
    }

    /// The columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Types of the columns as they are read, in order.
    pub(crate) fn dtypes(&self) -> &[DataType] {
        &self.dtypes
    }

    /// What the columns' bytes stand for, in order.
    pub(crate) fn meanings(&self) -> &[Meaning] {
        &self.meanings
    }

    /// What a person should know of how the file is read, each a sentence.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Runs of rows that are decoded at once: row groups, cut where they are
    /// very long.
    pub fn pages(&self) -> &[Range<u64>] {
        &self.pages
    }

    /// The pages that hold any of these rows.
    pub(super) fn pages_of(&self, rows: Range<u64>) -> Range<usize> {
        if rows.is_empty() {
            return 0..0;
        }
        let first = self.pages.partition_point(|page| page.end <= rows.start);
        let last = self.pages.partition_point(|page| page.start < rows.end);
        first..last
    }

    /// Decodes rows of the columns at these positions, in that order; `None`
    /// for all.
    ///
    /// # Errors
    /// When the file cannot be read, or a position does not exist.
    pub fn read(&self, rows: Range<u64>, columns: Option<&[usize]>) -> Result<DataFrame> {
        let file = File::open(&self.path).map_err(Error::file("Opening", &self.path))?;
        let names: Option<Vec<String>> = columns.map(|positions| {
            let known = positions.iter().filter_map(|&at| self.schema.columns.get(at));
            known.map(|column| column.name.clone()).collect()
        });
        let mut reader = ParquetReader::new(file)
            .read_parallel(if columns.is_some_and(|columns| columns.len() == 1) {
                ParallelStrategy::None
            } else {
                ParallelStrategy::Auto
            })
            .with_slice(Some((rows.start as usize, (rows.end - rows.start) as usize)))
            .with_columns(names.clone());
        reader.set_metadata(self.metadata.clone());
        guarded(&self.path, || {
            let frame = reader.finish()?;
            let frame = match names {
                Some(names) => frame.select(names)?,
                None => frame,
            };
            self.meant(frame, columns)
        })
    }
}

impl ParquetFile {
    /// Columns that were read as bytes, as what they stand for.
    fn meant(&self, frame: DataFrame, columns: Option<&[usize]>) -> Result<DataFrame> {
        if self.meanings.iter().all(|meaning| *meaning == Meaning::Plain) {
            return Ok(frame);
        }
        let all: Vec<usize> = (0..self.meanings.len()).collect();
        let positions = columns.unwrap_or(&all);
        let meant = positions.iter().zip(frame.columns()).map(|(&at, column)| self.meanings[at].apply(column));
        Ok(DataFrame::new(frame.height(), meant.collect::<Result<Vec<_>>>()?)?)
    }
}

fn pages(groups: impl Iterator<Item = u64>) -> Vec<Range<u64>> {
    let mut pages = Vec::new();
    let mut start = 0;
    for rows in groups {
        let end = start + rows;
        // Cut into equal parts, so that no page is a sliver.
        let parts = rows.div_ceil(PAGE_ROWS).max(1);
        let step = rows.div_ceil(parts);
        while start < end {
            let next = (start + step).min(end);
            pages.push(start..next);
            start = next;
        }
    }
    pages
}
