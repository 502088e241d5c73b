//! Getting tables in and out.

mod enter_data;
mod export_data;
mod import_dataset;

pub use enter_data::EnterData;
pub use export_data::ExportData;
pub use import_dataset::ImportDataset;
