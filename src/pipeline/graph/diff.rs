//! What differs between two versions of a pipeline, to be shown on the canvas.

use indexmap::IndexMap;

use super::{Input, Job, Pipeline};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// Jobs of both versions that are not the same, with what changed.
    pub changed: IndexMap<String, Vec<Change>>,
    /// Jobs of both versions that stand elsewhere.
    pub moved: Vec<String>,
}

/// A parameter, a connection or a field of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub name: String,
    pub old: Option<Input>,
    pub new: Option<Input>,
}

impl Diff {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What to do to `old` to get `new`. Jobs are the same if their names are.
pub fn compare(old: &Pipeline, new: &Pipeline) -> Diff {
    let only = |these: &Pipeline, those: &Pipeline| {
        these.jobs.keys().filter(|name| !those.jobs.contains_key(*name)).cloned().collect::<Vec<_>>()
    };
    let both = old.jobs.iter().filter_map(|(name, job)| Some((name, job, new.jobs.get(name)?)));
    let changed = both.filter(|(_, old, new)| old != new).map(|(name, old, new)| (name.clone(), changes(old, new)));
    let moved = |name: &&String| {
        let (before, after) = (old.layout.get(*name), new.layout.get(*name));
        before.is_some() && after.is_some() && before != after
    };
    Diff {
        added: only(new, old),
        removed: only(old, new),
        changed: changed.collect(),
        moved: new.jobs.keys().filter(moved).cloned().collect(),
    }
}

fn changes(old: &Job, new: &Job) -> Vec<Change> {
    let text = |text: &Option<String>| text.as_ref().map(|text| Input::Value(text.as_str().into()));
    let flag = |flag: bool| flag.then(|| Input::Value(true.into()));
    let fields = |job: &Job| {
        [
            ("component", Some(Input::Value(job.component.as_str().into()))),
            ("display_name", text(&job.display_name)),
            ("comment", text(&job.comment)),
            ("disabled", flag(job.disabled)),
            ("compute", text(&job.compute)),
            ("environment", text(&job.environment)),
        ]
    };
    let fields = fields(old).into_iter().zip(fields(new)).map(|((name, old), (_, new))| (name.to_owned(), old, new));
    let gone = old.inputs.keys().filter(|key| !new.inputs.contains_key(*key));
    let inputs = new.inputs.keys().chain(gone);
    let inputs = inputs.map(|key| (key.clone(), old.inputs.get(key).cloned(), new.inputs.get(key).cloned()));
    let all = fields.chain(inputs).filter(|(_, old, new)| old != new);
    all.map(|(name, old, new)| Change { name, old, new }).collect()
}
