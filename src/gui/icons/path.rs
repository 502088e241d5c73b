//! A small reader of SVG path data, enough for our own icons.

use egui::{Pos2, pos2};

/// A run of straight segments.
pub struct Line {
    pub points: Vec<Pos2>,
    pub closed: bool,
}

/// What an icon is made of.
#[derive(Default)]
pub struct Outline {
    pub lines: Vec<Line>,
    /// Centres and radii.
    pub circles: Vec<(Pos2, f32)>,
}

/// Straight pieces that stand for one cubic curve.
const PIECES: usize = 10;

/// Reads absolute `M L H V C Z` and `O x y r`; anything else is skipped.
pub fn parse(path: &str) -> Outline {
    let mut outline = Outline::default();
    let spaced: String =
        path.chars().flat_map(|c| if c.is_alphabetic() { vec![' ', c, ' '] } else { vec![c] }).collect();
    let mut words = spaced.split_whitespace().peekable();
    let mut command = "M";
    while let Some(&word) = words.peek() {
        if word.chars().all(char::is_alphabetic) {
            command = word;
            words.next();
        }
        let mut number = || words.next().and_then(|word| word.parse::<f32>().ok()).unwrap_or_default();
        match command {
            "M" => {
                let points = vec![pos2(number(), number())];
                outline.lines.push(Line { points, closed: false });
            }
            "O" => outline.circles.push((pos2(number(), number()), number())),
            _ => {
                let Some(line) = outline.lines.last_mut() else {
                    continue;
                };
                let last = line.points.last().copied().unwrap_or_default();
                match command {
                    "L" => line.points.push(pos2(number(), number())),
                    "H" => line.points.push(pos2(number(), last.y)),
                    "V" => line.points.push(pos2(last.x, number())),
                    "C" => {
                        let [a, b, end] = [(); 3].map(|()| pos2(number(), number()));
                        line.points.extend((1..=PIECES).map(|i| cubic(last, a, b, end, i as f32 / PIECES as f32)));
                    }
                    _ => line.closed = true,
                }
            }
        }
    }
    outline
}

fn cubic(from: Pos2, a: Pos2, b: Pos2, to: Pos2, t: f32) -> Pos2 {
    let u = 1.0 - t;
    let at = from.to_vec2() * (u * u * u)
        + a.to_vec2() * (3.0 * u * u * t)
        + b.to_vec2() * (3.0 * u * t * t)
        + to.to_vec2() * (t * t * t);
    at.to_pos2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_curves_and_circles_are_read() {
        let outline = parse("M1 2 L3 4 H5 V6 Z O7 8 2 M0 0 C0 1 1 1 1 0");
        let [square, curve] = outline.lines.as_slice() else { panic!("two lines") };
        assert_eq!(square.points, [pos2(1.0, 2.0), pos2(3.0, 4.0), pos2(5.0, 4.0), pos2(5.0, 6.0)]);
        assert!(square.closed && !curve.closed);
        assert_eq!(outline.circles, [(pos2(7.0, 8.0), 2.0)]);
        assert_eq!(curve.points.len(), PIECES + 1);
        assert_eq!(curve.points.last(), Some(&pos2(1.0, 0.0)));
    }
}
