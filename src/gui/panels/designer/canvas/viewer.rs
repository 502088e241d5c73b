//! The canvas for looking at: pans, zooms and tells what was clicked, and changes nothing.

use egui::{CursorIcon, Id, Painter, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, accesskit::Role};
use studio::pipeline::graph::Pipeline;

use super::marks::{Marks, NodeMark, ink, paint_sign};
use super::node::{self, Look, PortLook};
use super::scene::{Hit, Node, Scene, Side};
use super::state::States;
use super::view::View;
use super::{LEAST_ZOOM, access, paint, wire};
use crate::panels::designer::catalogue::Catalogue;
use crate::theme::{self, Tokens};

/// The disc with a step's sign, in canvas points.
const SIGN: f32 = 9.0;
const WIRE_SIGN: f32 = 6.5;

/// What is looked at.
pub struct Viewed<'a> {
    /// What the drawing is, for a screen reader: "Differences".
    pub name: &'a str,
    pub pipeline: &'a Pipeline,
    pub catalogue: &'a Catalogue,
    pub states: &'a States,
    pub marks: &'a Marks,
    /// Changes with any of the above.
    pub revision: u64,
    pub selected: Option<&'a str>,
    /// Whether the wheel moves the view; otherwise it is left to the page around.
    pub wheel: bool,
}

/// A drawing, and from where it is looked at.
#[derive(Default)]
pub struct Viewer {
    view: View,
    scene: Scene,
    /// How each wire of the scene is marked.
    wire_marks: Vec<Option<NodeMark>>,
    seen: Option<u64>,
    /// What was fitted into which area; nobody has moved the view since.
    fitted: Option<(View, Rect)>,
    area: Option<Rect>,
    flight: Option<(View, View, f64)>,
}

impl Viewer {
    /// Shows everything in the next frame.
    pub fn fit(&mut self) {
        self.fitted = None;
        self.view = View::default();
    }

    pub fn is_empty(&self) -> bool {
        self.scene.nodes.is_empty()
    }

    /// Moves until the step is in sight.
    pub fn reveal(&mut self, job: &str, time: f64) {
        if let (Some(node), Some(area)) = (self.scene.node(job), self.area)
            && !self.view.visible(area).contains_rect(node.rect)
        {
            self.flight = Some((self.view, self.view.centered(node.rect.center(), area), time));
            self.fitted = None;
        }
    }

    /// Draws into what is left of `ui`; the step that was clicked.
    pub fn show(&mut self, ui: &mut Ui, viewed: &Viewed<'_>) -> Option<String> {
        let t = theme::of(ui);
        let area = ui.available_rect_before_wrap();
        let id = ui.scope_id().with("viewer");
        let response = ui.interact(area, id, Sense::click_and_drag());
        ui.advance_cursor_after_rect(area);
        self.area = Some(area);
        if self.seen != Some(viewed.revision) {
            self.build(viewed);
        }
        self.travel(ui, &response, area, viewed.wheel);
        let hover = response.hover_pos().filter(|_| response.hovered()).map(|at| self.hit(area, at));
        self.paint(ui, &t, area, viewed, hover.unwrap_or(Hit::Nothing));
        let mut clicked = self.describe(ui, id, area, viewed);
        if response.double_clicked() && hover == Some(Hit::Nothing) {
            self.fit();
        } else if response.clicked()
            && let Some(Hit::Node(node)) = hover
        {
            clicked = Some(self.scene.nodes[node].job.clone());
        }
        self.explain(response, hover, viewed);
        clicked
    }

    fn build(&mut self, viewed: &Viewed<'_>) {
        self.seen = Some(viewed.revision);
        let mut scene = Scene::build(viewed.pipeline, viewed.catalogue, viewed.states);
        for node in &mut scene.nodes {
            // Struck through, as a step that is not run.
            node.disabled |= viewed.marks.nodes.get(&node.job) == Some(&NodeMark::Removed);
        }
        let mut marked = Vec::new();
        for (wires, mark) in
            [(&viewed.marks.wires_removed, NodeMark::Removed), (&viewed.marks.wires_added, NodeMark::Added)]
        {
            marked.extend(wires.iter().filter_map(|wire| Some((scene.join(wire)?, mark))));
        }
        self.wire_marks = vec![None; scene.wires.len()];
        for (wire, mark) in marked {
            self.wire_marks[wire] = Some(mark);
        }
        self.scene = scene;
    }

    fn hit(&self, area: Rect, at: egui::Pos2) -> Hit {
        let point = self.view.to_canvas(area, at);
        match self.scene.node_at(point) {
            Some(node) => Hit::Node(node),
            None => self.scene.wire_at(point, 6.0 / self.view.zoom).map_or(Hit::Nothing, Hit::Wire),
        }
    }

    /// First fit, flights, drags, wheel and pinch.
    fn travel(&mut self, ui: &Ui, response: &Response, area: Rect, wheel: bool) {
        let moved = self.fitted.is_some_and(|(view, _)| view != self.view);
        let fresh = self.fitted.is_none() && self.view == View::default();
        let resized = self.fitted.is_some_and(|(_, before)| before != area) && !moved;
        if area.is_positive() && !self.is_empty() && (fresh || resized) {
            self.view = self.opening(area);
            self.fitted = Some((self.view, area));
        }
        let now = ui.input(|input| input.time);
        let length = f64::from(ui.style().animation_time);
        if let Some((from, to, began)) = self.flight {
            let share = if length > 0.0 { ((now - began) / length).clamp(0.0, 1.0) as f32 } else { 1.0 };
            self.view = from.lerp(to, 1.0 - (1.0 - share).powi(3));
            self.flight = self.flight.filter(|_| share < 1.0);
            ui.ctx().request_repaint();
        }
        if response.dragged() {
            self.view.pan(response.drag_delta());
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        if response.hovered() {
            let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
            if let (true, Some(at)) = (zoom != 1.0, response.hover_pos()) {
                self.view.zoom_at(area, at, zoom);
            } else if wheel && scroll != Vec2::ZERO {
                self.view.pan(scroll);
            }
        }
        if !self.view.is_finite() {
            self.view = View::default();
        }
    }

    /// Everything in sight, as long as titles can be read; else its beginning.
    fn opening(&self, area: Rect) -> View {
        let bounds = self.scene.bounds();
        let whole = View::fit(bounds, area);
        let zoom = LEAST_ZOOM;
        if whole.zoom >= zoom {
            return whole;
        }
        let origin = egui::pos2(bounds.center().x - area.width() / (2.0 * zoom), bounds.top() - 24.0 / zoom);
        View { origin, zoom }
    }

    fn paint(&self, ui: &Ui, t: &Tokens, area: Rect, viewed: &Viewed<'_>, hover: Hit) {
        let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
        painter.rect_filled(area, 0.0, t.color.surface1);
        let dots = t.tint(t.color.surface1, t.color.line2, 0.7);
        paint::dots(&painter, area, self.view.origin, self.view.zoom, dots);
        for note in &self.scene.notes {
            let rect = self.view.rect_to_screen(area, *note);
            painter.rect(rect, paint::radius(t.size.radius), t.color.surface2, t.hairline(), StrokeKind::Inside);
        }
        let seen = self.view.visible(area).expand(24.0);
        self.paint_wires(&painter, t, area, seen, hover);
        for (index, it) in self.scene.nodes.iter().enumerate() {
            if !seen.intersects(it.with_comment()) {
                continue;
            }
            let selected = viewed.selected == Some(it.job.as_str());
            let look = Look { selected, hovered: hover == Hit::Node(index), ..Look::default() };
            node::draw(&painter, t, self.view, area, it, look);
            for side in [Side::Input, Side::Output] {
                node::draw_ports(&painter, t, self.view, area, it, side, |_| PortLook::Plain);
            }
            if let Some(mark) = viewed.marks.nodes.get(&it.job) {
                self.paint_mark(&painter, t, area, it, *mark, selected);
            }
        }
    }

    fn paint_wires(&self, painter: &Painter, t: &Tokens, area: Rect, seen: Rect, hover: Hit) {
        let width = (1.5 * self.view.zoom.sqrt()).clamp(0.75, 2.0);
        let differs = self.wire_marks.iter().any(Option::is_some);
        for (index, it) in self.scene.wires.iter().enumerate() {
            if !seen.intersects(it.bounds) {
                continue;
            }
            let curve = it.curve.map(|point| self.view.to_screen(area, point));
            let strong = if hover == Hit::Wire(index) { 2.0 } else { 1.0 };
            let Some(mark) = self.wire_marks[index] else {
                let fade = if differs { 0.45 } else { 0.12 };
                let color = t.tint(paint::kind_color(t, it.kind), t.color.surface1, fade);
                painter.add(wire::shape(&curve, Stroke::new(width * strong, color)));
                continue;
            };
            let stroke = Stroke::new(width * 1.5 * strong, ink(t, mark));
            match mark {
                NodeMark::Removed => painter.extend(wire::dashed(&curve, stroke)),
                _ => drop(painter.add(wire::shape(&curve, stroke))),
            }
            paint_sign(painter, t, mark, wire::at(&curve, 0.5), WIRE_SIGN * self.view.zoom.clamp(0.6, 1.0));
        }
    }

    fn paint_mark(&self, painter: &Painter, t: &Tokens, area: Rect, node: &Node, mark: NodeMark, selected: bool) {
        let rect = self.view.rect_to_screen(area, node.rect);
        let color = ink(t, mark);
        let stroke = Stroke::new(t.size.line_strong.max(1.5), color);
        let round = t.size.radius_card * self.view.zoom;
        match mark {
            _ if selected => {}
            NodeMark::Added | NodeMark::Changed => {
                painter.rect_stroke(rect, paint::radius(round), stroke, StrokeKind::Inside);
            }
            NodeMark::Removed => painter.extend(outline(rect, stroke, 6.0)),
            NodeMark::Moved => painter.extend(outline(rect, Stroke::new(t.size.line, color), 2.0)),
        }
        paint_sign(painter, t, mark, rect.left_top(), SIGN * self.view.zoom.clamp(0.6, 1.0));
    }

    /// What lies under the pointer, in words.
    fn explain(&self, response: Response, hover: Option<Hit>, viewed: &Viewed<'_>) {
        let words = match hover {
            Some(Hit::Node(node)) => {
                let node = &self.scene.nodes[node];
                let spoken = spoken(node, viewed.marks.nodes.get(&node.job).copied());
                if spoken.is_empty() { node.title.clone() } else { format!("{}\n{spoken}", node.title) }
            }
            Some(Hit::Wire(wire)) => {
                let mark = self.wire_marks[wire].map_or(String::new(), |mark| format!(", {}", mark.word()));
                format!("{}{mark}", self.scene.wires[wire].label)
            }
            _ => return,
        };
        response.on_hover_text_at_pointer(words);
    }

    /// Every step and every marked wire for screen readers, and for tests; the step that was clicked from there.
    fn describe(&self, ui: &Ui, id: Id, area: Rect, viewed: &Viewed<'_>) -> Option<String> {
        let label = format!("{}, {} steps", viewed.name, self.scene.nodes.len());
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_role(Role::Canvas);
            node.set_label(label);
        })?;
        let asked =
            ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::AccessKitActionRequest(_))));
        for (index, it) in self.scene.wires.iter().enumerate() {
            let mark = self.wire_marks[index].map_or("", NodeMark::word);
            let rect = self.view.rect_to_screen(area, it.bounds);
            access::put(ui, id.with(("wire", index)), rect, &it.label, mark, false, asked);
        }
        let mut clicked = None;
        for it in &self.scene.nodes {
            let rect = self.view.rect_to_screen(area, it.rect);
            let spoken = spoken(it, viewed.marks.nodes.get(&it.job).copied());
            let selected = viewed.selected == Some(it.job.as_str());
            if access::put(ui, id.with(("node", &it.job)), rect, &it.title, &spoken, selected, asked) {
                clicked = Some(it.job.clone());
            }
        }
        clicked
    }
}

/// What a step says after its title.
fn spoken(node: &Node, mark: Option<NodeMark>) -> String {
    let mark = mark.map(|mark| mark.word().to_owned());
    let parts = [mark, Some(node.state.spoken()), Some(node.state.caption.clone())];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// A rectangle in dashes of this length.
fn outline(rect: Rect, stroke: Stroke, dash: f32) -> Vec<Shape> {
    let rect = rect.shrink(stroke.width / 2.0);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    Shape::dashed_line(&corners, stroke, dash, dash * 0.7)
}
