//! Cells as people name them: `B3:F20`.

use crate::error::{Error, Result};

/// A rectangle of cells, counted from 0; its end may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellRange {
    first: (u32, u32),
    last: (u32, u32),
}

impl CellRange {
    /// Reads `B3:F20`, `B3` (from there on), `B:F` (whole columns) or `3:20`
    /// (whole rows), with or without `$`.
    ///
    /// # Errors
    /// A sentence that shows how ranges are written.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!(
                "“{text}” names no cells. Write a range such as B3:F20, or B3 for all from there on."
            ))
        };
        let plain = text.trim().replace('$', "");
        let (from, to) = match plain.split_once(':') {
            Some((from, to)) => (from, Some(to)),
            None => (plain.as_str(), None),
        };
        let (row, column) = corner(from).ok_or_else(wrong)?;
        let (last_row, last_column) = match to {
            Some(to) => corner(to).ok_or_else(wrong)?,
            None if row.is_none() || column.is_none() => return Err(wrong()),
            None => (None, None),
        };

        let first = (row.unwrap_or(0), column.unwrap_or(0));
        let last = (last_row.unwrap_or(u32::MAX), last_column.unwrap_or(u32::MAX));
        if first.0 > last.0 || first.1 > last.1 {
            return Err(wrong());
        }
        Ok(Self { first, last })
    }

    pub(super) fn contains(&self, row: u32, column: u32) -> bool {
        (self.first.0..=self.last.0).contains(&row) && (self.first.1..=self.last.1).contains(&column)
    }
}

/// Row and column, counted from 0, of `B3`, `B` or `3`.
fn corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = text.split_at(letters);
    if text.is_empty() || letters.len() > 4 {
        return None;
    }
    let number = |letter: u8| u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    let column = letters.bytes().fold(0, |value, letter| value * 26 + number(letter)).checked_sub(1);
    let row = match digits {
        "" => None,
        digits => Some(digits.parse::<u32>().ok()?.checked_sub(1)?),
    };
    Some((row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_people_write_them() {
        let range = |first, last| CellRange { first, last };
        assert_eq!(CellRange::parse("B3:F20").unwrap(), range((2, 1), (19, 5)));
        assert_eq!(CellRange::parse(" $b$3 ").unwrap(), range((2, 1), (u32::MAX, u32::MAX)));
        assert_eq!(CellRange::parse("AA:AB").unwrap(), range((0, 26), (u32::MAX, 27)));
        assert_eq!(CellRange::parse("2:9").unwrap(), range((1, 0), (8, u32::MAX)));
        for wrong in ["", "B", "3", "B0", "F20:B3", "B3:", "B3:F20:G", "ä1", "ABCDE1", "A99999999999"] {
            let error = CellRange::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("B3:F20"), "{wrong}: {error}");
        }
    }
}
