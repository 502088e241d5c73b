//! What is known of the run that is selected or open.

use std::sync::Arc;

use studio::{ModelVersion, RunDetail, RunModel, Studio};

use crate::backend::{Backend, Failure, Request};

/// The newest detail of one run.
#[derive(Default)]
pub struct Focus {
    id: Option<String>,
    detail: Request<RunDetail>,
    models: Request<Vec<ModelVersion>>,
}

impl Focus {
    pub fn ensure(&mut self, id: Option<&str>, revision: u64, backend: &Backend) {
        let Some(id) = id else {
            *self = Self::default();
            return;
        };
        if self.id.as_deref() != Some(id) {
            *self = Self { id: Some(id.to_owned()), ..Self::default() };
        }
        let key = (id, revision);
        let (detail, models) = (id.to_owned(), id.to_owned());
        if self.detail.is_pending() {
            self.detail.poll();
        } else {
            let ask = move |studio: &Arc<Studio>| studio.run(&detail);
            self.detail.ensure(key, backend, ask);
        }
        if self.models.is_pending() {
            self.models.poll();
        } else {
            let ask = move |studio: &Arc<Studio>| studio.models_of_run(&models);
            self.models.ensure(key, backend, ask);
        }
    }

    pub fn again(&mut self) {
        self.detail.refresh();
        self.models.refresh();
    }

    pub fn request(&self) -> &Request<RunDetail> {
        &self.detail
    }

    /// Counts answers.
    pub fn revision(&self) -> u64 {
        self.detail.revision()
    }

    /// The run's detail once its registered models are known as well.
    pub fn whole(&self) -> Option<&RunDetail> {
        self.models.value().and(self.detail())
    }

    /// The reason why neither an answer has come nor one is on its way.
    pub fn failure(&self) -> Option<&Failure> {
        let detail = self.detail.failure().filter(|_| self.detail.value().is_none());
        detail.or_else(|| self.models.failure().filter(|_| self.models.value().is_none()))
    }

    pub fn detail(&self) -> Option<&RunDetail> {
        self.detail.value()
    }

    pub fn models(&self) -> &[ModelVersion] {
        self.models.value().map_or(&[], Vec::as_slice)
    }

    /// The models that the run made.
    pub fn made(&self) -> &[RunModel] {
        self.detail().map_or(&[], |detail| &detail.models)
    }

    /// What a model of this run would be called: what it was called before, its pipeline, or as it was logged. What one
    /// of several models was called is no name for another.
    pub fn model_name(&self) -> String {
        if let Some(before) = self.models().last().filter(|_| self.made().len() < 2) {
            return before.model.clone();
        }
        let path = self.detail().and_then(|detail| detail.row.pipeline.as_deref());
        let stem = path.and_then(|path| path.rsplit('/').next());
        let stem = stem.map(|file| file.trim_end_matches(".yaml").trim_end_matches(".yml"));
        let logged = || self.made().first().map(|model| model.title.as_str());
        stem.or_else(logged).unwrap_or_default().to_owned()
    }

    /// Whether it goes on.
    pub fn is_live(&self) -> bool {
        self.detail().is_some_and(|detail| !detail.row.status.is_final())
    }
}
