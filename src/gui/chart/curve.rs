//! A curve that knows its lowest and highest value over any of its parts, so that every pixel shows the truth.
//!
//! Above the values stands a pyramid of extents, each node over [`FAN`] of those below it; a part of `n` points is
//! answered from about `2 * FAN * log_FAN(n)` of them. Memory for a point: 8 bytes for its value, 8 for its x unless
//! the points stand at even distances (as steps mostly do), and 16 * (1/16 + 1/256 + …) = 1.07 for the pyramid. A
//! curve of 10,000,000 even points takes 91 MB.

use std::ops::Range;

/// Nodes below each node of the pyramid.
const FAN: usize = 16;

/// The lowest and the highest of some values; NaN counts for neither. Nothing where `low > high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub low: f64,
    pub high: f64,
}

impl Extent {
    pub const NONE: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    pub fn is_none(self) -> bool {
        self.low > self.high
    }

    // Comparisons, of which NaN holds for none, take a third of the time of `min` and `max`.
    pub fn with(self, value: f64) -> Self {
        Self {
            low: if value < self.low { value } else { self.low },
            high: if value > self.high { value } else { self.high },
        }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            low: if other.low < self.low { other.low } else { self.low },
            high: if other.high > self.high { other.high } else { self.high },
        }
    }

    pub fn of(values: &[f64]) -> Self {
        values.iter().fold(Self::NONE, |extent, value| extent.with(*value))
    }

    /// Itself, unless it is of nothing.
    pub fn some(self) -> Option<Self> {
        (!self.is_none()).then_some(self)
    }
}

/// Where the points stand on x, ascending.
#[derive(Debug, PartialEq)]
enum Places {
    Even { first: f64, step: f64 },
    Free(Vec<f64>),
}

/// Where the columns of a chart cut the points of a curve; for one set of edges.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    even: Option<(u64, u64, usize)>,
    at: Vec<usize>,
}

/// Points by x, with the extents of all their parts.
#[derive(Debug)]
pub struct Curve {
    x: Places,
    y: Vec<f64>,
    levels: Vec<Vec<Extent>>,
    /// Of the finite values.
    finite: Extent,
}

impl Curve {
    /// Points in any order; those that share an x keep theirs. A point whose x is not finite is left out; NaN and
    /// infinities among the values are kept.
    pub fn new(mut x: Vec<f64>, mut y: Vec<f64>) -> Self {
        let count = x.len().min(y.len());
        x.truncate(count);
        y.truncate(count);
        if !x.iter().all(|x| x.is_finite()) {
            let kept: Vec<(f64, f64)> = x.into_iter().zip(y).filter(|(x, _)| x.is_finite()).collect();
            (x, y) = kept.into_iter().unzip();
        }
        if !x.is_sorted() {
            let mut order: Vec<usize> = (0..x.len()).collect();
            order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
            (x, y) = order.into_iter().map(|at| (x[at], y[at])).unzip();
        }
        let places = even(&x).unwrap_or(Places::Free(x));
        Self::over(places, y)
    }

    /// Points at 0, 1, 2, ….
    pub fn counted(y: Vec<f64>) -> Self {
        Self::over(Places::Even { first: 0.0, step: 1.0 }, y)
    }

    fn over(x: Places, mut y: Vec<f64>) -> Self {
        y.shrink_to_fit();
        let mut levels: Vec<Vec<Extent>> = Vec::new();
        if y.len() > FAN {
            levels.push(y.chunks(FAN).map(Extent::of).collect());
        }
        while let Some(below) = levels.last().filter(|level| level.len() > FAN) {
            let above = below.chunks(FAN).map(|part| part.iter().fold(Extent::NONE, |all, one| all.and(*one)));
            levels.push(above.collect());
        }
        let finite = y.iter().filter(|y| y.is_finite()).fold(Extent::NONE, |all, y| all.with(*y));
        Self { x, y, levels, finite }
    }

    pub fn len(&self) -> usize {
        self.y.len()
    }

    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    pub fn x(&self, at: usize) -> f64 {
        match &self.x {
            Places::Even { first, step } => first + step * at as f64,
            Places::Free(x) => x[at],
        }
    }

    pub fn y(&self, at: usize) -> f64 {
        self.y[at]
    }

    pub fn values(&self) -> &[f64] {
        &self.y
    }

    /// The first and the last x.
    pub fn span(&self) -> Option<(f64, f64)> {
        let last = self.len().checked_sub(1)?;
        Some((self.x(0), self.x(last)))
    }

    /// The extent of its finite values.
    pub fn finite(&self) -> Option<Extent> {
        self.finite.some()
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        let x = match &self.x {
            Places::Even { .. } => 0,
            Places::Free(x) => x.capacity() * size_of::<f64>(),
        };
        let levels: usize = self.levels.iter().map(|level| level.capacity() * size_of::<Extent>()).sum();
        x + self.y.capacity() * size_of::<f64>() + levels
    }

    /// The extent of the points `part`.
    pub fn extent(&self, part: Range<usize>) -> Extent {
        let (mut from, mut to) = (part.start, part.end.min(self.y.len()));
        if to <= from + 2 * FAN {
            return Extent::of(&self.y[from.min(to)..to]);
        }
        let inside = (from.div_ceil(FAN), to / FAN);
        let mut all = Extent::of(&self.y[from..inside.0 * FAN]).and(Extent::of(&self.y[inside.1 * FAN..to]));
        (from, to) = inside;
        for (depth, level) in self.levels.iter().enumerate() {
            let fold = |all: Extent, nodes: &[Extent]| nodes.iter().fold(all, |all, node| all.and(*node));
            if to <= from + 2 * FAN || depth + 1 == self.levels.len() {
                return fold(all, &level[from.min(to)..to]);
            }
            let inside = (from.div_ceil(FAN), to / FAN);
            all = fold(fold(all, &level[from..inside.0 * FAN]), &level[inside.1 * FAN..to]);
            (from, to) = inside;
        }
        all
    }

    /// The first point at `x` or beyond it, looked for from `near` on upwards.
    pub fn first_from(&self, x: f64, near: usize) -> usize {
        self.search(x, near, |at| at >= x)
    }

    /// The first point beyond `x`.
    pub fn first_beyond(&self, x: f64, near: usize) -> usize {
        self.search(x, near, |at| at > x)
    }

    /// The first point from `near` on for whose x, about `guess`, `is` holds; as x ascend, it holds for all after it.
    fn search(&self, guess: f64, near: usize, is: impl Fn(f64) -> bool) -> usize {
        let count = self.len();
        let near = near.min(count);
        match &self.x {
            Places::Even { first, step } => {
                // Whole numbers with a sign become floats, and back, in one instruction each.
                let (near, count) = (near as i64, count as i64);
                let mut at = (((guess - first) / step) as i64).clamp(near, count);
                // Rounding may be off by one.
                while at > near && is(first + step * (at - 1) as f64) {
                    at -= 1;
                }
                while at < count && !is(first + step * at as f64) {
                    at += 1;
                }
                at as usize
            }
            Places::Free(x) => {
                // Ever longer steps until it holds, then halves: the next pixel is mostly close by.
                let (mut low, mut high, mut step) = (near, near, 1);
                while high < count && !is(x[high]) {
                    low = high + 1;
                    high = (high + step).min(count);
                    step *= 4;
                }
                low + x[low..high].partition_point(|at| !is(*at))
            }
        }
    }

    /// The first point of each column between two of `edges`, and the end of the last one, which takes in its right edge.
    /// `near` is what was found for another curve of the same chart: curves that were logged at the same steps share it.
    pub fn cuts<'a>(&self, edges: &[f64], near: &'a mut Cuts) -> &'a [usize] {
        let even = match self.x {
            Places::Even { first, step } => Some((first.to_bits(), step.to_bits(), self.len())),
            Places::Free(_) => None,
        };
        if even.is_none() || near.even != even {
            near.even = even;
            near.at.clear();
            let mut from = 0;
            for (at, edge) in edges.iter().enumerate() {
                let last = at + 1 == edges.len();
                from = if last { self.first_beyond(*edge, from) } else { self.first_from(*edge, from) };
                near.at.push(from);
            }
        }
        &near.at
    }

    /// The points from `low` to `high` on x.
    pub fn within(&self, low: f64, high: f64) -> Range<usize> {
        let from = self.first_from(low, 0);
        from..self.first_beyond(high, from)
    }

    /// The point nearest to `x`.
    pub fn nearest(&self, x: f64) -> Option<usize> {
        let after = self.first_from(x, 0);
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten().filter(|&at| at < self.len());
        near.min_by(|&a, &b| (self.x(a) - x).abs().total_cmp(&(self.x(b) - x).abs()))
    }

    /// The value at `x`, on the straight line between the points beside it; nothing beyond its ends.
    pub fn at(&self, x: f64) -> Option<f64> {
        let after = self.first_from(x, 0);
        if after == self.len() {
            return None;
        }
        if self.x(after) == x {
            return Some(self.y[after]);
        }
        let before = after.checked_sub(1)?;
        let share = (x - self.x(before)) / (self.x(after) - self.x(before));
        Some(self.y[before] + (self.y[after] - self.y[before]) * share)
    }

    /// The `share` quantiles of at most 100,000 evenly chosen finite values: where outliers begin.
    pub fn quantiles(&self, share: f64) -> Option<Extent> {
        let step = self.y.len().div_ceil(100_000).max(1);
        let mut some: Vec<f64> = self.y.iter().step_by(step).copied().filter(|y| y.is_finite()).collect();
        let last = some.len().checked_sub(1)?;
        some.sort_by(f64::total_cmp);
        let at = |share: f64| some[(last as f64 * share).round() as usize];
        Some(Extent { low: at(share), high: at(1.0 - share) })
    }
}

/// The places as a first one and a distance, if that says every one of them exactly.
fn even(x: &[f64]) -> Option<Places> {
    let (&first, &second) = (x.first()?, x.get(1)?);
    let step = second - first;
    let exact = step > 0.0 && x.iter().enumerate().all(|(at, x)| first + step * at as f64 == *x);
    exact.then_some(Places::Even { first, step })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any value, the strange ones often.
    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => -1e6..1e6_f64,
            1 => Just(f64::NAN),
            1 => Just(f64::INFINITY),
            1 => Just(f64::NEG_INFINITY),
        ]
    }

    /// Steps with duplicates, in no order.
    fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
        prop::collection::vec(((0..500_i32).prop_map(f64::from), value()), 0..3000)
    }

    fn brute(points: &[(f64, f64)], within: impl Fn(f64) -> bool) -> Extent {
        let inside = points.iter().filter(|(x, y)| within(*x) && !y.is_nan());
        inside.fold(Extent::NONE, |all, (_, y)| Extent {
            low: if *y < all.low { *y } else { all.low },
            high: if *y > all.high { *y } else { all.high },
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

        #[test]
        fn an_extent_is_what_looking_at_every_point_gives(
            y in prop::collection::vec(value(), 0..6000), from in 0..6000_usize, count in 0..6000_usize,
        ) {
            let curve = Curve::counted(y.clone());
            let (from, to) = (from.min(y.len()), (from + count).min(y.len()));
            let numbered: Vec<(f64, f64)> = y[from..to].iter().map(|y| (0.0, *y)).collect();
            prop_assert_eq!(curve.extent(from..to), brute(&numbered, |_| true));
        }

        #[test]
        fn parts_between_two_x_hold_all_points_there(points in points(), low in -5.0..505.0_f64, wide in 0.0..200.0_f64) {
            let (x, y) = points.iter().copied().unzip();
            let curve = Curve::new(x, y);
            prop_assert_eq!(curve.len(), points.len());
            let found = curve.extent(curve.within(low, low + wide));
            prop_assert_eq!(found, brute(&points, |x| low <= x && x <= low + wide));
        }

        #[test]
        fn searching_from_nearby_finds_the_same(points in points(), at in -5.0..505.0_f64, near in 0..3000_usize) {
            let (x, y) = points.iter().copied().unzip();
            let curve = Curve::new(x, y);
            let slow = (0..curve.len()).find(|&i| curve.x(i) >= at).unwrap_or(curve.len());
            prop_assert_eq!(curve.first_from(at, 0), slow);
            prop_assert_eq!(curve.first_from(at, near.min(slow)), slow);
        }
    }

    #[test]
    fn steps_that_are_even_take_no_room() {
        let steps: Vec<f64> = (0..10_000).map(|i| f64::from(i) * 5.0 + 3.0).collect();
        let curve = Curve::new(steps.clone(), vec![1.0; 10_000]);
        assert!(matches!(curve.x, Places::Even { first: 3.0, step: 5.0 }));
        assert!(curve.bytes() < 10_000 * 10, "{} bytes", curve.bytes());
        let mut uneven = steps;
        uneven[5_000] += 0.5;
        assert!(matches!(Curve::new(uneven, vec![1.0; 10_000]).x, Places::Free(_)));
    }

    #[test]
    fn points_that_share_a_step_keep_their_order() {
        let curve = Curve::new(vec![2.0, 1.0, f64::NAN, 1.0], vec![5.0, 6.0, 9.0, 7.0]);
        assert_eq!(curve.values(), [6.0, 7.0, 5.0]);
        assert_eq!((curve.nearest(1.9), curve.at(1.5)), (Some(2), Some(6.0)));
        assert_eq!((curve.at(0.0), curve.at(3.0)), (None, None));
        assert_eq!(Curve::new(Vec::new(), Vec::new()).nearest(1.0), None);
    }
}
