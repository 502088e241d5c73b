// A generated table of two overlapping classes, like the HIGGS data: 28 features, of which some carry
// the signal in their products only. Shared by the benchmarks and the `forest` example.

use learn::{Matrix, Target};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

pub fn table(rows: usize, seed: u64) -> (Matrix, Target) {
    let columns = 28;
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut normal = move || {
        // Box-Muller.
        let (a, b): (f64, f64) = (random.random(), random.random());
        (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    };
    let mut x = Matrix::zeros(rows, columns);
    let mut codes = Vec::with_capacity(rows);
    for row in 0..rows {
        let values: Vec<f64> =
            (0..columns).map(|c| if c % 3 == 2 { normal().abs().powf(1.5) } else { normal() }).collect();
        let score = 0.8 * values[0] + 0.6 * values[1] * values[3] - 0.7 * (values[2] - 1.0)
            + 0.5 * (values[4] * values[6]).tanh()
            + 0.4 * (values[5] - values[8])
            + 0.3 * values[9].sin() * values[10];
        codes.push(u32::from(score + 0.8 * normal() > 0.0));
        values.iter().enumerate().for_each(|(c, v)| x.column_mut(c)[row] = *v);
    }
    (x, Target::Classes { codes, classes: vec!["background".into(), "signal".into()] })
}
