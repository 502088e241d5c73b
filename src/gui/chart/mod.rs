//! Charts in our look: a light grid, no box, labels at the curves, values at the crosshair.
//!
//! Every primitive takes plain slices. Wheel zooms at the pointer, a drag zooms to a box, a
//! secondary drag pans, a double click resets.

mod bars;
pub mod curve;
mod decimate;
pub mod drawing;
pub mod grid;
mod legend;
mod line;
mod matrix;
pub mod plot;
mod raster;
mod report;
pub mod scale;
mod scatter;
pub mod sheet;
pub mod smooth;
mod svg;
pub mod trace;

pub use bars::{BarRow, bars, histogram};
pub use decimate::decimate;
pub use legend::legend;
pub use line::{ChartResponse, LineChart, Series};
pub use matrix::{confusion, depth, heatmap, readable};
pub use raster::{drawn, png};
pub use report::{Overlay, overlaid, report_chart};
pub use scatter::{Cloud, Scatter};
pub use svg::svg;
