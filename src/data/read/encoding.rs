//! Bytes of a file as UTF-8, whatever they are on disk.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::archive;
use super::options::{ReadOptions, TextEncoding};
use crate::error::{Error, Result};

/// Bytes read from disk at once where they have to be decoded.
const RAW: usize = 1 << 18;

/// The encoding with that name.
pub(super) fn find(encoding: &TextEncoding) -> Result<&'static Encoding> {
    Encoding::for_label(encoding.0.as_bytes())
        .ok_or_else(|| Error::invalid(format!("There is no text encoding named “{}”.", encoding.0)))
}

/// A file's text as UTF-8, without a byte order mark, with every line ending in
/// a line feed (a carriage return before it may stay).
pub(super) struct TextReader {
    path: PathBuf,
    source: Box<dyn Read + Send>,
    encoding: &'static Encoding,
    /// `None` for UTF-8, which is validated where it is parsed.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    started: bool,
    ended: bool,
    carriage_returns: bool,
    /// Encloses fields in which line breaks say nothing.
    quote: Option<u8>,
    lines: u64,
}

impl TextReader {
    pub(super) fn open(path: &Path, options: &ReadOptions, quote: Option<u8>, count: Arc<AtomicU64>) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            source: archive::open(path, count)?,
            encoding: find(&options.encoding)?,
            decoder: None,
            raw: Vec::new(),
            started: false,
            ended: false,
            carriage_returns: false,
            quote,
            lines: 0,
        })
    }

    /// Whether everything was handed out.
    pub(super) fn ended(&self) -> bool {
        self.ended && self.raw.is_empty()
    }

    /// Appends text until `out` holds `wanted` bytes or the file ends.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, wanted: usize) -> Result<()> {
        let from = out.len();
        if !self.started {
            self.start()?;
        }
        while out.len() < wanted && !self.ended() {
            if self.decoder.is_some() {
                self.decode(out)?;
            } else {
                self.copy(out, wanted)?;
            }
        }
        if from == 0 && !self.carriage_returns {
            // Files of old Macs end their lines with a carriage return alone.
            self.carriage_returns = ends_in_carriage_returns(out, self.quote);
        }
        if self.carriage_returns {
            out[from..].iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        Ok(())
    }

    /// Looks for a byte order mark.
    fn start(&mut self) -> Result<()> {
        self.started = true;
        self.read_raw(4)?;
        if let Some((encoding, length)) = Encoding::for_bom(&self.raw) {
            self.encoding = encoding;
            self.raw.drain(..length);
        }
        if self.encoding != UTF_8 {
            self.decoder = Some(self.encoding.new_decoder_without_bom_handling());
        }
        Ok(())
    }

    fn read_raw(&mut self, atleast: usize) -> Result<()> {
        let mut chunk = vec![0; RAW];
        while self.raw.len() < atleast && !self.ended {
            let read = self.read_once(&mut chunk)?;
            self.raw.extend_from_slice(&chunk[..read]);
        }
        Ok(())
    }

    fn read_once(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.source.read(buffer) {
                Ok(read) => {
                    self.ended |= read == 0;
                    return Ok(read);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(archive::unreadable(&self.path, e)),
            }
        }
    }

    fn copy(&mut self, out: &mut Vec<u8>, wanted: usize) -> Result<()> {
        if !self.raw.is_empty() {
            let room = wanted.saturating_sub(out.len()).clamp(1, self.raw.len());
            out.extend(self.raw.drain(..room));
            return Ok(());
        }
        let from = out.len();
        out.resize(wanted.max(from + 1), 0);
        let mut buffer = std::mem::take(out);
        let read = self.read_once(&mut buffer[from..]);
        *out = buffer;
        out.truncate(from + read.as_ref().copied().unwrap_or(0));
        read.map(drop)
    }

    fn decode(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.read_raw(1)?;
        let last = self.ended;
        let Some(decoder) = &mut self.decoder else {
            return Ok(());
        };
        let from = out.len();
        out.resize(from + decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or(RAW * 4), 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(&self.raw, &mut out[from..], last);
        out.truncate(from + written);
        self.lines += memchr::memchr_iter(b'\n', &out[from..]).count() as u64;
        self.raw.drain(..read);
        if let DecoderResult::Malformed(..) = result {
            let sentence = format!(
                "The text is not {}: some bytes have no meaning in it. Choose another encoding.",
                self.encoding.name()
            );
            return Err(Error::malformed(&self.path, Some(self.lines + 1), sentence));
        }
        if last && read == 0 && written == 0 {
            self.raw.clear();
        }
        Ok(())
    }
}

/// Whether lines end in a carriage return alone: outside of quotes there is one,
/// and no line feed.
pub(super) fn ends_in_carriage_returns(text: &[u8], quote: Option<u8>) -> bool {
    if memchr::memchr(b'\r', text).is_none() {
        return false;
    }
    let mut quoted = false;
    let mut found = false;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'\n' if !quoted => return false,
            b'\r' if !quoted && text.get(at + 1) != Some(&b'\n') => found = true,
            byte if Some(byte) == quote => quoted = !quoted,
            _ => {}
        }
    }
    found
}

/// The encoding of a file's beginning: its byte order mark, else UTF-8 if it is
/// valid, else UTF-16 if every other byte is zero, else the most likely one.
pub(super) fn detect(start: &[u8], whole: bool) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return encoding;
    }
    let valid = match std::str::from_utf8(start) {
        Ok(_) => true,
        // A character may be cut in two at the end.
        Err(e) => e.error_len().is_none() && !whole && !start.is_empty(),
    };
    let zeros = |offset: usize| start.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let half = start.len() / 2;
    if half >= 4 {
        if zeros(1) * 10 >= half * 7 && zeros(0) * 10 < half {
            return UTF_16LE;
        }
        if zeros(0) * 10 >= half * 7 && zeros(1) * 10 < half {
            return UTF_16BE;
        }
    }
    if valid {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(start, whole);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}
