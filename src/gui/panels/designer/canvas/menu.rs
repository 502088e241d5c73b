//! What a secondary click offers, for what was clicked.

use egui::{Response, Ui};

use super::scene::{Hit, Side};
use super::selection::Selection;
use super::{Align, Ask, Canvas, Input, Output};
use crate::panels::designer::edits::Edit;
use crate::theme::Tokens;

impl Canvas {
    pub(super) fn menu(&mut self, response: &Response, t: &Tokens, input: &Input<'_>, out: &mut Output) {
        if response.secondary_clicked()
            && let (Some(at), Some(area)) = (response.interact_pointer_pos(), self.area)
        {
            let point = self.view.to_canvas(area, at);
            let hit = self.scene.hit(point, self.view.zoom);
            self.select_for_menu(hit);
            self.menu_at = Some((hit, point));
        }
        response.context_menu(|ui| {
            let Some((hit, at)) = self.menu_at else {
                return;
            };
            match hit {
                Hit::Wire(_) => self.wire_menu(ui, t, out),
                Hit::Nothing => self.ground_menu(ui, t, at, out),
                Hit::Node(_) | Hit::Port(_) | Hit::Note(_) | Hit::NoteCorner(_) => self.step_menu(ui, t, input, out),
            }
        });
    }

    fn select_for_menu(&mut self, hit: Hit) {
        match hit {
            Hit::Node(node) | Hit::Port(super::PortRef { node, .. }) => {
                let job = &self.scene.nodes[node].job;
                if !self.selection.jobs.contains(job) {
                    self.selection = Selection::of_jobs([job.clone()]);
                }
            }
            Hit::Note(note) | Hit::NoteCorner(note) if !self.selection.notes.contains(&note) => {
                self.selection = Selection { notes: [note].into(), ..Selection::default() };
            }
            Hit::Wire(wire) => {
                self.selection = Selection { wires: [self.scene.wire_key(wire)].into(), ..Selection::default() };
            }
            _ => {}
        }
    }

    fn step_menu(&mut self, ui: &mut Ui, t: &Tokens, input: &Input<'_>, out: &mut Output) {
        let single = self.selection.single().map(str::to_owned);
        let steps = !self.selection.jobs.is_empty();
        if let Some(job) = &single {
            if entry(ui, t, "Run up to here", "") {
                out.asks.push(Ask::RunTo(job.clone()));
            }
            if self.has_ports(Side::Output) && entry(ui, t, "Show preview", "") {
                self.preview_first(job, out);
            }
            if entry(ui, t, "Rename", "F2") {
                self.rename();
            }
            ui.separator();
        }
        if entry(ui, t, "Copy", "Ctrl C") {
            out.asks.push(Ask::Copy { cut: false });
        }
        if entry(ui, t, "Cut", "Ctrl X") {
            out.asks.push(Ask::Copy { cut: true });
        }
        if entry(ui, t, "Duplicate", "Ctrl D") {
            self.duplicate(out);
        }
        if steps {
            self.state_entries(ui, t, out);
        }
        if self.selection.jobs.len() > 1 {
            ui.menu_button("Align", |ui| align_entries(ui, t, out));
        }
        ui.separator();
        if entry(ui, t, "Delete", "Del") {
            self.delete(out);
        }
        debug_assert!(single.is_none_or(|job| input.pipeline.jobs.contains_key(&job)));
    }

    fn preview_first(&self, job: &str, out: &mut Output) {
        if let Some(port) = self.scene.node(job).and_then(|node| node.outputs.first()) {
            let key = super::PortKey { job: job.to_owned(), side: Side::Output, port: port.name.clone() };
            out.asks.push(Ask::Preview(key));
        }
    }

    fn state_entries(&mut self, ui: &mut Ui, t: &Tokens, out: &mut Output) {
        let nodes = || self.selection.jobs.iter().filter_map(|job| self.scene.node(job));
        let (off, folded) = (nodes().all(|node| node.disabled), nodes().all(|node| node.collapsed));
        if entry(ui, t, if off { "Enable" } else { "Disable" }, "Ctrl E") {
            self.toggle_disabled(out);
        }
        if entry(ui, t, if folded { "Expand" } else { "Collapse" }, "") {
            self.toggle_collapsed(out);
        }
    }

    fn wire_menu(&mut self, ui: &mut Ui, t: &Tokens, out: &mut Output) {
        if entry(ui, t, "Delete wire", "Del") {
            self.delete(out);
        }
    }

    fn ground_menu(&mut self, ui: &mut Ui, t: &Tokens, at: egui::Pos2, out: &mut Output) {
        if entry(ui, t, "Add component…", "Tab") {
            out.asks.push(Ask::Search { at, wire: None });
        }
        if entry(ui, t, "Add note", "") {
            out.edits.push(Edit::AddNote([at.x, at.y, 208.0, 96.0]));
        }
        if entry(ui, t, "Paste", "Ctrl V") {
            out.asks.push(Ask::Paste { text: None, at });
        }
        ui.separator();
        if entry(ui, t, "Select all", "Ctrl A") {
            self.select_all();
        }
        if entry(ui, t, "Tidy", "") {
            out.asks.push(Ask::Tidy);
        }
        if entry(ui, t, "Fit", "Ctrl 0") {
            self.fit();
        }
    }
}

fn align_entries(ui: &mut Ui, t: &Tokens, out: &mut Output) {
    let ways = [
        ("Left edges", Align::Left),
        ("Centres", Align::Center),
        ("Right edges", Align::Right),
        ("Top edges", Align::Top),
        ("Middles", Align::Middle),
        ("Bottom edges", Align::Bottom),
        ("Distribute across", Align::Across),
        ("Distribute down", Align::Down),
    ];
    for (title, way) in ways {
        if entry(ui, t, title, "") {
            out.asks.push(Ask::Align(way));
        }
    }
}

/// One line of a menu with its shortcut.
fn entry(ui: &mut Ui, t: &Tokens, title: &str, shortcut: &str) -> bool {
    let mut button = egui::Button::new(t.small(title)).frame(false);
    if !shortcut.is_empty() {
        button = button.shortcut_text(t.caption(shortcut));
    }
    let clicked = ui.add(button).clicked();
    if clicked {
        ui.close();
    }
    clicked
}
