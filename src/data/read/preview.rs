//! The first rows of a file, as an import would read them.

use std::path::Path;

use polars::prelude::DataFrame;

use super::notes::column_notes;
use super::options::{Ragged, ReadOptions};
use super::partitions::{self, Partitions};
use super::table::{Reading, SAMPLE};
use super::{Preview, archive, import, typed};
use crate::error::Result;
use crate::schema::Schema;

/// The first rows of a file, at most `rows` of them and at most those in its
/// first MiB. Rows of the wrong length are filled up or cut, with a warning, so
/// that the rest can be seen.
///
/// # Errors
/// As an import's, each saying what to do.
pub fn preview(path: &Path, options: &ReadOptions, rows: usize) -> Result<Preview> {
    let members = archive::members(path, options.entry.as_deref())?;
    let path = members.first().map_or(path, |first| first.as_path());
    if !options.format.is_text() {
        let (frame, notes) = typed::head(path, options, rows)?;
        let warnings = options.notes.iter().cloned().chain(notes).collect();
        return Ok(Preview { schema: Schema::of(&frame), rows: frame, warnings });
    }
    let mut lenient = partitions::without_choices(options, path, &[]);
    if lenient.ragged == Ragged::Refuse {
        lenient.ragged = Ragged::PadAndTruncate;
    }
    let reading = Reading::new(&lenient)?;
    let (columns, opened) = reading.sample(path, SAMPLE)?;
    let order: Vec<usize> = (0..columns.len()).collect();
    let parsed = reading.parse(&opened.first, &reading.layout(path, &columns, &order, false))?;
    let mut warnings = options.notes.clone();
    warnings.extend(opened.warnings);
    if let Some((line, count)) = parsed.ragged {
        warnings.push(import::ragged_warning(path, line, count, options.ragged));
    }
    warnings.extend(parsed.repeated.map(|(line, count)| import::repeated_warning(path, line, count)));
    if parsed.comments > 0 {
        warnings.push(import::comments_warning(parsed.comments));
    }
    reading.check(&columns)?;
    let around = reading.surroundings(&columns);
    for (column, builder) in columns.iter().zip(&parsed.builders) {
        warnings.extend(column_notes(column, &builder.findings, &around, options.date_order));
    }
    let height = parsed.rows;
    let built = parsed.builders.into_iter().map(|builder| builder.finish());
    let mut frame = DataFrame::new(height, built.collect::<Result<_>>()?)?.head(Some(rows));
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let partitions = Partitions::of(&[path.to_owned()], &names, options)?;
    partitions.extend(0, &mut frame)?;
    warnings.extend(partitions.notes());
    Ok(Preview { schema: Schema::of(&frame), rows: frame, warnings })
}
