//! Which raw columns a model needs, found by going back through its preparation.

use data::expression::columns_used;
use data::prepare::{ComputedColumn, Preparation, Step};
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
                // The expression was checked when its step was made, so that it can be read.
                let names = columns_used(&entry.expression).unwrap_or_default();
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

/// Whether one of the computed columns is computed from `name`.
pub(super) fn computed_from(columns: &[ComputedColumn], name: &str) -> bool {
    let uses = |entry: &ComputedColumn| columns_used(&entry.expression).unwrap_or_default().iter().any(|it| it == name);
    columns.iter().any(uses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_needs_the_columns_that_it_reads() {
        use data::prepare::{ComputedColumn, Fitted};

        let computed =
            |name: &str, expression: &str| ComputedColumn { name: name.to_owned(), expression: expression.to_owned() };
        let columns = vec![
            computed("a", r#"CAST("mean radius" AS DOUBLE) / 2"#),
            computed("b", "CASE WHEN lower(name) = 'x' THEN a ELSE 0 END"),
        ];
        let step = Fitted::new(Step::Compute { columns }).unwrap();
        let features = Needed::from_iter([("b".to_owned(), Some(Kind::Real))]);
        let all = needed(&Preparation(vec![step]), features);
        let mut names: Vec<&str> = all[0].keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["mean radius", "name"]);
    }
}
