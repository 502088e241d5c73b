//! Undo without limit: whole pipelines, recorded when nobody is in the middle of something.
//!
//! A drag or a typed number changes the pipeline many times a second, but is one step: a state is recorded only once
//! the pointer is up and no field is being typed into.

use std::sync::Arc;

use studio::pipeline::graph::Pipeline;

#[derive(Clone, Debug, Default)]
pub struct Undo {
    past: Vec<Arc<Pipeline>>,
    /// What the present was when it was last recorded.
    present: Option<Arc<Pipeline>>,
    future: Vec<Arc<Pipeline>>,
}

impl Undo {
    /// Forgets all; `present` is where undoing will end.
    pub fn reset(&mut self, present: &Pipeline) {
        *self = Self { present: Some(Arc::new(present.clone())), ..Self::default() };
    }

    /// Call whenever nothing is under way. Cheap when nothing changed.
    pub fn record(&mut self, now: &Pipeline) {
        match &self.present {
            Some(present) if **present == *now => {}
            Some(present) => {
                self.past.push(present.clone());
                self.future.clear();
                self.present = Some(Arc::new(now.clone()));
            }
            None => self.present = Some(Arc::new(now.clone())),
        }
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// The pipeline one step back. `now` is recorded first, so that an unfinished edit is not lost.
    pub fn undo(&mut self, now: &Pipeline) -> Option<Arc<Pipeline>> {
        self.record(now);
        let back = self.past.pop()?;
        self.future.extend(self.present.replace(back.clone()));
        Some(back)
    }

    pub fn redo(&mut self, now: &Pipeline) -> Option<Arc<Pipeline>> {
        self.record(now);
        let forth = self.future.pop()?;
        self.past.extend(self.present.replace(forth.clone()));
        Some(forth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(title: &str) -> Pipeline {
        Pipeline { display_name: title.to_owned(), ..Pipeline::default() }
    }

    #[test]
    fn goes_back_to_the_start_and_forth_again() {
        let mut undo = Undo::default();
        undo.reset(&titled("a"));
        undo.record(&titled("b"));
        undo.record(&titled("b"));
        undo.record(&titled("c"));
        assert_eq!(undo.undo(&titled("c")).unwrap().display_name, "b");
        assert_eq!(undo.undo(&titled("b")).unwrap().display_name, "a");
        assert!(undo.undo(&titled("a")).is_none());
        assert_eq!(undo.redo(&titled("a")).unwrap().display_name, "b");
        assert_eq!(undo.redo(&titled("b")).unwrap().display_name, "c");
        assert!(!undo.can_redo());
    }

    #[test]
    fn an_unfinished_edit_is_a_step_of_its_own() {
        let mut undo = Undo::default();
        undo.reset(&titled("a"));
        assert_eq!(undo.undo(&titled("half typed")).unwrap().display_name, "a");
        assert_eq!(undo.redo(&titled("a")).unwrap().display_name, "half typed");
    }

    #[test]
    fn a_new_edit_ends_what_could_be_redone() {
        let mut undo = Undo::default();
        undo.reset(&titled("a"));
        undo.record(&titled("b"));
        undo.undo(&titled("b"));
        undo.record(&titled("c"));
        assert!(!undo.can_redo());
        assert_eq!(undo.undo(&titled("c")).unwrap().display_name, "a");
    }
}
