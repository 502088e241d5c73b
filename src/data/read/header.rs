//! Whether the first row of a table holds names, and what stands beneath them.

use super::guess::{Origin, Rules};
use super::reading::{DATES, NUMBERS, Readings, TIME};

/// Longest text that may be a unit.
const UNIT_LETTERS: usize = 15;

/// What was found out about the first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstRow {
    /// Names, as columns of values stand beneath texts.
    SurelyNames,
    /// Names, but they might be values.
    PerhapsNames,
    /// Names by custom: all is text.
    Names,
    /// Values.
    Values,
}

impl FirstRow {
    pub(super) fn holds_names(self) -> bool {
        self != Self::Values
    }
}

/// The rows of a table's beginning, as far as their kinds go.
struct Rows<'a> {
    first: Vec<CellKind>,
    below: Vec<ColumnKind>,
    texts: &'a [Vec<String>],
}

/// What one cell could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CellKind {
    readings: Readings,
    missing: bool,
}

/// What all cells of a column below the first could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ColumnKind {
    readings: Readings,
    values: usize,
}

impl ColumnKind {
    fn is_typed(self) -> bool {
        self.values > 0 && self.readings != 0
    }
}

fn cell_kind(text: &str, rules: &Rules) -> CellKind {
    if rules.null(text).is_some() {
        return CellKind { readings: 0, missing: true };
    }
    let field = rules.read(text, Origin::Bare);
    CellKind { readings: field.readings, missing: field.placeholder }
}

fn column_kind(rows: &[Vec<String>], at: usize, rules: &Rules) -> ColumnKind {
    let mut kind = ColumnKind { readings: !0, values: 0 };
    for cell in rows.iter().filter_map(|row| row.get(at)) {
        let cell = cell_kind(cell, rules);
        if !cell.missing {
            kind.readings &= cell.readings;
            kind.values += 1;
        }
    }
    kind
}

/// Looks at the first of some records.
pub(super) fn first_row(records: &[Vec<String>], rules: &Rules) -> FirstRow {
    let Some((first, body)) = records.split_first() else {
        return FirstRow::Names;
    };
    let rows = Rows {
        first: first.iter().map(|cell| cell_kind(cell, rules)).collect(),
        below: (0..first.len()).map(|at| column_kind(body, at, rules)).collect(),
        texts: records,
    };
    // A text, or a value of another kind, over a column of values is a name.
    let named = rows
        .first
        .iter()
        .zip(&rows.below)
        .any(|(cell, column)| column.is_typed() && !cell.missing && cell.readings & column.readings == 0);
    if named {
        return FirstRow::SurelyNames;
    }
    if rows.first.iter().any(|cell| cell.readings != 0) {
        return if rows.are_numbered_names() { FirstRow::PerhapsNames } else { FirstRow::Values };
    }
    let distinct: std::collections::HashSet<&String> = first.iter().collect();
    match (distinct.len() == first.len(), body.iter().any(|row| row == first)) {
        (false, _) => FirstRow::Values,
        (true, true) => FirstRow::PerhapsNames,
        (true, false) => FirstRow::Names,
    }
}

impl Rows<'_> {
    /// Whether names are numbers or dates, such as the years of `country, 2021,
    /// 2022`: they rise by one step, and other rows do not.
    fn are_numbered_names(&self) -> bool {
        let Some((first, body)) = self.texts.split_first() else {
            return false;
        };
        if body.is_empty() {
            return false;
        }
        // Beside a number that counts, a name is a text that no row repeats.
        let texts_are_names = self
            .first
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.readings == 0)
            .all(|(at, cell)| !cell.missing && !body.iter().any(|row| row.get(at) == first.get(at)));
        let years = self.years();
        let numbers = self.first.iter().filter(|cell| cell.readings != 0).count();
        let step = even_step(first, &self.first);
        let below_alike = body.iter().all(|row| even_step(row, &self.first) == step);
        texts_are_names && ((step.is_some() && numbers >= 3 && !below_alike) || years)
    }

    /// Whether all numbers of the first row are different years, and those below
    /// are not, and there is a text beside them.
    fn years(&self) -> bool {
        let year = |text: &String| text.trim().parse::<u32>().ok().filter(|year| (1900..=2100).contains(year));
        let columns: Vec<usize> = (0..self.first.len()).filter(|at| self.first[*at].readings & NUMBERS != 0).collect();
        let has_text = self.first.iter().any(|cell| cell.readings == 0 && !cell.missing);
        let names: Vec<u32> = columns.iter().filter_map(|at| year(&self.texts[0][*at])).collect();
        let below_are_years = self.texts[1..]
            .iter()
            .any(|row| columns.iter().filter_map(|at| row.get(*at)).any(|cell| year(cell).is_some()));
        let rising = names.windows(2).all(|pair| pair[0] != pair[1]);
        has_text && !columns.is_empty() && names.len() == columns.len() && rising && !below_are_years
    }
}

/// The step by which the numbers of a row rise, if it is the same for all.
fn even_step(row: &[String], kinds: &[CellKind]) -> Option<f64> {
    let mut numbers: Vec<f64> = Vec::new();
    for (cell, kind) in row.iter().zip(kinds) {
        if kind.readings != 0 {
            numbers.push(cell.trim().parse().ok()?);
        }
    }
    let step = numbers.get(1)? - numbers.first()?;
    let even = numbers.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() <= step.abs() * 1e-9);
    (step > 0.0 && even).then_some(step)
}

/// Whether the row beneath the names holds units: short texts over columns of
/// numbers or times, and no value of its own.
pub(super) fn has_units(body: &[Vec<String>], rules: &Rules) -> bool {
    let Some((units, rows)) = body.split_first() else {
        return false;
    };
    if rows.len() < 2 || units.len() < 2 {
        return false;
    }
    let mut over_values = 0;
    for (at, unit) in units.iter().enumerate() {
        let unit = unit.trim();
        let cell = cell_kind(unit, rules);
        let column = column_kind(rows, at, rules);
        let quantity = column.is_typed() && column.readings & (NUMBERS | DATES | TIME) != 0;
        if cell.readings != 0 || (!quantity && !unit.is_empty() && column.is_typed()) {
            return false;
        }
        if quantity && !cell.missing {
            if !is_unit(unit) {
                return false;
            }
            over_values += 1;
        }
    }
    over_values > 0
}

fn is_unit(text: &str) -> bool {
    const WORDS: [&str; 9] = ["unknown", "none", "missing", "nil", "null", "na", "n/a", "error", "total"];
    let letters = text.chars().count();
    (1..=UNIT_LETTERS).contains(&letters)
        && text.chars().any(|letter| letter.is_alphabetic() || "%°$€£".contains(letter))
        && !WORDS.contains(&text.to_lowercase().as_str())
}

/// Whether some column of the rows below the first holds values of one kind
/// other than text.
pub(super) fn has_typed_column(records: &[Vec<String>], rules: &Rules) -> bool {
    let Some((first, body)) = records.split_first() else {
        return false;
    };
    (0..first.len()).any(|at| column_kind(body, at, rules).is_typed())
}

/// Whether a cell could stand in a column, so that its row is no footer.
pub(super) fn fits_column(text: &str, rows: &[Vec<String>], at: usize, rules: &Rules) -> bool {
    let column = column_kind(rows, at, rules);
    let cell = cell_kind(text, rules);
    column.is_typed() && (cell.missing || cell.readings & column.readings != 0)
}

#[cfg(test)]
mod tests {
    use super::super::options::ReadOptions;
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    fn rules() -> Rules {
        Rules::new(&ReadOptions::default(), true).unwrap()
    }

    #[test]
    fn names_and_values() {
        use FirstRow::{Names, PerhapsNames, SurelyNames, Values};
        for (text, expected) in [
            ("a,b\n1,x\n2,y", SurelyNames),
            ("country,2021,2022,2023\nNorland,1.5,2.5,3.5\nSudland,4.5,5.5,6.5", PerhapsNames),
            ("country,2021\nNorland,5.5\nSudland,7", PerhapsNames),
            ("gene,1,2,3\nabc,10,20,30\ndef,11,21,31", PerhapsNames),
            ("sample,450.5,455,459.5\na,0.1,0.2,0.4\nb,3,1,2", PerhapsNames),
            ("0,1,2\n0.5,1.5,2.5\n7,8,10", PerhapsNames),
            ("true,false\n5,6\n7,8", SurelyNames),
            ("id,2024-01-01,2024-02-01\na,5,6\nb,7,8", SurelyNames),
            ("yes,no\nyes,no\nno,yes", PerhapsNames),
            ("name\nPedro\nMaria", Names),
            ("a,a\nx,y", Values),
            ("1,a\n2,b", Values),
            ("1,2\n3,4\n5,6", Values),
            ("1,2,3\n4,5,6", Values),
            ("2021,5\n2022,6", Values),
            ("2024-01-01,5\n2024-01-02,6", Values),
            ("x,1.5\ny,2.5", Values),
        ] {
            assert_eq!(first_row(&rows(text), &rules()), expected, "{text}");
        }
    }

    #[test]
    fn units() {
        for (text, expected) in [
            ("s,V\n0.0,1.1\n0.1,1.2", true),
            ("s,\n0.0,a\n0.1,b", true),
            ("(°C),%\n1,2\n3,4", true),
            ("x,5\n0.0,1\n0.1,2", false),
            ("unknown,V\n0.0,1\n0.1,2", false),
            ("abc,def\nx,y\nz,w", false),
            ("s,V\n0.0,1.1", false),
            ("?,?\n0.0,1.1\n1,2", false),
        ] {
            assert_eq!(has_units(&rows(text), &rules()), expected, "{text}");
        }
    }
}
