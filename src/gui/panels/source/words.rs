//! Changes and versions in words and signs.

use egui::Color32;
use studio::git::{Change, ChangeKind};
use studio::{Version, VersionRow};

use super::Half;
use crate::theme::Tokens;
use crate::widgets::format;

/// How this half of a change differs.
pub fn half(change: &Change, half: Half) -> Option<ChangeKind> {
    match half {
        Half::Staged => change.staged,
        Half::Unstaged => change.unstaged,
    }
}

/// The letter that git gives it.
pub fn letter(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "A",
        ChangeKind::Modified => "M",
        ChangeKind::Deleted => "D",
        ChangeKind::Renamed => "R",
        ChangeKind::Untracked => "N",
        ChangeKind::Conflicted => "!",
    }
}

pub fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "new",
        ChangeKind::Modified => "changed",
        ChangeKind::Deleted => "deleted",
        ChangeKind::Renamed => "renamed",
        ChangeKind::Untracked => "new, not known to git",
        ChangeKind::Conflicted => "in conflict",
    }
}

pub fn color(t: &Tokens, kind: ChangeKind) -> Color32 {
    match kind {
        ChangeKind::Added | ChangeKind::Untracked => t.color.ok,
        ChangeKind::Modified => t.color.warn,
        ChangeKind::Deleted | ChangeKind::Conflicted => t.color.error,
        ChangeKind::Renamed => t.color.info,
    }
}

/// Name and folder of a path.
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').map_or((path, ""), |(folder, name)| (name, folder))
}

/// A version on one line: "a41f09c Raise the rate", "Run brisk-heron-64".
pub fn version(version: &Version, rows: &[VersionRow]) -> String {
    let row = rows.iter().find(|row| row.version == *version);
    match (version, row) {
        (Version::Nothing, _) => "Nothing".to_owned(),
        (Version::Worktree, _) => "Working tree".to_owned(),
        (Version::Staged, _) => "Staged".to_owned(),
        (Version::Run(_), Some(row)) => format!("Run {}", row.title),
        (Version::Run(id), None) => format!("Run {}", short(id)),
        (Version::Commit { .. }, Some(row)) => format!("{} {}", row.short, row.title),
        (Version::Commit { id, .. }, None) if id == "HEAD" => "Last commit".to_owned(),
        (Version::Commit { id, .. }, None) => short(id).to_owned(),
        (Version::Before { commit, .. }, _) => format!("Before {}", short(commit)),
    }
}

/// A row of the list that a version is chosen from.
pub fn choice(row: &VersionRow, now: jiff::Timestamp) -> String {
    let title = version(&row.version, std::slice::from_ref(row));
    let when = row.time_ms.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    match when {
        Some(when) => format!("{title} · {}", format::ago(when, now)),
        None => title,
    }
}

/// Seven digits of an id.
pub fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_named_by_what_a_person_knows_them_by() {
        let commit = Version::Commit { id: "a41f09c9999".into(), path: None };
        let row = VersionRow {
            version: commit.clone(),
            title: "Raise the rate".into(),
            short: "a41f09c".into(),
            time_ms: None,
        };
        assert_eq!(version(&commit, &[row]), "a41f09c Raise the rate");
        assert_eq!(version(&commit, &[]), "a41f09c");
        assert_eq!(version(&Version::Commit { id: "HEAD".into(), path: None }, &[]), "Last commit");
        assert_eq!(version(&Version::Before { commit: "a41f09c9999".into(), path: None }, &[]), "Before a41f09c");
        assert_eq!(split("pipelines/a.yaml"), ("a.yaml", "pipelines"));
        assert_eq!(split("README"), ("README", ""));
    }
}
