//! The flags that say how files are read, made of the list that the window's form is made of.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use studio::data::read::{FieldEditor, READ_FIELDS, ReadChoices, ReadField};

/// The choices made for reading files, by field.
#[derive(Default)]
pub struct Reading(Vec<(&'static ReadField, Vec<String>)>);

impl Reading {
    /// Puts what was said into `choices`, and leaves the rest of them alone.
    pub fn choose(&self, choices: &mut ReadChoices) -> studio::Result<()> {
        for (field, values) in &self.0 {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            field.set(choices, &values)?;
        }
        Ok(())
    }
}

/// `--no-header`, from before `--header no`.
const NO_HEADER: &str = "no-header";

fn argument(field: &'static ReadField) -> Arg {
    let mut help = field.help.to_owned();
    if let FieldEditor::Choice(offered) = field.editor
        && field.flag == "format"
    {
        let values: Vec<String> = offered().into_iter().map(|choice| choice.value).collect();
        help.push_str(&format!(": {}", values.join(", ")));
    }
    let argument = Arg::new(field.flag)
        .long(field.flag)
        .value_name(field.value_name)
        .help(help)
        .help_heading("How the files are read (guessed unless said)")
        .action(ArgAction::Append)
        .allow_hyphen_values(true);
    match field.flag {
        // The flag stood alone once.
        "ragged" => argument.num_args(0..=1).require_equals(true).default_missing_value("pad"),
        _ => argument.num_args(1),
    }
}

impl Args for Reading {
    fn augment_args(command: Command) -> Command {
        let command = READ_FIELDS.iter().fold(command, |command, field| command.arg(argument(field)));
        let no_header = Arg::new(NO_HEADER).long(NO_HEADER).action(ArgAction::SetTrue).hide(true);
        command.arg(no_header.conflicts_with("header"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Reading {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut said = Vec::new();
        for field in &READ_FIELDS {
            if let Some(values) = matches.get_many::<String>(field.flag) {
                said.push((field, values.cloned().collect()));
            }
        }
        if matches.get_flag(NO_HEADER)
            && let Some(header) = ReadField::find("header")
        {
            said.push((header, vec!["no".to_owned()]));
        }
        Ok(Self(said))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        reading: Reading,
        files: Vec<String>,
    }

    fn chosen(arguments: &[&str]) -> ReadChoices {
        let program = Program::try_parse_from([&["p"], arguments].concat()).unwrap();
        let mut choices = ReadChoices::default();
        program.reading.choose(&mut choices).unwrap();
        choices
    }

    #[test]
    fn every_field_is_a_flag() {
        let help = Program::augment_args(Command::new("p")).render_long_help().to_string();
        for field in &READ_FIELDS {
            assert!(help.contains(&format!("--{}", field.flag)), "{}", field.flag);
        }
    }

    #[test]
    fn values_may_begin_with_a_hyphen_and_be_repeated() {
        let choices = chosen(&["--null", "-99", "--null", "?", "--type", "a=text", "--type", "b=real", "x.csv"]);
        assert_eq!(choices.null_values, ["-99", "?"]);
        assert_eq!(choices.kinds.len(), 2);
    }

    #[test]
    fn flags_of_earlier_versions_still_work() {
        assert_eq!(chosen(&["--no-header", "x.csv"]).header, Some(false));
        let ragged = chosen(&["--ragged", "x.csv"]);
        assert_eq!(ragged.ragged, Some(studio::data::read::Ragged::PadAndTruncate));
        assert_eq!(chosen(&["--ragged=skip"]).ragged, Some(studio::data::read::Ragged::Skip));
    }
}
