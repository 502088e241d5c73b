//! The panels and what they share.
//!
//! A panel is one folder here and one line in [`registry`]. It reads a [`Cx`] and asks for
//! changes by [`Action`]s; the shell carries them out between frames, in one place.

mod data;
mod designer;
mod home;
mod models;
mod registry;
mod runs;
mod source;
mod subject;

use std::{path::PathBuf, sync::Arc};

use egui::{KeyboardShortcut, Ui};
use studio::pipeline::graph::Pipeline;

use crate::{
    backend::Backend,
    commands::{Command, CommandSpec, PanelCommand},
    icons::{Glyph, Icon},
    shell::Status,
    theme::{Appearance, Tokens},
};
pub use registry::registry;
pub use source::ID as SOURCE;
pub use subject::Subject;

/// The name of a place on the rail: `"designer"`.
pub type PlaceId = &'static str;

/// One place of the window.
pub trait Panel {
    /// Short, lower case, never changed: the layout remembers it.
    fn id(&self) -> PlaceId;

    /// On the rail, in the top bar and in commands.
    fn title(&self) -> &'static str;

    fn icon(&self) -> Icon;

    /// Whether it has a place on the rail; the others are reached from where they belong, and by commands.
    fn on_rail(&self) -> bool {
        true
    }

    /// What goes there from anywhere, in place of its number on the rail.
    fn shortcut(&self) -> Option<KeyboardShortcut> {
        None
    }

    /// The panel itself.
    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>);

    /// The width of the column at the left of the centre, for panels that have one: the
    /// designer's palette, the list of models.
    fn side_width(&self) -> Option<f32> {
        None
    }

    /// The column at the left, as high as the window's middle.
    fn side(&mut self, _ui: &mut Ui, _cx: &mut Cx<'_>) {}

    /// Whether the inspector has something to show now.
    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        true
    }

    /// The selected thing. Comes in a column 320 wide that scrolls.
    fn inspector(&mut self, _ui: &mut Ui, _cx: &mut Cx<'_>) {}

    /// Tabs of the drawer below; none hides the drawer.
    fn drawer_tabs(&self, _cx: &Cx<'_>) -> Vec<DrawerTab> {
        Vec::new()
    }

    /// The contents of the drawer's tab `tab`.
    fn drawer(&mut self, _tab: &str, _ui: &mut Ui, _cx: &mut Cx<'_>) {}

    /// What stands at the right of the drawer's tabs: "398 rows · 31 columns".
    fn drawer_note(&self, _tab: &str, _cx: &Cx<'_>) -> String {
        String::new()
    }

    /// What can be done here now, for the palette and for shortcuts. Called each frame while the
    /// panel shows: no I/O, no long work.
    fn commands(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        Vec::new()
    }

    /// Things to go to from anywhere ("Open run brisk-heron"). Called when the palette opens.
    fn places_to_go(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        Vec::new()
    }

    /// Something happened. Panels that are not shown hear it too.
    fn on_event(&mut self, _event: &Event, _cx: &mut Cx<'_>) {}
}

/// A tab of the drawer.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawerTab {
    pub id: &'static str,
    pub title: String,
    /// Shown after the title when there is something to count: "Problems 3".
    pub count: usize,
}

impl DrawerTab {
    pub fn new(id: &'static str, title: impl Into<String>) -> Self {
        Self { id, title: title.into(), count: 0 }
    }

    pub fn count(self, count: usize) -> Self {
        Self { count, ..self }
    }
}

/// What a panel hears.
#[derive(Clone, Debug)]
pub enum Event {
    /// The panel came into view.
    Shown,
    /// One of its own commands.
    Command(PanelCommand),
    /// A person wants to see this, and it belongs to this panel.
    Open(Subject),
    /// An old version is to become the pipeline in `path`; only the Designer gets it.
    Restore { path: String, pipeline: Arc<Pipeline> },
    /// Another thing is selected now.
    Selected(Option<Subject>),
    /// Files were dropped on the window or chosen in a dialog; only the Data panel gets it.
    Files(Vec<PathBuf>),
    /// The workspace changed; the word is the kind of thing: `"runs"`, `"datasets"`, … or empty
    /// for everything.
    Changed(String),
    /// The window shows another workspace.
    Workspace,
}

/// What a panel asks the shell to do.
#[derive(Clone, Debug)]
pub enum Action {
    Run(Command),
    Select(Option<Subject>),
    /// Goes to the panel of a thing and shows it there.
    Open(Subject),
    ShowDrawer(&'static str),
    Toast(Glyph, String),
    Copy(String),
    Appearance(Appearance),
    /// Tells every panel.
    Tell(Event),
    /// The files that importing starts with.
    Import(Vec<PathBuf>),
    OpenWorkspace(PathBuf),
    NewWorkspace(PathBuf),
    /// Goes to the Designer and makes this the pipeline in `path`, as an edit that can be undone.
    Restore {
        path: String,
        pipeline: Arc<Pipeline>,
    },
    CancelJob(String),
    DismissNotice(String),
    /// Asks where to save a file, whose name is proposed, and saves it there.
    Save {
        name: String,
        what: Saved,
    },
}

/// What is to be saved.
#[derive(Clone, Debug)]
pub enum Saved {
    Bytes(Arc<[u8]>),
    /// A file that was logged with a run.
    RunFile {
        run: String,
        path: String,
    },
}

/// What a panel may read, and the queue of what it asks for.
pub struct Cx<'a> {
    pub theme: &'a Tokens,
    pub backend: &'a Backend,
    /// The thing that the inspector shows.
    pub selection: Option<&'a Subject>,
    pub appearance: &'a Appearance,
    /// The workspace, its branch, jobs and notices, as last told.
    pub status: &'a Status,
    /// Whether this panel is the one that has the inspector and the drawer.
    pub active: bool,
    pub actions: &'a mut Vec<Action>,
}

impl Cx<'_> {
    pub fn send(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub fn run(&mut self, command: Command) {
        self.send(Action::Run(command));
    }

    pub fn select(&mut self, subject: impl Into<Option<Subject>>) {
        self.send(Action::Select(subject.into()));
    }

    pub fn open(&mut self, subject: Subject) {
        self.send(Action::Open(subject));
    }

    pub fn copy(&mut self, text: impl Into<String>) {
        self.send(Action::Copy(text.into()));
    }

    /// A word that something was done; it goes by itself.
    pub fn done(&mut self, text: impl Into<String>) {
        self.send(Action::Toast(Glyph::Ok, text.into()));
    }

    /// A word that something failed, where there is no better place for it.
    pub fn failed(&mut self, text: impl Into<String>) {
        self.send(Action::Toast(Glyph::Error, text.into()));
    }
}
