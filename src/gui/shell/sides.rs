//! Inspector, side column, drawer and status bar around the centre.

use egui::{Align, Frame, Label, Layout, Margin, Panel as Side, ScrollArea, Ui, vec2};

use super::{World, regions, tracking};
use crate::{
    commands::Command,
    icons::Icon,
    panels::{Action, Panel},
    theme,
    widgets::{Button, Tab, tabs},
};

/// The column at the left of the centre that some panels have: a palette, a list.
pub fn column(ui: &mut Ui, panel: &mut dyn Panel, world: &mut World) {
    let t = theme::of(ui);
    let Some(width) = panel.side_width() else {
        return;
    };
    Side::left(("side", panel.id()))
        .default_size(width)
        .size_range(width * 0.75..=width * 2.0)
        .show_separator_line(false)
        .frame(Frame::NONE.fill(t.color.surface2))
        .show(ui, |ui| {
            regions::region(ui, "Side");
            let edge = ui.max_rect();
            ui.push_id(panel.id(), |ui| panel.side(ui, &mut world.cx(&t, true)));
            // Over bars and rows, which fill the column.
            ui.painter().vline(edge.right() - 0.5, edge.y_range(), t.hairline());
        });
}

pub fn inspector(ui: &mut Ui, panel: &mut dyn Panel, world: &mut World) {
    let t = theme::of(ui);
    if !world.layout.inspector || !panel.has_inspector(&world.cx(&t, true)) {
        return;
    }
    Side::right("inspector")
        .default_size(t.size.inspector)
        .size_range(t.size.inspector * 0.75..=t.size.inspector * 2.0)
        .show_separator_line(false)
        .frame(Frame::NONE.fill(t.color.surface2))
        .show(ui, |ui| {
            let frame = Frame::NONE.inner_margin(Margin {
                bottom: t.size.pad_panel as i8,
                ..Margin::symmetric(t.size.pad_panel as i8, t.size.pad as i8)
            });
            regions::region(ui, "Inspector");
            let edge = ui.max_rect();
            ui.painter().vline(edge.left() + 0.5, edge.y_range(), t.hairline());
            ScrollArea::vertical().id_salt("inspector").auto_shrink(false).show(ui, |ui| {
                frame.show(ui, |ui| {
                    ui.spacing_mut().item_spacing = vec2(t.size.gap, t.size.grid);
                    ui.push_id(panel.id(), |ui| panel.inspector(ui, &mut world.cx(&t, true)));
                });
            });
        });
}

pub fn drawer(ui: &mut Ui, panel: &mut dyn Panel, world: &mut World) {
    let t = theme::of(ui);
    let all = panel.drawer_tabs(&world.cx(&t, true));
    if all.is_empty() {
        return;
    }
    let chosen = world.layout.drawer_tabs.get(panel.id());
    let mut at = all.iter().position(|tab| Some(tab.id) == chosen.map(String::as_str)).unwrap_or(0);
    let mut open = world.layout.drawer;
    let frame = Frame::NONE.fill(t.color.surface2);
    let folded = Side::bottom("drawer_folded").exact_size(t.size.control + 8.0).show_separator_line(false).frame(frame);
    let full = Side::bottom("drawer")
        .default_size(t.size.drawer)
        .size_range(t.size.row * 3.0..=ui.available_height() * 0.8)
        .resizable(true)
        .show_separator_line(false)
        .frame(frame);
    Side::show_switched(ui, &mut open, folded, full, |ui, open| {
        regions::region(ui, "Drawer");
        let edge = ui.max_rect();
        ui.painter().hline(edge.x_range(), edge.top() + 0.5, t.hairline());
        let titles: Vec<Tab<'_>> = all.iter().map(|tab| Tab { title: &tab.title, count: tab.count }).collect();
        let id = all[at].id;
        let chosen = tab_bar(ui, panel, world, &titles, &mut at, id, open);
        if chosen && let Some(tab) = all.get(at) {
            world.layout.drawer_tabs.insert(panel.id().to_owned(), tab.id.to_owned());
            world.layout.drawer = true;
        }
        if open && let Some(tab) = all.get(at) {
            ui.push_id((panel.id(), tab.id), |ui| panel.drawer(tab.id, ui, &mut world.cx(&t, true)));
        }
    });
    // Dragged shut by its edge.
    if open != world.layout.drawer && !open {
        world.layout.drawer = open;
    }
}

fn tab_bar(
    ui: &mut Ui,
    panel: &dyn Panel,
    world: &mut World,
    titles: &[Tab<'_>],
    at: &mut usize,
    id: &str,
    open: bool,
) -> bool {
    let t = theme::of(ui);
    let margin = Margin::symmetric(t.size.pad as i8, 0);
    let bar = Frame::NONE.inner_margin(margin).show(ui, |ui| {
        ui.set_height(t.size.control + 8.0);
        ui.horizontal_centered(|ui| {
            let chosen = ui.scope(|ui| tabs(ui, at, titles)).inner;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let icon = if open { Icon::ChevronDown } else { Icon::ChevronUp };
                let name = if open { "Fold the drawer" } else { "Open the drawer" };
                if ui.add(Button::icon(icon, name).shortcut("Ctrl J")).clicked() {
                    world.actions.push(Action::Run(Command::ToggleDrawer));
                }
                let note = panel.drawer_note(id, &world.cx(&t, true));
                ui.add(Label::new(t.secondary(note)).truncate());
            });
            chosen
        })
        .inner
    });
    let rect = bar.response.rect;
    if open {
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
    }
    bar.inner
}

pub fn status_bar(ui: &mut Ui, world: &mut World) {
    let t = theme::of(ui);
    let frame = Frame::NONE.fill(t.color.surface2).inner_margin(Margin::symmetric(t.size.pad as i8, 0));
    Side::bottom("status_bar").exact_size(t.size.status_bar).show_separator_line(false).frame(frame).show(ui, |ui| {
        ui.painter().hline(ui.clip_rect().x_range(), ui.max_rect().top() + 0.5, t.hairline());
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = t.size.pad_panel;
            ui.label(t.caption(&world.status.worker));
            if !world.status.workspace.is_empty() {
                tracking::show(ui, world);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = t.size.pad_panel;
                if let Some(commit) = world.status.git.as_ref().and_then(|git| git.commit.as_ref()) {
                    ui.label(t.caption(commit));
                }
                if !world.status.workspace.is_empty() {
                    ui.label(t.caption(if world.status.saved { "Saved" } else { "Saving…" }));
                }
            });
        });
    });
}
