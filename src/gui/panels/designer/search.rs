//! The component search that opens on the canvas: by Tab, by a double click, or where a wire was let go.

use egui::{Align2, Area, Frame, Id, Key, Modifiers, Order, Pos2, ScrollArea, Ui, Vec2};
use studio::pipeline::component::Spec;

use super::canvas::{PortKey, paint};
use super::catalogue::{Catalogue, Fits};
use crate::theme;
use crate::widgets::{ListRow, TextField};

/// An open search.
#[derive(Debug)]
pub struct Search {
    query: String,
    chosen: usize,
    fresh: bool,
    /// In canvas points: where the new step goes.
    pub at: Pos2,
    /// The port whose wire was let go here.
    pub wire: Option<PortKey>,
    fits: Option<Fits>,
    screen: Pos2,
}

/// What became of an open search in one frame.
#[derive(Debug)]
pub enum Outcome {
    Open,
    Chosen(&'static Spec),
    Closed,
}

impl Search {
    pub fn new(at: Pos2, screen: Pos2, wire: Option<PortKey>, fits: Option<Fits>) -> Self {
        Self { query: String::new(), chosen: 0, fresh: true, at, wire, fits, screen }
    }

    pub fn show(&mut self, ui: &Ui, catalogue: &Catalogue) -> Outcome {
        let t = theme::of(ui);
        let found = catalogue.search(&self.query, self.fits);
        let mut outcome = self.keys(ui, &found);
        let screen = ui.ctx().content_rect();
        let size = Vec2::new(t.size.popover, 340.0);
        let at = self.screen.min(screen.max - size - Vec2::splat(t.size.pad)).max(screen.min);
        let area =
            Area::new(Id::unique("component-search")).order(Order::Foreground).fixed_pos(at).pivot(Align2::LEFT_TOP);
        let shown = area.accessible_name("Add a component").show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(t.size.gap).show(ui, |ui| {
                ui.set_width(size.x - 2.0 * t.size.gap);
                let before = self.query.clone();
                let focus = std::mem::take(&mut self.fresh);
                ui.add(TextField::search(&mut self.query, "Add a component").focus(focus));
                if before != self.query {
                    self.chosen = 0;
                }
                if let Some(spec) = self.list(ui, &found) {
                    outcome = Outcome::Chosen(spec);
                }
            });
        });
        let outside = ui.input(|input| input.pointer.any_pressed())
            && ui.input(|input| input.pointer.interact_pos()).is_some_and(|at| !shown.response.rect.contains(at));
        if outside && matches!(outcome, Outcome::Open) {
            outcome = Outcome::Closed;
        }
        outcome
    }

    fn keys(&mut self, ui: &Ui, found: &[&'static Spec]) -> Outcome {
        let last = found.len().saturating_sub(1);
        self.chosen = self.chosen.min(last);
        let (up, down, enter, escape) = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter), pressed(Key::Escape))
        });
        if up {
            self.chosen = self.chosen.saturating_sub(1);
        }
        if down {
            self.chosen = (self.chosen + 1).min(last);
        }
        match found.get(self.chosen) {
            _ if escape => Outcome::Closed,
            Some(spec) if enter => Outcome::Chosen(spec),
            _ => Outcome::Open,
        }
    }

    fn list(&self, ui: &mut Ui, found: &[&'static Spec]) -> Option<&'static Spec> {
        let t = theme::of(ui);
        let mut chosen = None;
        ui.add_space(t.size.grid);
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
            for (index, spec) in found.iter().enumerate() {
                let color = paint::category_color(&t, Some(spec.category));
                let row = ListRow::new(spec.title)
                    .swatch(color)
                    .note(spec.category.title())
                    .selected(index == self.chosen)
                    .height(t.size.control);
                let response = row.show(ui).on_hover_text(spec.summary);
                if index == self.chosen && !ui.clip_rect().contains_rect(response.rect) {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(*spec);
                }
            }
        });
        if found.is_empty() {
            let word = if self.fits.is_some() { "Nothing that fits this wire" } else { "No component fits" };
            ui.label(t.secondary(format!("{word}. Try another word.")));
        } else if let Some(spec) = found.get(self.chosen) {
            ui.add_space(t.size.grid);
            ui.add(egui::Label::new(t.caption(spec.summary)).wrap());
        }
        chosen
    }
}
