//! Where a model version came from: datasets, the run, the version.

use egui::{
    Align2, Color32, CursorIcon, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role,
    epaint::CubicBezierShape, pos2, vec2,
};
use studio::ModelVersion;

use super::Source;
use crate::{
    panels::{Subject, runs::words},
    theme::{self, Tokens},
    widgets::{card_frame, focus_ring, format, paint_text},
};

const CARD: egui::Vec2 = vec2(178.0, 52.0);
const GAP: f32 = 12.0;

/// One thing on the way.
struct Place {
    title: String,
    note: String,
    color: Color32,
    strong: bool,
    /// Where a click goes.
    to: Option<Subject>,
}

/// Draws the card; where a click goes.
pub fn show(ui: &mut Ui, version: &ModelVersion, sources: &[Source]) -> Option<Subject> {
    let t = theme::of(ui);
    card_frame(&t)
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.label(t.section("Where it came from"));
            let tall = (CARD.y + GAP) * sources.len().max(1) as f32 - GAP + 16.0;
            let size = vec2(ui.available_width(), tall.max(92.0));
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            draw(ui, &t, rect, version, sources)
        })
        .inner
}

fn draw(ui: &Ui, t: &Tokens, area: Rect, version: &ModelVersion, sources: &[Source]) -> Option<Subject> {
    let columns = [dataset_places(t, sources), run_places(t, version), model_places(t, version)];
    let columns: Vec<Vec<Place>> = columns.into_iter().filter(|all| !all.is_empty()).collect();
    let wide = CARD.x.min((area.width() - 80.0) / columns.len().max(1) as f32);
    let between = (area.width() - wide * columns.len() as f32) / columns.len().max(1) as f32;
    let between = between.min(120.0);
    let whole = wide * columns.len() as f32 + between * (columns.len() - 1) as f32;
    let left = area.left() + ((area.width() - whole) / 2.0).max(0.0);
    let rects: Vec<Vec<Rect>> = columns
        .iter()
        .enumerate()
        .map(|(column, all)| {
            let x = left + (wide + between) * column as f32;
            let tall = (CARD.y + GAP) * all.len() as f32 - GAP;
            let top = area.center().y - tall / 2.0;
            (0..all.len())
                .map(|row| {
                    let y = top + (CARD.y + GAP) * row as f32;
                    Rect::from_min_size(pos2(x, y), vec2(wide, CARD.y))
                })
                .collect()
        })
        .collect();
    for pair in rects.windows(2) {
        for from in &pair[0] {
            for to in &pair[1] {
                wire(ui, t, from.right_center(), to.left_center());
            }
        }
    }
    let mut clicked = None;
    for (places, rects) in columns.into_iter().zip(rects) {
        for (place, rect) in places.into_iter().zip(rects) {
            if draw_place(ui, t, rect, &place) {
                clicked = place.to;
            }
        }
    }
    clicked
}

fn dataset_places(t: &Tokens, sources: &[Source]) -> Vec<Place> {
    let one = |source: &Source| Place {
        title: format!("{} v{}", source.dataset, source.version),
        note: source.rows.map_or_else(|| "dataset".to_owned(), |rows| format::counted(rows, "row", "rows")),
        color: t.data(0),
        strong: false,
        to: Some(Subject::Dataset { name: source.dataset.clone(), version: Some(source.version) }),
    };
    sources.iter().map(one).collect()
}

fn run_places(t: &Tokens, version: &ModelVersion) -> Vec<Place> {
    let Some(id) = &version.run else {
        return Vec::new();
    };
    let commit = version.commit.as_deref().map(words::short_commit);
    vec![Place {
        title: version.run_name.clone().unwrap_or_else(|| "A run".to_owned()),
        note: commit.map_or_else(|| "run".to_owned(), |commit| format!("run · {commit}")),
        color: t.data(5),
        strong: false,
        to: Some(Subject::Run { id: id.clone() }),
    }]
}

fn model_places(t: &Tokens, version: &ModelVersion) -> Vec<Place> {
    let algorithm = version.details.get("algorithm").and_then(|name| name.as_str());
    let size = format::bytes(version.bytes);
    vec![Place {
        title: format!("{} {}", version.model, version.version),
        note: match algorithm {
            _ if version.digest.is_empty() => "Logged by MLflow".to_owned(),
            Some(name) if !name.is_empty() => format!("{name} · {size}"),
            _ => size,
        },
        color: t.color.accent,
        strong: true,
        to: None,
    }]
}

fn wire(ui: &Ui, t: &Tokens, from: Pos2, to: Pos2) {
    let bend = vec2((to.x - from.x) * 0.5, 0.0);
    ui.painter().add(CubicBezierShape::from_points_stroke(
        [from, from + bend, to - bend, to],
        false,
        Color32::TRANSPARENT,
        Stroke::new(1.2, t.color.line2),
    ));
}

/// Draws one place; whether it was clicked.
fn draw_place(ui: &Ui, t: &Tokens, rect: Rect, place: &Place) -> bool {
    let id = ui.scope_id().with(("lineage", &place.title));
    let sense = if place.to.is_some() { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, id, sense);
    let role = if place.to.is_some() { Role::Link } else { Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, format!("{}, {}", place.title, place.note)));
    let edge = match (place.strong, place.to.is_some() && response.hovered()) {
        (true, _) => Stroke::new(t.size.line_strong, t.color.accent),
        (_, true) => t.border(),
        _ => t.hairline(),
    };
    let painter = ui.painter();
    let radius = t.size.radius_card;
    painter.rect(rect, radius, t.color.surface3, edge, StrokeKind::Inside);
    let bar = rect.with_max_x(rect.left() + radius);
    painter.with_clip_rect(rect.with_max_x(rect.left() + 3.0)).rect_filled(bar, radius, place.color);
    let inside = rect.shrink2(vec2(14.0, 8.0));
    let (above, below) = inside.split_top_bottom_at_fraction(0.5);
    let face = &t.face.small_strong;
    paint_text(painter, above, Align2::LEFT_CENTER, &place.title, face, t.color.text1);
    let face = &t.face.caption;
    paint_text(painter, below, Align2::LEFT_CENTER, &place.note, face, t.color.text2);
    focus_ring(ui, &response, radius);
    let clicked = response.clicked();
    if place.to.is_some() {
        response.on_hover_cursor(CursorIcon::PointingHand);
    }
    clicked
}
