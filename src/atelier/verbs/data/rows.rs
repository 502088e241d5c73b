//! Rows of datasets: the first ones, those of a query, all of them in a file.

use std::io::Write;
use std::path::Path;

use studio::data::polars::prelude::DataFrame;
use studio::data::write::{RowWriter, TextFormat, text_cells};
use studio::{Error, Studio};

use crate::output;

/// Rows that a person gets to see; more are for a program.
const SHOWN: usize = 1_000;

/// How rows are printed.
#[derive(Clone, Copy)]
pub enum Printed {
    Text,
    Csv,
    Json,
}

impl Printed {
    pub fn of(csv: bool, json: bool) -> Self {
        match (csv, json) {
            (true, _) => Self::Csv,
            (false, true) => Self::Json,
            (false, false) => Self::Text,
        }
    }
}

pub fn head(studio: &Studio, reference: &str, rows: u64, printed: Printed) -> studio::Result<()> {
    print_rows(&studio.dataset_head(reference, rows)?, printed)
}

pub fn query(studio: &Studio, reference: &str, query: &str, printed: Printed) -> studio::Result<()> {
    print_rows(&studio.query_datasets(reference, query)?, printed)
}

pub fn export(studio: &Studio, reference: &str, file: &Path, replace: bool, json: bool) -> studio::Result<()> {
    let exported = studio.export_dataset(reference, file, replace)?;
    output::print(&exported, json, |exported| {
        let rows = if exported.rows == 1 { "row" } else { "rows" };
        let (dataset, version, path) = (&exported.dataset, exported.version, exported.path.display());
        format!("{dataset} version {version}: {} {rows} in {path}", exported.rows)
    })
}

fn print_rows(frame: &DataFrame, printed: Printed) -> studio::Result<()> {
    match printed {
        Printed::Text => print_table(frame),
        Printed::Csv => print_for_programs(frame, TextFormat::Delimited(b',')),
        Printed::Json => print_for_programs(frame, TextFormat::JsonList),
    }
}

fn print_for_programs(frame: &DataFrame, format: TextFormat) -> studio::Result<()> {
    if let TextFormat::Delimited(delimiter) = format
        && let Some(sentence) = studio::data::write::FileFormat::Delimited(delimiter).refusal(frame.schema())
    {
        return Err(Error::invalid(sentence));
    }
    let names = frame.get_column_names().iter().map(|name| name.to_string()).collect();
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = RowWriter::new(out, format, names).and_then(|mut writer| {
        writer.push(frame)?;
        writer.finish()
    });
    output::unless_closed(written.map(drop))
}

fn print_table(frame: &DataFrame) -> studio::Result<()> {
    let shown = frame.head(Some(SHOWN));
    let cells = text_cells(&shown).map_err(|error| Error::invalid(error.to_string()))?;
    let heads: Vec<String> = frame.get_column_names().iter().map(|name| name.to_string()).collect();
    let mut text = output::render(&heads, &cells_or_blank(cells));
    let count = if frame.height() == 1 { "row" } else { "rows" };
    text.push_str(&format!("\n\n{} {count}", frame.height()));
    if frame.height() > SHOWN {
        text.push_str(&format!(", of which the first {SHOWN} are shown; --csv and --json print all"));
    }
    let mut stdout = std::io::stdout().lock();
    output::unless_closed(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// A missing value is a blank cell; an empty text is a pair of quotes.
fn cells_or_blank(cells: Vec<Vec<Option<String>>>) -> Vec<Vec<String>> {
    cells.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
}
