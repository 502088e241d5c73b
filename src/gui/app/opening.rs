//! The window while a workspace opens, and when it could not be opened.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use egui::{Align, Context, Layout, Ui};
use studio::{Error, ErrorKind, Studio, recent};

use crate::theme;
use crate::widgets::Button;

/// What a person wants opened.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    Folder(PathBuf),
    /// A workspace to be made there.
    New(PathBuf),
    /// The sample, made when it is not there yet.
    Sample,
}

impl Wanted {
    /// `folder`, else what was opened last, else the sample.
    pub fn at_start(folder: Option<PathBuf>) -> Self {
        let last = || recent::list().into_iter().next().map(|recent| recent.folder);
        folder.or_else(last).map_or(Self::Sample, Self::Folder)
    }

    fn open(&self, on: &dyn Fn(&str)) -> studio::Result<Studio> {
        let studio = match self {
            Self::Folder(folder) => Studio::open(folder)?,
            Self::New(folder) => {
                let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
                Studio::create(folder, name.as_deref().unwrap_or("Workspace"))?
            }
            Self::Sample => {
                let folder = recent::sample_folder()?;
                if folder.join("atelier.toml").exists() {
                    Studio::open(&folder)?
                } else {
                    Studio::create_sample(&folder, on)?
                }
            }
        };
        if let Err(error) = recent::remember(&studio) {
            tracing::warn!("{error}");
        }
        Ok(studio)
    }
}

/// What came of it.
pub enum Answer {
    Opened(Box<Studio>),
    /// Something else is wanted instead.
    Want(Wanted),
}

enum Message {
    Doing(String),
    Done(Box<studio::Result<Studio>>),
}

pub struct Opening {
    wanted: Wanted,
    messages: Receiver<Message>,
    doing: String,
    failed: Option<Error>,
}

impl Opening {
    pub fn start(ctx: &Context, wanted: Wanted) -> Self {
        let (sender, messages) = sync_channel(16);
        let (job, wake) = (wanted.clone(), ctx.clone());
        let work = move || work(&job, &sender, &wake);
        let started = std::thread::Builder::new().name("open-workspace".to_owned()).spawn(work);
        let failed = started
            .err()
            .map(|error| Error::new(ErrorKind::Storage, format!("The workspace cannot be opened: {error}")));
        Self { wanted, messages, doing: "Opening".to_owned(), failed }
    }

    /// Draws the page; answers when there is something to do.
    pub fn ui(&mut self, ui: &mut Ui) -> Option<Answer> {
        loop {
            match self.messages.try_recv() {
                Ok(Message::Doing(doing)) => self.doing = doing,
                Ok(Message::Done(result)) => match *result {
                    Ok(studio) => return Some(Answer::Opened(Box::new(studio))),
                    Err(error) => self.failed = Some(error),
                },
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        let t = theme::of(ui);
        let mut answer = None;
        egui::CentralPanel::default().frame(egui::Frame::new().fill(t.color.surface1)).show(ui, |ui| {
            ui.add_space(ui.available_height() * 0.36);
            ui.with_layout(Layout::top_down(Align::Center), |ui| match &self.failed {
                None => {
                    ui.label(t.page("Atelier"));
                    ui.label(t.caption(format!("{}…", self.doing)));
                }
                Some(error) => answer = failed(ui, &self.wanted, error),
            });
        });
        answer.map(Answer::Want)
    }
}

/// Why it could not be opened, and the ways on.
fn failed(ui: &mut Ui, wanted: &Wanted, error: &Error) -> Option<Wanted> {
    let mut next = None;
    let t = theme::of(ui);
    ui.label(t.page("This workspace could not be opened"));
    ui.set_max_width(520.0);
    ui.label(&error.message);
    ui.add_space(16.0);
    if ui.add(Button::primary("Open the sample workspace")).clicked() {
        next = Some(Wanted::Sample);
    }
    ui.add_space(8.0);
    if ui.add(Button::secondary("Try again")).clicked() {
        next = Some(wanted.clone());
    }
    ui.add_space(8.0);
    if let Wanted::Folder(folder) = wanted
        && error.kind == ErrorKind::NotFound
        && ui.add(Button::secondary("Make a workspace there")).clicked()
    {
        next = Some(Wanted::New(folder.clone()));
    }
    next
}

fn work(wanted: &Wanted, sender: &SyncSender<Message>, wake: &Context) {
    let tell = |message| {
        // A window that was closed meanwhile hears nothing.
        let _ = sender.send(message);
        wake.request_repaint();
    };
    let result = wanted.open(&|doing| tell(Message::Doing(doing.to_owned())));
    tell(Message::Done(Box::new(result)));
}
