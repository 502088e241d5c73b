//! One run: its steps, what they measured, said and put out, and what it ran on.

use std::sync::Arc;

use egui::{ScrollArea, Ui, UiBuilder, vec2};
use studio::{ModelCurve, RunDetail, Studio, Surroundings, learn::Report};

use super::{
    Verb, files::Files, focus::Focus, logs::Logs, outputs::Outputs, reproduce::Reproduce, surroundings, words,
};
use crate::{
    backend::Request,
    chart::{LineChart, Series, legend},
    icons::Glyph,
    output::report,
    panels::{
        Cx,
        designer::{
            canvas::{Drawn, Viewed, Viewer},
            catalogue::Catalogue,
            states,
        },
    },
    theme,
    widgets::{self, CodeLine, CodeView, ListRow, Tab, format, message, section},
};

const STEPS: f32 = 260.0;
/// The drawing of a run is no higher than this.
const GRAPH: f32 = 440.0;

/// A page about a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Page {
    Overview,
    Logs,
    Outputs,
    Files,
    Changes,
    Environment,
    Reproduce,
}

impl Page {
    /// Of a run that has steps.
    pub const STEPS: [Self; 6] =
        [Self::Overview, Self::Logs, Self::Outputs, Self::Changes, Self::Environment, Self::Reproduce];
    /// Of a run that is a model of another one.
    pub const MODEL: [Self; 3] = [Self::Overview, Self::Changes, Self::Environment];
    /// Of a run that code logged.
    pub const LOGGED: [Self; 5] = [Self::Overview, Self::Files, Self::Changes, Self::Environment, Self::Reproduce];

    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Logs => "Logs",
            Self::Outputs => "Outputs",
            Self::Files => "Files",
            Self::Changes => "Changes",
            Self::Environment => "Environment",
            Self::Reproduce => "Reproduce",
        }
    }
}

/// The run that is open in the panel.
pub struct Opened {
    pub id: String,
    pub step: Option<String>,
    page: Page,
    curves: Request<Vec<ModelCurve>>,
    reports: Request<Vec<(String, Report)>>,
    drawn: Drawn,
    viewer: Viewer,
    catalogue: Catalogue,
    logs: Logs,
    outputs: Outputs,
    files: Files,
    diff: Vec<String>,
    surroundings: Surroundings,
    reproduce: Reproduce,
    /// The answer that `diff` and `surroundings` were taken from.
    read: Option<u64>,
}

impl Opened {
    pub fn new(id: &str, step: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            step,
            page: Page::Overview,
            curves: Request::default(),
            reports: Request::default(),
            drawn: Drawn::default(),
            viewer: Viewer::default(),
            catalogue: Catalogue::new(),
            logs: Logs::default(),
            outputs: Outputs::default(),
            files: Files::default(),
            diff: Vec::new(),
            surroundings: Surroundings::default(),
            reproduce: Reproduce::default(),
            read: None,
        }
    }

    /// Draws everything below the panel's bar.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, focus: &mut Focus, revision: u64) -> Option<Verb> {
        let (curves, reports) = (self.id.clone(), self.id.clone());
        let key = (&self.id, revision);
        if self.curves.is_pending() {
            self.curves.poll();
        } else {
            let ask = move |studio: &Arc<Studio>| studio.model_curves(&curves);
            self.curves.ensure(key, cx.backend, ask);
        }
        if self.reports.is_pending() {
            self.reports.poll();
        } else {
            let ask = move |studio: &Arc<Studio>| studio.run_reports(&reports);
            self.reports.ensure(key, cx.backend, ask);
        }
        let answer = focus.revision();
        let again = widgets::requested(ui, focus.request(), "the run", |ui, detail| {
            if self.read != Some(answer) {
                self.read = Some(answer);
                self.take_in(detail);
            }
            self.body(ui, cx, detail);
        });
        if again {
            focus.again();
        }
        None
    }

    fn take_in(&mut self, detail: &RunDetail) {
        self.drawn = Drawn::as_run(&detail.pipeline, states::of(&detail.pipeline, None, None, Some(&detail.steps)));
        self.diff = detail.diff.as_deref().map(|diff| diff.lines().map(str::to_owned).collect()).unwrap_or_default();
        self.surroundings = detail.environment.clone();
    }

    fn body(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, detail: &RunDetail) {
        let t = theme::of(ui);
        let area = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(area);
        let logged = detail.steps.is_empty() && self.drawn.pipeline.jobs.is_empty();
        let wide = if logged { 0.0 } else { STEPS.min(area.width() * 0.35) };
        let (left, right) = area.split_left_right_at_x(area.left() + wide);
        if !logged {
            ui.painter().rect_filled(left, 0.0, t.color.surface2);
            ui.painter().vline(left.right() - 0.5, area.y_range(), t.hairline());
            let builder = UiBuilder::new().max_rect(left.with_max_x(left.right() - 1.0));
            self.steps(&mut ui.new_child(builder.id_salt("steps")), detail);
        }
        let mut child = ui.new_child(UiBuilder::new().max_rect(right).id_salt("contents"));
        let ui = &mut child;
        egui::Frame::NONE.fill(t.color.surface2).inner_margin(egui::Margin::symmetric(t.size.pad_panel as i8, 0)).show(
            ui,
            |ui| {
                ui.set_min_width(ui.available_width());
                ui.set_height(36.0);
                ui.horizontal_centered(|ui| {
                    let pages = match logged {
                        false => &Page::STEPS[..],
                        true if detail.row.model_of().is_some() => &Page::MODEL,
                        true => &Page::LOGGED,
                    };
                    let tabs: Vec<_> = pages.iter().map(|page| Tab { title: page.title(), count: 0 }).collect();
                    let mut chosen = pages.iter().position(|page| *page == self.page).unwrap_or(0);
                    widgets::tabs(ui, &mut chosen, &tabs);
                    self.page = pages[chosen];
                });
            },
        );
        let line = ui.min_rect().bottom() - 0.5;
        ui.painter().hline(right.x_range(), line, t.hairline());
        let ended = detail.row.status.is_final();
        let step = self.step.clone();
        match self.page {
            Page::Overview => self.overview(ui, detail),
            Page::Logs => self.logs.show(ui, cx, &self.id, step.as_deref(), ended),
            Page::Outputs => self.outputs.show(ui, cx, &self.id, &detail.steps, step.as_deref()),
            Page::Files => self.files.show(ui, cx, &self.id, self.read.unwrap_or_default()),
            Page::Changes => self.changes(ui, detail),
            Page::Environment => surroundings::show(ui, &self.surroundings),
            Page::Reproduce => self.reproduce.show(ui, cx, &self.id, self.read.unwrap_or_default()),
        }
    }

    fn steps(&mut self, ui: &mut Ui, detail: &RunDetail) {
        let now = format::now(ui).as_millisecond();
        ScrollArea::vertical().id_salt("steps").show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let all = ListRow::new("All steps")
                .glyph(words::run_glyph(&detail.row))
                .note(detail.row.duration_ms(now).map(words::millis).unwrap_or_default())
                .selected(self.step.is_none());
            if all.show(ui).clicked() {
                self.step = None;
            }
            for step in &detail.steps {
                let said = step.error.as_ref().or(step.message.as_ref());
                let chosen = self.step.as_deref() == Some(step.name.as_str());
                let row = ListRow::new(step.title.as_str())
                    .glyph(words::step_glyph(step))
                    .note(words::step_word(step, now))
                    .selected(chosen);
                let response = row.show(ui);
                if response.clicked() {
                    self.step = (!chosen).then(|| step.name.clone());
                }
                if let Some(said) = said {
                    response.on_hover_text(said);
                }
            }
        });
    }

    fn overview(&mut self, ui: &mut Ui, detail: &RunDetail) {
        let t = theme::of(ui);
        let mut clicked = None;
        ScrollArea::vertical().id_salt("overview").auto_shrink(false).show(ui, |ui| {
            egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = t.size.pad;
                if let Some(error) = &detail.row.error {
                    message(ui, Glyph::Error, error);
                }
                if !self.drawn.pipeline.jobs.is_empty() {
                    widgets::card(ui, "As it was run", |ui| clicked = self.graph(ui));
                }
                self.curve_cards(ui);
                for (at, (title, report)) in self.reports.value().into_iter().flatten().enumerate() {
                    section(ui, title);
                    ui.push_id(at, |ui| report::show(ui, report));
                }
                if let Some(failure) = self.reports.failure() {
                    message(ui, Glyph::Error, &failure.message);
                }
            });
        });
        if let Some(step) = clicked {
            self.step = (self.step.as_ref() != Some(&step)).then_some(step);
        }
    }

    /// The pipeline with how each step ended; the step that was clicked.
    fn graph(&mut self, ui: &mut Ui) -> Option<String> {
        let width = ui.available_width();
        let size = vec2(width, self.drawn.height_at(width).min(GRAPH));
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let viewed = Viewed {
            name: "As it was run",
            pipeline: &self.drawn.pipeline,
            catalogue: &self.catalogue,
            states: &self.drawn.states,
            marks: &self.drawn.marks,
            revision: self.read.unwrap_or_default(),
            selected: self.step.as_deref(),
            wheel: false,
        };
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt("graph"));
        self.viewer.show(&mut child, &viewed)
    }

    /// A card for each metric that has a curve, with a curve of each model.
    fn curve_cards(&self, ui: &mut Ui) {
        let t = theme::of(ui);
        let curves = self.curves.value().map_or(&[][..], Vec::as_slice);
        let mut keys: Vec<&str> = Vec::new();
        for curve in curves {
            if !keys.contains(&curve.curve.key.as_str()) {
                keys.push(&curve.curve.key);
            }
        }
        let titles = words::told_apart(keys.iter().copied());

        report::tiled(ui, keys.len(), |ui, at| {
            let of_key: Vec<&ModelCurve> = curves.iter().filter(|curve| curve.curve.key == keys[at]).collect();
            let alone = match of_key[..] {
                [curve] => curve.model.as_ref(),
                _ => None,
            };
            let title = alone.map_or_else(|| titles[at].clone(), |model| format!("{} · {}", titles[at], model.title));
            widgets::card(ui, &title, |ui| {
                let points: Vec<(Vec<f64>, Vec<f64>)> = of_key
                    .iter()
                    .map(|curve| curve.curve.points.iter().map(|(step, value)| (*step as f64, *value)).unzip())
                    .collect();
                let mut series = Vec::new();
                for (place, (curve, (x, y))) in of_key.iter().zip(&points).enumerate() {
                    let name = curve.model.as_ref().map_or(titles[at].as_str(), |model| model.title.as_str());
                    series.push(Series::new(name, t.data(place), y).x(x));
                }
                LineChart::new(keys[at], &series).height(180.0).labels(of_key.len() < 2).show(ui);
                if of_key.len() > 1 {
                    ui.horizontal_wrapped(|ui| {
                        for (place, curve) in of_key.iter().enumerate() {
                            let name = curve.model.as_ref().map_or("", |model| model.title.as_str());
                            legend(ui, name, t.data(place));
                        }
                    });
                }
            });
        });
    }

    fn changes(&self, ui: &mut Ui, detail: &RunDetail) {
        if self.diff.is_empty() {
            let words = match &detail.row.commit {
                Some(commit) => {
                    format!("Everything was committed: the run is what {} holds.", words::short_commit(commit))
                }
                None => "Nothing is known of changes: no commit was there yet.".to_owned(),
            };
            widgets::loading(ui, &words);
            return;
        }
        let t = theme::of(ui);
        egui::Frame::NONE.fill(t.color.surface1).inner_margin(t.size.pad).show(ui, |ui| {
            CodeView::new("diff", self.diff.len()).show(ui, |at| CodeLine::of_diff(&self.diff[at]));
        });
    }
}
