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
