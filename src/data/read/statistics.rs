//! Files of statistics programs: SAS, Stata and SPSS.

use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, DataType};
use polars_readstat_rs::{ReadStatFormat, ScanOptions, readstat_batch_iter, readstat_metadata_json, readstat_schema};

use super::options::Format;
use crate::error::{Error, Result};
use crate::foreign::guarded;

/// Labels of one column that a sentence shows.
const SHOWN_LABELS: usize = 3;

/// A file of a statistics program.
pub(super) struct StatisticsFile {
    path: PathBuf,
    format: ReadStatFormat,
    columns: Vec<(String, DataType)>,
    metadata: serde_json::Value,
}

/// Which statistics program wrote a file that begins so.
pub(super) fn recognize(start: &[u8]) -> Option<Format> {
    program(start).map(|format| match format {
        ReadStatFormat::Sas | ReadStatFormat::SasXpt => Format::Sas,
        ReadStatFormat::Stata => Format::Stata,
        ReadStatFormat::Spss => Format::Spss,
    })
}

fn program(start: &[u8]) -> Option<ReadStatFormat> {
    /// The middle of the 32 bytes that SAS files begin with.
    const SAS: [u8; 16] =
        [0xc2, 0xea, 0x81, 0x60, 0xb3, 0x14, 0x11, 0xcf, 0xbd, 0x92, 0x08, 0x00, 0x09, 0xc7, 0x31, 0x8c];
    if start.get(12..28) == Some(SAS.as_slice()) {
        return Some(ReadStatFormat::Sas);
    }
    if start.starts_with(b"HEADER RECORD*******LIB") {
        return Some(ReadStatFormat::SasXpt);
    }
    if start.starts_with(b"$FL2@(#)") || start.starts_with(b"$FL3@(#)") {
        return Some(ReadStatFormat::Spss);
    }
    // Before Stata 13: a release from 102 to 115, the order of bytes, and the type of the file, which is 1.
    let old_stata = matches!(start, [102..=115, 1 | 2, 1, 0, ..]);
    (start.starts_with(b"<stata_dta>") || old_stata).then_some(ReadStatFormat::Stata)
}

impl StatisticsFile {
    /// Reads what a file says of its columns.
    ///
    /// # Errors
    /// Another kind of file, or a damaged one.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut start = [0; 64];
        let read = std::fs::File::open(path)
            .and_then(|mut file| std::io::Read::read(&mut file, &mut start))
            .map_err(Error::file("Reading", path))?;
        let format = program(&start[..read]).ok_or_else(|| {
            let sentence = "This is no file of SAS, Stata or SPSS. Choose its format.";
            Error::malformed(path, None, sentence)
        })?;
        if matches!(format, ReadStatFormat::Sas) && declares_too_many_columns(path)? {
            return Err(damaged(path, "it says it has more columns than it has room for"));
        }
        guarded(path, || {
            let schema = readstat_schema(path, Some(options()), Some(format))
                .map_err(|error| damaged(path, &error.to_string()))?;
            let columns = schema.iter().map(|(name, dtype)| (name.to_string(), dtype.clone())).collect();
            // Labels are only told; a file whose labels cannot be read can still be.
            let metadata = readstat_metadata_json(path, Some(format)).unwrap_or_default();
            let metadata = serde_json::from_str(&metadata).unwrap_or_default();
            Ok(Self { path: path.to_owned(), format, columns, metadata })
        })
    }

    pub(super) fn columns(&self) -> Vec<(String, DataType)> {
        self.columns.clone()
    }

    /// Number of rows, if the file says so.
    pub(super) fn rows(&self) -> Option<u64> {
        self.metadata.get("row_count").and_then(serde_json::Value::as_u64)
    }

    /// Hands batches of rows to `take`, which says whether to go on.
    pub(super) fn each_batch(&self, take: &mut dyn FnMut(DataFrame) -> Result<bool>) -> Result<()> {
        let failed = |error: polars::prelude::PolarsError| damaged(&self.path, &error.to_string());
        let batches =
            readstat_batch_iter(&self.path, Some(options()), Some(self.format), None, None, None).map_err(failed)?;
        for batch in batches {
            if !take(batch.map_err(failed)?)? {
                break;
            }
        }
        Ok(())
    }

    /// Labels of codes, which are not imported.
    pub(super) fn notes(&self) -> Vec<String> {
        let variables = self.metadata.get("variables").and_then(serde_json::Value::as_array);
        variables.into_iter().flatten().filter_map(label_note).collect()
    }
}

/// Whether a SAS file says that it has more columns than its bytes could
/// describe. The reader takes room for all of them before it looks.
fn declares_too_many_columns(path: &Path) -> Result<bool> {
    /// What stands before the number of columns.
    const MARK: [u8; 4] = [0xf6; 4];
    /// Fewest bytes that describe a column.
    const COLUMN_BYTES: u64 = 8;
    /// The number stands on one of the first pages.
    const LOOKED_AT: u64 = 4 << 20;

    let file = std::fs::File::open(path).map_err(Error::file("Opening", path))?;
    let length = file.metadata().map_err(Error::file("Reading", path))?.len();
    let mut start = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, LOOKED_AT), &mut start)
        .map_err(Error::file("Reading", path))?;
    let (wide, little) = (start.get(32) == Some(&0x33), start.get(37) == Some(&0x01));
    let Some(mark) = memchr::memmem::find(&start, &MARK) else {
        return Ok(false);
    };

    // In files of 64 bits the mark fills eight bytes: at their beginning, or at their end.
    let behind = match (wide, little) {
        (true, true) => mark + 8,
        _ => mark + 4,
    };
    let Some(bytes) = start.get(behind..behind + if wide { 8 } else { 4 }) else {
        return Ok(false);
    };
    let digits: Vec<u8> = if little { bytes.iter().rev().copied().collect() } else { bytes.to_vec() };
    let columns = digits.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    Ok(columns > length / COLUMN_BYTES)
}

/// A sentence about the labels of one column's codes.
fn label_note(variable: &serde_json::Value) -> Option<String> {
    let name = variable.get("name")?.as_str()?;
    let labels = variable.get("value_labels")?;
    let shown = |code: &str, label: &serde_json::Value| {
        format!("{code} = {}", label.as_str().map_or_else(|| label.to_string(), str::to_owned))
    };
    let mut pairs: Vec<String> = labels.as_object()?.iter().map(|(code, label)| shown(code, label)).collect();
    if pairs.is_empty() {
        return None;
    }
    if pairs.len() > SHOWN_LABELS {
        pairs.truncate(SHOWN_LABELS);
        pairs.push("…".to_owned());
    }
    Some(format!("The codes of column “{name}” have labels ({}); the codes were kept.", pairs.join(", ")))
}

fn options() -> ScanOptions {
    ScanOptions {
        missing_string_as_null: Some(true),
        value_labels_as_strings: Some(false),
        preserve_order: Some(true),
        ..ScanOptions::default()
    }
}

fn damaged(path: &Path, reason: &str) -> Error {
    Error::malformed(path, None, format!("This file of a statistics program is damaged or cut off ({reason})."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a SAS file of 32 or 64 bits that says how many columns it has.
    fn sas(wide: bool, columns: u64) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        bytes[32] = if wide { 0x33 } else { 0x22 };
        bytes[37] = 1;
        bytes[1024..1028].fill(0xf6);
        let behind = if wide { 1032 } else { 1028 };
        bytes[behind..behind + 4].copy_from_slice(&(columns as u32).to_le_bytes());
        bytes
    }

    #[test]
    fn a_file_with_room_for_fewer_columns_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.sas7bdat");
        for wide in [false, true] {
            for (columns, too_many) in [(6, false), (512, false), (2_863_311_531, true)] {
                std::fs::write(&path, sas(wide, columns)).unwrap();
                assert_eq!(declares_too_many_columns(&path).unwrap(), too_many, "{wide} {columns}");
            }
        }
    }
}
