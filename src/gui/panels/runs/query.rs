//! What is looked for: where, and in MLflow's filter language or in plain words.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use server::filter::{self, lex};
use studio::{RunListing, RunQuery, RunSort, tracking::Condition, tracking::RunField};

/// Among which runs.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    All,
    /// Of an experiment, by its name.
    Experiment(String),
    /// Of a pipeline, by its path.
    Pipeline(String),
    Archived,
    Deleted,
}

/// What is looked for and how it is put together.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Filters {
    pub scope: Scope,
    /// As it was typed.
    pub text: String,
    pub group: Option<RunSort>,
    /// Whether nested runs are shown below the run that started them.
    pub nested: bool,
}

impl Default for Filters {
    fn default() -> Self {
        Self { scope: Scope::All, text: String::new(), group: None, nested: true }
    }
}

/// What is wrong with a part of the text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub at: Range<usize>,
    pub words: String,
}

/// What the text means.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// Words to find in names, pipelines, users, branches and commits.
    Words(String),
    Conditions(Vec<Condition<RunField>>),
    /// Not yet a filter, or none.
    Faults(Vec<Fault>),
}

/// The words of the language that no name of a run is likely to be.
const ENTITIES: [&str; 8] = ["metrics.", "params.", "tags.", "attributes.", "datasets.", "metric.", "param.", "tag."];

impl Meaning {
    pub fn of(text: &str) -> Self {
        let tokens = lex::tokens(text);
        let compares = |token: &lex::Token<'_>| {
            token.kind == lex::Kind::Comparison || ["IN", "IS", "NOT"].iter().any(|word| token.is(word))
        };
        if !tokens.iter().any(compares) {
            let text = text.trim();
            // Who begins to write a filter must not see the list go.
            if !text.is_empty() && ENTITIES.iter().any(|entity| entity.starts_with(text)) {
                return Self::Faults(Vec::new());
            }
            let begun = ENTITIES.iter().any(|entity| text.starts_with(entity));
            let fault = || Fault { at: 0..text.len(), words: "Compare it with a value.".to_owned() };
            return if begun { Self::Faults(vec![fault()]) } else { Self::Words(text.to_owned()) };
        }
        match filter::runs(text) {
            Ok(conditions) => Self::Conditions(conditions),
            Err(error) => Self::Faults(faults(text, &tokens, error.message)),
        }
    }
}

/// The comparisons that are wrong by themselves; all of the text, where none is.
fn faults(text: &str, tokens: &[lex::Token<'_>], all: String) -> Vec<Fault> {
    let mut found = Vec::new();
    for part in tokens.split(|token| token.is("AND")) {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let at = first.start..last.start + last.text.len();
        let comparison = text.get(at.clone()).unwrap_or_default();
        let words = match filter::runs(comparison) {
            Ok(conditions) if conditions.is_empty() => "Compare it with a value.".to_owned(),
            Ok(_) => continue,
            Err(error) => error.message,
        };
        found.push(Fault { at, words });
    }
    if found.is_empty() {
        found.push(Fault { at: 0..text.len(), words: all });
    }
    found
}

impl Filters {
    /// The runs that are looked for in this order. `None` while the text means nothing.
    pub fn listing(&self, sort: RunSort, descending: bool, measures: Vec<String>) -> Option<RunListing> {
        let mut query = RunQuery { sort, descending, models: true, ..RunQuery::default() };
        let mut conditions = Vec::new();
        match Meaning::of(&self.text) {
            Meaning::Words(words) => query.text = words,
            Meaning::Conditions(found) => conditions = found,
            Meaning::Faults(_) => return None,
        }
        match &self.scope {
            Scope::Experiment(name) => query.experiment = Some(name.clone()),
            Scope::Pipeline(path) => query.pipeline = Some(path.clone()),
            Scope::Deleted => query.deleted = true,
            Scope::All | Scope::Archived => {}
        }
        let archived = self.scope == Scope::Archived;
        let (group, nested) = (self.group.clone(), self.nested);
        Some(RunListing { filter: query, conditions, archived, group, nested, measures })
    }

    /// Narrows the text by one more comparison; plain words give way to it.
    pub fn narrow(&mut self, comparison: &str) {
        let text = self.text.trim();
        self.text = match Meaning::of(text) {
            Meaning::Conditions(found) if !found.is_empty() => format!("{text} AND {comparison}"),
            _ => comparison.to_owned(),
        };
    }
}

/// `params.rate = '0.1'`: a comparison with a text. `None` for a text that the language cannot hold.
pub fn compare_text(entity: &str, key: &str, operator: &str, value: &str) -> Option<String> {
    Some(format!("{} {operator} {}", named(entity, key), quoted(value)?))
}

/// A text in the quotes that it does not hold itself. `None` for a text that the language cannot hold.
pub fn quoted(value: &str) -> Option<String> {
    let quote = ['\'', '"'].into_iter().find(|quote| !value.contains(*quote))?;
    // A backslash before the closing quote would escape it.
    (!value.ends_with('\\')).then(|| format!("{quote}{value}{quote}"))
}

/// `metrics.auc`, or with quotes where the key needs them.
pub fn named(entity: &str, key: &str) -> String {
    let plain = key.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { format!("{entity}.{key}") } else { format!("{entity}.`{key}`") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_looked_for_and_comparisons_are_met() {
        assert_eq!(Meaning::of(" brisk heron "), Meaning::Words("brisk heron".to_owned()));
        assert!(matches!(Meaning::of("metrics.auc > 0.9"), Meaning::Conditions(found) if found.len() == 1));
        assert!(matches!(Meaning::of("metrics.auc"), Meaning::Faults(_)));
        assert_eq!(Meaning::of("par"), Meaning::Faults(Vec::new()));
        assert_eq!(Meaning::of("pare"), Meaning::Words("pare".to_owned()));
    }

    #[test]
    fn the_wrong_comparison_is_pointed_at() {
        let text = "metrics.auc > 0.9 and params.rate = 3 and tags.x = 'y'";
        let Meaning::Faults(faults) = Meaning::of(text) else { panic!("it is wrong") };
        assert_eq!(faults.len(), 1);
        assert_eq!(&text[faults[0].at.clone()], "params.rate = 3");
        assert!(!faults[0].words.is_empty());
        let Meaning::Faults(faults) = Meaning::of("metrics.auc > 0.9 and metrics.loss <") else { panic!("so is this") };
        assert_eq!(faults[0].at, 22..36);
    }

    #[test]
    fn a_value_narrows_what_is_there() {
        let mut filters = Filters { text: "some words".to_owned(), ..Filters::default() };
        filters.narrow("metrics.auc > 0.9");
        filters.narrow(&compare_text("params", "learning rate", "=", "it's").unwrap());
        assert_eq!(filters.text, "metrics.auc > 0.9 AND params.`learning rate` = \"it's\"");
        assert!(matches!(Meaning::of(&filters.text), Meaning::Conditions(found) if found.len() == 2));
        assert_eq!(compare_text("params", "a", "=", "'\""), None);
    }

    proptest! {
        /// Nothing that is typed breaks the window, and faults lie within the text.
        #[test]
        fn any_text_has_a_meaning(text in "[ a-z0-9.'\"`()<>=é,;]{0,40}") {
            if let Meaning::Faults(faults) = Meaning::of(&text) {
                for fault in faults {
                    prop_assert!(text.get(fault.at).is_some());
                }
            }
        }
    }
}
