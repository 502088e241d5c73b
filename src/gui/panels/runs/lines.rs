//! The lines of the table: groups, runs, and runs nested in others, as far as they are open.

use std::collections::HashSet;

use studio::{IndexedRun, RunIndex};

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The place of the group in the index, and whether its runs follow.
    Group { group: u32, open: bool },
    /// The place of the run, how deep it is nested, and how many are nested in it.
    Run { place: u32, depth: u16, children: u32, open: bool },
}

/// What a person has opened.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// Values of groups.
    pub groups: HashSet<Option<String>>,
    /// Numbers of runs.
    pub runs: HashSet<i64>,
    /// Numbers of runs whose models a person has put out of sight: these are seen without being asked for, as a run
    /// that makes several models has no metrics but theirs.
    pub closed: HashSet<i64>,
}

impl Opened {
    /// Whether what is nested in a run is seen.
    fn shows(&self, row: i64, has_models: bool) -> bool {
        if has_models { !self.closed.contains(&row) } else { self.runs.contains(&row) }
    }

    /// Opens or closes a run.
    pub fn set_run(&mut self, row: i64, open: bool) {
        if open {
            self.runs.insert(row);
            self.closed.remove(&row);
        } else {
            self.runs.remove(&row);
            self.closed.insert(row);
        }
    }
}

/// All lines of an index in order.
pub fn lines(index: &RunIndex, opened: &Opened) -> Vec<Line> {
    let tree = Tree::of(index);
    if index.groups.is_empty() {
        let mut lines = Vec::with_capacity(index.runs.len());
        tree.roots().for_each(|root| tree.push(root, 0, opened, &mut lines));
        return lines;
    }
    let mut of_groups: Vec<Vec<u32>> = vec![Vec::new(); index.groups.len()];
    for root in tree.roots() {
        of_groups[index.runs[root as usize].group as usize].push(root);
    }
    let mut lines = Vec::new();
    for (at, (group, roots)) in index.groups.iter().zip(of_groups).enumerate() {
        let open = opened.groups.contains(&group.value);
        lines.push(Line::Group { group: at as u32, open });
        if open {
            roots.into_iter().for_each(|root| tree.push(root, 1, opened, &mut lines));
        }
    }
    lines
}

/// Which runs are nested in which, in the order of the index.
struct Tree<'a> {
    runs: &'a [IndexedRun],
    parents: Vec<Option<u32>>,
    /// The children of a run follow each other here.
    children: Vec<u32>,
    /// Where those of each run begin; one more than there are runs.
    begins: Vec<u32>,
}

impl<'a> Tree<'a> {
    fn of(index: &'a RunIndex) -> Self {
        let runs = &index.runs;
        let parents: Vec<Option<u32>> = (0..runs.len()).map(|place| parent(runs, place)).collect();
        let mut begins = vec![0_u32; runs.len() + 1];
        for parent in parents.iter().flatten() {
            begins[*parent as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut children = vec![0; begins.last().map_or(0, |all| *all as usize)];
        for (child, parent) in parents.iter().enumerate() {
            if let Some(parent) = parent {
                let at = &mut next[*parent as usize];
                children[*at as usize] = child as u32;
                *at += 1;
            }
        }
        Self { runs, parents, children, begins }
    }

    fn roots(&self) -> impl Iterator<Item = u32> {
        (0..self.runs.len() as u32).filter(|place| self.parents[*place as usize].is_none())
    }

    fn children(&self, place: u32) -> &[u32] {
        let at = place as usize;
        &self.children[self.begins[at] as usize..self.begins[at + 1] as usize]
    }

    /// Adds the run and, where it is open, those nested in it.
    fn push(&self, root: u32, depth: u16, opened: &Opened, lines: &mut Vec<Line>) {
        let mut stack = vec![(root, depth)];
        while let Some((place, depth)) = stack.pop() {
            let children = self.children(place);
            let has_models = children.iter().any(|child| self.runs[*child as usize].is_model);
            let open = !children.is_empty() && opened.shows(self.runs[place as usize].row, has_models);
            lines.push(Line::Run { place, depth, children: children.len() as u32, open });
            if open {
                stack.extend(children.iter().rev().map(|child| (*child, depth.saturating_add(1))));
            }
        }
    }
}

/// The parent that a run is shown below: one of its own group, that is not nested in the run itself.
fn parent(runs: &[IndexedRun], place: usize) -> Option<u32> {
    let run = runs[place];
    let parent = run.parent.filter(|parent| runs[*parent as usize].group == run.group)?;
    // A client may tag two runs as each other's parents. Such a circle has no top, so none of it is nested.
    let (mut slow, mut fast) = (parent, runs[parent as usize].parent);
    while let Some(at) = fast {
        if at as usize == place || at == slow {
            return None;
        }
        slow = runs[slow as usize].parent?;
        fast = runs[at as usize].parent.and_then(|next| runs[next as usize].parent);
    }
    Some(parent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use studio::RunGroup;

    use super::*;

    fn run(row: i64, parent: Option<u32>, group: u32) -> IndexedRun {
        IndexedRun { row, parent, group, is_model: false }
    }

    fn places(lines: &[Line]) -> Vec<(u32, u16)> {
        let of = |line: &Line| match line {
            Line::Run { place, depth, .. } => (*place, *depth),
            Line::Group { group, .. } => (1000 + *group, 0),
        };
        lines.iter().map(of).collect()
    }

    #[test]
    fn nested_runs_follow_what_is_open() {
        let runs = vec![run(10, None, 0), run(11, Some(3), 0), run(12, Some(1), 0), run(13, None, 0)];
        let index = RunIndex { runs, groups: Vec::new() };
        let mut opened = Opened::default();
        assert_eq!(places(&lines(&index, &opened)), [(0, 0), (3, 0)]);
        opened.runs.extend([13, 11]);
        assert_eq!(places(&lines(&index, &opened)), [(0, 0), (3, 0), (1, 1), (2, 2)]);
    }

    #[test]
    fn models_are_seen_until_they_are_closed() {
        let model = |row: i64| IndexedRun { is_model: true, ..run(row, Some(0), 0) };
        let runs = vec![run(10, None, 0), model(11), model(12), run(13, None, 0)];
        let index = RunIndex { runs, groups: Vec::new() };
        let mut opened = Opened::default();
        assert_eq!(places(&lines(&index, &opened)), [(0, 0), (1, 1), (2, 1), (3, 0)]);
        opened.set_run(10, false);
        assert_eq!(places(&lines(&index, &opened)), [(0, 0), (3, 0)]);
        opened.set_run(10, true);
        assert_eq!(lines(&index, &opened).len(), 4);
    }

    #[test]
    fn groups_hold_their_runs() {
        let group = |value: &str| RunGroup { value: Some(value.to_owned()), runs: 1, measures: Vec::new() };
        let runs = vec![run(10, None, 0), run(11, None, 1), run(12, Some(0), 1)];
        let index = RunIndex { runs, groups: vec![group("a"), group("b")] };
        let mut opened = Opened::default();
        assert_eq!(places(&lines(&index, &opened)), [(1000, 0), (1001, 0)]);
        opened.groups.insert(Some("b".to_owned()));
        opened.runs.insert(10);
        // A parent in another group is not a place to be nested in.
        assert_eq!(places(&lines(&index, &opened)), [(1000, 0), (1001, 0), (1, 1), (2, 1)]);
    }

    proptest! {
        /// Whatever clients say of parents, circles included, every run has exactly one line when all is open.
        #[test]
        fn no_run_is_lost(parents in prop::collection::vec(prop::option::of(0_u32..20), 0..20)) {
            let count = parents.len() as u32;
            let known = |parent: &u32| *parent < count;
            let runs: Vec<IndexedRun> = parents
                .iter()
                .enumerate()
                .map(|(at, parent)| run(at as i64, parent.filter(known).filter(|p| *p != at as u32), 0))
                .collect();
            let opened = Opened { runs: (0..20).collect(), ..Opened::default() };
            let index = RunIndex { runs, groups: Vec::new() };
            let mut found: Vec<u32> = places(&lines(&index, &opened)).into_iter().map(|(place, _)| place).collect();
            found.sort_unstable();
            prop_assert_eq!(found, (0..count).collect::<Vec<_>>());
        }
    }
}
