//! All values while they fit, then a quantile sketch with a proven bound.
//!
//! Values are held as order-preserving 64-bit keys. The sketch is the
//! collapsing scheme of Munro and Paterson (1980) as analysed by Manku,
//! Rajagopalan and Lindsay (1998): a full buffer of `2k` keys of weight w is
//! sorted and every second key goes to the next level with weight 2w. One such
//! step moves any rank by at most w; the sum over all steps, divided by the
//! number of values, is the bound that is reported (at most
//! log₂(n / k) / 2k; with k = 8,192 that is 0.09 % for 100 million values).

use super::hash;

/// The order-preserving key of a real; −0 and 0 are one key.
#[inline]
pub(super) fn key_of_real(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | (1 << 63) } else { !bits }
}

/// The inverse of [`key_of_real`].
pub(super) fn real_of_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// The order-preserving key of an integer.
#[inline]
pub(super) fn key_of_integer(value: i64) -> u64 {
    (value as u64) ^ (1 << 63)
}

/// The inverse of [`key_of_integer`].
pub(super) fn integer_of_key(key: u64) -> i64 {
    (key ^ (1 << 63)) as i64
}

/// The order-preserving key of a decimal's units.
#[inline]
pub(super) fn key_of_units(units: i128) -> u128 {
    (units as u128) ^ (1 << 127)
}

/// The inverse of [`key_of_units`].
pub(super) fn units_of_key(key: u128) -> i128 {
    (key ^ (1 << 127)) as i128
}

/// A value as a number whose order is the value's: 64 bits wide, or 128 for
/// decimals.
pub(super) trait Key: Copy + Ord + Send + Sync {
    /// A hash that is stored, and so must never change.
    fn hashed(self) -> u64;
}

impl Key for u64 {
    fn hashed(self) -> u64 {
        hash::of_u64(self)
    }
}

impl Key for u128 {
    fn hashed(self) -> u64 {
        hash::of_bytes(&self.to_le_bytes())
    }
}

/// Keys with their multiplicity, exact up to a limit.
#[derive(Clone, Debug)]
pub(super) struct Sketch<K> {
    exact: Vec<K>,
    limit: usize,
    /// k, half a buffer of the sketch.
    half: usize,
    levels: Vec<Vec<K>>,
    count: u64,
    moved: u64,
    odd: bool,
    /// Smallest and largest key; halving may throw them away.
    ends: Option<(K, K)>,
}

impl<K: Key> Sketch<K> {
    /// Keeps up to `limit` keys exactly, then sketches with k = `half`.
    pub(super) fn new(limit: usize, half: usize) -> Self {
        Self { exact: Vec::new(), limit, half, levels: Vec::new(), count: 0, moved: 0, odd: false, ends: None }
    }

    /// Whether nothing was thrown away so far.
    fn is_exact(&self) -> bool {
        self.levels.is_empty()
    }

    /// Whether so many more keys can be held exactly.
    pub(super) fn holds(&self, more: usize) -> bool {
        self.is_exact() && self.exact.len() + more <= self.limit
    }

    /// The keys held exactly: all so far, unless some were thrown away.
    pub(super) fn exact_keys(&mut self) -> &mut [K] {
        &mut self.exact
    }

    pub(super) fn extend(&mut self, keys: &[K]) {
        self.count += keys.len() as u64;
        if self.holds(keys.len()) {
            self.exact.extend_from_slice(keys);
            return;
        }
        if self.is_exact() {
            self.levels.push(Vec::with_capacity(2 * self.half));
            let held = std::mem::take(&mut self.exact);
            self.push_all(&held);
        }
        self.push_all(keys);
    }

    fn push_all(&mut self, mut keys: &[K]) {
        for &key in keys {
            let (least, most) = self.ends.unwrap_or((key, key));
            self.ends = Some((least.min(key), most.max(key)));
        }
        while !keys.is_empty() {
            let room = (2 * self.half - self.levels[0].len()).min(keys.len());
            self.levels[0].extend_from_slice(&keys[..room]);
            keys = &keys[room..];
            self.collapse();
        }
    }

    /// Halves every full level into the next.
    fn collapse(&mut self) {
        let mut level = 0;
        while self.levels[level].len() >= 2 * self.half {
            let mut full = std::mem::take(&mut self.levels[level]);
            full.sort_unstable();
            // Alternating the kept half makes most errors cancel.
            self.odd = !self.odd;
            if self.levels.len() == level + 1 {
                self.levels.push(Vec::new());
            }
            let kept = full.iter().skip(usize::from(self.odd)).step_by(2);
            self.levels[level + 1].extend(kept);
            self.moved += 1 << level;
            full.clear();
            self.levels[level] = full;
            level += 1;
        }
    }

    /// Sorted keys, each with the number of values up to and including it, and
    /// the bound of the rank error as a share of all values.
    pub(super) fn finish(mut self) -> (Ranked<K>, f64) {
        if self.is_exact() {
            self.exact.sort_unstable();
            return (Ranked { keys: self.exact, ranks: None, count: self.count }, 0.0);
        }
        let mut weighted: Vec<(K, u64)> = Vec::new();
        for (level, keys) in self.levels.iter().enumerate() {
            weighted.extend(keys.iter().map(|&key| (key, 1_u64 << level)));
        }
        weighted.extend(self.ends.iter().flat_map(|&(least, most)| [(least, 0), (most, 0)]));
        (Ranked::from_counts(weighted), self.moved as f64 / self.count as f64)
    }
}

/// Sorted keys with their cumulative counts.
pub(super) struct Ranked<K> {
    /// Ascending.
    pub(super) keys: Vec<K>,
    ranks: Option<Vec<u64>>,
    /// Number of values.
    pub(super) count: u64,
}

impl<K: Key> Ranked<K> {
    /// From keys with their counts, in any order.
    pub(super) fn from_counts(mut counts: Vec<(K, u64)>) -> Self {
        counts.sort_unstable();
        let mut rank = 0;
        let ranks = counts.iter().map(|(_, count)| {
            rank += count;
            rank
        });
        let ranks: Vec<u64> = ranks.collect();
        let keys = counts.into_iter().map(|(key, _)| key).collect();
        Self { keys, ranks: Some(ranks), count: rank }
    }

    /// The key at a 0-based rank.
    pub(super) fn at(&self, rank: u64) -> Option<K> {
        let index = match &self.ranks {
            None => usize::try_from(rank).ok()?,
            Some(ranks) => ranks.partition_point(|&upto| upto <= rank),
        };
        self.keys.get(index).or(self.keys.last()).copied()
    }

    /// How many values lie below (or, with `inclusive`, at or below) a key.
    pub(super) fn below(&self, key: K, inclusive: bool) -> u64 {
        let index = self.keys.partition_point(|&held| held < key || (inclusive && held == key));
        match &self.ranks {
            None => index as u64,
            Some(ranks) => index.checked_sub(1).map_or(0, |last| ranks[last]),
        }
    }

    /// Equal keys with their number, ascending; only meaningful when exact.
    pub(super) fn runs(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        self.keys.chunk_by(|left, right| left == right).map(|run| (run[0], run.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_keep_the_order(left in proptest::num::f64::NORMAL, right in proptest::num::f64::ANY) {
            prop_assume!(!right.is_nan());
            prop_assert_eq!(left < right, key_of_real(left) < key_of_real(right));
            prop_assert_eq!(real_of_key(key_of_real(left)), left);
        }

        #[test]
        fn decimal_keys(left: i128, right: i128) {
            prop_assert_eq!(left < right, key_of_units(left) < key_of_units(right));
            prop_assert_eq!(units_of_key(key_of_units(left)), left);
        }

        #[test]
        fn integer_keys(left: i64, right: i64) {
            prop_assert_eq!(left < right, key_of_integer(left) < key_of_integer(right));
            prop_assert_eq!(integer_of_key(key_of_integer(left)), left);
        }
    }

    #[test]
    fn zeros_are_one_key() {
        assert_eq!(key_of_real(-0.0), key_of_real(0.0));
    }

    #[test]
    fn rank_error_stays_within_its_bound() {
        // A permutation of 0..n, so that each value is its own rank.
        let count = 200_000_u64;
        let keys: Vec<u64> = (0..count).map(|i| (i * 77_773) % count).collect();
        let half = 2_048;
        let mut sketch = Sketch::new(20_000, half);
        for chunk in keys.chunks(7_001) {
            sketch.extend(chunk);
        }
        let (ranked, error) = sketch.finish();
        assert_eq!(ranked.count, count);
        assert_eq!((ranked.keys[0], ranked.keys[ranked.keys.len() - 1]), (0, count - 1));
        assert!(error > 0.0 && error < 0.002, "{error}");
        for percent in 0..=100 {
            let rank = (count - 1) * percent / 100;
            let found = ranked.at(rank).unwrap();
            let off = found.abs_diff(rank) as f64 / count as f64;
            assert!(off <= error + 2.0 / half as f64, "{percent} %: off by {off}");
            let below = ranked.below(rank, false).abs_diff(rank) as f64 / count as f64;
            assert!(below <= error + 1e-9, "{percent} %: {below} > {error}");
        }
    }
}
