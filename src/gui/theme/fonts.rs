//! The fonts that are shipped, one egui family for each weight. Scripts that they lack come
//! from the system's fonts, which eframe adds as a fallback.

use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily};

/// Family names, as `type.*.family` of a theme file spells them.
pub const INTER: &str = "inter";
pub const INTER_MEDIUM: &str = "inter_medium";
pub const INTER_SEMIBOLD: &str = "inter_semibold";
pub const MONO: &str = "mono";
pub const MONO_MEDIUM: &str = "mono_medium";

const FILES: [(&str, &[u8]); 5] = [
    (INTER, include_bytes!("../../../assets/fonts/Inter-Regular.ttf")),
    (INTER_MEDIUM, include_bytes!("../../../assets/fonts/Inter-Medium.ttf")),
    (INTER_SEMIBOLD, include_bytes!("../../../assets/fonts/Inter-SemiBold.ttf")),
    (MONO, include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf")),
    (MONO_MEDIUM, include_bytes!("../../../assets/fonts/JetBrainsMono-Medium.ttf")),
];

/// The egui family of a name above; regular and mono are egui's own two.
pub fn family(name: &str) -> FontFamily {
    match name {
        INTER => FontFamily::Proportional,
        MONO => FontFamily::Monospace,
        other => FontFamily::Name(other.into()),
    }
}

pub fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in FILES {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        let fallback = if name.starts_with(MONO) { FontFamily::Monospace } else { FontFamily::Proportional };
        let mut chain = vec![name.to_owned()];
        // A sign that JetBrains Mono lacks is taken from Inter before any other font.
        if name.starts_with(MONO) {
            chain.push(INTER.to_owned());
        }
        chain.extend(FontDefinitions::default().families.get(&fallback).into_iter().flatten().cloned());
        fonts.families.insert(family(name), chain);
    }
    ctx.set_fonts(fonts);
}
