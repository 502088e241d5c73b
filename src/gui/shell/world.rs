//! What the shell holds apart from the panels, so that both can be borrowed at once.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
};

use egui::Context;

use super::{Desk, Layout, Status};
use crate::{
    backend::{Backend, Request},
    panels::{Action, Cx, Event, Subject},
    theme::Tokens,
};

/// Events that may wait for the next frame.
const INBOX: usize = 1024;
/// Seconds between two looks at running jobs.
const JOBS_EVERY: f64 = 0.5;

/// What waits for the next frame.
pub enum Message {
    Event(Event),
    Action(Action),
}

/// Tells the window something from another thread, and wakes it.
#[derive(Clone)]
pub struct Notifier {
    sender: SyncSender<Message>,
    ctx: Context,
}

impl Notifier {
    /// Something of this kind changed in the workspace; an empty word is everything.
    pub fn changed(&self, kind: &str) {
        self.tell(Event::Changed(kind.to_owned()));
    }

    pub fn tell(&self, event: Event) {
        self.send(Message::Event(event));
    }

    /// As if a panel had asked for it.
    pub fn act(&self, action: Action) {
        self.send(Message::Action(action));
    }

    fn send(&self, message: Message) {
        match self.sender.try_send(message) {
            Ok(()) => self.ctx.request_repaint(),
            // A full inbox already holds enough to make every panel look again.
            Err(TrySendError::Full(_)) => self.ctx.request_repaint(),
            Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

/// What only the application around the shell can do.
#[derive(Clone, Debug, PartialEq)]
pub enum WindowRequest {
    /// The arrangement changed and should be kept.
    KeepLayout(Box<Layout>),
    OpenWorkspace(PathBuf),
    NewWorkspace(PathBuf),
    Quit,
}

pub struct World {
    pub backend: Backend,
    pub desk: Arc<dyn Desk>,
    pub layout: Layout,
    pub selection: Option<Subject>,
    pub status: Status,
    pub actions: Vec<Action>,
    pub requests: Vec<WindowRequest>,
    pub inbox: Receiver<Message>,
    pub notifier: Notifier,
    asked: Request<Status>,
    stale: bool,
    /// When the bars were asked for, in egui's seconds.
    asked_at: f64,
    doing: Vec<Doing>,
}

/// Something asked of the desk, and what to say when it is done.
struct Doing {
    request: Request<String>,
    failed: &'static str,
}

impl World {
    pub fn new(ctx: &Context, backend: Backend, desk: Arc<dyn Desk>, layout: Layout) -> Self {
        let (sender, inbox) = sync_channel(INBOX);
        Self {
            backend,
            desk,
            layout,
            selection: None,
            status: Status::default(),
            actions: Vec::new(),
            requests: Vec::new(),
            inbox,
            notifier: Notifier { sender, ctx: ctx.clone() },
            asked: Request::default(),
            stale: true,
            asked_at: f64::NEG_INFINITY,
            doing: Vec::new(),
        }
    }

    /// The bars should look again.
    pub fn status_changed(&mut self) {
        self.stale = true;
    }

    /// Asks for the bars' state when it may have changed, and takes in what came.
    pub fn poll(&mut self, ctx: &Context) {
        if self.asked.poll() {
            match (self.asked.value(), self.asked.failure()) {
                (_, Some(failure)) => tracing::warn!("the state of the workspace: {failure}"),
                (Some(status), None) => self.status = status.clone(),
                (None, None) => {}
            }
        }
        // Progress and estimates move while jobs run, with or without an event.
        let due = self.asked_at + JOBS_EVERY;
        if !self.status.jobs.is_empty() {
            self.stale |= ctx.time() >= due;
            ctx.request_repaint_after_secs(JOBS_EVERY as f32);
        }
        if self.stale && !self.asked.is_pending() {
            let desk = self.desk.clone();
            self.stale = !self.asked.ask(&self.backend, move |_| desk.status());
            self.asked_at = ctx.time();
        }
        let mut doing = std::mem::take(&mut self.doing);
        doing.retain_mut(|one| {
            let Some(answer) = one.request.take() else {
                return true;
            };
            self.status_changed();
            match answer {
                Ok(done) if done.is_empty() => {}
                Ok(done) => self.actions.push(Action::Toast(crate::icons::Glyph::Ok, done)),
                Err(failure) => {
                    let text = format!("{} {failure}", one.failed);
                    self.actions.push(Action::Toast(crate::icons::Glyph::Error, text));
                }
            }
            false
        });
        self.doing.append(&mut doing);
    }

    /// Asks the desk to do something. The answer is a word for a toast, or empty.
    pub fn ask_desk(
        &mut self,
        failed: &'static str,
        ask: impl FnOnce(&dyn Desk) -> Result<String, crate::backend::Failure> + Send + 'static,
    ) {
        let desk = self.desk.clone();
        let mut request = Request::default();
        if request.ask(&self.backend, move |_| ask(&*desk)) {
            self.doing.push(Doing { request, failed });
        }
    }

    pub fn cx<'a>(&'a mut self, theme: &'a Tokens, active: bool) -> Cx<'a> {
        Cx {
            theme,
            backend: &self.backend,
            selection: self.selection.as_ref(),
            appearance: &self.layout.appearance,
            status: &self.status,
            active,
            actions: &mut self.actions,
        }
    }
}
