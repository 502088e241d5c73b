//! The modules of a program outside of any repository: what it imports, and what else lies below its folder.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::command::{Code, code};

/// Modules that are kept of one program.
const FILES: usize = 500;
/// Bytes that are kept of one program's modules.
const BYTES: u64 = 6 << 20;
/// Files and folders that are looked at.
const ENTRIES: usize = 20_000;
/// Modules that are kept from a folder that is not the program's alone.
const SIBLINGS: usize = 50;
/// Folders below a program's that hold other people's code.
const FOREIGN: [&str; 6] = ["__pycache__", "node_modules", "site-packages", "dist-packages", "build", "dist"];

/// Where a Python program begins: the file that runs, and the folder that it imports from first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProgramStart {
    /// `None` for code on the command line, and for a module that was installed.
    pub file: Option<PathBuf>,
    pub imports_from: PathBuf,
}

impl ProgramStart {
    /// The start of the program that `arguments` name, in `folder`, where `script` is if they name one. `None` for what
    /// was typed and for notebooks.
    pub(super) fn of(
        arguments: &[String],
        folder: &Path,
        script: Option<&Path>,
        module_path: &[PathBuf],
    ) -> Option<Self> {
        match code(arguments) {
            Code::Script(_) => {
                let script = script?;
                Some(Self { file: Some(script.to_owned()), imports_from: script.parent()?.to_owned() })
            }
            Code::Module(module) if module.starts_with("ipykernel") => None,
            Code::Module(module) => {
                let elsewhere = module_path.iter().map(|path| folder.join(path));
                let mut places = std::iter::once(folder.to_owned()).chain(elsewhere);
                let found = places.find_map(|place| {
                    let place = place.canonicalize().ok()?;
                    Some((module_file(&place, module)?, place))
                });
                let in_folder = Self { file: None, imports_from: folder.to_owned() };
                Some(found.map_or(in_folder, |(file, place)| {
                    let file = Some(file);
                    // What is imported first is the folder, also where the module is found on the path.
                    let imports_from = if place.starts_with(folder) { folder.to_owned() } else { place };
                    Self { file, imports_from }
                }))
            }
            Code::Inline(_) => Some(Self { file: None, imports_from: folder.to_owned() }),
            Code::Typed => None,
        }
    }
}

impl ProgramStart {
    /// The folder whose repository has the program's code, if one has.
    pub(super) fn place(&self) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).unwrap_or(&self.imports_from).to_owned()
    }
}

/// `pkg.train` is `pkg/train.py`, or `pkg/train/__main__.py` where that is a package.
fn module_file(place: &Path, module: &str) -> Option<PathBuf> {
    let path = place.join(module.split('.').collect::<PathBuf>());
    [path.with_extension("py"), path.join("__main__.py")].into_iter().find(|file| file.is_file())
}

/// The modules of a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ProgramModules {
    /// The folder that has all of them below it.
    pub root: PathBuf,
    /// The file that runs first, then what is imported, then what lies nearest.
    pub files: Vec<PathBuf>,
    /// In a sentence, when there are more than are kept.
    pub left_out: Option<String>,
}

impl ProgramModules {
    /// Looks for the modules of a program that runs in `folder` and was told to look for modules along `module_path`.
    pub(super) fn of(start: &ProgramStart, folder: &Path, module_path: &[PathBuf]) -> Self {
        let own = &start.imports_from;
        let mut found = Collected::default();
        let (imported, used) = imported(start, &search_places(own, folder, module_path));
        start.file.iter().chain(&imported).for_each(|file| found.add(file));

        let mut root = own.clone();
        for place in used {
            root = common(&root, &place);
        }
        if is_shared(own) {
            let beside = if start.file.is_some() { modules_in(own) } else { Vec::new() };
            beside.iter().take(SIBLINGS).for_each(|file| found.add(file));
        } else {
            found.walk(own);
        }
        let left_out = (found.left_out > 0 || found.incomplete).then(|| {
            let count = if found.incomplete { "More".to_owned() } else { found.left_out.to_string() };
            format!(
                "{count} modules below {} were not kept: of one program {FILES} modules and {} MB are.",
                own.display(),
                BYTES >> 20
            )
        });
        Self { root, files: found.files, left_out }
    }
}

/// The folders that modules of one's own are looked for in, the first one first. Those that are somewhere else belong
/// to no single program.
fn search_places(own: &Path, folder: &Path, module_path: &[PathBuf]) -> Vec<PathBuf> {
    let told = module_path.iter().filter_map(|path| folder.join(path).canonicalize().ok());
    let mut places = vec![own.to_owned()];
    for place in told.chain([folder.to_owned()]) {
        let related = own.starts_with(&place) || (own.starts_with(folder) && place.starts_with(folder));
        let is_new = !places.contains(&place);
        if is_new && related && !is_shared(&common(own, &place)) {
            places.push(place);
        }
    }
    places
}

/// Whether a folder holds more than one program: the uppermost, a person's home, the one for temporary files.
fn is_shared(folder: &Path) -> bool {
    let home = directories::BaseDirs::new().and_then(|dirs| dirs.home_dir().canonicalize().ok());
    let temporary = std::env::temp_dir().canonicalize().ok();
    folder.parent().is_none() || [home, temporary].iter().flatten().any(|shared| shared == folder)
}

fn common(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(part, _)| part).collect()
}

/// The files that a program imports from these places, directly or through others, and the places that had them.
fn imported(start: &ProgramStart, places: &[PathBuf]) -> (Vec<PathBuf>, BTreeSet<PathBuf>) {
    let (mut files, mut used) = (Vec::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    let mut texts: VecDeque<String> = start.file.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    // Of a package that runs, its own files count as imported.
    let package = start.file.as_deref().and_then(|file| first_part(file, places));
    texts.extend(package.map(|name| format!("import {name}\n")));

    while let Some(text) = texts.pop_front() {
        for name in first_names(&text) {
            if !seen.insert(name.to_owned()) {
                continue;
            }
            let Some((place, found)) = places.iter().find_map(|place| Some((place, module(place, name)?))) else {
                continue;
            };
            used.insert(place.clone());
            for file in found.into_iter().take(FILES) {
                texts.extend(fs::read_to_string(&file));
                files.push(file);
            }
        }
    }
    (files, used)
}

/// The name of the package that a file belongs to, below one of these places.
fn first_part(file: &Path, places: &[PathBuf]) -> Option<String> {
    let inside = places.iter().find_map(|place| file.strip_prefix(place).ok())?;
    let mut parts = inside.components();
    let first = parts.next()?.as_os_str().to_str()?.to_owned();
    parts.next().is_some().then_some(first)
}

/// The files of a module or package of this name in a folder.
fn module(place: &Path, name: &str) -> Option<Vec<PathBuf>> {
    let file = place.join(format!("{name}.py"));
    if file.is_file() {
        return Some(vec![file]);
    }
    let package = place.join(name);
    let mut found = Collected::default();
    if package.is_dir() {
        found.walk(&package);
    }
    Some(found.files).filter(|files| !files.is_empty())
}

/// The first parts of the names that a text imports.
fn first_names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("from ") {
            names.extend(rest.split_whitespace().next());
        } else if let Some(rest) = line.strip_prefix("import ") {
            names.extend(rest.split(',').filter_map(|part| part.split_whitespace().next()));
        }
    }
    let first = names.into_iter().map(|name| name.split('.').next().unwrap_or_default());
    first.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')).collect()
}

/// Files within bounds.
#[derive(Default)]
struct Collected {
    files: Vec<PathBuf>,
    bytes: u64,
    left_out: usize,
    /// Whether not everything was looked at.
    incomplete: bool,
}

impl Collected {
    fn add(&mut self, file: &Path) {
        if self.files.iter().any(|known| known == file) {
            return;
        }
        let size = fs::metadata(file).map_or(0, |meta| meta.len());
        if self.files.len() >= FILES || self.bytes + size > BYTES {
            self.left_out += 1;
            return;
        }
        self.bytes += size;
        self.files.push(file.to_owned());
    }

    /// Adds the modules below a folder, those nearest to it first. Links lead elsewhere and are not followed.
    fn walk(&mut self, folder: &Path) {
        let mut folders = VecDeque::from([folder.to_owned()]);
        let mut looked = 0;
        while let Some(folder) = folders.pop_front() {
            modules_in(&folder).iter().for_each(|file| self.add(file));
            let mut inner = Vec::new();
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                looked += 1;
                if looked > ENTRIES {
                    self.incomplete = true;
                    return;
                }
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_foreign(&path) {
                    inner.push(path);
                }
            }
            inner.sort();
            folders.extend(inner);
        }
    }
}

/// Whether a folder is hidden, a virtual environment, or made by a tool.
fn is_foreign(folder: &Path) -> bool {
    let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.starts_with('.')
        || FOREIGN.contains(&name.as_ref())
        || [".egg-info", ".dist-info"].iter().any(|ending| name.ends_with(ending))
        || folder.join("pyvenv.cfg").is_file()
}

/// The modules that lie in a folder itself, by name.
fn modules_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_module = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "py") && path.is_file();
    let mut files: Vec<PathBuf> = entries.filter(is_module).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, root)
    }

    fn kept(root: &Path, folder: &str, line: &str, module_path: &[&str]) -> (String, Vec<String>) {
        let folder = root.join(folder);
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let script = match code(&arguments) {
            Code::Script(at) => folder.join(&arguments[at]).canonicalize().ok(),
            _ => None,
        };
        let module_path: Vec<PathBuf> = module_path.iter().map(PathBuf::from).collect();
        let start = ProgramStart::of(&arguments, &folder, script.as_deref(), &module_path).unwrap();
        let modules = ProgramModules::of(&start, &folder, &module_path);
        assert_eq!(modules.left_out, None);
        let name = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        (name(&modules.root), modules.files.iter().map(|file| name(file)).collect())
    }

    #[test]
    fn a_module_is_kept_with_everything_below_its_folder() {
        let (_folder, root) = program(&[
            ("pkg/__init__.py", ""),
            ("pkg/train.py", "from .deep.er import x\nimport importlib\nimportlib.import_module('late')\n"),
            ("pkg/deep/er.py", "x = 1\n"),
            ("late.py", ""),
            (".venv/lib/a.py", ""),
            ("env/pyvenv.cfg", ""),
            ("env/lib/b.py", ""),
            ("pkg/__pycache__/c.py", ""),
            ("data.csv", ""),
        ]);
        let all = ["pkg/train.py", "pkg/__init__.py", "pkg/deep/er.py", "late.py"].map(str::to_owned).to_vec();
        assert_eq!(kept(&root, "", "python -m pkg.train", &[]), (String::new(), all));
        let inline = kept(&root, "", "python -c import_pkg", &[]).1;
        assert_eq!(inline.len(), 4);
        assert_eq!(kept(&root, "", "python -m pytest", &[]).1.len(), 4, "it was installed, and runs what is here");
    }

    #[test]
    fn what_a_script_imports_from_beside_and_above_is_kept() {
        let (_folder, root) = program(&[
            ("scripts/train.py", "import sys\nsys.path.append('.')\nfrom lib.model import fit\nimport tools.a, b\n"),
            ("scripts/tools/a.py", "import c\n"),
            ("scripts/unused.py", ""),
            ("lib/model.py", ""),
            ("lib/inner/d.py", ""),
            ("b.py", ""),
            ("c.py", ""),
            ("other/project.py", ""),
        ]);
        let (place, mut files) = kept(&root, "", "python scripts/train.py", &[]);
        assert_eq!((place.as_str(), files[0].as_str()), ("", "scripts/train.py"));
        files.sort();
        let expected = [
            "b.py",
            "c.py",
            "lib/inner/d.py",
            "lib/model.py",
            "scripts/tools/a.py",
            "scripts/train.py",
            "scripts/unused.py",
        ];
        assert_eq!(files, expected);
        // Where nothing above is used the program's own folder is all.
        let (place, files) = kept(&root, "", "python lib/model.py", &[]);
        assert_eq!((place.as_str(), files), ("lib", vec!["lib/model.py".to_owned(), "lib/inner/d.py".to_owned()]));
    }

    #[test]
    fn modules_on_the_path_are_found() {
        let (_folder, root) = program(&[("src/pkg/train.py", ""), ("src/pkg/__main__.py", ""), ("src/util.py", "")]);
        let (place, files) = kept(&root, "", "python -m pkg", &["src"]);
        assert_eq!((place.as_str(), files[0].as_str(), files.len()), ("", "src/pkg/__main__.py", 3));
        std::fs::create_dir(root.join("run")).unwrap();
        let absolute = root.join("src");
        let (place, files) = kept(&root, "run", "python -m pkg.train", &[absolute.to_str().unwrap()]);
        assert_eq!((place.as_str(), files[0].as_str(), files.len()), ("src", "src/pkg/train.py", 3));
    }

    #[test]
    fn very_many_modules_are_kept_in_part_and_that_is_said() {
        let (_folder, root) = program(&[("train.py", "import z.last\n"), ("z/last.py", "")]);
        for number in 0..FILES + 20 {
            fs::write(root.join(format!("m{number:04}.py")), "").unwrap();
        }
        fs::write(root.join("large.py"), "#".repeat(BYTES as usize)).unwrap();
        let file = root.join("train.py");
        let start = ProgramStart { file: Some(file.clone()), imports_from: root.clone() };
        let modules = ProgramModules::of(&start, &root, &[]);
        assert_eq!(modules.files.len(), FILES);
        assert_eq!(modules.files[..2], [file, root.join("z/last.py")], "what is imported goes first");
        assert!(modules.left_out.unwrap().starts_with("23 modules below "));
    }

    #[test]
    fn what_was_typed_has_no_modules() {
        for line in ["python", "python -", "python -m ipykernel_launcher -f x.json"] {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(ProgramStart::of(&arguments, Path::new("/work"), None, &[]), None, "{line}");
        }
    }
}
