//! Makes a picture of any panel of any workspace, without a display.
//!
//! ```sh
//! cargo run -p ui-tests --bin render -- --workspace W --panel designer --theme dark --size 1600x1000 --out designer.png
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use gui::commands::Command;
use gui::panels::{Action, Subject};
use studio::Studio;
use ui_tests::{Theme, Window};

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    workspace: PathBuf,
    /// home, data, designer, runs, models or source
    #[arg(long, default_value = "home")]
    panel: String,
    /// light or dark
    #[arg(long, default_value = "light")]
    theme: String,
    /// Points, as WIDTHxHEIGHT
    #[arg(long, default_value = "1280x800")]
    size: String,
    /// What is shown: dataset:NAME, pipeline:PATH, run:ID or NAME, model:NAME, commit:ID, history:PATH
    #[arg(long)]
    select: Option<String>,
    /// Labels to click, one after another
    #[arg(long)]
    click: Vec<String>,
    #[arg(long)]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let (width, height) = arguments.size.split_once('x').context("the size is WIDTHxHEIGHT")?;
    let theme = match arguments.theme.as_str() {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        other => bail!("there is no theme {other}; use light or dark"),
    };
    let studio = Studio::open(&arguments.workspace)?;
    let select = arguments.select.as_deref().map(|text| subject(&studio, text)).transpose()?;
    let mut window = Window::over(studio, theme, [width.parse()?, height.parse()?], None);
    // People's own words have signs that no font here has; on a screen the system's fonts do.
    window.harness.ctx.set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
    let panels = gui::panels::registry();
    let place = panels.iter().map(|panel| panel.id()).find(|id| *id == arguments.panel);
    window.send(Action::Run(Command::GoTo(place.with_context(|| format!("there is no panel {}", arguments.panel))?)));
    if let Some(subject) = select {
        window.send(Action::Open(subject));
    }
    for label in &arguments.click {
        window.click(label);
    }
    window.render(&arguments.out);
    Ok(())
}

fn subject(studio: &Studio, text: &str) -> anyhow::Result<Subject> {
    let (kind, name) = text.split_once(':').context("a selection is KIND:NAME, such as dataset:iris")?;
    let name = name.to_owned();
    Ok(match kind {
        "dataset" => Subject::Dataset { name, version: None },
        "pipeline" => Subject::Pipeline { path: name },
        "run" => Subject::Run { id: studio.find_run(&name)? },
        "model" => Subject::Model { name, version: None },
        "commit" => Subject::Commit { id: name },
        "history" => Subject::History { path: name, commit: None },
        other => bail!("there is no kind of thing called {other}"),
    })
}
