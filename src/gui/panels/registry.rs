//! Every panel, in the order of the rail.

use super::Panel;

/// A new panel adds its line here.
pub fn registry() -> Vec<Box<dyn Panel>> {
    vec![]
}
