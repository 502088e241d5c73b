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
    layer: Option<(u64, Drawing)>,
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
                let key = (&ids.clone(), &metric.clone(), related, env.revision);
                self.influence.ensure(key, env.backend, move |studio: &Arc<Studio>| {
                    studio.param_influence(&ids, &metric, related).map(Arc::new)
                });
            }
            Kind::Images { name } if !name.is_empty() => {
                let (ids, name) = (ids(), name.clone());
                self.shots.ensure(
                    (&ids.clone(), &name.clone(), env.revision),
                    env.backend,
                    move |studio: &Arc<Studio>| {
                        media::read(studio, &ids, &name).map(|shots| shots.into_iter().map(Arc::new).collect())
                    },
                );
            }
            Kind::Text { name } | Kind::Table { name } if !name.is_empty() => {
                let (ids, name) = (ids(), name.clone());
                self.contents.ensure(
                    (&ids.clone(), &name.clone(), env.revision),
                    env.backend,
                    move |studio: &Arc<Studio>| texts::read(studio, &ids, &name),
                );
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

    /// The picture as it was drawn last, drawn anew when anything about it changed.
    pub fn layer(&mut self, key: impl Hash, draw: impl FnOnce() -> Drawing) -> &Drawing {
        let key = hash((self.made, key));
        if self.layer.as_ref().is_none_or(|(drawn, _)| *drawn != key) {
            self.layer = None;
        }
        &self.layer.get_or_insert_with(|| (key, draw())).1
    }
}
