//! The canvas for screen readers, and for tests that find things by name: every node, port and wire is a node of the
//! accessibility tree with a label, bounds and a click. Costs one check a frame while nobody listens.

use egui::accesskit::{self, Action, Role};
use egui::{Id, Rect, Ui};

use super::scene::{Scene, Side};
use super::selection::Selection;
use super::view::View;
use super::{Ask, Canvas, Output};

/// Where labelled things were clicked or focused from the outside.
enum Named {
    Node(usize),
    Port(super::scene::PortRef),
    Wire(usize),
}

impl Canvas {
    /// Describes everything and carries out what assistive technology asked for.
    pub(super) fn describe(&mut self, ui: &Ui, id: Id, area: Rect, out: &mut Output) {
        let ctx = ui.ctx();
        let label = format!("Pipeline canvas, {} steps", self.scene.nodes.len());
        let active = ctx.accesskit_node_builder(id, |node| {
            node.set_role(Role::Canvas);
            node.set_label(label);
        });
        if active.is_none() {
            return;
        }
        let asked =
            ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::AccessKitActionRequest(_))));
        let mut found = None;
        let view = self.view;
        for (index, wire) in self.scene.wires.iter().enumerate() {
            let rect = view.rect_to_screen(area, wire.bounds);
            let selected = self.selection.wires.contains(&self.scene.wire_key(index));
            if put(ui, id.with(("wire", &wire.label)), rect, &wire.label, "", selected, asked) {
                found = Some(Named::Wire(index));
            }
        }
        for (index, node) in self.scene.nodes.iter().enumerate() {
            let rect = view.rect_to_screen(area, node.rect);
            let selected = self.selection.jobs.contains(&node.job);
            if put(ui, id.with(("node", &node.job)), rect, &node.title, &node.state.spoken(), selected, asked) {
                found = Some(Named::Node(index));
            }
        }
        if let Some(port) = describe_ports(ui, id, &self.scene, view, area, asked) {
            found = Some(port);
        }
        match found {
            Some(Named::Node(node)) => self.selection = Selection::of_jobs([self.scene.nodes[node].job.clone()]),
            Some(Named::Wire(wire)) => {
                self.selection = Selection { wires: [self.scene.wire_key(wire)].into(), ..Selection::default() };
            }
            Some(Named::Port(port)) => {
                let key = self.scene.port_key(port);
                self.selection = Selection::of_jobs([key.job.clone()]);
                out.asks.push(Ask::Preview(key));
            }
            None => {}
        }
    }
}

fn describe_ports(ui: &Ui, id: Id, scene: &Scene, view: View, area: Rect, asked: bool) -> Option<Named> {
    let mut found = None;
    for (index, node) in scene.nodes.iter().enumerate() {
        for side in [Side::Input, Side::Output] {
            for (port, it) in node.ports(side).iter().enumerate() {
                let center = view.to_screen(area, it.at);
                let rect = Rect::from_center_size(center, egui::Vec2::splat(12.0));
                let value = it.kind.map_or("", |kind| kind.with_article());
                if put(ui, id.with((&node.job, side, port)), rect, &it.label, value, false, asked) {
                    found = Some(Named::Port(super::scene::PortRef { node: index, side, port }));
                }
            }
        }
    }
    found
}

/// One labelled thing; true when it was asked to be clicked.
pub(super) fn put(ui: &Ui, id: Id, rect: Rect, label: &str, value: &str, selected: bool, asked: bool) -> bool {
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_role(Role::Button);
        node.set_label(label);
        if !value.is_empty() {
            node.set_value(value);
        }
        if selected {
            node.set_selected(true);
        }
        node.set_bounds(accesskit::Rect {
            x0: rect.min.x.into(),
            y0: rect.min.y.into(),
            x1: rect.max.x.into(),
            y1: rect.max.y.into(),
        });
        node.add_action(Action::Click);
    });
    asked && ui.input(|input| input.has_accesskit_action_request(id, Action::Click))
}
