//! How the window is arranged; kept between sessions.

use std::collections::BTreeMap;

use egui::Id;
use egui_tiles::{Container, Linear, LinearDir, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

use crate::{panels::PlaceId, theme::Appearance};

/// Commands that "recent" remembers.
const RECENT: usize = 8;

/// Places, sizes and choices. Serialisable; a field that is missing takes its default.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Layout {
    pub appearance: Appearance,
    /// The places that are shown, side by side or as tabs.
    pub tree: Tree<String>,
    /// The place that has the inspector and the drawer.
    pub active: String,
    pub inspector: bool,
    pub drawer: bool,
    /// The drawer's tab of each place.
    pub drawer_tabs: BTreeMap<String, String>,
    /// Titles of commands, the newest first.
    pub recent: Vec<String>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            appearance: Appearance::default(),
            tree: Tree::empty(tree_id()),
            active: String::new(),
            inspector: true,
            drawer: true,
            drawer_tabs: BTreeMap::new(),
            recent: Vec::new(),
        }
    }
}

fn tree_id() -> Id {
    Id::unique("gui::places")
}

impl Layout {
    /// Reads what [`Self::to_json`] wrote; the default when it cannot be read.
    pub fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| {
            tracing::warn!("the remembered layout cannot be read and starts afresh: {error}");
            Self::default()
        })
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The places that are shown now.
    pub fn shown(&self) -> Vec<String> {
        let tiles = self.tree.tiles.tiles();
        tiles
            .filter_map(|tile| match tile {
                Tile::Pane(place) => Some(place.clone()),
                Tile::Container(_) => None,
            })
            .collect()
    }

    pub fn is_split(&self) -> bool {
        self.shown().len() > 1
    }

    /// Shows `place` where the active one is, or turns to it when it is shown already.
    pub fn go(&mut self, place: PlaceId) {
        let wanted = place.to_owned();
        if self.tree.tiles.find_pane(&wanted).is_none() {
            let active = self.tree.tiles.find_pane(&self.active);
            match active.and_then(|id| self.tree.tiles.get_mut(id)) {
                Some(tile) => *tile = Tile::Pane(wanted.clone()),
                None => self.tree = Tree::new_horizontal(tree_id(), vec![wanted.clone()]),
            }
        }
        self.activate(&wanted);
    }

    /// Shows `place` at the right of what is shown.
    pub fn beside(&mut self, place: PlaceId) {
        let wanted = place.to_owned();
        if self.tree.tiles.find_pane(&wanted).is_none() {
            let Some(root) = self.tree.root() else {
                self.go(place);
                return;
            };
            let mut tiles: Tiles<String> = std::mem::take(&mut self.tree.tiles);
            let pane = tiles.insert_pane(wanted.clone());
            let root = add_at_right(&mut tiles, root, pane);
            self.tree = Tree::new(tree_id(), root, tiles);
        }
        self.activate(&wanted);
    }

    /// Closes the active place when another is shown beside it.
    pub fn close_side(&mut self) {
        if !self.is_split() {
            return;
        }
        if let Some(id) = self.tree.tiles.find_pane(&self.active) {
            self.tree.remove_recursively(id);
        }
        if let Some(other) = self.shown().first() {
            self.activate(&other.clone());
        }
    }

    /// Drops places that no longer exist, and makes sure that one is active.
    pub fn keep_known(&mut self, known: &[PlaceId]) {
        let unknown: Vec<TileId> = self
            .tree
            .tiles
            .iter()
            .filter(|(_, tile)| matches!(tile, Tile::Pane(place) if !known.contains(&place.as_str())))
            .map(|(id, _)| *id)
            .collect();
        for id in unknown {
            self.tree.remove_recursively(id);
        }
        let shown = self.shown();
        if !shown.contains(&self.active) {
            self.active = shown.first().cloned().unwrap_or_default();
        }
        if let (true, Some(&first)) = (self.active.is_empty(), known.first()) {
            self.go(first);
        }
    }

    fn activate(&mut self, place: &str) {
        place.clone_into(&mut self.active);
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(shown) if shown == place));
    }

    pub fn used(&mut self, title: &str) {
        self.recent.retain(|other| other != title);
        self.recent.insert(0, title.to_owned());
        self.recent.truncate(RECENT);
    }
}

/// Adds `pane` to the right of a row that is the root, or makes such a row.
fn add_at_right(tiles: &mut Tiles<String>, root: TileId, pane: TileId) -> TileId {
    if let Some(Tile::Container(Container::Linear(row))) = tiles.get_mut(root)
        && row.dir == LinearDir::Horizontal
    {
        row.add_child(pane);
        return root;
    }
    tiles.insert_container(Linear::new(LinearDir::Horizontal, vec![root, pane]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_replaced_put_beside_and_closed() {
        let mut layout = Layout::default();
        layout.keep_known(&["home", "data", "runs"]);
        assert_eq!((layout.shown(), layout.active.as_str()), (vec!["home".to_owned()], "home"));
        layout.go("runs");
        assert_eq!(layout.shown(), ["runs"]);
        layout.beside("data");
        assert!(layout.is_split() && layout.active == "data");
        layout.go("runs");
        assert!(layout.is_split() && layout.active == "runs", "what is shown is turned to");
        layout.close_side();
        assert_eq!((layout.shown(), layout.active.as_str()), (vec!["data".to_owned()], "data"));
    }

    #[test]
    fn a_layout_survives_writing_and_a_broken_one_starts_afresh() {
        let mut layout = Layout::default();
        layout.keep_known(&["home", "data"]);
        layout.beside("data");
        layout.used("Quit");
        assert_eq!(Layout::from_json(&layout.to_json()), layout);
        assert_eq!(Layout::from_json("{"), Layout::default());
        layout.keep_known(&["home"]);
        assert_eq!(layout.shown(), ["home"]);
    }
}
