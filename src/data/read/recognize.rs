//! Which format a file has, by its first bytes; names only decide between kinds
//! of text.

use std::path::Path;

use super::archive::{self, OLE_MAGIC, Packing};
use super::files::ending;
use super::options::Format;
use super::statistics;
use crate::error::{Error, Result};
use crate::foreign::arrow::FILE_MAGIC;

/// The format of a file that is no text, or of text by its name. `start` is its
/// beginning, unpacked.
///
/// # Errors
/// A file of a kind that is no table, with what to do.
pub(super) fn format(path: &Path, start: &[u8]) -> Result<Format> {
    if let Some(format) = binary(path, start)? {
        return Ok(format);
    }
    let refuse = |what: &str| Err(Error::malformed(path, None, what.to_owned()));
    let letter = start.iter().find(|byte| !byte.is_ascii_whitespace() && byte.is_ascii());
    match (ending(path).as_str(), letter) {
        ("json" | "jsonl" | "ndjson", _) | ("txt" | "", Some(b'{')) => Ok(Format::JsonLines),
        ("parquet" | "pq", _) => refuse("This is not a Parquet file: it does not begin with “PAR1”."),
        ("arrow" | "arrows" | "ipc" | "feather", _) => {
            refuse("This is not an Arrow IPC file or stream. Check that it is the right file.")
        }
        _ => Ok(Format::Csv),
    }
}

/// The format of a file that says what it is.
fn binary(path: &Path, start: &[u8]) -> Result<Option<Format>> {
    let refuse = |what: &str| Err(Error::malformed(path, None, what.to_owned()));
    if start.starts_with(b"PAR1") {
        return Ok(Some(Format::Parquet));
    }
    if start.starts_with(b"PARE") {
        return refuse("This Parquet file is encrypted. Save it without encryption.");
    }
    if start.starts_with(FILE_MAGIC) || is_arrow_stream(start) {
        return Ok(Some(Format::ArrowIpc));
    }
    if start.starts_with(b"FEA1") {
        return refuse("This is a Feather file of the first version. Save it again as Arrow IPC (Feather 2).");
    }
    if start.starts_with(&OLE_MAGIC) {
        return Ok(Some(Format::Workbook));
    }
    if Packing::of(start) == Packing::Zip && archive::is_workbook(path)? {
        return Ok(Some(Format::Workbook));
    }
    if start.starts_with(b"SQLite format 3") {
        return refuse("This is an SQLite database. Export the table as CSV first.");
    }
    if start.get(257..262) == Some(b"ustar") {
        return refuse("This is a tar archive. Unpack it, and choose the files in it.");
    }
    if start.starts_with(b"\x89HDF") {
        return refuse("This is an HDF5 file. Save its table as Parquet or CSV.");
    }
    if start.starts_with(b"ORC") && start.get(3).is_some_and(|byte| !byte.is_ascii_graphic() && *byte != b' ') {
        return refuse("This is an ORC file. Save its table as Parquet or CSV.");
    }
    if start.starts_with(b"Obj\x01") {
        return refuse("This is an Avro file. Save its table as Parquet or CSV.");
    }
    Ok(statistics::recognize(start))
}

/// A stream of Arrow begins with a mark, and the length of the schema's message.
fn is_arrow_stream(start: &[u8]) -> bool {
    let [0xff, 0xff, 0xff, 0xff, a, b, c, d, ..] = start else {
        return false;
    };
    let length = i32::from_le_bytes([*a, *b, *c, *d]);
    (1..1 << 28).contains(&length)
}
