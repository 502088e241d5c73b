//! The chosen version at the right of the window.

use std::time::Duration;

use egui::{Label, Ui};
use studio::{LoggedFiles, ModelCard, ModelContent, learn::Summary, learn::Task};

use super::{Models, Verb};
use crate::{
    panels::{Cx, Subject, runs::words},
    theme,
    widgets::{self, Button, Confirm, format, key_value, link, section, separator},
};

/// Columns of the signature that are listed before the rest is counted.
const LISTED: usize = 8;

impl Models {
    pub(super) fn inspect(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        let Some(version) = self.chosen().cloned() else {
            return;
        };
        ui.spacing_mut().interact_size.y = t.face.small.line;
        ui.label(t.title(format!("Version {}", version.version)));
        if !version.description.is_empty() {
            ui.add(Label::new(t.small(&version.description)).wrap());
        }
        let when = words::time(version.created_ms);
        let ago = format::ago(when, format::now(ui));
        let words = format!("Registered {ago} by {}", version.created_by);
        ui.add(Label::new(t.secondary(words)).wrap()).on_hover_text(format::date_time(when));
        if !version.metrics.is_empty() {
            separator(ui);
            section(ui, "Metrics");
            for (key, value) in &version.metrics {
                key_value(ui, &words::long_title(key), t.small(format::metric(*value)))
                    .on_hover_text(format!("{key}\n{}", format::exact(*value)));
            }
        }
        match self.opened().map(|detail| &detail.content) {
            Some(ModelContent::Card(card)) => {
                signature(ui, card);
                training(ui, card);
            }
            Some(ModelContent::Files(files)) => logged(ui, files),
            None => {}
        }
        separator(ui);
        section(ui, "Activity");
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = t.size.grid;
            ui.label(t.secondary("Registered"));
            if let (Some(id), Some(name)) = (&version.run, &version.run_name) {
                ui.label(t.secondary("from"));
                if link(ui, name).clicked() {
                    cx.open(Subject::Run { id: id.clone() });
                }
            }
        });
        if let Some(path) = &version.pipeline
            && link(ui, path).clicked()
        {
            cx.open(Subject::Pipeline { path: path.clone() });
        }
        separator(ui);
        let delete = ui.add(Button::secondary("Delete this version…"));
        let title = format!("Delete {} version {}?", version.model, version.version);
        let what = Confirm {
            title: &title,
            detail: "The version leaves the list; its run stays. It can be brought back.",
            verb: "Delete",
        };
        if widgets::confirm(&delete, &what) {
            self.act(Verb::Delete, cx);
        }
    }
}

/// The columns that go in and what comes out, as a person would write a schema.
fn signature(ui: &mut Ui, card: &ModelCard) {
    let t = theme::of(ui);
    separator(ui);
    section(ui, "Signature");
    ui.spacing_mut().item_spacing.y = 0.0;
    let line = |ui: &mut Ui, words: String| {
        ui.add(Label::new(t.mono(words).color(t.color.text2)).truncate());
    };
    let columns = &card.input.columns;
    let listed = if columns.len() > LISTED + 1 { LISTED } else { columns.len() };
    for (at, column) in columns.iter().take(listed).enumerate() {
        let lead = if at == 0 { "in " } else { "   " };
        line(ui, format!("{lead} {}: {}", column.name, column.kind));
    }
    if columns.len() > listed {
        let rest = &columns[listed..];
        let names: Vec<&str> = rest.iter().map(|column| column.name.as_str()).collect();
        let words = t.mono(format!("    … {} more", rest.len()));
        ui.add(Label::new(words.color(t.color.text3))).on_hover_text(names.join(", "));
    }
    let label = card.label.as_deref().unwrap_or("prediction");
    match card.task {
        Task::Regression => line(ui, format!("out {label}: Real")),
        Task::Clustering => line(ui, "out cluster: Integer".to_owned()),
        Task::Binary | Task::Multiclass => {
            line(ui, format!("out {label}: Category"));
            for class in card.classes.iter().take(4) {
                line(ui, format!("    probability of {class}: Real"));
            }
            if let (Some(positive), Some(threshold)) = (&card.positive, card.threshold) {
                line(ui, format!("    {positive} from a probability of {}", format::exact(threshold)));
            }
        }
    }
    ui.spacing_mut().item_spacing.y = t.size.grid;
}

/// What is known of a model that a client logged: where it is, what loads it, what goes in and comes out.
fn logged(ui: &mut Ui, files: &LoggedFiles) {
    let t = theme::of(ui);
    separator(ui);
    section(ui, "Logged by MLflow");
    let source = ui.add(Label::new(t.mono(&files.source).color(t.color.text2)).truncate());
    source.on_hover_text(format!("{}\nFiles at {}", files.source, files.location));
    for flavor in &files.flavors {
        key_value(ui, &flavor.name, t.small(flavor.version.as_deref().unwrap_or("any version")));
    }
    if !files.here {
        let words = "Its files are kept elsewhere, so this is all that is known of it here.";
        ui.add(Label::new(t.secondary(words)).wrap());
        return;
    }
    if files.files.is_empty() {
        ui.add(Label::new(t.secondary("No files were uploaded for it yet.")).wrap());
        return;
    }
    key_value(ui, "Files", t.small(format::count(files.files.len() as u64)));
    key_value(ui, "Size", t.small(format::bytes(files.bytes())));
    if files.inputs.is_empty() && files.outputs.is_empty() {
        return;
    }
    separator(ui);
    section(ui, "Signature");
    ui.spacing_mut().item_spacing.y = 0.0;
    let sides = [("in ", &files.inputs), ("out", &files.outputs)];
    for (lead, columns) in sides {
        for (at, (name, kind)) in columns.iter().take(LISTED).enumerate() {
            let lead = if at == 0 { lead } else { "   " };
            ui.add(Label::new(t.mono(format!("{lead} {name}: {kind}")).color(t.color.text2)).truncate());
        }
        if columns.len() > LISTED {
            let names: Vec<&str> = columns[LISTED..].iter().map(|(name, _)| name.as_str()).collect();
            let words = t.mono(format!("    … {} more", names.len()));
            ui.add(Label::new(words.color(t.color.text3))).on_hover_text(names.join(", "));
        }
    }
    ui.spacing_mut().item_spacing.y = t.size.grid;
}

fn training(ui: &mut Ui, card: &ModelCard) {
    let t = theme::of(ui);
    if !card.preparation.is_empty() {
        separator(ui);
        section(ui, "Preparation");
        for step in &card.preparation {
            ui.add(Label::new(t.small(step)).wrap());
        }
    }
    separator(ui);
    section(ui, "Training");
    key_value(ui, "Algorithm", t.small(&card.algorithm));
    key_value(ui, "Rows", t.small(format::count(card.rows)));
    let took = Duration::try_from_secs_f64(card.seconds).unwrap_or_default();
    key_value(ui, "Took", t.small(format::duration(took)));
    for (key, value) in summary(&card.summary) {
        key_value(ui, key, t.small(value));
    }
}

fn summary(summary: &Summary) -> Vec<(&'static str, String)> {
    let count = |value: &usize| format::count(*value as u64);
    match summary {
        Summary::Linear { iterations, converged, .. } => {
            let mut facts = vec![("Iterations", count(iterations))];
            if !converged {
                facts.push(("Converged", "No, give it more iterations".to_owned()));
            }
            facts
        }
        Summary::Trees { trees, depth, leaves } => {
            vec![("Trees", count(trees)), ("Depth", count(depth)), ("Leaves", count(leaves))]
        }
        Summary::Boosting { rounds, depth, leaves, .. } => {
            vec![("Rounds kept", count(rounds)), ("Depth", count(depth)), ("Leaves", count(leaves))]
        }
        Summary::Neighbours { neighbours, .. } => vec![("Neighbours", count(neighbours))],
        _ => Vec::new(),
    }
}
