//! How good an estimator is on rows it has not seen, several times over.

use std::sync::Arc;

use data::polars::prelude::{Column as Series, DataFrame};
use data::schema::{Kind, Schema};
use learn::model::{FoldRows, FoldTables, TableFolds, cross_validate};
use learn::report::{Chart, Metric, Report, TableRow};
use learn::validate::{CrossValidation, Fold, Folds, Scheme, Spread};

use super::{FEATURES, LABEL, LABEL_AS, Lesson, MAX_CATEGORIES, POSITIVE, SEED, WEIGHT, Watch, seeded, train_options};
use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::refit::{Chain, Replay};
use crate::shape::{EstimatorTask, Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent, Value};

pub struct CrossValidate;

static SPEC: Spec = Spec {
    id: "cross_validate",
    version: 2,
    title: "Cross-validate",
    category: Category::Judge,
    summary: "Trains and tests on several parts of the rows, for metrics with their spread.",
    docs: "Divides the rows into parts. Each part is predicted once by a model trained on the others, so every row is \
        judged by a model that has not seen it.\n\n\
        - The **report** holds each metric’s mean over the parts with its standard deviation, and charts over all \
        predictions together. A metric that says nothing of a part, such as the recall where no row is positive, is \
        missing there, and the mean says over how many parts it is.\n\
        - **Folds** is a table of each part’s metrics.\n\
        - *Grouped* keeps rows of one group (a patient, a customer) in one part; *Time series* trains on the past only.\n\n\
        What steps before it learnt from the rows (a fill value, a scale, the best features) is learnt anew from the \
        training rows of each part, as if those steps stood inside: no part sees what was learnt from it. The log names \
        the steps, and warns of those that cannot be repeated because rows were joined, grouped or computed after them.",
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

    fn refits(&self) -> Option<&'static str> {
        Some("table")
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
        let folds = TableShape { schema, open: true, rows: u64::try_from(rows).ok(), scored: None };
        vec![("report", Shape::Report { task: lesson.task }), ("folds", Shape::Table(folds))]
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let estimator = seeded((**inputs.estimator("estimator")?).clone(), params.integer("seed"));
        let rows = inputs.table("table")?;
        let frame = rows.frame()?;
        let options = train_options(params, rows)?;
        let folds = folds(params);
        let by = params.maybe_text("by").filter(|_| matches!(folds.scheme, Scheme::Group | Scheme::TimeSeries));
        let watch = Watch::new(context);
        let replay = context.chain.map(|chain| Replay::new(chain, context, frame.height())).transpose()?;
        let whole = TableFolds(&frame);
        let parts = replay.as_ref().map(Parts);
        let source: &dyn FoldRows = match &parts {
            Some(parts) => parts,
            None => &whole,
        };
        let result = cross_validate(&estimator, &frame, source, &options, &folds, by, &watch)?;
        let said = sentences(context.chain, &result);
        said.iter()
            .for_each(|(warning, sentence)| if *warning { context.warn(sentence) } else { context.note(sentence) });
        for spread in &result.metrics {
            if let (Some(mean), Some(deviation)) = (spread.mean, spread.deviation) {
                context.note(&format!("{}: {mean:.4} ± {deviation:.4}", spread.label));
            }
        }
        let table = Table::raw(TableContent::Frame(fold_table(&result)?));
        let mut report = report(result);
        report.warnings().for_each(|warning| context.warn(warning));
        report.notes.extend(said.into_iter().map(|(_, sentence)| sentence));
        Ok(vec![("report", Value::Report(Arc::new(report))), ("folds", Value::Table(table))])
    }
}

/// Parts of the rows that went through the steps before by themselves.
struct Parts<'a>(&'a Replay<'a>);

impl FoldRows for Parts<'_> {
    fn tables(&self, fold: &Fold) -> learn::Result<FoldTables> {
        match self.0.part(&fold.train, &fold.test) {
            Ok([train, test]) => Ok(FoldTables { train, test }),
            Err(StepError::Cancelled) => Err(learn::Error::Cancelled),
            Err(StepError::Failed(sentence)) => Err(learn::Error::Invalid(sentence)),
        }
    }

    fn origins(&self) -> Option<&[usize]> {
        Some(self.0.origins())
    }
}

/// What there is to know of how the result came about, and whether it is a warning.
fn sentences(chain: Option<&Chain>, result: &CrossValidation) -> Vec<(bool, String)> {
    let mut said = Vec::new();
    if let Some(chain) = chain {
        let refitted = chain.refitted();
        if !refitted.is_empty() {
            said.push((false, format!("Learnt anew from the training rows of each fold: {}.", refitted.join(", "))));
        }
        if !chain.beyond.is_empty() {
            said.push((
                true,
                format!(
                    "Learnt from all rows before, test rows included, and not learnt anew: {}. The metrics may be too \
                     good. Put what learns behind whatever joins, groups or computes rows.",
                    chain.beyond.join(", ")
                ),
            ));
        }
    }
    let all = result.folds.len() + result.skipped.len();
    if !result.skipped.is_empty() {
        let numbers: Vec<String> = result.skipped.iter().map(ToString::to_string).collect();
        said.push((
            true,
            format!(
                "{} of {all} folds were not scored, as their training rows are of one class: {}. Stratify by the label, \
                 or use fewer folds.",
                numbers.len(),
                numbers.join(", ")
            ),
        ));
    }
    let partly = result.metrics.iter().filter(|spread| (1..result.folds.len()).contains(&spread.defined()));
    let partly: Vec<String> = partly.map(|spread| format!("{} (over {})", spread.label, spread.defined())).collect();
    if !partly.is_empty() {
        let sentence = format!(
            "Some metrics say nothing of folds whose test rows lack a class, and are means over fewer than {} folds: {}.",
            result.folds.len(),
            partly.join(", ")
        );
        said.push((true, sentence));
    }
    said
}

fn folds(params: &Params) -> Folds {
    let scheme = match params.text("scheme") {
        "k_fold" => Scheme::KFold,
        "stratified" => Scheme::Stratified,
        "group" => Scheme::Group,
        "time_series" => Scheme::TimeSeries,
        _ => Scheme::Auto,
    };
    let count = |name: &str| usize::try_from(params.integer(name)).unwrap_or(1);
    let free = matches!(scheme, Scheme::Auto | Scheme::KFold | Scheme::Stratified);
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
    let CrossValidation { folds, metrics, pooled, .. } = result;
    let Report { task, metrics: of_all, charts, notes } = pooled;
    let mut means = Vec::new();
    let mut deviations = Vec::new();
    for spread in &metrics {
        let Some(like) = of_all.iter().find(|metric| metric.key == spread.key) else {
            continue;
        };
        let over = match spread.defined() {
            all if all == folds.len() => format!("{all} folds"),
            some => format!("{some} of {} folds", folds.len()),
        };
        let note = spread.deviation.map(|deviation| format!("± {} over {over}", rounded(deviation)));
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
