//! From values to places on an axis and back, and what the axis says.

use egui::{Pos2, Rect, pos2};
use jiff::{Timestamp, tz::TimeZone};

use super::{curve::Extent, grid};
use crate::widgets::format;

/// What the numbers of an axis mean.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Measure {
    #[default]
    Number,
    /// Seconds since something began.
    Seconds,
    /// Milliseconds since 1970-01-01 UTC.
    Time,
}

/// An axis from `low` to `high`; both are the logarithms to base 10 where it is logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    pub log: bool,
    pub measure: Measure,
}

/// A place on an axis and what stands there.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// As [`Scale::low`] is.
    pub at: f64,
    pub words: String,
}

impl Scale {
    /// Over `values` with `margin` of them on both sides. A logarithmic axis over values that are not positive begins
    /// three decades below the highest.
    pub fn over(values: Extent, log: bool, margin: f64, measure: Measure) -> Self {
        let values = if values.is_none() { Extent { low: 0.0, high: 1.0 } } else { values };
        let (mut low, mut high) = if log {
            let high = if values.high > 0.0 { values.high } else { 1.0 };
            let low = if values.low > 0.0 { values.low } else { high * 1e-3 };
            (low.log10(), high.log10())
        } else {
            (values.low, values.high)
        };
        if low >= high {
            let half = if log { 0.5 } else { (low.abs() * 0.05).max(0.5) };
            (low, high) = (low - half, high + half);
        }
        let extra = (high - low) * margin;
        Self { low: low - extra, high: high + extra, log, measure }
    }

    /// The value in the axis' own numbers. What a logarithmic axis cannot show lies far below it.
    pub fn own(&self, value: f64) -> f64 {
        match self.log {
            false => value,
            true if value > 0.0 => value.log10(),
            true => f64::NEG_INFINITY,
        }
    }

    /// Where `value` lies, 0 at the low end and 1 at the high one.
    pub fn share(&self, value: f64) -> f64 {
        (self.own(value) - self.low) / (self.high - self.low)
    }

    /// The value at `share` of the way.
    pub fn value(&self, share: f64) -> f64 {
        let own = self.low + (self.high - self.low) * share;
        if self.log { 10_f64.powf(own) } else { own }
    }

    /// About `count` places with round values.
    pub fn ticks(&self, count: f64) -> Vec<Tick> {
        let count = count.max(2.0);
        match self.measure {
            _ if self.log => self.powers(count),
            Measure::Number => grid::marks((self.low, self.high), count)
                .into_iter()
                .map(|mark| Tick { at: mark.value, words: grid::tick(mark, false) })
                .collect(),
            Measure::Seconds => self.clock(count, 1.0, |at, _| seconds(at)),
            Measure::Time => self.clock(count, 1000.0, moment),
        }
    }

    /// Powers of ten, and 2 and 5 times them where there are few.
    fn powers(&self, count: f64) -> Vec<Tick> {
        let decades = self.high - self.low;
        if decades < 0.7 {
            let plain = Self { low: 10_f64.powf(self.low), high: 10_f64.powf(self.high), log: false, ..*self };
            let ticks = plain.ticks(count).into_iter().filter(|tick| tick.at > 0.0);
            return ticks.map(|tick| Tick { at: tick.at.log10(), ..tick }).collect();
        }
        let every = (decades / count).ceil().max(1.0) as i64;
        let factors: &[f64] = if decades < count / 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = self.low.floor() as i64..=self.high.ceil() as i64;
        let all = powers.filter(|power| power.rem_euclid(every) == 0).flat_map(|power| {
            factors.iter().map(move |factor| {
                let value = factor * 10_f64.powi(power as i32);
                Tick { at: value.log10(), words: format::number(value) }
            })
        });
        all.filter(|tick| (self.low..=self.high).contains(&tick.at)).collect()
    }

    /// Places at round times; `unit` of the axis' numbers are a second.
    fn clock(&self, count: f64, unit: f64, words: impl Fn(f64, f64) -> String) -> Vec<Tick> {
        const STEPS: [f64; 20] = [
            1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
            21_600.0, 43_200.0, 86_400.0, 172_800.0, 604_800.0,
        ];
        let (low, high) = (self.low / unit, self.high / unit);
        let least = (high - low) / count;
        let Some(step) = STEPS.into_iter().find(|step| *step >= least).filter(|_| least >= 0.5) else {
            // Shorter than seconds or longer than weeks: plain numbers do.
            let marks = grid::marks((low, high), count).into_iter();
            return marks
                .map(|mark| Tick { at: mark.value * unit, words: words(mark.value, mark.step_size) })
                .collect();
        };
        let first = (low / step).ceil() as i64;
        let last = (high / step).floor() as i64;
        (first..=last.min(first + 200))
            .map(|at| Tick { at: at as f64 * step * unit, words: words(at as f64 * step, step) })
            .collect()
    }

    /// A value of this axis in words.
    pub fn say(&self, value: f64) -> String {
        match self.measure {
            Measure::Number => format::number(value),
            Measure::Seconds => seconds(value),
            Measure::Time => Timestamp::from_millisecond(value as i64)
                .map(|when| when.to_zoned(TimeZone::system()).strftime("%-d %b %Y, %H:%M:%S").to_string())
                .unwrap_or_default(),
        }
    }
}

fn seconds(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = format::duration(std::time::Duration::from_secs_f64(value.abs().min(1e15)));
    if value < 0.0 { format!("−{size}") } else { size }
}

/// A time of day, or the day where steps are that long. `at` is seconds since 1970.
fn moment(at: f64, step: f64) -> String {
    let Ok(when) = Timestamp::from_millisecond((at * 1000.0) as i64) else { return String::new() };
    let pattern = match step {
        _ if step < 1.0 => "%H:%M:%S%.3f",
        _ if step < 60.0 => "%H:%M:%S",
        _ if step < 86_400.0 => "%H:%M",
        _ => "%-d %b",
    };
    when.to_zoned(TimeZone::system()).strftime(pattern).to_string()
}

/// Two axes over a rectangle of the screen, y upwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub rect: Rect,
    pub x: Scale,
    pub y: Scale,
}

/// As [`Frame::up`], without its divisions.
#[derive(Clone, Copy, Debug)]
pub struct Lens {
    scale: Scale,
    bottom: f64,
    by: f64,
}

impl Lens {
    pub fn up(&self, y: f64) -> f32 {
        (self.bottom - ((self.scale.own(y) - self.scale.low) * self.by).clamp(-FAR, FAR)) as f32
    }
}

/// Further out than this nothing is seen, and floats of the graphics card still add up.
const FAR: f64 = 1e5;

impl Frame {
    pub fn across(&self, x: f64) -> f32 {
        self.rect.left() + (self.x.share(x) * f64::from(self.rect.width())).clamp(-FAR, FAR) as f32
    }

    pub fn up(&self, y: f64) -> f32 {
        self.rect.bottom() - (self.y.share(y) * f64::from(self.rect.height())).clamp(-FAR, FAR) as f32
    }

    /// What takes values up the screen, for very many of them.
    pub fn lens(&self) -> Lens {
        let by = f64::from(self.rect.height()) / (self.y.high - self.y.low);
        Lens { scale: self.y, bottom: f64::from(self.rect.bottom()), by }
    }

    pub fn place(&self, x: f64, y: f64) -> Pos2 {
        pos2(self.across(x), self.up(y))
    }

    pub fn x_at(&self, across: f32) -> f64 {
        self.x.value(f64::from(across - self.rect.left()) / f64::from(self.rect.width()))
    }

    pub fn y_at(&self, down: f32) -> f64 {
        self.y.value(f64::from(self.rect.bottom() - down) / f64::from(self.rect.height()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(scale: &Scale, count: f64) -> Vec<String> {
        scale.ticks(count).into_iter().map(|tick| tick.words.replace('\u{202F}', " ")).collect()
    }

    #[test]
    fn a_logarithmic_axis_marks_powers_and_bears_what_is_not_positive() {
        let scale = Scale::over(Extent { low: 0.001, high: 10.0 }, true, 0.0, Measure::Number);
        assert_eq!(words(&scale, 5.0), ["0.001", "0.01", "0.1", "1", "10"]);
        assert!((scale.value(scale.share(0.5)) - 0.5).abs() < 1e-12);
        assert_eq!(scale.share(-1.0), f64::NEG_INFINITY);
        let narrow = Scale::over(Extent { low: 1.0, high: 3.0 }, true, 0.0, Measure::Number);
        assert_eq!(words(&narrow, 4.0), ["1.0", "1.5", "2.0", "2.5", "3.0"]);
        assert_eq!(Scale::over(Extent { low: -5.0, high: 0.0 }, true, 0.0, Measure::Number).high, 0.0);
    }

    #[test]
    fn times_are_round() {
        let scale = Scale::over(Extent { low: 0.0, high: 400.0 }, false, 0.0, Measure::Seconds);
        assert_eq!(words(&scale, 4.0), ["0", "2 min", "4 min", "6 min"]);
        let day = Scale { low: 0.0, high: 3.0 * 86_400_000.0, log: false, measure: Measure::Time };
        assert_eq!(day.ticks(4.0).len(), 4);
    }

    #[test]
    fn places_and_values_are_each_others_way_back() {
        let rect = Rect::from_min_size(pos2(10.0, 20.0), egui::vec2(200.0, 100.0));
        let x = Scale::over(Extent { low: 5.0, high: 5.0 }, false, 0.0, Measure::Number);
        let y = Scale::over(Extent { low: 1.0, high: 100.0 }, true, 0.0, Measure::Number);
        let frame = Frame { rect, x, y };
        assert_eq!(frame.place(5.0, 10.0), pos2(110.0, 70.0));
        assert!((frame.y_at(70.0) - 10.0).abs() < 1e-6 && (frame.x_at(110.0) - 5.0).abs() < 1e-6);
        for y in [0.5, 1.0, 7.0, 100.0] {
            assert!((frame.lens().up(y) - frame.up(y)).abs() < 1e-3);
        }
        assert!(frame.up(f64::INFINITY).is_finite() && frame.up(0.0).is_finite());
    }
}
