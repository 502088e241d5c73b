//! Draws the scene, from the ground up: dots, notes, wires, steps, ports, what is under way, the map.

use egui::{Align2, Painter, Pos2, Rect, Response, Shape, Stroke, StrokeKind, Ui, Vec2, vec2};
use studio::pipeline::component::Spec;

use super::fit::Takers;
use super::gesture::{Gesture, Target};
use super::minimap::Map;
use super::node::{self, Look, PortLook};
use super::paint::{self, Text};
use super::scene::{Hit, PortRef, Side, WireKey};
use super::{Canvas, DETAIL_PORTS, DETAIL_TEXT, DETAIL_TITLE, Input, NODE_HEIGHT, NODE_WIDTH, wire};
use crate::theme::Tokens;

/// What drawing needs beside the canvas.
struct Frame<'a> {
    painter: Painter,
    t: &'a Tokens,
    area: Rect,
    /// The part of the canvas that is drawn.
    seen: Rect,
    hover: Hit,
    focused: bool,
    takers: Option<Takers>,
    target: Option<PortRef>,
    marked: Option<PortRef>,
}

impl Canvas {
    pub(super) fn paint(
        &self,
        ui: &Ui,
        t: &Tokens,
        response: &Response,
        area: Rect,
        input: &Input<'_>,
        map: Option<&Map>,
    ) {
        let frame = self.frame(ui, t, response, area, input);
        frame.painter.rect_filled(area, 0.0, t.color.surface1);
        let dots = t.tint(t.color.surface1, t.color.line2, 0.7);
        paint::dots(&frame.painter, area, self.view.origin, self.view.zoom, dots);
        self.paint_notes(&frame, input);
        self.paint_wires(&frame);
        self.paint_nodes(&frame);
        self.paint_gesture(&frame);
        if let Some(map) = map {
            map.draw(&frame.painter, t, &self.scene, self.view, area);
        }
        self.cursor(ui, &frame, response);
    }

    fn frame<'a>(&self, ui: &Ui, t: &'a Tokens, response: &Response, area: Rect, input: &Input<'_>) -> Frame<'a> {
        let hover = match self.last_pointer {
            Some(at) if response.hovered() && self.gesture.is_idle() => self.scene.hit(at, self.view.zoom),
            _ => Hit::Nothing,
        };
        let (mut takers, mut target) = (None, None);
        if let Gesture::Wire { held, .. } = &self.gesture {
            takers = self.scene.find_port(held).map(|port| Takers::new(&self.scene, port));
            if let Some(Target::Port(port)) = self.last_pointer.map(|at| self.target(held, at, self.view)) {
                target = Some(port);
            }
        }
        Frame {
            painter: ui.painter().with_clip_rect(area.intersect(ui.clip_rect())),
            t,
            area,
            seen: self.view.visible(area).expand(24.0),
            hover,
            focused: response.has_focus(),
            takers,
            target,
            marked: input.marked.and_then(|key| self.scene.find_port(key)),
        }
    }

    fn paint_notes(&self, frame: &Frame<'_>, input: &Input<'_>) {
        let t = frame.t;
        for (index, (note, it)) in self.scene.notes.iter().zip(&input.pipeline.notes).enumerate() {
            if !frame.seen.intersects(*note) {
                continue;
            }
            let rect = self.view.rect_to_screen(frame.area, *note);
            let selected = self.selection.notes.contains(&index);
            let hovered = matches!(frame.hover, Hit::Note(at) | Hit::NoteCorner(at) if at == index);
            let fill = t.tint(t.color.surface1, t.color.surface4, 0.7);
            let stroke = match (selected, hovered) {
                (true, _) => Stroke::new(1.5, t.color.accent),
                (_, true) => t.border(),
                _ => t.hairline(),
            };
            frame.painter.rect(rect, paint::radius(t.size.radius * self.view.zoom), fill, stroke, StrokeKind::Inside);
            if self.view.zoom >= DETAIL_TITLE {
                let text = Text { painter: &frame.painter, zoom: self.view.zoom };
                let words = if it.text.is_empty() { "Double-click to write" } else { &it.text };
                let rows = ((note.height() - 12.0) / 18.0).max(1.0) as usize;
                let galley = text.block(words, &t.face.small, note.width() - 20.0, rows);
                let color = if it.text.is_empty() { t.color.text3 } else { t.color.text2 };
                text.put(galley, rect.min + vec2(10.0, 7.0) * self.view.zoom, Align2::LEFT_TOP, color);
            }
            if hovered || selected {
                let grip = |by: f32| [rect.max - vec2(by, 3.0), rect.max - vec2(3.0, by)];
                frame.painter.line_segment(grip(7.0), t.border());
                frame.painter.line_segment(grip(11.0), t.border());
            }
        }
    }

    fn paint_wires(&self, frame: &Frame<'_>) {
        let t = frame.t;
        let taken = match &self.gesture {
            Gesture::Wire { taken, .. } => taken.as_ref().and_then(|wire| self.scene.find_wire(wire)),
            _ => None,
        };
        let selected: Vec<usize> =
            self.selection.wires.iter().filter_map(|wire: &WireKey| self.scene.find_wire(wire)).collect();
        let width = (1.5 * self.view.zoom.sqrt()).clamp(0.75, 2.0);
        let shapes = self.scene.wires.iter().enumerate().filter_map(|(index, it)| {
            if Some(index) == taken || !frame.seen.intersects(it.bounds) {
                return None;
            }
            let curve = it.curve.map(|point| self.view.to_screen(frame.area, point));
            let ends = [it.from.node, it.to.node].map(|node| &self.scene.nodes[node]);
            let off = ends.iter().any(|node| node.disabled);
            let along = ends.iter().any(|node| self.selection.jobs.contains(&node.job));
            let mut color = paint::kind_color(t, it.kind);
            if off {
                color = t.tint(color, t.color.surface1, 0.65);
            } else if !along {
                color = t.tint(color, t.color.surface1, 0.12);
            }
            let strong = selected.contains(&index) || frame.hover == Hit::Wire(index);
            let stroke = Stroke::new(if strong { width * 2.0 } else { width }, color);
            Some(wire::shape(&curve, stroke))
        });
        let shapes: Vec<Shape> = shapes.collect();
        frame.painter.extend(shapes);
    }

    fn paint_nodes(&self, frame: &Frame<'_>) {
        // Selected steps last, so that what is moved lies on top.
        for on_top in [false, true] {
            for (index, it) in self.scene.nodes.iter().enumerate() {
                let selected = self.selection.jobs.contains(&it.job);
                if selected != on_top || !frame.seen.intersects(it.with_comment()) {
                    continue;
                }
                let dimmed = frame
                    .takers
                    .as_ref()
                    .is_some_and(|takers| takers.port_of(&self.scene, index).is_none() && !self.holds(index));
                let look = Look {
                    selected,
                    hovered: matches!(frame.hover, Hit::Node(node) if node == index),
                    focused: frame.focused && selected,
                    dimmed,
                };
                node::draw(&frame.painter, frame.t, self.view, frame.area, it, look);
                for side in [Side::Input, Side::Output] {
                    node::draw_ports(&frame.painter, frame.t, self.view, frame.area, it, side, |port| {
                        self.port_look(frame, PortRef { node: index, side, port })
                    });
                }
            }
        }
    }

    /// Whether the wire in the air hangs from this node.
    fn holds(&self, node: usize) -> bool {
        matches!(&self.gesture, Gesture::Wire { held, .. } if self.scene.nodes[node].job == held.job)
    }

    fn port_look(&self, frame: &Frame<'_>, port: PortRef) -> PortLook {
        if let Some(takers) = &frame.takers {
            let held = matches!(&self.gesture, Gesture::Wire { held, .. } if self.scene.find_port(held) == Some(port));
            return if held || frame.target == Some(port) {
                PortLook::Marked
            } else if takers.takes(&self.scene, port) {
                PortLook::Lit
            } else {
                PortLook::Dimmed
            };
        }
        let marked = frame.hover == Hit::Port(port) || frame.marked == Some(port);
        if marked { PortLook::Marked } else { PortLook::Plain }
    }

    fn paint_gesture(&self, frame: &Frame<'_>) {
        let (t, Some(at)) = (frame.t, self.last_pointer) else {
            return;
        };
        match &self.gesture {
            Gesture::Frame { from, .. } => {
                let rect = self.view.rect_to_screen(frame.area, Rect::from_two_pos(*from, at));
                let fill = t.color.accent.gamma_multiply(0.12);
                frame.painter.rect(rect, 2.0, fill, Stroke::new(1.0, t.color.accent), StrokeKind::Inside);
            }
            Gesture::Wire { held, .. } => {
                let Some(port) = self.scene.find_port(held) else {
                    return;
                };
                let it = self.scene.port(port);
                let end = frame.target.map_or(at, |target| self.scene.port(target).at);
                let curve = if port.side == Side::Output { wire::curve(it.at, end) } else { wire::curve(end, it.at) };
                let curve = curve.map(|point| self.view.to_screen(frame.area, point));
                let stroke = Stroke::new(2.0, paint::kind_color(t, it.kind));
                frame.painter.add(wire::shape(&curve, stroke));
                frame.painter.circle_filled(self.view.to_screen(frame.area, end), 4.0, stroke.color);
            }
            _ => {}
        }
    }

    /// What a carried component would become, and the wire it would go into.
    pub(super) fn paint_ghost(
        &self,
        ui: &Ui,
        t: &Tokens,
        spec: &'static Spec,
        corner: Pos2,
        area: Rect,
        into: Option<usize>,
    ) {
        let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
        if let Some(into) = into {
            let curve = self.scene.wires[into].curve.map(|point| self.view.to_screen(area, point));
            painter.add(wire::shape(&curve, Stroke::new(4.0, t.color.accent)));
        }
        let rect = Rect::from_min_size(corner, vec2(NODE_WIDTH, NODE_HEIGHT));
        let rect = self.view.rect_to_screen(area, rect);
        let radius = paint::radius(t.size.radius_card * self.view.zoom);
        let fill = t.color.surface3.gamma_multiply(0.85);
        painter.rect(rect, radius, fill, Stroke::new(1.5, t.color.accent), StrokeKind::Inside);
        if self.view.zoom >= DETAIL_TITLE {
            let text = Text { painter: &painter, zoom: self.view.zoom };
            let color = paint::category_color(t, Some(spec.category));
            let initial = spec.title.chars().next().unwrap_or('?');
            let at = |x: f32, y: f32| rect.min + Vec2::new(x, y) * self.view.zoom;
            paint::tile(&text, t, at(21.0, 18.0), 20.0, initial, color, t.color.surface3);
            let title = text.line(spec.title, &t.face.body_strong, NODE_WIDTH - 52.0);
            text.put(title, at(39.0, 18.0), Align2::LEFT_CENTER, t.color.text1);
            if self.view.zoom >= DETAIL_TEXT {
                let hint = if into.is_some() { "Drop to put it into the wire" } else { "Drop to add" };
                let hint = text.line(hint, &t.face.caption, NODE_WIDTH - 24.0);
                text.put(hint, at(12.0, 42.0), Align2::LEFT_CENTER, t.color.text3);
            }
        }
    }

    fn cursor(&self, ui: &Ui, frame: &Frame<'_>, response: &Response) {
        use egui::CursorIcon;
        let space = response.hovered() && response.has_focus() && ui.input(|input| input.key_down(egui::Key::Space));
        let icon = match (&self.gesture, frame.hover) {
            (Gesture::Pan, _) => CursorIcon::Grabbing,
            (Gesture::Move { .. }, _) => CursorIcon::Move,
            (Gesture::Wire { .. }, _) if frame.target.is_some() => CursorIcon::Copy,
            (Gesture::Wire { .. }, _) => CursorIcon::Grabbing,
            (Gesture::Resize { .. }, _) | (_, Hit::NoteCorner(_)) => CursorIcon::ResizeNwSe,
            _ if space => CursorIcon::Grab,
            (_, Hit::Port(_)) if self.view.zoom > DETAIL_PORTS => CursorIcon::Crosshair,
            (_, Hit::Wire(_)) => CursorIcon::PointingHand,
            _ => return,
        };
        ui.ctx().set_cursor_icon(icon);
    }
}
