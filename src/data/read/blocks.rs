//! A text file cut into blocks of whole records.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::csv::Dialect;
use super::encoding::TextReader;
use super::json::ObjectScan;
use super::options::{Format, ReadOptions};
use crate::error::{Error, Result};

/// Size of a block in bytes, unless a record is longer.
pub(super) const BLOCK: usize = 4 << 20;
/// Longest record.
const LONGEST: usize = 64 << 20;

/// Whole records.
pub(super) struct Block {
    pub(super) text: Vec<u8>,
    /// Line of the first record, from 1.
    pub(super) line: u64,
}

impl Block {
    /// The text, if it is text.
    pub(super) fn text(&self, path: &Path) -> Result<&str> {
        let line_of = |at: usize| self.line + newlines(&self.text[..at]);
        if let Some(at) = memchr::memchr(0, &self.text) {
            let sentence = "The file holds zero bytes, so it is not text. Check that it is the \
                            right file, or choose another format or encoding.";
            return Err(Error::malformed(path, Some(line_of(at)), sentence));
        }
        std::str::from_utf8(&self.text).map_err(|e| {
            let sentence = "The text is not UTF-8 here. Choose another encoding, such as \
                            Windows-1252.";
            Error::malformed(path, Some(line_of(e.valid_up_to())), sentence)
        })
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Cuts a file into blocks.
pub(super) struct Blocks {
    path: PathBuf,
    reader: TextReader,
    format: Format,
    /// What a line break must not stand in.
    dialect: Dialect,
    carry: Vec<u8>,
    line: u64,
    skip: u64,
    /// Records at the end of the file that are left out.
    footer: usize,
    size: usize,
}

impl Blocks {
    pub(super) fn open(path: &Path, options: &ReadOptions, count: Arc<AtomicU64>, size: usize) -> Result<Self> {
        let delimited = options.format == Format::Csv;
        let dialect = if delimited { Dialect::new(options)? } else { Dialect::lines() };
        Ok(Self {
            path: path.to_owned(),
            reader: TextReader::open(path, options, dialect.quote, count)?,
            format: options.format,
            dialect,
            carry: Vec::new(),
            line: 1,
            skip: options.skip_rows,
            footer: if delimited { usize::try_from(options.footer).unwrap_or(usize::MAX) } else { 0 },
            size,
        })
    }

    /// Whether every block was handed out.
    pub(super) fn is_done(&self) -> bool {
        self.carry.is_empty() && self.reader.ended()
    }

    /// The next block; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Block>> {
        self.skip_lines()?;
        let mut text = std::mem::take(&mut self.carry);
        let mut scan = Scan::new(self.footer);
        let mut wanted = self.size;
        let end = loop {
            self.reader.fill(&mut text, wanted)?;
            self.scan(&text, &mut scan);
            if self.reader.ended() {
                if let Some(opened) = scan.open() {
                    let line = self.line + newlines(&text[..opened]);
                    return Err(Error::malformed(&self.path, Some(line), OPEN_QUOTE));
                }
                scan.close(&text);
                text.truncate(if self.footer > 0 { scan.end() } else { text.len() });
                break text.len();
            }
            if scan.end() > 0 {
                break scan.end();
            }
            if wanted >= LONGEST {
                let line = self.line + newlines(&text[..scan.open().unwrap_or(0)]);
                let sentence = match (self.format, scan.open()) {
                    (Format::JsonLines, _) => LONG_OBJECT,
                    (_, Some(_)) => OPEN_QUOTE,
                    (_, None) => TOO_LONG,
                };
                return Err(Error::malformed(&self.path, Some(line), sentence));
            }
            wanted *= 2;
        };
        if text.is_empty() {
            return Ok(None);
        }
        self.carry = text.split_off(end);
        let line = self.line;
        self.line += newlines(&text);
        Ok(Some(Block { text, line }))
    }

    /// Leaves out the lines before the table.
    fn skip_lines(&mut self) -> Result<()> {
        while self.skip > 0 {
            self.reader.fill(&mut self.carry, self.size)?;
            match memchr::memchr(b'\n', &self.carry) {
                Some(at) => {
                    self.carry.drain(..=at);
                    self.line += 1;
                    self.skip -= 1;
                }
                None if self.reader.ended() => {
                    self.carry.clear();
                    self.skip = 0;
                }
                None => self.carry.clear(),
            }
        }
        Ok(())
    }

    /// Finds the end of the last whole record.
    fn scan(&self, text: &[u8], scan: &mut Scan) {
        let fresh = &text[scan.at..];
        if self.format == Format::JsonLines {
            if let Some(end) = scan.objects.scan(fresh) {
                scan.last_end = scan.at + end;
            }
        } else if self.footer == 0 && self.is_plain(fresh, scan.state) {
            if let Some(at) = memchr::memrchr(b'\n', fresh) {
                scan.last_end = scan.at + at + 1;
            }
            if let Some(&last) = text.last().filter(|_| !fresh.is_empty()) {
                scan.state = match last {
                    b'\n' => State::Line,
                    last if last == self.dialect.delimiter => State::Start,
                    last if Some(last) == self.dialect.escape => State::Escaped,
                    _ => State::Plain,
                };
            }
        } else {
            self.scan_records(fresh, scan);
        }
        scan.at = text.len();
    }

    /// Whether every line break ends a record.
    fn is_plain(&self, fresh: &[u8], state: State) -> bool {
        match self.dialect.quote {
            None => true,
            Some(_) if matches!(state, State::Quoted | State::QuotedEscaped | State::Closing) => false,
            Some(quote) => memchr::memchr(quote, fresh).is_none(),
        }
    }

    fn scan_records(&self, fresh: &[u8], scan: &mut Scan) {
        let dialect = &self.dialect;
        for (offset, &byte) in fresh.iter().enumerate() {
            let is = |mark: Option<u8>| mark == Some(byte);
            scan.state = match scan.state {
                State::Quoted if is(dialect.escape) => State::QuotedEscaped,
                State::Quoted if is(dialect.quote) => State::Closing,
                State::Quoted | State::QuotedEscaped => State::Quoted,
                _ if byte == b'\n' => {
                    scan.end_record(scan.at + offset + 1);
                    State::Line
                }
                State::Line if is(dialect.comment) => State::Comment,
                State::Comment => State::Comment,
                State::Line | State::Start if is(dialect.quote) => {
                    scan.opened = scan.at + offset;
                    State::Quoted
                }
                State::Closing if is(dialect.quote) => State::Quoted,
                State::Escaped => State::Plain,
                State::Line if byte == b'\r' => State::Line,
                _ if byte == dialect.delimiter => State::Start,
                _ if is(dialect.escape) => State::Escaped,
                _ => State::Plain,
            };
            scan.blank &= matches!(scan.state, State::Line | State::Comment);
        }
    }
}

const OPEN_QUOTE: &str = "A quote opens here and is never closed. Close it, or choose to read \
                          without quotes.";
const LONG_OBJECT: &str = "A JSON object is longer than 64 MiB, or not closed. Close it, or check that this is the right \
                           file.";
const TOO_LONG: &str = "A line is longer than 64 MiB. Check that this is the right file and format.";

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// At the beginning of a line.
    #[default]
    Line,
    Comment,
    /// At the beginning of a field.
    Start,
    Plain,
    /// Behind an escape character.
    Escaped,
    Quoted,
    QuotedEscaped,
    /// A quote within quotes: the end, or the first of two.
    Closing,
}

#[derive(Default)]
struct Scan {
    at: usize,
    /// Just behind the last whole record.
    last_end: usize,
    /// Just behind the records before it, the nearest last, and one more than are
    /// to be left out at the end of the file.
    ends: VecDeque<usize>,
    footer: usize,
    /// Whether the record so far holds nothing.
    blank: bool,
    state: State,
    opened: usize,
    objects: ObjectScan,
}

impl Scan {
    fn new(footer: usize) -> Self {
        Self { footer, blank: true, ..Self::default() }
    }

    fn end_record(&mut self, at: usize) {
        self.last_end = at;
        if self.footer == 0 {
            return;
        }
        if !self.blank {
            self.ends.push_back(at);
            if self.ends.len() > self.footer.saturating_add(1) {
                self.ends.pop_front();
            }
        }
        self.blank = true;
    }

    /// Counts a last record without a line break.
    fn close(&mut self, text: &[u8]) {
        if !self.blank {
            self.end_record(text.len());
        }
    }

    /// Where the records end that can be handed out.
    fn end(&self) -> usize {
        match self.ends.front() {
            _ if self.footer == 0 => self.last_end,
            Some(&end) if self.ends.len() > self.footer => end,
            _ => 0,
        }
    }

    /// Where the quote that is still open stands.
    fn open(&self) -> Option<usize> {
        matches!(self.state, State::Quoted | State::QuotedEscaped).then_some(self.opened)
    }
}

/// A character that must be one byte.
pub(super) fn ascii(character: char, what: &str) -> Result<u8> {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() && byte != b'\n' && byte != b'\r' => Ok(byte),
        _ => Err(Error::invalid(format!(
            "“{character}” cannot be a {what}. Choose one ASCII character that is not a line break."
        ))),
    }
}
