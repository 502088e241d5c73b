//! Lines steps up: align, distribute, and tidy, which lays the whole pipeline out in layers.
//!
//! Tidy is Sugiyama's method in its plainest form: layers by longest path, order within a layer by barycentre sweeps,
//! then each layer's places by isotonic regression, which is the least-squares fit that keeps order and gaps.

use std::collections::HashMap;

use egui::{Pos2, Rect};
use studio::pipeline::graph::Pipeline;

use super::canvas::{Align, GRID, NODE_WIDTH, PortRef, Scene};
use super::edits::Edit;

/// Between two steps beside each other, and between two layers, in canvas points.
const GAP: f32 = 40.0;
const LAYER_GAP: f32 = 44.0;
const SWEEPS: usize = 12;

/// Moves `jobs` so that they line up; nothing when there are too few.
pub fn align(scene: &Scene, jobs: &[String], way: Align) -> Option<Edit> {
    let nodes: Vec<(String, Rect)> =
        jobs.iter().filter_map(|job| Some((job.clone(), scene.node(job)?.rect))).collect();
    let all = nodes.iter().fold(Rect::NOTHING, |all, (_, rect)| all.union(*rect));
    if nodes.len() < 2 {
        return None;
    }
    let moved = match way {
        Align::Across => distribute(nodes, |rect| (rect.left(), rect.width()), |rect, x| [x, rect.top()]),
        Align::Down => distribute(nodes, |rect| (rect.top(), rect.height()), |rect, y| [rect.left(), y]),
        _ => nodes.into_iter().map(|(job, rect)| (job, aligned(rect, all, way))).collect(),
    };
    Some(Edit::Place { jobs: moved, notes: Vec::new() })
}

fn aligned(rect: Rect, all: Rect, way: Align) -> [f32; 2] {
    let size = rect.size();
    match way {
        Align::Left => [all.left(), rect.top()],
        Align::Center => [all.center().x - size.x / 2.0, rect.top()],
        Align::Right => [all.right() - size.x, rect.top()],
        Align::Top => [rect.left(), all.top()],
        Align::Middle => [rect.left(), all.center().y - size.y / 2.0],
        Align::Bottom => [rect.left(), all.bottom() - size.y],
        Align::Across | Align::Down => rect.min.into(),
    }
}

/// Equal gaps between the first and the last; `axis` gives a rectangle's start and length.
fn distribute(
    mut nodes: Vec<(String, Rect)>,
    axis: impl Fn(&Rect) -> (f32, f32),
    place: impl Fn(&Rect, f32) -> [f32; 2],
) -> Vec<(String, [f32; 2])> {
    nodes.sort_by(|a, b| axis(&a.1).0.total_cmp(&axis(&b.1).0));
    let start = nodes.first().map_or(0.0, |(_, rect)| axis(rect).0);
    let end = nodes.iter().map(|(_, rect)| axis(rect).0 + axis(rect).1).fold(start, f32::max);
    let filled: f32 = nodes.iter().map(|(_, rect)| axis(rect).1).sum();
    let gap = (end - start - filled) / (nodes.len().max(2) - 1) as f32;
    let mut at = start;
    let mut moved = Vec::new();
    for (job, rect) in nodes {
        moved.push((job, place(&rect, at.round())));
        at += axis(&rect).1 + gap;
    }
    moved
}

/// Lays out `jobs`, or everything when fewer than two are given; the left top stays where it is.
pub fn tidy(scene: &Scene, jobs: &[String]) -> Edit {
    let chosen: Vec<usize> = if jobs.len() < 2 {
        (0..scene.nodes.len()).collect()
    } else {
        jobs.iter().filter_map(|job| scene.index(job)).collect()
    };
    let old = chosen.iter().fold(Rect::NOTHING, |all, &node| all.union(scene.nodes[node].rect));
    let places = layout(scene, &chosen);
    let corner = places.iter().map(|it| it.1).reduce(|a, b| a.min(b)).unwrap_or_default();
    let start = if old.is_positive() { super::canvas::snap_to_grid(old.min) } else { Pos2::ZERO };
    let jobs = places.into_iter().map(|(node, at)| {
        let at = super::canvas::snap_to_grid(start + (at - corner));
        (scene.nodes[node].job.clone(), at.into())
    });
    Edit::Place { jobs: jobs.collect(), notes: Vec::new() }
}

/// Gives a place to every step that has none: a file written by hand need not say where things are.
pub fn place_missing(pipeline: &mut Pipeline, scene: &Scene) {
    let missing: Vec<String> =
        pipeline.jobs.keys().filter(|job| !pipeline.layout.contains_key(*job)).cloned().collect();
    if missing.is_empty() {
        return;
    }
    let all = missing.len() == pipeline.jobs.len();
    let chosen: Vec<usize> = missing.iter().filter_map(|job| scene.index(job)).collect();
    let placed = scene.nodes.iter().filter(|node| pipeline.layout.contains_key(&node.job));
    let below = placed.fold(Rect::NOTHING, |all, node| all.union(node.rect));
    let start = if all || !below.is_positive() { Pos2::ZERO } else { below.left_bottom() + egui::vec2(0.0, LAYER_GAP) };
    let places = layout(scene, &chosen);
    let corner = places.iter().map(|it| it.1).reduce(|a, b| a.min(b)).unwrap_or_default();
    for (node, at) in places {
        let at = super::canvas::snap_to_grid(start + (at - corner));
        pipeline.layout.insert(scene.nodes[node].job.clone(), at.into());
    }
}

struct Graph {
    /// Indices into `chosen`, with the offset of each port from its node's centre.
    edges: Vec<(usize, usize, f32, f32)>,
    count: usize,
}

fn layout(scene: &Scene, chosen: &[usize]) -> Vec<(usize, Pos2)> {
    let index: HashMap<usize, usize> = chosen.iter().enumerate().map(|(index, &node)| (node, index)).collect();
    let offset = |port: PortRef| scene.port(port).at.x - scene.nodes[port.node].rect.center().x;
    let edges = scene.wires.iter().filter_map(|wire| {
        let (from, to) = (*index.get(&wire.from.node)?, *index.get(&wire.to.node)?);
        Some((from, to, offset(wire.from), offset(wire.to)))
    });
    let graph = Graph { edges: edges.collect(), count: chosen.len() };
    let layers = order(&graph, layers(&graph));
    let x = places(&graph, &layers);
    let mut placed = Vec::new();
    let mut top = 0.0;
    for layer in &layers {
        let height = layer.iter().map(|&node| scene.nodes[chosen[node]].rect.height()).fold(0.0, f32::max);
        for &node in layer {
            placed.push((chosen[node], Pos2::new(x[node] - NODE_WIDTH / 2.0, top)));
        }
        // Whole grid steps from layer to layer keep every wire of a straight chain the same length.
        top += ((height + LAYER_GAP) / GRID).round() * GRID;
    }
    placed
}

/// The layer of each node: one below its lowest source, and a source right above the first that needs it.
fn layers(graph: &Graph) -> Vec<usize> {
    let mut layer = vec![0_usize; graph.count];
    // Longest path by relaxation; a circle (which a check reports) ends it after as many rounds as there are nodes.
    for _ in 0..graph.count {
        let mut changed = false;
        for &(from, to, ..) in &graph.edges {
            if layer[to] <= layer[from] && layer[from] + 1 < graph.count {
                layer[to] = layer[from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for node in 0..graph.count {
        let fed = graph.edges.iter().any(|edge| edge.1 == node);
        let first = graph.edges.iter().filter(|edge| edge.0 == node).map(|edge| layer[edge.1]).min();
        if let Some(first) = first.filter(|_| !fed) {
            layer[node] = first.saturating_sub(1);
        }
    }
    layer
}

/// Nodes by layer, in an order with few crossings.
fn order(graph: &Graph, layer: Vec<usize>) -> Vec<Vec<usize>> {
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, &layer) in layer.iter().enumerate() {
        layers[layer].push(node);
    }
    let mut rank = vec![0.0_f32; graph.count];
    let renumber = |layers: &[Vec<usize>], rank: &mut Vec<f32>| {
        for layer in layers {
            for (place, &node) in layer.iter().enumerate() {
                rank[node] = place as f32 - layer.len() as f32 / 2.0;
            }
        }
    };
    renumber(&layers, &mut rank);
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let sequence: Vec<usize> = if down { (0..count).collect() } else { (0..count).rev().collect() };
        for at in sequence {
            let mut keyed: Vec<(f32, usize)> =
                layers[at].iter().map(|&node| (wish(graph, node, down, &rank).unwrap_or(rank[node]), node)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            layers[at] = keyed.into_iter().map(|it| it.1).collect();
            renumber(&layers, &mut rank);
        }
    }
    layers.retain(|layer| !layer.is_empty());
    layers
}

/// The mean of where the neighbours above (or below) are; a little of the port's side keeps parallel wires apart.
fn wish(graph: &Graph, node: usize, above: bool, at: &[f32]) -> Option<f32> {
    let near = graph.edges.iter().filter_map(|&(from, to, out, into)| match above {
        true if to == node => Some(at[from] + (out - into) / NODE_WIDTH),
        false if from == node => Some(at[to] + (into - out) / NODE_WIDTH),
        _ => None,
    });
    let (sum, count) = near.fold((0.0, 0), |(sum, count), it| (sum + it, count + 1));
    (count > 0).then(|| sum / count as f32)
}

/// The centre of each node.
fn places(graph: &Graph, layers: &[Vec<usize>]) -> Vec<f32> {
    let step = NODE_WIDTH + GAP;
    let mut x = vec![0.0_f32; graph.count];
    for layer in layers {
        for (place, &node) in layer.iter().enumerate() {
            x[node] = (place as f32 - (layer.len() as f32 - 1.0) / 2.0) * step;
        }
    }
    for _ in 0..SWEEPS {
        for layer in layers {
            let wishes: Vec<f32> = layer.iter().map(|&node| pulled(graph, node, &x)).collect();
            for (&node, place) in layer.iter().zip(spaced(&wishes, step)) {
                x[node] = place;
            }
        }
    }
    x
}

/// Where a node's wires pull it: straight below or above its ports' partners.
fn pulled(graph: &Graph, node: usize, x: &[f32]) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    for &(from, to, out, into) in &graph.edges {
        if to == node {
            sum += x[from] + out - into;
            count += 1.0;
        } else if from == node {
            sum += x[to] + into - out;
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count } else { x[node] }
}

/// The places nearest to `wishes` (least squares) that keep the order and stand at least `step` apart: isotonic
/// regression by pooling adjacent violators.
fn spaced(wishes: &[f32], step: f32) -> Vec<f32> {
    let mut pools: Vec<(f32, usize)> = Vec::new();
    for (index, wish) in wishes.iter().enumerate() {
        pools.push((wish - index as f32 * step, 1));
        while let [.., (a, n), (b, m)] = pools[..]
            && a > b
        {
            pools.pop();
            pools.pop();
            pools.push(((a * n as f32 + b * m as f32) / (n + m) as f32, n + m));
        }
    }
    let flat = pools.into_iter().flat_map(|(value, count)| std::iter::repeat_n(value, count));
    flat.enumerate().map(|(index, value)| value + index as f32 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacing_keeps_order_and_gaps_and_moves_as_little_as_it_can() {
        assert_eq!(spaced(&[0.0, 100.0], 10.0), [0.0, 100.0]);
        assert_eq!(spaced(&[0.0, 0.0], 10.0), [-5.0, 5.0]);
        let places = spaced(&[50.0, 0.0, 0.0, 500.0], 10.0);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 10.0 - 1e-3), "{places:?}");
        assert_eq!(places[3], 500.0);
    }

    #[test]
    fn a_source_stands_right_above_what_needs_it() {
        // 0 -> 1 -> 2 -> 3, and 4 -> 3.
        let edge = |from, to| (from, to, 0.0, 0.0);
        let graph = Graph { edges: vec![edge(0, 1), edge(1, 2), edge(2, 3), edge(4, 3)], count: 5 };
        assert_eq!(layers(&graph), [0, 1, 2, 3, 2]);
    }

    #[test]
    fn a_circle_does_not_hang() {
        let graph = Graph { edges: vec![(0, 1, 0.0, 0.0), (1, 0, 0.0, 0.0)], count: 2 };
        assert!(layers(&graph).iter().all(|&layer| layer < 2));
    }

    #[test]
    fn crossings_are_taken_out() {
        // a -> d and b -> c, drawn crossed at first.
        let graph = Graph { edges: vec![(0, 3, 0.0, 0.0), (1, 2, 0.0, 0.0)], count: 4 };
        let ordered = order(&graph, vec![0, 0, 1, 1]);
        let (first, second) = (ordered[0][0], ordered[1][0]);
        assert!((first, second) == (0, 3) || (first, second) == (1, 2), "{ordered:?}");
    }
}
