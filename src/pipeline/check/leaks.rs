//! Steps that learn from rows which are to be held out later.

use crate::component::{Component, Params};
use crate::components;
use crate::graph::Pipeline;
use crate::shape::Problem;

/// Warns of a step that holds rows out when steps before it have learnt from them already.
pub(super) fn learnt_before(pipeline: &Pipeline, name: &str, component: &dyn Component) -> Option<Problem> {
    if !component.holds_out() {
        return None;
    }
    let learns = |job: &&str| {
        let job = pipeline.jobs.get(*job).filter(|job| !job.disabled);
        let found = job.and_then(|job| Some((job, components::find(&job.component)?)));
        found.is_some_and(|(job, component)| component.learns(&Params::of(component.spec(), job)))
    };
    let early: Vec<&str> = pipeline.upstream(&[name]).into_iter().filter(|job| *job != name).filter(learns).collect();
    let looks = |job: &str| pipeline.jobs.get(job).is_some_and(|job| job.component == "filter_feature_selection");
    let label = if early.iter().any(|job| looks(job)) { " and their labels" } else { "" };
    let titles: Vec<String> = early.iter().map(|job| format!("“{}”", pipeline.title(job))).collect();
    if titles.is_empty() {
        return None;
    }
    let sentence = format!(
        "{} before this split has learnt from all rows{label}, so the test rows are not unseen and metrics may be too good. \
         Put it behind the train output: a model applies it to the test rows by itself.",
        titles.join(", ")
    );
    Some(Problem::warning(sentence).at_port("table"))
}
