//! From a trained model and rows to predictions.

use std::sync::Arc;

use data::polars::prelude::DataFrame;
use data::schema::{Column, Kind, Role};
use learn::model::{ScoredColumns, ScoredRows, ScoringNotes, probability_of};
use learn::{Model, Task};

use super::Watch;
use crate::check::params::grouped;
use crate::component::{Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError};
use crate::shape::{Known, ModelShape, Problem, Shape, Shapes, TableShape, table};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent};

pub struct ScoreModel;

/// At most this many findings go into the log; the step's metadata has all of them.
const FINDINGS: usize = 30;

static SPEC: Spec = Spec {
    id: "score_model",
    version: 2,
    title: "Score model",
    category: Category::Judge,
    summary: "Adds a trained model’s predictions to a table.",
    docs: "Predicts every row and adds columns: `predicted` and, for classes, `probability_<class>` for each class; for \
        clusters `cluster` and `distance` to its centre. Columns of those names are replaced.\n\n\
        Columns may come in other types than in training, as a file's types depend on what it happens to hold: whole \
        numbers, reals, true and false, dates and texts are converted to what the model was trained on. A value that \
        cannot be converted is an error that names it. The log and the step's metadata say how many values of which \
        column were missing, not met in training, or outside the range of training.\n\n\
        The rows may be raw: filling, scaling and encoding that training went through are part of the model and are \
        applied to what the model sees, while the rows that come out keep their own values. Rows that went through \
        some of it already go through the rest.\n\n\
        What the added columns mean travels with the table through filters, sorts, joins and scripts; a file that is \
        exported holds only their names.\n\n\
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
        problems: &mut Vec<Problem>,
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
        let in_rows = label.and_then(|label| rows.schema.get(label)).map(|column| column.kind);
        let kind = model.and_then(|model| model.label_kind).or(in_rows);
        predictions(model, kind, &mut scored);
        if let Some(model) = model {
            problems.extend(absent_inputs(model, rows));
        }
        vec![("table", Shape::Table(scored))]
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let (model, rows) = (inputs.model("model")?, inputs.table("table")?);
        let frame = rows.frame()?;
        warn_of_replaced(model, rows, &frame, context);
        let ScoredRows { frame: scored, columns, notes } =
            model.score(&frame, &rows.preparation, &Watch::new(context))?;
        let mut roles = rows.roles.clone();
        if let Some(label) = model.label.as_ref().filter(|label| frame.column(&label.name).is_ok()) {
            roles.insert(label.name.clone(), Role::Label);
        }
        let scored = if params.boolean("keep_columns") {
            scored
        } else {
            let added: Vec<&str> = columns.names().collect();
            let kept = |name: &str| matches!(roles.get(name), Some(Role::Label | Role::Id)) || added.contains(&name);
            let names: Vec<&str> = scored.get_column_names().into_iter().map(|name| name.as_str()).collect();
            scored.select(names.into_iter().filter(|name| kept(name)))?
        };
        roles.retain(|name, _| scored.column(name).is_ok());

        context.note(&format!("Predicted {} rows.", grouped(i64::try_from(frame.height()).unwrap_or(i64::MAX))));
        report_findings(&notes, context);
        let mut table = rows.with(TableContent::Frame(scored));
        table.roles = roles;
        table.scored = Some(Arc::new(columns));
        table.notes = Some(notes);
        Ok(vec![("table", table.into())])
    }
}

/// Says what the rows held that training had not.
fn report_findings(notes: &ScoringNotes, context: &StepContext<'_>) {
    let findings = notes.sentences();
    if findings.is_empty() {
        context.note("Every value is of the type, and of the categories or within the range, of training.");
    }
    for finding in findings.iter().take(FINDINGS) {
        context.warn(finding);
    }
    if let Some(more) = findings.len().checked_sub(FINDINGS).filter(|more| *more > 0) {
        context.warn(&format!("There are {more} more such findings; the metadata of this step lists all of them."));
    }
}

/// Says when columns of the rows are overwritten that are not an earlier model's predictions.
fn warn_of_replaced(model: &Model, rows: &Table, frame: &DataFrame, context: &StepContext<'_>) {
    let earlier: Vec<&str> = rows.scored.iter().flat_map(|scored| scored.names()).collect();
    let columns = ScoredColumns::of(model);
    for name in columns.names().filter(|name| frame.column(name).is_ok() && !earlier.contains(name)) {
        context.warn(&format!(
            "The rows have a column “{name}” already; the prediction takes its place. Rename it before to keep it."
        ));
    }
}

/// Columns that the model needs and the rows, which are raw, do not have.
fn absent_inputs(model: &ModelShape, rows: &TableShape) -> Option<Problem> {
    if rows.open || model.input.is_empty() {
        return None;
    }
    // Prepared rows have other columns than raw ones; the features are then all there.
    if !model.features.is_empty() && model.features.iter().all(|name| rows.schema.contains(name)) {
        return None;
    }
    let absent = model.input.names().find(|name| !rows.schema.contains(name))?;
    let sentence = format!("The model needs a column that these rows lack. {}", rows.schema.missing(absent));
    Some(Problem::warning(sentence).at_port("table"))
}

fn model(inputs: &Shapes) -> Option<&ModelShape> {
    match inputs.get("model") {
        Some(Some(Shape::Model(model))) => Some(model),
        _ => None,
    }
}

/// Adds the columns that scoring makes, as far as they are known.
fn predictions(model: Option<&ModelShape>, label: Option<Kind>, scored: &mut TableShape) {
    let task = model.and_then(|model| model.task);
    let label = label.map(|kind| if kind == Kind::Category { Kind::Text } else { kind });
    let mut added = match (task, label) {
        (Some(Task::Clustering), _) => vec![("cluster".to_owned(), Kind::Integer), ("distance".to_owned(), Kind::Real)],
        (Some(Task::Regression), _) => vec![("predicted".to_owned(), Kind::Real)],
        // A whole number may be predicted as a class or as a real number.
        (_, Some(kind)) if !kind.is_numeric() || task.is_some() => vec![("predicted".to_owned(), kind)],
        _ => Vec::new(),
    };
    let classes = model.map(|model| &model.classes[..]).unwrap_or_default();
    added.extend(classes.iter().map(|class| (probability_of(class), Kind::Real)));
    let complete =
        matches!(task, Some(Task::Clustering | Task::Regression)) || (label.is_some() && !classes.is_empty());
    scored.open |= !complete;
    scored.scored = task;
    for (name, kind) in added {
        scored.schema.columns.retain(|column| column.name != name);
        scored.schema.columns.push(Column::new(name, kind));
    }
}
