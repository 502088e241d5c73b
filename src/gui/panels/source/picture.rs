//! Two versions of a pipeline as one drawing, and what differs as a list.

use egui::{Label, Ui};
use studio::PipelineComparison;
use studio::pipeline::component::Spec;
use studio::pipeline::graph::diff::{Change, PipelineDiff};
use studio::pipeline::graph::{Input, Pipeline, Wire};

use crate::panels::designer::canvas::{Drawn, NodeMark, Viewed, Viewer, ink, paint_sign};
use crate::panels::designer::catalogue::Catalogue;
use crate::theme;
use crate::widgets::{format, grid_row, section};

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    mark: NodeMark,
    /// The step that it is about; none for the pipeline itself.
    job: Option<String>,
    title: String,
    /// What changed: name, before, after.
    changes: Vec<(String, String, String)>,
}

#[derive(Default)]
pub struct Picture {
    drawn: Option<Drawn>,
    items: Vec<Item>,
    only_moved: usize,
    viewer: Viewer,
    revision: u64,
    chosen: Option<String>,
}

impl Picture {
    /// Whether there is something to draw.
    pub fn is_there(&self) -> bool {
        self.drawn.is_some()
    }

    /// Takes another comparison in; `fresh` when it is about other versions than the one before.
    pub fn take_in(&mut self, comparison: Option<&PipelineComparison>, catalogue: &Catalogue, fresh: bool) {
        self.revision += 1;
        self.drawn = comparison.map(|it| Drawn::of(&it.old, &it.new, &it.diff, catalogue));
        self.items = comparison.map(|it| items(&it.old, &it.new, &it.diff, catalogue)).unwrap_or_default();
        self.only_moved = comparison.map_or(0, |it| it.diff.stand_elsewhere().count());
        if fresh {
            self.viewer = Viewer::default();
            self.chosen = None;
        }
    }

    /// "2 added, 1 removed, 2 changed"
    pub fn summary(&self) -> String {
        let Some(drawn) = &self.drawn else { return String::new() };
        let count = |mark: NodeMark| (drawn.marks.nodes.values().filter(|it| **it == mark).count(), mark.word());
        let steps = [NodeMark::Added, NodeMark::Removed, NodeMark::Changed].map(count);
        let some = steps.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
        match (parts.is_empty(), self.only_moved > 0) {
            (false, _) => parts.join(", "),
            (true, true) => "Only places differ".to_owned(),
            (true, false) => String::new(),
        }
    }

    /// Draws both versions.
    pub fn show(&mut self, ui: &mut Ui, catalogue: &Catalogue) {
        let Some(drawn) = &self.drawn else { return };
        let viewed = Viewed {
            name: "Differences",
            pipeline: &drawn.pipeline,
            catalogue,
            states: &drawn.states,
            marks: &drawn.marks,
            revision: self.revision,
            selected: self.chosen.as_deref(),
            wheel: true,
        };
        if let Some(job) = self.viewer.show(ui, &viewed) {
            self.chosen = Some(job);
        }
    }

    /// The list; a click brings the step into sight.
    pub fn list(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        section(ui, "What differs");
        if self.items.is_empty() {
            let words = if self.only_moved > 0 { "Only places on the canvas differ" } else { "Nothing differs" };
            ui.label(t.secondary(words));
        }
        let mut clicked = None;
        for item in &self.items {
            if one(ui, item, item.job.is_some() && item.job == self.chosen) {
                clicked = item.job.clone();
            }
        }
        if self.only_moved > 0 && !self.items.is_empty() {
            let steps = format::counted(self.only_moved as u64, "step stands", "steps stand");
            ui.label(t.caption(format!("{steps} elsewhere")));
        }
        if let Some(job) = clicked {
            self.viewer.reveal(&job, ui.input(|input| input.time));
            self.chosen = Some(job);
            ui.ctx().request_repaint();
        }
    }
}

fn one(ui: &mut Ui, item: &Item, selected: bool) -> bool {
    let t = theme::of(ui);
    let name = format!("{}, {}", item.title, item.mark.word());
    let (response, ()) = grid_row(ui, &name, t.size.control, selected, |ui| {
        let (mark, _) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::hover());
        paint_sign(ui.painter(), &t, item.mark, mark.center(), 6.5);
        ui.spacing_mut().item_spacing.x = t.size.gap;
        ui.add(Label::new(t.small_strong(&item.title)).truncate().selectable(false));
    });
    for (what, old, new) in &item.changes {
        egui::Frame::NONE.inner_margin(egui::Margin { left: 30, ..egui::Margin::ZERO }).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add(Label::new(t.caption(what)).truncate());
            let mut job = egui::text::LayoutJob::default();
            let part = |text: &str, color| (text.to_owned(), egui::TextFormat::simple(t.face.mono.font(), color));
            let arrow = |words: &str| (words.to_owned(), egui::TextFormat::simple(t.face.small.font(), t.color.text3));
            let parts = match (old.is_empty(), new.is_empty()) {
                (true, _) => vec![part(new, ink(&t, NodeMark::Added))],
                (_, true) => vec![part(old, ink(&t, NodeMark::Removed))],
                _ => vec![part(old, t.color.text2), arrow("  →  "), part(new, t.color.text1)],
            };
            for (text, format) in parts {
                job.append(&text, 0.0, format);
            }
            ui.add(Label::new(job).wrap());
        });
    }
    ui.add_space(t.size.grid);
    response.clicked()
}

fn items(old: &Pipeline, new: &Pipeline, diff: &PipelineDiff, catalogue: &Catalogue) -> Vec<Item> {
    let mut items = Vec::new();
    let texts = [("Title", &diff.title), ("Description", &diff.description)];
    let texts =
        texts.into_iter().filter_map(|(name, change)| change.as_ref().map(|(a, b)| (name, a.clone(), b.clone())));
    let mut whole: Vec<(String, String, String)> = texts.map(|(name, a, b)| (name.to_owned(), a, b)).collect();
    if let Some((before, after)) = &diff.notes {
        let count = |notes: usize| format::counted(notes as u64, "note", "notes");
        whole.push(("Notes".to_owned(), count(before.len()), count(after.len())));
    }
    if !whole.is_empty() {
        items.push(Item { mark: NodeMark::Changed, job: None, title: "Pipeline".to_owned(), changes: whole });
    }
    let title = |of: &Pipeline, name: &str| of.jobs.get(name).map_or(name.to_owned(), |job| catalogue.title(job));
    for name in diff.added.keys() {
        let changes = wires(new, diff, name, &title);
        items.push(Item { mark: NodeMark::Added, job: Some(name.clone()), title: title(new, name), changes });
    }
    for name in diff.removed.keys() {
        items.push(Item {
            mark: NodeMark::Removed,
            job: Some(name.clone()),
            title: title(old, name),
            changes: Vec::new(),
        });
    }
    for (name, changes) in &diff.changed {
        let spec = new.jobs.get(name).and_then(|job| catalogue.spec(&job.component));
        let changes = changes.iter().map(|change| said(change, spec, |input| from(old, new, input, &title))).collect();
        items.push(Item { mark: NodeMark::Changed, job: Some(name.clone()), title: title(new, name), changes });
    }
    items
}

/// The change in words; a connection by the titles of the steps that it comes from.
fn said(
    change: &Change,
    spec: Option<&Spec>,
    from: impl Fn(&Option<Input>) -> Option<String>,
) -> (String, String, String) {
    let (old, new) = change.words(spec);
    (change.title(spec), from(&change.old).unwrap_or(old), from(&change.new).unwrap_or(new))
}

fn from(
    old: &Pipeline,
    new: &Pipeline,
    input: &Option<Input>,
    title: &impl Fn(&Pipeline, &str) -> String,
) -> Option<String> {
    let Some(Input::Binding { job, output }) = input else { return None };
    let of = if new.jobs.contains_key(job) { new } else { old };
    Some(format!("{}, {output}", title(of, job)))
}

/// Where an added step gets its inputs from.
fn wires(
    new: &Pipeline,
    diff: &PipelineDiff,
    job: &str,
    title: &impl Fn(&Pipeline, &str) -> String,
) -> Vec<(String, String, String)> {
    let into = |wire: &&Wire| wire.to.job == job;
    let said = |wire: &Wire| {
        let from = format!("{}, {}", title(new, &wire.from.job), wire.from.port);
        (format!("Input {}", wire.to.port), String::new(), from)
    };
    diff.wires_added.iter().filter(into).map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use studio::pipeline::graph::diff::diff;
    use studio::pipeline::yaml::Document;

    #[test]
    fn a_difference_is_listed_and_summed_up() {
        let read = |text: &str| Document::parse(text).unwrap().pipeline;
        let old = read(
            "jobs:\n  b:\n    component: gradient_boosting\n    inputs:\n      trees: 50\n  k:\n    component: k_means\n",
        );
        let new = read(
            "display_name: New\njobs:\n  b:\n    component: gradient_boosting\n    inputs:\n      trees: 80\n  train:\n    component: train_model\n    inputs:\n      estimator: ${{parent.jobs.b.outputs.estimator}}\n",
        );
        let catalogue = Catalogue::new();
        let found = diff(&old, &new);
        let listed = items(&old, &new, &found, &catalogue);
        let titles: Vec<_> = listed.iter().map(|item| (item.title.as_str(), item.mark)).collect();
        let wanted = [
            ("Pipeline", NodeMark::Changed),
            ("Train model", NodeMark::Added),
            ("k-means", NodeMark::Removed),
            ("Gradient boosting", NodeMark::Changed),
        ];
        assert_eq!(titles, wanted);
        assert_eq!(listed[1].changes[0].2, "Gradient boosting, estimator");
        assert_eq!((listed[3].changes[0].1.as_str(), listed[3].changes[0].2.as_str()), ("50", "80"));
        let mut picture = Picture::default();
        assert_eq!(picture.summary(), "");
        let comparison = PipelineComparison { old, new, diff: found };
        picture.take_in(Some(&comparison), &catalogue, true);
        assert_eq!(picture.summary(), "1 added, 1 removed, 1 changed");
    }
}
