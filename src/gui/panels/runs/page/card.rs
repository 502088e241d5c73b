//! One chart on its card: head, picture, crosshair, and what can be done with it.

use std::sync::Arc;

use egui::{
    Align, Align2, CursorIcon, Layout, Popup, PopupCloseBehavior, Rect, Response, ScrollArea, Sense, StrokeKind, Ui,
    UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::{
    export::Format,
    live::{Env, Live},
    parallel::Brush,
    picture::{Pen, Picture, Under},
    spec::{Kind, Spec},
};
use crate::{
    chart::{drawing::Drawing, grid},
    icons::{self, Icon},
    theme,
    widgets::{self, Button, ListRow, paint_text},
};

/// What was asked of a card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    Select,
    Full,
    Duplicate,
    Remove,
    /// One place towards the front, or the end.
    Earlier,
    Later,
    Export(Format),
    /// It is being dragged by its head, or was let go.
    Drag,
    Drop,
    /// Its lower right corner is being dragged, or was let go.
    Size,
    Sized,
}

/// What a card is drawn with besides its chart.
pub struct Around<'a> {
    pub selected: bool,
    pub full: bool,
    /// The run that is drawn strongly.
    pub strong: Option<&'a str>,
    /// Brushes of this page, for the chart that has axes to brush.
    pub brushes: &'a mut Vec<Brush>,
}

/// What a card answers.
#[derive(Default)]
pub struct Answer {
    pub asked: Option<Asked>,
    pub hovered: Option<String>,
}

/// Draws the card at `place`.
pub fn show(ui: &mut Ui, place: Rect, spec: &Spec, live: &mut Live, env: &Env<'_>, around: Around<'_>) -> Answer {
    let t = theme::of(ui);
    let edge = if around.selected { t.focus_ring() } else { t.hairline() };
    ui.painter().rect(place, t.size.radius_card, t.color.surface3, edge, StrokeKind::Inside);
    let inside = place.shrink(t.size.pad);
    let (head, body) = inside.split_top_bottom_at_y(inside.top() + t.size.control);
    let title = spec.kind.title();
    let mut answer = Answer::default();
    let builder = UiBuilder::new().max_rect(place).id_salt(("card", spec.id));
    let mut child = ui.new_child(builder);
    let ui = &mut child;
    ui.set_clip_rect(ui.clip_rect().intersect(place));
    let picture = live.picture(spec, env);
    answer.asked = self::head(ui, head.translate(vec2(0.0, -4.0)), spec, live, &title, around.full);
    match picture {
        Some(picture) => match picture.nothing() {
            Some(words) => nothing(ui, body, &words),
            None => {
                answer.hovered = contents(ui, body, spec, live, &picture, env, around.strong, &title, around.brushes)
            }
        },
        None => waiting(ui, body, live),
    }
    if !around.full {
        answer.asked = answer.asked.or(corner(ui, place, &title));
    }
    answer
}

fn nothing(ui: &Ui, body: Rect, words: &str) {
    let t = theme::of(ui);
    paint_text(ui.painter(), body, Align2::CENTER_CENTER, words, &t.face.small, t.color.text2);
    let response = ui.interact(body, ui.scope_id().with("nothing"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
}

fn waiting(ui: &mut Ui, body: Rect, live: &mut Live) {
    let failure = live.failure().cloned();
    let mut child = ui.new_child(UiBuilder::new().max_rect(body));
    match failure {
        Some(failure) => {
            if widgets::failed(&mut child, "Could not read what is drawn here", &failure, "Try again") {
                live.again();
            }
        }
        None => nothing(ui, body, "Reading…"),
    }
}

/// Title at the left, which drags the card; buttons at the right.
fn head(ui: &mut Ui, rect: Rect, spec: &Spec, live: &mut Live, title: &str, full: bool) -> Option<Asked> {
    let t = theme::of(ui);
    let mut asked = None;
    let layout = Layout::right_to_left(Align::Center);
    let mut right =
        ui.new_child(UiBuilder::new().max_rect(rect.expand2(vec2(6.0, 0.0))).layout(layout).id_salt("does"));
    right.spacing_mut().item_spacing.x = 0.0;
    let more = right.add(Button::icon(Icon::More, format!("More of {title}")));
    asked = asked.or(menu(&more));
    let (icon, words) = if full { (Icon::Collapse, "Back to the page") } else { (Icon::Fit, "Full size") };
    let name = if full { words.to_owned() } else { format!("{words}, {title}") };
    if right.add(Button::icon(icon, name)).clicked() {
        asked = Some(Asked::Full);
    }
    if right.add(Button::icon(Icon::Settings, format!("Settings of {title}"))).clicked() {
        asked = Some(Asked::Select);
    }
    if live.zoom.is_zoomed() && right.add(Button::icon(Icon::Refresh, format!("Show all of {title}"))).clicked() {
        live.zoom.reset();
    }
    let words = rect.with_max_x(right.min_rect().left() - t.size.gap);
    let lies = paint_text(ui.painter(), words, Align2::LEFT_CENTER, title, &t.face.small_strong, t.color.text1);
    let note = spec.kind.note();
    let rest = words.with_min_x((lies.right() + t.size.gap).min(words.right()));
    paint_text(ui.painter(), rest, Align2::LEFT_CENTER, &note, &t.face.caption, t.color.text3);
    let response = ui.interact(words, ui.scope_id().with("head"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
    widgets::focus_ring(ui, &response, t.size.grid);
    if response.clicked() {
        asked = Some(Asked::Select);
    }
    if !full {
        if response.dragged() {
            asked = Some(Asked::Drag);
        }
        if response.drag_stopped() {
            asked = Some(Asked::Drop);
        }
        let _ = response
            .on_hover_cursor(CursorIcon::Grab)
            .on_hover_text(format!("{title}{}{note}", if note.is_empty() { "" } else { " · " }));
    }
    asked
}

fn menu(button: &Response) -> Option<Asked> {
    let mut asked = None;
    Popup::menu(button).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
        let t = theme::of(ui);
        ui.set_width(t.size.palette);
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut row = |icon: Icon, words: &str, this: Asked| {
            if ListRow::new(words).icon(icon).height(t.size.control).show(ui).clicked() {
                asked = Some(this);
            }
        };
        row(Icon::Duplicate, "Duplicate", Asked::Duplicate);
        for format in Format::ALL {
            row(Icon::Download, &format!("Export as {}…", format.word()), Asked::Export(format));
        }
        row(Icon::ArrowUp, "Move earlier", Asked::Earlier);
        row(Icon::ArrowDown, "Move later", Asked::Later);
        row(Icon::Trash, "Remove", Asked::Remove);
    });
    asked
}

/// The corner that sizes the card.
fn corner(ui: &Ui, place: Rect, title: &str) -> Option<Asked> {
    let t = theme::of(ui);
    let rect = Rect::from_min_size(place.max - vec2(16.0, 16.0), vec2(16.0, 16.0));
    let response = ui.interact(rect, ui.scope_id().with("corner"), Sense::drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, format!("Size of {title}")));
    if response.hovered() || response.dragged() {
        for step in [4.0, 8.0] {
            let ends = [rect.max - vec2(step, 3.0), rect.max - vec2(3.0, step)];
            ui.painter().line_segment(ends, t.border());
        }
    }
    let response = response.on_hover_cursor(CursorIcon::ResizeNwSe);
    match (response.drag_stopped(), response.dragged()) {
        (true, _) => Some(Asked::Sized),
        (_, true) => Some(Asked::Size),
        _ => None,
    }
}

/// The picture, scrolled where it is higher than its card; the run under the pointer.
#[expect(clippy::too_many_arguments, reason = "they are what a chart is drawn from")]
fn contents(
    ui: &mut Ui,
    body: Rect,
    spec: &Spec,
    live: &mut Live,
    picture: &Arc<dyn Picture>,
    env: &Env<'_>,
    strong: Option<&str>,
    title: &str,
    brushes: &mut Vec<Brush>,
) -> Option<String> {
    let t = theme::of(ui);
    let height = picture.height(&t).filter(|height| *height > body.height());
    let Some(height) = height else {
        return canvas(ui, body, spec, live, picture, env, strong, title, brushes);
    };
    let mut child = ui.new_child(UiBuilder::new().max_rect(body).id_salt("scroll"));
    let scrolled = ScrollArea::vertical().auto_shrink(false).show(&mut child, |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width() - t.size.scrollbar, height), Sense::hover());
        canvas(ui, rect, spec, live, picture, env, strong, title, brushes)
    });
    scrolled.inner
}

#[expect(clippy::too_many_arguments, reason = "they are what a chart is drawn from")]
fn canvas(
    ui: &mut Ui,
    area: Rect,
    spec: &Spec,
    live: &mut Live,
    picture: &Arc<dyn Picture>,
    env: &Env<'_>,
    strong: Option<&str>,
    title: &str,
    brushes: &mut Vec<Brush>,
) -> Option<String> {
    let t = theme::of(ui);
    let response = ui.interact(area, ui.scope_id().with("canvas"), Sense::click_and_drag());
    let runs = widgets::format::counted(env.shown.len() as u64, "run", "runs");
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Figure, true, format!("Chart {title}"));
        info.current_text_value = Some(runs.clone());
        info
    });
    let painter = ui.painter().clone();
    let scale = ui.pixels_per_point();
    let mut pen = Pen { painter: &painter, t: &t, area, frame: None, scale };
    if let Some(whole) = picture.frame(&pen) {
        let seen = live.zoom.of(whole);
        live.zoom.interact(ui, &response, &seen);
        pen.frame = Some(live.zoom.of(whole));
    }
    if let Some(parallel) = live.parallel.clone().filter(|_| matches!(spec.kind, Kind::Parallel { .. })) {
        parallel.brush(ui, &response, area, &pen, brushes);
    }
    let under = response.hover_pos().filter(|_| !response.dragged()).and_then(|at| picture.under(&pen, at));
    // What is drawn of text depends on what of it is scrolled into view.
    let place = (bits(area), bits(painter.clip_rect()), scale.to_bits());
    let frame = pen.frame;
    let backend = picture.is_slow(&pen).then_some(env.backend);
    let layer = live.layer(place, frame_bits(&pen), backend, {
        let (picture, painter, t) = (Arc::clone(picture), painter.clone(), t.clone());
        move || {
            let mut drawing = Drawing::new(area.expand(t.size.gap), false);
            picture.draw(&mut drawing, &Pen { painter: &painter, t: &t, area, frame, scale });
            drawing
        }
    });
    layer.paint(&painter);
    let hovered = under.as_ref().and_then(|under| under.run.clone());
    if let Some(run) = hovered.as_deref().or(strong).filter(|_| picture.has_runs() && env.shown.len() > 1) {
        painter.rect_filled(area, 0.0, t.color.surface3.gamma_multiply(0.62));
        let mut drawing = Drawing::new(area.expand(t.size.gap), false);
        picture.emphasise(&mut drawing, &pen, run);
        drawing.paint(&painter);
    }
    if let Some(under) = under {
        crosshair(ui, &pen, &under);
    }
    widgets::focus_ring(ui, &response, t.size.grid);
    hovered
}

fn bits(rect: Rect) -> [u32; 4] {
    [rect.min.x, rect.min.y, rect.max.x, rect.max.y].map(f32::to_bits)
}

fn frame_bits(pen: &Pen<'_>) -> Option<[u64; 4]> {
    let frame = pen.frame?;
    Some([frame.x.low, frame.x.high, frame.y.low, frame.y.high].map(f64::to_bits))
}

fn crosshair(ui: &Ui, pen: &Pen<'_>, under: &Under) {
    let room = pen.frame.map_or(pen.area, |frame| frame.rect);
    if under.crosshair {
        grid::crosshair(ui, room, under.at.x);
    }
    for (at, color) in &under.dots {
        ui.painter().with_clip_rect(room.expand(3.0).intersect(ui.clip_rect())).circle_filled(*at, 3.0, *color);
    }
    if !under.values.is_empty() {
        grid::values(ui, room.intersect(ui.clip_rect()), under.at, &under.head, &under.values);
    }
}

/// The list beside the charts: a run with its colour, shown or hidden.
pub fn run_row(ui: &mut Ui, name: &str, color: egui::Color32, shown: bool, strong: bool) -> Response {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.row_compact), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, shown, format!("Show {name}")));
    if response.hovered() || strong {
        ui.painter().rect_filled(rect, t.size.grid, t.color.surface4);
    }
    let square = Rect::from_center_size(pos2(rect.left() + 13.0, rect.center().y), vec2(10.0, 10.0));
    if shown {
        ui.painter().rect_filled(square, 2.5, color);
    } else {
        ui.painter().rect_stroke(square, 2.5, t.border(), StrokeKind::Inside);
    }
    let ink = match (shown, strong) {
        (true, true) => t.color.text1,
        (true, false) => t.color.text2,
        (false, _) => t.color.text3,
    };
    let words = rect.with_min_x(rect.left() + 28.0).with_max_x(rect.right() - 24.0);
    paint_text(ui.painter(), words, Align2::LEFT_CENTER, name, &t.face.small, ink);
    if response.hovered() || !shown {
        let icon = if shown { Icon::Eye } else { Icon::EyeOff };
        icons::paint_at(ui.painter(), icon, pos2(rect.right() - 12.0, rect.center().y), 14.0, t.color.text3);
    }
    widgets::focus_ring(ui, &response, t.size.grid);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A picture that is to become a file.
pub fn pictured(live: &mut Live, spec: &Spec, env: &Env<'_>) -> Option<Arc<dyn Picture>> {
    live.picture(spec, env).filter(|picture| picture.nothing().is_none())
}
