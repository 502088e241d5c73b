//! Icons and status glyphs, drawn as lines on a 20 by 20 grid: sharp at every scale, in any
//! colour, and never a character that a font may lack.

mod glyph;
mod path;

use std::sync::OnceLock;

use egui::{Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, emath::RectTransform, pos2, vec2};

use crate::theme;
pub use glyph::{Glyph, paint_glyph};
use path::Outline;

/// Side of the grid that icons are drawn on.
const GRID: f32 = 20.0;

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $path:literal,)*) => {
        /// A line icon.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Icon {
            $($(#[$doc])* $name,)*
        }

        impl Icon {
            /// Every icon, in the order of the enumeration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            const PATHS: &'static [&'static str] = &[$($path,)*];
        }
    };
}

// Absolute SVG path commands M L H V C Z, and O for a circle: centre, radius.
icons! {
    Home = "M3.5 9 L10 3.5 L16.5 9 V16.5 H3.5 Z",
    Data = "M3.5 4.5 H16.5 V15.5 H3.5 Z M3.5 8.2 H16.5 M3.5 11.8 H16.5",
    Label = "M3.5 4 H11 L16.5 10 L11 16 H3.5 Z",
    Designer = "M3 4 H8 V7.5 H3 Z M12 3.5 H17 V7 H12 Z M12 12.5 H17 V16 H12 Z M8 5.7 H12 M9.5 5.7 C9.5 10 10 14.2 12 14.2",
    Runs = "M3.5 15.5 L7.5 9.5 L10.8 12.5 L16.5 4.5",
    Models = "M10 3 L16 6.3 V13.5 L10 17 L4 13.5 V6.3 Z M4 6.3 L10 9.8 L16 6.3 M10 9.8 V17",
    Endpoints = "M4 5 V15 M4 10 H16 M12.2 6.2 L16 10 L12.2 13.8",
    Monitor = "M2.5 10.5 H6 L8.3 4.5 L11.7 15.5 L14 10.5 H17.5",
    Branch = "O6 5 1.8 O6 15 1.8 O14 6.5 1.8 M6 6.8 V13.2 M14 8.3 C14 12 6 9.5 6 13.2",
    Undo = "M7.5 4.5 L4 8 L7.5 11.5 M4 8 H12 C18 8 18 16 12 16 H9",
    Redo = "M12.5 4.5 L16 8 L12.5 11.5 M16 8 H8 C2 8 2 16 8 16 H11",
    Run = "M6 4 L15.5 10 L6 16 Z",
    Stop = "M5 5 H15 V15 H5 Z",
    Pause = "M7 4.5 V15.5 M13 4.5 V15.5",
    Tidy = "M3.5 4 H8.5 V8 H3.5 Z M3.5 12 H8.5 V16 H3.5 Z M12 6 H16.5 M12 14 H16.5",
    Fit = "M3.5 7.5 V3.5 H7.5 M12.5 3.5 H16.5 V7.5 M16.5 12.5 V16.5 H12.5 M7.5 16.5 H3.5 V12.5",
    Search = "O8.8 8.8 5 M12.5 12.5 L16.5 16.5",
    Plus = "M10 4 V16 M4 10 H16",
    Minus = "M4 10 H16",
    Close = "M5 5 L15 15 M15 5 L5 15",
    ChevronDown = "M5.5 8 L10 12.5 L14.5 8",
    ChevronUp = "M5.5 12.5 L10 8 L14.5 12.5",
    ChevronRight = "M8 5.5 L12.5 10 L8 14.5",
    ChevronLeft = "M12.5 5.5 L8 10 L12.5 14.5",
    ArrowUp = "M10 16 V4.5 M5.5 9 L10 4.5 L14.5 9",
    ArrowDown = "M10 4 V15.5 M5.5 11 L10 15.5 L14.5 11",
    Check = "M4 10.5 L8 14.5 L16 5.5",
    Warning = "M10 3.5 L17.5 16.5 H2.5 Z M10 8.5 V12 M10 14 V14.3",
    Reuse = "M5.2 6.5 C9 1.8 16.5 4.5 16.5 10 C16.5 17 6.5 18.5 4 12 M5 2.8 V6.8 H9",
    Clock = "O10 10 6.5 M10 6 V10 L12.8 11.8",
    Folder = "M3 15.5 V5 H8 L10 7 H17 V15.5 Z",
    File = "M5 3 H11.5 L15 6.5 V17 H5 Z M11.5 3 V6.5 H15",
    Settings = "M3 6 H9 M13 6 H17 O11 6 2 M3 14 H5 M9 14 H17 O7 14 2",
    Sun = "O10 10 3.2 M10 2.5 V4.3 M10 15.7 V17.5 M2.5 10 H4.3 M15.7 10 H17.5 M4.7 4.7 L6 6 M14 14 L15.3 15.3 M15.3 4.7 L14 6 M6 14 L4.7 15.3",
    Moon = "M16 12.2 C9.5 14.8 5.5 9 8 3.8 C3 5.5 2.2 12.5 6.8 15.6 C10.5 17.8 14.8 16 16 12.2 Z",
    Trash = "M4 6 H16 M8 6 V3.5 H12 V6 M5.5 6 L6.3 16.5 H13.7 L14.5 6 M8.5 9 V13.5 M11.5 9 V13.5",
    Copy = "M7 7 H16.5 V16.5 H7 Z M13 7 V3.5 H3.5 V13 H7",
    Cut = "O6 14.5 2 O14 14.5 2 M7.2 12.9 L14.5 3.5 M12.8 12.9 L5.5 3.5",
    Paste = "M7 4.5 H4.5 V17 H15.5 V4.5 H13 M7 3 H13 V6 H7 Z",
    Comment = "M3.5 4 H16.5 V13.5 H9 L5.5 16.8 V13.5 H3.5 Z",
    Eye = "M2.5 10 C6 4 14 4 17.5 10 C14 16 6 16 2.5 10 Z O10 10 2.3",
    EyeOff = "M2.5 10 C6 4 14 4 17.5 10 C14 16 6 16 2.5 10 Z M4 16 L16 4",
    Commit = "O10 10 3 M2.5 10 H7 M13 10 H17.5",
    Pin = "M7 3.5 H13 L12.2 9 L15 12 H5 L7.8 9 Z M10 12 V17",
    Tag = "M3.5 3.5 H10 L16.8 10.3 L10.3 16.8 L3.5 10 Z O7 7 1",
    Filter = "M3 4.5 H17 L11.8 10.8 V16 L8.2 14 V10.8 Z",
    Columns = "M3.5 4 H16.5 V16 H3.5 Z M7.8 4 V16 M12.2 4 V16",
    Download = "M10 3.5 V12.5 M6 8.8 L10 12.8 L14 8.8 M3.5 16.5 H16.5",
    Upload = "M10 12.8 V3.8 M6 7.5 L10 3.5 L14 7.5 M3.5 16.5 H16.5",
    Edit = "M4 16 L4.8 12.6 L13.2 4.2 L15.8 6.8 L7.4 15.2 Z M11.5 6 L14 8.5",
    Compare = "M3.5 5 H8.5 V15 H3.5 Z M11.5 5 H16.5 V15 H11.5 Z",
    Split = "M3.5 4 H16.5 V16 H3.5 Z M10 4 V16",
    Inspector = "M3.5 4 H16.5 V16 H3.5 Z M12.5 4 V16",
    Drawer = "M3.5 4 H16.5 V16 H3.5 Z M3.5 11.5 H16.5",
    Bell = "M4.5 14 C6 12.5 5.5 11 5.8 8.5 C6.2 2.8 13.8 2.8 14.2 8.5 C14.5 11 14 12.5 15.5 14 Z M8.5 16.5 H11.5",
    Link = "M8.5 11.5 L11.5 8.5 M9.5 6 L11.5 4 C14.5 1.8 18.2 5.5 16 8.5 L14 10.5 M10.5 14 L8.5 16 C5.5 18.2 1.8 14.5 4 11.5 L6 9.5",
    More = "O4.5 10 0.7 O10 10 0.7 O15.5 10 0.7",
    Duplicate = "M7 7 H16.5 V16.5 H7 Z M13 7 V3.5 H3.5 V13 H7 M11.75 9.5 V14 M9.5 11.75 H14",
    Disable = "O10 10 6.5 M5.5 5.5 L14.5 14.5",
    Collapse = "M5.5 3.5 L10 7.5 L14.5 3.5 M5.5 16.5 L10 12.5 L14.5 16.5",
    Expand = "M5.5 7.5 L10 3.5 L14.5 7.5 M5.5 12.5 L10 16.5 L14.5 12.5",
    Person = "O10 6.8 3 M3.8 17 C4.5 11.2 15.5 11.2 16.2 17",
    Star = "M10 3.2 L12.1 7.6 L16.9 8.2 L13.4 11.5 L14.3 16.3 L10 14 L5.7 16.3 L6.6 11.5 L3.1 8.2 L7.9 7.6 Z",
    /// The star that is set: with strokes across it, so that it tells by shape too.
    Starred = "M10 3.2 L12.1 7.6 L16.9 8.2 L13.4 11.5 L14.3 16.3 L10 14 L5.7 16.3 L6.6 11.5 L3.1 8.2 L7.9 7.6 Z M10 6 V12.5 M8.2 9 H11.8 M7 9.3 L13 9.3 M7.6 10.6 H12.4 M7.8 12 H12.2 M8.6 8 H11.4",
    Help = "O10 10 6.8 M7.9 8 C8 5 12.3 5.2 12 8 C11.8 9.6 10 9.6 10 11.3 M10 13.6 V13.9",
    Table = "M3.5 4 H16.5 V16 H3.5 Z M3.5 8 H16.5 M8 8 V16",
    Chart = "M3.5 3.5 V16.5 H16.5 M7 13.5 V10 M10.5 13.5 V6.5 M14 13.5 V8.5",
    Code = "M7 5.5 L2.8 10 L7 14.5 M13 5.5 L17.2 10 L13 14.5",
    Refresh = "M16 8.5 C14.5 2.5 6 2.5 4.2 8 M4 11.5 C5.5 17.5 14 17.5 15.8 12 M16.3 4.5 V8.5 H12.3 M3.7 15.5 V11.5 H7.7",
}

fn outline(icon: Icon) -> &'static Outline {
    static OUTLINES: OnceLock<Vec<Outline>> = OnceLock::new();
    let all = OUTLINES.get_or_init(|| Icon::PATHS.iter().map(|path| path::parse(path)).collect());
    &all[icon as usize]
}

/// Draws `icon` filling the square `rect`; the line is 1.5 points at 20.
pub fn paint(painter: &Painter, icon: Icon, rect: Rect, color: Color32) {
    let grid = Rect::from_min_size(Pos2::ZERO, Vec2::splat(GRID));
    let to = RectTransform::from_to(grid, rect);
    let width = if rect.width() < GRID * 0.75 { 1.2 } else { 1.5 * (rect.width() / GRID).max(0.85) };
    let stroke = Stroke::new(width, color);
    let outline = outline(icon);
    for line in &outline.lines {
        let points: Vec<Pos2> = line.points.iter().map(|&at| to * at).collect();
        painter.add(if line.closed { Shape::closed_line(points, stroke) } else { Shape::line(points, stroke) });
    }
    for &(centre, radius) in &outline.circles {
        let radius = radius * rect.width() / GRID;
        if radius < stroke.width {
            painter.circle_filled(to * centre, stroke.width, color);
        } else {
            painter.circle_stroke(to * centre, radius, stroke);
        }
    }
}

/// Draws `icon` with side `side` around `centre`.
pub fn paint_at(painter: &Painter, icon: Icon, centre: Pos2, side: f32, color: Color32) {
    paint(painter, icon, Rect::from_center_size(centre, vec2(side, side)), color);
}

/// An icon in the flow of widgets, for decoration: it has no accessible name.
pub fn show(ui: &mut Ui, icon: Icon, color: Color32) -> Response {
    let side = theme::of(ui).size.icon_small;
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    paint(ui.painter(), icon, rect, color);
    response
}

/// The small filled triangle that marks a menu.
pub fn paint_caret(painter: &Painter, centre: Pos2, color: Color32) {
    let points = vec![centre + vec2(-3.5, -2.0), centre + vec2(3.5, -2.0), centre + vec2(0.0, 2.8)];
    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

/// The tile with a letter that stands for a component or a kind of thing.
pub fn paint_letter(painter: &Painter, rect: Rect, letter: &str, color: Color32, surface: Color32) {
    let t = theme::of(painter.ctx());
    painter.rect_filled(rect, t.size.grid, t.tint(surface, color, 0.18));
    let centre = pos2(rect.center().x, rect.center().y);
    painter.text(centre, egui::Align2::CENTER_CENTER, letter, t.face.caption_strong.font(), color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_lies_on_the_grid() {
        for &icon in Icon::ALL {
            let outline = outline(icon);
            let circles = outline.circles.iter().flat_map(|&(c, r)| [c - vec2(r, r), c + vec2(r, r)]);
            let points: Vec<_> = outline.lines.iter().flat_map(|l| l.points.clone()).chain(circles).collect();
            assert!(!points.is_empty(), "{icon:?} is empty");
            for point in points {
                assert!((1.0..=19.0).contains(&point.x) && (1.0..=19.0).contains(&point.y), "{icon:?} at {point:?}");
            }
        }
    }
}
