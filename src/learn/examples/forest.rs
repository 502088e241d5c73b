//! Times a random forest of 100 trees on 100,000 x 28 and says its ROC AUC on 50,000 further rows.
//!
//! `forest DUMP` also writes the 150,000 rows (f64, row by row, the label last) for `golden/speed.py`, which does
//! the same with scikit-learn.

#[path = "../benches/table.rs"]
mod table;

use learn::estimator::{Estimator, GradientBoosting, RandomForest, fit};
use learn::metrics::binary::roc_auc;
use learn::{Prediction, Silent, Target};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (x, y) = table::table(150_000, 1);
    let Target::Classes { codes, .. } = &y else {
        return Ok(());
    };
    if let Some(path) = std::env::args().nth(1) {
        let mut bytes = Vec::with_capacity(x.rows() * (x.columns() + 1) * 8);
        for (row, code) in codes.iter().enumerate() {
            x.row(row).into_iter().chain([f64::from(*code)]).for_each(|v| bytes.extend(v.to_le_bytes()));
        }
        std::fs::write(path, bytes)?;
    }
    let train: Vec<usize> = (0..100_000).collect();
    let test: Vec<usize> = (100_000..150_000).collect();
    let truth: Vec<bool> = test.iter().map(|&r| codes[r] == 1).collect();
    for estimator in
        [Estimator::RandomForest(RandomForest::default()), Estimator::GradientBoosting(GradientBoosting::default())]
    {
        let started = Instant::now();
        let fitted = fit(&estimator, &x.take(&train), Some(&y.take(&train)), None, &Silent)?;
        let fitting = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let Prediction::Classes { probabilities, .. } = fitted.predict(&x.take(&test))? else {
            continue;
        };
        let scoring = started.elapsed().as_secs_f64();
        let scores: Vec<f64> = probabilities.chunks_exact(2).map(|p| p[1]).collect();
        let auc = roc_auc(&truth, &scores, None);
        println!(
            "{}: fit {fitting:.2} s, score {scoring:.2} s, ROC AUC {auc:.4}, {:?}",
            estimator.title(),
            fitted.summary()
        );
    }
    Ok(())
}
