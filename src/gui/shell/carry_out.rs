//! Carries out what panels and commands ask for. The only place that changes the window.

use std::path::PathBuf;

use egui::{Context, ViewportCommand};

use super::{
    Shell, WindowRequest,
    files::{self, Ask},
    regions, settings,
};
use crate::{
    commands::{Command, PanelCommand},
    icons::Glyph,
    panels::{Action, Event, SOURCE, Subject},
    theme,
};

/// Actions may ask for actions, but not without end.
const ROUNDS: usize = 16;

impl Shell {
    pub(super) fn carry_out(&mut self, ctx: &Context) {
        for _ in 0..ROUNDS {
            let actions = std::mem::take(&mut self.world.actions);
            if actions.is_empty() {
                return;
            }
            for action in actions {
                self.act(ctx, action);
            }
            ctx.request_repaint();
        }
        tracing::warn!("actions went on asking for actions and wait for the next frame");
    }

    fn act(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Run(command) => self.run(ctx, command),
            Action::Select(subject) => self.select(ctx, subject),
            Action::Open(subject) => self.open(ctx, subject),
            Action::ShowDrawer(tab) => {
                let active = self.world.layout.active.clone();
                self.world.layout.drawer_tabs.insert(active, tab.to_owned());
                self.world.layout.drawer = true;
            }
            Action::Toast(glyph, text) => self.toasts.add(ctx, glyph, text),
            Action::Copy(text) => {
                ctx.copy_text(text);
                self.toasts.add(ctx, Glyph::Ok, "Copied".to_owned());
            }
            Action::Appearance(appearance) => {
                theme::set_appearance(ctx, &appearance);
                self.world.layout.appearance = appearance;
            }
            Action::Tell(event) => self.tell(ctx, &event),
            Action::Import(files) => self.import(ctx, files),
            Action::OpenWorkspace(path) => self.world.requests.push(WindowRequest::OpenWorkspace(path)),
            Action::NewWorkspace(path) => self.world.requests.push(WindowRequest::NewWorkspace(path)),
            Action::Restore { path, pipeline } => {
                self.open(ctx, Subject::Pipeline { path: path.clone() });
                self.tell_one(ctx, "designer", &Event::Restore { path, pipeline });
            }
            Action::CancelJob(id) => self
                .world
                .ask_desk("The job could not be cancelled.", move |desk| desk.cancel_job(&id).map(|()| String::new())),
            Action::Save { name, what } => {
                let studio = self.world.backend.service().clone();
                files::save(name, what, studio, self.save_into.clone(), self.world.notifier.clone());
            }
            Action::DismissNotice(id) => self.world.ask_desk("The notice could not be dismissed.", move |desk| {
                desk.dismiss_notice(&id).map(|()| String::new())
            }),
        }
    }

    fn run(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::Palette => self.palette.open(),
            Command::GoTo(place) => {
                self.world.layout.go(place);
                self.tell_one(ctx, place, &Event::Shown);
            }
            Command::OpenToSide(place) => {
                self.world.layout.beside(place);
                self.tell_one(ctx, place, &Event::Shown);
            }
            Command::CloseSide => self.world.layout.close_side(),
            Command::Open(subject) => self.open(ctx, subject),
            Command::ImportData => self.ask_files(Ask::ImportData),
            Command::OpenWorkspace => self.ask_files(Ask::OpenWorkspace),
            Command::NewWorkspace => self.ask_files(Ask::NewWorkspace),
            Command::Commit => {
                let commit = PanelCommand { place: SOURCE, verb: "commit", argument: String::new() };
                self.run(ctx, Command::Panel(commit));
            }
            Command::Jobs | Command::Notices => self.open_tray(ctx, &command),
            Command::ToggleInspector => self.world.layout.inspector ^= true,
            Command::ToggleDrawer => self.world.layout.drawer ^= true,
            Command::Theme(choice) => self.appearance(|appearance| appearance.theme = choice),
            Command::ReducedMotion => self.appearance(|appearance| appearance.reduced_motion ^= true),
            Command::ZoomIn => self.zoom(0.1),
            Command::ZoomOut => self.zoom(-0.1),
            Command::ZoomReset => self.appearance(|appearance| appearance.zoom = 1.0),
            Command::NextRegion => regions::cycle(ctx, true),
            Command::PreviousRegion => regions::cycle(ctx, false),
            Command::Quit => {
                self.world.requests.push(WindowRequest::Quit);
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            Command::Panel(command) => {
                // The palette offers what other panels can do, too.
                if !self.world.layout.shown().iter().any(|place| place == command.place) {
                    self.run(ctx, Command::GoTo(command.place));
                }
                self.tell_one(ctx, command.place, &Event::Command(command.clone()));
            }
        }
    }

    fn select(&mut self, ctx: &Context, subject: Option<Subject>) {
        if self.world.selection != subject {
            self.world.selection.clone_from(&subject);
            self.tell(ctx, &Event::Selected(subject));
        }
    }

    fn open(&mut self, ctx: &Context, subject: Subject) {
        let place = subject.place();
        self.world.layout.go(place);
        self.select(ctx, Some(subject.clone()));
        self.tell_one(ctx, place, &Event::Shown);
        self.tell_one(ctx, place, &Event::Open(subject));
    }

    fn import(&mut self, ctx: &Context, files: Vec<PathBuf>) {
        self.world.layout.go("data");
        self.tell_one(ctx, "data", &Event::Shown);
        self.tell_one(ctx, "data", &Event::Files(files));
    }

    fn ask_files(&mut self, what: Ask) {
        let folders = self.world.notifier.clone();
        files::ask(what, folders, move |path, notifier| {
            let action = match what {
                Ask::NewWorkspace => Action::NewWorkspace(path),
                Ask::OpenWorkspace | Ask::ImportData => Action::OpenWorkspace(path),
            };
            notifier.act(action);
        });
    }

    /// The trays hang on their chips in the top bar and open by these names.
    fn open_tray(&mut self, ctx: &Context, command: &Command) {
        let (there, nothing) = match command {
            Command::Jobs => (!self.world.status.jobs.is_empty(), "No job is running"),
            _ => (!self.world.status.notices.is_empty(), "There are no notices"),
        };
        if there {
            super::trays::open(ctx, command);
        } else {
            self.toasts.add(ctx, Glyph::Info, nothing.to_owned());
        }
    }

    fn appearance(&mut self, change: impl FnOnce(&mut theme::Appearance)) {
        let mut appearance = self.world.layout.appearance.clone();
        change(&mut appearance);
        self.world.actions.push(Action::Appearance(appearance));
    }

    fn zoom(&mut self, by: f32) {
        self.appearance(|appearance| {
            let zoom = ((appearance.zoom + by) * 10.0).round() / 10.0;
            appearance.zoom = zoom.clamp(*settings::ZOOM.start(), *settings::ZOOM.end());
        });
    }
}
