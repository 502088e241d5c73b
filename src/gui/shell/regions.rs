//! The regions of the window that F6 goes through.

use egui::{Context, Id, Sense, Ui, WidgetInfo, accesskit::Role};

use crate::{theme, widgets::paint_ring};

#[derive(Clone, Default)]
struct Regions {
    /// Those of this frame and of the one before, in the order that they were drawn.
    now: Vec<Id>,
    before: Vec<Id>,
    /// The one that F6 came to last.
    last: Option<Id>,
}

fn key() -> Id {
    Id::unique("gui::regions")
}

pub fn begin(ctx: &Context) {
    ctx.data_mut(|data| {
        let regions: &mut Regions = data.get_temp_mut_or_default(key());
        regions.before = std::mem::take(&mut regions.now);
    });
}

/// Makes the whole of `ui` a region: it can have the keyboard, and Tab goes on into it.
pub fn region(ui: &Ui, name: &str) {
    let id = Id::unique(("gui::region", name));
    ui.data_mut(|data| data.get_temp_mut_or_default::<Regions>(key()).now.push(id));
    let response = ui.interact(ui.max_rect(), id, Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::labeled(Role::Region, true, name));
    if response.has_focus() {
        let t = theme::of(ui);
        paint_ring(ui.painter(), &t, ui.max_rect().shrink(t.size.focus), 0.0);
    }
}

/// Gives the keyboard to the next region, or the previous one.
pub fn cycle(ctx: &Context, forward: bool) {
    let regions: Regions = ctx.data(|data| data.get_temp(key())).unwrap_or_default();
    let all = if regions.now.is_empty() { regions.before } else { regions.now };
    if all.is_empty() {
        return;
    }
    let focused = ctx.memory(egui::Memory::focused);
    // From a widget within a region F6 goes on from that region.
    let from = focused.filter(|id| all.contains(id)).or(regions.last.filter(|_| focused.is_some()));
    let at = from.and_then(|id| all.iter().position(|region| *region == id));
    let next = match (at, forward) {
        (None, true) => 0,
        (None, false) => all.len() - 1,
        (Some(at), true) => (at + 1) % all.len(),
        (Some(at), false) => (at + all.len() - 1) % all.len(),
    };
    ctx.memory_mut(|memory| memory.request_focus(all[next]));
    ctx.data_mut(|data| data.get_temp_mut_or_default::<Regions>(key()).last = Some(all[next]));
}
