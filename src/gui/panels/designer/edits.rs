//! Every change that can be made to a pipeline by hand, and how each is carried out.
//!
//! The canvas and the inspector only say what should change; [`apply`] is the one place that does it.

use indexmap::IndexMap;
use serde_json::Value as Json;
use studio::pipeline::component::Spec;
use studio::pipeline::graph::{Input, Job, Note, Pipeline};

use super::canvas::{GRID, PortKey, Side, WireKey};
use super::catalogue::Catalogue;

#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Moves steps (left, top) and notes (left, top, width, height).
    Place {
        jobs: Vec<(String, [f32; 2])>,
        notes: Vec<(usize, [f32; 4])>,
    },
    /// Joins an output to an input; what the input held before goes.
    Connect {
        from: PortKey,
        to: PortKey,
    },
    Disconnect(WireKey),
    Delete {
        jobs: Vec<String>,
        notes: Vec<usize>,
    },
    /// A new step; `wire` is the port at the other end of a wire that it was made for.
    Add {
        component: String,
        at: [f32; 2],
        wire: Option<PortKey>,
    },
    /// A new step between the two ends of a wire.
    Insert {
        component: String,
        at: [f32; 2],
        wire: WireKey,
    },
    /// A copy of these steps and notes, moved; wires among them and from outside come along.
    Duplicate {
        jobs: Vec<String>,
        notes: Vec<usize>,
        by: [f32; 2],
    },
    /// Steps and notes from a snippet, with its left top at `at`.
    Paste {
        snippet: Box<Pipeline>,
        at: [f32; 2],
    },
    Rename {
        job: String,
        title: String,
    },
    Comment {
        job: String,
        text: String,
    },
    Disable {
        jobs: Vec<String>,
        disabled: bool,
    },
    Collapse {
        jobs: Vec<String>,
        collapsed: bool,
    },
    /// `None` goes back to the default.
    Set {
        job: String,
        param: String,
        value: Option<Json>,
    },
    AddNote([f32; 4]),
    NoteText {
        note: usize,
        text: String,
    },
    Title(String),
    Description(String),
}

/// What an edit brought into being, to be selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    pub jobs: Vec<String>,
    pub notes: Vec<usize>,
}

/// Carries out `edit`; names that are not there (any more) are passed over.
pub fn apply(pipeline: &mut Pipeline, catalogue: &Catalogue, edit: Edit) -> Made {
    let mut made = Made::default();
    match edit {
        Edit::Place { jobs, notes } => place(pipeline, jobs, notes),
        Edit::Connect { from, to } => connect(pipeline, &from, &to),
        Edit::Disconnect(wire) => disconnect(pipeline, &wire),
        Edit::Delete { jobs, notes } => delete(pipeline, &jobs, notes),
        Edit::Add { component, at, wire } => made.jobs.extend(add(pipeline, catalogue, &component, at, wire)),
        Edit::Insert { component, at, wire } => made.jobs.extend(insert(pipeline, catalogue, &component, at, &wire)),
        Edit::Duplicate { jobs, notes, by } => {
            let snippet = snippet(pipeline, &jobs, &notes, true);
            made = paste(pipeline, snippet, by);
        }
        Edit::Paste { snippet, at } => made = paste_at(pipeline, *snippet, at),
        Edit::Rename { job, title } => rename(pipeline, catalogue, &job, title),
        Edit::Comment { job, text } => {
            if let Some(job) = pipeline.jobs.get_mut(&job) {
                job.comment = (!text.trim().is_empty()).then_some(text);
            }
        }
        Edit::Disable { jobs, disabled } => each(pipeline, &jobs, |job| job.disabled = disabled),
        Edit::Collapse { jobs, collapsed } => each(pipeline, &jobs, |job| job.collapsed = collapsed),
        Edit::Set { job, param, value } => set(pipeline, catalogue, &job, &param, value),
        Edit::AddNote(rect) => {
            made.notes.push(pipeline.notes.len());
            pipeline.notes.push(Note { text: String::new(), rect });
        }
        Edit::NoteText { note, text } => {
            if let Some(note) = pipeline.notes.get_mut(note) {
                note.text = text;
            }
        }
        Edit::Title(title) => pipeline.display_name = title,
        Edit::Description(description) => pipeline.description = description,
    }
    made
}

fn each(pipeline: &mut Pipeline, jobs: &[String], change: impl Fn(&mut Job)) {
    for name in jobs {
        if let Some(job) = pipeline.jobs.get_mut(name) {
            change(job);
        }
    }
}

fn place(pipeline: &mut Pipeline, jobs: Vec<(String, [f32; 2])>, notes: Vec<(usize, [f32; 4])>) {
    for (job, at) in jobs {
        if pipeline.jobs.contains_key(&job) {
            pipeline.layout.insert(job, at);
        }
    }
    for (index, rect) in notes {
        if let Some(note) = pipeline.notes.get_mut(index) {
            note.rect = rect;
        }
    }
}

fn connect(pipeline: &mut Pipeline, from: &PortKey, to: &PortKey) {
    let (from, to) = if from.side == Side::Output { (from, to) } else { (to, from) };
    if !pipeline.jobs.contains_key(&from.job) {
        return;
    }
    if let Some(job) = pipeline.jobs.get_mut(&to.job) {
        let binding = Input::Binding { job: from.job.clone(), output: from.port.clone() };
        job.inputs.insert(to.port.clone(), binding);
    }
}

fn disconnect(pipeline: &mut Pipeline, wire: &WireKey) {
    if let Some(job) = pipeline.jobs.get_mut(&wire.job)
        && matches!(job.inputs.get(&wire.input), Some(Input::Binding { .. }))
    {
        job.inputs.shift_remove(&wire.input);
    }
}

fn delete(pipeline: &mut Pipeline, jobs: &[String], mut notes: Vec<usize>) {
    for name in jobs {
        pipeline.jobs.shift_remove(name);
        pipeline.layout.shift_remove(name);
    }
    for job in pipeline.jobs.values_mut() {
        job.inputs.retain(|_, input| !matches!(input, Input::Binding { job, .. } if jobs.contains(job)));
    }
    notes.sort_unstable();
    notes.dedup();
    for note in notes.into_iter().rev().filter(|&note| note < pipeline.notes.len()).collect::<Vec<_>>() {
        pipeline.notes.remove(note);
    }
}

fn add(
    pipeline: &mut Pipeline,
    catalogue: &Catalogue,
    component: &str,
    at: [f32; 2],
    wire: Option<PortKey>,
) -> Option<String> {
    let spec = catalogue.spec(component)?;
    let name = free_name(pipeline, spec.id);
    let kind = wire.as_ref().and_then(|port| kind_of(pipeline, catalogue, port));
    pipeline.jobs.insert(name.clone(), Job { component: spec.id.to_owned(), ..Job::default() });
    pipeline.layout.insert(name.clone(), free_place(pipeline, at));
    if let (Some(port), Some(kind)) = (wire, kind) {
        let side = opposite(port.side);
        let ports = if side == Side::Input { spec.inputs } else { spec.outputs };
        if let Some(fitting) = ports.iter().find(|it| it.kind == kind) {
            connect(pipeline, &port, &PortKey { job: name.clone(), side, port: fitting.name.to_owned() });
        }
    }
    Some(name)
}

fn insert(
    pipeline: &mut Pipeline,
    catalogue: &Catalogue,
    component: &str,
    at: [f32; 2],
    wire: &WireKey,
) -> Option<String> {
    let Some(Input::Binding { job, output }) = pipeline.jobs.get(&wire.job)?.inputs.get(&wire.input).cloned() else {
        return None;
    };
    let source = PortKey { job, side: Side::Output, port: output };
    let kind = kind_of(pipeline, catalogue, &source)?;
    let name = add(pipeline, catalogue, component, at, Some(source))?;
    let spec = catalogue.spec(component)?;
    if let Some(output) = through(spec, kind) {
        let from = PortKey { job: name.clone(), side: Side::Output, port: output.to_owned() };
        let to = PortKey { job: wire.job.clone(), side: Side::Input, port: wire.input.clone() };
        connect(pipeline, &from, &to);
    }
    Some(name)
}

/// The output that goes on where a component is put into a wire of `kind`; `None` when it does not fit there.
pub fn through(spec: &'static Spec, kind: studio::pipeline::component::PortKind) -> Option<&'static str> {
    spec.inputs.iter().find(|port| port.kind == kind)?;
    spec.outputs.iter().find(|port| port.kind == kind).map(|port| port.name)
}

fn opposite(side: Side) -> Side {
    if side == Side::Input { Side::Output } else { Side::Input }
}

fn kind_of(
    pipeline: &Pipeline,
    catalogue: &Catalogue,
    port: &PortKey,
) -> Option<studio::pipeline::component::PortKind> {
    let spec = catalogue.spec(&pipeline.jobs.get(&port.job)?.component)?;
    let found = if port.side == Side::Input { spec.input(&port.port) } else { spec.output(&port.port) };
    found.map(|port| port.kind)
}

/// Near `at`, on the grid, and not exactly on top of another step.
fn free_place(pipeline: &Pipeline, at: [f32; 2]) -> [f32; 2] {
    let mut at = at.map(|it| (it / GRID).round() * GRID);
    while pipeline.layout.values().any(|it| (it[0] - at[0]).abs() < GRID && (it[1] - at[1]).abs() < GRID) {
        at = at.map(|it| it + 3.0 * GRID);
    }
    at
}

/// `base`, or `base_2`, `base_3`, … when it is taken.
fn free_name(pipeline: &Pipeline, base: &str) -> String {
    let taken = |name: &str| pipeline.jobs.contains_key(name);
    if !taken(base) {
        return base.to_owned();
    }
    let stem = base.trim_end_matches(|it: char| it.is_ascii_digit()).trim_end_matches('_');
    (2..).map(|number| format!("{stem}_{number}")).find(|name| !taken(name)).unwrap_or_default()
}

fn rename(pipeline: &mut Pipeline, catalogue: &Catalogue, name: &str, title: String) {
    let Some(job) = pipeline.jobs.get_mut(name) else { return };
    let given = title.trim();
    let own = catalogue.title(&Job { display_name: None, ..job.clone() });
    job.display_name = (!given.is_empty() && given != own).then(|| given.to_owned());
}

fn set(pipeline: &mut Pipeline, catalogue: &Catalogue, name: &str, param: &str, value: Option<Json>) {
    let Some(job) = pipeline.jobs.get_mut(name) else { return };
    let default = catalogue.spec(&job.component).and_then(|spec| spec.param(param)).map(|it| it.default.to_json());
    match value.filter(|value| Some(value) != default.as_ref()) {
        Some(value) => {
            job.inputs.insert(param.to_owned(), Input::Value(value));
        }
        None => {
            job.inputs.shift_remove(param);
        }
    }
}

/// These steps and notes as a pipeline of their own. Wires from outside stay only with `outside`.
pub fn snippet(pipeline: &Pipeline, jobs: &[String], notes: &[usize], outside: bool) -> Pipeline {
    let mut snippet = Pipeline::default();
    for (name, job) in pipeline.jobs.iter().filter(|(name, _)| jobs.contains(name)) {
        let mut job = job.clone();
        job.inputs.retain(|_, input| match input {
            Input::Binding { job, .. } => outside || jobs.contains(job),
            Input::Value(_) => true,
        });
        snippet.jobs.insert(name.clone(), job);
        snippet.layout.insert(name.clone(), pipeline.layout.get(name).copied().unwrap_or_default());
    }
    snippet.notes = notes.iter().filter_map(|&note| pipeline.notes.get(note).cloned()).collect();
    snippet
}

fn paste_at(pipeline: &mut Pipeline, snippet: Pipeline, at: [f32; 2]) -> Made {
    let corners = snippet.layout.values().copied().chain(snippet.notes.iter().map(|note| [note.rect[0], note.rect[1]]));
    let Some(corner) = corners.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]) else { return Made::default() };
    let by = [0, 1].map(|axis| ((at[axis] - corner[axis]) / GRID).round() * GRID);
    paste(pipeline, snippet, by)
}

/// Adds the snippet, moved by `by`, under free names; wires to steps that are not here are dropped.
fn paste(pipeline: &mut Pipeline, snippet: Pipeline, by: [f32; 2]) -> Made {
    let mut names: IndexMap<String, String> = IndexMap::new();
    let mut made = Made::default();
    for (old, job) in &snippet.jobs {
        let name = free_name(pipeline, old);
        names.insert(old.clone(), name.clone());
        pipeline.jobs.insert(name.clone(), job.clone());
        let at = snippet.layout.get(old).copied().unwrap_or_default();
        pipeline.layout.insert(name.clone(), [at[0] + by[0], at[1] + by[1]]);
        made.jobs.push(name);
    }
    for name in &made.jobs {
        let known: Vec<String> = pipeline.jobs.keys().cloned().collect();
        let Some(job) = pipeline.jobs.get_mut(name) else { continue };
        job.inputs.retain(|_, input| match input {
            Input::Binding { job, .. } => {
                if let Some(new) = names.get(job) {
                    job.clone_from(new);
                }
                known.contains(job)
            }
            Input::Value(_) => true,
        });
    }
    for mut note in snippet.notes {
        note.rect[0] += by[0];
        note.rect[1] += by[1];
        made.notes.push(pipeline.notes.len());
        pipeline.notes.push(note);
    }
    made
}
