//! How well one colour reads on another.

use egui::Color32;

/// The least contrast of words, by WCAG 2.1 AA.
pub const READABLE: f64 = 4.5;

/// WCAG 2.1, relative luminance and contrast ratio: 1 to 21.
pub fn contrast(a: Color32, b: Color32) -> f64 {
    let luminance = |color: Color32| {
        let [r, g, b] = linear(color);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The linear shares of red, green and blue of an sRGB colour.
pub fn linear(color: Color32) -> [f64; 3] {
    [color.r(), color.g(), color.b()].map(|byte| {
        let share = f64::from(byte) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    })
}
