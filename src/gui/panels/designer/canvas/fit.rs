//! Which ports a wire may join, and why not.

use super::scene::{PortRef, Scene, Side};

/// Whether a wire may run from the output `from` to the input `to`.
///
/// # Errors
/// A sentence for the tip beside the pointer.
pub fn check(scene: &Scene, from: PortRef, to: PortRef) -> Result<(), String> {
    if from.node == to.node {
        return Err("A step cannot feed itself".to_owned());
    }
    let (source, target) = (&scene.nodes[from.node], &scene.nodes[to.node]);
    let (output, input) = (scene.port(from), scene.port(to));
    let (Some(gives), Some(takes)) = (output.kind, input.kind) else {
        return Err("This component is not in the catalogue, so nothing can be joined to it".to_owned());
    };
    if gives != takes {
        return Err(format!(
            "{}, {} takes {}; {} gives {}",
            target.title,
            input.title.to_lowercase(),
            takes.with_article(),
            source.title,
            gives.with_article()
        ));
    }
    if leads_to(scene, to.node)[from.node] {
        return Err(format!("That would make a circle: {} already comes from {}", source.title, target.title));
    }
    Ok(())
}

/// [`check`] for a wire that is drawn from either end.
pub fn check_either(scene: &Scene, held: PortRef, other: PortRef) -> Result<(), String> {
    match (held.side, other.side) {
        (Side::Output, Side::Input) => check(scene, held, other),
        (Side::Input, Side::Output) => check(scene, other, held),
        (Side::Output, Side::Output) => Err("Both are outputs; end the wire at an input".to_owned()),
        (Side::Input, Side::Input) => Err("Both are inputs; end the wire at an output".to_owned()),
    }
}

/// For each node, whether data from `start` reaches it; `start` itself included.
fn leads_to(scene: &Scene, start: usize) -> Vec<bool> {
    spread(scene, start, |wire| (wire.from.node, wire.to.node))
}

fn spread(scene: &Scene, start: usize, ends: impl Fn(&super::scene::Wire) -> (usize, usize)) -> Vec<bool> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); scene.nodes.len()];
    for wire in &scene.wires {
        let (from, to) = ends(wire);
        next[from].push(to);
    }
    let mut reached = vec![false; scene.nodes.len()];
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        if !std::mem::replace(&mut reached[node], true) {
            open.extend(next[node].iter().copied());
        }
    }
    reached
}

/// The ports that would take a wire held at one end; asked once a frame while it hangs in the air.
pub struct Takers {
    held: PortRef,
    blocked: Vec<bool>,
}

impl Takers {
    pub fn new(scene: &Scene, held: PortRef) -> Self {
        // A wire out of `held` must not reach what leads to it, and the other way about.
        let blocked = match held.side {
            Side::Output => spread(scene, held.node, |wire| (wire.to.node, wire.from.node)),
            Side::Input => leads_to(scene, held.node),
        };
        Self { held, blocked }
    }

    pub fn takes(&self, scene: &Scene, port: PortRef) -> bool {
        let kind = scene.port(port).kind;
        port.side != self.held.side && !self.blocked[port.node] && kind.is_some() && kind == scene.port(self.held).kind
    }

    /// The port of `node` that a wire dropped on its body goes to: free ones first.
    pub fn port_of(&self, scene: &Scene, node: usize) -> Option<PortRef> {
        let side = if self.held.side == Side::Output { Side::Input } else { Side::Output };
        let ports = scene.nodes[node].ports(side);
        let fitting = (0..ports.len()).map(|port| PortRef { node, side, port }).filter(|&port| self.takes(scene, port));
        let mut fitting: Vec<PortRef> = fitting.collect();
        fitting.sort_by_key(|&port| side == Side::Input && scene.port(port).connected);
        fitting.first().copied()
    }
}
