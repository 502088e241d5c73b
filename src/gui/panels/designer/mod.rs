//! The Designer: pipelines drawn as graphs of steps.
//!
//! [`canvas`] draws and says what should change; [`edits`] changes the pipeline; [`document`] keeps it on disk, checks
//! it and follows its run; the inspector and the drawer show what is selected.

mod arrange;
mod bar;
pub(crate) mod canvas;
pub(crate) mod catalogue;
mod document;
mod drawer;
mod edits;
mod inspector;
mod list;
mod palette;
mod search;
mod stage;
pub(crate) mod states;
mod undo;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use egui::{Key, Modifiers, Ui, vec2};
use studio::pipeline::graph::Pipeline;

use super::{Cx, DrawerTab, Event, Panel, PlaceId, Subject};
use crate::commands::CommandSpec;
use crate::icons::Icon;
use crate::theme;
use canvas::{Canvas, PortKey, Selection, Side};
use catalogue::Catalogue;
use document::Document;
use drawer::Drawer;
use edits::Edit;
use inspector::Inspector;
use list::Pipelines;
use palette::Palette;
use search::Search;

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
    /// An old version that becomes the pipeline in this file once that is open.
    restoring: Option<(String, Arc<Pipeline>)>,
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
        self.restore(cx);
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

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        self.current.is_some()
    }

    fn inspector(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
        let flowing = open.port.as_ref().zip(self.drawer.column());
        let out = self.inspector.show(ui, cx, &self.catalogue, &open.document, &open.canvas.selection, flowing);
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
        let Some(open) = self.current.and_then(|index| self.open.get(index)) else {
            return Vec::new();
        };
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
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
        // The drawer keeps its height whatever stands in it.
        ui.set_min_size(ui.available_size());
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
        let Some(open) = self.current.and_then(|index| self.open.get(index)) else {
            return all;
        };
        let running = open.document.is_running();
        let none = open.canvas.selection.single().is_none();
        all.extend([
            one("run", "Run pipeline", Icon::Run).key(Modifiers::NONE, Key::F5).disabled_if(running, "It is running"),
            one("run-to", "Run up to the selected step", Icon::Run)
                .key(Modifiers::SHIFT, Key::F5)
                .disabled_if(none || running, "Select one step first"),
            one("run-again", "Run again from scratch", Icon::Refresh).disabled_if(running, "It is running"),
            one("stop", "Stop the run", Icon::Stop).disabled_if(!running, "Nothing is running"),
            one("undo", "Undo", Icon::Undo)
                .detail("Ctrl Z")
                .disabled_if(!open.document.undo.can_undo(), "Nothing to undo"),
            one("redo", "Redo", Icon::Redo)
                .detail("Ctrl Y")
                .disabled_if(!open.document.undo.can_redo(), "Nothing to redo"),
            one("tidy", "Tidy the canvas", Icon::Tidy),
            one("fit", "Show the whole pipeline", Icon::Fit),
            one("add", "Add component…", Icon::Plus).detail("Tab"),
            one("note", "Add note", Icon::Comment),
            one("duplicate-pipeline", "Duplicate this pipeline", Icon::Duplicate),
            one("history", "History of this pipeline…", Icon::Clock),
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
            Event::Open(Subject::Step { pipeline, step }) => {
                self.pipelines.choose(pipeline.clone(), Some(step.clone()))
            }
            Event::Restore { path, pipeline } => self.restoring = Some((path.clone(), Arc::clone(pipeline))),
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
            Some(list::Ready::Read(document)) => {
                let open = Open {
                    document: *document,
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

    /// Makes an old version the current one, as an edit like any other, once its pipeline is shown.
    fn restore(&mut self, cx: &mut Cx<'_>) {
        let shown = self.now().map(|open| open.document.path.clone());
        let Some((_, old)) = self.restoring.take_if(|(path, _)| Some(&*path) == shown.as_ref()) else {
            return;
        };
        self.edit(Edit::Replace(Box::new((*old).clone())), self.time, cx);
        if let Some(open) = self.now() {
            open.canvas.fit();
        }
        cx.done("The old version is here again; Undo takes it back");
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
        let Some(open) = self.current.and_then(|index| self.open.get_mut(index)) else {
            return;
        };
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
}
