//! What a Python program was told to run.

/// What an interpreter runs, by its command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code<'a> {
    Script(&'a str),
    Module(&'a str),
    /// `-c`: the command line has it.
    Inline,
    /// A person, or what comes through a pipe.
    Typed,
}

/// What the interpreter that was started with these arguments (itself first) runs.
pub(crate) fn code(arguments: &[String]) -> Code<'_> {
    let mut words = arguments.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            return if word == "-" { Code::Typed } else { Code::Script(word) };
        };
        if let Some(long) = letters.strip_prefix('-') {
            if long == "check-hash-based-pycs" {
                words.next();
            }
            continue;
        }
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            match letter {
                'c' => return Code::Inline,
                'm' if rest.is_empty() => return words.next().map_or(Code::Typed, Code::Module),
                'm' => return Code::Module(rest),
                // These take a value.
                'W' | 'X' => {
                    if rest.is_empty() {
                        words.next();
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    Code::Typed
}

/// Whether a file name is that of a Python interpreter.
pub(crate) fn is_python(program: &std::path::Path) -> bool {
    let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("python") || name.starts_with("pypy")
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
            ("python train.py --depth 3 -m x", Code::Script("train.py")),
            ("python -u -Wignore -X dev src/train.py", Code::Script("src/train.py")),
            ("python -W error train.py", Code::Script("train.py")),
            ("python -m pkg.train -c x", Code::Module("pkg.train")),
            ("python -Bum pkg", Code::Module("pkg")),
            ("python -mpkg", Code::Module("pkg")),
            ("python -c pass", Code::Inline),
            ("python -Ic pass", Code::Inline),
            ("python --check-hash-based-pycs never x.py", Code::Script("x.py")),
            ("python -", Code::Typed),
            ("python -i", Code::Typed),
            ("python", Code::Typed),
        ] {
            assert_eq!(code(&words(line)), expected, "{line}");
        }
        assert_eq!(code(&[]), Code::Typed);
    }
}
