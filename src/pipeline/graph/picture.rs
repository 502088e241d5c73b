//! A pipeline's graph as text for a terminal, and for programs that draw graphs.

use std::fmt::Write;

use super::{Job, Pipeline};

/// One block a job, in the order of execution, with the inputs that each output feeds.
pub fn text(pipeline: &Pipeline) -> String {
    let mut out = String::new();
    for name in sorted(pipeline) {
        let Some(job) = pipeline.jobs.get(name) else { continue };
        if !out.is_empty() {
            out.push('\n');
        }
        push(&mut out, format_args!("{name}  {}{}\n", described(name, job), disabled(job)));
        for (output, target) in wires_from(pipeline, name) {
            push(&mut out, format_args!("  {output} → {target}\n"));
        }
    }
    out
}

/// A flowchart in Mermaid's language, which GitHub and many editors draw.
pub fn mermaid(pipeline: &Pipeline) -> String {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('"', "#quot;").replace('<', "&lt;").replace('>', "&gt;");
    let mut out = String::from("flowchart TD\n");
    for (at, (name, job)) in pipeline.jobs.iter().enumerate() {
        let title = escaped(job.title());
        push(&mut out, format_args!("  n{at}[\"{title}<br/><small>{}</small>\"]\n", escaped(name)));
    }
    for (from, to, label) in edges(pipeline) {
        push(&mut out, format_args!("  n{from} -->|\"{}\"| n{to}\n", escaped(&label)));
    }
    let off: Vec<String> = disabled_places(pipeline).map(|at| format!("n{at}")).collect();
    if !off.is_empty() {
        push(&mut out, format_args!("  classDef disabled stroke-dasharray: 4 4\n  class {} disabled\n", off.join(",")));
    }
    out
}

/// A directed graph in the language of Graphviz.
pub fn dot(pipeline: &Pipeline) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
    let mut out = String::from("digraph pipeline {\n  node [shape=box];\n");
    for (at, (name, job)) in pipeline.jobs.iter().enumerate() {
        let style = if job.disabled { ", style=dashed" } else { "" };
        let (title, name) = (escaped(job.title()), escaped(name));
        push(&mut out, format_args!("  n{at} [label=\"{title}\\n{name}\"{style}];\n"));
    }
    for (from, to, label) in edges(pipeline) {
        push(&mut out, format_args!("  n{from} -> n{to} [label=\"{}\"];\n", escaped(&label)));
    }
    out.push_str("}\n");
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = out.write_fmt(text);
}

/// The jobs in the order of execution; those on a circle come last.
fn sorted(pipeline: &Pipeline) -> Vec<&str> {
    let mut names = pipeline.order().jobs;
    let placed: std::collections::HashSet<&str> = names.iter().copied().collect();
    names.extend(pipeline.jobs.keys().map(String::as_str).filter(|name| !placed.contains(name)));
    names
}

/// The component, and the title where it says more than the name.
fn described(name: &str, job: &Job) -> String {
    match job.display_name.as_deref().filter(|title| !title.is_empty() && *title != name) {
        Some(title) => format!("{} “{title}”", job.component),
        None => job.component.clone(),
    }
}

fn disabled(job: &Job) -> &'static str {
    if job.disabled { " (disabled)" } else { "" }
}

/// The outputs of a job with the ports that they feed, in the component's order of outputs.
fn wires_from(pipeline: &Pipeline, job: &str) -> Vec<(String, String)> {
    let mut wires: Vec<(String, String)> = Vec::new();
    for wire in pipeline.wires().filter(|wire| wire.from.job == job) {
        let target = format!("{}.{}", wire.to.job, wire.to.port);
        match wires.iter_mut().find(|(output, _)| *output == wire.from.port) {
            Some((_, targets)) => {
                targets.push_str(", ");
                targets.push_str(&target);
            }
            None => wires.push((wire.from.port, target)),
        }
    }
    wires
}

/// The wires between jobs that are there, by their places, each with its ports.
fn edges(pipeline: &Pipeline) -> Vec<(usize, usize, String)> {
    let wires = pipeline.wires().filter_map(|wire| {
        let from = pipeline.jobs.get_index_of(&wire.from.job)?;
        let to = pipeline.jobs.get_index_of(&wire.to.job)?;
        let (output, input) = (wire.from.port, wire.to.port);
        let label = if output == input { output } else { format!("{output} → {input}") };
        Some((from, to, label))
    });
    wires.collect()
}

fn disabled_places(pipeline: &Pipeline) -> impl Iterator<Item = usize> {
    pipeline.jobs.values().enumerate().filter(|(_, job)| job.disabled).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Document;

    const FILE: &str = "jobs:\n  train:\n    component: train_model\n    inputs:\n      \
        table: ${{parent.jobs.rows.outputs.table}}\n  rows:\n    component: import_dataset\n    \
        display_name: 'Rows \"raw\"'\n  score:\n    component: score_model\n    disabled: true\n    inputs:\n      \
        model: ${{parent.jobs.train.outputs.model}}\n      table: ${{parent.jobs.rows.outputs.table}}\n";

    fn pipeline() -> Pipeline {
        Document::parse(FILE).unwrap().pipeline
    }

    #[test]
    fn text_follows_the_order_of_execution() {
        let expected = "rows  import_dataset “Rows \"raw\"”\n  table → train.table, score.table\n\n\
                        train  train_model\n  model → score.model\n\nscore  score_model (disabled)\n";
        assert_eq!(text(&pipeline()), expected);
    }

    #[test]
    fn other_programs_read_it() {
        let flowchart = mermaid(&pipeline());
        assert!(flowchart.contains("n1[\"Rows #quot;raw#quot;<br/><small>rows</small>\"]"), "{flowchart}");
        assert!(flowchart.contains("n0 -->|\"model\"| n2") && flowchart.contains("class n2 disabled"), "{flowchart}");
        let graph = dot(&pipeline());
        assert!(graph.contains("n1 [label=\"Rows \\\"raw\\\"\\nrows\"];"), "{graph}");
        assert!(graph.contains("n1 -> n0 [label=\"table\"];") && graph.contains("style=dashed"), "{graph}");
        assert_eq!(text(&Pipeline::default()), "");
    }
}
