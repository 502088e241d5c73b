//! A 64-bit hash that is the same on every platform and in every version,
//! since sketches made with it are stored.
//!
//! Folded multiplication after wyhash (Wang Yi); not for adversarial input.

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;

fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a number.
#[inline]
pub(super) fn of_u64(value: u64) -> u64 {
    let mixed = fold(value ^ SEED, FACTOR);
    fold(mixed ^ FACTOR, SEED)
}

/// The hash of text.
#[inline]
pub(super) fn of_bytes(bytes: &[u8]) -> u64 {
    let mut state = SEED ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]]);
        state = fold(state ^ word, FACTOR);
    }
    let mut tail = [0_u8; 8];
    tail[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    state = fold(state ^ u64::from_le_bytes(tail), FACTOR);
    fold(state ^ FACTOR, SEED)
}

/// Hands an already hashed key through to a hash map.
#[derive(Clone, Copy, Default)]
pub(super) struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = of_bytes(bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A map from hashes.
pub(super) type HashedMap<V> = std::collections::HashMap<u64, V, std::hash::BuildHasherDefault<Identity>>;
