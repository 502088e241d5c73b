//! What two runs ran on: machine, program, interpreters, packages.

use egui::{Grid, RichText, Ui, vec2};
use studio::compare::{EnvironmentComparison, Fact, PythonComparison, PythonUse};

use super::notes;
use crate::{
    theme,
    widgets::{self, format},
};

pub fn show(ui: &mut Ui, found: &EnvironmentComparison) {
    notes(ui, &found.notes);
    for (at, python) in found.pythons.iter().enumerate() {
        widgets::card(ui, &format!("Python of {}", python.steps.join(", ")), |ui| {
            ui.push_id(("python", at), |ui| self::python(ui, python));
        });
    }
    widgets::card(ui, "Machine and program", |ui| facts(ui, &found.facts));
}

fn facts(ui: &mut Ui, facts: &[Fact]) {
    let rows = facts.iter().map(|fact| (fact.label.to_owned(), fact.first.clone(), fact.second.clone(), fact.differs));
    grid(ui, "facts", rows.collect());
}

fn python(ui: &mut Ui, python: &PythonComparison) {
    let t = theme::of(ui);
    let of = |part: fn(&PythonUse) -> String| {
        let text = |side: &Option<PythonUse>| side.as_ref().map(part).unwrap_or_default();
        (text(&python.first), text(&python.second))
    };
    let environment = |python: &PythonUse| match &python.environment {
        Some((name, digest)) => format!("{name}, {}", digest.get(..12).unwrap_or(digest)),
        None => "none chosen".to_owned(),
    };
    let parts: [(&str, (String, String)); 4] = [
        ("Interpreter", of(|python| python.version.clone())),
        ("Environment", of(environment)),
        ("Platform", of(|python| python.platform.clone())),
        ("Path", of(|python| python.path.clone())),
    ];
    let rows = parts.into_iter().map(|(label, (first, second))| {
        let differs = first != second;
        (label.to_owned(), first, second, differs)
    });
    grid(ui, "interpreter", rows.collect());
    let same = format::counted(python.same as u64, "package is", "packages are");
    if python.packages.is_empty() {
        ui.label(t.secondary(format!("All {same} the same.")));
        return;
    }
    widgets::section(ui, &format::counted(python.packages.len() as u64, "package differs", "packages differ"));
    let rows = python.packages.iter().map(|package| {
        let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "not there".to_owned());
        (package.name.clone(), version(&package.first), version(&package.second), true)
    });
    grid(ui, "packages", rows.collect());
    ui.label(t.caption(format!("{same} the same")));
}

/// Rows of a name and two texts; those that differ are marked.
fn grid(ui: &mut Ui, id: &str, rows: Vec<(String, String, String, bool)>) {
    let t = theme::of(ui);
    let spacing = vec2(t.size.pad_panel, t.size.grid);
    Grid::new(id).num_columns(3).spacing(spacing).min_col_width(140.0).show(ui, |ui| {
        for (label, first, second, differs) in rows {
            let mark = if differs { "• " } else { "" };
            ui.label(t.secondary(format!("{mark}{label}")));
            let text = |text: &str| -> RichText {
                let shown = if text.is_empty() { "not known" } else { text };
                if differs { t.small(shown) } else { t.secondary(shown) }
            };
            ui.label(text(&first));
            ui.label(text(&second));
            ui.end_row();
        }
    });
}
