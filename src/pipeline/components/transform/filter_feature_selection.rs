use std::sync::Arc;

use data::ops::{FeatureScore, Score, feature_scores};
use data::polars::prelude::{Column, DataFrame};
use data::prepare::{Fitted, Preparation, Step};
use data::schema::{Kind, Role, Schema};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::prepared::{features, prepared, rows_to_fit};
use crate::components::tables::{column_or_role, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent, Value};

/// Keeps the features that say most about the label, judged one by one.
pub struct FilterFeatureSelection;

const NONE: &str = "There is no feature that this score can judge. Choose columns, or another score.";
const NO_LABEL: &str = "Choose the label, or give a column the role label with Edit metadata.";

static SCORES: [Choice; 7] = [
    Choice { value: "mutual_information", title: "Mutual information" },
    Choice { value: "pearson", title: "Pearson correlation" },
    Choice { value: "spearman", title: "Spearman correlation" },
    Choice { value: "kendall", title: "Kendall correlation" },
    Choice { value: "chi_squared", title: "Chi-squared" },
    Choice { value: "anova_f", title: "ANOVA F" },
    Choice { value: "fisher", title: "Fisher score" },
];

static SPEC: Spec = Spec {
    id: "filter_feature_selection",
    version: 1,
    title: "Filter based feature selection",
    category: Category::Transform,
    summary: "Keeps the features that say most about the label.",
    docs: "Scores each feature against the label by itself and keeps the best ones.\n\n\
        | score | features | label |\n|---|---|---|\n\
        | mutual information | any | any |\n\
        | Pearson, Spearman, Kendall correlation | numbers | number |\n\
        | chi-squared | categories, or numbers that are not negative | categories |\n\
        | ANOVA F, Fisher score | numbers | categories |\n\n\
        - *Scores* lists every feature with its score, the probability of such a score by chance where a test is \
        known, and whether it was kept. Correlations are ranked without their sign.\n\
        - Rows in which the feature or the label is missing are left out, feature by feature. A feature without a \
        score, such as a constant, comes last.\n\
        - Columns that are not judged (label, ids, types that the score cannot use) stay.\n\
        - The choice travels with a model trained on the result. Make it on training rows only: put this step behind \
        the *train* output of *Split data*.",
    keywords: &["select k best", "correlation", "mutual information", "chi2", "anova", "importance", "filter"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to judge features on.")],
    outputs: &[
        Port::new("table", "Selected", PortKind::Table, "The rows with the features that were kept."),
        Port::new("scores", "Scores", PortKind::Table, "One row a feature, the best first."),
        Port::new("transform", "Transform", PortKind::Transform, "The choice, to be repeated on other tables."),
    ],
    params: &[
        Param::new(
            "label",
            "Label",
            ParamKind::Column { port: "table", accept: Accept::Any },
            Default::None,
            "What the features are to say something about. Without one it is the column with the role label.",
        )
        .optional(),
        Param::new(
            "columns",
            "Features",
            ParamKind::Columns { port: "table", accept: Accept::Any, empty: "All that suit the score" },
            Default::EmptyList,
            "The features to judge.",
        ),
        Param::new(
            "score",
            "Score",
            ParamKind::Choice(&SCORES),
            Default::Text("mutual_information"),
            "What a feature is judged by.",
        ),
        Param::new(
            "keep",
            "Keep",
            ParamKind::Integer { min: 1, max: 1_000_000 },
            Default::Integer(10),
            "How many features stay.",
        ),
    ],
    reusable: true,
};

fn score(params: &Params) -> Score {
    match params.text("score") {
        "pearson" => Score::Pearson,
        "spearman" => Score::Spearman,
        "kendall" => Score::Kendall,
        "chi_squared" => Score::ChiSquared,
        "anova_f" => Score::AnovaF,
        "fisher" => Score::Fisher,
        _ => Score::MutualInformation,
    }
}

fn is_number(kind: Kind) -> bool {
    kind.is_numeric() || kind == Kind::Boolean
}

fn suits(kind: Kind, score: Score) -> bool {
    match score {
        Score::MutualInformation | Score::ChiSquared => is_number(kind) || kind.is_textual(),
        _ => is_number(kind),
    }
}

/// The label and the features to judge.
fn plan(params: &Params, schema: &Schema) -> Result<(String, Vec<String>), Problem> {
    let label = column_or_role(params, "label", schema, Role::Label, NO_LABEL);
    let label = label.map_err(|sentence| Problem::error(sentence).at_param("label"))?;
    let score = score(params);
    let correlates = matches!(score, Score::Pearson | Score::Spearman | Score::Kendall);
    if let Some(column) = schema.get(&label).filter(|column| correlates && !is_number(column.kind)) {
        let (name, kind) = (score.name(), column.kind.phrase());
        let sentence =
            format!("{name} needs numbers, but the label “{label}” is {kind}. Choose mutual information or ANOVA F.");
        return Err(Problem::error(sentence).at_param("score"));
    }
    let mut columns = features(params, schema, |kind| suits(kind, score));
    columns.retain(|name| *name != label);
    let unsuited = columns.iter().find_map(|name| schema.get(name).filter(|column| !suits(column.kind, score)));
    if let Some(column) = unsuited {
        let (name, kind) = (score.name(), column.kind.phrase());
        let sentence = format!("{name} cannot judge the feature “{}”, which is {kind}. Leave it out.", column.name);
        return Err(Problem::error(sentence).at_param("columns"));
    }
    Ok((label, columns))
}

/// Scores as a table, the best first; equal ones keep the table's order.
fn score_table(scores: &[&FeatureScore], keep: usize) -> Result<DataFrame, StepError> {
    let columns = vec![
        Column::new("feature".into(), scores.iter().map(|score| score.feature.clone()).collect::<Vec<_>>()),
        Column::new("score".into(), scores.iter().map(|score| score.score).collect::<Vec<_>>()),
        Column::new("p_value".into(), scores.iter().map(|score| score.p_value).collect::<Vec<_>>()),
        Column::new("kept".into(), (0..scores.len()).map(|rank| rank < keep).collect::<Vec<_>>()),
    ];
    Ok(DataFrame::new(scores.len(), columns)?)
}

fn score_schema() -> Schema {
    let kinds = [("feature", Kind::Text), ("score", Kind::Real), ("p_value", Kind::Real), ("kept", Kind::Boolean)];
    Schema::new(kinds)
}

impl Component for FilterFeatureSelection {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        format!("{} best · {}", params.integer("keep"), score(params).name())
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let input = shape_or_open(inputs, "table");
        let scores =
            |rows| ("scores", Shape::Table(TableShape { schema: score_schema(), rows, ..TableShape::default() }));
        match plan(params, &input.schema) {
            Ok((_, columns)) => {
                if columns.is_empty() && !input.open {
                    problems.push(Problem::error(NONE).at_param("columns"));
                }
                let rows = (!input.open).then_some(columns.len() as u64);
                // Which columns go depends on the rows; those that stay are as they were.
                let table = Shape::Table(TableShape { open: true, ..input });
                vec![("table", table), scores(rows), ("transform", Shape::Transform { columns })]
            }
            Err(_) if input.open => vec![scores(None)],
            Err(problem) => {
                problems.push(problem);
                vec![scores(None)]
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let schema = table.schema()?;
        let (label, columns) = plan(params, &schema).map_err(|problem| StepError::failed(problem.message))?;
        require(&schema, [&label])?;
        if columns.is_empty() {
            return Err(StepError::failed(NONE));
        }
        let needed: Vec<String> = columns.iter().chain([&label]).cloned().collect();
        let rows = rows_to_fit(table, &needed, NONE)?;
        context.check_cancelled()?;
        let scores = feature_scores(&rows, &columns, &label, score(params))?;
        let mut ranked: Vec<&FeatureScore> = scores.iter().collect();
        ranked.sort_by(|left, right| right.strength().total_cmp(&left.strength()));
        let keep = usize::try_from(params.integer("keep")).unwrap_or(usize::MAX);
        let dropped: Vec<String> = ranked.iter().skip(keep).map(|score| score.feature.clone()).collect();
        context.note(&format!("Kept {} of {} features.", ranked.len() - dropped.len(), ranked.len()));
        let steps = match dropped.is_empty() {
            true => Preparation::default(),
            false => Preparation(vec![Fitted::new(Step::Drop { columns: dropped })?]),
        };
        let scores = Table::raw(TableContent::from(score_table(&ranked, keep)?));
        Ok(vec![
            ("table", prepared(table, &steps)?.into()),
            ("scores", scores.into()),
            ("transform", Value::Transform(Arc::new(steps))),
        ])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, names, texts};

    fn bench(score: &str) -> Bench {
        let rows = df!(
            "noise" => [1.0, -1.0, 1.0, -1.0, 1.0, -1.0],
            "signal" => [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "weak" => [1.0, 3.0, 2.0, 2.0, 3.0, 4.0],
            "constant" => [1.0; 6],
            "y" => [1.1, 2.0, 2.9, 4.2, 5.0, 6.1],
            "class" => ["a", "a", "a", "b", "b", "b"],
        );
        let bench = Bench::new(&FilterFeatureSelection).table("table", rows.unwrap());
        bench.role("table", "y", Role::Label).set("score", score).set("keep", 2)
    }

    #[test]
    fn the_best_stay_and_everything_else_is_listed() {
        let bench = bench("pearson");
        let scores = bench.frame("scores");
        assert_eq!(texts(&scores, "feature"), ["signal", "weak", "noise", "constant"]);
        assert_eq!(texts(&scores, "kept"), ["true", "true", "false", "false"]);
        assert_eq!(texts(&scores, "score")[3], "null");
        let table = bench.out("table");
        assert_eq!(names(&table.frame().unwrap()), ["signal", "weak", "y", "class"]);
        assert_eq!(table.preparation.0.len(), 1);
        assert_eq!(bench.log(), ["Kept 2 of 4 features."]);
        assert_eq!(bench.caption(), "2 best · Pearson correlation");
    }

    #[test]
    fn mutual_information_judges_categories_too() {
        let bench = bench("mutual_information").set("label", "class");
        assert_eq!(bench.frame("scores").height(), 4, "the label by role is no feature");
        let chosen = bench.set("columns", json!(["y", "noise"])).set("keep", 1);
        assert_eq!(chosen.texts("scores", "feature"), ["y", "noise"]);
    }

    #[test]
    fn mistakes_are_found_without_data() {
        let text = bench("spearman").set("label", "class");
        let sentence = "Spearman correlation needs numbers, but the label “class” is a text. Choose mutual information \
            or ANOVA F.";
        assert_eq!(text.problems(), [sentence]);
        assert_eq!(text.failure(), sentence);
        let feature = bench("anova_f").set("columns", json!(["class"]));
        assert_eq!(feature.problems(), ["ANOVA F cannot judge the feature “class”, which is a text. Leave it out."]);
        let none = Bench::new(&FilterFeatureSelection).table("table", df!("x" => [1]).unwrap());
        assert_eq!(none.problems(), [NO_LABEL]);
    }
}
