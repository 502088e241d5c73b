//! What differs between two versions of a pipeline: enough to draw it, to say it, and to make the one from the other.
//!
//! Jobs are the same if their names are. The difference is exact: `diff(a, b).apply(&a) == b`.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{Input, Job, Note, Pipeline, Wire};
use crate::component::Spec;

/// Left and top on the canvas, where the file says them.
pub type Place = Option<[f32; 2]>;

/// What to do to one pipeline to get another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineDiff {
    /// The title, before and after.
    pub title: Option<(String, String)>,
    pub description: Option<(String, String)>,
    /// Jobs that only the new version has.
    pub added: IndexMap<String, Job>,
    /// Jobs that only the old version has.
    pub removed: IndexMap<String, Job>,
    /// Jobs of both versions that are not the same, with what changed.
    pub changed: IndexMap<String, Vec<Change>>,
    /// Places on the canvas, before and after, where they differ.
    pub moved: IndexMap<String, (Place, Place)>,
    /// Connections that only the new version has.
    pub wires_added: Vec<Wire>,
    /// Connections that only the old version has.
    pub wires_removed: Vec<Wire>,
    /// All notes, before and after, when any differs.
    pub notes: Option<(Vec<Note>, Vec<Note>)>,
}

/// One thing about a job that is not as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub part: Part,
    /// `None` where the file says nothing: the default.
    pub old: Option<Input>,
    pub new: Option<Input>,
}

/// What of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Component,
    Title,
    Comment,
    Disabled,
    Collapsed,
    Compute,
    Environment,
    /// A parameter or a connection, by its name.
    Input(String),
}

impl PipelineDiff {
    /// Whether both versions are the same.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing but places on the canvas differs.
    pub fn is_only_moved(&self) -> bool {
        !self.is_empty() && Self { moved: IndexMap::new(), ..self.clone() }.is_empty()
    }

    /// Jobs of both versions that stand elsewhere.
    pub fn stand_elsewhere(&self) -> impl Iterator<Item = &str> {
        let known = |name: &&String| !self.added.contains_key(*name) && !self.removed.contains_key(*name);
        self.moved.keys().filter(known).map(String::as_str)
    }

    /// The new version, from the old one that this was made from.
    #[must_use]
    pub fn apply(&self, old: &Pipeline) -> Pipeline {
        let mut new = old.clone();
        if let Some((_, title)) = &self.title {
            new.display_name.clone_from(title);
        }
        if let Some((_, description)) = &self.description {
            new.description.clone_from(description);
        }
        new.jobs.retain(|name, _| !self.removed.contains_key(name));
        for (name, changes) in &self.changed {
            if let Some(job) = new.jobs.get_mut(name) {
                changes.iter().for_each(|change| change.apply(job));
            }
        }
        new.jobs.extend(self.added.iter().map(|(name, job)| (name.clone(), job.clone())));
        for (name, (_, place)) in &self.moved {
            match place {
                Some(place) => drop(new.layout.insert(name.clone(), *place)),
                None => drop(new.layout.shift_remove(name)),
            }
        }
        if let Some((_, notes)) = &self.notes {
            new.notes.clone_from(notes);
        }
        new
    }
}

impl Change {
    fn apply(&self, job: &mut Job) {
        let text = || match &self.new {
            Some(Input::Value(value)) => value.as_str().map(str::to_owned),
            _ => None,
        };
        match &self.part {
            Part::Component => job.component = text().unwrap_or_default(),
            Part::Title => job.display_name = text(),
            Part::Comment => job.comment = text(),
            Part::Compute => job.compute = text(),
            Part::Environment => job.environment = text(),
            Part::Disabled => job.disabled = self.new.is_some(),
            Part::Collapsed => job.collapsed = self.new.is_some(),
            Part::Input(name) => match &self.new {
                Some(input) => drop(job.inputs.insert(name.clone(), input.clone())),
                None => drop(job.inputs.shift_remove(name)),
            },
        }
    }

    /// Whether it is about what an input is connected to.
    pub fn is_connection(&self) -> bool {
        [&self.old, &self.new].into_iter().any(|input| matches!(input, Some(Input::Binding { .. })))
    }

    /// What it is called in a form: "Learning rate", "Input table", "Title".
    pub fn title(&self, spec: Option<&Spec>) -> String {
        match &self.part {
            Part::Component => "Component".to_owned(),
            Part::Title => "Title".to_owned(),
            Part::Comment => "Comment".to_owned(),
            Part::Disabled => "Disabled".to_owned(),
            Part::Collapsed => "Folded".to_owned(),
            Part::Compute => "Compute target".to_owned(),
            Part::Environment => "Environment".to_owned(),
            Part::Input(name) => {
                let param = spec.and_then(|spec| spec.param(name)).map(|param| param.title.to_owned());
                let port = || spec.and_then(|spec| spec.input(name)).map(|port| format!("Input {}", port.title));
                param.or_else(port).unwrap_or_else(|| name.clone())
            }
        }
    }

    /// What it was and what it is, in words; what the file leaves out is the default of the component.
    pub fn words(&self, spec: Option<&Spec>) -> (String, String) {
        let default = match &self.part {
            Part::Input(name) => spec.and_then(|spec| spec.param(name)).map(|param| param.default.to_json()),
            Part::Disabled | Part::Collapsed => Some(Json::Bool(false)),
            _ => None,
        };
        let words = |input: &Option<Input>| match (input, &default) {
            (Some(Input::Value(value)), _) => value_words(value),
            (Some(Input::Binding { job, output }), _) => format!("{job}.{output}"),
            (None, Some(default)) => value_words(default),
            (None, None) => "none".to_owned(),
        };
        (words(&self.old), words(&self.new))
    }
}

/// A parameter's value on one line.
fn value_words(value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::Bool(true) => "on".to_owned(),
        Json::Bool(false) => "off".to_owned(),
        Json::String(text) if text.is_empty() => "empty".to_owned(),
        Json::String(text) => {
            text.lines().next().unwrap_or_default().to_owned() + if text.contains('\n') { " …" } else { "" }
        }
        Json::Array(items) if items.is_empty() => "none".to_owned(),
        Json::Array(items) => items.iter().map(value_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What differs between `old` and `new`; empty when they are the same.
pub fn diff(old: &Pipeline, new: &Pipeline) -> PipelineDiff {
    let only = |these: &Pipeline, those: &Pipeline| {
        let apart = these.jobs.iter().filter(|(name, _)| !those.jobs.contains_key(*name));
        apart.map(|(name, job)| (name.clone(), job.clone())).collect::<IndexMap<_, _>>()
    };
    let both = old.jobs.iter().filter_map(|(name, job)| Some((name, job, new.jobs.get(name)?)));
    let changed = both.filter(|(_, old, new)| old != new).map(|(name, old, new)| (name.clone(), changes(old, new)));
    let text = |old: &String, new: &String| (old != new).then(|| (old.clone(), new.clone()));
    let wires = |of: &Pipeline| of.wires().collect::<BTreeSet<_>>();
    let (before, after) = (wires(old), wires(new));
    PipelineDiff {
        title: text(&old.display_name, &new.display_name),
        description: text(&old.description, &new.description),
        added: only(new, old),
        removed: only(old, new),
        changed: changed.collect(),
        moved: moved(old, new),
        wires_added: after.difference(&before).cloned().collect(),
        wires_removed: before.difference(&after).cloned().collect(),
        notes: (old.notes != new.notes).then(|| (old.notes.clone(), new.notes.clone())),
    }
}

fn moved(old: &Pipeline, new: &Pipeline) -> IndexMap<String, (Place, Place)> {
    let names = new.layout.keys().chain(old.layout.keys().filter(|name| !new.layout.contains_key(*name)));
    let places = names.map(|name| (name.clone(), (old.layout.get(name).copied(), new.layout.get(name).copied())));
    places.filter(|(_, (before, after))| before != after).collect()
}

fn changes(old: &Job, new: &Job) -> Vec<Change> {
    let text = |text: &Option<String>| text.as_ref().map(|text| Input::Value(text.as_str().into()));
    let flag = |flag: bool| flag.then(|| Input::Value(true.into()));
    let fields = |job: &Job| {
        [
            (Part::Component, Some(Input::Value(job.component.as_str().into()))),
            (Part::Title, text(&job.display_name)),
            (Part::Comment, text(&job.comment)),
            (Part::Disabled, flag(job.disabled)),
            (Part::Collapsed, flag(job.collapsed)),
            (Part::Compute, text(&job.compute)),
            (Part::Environment, text(&job.environment)),
        ]
    };
    let fields = fields(old).into_iter().zip(fields(new)).map(|((part, old), (_, new))| (part, old, new));
    let gone = old.inputs.keys().filter(|key| !new.inputs.contains_key(*key));
    let inputs = new.inputs.keys().chain(gone);
    let inputs =
        inputs.map(|key| (Part::Input(key.clone()), old.inputs.get(key).cloned(), new.inputs.get(key).cloned()));
    let all = fields.chain(inputs).filter(|(_, old, new)| old != new);
    all.map(|(part, old, new)| Change { part, old, new }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn job() -> impl Strategy<Value = Job> {
        let value =
            prop_oneof![Just(json!(1)), Just(json!(0.5)), Just(json!("a")), Just(json!(null)), Just(json!([1]))];
        let binding = ("[a-d]", "[xy]").prop_map(|(job, output)| Input::Binding { job, output });
        let input = prop_oneof![value.prop_map(Input::Value), binding];
        let inputs = prop::collection::btree_map("[a-c]|component|comment", input, 0..4);
        let words = prop::option::of("[a-b]{0,1}");
        (("[jk]", words.clone(), words.clone(), inputs), (any::<bool>(), any::<bool>(), words.clone(), words)).prop_map(
            |((component, display_name, comment, inputs), (disabled, collapsed, compute, environment))| Job {
                component,
                display_name,
                comment,
                inputs: inputs.into_iter().collect(),
                disabled,
                collapsed,
                compute,
                environment,
            },
        )
    }

    fn pipeline() -> impl Strategy<Value = Pipeline> {
        let jobs = prop::collection::btree_map("[a-e]", job(), 0..5);
        let layout = prop::collection::btree_map("[a-f]", [0f32..9.0, 0f32..9.0], 0..5);
        let note = ("[a-b]{0,2}", [0f32..9.0, 0f32..9.0, 0f32..9.0, 0f32..9.0]);
        let notes = prop::collection::vec(note.prop_map(|(text, rect)| Note { text, rect }), 0..3);
        ("[a-b]{0,2}", "[a-b]{0,2}", jobs, layout, notes).prop_map(
            |(display_name, description, jobs, layout, notes)| Pipeline {
                display_name,
                description,
                jobs: jobs.into_iter().collect(),
                notes,
                layout: layout.into_iter().collect(),
            },
        )
    }

    #[test]
    fn a_change_is_said_as_in_the_form() {
        let text = |learning_rate: &str| {
            format!("jobs:\n  b:\n    component: gradient_boosting\n    inputs:\n      {learning_rate}\n")
        };
        let read = |text: String| crate::yaml::Document::parse(text).unwrap().pipeline;
        let found = diff(&read(text("trees: 50")), &read(text("learning_rate: 0.3")));
        let spec = found_spec("gradient_boosting");
        let said = |part: &str| {
            let change = found.changed["b"].iter().find(|it| it.part == Part::Input(part.into())).unwrap();
            (change.title(Some(spec)), change.words(Some(spec)))
        };
        let (title, (old, new)) = said("learning_rate");
        assert_eq!((title.as_str(), new.as_str()), ("Learning rate", "0.3"));
        assert_ne!(old, "none", "the default is said");
        assert_eq!(said("trees").1.0, "50");
    }

    fn found_spec(id: &str) -> &'static Spec {
        crate::components::find(id).unwrap().spec()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn nothing_differs_from_itself(a in pipeline()) {
            prop_assert!(diff(&a, &a).is_empty());
        }

        #[test]
        fn applied_to_the_old_it_makes_the_new(a in pipeline(), b in pipeline()) {
            let found = diff(&a, &b);
            prop_assert_eq!(found.apply(&a), b.clone());
            prop_assert_eq!(diff(&b, &a).apply(&b), a.clone());
            prop_assert_eq!(found.is_empty(), a == b);
        }

        #[test]
        fn wires_are_those_of_one_side(a in pipeline(), b in pipeline()) {
            let found = diff(&a, &b);
            let has = |of: &Pipeline, wire: &Wire| of.wires().any(|it| it == *wire);
            prop_assert!(found.wires_added.iter().all(|wire| has(&b, wire) && !has(&a, wire)));
            prop_assert!(found.wires_removed.iter().all(|wire| has(&a, wire) && !has(&b, wire)));
        }
    }
}
