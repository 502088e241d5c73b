//! A drawing as SVG 1.1, with text as text.

use std::fmt::Write;

use egui::{Align, Color32, ColorImage, FontFamily, Pos2, Rect, Stroke};

use super::drawing::{DASH, Drawing, Mark};
use crate::theme::{self, Face};

/// The whole file; `ground` lies behind everything.
pub fn svg(drawing: &Drawing, ground: Color32) -> String {
    let mut out = String::new();
    let Rect { min, .. } = drawing.rect;
    let (width, height) = (number(drawing.rect.width()), number(drawing.rect.height()));
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"{} {} {width} {height}\">",
        number(min.x),
        number(min.y)
    );
    let _ = writeln!(out, "{}", rect(drawing.rect, 0.0, ground, Stroke::NONE));
    let mut clips: Vec<Rect> = Vec::new();
    for (clip, mark) in drawing.marks() {
        let mark = element(mark);
        if *clip == drawing.rect {
            let _ = writeln!(out, "{mark}");
            continue;
        }
        let at = clips.iter().position(|other| other == clip).unwrap_or_else(|| {
            let shape = rect(*clip, 0.0, Color32::BLACK, Stroke::NONE);
            let _ = writeln!(out, "<clipPath id=\"clip{}\">{shape}</clipPath>", clips.len());
            clips.push(*clip);
            clips.len() - 1
        });
        let _ = writeln!(out, "<g clip-path=\"url(#clip{at})\">{mark}</g>");
    }
    out.push_str("</svg>\n");
    out
}

fn element(mark: &Mark) -> String {
    match mark {
        Mark::Line { points, stroke, dashed } => {
            let dashes = if *dashed { format!(" stroke-dasharray=\"{} {}\"", DASH.x, DASH.y) } else { String::new() };
            let edge = edge(*stroke);
            format!("<polyline points=\"{}\" fill=\"none\"{edge}{dashes} stroke-linejoin=\"round\"/>", list(points))
        }
        Mark::Area { outline, color } => format!("<polygon points=\"{}\"{}/>", list(outline), fill(*color)),
        Mark::Mesh(mesh) => {
            let triangles = mesh.indices.chunks_exact(3).map(|corners| {
                let corner = |at: u32| mesh.vertices[at as usize];
                let color = fill(corner(corners[0]).color);
                format!(
                    "<polygon points=\"{}\"{color}/>",
                    list(&[corners[0], corners[1], corners[2]].map(|at| corner(at).pos))
                )
            });
            triangles.collect()
        }
        Mark::Rect { rect: area, radius, fill, edge } => rect(*area, *radius, *fill, *edge),
        Mark::Circle { center, radius, fill: inside, edge: line } => format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}{}/>",
            number(center.x),
            number(center.y),
            number(*radius),
            fill(*inside),
            edge(*line)
        ),
        Mark::Image { rect, pixels, .. } => {
            let Some(file) = png_of(pixels) else { return String::new() };
            format!(
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" href=\"data:image/png;base64,{}\"/>",
                number(rect.left()),
                number(rect.top()),
                number(rect.width()),
                number(rect.height()),
                base64(&file)
            )
        }
        // Vector drawings have none.
        Mark::Sheet { .. } => String::new(),
        Mark::Text { at, align, text, face, color } => {
            let anchor = match align.x() {
                Align::Min => "start",
                Align::Center => "middle",
                Align::Max => "end",
            };
            // The baseline of Inter lies 0.36 of its size below the middle of a line.
            let middle = match align.y() {
                Align::Min => face.size * 0.6,
                Align::Center => 0.0,
                Align::Max => -face.size * 0.6,
            };
            format!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\"{}{}>{}</text>",
                number(at.x),
                number(at.y + middle + face.size * 0.36),
                font(face),
                fill(*color),
                escaped(text)
            )
        }
    }
}

fn rect(area: Rect, radius: f32, inside: Color32, line: Stroke) -> String {
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"{}{}/>",
        number(area.left()),
        number(area.top()),
        number(area.width().max(0.0)),
        number(area.height().max(0.0)),
        number(radius),
        fill(inside),
        edge(line)
    )
}

fn list(points: &[Pos2]) -> String {
    let mut text = String::with_capacity(points.len() * 14);
    for point in points.iter().filter(|point| point.x.is_finite() && point.y.is_finite()) {
        let _ = write!(text, "{},{} ", number(point.x), number(point.y));
    }
    text.truncate(text.trim_end().len());
    text
}

/// Two decimals: a hundredth of a point is seen by nobody.
fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn fill(color: Color32) -> String {
    match color.a() {
        0 => " fill=\"none\"".to_owned(),
        _ => format!(" fill=\"{}\"{}", hex(color), opacity("fill", color)),
    }
}

fn edge(stroke: Stroke) -> String {
    if stroke.width <= 0.0 || stroke.color.a() == 0 {
        return String::new();
    }
    let color = stroke.color;
    format!(" stroke=\"{}\" stroke-width=\"{}\"{}", hex(color), number(stroke.width), opacity("stroke", color))
}

fn hex(color: Color32) -> String {
    let [red, green, blue, _] = color.to_srgba_unmultiplied();
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn opacity(of: &str, color: Color32) -> String {
    match color.a() {
        255 => String::new(),
        a => format!(" {of}-opacity=\"{:.3}\"", f32::from(a) / 255.0),
    }
}

fn font(face: &Face) -> String {
    let family = match &face.family {
        FontFamily::Name(name) => name.to_string(),
        _ => theme::INTER.to_owned(),
    };
    let stack = if family.starts_with(theme::MONO) { "JetBrains Mono, monospace" } else { "Inter, sans-serif" };
    let weight = match family.as_str() {
        theme::INTER_MEDIUM | theme::MONO_MEDIUM => 500,
        theme::INTER_SEMIBOLD => 600,
        _ => 400,
    };
    format!(" font-family=\"{stack}\" font-size=\"{}\" font-weight=\"{weight}\"", number(face.size))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn png_of(pixels: &ColorImage) -> Option<Vec<u8>> {
    let [width, height] = pixels.size;
    let bytes = pixels.pixels.iter().flat_map(|pixel| pixel.to_srgba_unmultiplied()).collect();
    let image = image::RgbaImage::from_raw(width as u32, height as u32, bytes)?;
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, image::ImageFormat::Png).ok()?;
    Some(file.into_inner())
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |part: &[u8]| {
        let bits = part.iter().chain(&[0, 0]).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let digit =
            |at: usize| if at <= part.len() { DIGITS[(bits >> (18 - 6 * at)) as usize & 63] as char } else { '=' };
        [0, 1, 2, 3].map(digit)
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[cfg(test)]
mod tests {
    use egui::{Align2, pos2, vec2};

    use super::*;

    #[test]
    fn marks_become_elements_and_text_is_escaped() {
        let mut drawing = Drawing::new(Rect::from_min_size(Pos2::ZERO, vec2(100.0, 50.0)), true);
        let face = Face { size: 11.0, line: 16.0, family: FontFamily::Name(theme::INTER_MEDIUM.into()) };
        drawing.within(Rect::from_min_size(pos2(5.0, 5.0), vec2(10.0, 10.0)), |drawing| {
            drawing.line(vec![pos2(0.0, 1.5), pos2(2.0, f32::NAN), pos2(3.0, 4.0)], Stroke::new(1.5, Color32::WHITE));
        });
        drawing.add(Mark::Text {
            at: pos2(1.0, 2.0),
            align: Align2::RIGHT_CENTER,
            text: "a < b & c".into(),
            face,
            color: Color32::BLACK,
        });
        let text = svg(&drawing, Color32::WHITE);
        assert!(text.contains("<polyline points=\"0,1.5 3,4\" fill=\"none\" stroke=\"#ffffff\" stroke-width=\"1.5\""));
        assert!(text.contains("clip-path=\"url(#clip0)\"") && text.contains("width=\"10\" height=\"10\""));
        assert!(text.contains("text-anchor=\"end\"") && text.contains("font-weight=\"500\""));
        assert_eq!([base64(b"Man"), base64(b"Ma"), base64(b"M")], ["TWFu", "TWE=", "TQ=="]);
        assert!(text.contains(">a &lt; b &amp; c</text>") && text.ends_with("</svg>\n"));
    }
}
