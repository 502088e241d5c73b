//! How good predictions are.

use std::sync::Arc;

use learn::Task;
use learn::model::{EvaluateOptions, PredictionColumns, report_of_columns, report_of_scored};
use learn::report::{Chart, Report, Series, TableRow};

use super::task_name;
use crate::component::{
    Accept, Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape, table};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, Value};
use data::schema::Role;

pub struct EvaluateModel;

/// The port of the report about the rows that others are compared with.
pub const COMPARED_REPORT: &str = "compared";

static SPEC: Spec = Spec {
    id: "evaluate_model",
    version: 3,
    title: "Evaluate model",
    category: Category::Judge,
    summary: "Compares predictions with the truth: metrics and charts.",
    docs: "Takes scored rows (from Score model), or any rows together with a trained model, and makes a report.\n\n\
        - **Numbers**: mean absolute and squared errors, R² and more; predicted against true, residuals.\n\
        - **Two classes**: accuracy, precision, recall, F1, ROC AUC, average precision, log loss, Brier score and more; \
        ROC, precision and recall, calibration, lift, confusion.\n\
        - **More classes**: the same averaged over the classes, and for each; confusion.\n\
        - **Clusters**: silhouette, Calinski–Harabasz, Davies–Bouldin, and agreement with a label if one is chosen.\n\n\
        The positive class and the threshold are those of the model unless others are chosen here. A class that training \
        had not met is no error: the model is wrong on its rows, which the report says. \
        Predictions that did not come from Score model (a script's, a file's) are judged when their column is chosen.\n\n\
        Metrics are computed as scikit-learn does. Connect a second scored table to draw both into one set of charts \
        with their difference; it gets a report of its own as well, so that the metrics of both models are recorded.",
    keywords: &["metrics", "accuracy", "roc", "auc", "confusion matrix", "calibration", "residuals", "test"],
    inputs: &[
        Port::new("table", "Rows", PortKind::Table, "Scored rows; or any rows when a model is connected."),
        Port::new("model", "Trained model", PortKind::Model, "Predicts the rows before they are judged.").optional(),
        Port::new("compare", "Compare with", PortKind::Table, "Scored rows of another model.").optional(),
    ],
    outputs: &[
        Port::new("report", "Report", PortKind::Report, "Metrics and charts.").about(&["model", "table"]),
        Port::new(COMPARED_REPORT, "Report of the compared", PortKind::Report, "The same of the rows to compare with.")
            .optional()
            .about(&["compare"]),
    ],
    params: &[
        Param::new(
            "label",
            "Label column",
            ParamKind::Column { port: "table", accept: Accept::Any },
            Default::None,
            "The truth. Empty takes the column marked as label, as Score model does.",
        )
        .optional(),
        Param::new(
            "positive",
            "Positive class",
            ParamKind::Text,
            Default::None,
            "Of two classes, the one that precision, recall and the curves are about. Empty takes the one chosen in \
             training.",
        )
        .optional(),
        Param::new(
            "threshold",
            "Threshold",
            ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
            Default::None,
            "Of two classes: from which probability a row counts as positive. Empty takes what the model predicted.",
        )
        .optional()
        .advanced(),
        Param::new(
            "prediction",
            "Prediction column",
            ParamKind::Column { port: "table", accept: Accept::Any },
            Default::None,
            "The predicted numbers or classes of rows that were not scored by Score model.",
        )
        .optional()
        .advanced(),
        Param::new(
            "probability",
            "Probability column",
            ParamKind::Column { port: "table", accept: Accept::Numeric },
            Default::None,
            "The predicted probability of the positive class, of rows that were not scored by Score model.",
        )
        .optional()
        .advanced(),
        Param::new(
            "weight",
            "Weight column",
            ParamKind::Column { port: "table", accept: Accept::NumericOrBoolean },
            Default::None,
            "How much each row counts. Empty takes the column marked as weight, or counts all rows alike.",
        )
        .optional()
        .advanced(),
    ],
    reusable: true,
};

impl Component for EvaluateModel {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, _: &Params, inputs: &Shapes, _: &dyn Known) -> String {
        match task(inputs) {
            Some(task) => task_name(task).to_owned(),
            None => "Metrics and charts".to_owned(),
        }
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let predicted = inputs.contains_key("model") || chosen_columns(params).is_some();
        if let Some(rows) = table(inputs, "table").filter(|rows| !rows.open && !predicted) {
            // What the rows mean is known for certain only when they are there; a name may be a hint until then.
            let scored = |name: &str| rows.schema.contains(name);
            if rows.scored.is_none() && !scored("predicted") && !scored("cluster") {
                problems.push(Problem::error(UNSCORED).at_port("table"));
            } else if rows.scored != Some(Task::Clustering)
                && !scored("cluster")
                && params.maybe_text("label").is_none()
                && marked(rows, Role::Label).is_none()
            {
                problems.push(Problem::error("Choose the label column, the one with the truth.").at_param("label"));
            }
        }
        let mut made = vec![("report", Shape::Report { task: task(inputs) })];
        if inputs.contains_key("compare") {
            made.push((COMPARED_REPORT, Shape::Report { task: task(inputs) }));
        }
        made
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let rows = inputs.table("table")?;
        let frame = rows.frame()?;
        let options = options(params, rows);
        let mut report = match inputs.get("model") {
            Some(Value::Model(model)) => model.evaluate(&frame, &rows.preparation, &options)?,
            _ => judge(params, rows, &options)?,
        };
        let mut compared = None;
        if let Some(other) = inputs.maybe_table("compare") {
            context.check_cancelled()?;
            let other = judge(params, other, &self::options(params, other))?;
            compare(&mut report, &other)?;
            compared = Some(other);
        }
        for warning in report.warnings() {
            context.warn(warning);
        }
        let report = ("report", Value::Report(Arc::new(report)));
        let compared = compared.map(|other| (COMPARED_REPORT, Value::Report(Arc::new(other))));
        Ok(std::iter::once(report).chain(compared).collect())
    }
}

const UNSCORED: &str = "These rows have no predictions. Put Score model before, or connect the trained model. For \
    predictions that were made elsewhere choose their column.";

/// The columns of predictions that were made elsewhere, if any are chosen.
fn chosen_columns(params: &Params) -> Option<PredictionColumns> {
    let column = |name: &str| params.maybe_text(name).map(str::to_owned);
    let columns = PredictionColumns { prediction: column("prediction"), probability: column("probability") };
    (columns != PredictionColumns::default()).then_some(columns)
}

/// The report of rows with predictions.
fn judge(params: &Params, rows: &Table, options: &EvaluateOptions) -> Result<Report, StepError> {
    if let Some(columns) = chosen_columns(params) {
        return Ok(report_of_columns(&rows.frame()?, &columns, options)?);
    }
    match &rows.scored {
        Some(scored) => Ok(report_of_scored(&rows.frame()?, scored, options)?),
        None => Err(StepError::failed(UNSCORED)),
    }
}

fn options(params: &Params, rows: &Table) -> EvaluateOptions {
    let with_role = |role| rows.roles.iter().find(|(_, own)| **own == role).map(|(name, _)| name.clone());
    let chosen = |name: &str| params.maybe_text(name).map(str::to_owned);
    EvaluateOptions {
        label: chosen("label").or_else(|| with_role(Role::Label)),
        weight: chosen("weight").or_else(|| with_role(Role::Weight)),
        positive: chosen("positive"),
        threshold: params.maybe_real("threshold"),
    }
}

fn marked(rows: &TableShape, role: Role) -> Option<&str> {
    rows.schema.with_role(role).next().map(|column| column.name.as_str())
}

/// What will be judged, as far as columns tell.
fn task(inputs: &Shapes) -> Option<Task> {
    if let Some(Some(Shape::Model(model))) = inputs.get("model") {
        return model.task;
    }
    table(inputs, "table")?.scored
}

/// The chart that sets two reports side by side.
const COMPARISON: &str = "comparison";
/// What the columns of that chart are called, until the models have names.
const FIRST: &str = "These rows";
const SECOND: &str = "Compared with";
/// What tells the second report's curves from those of the first.
const SECOND_MARK: &str = ", compared";

/// Puts the names of two models in the place of the words by which a report of both tells them apart. A report that
/// compares nothing stays as it is.
pub fn name_compared(report: &mut Report, first: &str, second: &str) {
    if report.chart(COMPARISON).is_none() {
        return;
    }
    for chart in &mut report.charts {
        match chart {
            Chart::Table { id, columns, .. } if id == COMPARISON => {
                for column in columns {
                    if column == FIRST {
                        first.clone_into(column);
                    } else if column == SECOND {
                        second.clone_into(column);
                    }
                }
            }
            Chart::Curve { series, .. } if series.iter().any(|one| one.name.ends_with(SECOND_MARK)) => {
                for one in series {
                    one.name = match one.name.strip_suffix(SECOND_MARK) {
                        Some(name) => format!("{name}, {second}"),
                        None => format!("{}, {first}", one.name),
                    };
                }
            }
            _ => {}
        }
    }
}

/// Takes out of a report of two models what is about the second, so that it is about the first alone.
pub fn drop_compared(report: &mut Report) {
    if report.chart(COMPARISON).is_none() {
        return;
    }
    report.charts.retain(|chart| chart.id() != COMPARISON);
    for chart in &mut report.charts {
        if let Chart::Curve { series, .. } = chart {
            series.retain(|one| !one.name.ends_with(SECOND_MARK));
        }
    }
}

/// Draws another report's curves into this one's charts and sets the metrics side by side.
fn compare(report: &mut Report, other: &Report) -> Result<(), StepError> {
    if report.task != other.task {
        return Err(StepError::Failed(format!(
            "{} and {} cannot be compared. Connect predictions of the same kind.",
            task_name(report.task),
            task_name(other.task)
        )));
    }
    let row = |label: &str, value: f64, other: f64| TableRow {
        label: label.to_owned(),
        values: vec![value, other, value - other],
    };
    let rows =
        report.metrics.iter().filter_map(|metric| Some(row(&metric.label, metric.value?, other.value(&metric.key)?)));
    let table = Chart::Table {
        id: COMPARISON.to_owned(),
        title: "Comparison".to_owned(),
        columns: [FIRST, SECOND, "Difference"].map(str::to_owned).into(),
        rows: rows.collect(),
    };
    for chart in &other.charts {
        let Chart::Curve { id, series: added, .. } = chart else {
            continue;
        };
        let same = report.charts.iter_mut().find(|chart| chart.id() == id.as_str());
        if let Some(Chart::Curve { series, .. }) = same {
            let renamed = |one: &Series| Series { name: format!("{}{SECOND_MARK}", one.name), ..one.clone() };
            series.extend(added.iter().map(renamed));
        }
    }
    report.charts.insert(0, table);
    Ok(())
}
