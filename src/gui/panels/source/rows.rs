//! The lines of a difference as rows: one below the other, or the two sides beside each other.

use std::ops::Range;

use studio::git::{Hunk, Sign};

/// A row of the unified view.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// The head of hunk `at`.
    Head(usize),
    Line(Line),
}

/// A row of the view side by side; a side may be empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Pair {
    Head(usize),
    Lines(Option<Line>, Option<Line>),
}

/// A line of one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub sign: Sign,
    /// Its number in the old text.
    pub old: Option<usize>,
    /// Its number in the new text.
    pub new: Option<usize>,
    /// Without its line end.
    pub text: String,
    /// The bytes of it that its counterpart does not have; empty without one.
    pub differs: Range<usize>,
}

/// Both views of one difference.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub hunks: Vec<Hunk>,
    pub unified: Vec<Row>,
    pub pairs: Vec<Pair>,
    /// The longest line, in characters.
    pub longest: usize,
    /// The digits of the greatest line number.
    pub digits: usize,
    /// Lines that are new, and lines that go.
    pub counts: (usize, usize),
}

impl Rows {
    pub fn of(hunks: &[Hunk]) -> Self {
        let mut rows = Self { hunks: hunks.to_vec(), ..Self::default() };
        for (at, hunk) in hunks.iter().enumerate() {
            let lines = marked(numbered(hunk));
            rows.unified.push(Row::Head(at));
            rows.pairs.push(Pair::Head(at));
            rows.longest = lines.iter().map(|line| line.text.chars().count()).fold(rows.longest, usize::max);
            let last = lines.iter().filter_map(|line| line.old.max(line.new)).max().unwrap_or_default();
            rows.digits = rows.digits.max(last.to_string().len());
            let (added, removed) = hunk.counts();
            rows.counts = (rows.counts.0 + added, rows.counts.1 + removed);
            pair(&lines, &mut rows.pairs);
            rows.unified.extend(lines.into_iter().map(Row::Line));
        }
        rows
    }
}

fn numbered(hunk: &Hunk) -> Vec<Line> {
    let (mut old, mut new) = (hunk.old_start, hunk.new_start);
    let next = |at: &mut usize| {
        *at += 1;
        *at - 1
    };
    let line = |line: &studio::git::Line| {
        let (on_old, on_new) = (line.sign != Sign::Added, line.sign != Sign::Removed);
        Line {
            sign: line.sign,
            old: on_old.then(|| next(&mut old)),
            new: on_new.then(|| next(&mut new)),
            text: line.text.trim_end_matches(['\n', '\r']).to_owned(),
            differs: 0..0,
        }
    };
    hunk.lines.iter().map(line).collect()
}

/// Marks in each removed line and the added one that took its place what differs between the two.
fn marked(mut lines: Vec<Line>) -> Vec<Line> {
    let mut at = 0;
    while at < lines.len() {
        let run = |from: usize, sign: Sign| lines[from..].iter().take_while(|line| line.sign == sign).count();
        let removed = run(at, Sign::Removed);
        let added = run(at + removed, Sign::Added);
        for step in 0..removed.min(added) {
            let (old, new) = (at + step, at + removed + step);
            let (of_old, of_new) = between(&lines[old].text, &lines[new].text);
            lines[old].differs = of_old;
            lines[new].differs = of_new;
        }
        at += (removed + added).max(1);
    }
    lines
}

/// The middles of two texts, without what they begin and end with alike; nothing when little is alike.
fn between(old: &str, new: &str) -> (Range<usize>, Range<usize>) {
    let same = |(a, b): &(char, char)| a == b;
    let front: usize = old.chars().zip(new.chars()).take_while(same).map(|(a, _)| a.len_utf8()).sum();
    let (rest_old, rest_new) = (&old[front..], &new[front..]);
    let back = rest_old.chars().rev().zip(rest_new.chars().rev()).take_while(same);
    let back: usize = back.map(|(a, _)| a.len_utf8()).sum();
    let (of_old, of_new) = (front..old.len() - back, front..new.len() - back);
    let alike = old[..front].trim().len() + back;
    if alike * 3 < old.len().max(new.len()) { (0..0, 0..0) } else { (of_old, of_new) }
}

fn pair(lines: &[Line], into: &mut Vec<Pair>) {
    let mut at = 0;
    while at < lines.len() {
        let run = |from: usize, sign: Sign| lines[from..].iter().take_while(|line| line.sign == sign).count();
        if lines[at].sign == Sign::Same {
            into.push(Pair::Lines(Some(lines[at].clone()), Some(lines[at].clone())));
            at += 1;
            continue;
        }
        let removed = run(at, Sign::Removed);
        let added = run(at + removed, Sign::Added);
        for step in 0..removed.max(added) {
            let old = (step < removed).then(|| lines[at + step].clone());
            let new = (step < added).then(|| lines[at + removed + step].clone());
            into.push(Pair::Lines(old, new));
        }
        at += removed + added;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use studio::git::hunks;

    fn rows(old: &str, new: &str) -> Rows {
        Rows::of(&hunks(old, new).unwrap())
    }

    #[test]
    fn lines_are_numbered_on_both_sides() {
        let rows = rows("a\nb\nc\n", "a\nB\nnew\nc\n");
        let numbers: Vec<_> = rows
            .unified
            .iter()
            .filter_map(|row| match row {
                Row::Line(line) => Some((line.text.as_str(), line.old, line.new)),
                Row::Head(_) => None,
            })
            .collect();
        let wanted = [
            ("a", Some(1), Some(1)),
            ("b", Some(2), None),
            ("B", None, Some(2)),
            ("new", None, Some(3)),
            ("c", Some(3), Some(4)),
        ];
        assert_eq!(numbers, wanted);
        assert_eq!((rows.counts, rows.longest, rows.digits), ((2, 1), 3, 1));
    }

    #[test]
    fn replaced_lines_stand_beside_each_other() {
        let rows = rows("a\nb\nc\n", "a\nB\nnew\nc\n");
        let text = |line: &Option<Line>| line.as_ref().map_or("", |line| line.text.as_str()).to_owned();
        let sides: Vec<_> = rows
            .pairs
            .iter()
            .filter_map(|pair| match pair {
                Pair::Lines(old, new) => Some((text(old), text(new))),
                Pair::Head(_) => None,
            })
            .collect();
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        assert_eq!(sides, [pair("a", "a"), pair("b", "B"), pair("", "new"), pair("c", "c")]);
    }

    #[test]
    fn what_differs_within_a_line_is_marked() {
        let (old, new) = between("  fraction: 0.25", "  fraction: 0.3");
        assert_eq!((&"  fraction: 0.25"[old], &"  fraction: 0.3"[new]), ("25", "3"));
        assert_eq!(between("return table", "import pandas as pd").0, 0..0, "little is alike");
        let (old, new) = between("straße: ä", "straße: ö");
        assert_eq!((&"straße: ä"[old], &"straße: ö"[new]), ("ä", "ö"));
    }
}
