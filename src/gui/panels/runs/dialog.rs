//! What is asked before something is done: a name and words for a model, another name for a run.

use std::{collections::BTreeMap, sync::Arc};

use egui::{Align, Context, Id, Key, Layout, Modal, Ui};
use studio::{Model, ModelVersion, RunModel, Studio};

use super::purge::PurgeDialog;
use crate::{
    backend::Request,
    icons::Glyph,
    panels::Cx,
    theme,
    widgets::{Button, ListRow, Select, TextField, field_row, message},
};

/// What is being asked.
pub enum Dialog {
    Register(Box<Register>),
    Rename(Rename),
    Tag(TagDialog),
    Purge(Box<PurgeDialog>),
}

pub struct Register {
    run: String,
    run_name: String,
    made: Vec<RunModel>,
    /// Which of them.
    model: usize,
    name: String,
    description: String,
    tags: String,
    fresh: bool,
    models: Request<Vec<Model>>,
    saving: Request<ModelVersion>,
    error: Option<String>,
}

pub struct Rename {
    pub id: String,
    pub name: String,
    pub fresh: bool,
}

/// A tag for several runs.
pub struct TagDialog {
    ids: Vec<String>,
    of: String,
    key: String,
    value: String,
    fresh: bool,
}

/// How a dialog ended.
pub enum Outcome {
    Registered(Box<ModelVersion>),
    Renamed { id: String, name: String },
    Tagged { ids: Vec<String>, key: String, value: String },
    Purged { ids: Vec<String>, name: String },
    Closed,
}

impl Dialog {
    /// Draws the dialog; `None` while it goes on.
    pub fn show(&mut self, ctx: &Context, cx: &Cx<'_>) -> Option<Outcome> {
        let t = theme::of(ctx);
        let modal = Modal::new(Id::unique("gui::runs::dialog")).backdrop_color(t.color.scrim);
        let shown = modal.show(ctx, |ui| {
            ui.set_width(420.0_f32.min(ctx.content_rect().width() - 2.0 * t.size.pad_panel));
            ui.spacing_mut().item_spacing.y = t.size.gap;
            egui::Frame::NONE.inner_margin(t.size.pad).show(ui, |ui| match self {
                Self::Register(register) => register.contents(ui, cx),
                Self::Rename(rename) => rename.contents(ui),
                Self::Tag(tag) => tag.contents(ui),
                Self::Purge(purge) => purge.contents(ui, cx),
            })
        });
        if shown.inner.inner.is_none() && shown.should_close() {
            return Some(Outcome::Closed);
        }
        shown.inner.inner
    }
}

impl Register {
    pub fn new(run: &str, run_name: &str, made: Vec<RunModel>, name: String) -> Self {
        Self {
            run: run.to_owned(),
            run_name: run_name.to_owned(),
            made,
            model: 0,
            name,
            description: String::new(),
            tags: String::new(),
            fresh: true,
            models: Request::default(),
            saving: Request::default(),
            error: None,
        }
    }

    fn contents(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Option<Outcome> {
        let t = theme::of(ui);
        match self.saving.take() {
            Some(Ok(version)) => return Some(Outcome::Registered(Box::new(version))),
            Some(Err(failure)) => self.error = Some(failure.message),
            None => {}
        }
        self.models.ensure((), cx.backend, |studio: &Arc<Studio>| studio.models());
        ui.label(t.title("Register model"));
        ui.label(t.secondary(format!("From the run {}", self.run_name)));
        if self.made.len() > 1 {
            let options: Vec<(usize, &str)> =
                self.made.iter().enumerate().map(|(at, model)| (at, model.title.as_str())).collect();
            field_row(ui, "Model", |ui| Select::new("Model").show(ui, &mut self.model, &options));
        }
        let fresh = std::mem::take(&mut self.fresh);
        ui.label(t.secondary("Name"));
        let name = TextField::new(&mut self.name).name("Name").hint("diagnosis").focus(fresh);
        ui.add(name);
        self.completion(ui);
        ui.label(t.secondary("Description"));
        ui.add(
            TextField::new(&mut self.description)
                .name("Description")
                .hint("What is special about this version")
                .rows(3),
        );
        ui.label(t.secondary("Tags"));
        ui.add(TextField::new(&mut self.tags).name("Tags").hint("owner = clinic, task = screening"));
        let tags = tags(&self.tags);
        if let Err(words) = &tags {
            message(ui, Glyph::Error, words);
        }
        if let Some(error) = &self.error {
            message(ui, Glyph::Error, error);
        }
        let saving = self.saving.is_pending();
        let ready = !self.name.trim().is_empty() && tags.is_ok() && !saving;
        let enter = ui.input(|input| input.modifiers.command && input.key_pressed(Key::Enter));
        let (go, close) = buttons(ui, if saving { "Registering…" } else { "Register" }, ready);
        if ready && (go || enter) {
            self.save(cx, tags.unwrap_or_default());
        }
        close.then_some(Outcome::Closed)
    }

    /// Existing models that the typed name begins; a click takes the name.
    fn completion(&mut self, ui: &mut Ui) {
        let typed = self.name.trim().to_lowercase();
        let models = self.models.value().map_or(&[][..], Vec::as_slice);
        let fits = models.iter().filter(|model| model.name.to_lowercase().contains(&typed));
        let fits: Vec<&Model> = fits.take(4).collect();
        let exact = fits.iter().find(|model| model.name == self.name.trim());
        let t = theme::of(ui);
        if let Some(model) = exact {
            let next = model.latest.as_ref().map_or(1, |latest| latest.version + 1);
            ui.label(t.caption(format!("Becomes version {next} of {}", model.name)));
            return;
        }
        let mut taken = None;
        for model in fits {
            let note = model.latest.as_ref().map(|latest| format!("version {}", latest.version));
            let row = ListRow::new(model.name.as_str()).note(note.unwrap_or_default()).height(t.size.control);
            if row.show(ui).clicked() {
                taken = Some(model.name.clone());
            }
        }
        if let Some(name) = taken {
            self.name = name;
        } else if !typed.is_empty() && self.models.value().is_some() {
            ui.label(t.caption("Becomes version 1 of a new model"));
        }
    }

    fn save(&mut self, cx: &Cx<'_>, tags: BTreeMap<String, String>) {
        let Some(made) = self.made.get(self.model).cloned() else {
            return;
        };
        self.error = None;
        let (run, name) = (self.run.clone(), self.name.trim().to_owned());
        let description = self.description.trim().to_owned();
        self.saving.ask(cx.backend, move |studio: &Arc<Studio>| {
            studio.register_model(&run, &made.place, &name, &description, tags)
        });
    }
}

impl Rename {
    fn contents(&mut self, ui: &mut Ui) -> Option<Outcome> {
        let t = theme::of(ui);
        ui.label(t.title("Rename run"));
        let fresh = std::mem::take(&mut self.fresh);
        let field = ui.add(TextField::new(&mut self.name).name("Name").focus(fresh));
        let ready = !self.name.trim().is_empty();
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let (go, close) = buttons(ui, "Rename", ready);
        if ready && (go || enter) {
            return Some(Outcome::Renamed { id: self.id.clone(), name: self.name.trim().to_owned() });
        }
        close.then_some(Outcome::Closed)
    }
}

impl TagDialog {
    pub fn new(ids: Vec<String>, of: String) -> Self {
        Self { ids, of, key: String::new(), value: String::new(), fresh: true }
    }

    fn contents(&mut self, ui: &mut Ui) -> Option<Outcome> {
        let t = theme::of(ui);
        ui.label(t.title(format!("Tag {}", self.of)));
        let fresh = std::mem::take(&mut self.fresh);
        ui.label(t.secondary("Name"));
        ui.add(TextField::new(&mut self.key).name("Name").hint("owner").focus(fresh));
        ui.label(t.secondary("Value"));
        let field = ui.add(TextField::new(&mut self.value).name("Value").hint("clinic"));
        let key = self.key.trim();
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let (go, close) = buttons(ui, "Set tag", !key.is_empty());
        if !key.is_empty() && (go || enter) {
            let value = self.value.trim().to_owned();
            return Some(Outcome::Tagged { ids: std::mem::take(&mut self.ids), key: key.to_owned(), value });
        }
        close.then_some(Outcome::Closed)
    }
}

/// The foot of a dialog: whether to do it, whether to leave it.
fn buttons(ui: &mut Ui, verb: &str, ready: bool) -> (bool, bool) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let go = ui.add(Button::primary(verb).enabled(ready)).clicked();
        let close = ui.add(Button::secondary("Cancel")).clicked();
        (go, close)
    })
    .inner
}

/// `owner = clinic, task = screening` as pairs.
fn tags(text: &str) -> Result<BTreeMap<String, String>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| match part.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
            _ => Err(format!("Write the tag “{part}” as a name, = and a value.")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_pairs() {
        let read = tags("owner = clinic, ,task=a=b").unwrap();
        assert_eq!(read["owner"], "clinic");
        assert_eq!(read["task"], "a=b");
        assert!(tags("owner").unwrap_err().contains("“owner”"));
    }
}
