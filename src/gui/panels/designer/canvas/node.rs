//! Draws one node at three levels of detail.

use egui::{Align2, Painter, Rect, Stroke, StrokeKind, pos2, vec2};

use super::paint::{self, Text};
use super::scene::{COMMENT_GAP, COMMENT_WIDTH, Node, Port, Side};
use super::state::Status;
use super::view::View;
use super::{DETAIL_PORTS, DETAIL_TEXT, DETAIL_TITLE};
use crate::theme::Tokens;

/// What the frame knows of a node beyond the scene.
#[derive(Clone, Copy, Default)]
pub struct Look {
    pub selected: bool,
    pub hovered: bool,
    /// The keyboard is on the canvas and this is its node.
    pub focused: bool,
    /// A wire hangs in the air and nothing here takes it.
    pub dimmed: bool,
}

/// How a port is drawn while a wire hangs in the air.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PortLook {
    #[default]
    Plain,
    /// Would take the wire.
    Lit,
    Dimmed,
    /// Under the pointer, or shown in the preview.
    Marked,
}

pub fn draw(painter: &Painter, t: &Tokens, view: View, area: Rect, node: &Node, look: Look) {
    let zoom = view.zoom;
    let rect = view.rect_to_screen(area, node.rect);
    let color = paint::category_color(t, node.spec.map(|spec| spec.category));
    let radius = paint::radius(t.size.radius_card * zoom);
    let fade = if node.disabled || look.dimmed { 0.55 } else { 0.0 };
    let quiet = |color| t.tint(color, t.color.surface1, fade);

    let fill = if look.hovered && !look.selected { t.color.surface4 } else { t.color.surface3 };
    let fill = quiet(fill);
    if zoom < DETAIL_TITLE {
        painter.rect_filled(rect, radius, t.tint(fill, color, 0.45));
    } else {
        let shade = rect.translate(vec2(0.0, zoom)).expand2(vec2(0.0, 0.5));
        painter.rect_filled(shade, radius, t.color.shadow.gamma_multiply(0.35));
        painter.rect_filled(rect, radius, fill);
    }
    edge(painter, t, rect, radius, node, look);
    if zoom < DETAIL_TITLE {
        return;
    }

    let text = Text { painter, zoom };
    let at = |x: f32, y: f32| view.to_screen(area, node.rect.min + vec2(x, y));
    let right = node.rect.width() - 12.0;
    paint::tile(&text, t, at(21.0, 18.0), 20.0, node.initial(), quiet(color), fill);
    let badge_left = badge(&text, t, node, right, &at, fill, zoom >= DETAIL_TEXT);
    let title = text.line(&node.title, &t.face.body_strong, (badge_left - 47.0).max(20.0));
    let title_color = if node.disabled { t.color.text3 } else { t.color.text1 };
    let title_rect = text.put(title, at(39.0, 18.0), Align2::LEFT_CENTER, quiet(title_color));
    if node.disabled {
        let y = title_rect.center().y;
        painter.hline(title_rect.x_range(), y, Stroke::new(zoom.max(0.5), t.color.text3));
    }
    if zoom < DETAIL_TEXT || node.collapsed {
        return;
    }
    let caption = text.line(&node.state.caption, &t.face.caption, right - 12.0);
    text.put(caption, at(12.0, 42.0), Align2::LEFT_CENTER, quiet(t.color.text3));
    if let Status::Running { fraction } = node.state.status {
        progress(painter, t, Rect::from_min_max(at(12.0, 56.0), at(right, 58.0)), fraction);
    }
    if let Some(comment) = node.comment.as_ref().filter(|comment| !comment.is_empty()) {
        let galley = text.block(comment, &t.face.caption, COMMENT_WIDTH, 3);
        text.put(galley, at(node.rect.width() + COMMENT_GAP, 10.0), Align2::LEFT_TOP, t.color.text3);
    }
}

fn edge(painter: &Painter, t: &Tokens, rect: Rect, radius: egui::CornerRadius, node: &Node, look: Look) {
    let problem = !node.state.errors.is_empty() || node.state.status == Status::Failed;
    let stroke = if look.selected {
        Stroke::new(1.5, t.color.accent)
    } else if problem {
        Stroke::new(1.0, t.color.error)
    } else if look.hovered {
        t.border()
    } else {
        t.hairline()
    };
    if look.selected {
        let halo = if look.focused { 0.6 } else { 0.35 };
        let ring = t.tint(t.color.surface1, t.color.accent, halo);
        painter.rect_stroke(rect.expand(1.0), radius, Stroke::new(2.0, ring), StrokeKind::Outside);
    }
    painter.rect_stroke(rect, radius, stroke, StrokeKind::Inside);
}

/// Draws the status at the right end; returns its left edge in the node.
fn badge(
    text: &Text<'_>,
    t: &Tokens,
    node: &Node,
    right: f32,
    at: &impl Fn(f32, f32) -> egui::Pos2,
    ground: egui::Color32,
    words: bool,
) -> f32 {
    let Some((mark, tone, words_text)) = node.state.badge() else {
        return right;
    };
    let color = paint::tone_color(t, tone);
    let mut left = right;
    if words {
        let galley = text.line(&words_text, &t.face.caption, 96.0);
        left -= galley.size().x / text.zoom;
        text.put(galley, at(right, 18.0), Align2::RIGHT_CENTER, t.color.text3);
        left -= 5.0;
    }
    let center = at(left - 4.5, 18.0);
    paint::mark(text.painter, mark, center, 9.0 * text.zoom, color, ground);
    left - 9.0
}

/// A thin bar; without a fraction the middle third is filled, since nothing moves without a reason.
pub fn progress(painter: &Painter, t: &Tokens, rect: Rect, fraction: Option<f32>) {
    let radius = paint::radius(rect.height() / 2.0);
    painter.rect_filled(rect, radius, t.color.line1);
    let (from, to) = fraction.map_or((0.33, 0.67), |fraction| (0.0, fraction.clamp(0.0, 1.0)));
    let x = |share: f32| rect.left() + rect.width() * share;
    let done = Rect::from_min_max(pos2(x(from), rect.top()), pos2(x(to), rect.bottom()));
    painter.rect_filled(done, radius, t.color.accent);
}

/// The ports of one side; `look` says how each is drawn.
pub fn draw_ports(
    painter: &Painter,
    t: &Tokens,
    view: View,
    area: Rect,
    node: &Node,
    side: Side,
    look: impl Fn(usize) -> PortLook,
) {
    if view.zoom < DETAIL_PORTS {
        return;
    }
    for (index, port) in node.ports(side).iter().enumerate() {
        draw_port(painter, t, view, area, port, side, look(index), node.disabled);
    }
}

#[expect(clippy::too_many_arguments, reason = "one flat call for each dot; a struct would be built to be taken apart")]
fn draw_port(
    painter: &Painter,
    t: &Tokens,
    view: View,
    area: Rect,
    port: &Port,
    side: Side,
    look: PortLook,
    disabled: bool,
) {
    let zoom = view.zoom;
    let at = view.to_screen(area, port.at);
    let mut color = paint::kind_color(t, port.kind);
    if disabled || look == PortLook::Dimmed {
        color = t.tint(color, t.color.surface1, 0.65);
    }
    let r = 4.0 * zoom;
    match look {
        PortLook::Lit => {
            painter.circle_filled(at, r * 2.4, t.tint(t.color.surface1, color, 0.35));
        }
        PortLook::Marked => {
            painter.circle_filled(at, r * 2.0, t.tint(t.color.surface1, color, 0.5));
        }
        PortLook::Plain | PortLook::Dimmed => {}
    }
    painter.circle_filled(at, r + 2.0 * zoom, t.color.surface1);
    if side == Side::Input && port.optional && !port.connected {
        painter.circle_stroke(at, r - 0.75 * zoom, Stroke::new(1.5 * zoom, color));
    } else {
        painter.circle_filled(at, r, color);
    }
}
