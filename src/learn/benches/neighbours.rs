//! 10,000 questions to 100,000 rows, in 4 dimensions (tree) and in 28 (comparing with all rows).

mod table;

use learn::estimator::{Estimator, KNearestNeighbours, fit};
use learn::{Matrix, Silent};

fn main() {
    divan::main();
}

#[divan::bench(args = [4, 28], sample_count = 3, sample_size = 1)]
fn predict(bencher: divan::Bencher, columns: usize) {
    let (x, y) = table::table(100_000, 1);
    let some = |x: &Matrix| {
        Matrix::new(x.rows(), columns, x.values()[..x.rows() * columns].to_vec()).unwrap_or(Matrix::zeros(0, 0))
    };
    let fitted = fit(&Estimator::KNearestNeighbours(KNearestNeighbours::default()), &some(&x), Some(&y), None, &Silent);
    let questions = some(&table::table(10_000, 2).0);
    bencher.bench_local(|| fitted.as_ref().map(|fitted| fitted.predict(&questions)));
}
