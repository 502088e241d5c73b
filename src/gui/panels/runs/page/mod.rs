//! A page of charts of the checked runs, arranged by a person and remembered with the workspace.
//!
//! A chart is a [`spec::Spec`]; what it is drawn from is asked for in the background ([`live`]) and becomes a
//! [`picture::Picture`], which the window and the exported files draw alike. Adding a kind: its variant in
//! [`spec::Kind`], its picture in a file of its own, and its line in [`live`], [`first::offers`] and [`form`].

mod arrange;
mod bars;
mod card;
mod changes;
mod contour;
mod curves;
mod export;
mod first;
mod form;
mod importance;
mod lines;
mod live;
mod media;
mod parallel;
mod picture;
mod points;
mod reports;
mod spec;
#[cfg(test)]
mod tests;
mod texts;
mod top;

pub use media::decode;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use egui::{Color32, Key, Rect, ScrollArea, Sense, Ui, UiBuilder, vec2};
use studio::{ChartedRuns, Run, Studio};

use self::{
    arrange::{columns, mark, places, slot},
    card::{Around, Asked},
    curves::Shelf,
    first::{Artifacts, Known},
    live::{Env, Live},
    parallel::Brush,
    reports::Reports,
    spec::{Arrangement, Spec},
};
use super::{Verb, checked::Checked};
use crate::{
    backend::{Backend, Request},
    commands::CommandSpec,
    icons::Icon,
    panels::Cx,
    theme,
    widgets::{self, Empty, section},
};

/// The setting that the arrangement is kept in.
const SETTING: &str = "window.runs.charts";
/// Changes that can be taken back.
const UNDO: usize = 50;
/// Narrower than this the list of runs would leave no room for charts.
const ROOMY: f32 = 760.0;
/// Width of the list of runs.
const LIST: f32 = 188.0;

/// What the page is about.
pub struct Scene<'a> {
    pub checked: &'a Checked,
    /// The run that the pointer is on, anywhere in the panel.
    pub hovered: &'a mut Option<String>,
    pub revision: u64,
}

/// The page and what it knows.
#[derive(Default)]
pub struct Page {
    /// As a person arranged it; nothing while the runs decide.
    own: Option<Arrangement>,
    kept: Option<Option<Arrangement>>,
    setting: Request<Option<serde_json::Value>>,
    keeping: Request<()>,
    undo: Vec<Option<Arrangement>>,
    charted: Request<Arc<ChartedRuns>>,
    reports: Request<Arc<Reports>>,
    artifacts: Request<Arc<Artifacts>>,
    live: HashMap<u64, Live>,
    shelf: Shelf,
    brushes: Vec<Brush>,
    hidden: BTreeSet<String>,
    /// The runs that are outside of a brush, as last drawn.
    outside: HashSet<String>,
    selected: Option<u64>,
    full: Option<u64>,
    dragged: Option<u64>,
    /// The chart that is being sized, or whose settings are being drawn along: all of it is one change.
    changing: Option<u64>,
    /// A chart that was just added and should be seen.
    reveal: Option<u64>,
    next: u64,
    generation: u64,
    looks: u64,
}

impl Page {
    /// Asks for what the page is drawn from, and keeps what a person arranged.
    pub fn ask(&mut self, ui: &Ui, backend: &Backend, scene: &Scene<'_>) {
        self.remember(ui, backend);
        let ids = scene.checked.ids();
        let same = self.charted.value().is_some_and(|known| known.runs.iter().map(|run| &run.id).eq(&ids));
        if self.charted.is_pending() && same {
            self.charted.poll();
        } else {
            let asked = ids.clone();
            self.charted.ensure((&ids, scene.revision), backend, move |studio: &Arc<Studio>| {
                studio.charted_runs(&asked).map(Arc::new)
            });
        }
        let steps: Vec<(String, bool)> = match self.charted.value() {
            Some(known) => known.runs.iter().map(|run| (run.id.clone(), run.status.is_final())).collect(),
            None => return,
        };
        let live = steps.iter().any(|(_, ended)| !ended);
        let key = (&steps, if live { scene.revision } else { 0 });
        if !(live && self.reports.is_pending()) {
            let asked = steps.clone();
            self.reports.ensure(key, backend, move |studio: &Arc<Studio>| read_reports(studio, &asked));
            let asked = steps.clone();
            self.artifacts.ensure(key, backend, move |studio: &Arc<Studio>| {
                let each = asked.iter().map(|(id, _)| Ok((id.clone(), studio.run_artifacts(id)?)));
                each.collect::<studio::Result<Vec<_>>>().map(Arc::new)
            });
        } else {
            self.reports.poll();
            self.artifacts.poll();
        }
    }

    fn remember(&mut self, ui: &Ui, backend: &Backend) {
        self.keeping.poll();
        let Some(kept) = &self.kept else {
            if self.setting.ensure((), backend, |studio: &Arc<Studio>| studio.setting(SETTING)) {
                let found = self.setting.value_mut().and_then(Option::take);
                self.own = found.and_then(|json| serde_json::from_value(json).ok());
                self.kept = Some(self.own.clone());
            }
            return;
        };
        // What is being dragged is kept once.
        let idle = !ui.input(|input| input.pointer.any_down());
        if idle && *kept != self.own && !self.keeping.is_pending() {
            self.kept = Some(self.own.clone());
            if let Ok(json) = serde_json::to_value(&self.own) {
                self.keeping.ask(backend, move |studio: &Arc<Studio>| studio.set_setting(SETTING, &json));
            }
        }
    }

    /// Draws the page; what was asked of the panel.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, mut scene: Scene<'_>) -> Option<Verb> {
        self.ask(ui, cx.backend, &scene);
        self.saved(cx);
        let asked = self.bar(ui, &scene);
        if scene.checked.is_empty() {
            let text = "No run is checked. Check some in the list, and their charts come here.";
            let what = Empty { icon: Icon::Chart, text, step: "Go to the list" };
            return asked.or(widgets::empty(ui, &what).then_some(Verb::Back));
        }
        if self.kept.is_none() || self.charted.value().is_none() {
            match self.charted.failure().or(self.setting.failure()).cloned() {
                Some(failure) => {
                    if widgets::failed(ui, "Could not read the runs", &failure, "Try again") {
                        self.charted.refresh();
                        self.setting.refresh();
                    }
                }
                None => widgets::loading(ui, "Reading the runs…"),
            }
            return asked;
        }
        let area = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(area);
        let listed = area.width() > ROOMY;
        let (left, rest) = area.split_left_right_at_x(area.left() + if listed { LIST } else { 0.0 });
        let before = scene.hovered.take();
        if listed {
            self.list(ui, left, &mut scene, before.as_deref());
        }
        self.charts(ui, rest, cx, &mut scene, before.as_deref());
        // Charts and list point at the same run: the one learns of the other in the next frame.
        if *scene.hovered != before {
            ui.request_repaint();
        }
        asked
    }

    /// The runs at the left, each with its colour; a click hides one.
    fn list(&mut self, ui: &mut Ui, area: Rect, scene: &mut Scene<'_>, strong: Option<&str>) {
        let t = theme::of(ui);
        ui.painter().rect_filled(area, 0.0, t.color.surface2);
        ui.painter().vline(area.right() - 0.5, area.y_range(), t.hairline());
        let Some(charted) = self.charted.value().cloned() else { return };
        let builder = UiBuilder::new().max_rect(area.shrink2(vec2(t.size.gap, t.size.pad))).id_salt("runs");
        let mut child = ui.new_child(builder);
        child.horizontal(|ui| {
            ui.add_space(t.size.gap);
            section(ui, "Runs");
        });
        child.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().auto_shrink(false).show_rows(
            &mut child,
            t.size.row_compact,
            charted.runs.len(),
            |ui, rows| {
                for run in &charted.runs[rows] {
                    let shown = !self.hidden.contains(&run.id) && !self.outside.contains(&run.id);
                    let color = scene.checked.color(&t, &run.id).unwrap_or(t.color.text3);
                    let response = card::run_row(ui, &run.name, color, shown, strong == Some(run.id.as_str()));
                    if response.clicked() {
                        self.looks += 1;
                        if !self.hidden.remove(&run.id) {
                            self.hidden.insert(run.id.clone());
                        }
                    }
                    if response.hovered() {
                        *scene.hovered = Some(run.id.clone());
                    }
                }
            },
        );
    }

    fn charts(&mut self, ui: &mut Ui, area: Rect, cx: &Cx<'_>, scene: &mut Scene<'_>, strong: Option<&str>) {
        let t = theme::of(ui);
        let Some(charted) = self.charted.value().cloned() else { return };
        let arrangement = self.arrangement();
        let shown: Vec<&Run> = charted
            .runs
            .iter()
            .filter(|run| !self.hidden.contains(&run.id) && !self.outside.contains(&run.id))
            .collect();
        let color = |run: &Run| scene.checked.color(&t, &run.id).unwrap_or(t.color.text3);
        let colors: HashMap<String, Color32> = charted.runs.iter().map(|run| (run.id.clone(), color(run))).collect();
        self.generation = generation(&[
            &(self.charted.revision(), self.reports.revision(), self.looks, t.dark),
            &shown.iter().map(|run| (&run.id, colors[&run.id].to_array())).collect::<Vec<_>>(),
            &self.brushes.iter().map(|b| (&b.axis, b.low.to_bits(), b.high.to_bits())).collect::<Vec<_>>(),
        ]);
        let reports = self.reports.value().cloned();
        let (shelf, brushes) = (self.shelf.clone(), self.brushes.clone());
        let env = Env {
            t: &t,
            backend: cx.backend,
            charted: &charted,
            generation: self.generation,
            revision: scene.revision,
            shown: &shown,
            colors: &colors,
            brushes: &brushes,
            reports: reports.as_deref(),
            shelf: &shelf,
        };
        if arrangement.charts.is_empty() {
            let mut child = ui.new_child(UiBuilder::new().max_rect(area));
            let text = "This page is empty. Add a chart, or go back to the one that the runs make by themselves.";
            if widgets::empty(&mut child, &Empty { icon: Icon::Chart, text, step: "Back to the usual charts" }) {
                self.edit_all(|own| *own = None);
            }
            return;
        }
        if let Some(spec) = arrangement.charts.iter().find(|spec| Some(spec.id) == self.full) {
            let place = area.shrink(t.size.pad_panel);
            let asked = self.card(ui, place, spec, &env, scene, strong);
            if ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Escape)) {
                self.full = None;
            }
            self.act(asked, spec, &env, ui, &[], area.width(), 1);
            return;
        }
        let mut child = ui.new_child(UiBuilder::new().max_rect(area).id_salt("charts"));
        ScrollArea::vertical().id_salt("charts").auto_shrink(false).show(&mut child, |ui| {
            self.cards(ui, &arrangement, &env, scene, strong);
        });
    }

    fn cards(
        &mut self,
        ui: &mut Ui,
        arrangement: &Arrangement,
        env: &Env<'_>,
        scene: &mut Scene<'_>,
        strong: Option<&str>,
    ) {
        let t = env.t;
        let width = ui.available_width() - 2.0 * t.size.pad_panel;
        let columns = columns(arrangement.columns, width);
        let origin = ui.cursor().min + vec2(t.size.pad_panel, t.size.pad_panel);
        let places = places(t, &arrangement.charts, columns, origin, width);
        let bottom = places.iter().map(Rect::bottom).fold(origin.y, f32::max) + t.size.pad_panel;
        ui.allocate_rect(Rect::from_min_max(ui.cursor().min, egui::pos2(origin.x + width, bottom)), Sense::hover());
        for (spec, place) in arrangement.charts.iter().zip(&places) {
            if self.reveal == Some(spec.id) {
                // The inspector may come with it, and make room anew.
                let seen = ui.clip_rect().contains_rect(place.shrink(t.size.pad_panel));
                self.reveal = self.reveal.filter(|_| !seen);
                ui.scroll_to_rect(*place, None);
            }
            // What is out of sight asks for nothing.
            if !ui.is_rect_visible(*place) {
                continue;
            }
            let asked = self.card(ui, *place, spec, env, scene, strong);
            self.act(asked, spec, env, ui, &places, width, columns);
        }
        if let (Some(_), Some(at)) = (self.dragged, ui.input(|input| input.pointer.hover_pos()))
            && let Some(line) = mark(&places, slot(&places, at), t.size.pad)
        {
            ui.painter().rect_filled(line, 1.0, t.color.accent);
        }
    }

    fn card(
        &mut self,
        ui: &mut Ui,
        place: Rect,
        spec: &Spec,
        env: &Env<'_>,
        scene: &mut Scene<'_>,
        strong: Option<&str>,
    ) -> Option<Asked> {
        let live = self.live.entry(spec.id).or_default();
        let around = Around {
            selected: self.selected == Some(spec.id),
            full: self.full == Some(spec.id),
            strong,
            brushes: &mut self.brushes,
        };
        let answer = card::show(ui, place, spec, live, env, around);
        if let Some(parallel) = &live.parallel {
            let outside = if self.brushes.is_empty() { HashSet::new() } else { parallel.outside() };
            if outside != self.outside {
                self.outside = outside;
                ui.request_repaint();
            }
        }
        if answer.hovered.is_some() {
            *scene.hovered = answer.hovered;
        }
        answer.asked
    }

    /// The charts, as a person arranged them or as the runs make them.
    fn arrangement(&self) -> Arrangement {
        match &self.own {
            Some(own) => own.clone(),
            None => self.with_known(first::page),
        }
    }

    fn with_known<R>(&self, use_it: impl FnOnce(Known<'_>) -> R) -> R {
        let (charted, reports, artifacts) = Default::default();
        use_it(Known {
            charted: self.charted.value().map_or(&charted, |known| known),
            reports: self.reports.value().map_or(&reports, |known| known),
            artifacts: self.artifacts.value().map_or(&artifacts, |known| known),
        })
    }

    /// Whether a run of the page still goes on.
    pub fn is_live(&self) -> bool {
        self.charted.value().is_some_and(|known| known.runs.iter().any(|run| !run.status.is_final()))
    }

    /// Whether a chart is selected, whose settings can be changed.
    pub fn has_inspector(&self) -> bool {
        self.selected.is_some_and(|id| self.arrangement().charts.iter().any(|spec| spec.id == id))
    }

    /// The settings of the selected chart.
    pub fn inspector(&mut self, ui: &mut Ui) {
        let arrangement = self.arrangement();
        let Some(spec) = arrangement.charts.iter().find(|spec| Some(spec.id) == self.selected) else { return };
        let mut changed = spec.clone();
        self.with_known(|known| form::show(ui, &mut changed, known));
        if changed == *spec {
            self.changing = self.changing.filter(|_| ui.input(|input| input.pointer.any_down()));
            return;
        }
        // A slider that is drawn along its way is one change.
        let first = self.changing.replace(changed.id).is_none();
        let put = move |own: &mut Arrangement| {
            if let Some(spec) = own.charts.iter_mut().find(|spec| spec.id == changed.id) {
                *spec = changed;
            }
        };
        if first { self.edit(put) } else { self.adjust(put) }
    }

    /// What can be done on the page now.
    pub fn commands(&self) -> Vec<CommandSpec> {
        vec![
            CommandSpec::panel("runs", "undo", "Take back the last change of the page")
                .icon(Icon::Undo)
                .key(egui::Modifiers::COMMAND, Key::Z)
                .disabled_if(!self.can_undo(), "Nothing was changed"),
        ]
    }
}

/// Opens the page, from anywhere in the panel.
pub fn command(checked: usize) -> CommandSpec {
    CommandSpec::panel("runs", "page", "Open the page of charts")
        .icon(Icon::Chart)
        .detail(format!("{checked} checked"))
        .disabled_if(checked == 0, "Check a run first")
}

fn read_reports(studio: &Studio, runs: &[(String, bool)]) -> studio::Result<Arc<Reports>> {
    let each = runs.iter().map(|(id, _)| Ok((id.clone(), studio.run_reports(id)?)));
    each.collect::<studio::Result<Vec<_>>>().map(Arc::new)
}

/// A number that changes when any of these does.
fn generation(parts: &[&dyn std::fmt::Debug]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for part in parts {
        format!("{part:?}").hash(&mut hasher);
    }
    hasher.finish()
}
