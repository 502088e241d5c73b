//! The Parquet file that an import writes, profiled on the way.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use polars::io::parquet::write::BatchedWriter;
use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter, StatisticsOptions};

use super::options::Compression;
use crate::error::{Error, Result};
use crate::profile::{Profile, Profiler};
use crate::schema::Schema;

/// Most rows of a row group.
const GROUP_ROWS: usize = 1 << 17;
/// Bytes of source text, or of numbers, that one row group holds at most.
const GROUP_BYTES: usize = 128 << 20;

/// Writes to a name beside the final one and renames at the end, so that a
/// half-written file never carries the final name. Dropped unfinished, it leaves
/// nothing behind.
pub(super) struct Sink {
    out: PathBuf,
    partial: PathBuf,
    writer: Option<BatchedWriter<BufWriter<Disk>>>,
    refused: Refused,
    pending: Option<DataFrame>,
    pending_bytes: usize,
    group_rows: usize,
    profiler: Profiler,
    schema: Schema,
    rows: u64,
    finished: bool,
}

/// Why the disk first refused to write, which the table engine's own error no longer tells.
type Refused = Arc<OnceLock<(io::ErrorKind, String)>>;

/// A file that remembers why it could not be written.
struct Disk {
    file: File,
    refused: Refused,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.refused.get_or_init(|| (error.kind(), error.to_string()));
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What a finished sink wrote.
pub(super) struct Written {
    pub(super) schema: Schema,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) profile: Profile,
}

impl Sink {
    /// For tables with exactly the columns of `like`.
    pub(super) fn create(out: &Path, like: &DataFrame, compression: Compression) -> Result<Self> {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let partial = out.with_file_name(name);
        let file = File::create(&partial).map_err(Error::file("Creating", &partial))?;
        let schema = Schema::of(like);
        let mut sink = Self {
            out: out.to_owned(),
            partial,
            writer: None,
            refused: Refused::default(),
            pending: None,
            pending_bytes: 0,
            group_rows: (GROUP_BYTES / 8 / like.width().max(1)).clamp(1_024, GROUP_ROWS),
            profiler: Profiler::new(&schema),
            schema,
            rows: 0,
            finished: false,
        };
        let compression = match compression {
            Compression::Zstd => ParquetCompression::Zstd(Some(ZstdLevel::try_new(1)?)),
            Compression::Snappy => ParquetCompression::Snappy,
        };
        let refused = Arc::clone(&sink.refused);
        let writer = ParquetWriter::new(BufWriter::with_capacity(1 << 20, Disk { file, refused }))
            .with_compression(compression)
            .with_statistics(StatisticsOptions::default())
            .with_row_group_size(Some(GROUP_ROWS))
            .batched(like.schema())?;
        sink.writer = Some(writer);
        Ok(sink)
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows + self.pending.as_ref().map_or(0, |frame| frame.height() as u64)
    }

    /// Adds rows that came from that many bytes.
    pub(super) fn push(&mut self, frame: DataFrame, bytes: usize) -> Result<()> {
        if frame.height() == 0 {
            return Ok(());
        }
        self.pending_bytes += bytes;
        match &mut self.pending {
            None => self.pending = Some(frame),
            Some(pending) => {
                pending.vstack_mut_owned(frame)?;
            }
        }
        let held = self.pending.as_ref().map_or(0, DataFrame::height);
        if held >= self.group_rows || self.pending_bytes >= GROUP_BYTES {
            self.flush(false)?;
        }
        Ok(())
    }

    /// Writes row groups; the last may be short.
    fn flush(&mut self, last: bool) -> Result<()> {
        let Some(pending) = self.pending.take() else {
            return Ok(());
        };
        let full = self.pending_bytes >= GROUP_BYTES;
        self.pending_bytes = 0;
        let mut at = 0;
        while at < pending.height() {
            let rows = (pending.height() - at).min(self.group_rows);
            if rows < self.group_rows && !last && !full {
                self.pending = Some(pending.slice(at as i64, rows));
                break;
            }
            self.write(pending.slice(at as i64, rows))?;
            at += rows;
        }
        Ok(())
    }

    fn write(&mut self, mut group: DataFrame) -> Result<()> {
        group.rechunk_mut_par();
        if let Some(writer) = &mut self.writer {
            writer.write_batch(&group).map_err(|e| refused(&self.partial, &self.refused, e))?;
        }
        self.profiler.add(&group)?;
        self.rows += group.height() as u64;
        Ok(())
    }

    /// Closes the file and gives it its name.
    pub(super) fn finish(mut self) -> Result<Written> {
        self.flush(true)?;
        if let Some(writer) = self.writer.take() {
            writer.finish().map_err(|e| refused(&self.partial, &self.refused, e))?;
        }
        let failed = |action| Error::file(action, &self.partial);
        let file = File::open(&self.partial).map_err(failed("Opening"))?;
        file.sync_all().map_err(failed("Writing"))?;
        let bytes = file.metadata().map_err(failed("Reading"))?.len();
        std::fs::rename(&self.partial, &self.out).map_err(Error::file("Renaming", &self.out))?;
        self.finished = true;
        let profiler = std::mem::replace(&mut self.profiler, Profiler::new(&Schema::default()));
        let schema = std::mem::take(&mut self.schema);
        Ok(Written { schema, rows: self.rows, bytes, profile: profiler.finish() })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if !self.finished {
            self.writer = None;
            // Nothing more can be done about a file that cannot be removed.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

/// The disk's reason, if it was the disk's doing; else the table engine's.
fn refused(path: &Path, refused: &Refused, error: polars::prelude::PolarsError) -> Error {
    match refused.get() {
        Some((io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _)) => {
            Error::DiskFull { path: path.to_owned() }
        }
        Some((kind, words)) => Error::file("Writing", path)(io::Error::new(*kind, words.clone())),
        None => Error::Engine(error),
    }
}
