//! Reads curves and works out what is drawn of them, on background threads.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use studio::{MetricColumns, Studio};

use super::spec::{Along, Lines};
use crate::chart::{
    curve::{Curve, Extent},
    smooth::{average, smoothed},
};

/// Points that are kept in all for charts that may want them again.
const KEPT: usize = 40_000_000;
/// A curve that still grows is not read again before this many times as long as reading it took.
const PATIENCE: u32 = 10;

/// Where a curve comes from: run, metric, x axis.
type Key = (String, String, Along);

struct Kept {
    curve: Arc<Curve>,
    /// Whether it cannot grow any more.
    whole: bool,
    read: Instant,
    took: Duration,
}

/// Curves that were read, shared by the charts of a page.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<HashMap<Key, Kept>>>);

impl Shelf {
    fn find(&self, key: &Key, whole: bool) -> Option<Arc<Curve>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(key)?;
        let fresh = found.whole || (!whole && found.read.elapsed() < found.took * PATIENCE);
        fresh.then(|| found.curve.clone())
    }

    fn keep(&self, key: Key, kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held: usize = all.values().map(|kept| kept.curve.len()).sum();
        if held + kept.curve.len() > KEPT {
            // What a chart shows stays alive through the chart itself.
            all.retain(|_, kept| Arc::strong_count(&kept.curve) > 1);
        }
        all.insert(key, kept);
    }

    /// Puts a curve there as if it had been read.
    #[cfg(test)]
    pub fn put(&self, run: &str, metric: &str, curve: Curve) {
        let kept = Kept { curve: Arc::new(curve), whole: true, read: Instant::now(), took: Duration::ZERO };
        self.keep((run.to_owned(), metric.to_owned(), Along::Step), kept);
    }

    fn read(&self, studio: &Studio, wanted: &Wanted, metric: &str, x: &Along) -> studio::Result<Arc<Curve>> {
        let key = (wanted.id.clone(), metric.to_owned(), x.clone());
        if let Some(found) = self.find(&key, wanted.ended) {
            return Ok(found);
        }
        let began = Instant::now();
        let curve = Arc::new(read(studio, &wanted.id, metric, x)?);
        let kept = Kept { curve: curve.clone(), whole: wanted.ended, read: Instant::now(), took: began.elapsed() };
        self.keep(key, kept);
        Ok(curve)
    }
}

fn read(studio: &Studio, run: &str, metric: &str, x: &Along) -> studio::Result<Curve> {
    let points = studio.metric_columns(run, metric)?;
    let x = match x {
        Along::Step => points.steps.iter().map(|step| *step as f64).collect(),
        Along::Time => points.times_ms.iter().map(|at| *at as f64).collect(),
        Along::Relative => {
            let first = points.times_ms.iter().min().copied().unwrap_or_default();
            points.times_ms.iter().map(|at| (at - first) as f64 / 1000.0).collect()
        }
        Along::Metric(other) => beside(&points, &studio.metric_columns(run, other)?),
    };
    Ok(Curve::new(x, points.values))
}

/// The value of `other` at each step of `points`, or the last before it; NaN where there is none.
fn beside(points: &MetricColumns, other: &MetricColumns) -> Vec<f64> {
    let mut next = 0;
    let mut value = f64::NAN;
    let at = |step: &i64| {
        while next < other.steps.len() && other.steps[next] <= *step {
            value = other.values[next];
            next += 1;
        }
        value
    };
    points.steps.iter().map(at).collect()
}

/// A run whose curves are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub id: String,
    pub name: String,
    /// What it has in common with others, where an average over them is wanted.
    pub group: Option<String>,
    pub ended: bool,
}

/// A curve as it is drawn.
pub struct Drawn {
    /// The runs behind it: one, or those of a group.
    pub runs: Vec<String>,
    pub name: String,
    /// Which of the chart's metrics.
    pub metric: usize,
    /// In the order of the groups, for the colour of an average.
    pub group: Option<usize>,
    pub curve: Arc<Curve>,
    pub smooth: Option<Arc<Curve>>,
    /// The lower and the upper edge of what an average is over.
    pub spread: Option<(Arc<Curve>, Arc<Curve>)>,
}

impl Drawn {
    /// What stands in front.
    pub fn front(&self) -> &Curve {
        self.smooth.as_ref().unwrap_or(&self.curve)
    }
}

/// All curves of a chart, and where they lie.
#[derive(Default)]
pub struct Prepared {
    pub lines: Vec<Drawn>,
    pub x: Option<Extent>,
    pub y: Option<Extent>,
    /// Without the outermost hundredth on each side.
    pub y_inner: Option<Extent>,
    /// What a reader must know, in sentences.
    pub notes: Vec<String>,
}

/// Reads what `lines` shows of the runs.
///
/// # Errors
/// Those of the studio.
pub fn prepare(studio: &Studio, shelf: &Shelf, wanted: &[Wanted], lines: &Lines) -> studio::Result<Prepared> {
    let mut prepared = Prepared::default();
    for (metric, key) in lines.metrics.iter().enumerate() {
        let mut singles: Vec<(&Wanted, Arc<Curve>)> = Vec::new();
        for run in wanted {
            let curve = shelf.read(studio, run, key, &lines.x)?;
            if !curve.is_empty() {
                singles.push((run, curve));
            }
        }
        match &lines.group {
            None => prepared.lines.extend(singles.into_iter().map(|(run, curve)| Drawn {
                runs: vec![run.id.clone()],
                name: run.name.clone(),
                metric,
                group: None,
                smooth: (lines.smoothing > 0.0).then(|| Arc::new(smoothed(&curve, lines.smoothing))),
                curve,
                spread: None,
            })),
            Some(_) => averages(&mut prepared, &singles, lines, metric),
        }
    }
    bounds(&mut prepared);
    Ok(prepared)
}

fn averages(prepared: &mut Prepared, singles: &[(&Wanted, Arc<Curve>)], lines: &Lines, metric: usize) {
    let mut groups: Vec<&String> = singles.iter().filter_map(|(run, _)| run.group.as_ref()).collect();
    groups.sort();
    groups.dedup();
    for (at, group) in groups.into_iter().enumerate() {
        let members: Vec<&(&Wanted, Arc<Curve>)> =
            singles.iter().filter(|(run, _)| run.group.as_ref() == Some(group)).collect();
        let curves: Vec<&Curve> = members.iter().map(|(_, curve)| &**curve).collect();
        let mean = average(&curves, lines.spread);
        if let Some(count) = mean.thinned {
            prepared.notes.push(format!("The mean of {group} is worked out at 100,000 of {count} steps."));
        }
        let smooth = |curve: Curve| {
            if lines.smoothing > 0.0 { smoothed(&curve, lines.smoothing) } else { curve }
        };
        prepared.lines.push(Drawn {
            runs: members.iter().map(|(run, _)| run.id.clone()).collect(),
            name: format!("{group} ({})", members.len()),
            metric,
            group: Some(at),
            curve: Arc::new(smooth(mean.mean)),
            smooth: None,
            spread: Some((Arc::new(smooth(mean.lower)), Arc::new(smooth(mean.upper)))),
        });
    }
}

fn bounds(prepared: &mut Prepared) {
    let (mut x, mut y, mut inner) = (Extent::NONE, Extent::NONE, Extent::NONE);
    for line in &prepared.lines {
        if let Some((first, last)) = line.curve.span() {
            x = x.with(first).with(last);
        }
        let edges = line.spread.iter().flat_map(|(lower, upper)| [lower, upper]);
        for curve in edges.chain([&line.curve]) {
            y = curve.finite().map_or(y, |finite| y.and(finite));
            inner = curve.quantiles(0.01).map_or(inner, |middle| inner.and(middle));
        }
    }
    (prepared.x, prepared.y, prepared.y_inner) = (x.some(), y.some(), inner.some());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_metric_is_taken_at_the_same_step_or_the_last_before() {
        let columns = |steps: &[i64], values: &[f64]| MetricColumns {
            steps: steps.to_vec(),
            times_ms: vec![0; steps.len()],
            values: values.to_vec(),
        };
        let points = columns(&[0, 1, 2, 5], &[0.0; 4]);
        let other = columns(&[1, 2, 2, 9], &[10.0, 20.0, 21.0, 90.0]);
        let found = beside(&points, &other);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [10.0, 21.0, 21.0]);
    }
}
