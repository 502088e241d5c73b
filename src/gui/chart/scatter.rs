//! Clouds of points.

use std::borrow::Cow;

use egui::{Color32, Sense, Ui, UiBuilder, WidgetInfo, accesskit::Role, vec2};
use egui_plot::{HLine, Line, LineStyle, PlotPoints, Points};

use super::{
    ChartResponse,
    grid::{self, Axes, Value},
};
use crate::{theme, widgets::format};

/// Points of one kind.
#[derive(Clone, Debug)]
pub struct Cloud<'a> {
    pub name: Cow<'a, str>,
    pub color: Color32,
    pub x: &'a [f64],
    pub y: &'a [f64],
}

/// Points over two axes: `Scatter::new("residuals", &clouds).show(ui)`.
#[must_use = "call show"]
pub struct Scatter<'a> {
    id: &'a str,
    clouds: &'a [Cloud<'a>],
    axes: Axes<'a>,
    height: f32,
    diagonal: bool,
    zero: bool,
}

/// More points of a cloud than this are thinned evenly; what is drawn says so by its name.
const MOST: usize = 20_000;

impl<'a> Scatter<'a> {
    pub fn new(id: &'a str, clouds: &'a [Cloud<'a>]) -> Self {
        Self { id, clouds, axes: Axes::default(), height: 240.0, diagonal: false, zero: false }
    }

    pub fn height(self, height: f32) -> Self {
        Self { height, ..self }
    }

    pub fn labels(self, x: &'a str, y: &'a str) -> Self {
        Self { axes: Axes { x, y, log_y: false }, ..self }
    }

    /// The line of x = y: predicted against true.
    pub fn diagonal(self) -> Self {
        Self { diagonal: true, ..self }
    }

    /// The line of y = 0: residuals.
    pub fn zero(self) -> Self {
        Self { zero: true, ..self }
    }

    pub fn show(self, ui: &mut Ui) -> ChartResponse {
        let t = theme::of(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), self.height), Sense::hover());
        let pairs = |cloud: &Cloud<'_>| cloud.x.len().min(cloud.y.len());
        if self.clouds.iter().all(|cloud| pairs(cloud) == 0) {
            grid::nothing(ui, rect);
            let response = ui.interact(rect, ui.scope_id().with(self.id), Sense::hover());
            return ChartResponse { response, x: None, series: None };
        }
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(self.id));
        let clouds = self.clouds.to_vec();
        let (diagonal, zero, quiet) = (self.diagonal, self.zero, t.color.line2);
        let plot = grid::plot(&t, self.id, self.axes, rect.size());
        let shown = plot.set_margin_fraction(vec2(0.05, 0.05)).show(&mut child, move |plot| {
            grid::wheel_zoom(plot);
            let line = |points: Vec<[f64; 2]>| {
                Line::new("", PlotPoints::from(points)).color(quiet).style(LineStyle::dashed_dense()).allow_hover(false)
            };
            if diagonal {
                let all = || clouds.iter().flat_map(|cloud| cloud.x.iter().copied()).filter(|x| x.is_finite());
                let (low, high) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max));
                plot.line(line(vec![[low, low], [high, high]]));
            }
            if zero {
                plot.hline(HLine::new("", 0.0).color(quiet).style(LineStyle::dashed_dense()).allow_hover(false));
            }
            for cloud in &clouds {
                let step = cloud.x.len().div_ceil(MOST).max(1);
                let points = cloud.x.iter().zip(cloud.y).step_by(step).filter(|(x, y)| x.is_finite() && y.is_finite());
                let points: Vec<[f64; 2]> = points.map(|(&x, &y)| [x, y]).collect();
                let color = cloud.color.gamma_multiply(0.7);
                plot.points(Points::new(cloud.name.to_string(), points).radius(2.2).color(color).allow_hover(false));
            }
        });
        let response = shown.response;
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, self.id));
        let hover = response.hover_pos().filter(|_| !response.dragged());
        let mut series = None;
        let mut x = None;
        if let Some(pointer) = hover {
            let nearest = self.clouds.iter().enumerate().flat_map(|(at, cloud)| {
                let step = cloud.x.len().div_ceil(MOST).max(1);
                let pairs = cloud.x.iter().zip(cloud.y).step_by(step);
                pairs.map(move |(&x, &y)| (at, x, y))
            });
            let distance = |x: f64, y: f64| shown.transform.position_from_point(&[x, y].into()).distance_sq(pointer);
            let nearest = nearest
                .map(|(at, x, y)| (at, x, y, distance(x, y)))
                .filter(|near| near.3 < 144.0)
                .min_by(|a, b| a.3.total_cmp(&b.3));
            if let Some((at, px, py, _)) = nearest {
                let cloud = &self.clouds[at];
                let named = |name: &str, fallback: &str| {
                    if name.is_empty() { fallback.to_owned() } else { name.to_owned() }
                };
                let rows = [
                    Value { name: named(self.axes.x, "x"), value: format::number(px), color: cloud.color },
                    Value { name: named(self.axes.y, "y"), value: format::number(py), color: cloud.color },
                ];
                let place = shown.transform.position_from_point(&[px, py].into());
                ui.painter().circle_stroke(place, 5.0, t.border());
                grid::values(ui, *shown.transform.frame(), place, &cloud.name, &rows);
                series = Some(at);
                x = Some(px);
            }
        }
        ChartResponse { response, x, series }
    }
}
