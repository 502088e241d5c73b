use data::schema::Kind;

use super::*;

struct Desk {
    home: tempfile::TempDir,
    studio: Studio,
}

impl Desk {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let studio = Studio::create(&home.path().join("W"), "W").unwrap();
        Self { home, studio }
    }

    fn file(&self, name: &str, text: &str) -> Vec<PathBuf> {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        vec![path]
    }

    fn draft(&self, files: &[PathBuf], choose: &[(&str, &str)]) -> ImportDraft {
        let choose = |choices: &mut ReadChoices| {
            for (flag, value) in choose {
                read::ReadField::find(flag).unwrap().set(choices, &[value])?;
            }
            Ok(())
        };
        self.studio.draft_next_version("t", files, choose).unwrap()
    }

    fn import(&self, files: &[PathBuf], choose: &[(&str, &str)]) -> Imported {
        let draft = self.draft(files, choose);
        self.studio.import_dataset("t", &draft, &|_| ControlFlow::Continue(())).unwrap()
    }

    fn kinds(&self) -> Vec<(String, Kind)> {
        let columns = self.studio.dataset("t").unwrap().schema.columns;
        columns.into_iter().map(|column| (column.name, column.kind)).collect()
    }

    fn temporary_files(&self) -> usize {
        std::fs::read_dir(self.studio.folder().join(".atelier/tmp")).unwrap().count()
    }
}

fn kinds(expected: &[(&str, Kind)]) -> Vec<(String, Kind)> {
    expected.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

#[test]
fn the_next_version_is_read_as_the_one_before() {
    let desk = Desk::new();
    let first = desk.file("a.csv", "zip;n\n12345;1\n23456;2\n");
    desk.import(&first, &[("type", "zip=text"), ("null", "-99")]);
    assert_eq!(desk.kinds(), kinds(&[("zip", Kind::Text), ("n", Kind::Integer)]));

    let second = desk.file("b.csv", "zip;n\n34567;3\n45678;-99\n");
    let draft = desk.draft(&second, &[]);
    assert_eq!(draft.kept_from, Some(1));
    let imported = desk.import(&second, &[]);
    assert_eq!(imported.changes, None);
    assert_eq!(desk.kinds(), kinds(&[("zip", Kind::Text), ("n", Kind::Integer)]));
    assert_eq!(desk.studio.dataset("t").unwrap().profile.get("n").unwrap().missing, 1);

    // What is said anew counts; the rest stays.
    let imported = desk.import(&second, &[("type", "zip=guess")]);
    let said = imported.changes.unwrap().sentences();
    assert_eq!(said, ["The columns differ from those of version 2.", "“zip” was a text and is now a whole number."]);
    let (version, kept) = desk.studio.kept_choices("t").unwrap().unwrap();
    assert_eq!((version, kept.null_values, kept.kinds.len()), (3, vec!["-99".to_owned()], 0));
}

#[test]
fn a_type_kept_for_a_column_that_is_gone_has_no_say_and_is_told() {
    let desk = Desk::new();
    desk.import(&desk.file("a.csv", "zip,n\n12345,1\n"), &[("type", "zip=text")]);
    let imported = desk.import(&desk.file("b.csv", "n,m\n1,2\n"), &[]);
    assert!(imported.warnings.iter().any(|warning| warning.contains("“zip”")), "{:?}", imported.warnings);
    let changes = imported.changes.unwrap();
    assert_eq!(changes.version, 1);
    assert_eq!(changes.changes.sentences(), ["“zip” is gone.", "“m” is new, a whole number."]);
    // A type asked for now, for a column that is not there, is a mistake.
    let wrong = desk.draft(&desk.file("b.csv", "n,m\n1,2\n"), &[("type", "zip=text")]);
    assert!(desk.studio.preview_import(&wrong, 5).unwrap_err().message.contains("zip"));
}

#[test]
fn what_is_staged_and_dropped_leaves_nothing() {
    let desk = Desk::new();
    desk.import(&desk.file("a.csv", "n\n1\n"), &[]);
    let before = desk.studio.datasets().unwrap();
    let files = desk.file("b.csv", "n\nx\n");
    let draft = desk.draft(&files, &[]);
    let staged = desk.studio.stage_import("t", &draft, &|_| ControlFlow::Continue(())).unwrap();
    assert!(staged.changes.is_some());
    assert_eq!(desk.temporary_files(), 1);
    drop(staged);
    assert_eq!(desk.temporary_files(), 0);
    assert_eq!(desk.studio.datasets().unwrap(), before);

    let stopped = desk.studio.stage_import("t", &draft, &|_| ControlFlow::Break(()));
    assert_eq!(stopped.unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(desk.temporary_files(), 0);
}

#[test]
fn a_form_shows_what_is_kept_until_a_person_chooses() {
    let desk = Desk::new();
    let files = desk.file("t.csv", "zip,n\n12345,1\n");
    desk.import(&files, &[("type", "zip=text")]);
    let kept = desk.studio.prepare_import(None, &files, None, 10).unwrap();
    assert_eq!((kept.draft.suggested_name.as_str(), kept.draft.kept_from), ("t", Some(1)));
    assert_eq!(kept.changes, None);
    let anew = desk.studio.prepare_import(None, &files, Some(&ReadChoices::default()), 10).unwrap();
    assert_eq!(anew.draft.kept_from, None);
    assert_eq!(anew.changes.unwrap().changes.retyped[0].name, "zip");
    // Under another name it is a first version.
    let other = desk.studio.prepare_import(Some("other"), &files, None, 10).unwrap();
    assert!(other.draft.choices.is_empty() && other.changes.is_none());
}

#[test]
fn of_a_version_by_an_older_program_the_types_are_kept() {
    let desk = Desk::new();
    let files = desk.file("a.csv", "zip,n\n12345,1\n");
    let draft = desk.draft(&files, &[("type", "zip=text")]);
    let staged = desk.studio.stage_import("t", &draft, &|_| ControlFlow::Continue(())).unwrap();
    let blob = desk.studio.workspace.put_temp(staged.file).unwrap();
    let new = NewDatasetVersion {
        dataset: "t".to_owned(),
        digest: blob.digest,
        bytes: blob.size,
        rows: 1,
        columns: 2,
        source: serde_json::json!({ "files": files, "options": draft.options, "warnings": [] }),
        schema: to_json(&staged.read.schema).unwrap(),
        profile: to_json(&staged.read.profile).unwrap(),
    };
    desk.studio.workspace.write(Change::new("dataset.imported", "t"), |tx| tx.add_dataset_version(&new)).unwrap();
    let (_, kept) = desk.studio.kept_choices("t").unwrap().unwrap();
    assert_eq!(kept.kinds.get("zip"), Some(&Kind::Text));
    assert_eq!(kept.fields().count(), 1);
}

#[test]
fn a_dataset_is_named_after_its_file() {
    let named = |path: &str| suggested_name(&[PathBuf::from(path)], Path::new(path));
    assert_eq!(named("/a/Sales 2024.csv.gz"), "sales_2024");
    assert_eq!(named("/a/v1.2.parquet"), "v1_2");
    assert_eq!(named("/a/archive.ZIP"), "archive");
    let two = [PathBuf::from("/a/b c/x.csv"), PathBuf::from("/a/b c/y.csv")];
    assert_eq!(suggested_name(&two, &two[0]), "b_c");
}
