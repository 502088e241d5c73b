//! A text file opened as a table: its names, and which field belongs to which
//! column.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::blocks::{Block, Blocks};
use super::columns::Planned;
use super::csv::{self, Dialect, Layout, Parsed, each_record};
use super::decide::{Doubt, Plan, Surroundings, decide};
use super::evidence::{Evidence, seen};
use super::guess::Rules;
use super::json;
use super::notes::undecided_dates;
use super::options::{Format, Ragged, ReadOptions};
use super::sniff::empty;
use crate::error::{Error, Result};
use crate::schema::{Kind, closest_of};

/// Size of the beginning that first guesses are made from, at most.
pub(super) const SAMPLE: usize = 1 << 20;

/// A file positioned behind its header.
pub(super) struct Opened {
    pub(super) blocks: Blocks,
    /// The rest of the first block.
    pub(super) first: Block,
    /// Names as they are imported; none for JSON.
    pub(super) names: Vec<String>,
    /// What was done to names.
    pub(super) warnings: Vec<String>,
}

/// How all files of an import are understood.
pub(super) struct Reading<'a> {
    pub(super) options: &'a ReadOptions,
    pub(super) dialect: Dialect,
    pub(super) rules: Rules,
}

impl<'a> Reading<'a> {
    pub(super) fn new(options: &'a ReadOptions) -> Result<Self> {
        let delimited = options.format == Format::Csv;
        let dialect = if delimited { Dialect::new(options)? } else { Dialect::lines() };
        Ok(Self { options, dialect, rules: Rules::new(options, delimited)? })
    }

    /// What the columns say about each other.
    pub(super) fn surroundings(&self, columns: &[Planned]) -> Surroundings {
        let evidence = columns.iter().map(|column| &column.evidence);
        Surroundings::new(self.options, self.options.format == Format::Csv, evidence)
    }

    /// Decides what every column is; whether any is something else than before.
    pub(super) fn decide(&self, columns: &mut [Planned]) -> bool {
        let around = self.surroundings(columns);
        let mut changed = false;
        for column in columns {
            let plan = decide(&column.evidence, column.chosen, &around).plan;
            // Where no NA was seen it does not matter what became of it.
            let same_text =
                matches!((plan, column.plan), (Plan::Text { .. }, Plan::Text { .. })) && !column.evidence.has(seen::NA);
            changed |= plan != column.plan && !same_text;
            column.plan = plan;
        }
        changed
    }

    /// Fails where a person chose dates that can be read in two ways.
    pub(super) fn check(&self, columns: &[Planned]) -> Result<()> {
        let around = self.surroundings(columns);
        for column in columns.iter().filter(|column| column.chosen.is_some_and(Kind::is_temporal)) {
            if decide(&column.evidence, column.chosen, &around).doubt == Some(Doubt::DateOrder) {
                return Err(Error::invalid(undecided_dates(&column.name, &column.evidence)));
            }
        }
        Ok(())
    }

    /// Opens a file and reads its header.
    pub(super) fn open(&self, path: &Path, count: Arc<AtomicU64>, size: usize) -> Result<Opened> {
        let mut blocks = Blocks::open(path, self.options, count, size)?;
        let mut first = blocks.next()?.ok_or_else(|| empty(path))?;
        if self.options.format == Format::JsonLines {
            return Ok(Opened { blocks, first, names: Vec::new(), warnings: Vec::new() });
        }
        let text = first.text(path)?;
        let head = each_record(text, first.line, &self.dialect, false, |record| {
            let texts = record.fields.iter().map(|field| field.text(&self.dialect).into_owned());
            Err((texts.collect::<Vec<String>>(), record.end))
        });
        let Err((fields, end)) = head else {
            return Err(empty(path));
        };
        if !self.options.header {
            let names = (1..=fields.len()).map(|number| format!("column_{number}")).collect();
            return Ok(Opened { blocks, first, names, warnings: Vec::new() });
        }
        self.leave_out(&mut first, end);
        for _ in 0..self.options.skip_after_names {
            self.leave_out_record(path, &mut first)?;
        }
        let mut fields = fields;
        if self.options.row_names {
            fields.insert(0, String::new());
        }
        let (names, warnings) = clean(&fields);
        Ok(Opened { blocks, first, names, warnings })
    }

    /// Leaves out the beginning of a block.
    fn leave_out(&self, block: &mut Block, end: usize) {
        block.line += memchr::memchr_iter(b'\n', &block.text[..end]).count() as u64;
        block.text.drain(..end);
    }

    fn leave_out_record(&self, path: &Path, block: &mut Block) -> Result<()> {
        let found = each_record(block.text(path)?, block.line, &self.dialect, false, |record| Err(record.end));
        if let Err(end) = found {
            self.leave_out(block, end);
        }
        Ok(())
    }

    /// The columns of the first file with guesses from its beginning, and what a
    /// person should know.
    pub(super) fn sample(&self, path: &Path, size: usize) -> Result<(Vec<Planned>, Opened)> {
        let opened = self.open(path, Arc::new(AtomicU64::new(0)), size.min(SAMPLE))?;
        let mut columns: Vec<Planned> = opened.names.iter().cloned().map(Planned::new).collect();
        // JSON names appear as objects are read.
        loop {
            let parsed = self.look(path, &opened.first, &columns)?;
            for (column, builder) in columns.iter_mut().zip(&parsed.builders) {
                column.evidence.join(&builder.evidence);
            }
            if parsed.new_names.is_empty() {
                break;
            }
            columns.extend(parsed.new_names.into_iter().map(Planned::new));
        }
        let all_known = self.options.format == Format::Csv || opened.blocks.is_done();
        self.choose(&mut columns, all_known)?;
        if !self.options.kinds.is_empty() {
            // Columns of a chosen kind are looked at with other eyes.
            let parsed = self.look(path, &opened.first, &columns)?;
            for (column, builder) in columns.iter_mut().zip(&parsed.builders) {
                column.evidence.join(&builder.evidence);
            }
        }
        self.decide(&mut columns);
        Ok((columns, opened))
    }

    fn look(&self, path: &Path, block: &Block, columns: &[Planned]) -> Result<Parsed> {
        let order: Vec<usize> = (0..columns.len()).collect();
        let layout = Layout { ragged: Ragged::PadAndTruncate, ..self.layout(path, columns, &order, true) };
        self.parse(block, &layout)
    }

    pub(super) fn layout<'l>(
        &'l self,
        path: &'l Path,
        columns: &'l [Planned],
        order: &'l [usize],
        look: bool,
    ) -> Layout<'l> {
        Layout { path, columns, order, dialect: &self.dialect, rules: &self.rules, ragged: self.options.ragged, look }
    }

    pub(super) fn parse(&self, block: &Block, layout: &Layout) -> Result<Parsed> {
        match self.options.format {
            Format::JsonLines => json::parse(block, layout),
            _ => csv::parse(block, layout),
        }
    }

    /// Applies the kinds that a person chose. With `all` names known, a choice for
    /// a column that is not there is a mistake.
    pub(super) fn choose(&self, columns: &mut [Planned], all: bool) -> Result<()> {
        for (name, &kind) in &self.options.kinds {
            let Some(column) = columns.iter_mut().find(|column| column.name == *name) else {
                if !all {
                    continue;
                }
                let near = closest_of(name, columns.iter().map(|column| column.name.as_str()));
                let suggestion = near.map(str::to_owned);
                return Err(Error::MissingColumn { name: name.clone(), suggestion });
            };
            if matches!(kind, Kind::Duration | Kind::Other) {
                let sentence = format!("Column “{name}” cannot be read as {}. Choose another type.", kind.phrase());
                return Err(Error::invalid(sentence));
            }
            if column.chosen != Some(kind) {
                column.chosen = Some(kind);
                column.evidence = Evidence::default();
            }
        }
        Ok(())
    }
}

/// Names without empty or doubled ones, and what was done.
fn clean(fields: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut names, mut warnings) = (Vec::with_capacity(fields.len()), Vec::new());
    let given: HashSet<&str> = fields.iter().map(|field| field.trim()).collect();
    let mut used: HashSet<String> = HashSet::with_capacity(fields.len());
    for (at, field) in fields.iter().enumerate() {
        let field = field.trim();
        let wanted = if field.is_empty() { format!("column_{}", at + 1) } else { field.to_owned() };
        let mut name = wanted.clone();
        let mut number = 2;
        while used.contains(&name) || (name != field && given.contains(name.as_str())) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        if field.is_empty() {
            warnings.push(format!("Column {} has no name; it is now “{name}”.", at + 1));
        } else if name != field {
            warnings.push(format!("Two columns are named “{field}”; the one in place {} is now “{name}”.", at + 1));
        }
        used.insert(name.clone());
        names.push(name);
    }
    (names, warnings)
}

/// Which column each field of a file belongs to; its names must be the first
/// file's, in any order.
pub(super) fn order(path: &Path, first: &Path, names: &[String], columns: &[Planned]) -> Result<Vec<usize>> {
    let index: std::collections::HashMap<&str, usize> =
        columns.iter().enumerate().map(|(at, column)| (column.name.as_str(), at)).collect();
    let placed = names.iter().map(|name| {
        index.get(name.as_str()).copied().ok_or_else(|| {
            let sentence = format!(
                "The file has a column “{name}” that {} does not have. Files imported together \
                 need the same columns.",
                first.display()
            );
            Error::malformed(path, Some(1), sentence)
        })
    });
    let order = placed.collect::<Result<Vec<_>>>()?;
    let here: HashSet<usize> = order.iter().copied().collect();
    match (0..columns.len()).find(|at| !here.contains(at)) {
        Some(missing) => {
            let sentence = format!(
                "The file has no column “{}”, which {} has. Files imported together need the same \
                 columns.",
                columns[missing].name,
                first.display()
            );
            Err(Error::malformed(path, Some(1), sentence))
        }
        None => Ok(order),
    }
}
