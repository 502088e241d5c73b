//! Guessing how a file is to be read, from its beginning.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::{Deserialize, Serialize};

use super::csv::{Dialect, each_record};
use super::files::ending;
use super::guess::{Origin, Rules};
use super::options::{Format, ReadChoices, ReadOptions, TextEncoding};
use super::{archive, encoding, recognize, workbook};
use crate::error::{Error, Result};

/// How much of a file is looked at.
const START: usize = 1 << 18;
/// How many records are looked at.
const RECORDS: usize = 500;

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
    if sniffed.options.format.is_text() {
        sniff_text(path, &start, choices, &mut sniffed)?;
    } else if compressed {
        let sentence =
            format!("This is a compressed file of the format {}. Unpack it first.", sniffed.options.format.name());
        return Err(Error::malformed(path, None, sentence));
    }
    if sniffed.options.format == Format::Workbook {
        choices.apply(&mut sniffed.options);
        sniffed.options.header = workbook::has_header(path, &sniffed.options)?;
    }
    choices.apply(&mut sniffed.options);
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
    if found.name() != "UTF-8" && !found.name().starts_with("UTF-16") {
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
        sniff_csv(path, &complete(&text, whole), choices, sniffed)?;
    }
    Ok(())
}

/// The text without its last line, which may be cut.
fn complete(text: &str, whole: bool) -> String {
    let text = if text.contains('\n') { text.to_owned() } else { text.replace('\r', "\n") };
    match text.rfind('\n') {
        Some(at) if !whole => text[..=at].to_owned(),
        _ => text,
    }
}

fn sniff_csv(path: &Path, text: &str, choices: &ReadChoices, sniffed: &mut Sniffed) -> Result<()> {
    let options = &mut sniffed.options;
    options.delimiter = choices.delimiter.unwrap_or_else(|| delimiter(text, &ending(path)));
    let records = records(text, Dialect::new(options)?);
    let rules = Rules::new(options, true)?;
    options.header = has_header(&records, &rules);
    if !options.header {
        options.notes.push("The first row seems to hold values, not names; columns are numbered.".to_owned());
    }
    Ok(())
}

fn records(text: &str, dialect: Dialect) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    // The only error is the one that ends the walk.
    let _ = each_record(text, 1, dialect, false, |record| {
        let texts = record.fields.iter().map(|field| field.text(dialect).into_owned());
        records.push(texts.collect());
        if records.len() < RECORDS { Ok(()) } else { Err(()) }
    });
    records
}

/// The delimiter that cuts the most records into the same number of fields, at
/// least two; of equally good ones the one seldom found in text.
fn delimiter(text: &str, ending: &str) -> char {
    let tabs = matches!(ending, "tsv" | "tab");
    let mut best = (if tabs { '\t' } else { ',' }, 0.0);
    for candidate in ['\t', ';', '|', ','] {
        let dialect = Dialect { delimiter: candidate as u8, quote: Some(b'"') };
        let widths: Vec<usize> = records(text, dialect).iter().map(Vec::len).collect();
        let Some(&first) = widths.first().filter(|width| **width > 1) else {
            continue;
        };
        let same = widths.iter().filter(|width| **width == first).count();
        let share = same as f64 / widths.len() as f64;
        if share > best.1 + 0.05 {
            best = (candidate, share);
        }
    }
    best.0
}

/// The first row holds names if no field of it is a value, and if either some
/// column holds something else than text below it, or all its fields differ.
fn has_header(records: &[Vec<String>], rules: &Rules) -> bool {
    let Some((first, body)) = records.split_first() else {
        return true;
    };
    let is_value = |field: &String| rules.null(field).is_none() && rules.read(field, Origin::Bare).readings != 0;
    if first.iter().any(is_value) {
        return false;
    }
    let typed_below = body.iter().flatten().any(is_value);
    let mut names: Vec<&String> = first.iter().collect();
    names.sort_unstable();
    names.dedup();
    typed_below || (names.len() == first.len() && !body.iter().any(|row| row == first))
}
