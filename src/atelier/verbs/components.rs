use std::process::ExitCode;

use studio::pipeline::component::Category;
use studio::{ComponentCard, ParameterCard, PortCard};

use crate::output::{self, Table};

#[derive(clap::Subcommand)]
pub enum Components {
    /// List every component that a pipeline's job can name
    List {
        /// Only those whose id, title or summary contains this
        #[arg(long)]
        find: Option<String>,
    },
    /// Show a component's ports and parameters, its documentation, and a job of it in YAML
    Show {
        /// A component's id or title
        component: String,
    },
}

impl Components {
    pub fn act(self, json: bool) -> studio::Result<ExitCode> {
        match self {
            Self::List { find } => list(find.as_deref(), json)?,
            Self::Show { component } => output::print(&studio::component(&component)?, json, card_text)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(find: Option<&str>, json: bool) -> studio::Result<()> {
    let find = find.unwrap_or_default().to_lowercase();
    let mut rows = studio::components();
    rows.retain(|row| {
        let texts = [row.id, row.title, row.summary];
        texts.iter().any(|text| text.to_lowercase().contains(&find))
    });
    output::print(&rows, json, |rows| {
        let mut table = Table::new(["Component", "Category", "What it does"]);
        for category in Category::ALL {
            for row in rows.iter().filter(|row| row.category == category) {
                table.row([row.id.to_owned(), category.title().to_owned(), row.summary.to_owned()]);
            }
        }
        table.render()
    })
}

fn card_text(card: &ComponentCard) -> String {
    let mut text = format!("{} ({})\n{}\n", card.id, card.title, card.summary);
    for (title, ports) in [("Inputs", &card.inputs), ("Outputs", &card.outputs)] {
        if !ports.is_empty() {
            text.push_str(&format!("\n{title}\n{}\n", ports_text(ports)));
        }
    }
    if !card.parameters.is_empty() {
        text.push_str(&format!("\nParameters\n{}", parameters_text(&card.parameters, "")));
    }
    if !card.reusable {
        text.push_str("\nIts result is never reused: the step runs every time.\n");
    }
    text.push_str(&format!("\nIn a pipeline\n{}\n{}\n", card.example, card.docs));
    text
}

fn ports_text(ports: &[PortCard]) -> String {
    let rows: Vec<Vec<String>> = ports
        .iter()
        .map(|port| {
            let optional = if port.optional { "optional" } else { "" };
            let kind = port.kind.with_article();
            vec![format!("  {}", port.name), kind.to_owned(), optional.to_owned(), port.help.to_owned()]
        })
        .collect();
    output::render(&["  name", "takes or gives", "", ""], &rows)
}

/// Each parameter in a line of its type, range and default, and one of its help.
fn parameters_text(parameters: &[ParameterCard], indent: &str) -> String {
    let mut text = String::new();
    for parameter in parameters {
        text.push_str(&format!("{indent}  {}: {}\n", parameter.name, facts(parameter).join(", ")));
        text.push_str(&format!("{indent}      {}\n", parameter.help));
        for choice in &parameter.choices {
            text.push_str(&format!("{indent}        {}: {}\n", choice.value, choice.title));
        }
        text.push_str(&parameters_text(&parameter.fields, &format!("{indent}    ")));
    }
    text
}

fn facts(parameter: &ParameterCard) -> Vec<String> {
    let mut facts = vec![parameter.kind.to_owned()];
    match (&parameter.min, &parameter.max) {
        (Some(min), Some(max)) => facts.push(format!("{min} to {max}")),
        (Some(min), None) => facts.push(format!("at least {min}")),
        (None, Some(max)) => facts.push(format!("at most {max}")),
        (None, None) => {}
    }
    if !parameter.unit.is_empty() {
        facts.push(format!("in {}", parameter.unit));
    }
    if let Some(port) = parameter.columns_of {
        let accepts = parameter.accepts.filter(|accepts| *accepts != "any").map(|accepts| accepts.replace('_', " "));
        let accepts = accepts.map_or_else(String::new, |accepts| format!("{accepts} "));
        facts.push(format!("over {accepts}columns of the input {port}"));
    }
    if !parameter.empty_means.is_empty() {
        facts.push(format!("an empty list means: {}", parameter.empty_means));
    }
    match &parameter.default {
        _ if parameter.needed => facts.push("must be given".to_owned()),
        serde_json::Value::Null => facts.push("none by default".to_owned()),
        serde_json::Value::String(text) if text.contains('\n') => facts.push("has a default".to_owned()),
        default => facts.push(format!("{default} by default")),
    }
    if let Some(when) = &parameter.when {
        facts.push(format!("only if {} is {}", when.parameter, when.one_of.join(" or ")));
    }
    facts
}
