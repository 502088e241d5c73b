//! Tables to tables.

mod add_column;
mod append_columns;
mod append_rows;
mod apply_transform;
mod bin;
mod clean_missing_data;
mod clip_values;
mod edit_metadata;
#[cfg(test)]
mod exact_tests;
mod filter_feature_selection;
mod filter_rows;
mod group_and_aggregate;
mod join;
mod normalise;
mod one_hot_encode;
mod remove_duplicates;
mod sample;
mod select_columns;
mod sort_rows;
mod split_data;
mod summarise_data;
#[cfg(test)]
mod tests;

pub use add_column::AddColumn;
pub use append_columns::AppendColumns;
pub use append_rows::AppendRows;
pub use apply_transform::ApplyTransform;
pub use bin::Bin;
pub use clean_missing_data::CleanMissingData;
pub use clip_values::ClipValues;
pub use edit_metadata::EditMetadata;
pub use filter_feature_selection::FilterFeatureSelection;
pub use filter_rows::FilterRows;
pub use group_and_aggregate::GroupAndAggregate;
pub use join::Join;
pub use normalise::Normalise;
pub use one_hot_encode::OneHotEncode;
pub use remove_duplicates::RemoveDuplicates;
pub use sample::Sample;
pub use select_columns::SelectColumns;
pub use sort_rows::SortRows;
pub use split_data::SplitData;
pub use summarise_data::SummariseData;
