//! A text file cut into blocks of whole records.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::encoding::TextReader;
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
    /// What a line break must not stand in.
    quoting: Option<(u8, u8)>,
    carry: Vec<u8>,
    line: u64,
    skip: u64,
    size: usize,
}

impl Blocks {
    pub(super) fn open(path: &Path, options: &ReadOptions, count: Arc<AtomicU64>, size: usize) -> Result<Self> {
        let quoting = match options.quote {
            Some(quote) if options.format == Format::Csv => {
                Some((ascii(quote, "quote")?, ascii(options.delimiter, "delimiter")?))
            }
            _ => None,
        };
        Ok(Self {
            path: path.to_owned(),
            reader: TextReader::open(path, &options.encoding, count)?,
            quoting,
            carry: Vec::new(),
            line: 1,
            skip: options.skip_rows,
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
        let mut scan = Scan::default();
        let mut wanted = self.size;
        let end = loop {
            self.reader.fill(&mut text, wanted)?;
            self.scan(&text, &mut scan);
            if self.reader.ended() {
                if let Some(opened) = scan.open() {
                    let line = self.line + newlines(&text[..opened]);
                    return Err(Error::malformed(&self.path, Some(line), OPEN_QUOTE));
                }
                break text.len();
            }
            if scan.end > 0 {
                break scan.end;
            }
            if wanted >= LONGEST {
                let line = self.line + newlines(&text[..scan.open().unwrap_or(0)]);
                let sentence = if scan.open().is_some() { OPEN_QUOTE } else { TOO_LONG };
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
        let Some((quote, delimiter)) = self.quoting else {
            if let Some(at) = memchr::memrchr(b'\n', fresh) {
                scan.end = scan.at + at + 1;
            }
            scan.at = text.len();
            return;
        };
        if scan.state != State::Quoted && scan.state != State::Closing && memchr::memchr(quote, fresh).is_none() {
            if let Some(at) = memchr::memrchr(b'\n', fresh) {
                scan.end = scan.at + at + 1;
            }
            let boundary = matches!(text.last(), Some(&last) if last == b'\n' || last == delimiter);
            if !fresh.is_empty() {
                scan.state = if boundary { State::Start } else { State::Plain };
            }
            scan.at = text.len();
            return;
        }
        for (offset, &byte) in fresh.iter().enumerate() {
            scan.state = match (scan.state, byte) {
                (State::Quoted, byte) if byte == quote => State::Closing,
                (State::Quoted, _) => State::Quoted,
                (_, b'\n') => {
                    scan.end = scan.at + offset + 1;
                    State::Start
                }
                (_, byte) if byte == delimiter => State::Start,
                (State::Start, byte) if byte == quote => {
                    scan.opened = scan.at + offset;
                    State::Quoted
                }
                (State::Closing, byte) if byte == quote => State::Quoted,
                _ => State::Plain,
            };
        }
        scan.at = text.len();
    }
}

const OPEN_QUOTE: &str = "A quote opens here and is never closed. Close it, or choose to read \
                          without quotes.";
const TOO_LONG: &str = "A line is longer than 64 MiB. Check that this is the right file and format.";

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Plain,
    Quoted,
    /// A quote within quotes: the end, or the first of two.
    Closing,
}

#[derive(Default)]
struct Scan {
    at: usize,
    /// Just behind the last whole record.
    end: usize,
    state: State,
    opened: usize,
}

impl Scan {
    /// Where the quote that is still open stands.
    fn open(&self) -> Option<usize> {
        (self.state == State::Quoted).then_some(self.opened)
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
