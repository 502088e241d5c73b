//! How many different values there are, and which are the most frequent.

use super::hash::HashedMap;

/// Different values counted exactly before sketches take over.
const EXACT_VALUES: usize = 65_536;
/// Bytes of text held for exact counts.
const EXACT_BYTES: usize = 16 << 20;
/// Counters kept by Misra–Gries afterwards; a value that fills more than a
/// 4,096th of the column is never missed.
const COUNTERS: usize = 4_096;
/// HyperLogLog registers: 2^14, standard error 1.04 / 2^7 = 0.8 %.
const PRECISION: u32 = 14;

/// Counts values by hash; `V` is what a person is shown for it.
pub(super) struct Distinct<V> {
    counts: HashedMap<(u64, V)>,
    registers: Option<Vec<u8>>,
    /// What Misra–Gries subtracted from every counter.
    subtracted: u64,
    bytes: usize,
    limit: usize,
}

impl<V: Clone> Distinct<V> {
    /// `columns` share the memory.
    pub(super) fn new(columns: usize) -> Self {
        let limit = (EXACT_VALUES * 20 / columns.max(1)).clamp(512, EXACT_VALUES);
        Self { counts: HashedMap::default(), registers: None, subtracted: 0, bytes: 0, limit }
    }

    /// Counts `times` of a value; `size` is what keeping it costs in bytes.
    #[inline]
    pub(super) fn add(&mut self, hash: u64, times: u64, size: usize, value: impl FnOnce() -> V) {
        if let Some(registers) = &mut self.registers {
            record(registers, hash);
        }
        if let Some((count, _)) = self.counts.get_mut(&hash) {
            *count += times;
            return;
        }
        self.bytes += size;
        self.counts.insert(hash, (times, value()));
        if self.registers.is_none() {
            if self.counts.len() > self.limit || self.bytes > EXACT_BYTES {
                self.estimate();
            }
        } else if self.counts.len() > 2 * COUNTERS.min(self.limit) {
            self.prune();
        }
    }

    /// Goes over to estimates.
    fn estimate(&mut self) {
        let mut registers = vec![0; 1 << PRECISION];
        for &hash in self.counts.keys() {
            record(&mut registers, hash);
        }
        self.registers = Some(registers);
        self.prune();
    }

    /// Misra–Gries with batched decrements (Anderson et al., 2017): subtracts
    /// the count of the counter that is to go from all, so that about half
    /// of the room is free again.
    fn prune(&mut self) {
        let keep = COUNTERS.min(self.limit);
        let mut counts: Vec<u64> = self.counts.values().map(|(count, _)| *count).collect();
        if counts.len() <= keep {
            return;
        }
        let at = counts.len() - keep;
        let (_, &mut threshold, _) = counts.select_nth_unstable(at);
        self.subtracted += threshold;
        self.counts.retain(|_, (count, _)| {
            *count = count.saturating_sub(threshold);
            *count > 0
        });
        self.bytes = 0;
    }

    /// Whether counts are estimates.
    pub(super) fn is_approximate(&self) -> bool {
        self.registers.is_some()
    }

    /// The number of different values.
    pub(super) fn distinct(&self) -> u64 {
        match &self.registers {
            None => self.counts.len() as u64,
            Some(registers) => estimate(registers).round() as u64,
        }
    }

    /// Values with their counts, in no order. After pruning the counts are
    /// lower bounds.
    pub(super) fn counts(&self) -> impl Iterator<Item = (u64, &V)> {
        self.counts.values().map(|(count, value)| (*count, value))
    }
}

#[inline]
fn record(registers: &mut [u8], hash: u64) {
    let index = (hash >> (64 - PRECISION)) as usize;
    let rank = ((hash << PRECISION) | (1 << (PRECISION - 1))).leading_zeros() as u8 + 1;
    registers[index] = registers[index].max(rank);
}

/// The improved estimator of Ertl (2017), *New cardinality estimation
/// algorithms for HyperLogLog sketches*, algorithm 6.
fn estimate(registers: &[u8]) -> f64 {
    let m = registers.len() as f64;
    let q = (64 - PRECISION) as usize;
    let mut histogram = vec![0_u32; q + 2];
    for &register in registers {
        histogram[usize::from(register).min(q + 1)] += 1;
    }
    let mut z = m * tau(1.0 - f64::from(histogram[q + 1]) / m);
    for k in (1..=q).rev() {
        z = 0.5 * (z + f64::from(histogram[k]));
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    m / (2.0 * std::f64::consts::LN_2) * m / z
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    fn counted(values: impl Iterator<Item = u64>, columns: usize) -> Distinct<u64> {
        let mut distinct = Distinct::new(columns);
        for value in values {
            distinct.add(hash::of_u64(value), 1, 8, || value);
        }
        distinct
    }

    #[test]
    fn exact_below_the_limit() {
        let distinct = counted((0..10_000).map(|i| i % 500), 1);
        assert!(!distinct.is_approximate());
        assert_eq!(distinct.distinct(), 500);
        assert!(distinct.counts().all(|(count, _)| count == 20));
    }

    #[test]
    fn estimates_stay_within_three_standard_errors() {
        // A limit of 512 values, so that small numbers are estimated too.
        for count in [1_000_u64, 20_000, 60_000] {
            let distinct = counted(0..count, 10_000);
            assert!(distinct.is_approximate());
            let off = (distinct.distinct() as f64 / count as f64 - 1.0).abs();
            assert!(off < 0.025, "{count}: off by {off}");
        }
    }

    #[test]
    fn a_frequent_value_survives_pruning() {
        let values = (0..60_000_u64).map(|i| if i % 10 == 0 { u64::MAX } else { i });
        let distinct = counted(values, 10_000);
        let (count, value) = distinct.counts().max_by_key(|(count, _)| *count).unwrap();
        assert_eq!(*value, u64::MAX);
        assert!(count <= 6_000 && count > 4_000, "{count}");
    }
}
