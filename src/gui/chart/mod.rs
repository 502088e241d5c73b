//! Charts in our look: a light grid, no box, labels at the curves, values at the crosshair.
//!
//! Every primitive takes plain slices. Wheel zooms at the pointer, a drag zooms to a box, a
//! secondary drag pans, a double click resets.

mod bars;
mod decimate;
mod grid;
mod legend;
mod line;
mod matrix;
mod report;
mod scatter;

pub use bars::{BarRow, bars, histogram};
pub use decimate::decimate;
pub use legend::legend;
pub use line::{ChartResponse, LineChart, Series};
pub use matrix::{confusion, heatmap};
pub use report::{Overlay, overlaid, report_chart};
pub use scatter::{Cloud, Scatter};
