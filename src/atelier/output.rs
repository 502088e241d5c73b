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
    match writeln!(stdout, "{}", out.trim_end()).and_then(|()| stdout.flush()) {
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
        let widths: Vec<usize> = (0..self.heads.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
                cells.chain([self.heads[column].chars().count()]).max().unwrap_or(0)
            })
            .collect();
        let right: Vec<bool> = (0..self.heads.len())
            .map(|column| {
                let mut cells = self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty());
                !self.rows.is_empty()
                    && cells.all(|cell| cell.replace(['\u{2009}', ' ', ','], "").parse::<f64>().is_ok())
            })
            .collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = cells
                .enumerate()
                .map(|(column, cell)| {
                    let gap = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
                    if right[column] { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
                })
                .collect();
            cells.join("  ").trim_end().to_owned()
        };
        let mut lines = vec![line(&mut self.heads.iter().copied())];
        lines.extend(self.rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
        lines.join("\n")
    }
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
