//! The node canvas: draws a pipeline, and turns pointer and keyboard into a list of [`Edit`]s.
//!
//! It changes nothing itself. Whoever shows it carries out the edits with [`edits::apply`](super::edits::apply) and
//! passes a new `revision` the next time. Everything outside the view is culled, and detail goes as the view zooms
//! out.

mod access;
mod fit;
mod gesture;
mod keys;
mod marks;
mod menu;
mod minimap;
mod node;
mod overlay;
pub mod paint;
mod render;
mod scene;
mod selection;
mod state;
mod view;
mod viewer;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

use egui::{PointerButton, Pos2, Rect, Response, Sense, Ui, Vec2, pos2, vec2};
use studio::pipeline::component::{PortKind, Spec};
use studio::pipeline::graph::Pipeline;

pub use marks::{Drawn, NodeMark, ink, paint_sign};
pub use scene::{NODE_HEIGHT, NODE_WIDTH, PortKey, PortRef, Scene, Side, WireKey};
pub use selection::Selection;
pub use state::{NodeState, States, Status};
pub use view::{GRID, View};
pub use viewer::{Viewed, Viewer};

use gesture::{Gesture, Pointer};
use minimap::Map;
use overlay::Editing;
use scene::Hit;

use super::catalogue::Catalogue;
use super::edits::Edit;
use crate::theme::Tokens;

/// The nearest point of the grid.
pub fn snap_to_grid(at: Pos2) -> Pos2 {
    view::snap(at, GRID)
}

/// Below this zoom a node has no caption and no words beside its mark.
const DETAIL_TEXT: f32 = 0.55;
/// A pipeline opens no smaller than this.
const READABLE: f32 = 0.8;
/// A drawing that is only looked at opens no smaller than this.
const LEAST_ZOOM: f32 = 0.6;
/// Below this zoom ports are neither drawn nor hit.
const DETAIL_PORTS: f32 = 0.35;
/// Below this zoom a node is a coloured block.
const DETAIL_TITLE: f32 = 0.3;

/// What the canvas shows.
pub struct Input<'a> {
    pub pipeline: &'a Pipeline,
    pub catalogue: &'a Catalogue,
    pub states: &'a States,
    /// Changes with the pipeline or the states.
    pub revision: u64,
    /// The port that the preview shows.
    pub marked: Option<&'a PortKey>,
}

/// What came of a frame.
#[derive(Debug, Default)]
pub struct Output {
    pub edits: Vec<Edit>,
    pub asks: Vec<Ask>,
}

/// What the canvas cannot do alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A component is to be chosen for this place, and for the wire that was let go there.
    Search {
        at: Pos2,
        wire: Option<PortKey>,
    },
    Preview(PortKey),
    /// To the clipboard; `true` cuts.
    Copy {
        cut: bool,
    },
    /// `None` asks for the clipboard first.
    Paste {
        text: Option<String>,
        at: Pos2,
    },
    Tidy,
    Align(Align),
    Undo,
    Redo,
    RunTo(String),
    /// The keyboard goes to the selected step's settings.
    Inspect,
}

/// How selected steps are lined up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Center,
    Right,
    Top,
    Middle,
    Bottom,
    Across,
    Down,
}

/// A component on its way from the palette, as egui's drag payload.
#[derive(Clone, Copy, Debug)]
pub struct Carried(pub &'static Spec);

/// The canvas of one open pipeline.
#[derive(Default)]
pub struct Canvas {
    pub view: View,
    pub selection: Selection,
    scene: Scene,
    seen: Option<u64>,
    gesture: Gesture,
    editing: Option<Editing>,
    /// From, to, and the time it began.
    flight: Option<(View, View, f64)>,
    fit_next: bool,
    /// What was fitted into which area last.
    fitted_to: Option<(View, Rect)>,
    /// Whether that was on opening.
    opened_here: bool,
    menu_at: Option<(Hit, Pos2)>,
    area: Option<Rect>,
    /// Where the pointer was last, in canvas points.
    last_pointer: Option<Pos2>,
    focus_next: bool,
}

impl Canvas {
    /// A canvas that shows everything when it first appears.
    pub fn new() -> Self {
        Self { fit_next: true, focus_next: true, ..Self::default() }
    }

    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Whether a drag or an inline editor is under way; nothing is recorded for undo meanwhile.
    pub fn is_busy(&self) -> bool {
        !self.gesture.is_idle() || self.editing.is_some()
    }

    /// Shows everything in the next frame.
    pub fn fit(&mut self) {
        self.fit_next = true;
    }

    /// Gives the canvas the keyboard in the next frame.
    pub fn focus(&mut self) {
        self.focus_next = true;
    }

    /// Moves until the step is in sight, and selects it.
    pub fn reveal(&mut self, job: &str, time: f64) {
        self.selection = Selection::of_jobs([job.to_owned()]);
        if let (Some(node), Some(area)) = (self.scene.node(job), self.area)
            && !self.view.visible(area).contains_rect(node.rect)
        {
            let to = self.view.centered(node.rect.center(), area);
            self.fly(to, time);
        }
    }

    /// A free place for a component that comes without one: the middle of what is seen.
    pub fn middle(&self) -> Pos2 {
        let center = self.area.map_or(self.view.origin, |area| self.view.visible(area).center());
        center - vec2(NODE_WIDTH, NODE_HEIGHT) / 2.0
    }

    /// The last place of the pointer, or the middle.
    pub fn pointer_or_middle(&self) -> Pos2 {
        let seen = self.area.map(|area| self.view.visible(area));
        self.last_pointer.filter(|at| seen.is_some_and(|seen| seen.contains(*at))).unwrap_or_else(|| self.middle())
    }

    /// Where the canvas point `at` is on the screen.
    pub fn on_screen(&self, at: Pos2) -> Pos2 {
        self.area.map_or(at, |area| self.view.to_screen(area, at))
    }

    fn fly(&mut self, to: View, time: f64) {
        self.flight = Some((self.view, to, time));
    }

    /// Draws the canvas into what is left of `ui`.
    pub fn show(&mut self, ui: &mut Ui, t: &Tokens, input: &Input<'_>) -> Output {
        let mut out = Output::default();
        let area = ui.available_rect_before_wrap();
        let id = ui.scope_id().with("canvas");
        let response = ui.interact(area, id, Sense::click_and_drag());
        ui.advance_cursor_after_rect(area);
        self.area = Some(area);
        if self.seen != Some(input.revision) {
            self.scene = Scene::build(input.pipeline, input.catalogue, input.states);
            self.selection.retain(&self.scene);
            self.seen = Some(input.revision);
        }
        self.travel(ui, &response, area);
        let map = Map::new(&self.scene, self.view, area);
        self.point(ui, &response, area, map.as_ref(), &mut out);
        self.keys(ui, &response, &mut out);
        self.carry(ui, t, &response, input, &mut out);
        self.paint(ui, t, &response, area, input, map.as_ref());
        self.overlays(ui, t, &response, area, input, &mut out);
        self.menu(&response, t, input, &mut out);
        self.describe(ui, id, area, &mut out);
        out
    }

    /// First fit, flights, wheel and pinch.
    fn travel(&mut self, ui: &Ui, response: &Response, area: Rect) {
        let now = ui.input(|input| input.time);
        if area.is_positive() && self.fit_next {
            let first = self.view == View::default();
            let to = if first { self.opening(area) } else { self.fitted(area) };
            self.opened_here = first;
            if first {
                self.view = to
            } else {
                self.fly(to, now)
            }
            (self.fit_next, self.fitted_to) = (false, Some((to, area)));
        } else if let Some((view, fitted)) = self.fitted_to
            && view == self.view
            && fitted != area
        {
            // Nobody has moved the view since: it goes on showing everything while the window finds its shape.
            self.view = if self.opened_here { self.opening(area) } else { self.fitted(area) };
            self.fitted_to = Some((self.view, area));
        }
        if std::mem::take(&mut self.focus_next) {
            response.request_focus();
        }
        let length = f64::from(ui.style().animation_time);
        if let Some((from, to, began)) = self.flight {
            let share = if length > 0.0 { ((now - began) / length).clamp(0.0, 1.0) as f32 } else { 1.0 };
            self.view = from.lerp(to, 1.0 - (1.0 - share).powi(3));
            if share >= 1.0 {
                self.flight = None;
            }
            ui.ctx().request_repaint();
        }
        if response.contains_pointer() && (response.hovered() || !self.gesture.is_idle()) {
            let (scroll, zoom, at) =
                ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta(), input.pointer.hover_pos()));
            if zoom != 1.0
                && let Some(at) = at
            {
                self.flight = None;
                self.view.zoom_at(area, at, zoom);
            } else if scroll != Vec2::ZERO {
                self.flight = None;
                self.view.pan(scroll);
            }
        }
        if !self.view.is_finite() {
            self.view = View::default();
        }
    }

    /// How a pipeline opens: everything in sight, as long as it can be read; else its beginning.
    fn opening(&self, area: Rect) -> View {
        let whole = self.fitted(area);
        if whole.zoom >= READABLE {
            return whole;
        }
        let bounds = self.scene.bounds();
        // Beside the map, where there is room for both.
        let beside = area.width() - minimap::ROOM;
        let width = if bounds.width() * READABLE < beside { beside } else { area.width() };
        let origin = pos2(bounds.center().x - width / (2.0 * READABLE), bounds.top() - 24.0 / READABLE);
        View { origin, zoom: READABLE }
    }

    /// Everything in sight.
    fn fitted(&self, area: Rect) -> View {
        View::fit(self.scene.bounds(), area)
    }

    /// Presses, drags, drops and clicks.
    fn point(&mut self, ui: &Ui, response: &Response, area: Rect, map: Option<&Map>, out: &mut Output) {
        let Some(at) = ui.input(|input| input.pointer.interact_pos()) else {
            return;
        };
        let (pressed, origin, space, modifiers) = ui.input(|input| {
            let pointer = &input.pointer;
            (pointer.primary_pressed(), pointer.press_origin(), input.key_down(egui::Key::Space), input.modifiers)
        });
        let pointer = |at: Pos2, view: View| Pointer {
            at: view.to_canvas(area, at),
            adding: modifiers.shift || modifiers.command,
            free: modifiers.alt,
        };
        let now = pointer(at, self.view);
        if response.contains_pointer() {
            self.last_pointer = Some(now.at);
        }
        let on_map = |at: Pos2| map.is_some_and(|map| map.rect.contains(at));
        if pressed && response.is_pointer_button_down_on() {
            response.request_focus();
            self.flight = None;
            if on_map(at) {
                self.gesture = Gesture::Map;
            } else if !space {
                self.press(self.scene.hit(now.at, self.view.zoom), now);
            }
        }
        if response.drag_started() && self.gesture.is_idle() {
            let from = pointer(origin.unwrap_or(at), self.view);
            if space || response.drag_started_by(PointerButton::Middle) {
                self.gesture = Gesture::Pan;
            } else if response.drag_started_by(PointerButton::Primary) {
                self.begin(self.scene.hit(from.at, self.view.zoom), from);
            }
        }
        if let (Gesture::Map, Some(map)) = (&self.gesture, map)
            && response.is_pointer_button_down_on()
        {
            self.view = self.view.centered(map.to_canvas(at), area);
        }
        if response.dragged() {
            if matches!(self.gesture, Gesture::Pan) {
                self.view.pan(response.drag_delta());
            } else {
                self.slide(ui, at, area);
                self.drag(pointer(at, self.view), out);
            }
        }
        let on_map_now = matches!(self.gesture, Gesture::Map);
        if response.drag_stopped() || (on_map_now && ui.input(|input| input.pointer.any_released())) {
            // Escape ends egui's drag as well, and is no drop.
            if ui.input(|input| input.key_pressed(egui::Key::Escape)) {
                self.cancel(out);
            } else {
                self.drop(pointer(at, self.view), self.view, out);
            }
            self.gesture = Gesture::Idle;
        } else if response.clicked_by(PointerButton::Primary) && !on_map(at) {
            let hit = self.scene.hit(now.at, self.view.zoom);
            if response.double_clicked() { self.double_click(hit, now.at, out) } else { self.click(hit, now, out) }
        }
    }

    /// While something is dragged near the edge, the view goes along.
    fn slide(&mut self, ui: &Ui, at: Pos2, area: Rect) {
        const EDGE: f32 = 28.0;
        const SPEED: f32 = 900.0;
        if self.gesture.is_idle() || matches!(self.gesture, Gesture::Map) {
            return;
        }
        let inner = area.shrink(EDGE);
        let over = (at - inner.clamp(at)) / EDGE;
        if over != Vec2::ZERO && inner.is_positive() {
            let dt = ui.input(|input| input.stable_dt).min(0.05);
            self.view.pan(-over.clamp(Vec2::splat(-1.0), Vec2::splat(1.0)) * SPEED * dt);
            ui.ctx().request_repaint();
        }
    }

    fn double_click(&mut self, hit: Hit, at: Pos2, out: &mut Output) {
        match hit {
            Hit::Node(node) => self.editing = Some(Editing::title(&self.scene.nodes[node])),
            Hit::Note(note) | Hit::NoteCorner(note) => self.editing = Some(Editing::note(note)),
            Hit::Nothing => out.asks.push(Ask::Search { at, wire: None }),
            Hit::Port(_) | Hit::Wire(_) => {}
        }
    }

    /// A component from the palette over the canvas: a ghost, the wire it would go into, and the drop.
    fn carry(&mut self, ui: &Ui, t: &Tokens, response: &Response, input: &Input<'_>, out: &mut Output) {
        let Some(carried) = response.dnd_hover_payload::<Carried>() else {
            return;
        };
        let (Some(area), Some(at)) = (self.area, ui.input(|input| input.pointer.hover_pos())) else {
            return;
        };
        let point = self.view.to_canvas(area, at);
        let into = self.wire_for(carried.0, point);
        let corner = point - vec2(NODE_WIDTH, NODE_HEIGHT) / 2.0;
        self.paint_ghost(ui, t, carried.0, corner, area, into);
        if let Some(dropped) = response.dnd_release_payload::<Carried>() {
            let (component, at) = (dropped.0.id.to_owned(), corner.into());
            out.edits.push(match into {
                Some(wire) => Edit::Insert { component, at, wire: self.scene.wire_key(wire) },
                None => Edit::Add { component, at, wire: None },
            });
            self.focus_next = true;
        }
        debug_assert!(input.catalogue.spec(carried.0.id).is_some(), "the palette shows what the catalogue has");
    }

    /// The wire under `at` that `spec` could be put into.
    fn wire_for(&self, spec: &'static Spec, at: Pos2) -> Option<usize> {
        let wire = self.scene.wire_at(at, (24.0 / self.view.zoom).min(40.0))?;
        let kind: PortKind = self.scene.wires[wire].kind?;
        super::edits::goes_into(spec, kind).then_some(wire)
    }
}
