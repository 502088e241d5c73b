//! The commit below the changes: a message, who it is by, and what git itself would do besides.

use std::sync::Arc;

use egui::{Align, Key, Layout, Modifiers, Ui};
use studio::{CommitRequest, Studio, Worktree};

use crate::backend::Request;
use crate::icons::Glyph;
use crate::panels::Cx;
use crate::theme;
use crate::widgets::{Button, TextField, checkbox, format, message};

const ROWS: usize = 3;

/// What was asked.
pub enum Ask {
    Commit(CommitRequest),
    Identity { name: String, email: String },
}

/// What came of it.
#[derive(Debug)]
enum Done {
    /// Its short id.
    Committed(String),
    Identified,
}

/// The form, beside the message, which the panel keeps.
#[derive(Debug, Default)]
pub struct CommitBox {
    amend: bool,
    focus: bool,
    name: String,
    email: String,
    doing: Request<Done>,
    /// The message's field.
    field: Option<egui::Id>,
    /// The height that it took in the last frame.
    height: f32,
}

impl CommitBox {
    /// The keyboard goes to the message in the next frame.
    pub fn focus(&mut self) {
        self.focus = true;
    }

    /// Does what was asked.
    pub fn carry_out(&mut self, ask: Ask, cx: &Cx<'_>) {
        self.doing.ask(cx.backend, move |studio: &Arc<Studio>| match ask {
            Ask::Commit(request) => studio.git_commit(&request).map(|commit| Done::Committed(commit.short)),
            Ask::Identity { name, email } => studio.git_set_identity(&name, &email).map(|()| Done::Identified),
        });
    }

    /// Tells how it ended; the message goes once it is in a commit. Returns whether something ended.
    pub fn poll(&mut self, text: &mut String, cx: &mut Cx<'_>) -> bool {
        match self.doing.take() {
            Some(Ok(Done::Committed(short))) => {
                text.clear();
                self.amend = false;
                cx.done(format!("Committed as {short}"));
            }
            Some(Ok(Done::Identified)) => {}
            Some(Err(failure)) => cx.failed(failure.message),
            None => return false,
        }
        true
    }

    /// How high it will be: as in the last frame.
    pub fn height(&self, ui: &Ui, worktree: &Worktree) -> f32 {
        let t = theme::of(ui);
        // Before the first frame, about what it will be.
        let about = ROWS as f32 * t.face.small.line + t.size.control + 5.0 * t.size.gap;
        let nothing = worktree.changes.is_empty() && worktree.status.head.is_none();
        match (nothing, self.height > 0.0) {
            (true, _) => 0.0,
            (false, true) => self.height,
            (false, false) => about,
        }
    }

    /// Draws the form. `counts` are files that are staged and files that are not.
    pub fn show(&mut self, ui: &mut Ui, worktree: &Worktree, counts: (usize, usize), text: &mut String) -> Option<Ask> {
        let t = theme::of(ui);
        ui.painter().hline(ui.max_rect().x_range(), ui.max_rect().top() + 0.5, t.hairline());
        let shown = egui::Frame::NONE.inner_margin(t.size.pad).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = t.size.gap;
            if worktree.terms.author.is_none() {
                return self.identity(ui);
            }
            notes(ui, worktree);
            let (everything, ready, label) = self.plan(worktree, counts, text);
            // Before the field, which would take the key for a new line.
            let typing = ui.memory(|memory| memory.focused()) == self.field;
            let enter = self.field.is_some()
                && typing
                && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
            let field = TextField::new(text).name("Message").hint("What changed and why").rows(ROWS);
            let field = ui.add(field.focus(std::mem::take(&mut self.focus)));
            self.field = Some(field.id);
            let ready = ready && !self.doing.is_pending();
            let pressed = self.buttons(ui, worktree, ready, &label, text);
            let asked = (pressed || enter) && ready;
            asked.then(|| Ask::Commit(CommitRequest { message: text.clone(), amend: self.amend, everything }))
        });
        self.height = shown.response.rect.height();
        shown.inner
    }

    /// Whether everything is to be staged first, whether there is something to commit, and the button's words.
    fn plan(&self, worktree: &Worktree, (staged, unstaged): (usize, usize), text: &str) -> (bool, bool, String) {
        let everything = staged == 0 && unstaged > 0 && !self.amend;
        let files = |count: usize| format::counted(count as u64, "file", "files");
        let label = match (self.amend, everything) {
            (true, _) => "Amend".to_owned(),
            (false, true) => format!("Commit all {}", files(worktree.changes.len())),
            (false, false) => format!("Commit {}", files(staged)),
        };
        let something = staged > 0 || everything || self.amend;
        (everything, something && !text.trim().is_empty(), label)
    }

    fn buttons(&mut self, ui: &mut Ui, worktree: &Worktree, ready: bool, label: &str, text: &mut String) -> bool {
        ui.horizontal(|ui| {
            if let Some(last) = &worktree.terms.last_message {
                let before = self.amend;
                checkbox(ui, &mut self.amend, "Amend").on_hover_text("Put it in place of the last commit");
                if self.amend && !before && text.trim().is_empty() {
                    text.clone_from(last);
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = Button::primary(label).enabled(ready);
                let button = if ready { button.hint("Ctrl Enter") } else { button.hint("Write a message first") };
                ui.add(button).clicked()
            })
            .inner
        })
        .inner
    }

    fn identity(&mut self, ui: &mut Ui) -> Option<Ask> {
        let t = theme::of(ui);
        ui.label(t.strong("Who are you?"));
        ui.add(
            egui::Label::new(t.secondary("Git signs commits with a name and an address, and was told none.")).wrap(),
        );
        ui.add(TextField::new(&mut self.name).name("Your name").hint("Ada Lovelace"));
        ui.add(TextField::new(&mut self.email).name("Your address").hint("ada@example.org"));
        let ready = !self.name.trim().is_empty() && !self.email.trim().is_empty();
        let clicked = ui.add(Button::secondary("Use these here").enabled(ready)).clicked();
        clicked.then(|| Ask::Identity { name: self.name.clone(), email: self.email.clone() })
    }
}

/// What stands in the way, and what git would do besides.
fn notes(ui: &mut Ui, worktree: &Worktree) {
    if let Some(what) = &worktree.status.in_progress {
        message(ui, Glyph::Warn, &format!("A {what} is in progress. Finish or abort it with git first."));
    }
    let terms = &worktree.terms;
    if !terms.hooks.is_empty() {
        let hooks = terms.hooks.join(", ");
        message(ui, Glyph::Info, &format!("Hooks are not run here: {hooks}. Commit with git to run them."));
    }
    if terms.signs {
        message(ui, Glyph::Info, "Commits made here are not signed. Commit with git to sign them.");
    }
}
