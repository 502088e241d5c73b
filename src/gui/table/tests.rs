use egui::{Rect, pos2, vec2};

use super::{columns::place, *};

fn frame(height: f32) -> Frame {
    let head = Rect::from_min_size(Pos2::ZERO, vec2(400.0, 28.0));
    let body = Rect::from_min_size(pos2(0.0, 28.0), vec2(400.0, height));
    Frame { head, body, row_height: 24.0, across: height }
}

#[test]
fn the_last_of_a_hundred_million_rows_is_exact() {
    let rows = 100_000_000;
    let frame = frame(240.0);
    let mut state = TableState::default();
    state.scroll_to(rows - 1);
    state.clamp(&frame, rows, 400.0);
    let top = |row: u64| row as f64 * 24.0 - state.offset;
    assert_eq!((top(rows - 10), top(rows - 1)), (0.0, 216.0));
}

#[test]
fn sort_goes_down_up_off() {
    let mut state = TableState::default();
    state.toggle_sort("auc");
    assert!(state.sort.as_ref().unwrap().descending);
    state.toggle_sort("auc");
    assert!(!state.sort.as_ref().unwrap().descending);
    state.toggle_sort("auc");
    assert_eq!(state.sort, None);
}

#[test]
fn columns_keep_their_order_and_share_what_is_left() {
    let columns = ["a", "b", "c"].map(|id| Column::new(id, id, 100.0));
    let columns = [columns[0].clone(), columns[1].clone().grows(), columns[2].clone().pinned(true)];
    let area = Rect::from_min_size(Pos2::ZERO, vec2(400.0, 100.0));
    let mut state = TableState { order: vec!["b".into(), "a".into()], ..TableState::default() };
    let placed = place(&columns, &state, area);
    let at: Vec<_> = placed.columns.iter().map(|c| (c.index, c.x)).collect();
    assert_eq!(at, [(2, (0.0, 100.0)), (1, (100.0, 300.0)), (0, (300.0, 400.0))]);

    let wide = place(&columns, &state, Rect::from_min_size(Pos2::ZERO, vec2(2000.0, 100.0)));
    assert_eq!(wide.columns[1].x, (100.0, 300.0), "at most twice as wide as it is by itself");

    state.widths.insert("b".into(), 500.0);
    state.x = 150.0;
    let placed = place(&columns, &state, area);
    assert_eq!(placed.columns[0].x, (0.0, 100.0), "a pinned column stays");
    assert_eq!(placed.columns[1].x, (-50.0, 450.0));
    let seen: Vec<_> = placed.seen(area).map(|c| c.index).collect();
    assert_eq!(seen, [2, 1]);
}
