//! Models: what is registered, where each version came from, how good it is and what it looks at.

mod inspector;
mod lineage;
mod page;
#[cfg(test)]
mod tests;
mod versions;

use std::sync::Arc;

use egui::{ScrollArea, Ui};
use studio::{Model, ModelDetail, ModelVersion, Studio};

use super::{
    Cx, Event, Panel, PlaceId, Subject,
    runs::{doing::Doing, words},
};
use crate::{
    backend::{Request, State},
    commands::{Command, CommandSpec},
    icons::Icon,
    table::TableState,
    theme,
    widgets::{self, Empty, ListRow, format},
};

const SIDE: f32 = 228.0;

/// A dataset version that a model was trained on, and its rows where they are known.
#[derive(Clone, Debug, PartialEq)]
struct Source {
    dataset: String,
    version: u32,
    rows: Option<u64>,
}

/// What can be asked here.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Describe,
    Delete,
    OpenRun,
    Undo,
}

const VERBS: [(Verb, &str); 4] =
    [(Verb::Describe, "describe"), (Verb::Delete, "delete"), (Verb::OpenRun, "open-run"), (Verb::Undo, "undo")];

/// The panel.
#[derive(Default)]
pub struct Models {
    list: Request<Vec<Model>>,
    name: Option<String>,
    /// The version that is looked at; `None` is the newest.
    version: Option<u32>,
    versions: Request<Vec<ModelVersion>>,
    detail: Request<ModelDetail>,
    /// The version before the one that is looked at.
    previous: Request<ModelDetail>,
    sources: Request<Vec<Source>>,
    table: TableState,
    doing: Doing,
    /// The model's description while it is being written.
    editing: Option<String>,
    revision: u64,
    time: f64,
}

impl Panel for Models {
    fn id(&self) -> PlaceId {
        "models"
    }

    fn title(&self) -> &'static str {
        "Models"
    }

    fn icon(&self) -> Icon {
        Icon::Models
    }

    fn side_width(&self) -> Option<f32> {
        self.list.value().is_some_and(|list| !list.is_empty()).then_some(SIDE)
    }

    fn side(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        let now = format::now(ui);
        let models = self.list.value().cloned().unwrap_or_default();
        ui.spacing_mut().item_spacing.y = 0.0;
        widgets::bar(
            ui,
            |ui| {
                ui.label(t.title("Models"));
            },
            |_| {},
        );
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for model in &models {
                let Some(latest) = &model.latest else {
                    continue;
                };
                let age = format::ago(words::time(latest.created_ms), now);
                let headline =
                    headline(latest).map(|(key, value)| format!("{} {}", words::key_title(key), format::metric(value)));
                let row = ListRow::new(model.name.as_str())
                    .note(format!("version {}", latest.version))
                    .second(age, headline.unwrap_or_default())
                    .selected(self.name.as_deref() == Some(model.name.as_str()));
                let response = row.show(ui);
                let line = response.rect.bottom() - 0.5;
                ui.painter().hline(response.rect.x_range(), line, t.hairline());
                if response.clicked() {
                    self.go(&model.name, None);
                    let name = model.name.clone();
                    cx.select(Subject::Model { name, version: None });
                }
            }
        });
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.time = ui.input(|input| input.time);
        if self.doing.poll(cx) {
            self.revision += 1;
        }
        self.ask(cx);
        match self.list.state() {
            State::Idle | State::Pending(None) => widgets::loading(ui, "Reading the models…"),
            State::Failed(failure, None) => {
                if widgets::failed(ui, "Could not read the models", failure, "Try again") {
                    self.revision += 1;
                }
            }
            State::Ready(list) | State::Pending(Some(list)) | State::Failed(_, Some(list)) => {
                if list.is_empty() {
                    nothing(ui, cx);
                } else {
                    self.page(ui, cx);
                }
            }
        }
        self.doing.show(ui, cx);
    }

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        self.chosen().is_some()
    }

    fn inspector(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.inspect(ui, cx);
    }

    fn commands(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let chosen = self.chosen();
        let none = "Select a model first";
        let detail = chosen.map_or_else(String::new, |one| format!("{} {}", one.model, one.version));
        let one = |verb: Verb, title: &str, icon: Icon| {
            let word = VERBS.iter().find(|(other, _)| *other == verb);
            CommandSpec::panel("models", word.map_or("", |(_, word)| word), title)
                .icon(icon)
                .detail(detail.clone())
                .disabled_if(chosen.is_none(), none)
        };
        let ran = chosen.is_some_and(|one| one.run.is_some());
        let mut all = vec![
            one(Verb::OpenRun, "Open the run of this version", Icon::Runs)
                .disabled_if(!ran, "This version came from no run"),
            one(Verb::Describe, "Edit the model's description…", Icon::Edit),
            one(Verb::Delete, "Delete this version", Icon::Trash),
        ];
        if let Some(words) = self.doing.undoes() {
            all.push(one(Verb::Undo, "Take back the deletion", Icon::Undo).detail(words));
        }
        all
    }

    fn places_to_go(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let models = self.list.value().map_or(&[][..], Vec::as_slice);
        models
            .iter()
            .map(|model| CommandSpec::open(Subject::Model { name: model.name.clone(), version: None }))
            .collect()
    }

    fn on_event(&mut self, event: &Event, cx: &mut Cx<'_>) {
        match event {
            Event::Command(command) => {
                let verb = VERBS.iter().find(|(_, word)| *word == command.verb);
                if let Some((verb, _)) = verb {
                    self.act(*verb, cx);
                }
            }
            Event::Open(Subject::Model { name, version }) => self.go(name, *version),
            Event::Shown => self.revision += 1,
            Event::Changed(kind) if matches!(kind.as_str(), "" | "models" | "runs") => {
                self.revision += 1;
            }
            Event::Workspace => *self = Self::default(),
            _ => {}
        }
    }
}

impl Models {
    fn go(&mut self, name: &str, version: Option<u32>) {
        if self.name.as_deref() != Some(name) {
            self.versions.clear();
            self.editing = None;
            self.name = Some(name.to_owned());
        }
        if self.version != version {
            self.version = version;
        }
    }

    fn ask(&mut self, cx: &Cx<'_>) {
        let revision = self.revision;
        let came = self.list.ensure(revision, cx.backend, |studio: &Arc<Studio>| studio.models());
        if came || self.name.is_none() {
            let list = self.list.value().map_or(&[][..], Vec::as_slice);
            let there = |name: &str| list.iter().any(|model| model.name == name);
            if !self.name.as_deref().is_some_and(there) {
                self.name = list.first().map(|model| model.name.clone());
                self.version = None;
            }
        }
        let Some(name) = self.name.clone() else {
            return;
        };
        let asked = name.clone();
        self.versions.ensure_of(&name, revision, cx.backend, move |studio: &Arc<Studio>| {
            let mut all = studio.model_versions(&asked)?;
            all.retain(|version| version.deleted_ms.is_none());
            Ok::<_, studio::Error>(all)
        });
        let Some(chosen) = self.chosen().cloned() else {
            return;
        };
        let reference = format!("{name}@{}", chosen.version);
        let asked = reference.clone();
        self.detail.ensure_of(&reference, revision, cx.backend, move |studio: &Arc<Studio>| studio.model(&asked));
        match self.before(chosen.version) {
            Some(version) => {
                let reference = format!("{name}@{version}");
                self.previous
                    .ensure_of(reference.clone(), (), cx.backend, move |studio: &Arc<Studio>| studio.model(&reference));
            }
            None => self.previous.clear(),
        }
        let datasets = chosen.datasets.clone();
        self.sources.ensure_of((&name, chosen.version), (), cx.backend, move |studio: &Arc<Studio>| {
            let known = datasets.into_iter().map(|(dataset, version)| {
                let found = studio.dataset_version(&format!("{dataset}@{version}"));
                Source { rows: found.ok().map(|found| found.rows), dataset, version }
            });
            Ok::<_, studio::Error>(known.collect())
        });
    }

    /// The version that is looked at.
    fn chosen(&self) -> Option<&ModelVersion> {
        let versions = self.versions.value()?;
        let wanted = versions.iter().find(|version| Some(version.version) == self.version);
        wanted.or_else(|| versions.first())
    }

    /// What is inside of the chosen version, once it is here.
    fn opened(&self) -> Option<&ModelDetail> {
        let chosen = self.chosen()?;
        self.detail
            .value()
            .filter(|detail| detail.version.model == chosen.model && detail.version.version == chosen.version)
    }

    fn before(&self, version: u32) -> Option<u32> {
        let versions = self.versions.value()?;
        let earlier = versions.iter().map(|one| one.version);
        earlier.filter(|other| *other < version).max()
    }

    fn act(&mut self, verb: Verb, cx: &mut Cx<'_>) {
        let Some(chosen) = self.chosen().cloned() else {
            if verb == Verb::Undo {
                self.doing.undo(cx);
            }
            return;
        };
        match verb {
            Verb::OpenRun => {
                if let Some(id) = chosen.run {
                    cx.open(Subject::Run { id });
                }
            }
            Verb::Describe => {
                let model = self.model();
                self.editing = Some(model.map(|model| model.description.clone()).unwrap_or_default());
            }
            Verb::Undo => self.doing.undo(cx),
            Verb::Delete => {
                let (name, version) = (chosen.model, chosen.version);
                let (back, words) = (name.clone(), format!("Deleted {name} version {version}"));
                self.doing.offer_undo(self.time, words, move |studio| studio.restore_model_version(&back, version));
                self.version = None;
                self.doing.start(cx, "The version could not be deleted.", "", move |studio| {
                    studio.delete_model_version(&name, version)
                });
            }
        }
    }

    fn model(&self) -> Option<&Model> {
        let name = self.name.as_deref()?;
        self.list.value()?.iter().find(|model| model.name == name)
    }
}

/// The metric that a list shows of a version.
fn headline(version: &ModelVersion) -> Option<(&String, f64)> {
    let metrics = version.metrics.iter().map(|(key, value)| (key, *value));
    metrics.min_by_key(|(key, _)| words::rank(key))
}

fn nothing(ui: &mut Ui, cx: &mut Cx<'_>) {
    let what = Empty {
        icon: Icon::Models,
        text: "No models yet. Register one from a run that trained it.",
        step: "Go to Runs",
    };
    if widgets::empty(ui, &what) {
        cx.run(Command::GoTo("runs"));
    }
}
