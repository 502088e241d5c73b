//! Types of files of other programs that the table engine would refuse, or
//! stop at: they are read as plain ones, and their values are worked out here.

pub(crate) mod arrow;
mod ipc_gaps;
pub(crate) mod parquet;
mod types;
mod values;

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;

pub(crate) use types::Meaning;

use crate::error::{Error, Result};

/// Runs code of the table engine that may panic on a file it does not expect,
/// and makes a sentence of the panic.
pub(crate) fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    silence_guarded_panics();
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    done.unwrap_or_else(|panic| {
        let reason = panic.downcast_ref::<String>().map(String::as_str);
        let reason = reason.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        let first_line = reason.lines().next().unwrap_or_default();
        let sentence = format!(
            "The file holds something that cannot be read ({first_line}). Save it again with plain types, such as \
             numbers, text and dates."
        );
        Err(Error::malformed(path, None, sentence))
    })
}

thread_local! {
    /// Whether a panic of this thread will become a sentence.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics that become a sentence from being printed as well.
fn silence_guarded_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                before(panic);
            }
        }));
    });
}

/// Names without empty or doubled ones, and a sentence for each that was changed.
pub(crate) fn unique_names(given: &[String]) -> (Vec<String>, Vec<String>) {
    let known: HashSet<&str> = given.iter().map(String::as_str).collect();
    let mut used: HashSet<String> = HashSet::with_capacity(given.len());
    let (mut names, mut notes) = (Vec::with_capacity(given.len()), Vec::new());
    for (at, old) in given.iter().enumerate() {
        let place = at + 1;
        let wanted = if old.trim().is_empty() { format!("column_{place}") } else { old.clone() };
        let mut name = wanted.clone();
        let mut number = 2;
        while used.contains(&name) || (name != *old && known.contains(name.as_str())) {
            name = format!("{wanted}_{number}");
            number += 1;
        }

        if old.trim().is_empty() {
            notes.push(format!("Column {place} has no name; it is now “{name}”."));
        } else if name != *old {
            notes.push(format!("Two columns are named “{old}”; the one in place {place} is now “{name}”."));
        }
        used.insert(name.clone());
        names.push(name);
    }
    (names, notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_and_empty_names_are_told_apart() {
        let given = ["a", "a", "", "a_2", " b "].map(str::to_owned);
        let (names, notes) = unique_names(&given);
        assert_eq!(names, ["a", "a_3", "column_3", "a_2", " b "]);
        assert_eq!(notes.len(), 2, "{notes:?}");
    }

    #[test]
    fn a_panic_becomes_a_sentence() {
        let failed = guarded(Path::new("t.parquet"), || -> Result<()> { panic!("assertion failed: x == y") });
        let sentence = failed.unwrap_err().to_string();
        assert!(sentence.contains("assertion failed") && sentence.ends_with("t.parquet"), "{sentence}");
    }
}
