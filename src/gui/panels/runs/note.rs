//! A run's note, in Markdown, and its tags: what people write beside what programs logged.

use egui::{Key, Ui};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};
use studio::Run;

use super::table::STAR_TAG;
use crate::{
    icons::Icon,
    theme,
    widgets::{Button, TextField, format, key_value, link, section, separator},
};

/// The tag that MLflow keeps a run's description in.
const NOTE_TAG: &str = "mlflow.note.content";
/// Seconds after the last key until what was typed is kept.
const PAUSE: f64 = 1.0;

/// A tag that is to be set, or taken away.
#[derive(Clone, Debug, PartialEq)]
pub struct TagChange {
    pub run: String,
    pub key: String,
    pub value: Option<String>,
}

/// What is being written.
#[derive(Default)]
pub struct Notes {
    /// The run whose note is open for writing, and its text.
    open: Option<(String, String)>,
    /// When the last key was pressed, until the text was kept.
    typed: Option<f64>,
    tag: String,
    /// Whether the tags that clients set by themselves are shown.
    all: bool,
    markdown: CommonMarkCache,
}

impl Notes {
    /// Draws both sections; the changes that were made.
    pub fn show(&mut self, ui: &mut Ui, run: &Run) -> Vec<TagChange> {
        let mut changes: Vec<TagChange> = self.leave(Some(&run.id)).into_iter().collect();
        separator(ui);
        changes.extend(self.note(ui, run));
        separator(ui);
        changes.extend(self.tags(ui, run));
        changes
    }

    /// What was typed and not kept yet, when another run than `now` is shown.
    pub fn leave(&mut self, now: Option<&str>) -> Option<TagChange> {
        if self.open.as_ref().is_none_or(|(run, _)| Some(run.as_str()) == now) {
            return None;
        }
        let (run, text) = self.open.take()?;
        self.typed.take().map(|_| change(run, &text))
    }

    fn note(&mut self, ui: &mut Ui, run: &Run) -> Option<TagChange> {
        let t = theme::of(ui);
        let now = ui.input(|input| input.time);
        let kept = run.tags.get(NOTE_TAG).map_or("", String::as_str);
        let mut done = false;
        ui.horizontal(|ui| {
            section(ui, "Note");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| match &self.open {
                Some(_) => done = link(ui, "Close note").clicked(),
                None if !kept.is_empty() && link(ui, "Edit note").clicked() => {
                    self.open = Some((run.id.clone(), kept.to_owned()));
                }
                None => {}
            });
        });
        let Some((_, text)) = &mut self.open else {
            if kept.is_empty() {
                if link(ui, "Write a note…").clicked() {
                    self.open = Some((run.id.clone(), String::new()));
                }
            } else {
                CommonMarkViewer::new().show(ui, &mut self.markdown, kept);
            }
            return None;
        };
        let field = ui.add(TextField::new(text).name("Note").hint("What to remember of this run, in Markdown").rows(6));
        if field.changed() {
            self.typed = Some(now);
        }
        let enter = field.has_focus() && ui.input(|input| input.modifiers.command && input.key_pressed(Key::Enter));
        done |= enter;
        let due = self.typed.is_some_and(|at| now - at > PAUSE);
        if self.typed.is_some() {
            ui.label(t.caption("Not kept yet"));
            ui.request_repaint_after_secs(PAUSE as f32);
        }
        let changed = (done || due) && self.typed.take().is_some();
        let change = changed.then(|| change(run.id.clone(), text));
        if done {
            self.open = None;
        }
        change
    }

    fn tags(&mut self, ui: &mut Ui, run: &Run) -> Vec<TagChange> {
        let t = theme::of(ui);
        let mut changes = Vec::new();
        section(ui, "Tags");
        // Where a run of a pipeline comes from is said by the run itself.
        let said = |key: &str| run.pipeline.is_some() && (key == "mlflow.user" || key.starts_with("mlflow.source."));
        let shown = run.tags.iter().filter(|(key, _)| !is_hidden(key) && !said(key));
        let (of_mlflow, own): (Vec<_>, Vec<_>) = shown.partition(|(key, _)| key.starts_with(MLFLOW));
        let listed = own.into_iter().chain(of_mlflow.iter().filter(|_| self.all).copied());
        for (key, value) in listed {
            ui.horizontal(|ui| {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    // What clients need to find their way stays.
                    let own = !key.starts_with(MLFLOW);
                    if own && ui.add(Button::icon(Icon::Close, format!("Remove the tag {key}"))).clicked() {
                        changes.push(TagChange { run: run.id.clone(), key: key.clone(), value: None });
                    }
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        key_value(ui, key, t.small(value)).on_hover_text(value);
                    });
                });
            });
        }
        if !of_mlflow.is_empty() {
            let verb = if self.all { "Hide" } else { "Show" };
            let tags = format::counted(of_mlflow.len() as u64, "tag", "tags");
            if link(ui, &format!("{verb} {tags} that MLflow set")).clicked() {
                self.all ^= true;
            }
        }
        let field = ui.add(TextField::new(&mut self.tag).name("Add a tag").hint("Add a tag, such as owner = clinic"));
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if enter && let Some((key, value)) = pair(&self.tag) {
            changes.push(TagChange { run: run.id.clone(), key, value: Some(value) });
            self.tag.clear();
            field.request_focus();
        }
        changes
    }
}

fn change(run: String, text: &str) -> TagChange {
    let value = Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    TagChange { run, key: NOTE_TAG.to_owned(), value }
}

/// What the names of the tags begin with that clients set by themselves.
const MLFLOW: &str = "mlflow.";

/// `owner = clinic`, or a word by itself.
fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=').unwrap_or((text, "true"));
    let key = key.trim();
    (!key.is_empty()).then(|| (key.to_owned(), value.trim().to_owned()))
}

/// Tags that are shown in their own way, or that only programs read.
fn is_hidden(key: &str) -> bool {
    let own = [NOTE_TAG, STAR_TAG, studio::ARCHIVED_TAG, studio::MODEL_TAG, "mlflow.log-model.history"];
    own.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_pair_or_a_word() {
        assert_eq!(pair(" owner = a=b "), Some(("owner".to_owned(), "a=b".to_owned())));
        assert_eq!(pair("best"), Some(("best".to_owned(), "true".to_owned())));
        assert_eq!(pair(" = x"), None);
    }

    #[test]
    fn what_was_typed_is_kept_when_another_run_is_shown() {
        let open = Some(("a".to_owned(), "half a thought".to_owned()));
        let mut notes = Notes { open: open.clone(), typed: Some(1.0), ..Notes::default() };
        assert_eq!(notes.leave(Some("a")), None);
        let change = notes.leave(Some("b")).unwrap();
        assert_eq!((change.run.as_str(), change.value.as_deref()), ("a", Some("half a thought")));
        assert_eq!(notes.leave(None), None);
        let mut read = Notes { open, ..Notes::default() };
        assert_eq!(read.leave(None), None, "nothing was typed");
    }
}
