//! The centre: one place, or several as tiles.

use egui::{Color32, Frame, Stroke, Style, Ui, Visuals, WidgetText};
use egui_tiles::{Behavior, ResizeState, SimplificationOptions, TabState, TileId, Tiles, Tree, UiResponse};

use super::{World, regions};
use crate::{
    panels::Panel,
    theme::{self, Tokens},
};

/// Draws the places of the layout's tree. A click into one makes it the active one.
pub fn show(ui: &mut Ui, panels: &mut [Box<dyn Panel>], world: &mut World) {
    let t = theme::of(ui);
    regions::region(ui, "Centre");
    let split = world.layout.is_split();
    let mut tree = std::mem::replace(&mut world.layout.tree, Tree::empty(egui::Id::NULL));
    let mut tiling = Tiling { panels, world, t: &t, split, pressed: None };
    tree.ui(&mut tiling, ui);
    let pressed = tiling.pressed;
    world.layout.tree = tree;
    if let Some(place) = pressed {
        world.layout.active = place;
    }
}

struct Tiling<'a> {
    panels: &'a mut [Box<dyn Panel>],
    world: &'a mut World,
    t: &'a Tokens,
    split: bool,
    pressed: Option<String>,
}

impl Behavior<String> for Tiling<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, place: &mut String) -> UiResponse {
        let active = self.world.layout.active == *place;
        let rect = ui.max_rect();
        ui.painter().rect_filled(rect, 0.0, self.t.color.surface1);
        if ui.input(|input| input.pointer.any_pressed()) && ui.rect_contains_pointer(rect) {
            self.pressed = Some(place.clone());
        }
        if let Some(panel) = self.panels.iter_mut().find(|panel| panel.id() == *place) {
            Frame::NONE.show(ui, |ui| {
                ui.set_min_size(rect.size());
                ui.spacing_mut().item_spacing = egui::vec2(self.t.size.gap, 0.0);
                ui.push_id(panel.id(), |ui| panel.ui(ui, &mut self.world.cx(self.t, active)));
            });
        }
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, place: &String) -> WidgetText {
        let panel = self.panels.iter().find(|panel| panel.id() == *place);
        let title = panel.map_or(place.as_str(), |panel| panel.title());
        self.t.face.small.of(title).into()
    }

    fn is_tab_closable(&self, _tiles: &Tiles<String>, _tile: TileId) -> bool {
        self.split
    }

    fn tab_bar_height(&self, _style: &Style) -> f32 {
        self.t.size.control
    }

    fn is_tab_bar_visible(&self, _tile: TileId, _tabs: &egui_tiles::Tabs) -> bool {
        self.split
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: self.split, ..SimplificationOptions::default() }
    }

    fn min_size(&self) -> f32 {
        self.t.size.inspector
    }

    fn resize_stroke(&self, _style: &Style, state: ResizeState) -> Stroke {
        match state {
            ResizeState::Idle => self.t.hairline(),
            ResizeState::Hovering | ResizeState::Dragging => self.t.focus_ring(),
        }
    }

    fn tab_bar_color(&self, _visuals: &Visuals) -> Color32 {
        self.t.color.surface2
    }

    fn tab_bg_color(&self, _: &Visuals, _: &Tiles<String>, _: TileId, state: &TabState) -> Color32 {
        if state.active { self.t.color.surface1 } else { self.t.color.surface2 }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<String>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, _visuals: &Visuals) -> Stroke {
        self.t.hairline()
    }

    fn tab_text_color(&self, _: &Visuals, tiles: &Tiles<String>, tile: TileId, state: &TabState) -> Color32 {
        let active = tiles.get_pane(&tile).is_some_and(|place| *place == self.world.layout.active);
        match (active, state.active) {
            (true, _) => self.t.color.accent,
            (false, true) => self.t.color.text1,
            (false, false) => self.t.color.text2,
        }
    }

    fn drag_preview_stroke(&self, _visuals: &Visuals) -> Stroke {
        self.t.focus_ring()
    }

    fn drag_preview_color(&self, _visuals: &Visuals) -> Color32 {
        self.t.color.accent.gamma_multiply(0.2)
    }
}
