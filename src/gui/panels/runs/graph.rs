//! A pipeline as it was run, small and for looking at: each step with how it ended.

use std::collections::HashMap;

use egui::{
    Align2, Color32, CursorIcon, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role,
    epaint::CubicBezierShape, pos2, vec2,
};
use studio::{
    Step,
    pipeline::{
        component::PortKind,
        graph::{Pipeline, layout},
    },
};

use super::words;
use crate::{
    icons::paint_glyph,
    theme::{self, Tokens},
    widgets::{focus_ring, paint_text},
};

/// Below this scale a step has no title.
const READABLE: f32 = 0.42;

/// The graph, laid out once.
pub struct Graph {
    pipeline: Pipeline,
    bounds: Rect,
}

impl Graph {
    pub fn of(pipeline: &Pipeline) -> Self {
        let mut pipeline = pipeline.clone();
        layout::complete(&mut pipeline);
        let bounds = pipeline
            .layout
            .iter()
            .filter(|(name, _)| pipeline.jobs.contains_key(*name))
            .map(|(_, at)| Rect::from_min_size(pos2(at[0], at[1]), layout::NODE.into()))
            .reduce(Rect::union)
            .unwrap_or(Rect::ZERO);
        Self { pipeline, bounds }
    }

    pub fn is_empty(&self) -> bool {
        self.pipeline.jobs.is_empty()
    }

    /// Draws the graph over the whole width; the step that was clicked.
    pub fn show(&self, ui: &mut Ui, steps: &[Step], chosen: Option<&str>, most: f32, now_ms: i64) -> Option<String> {
        let width = ui.available_width();
        let scale = (width / self.bounds.width().max(1.0)).min(most / self.bounds.height().max(1.0)).min(0.9);
        let size = vec2(width, self.bounds.height() * scale + 4.0);
        let (area, _) = ui.allocate_exact_size(size, Sense::hover());
        let t = theme::of(ui);
        let left = area.center().x - self.bounds.width() * scale / 2.0;
        let to = |at: [f32; 2]| {
            let from = pos2(at[0], at[1]) - self.bounds.min;
            pos2(left, area.top() + 2.0) + from * scale
        };
        self.wires(ui, &t, &to, scale);
        let by_name: HashMap<&str, &Step> = steps.iter().map(|step| (step.name.as_str(), step)).collect();
        let mut clicked = None;
        for (name, job) in &self.pipeline.jobs {
            let Some(at) = self.pipeline.layout.get(name) else {
                continue;
            };
            let rect = Rect::from_min_size(to(*at), vec2(layout::NODE[0], layout::NODE[1]) * scale);
            let step = by_name.get(name.as_str()).copied();
            let title = step.map_or_else(|| job.title(), |step| step.title.as_str());
            let note = step.map(|step| words::step_word(step, now_ms));
            let selected = chosen == Some(name.as_str());
            let node = Node { name, title, note: note.as_deref().unwrap_or(""), step, selected, scale };
            if node.show(ui, &t, rect) {
                clicked = Some(name.clone());
            }
        }
        clicked
    }

    fn wires(&self, ui: &Ui, t: &Tokens, to: &impl Fn([f32; 2]) -> Pos2, scale: f32) {
        for (name, job) in &self.pipeline.jobs {
            let Some(at) = self.pipeline.layout.get(name) else {
                continue;
            };
            for (port, source, output) in job.bindings() {
                let (Some(from), Some(of)) = (self.pipeline.layout.get(source), self.pipeline.jobs.get(source)) else {
                    continue;
                };
                let outputs = of.spec().map_or(&[][..], |spec| spec.outputs);
                let inputs = job.spec().map_or(&[][..], |spec| spec.inputs);
                let out = outputs.iter().position(|one| one.name == output).unwrap_or(0);
                let into = inputs.iter().position(|one| one.name == port).unwrap_or(0);
                let kind = outputs.get(out).map(|one| one.kind);
                let x = |index, count: usize| layout::port_x(index, count.max(1));
                let start = to([from[0] + x(out, outputs.len()), from[1] + layout::NODE[1]]);
                let end = to([at[0] + x(into, inputs.len()), at[1]]);
                let bend = vec2(0.0, ((end.y - start.y).abs() * 0.5).max(12.0 * scale));
                ui.painter().add(CubicBezierShape::from_points_stroke(
                    [start, start + bend, end - bend, end],
                    false,
                    Color32::TRANSPARENT,
                    Stroke::new(1.4, kind.map_or(t.color.line2, |kind| color(t, kind))),
                ));
            }
        }
    }
}

/// The colour of what flows on a wire.
fn color(t: &Tokens, kind: PortKind) -> Color32 {
    match kind {
        PortKind::Table => t.data(0),
        PortKind::Estimator | PortKind::Model => t.data(1),
        PortKind::Transform => t.data(2),
        PortKind::Report => t.data(3),
    }
}

struct Node<'a> {
    name: &'a str,
    title: &'a str,
    note: &'a str,
    step: Option<&'a Step>,
    selected: bool,
    scale: f32,
}

impl Node<'_> {
    /// Whether it was clicked.
    fn show(&self, ui: &Ui, t: &Tokens, rect: Rect) -> bool {
        let id = ui.scope_id().with(("node", self.name));
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            let name = format!("{} {}", self.title, self.note);
            WidgetInfo::selected(Role::Button, true, self.selected, name.trim())
        });
        let edge = match (self.selected, response.hovered()) {
            (true, _) => Stroke::new(t.size.line_strong, t.color.accent),
            (_, true) => t.border(),
            _ => t.hairline(),
        };
        let ran = self.step.is_some();
        let fill = if ran { t.color.surface4 } else { t.color.surface3 };
        let painter = ui.painter();
        painter.rect(rect, t.size.radius * self.scale.max(0.5), fill, edge, StrokeKind::Inside);
        let readable = self.scale >= READABLE;
        if let Some(step) = self.step {
            let at = if readable { pos2(rect.left() + 12.0, rect.center().y) } else { rect.center() };
            paint_glyph(painter, t, words::step_glyph(step), at);
        }
        if readable {
            let color = if ran { t.color.text1 } else { t.color.text3 };
            let room = rect.shrink2(vec2(6.0, 0.0)).with_min_x(rect.left() + 22.0);
            paint_text(
                painter,
                room,
                Align2::LEFT_CENTER,
                self.title,
                if self.scale < 0.7 { &t.face.caption } else { &t.face.small },
                color,
            );
        }
        focus_ring(ui, &response, t.size.radius);
        let clicked = response.clicked();
        let words = format!("{}\n{}", self.title, self.note);
        response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(words.trim());
        clicked
    }
}
