//! The runs that are looked at together, each with its colour.

use egui::Color32;

use crate::theme::Tokens;

/// Run ids with their colours, in the order that they were checked. A colour stays with its run.
#[derive(Clone, Debug, Default)]
pub struct Checked(Vec<(String, usize)>);

impl Checked {
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|(other, _)| other == id)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives the run the first colour that is free.
    pub fn add(&mut self, id: &str) {
        if !self.has(id) {
            let taken = |slot: &usize| self.0.iter().any(|(_, other)| other == slot);
            let slot = (0..).find(|slot| !taken(slot)).unwrap_or(0);
            self.0.push((id.to_owned(), slot));
        }
    }

    pub fn remove(&mut self, id: &str) {
        self.0.retain(|(other, _)| other != id);
    }

    pub fn ids(&self) -> Vec<String> {
        self.0.iter().map(|(id, _)| id.clone()).collect()
    }

    pub fn color(&self, t: &Tokens, id: &str) -> Option<Color32> {
        let (_, slot) = self.0.iter().find(|(other, _)| other == id)?;
        Some(t.data(*slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_stays_with_its_run_and_a_free_one_is_given_again() {
        let mut checked = Checked::default();
        for id in ["a", "b", "c"] {
            checked.add(id);
        }
        checked.remove("b");
        checked.add("d");
        checked.add("e");
        let slots: Vec<usize> = checked.0.iter().map(|(_, slot)| *slot).collect();
        assert_eq!(checked.ids(), ["a", "c", "d", "e"]);
        assert_eq!(slots, [0, 2, 1, 3]);
    }
}
