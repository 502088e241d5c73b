//! The window around the panels, and the one place where actions are carried out.
//!
//! [`Shell::ui`] draws a frame: shortcuts first, then bars, sides and centre, then what floats
//! above, then what was asked for. It does no I/O: the state of the bars comes from a [`Desk`]
//! on a background thread, and what only the program can do leaves as a [`WindowRequest`].

mod carry_out;
mod files;
mod layout;
mod places;
mod rail;
mod regions;
mod settings;
mod sides;
mod status;
#[cfg(test)]
mod tests;
mod toasts;
mod top_bar;
mod tracking;
mod trays;
mod world;

use std::{path::PathBuf, sync::Arc};

use egui::{CentralPanel, Context, Frame, Key, KeyboardShortcut, Modifiers, Ui};

use crate::{
    backend::Backend,
    commands::{self, Command, CommandSpec, Palette},
    icons::Icon,
    panels::{Action, Event, Panel, PlaceId},
    theme,
};
pub use layout::Layout;
pub use status::{Change, Desk, GitState, Job, Notice, Status, TrackingState};
use toasts::Toasts;
use world::{Message, World};
pub use world::{Notifier, WindowRequest};

/// The whole window.
pub struct Shell {
    panels: Vec<Box<dyn Panel>>,
    world: World,
    palette: Palette,
    toasts: Toasts,
    kept: Layout,
    /// Where files are saved without being asked about.
    save_into: Option<PathBuf>,
}

impl Shell {
    /// `panels` in the order of the rail; see [`crate::panels::registry`].
    pub fn new(
        ctx: &Context,
        backend: Backend,
        desk: Arc<dyn Desk>,
        panels: Vec<Box<dyn Panel>>,
        mut layout: Layout,
    ) -> Self {
        theme::install(ctx, &layout.appearance);
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let known: Vec<PlaceId> = panels.iter().map(|panel| panel.id()).collect();
        layout.keep_known(&known);
        let kept = layout.clone();
        let world = World::new(ctx, backend, desk, layout);
        Self { panels, world, palette: Palette::default(), toasts: Toasts::default(), kept, save_into: None }
    }

    /// For threads that watch the workspace.
    pub fn notifier(&self) -> Notifier {
        self.world.notifier.clone()
    }

    pub fn layout(&self) -> &Layout {
        &self.world.layout
    }

    /// What the program should do after this frame.
    pub fn take_requests(&mut self) -> Vec<WindowRequest> {
        std::mem::take(&mut self.world.requests)
    }

    /// Asks for something from outside: a start argument, a test.
    pub fn send(&mut self, action: Action) {
        self.world.actions.push(action);
    }

    /// Saves files to `folder` from now on, where nobody sits who could be asked: in tests.
    pub fn save_into(&mut self, folder: PathBuf) {
        self.save_into = Some(folder);
    }

    /// Draws a frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        regions::begin(&ctx);
        self.events(&ctx);
        self.world.poll(&ctx);
        self.world.layout.keep_known(&self.panels.iter().map(|panel| panel.id()).collect::<Vec<_>>());
        self.shortcuts(&ctx);
        self.regions(ui);
        self.floating(&ctx);
        self.carry_out(&ctx);
        self.keep_layout(&ctx);
    }

    fn regions(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        let active = self.panels.iter().position(|panel| panel.id() == self.world.layout.active);
        let place = active.map_or("", |at| self.panels[at].title());
        top_bar::show(ui, &mut self.world, place);
        sides::status_bar(ui, &mut self.world);
        rail::show(ui, &self.panels, &mut self.world);
        if let Some(at) = active {
            let panel = &mut *self.panels[at];
            sides::column(ui, panel, &mut self.world);
            sides::inspector(ui, panel, &mut self.world);
            sides::drawer(ui, panel, &mut self.world);
        }
        CentralPanel::no_frame().frame(Frame::NONE.fill(t.color.surface1)).show(ui, |ui| {
            places::show(ui, &mut self.panels, &mut self.world);
        });
    }

    fn floating(&mut self, ctx: &Context) {
        if self.palette.is_open() {
            let specs = self.all_commands(ctx, true);
            if let Some(choice) = self.palette.show(ctx, &specs, &self.world.layout.recent) {
                self.world.layout.used(&choice.title);
                self.world.actions.push(Action::Run(choice.command));
            }
        }
        self.toasts.show(ctx);
        files::overlay(ctx);
    }

    /// What came from other threads and from outside the window.
    fn events(&mut self, ctx: &Context) {
        let dropped = files::dropped(ctx);
        if !dropped.is_empty() {
            self.world.actions.push(Action::Import(dropped));
        }
        let messages: Vec<Message> = self.world.inbox.try_iter().collect();
        for message in messages {
            let event = match message {
                Message::Action(action) => {
                    self.world.actions.push(action);
                    continue;
                }
                Message::Event(event) => event,
            };
            match event {
                Event::Files(files) => self.world.actions.push(Action::Import(files)),
                Event::Changed(_) | Event::Workspace => {
                    self.world.status_changed();
                    self.tell(ctx, &event);
                }
                event => self.tell(ctx, &event),
            }
        }
    }

    fn tell(&mut self, ctx: &Context, event: &Event) {
        let t = theme::of(ctx);
        for panel in &mut self.panels {
            let active = panel.id() == self.world.layout.active;
            panel.on_event(event, &mut self.world.cx(&t, active));
        }
    }

    fn tell_one(&mut self, ctx: &Context, place: PlaceId, event: &Event) {
        let t = theme::of(ctx);
        if let Some(panel) = self.panels.iter_mut().find(|panel| panel.id() == place) {
            let active = place == self.world.layout.active;
            panel.on_event(event, &mut self.world.cx(&t, active));
        }
    }

    /// Everything that can be done now; with `everywhere` also things to go to.
    fn all_commands(&mut self, ctx: &Context, everywhere: bool) -> Vec<CommandSpec> {
        let t = theme::of(ctx);
        let mut all = Vec::new();
        let active = self.world.layout.active.clone();
        let (here, elsewhere): (Vec<_>, Vec<_>) = self.panels.iter().partition(|panel| panel.id() == active);
        for panel in here.into_iter().chain(elsewhere.into_iter().filter(|_| everywhere)) {
            let shown = panel.id() == active;
            for spec in panel.commands(&self.world.cx(&t, shown)) {
                if all.iter().any(|other: &CommandSpec| other.command == spec.command) {
                    continue;
                }
                // Keys belong to the panel that is shown.
                let shortcut = spec.shortcut.filter(|_| shown);
                let detail = if spec.detail.is_empty() { panel.title().to_owned() } else { spec.detail };
                all.push(CommandSpec { shortcut, detail, ..spec });
            }
        }
        // Places of the rail go by their number; the others have a key of their own, if any.
        let (rail, others): (Vec<_>, Vec<_>) = self.panels.iter().partition(|panel| panel.on_rail());
        for (at, panel) in rail.into_iter().chain(others).enumerate() {
            let go = CommandSpec::new(Command::GoTo(panel.id()), format!("Go to {}", panel.title()));
            let go = go.icon(panel.icon());
            let number = || Key::from_name(&(at + 1).to_string()).filter(|_| at < 9 && panel.on_rail());
            let shortcut =
                panel.shortcut().or_else(|| number().map(|key| KeyboardShortcut::new(Modifiers::COMMAND, key)));
            all.push(CommandSpec { shortcut, ..go });
            if everywhere {
                let title = format!("Open {} to the side", panel.title());
                let beside = CommandSpec::new(Command::OpenToSide(panel.id()), title).icon(Icon::Split);
                let shown = self.world.layout.shown().iter().any(|place| place == panel.id());
                all.push(beside.disabled_if(shown, "It is shown already"));
            }
        }
        all.extend(commands::of_the_window(self.world.layout.appearance.theme));
        if everywhere {
            for panel in &self.panels {
                all.extend(panel.places_to_go(&self.world.cx(&t, panel.id() == active)));
            }
        }
        all
    }

    fn shortcuts(&mut self, ctx: &Context) {
        let any_key =
            ctx.input(|input| input.events.iter().any(|e| matches!(e, egui::Event::Key { pressed: true, .. })));
        if !any_key || self.palette.is_open() {
            return;
        }
        let specs = self.all_commands(ctx, false);
        if let Some(command) = commands::pressed(ctx, &specs) {
            self.world.actions.push(Action::Run(command));
        }
    }

    /// Hands the layout out when it changed and nothing is being dragged.
    fn keep_layout(&mut self, ctx: &Context) {
        let idle = !ctx.input(|input| input.pointer.any_down());
        if idle && self.kept != self.world.layout {
            self.kept = self.world.layout.clone();
            self.world.requests.push(WindowRequest::KeepLayout(Box::new(self.kept.clone())));
        }
    }
}
