//! 100 trees on 100,000 x 28.

mod table;

use learn::Silent;
use learn::estimator::{Estimator, RandomForest, fit};

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn train(bencher: divan::Bencher) {
    let (x, y) = table::table(100_000, 1);
    bencher.bench_local(|| fit(&Estimator::RandomForest(RandomForest::default()), &x, Some(&y), None, &Silent));
}
