//! The difference of two texts in hunks, and carrying one of them over.

use git2::{DiffOptions, Patch};
use serde::{Deserialize, Serialize};

use crate::Result;

/// Lines around a change that are shown with it, as git does.
const CONTEXT: u32 = 3;

/// A part in which two texts differ, with the lines around it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hunk {
    /// Its first line in the old text, from 1; the line before it when it has none there.
    pub old_start: usize,
    /// Its first line in the new text, from 1; the line before it when it has none there.
    pub new_start: usize,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// On which side it is.
    pub sign: Sign,
    /// With its line end, which the last line of a text may lack.
    pub text: String,
}

/// On which side a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// In both.
    Same,
    /// In the new text only.
    Added,
    /// In the old text only.
    Removed,
}

impl Hunk {
    fn count(&self, without: Sign) -> usize {
        self.lines.iter().filter(|line| line.sign != without).count()
    }

    /// `@@ -1,3 +1,4 @@`
    pub fn header(&self) -> String {
        let range =
            |start: usize, count: usize| if count == 1 { start.to_string() } else { format!("{start},{count}") };
        let (old, new) = (self.count(Sign::Added), self.count(Sign::Removed));
        format!("@@ -{} +{} @@", range(self.old_start, old), range(self.new_start, new))
    }

    /// Lines that are new, and lines that go.
    pub fn counts(&self) -> (usize, usize) {
        let of = |sign| self.lines.iter().filter(|line| line.sign == sign).count();
        (of(Sign::Added), of(Sign::Removed))
    }
}

/// The hunks in which `new` differs from `old`, as `git diff` finds them.
///
/// # Errors
/// Texts that git cannot compare.
pub fn hunks(old: &str, new: &str) -> Result<Vec<Hunk>> {
    let mut options = DiffOptions::new();
    options.context_lines(CONTEXT).indent_heuristic(true).force_text(true);
    let patch = Patch::from_buffers(old.as_bytes(), None, new.as_bytes(), None, Some(&mut options))?;
    let mut hunks = Vec::with_capacity(patch.num_hunks());
    for at in 0..patch.num_hunks() {
        let (found, count) = patch.hunk(at)?;
        let mut hunk =
            Hunk { old_start: found.old_start() as usize, new_start: found.new_start() as usize, lines: Vec::new() };
        for line in 0..count {
            let line = patch.line_in_hunk(at, line)?;
            let sign = match line.origin() {
                ' ' => Sign::Same,
                '+' => Sign::Added,
                '-' => Sign::Removed,
                // Remarks on a missing line end; the line's own text tells it.
                _ => continue,
            };
            hunk.lines.push(Line { sign, text: String::from_utf8_lossy(line.content()).into_owned() });
        }
        hunks.push(hunk);
    }
    Ok(hunks)
}

/// The old text after this hunk became part of it; none when it does not say there what the hunk says.
pub fn apply_hunk(old: &str, hunk: &Hunk) -> Option<String> {
    swap(old, hunk, hunk.old_start, Sign::Added, Sign::Removed)
}

/// The new text after this hunk was taken back; none when it does not say there what the hunk says.
pub fn unapply_hunk(new: &str, hunk: &Hunk) -> Option<String> {
    swap(new, hunk, hunk.new_start, Sign::Removed, Sign::Added)
}

/// Puts the hunk's lines other than `gone` in place of those other than `absent`, which must be there.
fn swap(text: &str, hunk: &Hunk, start: usize, absent: Sign, gone: Sign) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let of = |without: Sign| hunk.lines.iter().filter(move |line| line.sign != without).map(|line| line.text.as_str());
    let here: Vec<&str> = of(absent).collect();
    // A hunk without lines on this side stands after the line that it names.
    let first = if here.is_empty() { start } else { start.checked_sub(1)? };
    if lines.get(first..first + here.len())? != here.as_slice() {
        return None;
    }
    let parts = lines[..first].iter().copied().chain(of(gone)).chain(lines[first + here.len()..].iter().copied());
    Some(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hunk_is_found_put_in_and_taken_back() {
        let old: String = (1..=20).map(|line| format!("{line}\n")).collect();
        let new = old.replace("3\n4\n", "3\nthree and a half\n4\n").replace("18\n", "").replace("20\n", "twenty");
        let found = hunks(&old, &new).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].header().as_str(), found[0].counts()), ("@@ -1,6 +1,7 @@", (1, 0)));
        let first = apply_hunk(&old, &found[0]).unwrap();
        assert!(first.contains("three and a half\n4\n") && first.ends_with("\n20\n"));
        assert_eq!(unapply_hunk(&first, &found[0]).unwrap(), old);
        let other = unapply_hunk(&new, &found[0]).unwrap();
        assert!(!other.contains("three and a half") && other.ends_with("twenty"));
        assert_eq!(apply_hunk("something else\n", &found[0]), None);
    }

    #[test]
    fn whole_texts_come_and_go() {
        let found = hunks("", "a\nb").unwrap();
        assert_eq!(found[0].header(), "@@ -0,0 +1,2 @@");
        assert_eq!(apply_hunk("", &found[0]).unwrap(), "a\nb");
        assert_eq!(unapply_hunk("a\nb", &found[0]).unwrap(), "");
        assert!(hunks("same\n", "same\n").unwrap().is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// From the last to the first, so that the places of those before still hold.
        #[test]
        fn all_hunks_together_make_the_new_text(old in "([a-c]\n){0,24}[a-c]?", new in "([a-c]\n){0,24}[a-c]?") {
            let found = hunks(&old, &new).unwrap();
            prop_assert_eq!(found.is_empty(), old == new);
            let there = found.iter().rev().try_fold(old.clone(), |text, hunk| apply_hunk(&text, hunk));
            prop_assert_eq!(there.unwrap(), new.clone());
            let back = found.iter().rev().try_fold(new, |text, hunk| unapply_hunk(&text, hunk));
            prop_assert_eq!(back.unwrap(), old);
        }
    }
}
