//! Files of any common format into one Parquet file.
//!
//! ```text
//! ReadChoices (a person's) ──┐
//!            sniff_with(path, choices) → ReadOptions → preview(path, options)
//!                                                   → import(paths, options, out)
//! ```
//!
//! Files that carry types (Parquet, Arrow IPC, workbooks, statistics programs)
//! keep them, brought into the few that [`crate::normalize`] names. Delimited
//! text and JSON go through this crate's own reader: it splits a file into
//! blocks of whole records, parses blocks in parallel, and knows the line of
//! everything it complains about. What a column is, all of its rows decide: the
//! beginning gives a first plan; where a later row overturns it, the rest of the
//! file is looked through for more of the kind, and the file is read again. What
//! can be read in two ways is read in the one that loses nothing, and said.
//! Memory is bounded by a few blocks and one row group, whatever the file's
//! size.

mod archive;
mod blocks;
mod columns;
mod csv;
mod decide;
mod encoding;
mod evidence;
mod fields;
mod files;
mod guess;
mod header;
mod import;
mod json;
mod layout;
mod moment;
mod notes;
mod number;
mod options;
mod partitions;
mod pattern;
mod plan;
mod preview;
mod reading;
mod recognize;
mod sink;
mod sniff;
mod statistics;
mod table;
mod typed;
mod workbook;

use std::path::PathBuf;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

pub use fields::{FieldChoice, FieldEditor, READ_FIELDS, ReadField, importable_kinds};
pub use files::{bare_name, expand, table_endings};
pub use import::import;
pub use options::{Compression, Format, Mark, Ragged, ReadChoices, ReadOptions, TextEncoding};
pub use preview::preview;
pub use sniff::{Sniffed, sniff, sniff_with};

use crate::profile::Profile;
use crate::schema::Schema;

/// The first rows of a file as it would be imported.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Columns, guessed from the rows shown and a little beyond.
    pub schema: Schema,
    /// The first rows.
    pub rows: DataFrame,
    /// What a person should know, each a sentence.
    pub warnings: Vec<String>,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Which file is being read, counted from 0.
    pub file: usize,
    /// Its path.
    pub path: PathBuf,
    /// Bytes read of all files, as they lie on disk.
    pub bytes: u64,
    /// Bytes of all files on disk.
    pub total_bytes: u64,
    /// Rows written.
    pub rows: u64,
    /// 1 for the first reading; more after a type had to be widened.
    pub pass: u32,
}

impl Progress {
    /// The share done, 0 to 1.
    pub fn share(&self) -> f64 {
        if self.total_bytes == 0 {
            return 0.0;
        }
        (self.bytes as f64 / self.total_bytes as f64).min(1.0)
    }
}

/// A finished import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// The columns written.
    pub schema: Schema,
    /// Rows written.
    pub rows: u64,
    /// Size of the Parquet file in bytes.
    pub bytes: u64,
    /// Statistics of every column.
    pub profile: Profile,
    /// What a person should know, each a sentence.
    pub warnings: Vec<String>,
}

#[cfg(test)]
mod roundtrip_tests;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod typed_tests;
