//! Which environment a step's script runs in, and installing it ahead of the run.

use std::sync::{Arc, Mutex, PoisonError};

use egui::Ui;
use studio::environments::{BuiltEnvironment, EnvironmentRow, Progress};
use studio::pipeline::check::ENVIRONMENT;
use studio::pipeline::components;
use studio::pipeline::graph::Job;
use studio::pipeline::shape::Problem;

use crate::backend::Request;
use crate::icons::Glyph;
use crate::panels::Cx;
use crate::panels::designer::edits::Edit;
use crate::theme;
use crate::widgets::{self, Button, Select, format};

/// The environments of the workspace, and the one that is being installed.
#[derive(Default)]
pub struct Environment {
    known: Request<Vec<EnvironmentRow>>,
    again: u64,
    installing: Request<BuiltEnvironment>,
    said: Arc<Mutex<String>>,
}

impl Environment {
    /// Lists the files again.
    pub fn refresh(&mut self) {
        self.again += 1;
    }

    /// Draws the choice of a step that runs a script; nothing for others.
    pub fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, (name, job): (&str, &Job), problems: &[Problem]) -> Option<Edit> {
        let takes = components::find(&job.component).is_some_and(|component| component.takes_environment());
        if !takes {
            return None;
        }
        if self.installing.poll() && self.installing.value().is_some() {
            self.refresh();
        }
        self.known.ensure(("environments", self.again), cx.backend, |studio| studio.environments());
        let known = self.known.value().map_or(&[][..], Vec::as_slice);
        let mut options: Vec<(Option<String>, String)> = vec![(None, "None, the interpreter".to_owned())];
        options.extend(known.iter().map(|row| (Some(row.name.clone()), row.name.clone())));
        let mut chosen = job.environment.clone();
        // One that is written in another form, or is not there, stays as it is until another is chosen.
        if !options.iter().any(|(value, _)| *value == chosen) {
            options.extend(chosen.clone().map(|value| (Some(value.clone()), value)));
        }
        let changed = widgets::field_row(ui, "Environment", |ui| {
            Select::new("Environment").show(ui, &mut chosen, &options).changed()
        });
        for problem in problems.iter().filter(|problem| problem.param.as_deref() == Some(ENVIRONMENT)) {
            widgets::message(ui, Glyph::Error, &problem.message);
        }
        if changed.inner {
            return Some(Edit::Environment { job: name.to_owned(), environment: chosen });
        }
        let row = known.iter().find(|row| job.environment.as_ref() == Some(&row.name)).cloned();
        if let Some(row) = row {
            self.state(ui, cx, &row);
        }
        None
    }

    /// Whether it is installed, and the button that does it.
    fn state(&mut self, ui: &mut Ui, cx: &Cx<'_>, row: &EnvironmentRow) {
        let t = theme::of(ui);
        if self.installing.is_pending() {
            ui.horizontal(|ui| {
                let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if ui.add(Button::quiet("Cancel installing")).clicked() {
                    self.installing.clear();
                }
                ui.add(egui::Label::new(t.caption(said)).truncate());
            });
            return;
        }
        if let Some(failure) = self.installing.failure() {
            widgets::message(ui, Glyph::Error, &failure.message);
        }
        match (&row.resolved, row.built) {
            (Some(resolved), true) => {
                let packages = format::counted(resolved.pins.len() as u64, "package", "packages");
                ui.label(t.caption(format!("{packages} for {}, ready", resolved.python)));
            }
            _ if row.problem.is_none() => {
                ui.horizontal(|ui| {
                    ui.label(t.caption("Installed when the pipeline runs"));
                    if ui.add(Button::quiet("Install now")).clicked() {
                        self.install(ui, cx, &row.name);
                    }
                });
            }
            _ => {}
        }
    }

    fn install(&mut self, ui: &Ui, cx: &Cx<'_>, name: &str) {
        let (said, ctx, name) = (self.said.clone(), ui.ctx().clone(), name.to_owned());
        said.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.installing.ask_cancellable(cx.backend, move |studio, cancel| {
            let say = |line: &str| {
                line.clone_into(&mut said.lock().unwrap_or_else(PoisonError::into_inner));
                ctx.request_repaint();
            };
            studio.build_environment(&name, Progress { say: &say, cancelled: &|| cancel.is_cancelled() })
        });
    }
}
