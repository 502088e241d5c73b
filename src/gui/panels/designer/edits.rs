//! Every change that can be made to a pipeline by hand, and how each is carried out.
//!
//! The canvas and the inspector only say what should change; [`apply`] is the one place that does it.

use serde_json::Value as Json;
use studio::pipeline::component::{PortKind, Spec};
use studio::pipeline::graph::{End, Input, Job, Note, Pipeline, layout};

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
    /// A copy of these steps and notes, moved; wires among them and from other steps come along.
    Duplicate {
        jobs: Vec<String>,
        notes: Vec<usize>,
        by: [f32; 2],
    },
    /// Steps from the clipboard, with their left top at `at`.
    Paste {
        text: String,
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
    /// What a script runs in; `None` is the workspace's interpreter.
    Environment {
        job: String,
        environment: Option<String>,
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
    /// The whole of it becomes another: an old version that is restored.
    Replace(Box<Pipeline>),
}

/// What an edit brought into being, to be selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    pub jobs: Vec<String>,
    pub notes: Vec<usize>,
}

/// Carries out `edit`; names that are not there (any more) are passed over.
///
/// # Errors
/// A sentence when what was asked for cannot be; the pipeline is unchanged then.
pub fn apply(pipeline: &mut Pipeline, catalogue: &Catalogue, edit: Edit) -> Result<Made, String> {
    let mut made = Made::default();
    match edit {
        Edit::Place { jobs, notes } => place(pipeline, jobs, notes),
        Edit::Connect { from, to } => pipeline.connect(&end(&from), &end(&to))?,
        Edit::Disconnect(wire) => {
            pipeline.disconnect(&End::new(wire.job, wire.input));
        }
        Edit::Delete { jobs, notes } => delete(pipeline, &jobs, notes),
        Edit::Add { component, at, wire } => made.jobs.extend(add(pipeline, catalogue, &component, at, wire)?),
        Edit::Insert { component, at, wire } => made.jobs.extend(insert(pipeline, catalogue, &component, at, &wire)?),
        Edit::Duplicate { jobs, notes, by } => made = duplicate(pipeline, &jobs, &notes, by),
        Edit::Paste { text, at } => made.jobs = pipeline.paste(&text, Some(on_grid(at)))?,
        Edit::Rename { job, title } => rename(pipeline, catalogue, &job, &title),
        Edit::Comment { job, text } => {
            each(pipeline, &[job], |job| job.comment = (!text.trim().is_empty()).then(|| text.clone()));
        }
        Edit::Disable { jobs, disabled } => each(pipeline, &jobs, |job| job.disabled = disabled),
        Edit::Collapse { jobs, collapsed } => each(pipeline, &jobs, |job| job.collapsed = collapsed),
        Edit::Environment { job, environment } => {
            each(pipeline, &[job], |job| job.environment.clone_from(&environment));
        }
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
        Edit::Replace(other) => {
            *pipeline = *other;
            layout::complete(pipeline);
        }
    }
    Ok(made)
}

fn end(port: &PortKey) -> End {
    End::new(port.job.clone(), port.port.clone())
}

fn on_grid(at: [f32; 2]) -> [f32; 2] {
    at.map(|it| (it / GRID).round() * GRID)
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

fn delete(pipeline: &mut Pipeline, jobs: &[String], notes: Vec<usize>) {
    let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
    pipeline.remove(&jobs);
    let mut index = 0;
    pipeline.notes.retain(|_| {
        index += 1;
        !notes.contains(&(index - 1))
    });
}

fn add(
    pipeline: &mut Pipeline,
    catalogue: &Catalogue,
    component: &str,
    at: [f32; 2],
    wire: Option<PortKey>,
) -> Result<Option<String>, String> {
    let Some(spec) = catalogue.spec(component) else {
        return Ok(None);
    };
    let at = free_place(pipeline, at);
    let name = pipeline.add(spec, at);
    if let Some(port) = wire {
        let (inputs, held) = (port.side == Side::Output, end(&port));
        let ports = if inputs { spec.inputs } else { spec.outputs };
        let mut ends = ports.iter().map(|port| End::new(&name, port.name));
        let joined = ends.any(|new| {
            let (from, to) = if inputs { (&held, &new) } else { (&new, &held) };
            pipeline.connect(from, to).is_ok()
        });
        tracing::debug!("{name} was made for a wire; joined: {joined}");
    }
    Ok(Some(name))
}

fn insert(
    pipeline: &mut Pipeline,
    catalogue: &Catalogue,
    component: &str,
    at: [f32; 2],
    key: &WireKey,
) -> Result<Option<String>, String> {
    let to = End::new(key.job.clone(), key.input.clone());
    let Some(wire) = pipeline.wires().find(|wire| wire.to == to) else {
        return Ok(None);
    };
    let mut trial = pipeline.clone();
    let Some(name) = add(&mut trial, catalogue, component, at, None)? else {
        return Ok(None);
    };
    trial.insert_on_wire(&wire, &name)?;
    layout::make_room(&mut trial, &name);
    *pipeline = trial;
    Ok(Some(name))
}

/// Whether a component could be put into a wire of `kind`.
pub fn goes_into(spec: &Spec, kind: PortKind) -> bool {
    spec.inputs.iter().any(|port| port.kind == kind) && spec.outputs.iter().any(|port| port.kind == kind)
}

/// Near `at`, on the grid, and not exactly on top of another step.
fn free_place(pipeline: &Pipeline, at: [f32; 2]) -> [f32; 2] {
    let mut at = on_grid(at);
    while pipeline.layout.values().any(|it| (it[0] - at[0]).abs() < GRID && (it[1] - at[1]).abs() < GRID) {
        at = at.map(|it| it + 3.0 * GRID);
    }
    at
}

fn duplicate(pipeline: &mut Pipeline, jobs: &[String], notes: &[usize], by: [f32; 2]) -> Made {
    let names: Vec<&str> = jobs.iter().map(String::as_str).collect();
    let corner = jobs.iter().filter_map(|job| pipeline.layout.get(job)).copied();
    let corner = corner.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]).unwrap_or_default();
    let text = pipeline.copy(&names);
    let made_jobs = pipeline.paste(&text, Some([corner[0] + by[0], corner[1] + by[1]])).unwrap_or_default();
    let mut made = Made { jobs: made_jobs, notes: Vec::new() };
    for mut note in notes.iter().filter_map(|&note| pipeline.notes.get(note).cloned()).collect::<Vec<_>>() {
        note.rect[0] += by[0];
        note.rect[1] += by[1];
        made.notes.push(pipeline.notes.len());
        pipeline.notes.push(note);
    }
    made
}

fn rename(pipeline: &mut Pipeline, catalogue: &Catalogue, name: &str, title: &str) {
    let Some(job) = pipeline.jobs.get_mut(name) else {
        return;
    };
    let given = title.trim();
    let own = catalogue.title(&Job { display_name: None, ..job.clone() });
    job.display_name = (!given.is_empty() && given != own).then(|| given.to_owned());
}

/// What equals the default is left out of the file, so that the file says what a person decided.
fn set(pipeline: &mut Pipeline, catalogue: &Catalogue, name: &str, param: &str, value: Option<Json>) {
    let Some(job) = pipeline.jobs.get_mut(name) else {
        return;
    };
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
