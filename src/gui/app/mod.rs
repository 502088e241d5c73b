//! The program's window: opening a workspace, the shell over it, and what only the program can do.
//!
//! A workspace opens on a background thread, so that the window stands at once and says what is going on (making the
//! sample workspace on first start takes a few seconds).

mod desk;
mod opening;
mod tracking;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use egui::{Context, Ui};
use studio::{Studio, Upkeep};

use crate::backend::Backend;
use crate::panels::{Action, registry};
use crate::shell::{Layout, Shell, WindowRequest};
use crate::theme;
use opening::{Opening, Wanted};
use watch::Watch;

/// Threads that ask the studio. Long questions (an import, a profile) must not hold up short ones.
const THREADS: usize = 4;

/// Opens the window: on `folder`, else on the workspace opened last, else on the sample, made on first start.
///
/// # Errors
/// No display, or no usable graphics.
pub fn run(folder: Option<PathBuf>) -> eframe::Result {
    let began = Instant::now();
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Atelier")
        .with_app_id("atelier")
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([960.0, 600.0]);
    match eframe::icon_data::from_png_bytes(include_bytes!("../../../assets/icons/256.png")) {
        Ok(icon) => viewport = viewport.with_icon(icon),
        Err(error) => tracing::warn!("the window's icon cannot be read: {error}"),
    }
    // Nothing here is a gradient, and noise on every pixel is dear where a processor stands in for a graphics card.
    let options = eframe::NativeOptions { viewport, dithering: false, ..eframe::NativeOptions::default() };
    let wanted = Wanted::at_start(folder);
    let app = move |context: &Context| App { began: Some(began), ..App::new(context, wanted) };
    eframe::run_native("Atelier", options, Box::new(|cc| Ok(Box::new(app(&cc.egui_ctx)))))
}

/// The window's content, apart from the window.
pub struct App {
    state: State,
    /// When the program began, until the log was told how long it took to show the workspace.
    began: Option<Instant>,
}

enum State {
    Opening(Opening),
    Open(Box<Open>),
}

struct Open {
    shell: Shell,
    studio: Arc<Studio>,
    backend: Backend,
    /// Ends its thread when it goes.
    _watch: Watch,
    /// Frees what nothing refers to; none where there is no room for a thread.
    _upkeep: Option<Upkeep>,
}

impl App {
    fn new(ctx: &Context, wanted: Wanted) -> Self {
        theme::install(ctx, &kept_layout().appearance);
        Self { state: State::Opening(Opening::start(ctx, wanted)), began: None }
    }

    /// The window over a workspace that is open already, arranged like `layout`.
    pub fn over(ctx: &Context, studio: Studio, layout: Layout) -> Self {
        Self { state: State::Open(Box::new(Open::new(ctx, studio, layout))), began: None }
    }

    /// As if a panel had asked for it.
    pub fn send(&mut self, action: Action) {
        if let State::Open(open) = &mut self.state {
            open.shell.send(action);
        }
    }

    /// Saves files to `folder` without asking, where nobody sits who could answer: in tests.
    pub fn save_into(&mut self, folder: PathBuf) {
        if let State::Open(open) = &mut self.state {
            open.shell.save_into(folder);
        }
    }

    /// Whether everything that was asked in the background has been answered.
    pub fn is_idle(&self) -> bool {
        match &self.state {
            State::Opening(_) => false,
            State::Open(open) => open.backend.is_idle(),
        }
    }

    /// Draws a frame.
    pub fn show(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        match &mut self.state {
            State::Opening(opening) => match opening.ui(ui) {
                Some(opening::Answer::Opened(studio)) => self.open(&ctx, *studio),
                Some(opening::Answer::Want(wanted)) => self.state = State::Opening(Opening::start(&ctx, wanted)),
                None => {}
            },
            State::Open(open) => {
                open.shell.ui(ui);
                if let Some(began) = self.began.take_if(|_| open.backend.is_idle()) {
                    tracing::info!("the workspace is shown after {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
                }
                for request in open.shell.take_requests() {
                    self.carry_out(&ctx, request);
                }
            }
        }
    }

    fn open(&mut self, ctx: &Context, studio: Studio) {
        ctx.send_viewport_cmd(egui::ViewportCommand::Title(format!("{} – Atelier", studio.name())));
        self.state = State::Open(Box::new(Open::new(ctx, studio, kept_layout())));
        ctx.request_repaint();
    }

    fn carry_out(&mut self, ctx: &Context, request: WindowRequest) {
        let State::Open(open) = &mut self.state else {
            return;
        };
        match request {
            WindowRequest::KeepLayout(layout) => open.keep(&layout),
            WindowRequest::OpenWorkspace(folder) => {
                self.state = State::Opening(Opening::start(ctx, Wanted::Folder(folder)));
            }
            WindowRequest::NewWorkspace(folder) => {
                self.state = State::Opening(Opening::start(ctx, Wanted::New(folder)));
            }
            WindowRequest::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }
}

impl Open {
    fn new(ctx: &Context, studio: Studio, layout: Layout) -> Self {
        let studio = Arc::new(studio);
        let backend = Backend::new(Arc::clone(&studio), ctx.clone(), THREADS);
        let desk = Arc::new(desk::StudioDesk::new(Arc::clone(&studio)));
        let shell = Shell::new(ctx, backend.clone(), desk, registry(), layout);
        let watch = Watch::start(Arc::clone(&studio), shell.notifier());
        let upkeep = Upkeep::start((*studio).clone());
        let upkeep = upkeep.inspect_err(|error| tracing::warn!("the workspace is not kept in order: {error}")).ok();
        Self { shell, studio, backend, _watch: watch, _upkeep: upkeep }
    }

    /// Keeps the arrangement for the next start. Losing it is no loss, so a failure is only logged.
    fn keep(&self, layout: &Layout) {
        let text = layout.to_json();
        let asked = self.backend.run(move |_| {
            if let Err(error) = studio::recent::keep_window(&text) {
                tracing::warn!("{error}");
            }
        });
        if !asked {
            tracing::warn!("the layout of {} was not kept: too much is going on", self.studio.name());
        }
    }
}

fn kept_layout() -> Layout {
    studio::recent::kept_window().map(|text| Layout::from_json(&text)).unwrap_or_default()
}
