//! A chart while it is on screen: what it waits for, its picture, and what of it is in sight.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use egui::Color32;
use studio::{ChartedRuns, Influence, Run, Studio};

use super::{
    bars::BarsPicture,
    contour::ContourPicture,
    curves::{Prepared, Shelf, Wanted, prepare},
    importance::ImportancePicture,
    lines::LinesPicture,
    media::{self, ImagesPicture, Shot},
    parallel::{Brush, ParallelPicture},
    picture::{Making, Picture},
    points::PointsPicture,
    reports::{ConfusionPicture, ReportPicture, Reports},
    spec::{Kind, Lines, Spec},
    texts::{self, Contents, TablePicture, TextPicture},
};
use crate::{
    backend::{Backend, Failure, Request},
    chart::{drawing::Drawing, plot::Zoom},
    theme::Tokens,
};

/// What all charts of a page see.
pub struct Env<'a> {
    pub t: &'a Tokens,
    pub backend: &'a Backend,
    pub charted: &'a ChartedRuns,
    /// Counts answers and changes of what runs are shown, in which colours.
    pub generation: u64,
    /// Counts changes of the workspace while a run goes on.
    pub revision: u64,
    pub shown: &'a [&'a Run],
    pub colors: &'a HashMap<String, Color32>,
    pub brushes: &'a [Brush],
    pub reports: Option<&'a Reports>,
    pub shelf: &'a Shelf,
}

/// A picture as it was drawn.
struct Layer {
    /// Of all that it was drawn from.
    key: u64,
    /// Of where it lies.
    place: u64,
    drawing: Drawing,
}

#[derive(Default)]
pub struct Live {
    pub zoom: Zoom,
    /// What the axes meant when it was zoomed.
    axes: u64,
    prepared: Request<Arc<Prepared>>,
    influence: Request<Arc<Influence>>,
    shots: Request<Vec<Arc<Shot>>>,
    contents: Request<Contents>,
    made: u64,
    picture: Option<Arc<dyn Picture>>,
    /// The same picture, where its axes can be brushed.
    pub parallel: Option<Arc<ParallelPicture>>,
    layer: Option<Layer>,
    /// The next one, where that takes longer than a frame may.
    beside: Request<Layer>,
    /// Files that are being made of it.
    pub exports: Vec<Request<super::export::File>>,
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Live {
    /// The newest picture of the chart, once there is one.
    pub fn picture(&mut self, spec: &Spec, env: &Env<'_>) -> Option<Arc<dyn Picture>> {
        let kind = serde_json::to_string(&spec.kind).unwrap_or_default();
        let axes = match &spec.kind {
            Kind::Lines(lines) => hash((&lines.metrics, &lines.x, lines.log_x, lines.log_y, lines.no_outliers)),
            _ => hash(&kind),
        };
        if axes != self.axes {
            self.zoom.reset();
            self.axes = axes;
        }
        self.ask(&spec.kind, env);
        let answers =
            [self.prepared.revision(), self.influence.revision(), self.shots.revision(), self.contents.revision()];
        let wanted = hash((&kind, env.generation, answers));
        if wanted != self.made
            && let Some(picture) = self.make(&spec.kind, env)
        {
            self.made = wanted;
            self.picture = Some(picture);
        }
        self.picture.clone()
    }

    /// Why there is no picture, or no newer one.
    pub fn failure(&self) -> Option<&Failure> {
        let all = [self.prepared.failure(), self.influence.failure(), self.shots.failure(), self.contents.failure()];
        all.into_iter().flatten().next()
    }

    /// Asks again for what failed.
    pub fn again(&mut self) {
        self.prepared.refresh();
        self.influence.refresh();
        self.shots.refresh();
        self.contents.refresh();
    }

    fn ask(&mut self, kind: &Kind, env: &Env<'_>) {
        let ids = || env.shown.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
        match kind {
            Kind::Lines(lines) => self.ask_lines(lines, env),
            Kind::Importance { metric, related } => {
                let (ids, metric, related) = (ids(), metric.clone(), *related);
                let (subject, key) = ((metric.clone(), related), (ids.clone(), env.revision));
                self.influence.ensure_of(subject, key, env.backend, move |studio: &Arc<Studio>| {
                    studio.param_influence(&ids, &metric, related).map(Arc::new)
                });
            }
            Kind::Images { name } if !name.is_empty() => {
                let (ids, name) = (ids(), name.clone());
                let (subject, key) = (name.clone(), (ids.clone(), env.revision));
                self.shots.ensure_of(subject, key, env.backend, move |studio: &Arc<Studio>| {
                    media::read(studio, &ids, &name).map(|shots| shots.into_iter().map(Arc::new).collect())
                });
            }
            Kind::Text { name } | Kind::Table { name } if !name.is_empty() => {
                let (ids, name) = (ids(), name.clone());
                let (subject, key) = (name.clone(), (ids.clone(), env.revision));
                self.contents
                    .ensure_of(subject, key, env.backend, move |studio: &Arc<Studio>| texts::read(studio, &ids, &name));
            }
            _ => {}
        }
    }

    fn ask_lines(&mut self, lines: &Lines, env: &Env<'_>) {
        let ended = env.shown.iter().all(|run| run.status.is_final());
        let ids: Vec<&String> = env.shown.iter().map(|run| &run.id).collect();
        // What is drawn otherwise of the same curves is not asked for again.
        let asked = (&lines.metrics, &lines.x, lines.smoothing.to_bits(), &lines.group, lines.spread);
        let key = hash((asked, ids, if ended { 0 } else { env.revision }));
        if self.prepared.is_pending() && !ended {
            // Answers may take longer than changes take to come.
            self.prepared.poll();
            return;
        }
        let wanted: Vec<Wanted> = env
            .shown
            .iter()
            .map(|run| Wanted {
                id: run.id.clone(),
                name: run.name.clone(),
                group: lines.group.as_ref().map(|common| common.of(run)),
                ended: run.status.is_final(),
            })
            .collect();
        let (lines, shelf) = (lines.clone(), env.shelf.clone());
        self.prepared.ensure(key, env.backend, move |studio: &Arc<Studio>| {
            prepare(studio, &shelf, &wanted, &lines).map(Arc::new)
        });
    }

    fn make(&mut self, kind: &Kind, env: &Env<'_>) -> Option<Arc<dyn Picture>> {
        let making = Making { t: env.t, shown: env.shown, colors: env.colors };
        Some(match kind {
            Kind::Lines(lines) => Arc::new(LinesPicture::new(lines, self.prepared.value()?.clone(), &making)),
            Kind::Bars { metric } => Arc::new(BarsPicture::new(metric, &making)),
            Kind::Scatter(points) | Kind::Bubbles(points) => Arc::new(PointsPicture::new(points, &making)),
            Kind::Parallel { axes } => {
                let all: Vec<&Run> = env.charted.runs.iter().collect();
                let picture = Arc::new(ParallelPicture::new(axes, env.brushes, &all, &making));
                self.parallel = Some(picture.clone());
                picture
            }
            Kind::Contour { x, y, metric } => Arc::new(ContourPicture::new([x, y, metric], &making)),
            Kind::Importance { .. } => Arc::new(ImportancePicture::new(self.influence.value()?.clone())),
            Kind::Confusion => Arc::new(ConfusionPicture::new(env.reports?, &making)),
            Kind::Report { curve } => Arc::new(ReportPicture::new(curve, env.reports?, &making)),
            Kind::Images { name } => {
                let shots = self.shots.value();
                if shots.is_none() && !name.is_empty() {
                    return None;
                }
                Arc::new(ImagesPicture::new(shots.map_or(&[][..], Vec::as_slice), &making))
            }
            Kind::Text { name } | Kind::Table { name } => {
                let contents = self.contents.value();
                if contents.is_none() && !name.is_empty() {
                    return None;
                }
                let none = Contents::new();
                let contents = contents.unwrap_or(&none);
                match kind {
                    Kind::Text { .. } => Arc::new(TextPicture::new(contents, &making)),
                    _ => Arc::new(TablePicture::new(contents, &making)),
                }
            }
        })
    }

    /// The picture as it was drawn last, drawn anew when anything about it changed. With a `backend` it takes long: then
    /// another view of it is drawn there, and the last one stays until it has come.
    pub fn layer(
        &mut self,
        place: impl Hash,
        view: impl Hash,
        backend: Option<&Backend>,
        draw: impl FnOnce() -> Drawing + Send + 'static,
    ) -> &Drawing {
        let place = hash(place);
        let key = hash((self.made, place, view));
        if let Some(Ok(layer)) = self.beside.take().filter(|_| self.layer.is_some()) {
            self.layer = Some(layer);
        }
        match (self.layer.take_if(|layer| layer.place != place || layer.key != key), backend) {
            (None, _) => {}
            // One that is on its way may come: asked for anew in every frame, none ever would.
            (Some(old), Some(_)) if old.place == place && self.beside.is_pending() => self.layer = Some(old),
            (Some(old), Some(backend)) if old.place == place => {
                self.beside.ask(backend, move |_| Ok::<_, Failure>(Layer { key, place, drawing: draw() }));
                return &self.layer.insert(old).drawing;
            }
            _ => self.beside.clear(),
        }
        &self.layer.get_or_insert_with(|| Layer { key, place, drawing: draw() }).drawing
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use egui::{Context, Pos2, Rect, vec2};

    use super::*;

    /// One that can be told from others.
    fn drawing(number: f32) -> Drawing {
        Drawing::new(Rect::from_min_size(Pos2::ZERO, vec2(number, 1.0)), false)
    }

    #[test]
    fn what_takes_long_is_drawn_beside_the_frame() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        let backend = Backend::new(Arc::new(studio), Context::default(), 1);
        let mut live = Live::default();
        let mut layer = |place: u32, view: u32, slow: bool, number: f32| {
            let shown = live.layer(place, view, slow.then_some(&backend), move || drawing(number));
            std::thread::sleep(Duration::from_millis(1));
            shown.rect.width()
        };
        // There is nothing yet that could be shown meanwhile.
        assert_eq!(layer(1, 1, true, 1.0), 1.0);
        assert_eq!(layer(1, 2, true, 2.0), 1.0);
        let began = Instant::now();
        // The view moves on in every frame, and yet some of it is seen.
        let mut view = 3;
        while layer(1, view, true, view as f32) < 3.0 {
            view += 1;
            assert!(began.elapsed() < Duration::from_secs(10), "no other view came");
        }
        while layer(1, view, true, view as f32) != view as f32 {
            assert!(began.elapsed() < Duration::from_secs(10), "the last view never came");
        }
        assert_eq!(layer(2, view, true, 0.5), 0.5, "elsewhere the old one is of no use");
        assert_eq!(layer(2, view + 1, false, 0.25), 0.25);
        assert_eq!(layer(2, view + 1, false, 0.75), 0.25, "nothing has changed");
    }
}
