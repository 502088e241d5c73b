//! What a run ran on: the machine, its scripts' interpreters with every package, and what repeats it.

use egui::{Grid, ScrollArea, Ui, vec2};
use studio::{StepsPython, Surroundings};

use crate::{
    icons::Glyph,
    theme,
    widgets::{self, format, message, section},
};

/// Packages beside each other.
const ACROSS: usize = 3;

pub fn show(ui: &mut Ui, surroundings: &Surroundings) {
    let t = theme::of(ui);
    if surroundings.atelier.is_empty() {
        widgets::loading(
            ui,
            "Nothing is known of the machine: what logged this run was not on this one, or had ended.",
        );
        return;
    }
    ScrollArea::vertical().id_salt("environment").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = t.size.gap;
            section(ui, "Machine");
            pairs(ui, "machine", &machine(surroundings));
            let repeat = repeat(surroundings);
            if !repeat.is_empty() {
                section(ui, "To repeat it");
                pairs(ui, "repeat", &repeat);
            }
            for sentence in &surroundings.left_out {
                message(ui, Glyph::Info, sentence);
            }
            for (at, python) in surroundings.python.iter().enumerate() {
                ui.push_id(at, |ui| interpreter(ui, python));
            }
        });
    });
}

fn pairs(ui: &mut Ui, id: &str, pairs: &[(&str, String)]) {
    let t = theme::of(ui);
    let spacing = vec2(2.0 * t.size.pad_panel, t.size.grid);
    Grid::new(id).spacing(spacing).min_row_height(t.face.mono.line).show(ui, |ui| {
        for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            ui.label(t.secondary(*key));
            ui.label(t.mono(value));
            ui.end_row();
        }
    });
}

fn machine(of: &Surroundings) -> Vec<(&'static str, String)> {
    let hardware = &of.hardware;
    let cores = match hardware.physical_cores {
        Some(cores) => format!(
            "{} on {}",
            format::counted(of.cores as u64, "thread", "threads"),
            format::counted(cores as u64, "core", "cores")
        ),
        None => format::counted(of.cores as u64, "thread", "threads"),
    };
    let system = if hardware.system.is_empty() { of.system.clone() } else { hardware.system.clone() };
    vec![
        ("Atelier", of.atelier.clone()),
        ("System", system),
        ("Kernel", hardware.kernel.clone()),
        ("Processor", hardware.processor.clone()),
        ("Architecture", of.architecture.clone()),
        ("Threads", cores),
        ("Memory", if hardware.memory == 0 { String::new() } else { format::bytes(hardware.memory) }),
        ("Graphics", hardware.gpus.join(", ")),
    ]
}

fn repeat(of: &Surroundings) -> Vec<(&'static str, String)> {
    let seeds: Vec<String> = of.seeds.iter().map(|(key, seed)| format!("{key} = {seed}")).collect();
    let scripts: Vec<&str> = of.scripts.iter().map(|script| script.path.as_str()).collect();
    let inputs =
        of.inputs.iter().map(|input| format!("{}@{} ({})", input.dataset, input.version, short(&input.digest)));
    vec![
        ("Command", of.command.clone()),
        ("Started in", of.client.as_ref().map(|client| client.folder.display().to_string()).unwrap_or_default()),
        ("Repository", of.remote.clone().unwrap_or_default()),
        ("Seeds", seeds.join(", ")),
        ("Datasets", inputs.collect::<Vec<_>>().join(", ")),
        ("Scripts kept", scripts.join(", ")),
    ]
}

fn interpreter(ui: &mut Ui, python: &StepsPython) {
    let t = theme::of(ui);
    let interpreter = &python.interpreter;
    match python.steps.as_slice() {
        [] => section(ui, "Python"),
        steps => section(ui, &format!("Python of {}", steps.join(", "))),
    };
    if let Some(problem) = &interpreter.problem {
        message(ui, Glyph::Warn, problem);
    }
    let version = format!("{} {}", interpreter.implementation, interpreter.version);
    let environment = python.environment.as_ref().map(|used| match used.digest.as_str() {
        "" => format!("{}, not built", used.name),
        digest => format!("{} ({})", used.name, short(digest)),
    });
    let facts = [
        ("Environment", environment.unwrap_or_default()),
        ("Version", version.trim().to_owned()),
        ("Platform", interpreter.platform.clone()),
        // An environment lies where its digest says.
        ("Path", if python.environment.is_some() { String::new() } else { interpreter.path.clone() }),
    ];
    pairs(ui, "interpreter", &facts);
    let packages: Vec<(&String, &String)> = interpreter.packages.iter().collect();
    if packages.is_empty() {
        return;
    }
    ui.label(t.secondary(format::counted(packages.len() as u64, "package", "packages")));
    let spacing = vec2(t.size.pad_panel, t.size.grid);
    Grid::new("packages").spacing(spacing).min_row_height(t.face.mono.line).show(ui, |ui| {
        for row in packages.chunks(ACROSS) {
            for (name, version) in row {
                ui.label(t.small(name.as_str()));
                ui.label(t.mono(version.as_str()));
            }
            ui.end_row();
        }
    });
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
