//! Compressed Arrow IPC files with buffers of no bytes, as other programs write
//! for columns without a single text. The engine expects the length that stands
//! before every other compressed buffer, and panics.

use std::collections::BTreeMap;
use std::io::{Read, Result, Seek, SeekFrom};

/// Where the bytes of empty buffers are said to lie, beyond any file.
const BEYOND: u64 = 1 << 60;
/// A compressed buffer of no bytes: its length is −1, which means "not compressed".
const NO_BYTES: [u8; 8] = [0xff; 8];
/// Bytes of a buffer's place: two numbers of 64 bits.
const PLACE: u64 = 16;

/// A file whose places of empty buffers lead to [`NO_BYTES`].
pub(super) struct WithoutGaps<R> {
    file: R,
    at: u64,
    /// Places of empty buffers, by their position in the file.
    places: BTreeMap<u64, [u8; PLACE as usize]>,
}

impl<R: Read + Seek> WithoutGaps<R> {
    /// For a file with messages at these positions, each with the length of its
    /// head.
    pub(super) fn new(mut file: R, messages: impl Iterator<Item = (u64, u64)>) -> Result<Self> {
        let mut places = BTreeMap::new();
        for (start, length) in messages {
            file.seek(SeekFrom::Start(start))?;
            let mut head = Vec::new();
            file.by_ref().take(length).read_to_end(&mut head)?;
            for place in empty_buffers(&head).unwrap_or_default() {
                let offset = (BEYOND - start - length) as i64;
                let mut bytes = [0; PLACE as usize];
                bytes[..8].copy_from_slice(&offset.to_le_bytes());
                bytes[8..].copy_from_slice(&(NO_BYTES.len() as i64).to_le_bytes());
                places.insert(start + place as u64, bytes);
            }
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file, at: 0, places })
    }
}

impl<R: Read> Read for WithoutGaps<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.at >= BEYOND {
            let from = ((self.at - BEYOND) as usize).min(NO_BYTES.len());
            let length = buffer.len().min(NO_BYTES.len() - from);
            buffer[..length].copy_from_slice(&NO_BYTES[from..from + length]);
            self.at += length as u64;
            return Ok(length);
        }
        let read = self.file.read(buffer)?;
        let end = self.at + read as u64;
        for (&place, bytes) in self.places.range(self.at.saturating_sub(PLACE - 1)..end) {
            for (inside, &byte) in bytes.iter().enumerate() {
                let position = place + inside as u64;
                if (self.at..end).contains(&position) {
                    buffer[(position - self.at) as usize] = byte;
                }
            }
        }
        self.at = end;
        Ok(read)
    }
}

impl<R: Seek> Seek for WithoutGaps<R> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) if at >= BEYOND => at,
            to => self.file.seek(to)?,
        };
        Ok(self.at)
    }
}

/// Positions in a message's head of the places of its empty buffers; nothing
/// unless its buffers are compressed. The head is a FlatBuffer, behind its
/// length.
fn empty_buffers(head: &[u8]) -> Option<Vec<usize>> {
    const DICTIONARY_BATCH: u8 = 2;
    const RECORD_BATCH: u8 = 3;
    // A mark that newer versions write, and the length.
    let start = if head.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let buffer = FlatBuffer(head.get(start..)?);

    let message = buffer.pointed(0)?;
    let kind = *buffer.0.get(buffer.field(message, 1)?)?;
    let header = buffer.pointed(buffer.field(message, 2)?)?;
    let batch = match kind {
        RECORD_BATCH => header,
        DICTIONARY_BATCH => buffer.pointed(buffer.field(header, 1)?)?,
        _ => return None,
    };
    buffer.field(batch, 3)?;

    let places = buffer.pointed(buffer.field(batch, 2)?)?;
    let count = buffer.u32(places)? as usize;
    let mut empty = Vec::new();
    for number in 0..count {
        let place = places + 4 + number * PLACE as usize;
        if buffer.0.get(place + 8..place + 16)?.iter().all(|byte| *byte == 0) {
            empty.push(start + place);
        }
    }
    Some(empty)
}

/// Bytes of a FlatBuffer, by position.
struct FlatBuffer<'a>(&'a [u8]);

impl FlatBuffer<'_> {
    fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.0.get(at..at + 4)?.try_into().ok()?))
    }

    /// What the offset at a position leads to.
    fn pointed(&self, at: usize) -> Option<usize> {
        at.checked_add(self.u32(at)? as usize)
    }

    /// The position of a table's field; `None` if the table lacks it.
    fn field(&self, table: usize, number: usize) -> Option<usize> {
        let back = self.u32(table)? as i32;
        let directory = usize::try_from(table as i64 - i64::from(back)).ok()?;
        let u16_at = |at: usize| Some(usize::from(u16::from_le_bytes(self.0.get(at..at + 2)?.try_into().ok()?)));
        let entry = 4 + 2 * number;
        if entry + 2 > u16_at(directory)? {
            return None;
        }
        match u16_at(directory + entry)? {
            0 => None,
            offset => Some(table + offset),
        }
    }
}
