//! From an untrained model and a table to a trained model.

use std::sync::Arc;

use data::prepare::Step;
use learn::Model;
use learn::report::{Better, Metric};

use super::{
    FEATURES, LABEL, LABEL_AS, Lesson, MAX_CATEGORIES, POSITIVE, SEED, THRESHOLD, WEIGHT, Watch, label_column, seeded,
    train_options,
};
use crate::component::{Category, Component, Params, Port, PortKind, Spec, StepError};
use crate::shape::{EstimatorTask, Known, ModelShape, Problem, Shape, Shapes, table};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, Value};

pub struct TrainModel;

static SPEC: Spec = Spec {
    id: "train_model",
    version: 2,
    title: "Train model",
    category: Category::Judge,
    summary: "Fits an untrained model to a table. The fitted preparation upstream travels with it.",
    docs: "Fits the untrained model on the left to the rows on the right and gives a trained model.\n\n\
        - **Label** is the column to predict. Text and booleans are classes, numbers are numbers, unless they are all \
        0 or 1. Rows with a missing label are refused; remove them first.\n\
        - **Features** are all other columns, but for those whose role (Edit metadata) is id, weight, time or ignored. \
        Text features become one 0/1 column a category.\n\
        - What the rows went through (filling, scaling, encoding, …) is kept in the model, so that Score model and a \
        deployed endpoint take raw rows, in whatever types a file gives them.\n\
        - Gradient boosting draws its loss after every round.\n\
        - A **threshold** other than the likelier class is kept in the model: scoring and evaluation use it.\n\
        - A class with few rows is warned of in the log; *Class weights* of the algorithm or *Tune threshold* help.\n\n\
        Clustering needs no label.",
    keywords: &["fit", "learn", "training"],
    inputs: &[
        Port::new("estimator", "Untrained model", PortKind::Estimator, "An algorithm from Learn."),
        Port::new("table", "Training rows", PortKind::Table, "The rows to learn from, label included."),
    ],
    outputs: &[Port::new("model", "Trained model", PortKind::Model, "Connect it to Score model or Evaluate model.")],
    params: &[LABEL, WEIGHT, POSITIVE, SEED, THRESHOLD, LABEL_AS, FEATURES, MAX_CATEGORIES],
    reusable: true,
};

impl Component for TrainModel {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, inputs: &Shapes, _: &dyn Known) -> String {
        if matches!(inputs.get("estimator"), Some(Some(Shape::Estimator { task: EstimatorTask::Clustering, .. }))) {
            return "No label needed".to_owned();
        }
        let marked = || table(inputs, "table").and_then(|shape| label_column(params, &shape.schema));
        let chosen = params.maybe_text("label").or_else(|| marked().map(|column| column.name.as_str()));
        chosen.map_or("No label chosen".to_owned(), |label| format!("Label {label}"))
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let Lesson { label, label_kind, task, features } = Lesson::of(params, inputs, problems);
        vec![("model", Shape::Model(ModelShape { label, label_kind, task, features, ..ModelShape::default() }))]
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let estimator = seeded((**inputs.estimator("estimator")?).clone(), params.integer("seed"));
        let rows = inputs.table("table")?;
        refuse_scaled_label(params, rows)?;
        context.progress(None, "Reading rows");
        let frame = rows.frame()?;
        let watch = Watch::new(context);
        let mut model = Model::train(&estimator, &frame, &train_options(params, rows)?, &watch)?;
        model.training.metrics = watch.last().into_iter().map(|(name, value)| measured(&name, value)).collect();
        context.note(&format!(
            "Trained {} on {} rows and {} features in {:.2} s.",
            estimator.title(),
            frame.height(),
            model.features.len(),
            model.training.seconds
        ));
        if let Some(sentence) = rare_class(&model) {
            context.warn(&sentence);
        }
        Ok(vec![("model", Value::Model(Arc::new(model)))])
    }
}

/// Below this share of the training rows a class counts as rare.
const RARE: f64 = 0.1;

/// Says that a class has so few rows that accuracy will flatter the model, unless that was seen to.
fn rare_class(model: &Model) -> Option<String> {
    let label = model.label.as_ref()?;
    let counts = &model.training.class_rows;
    let total: u64 = counts.iter().sum();
    let (class, &rows) = label.classes.iter().zip(counts).min_by_key(|(_, rows)| **rows)?;
    let share = rows as f64 / total.max(1) as f64;
    let rare = if label.classes.len() == 2 { share < RARE } else { share < RARE / label.classes.len() as f64 };
    if !rare || model.estimator.balances_classes() || label.threshold.is_some() {
        return None;
    }
    let remedy = if model.estimator.class_weight().is_some() {
        "Set the class weights of the algorithm to balanced, or choose a threshold with Tune threshold"
    } else {
        "Choose a threshold with Tune threshold, or use an algorithm that has class weights"
    };
    Some(format!(
        "Only {:.1} % of the rows ({rows} of {total}) are “{class}”, so a model that hardly ever predicts it still has a \
         high accuracy. {remedy}, and judge the model by F1 or average precision.",
        share * 100.0
    ))
}

/// The end of a curve as a metric: `validation_log_loss` becomes "Validation log loss".
fn measured(name: &str, value: f64) -> Metric {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    let label = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    Metric {
        key: name.to_owned(),
        label,
        value: value.is_finite().then_some(value),
        better: Better::Lower,
        help: "As it was after the last round of training.".to_owned(),
        note: None,
    }
}

/// A label that a step upstream scaled would be predicted in units nobody knows.
fn refuse_scaled_label(params: &Params, rows: &Table) -> Result<(), StepError> {
    let schema = rows.schema()?;
    let label = params.maybe_text("label").or_else(|| label_column(params, &schema).map(|column| column.name.as_str()));
    let Some(label) = label else { return Ok(()) };
    let scales = |step: &Step| matches!(step, Step::Scale { columns } if columns.iter().any(|it| it.column == label));
    if rows.preparation.0.iter().any(|fitted| scales(fitted.step())) {
        return Err(StepError::failed(format!(
            "The label “{label}” was normalised before training, so predictions would not be in its own units. Choose \
             the columns to normalise, or mark the label with Edit metadata before."
        )));
    }
    Ok(())
}
