use data::prepare::clip::{Limits, fit};
use data::prepare::{ClipColumn, Outside, Step};
use data::schema::Kind;

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::prepared::{features, fitted, fitted_shapes, report_none, rows_to_fit, shape_after};
use crate::components::tables::{name_some, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// Limits values to a range.
pub struct ClipValues;

const NONE: &str = "There is no numeric feature to clip. Choose columns, or leave this step out.";
const NO_LIMIT: &str = "Set a lower limit, an upper limit, or both.";

static LIMITS: [Choice; 2] = [
    Choice { value: "percentiles", title: "Percentiles of each column" },
    Choice { value: "values", title: "Fixed values" },
];

static OUTSIDE: [Choice; 2] =
    [Choice { value: "limit", title: "Becomes the limit" }, Choice { value: "missing", title: "Becomes missing" }];

const UNBOUNDED: ParamKind = ParamKind::Real { min: f64::MIN, max: f64::MAX, unit: "" };

static SPEC: Spec = Spec {
    id: "clip_values",
    version: 1,
    title: "Clip values",
    category: Category::Transform,
    summary: "Limits numbers to a range, given or learnt.",
    docs: "Replaces numbers below a lower and above an upper limit, by the limit itself (winsorising) or by a missing \
        value.\n\n\
        The limits are fixed values, the same for every column, or percentiles of each column: 1 and 99 clip the \
        lowest and highest hundredth. Use it before *Normalise* or a linear model when a few extreme values would \
        decide everything.\n\n\
        - What is learnt here travels with a model trained on the result. To clip another table in the same way \
        connect *Transform* to *Apply transform*.\n\
        - Missing values stay missing. Infinite values are clipped, but do not count when percentiles are learnt.\n\
        - In a column of whole numbers the limits are rounded inwards.",
    keywords: &["winsorize", "winsorise", "outlier", "clamp", "limit", "cap", "truncate"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to learn from and to clip.")],
    outputs: &[
        Port::new("table", "Clipped", PortKind::Table, "The rows within the limits."),
        Port::new("transform", "Transform", PortKind::Transform, "The limits that were learnt."),
    ],
    params: &[
        Param::new(
            "columns",
            "Columns",
            ParamKind::Columns { port: "table", accept: Accept::Numeric, empty: "All numeric features" },
            Default::EmptyList,
            "The columns to clip.",
        ),
        Param::new(
            "limits",
            "Limits",
            ParamKind::Choice(&LIMITS),
            Default::Text("percentiles"),
            "Where the limits come from.",
        ),
        Param::new(
            "lower_percentile",
            "Lower percentile",
            ParamKind::Real { min: 0.0, max: 100.0, unit: "%" },
            Default::Real(1.0),
            "Values below this percentile are clipped.",
        )
        .optional()
        .when("limits", &["percentiles"]),
        Param::new(
            "upper_percentile",
            "Upper percentile",
            ParamKind::Real { min: 0.0, max: 100.0, unit: "%" },
            Default::Real(99.0),
            "Values above this percentile are clipped.",
        )
        .optional()
        .when("limits", &["percentiles"]),
        Param::new("lower", "Lower limit", UNBOUNDED, Default::None, "The smallest value allowed.")
            .optional()
            .when("limits", &["values"]),
        Param::new("upper", "Upper limit", UNBOUNDED, Default::None, "The largest value allowed.")
            .optional()
            .when("limits", &["values"]),
        Param::new(
            "outside",
            "A value outside",
            ParamKind::Choice(&OUTSIDE),
            Default::Text("limit"),
            "What takes the place of a value outside the limits.",
        ),
    ],
    reusable: true,
};

/// # Errors
/// A problem when there is no limit, or the lower one is above the upper.
fn limits(params: &Params) -> Result<Limits, Problem> {
    let fixed = params.text("limits") == "values";
    let (lower_name, upper_name) = if fixed { ("lower", "upper") } else { ("lower_percentile", "upper_percentile") };
    let (lower, upper) = (params.maybe_real(lower_name), params.maybe_real(upper_name));
    match (lower, upper) {
        (None, None) => Err(Problem::error(NO_LIMIT).at_param(lower_name)),
        (Some(low), Some(high)) if low > high => {
            let sentence = format!("The lower limit {low} is above the upper limit {high}.");
            Err(Problem::error(sentence).at_param(lower_name))
        }
        _ if fixed => Ok(Limits::Values { lower, upper }),
        _ => Ok(Limits::Percentiles { lower, upper }),
    }
}

fn range(limits: Limits) -> String {
    let (lower, upper, unit) = match limits {
        Limits::Values { lower, upper } => (lower, upper, ""),
        Limits::Percentiles { lower, upper } => (lower, upper, "\u{2009}%"),
    };
    match (lower, upper) {
        (Some(lower), Some(upper)) => format!("{lower} to {upper}{unit}"),
        (Some(lower), None) => format!("From {lower}{unit}"),
        (None, Some(upper)) => format!("Up to {upper}{unit}"),
        (None, None) => String::new(),
    }
}

impl Component for ClipValues {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn learns(&self, params: &Params) -> bool {
        params.text("limits") == "percentiles"
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let range = limits(params).map_or_else(|_| "No limits".to_owned(), range);
        format!("{range} · {}", name_some(&params.texts("columns"), "all numeric"))
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
        problems.extend(limits(params).err());
        let entry =
            |name: &String| ClipColumn { column: name.clone(), lower: None, upper: None, outside: Outside::Limit };
        let step = Step::Clip { columns: columns.iter().map(entry).collect() };
        fitted_shapes(shape_after(step, &input, "columns", problems), columns)
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let limits = limits(params).map_err(|problem| StepError::failed(problem.message))?;
        let columns = features(params, &table.schema()?, Kind::is_numeric);
        let rows = rows_to_fit(table, &columns, NONE)?;
        let outside = if params.text("outside") == "missing" { Outside::Missing } else { Outside::Limit };
        fitted(table, vec![fit(&rows, &columns, limits, outside)?])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;

    use super::*;
    use crate::components::testing::{Bench, reals};

    fn bench() -> Bench {
        let x: Vec<f64> = (0..=100).map(f64::from).collect();
        let k: Vec<i64> = (0..=100).collect();
        Bench::new(&ClipValues).table("table", df!("x" => x, "k" => k).unwrap())
    }

    #[test]
    fn percentiles_are_learnt_for_each_column() {
        let bench = bench().set("lower_percentile", 10.0).set("upper_percentile", 90.0);
        let clipped = reals(&bench.frame("table"), "x");
        assert_eq!((clipped[0], clipped[50], clipped[100]), (Some(10.0), Some(50.0), Some(90.0)));
        assert_eq!(bench.caption(), "10 to 90\u{2009}% · all numeric");
    }

    #[test]
    fn fixed_limits_may_be_one_sided_and_make_gaps() {
        let bench = bench().set("limits", "values").set("upper", 98.5).set("outside", "missing");
        let clipped = bench.frame("table");
        assert_eq!(reals(&clipped, "x")[98..], [Some(98.0), None, None]);
        assert_eq!(reals(&clipped, "k")[98..], [Some(98.0), None, None]);
        assert_eq!(bench.caption(), "Up to 98.5 · all numeric");
    }

    #[test]
    fn limits_must_make_sense() {
        let none = bench().set("limits", "values");
        assert_eq!(none.problems(), [NO_LIMIT]);
        let crossed = none.set("lower", 2).set("upper", 1);
        assert_eq!(crossed.problems(), ["The lower limit 2 is above the upper limit 1."]);
        assert_eq!(crossed.failure(), "The lower limit 2 is above the upper limit 1.");
    }
}
