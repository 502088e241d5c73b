//! A Parquet file and its pages.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, FileMetadataRef, ParallelStrategy, ParquetReader, SchemaExt, SerReader};

use crate::error::{Error, Result};
use crate::schema::Schema;

/// Most rows of a page; longer row groups are cut.
const PAGE_ROWS: u64 = 1 << 17;

/// A Parquet file whose footer has been read.
pub struct ParquetFile {
    path: PathBuf,
    metadata: FileMetadataRef,
    schema: Schema,
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
        let mut reader = ParquetReader::new(file);
        let broken = |e: polars::prelude::PolarsError| {
            let sentence = format!("This Parquet file is damaged or cut off ({e}).");
            Error::malformed(path, None, sentence)
        };
        let arrow = reader.schema().map_err(broken)?;
        let metadata = reader.get_metadata().map_err(broken)?.clone();
        let schema = polars::prelude::Schema::from_arrow_schema(&arrow);
        let groups = metadata.row_groups.iter().map(|group| group.num_rows() as u64);
        Ok(Self { path: path.to_owned(), pages: pages(groups), metadata, schema: Schema::from_polars(&schema) })
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
        let frame = reader.finish()?;
        Ok(match names {
            Some(names) => frame.select(names)?,
            None => frame,
        })
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
