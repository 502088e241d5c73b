//! Two versions of a pipeline in one drawing: what was added, removed and changed, each told by a sign and a colour.

use std::collections::HashMap;

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use studio::pipeline::graph::diff::{Change, PipelineDiff};
use studio::pipeline::graph::{Pipeline, Wire, layout};

use super::LEAST_ZOOM;
use super::scene::{NODE_HEIGHT, NODE_WIDTH};
use super::state::{NodeState, States};
use super::view::MARGIN;
use crate::panels::designer::catalogue::Catalogue;
use crate::theme::Tokens;

/// Between a removed step and what stands in its place now.
const ASIDE: f32 = 24.0;
/// Changes that fit below a step's title.
const CAPTIONED: usize = 2;

/// How a step stands in the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeMark {
    Added,
    Removed,
    Changed,
    Moved,
}

/// What of a drawing is marked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    pub nodes: HashMap<String, NodeMark>,
    pub wires_added: Vec<Wire>,
    pub wires_removed: Vec<Wire>,
}

/// Both versions as one pipeline that can be drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    pub pipeline: Pipeline,
    pub marks: Marks,
    /// Captions: what changed.
    pub states: States,
}

impl NodeMark {
    /// For a screen reader, and in lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Moved => "moved",
        }
    }
}

/// The colour of a mark.
pub fn ink(t: &Tokens, mark: NodeMark) -> Color32 {
    match mark {
        NodeMark::Added => t.color.ok,
        NodeMark::Removed => t.color.error,
        NodeMark::Changed => t.color.warn,
        NodeMark::Moved => t.color.text3,
    }
}

impl Drawn {
    /// One version, with what became of its steps.
    pub fn as_run(pipeline: &Pipeline, states: States) -> Self {
        let mut pipeline = pipeline.clone();
        layout::complete(&mut pipeline);
        Self { pipeline, states, marks: Marks::default() }
    }

    /// The height in which a drawing of this width shows everything, as large as it may be.
    pub fn height_at(&self, width: f32) -> f32 {
        let size = vec2(NODE_WIDTH, NODE_HEIGHT);
        let places = self.pipeline.layout.values();
        let bounds = places.map(|at| Rect::from_min_size(pos2(at[0], at[1]), size)).fold(Rect::NOTHING, Rect::union);
        let zoom = ((width - 2.0 * MARGIN) / bounds.width().max(1.0)).clamp(LEAST_ZOOM, 1.0);
        bounds.height().max(0.0) * zoom + 2.0 * MARGIN
    }

    /// The new version with what it lost beside it.
    pub fn of(old: &Pipeline, new: &Pipeline, diff: &PipelineDiff, catalogue: &Catalogue) -> Self {
        let (mut old, mut pipeline) = (old.clone(), new.clone());
        layout::complete(&mut old);
        layout::complete(&mut pipeline);
        for name in diff.removed.keys() {
            let at = old.layout.get(name).copied().unwrap_or_default();
            let at = beside(&pipeline, at);
            pipeline.layout.insert(name.clone(), at);
            pipeline.jobs.extend(diff.removed.get(name).map(|job| (name.clone(), job.clone())));
        }
        let mut nodes = HashMap::new();
        // What stands elsewhere first: a step that was changed as well is marked as changed.
        nodes.extend(diff.stand_elsewhere().map(|name| (name.to_owned(), NodeMark::Moved)));
        nodes.extend(diff.changed.keys().map(|name| (name.clone(), NodeMark::Changed)));
        nodes.extend(diff.added.keys().map(|name| (name.clone(), NodeMark::Added)));
        nodes.extend(diff.removed.keys().map(|name| (name.clone(), NodeMark::Removed)));
        let states = diff.changed.iter().map(|(name, changes)| {
            let spec = pipeline.jobs.get(name).and_then(|job| catalogue.spec(&job.component));
            let caption = caption(changes, |change| {
                let (old, new) = change.words(spec);
                format!("{} {old} → {new}", change.title(spec))
            });
            (name.clone(), NodeState { caption, ..NodeState::default() })
        });
        let states = states.collect();
        let (wires_added, wires_removed) = (diff.wires_added.clone(), diff.wires_removed.clone());
        Self { pipeline, marks: Marks { nodes, wires_added, wires_removed }, states }
    }
}

/// The first few changes, and how many more there are. Connections are told by their wires.
fn caption(changes: &[Change], words: impl Fn(&Change) -> String) -> String {
    let said = |change: &&Change| !change.is_connection();
    let changes: Vec<&Change> = changes.iter().filter(said).collect();
    let more = changes.len().saturating_sub(CAPTIONED);
    let mut parts: Vec<String> = changes.into_iter().take(CAPTIONED).map(words).collect();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    parts.join(" · ")
}

/// The nearest place at the left or the right of `at` that nothing covers.
fn beside(pipeline: &Pipeline, at: [f32; 2]) -> [f32; 2] {
    const STEP: f32 = (NODE_WIDTH + ASIDE) / 4.0;
    let size = vec2(NODE_WIDTH, NODE_HEIGHT);
    let rect = |at: [f32; 2]| Rect::from_min_size(pos2(at[0], at[1]), size);
    let taken: Vec<Rect> = pipeline.layout.values().map(|at| rect(*at)).collect();
    let free = |at: &[f32; 2]| !taken.iter().any(|other| other.intersects(rect(*at).expand(ASIDE / 3.0)));
    let away = |steps: u8, side: f32| [at[0] + side * f32::from(steps) * STEP, at[1]];
    let places = (0..64).flat_map(|steps| [away(steps, -1.0), away(steps, 1.0)]);
    places.into_iter().find(free).unwrap_or(at)
}

/// A disc with the mark's sign in it.
pub fn paint_sign(painter: &Painter, t: &Tokens, mark: NodeMark, center: Pos2, radius: f32) {
    let color = ink(t, mark);
    painter.circle(center, radius, color, Stroke::new(radius * 0.25, t.color.surface1));
    let stroke = Stroke::new((radius * 0.24).max(1.0), t.color.surface1);
    let r = radius * 0.52;
    let across = [center - vec2(r, 0.0), center + vec2(r, 0.0)];
    match mark {
        NodeMark::Added => {
            painter.line_segment(across, stroke);
            painter.line_segment([center - vec2(0.0, r), center + vec2(0.0, r)], stroke);
        }
        NodeMark::Removed => {
            painter.line_segment(across, stroke);
        }
        NodeMark::Changed => {
            let wave = |part: i32| {
                let x = part as f32 / 6.0;
                center + vec2(x * r, -(x * std::f32::consts::PI).sin() * r * 0.45)
            };
            painter.add(Shape::line((-6..=6).map(wave).collect(), stroke));
        }
        NodeMark::Moved => {
            painter.line_segment(across, stroke);
            for side in [-1.0, 1.0] {
                let tip = center + vec2(side * r, 0.0);
                let barb = |up: f32| tip + vec2(-side * r * 0.5, up * r * 0.5);
                painter.add(Shape::line(vec![barb(1.0), tip, barb(-1.0)], stroke));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use studio::pipeline::graph::diff::diff;
    use studio::pipeline::yaml::Document;

    fn read(text: &str) -> Pipeline {
        Document::parse(text).unwrap().pipeline
    }

    #[test]
    fn a_replaced_step_stands_beside_what_took_its_place() {
        let old = read("jobs:\n  forest:\n    component: random_forest\nlayout:\n  forest: [0, 0]\n");
        let new = read("jobs:\n  boosting:\n    component: gradient_boosting\nlayout:\n  boosting: [0, 0]\n");
        let drawn = Drawn::of(&old, &new, &diff(&old, &new), &Catalogue::new());
        assert_eq!(drawn.marks.nodes["forest"], NodeMark::Removed);
        assert_eq!(drawn.marks.nodes["boosting"], NodeMark::Added);
        let (there, gone) = (drawn.pipeline.layout["boosting"], drawn.pipeline.layout["forest"]);
        assert_eq!(there, [0.0, 0.0]);
        assert!(gone[0].abs() >= NODE_WIDTH && gone[1] == 0.0, "{gone:?}");
    }

    #[test]
    fn a_changed_step_says_from_what_to_what() {
        let text =
            |trees: &str| format!("jobs:\n  b:\n    component: gradient_boosting\n    inputs:\n      trees: {trees}\n");
        let (old, new) = (read(&text("50")), read(&text("80")));
        let drawn = Drawn::of(&old, &new, &diff(&old, &new), &Catalogue::new());
        assert!(drawn.states["b"].caption.ends_with("50 → 80"), "{}", drawn.states["b"].caption);
        let unchanged = Drawn::of(&old, &old, &diff(&old, &old), &Catalogue::new());
        assert!(unchanged.marks == Marks::default());
    }
}
