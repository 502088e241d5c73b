//! Importing and profiling 1,000,000 rows of 20 columns. Aim on 2 cores: 4 s,
//! and less than 1 GiB of memory at the peak (printed on Linux).
#![allow(clippy::expect_used)] // A benchmark that cannot be set up should stop.

use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use data::ops::Random;
use data::{profile, read};

const ROWS: u64 = 1_000_000;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// Ten reals, five whole numbers, three texts, a date and a boolean; about 160 MB.
static TABLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = FOLDER.path().join("table.csv");
    write_table(&path).expect("writing the table");
    path
});

fn write_table(path: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let names: Vec<String> = (0..20).map(|at| format!("column {at}")).collect();
    writeln!(out, "{}", names.join(","))?;
    let mut random = Random::new(1);
    for row in 0..ROWS {
        for at in 0..10 {
            let bits = random.next_u64();
            if !bits.is_multiple_of(50) {
                let value = (bits >> 40) as f64 / 1000.0 - 8_000.0 * f64::from(at % 2);
                write!(out, "{value:.3}")?;
            }
            out.write_all(b",")?;
        }
        for limit in [2, 100, 10_000, 1_000_000] {
            write!(out, "{},", random.below(limit))?;
        }
        let bits = random.next_u64();
        let (city, user, day) = (bits % 40, bits >> 44, (bits >> 8) % 28 + 1);
        let month = (bits >> 16) % 12 + 1;
        let flag = bits & 1 == 0;
        writeln!(out, "{row},city {city},user-{user:05x},a note,2024-{month:02}-{day:02},{flag}")?;
    }
    out.flush()
}

fn main() {
    LazyLock::force(&TABLE);
    divan::main();
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM"));
        println!("peak memory: {}", peak.unwrap_or("unknown"));
    }
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn import_and_profile() -> u64 {
    let options = read::sniff(&TABLE).expect("sniffing").options;
    let out = FOLDER.path().join("table.parquet");
    let on = |_| ControlFlow::Continue(());
    let done = read::import(std::slice::from_ref(&*TABLE), &options, &out, &on).expect("importing");
    assert_eq!(done.rows, ROWS);
    done.bytes
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn profile_parquet(bencher: divan::Bencher) {
    import_and_profile();
    let path = FOLDER.path().join("table.parquet");
    bencher.bench(|| profile::of_parquet(&path, &|_| ControlFlow::Continue(())).expect("profile"));
}

#[divan::bench(sample_count = 10)]
fn sniff_and_preview() -> usize {
    let options = read::sniff(&TABLE).expect("sniffing").options;
    read::preview(&TABLE, &options, 100).expect("preview").rows.height()
}
