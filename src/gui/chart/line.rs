//! Curves.

use std::borrow::Cow;

use egui::{
    Align2, Color32, Pos2, Rect, Response, Sense, Stroke, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};
use egui_plot::{Line, LineStyle, PlotPoints, PlotTransform};

use super::{
    decimate::decimate,
    grid::{self, Axes, Value},
};
use crate::{theme, widgets::format};

/// One curve. `x` must ascend; without it points count from 0.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    pub name: Cow<'a, str>,
    pub color: Color32,
    pub x: Option<&'a [f64]>,
    pub y: &'a [f64],
    pub dashed: bool,
    /// Drawn thicker than the others: the selected run.
    pub strong: bool,
}

impl<'a> Series<'a> {
    pub fn new(name: impl Into<Cow<'a, str>>, color: Color32, y: &'a [f64]) -> Self {
        Self { name: name.into(), color, x: None, y, dashed: false, strong: false }
    }

    pub fn x(self, x: &'a [f64]) -> Self {
        Self { x: Some(x), ..self }
    }

    pub fn dashed(self) -> Self {
        Self { dashed: true, ..self }
    }

    pub fn strong(self, strong: bool) -> Self {
        Self { strong, ..self }
    }

    fn len(&self) -> usize {
        self.x.map_or(self.y.len(), |x| x.len().min(self.y.len()))
    }

    fn at(&self, i: usize) -> f64 {
        self.x.map_or(i as f64, |x| x[i])
    }

    /// The index of the point nearest to `x`.
    fn nearest(&self, x: f64) -> Option<usize> {
        let count = self.len();
        let after = match self.x {
            Some(all) => all[..count].partition_point(|&at| at < x),
            None => (x.ceil().max(0.0) as usize).min(count),
        };
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten().filter(|&i| i < count);
        near.min_by(|&a, &b| (self.at(a) - x).abs().total_cmp(&(self.at(b) - x).abs()))
    }
}

/// Several curves over one x axis: `LineChart::new("loss", &series).height(180.0).show(ui)`.
#[must_use = "call show"]
pub struct LineChart<'a> {
    id: &'a str,
    series: &'a [Series<'a>],
    axes: Axes<'a>,
    height: f32,
    y_range: Option<(f64, f64)>,
    x_range: Option<(f64, f64)>,
    square: bool,
    labels: bool,
    x_ticks: bool,
    link: Option<&'a str>,
}

/// What the pointer is on.
#[derive(Debug)]
pub struct ChartResponse {
    pub response: Response,
    /// x under the crosshair.
    pub x: Option<f64>,
    /// The series nearest to the pointer, within a finger's width.
    pub series: Option<usize>,
}

/// The crosshair's box lists so many series; the nearest ones when there are more.
const LISTED: usize = 10;

impl<'a> LineChart<'a> {
    /// `id` must be unique within its ui; it is the accessible name too.
    pub fn new(id: &'a str, series: &'a [Series<'a>]) -> Self {
        Self {
            id,
            series,
            axes: Axes::default(),
            height: 200.0,
            y_range: None,
            x_range: None,
            square: false,
            labels: true,
            x_ticks: true,
            link: None,
        }
    }

    pub fn height(self, height: f32) -> Self {
        Self { height, ..self }
    }

    pub fn x_label(self, x: &'a str) -> Self {
        Self { axes: Axes { x, ..self.axes }, ..self }
    }

    pub fn y_label(self, y: &'a str) -> Self {
        Self { axes: Axes { y, ..self.axes }, ..self }
    }

    /// At least this much of y is seen.
    pub fn y_range(self, low: f64, high: f64) -> Self {
        Self { y_range: Some((low, high)), ..self }
    }

    pub fn x_range(self, low: f64, high: f64) -> Self {
        Self { x_range: Some((low, high)), ..self }
    }

    /// One unit as long on both axes: ROC and calibration curves.
    pub fn square(self) -> Self {
        Self { square: true, ..self }
    }

    /// Names at the right ends of the curves instead of a legend; on unless there are more
    /// than eight.
    pub fn labels(self, labels: bool) -> Self {
        Self { labels, ..self }
    }

    /// Without words below.
    pub fn no_x_ticks(self) -> Self {
        Self { x_ticks: false, ..self }
    }

    /// Charts of one group share the x range.
    pub fn link(self, group: &'a str) -> Self {
        Self { link: Some(group), ..self }
    }

    pub fn show(self, ui: &mut Ui) -> ChartResponse {
        let t = theme::of(ui);
        let size = vec2(ui.available_width(), self.height);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        if self.series.iter().all(|series| series.len() == 0) {
            grid::nothing(ui, rect);
            let response = ui.interact(rect, ui.scope_id().with(self.id), Sense::hover());
            return ChartResponse { response, x: None, series: None };
        }
        let labelled = self.labels && self.series.len() > 1 && self.series.len() <= 8;
        // Half of the last number on the axis stands beyond its end.
        let margin = if labelled { self.label_width(ui) } else { t.size.gap };
        let inside = rect.with_max_x(rect.right() - margin);
        let mut child = ui.new_child(UiBuilder::new().max_rect(inside).id_salt(self.id));

        let mut plot = grid::plot(&t, self.id, self.axes, inside.size()).show_axes([self.x_ticks, true]);
        if let Some((low, high)) = self.y_range {
            plot = plot.include_y(low).include_y(high);
        }
        if let Some((low, high)) = self.x_range {
            plot = plot.include_x(low).include_x(high);
        }
        if self.square {
            plot = plot.data_aspect(1.0);
        }
        if let Some(group) = self.link {
            plot = plot.link_axis(egui::Id::unique(("gui::chart", group)), [true, false]);
        }
        let pixels = (inside.width() * ui.pixels_per_point()) as usize;
        let mut series = self.series.to_vec();
        // What is short is not hidden by what goes the same way for longer.
        series.sort_by_key(|series| (series.strong, !series.dashed, std::cmp::Reverse(series.len())));
        let shown = plot.show(&mut child, move |plot| {
            grid::wheel_zoom(plot);
            let bounds = plot.plot_bounds();
            let seen = bounds.min()[0]..=bounds.max()[0];
            let whole = plot.auto_bounds().x;
            for series in &series {
                let range = if whole { series.extent() } else { seen.clone() };
                let points = decimate(series.x, series.y, range, pixels);
                let width = if series.strong { t.size.line_strong + 0.7 } else { t.size.line_strong };
                let line = Line::new(series.name.to_string(), PlotPoints::from(points))
                    .stroke(Stroke::new(width, series.color))
                    .style(if series.dashed { LineStyle::dashed_dense() } else { LineStyle::Solid })
                    // Steps of a ROC curve would be filled; what is dense was thinned above.
                    .allow_band(false)
                    .allow_hover(false);
                plot.line(line);
            }
        });
        let response = shown.response;
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, self.id));
        if labelled {
            self.end_labels(ui, rect, &shown.transform);
        }
        let (x, series) = self.hover(ui, &response, &shown.transform);
        ChartResponse { response, x, series }
    }

    fn label_width(&self, ui: &Ui) -> f32 {
        let t = theme::of(ui);
        let width = |name: &str| {
            let galley = ui.painter().layout_no_wrap(name.to_owned(), t.face.caption.font(), t.color.text1);
            galley.size().x
        };
        let widest = self.series.iter().map(|series| width(&series.name)).fold(0.0, f32::max);
        (widest + 10.0).min(ui.available_width() * 0.3).min(140.0)
    }

    /// Names beside the last points, pushed apart where they would overlap.
    fn end_labels(&self, ui: &Ui, rect: Rect, transform: &PlotTransform) {
        let t = theme::of(ui);
        let frame = *transform.frame();
        let line = 13.0;
        let mut labels: Vec<(f32, &Series<'_>)> = self
            .series
            .iter()
            .filter_map(|series| {
                let last = series.y[..series.len()].iter().rfind(|y| y.is_finite())?;
                let y = transform.position_from_point_y(*last).clamp(frame.top(), frame.bottom());
                Some((y, series))
            })
            .collect();
        labels.sort_by(|a, b| a.0.total_cmp(&b.0));
        spread(&mut labels, frame.top(), frame.bottom(), line);
        for (y, series) in labels {
            let room =
                Rect::from_min_max(pos2(frame.right() + 6.0, y - line / 2.0), pos2(rect.right(), y + line / 2.0));
            let color = t.readable(series.color);
            crate::widgets::paint_text(ui.painter(), room, Align2::LEFT_CENTER, &series.name, &t.face.caption, color);
        }
    }

    fn hover(&self, ui: &Ui, response: &Response, transform: &PlotTransform) -> (Option<f64>, Option<usize>) {
        let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) else {
            return (None, None);
        };
        let x = transform.value_from_position(pointer).x;
        let near = self.series.iter().enumerate().filter_map(|(at, series)| {
            let i = series.nearest(x)?;
            let point = series.at(i);
            let y = series.y[i];
            y.is_finite().then(|| (at, point, y, transform.position_from_point(&[point, y].into())))
        });
        let mut near: Vec<(usize, f64, f64, Pos2)> = near.collect();
        near.sort_by(|a, b| (a.3.y - pointer.y).abs().total_cmp(&(b.3.y - pointer.y).abs()));
        let Some(nearest) = near.first().copied() else {
            return (Some(x), None);
        };
        near.truncate(LISTED);
        near.sort_by(|a, b| b.2.total_cmp(&a.2));
        grid::crosshair(ui, *transform.frame(), nearest.3.x);
        for &(at, _, _, position) in &near {
            ui.painter_at(transform.frame().expand(3.0)).circle_filled(position, 3.0, self.series[at].color);
        }
        let all: Vec<Value> = near
            .iter()
            .map(|&(at, _, y, _)| Value {
                name: self.series[at].name.to_string(),
                value: if self.axes.log_y { format::number(10_f64.powf(y)) } else { format::number(y) },
                color: self.series[at].color,
            })
            .collect();
        let axis = if self.axes.x.is_empty() { "x" } else { self.axes.x };
        let head = format!("{axis} {}", format::number(nearest.1));
        grid::values(ui, *transform.frame(), pos2(nearest.3.x, pointer.y), &head, &all);
        let close = (nearest.3.y - pointer.y).abs() < 16.0;
        (Some(nearest.1), close.then_some(nearest.0))
    }
}

impl Series<'_> {
    fn extent(&self) -> std::ops::RangeInclusive<f64> {
        match self.len() {
            0 => 0.0..=1.0,
            count => self.at(0)..=self.at(count - 1),
        }
    }
}

/// Moves labels apart, down from the top and then up from the bottom.
pub(super) fn spread<T>(labels: &mut [(f32, T)], top: f32, bottom: f32, line: f32) {
    let mut least = top + line / 2.0;
    for (y, _) in labels.iter_mut() {
        *y = y.max(least);
        least = *y + line;
    }
    let mut most = bottom - line / 2.0;
    for (y, _) in labels.iter_mut().rev() {
        *y = y.min(most);
        most = *y - line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_overlap_and_stay_inside() {
        let mut labels = [(50.0, ()), (51.0, ()), (52.0, ()), (99.0, ())];
        spread(&mut labels, 0.0, 100.0, 13.0);
        assert!(labels.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 13.0));
        assert!(labels.iter().all(|(y, ())| (6.5..=93.5).contains(y)));
    }

    #[test]
    fn the_nearest_point_is_found() {
        let (x, y) = ([0.0, 1.0, 4.0], [5.0, 6.0, 7.0]);
        let series = Series::new("a", Color32::PLACEHOLDER, &y).x(&x);
        assert_eq!([-1.0, 0.6, 2.4, 2.6, 9.0].map(|at| series.nearest(at)), [0, 1, 1, 2, 2].map(Some));
        assert_eq!(Series::new("b", Color32::PLACEHOLDER, &[]).nearest(0.0), None);
    }
}
