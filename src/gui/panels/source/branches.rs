//! The branch: switching, making one, deleting one.

use std::sync::Arc;

use egui::{Align, Key, Layout, Popup, PopupCloseBehavior, ScrollArea, Ui};
use studio::git::{Branch, Status};
use studio::{ErrorKind, Studio};

use super::doing::{Back, Doing, Done};
use crate::backend::Request;
use crate::icons::{Glyph, Icon};
use crate::panels::Cx;
use crate::theme;
use crate::widgets::{Button, Chip, ListRow, TextField, format, message};

/// What was asked.
pub enum Ask {
    Switch(String),
    Create(String),
    Delete { name: String, unmerged: bool },
}

/// A branch that cannot be gone to without setting changes aside.
#[derive(Debug)]
enum Switched {
    Done(String),
    Refused { name: String, why: String },
}

/// The menu, and a switch that waits for a person.
#[derive(Debug, Default)]
pub struct Branches {
    query: String,
    open: bool,
    /// A branch with commits of its own that is to be deleted.
    deleting: Option<String>,
    switching: Request<Switched>,
    /// Where to, and why not.
    pub refused: Option<(String, String)>,
}

impl Branches {
    /// Opens the menu in the next frame.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// The chip with the branch, and the menu below it.
    pub fn show(&mut self, ui: &mut Ui, status: &Status, branches: &[Branch]) -> Option<Ask> {
        let t = theme::of(ui);
        let name = match (&status.branch, &status.head) {
            (Some(branch), _) => branch.clone(),
            (None, Some(head)) => format!("at {}", head.short),
            (None, None) => "no branch".to_owned(),
        };
        let mut chip = Chip::new(name.as_str()).icon(Icon::Branch).caret().name("Branches");
        let distance: Vec<String> = [("↑", status.ahead), ("↓", status.behind)]
            .into_iter()
            .filter_map(|(arrow, count)| count.filter(|count| *count > 0).map(|count| format!("{arrow}{count}")))
            .collect();
        if !distance.is_empty() {
            chip = chip.note(distance.join(" "), None);
        }
        let chip = ui.add(chip).on_hover_text(said(status));
        if std::mem::take(&mut self.open) {
            Popup::open_id(ui.ctx(), Popup::default_response_id(&chip));
        }
        let shown = Popup::from_toggle_button_response(&chip)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .accessible_name("Branches")
            .show(|ui| {
                ui.set_width(t.size.popover);
                egui::Frame::NONE.inner_margin(t.size.gap).show(ui, |ui| self.menu(ui, branches)).inner
            });
        let ask = shown.and_then(|shown| shown.inner);
        if ask.is_some() {
            Popup::close_id(ui.ctx(), Popup::default_response_id(&chip));
            self.query.clear();
            self.deleting = None;
        }
        ask
    }

    fn menu(&mut self, ui: &mut Ui, branches: &[Branch]) -> Option<Ask> {
        let t = theme::of(ui);
        ui.spacing_mut().item_spacing.y = t.size.grid;
        if let Some(name) = self.deleting.clone() {
            return self.ask_delete(ui, name);
        }
        let field = ui.add(TextField::search(&mut self.query, "Find or make a branch").icon(Icon::Search));
        let query = self.query.trim().to_owned();
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let now = format::now(ui);
        let mut ask = None;
        ScrollArea::vertical().max_height(t.size.popover).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for branch in branches.iter().filter(|it| it.name.to_lowercase().contains(&query.to_lowercase())) {
                ask = ask.take().or_else(|| self.row(ui, branch, now));
            }
        });
        let taken = branches.iter().any(|it| it.name == query);
        if !query.is_empty() && !taken {
            let row = ListRow::new(format!("Make branch {query}")).icon(Icon::Plus).height(t.size.row);
            if row.show(ui).clicked() || enter {
                ask = Some(Ask::Create(query));
            }
        } else if enter && taken {
            ask = Some(Ask::Switch(query));
        } else if query.is_empty() {
            ui.add(egui::Label::new(t.caption("What is not committed comes along.")).wrap());
        }
        ask
    }

    fn row(&mut self, ui: &mut Ui, branch: &Branch, now: jiff::Timestamp) -> Option<Ask> {
        let t = theme::of(ui);
        let mut ask = None;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let side = if branch.current { 0.0 } else { t.size.control };
            ui.allocate_ui(egui::vec2(ui.available_width() - side, t.size.row), |ui| {
                let row = ListRow::new(branch.name.as_str()).note(format::ago(branch.commit.time, now));
                let row = row.icon(if branch.current { Icon::Check } else { Icon::Branch }).selected(branch.current);
                let hint = format!("{} · {}", branch.commit.short, branch.commit.summary);
                if row.show(ui).on_hover_text(hint).clicked() && !branch.current {
                    ask = Some(Ask::Switch(branch.name.clone()));
                }
            });
            if !branch.current && ui.add(Button::icon(Icon::Trash, format!("Delete branch {}", branch.name))).clicked()
            {
                if branch.merged {
                    ask = Some(Ask::Delete { name: branch.name.clone(), unmerged: false });
                } else {
                    self.deleting = Some(branch.name.clone());
                }
            }
        });
        ask
    }

    fn ask_delete(&mut self, ui: &mut Ui, name: String) -> Option<Ask> {
        let t = theme::of(ui);
        ui.label(t.strong(format!("Delete branch {name}?")));
        let words = "It has commits that are in no other branch here. They stay for a while, but have no name.";
        ui.add(egui::Label::new(t.secondary(words)).wrap());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let agree = ui.add(Button::danger("Delete")).clicked();
            if ui.add(Button::secondary("Keep")).clicked() {
                self.deleting = None;
            }
            agree.then_some(Ask::Delete { name, unmerged: true })
        })
        .inner
    }

    /// Tells how a switch ended. Returns whether one did.
    pub fn poll(&mut self, cx: &mut Cx<'_>) -> bool {
        match self.switching.take() {
            Some(Ok(Switched::Done(name))) => {
                self.refused = None;
                cx.done(format!("On {name}"));
            }
            Some(Ok(Switched::Refused { name, why })) => self.refused = Some((name, why)),
            Some(Err(failure)) => cx.failed(failure.message),
            None => return false,
        }
        true
    }

    /// The switch that was refused, with the way to go on; true when changes are to be set aside.
    pub fn banner(&mut self, ui: &mut Ui) -> bool {
        let t = theme::of(ui);
        let Some((name, why)) = self.refused.clone() else { return false };
        let mut aside = false;
        egui::Frame::NONE.fill(t.color.surface2).inner_margin(t.size.gap).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = t.size.grid;
            message(ui, Glyph::Warn, &why);
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = t.size.gap;
                aside = ui.add(Button::secondary(format!("Set aside and go to {name}"))).clicked();
                if aside || ui.add(Button::secondary("Stay here")).clicked() {
                    self.refused = None;
                }
            });
        });
        aside
    }
}

/// The chip's state in a sentence.
fn said(status: &Status) -> String {
    let count = |count: usize, what: &str| format!("{} {what}", format::counted(count as u64, "commit", "commits"));
    match (status.detached, status.ahead.zip(status.behind)) {
        (true, _) => "A commit is checked out by itself. Commits made now are in no branch; make one first.".to_owned(),
        (false, Some((0, 0))) => "As far as its upstream, as far as was fetched".to_owned(),
        (false, Some((ahead, behind))) => {
            format!("{}, {}", count(ahead, "to push"), count(behind, "to pull"))
        }
        (false, None) => "Branches of this repository".to_owned(),
    }
}

/// Does what was asked.
pub fn carry_out(ask: Ask, doing: &mut Doing, menu: &mut Branches, cx: &Cx<'_>) {
    match ask {
        Ask::Switch(name) => {
            menu.refused = None;
            menu.switching.ask(cx.backend, move |studio: &Arc<Studio>| match studio.git_switch(&name) {
                Ok(()) => Ok(Switched::Done(name)),
                Err(error) if error.kind == ErrorKind::Conflict => Ok(Switched::Refused { name, why: error.message }),
                Err(error) => Err(error),
            });
        }
        Ask::Create(name) => doing.start(cx, "The branch could not be made.", move |studio| {
            studio.git_create_branch(&name).map(|()| Done::said(format!("On {name}, which is new")))
        }),
        Ask::Delete { name, unmerged } => doing.start(cx, "The branch could not be deleted.", move |studio| {
            let commit = studio.git_delete_branch(&name, unmerged)?;
            let words = format!("Deleted branch {name}");
            Ok(Done { words, back: Some(Back::Branch { name, commit }) })
        }),
    }
}

/// Goes to a branch and sets aside what it would write over.
pub fn set_aside(name: String, doing: &mut Doing, cx: &Cx<'_>) {
    doing.start(cx, "The branch could not be gone to.", move |studio| {
        let kept = studio.git_switch_aside(&name)?;
        Ok(Done::kept(format!("On {name}; your changes are set aside"), kept))
    });
}
