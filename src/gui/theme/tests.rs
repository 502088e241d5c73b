use std::sync::Arc;

use egui::Color32;

use super::{
    Tokens,
    apply::built_in,
    contrast::{contrast, linear},
    parse::parse,
};

const FILES: [(&str, &str); 2] = [
    ("dark.json", include_str!("../../../assets/themes/dark.json")),
    ("light.json", include_str!("../../../assets/themes/light.json")),
];

fn themes() -> [Arc<Tokens>; 2] {
    built_in()
}

#[test]
fn both_files_define_every_token_and_share_sizes_and_type() {
    let [dark, light] = FILES.map(|(name, text)| parse(name, text).unwrap());
    assert!(dark.dark && !light.dark);
    assert_eq!(dark.size, light.size);
    assert_eq!(dark.face, light.face);
    assert_eq!(dark.motion, light.motion);
}

#[test]
fn a_file_that_lacks_a_token_or_has_another_is_refused() {
    let (name, text) = FILES[0];
    let without = text.replace("\"accent_soft\": \"#2A2F57\",", "");
    assert!(without != text && parse(name, &without).is_err());
    assert!(parse(name, &text.replace("\"accent_soft\"", "\"accent_loud\"")).is_err());
    assert!(parse(name, &text.replace("#2A2F57", "blue")).is_err());
}

#[test]
fn text_reads_on_every_surface() {
    for t in themes() {
        let c = &t.color;
        let surfaces = [c.surface1, c.surface2, c.surface3, c.surface4];
        for (at, surface) in surfaces.into_iter().enumerate() {
            let texts = [c.text1, c.text2, c.text3, c.accent, c.ok, c.warn, c.error, c.info];
            for text in texts {
                let ratio = contrast(text, surface);
                assert!(ratio >= 4.5, "{} {text:?} on surface{}: {ratio:.2}", t.name, at + 1);
            }
        }
        for (text, fill) in [(c.on_accent, c.accent), (c.text1, c.accent_soft), (c.text2, c.accent_soft)] {
            assert!(contrast(text, fill) >= 4.5, "{} {text:?} on {fill:?}", t.name);
        }
        for (at, &color) in c.data.iter().enumerate() {
            let words = t.readable(color);
            for surface in [c.surface1, c.surface2, c.surface3] {
                assert!(contrast(words, surface) >= 4.5, "{} words in data.{}", t.name, at + 1);
            }
        }
        // A word on the selected place and the border of a field are large or not text: 3 to 1.
        assert!(contrast(c.accent, c.accent_soft) >= 3.0, "{} the selected place", t.name);
    }
}

/// Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color
/// vision deficiency", severity 1.0; applied to linear RGB.
const DEFICIENCIES: [(&str, [[f64; 3]; 3]); 4] = [
    ("full sight", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "deuteranopia",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "tritanopia",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

fn seen(color: Color32, by: &[[f64; 3]; 3]) -> [f64; 3] {
    let rgb = linear(color);
    by.map(|row| row.iter().zip(rgb).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0))
}

/// CIELAB under D65 from linear sRGB.
fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let xyz = [
        (0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / 0.950_47,
        0.212_672_9 * r + 0.715_152_2 * g + 0.072_175_0 * b,
        (0.019_333_9 * r + 0.119_192_0 * g + 0.950_304_1 * b) / 1.088_83,
    ];
    let [x, y, z] = xyz.map(|v| if v > 0.008_856 { v.cbrt() } else { 7.787 * v + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn data_colours_are_told_apart_by_all_eyes() {
    for t in themes() {
        for (name, matrix) in DEFICIENCIES {
            let labs = t.color.data.map(|color| lab(seen(color, &matrix)));
            for (i, a) in labs.iter().enumerate() {
                for (j, b) in labs.iter().enumerate().skip(i + 1) {
                    let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(distance >= 11.0, "{} data {} and {} under {name}: {distance:.1}", t.name, i + 1, j + 1);
                }
            }
        }
    }
}

#[test]
fn the_shipped_fonts_have_digits_of_one_width_and_the_signs_that_are_used() {
    let ctx = egui::Context::default();
    super::install(&ctx, &super::Appearance::default());
    let output = ctx.run_ui(egui::RawInput::default(), |ui| {
        let t = super::of(ui);
        for face in [&t.face.small, &t.face.body_strong, &t.face.title, &t.face.mono] {
            let font = face.font();
            ui.fonts_mut(|fonts| {
                let widths = ('0'..='9').map(|digit| fonts.glyph_width(&font, digit)).collect::<Vec<_>>();
                assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{font:?} {widths:?}");
                for sign in "·…–−×≠→“”’∞/áßЖΩ".chars() {
                    assert!(fonts.has_glyph(&font, sign), "{font:?} lacks {sign}");
                }
            });
        }
    });
    output.drop_without_applying_deltas();
}
