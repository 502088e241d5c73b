//! Where the cards of a page lie, and how they are moved and sized by the pointer.

use egui::{Pos2, Rect, pos2, vec2};

use super::spec::{COLUMNS, HEIGHTS, Spec};
use crate::theme::Tokens;

/// A column is about this wide when nobody has chosen how many there are.
const COLUMN: f32 = 340.0;

/// How many columns `width` has room for.
pub fn columns(chosen: Option<u8>, width: f32) -> u8 {
    chosen.unwrap_or_else(|| ((width / COLUMN).floor() as u8).clamp(1, 3)).clamp(1, COLUMNS)
}

/// What a card takes beyond its chart: the head, and room around.
pub fn frame_height(t: &Tokens) -> f32 {
    t.size.control + 2.0 * t.size.pad
}

/// The rectangle of each chart's card below `origin`: in rows from left to right, each as high as its highest chart.
pub fn places(t: &Tokens, charts: &[Spec], columns: u8, origin: Pos2, width: f32) -> Vec<Rect> {
    let gap = t.size.pad;
    let step = (width + gap) / f32::from(columns);
    let mut rows: Vec<(f32, Vec<(u8, u8)>)> = Vec::new();
    let mut free = 0;
    for spec in charts {
        let wide = spec.wide.clamp(1, columns);
        let height = spec.height.clamp(*HEIGHTS.start(), *HEIGHTS.end()) + frame_height(t);
        match rows.last_mut().filter(|_| free >= wide) {
            Some((tallest, row)) => {
                *tallest = tallest.max(height);
                row.push((columns - free, wide));
                free -= wide;
            }
            None => {
                rows.push((height, vec![(0, wide)]));
                free = columns - wide;
            }
        }
    }
    let mut places = Vec::with_capacity(charts.len());
    let mut top = origin.y;
    for (height, row) in rows {
        for (column, wide) in row {
            let left = origin.x + step * f32::from(column);
            places.push(Rect::from_min_size(pos2(left, top), vec2(step * f32::from(wide) - gap, height)));
        }
        top += height + gap;
    }
    places
}

/// Before which chart one that is dropped at `at` goes.
pub fn slot(places: &[Rect], at: Pos2) -> usize {
    let over = places.iter().position(|place| place.expand(8.0).contains(at));
    match over {
        Some(over) if at.x > places[over].center().x => over + 1,
        Some(over) => over,
        None => places.iter().filter(|place| place.bottom() < at.y).count(),
    }
}

/// The line that shows where a chart will go.
pub fn mark(places: &[Rect], slot: usize, gap: f32) -> Option<Rect> {
    let beside = |place: &Rect, x: f32| Rect::from_center_size(pos2(x, place.center().y), vec2(2.0, place.height()));
    match (places.get(slot), slot.checked_sub(1).and_then(|at| places.get(at))) {
        (Some(next), _) => Some(beside(next, next.left() - gap / 2.0)),
        (None, Some(last)) => Some(beside(last, last.right() + gap / 2.0)),
        (None, None) => None,
    }
}

/// Moves the chart at `from` before the one at `slot`.
pub fn reorder(charts: &mut Vec<Spec>, from: usize, slot: usize) {
    if from < charts.len() {
        let moved = charts.remove(from);
        charts.insert(if slot > from { slot - 1 } else { slot }.min(charts.len()), moved);
    }
}

/// The width and height of a card whose corner is at `corner`: whole columns, and heights in steps of 4.
pub fn sized(t: &Tokens, place: Rect, corner: Pos2, columns: u8, width: f32) -> (u8, f32) {
    let step = (width + t.size.pad) / f32::from(columns);
    let wide = ((corner.x - place.left()) / step).round().clamp(1.0, f32::from(columns)) as u8;
    let height = corner.y - place.top() - frame_height(t);
    (wide, ((height / t.size.grid).round() * t.size.grid).clamp(*HEIGHTS.start(), *HEIGHTS.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::runs::page::spec::Kind;

    fn charts(wide: &[u8]) -> Vec<Spec> {
        let spec = |(id, wide): (usize, &u8)| Spec { wide: *wide, ..Spec::new(id as u64, Kind::Confusion) };
        wide.iter().enumerate().map(spec).collect()
    }

    fn tokens() -> std::sync::Arc<Tokens> {
        let ctx = egui::Context::default();
        crate::theme::install(&ctx, &crate::theme::Appearance::default());
        crate::theme::of(&ctx)
    }

    #[test]
    fn cards_fill_rows_and_do_not_overlap() {
        let charts = charts(&[1, 2, 1, 1, 3, 1]);
        let places = places(&tokens(), &charts, 3, pos2(16.0, 10.0), 900.0);
        assert_eq!(places[0].top(), places[1].top());
        assert!(places[2].top() > places[1].bottom() && places[2].top() == places[3].top());
        assert!((places[4].width() - 900.0).abs() < 0.01 && places[5].left() == 16.0);
        for (at, one) in places.iter().enumerate() {
            assert!(places[at + 1..].iter().all(|other| !one.shrink(0.1).intersects(*other)));
        }
    }

    #[test]
    fn a_chart_goes_where_it_is_dropped() {
        let mut charts = charts(&[1, 1, 1]);
        let places = places(&tokens(), &charts, 3, Pos2::ZERO, 900.0);
        let right = places[2].right_center() - vec2(5.0, 0.0);
        assert_eq!((slot(&places, places[0].left_center()), slot(&places, right)), (0, 3));
        reorder(&mut charts, 0, 3);
        assert_eq!(charts.iter().map(|spec| spec.id).collect::<Vec<_>>(), [1, 2, 0]);
        reorder(&mut charts, 2, 0);
        assert_eq!(charts.iter().map(|spec| spec.id).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_corner_says_columns_and_height() {
        let t = tokens();
        let place = Rect::from_min_size(Pos2::ZERO, vec2(296.0, 284.0));
        assert_eq!(sized(&t, place, pos2(610.0, 1.0), 3, 900.0), (2, *HEIGHTS.start()));
        assert_eq!(sized(&t, place, pos2(200.0, 300.0), 3, 900.0).0, 1);
    }
}
