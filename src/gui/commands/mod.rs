//! What a person can do, once: the text of menus, tooltips, shortcuts and the command palette
//! all come from [`CommandSpec`].

mod fuzzy;
mod palette;

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::{
    icons::Icon,
    panels::{PlaceId, Subject},
    theme::ThemeChoice,
};
pub use fuzzy::{Match, score};
pub use palette::{Palette, PaletteChoice};

/// Everything the window can be told to do.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Command {
    Palette,
    GoTo(PlaceId),
    /// Shows a place beside the one that is shown.
    OpenToSide(PlaceId),
    CloseSide,
    /// Goes to a thing: a dataset, a run, a model.
    Open(Subject),
    NewWorkspace,
    OpenWorkspace,
    ImportData,
    Commit,
    Jobs,
    Notices,
    ToggleInspector,
    ToggleDrawer,
    Theme(ThemeChoice),
    ReducedMotion,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    NextRegion,
    PreviousRegion,
    Quit,
    /// Something that only one panel understands.
    Panel(PanelCommand),
}

/// A panel's own command. The panel gets it back in `Event::Command`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PanelCommand {
    pub place: PlaceId,
    /// A short name within the panel: `"run"`, `"tidy"`.
    pub verb: &'static str,
    pub argument: String,
}

/// How a command shows.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandSpec {
    pub command: Command,
    /// Sentence case, `…` when more input follows.
    pub title: String,
    /// A quiet second text in the palette: where it acts, when it was last used.
    pub detail: String,
    pub icon: Option<Icon>,
    pub shortcut: Option<KeyboardShortcut>,
    /// Why it cannot be done now.
    pub disabled: Option<String>,
}

impl CommandSpec {
    pub fn new(command: Command, title: impl Into<String>) -> Self {
        Self { command, title: title.into(), detail: String::new(), icon: None, shortcut: None, disabled: None }
    }

    /// A command of the panel at `place`.
    pub fn panel(place: PlaceId, verb: &'static str, title: impl Into<String>) -> Self {
        Self::new(Command::Panel(PanelCommand { place, verb, argument: String::new() }), title)
    }

    /// Goes to a thing; listed with the commands.
    pub fn open(subject: Subject) -> Self {
        let (title, icon) = (format!("Open {}", subject.title()), subject.icon());
        Self { icon: Some(icon), detail: subject.kind().to_owned(), ..Self::new(Command::Open(subject), title) }
    }

    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        if let Command::Panel(command) = &mut self.command {
            command.argument = argument.into();
        }
        self
    }

    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    pub fn key(self, modifiers: Modifiers, key: Key) -> Self {
        Self { shortcut: Some(KeyboardShortcut::new(modifiers, key)), ..self }
    }

    pub fn disabled_if(self, disabled: bool, why: impl Into<String>) -> Self {
        Self { disabled: disabled.then(|| why.into()), ..self }
    }
}

/// The window's own commands, without those of panels and places.
pub fn of_the_window(theme: ThemeChoice) -> Vec<CommandSpec> {
    const CTRL: Modifiers = Modifiers::COMMAND;
    const SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
    let one = |command, title: &str, icon| CommandSpec::new(command, title).icon(icon);
    let mut all = vec![
        one(Command::Palette, "Search or run a command", Icon::Search).key(CTRL, Key::K),
        one(Command::NewWorkspace, "New workspace…", Icon::Plus).key(SHIFT, Key::N),
        one(Command::OpenWorkspace, "Open workspace…", Icon::Folder).key(CTRL, Key::O),
        one(Command::ImportData, "Import data…", Icon::Upload).key(CTRL, Key::I),
        one(Command::Commit, "Commit changes…", Icon::Commit).key(SHIFT, Key::C),
        one(Command::Jobs, "Show jobs", Icon::Clock).key(SHIFT, Key::J),
        one(Command::Notices, "Show notices", Icon::Bell),
        one(Command::ToggleInspector, "Show or hide the inspector", Icon::Inspector).key(SHIFT, Key::I),
        one(Command::ToggleDrawer, "Show or hide the drawer", Icon::Drawer).key(CTRL, Key::J),
        one(Command::CloseSide, "Close the place at the side", Icon::Close).key(CTRL, Key::W),
        one(Command::ZoomIn, "Larger", Icon::Plus).key(CTRL, Key::Plus),
        one(Command::ZoomOut, "Smaller", Icon::Minus).key(CTRL, Key::Minus),
        one(Command::ZoomReset, "Original size", Icon::Fit).key(CTRL, Key::Num0),
        one(Command::ReducedMotion, "Turn motion on or off", Icon::Monitor),
        one(Command::NextRegion, "Next region of the window", Icon::ChevronRight).key(Modifiers::NONE, Key::F6),
        one(Command::PreviousRegion, "Previous region of the window", Icon::ChevronLeft).key(Modifiers::SHIFT, Key::F6),
        one(Command::Quit, "Quit", Icon::Close).key(CTRL, Key::Q),
    ];
    all.extend(ThemeChoice::ALL.into_iter().map(|choice| {
        let icon = if choice == ThemeChoice::Light { Icon::Sun } else { Icon::Moon };
        let title = format!("Theme · {}", choice.text());
        CommandSpec::new(Command::Theme(choice), title).icon(icon).disabled_if(choice == theme, "It is chosen now")
    }));
    all
}

/// The command whose shortcut was pressed; it is taken out of the input. Longer shortcuts go
/// first, so that Ctrl+Shift+I is not read as Ctrl+I.
pub fn pressed(ctx: &egui::Context, specs: &[CommandSpec]) -> Option<Command> {
    let mut with_keys: Vec<_> =
        specs.iter().filter(|s| s.disabled.is_none()).filter_map(|s| Some((s.shortcut?, &s.command))).collect();
    with_keys.sort_by_key(|(s, _)| {
        let m = s.modifiers;
        std::cmp::Reverse(u8::from(m.shift) + u8::from(m.alt) + u8::from(m.command || m.ctrl))
    });
    // A plain letter belongs to a text field that has the keyboard.
    let typing = ctx.text_edit_focused();
    ctx.input_mut(|input| {
        with_keys.iter().find_map(|(shortcut, command)| {
            let plain = !shortcut.modifiers.any() && !is_function_key(shortcut.logical_key);
            (!(plain && typing) && input.consume_shortcut(shortcut)).then(|| (*command).clone())
        })
    })
}

fn is_function_key(key: Key) -> bool {
    (Key::F1..=Key::F35).contains(&key)
}
