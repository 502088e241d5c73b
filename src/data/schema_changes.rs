//! The difference between the columns of two tables, such as two versions of a dataset.

use serde::{Deserialize, Serialize};

use crate::schema::{Column, Kind, Schema};

/// Columns that are new, gone, or hold another kind of values. The order of columns is no
/// difference: everything looks them up by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaChanges {
    /// Columns of the new table alone.
    pub added: Vec<Column>,
    /// Columns of the old table alone.
    pub removed: Vec<Column>,
    /// Columns of both that differ in kind.
    pub retyped: Vec<RetypedColumn>,
}

/// A column whose values are of another kind than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetypedColumn {
    /// Its name.
    pub name: String,
    /// The kind in the old table.
    pub before: Kind,
    /// The kind in the new table.
    pub after: Kind,
    /// The time zones of both, where either has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<(Option<String>, Option<String>)>,
}

impl SchemaChanges {
    /// What changed from `old` to `new`.
    pub fn between(old: &Schema, new: &Schema) -> Self {
        let (old_places, new_places) = (old.positions(), new.positions());
        let mut changes = Self::default();
        for column in &new.columns {
            let Some(before) = old_places.get(column.name.as_str()).map(|at| &old.columns[*at]) else {
                changes.added.push(column.clone());
                continue;
            };
            if before.kind != column.kind || before.zone != column.zone {
                let zones = (before.zone.clone(), column.zone.clone());
                changes.retyped.push(RetypedColumn {
                    name: column.name.clone(),
                    before: before.kind,
                    after: column.kind,
                    zones: (zones != (None, None)).then_some(zones),
                });
            }
        }
        let gone = old.columns.iter().filter(|column| !new_places.contains_key(column.name.as_str()));
        changes.removed = gone.cloned().collect();
        changes
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.retyped.is_empty()
    }

    /// The changes as sentences, those that can break something first.
    pub fn sentences(&self) -> Vec<String> {
        let gone = self.removed.iter().map(|column| format!("“{}” is gone.", column.name));
        let retyped = self.retyped.iter().map(|column| {
            let (old_zone, new_zone) = column.zones.clone().unwrap_or_default();
            let (before, after) = (phrase(column.before, old_zone), phrase(column.after, new_zone));
            format!("“{}” was {before} and is now {after}.", column.name)
        });
        let new = self.added.iter().map(|column| format!("“{}” is new, {}.", column.name, column.kind.phrase()));
        gone.chain(retyped).chain(new).collect()
    }
}

/// “a date and time in Europe/Berlin”.
fn phrase(kind: Kind, zone: Option<String>) -> String {
    match zone {
        Some(zone) => format!("{} in {zone}", kind.phrase()),
        None => kind.phrase().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_change_is_a_sentence() {
        let old = Schema::new([("id", Kind::Integer), ("zip", Kind::Text), ("city", Kind::Text)]);
        let new = Schema::new([("zip", Kind::Integer), ("id", Kind::Integer), ("area", Kind::Real)]);
        let changes = SchemaChanges::between(&old, &new);
        assert_eq!(
            changes.sentences(),
            ["“city” is gone.", "“zip” was a text and is now a whole number.", "“area” is new, a real number."]
        );
        assert!(SchemaChanges::between(&old, &old).is_empty());
    }

    #[test]
    fn another_zone_is_a_change() {
        let local = Schema::new([("t", Kind::DateTime)]);
        let mut zoned = local.clone();
        zoned.columns[0].zone = Some("UTC".to_owned());
        let said = SchemaChanges::between(&local, &zoned).sentences();
        assert_eq!(said, ["“t” was a date and time and is now a date and time in UTC."]);
    }

    fn schemas() -> impl Strategy<Value = Schema> {
        let columns = prop::collection::btree_map("[a-e]", 0..Kind::ALL.len(), 0..5);
        columns.prop_map(|columns| Schema::new(columns.into_iter().map(|(name, kind)| (name, Kind::ALL[kind]))))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_changes_lead_from_the_old_schema_to_the_new(old in schemas(), new in schemas()) {
            let changes = SchemaChanges::between(&old, &new);
            let mut made: std::collections::BTreeMap<String, Kind> =
                old.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
            for column in &changes.removed {
                prop_assert!(made.remove(&column.name).is_some());
            }
            for column in &changes.retyped {
                prop_assert_eq!(made.insert(column.name.clone(), column.after), Some(column.before));
            }
            for column in &changes.added {
                prop_assert!(made.insert(column.name.clone(), column.kind).is_none());
            }
            let wanted = new.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
            prop_assert_eq!(made, wanted);
        }
    }
}
