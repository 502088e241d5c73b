//! Which raw columns a model needs, found by going back through its preparation.

use data::prepare::{Preparation, Step};
use data::schema::Kind;
use indexmap::IndexMap;

/// Needed columns, with their kind where it is known.
pub(super) type Needed = IndexMap<String, Option<Kind>>;

/// The columns needed before each step, and last those needed after all of them, which are given.
pub(super) fn needed(preparation: &Preparation, features: Needed) -> Vec<Needed> {
    let mut all = vec![features];
    for step in preparation.0.iter().rev() {
        let after = &all[all.len() - 1];
        let before = before(step.step(), after);
        all.push(before);
    }
    all.reverse();
    all
}

fn before(step: &Step, after: &Needed) -> Needed {
    let mut needed = after.clone();
    match step {
        Step::Select { .. } | Step::Drop { .. } | Step::SetRole { .. } | Step::Clip { .. } => {}
        Step::Rename { columns } => {
            let old = |name: &String| columns.iter().find(|(_, new)| *new == name).map_or(name, |(old, _)| old).clone();
            needed = after.iter().map(|(name, kind)| (old(name), *kind)).collect();
        }
        Step::Cast { columns } => {
            for (name, kind) in &mut needed {
                if columns.contains_key(name) {
                    *kind = None;
                }
            }
        }
        Step::Impute { columns } => {
            for entry in columns {
                if let Some(indicator) = &entry.indicator {
                    trade(&mut needed, indicator, [&entry.column], None);
                }
            }
        }
        Step::Scale { .. } => {}
        Step::OneHot { columns } => {
            for entry in columns {
                for name in entry.names() {
                    trade(&mut needed, &name, [&entry.column], Some(Kind::Text));
                }
            }
        }
        Step::Bin { columns } => {
            for entry in columns {
                let made = entry.output.as_ref().unwrap_or(&entry.column);
                trade(&mut needed, made, [&entry.column], Some(Kind::Real));
            }
        }
        Step::Compute { columns } => {
            for entry in columns.iter().rev() {
                let names = mentioned(&entry.expression);
                trade(&mut needed, &entry.name, &names, None);
            }
        }
    }
    needed
}

/// If `made` is needed, `from` are needed in its place.
fn trade<'a>(needed: &mut Needed, made: &str, from: impl IntoIterator<Item = &'a String>, kind: Option<Kind>) {
    let Some(at) = needed.get_index_of(made) else {
        return;
    };
    needed.shift_remove_index(at);
    for name in from {
        needed.entry(name.clone()).or_insert(kind);
    }
}

/// The names an expression may mean: quoted with `"` or `` ` ``, or bare and not followed by `(`.
fn mentioned(expression: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let end = rest[1..].find('\'').map_or(rest.len(), |at| at + 2);
            rest = &rest[end..];
        } else if first == '"' || first == '`' {
            let end = rest[1..].find(first).map_or(rest.len(), |at| at + 1);
            names.push(rest[1..end].to_owned());
            rest = rest.get(end + 1..).unwrap_or("");
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if !after.trim_start().starts_with('(') {
                names.push(word.to_owned());
            }
            rest = after;
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_expressions() {
        assert_eq!(
            mentioned(r#"round(a1 * "mean radius" + `b c`, 2) || 'text "not" this'"#),
            ["a1", "mean radius", "b c"]
        );
        assert!(mentioned("'open").is_empty());
        assert_eq!(mentioned("\"open"), ["open"]);
    }
}
