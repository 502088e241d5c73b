//! How good an estimator is on rows it has not seen, several times over.

use std::sync::Arc;

use data::polars::prelude::{Column as Series, DataFrame};
use data::schema::{Kind, Schema};
use learn::Estimator;
use learn::model::cross_validate;
use learn::report::{Chart, Metric, Report, TableRow};
use learn::validate::{CrossValidation, Folds, Scheme, Spread};

use super::{
    FEATURES, LABEL, LABEL_AS, Lesson, MAX_CATEGORIES, POSITIVE, SEED, WEIGHT, Watch, label_column, seeded,
    train_options,
};
use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::shape::{EstimatorTask, Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent, Value};

pub struct CrossValidate;

static SPEC: Spec = Spec {
    id: "cross_validate",
    version: 1,
    title: "Cross-validate",
    category: Category::Judge,
    summary: "Trains and tests on several parts of the rows, for metrics with their spread.",
    docs: "Divides the rows into parts. Each part is predicted once by a model trained on the others, so every row is \
        judged by a model that has not seen it.\n\n\
        - The **report** holds each metric’s mean over the parts with its standard deviation, and charts over all \
        predictions together.\n\
        - **Folds** is a table of each part’s metrics.\n\
        - *Grouped* keeps rows of one group (a patient, a customer) in one part; *Time series* trains on the past only.\n\n\
        What was fitted upstream (a fill value, a scale) has seen all rows. That is harmless for most tables; to be \
        strict, split first.",
    keywords: &["k-fold", "kfold", "cv", "stratified", "validation"],
    inputs: &[
        Port::new("estimator", "Untrained model", PortKind::Estimator, "An algorithm from Learn."),
        Port::new("table", "Rows", PortKind::Table, "Rows with the label."),
    ],
    outputs: &[
        Port::new("report", "Report", PortKind::Report, "Means, deviations and charts."),
        Port::new("folds", "Folds", PortKind::Table, "One row a part."),
    ],
    params: &[
        LABEL,
        Param::new(
            "folds",
            "Folds",
            ParamKind::Integer { min: 2, max: 1000 },
            Default::Integer(5),
            "Into how many parts the rows are divided.",
        ),
        Param::new(
            "scheme",
            "Divide",
            ParamKind::Choice(&[
                Choice { value: "auto", title: "Stratified for classes" },
                Choice { value: "k_fold", title: "In equal parts" },
                Choice { value: "stratified", title: "Stratified by the label" },
                Choice { value: "group", title: "Grouped" },
                Choice { value: "time_series", title: "Time series" },
            ]),
            Default::Text("auto"),
            "What stays together or apart.",
        ),
        Param::new(
            "by",
            "By column",
            ParamKind::Column { port: "table", accept: Accept::Any },
            Default::None,
            "The group, or the time. It is not learned from.",
        )
        .optional()
        .when("scheme", &["group", "time_series"]),
        Param::new(
            "repeats",
            "Repeats",
            ParamKind::Integer { min: 1, max: 1000 },
            Default::Integer(1),
            "Does it all again this often, divided anew each time.",
        )
        .when("scheme", &["auto", "k_fold", "stratified"]),
        Param::new(
            "shuffle",
            "Shuffle rows first",
            ParamKind::Boolean,
            Default::Boolean(true),
            "Off, parts are runs of neighbouring rows.",
        )
        .when("scheme", &["auto", "k_fold", "stratified"])
        .advanced(),
        WEIGHT,
        POSITIVE,
        SEED,
        LABEL_AS,
        FEATURES,
        MAX_CATEGORIES,
    ],
    reusable: true,
};

impl Component for CrossValidate {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _: &Shapes, _: &dyn Known) -> String {
        let repeats = params.integer("repeats");
        let times = if repeats > 1 { format!(" × {repeats}") } else { String::new() };
        let by = params.maybe_text("by").map(|by| format!(" by {by}")).unwrap_or_default();
        let scheme = match params.text("scheme") {
            "group" => format!(" · grouped{by}"),
            "time_series" => format!(" · over time{by}"),
            "stratified" => format!("{times} · stratified"),
            _ => times,
        };
        format!("{} folds{scheme}", params.integer("folds"))
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        if matches!(inputs.get("estimator"), Some(Some(Shape::Estimator { task: EstimatorTask::Clustering, .. }))) {
            let sentence = "Clustering has no label to test against. Use Train model and Evaluate model instead.";
            problems.push(Problem::error(sentence).at_port("estimator"));
        }
        if params.text("scheme") == "group" && params.maybe_text("by").is_none() {
            problems.push(Problem::error("Choose the column that names each row’s group.").at_param("by"));
        }
        let lesson = Lesson::of(params, inputs, problems);
        let schema =
            Schema::new([("fold", Kind::Integer), ("train_rows", Kind::Integer), ("test_rows", Kind::Integer)]);
        let rows = params.integer("folds") * params.integer("repeats").max(1);
        let folds = TableShape { schema, open: true, rows: u64::try_from(rows).ok() };
        vec![("report", Shape::Report { task: lesson.task }), ("folds", Shape::Table(folds))]
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let estimator = seeded((**inputs.estimator("estimator")?).clone(), params.integer("seed"));
        let rows = inputs.table("table")?;
        let frame = rows.frame()?;
        let options = train_options(params, rows);
        let folds = folds(params, &rows.schema()?, &estimator);
        let by = params.maybe_text("by").filter(|_| matches!(folds.scheme, Scheme::Group | Scheme::TimeSeries));
        let watch = Watch::new(context);
        let result = cross_validate(&estimator, &frame, &options, &folds, by, &watch)?;
        for spread in &result.metrics {
            if let (Some(mean), Some(deviation)) = (spread.mean, spread.deviation) {
                context.note(&format!("{}: {mean:.4} ± {deviation:.4}", spread.label));
            }
        }
        let table = Table::raw(TableContent::Frame(fold_table(&result)?));
        Ok(vec![("report", Value::Report(Arc::new(report(result)))), ("folds", Value::Table(table))])
    }
}

fn folds(params: &Params, schema: &Schema, estimator: &Estimator) -> Folds {
    let scheme = match params.text("scheme") {
        "k_fold" => Scheme::KFold,
        "stratified" => Scheme::Stratified,
        "group" => Scheme::Group,
        "time_series" => Scheme::TimeSeries,
        _ => {
            let kind = label_column(params, schema).map(|column| column.kind);
            let classes = kind.is_some_and(|kind| kind.is_textual() || kind == Kind::Boolean);
            let chosen = params.text("label_as");
            let only_classes = matches!(estimator, Estimator::LogisticRegression(_));
            let stratified = chosen != "number" && (classes || only_classes || chosen == "class");
            if stratified { Scheme::Stratified } else { Scheme::KFold }
        }
    };
    let count = |name: &str| usize::try_from(params.integer(name)).unwrap_or(1);
    let free = matches!(scheme, Scheme::KFold | Scheme::Stratified);
    Folds {
        scheme,
        folds: count("folds"),
        repeats: if free { count("repeats") } else { 1 },
        shuffle: free && params.boolean("shuffle"),
        seed: params.integer("seed").unsigned_abs(),
    }
}

/// The pooled report with each metric's mean in place of its value, its deviation beside it, and a table of folds.
fn report(result: CrossValidation) -> Report {
    let CrossValidation { folds, metrics, pooled } = result;
    let Report { task, metrics: of_all, charts, notes } = pooled;
    let mut means = Vec::new();
    let mut deviations = Vec::new();
    for spread in &metrics {
        let Some(like) = of_all.iter().find(|metric| metric.key == spread.key) else {
            continue;
        };
        let note = spread.deviation.map(|deviation| format!("± {} over {} folds", rounded(deviation), folds.len()));
        means.push(Metric { value: spread.mean, note, ..like.clone() });
        deviations.push(Metric {
            key: format!("{}_std", spread.key),
            label: format!("{}, deviation", spread.label),
            value: spread.deviation,
            better: learn::report::Better::None,
            help: "Standard deviation over the folds.".to_owned(),
            note: None,
        });
    }
    let table = fold_chart(&metrics, folds.len());
    Report {
        task,
        metrics: means.into_iter().chain(deviations).collect(),
        charts: std::iter::once(table).chain(charts).collect(),
        notes,
    }
}

/// Three significant digits.
fn rounded(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (2.0 - value.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{value:.digits$}")
}

fn fold_chart(metrics: &[Spread], folds: usize) -> Chart {
    let cells = |pick: &dyn Fn(&Spread) -> Option<f64>| {
        metrics.iter().map(|spread| pick(spread).unwrap_or(f64::NAN)).collect::<Vec<_>>()
    };
    let fold = |at: usize| TableRow {
        label: format!("Fold {}", at + 1),
        values: cells(&|spread| spread.values.get(at).copied().flatten()),
    };
    let mut rows: Vec<TableRow> = (0..folds).map(fold).collect();
    rows.push(TableRow { label: "Mean".to_owned(), values: cells(&|spread| spread.mean) });
    rows.push(TableRow { label: "Deviation".to_owned(), values: cells(&|spread| spread.deviation) });
    Chart::Table {
        id: "folds".to_owned(),
        title: "Folds".to_owned(),
        columns: metrics.iter().map(|spread| spread.label.clone()).collect(),
        rows,
    }
}

fn fold_table(result: &CrossValidation) -> Result<DataFrame, StepError> {
    let count = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let rows = result.folds.len();
    let whole = |name: &str, values: Vec<i64>| Series::new(name.into(), values);
    let mut columns = vec![
        whole("fold", (1..=rows).map(count).collect()),
        whole("train_rows", result.folds.iter().map(|fold| count(fold.train_rows)).collect()),
        whole("test_rows", result.folds.iter().map(|fold| count(fold.test_rows)).collect()),
    ];
    let values = |spread: &Spread| Series::new(spread.key.as_str().into(), spread.values.clone());
    columns.extend(result.metrics.iter().map(values));
    Ok(DataFrame::new(rows, columns)?)
}
