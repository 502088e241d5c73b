//! Environment files: what a person wrote that a script needs.
//!
//! Two forms are read. A **requirements file** (`environments/NAME.txt`) is what pip reads: a requirement a line
//! (PEP 508), `#` comments, `\` at the end of a line that goes on, `--index-url` and its like. A **conda file**
//! (`environments/NAME.yaml`) is what Azure ML and conda read, as far as PyPI can provide it: `python` and `pip` among
//! the `dependencies`, and the packages below `pip`. Everything else is refused with a sentence that names its line.

use serde::{Deserialize, Serialize};
use serde_norway::Value as Yaml;

/// What a file asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// The version of Python, such as `3.11`; the workspace's own when there is none.
    pub python: Option<String>,
    /// Requirements, in the file's order.
    pub requirements: Vec<String>,
    /// Where packages come from besides PyPI, such as `--extra-index-url https://…`.
    pub options: Vec<String>,
}

/// What of a requirements file's options is taken.
const OPTIONS: [&str; 4] = ["--index-url", "--extra-index-url", "--find-links", "--no-binary"];

/// Reads a file; `name` is its file name, whose ending tells its form.
///
/// # Errors
/// A sentence that says what is wrong, in which line, and what to do.
pub fn parse(name: &str, text: &str) -> Result<Wanted, String> {
    let wanted = if name.ends_with(".txt") { requirements(text) } else { conda(text) };
    wanted.map_err(|(line, sentence)| match line {
        Some(line) => format!("environments/{name}, line {line}: {sentence}"),
        None => format!("environments/{name}: {sentence}"),
    })
}

/// A line, from 1, and what is wrong there.
type Problem = (Option<usize>, String);

fn requirements(text: &str) -> Result<Wanted, Problem> {
    let mut wanted = Wanted::default();
    let mut lines = text.lines().enumerate();
    while let Some((at, first)) = lines.next() {
        let mut line = first.trim_end().to_owned();
        while let Some(begun) = line.strip_suffix('\\') {
            let next = lines.next().map(|(_, next)| next).unwrap_or_default();
            line = format!("{} {}", begun.trim_end(), next.trim());
        }
        add(&mut wanted, without_comment(&line).trim()).map_err(|sentence| (Some(at + 1), sentence))?;
    }
    Ok(wanted)
}

/// A comment begins a line or follows a space: `#egg=` in an address does not.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    line.find(" #").map_or(line, |at| &line[..at])
}

fn add(wanted: &mut Wanted, line: &str) -> Result<(), String> {
    if line.is_empty() {
        return Ok(());
    }
    if line.starts_with('-') {
        let (option, value) = line.split_once([' ', '=']).unwrap_or((line, ""));
        if !OPTIONS.contains(&option) {
            return Err(not_taken(option));
        }
        if value.trim().is_empty() {
            return Err(format!("{option} needs a value."));
        }
        wanted.options.push(format!("{option} {}", value.trim()));
        return Ok(());
    }
    wanted.requirements.push(requirement(line)?);
    Ok(())
}

fn not_taken(option: &str) -> String {
    match option {
        "-r" | "--requirement" | "-c" | "--constraint" => {
            format!("“{option}” reads another file, which no run would remember. List the packages here.")
        }
        "-e" | "--editable" => {
            "“-e” installs a folder that changes without notice. Put the modules into src, where scripts find them."
                .to_owned()
        }
        _ => format!("The option “{option}” is not known here. Known are {}.", OPTIONS.join(", ")),
    }
}

/// A requirement as PEP 508 writes it: name, extras, versions or address, marker.
fn requirement(line: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("“{line}” {what}. A requirement is written name, name==1.2 or name>=1.2,<2."));
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let bound = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !bound(name.chars().next()) || !bound(name.chars().next_back()) {
        return wrong("names no package");
    }
    let mut rest = rest.trim_start();
    if let Some(extras) = rest.strip_prefix('[') {
        let Some((inside, after)) = extras.split_once(']') else {
            return wrong("opens a bracket and does not close it");
        };
        if !inside.split(',').all(|extra| !extra.trim().is_empty()) {
            return wrong("has an empty extra");
        }
        rest = after.trim_start();
    }
    if let Some(address) = rest.strip_prefix('@') {
        let address = address.trim();
        if !address.starts_with("https://") && !address.starts_with("git+https://") {
            return wrong("comes from somewhere that is no https address");
        }
        return Ok(line.to_owned());
    }
    let versions = rest.split(';').next().unwrap_or_default();
    // Hashes follow the versions.
    let versions = versions.split(" --").next().unwrap_or_default().trim();
    let versions = versions.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')).unwrap_or(versions);
    if !versions.is_empty() && !versions.split(',').all(|version| is_version(version.trim())) {
        return wrong(&format!("cannot be read at “{versions}”"));
    }
    Ok(line.to_owned())
}

/// `>=1.2`, `==1.*`.
fn is_version(text: &str) -> bool {
    let operators = ["===", "==", ">=", "<=", "!=", "~=", "<", ">"];
    let Some(version) = operators.iter().find_map(|operator| text.strip_prefix(operator)) else { return false };
    let version = version.trim();
    !version.is_empty() && version.chars().all(|c| c.is_ascii_alphanumeric() || ".*+!_-".contains(c))
}

fn conda(text: &str) -> Result<Wanted, Problem> {
    let yaml: Yaml = serde_norway::from_str(text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        (error.location().map(|at| at.line()), format!("The YAML cannot be read: {reason}."))
    })?;
    let example = "A conda file has lines such as “dependencies:”, “- python=3.11”, “- pip:”.";
    let Yaml::Mapping(top) = &yaml else { return Err((Some(1), format!("This is no environment. {example}"))) };
    for (key, _) in top {
        let key = key.as_str().unwrap_or_default();
        if !["name", "channels", "dependencies"].contains(&key) {
            let sentence = format!("The key “{key}” is not known here. Known are name, channels and dependencies.");
            return Err((line_of(text, key), sentence));
        }
    }
    let Some(Yaml::Sequence(dependencies)) = top.get("dependencies") else {
        return Err((line_of(text, "dependencies"), format!("There is no list of dependencies. {example}")));
    };
    let mut wanted = Wanted::default();
    for dependency in dependencies {
        match dependency {
            Yaml::String(line) => conda_line(&mut wanted, line).map_err(|sentence| (line_of(text, line), sentence))?,
            Yaml::Mapping(section) => pip(&mut wanted, section, text)?,
            _ => return Err((line_of(text, "dependencies"), format!("A dependency should be a text. {example}"))),
        }
    }
    Ok(wanted)
}

fn conda_line(wanted: &mut Wanted, line: &str) -> Result<(), String> {
    let line = line.trim();
    // conda-forge::numpy
    let spec = line.rsplit("::").next().unwrap_or(line);
    let end = spec.find(|c: char| "=<>!~ ".contains(c)).unwrap_or(spec.len());
    let (name, version) = (spec[..end].trim(), spec[end..].trim());
    match name {
        "pip" => Ok(()),
        "python" => {
            wanted.python = python(version)?;
            Ok(())
        }
        _ => {
            let like = match version.trim_start_matches('=') {
                "" => name.to_owned(),
                exact if version.starts_with('=') => {
                    format!("{name}=={}", exact.split('=').next().unwrap_or_default())
                }
                other => format!("{name}{other}"),
            };
            Err(format!(
                "“{line}” is asked of conda, and Atelier installs from PyPI only. If PyPI has it, move it below “pip:” \
                 as “{like}” (its name may differ there); otherwise make this environment with conda and name its \
                 interpreter in the step."
            ))
        }
    }
}

/// `=3.11`, `==3.11.7`, `>=3.9,<3.12`; empty for any.
fn python(version: &str) -> Result<Option<String>, String> {
    let exact = version.trim_start_matches('=').trim();
    let plain = exact.trim_end_matches(".*");
    if exact.is_empty() {
        return Ok(None);
    }
    if plain.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(Some(plain.to_owned()));
    }
    if version.split(',').all(|part| is_version(part.trim())) {
        return Ok(Some(version.replace(' ', "")));
    }
    Err(format!("“python{version}” names no version of Python. Write python=3.11."))
}

fn pip(wanted: &mut Wanted, section: &serde_norway::Mapping, text: &str) -> Result<(), Problem> {
    let (Some(Yaml::Sequence(lines)), 1) = (section.get("pip"), section.len()) else {
        return Err((
            line_of(text, "dependencies"),
            "Only “pip:” with a list may stand among the dependencies.".into(),
        ));
    };
    for line in lines {
        let Some(line) = line.as_str() else {
            return Err((line_of(text, "pip"), "Below “pip:” should stand requirements, each a text.".into()));
        };
        add(wanted, line.trim()).map_err(|sentence| (line_of(text, line), sentence))?;
    }
    Ok(())
}

/// The first line that holds these words, from 1.
fn line_of(text: &str, words: &str) -> Option<usize> {
    text.lines().position(|line| line.contains(words)).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Wanted {
        parse(name, text).unwrap()
    }

    #[test]
    fn a_requirements_file_is_what_pip_reads() {
        let text = "# ours\n--extra-index-url https://example.org/simple\npandas>=2,<3   # tables\n\
                    scikit-learn[alldeps] ~= 1.5 ; python_version > '3.8'\n\
                    attrs==25.1.0 \\\n    --hash=sha256:abc\nmodel @ https://example.org/m.whl#sha256=1\nsix\n";
        let wanted = read("a.txt", text);
        assert_eq!(wanted.python, None);
        assert_eq!(wanted.options, ["--extra-index-url https://example.org/simple"]);
        assert_eq!(
            wanted.requirements,
            [
                "pandas>=2,<3",
                "scikit-learn[alldeps] ~= 1.5 ; python_version > '3.8'",
                "attrs==25.1.0 --hash=sha256:abc",
                "model @ https://example.org/m.whl#sha256=1",
                "six"
            ]
        );
        assert_eq!(read("a.txt", ""), Wanted::default());
    }

    #[test]
    fn a_conda_file_is_read_as_far_as_pypi_can_provide_it() {
        let text = "name: study\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n    - pandas==2.2.3\n    - six\n";
        let wanted = read("study.yaml", text);
        assert_eq!(wanted.python.as_deref(), Some("3.11"));
        assert_eq!(wanted.requirements, ["pandas==2.2.3", "six"]);
        let python = |line: &str| read("a.yaml", &format!("dependencies: [\"{line}\"]")).python;
        assert_eq!(python("python"), None);
        assert_eq!(python("python==3.12.1").as_deref(), Some("3.12.1"));
        assert_eq!(python("conda-forge::python >=3.9, <3.12").as_deref(), Some(">=3.9,<3.12"));
    }

    #[test]
    fn what_cannot_be_had_is_said_with_its_line() {
        let problem = |name: &str, text: &str| parse(name, text).unwrap_err();
        let conda = problem("a.yaml", "dependencies:\n  - python=3.11\n  - conda-forge::cudatoolkit=11.8=h1\n");
        assert!(
            conda.starts_with("environments/a.yaml, line 3: “conda-forge::cudatoolkit=11.8=h1” is asked of conda"),
            "{conda}"
        );
        assert!(conda.contains("as “cudatoolkit==11.8”"), "{conda}");
        for (name, text, said) in [
            ("a.yaml", "dependencies:\n  - pip:\n    - '==1.0'\n", "line 3: “==1.0” names no package"),
            ("a.yaml", "variables: {A: 1}\ndependencies: []\n", "line 1: The key “variables”"),
            ("a.yaml", "- pip\n", "line 1: This is no environment"),
            ("a.yaml", "name: x\n", "There is no list of dependencies"),
            ("a.yaml", "dependencies: [python=three]\n", "“python=three” names no version"),
            ("a.yaml", "dependencies: [\n", "The YAML cannot be read"),
            ("a.txt", "six\n-r other.txt\n", "line 2: “-r” reads another file"),
            ("a.txt", "-e .\n", "“-e” installs a folder"),
            ("a.txt", "--frobnicate\n", "“--frobnicate” is not known"),
            ("a.txt", "--index-url\n", "needs a value"),
            ("a.txt", "six = 1\n", "cannot be read at “= 1”"),
            ("a.txt", "six[\n", "does not close"),
            ("a.txt", "six @ file:///tmp/six\n", "no https address"),
            ("a.txt", "../six\n", "names no package"),
        ] {
            let found = problem(name, text);
            assert!(found.contains(said), "{found}");
        }
    }
}
