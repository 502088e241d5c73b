//! The pipelines of the workspace: which there are, which is to be opened, and making and deleting them.

use studio::PipelineRow;
use studio::pipeline::graph::Pipeline;
use studio::pipeline::yaml::Document as File;

use super::document::Document;
use crate::backend::{Failure, Request};
use crate::panels::Cx;

#[derive(Default)]
pub struct Pipelines {
    rows: Request<Vec<PipelineRow>>,
    /// Bumped to list again.
    again: u64,
    /// To be opened, until it is, and the step to select there.
    wanted: Option<String>,
    step: Option<String>,
    read: Request<(File, Option<Pipeline>)>,
    /// Why the last one could not be read.
    unread: Option<Failure>,
    made: Request<String>,
    deleted: Request<String>,
}

/// What may be shown now.
pub enum Ready {
    /// One of those that are open already.
    Known(usize),
    Read(Box<Document>),
    Gone(String),
}

impl Pipelines {
    pub fn rows(&self) -> &[PipelineRow] {
        self.rows.value().map_or(&[], Vec::as_slice)
    }

    pub fn is_reading(&self) -> bool {
        (self.rows.is_pending() && self.rows.value().is_none()) || self.wanted.is_some() || self.made.is_pending()
    }

    pub fn failure(&self) -> Option<Failure> {
        self.unread.as_ref().or(self.rows.failure()).or(self.made.failure()).cloned()
    }

    pub fn refresh(&mut self) {
        self.again += 1;
        self.unread = None;
    }

    pub fn choose(&mut self, path: String, step: Option<String>) {
        self.wanted = Some(path);
        self.step = step;
    }

    /// The step to select once its pipeline is shown.
    pub fn take_step(&mut self) -> Option<String> {
        if self.wanted.is_none() { self.step.take() } else { None }
    }

    pub fn create(&mut self, cx: &mut Cx<'_>) {
        self.made.ask(cx.backend, |studio| studio.create_pipeline("New pipeline"));
    }

    pub fn duplicate(&mut self, cx: &mut Cx<'_>, path: String) {
        self.made.ask(cx.backend, move |studio| studio.duplicate_pipeline(&path));
    }

    pub fn delete(&mut self, cx: &mut Cx<'_>, path: String) {
        self.deleted.ask(cx.backend, move |studio| studio.delete_pipeline(&path).map(|()| path));
    }

    /// Lists, reads and opens. With nothing `shown`, the pipeline that was changed last is wanted.
    pub fn tick(&mut self, cx: &mut Cx<'_>, shown: bool, known: &[&str]) -> Option<Ready> {
        self.rows.ensure(("pipelines", self.again), cx.backend, |studio| studio.pipelines());
        match self.made.take() {
            Some(Ok(path)) => {
                self.again += 1;
                self.wanted = Some(path);
            }
            Some(Err(failure)) => cx.failed(failure.message),
            None => {}
        }
        match self.deleted.take() {
            Some(Ok(path)) => {
                self.again += 1;
                self.rows.clear();
                cx.done("The pipeline was deleted; a draft of it is kept");
                return Some(Ready::Gone(path));
            }
            Some(Err(failure)) => cx.failed(failure.message),
            None => {}
        }
        if !shown && self.wanted.is_none() && self.unread.is_none() {
            self.wanted = self.rows().iter().max_by_key(|row| row.modified_ms).map(|row| row.path.clone());
        }
        self.bring(cx, shown, known)
    }

    fn bring(&mut self, cx: &mut Cx<'_>, shown: bool, known: &[&str]) -> Option<Ready> {
        let path = self.wanted.clone()?;
        if let Some(index) = known.iter().position(|it| *it == path) {
            self.wanted = None;
            return Some(Ready::Known(index));
        }
        // Read anew when it changed on the way.
        let asked = path.clone();
        let came = self.read.ensure((&path, self.again), cx.backend, move |studio| {
            let file = studio.open_pipeline(&asked)?;
            let unsaved = studio.unsaved_pipeline(&asked)?.filter(|unsaved| *unsaved != file.pipeline);
            Ok::<_, studio::Error>((file, unsaved))
        });
        if !came {
            return None;
        }
        self.wanted = None;
        match std::mem::take(&mut self.read).take()? {
            Ok((file, unsaved)) => Some(Ready::Read(Box::new(Document::new(path, file, unsaved)))),
            Err(failure) => {
                self.step = None;
                if shown {
                    cx.failed(failure.message);
                } else {
                    self.unread = Some(failure);
                }
                None
            }
        }
    }
}
