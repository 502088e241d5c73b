//! What a Python program was told to run.

use std::path::Path;

/// What an interpreter runs, by its command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code<'a> {
    /// The place of its name among the arguments.
    Script(usize),
    Module(&'a str),
    /// `-c`: the command line has it.
    Inline(&'a str),
    /// A person, or what comes through a pipe.
    Typed,
}

/// What the interpreter that was started with these arguments (itself first) runs.
pub(crate) fn code(arguments: &[String]) -> Code<'_> {
    read(arguments).0
}

/// Whether the interpreter was told to look at no variables, or to load nothing before what it runs.
pub(crate) fn is_isolated(arguments: &[String]) -> bool {
    read(arguments).1.contains(['I', 'E', 'S'])
}

/// What runs, and the letters of the options before it.
fn read(arguments: &[String]) -> (Code<'_>, String) {
    let mut options = String::new();
    let mut words = arguments.iter().map(String::as_str).enumerate().skip(1);
    while let Some((at, word)) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            return (if word == "-" { Code::Typed } else { Code::Script(at) }, options);
        };
        if let Some(long) = letters.strip_prefix('-') {
            if long == "check-hash-based-pycs" {
                words.next();
            }
            continue;
        }
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            let rest = Some(rest).filter(|rest| !rest.is_empty());
            match letter {
                'c' | 'm' => {
                    let told = rest.or_else(|| words.next().map(|(_, word)| word));
                    let code = told.map(|told| if letter == 'c' { Code::Inline(told) } else { Code::Module(told) });
                    return (code.unwrap_or(Code::Typed), options);
                }
                // These take a value.
                'W' | 'X' => {
                    if rest.is_none() {
                        words.next();
                    }
                    break;
                }
                letter => options.push(letter),
            }
        }
    }
    (Code::Typed, options)
}

/// Whether a program is a Python interpreter, by the name of its file: `python3.11`, `pypy3`, `pythonw.exe`.
pub(crate) fn is_python(program: &Path) -> bool {
    let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let version = ["pythonw", "python", "pypy"].into_iter().find_map(|kind| name.strip_prefix(kind));
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 't' | 'd')))
}

/// Whether a process does work for the one that started it, and cannot be started alone: those of `multiprocessing`,
/// `joblib`, and whatever merely was split off.
pub(crate) fn is_worker(arguments: &[String], parents: &[String]) -> bool {
    let told = match code(arguments) {
        Code::Inline(text) => text.contains("multiprocessing.") && text.contains("import"),
        Code::Module(module) => module.starts_with("joblib.externals.loky"),
        _ => false,
    };
    told || arguments == parents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_runs_is_read_as_the_interpreter_does() {
        for (line, expected) in [
            ("python train.py --depth 3 -m x", Code::Script(1)),
            ("python -u -Wignore -X dev src/train.py", Code::Script(5)),
            ("python -W error train.py", Code::Script(3)),
            ("python -m pkg.train -c x", Code::Module("pkg.train")),
            ("python -Bum pkg", Code::Module("pkg")),
            ("python -mpkg", Code::Module("pkg")),
            ("python -c pass", Code::Inline("pass")),
            ("python -Ic pass", Code::Inline("pass")),
            ("python --check-hash-based-pycs never x.py", Code::Script(3)),
            ("python -", Code::Typed),
            ("python -i", Code::Typed),
            ("python", Code::Typed),
        ] {
            assert_eq!(code(&words(line)), expected, "{line}");
        }
        assert_eq!(code(&[]), Code::Typed);
        assert!(is_isolated(&words("python -uI x.py")) && !is_isolated(&words("python -u x.py -E")));
    }

    #[test]
    fn interpreters_are_known_by_their_names() {
        for name in ["python", "python3.11", "/usr/bin/python3", "pypy3.10", "python3.13t", "pythonw.exe"] {
            assert!(is_python(Path::new(name)), "{name}");
        }
        for name in ["python_train", "python-config", "pythonista", "perl", ""] {
            assert!(!is_python(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn workers_are_told_from_programs() {
        let spawned = ["python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5)"];
        let spawned = spawned.map(str::to_owned);
        let program = words("python train.py");
        assert!(is_worker(&spawned, &program));
        assert!(is_worker(&words("python -m joblib.externals.loky.backend.popen_loky_posix"), &program));
        assert!(is_worker(&program, &program), "it was forked");
        assert!(!is_worker(&program, &words("bash")));
    }
}
