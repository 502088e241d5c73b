//! What is worked out of curves before they are drawn: smoothed ones, and the average of several.

use super::curve::{Curve, Extent};

/// An average is worked out at no more places than this; of more it takes evenly chosen ones.
const PLACES: usize = 100_000;

/// The time-weighted exponential moving average, as TensorBoard and Weights & Biases draw it.
///
/// `weight` is from 0 (the values themselves) to below 1. What a point keeps of those before it falls with the distance
/// on x, in thousandths of the whole: `weight ^ (1000 * dx / span)` with `weight = min(sqrt(weight), 0.999)`; the sum is
/// freed of its bias towards 0. Values that are not finite stay as they are and count for nothing.
pub fn smoothed(curve: &Curve, weight: f64) -> Curve {
    let weight = weight.clamp(0.0, 1.0).sqrt().min(0.999);
    let span = curve.span().map_or(1.0, |(first, last)| last - first);
    let (mut sum, mut bias, mut before) = (0.0, 0.0, None);
    // Distances are mostly all alike, and powers are dear.
    let mut power = (f64::NAN, 1.0);
    let values = (0..curve.len()).map(|at| {
        let (x, y) = (curve.x(at), curve.y(at));
        if !y.is_finite() {
            return y;
        }
        let gone = before.replace(x).map_or(0.0, |before| x - before);
        if gone != power.0 {
            power = (gone, weight.powf(if span > 0.0 { gone / span * 1000.0 } else { 0.0 }));
        }
        let kept = power.1;
        sum = sum * kept + y;
        bias = bias * kept + 1.0;
        sum / bias
    });
    let values = values.collect();
    Curve::new((0..curve.len()).map(|at| curve.x(at)).collect(), values)
}

/// What the band around an average shows.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// From the lowest to the highest of the curves.
    #[default]
    MinMax,
    /// One standard deviation (of the curves as a sample) to both sides.
    Deviation,
}

/// The mean of several curves, with the lower and the upper edge of its spread.
#[derive(Debug)]
pub struct Average {
    pub mean: Curve,
    pub lower: Curve,
    pub upper: Curve,
    /// Of how many places it was worked out at only some.
    pub thinned: Option<usize>,
}

/// The average at every x that any of `curves` has. Between its points a curve is a straight line; beyond its ends it
/// has no say.
pub fn average(curves: &[&Curve], spread: Spread) -> Average {
    let mut x: Vec<f64> = curves.iter().flat_map(|curve| (0..curve.len()).map(|at| curve.x(at))).collect();
    x.sort_by(f64::total_cmp);
    x.dedup();
    let thinned = (x.len() > PLACES).then_some(x.len());
    if let Some(count) = thinned {
        x = (0..PLACES).map(|at| x[at * (count - 1) / (PLACES - 1)]).collect();
    }
    let (mut mean, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
    for &at in &x {
        let values: Vec<f64> = curves.iter().filter_map(|curve| curve.at(at)).filter(|y| y.is_finite()).collect();
        let middle = values.iter().sum::<f64>() / values.len() as f64;
        let band = match spread {
            Spread::MinMax => Extent::of(&values),
            Spread::Deviation => {
                let squares: f64 = values.iter().map(|y| (y - middle).powi(2)).sum();
                let half = (squares / (values.len().max(2) - 1) as f64).sqrt();
                Extent { low: middle - half, high: middle + half }
            }
        };
        let band = if values.is_empty() { Extent { low: f64::NAN, high: f64::NAN } } else { band };
        mean.push(middle);
        lower.push(band.low);
        upper.push(band.high);
    }
    Average {
        mean: Curve::new(x.clone(), mean),
        lower: Curve::new(x.clone(), lower),
        upper: Curve::new(x, upper),
        thinned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_nothing_changes_nothing_and_more_comes_closer_to_the_mean() {
        let curve = Curve::counted((0..100).map(|at| f64::from(at % 2)).collect());
        assert_eq!(smoothed(&curve, 0.0).values(), curve.values());
        let calm = smoothed(&curve, 0.99);
        assert!((calm.y(99) - 0.5).abs() < 0.1, "{}", calm.y(99));
        assert_eq!(calm.y(0), 0.0, "free of bias");
    }

    #[test]
    fn missing_values_are_passed_over() {
        let curve = Curve::counted(vec![1.0, f64::NAN, 1.0, f64::INFINITY, 1.0]);
        let calm = smoothed(&curve, 0.9);
        assert!(calm.y(1).is_nan() && calm.y(3).is_infinite());
        assert_eq!([calm.y(2), calm.y(4)], [1.0, 1.0]);
    }

    #[test]
    fn curves_of_other_steps_are_averaged_where_they_are() {
        let a = Curve::new(vec![0.0, 2.0], vec![0.0, 2.0]);
        let b = Curve::new(vec![0.0, 1.0, 4.0], vec![2.0, 3.0, 6.0]);
        let both = average(&[&a, &b], Spread::MinMax);
        assert_eq!(both.mean.values(), [1.0, 2.0, 3.0, 6.0]);
        assert_eq!((both.lower.y(1), both.upper.y(1)), (1.0, 3.0));
        let deviation = average(&[&a, &b], Spread::Deviation);
        assert!((deviation.upper.y(0) - (1.0 + 2.0_f64.sqrt())).abs() < 1e-12);
    }
}
