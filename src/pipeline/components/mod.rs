//! The component catalogue: one file a component and one line here.
//!
//! A component's folder is its category's; `mod` lines stand in the folder's `mod.rs`.

mod code;
mod data;
mod judge;
mod learn;
mod prepared;
pub mod sql;
mod tables;
#[cfg(test)]
mod testing;
mod transform;

pub use judge::{COMPARED_REPORT, drop_compared, name_compared};
pub(crate) use tables::col as column;

use crate::component::Component;

/// Every component, in the order that the palette shows within a category.
static ALL: &[&dyn Component] = &[
    // Data
    &data::ImportDataset,
    &data::EnterData,
    &data::ExportData,
    // Transform
    &transform::SelectColumns,
    &transform::EditMetadata,
    &transform::AddColumn,
    &transform::FilterRows,
    &transform::SortRows,
    &transform::RemoveDuplicates,
    &transform::Join,
    &transform::AppendRows,
    &transform::AppendColumns,
    &transform::GroupAndAggregate,
    &transform::CleanMissingData,
    &transform::ClipValues,
    &transform::Normalise,
    &transform::Bin,
    &transform::OneHotEncode,
    &transform::ApplyTransform,
    &transform::FilterFeatureSelection,
    &transform::Sample,
    &transform::SplitData,
    &transform::SummariseData,
    // Learn
    &learn::LinearRegression,
    &learn::LogisticRegression,
    &learn::DecisionTree,
    &learn::RandomForest,
    &learn::GradientBoosting,
    &learn::KNearestNeighbours,
    &learn::KMeans,
    // Train and judge
    &judge::TrainModel,
    &judge::ScoreModel,
    &judge::EvaluateModel,
    &judge::CrossValidate,
    &judge::TuneThreshold,
    &judge::LoadModel,
    // Code
    &code::PythonScript,
    &sql::Sql,
];

/// Every component, in the palette's order.
pub fn all() -> &'static [&'static dyn Component] {
    ALL
}

/// The component of that id.
pub fn find(id: &str) -> Option<&'static dyn Component> {
    ALL.iter().copied().find(|component| component.spec().id == id)
}
