//! The Designer: pipelines drawn as graphs of steps.
//!
//! [`canvas`] draws and says what should change; [`edits`] changes the pipeline; [`document`] keeps it on disk, checks
//! it and follows its run; the inspector and the drawer show what is selected.

mod arrange;
mod bar;
mod canvas;
mod catalogue;
mod document;
mod drawer;
mod edits;
mod inspector;
mod list;
mod palette;
mod search;
mod states;
mod undo;

#[cfg(test)]
mod tests;

use egui::{Key, Modifiers, Ui, vec2};
use studio::pipeline::plan::Target;

use super::{Action, Cx, DrawerTab, Event, Panel, PlaceId, Subject};
use crate::commands::CommandSpec;
use crate::icons::{Glyph, Icon};
use crate::theme;
use crate::widgets::{self, Empty};
use canvas::{Ask, Canvas, Input, NODE_HEIGHT, NODE_WIDTH, PortKey, Selection, Side};
use catalogue::{Catalogue, Fits};
use document::{Disk, Document};
use drawer::Drawer;
use edits::Edit;
use inspector::Inspector;
use list::Pipelines;
use palette::Palette;
use search::{Outcome, Search};

/// A pipeline with its canvas.
struct Open {
    document: Document,
    canvas: Canvas,
    search: Option<Search>,
    /// The port that the preview shows.
    port: Option<PortKey>,
    selected: Selection,
}

/// The panel.
#[derive(Default)]
pub struct Designer {
    catalogue: Catalogue,
    pipelines: Pipelines,
    /// Everything that was opened, so that going back keeps undo and view.
    open: Vec<Open>,
    current: Option<usize>,
    palette: Palette,
    inspector: Inspector,
    drawer: Drawer,
    bar: bar::Bar,
    focused: bool,
    /// egui's clock at the last frame.
    time: f64,
}

const ID: PlaceId = "designer";

impl Panel for Designer {
    fn id(&self) -> PlaceId {
        ID
    }

    fn title(&self) -> &'static str {
        "Designer"
    }

    fn icon(&self) -> Icon {
        Icon::Designer
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.open_chosen(cx);
        self.tick(ui, cx);
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        if self.current.is_none() {
            return self.first_step(ui, cx);
        }
        self.bar(ui, cx);
        self.banner(ui, cx);
        self.canvas(ui, cx);
    }

    fn side_width(&self) -> Option<f32> {
        Some(200.0)
    }

    fn side(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        let margin = egui::Margin::symmetric(t.size.grid as i8, t.size.pad as i8);
        let chosen = egui::Frame::NONE.inner_margin(margin).show(ui, |ui| self.palette.show(ui, &self.catalogue));
        if let Some(spec) = chosen.inner
            && let Some(open) = self.now()
        {
            let at = open.canvas.middle().into();
            let edit = Edit::Add { component: spec.id.to_owned(), at, wire: None };
            self.edit(edit, ui.input(|input| input.time), cx);
        }
    }

    fn inspector(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
        let out = self.inspector.show(ui, cx, &self.catalogue, &open.document, &open.canvas.selection);
        let time = ui.input(|input| input.time);
        for edit in out.edits {
            self.edit(edit, time, cx);
        }
        if let Some(job) = out.reveal
            && let Some(open) = self.now()
        {
            open.canvas.reveal(&job, time);
        }
    }

    fn drawer_tabs(&self, _cx: &Cx<'_>) -> Vec<DrawerTab> {
        let Some(open) = self.current.and_then(|index| self.open.get(index)) else { return Vec::new() };
        let preview = match open.port.as_ref().and_then(|port| Some((port, open.canvas.scene().node(&port.job)?))) {
            Some((port, node)) => format!("Preview · {}, {}", node.title, port.port),
            None => "Preview".to_owned(),
        };
        let problems = drawer::problem_count(&open.document);
        vec![
            DrawerTab::new("preview", preview),
            DrawerTab::new("log", "Log"),
            DrawerTab::new("problems", "Problems").count(problems),
            DrawerTab::new("history", "History"),
        ]
    }

    fn drawer(&mut self, tab: &str, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
        let selected = open.canvas.selection.single().map(str::to_owned);
        let shown = drawer::Shown { document: &open.document, port: open.port.as_ref(), job: selected.as_deref() };
        if let Some(job) = self.drawer.show(tab, ui, cx, &shown) {
            open.canvas.reveal(&job, ui.input(|input| input.time));
        }
    }

    fn drawer_note(&self, tab: &str, _cx: &Cx<'_>) -> String {
        self.drawer.note(tab)
    }

    fn commands(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let one = |verb, title: &str, icon| CommandSpec::panel(ID, verb, title).icon(icon);
        let mut all = vec![one("new", "New pipeline", Icon::Plus)];
        let Some(open) = self.current.and_then(|index| self.open.get(index)) else { return all };
        let running = open.document.is_running();
        let none = open.canvas.selection.single().is_none();
        all.extend([
            one("run", "Run pipeline", Icon::Run).key(Modifiers::NONE, Key::F5).disabled_if(running, "It is running"),
            one("run-to", "Run up to the selected step", Icon::Run)
                .key(Modifiers::SHIFT, Key::F5)
                .disabled_if(none || running, "Select one step first"),
            one("run-again", "Run again from scratch", Icon::Refresh).disabled_if(running, "It is running"),
            one("stop", "Stop the run", Icon::Stop).disabled_if(!running, "Nothing is running"),
            one("undo", "Undo", Icon::Undo).detail("Ctrl Z").disabled_if(!open.document.undo.can_undo(), "Nothing to undo"),
            one("redo", "Redo", Icon::Redo).detail("Ctrl Y").disabled_if(!open.document.undo.can_redo(), "Nothing to redo"),
            one("tidy", "Tidy the canvas", Icon::Tidy),
            one("fit", "Show the whole pipeline", Icon::Fit),
            one("add", "Add component…", Icon::Plus).detail("Tab"),
            one("note", "Add note", Icon::Comment),
            one("duplicate-pipeline", "Duplicate this pipeline", Icon::Duplicate),
        ]);
        all
    }

    fn places_to_go(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let rows = self.pipelines.rows().iter();
        let one = |path: &String, title: &str| CommandSpec {
            title: format!("Open {title}"),
            ..CommandSpec::open(Subject::Pipeline { path: path.clone() })
        };
        rows.map(|row| one(&row.path, &row.title)).collect()
    }

    fn on_event(&mut self, event: &Event, cx: &mut Cx<'_>) {
        match event {
            Event::Workspace => *self = Self::default(),
            Event::Shown => self.look_at_disk(cx),
            Event::Changed(kind) => {
                if kind.is_empty() || kind.contains("pipeline") {
                    self.pipelines.refresh();
                    self.look_at_disk(cx);
                }
                if !kind.contains("pipeline")
                    && let Some(open) = self.now()
                {
                    open.document.look_again();
                }
                self.inspector.refresh();
            }
            Event::Open(Subject::Pipeline { path }) => self.pipelines.choose(path.clone(), None),
            Event::Open(Subject::Step { pipeline, step }) => self.pipelines.choose(pipeline.clone(), Some(step.clone())),
            Event::Command(command) => self.command(command.verb, cx),
            _ => {}
        }
    }
}

impl Designer {
    fn now(&mut self) -> Option<&mut Open> {
        self.current.and_then(|index| self.open.get_mut(index))
    }

    /// Brings what was asked for to the front once it has been read.
    fn open_chosen(&mut self, cx: &mut Cx<'_>) {
        let known: Vec<&str> = self.open.iter().map(|open| open.document.path.as_str()).collect();
        match self.pipelines.tick(cx, self.current.is_some(), &known) {
            Some(list::Ready::Known(index)) => self.current = Some(index),
            Some(list::Ready::Read(path, file)) => {
                let open = Open {
                    document: Document::new(path, *file),
                    canvas: Canvas::new(),
                    search: None,
                    port: None,
                    selected: Selection::default(),
                };
                self.open.push(open);
                self.current = Some(self.open.len() - 1);
            }
            Some(list::Ready::Gone(path)) => {
                self.open.retain(|open| open.document.path != path);
                self.current = None;
            }
            None => {}
        }
        if let Some(step) = self.pipelines.take_step()
            && let Some(open) = self.now()
        {
            open.canvas.selection = Selection::of_jobs([step]);
        }
    }

    fn tick(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let focused = ui.input(|input| input.focused);
        if focused && !std::mem::replace(&mut self.focused, focused) {
            self.look_at_disk(cx);
        }
        self.focused = focused;
        let (time, typing) = (ui.input(|input| input.time), ui.ctx().text_edit_focused());
        self.time = time;
        let down = ui.input(|input| input.pointer.any_down());
        let mut next: Option<f64> = None;
        for (index, open) in self.open.iter_mut().enumerate() {
            let busy = Some(index) == self.current && (open.canvas.is_busy() || typing || down);
            if let Some(wait) = open.document.tick(cx.backend, time, busy) {
                next = Some(next.map_or(wait, |next| next.min(wait)));
            }
        }
        if let Some(next) = next {
            ui.ctx().request_repaint_after_secs(next as f32);
        }
        self.select_for_shell(cx);
        if let Some(why) = self.now().and_then(|open| open.document.refused.take()) {
            cx.failed(why);
        }
    }

    /// Tells the shell what is selected, when that changed.
    fn select_for_shell(&mut self, cx: &mut Cx<'_>) {
        let Some(open) = self.now() else { return };
        if open.selected == open.canvas.selection {
            return;
        }
        open.selected = open.canvas.selection.clone();
        let pipeline = open.document.path.clone();
        let subject = match open.canvas.selection.single() {
            Some(step) => Subject::Step { pipeline, step: step.to_owned() },
            None => Subject::Pipeline { path: pipeline },
        };
        if let Some(node) = open.canvas.selection.single().and_then(|job| open.canvas.scene().node(job)) {
            let shown = open.port.as_ref().is_some_and(|port| port.job == node.job);
            if let (Some(first), false) = (node.outputs.first(), shown) {
                open.port = Some(PortKey { job: node.job.clone(), side: Side::Output, port: first.name.clone() });
            }
        }
        cx.select(subject);
    }

    fn look_at_disk(&mut self, cx: &mut Cx<'_>) {
        for open in &mut self.open {
            open.document.reread(cx.backend);
        }
    }

    /// Carries out an edit of the current pipeline and selects what it made.
    fn edit(&mut self, edit: Edit, time: f64, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
        match open.document.apply(&self.catalogue, edit, time) {
            Ok(made) => {
                if let Some(&note) = made.notes.last().filter(|_| made.jobs.is_empty()) {
                    open.canvas.edit_note(note);
                }
                if !made.jobs.is_empty() || !made.notes.is_empty() {
                    open.canvas.selection = Selection {
                        jobs: made.jobs.into_iter().collect(),
                        notes: made.notes.into_iter().collect(),
                        wires: Default::default(),
                    };
                }
            }
            Err(sentence) => cx.failed(sentence),
        }
    }

    fn first_step(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
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

    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get(index)) else { return };
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
    fn banner(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
        let t = theme::of(ui);
        let frame = egui::Frame::NONE.fill(t.color.surface2).inner_margin(t.size.gap);
        match open.document.disk.clone() {
            Disk::Failed(why) => {
                frame.show(ui, |ui| {
                    widgets::message(ui, Glyph::Error, &format!("{why} What you drew is kept here and written as soon as it can be."));
                });
            }
            Disk::Conflict => {
                frame.show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = t.size.gap;
                        widgets::message(ui, Glyph::Warn, "The file was changed outside of this window while you were editing it.");
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

    fn canvas(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
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
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
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
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
        let Some(mut search) = open.search.take() else { return };
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

    fn command(&mut self, verb: &str, cx: &mut Cx<'_>) {
        if verb == "new" {
            return self.pipelines.create(cx);
        }
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else { return };
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
