//! What floats above the drawing: inline editors, tooltips, and the word why a wire does not fit.

use egui::{FontSelection, Id, Key, PopupAnchor, Rect, Response, TextEdit, Tooltip, Ui, vec2};

use super::gesture::{Gesture, Target};
use super::scene::{Hit, Node, PortRef, Side};
use super::{Canvas, Input, Output};
use crate::panels::designer::edits::Edit;
use crate::theme::Tokens;

/// Text that is edited where it stands.
#[derive(Clone, Debug)]
pub struct Editing {
    what: What,
    text: String,
    fresh: bool,
}

#[derive(Clone, Debug)]
enum What {
    Title(String),
    Note(usize),
}

impl Editing {
    pub fn title(node: &Node) -> Self {
        Self { what: What::Title(node.job.clone()), text: node.title.clone(), fresh: true }
    }

    /// The text is taken from the note when the editor opens.
    pub fn note(note: usize) -> Self {
        Self { what: What::Note(note), text: String::new(), fresh: true }
    }
}

impl Canvas {
    /// Opens the editor of a note, for one that was just made.
    pub fn edit_note(&mut self, note: usize) {
        self.editing = Some(Editing::note(note));
    }

    pub(super) fn overlays(
        &mut self,
        ui: &mut Ui,
        t: &Tokens,
        response: &Response,
        area: Rect,
        input: &Input<'_>,
        out: &mut Output,
    ) {
        self.edit_inline(ui, t, response, area, input, out);
        if let Gesture::Wire { held, .. } = &self.gesture {
            let Some(at) = self.last_pointer else { return };
            if let Target::Refused(why) = self.target(held, at, self.view)
                && !why.is_empty()
            {
                tip(ui, response.id.with("why"), |ui| {
                    ui.label(t.small(why).color(t.color.error));
                });
            }
        } else if self.gesture.is_idle() && self.editing.is_none() && response.hovered() {
            let Some(at) = self.last_pointer else { return };
            let hit = self.scene.hit(at, self.view.zoom);
            if self.has_tip(hit) {
                response.clone().on_hover_ui_at_pointer(|ui| self.tip(ui, t, hit));
            }
        }
    }

    fn has_tip(&self, hit: Hit) -> bool {
        match hit {
            Hit::Port(_) => true,
            Hit::Node(node) => {
                let node = &self.scene.nodes[node];
                !node.state.sentences().is_empty() || node.comment.is_some()
            }
            _ => false,
        }
    }

    fn tip(&self, ui: &mut Ui, t: &Tokens, hit: Hit) {
        match hit {
            Hit::Port(port) => self.port_tip(ui, t, port),
            Hit::Node(node) => {
                let node = &self.scene.nodes[node];
                for sentence in node.state.sentences() {
                    ui.label(t.small(sentence));
                }
                if let Some(comment) = &node.comment {
                    ui.label(t.secondary(comment));
                }
            }
            _ => {}
        }
    }

    fn port_tip(&self, ui: &mut Ui, t: &Tokens, at: PortRef) {
        let (node, port) = (&self.scene.nodes[at.node], self.scene.port(at));
        let kind = port.kind.map_or("unknown", |kind| kind.with_article());
        let needed = match (at.side, port.optional) {
            (Side::Input, true) => ", optional",
            _ => "",
        };
        ui.label(t.small_strong(format!("{}: {kind}{needed}", port.title)));
        if !port.help.is_empty() {
            ui.label(t.secondary(port.help));
        }
        if let Some(holds) = node.state.outputs.get(&port.name).filter(|_| at.side == Side::Output) {
            ui.label(t.secondary(holds));
        }
    }

    fn edit_inline(
        &mut self,
        ui: &mut Ui,
        t: &Tokens,
        response: &Response,
        area: Rect,
        input: &Input<'_>,
        out: &mut Output,
    ) {
        let Some(mut editing) = self.editing.take() else {
            return;
        };
        let Some((rect, label)) = self.editor_place(&mut editing, area, input) else {
            return;
        };
        let id = Id::unique(("inline", response.id));
        let multiline = matches!(editing.what, What::Note(_));
        let edit =
            if multiline { TextEdit::multiline(&mut editing.text) } else { TextEdit::singleline(&mut editing.text) };
        let edit = edit.id(id).font(FontSelection::FontId(t.face.small.font())).margin(vec2(6.0, 3.0)).hint_text(label);
        let field = ui.put(rect, edit);
        if std::mem::take(&mut editing.fresh) {
            field.request_focus();
        }
        let (escape, enter) = ui.input(|input| (input.key_pressed(Key::Escape), input.key_pressed(Key::Enter)));
        let done = field.lost_focus() || (enter && !multiline);
        if escape && !multiline {
            response.request_focus();
        } else if done || escape {
            out.edits.push(match editing.what {
                What::Title(job) => Edit::Rename { job, title: editing.text },
                What::Note(note) => Edit::NoteText { note, text: editing.text },
            });
            response.request_focus();
        } else {
            self.editing = Some(editing);
        }
    }

    /// Where the editor stands, and its hint; `None` when what it edits has gone.
    fn editor_place(&self, editing: &mut Editing, area: Rect, input: &Input<'_>) -> Option<(Rect, &'static str)> {
        match &editing.what {
            What::Title(job) => {
                let node = self.scene.node(job)?;
                let rect = Rect::from_min_size(node.rect.min + vec2(34.0, 4.0), vec2(node.rect.width() - 40.0, 28.0));
                let rect = self.view.rect_to_screen(area, rect);
                Some((Rect::from_min_size(rect.min, rect.size().max(vec2(140.0, 26.0))), "Name of the step"))
            }
            What::Note(note) => {
                let rect = self.view.rect_to_screen(area, *self.scene.notes.get(*note)?);
                if editing.fresh {
                    editing.text.clone_from(&input.pipeline.notes.get(*note)?.text);
                }
                Some((rect.shrink(1.0), "Write a note"))
            }
        }
    }
}

fn tip(ui: &Ui, id: Id, add: impl FnOnce(&mut Ui)) {
    Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, PopupAnchor::Pointer).gap(16.0).show(add);
}
