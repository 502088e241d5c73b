//! The middle of the panel: bar, banner and canvas, and what is made of what they ask for.

use egui::{Key, Modifiers, Ui, vec2};
use studio::pipeline::plan::Target;

use super::canvas::{Ask, Canvas, Input, NODE_HEIGHT, NODE_WIDTH, PortKey, Side};
use super::catalogue::Fits;
use super::document::Disk;
use super::edits::Edit;
use super::search::{Outcome, Search};
use super::{Designer, arrange, bar};
use crate::icons::{Glyph, Icon};
use crate::panels::{Action, Cx, Subject};
use crate::theme;
use crate::widgets::{self, Empty};

impl Designer {
    pub(super) fn first_step(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if self.pipelines.is_reading() {
            return widgets::loading(ui, "Reading the pipelines…");
        }
        if let Some(failure) = self.pipelines.failure() {
            if widgets::failed(ui, "The pipeline could not be opened", &failure, "Try again") {
                self.pipelines.refresh();
            }
            return;
        }
        let what = Empty {
            icon: Icon::Designer,
            text: "A pipeline is a picture of your work: steps, and the data that flows between them",
            step: "New pipeline",
        };
        if widgets::empty(ui, &what) {
            self.pipelines.create(cx);
        }
    }

    pub(super) fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get(index)) else {
            return;
        };
        let selected = open.canvas.selection.single().is_some();
        let asks = self.bar.show(ui, &open.document, selected, self.pipelines.rows());
        let time = ui.input(|input| input.time);
        for ask in asks {
            match ask {
                bar::Ask::Verb(verb) => self.command(verb, cx),
                bar::Ask::Title(title) => self.edit(Edit::Title(title), time, cx),
                bar::Ask::Open(path) => self.pipelines.choose(path, None),
                bar::Ask::Delete => {
                    if let Some(path) = self.now().map(|open| open.document.path.clone()) {
                        self.pipelines.delete(cx, path);
                    }
                }
            }
        }
    }

    /// What stands between the window and the disk.
    pub(super) fn banner(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
        let t = theme::of(ui);
        let frame = egui::Frame::NONE.fill(t.color.surface2).inner_margin(t.size.gap);
        match open.document.disk.clone() {
            Disk::Failed(why) => {
                frame.show(ui, |ui| {
                    widgets::message(
                        ui,
                        Glyph::Error,
                        &format!("{why} What you drew is kept here and written as soon as it can be."),
                    );
                });
            }
            Disk::Conflict => {
                frame.show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = t.size.gap;
                        widgets::message(
                            ui,
                            Glyph::Warn,
                            "What you drew and the file differ: the file was changed outside of this window, or could not be written.",
                        );
                        if ui.add(widgets::Button::secondary("Take the file's")).clicked() {
                            open.document.take_theirs(cx.backend);
                        }
                        if ui.add(widgets::Button::secondary("Keep mine")).clicked() {
                            open.document.keep_mine(cx.backend);
                        }
                    });
                });
            }
            Disk::Saved | Disk::Unsaved => {
                if let Some(problem) = open.document.file_problems().first() {
                    frame.show(ui, |ui| widgets::message(ui, Glyph::Warn, &problem.to_string()));
                }
            }
        }
    }

    pub(super) fn canvas(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
        let t = theme::of(ui);
        let area = ui.available_rect_before_wrap();
        let input = Input {
            pipeline: &open.document.pipeline,
            catalogue: &self.catalogue,
            states: &open.document.states,
            revision: open.document.revision(),
            marked: open.port.as_ref(),
        };
        let out = ui.push_id(&open.document.path, |ui| open.canvas.show(ui, &t, &input)).inner;
        if open.document.pipeline.jobs.is_empty() && open.document.pipeline.notes.is_empty() {
            hint(ui, &t, area);
        }
        let time = ui.input(|input| input.time);
        let changed = !out.edits.is_empty();
        for edit in out.edits {
            self.edit(edit, time, cx);
        }
        for ask in out.asks {
            self.answer(ask, ui, cx);
        }
        self.search(ui, cx);
        if changed {
            ui.ctx().request_repaint();
        }
        let undo = !ui.ctx().text_edit_focused() && ui.memory(|memory| memory.focused().is_none());
        if undo {
            self.undo_keys(ui, cx);
        }
    }

    /// Undo and redo while nothing has the keyboard; the canvas hears them itself.
    fn undo_keys(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let (shift, ctrl) = (Modifiers::COMMAND | Modifiers::SHIFT, Modifiers::COMMAND);
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(shift, Key::Z) || pressed(ctrl, Key::Y) {
            self.command("redo", cx);
        } else if pressed(ctrl, Key::Z) {
            self.command("undo", cx);
        }
    }

    fn answer(&mut self, ask: Ask, ui: &Ui, cx: &mut Cx<'_>) {
        let time = ui.input(|input| input.time);
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
        match ask {
            Ask::Search { at, wire } => {
                let fits = wire.as_ref().and_then(|port| fits(&open.canvas, port));
                let screen = open.canvas.on_screen(at);
                open.search = Some(Search::new(at, screen, wire, fits));
            }
            Ask::Preview(port) => {
                open.port = Some(port);
                cx.send(Action::ShowDrawer("preview"));
            }
            Ask::Copy { cut } => {
                let jobs = open.canvas.selection.jobs();
                if jobs.is_empty() {
                    return;
                }
                let names: Vec<&str> = jobs.iter().map(String::as_str).collect();
                cx.copy(open.document.pipeline.copy(&names));
                if cut {
                    open.canvas.selection.clear();
                    self.edit(Edit::Delete { jobs, notes: Vec::new() }, time, cx);
                }
            }
            Ask::Paste { text: Some(text), at } => self.edit(Edit::Paste { text, at: at.into() }, time, cx),
            Ask::Paste { text: None, .. } => {
                open.canvas.focus();
                ui.ctx().send_viewport_cmd(egui::ViewportCommand::RequestPaste);
            }
            Ask::Tidy => self.command("tidy", cx),
            Ask::Align(way) => {
                let edit = arrange::align(open.canvas.scene(), &open.canvas.selection.jobs(), way);
                edit.into_iter().for_each(|edit| self.edit(edit, time, cx));
            }
            Ask::Undo => self.command("undo", cx),
            Ask::Redo => self.command("redo", cx),
            Ask::RunTo(job) => open.document.start(cx.backend, Target::UpTo(job), false),
            Ask::Inspect => self.inspector.focus(),
        }
    }

    fn search(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
        let Some(mut search) = open.search.take() else {
            return;
        };
        match search.show(ui, &self.catalogue) {
            Outcome::Open => open.search = Some(search),
            Outcome::Closed => open.canvas.focus(),
            Outcome::Chosen(spec) => {
                open.canvas.focus();
                let side = search.wire.as_ref().map(|port| port.side);
                let up = if side == Some(Side::Input) { NODE_HEIGHT } else { 0.0 };
                let left = if side.is_some() { NODE_WIDTH / 2.0 } else { 0.0 };
                let at = [search.at.x - left, search.at.y - up];
                let edit = Edit::Add { component: spec.id.to_owned(), at, wire: search.wire };
                self.edit(edit, ui.input(|input| input.time), cx);
            }
        }
    }

    pub(super) fn command(&mut self, verb: &str, cx: &mut Cx<'_>) {
        if verb == "new" {
            return self.pipelines.create(cx);
        }
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
        let time = self.time;
        match verb {
            "run" => open.document.start(cx.backend, Target::All, false),
            "run-again" => open.document.start(cx.backend, Target::All, true),
            "run-to" => {
                if let Some(job) = open.canvas.selection.single() {
                    open.document.start(cx.backend, Target::UpTo(job.to_owned()), false);
                }
            }
            "stop" => open.document.cancel(cx.backend),
            "undo" => drop(open.document.undo(time)),
            "redo" => drop(open.document.redo(time)),
            "tidy" => {
                let edit = arrange::tidy(&open.document.pipeline);
                open.canvas.fit();
                self.edit(edit, time, cx);
            }
            "fit" => open.canvas.fit(),
            "add" => {
                let at = open.canvas.middle();
                open.search = Some(Search::new(at, open.canvas.on_screen(at), None, None));
            }
            "note" => {
                let at = open.canvas.middle();
                self.edit(Edit::AddNote([at.x, at.y, 208.0, 96.0]), time, cx);
            }
            "history" => cx.open(Subject::History { path: open.document.path.clone(), commit: None }),
            "duplicate-pipeline" => self.pipelines.duplicate(cx, open.document.path.clone()),
            _ => tracing::warn!("the designer knows no command {verb}"),
        }
    }
}

/// What a component needs for the wire that hangs from `port`.
fn fits(canvas: &Canvas, port: &PortKey) -> Option<Fits> {
    let at = canvas.scene().find_port(port)?;
    let side = if port.side == Side::Output { Side::Input } else { Side::Output };
    Some(Fits { side, kind: canvas.scene().port(at).kind? })
}

/// On an empty canvas.
fn hint(ui: &Ui, t: &theme::Tokens, area: egui::Rect) {
    let painter = ui.painter().with_clip_rect(area);
    let center = area.center();
    let line = |text: &str, face: &theme::Face, color, up: f32| {
        let galley = painter.layout_no_wrap(text.to_owned(), face.font(), color);
        painter.galley(center - vec2(galley.size().x / 2.0, up), galley, color);
    };
    line("A pipeline is a picture of your work", &t.face.title, t.color.text1, 40.0);
    line("Drag a component here from the left, or press Tab to find one", &t.face.body, t.color.text2, 10.0);
    line("Most begin with Import dataset", &t.face.small, t.color.text3, -18.0);
}
