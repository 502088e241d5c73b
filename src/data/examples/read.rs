//! Prints what files are read as: `cargo run -p data --example read FILE…`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use data::Result;
use data::grid::Grid;
use data::read::{import, sniff};

fn main() {
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        println!("== {}", path.display());
        if let Err(error) = show(&path) {
            println!("   {error}");
        }
    }
}

fn show(path: &Path) -> Result<()> {
    let sniffed = sniff(path)?;
    let out = std::env::temp_dir().join(format!("read-{}.parquet", std::process::id()));
    let imported = import(&[path.to_owned()], &sniffed.options, &out, &|_| ControlFlow::Continue(()))?;

    let columns = imported.schema.columns.iter().map(|column| format!("{} {}", column.name, column.kind.name()));
    println!("   {} rows: {}", imported.rows, columns.collect::<Vec<_>>().join(" | "));
    let rows = Grid::open(&out)?.rows(0..imported.rows.min(6), None)?;
    for row in 0..rows.height() {
        let cells =
            rows.columns().iter().map(|column| column.get(row).map_or_else(|e| e.to_string(), |v| v.to_string()));
        println!("   {}", cells.collect::<Vec<_>>().join(" | "));
    }
    for warning in &imported.warnings {
        println!("   ! {warning}");
    }
    let _ = std::fs::remove_file(out);
    Ok(())
}
