//! Registering the model that a step has trained.

use std::collections::BTreeMap;

use egui::Ui;
use studio::pipeline::component::{PortKind, Spec};
use studio::{ModelPlace, ModelVersion};

use crate::backend::Request;
use crate::icons::{Glyph, Icon};
use crate::panels::designer::document::Document;
use crate::panels::{Cx, Subject};
use crate::widgets::{self, Button, TextField};

#[derive(Default)]
pub struct Register {
    job: String,
    name: Option<String>,
    done: Request<ModelVersion>,
}

impl Register {
    /// A name and a button, once the step's model is there.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, job: &str, spec: &'static Spec) {
        let Some(port) = spec.outputs.iter().find(|port| port.kind == PortKind::Model) else {
            return;
        };
        let trained = document.job_state(job).is_some_and(|state| state.outputs.iter().any(|it| it.port == port.name));
        let Some(run) = document.run_of(job).filter(|_| trained) else {
            return;
        };
        if self.job != job {
            *self = Self { job: job.to_owned(), ..Self::default() };
        }
        self.done.poll();
        widgets::separator(ui);
        widgets::section(ui, "Model");
        let name = self.name.get_or_insert_with(|| studio::slug(&document.pipeline.display_name));
        widgets::field_row(ui, "Register as", |ui| ui.add(TextField::new(name).mono()));
        let ready = !name.trim().is_empty() && !self.done.is_pending();
        if ui.add(Button::secondary("Register model").with_icon(Icon::Models).enabled(ready)).clicked() {
            let place = ModelPlace::Port { job: job.to_owned(), port: port.name.to_owned() };
            let name = name.trim().to_owned();
            self.done.ask(cx.backend, move |studio| studio.register_model(&run, &place, &name, "", BTreeMap::new()));
        }
        if let Some(failure) = self.done.failure() {
            widgets::message(ui, Glyph::Error, &failure.message);
        } else if let Some(made) = self.done.value() {
            let words = format!("Open {} version {}", made.model, made.version);
            if widgets::link(ui, &words).clicked() {
                cx.open(Subject::Model { name: made.model.clone(), version: Some(made.version) });
            }
        }
    }
}
