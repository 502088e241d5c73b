//! Reading text files whole, in bounded memory, into one Parquet file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use polars::prelude::{Column, DataFrame};
use rayon::prelude::*;

use super::blocks::{BLOCK, Block, Blocks};
use super::columns::{Builder, Findings, Planned};
use super::decide::Plan;

use super::csv::Parsed;
use super::notes::column_notes;
use super::options::{Format, Ragged, ReadOptions};
use super::partitions::{self, Partitions};
use super::sink::Sink;
use super::table::{Opened, Reading, order};
use super::{Imported, Progress, archive, typed};
use crate::error::{Error, Result};
use crate::schema::Kind;

/// Readings after which a file that still surprises must be changing.
const PASSES: u32 = 5;

/// Imports files of one format and one set of columns into a Parquet file at
/// `out`. `progress` is told after every few MiB and may stop the work.
///
/// # Errors
/// Whatever is wrong with a file, with its line and what to do; files that do not
/// agree in their columns; [`Error::Cancelled`]. Nothing is left at `out` then.
pub fn import(
    paths: &[PathBuf],
    options: &ReadOptions,
    out: &Path,
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
) -> Result<Imported> {
    import_in_blocks(paths, options, out, progress, BLOCK)
}

/// [`import`] with blocks of about `size` bytes.
pub(super) fn import_in_blocks(
    paths: &[PathBuf],
    options: &ReadOptions,
    out: &Path,
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
    size: usize,
) -> Result<Imported> {
    let Some(first) = paths.first() else {
        return Err(Error::invalid("No file was chosen."));
    };
    let mut members = Vec::with_capacity(paths.len());
    for path in paths {
        members.extend(archive::members(path, options.entry.as_deref())?);
    }
    let (paths, first) = (members.as_slice(), members.first().unwrap_or(first));
    let sizes = paths.iter().map(|path| archive::size_on_disk(path)).collect::<Result<Vec<u64>>>()?;
    let work = Work { paths, sizes, options, out, progress, size };
    match options.format {
        format if format.is_text() => work.text(first),
        _ => typed::import(&work),
    }
}

/// What an import is about.
pub(super) struct Work<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) sizes: Vec<u64>,
    pub(super) options: &'a ReadOptions,
    pub(super) out: &'a Path,
    pub(super) progress: &'a dyn Fn(Progress) -> ControlFlow<()>,
    /// Bytes of a block.
    size: usize,
}

impl Work<'_> {
    /// Tells how far the work is.
    pub(super) fn tell(&self, file: usize, bytes: u64, rows: u64, pass: u32) -> Result<()> {
        let before: u64 = self.sizes[..file].iter().sum();
        let told = (self.progress)(Progress {
            file,
            path: self.paths[file].clone(),
            bytes: before + bytes,
            total_bytes: self.sizes.iter().sum(),
            rows,
            pass,
        });
        if told.is_break() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn text(&self, first: &Path) -> Result<Imported> {
        let mut options = partitions::without_choices(self.options, first, &[]);
        if options.kinds.len() < self.options.kinds.len() {
            // A column that the file has and its folder names too is the file's, with its choice.
            let (columns, _) = Reading::new(&options)?.sample(first, self.size)?;
            let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
            options = partitions::without_choices(self.options, first, &names);
        }
        let reading = Reading::new(&options)?;
        let (columns, opened) = reading.sample(first, self.size)?;
        let warnings = opened.warnings;
        let mut state = Columns { planned: columns, widened: Vec::new() };
        for pass in 1..=PASSES {
            let mut run = Pass::new(self, &reading, &mut state, pass)?;
            for file in 0..self.paths.len() {
                run.file(file)?;
            }
            if let Some(mut imported) = run.finish()? {
                if imported.rows == 0 {
                    let _ = std::fs::remove_file(self.out);
                    let sentence = "The file has column names but no rows.";
                    return Err(Error::malformed(first, None, sentence));
                }
                imported.warnings.splice(0..0, self.options.notes.iter().cloned().chain(warnings));
                imported.warnings.extend(state.widened);
                return Ok(imported);
            }
        }
        let sentence = "The file seems to change while it is read. Try again when it is complete.";
        Err(Error::malformed(first, None, sentence))
    }
}

/// The columns as far as they are known, and what widened them.
struct Columns {
    planned: Vec<Planned>,
    widened: Vec<String>,
}

/// One reading of all files.
struct Pass<'a> {
    work: &'a Work<'a>,
    reading: &'a Reading<'a>,
    columns: &'a mut Columns,
    /// `None` once something contradicted a guess: the rest is only looked at.
    sink: Option<Sink>,
    /// Columns that the folders of the files name.
    partitions: Partitions,
    pass: u32,
    ragged: Option<(PathBuf, u64, u64)>,
    /// Lines left out as comments.
    comments: u64,
    /// Objects that name a column twice.
    repeated: Option<(PathBuf, u64, u64)>,
    findings: Vec<Findings>,
}

impl<'a> Pass<'a> {
    fn new(work: &'a Work<'a>, reading: &'a Reading<'a>, columns: &'a mut Columns, pass: u32) -> Result<Self> {
        reading.choose(&mut columns.planned, pass > 1 || work.options.format == Format::Csv)?;
        let width = columns.planned.len();
        let empty =
            columns.planned.iter().map(|planned| Column::new_empty(planned.name.as_str().into(), &planned.dtype()));
        let mut like = DataFrame::new(0, empty.collect())?;
        let names: Vec<String> = columns.planned.iter().map(|planned| planned.name.clone()).collect();
        let partitions = Partitions::of(work.paths, &names, work.options)?;
        partitions.extend(0, &mut like)?;
        let sink = Sink::create(work.out, &like, work.options.compression)?;
        let findings = vec![Findings::default(); width];
        let sink = Some(sink);
        Ok(Self { work, reading, columns, sink, partitions, pass, ragged: None, comments: 0, repeated: None, findings })
    }

    /// Reads one file: a thread reads and cuts it, this one parses several blocks
    /// at once and writes.
    fn file(&mut self, file: usize) -> Result<()> {
        let path = &self.work.paths[file];
        let count = Arc::new(AtomicU64::new(0));
        let opened = self.reading.open(path, count.clone(), self.work.size)?;
        let order = match self.work.options.format {
            Format::JsonLines => Vec::new(),
            _ => order(path, &self.work.paths[0], &opened.names, &self.columns.planned)?,
        };
        let (sender, receiver) = sync_channel::<Result<Block>>(2);
        thread::scope(|scope| {
            let Opened { blocks, first, .. } = opened;
            thread::Builder::new()
                .name("import-read".to_owned())
                .spawn_scoped(scope, move || cut(blocks, first, &sender))
                .map_err(Error::file("Starting to read", path))?;
            // The receiver goes with the call, so that the thread ends when it fails.
            self.blocks(file, &order, receiver, &count)
        })
    }

    fn blocks(
        &mut self,
        file: usize,
        order: &[usize],
        receiver: Receiver<Result<Block>>,
        count: &AtomicU64,
    ) -> Result<()> {
        let path = &self.work.paths[file];
        let at_once = rayon::current_num_threads().clamp(1, 16);
        loop {
            let batch = receiver.iter().take(at_once).collect::<Result<Vec<Block>>>()?;
            if batch.is_empty() {
                return Ok(());
            }
            let look = self.sink.is_none();
            let layout = self.reading.layout(path, &self.columns.planned, order, look);
            let parsed: Vec<Result<Parsed>> =
                batch.par_iter().map(|block| self.reading.parse(block, &layout)).collect();
            for (parsed, block) in parsed.into_iter().zip(&batch) {
                self.take(file, parsed?, block.text.len())?;
            }
            let rows = self.sink.as_ref().map_or(0, Sink::rows);
            self.work.tell(file, count.load(Ordering::Relaxed), rows, self.pass)?;
        }
    }

    /// Takes over what a block gave.
    fn take(&mut self, file: usize, parsed: Parsed, bytes: usize) -> Result<()> {
        let path = &self.work.paths[file];
        if let Some((line, count)) = parsed.ragged {
            self.ragged.get_or_insert_with(|| (path.to_owned(), line, 0)).2 += count;
        }
        if let Some((line, count)) = parsed.repeated {
            self.repeated.get_or_insert_with(|| (path.to_owned(), line, 0)).2 += count;
        }
        self.comments += parsed.comments;
        let mut surprised = !parsed.new_names.is_empty();
        let kinds: Vec<Kind> = self.columns.planned.iter().map(Planned::kind).collect();
        for (at, builder) in parsed.builders.iter().enumerate() {
            self.findings[at].join(&builder.findings);
            self.columns.planned[at].evidence.join(&builder.evidence);
            surprised |= builder.contradiction.is_some();
        }
        surprised |= self.reading.decide(&mut self.columns.planned);
        for (builder, before) in parsed.builders.iter().zip(kinds) {
            self.widened(builder, before, path);
        }
        for name in parsed.new_names {
            if !self.columns.planned.iter().any(|planned| planned.name == name) {
                self.columns.planned.push(Planned::new(name));
                self.findings.push(Findings::default());
            }
        }
        if surprised {
            // The file has to be read again; what was written goes.
            self.sink = None;
        }
        if let Some(sink) = &mut self.sink {
            let built = parsed.builders.into_par_iter().map(|builder| builder.finish());
            let mut frame = DataFrame::new(parsed.rows, built.collect::<Result<_>>()?)?;
            self.partitions.extend(file, &mut frame)?;
            sink.push(frame, bytes)?;
        }
        Ok(())
    }

    /// Says what changed the kind of a column after its beginning.
    fn widened(&mut self, builder: &Builder, before: Kind, path: &Path) {
        let Some(found) = &builder.contradiction else {
            return;
        };
        let Some(planned) = self.columns.planned.iter().find(|planned| planned.name == builder.name()) else {
            return;
        };
        if planned.kind() == before || builder.plan() == Plan::Unknown {
            return;
        }
        self.columns.widened.push(format!(
            "Column “{}” was widened from {} to {}, since line {} of {} holds “{}”.",
            planned.name,
            before.name().to_lowercase(),
            planned.kind().name().to_lowercase(),
            found.line,
            path.display(),
            found.sample
        ));
    }

    /// What was written, or `None` if the files have to be read again.
    fn finish(self) -> Result<Option<Imported>> {
        let Some(sink) = self.sink else {
            return Ok(None);
        };
        let mut warnings = Vec::new();
        if let Some((path, line, count)) = &self.ragged {
            warnings.push(ragged_warning(path, *line, *count, self.work.options.ragged));
        }
        if let Some((path, line, count)) = &self.repeated {
            warnings.push(repeated_warning(path, *line, *count));
        }
        if self.comments > 0 {
            warnings.push(comments_warning(self.comments));
        }
        self.reading.check(&self.columns.planned)?;
        let around = self.reading.surroundings(&self.columns.planned);
        for (planned, findings) in self.columns.planned.iter().zip(&self.findings) {
            warnings.extend(column_notes(planned, findings, &around, self.work.options.date_order));
        }
        warnings.extend(self.partitions.notes());
        let written = sink.finish()?;
        Ok(Some(Imported {
            schema: written.schema,
            rows: written.rows,
            bytes: written.bytes,
            profile: written.profile,
            warnings,
        }))
    }
}

/// Sends blocks until the file ends, something is wrong, or nobody listens.
fn cut(mut blocks: Blocks, first: Block, sender: &std::sync::mpsc::SyncSender<Result<Block>>) {
    let mut next = Ok(Some(first));
    loop {
        let failed = next.is_err();
        let Some(message) = next.transpose() else {
            return;
        };
        if sender.send(message).is_err() || failed {
            return;
        }
        next = blocks.next();
    }
}

pub(super) fn ragged_warning(path: &Path, line: u64, count: u64, ragged: Ragged) -> String {
    let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
    let done = match ragged {
        Ragged::Refuse => "an import would stop there",
        Ragged::PadAndTruncate => "they were filled up or cut",
        Ragged::Skip => "they were left out",
    };
    format!("{rows} had the wrong number of fields, the first on line {line} of {}; {done}.", path.display())
}

pub(super) fn repeated_warning(path: &Path, line: u64, count: u64) -> String {
    let objects = if count == 1 { "1 object names".to_owned() } else { format!("{count} objects name") };
    format!(
        "{objects} a column more than once, the first on line {line} of {}; the last value was kept.",
        path.display()
    )
}

pub(super) fn comments_warning(count: u64) -> String {
    let lines = if count == 1 { "1 line was".to_owned() } else { format!("{count} lines were") };
    format!("{lines} left out as comments among the rows.")
}
