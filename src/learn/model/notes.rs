//! What scoring met that training had not.

use data::schema::Kind;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// At most this many unseen values are named.
const EXAMPLES: usize = 3;

/// What scored rows held that the training rows did not, column by column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScoringNotes {
    /// Rows that were scored.
    pub rows: u64,
    /// Only columns that there is something to say of.
    pub columns: IndexMap<String, ColumnNotes>,
}

/// What one column of scored rows held.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnNotes {
    /// What it held in training, where it held another kind here and was converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trained_as: Option<Kind>,
    /// What it held here, where that was converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub converted_from: Option<Kind>,
    /// Values that were missing.
    pub missing: u64,
    /// Values that were not among the categories of training.
    pub unseen: u64,
    /// Some of the unseen values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Numbers below or above those of training.
    pub out_of_range: u64,
    /// The smallest and the largest number of training, in the column's own units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
}

impl ScoringNotes {
    pub(super) fn column(&mut self, name: &str) -> &mut ColumnNotes {
        self.columns.entry(name.to_owned()).or_default()
    }

    pub(super) fn unseen(&mut self, name: &str, value: &str) {
        let notes = self.column(name);
        notes.unseen += 1;
        if notes.examples.len() < EXAMPLES && !notes.examples.iter().any(|known| known == value) {
            notes.examples.push(value.to_owned());
        }
    }

    /// One sentence for each thing that was noted.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for (name, notes) in &self.columns {
            if let (Some(here), Some(trained)) = (notes.converted_from, notes.trained_as) {
                sentences.push(format!(
                    "Column “{name}” is {} here and was {} in training; its values were converted.",
                    here.phrase(),
                    trained.phrase()
                ));
            }
            let of_rows = |count: u64| format!("{count} of {} values", self.rows);
            if notes.missing > 0 {
                sentences.push(format!("Column “{name}”: {} are missing.", of_rows(notes.missing)));
            }
            if notes.unseen > 0 {
                let examples: Vec<String> = notes.examples.iter().map(|text| format!("“{text}”")).collect();
                sentences.push(format!(
                    "Column “{name}”: {} were not met in training, such as {}.",
                    of_rows(notes.unseen),
                    examples.join(", ")
                ));
            }
            if let (true, Some([low, high])) = (notes.out_of_range > 0, notes.range) {
                sentences.push(format!(
                    "Column “{name}”: {} are outside the range of training, {} to {}.",
                    of_rows(notes.out_of_range),
                    shown(low),
                    shown(high)
                ));
            }
        }
        sentences
    }
}

/// A number with at most six significant digits; undoing a scaling leaves dust behind them.
fn shown(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = (5.0 - value.abs().log10().floor()).clamp(0.0, 15.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_a_sentence() {
        let mut notes = ScoringNotes { rows: 2, ..ScoringNotes::default() };
        notes.unseen("c", "z");
        *notes.column("x") = ColumnNotes {
            missing: 1,
            out_of_range: 1,
            range: Some([18.0, 65.000_000_000_1]),
            ..ColumnNotes::default()
        };
        let flag = notes.column("flag");
        flag.trained_as = Some(Kind::Text);
        flag.converted_from = Some(Kind::Boolean);
        let expected = [
            "Column “c”: 1 of 2 values were not met in training, such as “z”.",
            "Column “x”: 1 of 2 values are missing.",
            "Column “x”: 1 of 2 values are outside the range of training, 18 to 65.",
            "Column “flag” is a boolean here and was a text in training; its values were converted.",
        ];
        assert_eq!(notes.sentences(), expected);
        assert_eq!([shown(0.0), shown(-1234567.0), shown(0.00012)], ["0", "-1234567", "0.00012"]);
    }
}
