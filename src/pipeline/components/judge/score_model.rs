//! From a trained model and rows to predictions.

use data::polars::prelude::DataFrame;
use data::schema::{Column, Kind, Role};
use learn::{Model, Task};

use crate::check::params::grouped;
use crate::component::{Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError};
use crate::shape::{Known, ModelShape, Problem, Shape, Shapes, TableShape, table};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent, Value};

pub struct ScoreModel;

/// Rows predicted between two looks at the cancel button.
const BATCH: usize = 100_000;

static SPEC: Spec = Spec {
    id: "score_model",
    version: 1,
    title: "Score model",
    category: Category::Judge,
    summary: "Adds a trained model’s predictions to a table.",
    docs: "Predicts every row and adds columns: `predicted` and, for classes, `probability_<class>` for each class; for \
        clusters `cluster` and `distance` to its centre. Columns of those names are replaced.\n\n\
        The rows may be raw: filling, scaling and encoding that training went through are part of the model and are \
        applied to what the model sees, while the rows that come out keep their own values. Rows that went through \
        some of it already go through the rest.\n\n\
        If the label is among the columns it is marked as label, so Evaluate model finds it.",
    keywords: &["predict", "inference", "apply model", "predictions"],
    inputs: &[
        Port::new("model", "Trained model", PortKind::Model, "From Train model."),
        Port::new("table", "Rows", PortKind::Table, "Raw rows, or prepared as the training rows were."),
    ],
    outputs: &[Port::new("table", "Scored rows", PortKind::Table, "The rows with predictions.")],
    params: &[Param::new(
        "keep_columns",
        "Keep the rows’ own columns",
        ParamKind::Boolean,
        Default::Boolean(true),
        "Off, only the predictions, the label and id columns come out.",
    )],
    reusable: true,
};

impl Component for ScoreModel {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, _: &Params, inputs: &Shapes, _: &dyn Known) -> String {
        let adds = match model(inputs).and_then(|model| model.task) {
            Some(Task::Regression) => "Adds a prediction",
            Some(Task::Clustering) => "Adds cluster and distance",
            Some(Task::Binary | Task::Multiclass) => "Adds class and probability",
            None => {
                let label = model(inputs).and_then(|model| model.label.as_deref());
                let kind = label.and_then(|label| table(inputs, "table")?.schema.get(label)).map(|column| column.kind);
                match kind {
                    Some(kind) if kind.is_textual() => "Adds class and probability",
                    _ => "Adds predictions",
                }
            }
        };
        adds.to_owned()
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _: &dyn Known,
        _: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let Some(rows) = table(inputs, "table") else {
            return Vec::new();
        };
        let model = model(inputs);
        let label = model.and_then(|model| model.label.as_deref());
        let mut scored = rows.clone();
        for column in &mut scored.schema.columns {
            if Some(column.name.as_str()) == label {
                column.role = Some(Role::Label);
            }
        }
        if !params.boolean("keep_columns") {
            scored.schema.columns.retain(|column| matches!(column.role, Some(Role::Label | Role::Id)));
        }
        let kind = label.and_then(|label| rows.schema.get(label)).map(|column| column.kind);
        predictions(model.and_then(|model| model.task), kind, &mut scored);
        vec![("table", Shape::Table(scored))]
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let (model, rows) = (inputs.model("model")?, inputs.table("table")?);
        let frame = rows.frame()?;
        let scored = score(model, rows, &frame, context)?;
        let mut roles = rows.roles.clone();
        if let Some(label) = model.label.as_ref().filter(|label| frame.column(&label.name).is_ok()) {
            roles.insert(label.name.clone(), Role::Label);
        }
        let scored = if params.boolean("keep_columns") {
            scored
        } else {
            let kept = |name: &str| {
                let own = matches!(roles.get(name), Some(Role::Label | Role::Id));
                own || frame.column(name).is_err() || is_prediction(name)
            };
            let names: Vec<&str> = scored.get_column_names().into_iter().map(|name| name.as_str()).collect();
            scored.select(names.into_iter().filter(|name| kept(name)))?
        };
        roles.retain(|name, _| scored.column(name).is_ok());
        context.note(&format!("Predicted {} rows.", grouped(i64::try_from(frame.height()).unwrap_or(i64::MAX))));
        let preparation = rows.preparation.clone();
        Ok(vec![("table", Value::Table(Table { content: TableContent::Frame(scored), roles, preparation }))])
    }
}

fn score(model: &Model, rows: &Table, frame: &DataFrame, context: &StepContext<'_>) -> Result<DataFrame, StepError> {
    if frame.height() <= BATCH {
        return Ok(model.score(frame, &rows.preparation)?);
    }
    let mut scored: Option<DataFrame> = None;
    for start in (0..frame.height()).step_by(BATCH) {
        context.check_cancelled()?;
        context.progress(Some(start as f32 / frame.height() as f32), "Predicting");
        let part = model.score(&frame.slice(start as i64, BATCH), &rows.preparation)?;
        match &mut scored {
            Some(scored) => {
                scored.vstack_mut(&part)?;
            }
            None => scored = Some(part),
        }
    }
    Ok(scored.unwrap_or_default())
}

fn model(inputs: &Shapes) -> Option<&ModelShape> {
    match inputs.get("model") {
        Some(Some(Shape::Model(model))) => Some(model),
        _ => None,
    }
}

fn is_prediction(name: &str) -> bool {
    matches!(name, "predicted" | "cluster" | "distance") || name.starts_with("probability_")
}

/// Adds the columns that scoring makes, as far as they are known: the classes are in the rows, so theirs are not.
fn predictions(task: Option<Task>, label: Option<Kind>, scored: &mut TableShape) {
    let added = match (task, label) {
        (Some(Task::Clustering), _) => vec![("cluster", Kind::Integer), ("distance", Kind::Real)],
        (Some(Task::Regression), _) => vec![("predicted", Kind::Real)],
        // A whole number may be predicted as a class or as a real number.
        (_, Some(kind)) if !kind.is_numeric() => vec![("predicted", kind)],
        _ => Vec::new(),
    };
    scored.open |= !matches!(task, Some(Task::Clustering | Task::Regression));
    for (name, kind) in added {
        scored.schema.columns.retain(|column| column.name != name);
        scored.schema.columns.push(Column::new(name, kind));
    }
}
