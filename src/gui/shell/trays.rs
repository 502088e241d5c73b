//! What opens from the top bar: the jobs, the notices.

use egui::{Align, Context, Id, Layout, Popup, PopupCloseBehavior, RectAlign, Response, ScrollArea, Ui};

use super::{Job, Notice, World};
use crate::{
    commands::Command,
    icons::Icon,
    panels::Action,
    theme,
    widgets::{self, Button, format, link, progress, status, time},
};

fn id(name: &str) -> Id {
    Id::unique(("gui::tray", name))
}

/// Opens the tray of a command.
pub fn open(ctx: &Context, command: &Command) {
    let name = match command {
        Command::Jobs => "Jobs",
        _ => "Notices",
    };
    Popup::open_id(ctx, id(name));
}

fn tray(chip: &Response, name: &'static str, contents: impl FnOnce(&mut Ui)) {
    Popup::from_toggle_button_response(chip)
        .id(id(name))
        .align(RectAlign::BOTTOM_START)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(name)
        .show(|ui| {
            let t = theme::of(ui);
            ui.set_width(t.size.popover + t.size.rail);
            egui::Frame::NONE.inner_margin(t.size.gap).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = t.size.gap;
                contents(ui);
            });
        });
}

/// What goes on, how long it still takes, and how to stop it.
pub fn jobs(chip: &Response, world: &mut World) {
    let World { status, actions, .. } = world;
    tray(chip, "Jobs", |ui| {
        let t = theme::of(ui);
        ui.label(t.strong("Jobs"));
        for (at, job) in status.jobs.iter().enumerate() {
            if at > 0 {
                widgets::separator(ui);
            }
            one_job(ui, job, actions);
        }
    });
}

fn one_job(ui: &mut Ui, job: &Job, actions: &mut Vec<Action>) {
    let t = theme::of(ui);
    ui.horizontal(|ui| {
        let title = match &job.subject {
            Some(subject) => {
                let title = link(ui, &job.title);
                if title.clicked() {
                    actions.push(Action::Open(subject.clone()));
                    Popup::close_all(ui);
                }
                title
            }
            None => ui.label(t.small_strong(&job.title)),
        };
        let _ = title;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Cancel {}", job.title);
            if job.can_cancel && ui.add(Button::icon(Icon::Stop, name)).clicked() {
                actions.push(Action::CancelJob(job.id.clone()));
            }
            if let Some(left) = job.left {
                ui.label(t.secondary(format::left(left)));
            }
        });
    });
    if !job.detail.is_empty() {
        ui.label(t.secondary(&job.detail));
    }
    if let Some(share) = job.progress {
        progress(ui, share, &job.title);
    }
}

/// What a person should know, the newest first.
pub fn notices(chip: &Response, world: &mut World) {
    let World { status, actions, .. } = world;
    tray(chip, "Notices", |ui| {
        let t = theme::of(ui);
        ui.label(t.strong("Notices"));
        let most = ui.content_rect().height() * 0.6;
        // A popup has no height of its own until its contents have one.
        let least = (status.notices.len() as f32 * 2.0 * t.size.row).min(most);
        let area = ScrollArea::vertical().max_height(most).min_scrolled_height(least);
        area.show(ui, |ui| {
            for notice in &status.notices {
                one_notice(ui, notice, actions);
            }
        });
    });
}

fn one_notice(ui: &mut Ui, notice: &Notice, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add(Button::icon(Icon::Close, "Dismiss")).clicked() {
                actions.push(Action::DismissNotice(notice.id.clone()));
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                status(ui, notice.glyph, &notice.text);
                ui.horizontal(|ui| {
                    ui.add_space(16.0);
                    time(ui, notice.when);
                    if let Some(subject) = &notice.subject
                        && link(ui, "Show").clicked()
                    {
                        actions.push(Action::Open(subject.clone()));
                        Popup::close_all(ui);
                    }
                });
            });
        });
    });
}
