//! Text for people and JSON for programs.

use std::io::Write;

use serde::Serialize;
use studio::Error;

/// Prints `value` as JSON, or what `text` makes of it. A closed pipe (`atelier runs list | head`) is no error.
pub fn print<T: Serialize>(value: &T, json: bool, text: impl FnOnce(&T) -> String) -> studio::Result<()> {
    let out = if json {
        serde_json::to_string_pretty(value)
            .map_err(|error| Error::storage(format!("JSON could not be made: {error}")))?
    } else {
        text(value)
    };
    let mut stdout = std::io::stdout().lock();
    unless_closed(writeln!(stdout, "{}", out.trim_end()).and_then(|()| stdout.flush()))
}

/// The result of writing to the standard output; a reader that has gone is no error.
pub fn unless_closed(written: std::io::Result<()>) -> studio::Result<()> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::storage(format!("The output could not be written: {error}")))
        }
        _ => Ok(()),
    }
}

pub fn print_error(error: &Error, json: bool) {
    if json {
        eprintln!("{}", serde_json::json!({ "error": error.kind, "message": error.message }));
    } else {
        eprintln!("atelier: {}", error.message);
    }
}

/// Rows under column heads; numbers to the right.
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const N: usize>(heads: [&'static str; N]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    pub fn render(&self) -> String {
        render(&self.heads, &self.rows)
    }
}

/// Rows under column heads; columns of numbers to the right.
pub fn render<H: AsRef<str>>(heads: &[H], rows: &[Vec<String>]) -> String {
    let cells_of = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let mut widths = Vec::with_capacity(heads.len());
    let mut right = Vec::with_capacity(heads.len());
    for (column, head) in heads.iter().enumerate() {
        let widest = cells_of(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
        widths.push(widest.max(head.as_ref().chars().count()));
        let mut filled = cells_of(column).filter(|cell| !cell.is_empty());
        right.push(!rows.is_empty() && filled.all(|cell| is_number(cell)));
    }

    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (column, cell) in cells.enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            let gap = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            let (before, after) = if right[column] { (gap.as_str(), "") } else { ("", gap.as_str()) };
            line.push_str(&format!("{before}{cell}{after}"));
        }
        line.trim_end().to_owned()
    };
    let mut lines = vec![line(&mut heads.iter().map(AsRef::as_ref))];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

fn is_number(cell: &str) -> bool {
    cell.replace(['\u{2009}', ' ', ','], "").parse::<f64>().is_ok()
}

/// `2026-11-21 09:30` in local time.
pub fn time(unix_ms: i64) -> String {
    studio::local_time(unix_ms)
}

/// `2.4 s`, `3 min 20 s`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 60.0 => format!("{s:.0} s"),
        s => format!("{} min {} s", (s / 60.0) as u64, (s % 60.0) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right() {
        let mut table = Table::new(["Name", "Rows"]);
        table.row(["iris".to_owned(), "150".to_owned()]);
        table.row(["breast cancer".to_owned(), "9".to_owned()]);
        assert_eq!(table.render(), "Name           Rows\niris            150\nbreast cancer     9");
    }

    #[test]
    fn durations_are_words() {
        assert_eq!(duration(2.44), "2.4 s");
        assert_eq!(duration(200.0), "3 min 20 s");
    }
}
