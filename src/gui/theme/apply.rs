//! Tokens become egui's style, for both themes at once; egui switches between them.

use std::{collections::BTreeMap, sync::Arc};

use egui::{
    Context, CornerRadius, FontFamily, FontId, Id, Margin, Stroke, Style, TextStyle, Theme, ThemePreference, Visuals,
    epaint::{FontColorTransferFunction, Shadow},
    style::{ScrollAnimation, ScrollStyle, Selection, WidgetVisuals, Widgets},
    vec2,
};

use super::{Appearance, ThemeChoice, Tokens, parse::parse};

const DARK: &str = include_str!("../../../assets/themes/dark.json");
const LIGHT: &str = include_str!("../../../assets/themes/light.json");

/// Both themes, kept in the context's data so that any widget reaches them.
#[derive(Clone)]
struct Installed {
    dark: Arc<Tokens>,
    light: Arc<Tokens>,
    reduced_motion: bool,
}

fn key() -> Id {
    Id::unique("gui::theme")
}

/// Both themes as built in. The files are parsed by a test; a broken one falls back on the other.
pub fn built_in() -> [Arc<Tokens>; 2] {
    let mut read = [("dark.json", DARK), ("light.json", LIGHT)]
        .map(|(name, text)| parse(name, text).map(Arc::new).inspect_err(|error| tracing::error!("{error}")).ok());
    let [dark, light] = &mut read;
    match (dark.take(), light.take()) {
        (Some(dark), Some(light)) => [dark, light],
        (Some(one), None) | (None, Some(one)) => [one.clone(), one],
        (None, None) => unreachable!("a test parses both theme files"),
    }
}

pub fn current(ctx: &Context) -> Arc<Tokens> {
    let installed = ctx.data(|data| data.get_temp::<Installed>(key()));
    let installed = installed.unwrap_or_else(|| {
        let [dark, light] = built_in();
        let installed = Installed { dark, light, reduced_motion: false };
        ctx.data_mut(|data| data.insert_temp(key(), installed.clone()));
        installed
    });
    match ctx.theme() {
        Theme::Dark => installed.dark,
        Theme::Light => installed.light,
    }
}

pub fn install(ctx: &Context, appearance: &Appearance) {
    let [dark, light] = built_in();
    put(ctx, Installed { dark, light, reduced_motion: appearance.reduced_motion });
    set_appearance(ctx, appearance);
}

pub fn set_appearance(ctx: &Context, appearance: &Appearance) {
    ctx.set_theme(match appearance.theme {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Light => ThemePreference::Light,
        ThemeChoice::Dark => ThemePreference::Dark,
    });
    if (ctx.zoom_factor() - appearance.zoom).abs() > f32::EPSILON {
        ctx.set_zoom_factor(appearance.zoom);
    }
    if let Some(mut installed) = ctx.data(|data| data.get_temp::<Installed>(key()))
        && installed.reduced_motion != appearance.reduced_motion
    {
        installed.reduced_motion = appearance.reduced_motion;
        put(ctx, installed);
    }
}

/// A colour typed into a theme file shows at once in a debug build.
pub fn reload(ctx: &Context) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/themes");
    let Some(mut installed) = ctx.data(|data| data.get_temp::<Installed>(key())) else {
        return;
    };
    let mut changed = false;
    for (name, slot) in [("dark.json", &mut installed.dark), ("light.json", &mut installed.light)] {
        let Ok(text) = std::fs::read_to_string(format!("{folder}/{name}")) else {
            continue;
        };
        match parse(name, &text) {
            Ok(tokens) if tokens != **slot => {
                *slot = Arc::new(tokens);
                changed = true;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("{error}"),
        }
    }
    if changed {
        put(ctx, installed);
        ctx.request_repaint();
    }
}

fn put(ctx: &Context, installed: Installed) {
    ctx.set_style_of(Theme::Dark, style(&installed.dark, installed.reduced_motion));
    ctx.set_style_of(Theme::Light, style(&installed.light, installed.reduced_motion));
    ctx.data_mut(|data| data.insert_temp(key(), installed));
}

/// egui's style made of tokens.
pub fn style(t: &Tokens, reduced_motion: bool) -> Style {
    let mut style = Style {
        text_styles: text_styles(t),
        drag_value_text_style: TextStyle::Button,
        visuals: visuals(t),
        animation_time: if reduced_motion { 0.0 } else { t.motion.panel_ms / 1000.0 },
        scroll_animation: if reduced_motion {
            ScrollAnimation::none()
        } else {
            ScrollAnimation::duration(t.motion.panel_ms / 1000.0)
        },
        url_in_tooltip: true,
        always_scroll_the_only_direction: true,
        ..Style::default()
    };
    let s = &t.size;
    style.spacing.item_spacing = vec2(s.gap, s.gap);
    style.spacing.button_padding = vec2(s.pad - 2.0, s.grid);
    style.spacing.interact_size = vec2(s.control, s.control);
    style.spacing.menu_margin = Margin::same(s.grid as i8);
    style.spacing.window_margin = Margin::same(s.pad_panel as i8);
    style.spacing.indent = s.pad_panel;
    style.spacing.combo_width = s.palette - s.rail;
    style.spacing.text_edit_width = s.palette;
    style.spacing.icon_width = s.icon_small;
    style.spacing.icon_width_inner = s.gap;
    style.spacing.icon_spacing = s.gap;
    style.spacing.tooltip_width = s.tooltip;
    style.spacing.menu_width = s.popover;
    style.spacing.combo_height = s.popover;
    style.spacing.scroll = scroll(t);
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    style
}

fn scroll(t: &Tokens) -> ScrollStyle {
    let mut scroll = ScrollStyle {
        bar_width: t.size.scrollbar,
        floating_width: t.size.grid,
        handle_min_length: t.size.hit,
        foreground_color: true,
        dormant_handle_opacity: 0.25,
        active_handle_opacity: 0.4,
        interact_handle_opacity: 0.7,
        active_background_opacity: 0.0,
        interact_background_opacity: 0.0,
        ..ScrollStyle::floating()
    };
    scroll.fade.strength = 0.0;
    scroll
}

fn text_styles(t: &Tokens) -> BTreeMap<TextStyle, FontId> {
    [
        (TextStyle::Small, t.face.caption.font()),
        (TextStyle::Body, t.face.body.font()),
        (TextStyle::Button, t.face.small.font()),
        (TextStyle::Heading, t.face.title.font()),
        (TextStyle::Monospace, FontId::new(t.face.mono.size, FontFamily::Monospace)),
    ]
    .into()
}

fn visuals(t: &Tokens) -> Visuals {
    let c = &t.color;
    let mut v = if t.dark { Visuals::dark() } else { Visuals::light() };
    // egui's own way for dark themes makes small text heavy; this keeps the weight of the font.
    v.text_options.color_transfer_function = FontColorTransferFunction::Gamma(if t.dark { 0.85 } else { 1.0 });
    v.widgets = widgets(t);
    v.selection = Selection { bg_fill: c.accent_soft, stroke: Stroke::new(t.size.line, c.accent) };
    v.weak_text_color = Some(c.text3);
    v.hyperlink_color = c.accent;
    v.faint_bg_color = c.surface2;
    v.extreme_bg_color = c.surface1;
    v.text_edit_bg_color = Some(c.surface1);
    v.code_bg_color = c.surface4;
    v.warn_fg_color = c.warn;
    v.error_fg_color = c.error;
    v.window_fill = c.surface3;
    v.window_stroke = t.border();
    v.window_corner_radius = CornerRadius::from(t.size.radius_card);
    v.menu_corner_radius = CornerRadius::from(t.size.radius_card);
    v.window_highlight_topmost = false;
    let shadow = Shadow { offset: [0, 4], blur: 16, spread: 0, color: c.shadow };
    v.window_shadow = shadow;
    v.popup_shadow = shadow;
    v.panel_fill = c.surface2;
    v.text_cursor.stroke = Stroke::new(t.size.line_strong, c.accent);
    v.indent_has_left_vline = false;
    v.slider_trailing_fill = true;
    v.handle_shape = egui::style::HandleShape::Circle;
    v.image_loading_spinners = false;
    v
}

fn widgets(t: &Tokens) -> Widgets {
    let c = &t.color;
    let one = |fill, edge, text| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: edge,
        corner_radius: CornerRadius::from(t.size.radius),
        fg_stroke: Stroke::new(t.size.line, text),
        expansion: 0.0,
    };
    Widgets {
        noninteractive: one(c.surface3, t.hairline(), c.text1),
        inactive: one(c.surface3, t.hairline(), c.text1),
        hovered: one(c.surface4, t.border(), c.text1),
        // egui draws what has the keyboard as active, so the ring of focus is here.
        active: one(c.surface4, t.focus_ring(), c.text1),
        open: one(c.surface4, t.border(), c.text1),
    }
}
