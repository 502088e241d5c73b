//! Every panel, in the order of the rail; those without a place there come last.

use super::{Panel, data, designer, home, models, runs, source};

/// A new panel adds its line here.
pub fn registry() -> Vec<Box<dyn Panel>> {
    vec![
        Box::<home::Home>::default(),
        Box::<data::Data>::default(),
        Box::<designer::Designer>::default(),
        Box::<runs::Runs>::default(),
        Box::<models::Models>::default(),
        Box::<source::Source>::default(),
    ]
}
