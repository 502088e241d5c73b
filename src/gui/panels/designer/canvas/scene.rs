//! The pipeline as geometry: node rectangles, port positions and wire curves in canvas points.
//!
//! Built once for a revision of the pipeline and its states, then only read: a frame looks nothing up by name.

use std::collections::HashMap;

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use studio::pipeline::component::{PortKind, Spec};
use studio::pipeline::graph::{self, Input, Job, Pipeline};

use super::state::{NodeState, States, Status};
use super::wire::{self, Curve};
use crate::panels::designer::catalogue::Catalogue;

pub const NODE_WIDTH: f32 = 232.0;
pub const NODE_HEIGHT: f32 = 60.0;
/// A running node has a progress bar below its caption.
pub const RUNNING_HEIGHT: f32 = 68.0;
pub const COLLAPSED_HEIGHT: f32 = 36.0;
/// A comment stands at the right of its node.
pub const COMMENT_WIDTH: f32 = 180.0;
pub const COMMENT_GAP: f32 = 10.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Input,
    Output,
}

/// A port of the scene it was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRef {
    pub node: usize,
    pub side: Side,
    pub port: usize,
}

/// A port by name: survives every change of the scene.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortKey {
    pub job: String,
    pub side: Side,
    pub port: String,
}

/// A wire by the input it ends in: an input holds at most one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WireKey {
    pub job: String,
    pub input: String,
}

#[derive(Clone, Debug)]
pub struct Port {
    pub name: String,
    pub title: String,
    pub help: &'static str,
    /// `None` for a component that the catalogue does not have.
    pub kind: Option<PortKind>,
    pub optional: bool,
    pub connected: bool,
    pub at: Pos2,
    /// "Split data, output train"
    pub label: String,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub job: String,
    pub spec: Option<&'static Spec>,
    pub title: String,
    pub rect: Rect,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
    pub disabled: bool,
    pub collapsed: bool,
    pub comment: Option<String>,
    pub state: NodeState,
}

#[derive(Clone, Debug)]
pub struct Wire {
    pub from: PortRef,
    pub to: PortRef,
    pub kind: Option<PortKind>,
    pub curve: Curve,
    pub bounds: Rect,
    /// "Split data train to Train model table"
    pub label: String,
}

/// What lies under a point, the topmost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    Port(PortRef),
    Node(usize),
    Wire(usize),
    /// The corner that resizes a note.
    NoteCorner(usize),
    Note(usize),
    Nothing,
}

#[derive(Clone, Debug, Default)]
pub struct Scene {
    pub nodes: Vec<Node>,
    pub wires: Vec<Wire>,
    pub notes: Vec<Rect>,
    by_job: HashMap<String, usize>,
}

impl Scene {
    pub fn build(pipeline: &Pipeline, catalogue: &Catalogue, states: &States) -> Self {
        let by_job: HashMap<String, usize> =
            pipeline.jobs.keys().enumerate().map(|(index, job)| (job.clone(), index)).collect();
        let mut nodes: Vec<Node> =
            pipeline.jobs.iter().map(|(name, job)| build_node(name, job, pipeline, catalogue, states)).collect();
        let wires = build_wires(pipeline, &by_job, &mut nodes);
        let notes = pipeline.notes.iter().map(|note| note_rect(note.rect)).collect();
        Self { nodes, wires, notes, by_job }
    }

    /// The wire of the file, as one of the scene; one that is not drawn yet is added, although its input may have
    /// another one already. None when an end of it is not there.
    pub fn join(&mut self, wire: &graph::Wire) -> Option<usize> {
        let (from, to) = ends(&self.by_job, &self.nodes, wire)?;
        if let Some(at) = self.wires.iter().position(|it| it.from == from && it.to == to) {
            return Some(at);
        }
        self.wires.push(build_wire(&self.nodes, from, to));
        Some(self.wires.len() - 1)
    }

    pub fn index(&self, job: &str) -> Option<usize> {
        self.by_job.get(job).copied()
    }

    pub fn node(&self, job: &str) -> Option<&Node> {
        self.index(job).map(|index| &self.nodes[index])
    }

    pub fn port(&self, at: PortRef) -> &Port {
        &self.nodes[at.node].ports(at.side)[at.port]
    }

    pub fn port_key(&self, at: PortRef) -> PortKey {
        PortKey { job: self.nodes[at.node].job.clone(), side: at.side, port: self.port(at).name.clone() }
    }

    pub fn find_port(&self, key: &PortKey) -> Option<PortRef> {
        let node = self.index(&key.job)?;
        let port = self.nodes[node].ports(key.side).iter().position(|port| port.name == key.port)?;
        Some(PortRef { node, side: key.side, port })
    }

    pub fn wire_key(&self, wire: usize) -> WireKey {
        let to = self.wires[wire].to;
        WireKey { job: self.nodes[to.node].job.clone(), input: self.port(to).name.clone() }
    }

    pub fn find_wire(&self, key: &WireKey) -> Option<usize> {
        let node = self.index(&key.job)?;
        self.wires.iter().position(|wire| wire.to.node == node && self.port(wire.to).name == key.input)
    }

    /// The wire that ends in the input `at`.
    pub fn wire_into(&self, at: PortRef) -> Option<usize> {
        self.wires.iter().position(|wire| wire.to == at)
    }

    /// Around every node and note; `Rect::NOTHING` when there are none.
    pub fn bounds(&self) -> Rect {
        let nodes = self.nodes.iter().map(Node::with_comment);
        nodes.chain(self.notes.iter().copied()).fold(Rect::NOTHING, Rect::union)
    }

    /// What is at `point`. `zoom` keeps ports and wires as easy to hit as they look.
    pub fn hit(&self, point: Pos2, zoom: f32) -> Hit {
        let reach = |screen: f32| screen / zoom;
        if zoom > super::DETAIL_PORTS
            && let Some(port) = self.port_at(point, reach(12.0).min(18.0))
        {
            return Hit::Port(port);
        }
        if let Some(node) = self.node_at(point) {
            return Hit::Node(node);
        }
        if let Some(wire) = self.wire_at(point, reach(6.0)) {
            return Hit::Wire(wire);
        }
        let corner = reach(14.0);
        for (index, note) in self.notes.iter().enumerate().rev() {
            if Rect::from_min_max(note.max - Vec2::splat(corner), note.max).expand(2.0).contains(point) {
                return Hit::NoteCorner(index);
            }
            if note.contains(point) {
                return Hit::Note(index);
            }
        }
        Hit::Nothing
    }

    pub fn node_at(&self, point: Pos2) -> Option<usize> {
        self.nodes.iter().rposition(|node| node.rect.contains(point))
    }

    /// The nearest port within `reach` canvas points.
    pub fn port_at(&self, point: Pos2, reach: f32) -> Option<PortRef> {
        let mut best: Option<(f32, PortRef)> = None;
        for (index, node) in self.nodes.iter().enumerate() {
            if !node.rect.expand(reach).contains(point) {
                continue;
            }
            for side in [Side::Input, Side::Output] {
                for (port, it) in node.ports(side).iter().enumerate() {
                    let distance = it.at.distance(point);
                    if distance <= reach && best.is_none_or(|(least, _)| distance < least) {
                        best = Some((distance, PortRef { node: index, side, port }));
                    }
                }
            }
        }
        best.map(|(_, port)| port)
    }

    /// The nearest wire within `reach` canvas points.
    pub fn wire_at(&self, point: Pos2, reach: f32) -> Option<usize> {
        let mut best: Option<(f32, usize)> = None;
        for (index, wire) in self.wires.iter().enumerate() {
            if !wire.bounds.expand(reach).contains(point) {
                continue;
            }
            let distance = wire::distance(&wire.curve, point);
            if distance <= reach && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, index));
            }
        }
        best.map(|(_, wire)| wire)
    }
}

impl Node {
    pub fn ports(&self, side: Side) -> &[Port] {
        match side {
            Side::Input => &self.inputs,
            Side::Output => &self.outputs,
        }
    }

    /// The node and the comment beside it.
    pub fn with_comment(&self) -> Rect {
        let aside = if self.comment.is_some() { COMMENT_WIDTH + COMMENT_GAP } else { 0.0 };
        Rect::from_min_max(self.rect.min, self.rect.max + vec2(aside, 0.0))
    }

    /// The letter in the node's tile.
    pub fn initial(&self) -> char {
        let from = self.spec.map_or(self.title.as_str(), |spec| spec.title);
        from.chars().next().unwrap_or('?').to_ascii_uppercase()
    }
}

/// The height of a node as it is drawn.
pub fn node_height(collapsed: bool, running: bool) -> f32 {
    match (collapsed, running) {
        (true, _) => COLLAPSED_HEIGHT,
        (false, true) => RUNNING_HEIGHT,
        (false, false) => NODE_HEIGHT,
    }
}

/// The place of port `index` of `count` on one edge.
pub fn port_place(rect: Rect, side: Side, index: usize, count: usize) -> Pos2 {
    let x = rect.left() + rect.width() * (index + 1) as f32 / (count + 1) as f32;
    pos2(x, if side == Side::Input { rect.top() } else { rect.bottom() })
}

fn note_rect([left, top, width, height]: [f32; 4]) -> Rect {
    Rect::from_min_size(pos2(left, top), vec2(width.max(48.0), height.max(32.0)))
}

fn build_node(name: &str, job: &Job, pipeline: &Pipeline, catalogue: &Catalogue, states: &States) -> Node {
    let spec = catalogue.spec(&job.component);
    let state = states.get(name).cloned().unwrap_or_default();
    let running = matches!(state.status, Status::Running { .. });
    let [left, top] = pipeline.layout.get(name).copied().unwrap_or_default();
    let rect = Rect::from_min_size(pos2(left, top), vec2(NODE_WIDTH, node_height(job.collapsed, running)));
    let title = catalogue.title(job);
    let (inputs, outputs) = match spec {
        Some(spec) => (known_ports(spec.inputs), known_ports(spec.outputs)),
        None => unknown_ports(name, job, pipeline),
    };
    let place = |side: Side, mut ports: Vec<Port>| {
        let count = ports.len();
        let word = if side == Side::Input { "input" } else { "output" };
        for (index, port) in ports.iter_mut().enumerate() {
            port.at = port_place(rect, side, index, count);
            port.label = format!("{title}, {word} {}", port.name);
            port.connected = side == Side::Input && matches!(job.inputs.get(&port.name), Some(Input::Binding { .. }));
        }
        ports
    };
    Node {
        job: name.to_owned(),
        spec,
        rect,
        inputs: place(Side::Input, inputs),
        outputs: place(Side::Output, outputs),
        title,
        disabled: job.disabled,
        collapsed: job.collapsed,
        comment: job.comment.clone(),
        state,
    }
}

fn known_ports(ports: &'static [studio::pipeline::component::Port]) -> Vec<Port> {
    let port = |it: &'static studio::pipeline::component::Port| Port {
        name: it.name.to_owned(),
        title: it.title.to_owned(),
        help: it.help,
        kind: Some(it.kind),
        optional: it.optional,
        connected: false,
        at: Pos2::ZERO,
        label: String::new(),
    };
    ports.iter().map(port).collect()
}

/// The ports that the file itself speaks of, so that the wires of an unknown component are still seen.
fn unknown_ports(name: &str, job: &Job, pipeline: &Pipeline) -> (Vec<Port>, Vec<Port>) {
    let port = |name: &str| Port {
        name: name.to_owned(),
        title: name.to_owned(),
        help: "",
        kind: None,
        optional: true,
        connected: false,
        at: Pos2::ZERO,
        label: String::new(),
    };
    let bound = |(name, input): (&String, &Input)| matches!(input, Input::Binding { .. }).then(|| port(name));
    let inputs = job.inputs.iter().filter_map(bound).collect();
    let mut outputs: Vec<Port> = Vec::new();
    for input in pipeline.jobs.values().flat_map(|job| job.inputs.values()) {
        if let Input::Binding { job, output } = input
            && job == name
            && !outputs.iter().any(|port| port.name == *output)
        {
            outputs.push(port(output));
        }
    }
    (inputs, outputs)
}

fn build_wires(pipeline: &Pipeline, by_job: &HashMap<String, usize>, nodes: &mut [Node]) -> Vec<Wire> {
    let wires = pipeline.wires().filter_map(|wire| {
        let (from, to) = ends(by_job, nodes, &wire)?;
        nodes[from.node].outputs[from.port].connected = true;
        Some(build_wire(nodes, from, to))
    });
    wires.collect()
}

/// Where a wire of the file starts and ends, if both are there.
fn ends(by_job: &HashMap<String, usize>, nodes: &[Node], wire: &graph::Wire) -> Option<(PortRef, PortRef)> {
    let find = |end: &graph::End, side: Side| {
        let node = *by_job.get(&end.job)?;
        let port = nodes[node].ports(side).iter().position(|port| port.name == end.port)?;
        Some(PortRef { node, side, port })
    };
    Some((find(&wire.from, Side::Output)?, find(&wire.to, Side::Input)?))
}

fn build_wire(nodes: &[Node], from_port: PortRef, to_port: PortRef) -> Wire {
    let (source, target) = (&nodes[from_port.node], &nodes[to_port.node]);
    let (from, to) = (&source.outputs[from_port.port], &target.inputs[to_port.port]);
    let curve = wire::curve(from.at, to.at);
    Wire {
        kind: from.kind,
        bounds: wire::bounds(&curve),
        curve,
        label: format!("Wire {} {} to {} {}", source.title, from.name, target.title, to.name),
        from: from_port,
        to: to_port,
    }
}
