//! Any rows of a Parquet file of any length, without loading it.
//!
//! [`Grid::rows`] decodes only the pages (runs of rows of one column) that are
//! asked for and keeps the latest in a cache of bounded size. A [`View`] (sort,
//! filter, search) is turned into an [`Index`] of row numbers once, in the
//! background, and rows are then fetched through it.

mod cache;
mod file;
mod format;
mod view;

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::{Column, DataFrame, IdxCa, IdxSize};
use rayon::prelude::*;

pub use file::ParquetFile;
pub use format::{Digits, format_number, format_value};
pub use view::{Index, SortBy, View};

use crate::error::{Error, Result};
use crate::schema::Schema;
use cache::Cache;

/// Memory that decoded pages may take, unless said otherwise.
pub const CACHE_BYTES: usize = 256 << 20;

/// A Parquet file to look at. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Grid {
    file: Arc<ParquetFile>,
    cache: Arc<Mutex<Cache>>,
}

impl Grid {
    /// Reads a Parquet file's footer.
    ///
    /// # Errors
    /// When there is no such file or it is not Parquet.
    pub fn open(path: &Path) -> Result<Self> {
        Self::with_cache(path, CACHE_BYTES)
    }

    /// [`Grid::open`] with a bound for the decoded pages kept, in bytes.
    ///
    /// # Errors
    /// As [`Grid::open`].
    pub fn with_cache(path: &Path, bytes: usize) -> Result<Self> {
        let file = Arc::new(ParquetFile::open(path)?);
        Ok(Self { file, cache: Arc::new(Mutex::new(Cache::new(bytes))) })
    }

    /// Number of rows.
    pub fn len(&self) -> u64 {
        self.file.rows()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns.
    pub fn schema(&self) -> &Schema {
        self.file.schema()
    }

    /// The file behind the grid.
    pub fn file(&self) -> &ParquetFile {
        &self.file
    }

    /// Bytes that decoded pages take at the moment.
    pub fn cached_bytes(&self) -> usize {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    /// Rows `range` (cut to the file's length) of the columns at these
    /// positions, in that order; `None` for all.
    ///
    /// # Errors
    /// When the file cannot be read, or a position does not exist.
    pub fn rows(&self, range: Range<u64>, columns: Option<&[usize]>) -> Result<DataFrame> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        let pages = self.file.pages_of(range.clone());
        let columns = self.positions(columns);
        self.load(pages.clone().flat_map(|page| columns.iter().map(move |&at| (page, at))))?;
        let built = columns.iter().map(|&at| {
            let mut whole: Option<Column> = None;
            for page in pages.clone() {
                let held = self.page(page, at)?;
                let start = self.file.pages()[page].start;
                let from = range.start.saturating_sub(start);
                let upto = range.end.min(self.file.pages()[page].end) - start;
                let part = held.slice(from as i64, upto.saturating_sub(from) as usize);
                match &mut whole {
                    None => whole = Some(part),
                    Some(column) => {
                        column.append(&part)?;
                    }
                }
            }
            whole.map_or_else(|| self.empty(at), Ok)
        });
        let built = built.collect::<Result<Vec<_>>>()?;
        Ok(DataFrame::new((range.end - range.start) as usize, built)?)
    }

    /// Rows by their numbers in an index: `rows_of(&index, 100..150, …)` are the
    /// 101st to the 150th row of the view.
    ///
    /// # Errors
    /// As [`Grid::rows`].
    pub fn rows_of(&self, index: &Index, range: Range<u64>, columns: Option<&[usize]>) -> Result<DataFrame> {
        let numbers = index.numbers(range);
        let columns = self.positions(columns);
        let mut places = Vec::with_capacity(numbers.len());
        for row in &numbers {
            let page = self.file.pages_of(*row..row + 1).start;
            places.push((page, (row - self.file.pages()[page].start) as IdxSize));
        }
        let mut pages: Vec<usize> = places.iter().map(|(page, _)| *page).collect();
        pages.sort_unstable();
        pages.dedup();
        let built: Result<Vec<Column>> = columns.par_iter().map(|&at| self.gather(at, &pages, &places)).collect();
        Ok(DataFrame::new(numbers.len(), built?)?)
    }

    /// One column at places scattered over pages.
    fn gather(&self, at: usize, pages: &[usize], places: &[(usize, IdxSize)]) -> Result<Column> {
        let mut stacked = self.empty(at)?;
        let mut order = vec![0 as IdxSize; places.len()];
        let mut taken = 0;
        for &page in pages {
            let here = places.iter().enumerate().filter(|(_, (of, _))| *of == page);
            let mut wanted = Vec::new();
            for (position, (_, row)) in here {
                order[position] = taken + wanted.len() as IdxSize;
                wanted.push(*row);
            }
            taken += wanted.len() as IdxSize;
            stacked.append(&self.page(page, at)?.take(&IdxCa::from_vec("".into(), wanted))?)?;
        }
        Ok(stacked.take(&IdxCa::from_vec("".into(), order))?)
    }

    fn positions(&self, columns: Option<&[usize]>) -> Vec<usize> {
        columns.map_or_else(|| (0..self.schema().len()).collect(), <[usize]>::to_vec)
    }

    fn empty(&self, at: usize) -> Result<Column> {
        let frame = self.file.read(0..0, Some(&[at]))?;
        frame.columns().first().cloned().ok_or_else(|| no_column(at))
    }

    /// Decodes pages that are not cached, several at once.
    fn load(&self, wanted: impl Iterator<Item = (usize, usize)>) -> Result<()> {
        let mut missing: Vec<(usize, usize)> = {
            let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            wanted.filter(|key| !cache.contains(*key)).collect()
        };
        missing.dedup();
        missing.into_par_iter().try_for_each(|(page, at)| self.page(page, at).map(drop))
    }

    /// One page, from the cache or the file.
    fn page(&self, page: usize, at: usize) -> Result<Column> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(column) = cache.get((page, at)) {
            return Ok(column);
        }
        drop(cache);
        let frame = self.file.read(self.file.pages()[page].clone(), Some(&[at]))?;
        let column = frame.columns().first().cloned().ok_or_else(|| no_column(at))?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert((page, at), column.clone());
        Ok(column)
    }
}

fn no_column(at: usize) -> Error {
    Error::invalid(format!("The table has no column number {}.", at + 1))
}

#[cfg(test)]
mod tests;
