use data::normalize::{is_stored, stored_query, to_stored_types};
use data::polars::prelude::{DataFrame, DataType, TimeUnit};

use crate::component::{Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError};
use crate::components::tables::{one_table, roles_in};
use crate::execute::outputs::split_reference;
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::{Dataset, StepContext, Store};
use crate::value::{Inputs, Outputs, Table, TableContent};

/// A dataset of the workspace.
pub struct ImportDataset;

const NONE: &str = "Choose a dataset.";

static SPEC: Spec = Spec {
    id: "import_dataset",
    version: 2,
    title: "Import dataset",
    category: Category::Data,
    summary: "A dataset of the workspace, in its newest or in a fixed version.",
    docs: "Brings a dataset of the workspace into the pipeline.\n\n\
        - `name` takes the newest version, so that the pipeline works on new data as soon as it is imported. The run \
        records which version that was.\n\
        - `name@3` takes version 3 for good, so that a later run gives the same result.\n\
        - Files become datasets on the Data page, or with `atelier data add`.",
    keywords: &["load", "read", "open", "source", "csv", "parquet", "file", "input"],
    inputs: &[],
    outputs: &[Port::new("table", "Table", PortKind::Table, "The dataset's rows.")],
    params: &[Param::new(
        "dataset",
        "Dataset",
        ParamKind::Dataset,
        Default::Text(""),
        "A dataset's name, or name@version for a fixed version.",
    )],
    reusable: true,
};

fn find(params: &Params, store: &dyn Store) -> Result<Dataset, StepError> {
    let reference = params.maybe_text("dataset").ok_or_else(|| StepError::failed(NONE))?;
    let (name, version) = split_reference(reference);
    store.dataset(name, version)
}

/// The rows in the types that every step works with. Datasets are stored in them; one that was imported by an older
/// version may hold narrower numbers.
fn in_stored_types(content: TableContent, context: &StepContext<'_>) -> Result<TableContent, StepError> {
    let query = Table::raw(content.clone()).lazy()?;
    let schema = query.clone().collect_schema()?;
    if is_stored(&DataFrame::empty_with_schema(&schema)) {
        return Ok(content);
    }
    // Whether large numbers fit and fine moments lose digits is known only of all rows.
    let depends_on_values = |dtype: &DataType| {
        matches!(dtype, DataType::UInt64 | DataType::Int128 | DataType::UInt128)
            || matches!(dtype, DataType::Datetime(unit, _) | DataType::Duration(unit) if *unit != TimeUnit::Microseconds)
    };
    if !schema.iter_values().any(depends_on_values) {
        return Ok(stored_query(query)?.into());
    }
    let normalized = to_stored_types(&query.collect()?)?;
    for note in &normalized.notes {
        context.warn(note);
    }
    Ok(normalized.frame.into())
}

impl Component for ImportDataset {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, known: &dyn Known) -> String {
        let reference = params.text("dataset");
        match (known.dataset(reference), split_reference(reference)) {
            (_, ("", _)) => "No dataset chosen".to_owned(),
            (_, (name, Some(version))) => format!("{name} · version {version}"),
            (Ok(dataset), (name, None)) => format!("{name} · newest, version {}", dataset.version),
            (Err(_), (name, None)) => name.to_owned(),
        }
    }

    fn infer(
        &self,
        params: &Params,
        _inputs: &Shapes,
        known: &dyn Known,
        _problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        // A dataset that is missing was reported with the parameter.
        match known.dataset(params.text("dataset")) {
            Ok(dataset) => {
                one_table(TableShape { schema: dataset.schema, rows: Some(dataset.rows), ..TableShape::default() })
            }
            Err(_) => Vec::new(),
        }
    }

    fn run(&self, params: &Params, _inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let dataset = find(params, context.store)?;
        context.note(&format!("{}, version {}: {} rows.", dataset.name, dataset.version, dataset.rows));
        let roles = roles_in(&dataset.schema);
        let content = in_stored_types(TableContent::File(dataset.path), context)?;
        Ok(vec![("table", Table { roles, ..Table::raw(content) }.into())])
    }

    fn code_digest(&self, params: &Params, store: &dyn Store) -> Result<Option<String>, StepError> {
        Ok(Some(find(params, store)?.digest))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use data::polars::df;
    use data::polars::prelude::ParquetWriter;
    use data::schema::Schema;

    use super::*;
    use crate::components::testing::Bench;

    fn bench(folder: &tempfile::TempDir) -> Bench {
        let mut bench = Bench::new(&ImportDataset);
        for version in [1, 2] {
            let mut frame = df!("id" => (0..i64::from(version)).collect::<Vec<_>>()).unwrap();
            let path = folder.path().join(format!("{version}.parquet"));
            ParquetWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
            bench = bench.dataset("people", version, path, Schema::of(&frame), u64::from(version));
        }
        bench
    }

    #[test]
    fn newest_or_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let newest = bench(&folder).set("dataset", "people");
        assert_eq!(newest.integers("table", "id"), [0, 1]);
        assert_eq!(newest.caption(), "people · newest, version 2");
        assert_eq!(newest.code_digest().as_deref(), Some("people-2"));
        let pinned = bench(&folder).set("dataset", "people@1");
        assert_eq!(pinned.integers("table", "id"), [0]);
        assert_eq!(pinned.caption(), "people · version 1");
        assert_eq!(pinned.code_digest().as_deref(), Some("people-1"));
        assert_eq!(pinned.log(), ["people, version 1: 1 rows."]);
    }

    #[test]
    fn a_dataset_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(bench(&folder).failure(), NONE);
        let other = bench(&folder).set("dataset", "persons");
        assert_eq!(other.failure(), "There is no dataset “persons”.");
    }
}
