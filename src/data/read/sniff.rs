//! Guessing how a file is to be read, from its beginning.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};

use super::encoding::{self, ends_in_carriage_returns};
use super::files::ending;
use super::layout::{self, Beginning};
use super::options::{Format, ReadChoices, ReadOptions, TextEncoding};
use super::{archive, recognize, workbook};
use crate::error::{Error, Result};

/// How much of a file is looked at.
const START: usize = 1 << 18;
/// How much of its end.
const TAIL: u64 = 1 << 16;

/// What a file seems to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sniffed {
    /// How to read it.
    pub options: ReadOptions,
    /// Whether it is compressed, or in a ZIP archive.
    pub compressed: bool,
    /// Its size on disk in bytes.
    pub bytes: u64,
}

/// Guesses how a file is to be read: its format by its content, then encoding,
/// delimiter, header, decimal comma and date order.
///
/// # Errors
/// A missing or empty file, a binary one, or one of a kind that is no table; each
/// says what to do.
pub fn sniff(path: &Path) -> Result<Sniffed> {
    sniff_with(path, &ReadChoices::default())
}

/// Guesses what was not chosen about reading a file, with what was chosen in
/// force.
///
/// # Errors
/// As [`sniff`]; and choices that no file could be read with.
pub fn sniff_with(path: &Path, choices: &ReadChoices) -> Result<Sniffed> {
    let metadata = std::fs::metadata(path).map_err(Error::file("Opening", path))?;
    if metadata.is_dir() {
        let sentence = "This is a folder. Choose the files in it, or expand it first.";
        return Err(Error::malformed(path, None, sentence));
    }
    let compressed = archive::is_packed(path)?;
    let members = archive::members(path, choices.entry.as_deref())?;
    let path = members.first().map_or(path, |first| first.as_path());
    let start = start_of(path)?;
    let mut sniffed = Sniffed { options: ReadOptions::default(), compressed, bytes: metadata.len() };
    sniffed.options.format = recognize::format(path, &start)?;
    choices.apply(&mut sniffed.options);
    if sniffed.options.format.is_text() {
        sniff_text(path, &start, choices, &mut sniffed)?;
    } else if compressed {
        let sentence =
            format!("This is a compressed file of the format {}. Unpack it first.", sniffed.options.format.name());
        return Err(Error::malformed(path, None, sentence));
    }
    if sniffed.options.format == Format::Workbook && choices.header.is_none() {
        sniffed.options.header = workbook::has_header(path, &sniffed.options)?;
    }
    Ok(sniffed)
}

/// The beginning of a file, decompressed.
fn start_of(path: &Path) -> Result<Vec<u8>> {
    let source = archive::open(path, Arc::new(AtomicU64::new(0)))?;
    let mut start = Vec::new();
    source.take(START as u64).read_to_end(&mut start).map_err(|error| archive::unreadable(path, error))?;
    if start.is_empty() {
        return Err(empty(path));
    }
    Ok(start)
}

pub(super) fn empty(path: &Path) -> Error {
    Error::malformed(path, None, "The file is empty. Choose a file with a table in it.")
}

fn sniff_text(path: &Path, start: &[u8], choices: &ReadChoices, sniffed: &mut Sniffed) -> Result<()> {
    let whole = start.len() < START;
    let found = match &choices.encoding {
        Some(chosen) => encoding::find(chosen)?,
        None => encoding::detect(start, whole),
    };
    let zeros = memchr::memchr(0, start).is_some();
    if zeros && !found.name().starts_with("UTF-16") {
        let sentence = "This looks like a binary file, not text: it holds zero bytes. Check that \
                        it is the right file.";
        return Err(Error::malformed(path, None, sentence));
    }
    let (text, _, replaced) = found.decode(start);
    sniffed.options.encoding = TextEncoding(found.name().to_owned());
    if choices.encoding.is_none() && found.name() != "UTF-8" && !found.name().starts_with("UTF-16") {
        sniffed
            .options
            .notes
            .push(format!("The encoding seems to be {}. Check letters such as é or ü in the preview.", found.name()));
    }
    let odd = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    if odd * 20 > text.chars().count() || (replaced && whole && odd > 0) {
        let sentence = "This looks like a binary file, not text. Check that it is the right file.";
        return Err(Error::malformed(path, None, sentence));
    }
    if text.trim().is_empty() {
        return Err(empty(path));
    }
    if sniffed.options.format == Format::Csv {
        let tail = if whole { None } else { tail_of(path, found, sniffed.compressed) };
        let text = complete(&text, whole);
        let start = Beginning { text: &text, whole, ending: &ending(path), tail: tail.as_deref() };
        layout::guess(&start, choices, &mut sniffed.options)?;
    }
    Ok(())
}

/// The text without its last line, which may be cut.
fn complete(text: &str, whole: bool) -> String {
    let carriage_returns = ends_in_carriage_returns(text.as_bytes(), Some(b'"'));
    let text = if carriage_returns { text.replace('\r', "\n") } else { text.to_owned() };
    match text.rfind('\n') {
        Some(at) if !whole => text[..=at].to_owned(),
        _ => text,
    }
}

/// The last lines of a longer file that is not compressed.
fn tail_of(path: &Path, encoding: &'static Encoding, compressed: bool) -> Option<String> {
    if compressed {
        return None;
    }
    let mut file = std::fs::File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    // An even distance keeps the halves of UTF-16 together.
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL) & !1)).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL + 1).read_to_end(&mut bytes).ok()?;
    let (text, _) = encoding.decode_without_bom_handling(&bytes);
    Some(text.into_owned())
}
