//! Lines steps up: align, distribute, and tidy.

use egui::{Rect, pos2};
use studio::pipeline::graph::{Pipeline, layout};

use super::canvas::{Align, Scene, snap_to_grid};
use super::edits::Edit;

/// Moves `jobs` so that they line up; nothing when there are too few.
pub fn align(scene: &Scene, jobs: &[String], way: Align) -> Option<Edit> {
    let nodes: Vec<(String, Rect)> = jobs.iter().filter_map(|job| Some((job.clone(), scene.node(job)?.rect))).collect();
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

/// Lays out the whole pipeline; its left top stays where it is.
pub fn tidy(pipeline: &Pipeline) -> Edit {
    let corner = |places: &mut dyn Iterator<Item = [f32; 2]>| places.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]);
    let places = layout::tidy(pipeline);
    let old = corner(&mut pipeline.layout.values().copied()).unwrap_or_default();
    let new = corner(&mut places.values().copied()).unwrap_or_default();
    let moved = |at: [f32; 2]| snap_to_grid(pos2(at[0] + old[0] - new[0], at[1] + old[1] - new[1])).into();
    let jobs = places.into_iter().map(|(job, at)| (job, moved(at))).collect();
    Edit::Place { jobs, notes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributing_makes_equal_gaps() {
        let at = |x: f32, width: f32| Rect::from_min_size(pos2(x, 0.0), egui::vec2(width, 10.0));
        let nodes =
            vec![("a".to_owned(), at(0.0, 10.0)), ("b".to_owned(), at(12.0, 20.0)), ("c".to_owned(), at(90.0, 10.0))];
        let moved = distribute(nodes, |rect| (rect.left(), rect.width()), |rect, x| [x, rect.top()]);
        assert_eq!(moved.iter().map(|it| it.1[0]).collect::<Vec<_>>(), [0.0, 40.0, 90.0]);
    }

    #[test]
    fn tidying_keeps_the_corner() {
        let mut pipeline = Pipeline::default();
        for (name, at) in [("a", [100.0, 200.0]), ("b", [900.0, 240.0])] {
            pipeline.jobs.insert(name.to_owned(), Default::default());
            pipeline.layout.insert(name.to_owned(), at);
        }
        let Edit::Place { jobs, .. } = tidy(&pipeline) else { panic!("tidying only moves") };
        let left = jobs.iter().map(|it| it.1[0]).fold(f32::INFINITY, f32::min);
        let top = jobs.iter().map(|it| it.1[1]).fold(f32::INFINITY, f32::min);
        assert!((left - 100.0).abs() <= 4.0 && (top - 200.0).abs() <= 4.0, "{jobs:?}");
    }
}
