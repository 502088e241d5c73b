//! Mean, variance and skewness, merged chunk by chunk without cancellation.

/// Count, mean and central moment sums, merged by the formulas of Pébay (2008),
/// *Formulas for Robust, One-Pass Parallel Computation of Covariances and
/// Arbitrary-Order Statistical Moments*.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moments {
    pub(super) count: u64,
    mean: f64,
    second: f64,
    third: f64,
}

impl Moments {
    /// Of a chunk whose values can be walked over twice; all finite.
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (mut count, mut sum) = (0_u64, 0.0);
        for value in values.clone() {
            count += 1;
            sum += value;
        }
        if count == 0 {
            return Self::default();
        }
        let mut mean = sum / count as f64;
        if !mean.is_finite() {
            // The sum overflowed; the mean itself may not.
            mean = values.clone().map(|value| value / count as f64).sum();
        }
        let (mut first, mut second, mut third) = (0.0, 0.0, 0.0);
        for value in values {
            let deviation = value - mean;
            let square = deviation * deviation;
            first += deviation;
            second += square;
            third += square * deviation;
        }
        // `first` is zero but for rounding; taking it back makes the mean
        // accurate to the last bit or two.
        let correction = first / count as f64;
        mean += correction;
        second -= first * correction;
        Self { count, mean, second, third }
    }

    /// The moments of both samples together.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (n, m) = (self.count as f64, other.count as f64);
        let total = n + m;
        let delta = other.mean - self.mean;
        self.third += other.third
            + delta * delta * delta * n * m * (n - m) / (total * total)
            + 3.0 * delta * (n * other.second - m * self.second) / total;
        self.second += other.second + delta * delta * n * m / total;
        self.mean += delta * m / total;
        self.count += other.count;
    }

    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0 && self.mean.is_finite()).then_some(self.mean)
    }

    /// Sample standard deviation.
    pub(super) fn std(&self) -> Option<f64> {
        let std = (self.second.max(0.0) / (self.count.saturating_sub(1)) as f64).sqrt();
        (self.count > 1 && std.is_finite()).then_some(std)
    }

    /// Biased Fisher–Pearson skewness.
    pub(super) fn skew(&self) -> Option<f64> {
        let n = self.count as f64;
        let variance = self.second / n;
        // A spread that is nothing but rounding has no shape.
        let noise = self.mean.abs() * f64::EPSILON * 4.0;
        if self.count < 2 || variance.sqrt() <= noise {
            return None;
        }
        let skew = (self.third / n) / variance.powf(1.5);
        skew.is_finite().then_some(skew)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn merged_equals_whole(
            values in proptest::collection::vec(-1e6_f64..1e6, 2..200),
            cut in 0.0_f64..1.0,
        ) {
            let at = (values.len() as f64 * cut) as usize;
            let mut merged = Moments::of(values[..at].iter().copied());
            merged.merge(&Moments::of(values[at..].iter().copied()));
            let whole = Moments::of(values.iter().copied());
            prop_assert_eq!(merged.count, whole.count);
            prop_assert!((merged.mean - whole.mean).abs() < 1e-8);
            prop_assert!((merged.second - whole.second).abs() <= 1e-9 * whole.second.abs());
            prop_assert!((merged.third - whole.third).abs() <= 1e-7 * whole.second.powf(1.5));
        }
    }

    #[test]
    fn large_offset_keeps_its_digits() {
        let moments = Moments::of([1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].into_iter());
        assert_eq!(moments.std(), Some(30.0_f64.sqrt()));
        assert_eq!(moments.mean(), Some(1e9 + 10.0));
    }

    #[test]
    fn overflow_gives_no_number() {
        let moments = Moments::of([f64::MAX, f64::MAX].into_iter());
        assert_eq!(moments.mean(), Some(f64::MAX));
        assert_eq!(moments.skew(), None);
    }
}
