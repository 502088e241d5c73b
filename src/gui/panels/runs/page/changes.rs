//! What a person does to the page: every change can be taken back.

use std::sync::Arc;

use egui::{Rect, Ui, vec2};
use studio::{Run, Studio};

use super::{
    Page, UNDO,
    arrange::{reorder, sized, slot},
    card::{self, Asked},
    export::{self, Export},
    live::Env,
    spec::{self, Arrangement, Spec},
};
use crate::{
    backend::{Failure, Request},
    panels::{Action, Cx, Saved},
};

impl Page {
    #[expect(clippy::too_many_arguments, reason = "they are where the cards lie")]
    pub(super) fn act(
        &mut self,
        asked: Option<Asked>,
        spec: &Spec,
        env: &Env<'_>,
        ui: &Ui,
        places: &[Rect],
        width: f32,
        columns: u8,
    ) {
        let Some(asked) = asked else { return };
        let id = spec.id;
        let pointer = ui.input(|input| input.pointer.latest_pos()).unwrap_or_default();
        let index = |own: &Arrangement| own.charts.iter().position(|spec| spec.id == id);
        match asked {
            Asked::Select => self.selected = if self.selected == Some(id) { None } else { Some(id) },
            Asked::Full => self.full = if self.full == Some(id) { None } else { Some(id) },
            Asked::Duplicate => self.duplicate(spec),
            Asked::Remove => self.remove(id),
            Asked::Earlier | Asked::Later => self.edit(|own| {
                if let Some(from) = index(own) {
                    let slot = if asked == Asked::Later { from + 2 } else { from.saturating_sub(1) };
                    reorder(&mut own.charts, from, slot);
                }
            }),
            Asked::Export(format) => self.export(spec, env, format),
            Asked::Drag => self.dragged = Some(id),
            Asked::Drop => {
                self.dragged = None;
                let slot = slot(places, pointer);
                self.edit(|own| {
                    if let Some(from) = index(own) {
                        reorder(&mut own.charts, from, slot);
                    }
                });
            }
            Asked::Size | Asked::Sized => {
                let Some(place) = index(&self.arrangement()).and_then(|at| places.get(at)) else { return };
                let (wide, height) = sized(env.t, *place, pointer, columns, width);
                if (wide, height) != (spec.wide, spec.height) {
                    let first = self.changing.replace(id).is_none();
                    let size = |own: &mut Arrangement| {
                        if let Some(at) = index(own) {
                            (own.charts[at].wide, own.charts[at].height) = (wide, height);
                        }
                    };
                    if first { self.edit(size) } else { self.adjust(size) }
                }
                if asked == Asked::Sized {
                    self.changing = None;
                }
            }
        }
    }

    /// Changes the arrangement so that it can be taken back.
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut Arrangement)) {
        let mut own = self.arrangement();
        change(&mut own);
        self.edit_all(|all| *all = Some(own));
    }

    /// Goes on with the change that was begun last.
    pub(super) fn adjust(&mut self, change: impl FnOnce(&mut Arrangement)) {
        let mut own = self.arrangement();
        change(&mut own);
        self.own = Some(own);
    }

    pub(super) fn edit_all(&mut self, change: impl FnOnce(&mut Option<Arrangement>)) {
        let before = self.own.clone();
        change(&mut self.own);
        if before != self.own {
            self.undo.push(before);
            if self.undo.len() > UNDO {
                self.undo.remove(0);
            }
        }
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn undo(&mut self) {
        if let Some(before) = self.undo.pop() {
            self.own = before;
        }
    }

    pub(super) fn fresh_id(&mut self) -> u64 {
        let taken = self.arrangement();
        loop {
            self.next += 1;
            let id = self.next;
            if !taken.charts.iter().any(|spec| spec.id == id) && !self.live.contains_key(&id) {
                return id;
            }
        }
    }

    /// Adds a chart at the end, and shows its settings.
    pub(super) fn add(&mut self, kind: spec::Kind) {
        let id = self.fresh_id();
        let side_by_side =
            matches!(kind, spec::Kind::Images { .. } | spec::Kind::Text { .. } | spec::Kind::Table { .. });
        let spec = Spec { wide: if side_by_side { 2 } else { 1 }, ..Spec::new(id, kind) };
        self.edit(|own| own.charts.push(spec));
        (self.selected, self.reveal, self.full) = (Some(id), Some(id), None);
    }

    pub(super) fn duplicate(&mut self, spec: &Spec) {
        let id = self.fresh_id();
        let copy = Spec { id, ..spec.clone() };
        self.edit(|own| {
            let after = own.charts.iter().position(|other| other.id == spec.id).map_or(own.charts.len(), |at| at + 1);
            own.charts.insert(after, copy);
        });
        self.reveal = Some(id);
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.edit(|own| own.charts.retain(|spec| spec.id != id));
        self.live.remove(&id);
        self.selected = self.selected.filter(|selected| *selected != id);
        self.full = self.full.filter(|full| *full != id);
    }

    pub(super) fn export(&mut self, spec: &Spec, env: &Env<'_>, format: export::Format) {
        let live = self.live.entry(spec.id).or_default();
        let Some(picture) = card::pictured(live, spec, env) else { return };
        let legend = |run: &&Run| (run.name.clone(), env.colors.get(&run.id).copied().unwrap_or(env.t.color.text3));
        let width = 400.0 * f32::from(spec.wide) + 240.0;
        let tall = picture.height(env.t).map_or(spec.height, |height| height.max(spec.height)).min(4_000.0);
        let export = Export {
            picture,
            title: spec.kind.title(),
            note: spec.kind.note(),
            zoom: live.zoom,
            size: vec2(width, tall * 1.4),
            dark: env.t.dark,
            legend: env.shown.iter().map(legend).collect(),
        };
        let mut request = Request::default();
        request.ask(env.backend, move |studio: &Arc<Studio>| export.make(format, studio));
        live.exports.push(request);
    }

    /// Hands files that were made to whoever asks where they go.
    pub(super) fn saved(&mut self, cx: &mut Cx<'_>) {
        for live in self.live.values_mut() {
            live.exports.retain_mut(|request| {
                let Some(made) = request.take() else { return true };
                match made {
                    Ok(file) => cx.send(Action::Save { name: file.name, what: Saved::Bytes(file.bytes) }),
                    Err(Failure { message }) => cx.failed(format!("The chart could not be exported. {message}")),
                }
                false
            });
        }
    }
}
