use data::prepare::bin::{Binning, fit};
use data::prepare::{BinColumn, Step};
use data::schema::Kind;

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::prepared::{features, fitted, fitted_shapes, report_none, rows_to_fit, shape_after};
use crate::components::tables::{count, name_some, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// Replaces numbers by the interval they fall into.
pub struct Bin;

const NONE: &str = "There is no numeric feature to bin. Choose columns, or leave this step out.";

static METHODS: [Choice; 3] = [
    Choice { value: "width", title: "Equal width" },
    Choice { value: "quantile", title: "Equal count" },
    Choice { value: "edges", title: "Own edges" },
];

static SPEC: Spec = Spec {
    id: "bin",
    version: 1,
    title: "Bin",
    category: Category::Transform,
    summary: "Replaces numbers by the interval they fall into.",
    docs: "Divides the range of each numeric column into intervals and replaces each number by the number of its \
        interval, counted from 0, or by a label.\n\n\
        | method | intervals |\n|---|---|\n\
        | equal width | of the same length, from the smallest to the largest value |\n\
        | equal count | with about as many rows each (quantiles) |\n\
        | own edges | between the numbers you give: `0, 18, 65, 120` makes three |\n\n\
        - An interval holds its lower edge but not its upper one; the last holds both. A value outside all of them \
        falls into the nearest.\n\
        - Missing values stay missing. A constant column gets one interval; where values repeat, equal count makes \
        fewer.\n\
        - What is learnt here travels with a model trained on the result. To bin another table in the same way \
        connect *Transform* to *Apply transform*.",
    keywords: &["discretize", "discretise", "bucket", "quantize", "histogram", "interval", "group into bins"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to learn from and to bin.")],
    outputs: &[
        Port::new("table", "Binned", PortKind::Table, "The rows with intervals for numbers."),
        Port::new("transform", "Transform", PortKind::Transform, "The intervals that were learnt."),
    ],
    params: &[
        Param::new(
            "columns",
            "Columns",
            ParamKind::Columns { port: "table", accept: Accept::NumericOrBoolean, empty: "All numeric features" },
            Default::EmptyList,
            "The columns to bin.",
        ),
        Param::new(
            "method",
            "Method",
            ParamKind::Choice(&METHODS),
            Default::Text("quantile"),
            "How the range is divided.",
        ),
        Param::new(
            "bins",
            "Bins",
            ParamKind::Integer { min: 2, max: 1000 },
            Default::Integer(5),
            "How many intervals there are.",
        )
        .when("method", &["width", "quantile"]),
        Param::new(
            "edges",
            "Edges",
            ParamKind::Text,
            Default::Text(""),
            "Ascending numbers separated by commas, one more than intervals.",
        )
        .when("method", &["edges"]),
        Param::new(
            "labels",
            "Labels",
            ParamKind::Text,
            Default::None,
            "Names of the intervals separated by commas, such as low, middle, high. Empty numbers them from 0.",
        )
        .optional(),
        Param::new(
            "suffix",
            "Suffix",
            ParamKind::Text,
            Default::None,
            "Put behind the column's name to name a new column. Empty replaces the column.",
        )
        .optional()
        .advanced(),
    ],
    reusable: true,
};

/// What the parameters ask for.
struct Plan {
    binning: Binning,
    labels: Option<Vec<String>>,
    suffix: Option<String>,
}

impl Plan {
    fn new(params: &Params) -> Result<Self, Problem> {
        let bins = usize::try_from(params.integer("bins")).unwrap_or_default();
        let binning = match params.text("method") {
            "edges" => Binning::Edges(edges(params.text("edges"))?),
            "width" => Binning::EqualWidth(bins),
            _ => Binning::Quantile(bins),
        };
        let labels = params.maybe_text("labels").map(|text| text.split(',').map(|label| label.trim().to_owned()));
        let labels: Option<Vec<String>> = labels.map(Iterator::collect);
        let wanted = match &binning {
            Binning::Edges(edges) => edges.len() - 1,
            Binning::EqualWidth(bins) | Binning::Quantile(bins) => *bins,
        };
        if let Some(given) = labels.as_ref().map(Vec::len).filter(|given| *given != wanted) {
            let sentence =
                format!("There are {} but {}. Give each bin one.", count(wanted, "bin"), count(given, "label"));
            return Err(Problem::error(sentence).at_param("labels"));
        }
        Ok(Self { binning, labels, suffix: params.maybe_text("suffix").map(str::to_owned) })
    }

    /// A step that makes the same columns as the fitted one will.
    fn step(&self, columns: &[String]) -> Step {
        let bins = self.labels.as_ref().map_or(1, Vec::len) as i32;
        let entry = |name: &String| BinColumn {
            column: name.clone(),
            edges: (0..=bins).map(f64::from).collect(),
            labels: self.labels.clone(),
            output: self.suffix.as_ref().map(|suffix| format!("{name}{suffix}")),
        };
        Step::Bin { columns: columns.iter().map(entry).collect() }
    }
}

fn edges(text: &str) -> Result<Vec<f64>, Problem> {
    let wrong = |sentence: String| Err(Problem::error(sentence).at_param("edges"));
    let mut edges = Vec::new();
    for word in text.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse::<f64>() {
            Ok(edge) if edge.is_finite() => edges.push(edge),
            _ => {
                return wrong(format!("“{word}” is not a number. Separate edges with commas, such as 0, 18, 65."));
            }
        }
    }
    if edges.len() < 2 || edges.windows(2).any(|pair| pair[0] >= pair[1]) {
        return wrong("Give at least two edges in ascending order, separated by commas, such as 0, 18, 65.".to_owned());
    }
    Ok(edges)
}

impl Component for Bin {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn learns(&self, params: &Params) -> bool {
        params.text("method") != "edges"
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let columns = name_some(&params.texts("columns"), "all numeric");
        match params.text("method") {
            "edges" => format!("Own edges · {columns}"),
            "width" => format!("{} equal widths · {columns}", params.integer("bins")),
            _ => format!("{} quantiles · {columns}", params.integer("bins")),
        }
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let input = shape_or_open(inputs, "table");
        let columns = features(params, &input.schema, Kind::is_numeric);
        report_none(&columns, &input, NONE, problems);
        match Plan::new(params) {
            Ok(plan) => fitted_shapes(shape_after(plan.step(&columns), &input, "suffix", problems), columns),
            Err(problem) => {
                problems.push(problem);
                fitted_shapes(None, columns)
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let plan = Plan::new(params).map_err(|problem| StepError::failed(problem.message))?;
        let columns = features(params, &table.schema()?, Kind::is_numeric);
        let rows = rows_to_fit(table, &columns, NONE)?;
        let step = fit(&rows, &columns, &plan.binning, plan.labels.as_deref(), plan.suffix.as_deref())?;
        fitted(table, vec![step])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, names};

    fn bench() -> Bench {
        let rows = df!("x" => [Some(0.0), Some(1.0), Some(2.0), Some(10.0), None], "t" => ["a", "b", "c", "d", "e"]);
        Bench::new(&Bin).table("table", rows.unwrap())
    }

    #[test]
    fn three_ways_to_divide() {
        let bench = bench().set("bins", 2);
        assert_eq!(bench.texts("table", "x"), ["0", "0", "1", "1", "null"]);
        assert_eq!(bench.caption(), "2 quantiles · all numeric");
        let width = bench.clone().set("method", "width");
        assert_eq!(width.texts("table", "x"), ["0", "0", "0", "1", "null"]);
        let edges = bench.set("method", "edges").set("edges", "0, 2, 5, 6");
        assert_eq!(edges.texts("table", "x"), ["0", "0", "1", "2", "null"]);
    }

    #[test]
    fn labels_and_a_new_column() {
        let bench = bench().set("bins", 2).set("labels", "low, high").set("suffix", "_bin");
        assert_eq!(bench.texts("table", "x_bin"), ["low", "low", "high", "high", "null"]);
        assert_eq!(names(&bench.frame("table")), ["x", "t", "x_bin"]);
    }

    #[test]
    fn mistakes_are_found_without_data() {
        let labels = bench().set("labels", "low, high");
        assert_eq!(labels.problems(), ["There are 5 bins but 2 labels. Give each bin one."]);
        let edges = |text: &str| bench().set("method", "edges").set("edges", text).problems();
        assert_eq!(edges("0, x"), ["“x” is not a number. Separate edges with commas, such as 0, 18, 65."]);
        let sentence = "Give at least two edges in ascending order, separated by commas, such as 0, 18, 65.";
        assert_eq!(edges("3, 1"), [sentence]);
        assert_eq!(bench().set("columns", json!(["y"])).failure(), "There is no column “y”.");
    }
}
