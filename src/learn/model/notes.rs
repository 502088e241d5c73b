//! What scoring met that training had not.

use data::schema::Kind;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// At most this many unseen values are named.
const EXAMPLES: usize = 3;
/// Columns of which the same is to be said in a sentence each; more share one.
const SENTENCES: usize = 3;
/// Columns that a shared sentence names.
const NAMED: usize = 20;

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

    /// Sentences for what was noted: first what changes the meaning of values, then what is merely
    /// unusual. Many columns of which the same is to be said share a sentence.
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
        }

        sentences.extend(self.findings("have values that were not met in training", |name, notes| {
            let examples: Vec<String> = notes.examples.iter().map(|text| format!("“{text}”")).collect();
            let examples = examples.join(", ");
            let found = self.share(notes.unseen, "was not met", "were not met")?;
            Some((notes.unseen, format!("Column “{name}”: {found} in training, such as {examples}.")))
        }));
        sentences.extend(self.findings("have missing values", |name, notes| {
            let found = self.share(notes.missing, "is missing", "are missing")?;
            Some((notes.missing, format!("Column “{name}”: {found}.")))
        }));
        sentences.extend(self.findings("have values outside the range of training", |name, notes| {
            let [low, high] = notes.range?;
            let (low, high) = (shown(low), shown(high));
            let found = self.share(notes.out_of_range, "is outside", "are outside")?;
            Some((notes.out_of_range, format!("Column “{name}”: {found} the range of training, {low} to {high}.")))
        }));
        sentences
    }

    /// Returns "3 of 90 values are missing"; `None` for none.
    fn share(&self, count: u64, one: &str, several: &str) -> Option<String> {
        let verb = if count == 1 { one } else { several };
        (count > 0).then(|| format!("{count} of {} values {verb}", self.rows))
    }

    /// Returns a sentence for each column that `find` finds something in, with its count of values;
    /// where they are many, one for all of them.
    fn findings(&self, what: &str, find: impl Fn(&str, &ColumnNotes) -> Option<(u64, String)>) -> Vec<String> {
        let mut found = Vec::new();
        for (name, notes) in &self.columns {
            if let Some((count, sentence)) = find(name, notes) {
                found.push((name, count, sentence));
            }
        }
        if found.len() <= SENTENCES {
            return found.into_iter().map(|(_, _, sentence)| sentence).collect();
        }

        let named: Vec<String> = found.iter().take(NAMED).map(|(name, count, _)| format!("“{name}” {count}")).collect();
        let more = match found.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more columns"),
        };
        vec![format!("{} columns {what} (of {} each): {}{more}.", found.len(), self.rows, named.join(", "))]
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
            "Column “flag” is a boolean here and was a text in training; its values were converted.",
            "Column “c”: 1 of 2 values was not met in training, such as “z”.",
            "Column “x”: 1 of 2 values is missing.",
            "Column “x”: 1 of 2 values is outside the range of training, 18 to 65.",
        ];
        assert_eq!(notes.sentences(), expected);
        assert_eq!([shown(0.0), shown(-1234567.0), shown(0.00012)], ["0", "-1234567", "0.00012"]);
    }

    #[test]
    fn many_columns_share_a_sentence() {
        let mut notes = ScoringNotes { rows: 9, ..ScoringNotes::default() };
        for at in 0..22 {
            notes.column(&format!("c{at}")).missing = at + 1;
        }
        let sentences = notes.sentences();
        assert_eq!(sentences.len(), 1);
        assert!(sentences[0].starts_with("22 columns have missing values (of 9 each): “c0” 1, “c1” 2, "));
        assert!(sentences[0].ends_with("“c19” 20, and 2 more columns."), "{}", sentences[0]);
    }
}
