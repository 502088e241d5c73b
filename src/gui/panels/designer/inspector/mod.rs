//! The selected step's settings, or what several share, or the pipeline itself.

mod code;
mod columns;
mod csv;
mod environment;
mod expression;
mod field;
mod form;
mod overview;
mod progress;
mod register;
mod rows;

use egui::{Sense, Ui, vec2};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};
use studio::LoadableModel;
use studio::data::profile::ColumnProfile;
use studio::pipeline::component::Spec;
use studio::pipeline::graph::Job;
use studio::pipeline::shape::{Problem, Severity, Shapes};

use super::canvas::{PortKey, Selection, paint};
use super::catalogue::Catalogue;
use super::document::Document;
use super::edits::Edit;
use crate::backend::Request;
use crate::chart;
use crate::icons::{Glyph, Icon, paint_letter};
use crate::panels::Cx;
use crate::theme;
use crate::widgets::{self, Button, TextField};
pub use columns::glyph as kind_glyph;
use form::{Known, Typing, fold};
pub use overview::run_row;

/// What came of a frame.
#[derive(Debug, Default)]
pub struct Output {
    pub edits: Vec<Edit>,
    /// A step to show on the canvas.
    pub reveal: Option<String>,
}

#[derive(Default)]
pub struct Inspector {
    typing: Typing,
    /// The step that is shown.
    job: String,
    title: Option<String>,
    datasets: Request<Vec<(String, u32)>>,
    models: Request<Vec<LoadableModel>>,
    again: u64,
    docs: bool,
    markdown: CommonMarkCache,
    overview: overview::Overview,
    register: register::Register,
    environment: environment::Environment,
    focus: bool,
}

impl Inspector {
    /// Lists again what forms choose from.
    pub fn refresh(&mut self) {
        self.again += 1;
        self.overview.refresh();
        self.environment.refresh();
    }

    /// The keyboard goes to the form in the next frame.
    pub fn focus(&mut self) {
        self.focus = true;
    }

    pub fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        catalogue: &Catalogue,
        document: &Document,
        selection: &Selection,
        flowing: Option<(&PortKey, &ColumnProfile)>,
    ) -> Output {
        self.datasets.ensure(("datasets", self.again), cx.backend, |studio| {
            let datasets = studio.datasets()?;
            Ok::<_, studio::Error>(datasets.into_iter().map(|dataset| (dataset.name, dataset.versions)).collect())
        });
        self.models.ensure(("models", self.again), cx.backend, |studio| studio.loadable_models());
        let mut out = Output::default();
        let single = selection.single().and_then(|job| Some((job, document.pipeline.jobs.get(job)?)));
        if let Some((name, job)) = single {
            if self.job != name {
                self.job = name.to_owned();
                self.typing.clear();
                self.title = None;
            }
            let flowing = flowing.filter(|(port, _)| port.job == name);
            self.step(ui, cx, catalogue, document, (name, job), flowing, &mut out);
        } else if selection.jobs.len() > 1 {
            several(ui, document, selection, &mut out);
        } else {
            self.overview.show(ui, cx, document, &mut out);
        }
        out
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one frame, borrowed apart")]
    fn step(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        catalogue: &Catalogue,
        document: &Document,
        (name, job): (&str, &Job),
        flowing: Option<(&PortKey, &ColumnProfile)>,
        out: &mut Output,
    ) {
        let spec = catalogue.spec(&job.component);
        self.head(ui, catalogue, name, job, spec, out);
        let checked = document.checked();
        let problems: &[Problem] = checked.map_or(&[], |checked| checked.problems(name));
        let Some(spec) = spec else {
            for problem in problems {
                widgets::message(ui, Glyph::Error, &problem.message);
            }
            return;
        };
        for problem in problems.iter().filter(|problem| problem.param.is_none()) {
            let glyph = if problem.severity == Severity::Error { Glyph::Error } else { Glyph::Warn };
            widgets::message(ui, glyph, &problem.message);
        }
        let none = Shapes::new();
        let inputs = checked.and_then(|checked| checked.inputs.get(name)).unwrap_or(&none);
        let datasets = self.datasets.value().map_or(&[][..], Vec::as_slice);
        let models = self.models.value().map_or(&[][..], Vec::as_slice);
        let known = Known { job: name, inputs, datasets, models };
        ui.push_id(("form", name), |ui| {
            out.edits.extend(form::show(ui, spec, job, problems, &known, &mut self.typing));
        });
        out.edits.extend(self.environment.show(ui, cx, (name, job), problems));
        progress::show(ui, cx, document, name);
        if let Some((port, column)) = flowing {
            distribution(ui, port, column);
        }
        self.register.show(ui, cx, document, name, spec);
        progress::lineage(ui, cx, document, name);
        self.foot(ui, name, job, spec, out);
    }

    fn head(
        &mut self,
        ui: &mut Ui,
        catalogue: &Catalogue,
        name: &str,
        job: &Job,
        spec: Option<&'static Spec>,
        out: &mut Output,
    ) {
        let t = theme::of(ui);
        let title = catalogue.title(job);
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::hover());
            let color = paint::category_color(&t, spec.map(|spec| spec.category));
            let letter =
                spec.map_or(title.as_str(), |spec| spec.title).chars().take(1).collect::<String>().to_uppercase();
            paint_letter(ui.painter(), rect, &letter, color, t.color.surface2);
            ui.add_space(4.0);
            if let Some(text) = &mut self.title {
                let field = ui.add(TextField::new(text).name("Name of the step"));
                if field.lost_focus() {
                    let title = self.title.take().unwrap_or_default();
                    if !ui.input(|input| input.key_pressed(egui::Key::Escape)) {
                        out.edits.push(Edit::Rename { job: name.to_owned(), title });
                    }
                } else if !field.has_focus() {
                    field.request_focus();
                }
            } else {
                let label = ui.add(egui::Label::new(t.title(&title)).truncate().sense(Sense::click()));
                if std::mem::take(&mut self.focus) {
                    ui.memory_mut(|memory| memory.request_focus(label.id));
                    ui.memory_mut(|memory| memory.move_focus(egui::FocusDirection::Next));
                }
                if label.on_hover_text("Click to rename").on_hover_cursor(egui::CursorIcon::Text).clicked() {
                    self.title = Some(title.clone());
                }
            }
        });
        if let Some(spec) = spec {
            if title != spec.title {
                ui.label(t.caption(spec.title));
            }
            ui.add(egui::Label::new(t.face.small.of(spec.summary).color(t.color.text2)).wrap());
        }
        if job.disabled {
            ui.horizontal(|ui| {
                widgets::message(ui, Glyph::Info, "Disabled; data passes it by");
                if ui.add(Button::quiet("Enable")).clicked() {
                    out.edits.push(Edit::Disable { jobs: vec![name.to_owned()], disabled: false });
                }
            });
        }
        ui.add_space(t.size.gap);
    }

    /// The comment and the documentation.
    fn foot(&mut self, ui: &mut Ui, name: &str, job: &Job, spec: &'static Spec, out: &mut Output) {
        widgets::separator(ui);
        widgets::section(ui, "Comment");
        let id = egui::Id::unique(("comment", name));
        let mut text = self.typing.text(id, job.comment.as_deref().unwrap_or_default());
        let field = ui.add(TextField::new(&mut text).rows(2).id(id).name("Comment").hint("Shown beside the step"));
        self.typing.keep(id, text.clone(), field.has_focus());
        if field.changed() {
            out.edits.push(Edit::Comment { job: name.to_owned(), text });
        }
        if spec.docs.is_empty() {
            return;
        }
        widgets::separator(ui);
        if fold(ui, "Documentation", self.docs) {
            self.docs = !self.docs;
        }
        if self.docs {
            CommonMarkViewer::new().show(ui, &mut self.markdown, spec.docs);
        }
    }
}

/// A column of the port that is previewed below: "mean radius · train".
fn distribution(ui: &mut Ui, port: &PortKey, column: &ColumnProfile) {
    let Some(histogram) = &column.histogram else { return };
    widgets::separator(ui);
    widgets::section(ui, &format!("{} · {}", column.name, port.port.replace('_', " ")));
    let median = column.quantile(0.5).map(|median| format!("median {median}")).unwrap_or_default();
    chart::histogram(ui, 72.0, &histogram.edges, &histogram.counts, &median, None);
}

/// What several steps share.
fn several(ui: &mut Ui, document: &Document, selection: &Selection, out: &mut Output) {
    let t = theme::of(ui);
    let jobs = selection.jobs();
    ui.label(t.title(format!("{} steps", jobs.len())));
    ui.add_space(t.size.gap);
    let of = |name: &String| document.pipeline.jobs.get(name);
    let mut off = jobs.iter().filter_map(of).all(|job| job.disabled);
    let mut folded = jobs.iter().filter_map(of).all(|job| job.collapsed);
    if widgets::field_row(ui, "Disabled", |ui| widgets::toggle(ui, &mut off, "Disabled")).inner.changed() {
        out.edits.push(Edit::Disable { jobs: jobs.clone(), disabled: off });
    }
    if widgets::field_row(ui, "Collapsed", |ui| widgets::toggle(ui, &mut folded, "Collapsed")).inner.changed() {
        out.edits.push(Edit::Collapse { jobs: jobs.clone(), collapsed: folded });
    }
    widgets::separator(ui);
    for name in &jobs {
        let Some(job) = of(name) else { continue };
        let row = widgets::ListRow::new(job.title()).height(t.size.control);
        if row.show(ui).clicked() {
            out.reveal = Some(name.clone());
        }
    }
    ui.add_space(t.size.gap);
    if ui.add(Button::secondary("Delete these steps").with_icon(Icon::Trash)).clicked() {
        out.edits.push(Edit::Delete { jobs, notes: selection.notes() });
    }
}
