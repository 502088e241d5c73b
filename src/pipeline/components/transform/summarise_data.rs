use data::ops::summarise;
use data::schema::Schema;

use crate::component::{
    Accept, Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::{chosen_or, cols, name_some, one_table, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent};

/// Statistics of each column, as a table.
pub struct SummariseData;

static SPEC: Spec = Spec {
    id: "summarise_data",
    version: 1,
    title: "Summarise data",
    category: Category::Transform,
    summary: "Counts, moments and quantiles of each column, as a table.",
    docs: "Makes a table with one row for each column of the input: its type, how many values it has, how many are \
        missing and distinct, mean, standard deviation, skewness, minimum, quantiles, maximum, and its most frequent \
        value.\n\n\
        The preview of any table shows the same figures; this step makes them a result that can be kept, exported and \
        compared between runs.\n\n\
        - NaN counts as missing. Figures that a type does not have are missing, such as the mean of a text.\n\
        - Counts of distinct values and quantiles of very large tables are estimates.",
    keywords: &["describe", "statistics", "profile", "summary", "quantile", "mean", "explore"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The columns to summarise.")],
    outputs: &[Port::new("table", "Summary", PortKind::Table, "One row a column.")],
    params: &[Param::new(
        "columns",
        "Columns",
        ParamKind::Columns { port: "table", accept: Accept::Any, empty: "All columns" },
        Default::EmptyList,
        "The columns to summarise.",
    )],
    reusable: true,
};

impl Component for SummariseData {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        name_some(&params.texts("columns"), "All columns")
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        _problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let Ok(summary) = summarise(&Schema::default().empty_frame()) else {
            return Vec::new();
        };
        let input = shape_or_open(inputs, "table");
        let columns = chosen_or(params, "columns", &input.schema, |_| true);
        let all_known = !input.open || !params.texts("columns").is_empty();
        let rows = all_known.then_some(columns.len() as u64);
        one_table(TableShape { schema: Schema::of(&summary), rows, ..TableShape::default() })
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let schema = table.schema()?;
        let columns = chosen_or(params, "columns", &schema, |_| true);
        require(&schema, &columns)?;
        let summary = summarise(&table.lazy()?.select(cols(&columns)).collect()?)?;
        Ok(vec![("table", Table::raw(TableContent::from(summary)).into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, integers, reals, texts};

    #[test]
    fn one_row_for_each_column() {
        let rows = df!("x" => [Some(1.0), Some(3.0), None, Some(f64::NAN)], "t" => ["a", "b", "b", "b"]).unwrap();
        let bench = Bench::new(&SummariseData).table("table", rows);
        let summary = bench.frame("table");
        assert_eq!(texts(&summary, "column"), ["x", "t"]);
        assert_eq!(integers(&summary, "count"), [2, 4]);
        assert_eq!(integers(&summary, "missing"), [2, 0]);
        assert_eq!(reals(&summary, "mean"), [Some(2.0), None]);
        assert_eq!(texts(&summary, "most frequent")[1], "b");
        assert_eq!(bench.clone().set("columns", json!(["t"])).texts("table", "column"), ["t"]);
        assert_eq!(bench.set("columns", json!(["tt"])).failure(), "There is no column “tt”.");
    }
}
