//! How good predictions are.

use std::sync::Arc;

use learn::Task;
use learn::model::{EvaluateOptions, report_of_scored};
use learn::report::{Chart, Report, Series, TableRow};

use super::{POSITIVE, task_name};
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
    version: 2,
    title: "Evaluate model",
    category: Category::Judge,
    summary: "Compares predictions with the truth: metrics and charts.",
    docs: "Takes scored rows (from Score model), or any rows together with a trained model, and makes a report.\n\n\
        - **Numbers**: mean absolute and squared errors, R² and more; predicted against true, residuals.\n\
        - **Two classes**: accuracy, precision, recall, F1, ROC AUC, average precision, log loss, Brier score and more; \
        ROC, precision and recall, calibration, lift, confusion.\n\
        - **More classes**: the same averaged over the classes, and for each; confusion.\n\
        - **Clusters**: silhouette, Calinski–Harabasz, Davies–Bouldin, and agreement with a label if one is chosen.\n\n\
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
        POSITIVE,
        Param::new(
            "threshold",
            "Threshold",
            ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
            Default::Real(0.5),
            "Of two classes: from which probability a row counts as positive.",
        )
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
        let with_model = inputs.contains_key("model");
        if let Some(rows) = table(inputs, "table").filter(|rows| !rows.open && !with_model) {
            let scored = |name: &str| rows.schema.contains(name);
            if !scored("predicted") && !scored("cluster") {
                let sentence = "These rows have no predictions. Put Score model before, or connect the trained model.";
                problems.push(Problem::error(sentence).at_port("table"));
            } else if !scored("cluster") && params.maybe_text("label").is_none() && marked(rows, Role::Label).is_none()
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
            _ => report_of_scored(&frame, &options)?,
        };
        let mut compared = None;
        if let Some(other) = inputs.maybe_table("compare") {
            context.check_cancelled()?;
            let other = report_of_scored(&other.frame()?, &self::options(params, other))?;
            compare(&mut report, &other)?;
            compared = Some(other);
        }
        let report = ("report", Value::Report(Arc::new(report)));
        let compared = compared.map(|other| (COMPARED_REPORT, Value::Report(Arc::new(other))));
        Ok(std::iter::once(report).chain(compared).collect())
    }
}

fn options(params: &Params, rows: &Table) -> EvaluateOptions {
    let with_role = |role| rows.roles.iter().find(|(_, own)| **own == role).map(|(name, _)| name.clone());
    let chosen = |name: &str| params.maybe_text(name).map(str::to_owned);
    EvaluateOptions {
        label: chosen("label").or_else(|| with_role(Role::Label)),
        weight: chosen("weight").or_else(|| with_role(Role::Weight)),
        positive: chosen("positive"),
        threshold: params.real("threshold"),
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
    let rows = table(inputs, "table")?;
    if rows.schema.contains("cluster") {
        return Some(Task::Clustering);
    }
    let classes = rows.schema.names().filter(|name| name.starts_with("probability_")).count();
    match classes {
        2 => Some(Task::Binary),
        3.. => Some(Task::Multiclass),
        _ => (!rows.open && rows.schema.get("predicted")?.kind.is_numeric()).then_some(Task::Regression),
    }
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
