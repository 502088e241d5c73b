//! A tidy place for every node: layers from top to bottom (Sugiyama, Tagawa and Toda 1981).
//!
//! Ranks by longest path, long wires bent over invisible stops, barycentre sweeps against crossings, then each layer
//! moved as close as it can get to straight wires (isotonic least squares, so nodes keep their order and distance).

use std::collections::HashMap;

use indexmap::IndexMap;

use super::order::Links;
use super::{Job, Pipeline};

/// A node's size in points at zoom 1.
pub const NODE: [f32; 2] = [232.0, 60.0];
/// The height of a collapsed node.
pub const COLLAPSED: f32 = 36.0;

const GAP_X: f32 = 40.0;
const GAP_Y: f32 = 32.0;
/// An invisible stop of a long wire is narrower than a node.
const STOP: f32 = 24.0;
const SWEEPS: usize = 12;
const STRAIGHTENINGS: usize = 16;

/// Width and height of a job's node.
pub fn size(job: &Job) -> [f32; 2] {
    [NODE[0], if job.collapsed { COLLAPSED } else { NODE[1] }]
}

/// How far from a node's left edge a port sits: `count` ports share the width evenly.
pub fn port_x(index: usize, count: usize) -> f32 {
    NODE[0] * (index + 1) as f32 / (count + 1) as f32
}

/// Positions (left, top) for all jobs, in file order, from (0, 0) on. Separate parts stand side by side.
pub fn tidy(pipeline: &Pipeline) -> IndexMap<String, [f32; 2]> {
    let links = Links::of(pipeline);
    let mut places = vec![[0.0; 2]; links.names.len()];
    let mut left = 0.0;
    for part in parts(&links) {
        let mut drawing = Drawing::of(pipeline, &links, &part);
        drawing.uncross();
        drawing.straighten();
        left = drawing.place(pipeline, left, &mut places) + GAP_X;
    }
    links.names.iter().zip(places).map(|(name, at)| ((*name).to_owned(), at)).collect()
}

/// Makes room for a job that was put between others: it goes below the sources that it covers, and what follows it moves
/// down as far as it must.
pub fn make_room(pipeline: &mut Pipeline, job: &str) {
    let rect = |pipeline: &Pipeline, name: &str| {
        let (at, job) = (pipeline.layout.get(name)?, pipeline.jobs.get(name)?);
        Some((*at, size(job)))
    };
    let beside = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).abs() < NODE[0];
    let owned = |names: Vec<&str>| names.into_iter().filter(|name| *name != job).map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (owned(pipeline.upstream(&[job])), owned(pipeline.downstream(&[job])));
    let Some((mut at, room)) = rect(pipeline, job) else { return };
    for (source, height) in before.iter().filter_map(|name| rect(pipeline, name)).map(|(at, size)| (at, size[1])) {
        if beside(source, at) {
            at[1] = at[1].max(source[1] + height + GAP_Y);
        }
    }
    let bottom = at[1] + room[1] + GAP_Y;
    let covered = after.iter().filter_map(|name| rect(pipeline, name)).filter(|(next, _)| beside(*next, at));
    let down = covered.map(|(next, _)| bottom - next[1]).fold(0.0, f32::max);
    pipeline.layout.insert(job.to_owned(), at);
    for name in after {
        if let Some(place) = pipeline.layout.get_mut(&name) {
            place[1] += down;
        }
    }
}

/// Gives a place to every job that has none, and forgets the places of jobs that are gone. With no place at all the
/// whole is tidied; otherwise the new jobs are laid out below what stands.
pub fn complete(pipeline: &mut Pipeline) {
    pipeline.layout.retain(|name, _| pipeline.jobs.contains_key(name));
    let tidied = tidy(pipeline);
    if pipeline.layout.is_empty() {
        pipeline.layout = tidied;
        return;
    }
    let left = pipeline.layout.values().map(|at| at[0]).fold(f32::INFINITY, f32::min);
    let bottom = pipeline.layout.values().map(|at| at[1] + NODE[1]).fold(f32::NEG_INFINITY, f32::max);
    let missing: Vec<_> = tidied.into_iter().filter(|(name, _)| !pipeline.layout.contains_key(name)).collect();
    let corner = |axis: usize| missing.iter().map(|(_, at)| at[axis]).fold(f32::INFINITY, f32::min);
    let shift = [left - corner(0), bottom + GAP_Y - corner(1)];
    for (name, at) in missing {
        pipeline.layout.insert(name, [at[0] + shift[0], at[1] + shift[1]]);
    }
}

/// The jobs of each connected part, in file order.
fn parts(links: &Links<'_>) -> Vec<Vec<usize>> {
    let both: Vec<Vec<usize>> =
        links.sources.iter().zip(&links.targets).map(|(a, b)| [a.as_slice(), b].concat()).collect();
    let mut seen = vec![false; both.len()];
    let mut parts = Vec::new();
    for start in 0..both.len() {
        if !seen[start] {
            let mut part: Vec<usize> = links.reach([start], &both).into_iter().filter(|&job| job != start).collect();
            part.push(start);
            part.sort_unstable();
            part.iter().for_each(|&job| seen[job] = true);
            parts.push(part);
        }
    }
    parts
}

/// A node, or a stop of a long wire (`job` is `None`).
struct Spot {
    job: Option<usize>,
    rank: usize,
    width: f32,
    x: f32,
}

/// One end's index and where on the spot the wire touches.
type Touch = (usize, f32, f32);

struct Drawing {
    spots: Vec<Spot>,
    /// By rank, spots from left to right.
    layers: Vec<Vec<usize>>,
    /// By spot: (other spot, my port's offset, its port's offset).
    up: Vec<Vec<Touch>>,
    down: Vec<Vec<Touch>>,
}

impl Drawing {
    fn of(pipeline: &Pipeline, links: &Links<'_>, part: &[usize]) -> Self {
        let ranks = ranks(links, part);
        let spot = |job: &usize| Spot { job: Some(*job), rank: ranks[job], width: NODE[0], x: 0.0 };
        let mut drawing =
            Self { spots: part.iter().map(spot).collect(), layers: Vec::new(), up: Vec::new(), down: Vec::new() };
        let own: HashMap<usize, usize> = part.iter().enumerate().map(|(spot, &job)| (job, spot)).collect();
        drawing.up.resize_with(part.len(), Vec::new);
        drawing.down.resize_with(part.len(), Vec::new);
        for &job in part {
            let Some((_, to)) = pipeline.jobs.get_index(job) else {
                continue;
            };
            for (port, source, output) in to.bindings() {
                let Some(&from) = links.index.get(source) else {
                    continue;
                };
                if ranks[&from] < ranks[&job] {
                    let ports = (output_x(&pipeline.jobs[source], output), input_x(to, port));
                    drawing.wire(own[&from], own[&job], ports);
                }
            }
        }
        let depth = drawing.spots.iter().map(|spot| spot.rank + 1).max().unwrap_or_default();
        drawing.layers.resize(depth, Vec::new());
        for (index, spot) in drawing.spots.iter().enumerate() {
            drawing.layers[spot.rank].push(index);
        }
        drawing
    }

    /// Joins two spots, with a stop on each rank between them.
    fn wire(&mut self, from: usize, to: usize, (out, into): (f32, f32)) {
        let (mut above, mut offset) = (from, out);
        for rank in self.spots[from].rank + 1..self.spots[to].rank {
            let stop = self.spots.len();
            self.spots.push(Spot { job: None, rank, width: STOP, x: 0.0 });
            self.up.push(Vec::new());
            self.down.push(Vec::new());
            self.join(above, offset, stop, STOP / 2.0);
            (above, offset) = (stop, STOP / 2.0);
        }
        self.join(above, offset, to, into);
    }

    fn join(&mut self, above: usize, out: f32, below: usize, into: f32) {
        self.down[above].push((below, out, into));
        self.up[below].push((above, into, out));
    }

    /// Sweeps down and up, each layer sorted by the mean place of its neighbours; keeps the best order seen.
    fn uncross(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            let downward = sweep % 2 == 0;
            let depth = self.layers.len();
            for step in 1..depth {
                self.sort_layer(if downward { step } else { depth - 1 - step }, downward);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn sort_layer(&mut self, rank: usize, downward: bool) {
        let neighbour = if downward { rank - 1 } else { rank + 1 };
        let place = self.positions(neighbour);
        let links = if downward { &self.up } else { &self.down };
        let key = |at: usize, spot: usize| {
            let touched = &links[spot];
            let sum: f32 = touched.iter().map(|(other, _, offset)| place[other] + offset / NODE[0]).sum();
            if touched.is_empty() { at as f32 } else { sum / touched.len() as f32 }
        };
        let mut keyed: Vec<(f32, usize)> =
            self.layers[rank].iter().enumerate().map(|(at, &spot)| (key(at, spot), spot)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.layers[rank] = keyed.into_iter().map(|(_, spot)| spot).collect();
    }

    fn positions(&self, rank: usize) -> HashMap<usize, f32> {
        self.layers[rank].iter().enumerate().map(|(at, &spot)| (spot, at as f32)).collect()
    }

    /// Pairs of wires between neighbouring layers that cross: inversions, counted by merging.
    fn crossings(&self) -> usize {
        let crossings = |rank: usize| {
            let below = self.positions(rank + 1);
            let wires = self.layers[rank].iter().flat_map(|&spot| {
                let mut ends: Vec<(f32, f32)> =
                    self.down[spot].iter().map(|(to, out, into)| (*out, below[to] + into / (2.0 * NODE[0]))).collect();
                ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
                ends.into_iter().map(|(_, end)| end)
            });
            inversions(&mut wires.collect::<Vec<_>>())
        };
        (0..self.layers.len().saturating_sub(1)).map(crossings).sum()
    }

    /// Moves spots sideways towards straight wires, without changing their order.
    fn straighten(&mut self) {
        for layer in 0..self.layers.len() {
            let mut x = 0.0;
            for &spot in &self.layers[layer] {
                self.spots[spot].x = x;
                x += self.spots[spot].width + GAP_X;
            }
        }
        for round in 0..STRAIGHTENINGS {
            let depth = self.layers.len();
            for step in 0..depth {
                let rank = if round % 2 == 0 { step } else { depth - 1 - step };
                self.settle(rank);
            }
        }
    }

    fn settle(&mut self, rank: usize) {
        let mut offset = 0.0;
        let mut wished = Vec::with_capacity(self.layers[rank].len());
        for &spot in &self.layers[rank] {
            let touched = || self.up[spot].iter().chain(&self.down[spot]);
            let sum: f32 = touched().map(|(other, mine, theirs)| self.spots[*other].x + theirs - mine).sum();
            let count = touched().count();
            let own = &self.spots[spot];
            // A stop wants to be straight more than a node does: kinks in the middle of a wire are the uglier ones.
            let weight = if own.job.is_none() { 2.0 } else { 1.0 };
            let wish = if count == 0 { own.x } else { sum / count as f32 };
            wished.push((wish - offset, weight));
            offset += own.width + GAP_X;
        }
        let mut offset = 0.0;
        for (&spot, x) in self.layers[rank].iter().zip(isotonic(&wished)) {
            self.spots[spot].x = x + offset;
            offset += self.spots[spot].width + GAP_X;
        }
    }

    /// Writes the nodes' places with `left` as the left edge; returns the right one.
    fn place(&self, pipeline: &Pipeline, left: f32, places: &mut [[f32; 2]]) -> f32 {
        let nodes = || self.spots.iter().filter_map(|spot| Some((spot, spot.job?)));
        let start = nodes().map(|(spot, _)| spot.x).fold(f32::INFINITY, f32::min);
        let height = |job: usize| pipeline.jobs.get_index(job).map_or(NODE[1], |(_, job)| size(job)[1]);
        let mut heights = vec![0.0f32; self.layers.len()];
        nodes().for_each(|(spot, job)| heights[spot.rank] = heights[spot.rank].max(height(job)));
        let tops: Vec<f32> = heights
            .iter()
            .scan(0.0, |top, height| {
                let here = *top;
                *top += height + GAP_Y;
                Some(here)
            })
            .collect();
        let mut right = left;
        for (spot, job) in nodes() {
            let x = (left + spot.x - start).round();
            places[job] = [x, tops[spot.rank]];
            right = right.max(x + spot.width);
        }
        right
    }
}

/// Longest path from a source; a source itself stands right above the first job that needs it. Jobs on a circle are
/// ranked as if the wires that close it were not there.
fn ranks(links: &Links<'_>, part: &[usize]) -> HashMap<usize, usize> {
    let mut order: Vec<usize> = links.sorted().into_iter().filter(|job| part.binary_search(job).is_ok()).collect();
    let sorted: std::collections::HashSet<usize> = order.iter().copied().collect();
    order.extend(part.iter().filter(|job| !sorted.contains(job)));
    let mut ranks: HashMap<usize, usize> = HashMap::new();
    for &job in &order {
        let above = links.sources[job].iter().filter_map(|source| ranks.get(source)).max();
        ranks.insert(job, above.map_or(0, |rank| rank + 1));
    }
    for &job in order.iter().rev().filter(|&&job| links.sources[job].is_empty()) {
        let below = links.targets[job].iter().filter_map(|target| ranks.get(target)).min();
        if let Some(&below) = below {
            ranks.insert(job, below.saturating_sub(1));
        }
    }
    ranks
}

fn output_x(job: &Job, port: &str) -> f32 {
    let ports = job.spec().map_or(&[][..], |spec| spec.outputs);
    ports.iter().position(|output| output.name == port).map_or(NODE[0] / 2.0, |at| port_x(at, ports.len()))
}

fn input_x(job: &Job, port: &str) -> f32 {
    let ports = job.spec().map_or(&[][..], |spec| spec.inputs);
    ports.iter().position(|input| input.name == port).map_or(NODE[0] / 2.0, |at| port_x(at, ports.len()))
}

/// The non-decreasing sequence nearest to these (value, weight) by squares: pool adjacent violators.
fn isotonic(wished: &[(f32, f32)]) -> Vec<f32> {
    let mut pools: Vec<(f32, f32, usize)> = Vec::new();
    for &(value, weight) in wished {
        let mut pool = (value, weight, 1);
        while let Some(last) = pools.pop_if(|last| last.0 > pool.0) {
            let weight = last.1 + pool.1;
            pool = ((last.0 * last.1 + pool.0 * pool.1) / weight, weight, last.2 + pool.2);
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(value, _, count)| std::iter::repeat_n(value, count)).collect()
}

/// Pairs that stand in the wrong order; sorts them on the way.
fn inversions(values: &mut [f32]) -> usize {
    if values.len() < 2 {
        return 0;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() || j < right.len() {
        if j == right.len() || (i < left.len() && left[i] <= right[j]) {
            merged.push(left[i]);
            i += 1;
        } else {
            count += left.len() - i;
            merged.push(right[j]);
            j += 1;
        }
    }
    values.copy_from_slice(&merged);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isotonic_pools_what_is_out_of_order() {
        assert_eq!(isotonic(&[(1.0, 1.0), (3.0, 1.0), (2.0, 1.0), (5.0, 1.0)]), [1.0, 2.5, 2.5, 5.0]);
        assert_eq!(isotonic(&[(4.0, 3.0), (0.0, 1.0)]), [3.0, 3.0]);
    }

    #[test]
    fn inversions_are_counted() {
        assert_eq!(inversions(&mut [1.0, 2.0, 3.0]), 0);
        assert_eq!(inversions(&mut [3.0, 2.0, 1.0, 1.0]), 5);
    }
}
