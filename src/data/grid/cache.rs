//! The latest decoded pages, up to a number of bytes.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::Column;

/// Page and column.
type Key = (usize, usize);

/// Forgets the page that was not asked for the longest.
pub(super) struct Cache {
    held: HashMap<Key, (Column, usize, u64)>,
    /// By the time of their last use.
    used: BTreeMap<u64, Key>,
    bytes: usize,
    limit: usize,
    clock: u64,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self { held: HashMap::new(), used: BTreeMap::new(), bytes: 0, limit, clock: 0 }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.held.contains_key(&key)
    }

    pub(super) fn get(&mut self, key: Key) -> Option<Column> {
        let (column, _, time) = self.held.get_mut(&key)?;
        self.clock += 1;
        self.used.remove(time);
        self.used.insert(self.clock, key);
        *time = self.clock;
        Some(column.clone())
    }

    pub(super) fn insert(&mut self, key: Key, column: Column) {
        if self.held.contains_key(&key) {
            return;
        }
        let size = column.as_materialized_series().estimated_size();
        if size > self.limit {
            return;
        }
        self.clock += 1;
        self.held.insert(key, (column, size, self.clock));
        self.used.insert(self.clock, key);
        self.bytes += size;
        while self.bytes > self.limit {
            let Some((_, oldest)) = self.used.pop_first() else {
                break;
            };
            if let Some((_, size, _)) = self.held.remove(&oldest) {
                self.bytes -= size;
            }
        }
    }
}
