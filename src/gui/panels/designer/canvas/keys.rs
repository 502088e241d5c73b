//! The keyboard on the canvas. Heard only while the canvas has the keyboard, so that typing elsewhere moves nothing.

use egui::{Event, EventFilter, Key, Modifiers, Response, Ui, Vec2, vec2};

use super::scene::Side;
use super::selection::Selection;
use super::view::{GRID, View};
use super::{Ask, Canvas, Output};
use crate::panels::designer::canvas::overlay::Editing;
use crate::panels::designer::edits::Edit;

/// Copies land this far from what they are copies of.
pub const COPY_OFFSET: f32 = 3.0 * GRID;

impl Canvas {
    pub(super) fn keys(&mut self, ui: &Ui, response: &Response, out: &mut Output) {
        if !response.has_focus() || self.editing.is_some() {
            return;
        }
        let filter = EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let events = ui.input(|input| input.filtered_events(&filter));
        for event in events {
            match event {
                Event::Copy => out.asks.push(Ask::Copy { cut: false }),
                Event::Cut => out.asks.push(Ask::Copy { cut: true }),
                Event::Paste(text) => {
                    out.asks.push(Ask::Paste { text: Some(text), at: self.pointer_or_middle() });
                }
                Event::Key { key, pressed: true, modifiers, .. } => self.key(ui, key, modifiers, out),
                _ => {}
            }
        }
    }

    fn key(&mut self, ui: &Ui, key: Key, modifiers: Modifiers, out: &mut Output) {
        let now = ui.input(|input| input.time);
        match key {
            Key::Escape if !self.gesture.is_idle() => self.cancel(out),
            Key::Escape => self.selection.clear(),
            Key::Tab if modifiers.is_none() => out.asks.push(Ask::Search { at: self.pointer_or_middle(), wire: None }),
            Key::Delete | Key::Backspace => self.delete(out),
            Key::F2 => self.rename(),
            Key::Enter if self.selection.single().is_some() => out.asks.push(Ask::Inspect),
            Key::A if modifiers.command_only() => self.select_all(),
            Key::D if modifiers.command_only() => self.duplicate(out),
            Key::E if modifiers.command_only() => self.toggle_disabled(out),
            Key::Z if modifiers.command && modifiers.shift => out.asks.push(Ask::Redo),
            Key::Z if modifiers.command => out.asks.push(Ask::Undo),
            Key::Y if modifiers.command_only() => out.asks.push(Ask::Redo),
            Key::Plus | Key::Equals if modifiers.command_only() => self.zoom_by(1.25, now),
            Key::Minus if modifiers.command_only() => self.zoom_by(0.8, now),
            Key::Num0 if modifiers.command_only() => self.fit(),
            Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown => self.arrow(key, modifiers, now, out),
            _ => {}
        }
    }

    /// Arrows nudge what is selected; with Alt they walk along the wires.
    fn arrow(&mut self, key: Key, modifiers: Modifiers, now: f64, out: &mut Output) {
        let toward = match key {
            Key::ArrowLeft => vec2(-1.0, 0.0),
            Key::ArrowRight => vec2(1.0, 0.0),
            Key::ArrowUp => vec2(0.0, -1.0),
            _ => vec2(0.0, 1.0),
        };
        if modifiers.alt || self.selection.is_empty() {
            self.walk(toward, now);
        } else {
            self.nudge(toward * if modifiers.shift { 5.0 * GRID } else { GRID }, out);
        }
    }

    fn nudge(&self, by: Vec2, out: &mut Output) {
        let jobs = self.selection.jobs.iter().filter_map(|job| {
            let at = self.scene.node(job)?.rect.min + by;
            Some((job.clone(), at.into()))
        });
        let notes = self.selection.notes.iter().filter_map(|&note| {
            let rect = self.scene.notes.get(note)?.translate(by);
            Some((note, [rect.left(), rect.top(), rect.width(), rect.height()]))
        });
        out.edits.push(Edit::Place { jobs: jobs.collect(), notes: notes.collect() });
    }

    /// Selects the nearest step that way: along a wire when there is one.
    fn walk(&mut self, toward: Vec2, now: f64) {
        let Some(from) = self.selection.single().and_then(|job| self.scene.index(job)) else {
            let first = self.scene.nodes.first().map(|node| node.job.clone());
            return first.into_iter().for_each(|job| self.reveal(&job, now));
        };
        let center = self.scene.nodes[from].rect.center();
        let joined = |node: usize| {
            self.scene.wires.iter().any(|wire| {
                (wire.from.node, wire.to.node) == (from, node) || (wire.from.node, wire.to.node) == (node, from)
            })
        };
        let candidates = self.scene.nodes.iter().enumerate().filter(|&(index, _)| index != from);
        let nearest = candidates
            .filter_map(|(index, node)| {
                let way = node.rect.center() - center;
                let ahead = way.dot(toward);
                let aside = (way - toward * ahead).length();
                let cost = ahead + 2.0 * aside - if joined(index) { 400.0 } else { 0.0 };
                (ahead > 8.0).then_some((cost, index))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, node)) = nearest {
            let job = self.scene.nodes[node].job.clone();
            self.reveal(&job, now);
        }
    }

    fn zoom_by(&mut self, factor: f32, now: f64) {
        if let Some(area) = self.area {
            let mut to: View = self.view;
            to.zoom_at(area, area.center(), factor);
            self.fly(to, now);
        }
    }

    pub fn select_all(&mut self) {
        self.selection = Selection {
            jobs: self.scene.nodes.iter().map(|node| node.job.clone()).collect(),
            notes: (0..self.scene.notes.len()).collect(),
            wires: Default::default(),
        };
    }

    pub(super) fn rename(&mut self) {
        if let Some(node) = self.selection.single().and_then(|job| self.scene.node(job)) {
            self.editing = Some(Editing::title(node));
        }
    }

    pub(super) fn delete(&mut self, out: &mut Output) {
        for wire in std::mem::take(&mut self.selection.wires) {
            out.edits.push(Edit::Disconnect(wire));
        }
        let (jobs, notes) = (self.selection.jobs(), self.selection.notes());
        if !jobs.is_empty() || !notes.is_empty() {
            out.edits.push(Edit::Delete { jobs, notes });
        }
        self.selection.clear();
    }

    pub(super) fn duplicate(&mut self, out: &mut Output) {
        let (jobs, notes) = (self.selection.jobs(), self.selection.notes());
        if !jobs.is_empty() || !notes.is_empty() {
            out.edits.push(Edit::Duplicate { jobs, notes, by: [COPY_OFFSET; 2] });
        }
    }

    /// Everything selected is switched off, or on again when all of it was off.
    pub(super) fn toggle_disabled(&mut self, out: &mut Output) {
        let jobs = self.selection.jobs();
        let disabled = jobs.iter().any(|job| self.scene.node(job).is_some_and(|node| !node.disabled));
        out.edits.push(Edit::Disable { jobs, disabled });
    }

    pub(super) fn toggle_collapsed(&mut self, out: &mut Output) {
        let jobs = self.selection.jobs();
        let collapsed = jobs.iter().any(|job| self.scene.node(job).is_some_and(|node| !node.collapsed));
        out.edits.push(Edit::Collapse { jobs, collapsed });
    }

    /// Whether the selected step has a port of this side; for menus.
    pub(super) fn has_ports(&self, side: Side) -> bool {
        self.selection.single().and_then(|job| self.scene.node(job)).is_some_and(|node| !node.ports(side).is_empty())
    }
}
