//! The search of registered models and their versions. There are few beside the runs, so the conditions
//! are met in memory.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::registry::{RegisteredModel, RegisteredVersion, load_models, load_versions};
use super::{Condition, Operator, Order, Page, Value};
use crate::error::Result;
use crate::folder::Workspace;

/// The tag by which the protocol tells prompts, which it keeps as models, from models.
const IS_PROMPT: &str = "mlflow.prompt.is_prompt";

/// By what registered models are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ModelField {
    Name,
    Created,
    Updated,
    Tag(String),
}

/// Which registered models, in which order: at the end by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelSearch {
    /// All of these are met.
    pub conditions: Vec<Condition<ModelField>>,
    /// In this order.
    pub order: Vec<Order<ModelField>>,
    /// How many to leave out.
    pub offset: usize,
    /// How many to return at most.
    pub limit: usize,
}

/// By what versions are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum VersionField {
    Name,
    Number,
    Run,
    Source,
    Created,
    Updated,
    Tag(String),
}

/// Which versions, in which order: at the end by name, and the greatest number first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VersionSearch {
    /// All of these are met.
    pub conditions: Vec<Condition<VersionField>>,
    /// In this order; when empty, those that were changed last first.
    pub order: Vec<Order<VersionField>>,
    /// How many to leave out.
    pub offset: usize,
    /// How many to return at most.
    pub limit: usize,
}

impl Workspace {
    /// The registered models that meet all conditions, a page of them. Prompts only if asked for.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn search_registered_models(&self, search: &ModelSearch) -> Result<Page<RegisteredModel>> {
        let prompts = asks_for_prompts(&search.conditions, |field| match field {
            ModelField::Tag(key) => Some(key),
            _ => None,
        });
        self.db.read(|conn| {
            let mut found = load_models(conn, None)?;
            found.retain(|model| {
                (prompts || !is_prompt(&model.tags))
                    && search.conditions.iter().all(|condition| meets_model(model, condition, prompts))
            });
            found.sort_by(|a, b| order_models(a, b, &search.order));
            Ok(Page::cut(found, search.offset, search.limit))
        })
    }

    /// The versions that meet all conditions, a page of them. Those of prompts only if asked for.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn search_registered_versions(&self, search: &VersionSearch) -> Result<Page<RegisteredVersion>> {
        let prompts = asks_for_prompts(&search.conditions, |field| match field {
            VersionField::Tag(key) => Some(key),
            _ => None,
        });
        self.db.read(|conn| {
            let mut found = load_versions(conn, "?1 = 0 AND v.deleted_at IS NULL AND m.deleted_at IS NULL", 0)?;
            let of_prompts: HashSet<String> =
                found.iter().filter(|version| is_prompt(&version.tags)).map(|version| version.model.clone()).collect();
            found.retain(|version| {
                (prompts || !of_prompts.contains(&version.model))
                    && search.conditions.iter().all(|condition| meets_version(version, condition, prompts))
            });
            found.sort_by(|a, b| order_versions(a, b, &search.order));
            Ok(Page::cut(found, search.offset, search.limit))
        })
    }
}

/// Whether the first condition on the tag of prompts wants them.
fn asks_for_prompts<F>(conditions: &[Condition<F>], tag: impl Fn(&F) -> Option<&String>) -> bool {
    let asked = conditions.iter().find(|condition| tag(&condition.field).is_some_and(|key| key == IS_PROMPT));
    asked.is_some_and(|condition| match (condition.operator, &condition.value) {
        (Operator::Equal, Value::Text(value)) => value.eq_ignore_ascii_case("true"),
        (Operator::NotEqual, Value::Text(value)) => value.eq_ignore_ascii_case("false"),
        _ => false,
    })
}

fn is_prompt(tags: &[(String, String)]) -> bool {
    tags.iter().any(|(key, value)| key == IS_PROMPT && value == "true")
}

fn meets_tag<F>(tags: &[(String, String)], key: &str, condition: &Condition<F>, prompts: bool) -> bool {
    // Without prompts, a condition on their tag has said all it can.
    (key == IS_PROMPT && !prompts)
        || condition.meets(tags.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()))
}

fn meets_model(model: &RegisteredModel, condition: &Condition<ModelField>, prompts: bool) -> bool {
    match &condition.field {
        ModelField::Name => condition.meets_text(&model.name),
        ModelField::Created => condition.meets_integer(model.created_ms),
        ModelField::Updated => condition.meets_integer(model.updated_ms),
        ModelField::Tag(key) => meets_tag(&model.tags, key, condition, prompts),
    }
}

fn meets_version(version: &RegisteredVersion, condition: &Condition<VersionField>, prompts: bool) -> bool {
    match &condition.field {
        VersionField::Name => condition.meets_text(&version.model),
        VersionField::Number => condition.meets_integer(version.version.into()),
        VersionField::Run => condition.meets(version.run.as_deref()),
        VersionField::Source => condition.meets_text(&version.source),
        VersionField::Created => condition.meets_integer(version.created_ms),
        VersionField::Updated => condition.meets_integer(version.updated_ms),
        VersionField::Tag(key) => meets_tag(&version.tags, key, condition, prompts),
    }
}

fn order_models(a: &RegisteredModel, b: &RegisteredModel, by: &[Order<ModelField>]) -> Ordering {
    let of = |field: &ModelField| match field {
        ModelField::Name => a.name.cmp(&b.name),
        ModelField::Created => a.created_ms.cmp(&b.created_ms),
        ModelField::Updated => a.updated_ms.cmp(&b.updated_ms),
        ModelField::Tag(_) => Ordering::Equal,
    };
    directed(by, of).then_with(|| a.name.cmp(&b.name))
}

fn order_versions(a: &RegisteredVersion, b: &RegisteredVersion, by: &[Order<VersionField>]) -> Ordering {
    let of = |field: &VersionField| match field {
        VersionField::Name => a.model.cmp(&b.model),
        VersionField::Number => a.version.cmp(&b.version),
        VersionField::Run => a.run.cmp(&b.run),
        VersionField::Source => a.source.cmp(&b.source),
        VersionField::Created => a.created_ms.cmp(&b.created_ms),
        VersionField::Updated => a.updated_ms.cmp(&b.updated_ms),
        VersionField::Tag(_) => Ordering::Equal,
    };
    let first = if by.is_empty() { b.updated_ms.cmp(&a.updated_ms) } else { directed(by, of) };
    first.then_with(|| a.model.cmp(&b.model)).then_with(|| b.version.cmp(&a.version))
}

fn directed<F>(by: &[Order<F>], of: impl Fn(&F) -> Ordering) -> Ordering {
    by.iter()
        .map(|clause| if clause.ascending { of(&clause.field) } else { of(&clause.field).reverse() })
        .find(|ordering| *ordering != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}
