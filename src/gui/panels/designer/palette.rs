//! The components at the left: searched, double-clicked, or dragged onto the canvas.

use egui::{DragAndDrop, Key, LayerId, Order, ScrollArea, Sense, Ui, Vec2};
use studio::pipeline::component::{Category, Spec};

use super::canvas::{Carried, paint};
use super::catalogue::Catalogue;
use crate::theme::{self, Tokens};
use crate::widgets::{self, ListRow, TextField};

#[derive(Debug, Default)]
pub struct Palette {
    query: String,
}

impl Palette {
    /// Draws the palette; the component that was double-clicked or chosen by Enter.
    pub fn show(&mut self, ui: &mut Ui, catalogue: &Catalogue) -> Option<&'static Spec> {
        let t = theme::of(ui);
        // A row's fill reaches further out than its words, which stand in line with the field and the headings.
        let inset = t.size.gap;
        let field =
            indented(ui, inset, |ui| ui.add(TextField::search(&mut self.query, "Find a component").shortcut("Tab")));
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.add_space(t.size.grid);
        let mut chosen = None;
        ScrollArea::vertical().id_salt("components").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let found = catalogue.search(&self.query, None);
            if self.query.trim().is_empty() {
                for category in Category::ALL {
                    let mut components = catalogue.of(category).peekable();
                    if components.peek().is_none() {
                        continue;
                    }
                    ui.add_space(t.size.gap);
                    indented(ui, inset, |ui| widgets::section(ui, category.title()));
                    ui.add_space(t.size.grid);
                    for spec in components {
                        chosen = component(ui, &t, spec).or(chosen);
                    }
                }
            } else {
                for spec in &found {
                    chosen = component(ui, &t, spec).or(chosen);
                }
                if found.is_empty() {
                    ui.add(egui::Label::new(t.secondary("No component fits. Try another word.")).wrap());
                }
            }
            if enter {
                chosen = found.first().copied();
            }
        });
        if chosen.is_some() {
            self.query.clear();
        }
        chosen
    }
}

fn indented<R>(ui: &mut Ui, by: f32, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = egui::Margin { left: by as i8, right: by as i8, ..egui::Margin::ZERO };
    egui::Frame::NONE.inner_margin(margin).show(ui, contents).inner
}

fn component(ui: &mut Ui, t: &Tokens, spec: &'static Spec) -> Option<&'static Spec> {
    let color = paint::category_color(t, Some(spec.category));
    let row = ListRow::new(spec.title).swatch(color).quiet().height(t.size.control).sense(Sense::click_and_drag());
    let response = row.show(ui);
    response.dnd_set_drag_payload(Carried(spec));
    if response.dragged() && DragAndDrop::has_payload_of_type::<Carried>(ui) {
        carried(ui, t, spec);
    }
    let chosen = response.double_clicked().then_some(spec);
    response.on_hover_text(spec.summary);
    chosen
}

/// The name under the pointer on its way, until the canvas draws the ghost of a step.
fn carried(ui: &Ui, t: &Tokens, spec: &'static Spec) {
    let Some(at) = ui.input(|input| input.pointer.interact_pos()) else {
        return;
    };
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, ui.scope_id().with("carried")));
    let galley = painter.layout_no_wrap(spec.title.to_owned(), t.face.small.font(), t.color.text1);
    let rect = egui::Rect::from_min_size(at + Vec2::new(14.0, 6.0), galley.size() + Vec2::new(16.0, 8.0));
    painter.rect(rect, t.size.radius, t.color.surface3, t.border(), egui::StrokeKind::Inside);
    painter.galley(rect.min + Vec2::new(8.0, 4.0), galley, t.color.text1);
}
