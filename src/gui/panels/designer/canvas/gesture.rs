//! What the pointer is in the middle of, and what comes of it.

use egui::{Pos2, Rect, Vec2, vec2};

use super::fit::{self, Takers};
use super::scene::{Hit, PortKey, PortRef, Scene, Side, WireKey};
use super::selection::Selection;
use super::view::{GRID, View, snap};
use super::{Ask, Canvas, Output};
use crate::panels::designer::edits::Edit;

#[derive(Clone, Debug, Default)]
pub enum Gesture {
    #[default]
    Idle,
    Pan,
    Map,
    /// A frame drawn around what is to be selected; `keep` was selected before.
    Frame {
        from: Pos2,
        keep: Selection,
    },
    Move {
        from: Pos2,
        jobs: Vec<(String, Pos2)>,
        notes: Vec<(usize, Rect)>,
        /// How far everything has gone.
        by: Vec2,
    },
    /// A wire that hangs in the air.
    Wire {
        held: PortKey,
        /// The wire that was taken off its end.
        taken: Option<WireKey>,
    },
    Resize {
        note: usize,
        rect: Rect,
        from: Pos2,
    },
}

/// Where a held wire would go now.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Port(PortRef),
    /// Nothing takes it here, and why.
    Refused(String),
    /// Over empty canvas.
    Open,
}

impl Gesture {
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }
}

/// The pointer and keys that gestures look at.
#[derive(Clone, Copy, Debug)]
pub struct Pointer {
    /// In canvas points.
    pub at: Pos2,
    /// Adds to the selection.
    pub adding: bool,
    /// Off the grid.
    pub free: bool,
}

impl Canvas {
    /// The primary button went down on `hit`.
    pub(super) fn press(&mut self, hit: Hit, pointer: Pointer) {
        let selection = &mut self.selection;
        match hit {
            Hit::Node(node) => {
                let job = &self.scene.nodes[node].job;
                if pointer.adding {
                    selection.toggle_job(job);
                } else if !selection.jobs.contains(job) {
                    *selection = Selection::of_jobs([job.clone()]);
                }
            }
            Hit::Note(note) | Hit::NoteCorner(note) => {
                if pointer.adding {
                    selection.toggle_note(note);
                } else if !selection.notes.contains(&note) {
                    *selection = Selection { notes: [note].into(), ..Selection::default() };
                }
            }
            Hit::Wire(wire) => {
                let key = self.scene.wire_key(wire);
                if pointer.adding {
                    selection.toggle_wire(key);
                } else {
                    *selection = Selection { wires: [key].into(), ..Selection::default() };
                }
            }
            Hit::Port(_) | Hit::Nothing => {}
        }
    }

    /// The primary button went up where it went down.
    pub(super) fn click(&mut self, hit: Hit, pointer: Pointer, out: &mut Output) {
        match hit {
            Hit::Port(port) => {
                let key = self.scene.port_key(port);
                self.selection = Selection::of_jobs([key.job.clone()]);
                out.asks.push(Ask::Preview(key));
            }
            Hit::Node(node) if !pointer.adding => {
                let job = self.scene.nodes[node].job.clone();
                self.selection = Selection::of_jobs([job]);
            }
            Hit::Nothing if !pointer.adding => self.selection.clear(),
            _ => {}
        }
    }

    /// A drag began at `hit`.
    pub(super) fn begin(&mut self, hit: Hit, pointer: Pointer) {
        self.gesture = match hit {
            Hit::Port(port) => self.begin_wire(port),
            Hit::Wire(wire) => self.begin_reroute(wire, pointer.at),
            Hit::NoteCorner(note) => Gesture::Resize { note, rect: self.scene.notes[note], from: pointer.at },
            Hit::Node(_) | Hit::Note(_) => self.begin_move(pointer.at),
            Hit::Nothing => {
                let keep = if pointer.adding { self.selection.clone() } else { Selection::default() };
                Gesture::Frame { from: pointer.at, keep }
            }
        };
    }

    fn begin_move(&self, from: Pos2) -> Gesture {
        let jobs = self.selection.jobs.iter().filter_map(|job| {
            let node = self.scene.node(job)?;
            Some((job.clone(), node.rect.min))
        });
        let notes = self.selection.notes.iter().filter_map(|&note| Some((note, *self.scene.notes.get(note)?)));
        Gesture::Move { from, jobs: jobs.collect(), notes: notes.collect(), by: Vec2::ZERO }
    }

    /// From a free port a new wire; from an input that has one, that wire's end.
    fn begin_wire(&self, port: PortRef) -> Gesture {
        if port.side == Side::Input
            && let Some(wire) = self.scene.wire_into(port)
        {
            let held = self.scene.port_key(self.scene.wires[wire].from);
            return Gesture::Wire { held, taken: Some(self.scene.wire_key(wire)) };
        }
        Gesture::Wire { held: self.scene.port_key(port), taken: None }
    }

    /// Takes a wire off at the end that is nearer to the pointer.
    fn begin_reroute(&self, wire: usize, at: Pos2) -> Gesture {
        let it = &self.scene.wires[wire];
        let near_end = at.distance(it.curve[3]) <= at.distance(it.curve[0]);
        let held = self.scene.port_key(if near_end { it.from } else { it.to });
        Gesture::Wire { held, taken: Some(self.scene.wire_key(wire)) }
    }

    /// The pointer moved while a gesture is under way.
    pub(super) fn drag(&mut self, pointer: Pointer, out: &mut Output) {
        match &mut self.gesture {
            Gesture::Move { from, jobs, notes, by } => {
                let anchor = jobs.first().map(|it| it.1).or_else(|| notes.first().map(|it| it.1.min));
                let Some(anchor) = anchor else { return };
                let wanted = anchor + (pointer.at - *from);
                let to = if pointer.free { snap(wanted, 1.0) } else { snap(wanted, GRID) };
                if to - anchor != *by {
                    *by = to - anchor;
                    out.edits.push(placed(jobs, notes, *by));
                }
            }
            Gesture::Resize { note, rect, from } => {
                let grid = if pointer.free { 1.0 } else { GRID };
                let max = snap(rect.max + (pointer.at - *from), grid);
                let size = (max - rect.min).max(vec2(64.0, 40.0));
                let rect = [rect.left(), rect.top(), size.x, size.y];
                out.edits.push(Edit::Place { jobs: Vec::new(), notes: vec![(*note, rect)] });
            }
            Gesture::Frame { from, keep } => {
                let frame = Rect::from_two_pos(*from, pointer.at);
                self.selection = framed(&self.scene, frame, keep);
            }
            Gesture::Idle | Gesture::Pan | Gesture::Map | Gesture::Wire { .. } => {}
        }
    }

    /// The button went up: what hung in the air lands.
    pub(super) fn drop(&mut self, pointer: Pointer, view: View, out: &mut Output) {
        let Gesture::Wire { held, taken } = std::mem::take(&mut self.gesture) else {
            return;
        };
        match self.target(&held, pointer.at, view) {
            Target::Port(port) => {
                let key = self.scene.port_key(port);
                let (from, to) = if held.side == Side::Output { (held, key) } else { (key, held) };
                if let Some(taken) = taken.filter(|taken| taken.job != to.job || taken.input != to.port) {
                    out.edits.push(Edit::Disconnect(taken));
                }
                out.edits.push(Edit::Connect { from, to });
            }
            Target::Open => match taken {
                Some(taken) => out.edits.push(Edit::Disconnect(taken)),
                None => out.asks.push(Ask::Search { at: pointer.at, wire: Some(held) }),
            },
            Target::Refused(_) => {}
        }
    }

    /// Escape: everything is as it was before the gesture.
    pub(super) fn cancel(&mut self, out: &mut Output) {
        match std::mem::take(&mut self.gesture) {
            Gesture::Move { jobs, notes, .. } => out.edits.push(placed(&jobs, &notes, Vec2::ZERO)),
            Gesture::Resize { note, rect, .. } => {
                let rect = [rect.left(), rect.top(), rect.width(), rect.height()];
                out.edits.push(Edit::Place { jobs: Vec::new(), notes: vec![(note, rect)] });
            }
            Gesture::Frame { keep, .. } => self.selection = keep,
            Gesture::Idle | Gesture::Pan | Gesture::Map | Gesture::Wire { .. } => {}
        }
    }

    /// Where a wire held at `held` would go if it were let go at `at`.
    pub(super) fn target(&self, held: &PortKey, at: Pos2, view: View) -> Target {
        let Some(held) = self.scene.find_port(held) else {
            return Target::Open;
        };
        let takers = Takers::new(&self.scene, held);
        if let Some(port) = self.scene.port_at(at, (20.0 / view.zoom).min(30.0))
            && port != held
        {
            return match fit::check_either(&self.scene, held, port) {
                Ok(()) => Target::Port(port),
                Err(why) => Target::Refused(why),
            };
        }
        match self.scene.node_at(at) {
            Some(node) => match takers.port_of(&self.scene, node) {
                Some(port) => Target::Port(port),
                None => Target::Refused(self.why_none(held, node)),
            },
            None => Target::Open,
        }
    }

    /// Why no port of `node` takes the wire.
    fn why_none(&self, held: PortRef, node: usize) -> String {
        let side = if held.side == Side::Output { Side::Input } else { Side::Output };
        let it = &self.scene.nodes[node];
        if it.ports(side).is_empty() && node != held.node {
            let word = if side == Side::Input { "inputs" } else { "outputs" };
            return format!("{} has no {word}", it.title);
        }
        let port = PortRef { node, side, port: 0 };
        fit::check_either(&self.scene, held, port).err().unwrap_or_default()
    }
}

fn placed(jobs: &[(String, Pos2)], notes: &[(usize, Rect)], by: Vec2) -> Edit {
    let jobs = jobs.iter().map(|(job, at)| (job.clone(), (*at + by).into())).collect();
    let notes = notes.iter().map(|(note, rect)| {
        let at = rect.min + by;
        (*note, [at.x, at.y, rect.width(), rect.height()])
    });
    Edit::Place { jobs, notes: notes.collect() }
}

fn framed(scene: &Scene, frame: Rect, keep: &Selection) -> Selection {
    let mut selection = keep.clone();
    for node in scene.nodes.iter().filter(|node| frame.intersects(node.rect)) {
        selection.jobs.insert(node.job.clone());
    }
    // A note is ground that steps stand on, so only a frame around all of it takes it.
    for (index, note) in scene.notes.iter().enumerate() {
        if frame.contains_rect(*note) {
            selection.notes.insert(index);
        }
    }
    selection
}
