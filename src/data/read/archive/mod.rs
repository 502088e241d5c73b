//! Compressed files and ZIP archives, unpacked as they are read.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bzip2::read::MultiBzDecoder;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use super::files;
use crate::error::{Error, Result};

/// What ZIP archives, and with them most workbooks, begin with.
pub(super) const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";
/// A ZIP archive of nothing.
const EMPTY_ZIP_MAGIC: [u8; 4] = *b"PK\x05\x06";
/// What the containers of older workbooks begin with.
pub(super) const OLE_MAGIC: [u8; 4] = [0xD0, 0xCF, 0x11, 0xE0];

/// How a file is packed, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Zip,
}

impl Packing {
    pub(super) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            start if start.starts_with(&ZIP_MAGIC) || start.starts_with(&EMPTY_ZIP_MAGIC) => Self::Zip,
            _ => Self::None,
        }
    }
}

/// Counts the bytes taken from a file, before they are unpacked.
struct Counted {
    file: File,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Whether a file has to be unpacked; a workbook is read as it is.
pub(super) fn is_packed(path: &Path) -> Result<bool> {
    Ok(match Packing::of(&first_bytes(path)?) {
        Packing::None => false,
        Packing::Zip => !is_workbook(path)?,
        _ => true,
    })
}

/// The first bytes of a file.
pub(super) fn first_bytes(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(Error::file("Opening", path))?;
    let mut start = Vec::new();
    file.take(64).read_to_end(&mut start).map_err(Error::file("Reading", path))?;
    Ok(start)
}

/// A file's bytes, unpacked. A path into an archive (`t.zip/a.csv`) names a file
/// within it.
///
/// # Errors
/// A missing file; an archive of several files; one that is encrypted or packed
/// in a way that is not known.
pub(super) fn open(path: &Path, count: Arc<AtomicU64>) -> Result<Box<dyn Read + Send>> {
    if let Some((archive, entry)) = within(path) {
        return open_entry(&archive, &entry, count);
    }
    let packing = Packing::of(&first_bytes(path)?);
    if packing == Packing::Zip && !is_workbook(path)? {
        let [entry] = &entries(path)?[..] else {
            let sentence = "This ZIP archive holds several files. Choose one of them.";
            return Err(Error::malformed(path, None, sentence));
        };
        return open_entry(path, entry, count);
    }
    let file = File::open(path).map_err(Error::file("Opening", path))?;
    unpacked(path, Counted { file, count }, packing)
}

fn unpacked<R: Read + Send + 'static>(path: &Path, source: R, packing: Packing) -> Result<Box<dyn Read + Send>> {
    Ok(match packing {
        Packing::None | Packing::Zip => Box::new(source),
        Packing::Gzip => Box::new(MultiGzDecoder::new(source)),
        Packing::Bzip2 => Box::new(MultiBzDecoder::new(source)),
        Packing::Xz => Box::new(liblzma::read::XzDecoder::new_multi_decoder(source)),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(source).map_err(Error::file("Opening", path))?;
            // Files may be packed with a window of up to 2 GiB; 128 MiB is what zstd allows by default.
            decoder.window_log_max(27).map_err(Error::file("Opening", path))?;
            Box::new(decoder)
        }
    })
}

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    index: usize,
    bytes: u64,
}

/// The archive and the file in it that a path names, if it leads into an archive.
fn within(path: &Path) -> Option<(PathBuf, Entry)> {
    if path.exists() {
        return None;
    }
    let archive = path.ancestors().skip(1).find(|ancestor| ancestor.is_file())?;
    let name = path.strip_prefix(archive).ok()?.to_string_lossy().into_owned();
    let entry = entries(archive).ok()?.into_iter().find(|entry| entry.name == name)?;
    Some((archive.to_owned(), entry))
}

/// The bytes that a file takes on disk; of one within an archive, its own.
pub(super) fn size_on_disk(path: &Path) -> Result<u64> {
    match within(path) {
        Some((_, entry)) => Ok(entry.bytes),
        None => Ok(std::fs::metadata(path).map_err(Error::file("Opening", path))?.len()),
    }
}

/// The files to read for a path: of a ZIP archive those in it, or the chosen one;
/// of others themselves.
///
/// # Errors
/// An archive without files, or without the chosen one.
pub(super) fn members(path: &Path, chosen: Option<&str>) -> Result<Vec<PathBuf>> {
    let plain = || Ok(vec![path.to_owned()]);
    if path.is_dir() || !path.exists() || Packing::of(&first_bytes(path)?) != Packing::Zip || is_workbook(path)? {
        return plain();
    }
    let entries = entries(path)?;
    let Some(chosen) = chosen else {
        let all: Vec<PathBuf> = entries.iter().map(|entry| path.join(&entry.name)).collect();
        return tables_in(path, all);
    };
    let found = entries
        .iter()
        .find(|entry| entry.name == chosen)
        .or_else(|| entries.iter().find(|entry| Path::new(&entry.name).file_name().is_some_and(|name| name == chosen)));
    match found {
        Some(entry) => Ok(vec![path.join(&entry.name)]),
        None => {
            let names: Vec<String> = entries.iter().take(10).map(|entry| format!("“{}”", entry.name)).collect();
            let sentence = format!("The archive has no file “{chosen}”. It holds {}.", names.join(", "));
            Err(Error::malformed(path, None, sentence))
        }
    }
}

/// The tables among an archive's files, which have to be of one format.
fn tables_in(path: &Path, all: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let tables = files::tables_of(&all);
    let tables = if tables.is_empty() { all } else { tables };
    let endings: std::collections::BTreeSet<String> = tables.iter().map(|table| files::ending(table)).collect();
    if endings.len() > 1 {
        let names: Vec<String> = tables
            .iter()
            .filter_map(|table| table.strip_prefix(path).ok())
            .take(10)
            .map(|name| format!("“{}”", name.display()))
            .collect();
        let sentence =
            format!("The archive holds files of several formats ({}). Choose the one to read.", names.join(", "));
        return Err(Error::malformed(path, None, sentence));
    }
    Ok(tables)
}

fn archive(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = File::open(path).map_err(Error::file("Opening", path))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(path, &error.to_string()))
}

/// The files of an archive in its order, without folders and what programs add
/// to them.
fn entries(path: &Path) -> Result<Vec<Entry>> {
    let mut archive = archive(path)?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| damaged(path, &error.to_string()))?;
        let name: Cow<'_, str> = entry.name().map_err(|error| damaged(path, &error.to_string()))?;
        let added = name.starts_with("__MACOSX/") || name.rsplit('/').next().is_some_and(|last| last.starts_with('.'));
        let inside = Path::new(name.as_ref()).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside && !entry.is_dir() {
            let sentence = format!("The archive holds a file “{name}”, whose name leads out of it. Unpack it by hand.");
            return Err(Error::malformed(path, None, sentence));
        }
        if !entry.is_dir() && !added {
            entries.push(Entry { name: name.into_owned(), index, bytes: entry.compressed_size() });
        }
    }
    if entries.is_empty() {
        return Err(Error::malformed(path, None, "This ZIP archive holds no files."));
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

fn open_entry(path: &Path, entry: &Entry, count: Arc<AtomicU64>) -> Result<Box<dyn Read + Send>> {
    let mut archive = archive(path)?;
    let found = archive.by_index_raw(entry.index).map_err(|error| damaged(path, &error.to_string()))?;
    if found.encrypted() {
        let sentence =
            format!("The file “{}” of this archive is protected by a password. Unpack it first.", entry.name);
        return Err(Error::malformed(path, None, sentence));
    }
    let (method, length, crc) = (found.compression(), found.compressed_size(), found.crc32());
    let start = found.data_start().ok_or_else(|| damaged(path, "an entry without data"))?;
    drop(found);

    let mut file = File::open(path).map_err(Error::file("Opening", path))?;
    file.seek(SeekFrom::Start(start)).map_err(Error::file("Reading", path))?;
    let packed: Take<Counted> = Counted { file, count }.take(length);
    let unpacked: Box<dyn Read + Send> = match method {
        CompressionMethod::Stored => Box::new(packed),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed)),
        method if method == CompressionMethod::BZIP2 => unpacked(path, packed, Packing::Bzip2)?,
        method if method == CompressionMethod::ZSTD => unpacked(path, packed, Packing::Zstd)?,
        method if method == CompressionMethod::XZ => unpacked(path, packed, Packing::Xz)?,
        _ => {
            let sentence = format!(
                "The file “{}” of this archive is packed in a way that cannot be read. Unpack it first.",
                entry.name
            );
            return Err(Error::malformed(path, None, sentence));
        }
    };
    let checked = Checked { source: unpacked, found: flate2::Crc::new(), expected: crc };
    inner_packing(path, checked)
}

/// A file of an archive may be packed by itself, as `t.csv.gz` in `t.zip`.
fn inner_packing(path: &Path, mut source: Checked) -> Result<Box<dyn Read + Send>> {
    let mut start = Vec::new();
    source.by_ref().take(6).read_to_end(&mut start).map_err(|error| unreadable(path, error))?;
    let packing = Packing::of(&start);
    unpacked(path, std::io::Cursor::new(start).chain(source), packing)
}

/// Bytes whose checksum is compared when they end.
struct Checked {
    source: Box<dyn Read + Send>,
    found: flate2::Crc,
    expected: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.found.update(&buffer[..read]);
        if read == 0 && !buffer.is_empty() && self.found.sum() != self.expected {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "the checksum differs"));
        }
        Ok(read)
    }
}

/// Whether a ZIP archive is a workbook.
pub(super) fn is_workbook(path: &Path) -> Result<bool> {
    let archive = archive(path)?;
    let mut names = archive.file_names().filter_map(std::result::Result::ok);
    Ok(names.any(|name| matches!(name.as_ref(), "xl/workbook.xml" | "xl/workbook.bin" | "content.xml")))
}

/// Names of the parts of a workbook, which must not unpack to more than `most`
/// bytes.
pub(super) fn names_in_workbook(path: &Path, most: u64) -> Result<Vec<String>> {
    let mut archive = archive(path)?;
    let (mut names, mut bytes) = (Vec::new(), 0_u64);
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|error| damaged(path, &error.to_string()))?;
        bytes = bytes.saturating_add(part.size());
        names.push(part.name().map_err(|error| damaged(path, &error.to_string()))?.into_owned());
    }
    if bytes > most {
        let sentence = format!(
            "This workbook unpacks to {} GiB, which is too much to be read. Save its sheet as CSV.",
            bytes >> 30
        );
        return Err(Error::malformed(path, None, sentence));
    }
    Ok(names)
}

/// A sentence for bytes that could not be unpacked.
pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error.kind() {
        UnexpectedEof => Error::malformed(path, None, "The compressed file is cut off. Fetch it again."),
        InvalidData | InvalidInput | Other => {
            Error::malformed(path, None, format!("The compressed file is damaged ({error}). Fetch it again."))
        }
        _ => Error::file("Reading", path)(error),
    }
}

fn damaged(path: &Path, reason: &str) -> Error {
    Error::malformed(path, None, format!("This ZIP archive or workbook is damaged or cut off ({reason})."))
}

#[cfg(test)]
mod tests;
