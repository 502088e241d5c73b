//! The window, driven by accessible labels.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eframe::egui::{self, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotOptions};
use gui::App;
use gui::panels::Action;
use gui::shell::Layout;
use gui::theme::ThemeChoice;
use studio::Studio;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing must happen for the window to count as settled.
const QUIET: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The real application over a workspace on disk.
pub struct Window {
    pub harness: Harness<'static, App>,
}

impl Window {
    /// Opens the workspace in `folder`. Runs are carried out by the program under test.
    pub fn open(folder: &Path, theme: Theme, size: [f32; 2]) -> Self {
        let studio = Studio::open(folder).expect("the workspace").with_program(super::program().to_owned());
        Self::over(studio, theme, size, None)
    }

    /// As [`Self::open`], with the clock stopped at `now` so that "ago" is the same in every picture.
    pub fn over(studio: Studio, theme: Theme, size: [f32; 2], now: Option<jiff::Timestamp>) -> Self {
        let mut layout = Layout::default();
        layout.appearance.theme = match theme {
            Theme::Light => ThemeChoice::Light,
            Theme::Dark => ThemeChoice::Dark,
        };
        layout.appearance.reduced_motion = true;
        let harness = Harness::builder()
            .with_size(size)
            .with_theme(match theme {
                Theme::Light => egui::Theme::Light,
                Theme::Dark => egui::Theme::Dark,
            })
            .with_max_steps(4)
            // As on a screen: what goes by itself after some seconds must not go within a few frames.
            .with_step_dt(1.0 / 60.0)
            .wgpu()
            .build_eframe(move |cc| {
                if let Some(now) = now {
                    gui::widgets::format::freeze(&cc.egui_ctx, now);
                }
                App::over(&cc.egui_ctx, studio, layout)
            });
        let mut window = Self { harness };
        window.settle();
        window
    }

    /// Draws frames until nothing is asked in the background any more.
    pub fn settle(&mut self) {
        let start = Instant::now();
        let mut quiet = Instant::now();
        // An answer may lead to the next question, each in a frame that may itself take longer than the quiet.
        let mut frames = 0;
        while start.elapsed() < PATIENCE {
            self.harness.step();
            if !self.harness.state().is_idle() {
                quiet = Instant::now();
                frames = 0;
            } else if quiet.elapsed() > QUIET && frames > 3 {
                return;
            }
            frames += 1;
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the window did not come to rest");
    }

    /// Waits until something with this label is there.
    pub fn wait_for(&mut self, label: &str) {
        self.wait_until(&format!("“{label}” to appear"), |window| window.has(label));
    }

    /// Waits until nothing with this label is there.
    pub fn wait_gone(&mut self, label: &str) {
        self.wait_until(&format!("“{label}” to go"), |window| !window.has(label));
    }

    pub fn wait_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            self.harness.step();
            if holds(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("waited in vain for {what}. There is:\n{}", self.labels().join("\n"));
    }

    pub fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    /// Whether a label contains this text.
    pub fn says(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    /// Every label there is, for a test that failed.
    pub fn labels(&self) -> Vec<String> {
        let all = self.harness.query_all_by(|node| node.label().is_some());
        all.filter_map(|node| node.accesskit_node().label()).collect()
    }

    /// Clicks the first thing with this label, once it is there.
    pub fn click(&mut self, label: &str) {
        self.wait_for(label);
        self.harness.query_all_by_label(label).next().expect("just seen").click();
        self.harness.step();
        self.settle();
    }

    /// Clicks the last thing with this label: what lies on the canvas comes after its name in the palette.
    pub fn click_last(&mut self, label: &str) {
        self.wait_for(label);
        self.harness.query_all_by_label(label).last().expect("just seen").click();
        self.harness.step();
        self.settle();
    }

    /// Opens the list with this label and takes `option`.
    pub fn choose(&mut self, label: &str, option: &str) {
        self.click(label);
        self.click_last(option);
    }

    /// Whether anything with this label has a value that contains `text`.
    pub fn value_says(&self, label: &str, text: &str) -> bool {
        let mut all = self.harness.query_all_by_label(label);
        all.any(|node| node.accesskit_node().value().is_some_and(|value| value.contains(text)))
    }

    /// Types into the field with this label, in place of what it held; of several into the last, as dialogs lie on top.
    pub fn fill(&mut self, label: &str, text: &str) {
        self.click_last(label);
        self.press(Modifiers::COMMAND, Key::A);
        self.type_text(text);
        self.settle();
    }

    /// Types into whatever has the focus.
    pub fn type_text(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.harness.step();
    }

    pub fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.step();
    }

    pub fn send(&mut self, action: Action) {
        self.harness.state_mut().send(action);
        self.settle();
    }

    /// Compares the window with the picture `name`, or makes the picture when `UPDATE_SNAPSHOTS` is set.
    pub fn snapshot(&mut self, name: &str) {
        // Text is drawn alike everywhere; a few pixels of antialiasing differ between drivers.
        let options = SnapshotOptions::new()
            .threshold(1.0)
            .max_failed_pixels(400_usize)
            .output_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
        self.harness.snapshot_options(name, &options);
    }

    /// Writes the window as a PNG.
    pub fn render(&mut self, path: &Path) -> PathBuf {
        let image = self.harness.render().expect("a picture of the window");
        image.save(path).expect("a PNG file");
        path.to_owned()
    }
}
