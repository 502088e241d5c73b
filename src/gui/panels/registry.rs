//! Every panel, in the order of the rail.

use super::{Panel, data, designer, home, models, runs};

/// A new panel adds its line here.
pub fn registry() -> Vec<Box<dyn Panel>> {
    vec![
        Box::<home::Home>::default(),
        Box::<data::Data>::default(),
        Box::<designer::Designer>::default(),
        Box::<runs::Runs>::default(),
        Box::<models::Models>::default(),
    ]
}
