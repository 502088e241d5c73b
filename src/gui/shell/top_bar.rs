//! The top bar: where one is, the branch, the search box, jobs and notices.

use egui::{
    Align, Align2, CursorIcon, Frame, Layout, Margin, Panel as Side, Pos2, Rect, Response, Sense, StrokeKind, Ui,
    UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::{World, trays};
use crate::{
    commands::Command,
    icons::{Glyph, Icon},
    panels::{Action, SOURCE},
    theme,
    widgets::{Chip, focus_ring, format, key_cap_at, paint_text, tooltip},
};

const SEARCH_WIDTH: f32 = 420.0;
/// Narrower it would say nothing; its shortcut still works.
const SEARCH_LEAST: f32 = 120.0;

pub fn show(ui: &mut Ui, world: &mut World, place: &str) {
    let t = theme::of(ui);
    let frame = Frame::NONE.fill(t.color.surface2).inner_margin(Margin::symmetric(t.size.pad as i8, 0));
    Side::top("top_bar").exact_size(t.size.top_bar).show_separator_line(false).frame(frame).show(ui, |ui| {
        super::regions::region(ui, "Top bar");
        let bar = ui.max_rect();
        ui.painter().hline(ui.clip_rect().x_range(), bar.bottom() - 0.5, t.hairline());
        let mut left = ui.new_child(UiBuilder::new().max_rect(bar).layout(Layout::left_to_right(Align::Center)));
        whereabouts(&mut left, world, place);
        let rest = bar.with_min_x(left.min_rect().right() + t.size.pad);
        let mut right = ui.new_child(UiBuilder::new().max_rect(rest).layout(Layout::right_to_left(Align::Center)));
        notices(&mut right, world);
        jobs(&mut right, world);

        // In the middle of the bar, as far as what stands at its ends leaves room.
        let taken = right.min_rect();
        let free = if taken.width() > 0.0 { rest.with_max_x(taken.left() - t.size.pad) } else { rest };
        let width = SEARCH_WIDTH.min(bar.width() * 0.4).min(free.width());
        let middle = bar.center().x.min(free.right() - width / 2.0).max(free.left() + width / 2.0);
        let search = Rect::from_center_size(pos2(middle, bar.center().y), vec2(width, t.size.control));
        if width >= SEARCH_LEAST && search_box(ui, search).clicked() {
            world.actions.push(Action::Run(Command::Palette));
        }
    });
}

fn whereabouts(ui: &mut Ui, world: &mut World, place: &str) {
    let t = theme::of(ui);
    ui.spacing_mut().item_spacing.x = t.size.pad;
    let name = if world.status.workspace.is_empty() { "Atelier" } else { &world.status.workspace };
    ui.label(t.face.body_strong.of(name).family(t.face.title.family.clone()).color(t.color.text1));
    ui.label(t.body("/").color(t.color.text3));
    ui.label(t.body(place).color(t.color.text2));
    ui.add_space(t.size.gap);
    let Some(git) = world.status.git.clone() else {
        return;
    };
    let here = world.layout.active == SOURCE;
    let mut chip = Chip::new(git.branch.as_str()).icon(Icon::Branch).click().selected(here);
    if !git.changes.is_empty() {
        chip = chip.note(format!("{} changed", git.changes.len()), Some(t.color.warn));
    }
    let chip = ui.add(chip);
    let chip = tooltip(chip, "Changes, branches and history", Some("Ctrl Shift G"));
    if chip.clicked() {
        world.actions.push(Action::Run(Command::GoTo(SOURCE)));
    }
}

fn jobs(ui: &mut Ui, world: &mut World) {
    let jobs = &world.status.jobs;
    if jobs.is_empty() {
        return;
    }
    let words = match jobs.len() {
        1 => "1 job".to_owned(),
        more => format!("{more} jobs"),
    };
    let left = jobs.iter().filter_map(|job| job.left).max();
    let words = left.map_or(words.clone(), |left| format!("{words} · {}", format::left(left)));
    let chip = ui.add(Chip::new(words.as_str()).glyph(Glyph::Running).click());
    trays::jobs(&chip, world);
}

fn notices(ui: &mut Ui, world: &mut World) {
    let count = world.status.notices.len();
    if count == 0 {
        return;
    }
    let words = if count == 1 { "1 notice".to_owned() } else { format!("{count} notices") };
    let chip = ui.add(Chip::new(words.as_str()).click());
    trays::notices(&chip, world);
}

/// Looks like a field and opens the palette.
fn search_box(ui: &mut Ui, rect: Rect) -> Response {
    let t = theme::of(ui);
    let response = ui.interact(rect, ui.scope_id().with("search"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), "Search or run a command"));
    let edge = if response.hovered() { t.border() } else { t.hairline() };
    ui.painter().rect(rect, t.size.radius, t.color.surface1, edge, StrokeKind::Inside);
    let inside = rect.shrink2(vec2(t.size.gap + 2.0, 0.0));
    let words = "Search or run a command";
    paint_text(ui.painter(), inside, Align2::LEFT_CENTER, words, &t.face.small, t.color.text2);
    key_cap_at(ui.painter(), Pos2::new(inside.right(), rect.center().y), "Ctrl K");
    focus_ring(ui, &response, t.size.radius);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
