//! Seeded random numbers, the same on every platform and for every number of threads.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

pub(crate) type Random = Pcg64Mcg;

/// The generator of one independent part (a tree, a restart, a fold) of a seeded computation.
pub(crate) fn part(seed: u64, part: u64) -> Random {
    // SplitMix64's finaliser, so that neighbouring parts share nothing.
    let mut z = seed ^ part.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    Random::seed_from_u64(z ^ (z >> 31))
}

/// A uniform number in `0..n`; `n` must be positive.
pub(crate) fn below(random: &mut Random, n: usize) -> usize {
    random.random_range(0..n)
}

/// A uniform number in [0, 1).
pub(crate) fn unit(random: &mut Random) -> f64 {
    random.random()
}

/// Fisher-Yates.
pub(crate) fn shuffle<T>(random: &mut Random, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(random, i + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_differ_and_repeat() {
        let draw = |seed, at| unit(&mut part(seed, at));
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn shuffling_keeps_all_items() {
        let mut items: Vec<u32> = (0..100).collect();
        shuffle(&mut part(0, 0), &mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
