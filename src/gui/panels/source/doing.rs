//! What is asked of the repository, and the way back from it.

use std::sync::Arc;

use egui::Ui;
use studio::Studio;
use studio::git::Kept;

use crate::backend::{Failure, Request};
use crate::panels::Cx;
use crate::panels::runs::doing::Doing as Shared;

/// How something is taken back.
#[derive(Clone, Debug, PartialEq)]
pub enum Back {
    /// Files that went from the working tree come back.
    Kept(String),
    /// A branch that was deleted is made again.
    Branch { name: String, commit: String },
}

/// How something ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// For a toast, or beside "Undo"; empty says nothing.
    pub words: String,
    pub back: Option<Back>,
}

impl Done {
    pub fn quietly() -> Self {
        Self::default()
    }

    pub fn said(words: impl Into<String>) -> Self {
        Self { words: words.into(), back: None }
    }

    /// With the way back, where something was kept.
    pub fn kept(words: impl Into<String>, kept: Option<Kept>) -> Self {
        Self { words: words.into(), back: kept.map(|kept| Back::Kept(kept.id)) }
    }
}

/// Questions under way, and the last deed that can be taken back.
#[derive(Default)]
pub struct Doing {
    under_way: Vec<(Request<Done>, &'static str)>,
    shared: Shared,
}

impl Doing {
    /// Does `work` in the background; says `failed` and why when it fails.
    pub fn start(
        &mut self,
        cx: &Cx<'_>,
        failed: &'static str,
        work: impl FnOnce(&Studio) -> studio::Result<Done> + Send + 'static,
    ) {
        let mut request = Request::default();
        if request.ask(cx.backend, move |studio: &Arc<Studio>| work(studio)) {
            self.under_way.push((request, failed));
        }
    }

    /// Tells how things ended. Returns whether one did.
    pub fn poll(&mut self, cx: &mut Cx<'_>, now: f64) -> bool {
        let mut ended = Vec::new();
        self.under_way.retain_mut(|(request, failed)| {
            let Some(answer) = request.take() else { return true };
            ended.push(answer.map_err(|failure: Failure| format!("{failed} {failure}")));
            false
        });
        let any = !ended.is_empty();
        for answer in ended {
            match answer {
                Ok(Done { words, back: Some(back) }) => {
                    self.shared.offer_undo(now, words, move |studio| back.go(studio))
                }
                Ok(Done { words, back: None }) if words.is_empty() => {}
                Ok(Done { words, back: None }) => cx.done(words),
                Err(words) => cx.failed(words),
            }
        }
        self.shared.poll(cx) || any
    }

    pub fn undoes(&self) -> Option<&str> {
        self.shared.undoes()
    }

    pub fn undo(&mut self, cx: &Cx<'_>) {
        self.shared.undo(cx);
    }

    pub fn show(&mut self, ui: &Ui, cx: &Cx<'_>) {
        self.shared.show(ui, cx);
    }
}

impl Back {
    fn go(self, studio: &Studio) -> studio::Result<()> {
        match self {
            Self::Kept(id) => studio.git_restore(&id).map(drop),
            Self::Branch { name, commit } => studio.git_restore_branch(&name, &commit),
        }
    }
}
