//! Fewer points that look the same: the true minimum and maximum of every pixel.

use std::ops::RangeInclusive;

/// Thins a series whose `x` ascend to at most four points for each of `pixels` columns of
/// `range`: the first, the lowest, the highest and the last, in order. Peaks are never lost. A
/// value that is not finite breaks the line and is left out. `x` of `None` counts from 0.
pub fn decimate(x: Option<&[f64]>, y: &[f64], range: RangeInclusive<f64>, pixels: usize) -> Vec<[f64; 2]> {
    let at = |i: usize| x.map_or(i as f64, |x| x[i]);
    let count = x.map_or(y.len(), |x| x.len().min(y.len()));
    let (from, to) = visible(at, count, &range);
    let seen = to.saturating_sub(from);
    let pixels = pixels.max(1);
    if seen <= pixels * 4 {
        return (from..to).filter(|&i| y[i].is_finite()).map(|i| [at(i), y[i]]).collect();
    }
    let width = (range.end() - range.start()) / pixels as f64;
    let column = |i: usize| ((at(i) - range.start()) / width).floor() as i64;
    let mut thin = Vec::with_capacity(pixels * 4 + 8);
    let mut bucket = Bucket::default();
    let mut current = i64::MIN;
    for i in (from..to).filter(|&i| y[i].is_finite()) {
        let column = column(i);
        if column != current {
            bucket.flush(&mut thin, at, y);
            current = column;
        }
        bucket.add(i, y);
    }
    bucket.flush(&mut thin, at, y);
    thin
}

/// The points of `range` and one more on each side, so that lines run out of the picture.
fn visible(at: impl Fn(usize) -> f64, count: usize, range: &RangeInclusive<f64>) -> (usize, usize) {
    let below = |limit: f64, inclusive: bool| {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            if at(middle) < limit || (inclusive && at(middle) <= limit) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    (below(*range.start(), false).saturating_sub(1), (below(*range.end(), true) + 1).min(count))
}

/// The points of one pixel column, by index.
#[derive(Default)]
struct Bucket {
    first_low_high_last: Option<[usize; 4]>,
}

impl Bucket {
    fn add(&mut self, i: usize, y: &[f64]) {
        match &mut self.first_low_high_last {
            None => self.first_low_high_last = Some([i; 4]),
            Some([_, low, high, last]) => {
                if y[i] < y[*low] {
                    *low = i;
                }
                if y[i] > y[*high] {
                    *high = i;
                }
                *last = i;
            }
        }
    }

    fn flush(&mut self, thin: &mut Vec<[f64; 2]>, at: impl Fn(usize) -> f64, y: &[f64]) {
        if let Some(mut points) = self.first_low_high_last.take() {
            points.sort_unstable();
            let mut before = None;
            for i in points.into_iter().filter(|&i| before.replace(i) != Some(i)) {
                thin.push([at(i), y[i]]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_single_peak_among_a_million_points_stays() {
        let mut y = vec![0.0; 1_000_000];
        y[777_777] = 5.0;
        let thin = decimate(None, &y, 0.0..=999_999.0, 800);
        assert!(thin.len() <= 4 * 800 + 8);
        assert!(thin.contains(&[777_777.0, 5.0]));
    }

    proptest! {
        #[test]
        fn extremes_order_and_ends_survive(y in prop::collection::vec(-1e6..1e6_f64, 1..4000), pixels in 1..50_usize) {
            let last = (y.len() - 1) as f64;
            let thin = decimate(None, &y, 0.0..=last, pixels);
            let extreme = |points: &[f64]| points.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
            let kept: Vec<f64> = thin.iter().map(|point| point[1]).collect();
            prop_assert_eq!(extreme(&kept), extreme(&y));
            prop_assert!(thin.is_sorted_by(|a, b| a[0] < b[0]));
            prop_assert_eq!((thin[0][0], thin[thin.len() - 1][0]), (0.0, last));
        }

        #[test]
        fn a_window_shows_every_extreme_within_it(y in prop::collection::vec(-1e3..1e3_f64, 100..2000), from in 0..50_usize) {
            let to = from + 40;
            let thin = decimate(None, &y, from as f64..=to as f64, 3);
            let most = y[from..=to].iter().copied().fold(f64::MIN, f64::max);
            prop_assert!(thin.iter().any(|point| point[1] == most));
        }
    }
}
