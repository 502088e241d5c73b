//! The command palette: every command, found by a few letters, run from the keyboard.

use egui::{Align2, Area, Context, Id, Key, Modal, Modifiers, Order, ScrollArea, UiKind, vec2};

use super::{Command, CommandSpec, score};
use crate::{
    theme,
    widgets::{ListRow, TextField},
};

/// What a person chose, with the title that "recent" remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct PaletteChoice {
    pub command: Command,
    pub title: String,
}

/// The palette's own state.
#[derive(Debug, Default)]
pub struct Palette {
    open: bool,
    query: String,
    at: usize,
    fresh: bool,
}

/// One line that fits the query.
struct Fit<'a> {
    spec: &'a CommandSpec,
    hits: Vec<usize>,
    rank: (std::cmp::Reverse<i32>, usize),
}

const WIDTH: f32 = 640.0;
const ROWS: usize = 11;

impl Palette {
    pub fn open(&mut self) {
        *self = Self { open: true, fresh: true, ..Self::default() };
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    pub fn close(&mut self) {
        self.open = false;
    }

    /// Draws the palette when it is open. `recent` holds titles, the newest first.
    pub fn show(&mut self, ctx: &Context, specs: &[CommandSpec], recent: &[String]) -> Option<PaletteChoice> {
        if !self.open {
            return None;
        }
        let t = theme::of(ctx);
        let id = Id::unique("gui::palette");
        let area = Area::new(id)
            .kind(UiKind::Modal)
            .order(Order::Foreground)
            .anchor(Align2::CENTER_TOP, vec2(0.0, t.size.top_bar + t.size.pad));
        let shown = Modal::new(id).area(area).backdrop_color(t.color.scrim).show(ctx, |ui| {
            ui.set_width(WIDTH.min(ctx.content_rect().width() - 2.0 * t.size.pad_panel));
            self.contents(ui, specs, recent)
        });
        if shown.should_close() {
            self.open = false;
        }
        if shown.inner.is_some() {
            self.open = false;
        }
        shown.inner
    }

    fn contents(&mut self, ui: &mut egui::Ui, specs: &[CommandSpec], recent: &[String]) -> Option<PaletteChoice> {
        let t = theme::of(ui);
        let (down, up, enter) = ui.input_mut(|input| {
            (
                input.consume_key(Modifiers::NONE, Key::ArrowDown),
                input.consume_key(Modifiers::NONE, Key::ArrowUp),
                input.key_pressed(Key::Enter),
            )
        });
        let field = TextField::search(&mut self.query, "Search or run a command");
        let changed = ui.add(field.focus(self.fresh)).changed();
        let fits = fits(&self.query, specs, recent);
        if changed || self.fresh {
            self.at = 0;
        }
        let last = fits.len().saturating_sub(1);
        let moved = down || up || changed;
        if down {
            self.at = if self.at >= last { 0 } else { self.at + 1 };
        }
        if up {
            self.at = self.at.checked_sub(1).unwrap_or(last);
        }
        self.fresh = false;
        if fits.is_empty() {
            ui.add_space(t.size.grid);
            ui.label(t.secondary(format!("Nothing is called “{}”", self.query)));
            return None;
        }
        let clicked = self.list(ui, &fits, moved);
        let chosen = clicked.or(enter.then_some(self.at))?;
        let spec = fits.get(chosen)?.spec;
        spec.disabled.is_none().then(|| PaletteChoice { command: spec.command.clone(), title: spec.title.clone() })
    }

    fn list(&self, ui: &mut egui::Ui, fits: &[Fit<'_>], moved: bool) -> Option<usize> {
        let t = theme::of(ui);
        let mut clicked = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        let most = ROWS as f32 * t.size.row;
        ScrollArea::vertical().max_height(most).show(ui, |ui| {
            for (at, fit) in fits.iter().enumerate() {
                let spec = fit.spec;
                let mut row = ListRow::new(&spec.title)
                    .hits(&fit.hits)
                    .selected(at == self.at)
                    .note(spec.disabled.as_ref().unwrap_or(&spec.detail));
                if let Some(icon) = spec.icon {
                    row = row.icon(icon);
                }
                if let Some(shortcut) = &spec.shortcut {
                    row = row.shortcut(ui.format_shortcut(shortcut).replace('+', " "));
                }
                if spec.disabled.is_some() {
                    row = row.quiet();
                }
                let response = row.show(ui);
                if at == self.at && moved {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    clicked = Some(at);
                }
            }
        });
        clicked
    }
}

/// What fits the query, the best first; with no query the recently used first.
fn fits<'a>(query: &str, specs: &'a [CommandSpec], recent: &[String]) -> Vec<Fit<'a>> {
    let fit = |(at, spec): (usize, &'a CommandSpec)| {
        let letters = query.chars().filter(|c| !c.is_whitespace()).count() as i32;
        // Letters that are strewn over a title are no match.
        let found = score(query, &spec.title).filter(|found| found.score >= 3 * letters)?;
        let used = recent.iter().position(|title| *title == spec.title);
        let bonus = used.map_or(0, |at| 6 - at.min(6) as i32);
        let disabled = if spec.disabled.is_some() { 40 } else { 0 };
        let order = match used {
            Some(used) if query.is_empty() => used,
            _ => recent.len() + at,
        };
        Some(Fit { spec, hits: found.hits, rank: (std::cmp::Reverse(found.score + bonus - disabled), order) })
    };
    let mut fits: Vec<Fit<'a>> =
        specs.iter().filter(|spec| spec.command != Command::Palette).enumerate().filter_map(fit).collect();
    if query.is_empty() {
        fits.sort_by_key(|fit| (fit.spec.disabled.is_some(), fit.rank.1));
    } else {
        fits.sort_by_key(|fit| fit.rank);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ThemeChoice;

    fn titles(query: &str, recent: &[&str]) -> Vec<String> {
        let specs = super::super::of_the_window(ThemeChoice::Dark);
        let recent: Vec<String> = recent.iter().map(|&title| title.to_owned()).collect();
        fits(query, &specs, &recent).iter().map(|fit| fit.spec.title.clone()).collect()
    }

    #[test]
    fn recent_ones_come_first_and_letters_decide() {
        assert_eq!(titles("", &["Show jobs", "Quit"])[..2], ["Show jobs", "Quit"]);
        assert_eq!(titles("com ch", &[])[0], "Commit changes…");
        assert_eq!(titles("theme", &[]).last().unwrap(), "Theme · Dark", "what cannot be done is last");
        assert!(titles("xyzzy", &[]).is_empty());
        let strewn = CommandSpec::new(Command::Jobs, "Open Checks before training");
        assert!(fits("reg", &[strewn], &[]).is_empty());
    }
}
