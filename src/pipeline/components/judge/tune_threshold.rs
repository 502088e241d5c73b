//! From which probability a row is predicted positive.

use std::sync::Arc;

use data::schema::Role;
use learn::Task;
use learn::model::ThresholdGoal;

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Value};

pub struct TuneThreshold;

static GOALS: [Choice; 5] = [
    Choice { value: "f1", title: "Highest F1" },
    Choice { value: "balanced_accuracy", title: "Highest balanced accuracy" },
    Choice { value: "mcc", title: "Highest Matthews correlation" },
    Choice { value: "recall", title: "Recall of at least …" },
    Choice { value: "precision", title: "Precision of at least …" },
];

static SPEC: Spec = Spec {
    id: "tune_threshold",
    version: 1,
    title: "Tune threshold",
    category: Category::Judge,
    summary: "Chooses from which probability a model predicts the positive class.",
    docs: "A model of two classes predicts the likelier one. Where one class is rare or mistakes cost differently, another \
        threshold serves better. This step tries every one on rows with the label and keeps the best in the model: Score \
        model, Evaluate model and whatever else uses the model decide by it.\n\n\
        | goal | |\n|---|---|\n\
        | highest F1, balanced accuracy, Matthews correlation | the threshold with the highest value |\n\
        | recall of at least … | of those that find that share of the positive rows the one with the highest precision |\n\
        | precision of at least … | of those that are right that often the one with the highest recall |\n\n\
        - Use rows that the model was not trained on, and evaluate on yet others: the figures of the report are those of \
        the rows that the threshold was chosen on.\n\
        - Probabilities, ROC AUC and average precision do not change.",
    keywords: &["cutoff", "decision threshold", "imbalanced", "operating point", "precision", "recall", "f1"],
    inputs: &[
        Port::new("model", "Trained model", PortKind::Model, "A model of two classes."),
        Port::new("table", "Rows", PortKind::Table, "Rows with the label that training has not seen."),
    ],
    outputs: &[
        Port::new("model", "Model with threshold", PortKind::Model, "The model, which decides by the threshold."),
        Port::new("report", "Report", PortKind::Report, "How the model does on these rows."),
    ],
    params: &[
        Param::new(
            "goal",
            "Goal",
            ParamKind::Choice(&GOALS),
            Default::Text("f1"),
            "What the threshold is to bring about.",
        ),
        Param::new(
            "at_least",
            "At least",
            ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
            Default::Real(0.9),
            "The recall or the precision to reach.",
        )
        .when("goal", &["recall", "precision"]),
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

fn goal(params: &Params) -> ThresholdGoal {
    match params.text("goal") {
        "balanced_accuracy" => ThresholdGoal::BalancedAccuracy,
        "mcc" => ThresholdGoal::Matthews,
        "recall" => ThresholdGoal::RecallAtLeast(params.real("at_least")),
        "precision" => ThresholdGoal::PrecisionAtLeast(params.real("at_least")),
        _ => ThresholdGoal::F1,
    }
}

impl Component for TuneThreshold {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _: &Shapes, _: &dyn Known) -> String {
        let share = params.real("at_least");
        match params.text("goal") {
            "recall" => format!("Recall of at least {share}"),
            "precision" => format!("Precision of at least {share}"),
            goal => GOALS.iter().find(|choice| choice.value == goal).map_or(goal, |choice| choice.title).to_owned(),
        }
    }

    fn infer(
        &self,
        _: &Params,
        inputs: &Shapes,
        _: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let report = ("report", Shape::Report { task: Some(Task::Binary) });
        let Some(Some(Shape::Model(model))) = inputs.get("model") else { return vec![report] };
        if model.task.is_some_and(|task| task != Task::Binary) {
            let sentence = "A threshold decides between two classes. Connect a model that predicts one of two.";
            problems.push(Problem::error(sentence).at_port("model"));
        }
        vec![("model", Shape::Model(model.clone())), report]
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let (model, rows) = (inputs.model("model")?, inputs.table("table")?);
        let frame = rows.frame()?;
        context.check_cancelled()?;
        let marked = || rows.roles.iter().find(|(_, role)| **role == Role::Weight).map(|(name, _)| name.as_str());
        let weight = params.maybe_text("weight").or_else(marked);
        let tuned = model.tune_threshold(&frame, &rows.preparation, goal(params), weight)?;
        let positive = tuned.model.label.as_ref().and_then(|label| label.positive.clone()).unwrap_or_default();
        context.note(&format!("“{positive}” is predicted from a probability of {:.4} on.", tuned.threshold));
        Ok(vec![("model", Value::Model(Arc::new(tuned.model))), ("report", Value::Report(Arc::new(tuned.report)))])
    }
}
