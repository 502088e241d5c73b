//! What the steps of a run put out.

use std::sync::Arc;

use egui::{ScrollArea, Ui, UiBuilder, vec2};
use studio::{Step, Studio};

use crate::{
    backend::Request,
    output::Content,
    panels::Cx,
    theme,
    widgets::{self, ListRow},
};

const WIDTH: f32 = 220.0;

/// The chosen port and what it holds.
#[derive(Default)]
pub struct Outputs {
    chosen: Option<(String, String)>,
    content: Request<Content>,
}

impl Outputs {
    /// Draws the ports of the steps (of one, when `step` is chosen) and the chosen one's content.
    pub fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, run: &str, steps: &[Step], step: Option<&str>) {
        let t = theme::of(ui);
        let wanted = |one: &&Step| step.is_none_or(|name| name == one.name);
        let ports: Vec<(&Step, &str, &str)> = steps
            .iter()
            .filter(wanted)
            .flat_map(|step| {
                let outputs = step.outputs.iter();
                outputs.map(move |output| (step, output.port.as_str(), output.kind.as_str()))
            })
            .collect();
        if ports.is_empty() {
            widgets::loading(ui, "No outputs yet.");
            return;
        }
        let there = self
            .chosen
            .as_ref()
            .is_some_and(|(job, port)| ports.iter().any(|(step, name, _)| step.name == *job && name == port));
        if !there {
            let (step, port, _) = ports[0];
            self.chosen = Some((step.name.clone(), port.to_owned()));
        }
        let area = ui.available_rect_before_wrap();
        let (left, right) = area.split_left_right_at_x(area.left() + WIDTH);
        ui.advance_cursor_after_rect(area);
        ui.painter().vline(left.right(), area.y_range(), t.hairline());
        let mut child = ui.new_child(UiBuilder::new().max_rect(left).id_salt("ports"));
        ScrollArea::vertical().id_salt("ports").show(&mut child, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (step, port, kind) in &ports {
                let key = (step.name.clone(), (*port).to_owned());
                let row = ListRow::new(step.title.as_str())
                    .second(port.replace('_', " "), if port == kind { "" } else { *kind })
                    .selected(self.chosen.as_ref() == Some(&key));
                if row.show(ui).clicked() {
                    self.chosen = Some(key);
                }
            }
        });
        let Some((job, port)) = self.chosen.clone() else {
            return;
        };
        let key = (run.to_owned(), job.clone(), port.clone());
        let ask = key.clone();
        let digest = steps
            .iter()
            .find(|step| step.name == job)
            .and_then(|step| step.outputs.iter().find(|output| output.port == port))
            .and_then(|output| output.digest.clone());
        self.content.ensure_of(key, digest, cx.backend, move |studio: &Arc<Studio>| {
            Content::of_step(studio, &ask.0, &ask.1, &ask.2)
        });
        let builder = UiBuilder::new().max_rect(right.shrink2(vec2(1.0, 0.0))).id_salt((&job, &port));
        let mut child = ui.new_child(builder);
        let failure = self.content.failure().cloned();
        match (self.content.value_mut(), failure) {
            (Some(content), _) => {
                let note = content.note();
                if !note.is_empty() {
                    egui::Frame::NONE.inner_margin(t.size.gap).show(&mut child, |ui| ui.label(t.caption(note)));
                }
                content.show(&mut child, cx.backend);
            }
            (None, Some(failure)) => {
                if widgets::failed(&mut child, "Could not read the output", &failure, "Try again") {
                    self.content.refresh();
                }
            }
            (None, None) => widgets::loading(&mut child, "Reading the output…"),
        }
    }
}
