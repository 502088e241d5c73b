use super::*;
use crate::test_support::{change, insert_run, problems, workspace};
use crate::{RunFilter, Workspace};

/// A dump of a workspace's database as each past version wrote it.
const PAST: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001_dump.sql")),
    (2, include_str!("migrations/0002_dump.sql")),
    (3, include_str!("migrations/0003_dump.sql")),
    (4, include_str!("migrations/0004_dump.sql")),
];

#[test]
fn every_past_version_opens_with_what_it_held() {
    assert_eq!(PAST.len(), MIGRATIONS.len(), "add a dump of the newest schema beside its migration");
    for (version, dump) in PAST {
        let (dir, workspace) = workspace();
        drop(workspace);
        let path = dir.path().join(".atelier/studio.db");
        std::fs::remove_file(&path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(dump).unwrap();
        assert_eq!(user_version(&connection).unwrap(), *version);
        drop(connection);
        let workspace = Workspace::open(dir.path()).unwrap();
        let page = workspace.runs(&RunFilter::default()).unwrap();
        assert_eq!(page.runs[0].name, "brisk-heron");
        assert_eq!(page.runs[0].metrics["auc"], 0.981);
        let detail = workspace.run(&page.runs[0].id).unwrap();
        assert_eq!(detail.steps[1].outputs[0].port, "model");
        assert_eq!(workspace.dataset_version("churn", None).unwrap().version, 2);
        assert_eq!(workspace.model_version("churn-model", Some(1)).unwrap().run, Some(page.runs[0].id.clone()));
        let version = workspace.registered_version("churn-model", 1).unwrap();
        let logged = version.source.strip_prefix("models:/").expect("a version names the logged model that it is");
        let location = workspace.logged_model(logged, false).unwrap().artifact_location;
        assert_eq!(version.storage_location.as_deref(), Some(location.as_str()));
        let file = format!("{}/model.atelier", location.strip_prefix("mlflow-artifacts:/").unwrap());
        assert_eq!(workspace.artifact(&file).unwrap().blob.digest, version.digest.unwrap());
        let tags = workspace.tracked_run(&page.runs[0].id).unwrap().tags;
        assert!(tags.contains(&("mlflow.user".into(), "ada".into())), "{tags:?}");
        assert!(workspace.last_event().unwrap() > 0);
        insert_run(&workspace, "new");
        let missing = problems(&workspace);
        assert!(
            missing.iter().all(|p| p.message.contains("is missing")),
            "only the blobs are not in a dump: {missing:?}"
        );
    }
}

/// What an older schema made and a newer one has by its migrations must be the same.
#[test]
fn a_dump_and_the_migrations_agree_on_the_schema() {
    let schema = |connection: &Connection| -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    };
    let fresh = Connection::open_in_memory().unwrap();
    migrate(&fresh, MIGRATIONS).unwrap();
    for (_, dump) in PAST {
        let past = Connection::open_in_memory().unwrap();
        past.execute_batch(dump).unwrap();
        migrate(&past, MIGRATIONS).unwrap();
        assert_eq!(schema(&past), schema(&fresh));
    }
}

/// An empty source sends MLflow's client into the folder it is in.
#[test]
fn no_version_has_an_empty_source() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(include_str!("migrations/0002_dump.sql")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO model_versions (model_id, version, created_at, created_by, description, tags, metrics, datasets,
                 details, source, storage_location)
             SELECT id, 8, 1, '', '', '{}', '{}', '[]', '{}', 'models:/churn-model/1', '' FROM models
             UNION ALL SELECT id, 9, 1, '', '', '{}', '{}', '[]', '{}', '', NULL FROM models",
        )
        .unwrap();
    migrate(&connection, MIGRATIONS).unwrap();
    let mut found = connection
        .prepare("SELECT m.name, v.version, v.source, v.storage_location FROM model_versions v JOIN models m ON m.id = v.model_id")
        .unwrap();
    let rows: Vec<(String, u32, String, Option<String>)> = found
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .map(|row| row.unwrap())
        .collect();
    assert!(rows.len() > 5);
    let original = rows.iter().find(|row| row.0 == "churn-model" && row.1 == 1).unwrap();
    for (name, version, source, location) in &rows {
        match version {
            8 => assert_eq!(location, &original.3, "a copy lies where its original does"),
            9 => assert_eq!(source, &format!("unknown:/{name}/9")),
            _ => assert!(!source.is_empty()),
        }
    }
    let emptied = connection.execute("UPDATE model_versions SET source = ''", []).unwrap_err().to_string();
    assert!(emptied.contains("a model version needs a source"), "{emptied}");
}

#[test]
fn migrations_apply_once_in_order_and_whole() {
    let connection = Connection::open_in_memory().unwrap();
    let first = ["CREATE TABLE a (x)"];
    migrate(&connection, &first).unwrap();
    migrate(&connection, &first).unwrap();
    assert_eq!(user_version(&connection).unwrap(), 1);
    let broken = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x);"];
    assert!(migrate(&connection, &broken).is_err());
    assert_eq!(user_version(&connection).unwrap(), 1);
    assert!(connection.prepare("SELECT * FROM b").is_err(), "half of a migration was kept");
    let mended = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y", "INSERT INTO a VALUES (1, 2)"];
    migrate(&connection, &mended).unwrap();
    assert_eq!(user_version(&connection).unwrap(), 3);
}

#[test]
fn a_failed_write_leaves_nothing_and_no_trace() {
    let (_dir, workspace) = workspace();
    let result = workspace.write(change(), |tx| {
        tx.insert_run(&crate::test_support::new_run("lost"))?;
        Err::<(), _>(Error::Invalid("Changed my mind.".into()))
    });
    assert_eq!(result.unwrap_err().to_string(), "Changed my mind.");
    assert_eq!(workspace.runs(&RunFilter::default()).unwrap().total, 0);
    assert_eq!(workspace.last_event().unwrap(), 0);
    assert!(workspace.audit(None, None, 10).unwrap().is_empty());
}

#[test]
fn a_write_inside_a_write_is_refused_and_does_not_hang() {
    let (_dir, workspace) = workspace();
    let result = workspace.write(change(), |_| workspace.put_bytes(b"x"));
    assert!(matches!(result, Err(Error::Invalid(_))));
    workspace.write(change(), |_| Ok(())).unwrap();
}

#[test]
fn each_change_is_one_event_and_one_audit_entry_and_each_batch_one_event() {
    let (_dir, workspace) = workspace();
    let run = workspace
        .write(crate::Change::new("run.created", "").with("why", "test"), |tx| {
            let run = tx.insert_run(&crate::test_support::new_run("a"))?;
            tx.set_subject(&run);
            tx.note("steps", 2);
            Ok(run)
        })
        .unwrap();
    workspace.batch("run.progress", &run, |batch| batch.set_tags(&run, &[("a".into(), "b".into())])).unwrap();
    let events = workspace.events_since(0, 10).unwrap();
    let seen: Vec<_> = events.iter().map(|event| (event.kind.as_str(), event.subject.as_str())).collect();
    assert_eq!(seen, [("run.created", run.as_str()), ("run.progress", run.as_str())]);
    let audit = workspace.audit(Some(&run), None, 10).unwrap();
    assert_eq!(audit.len(), 1);
    assert_eq!(serde_json::to_string(&audit[0].details).unwrap(), r#"{"why":"test","steps":2}"#);
    assert_eq!(audit[0].details, events[0].payload);
    assert!(!audit[0].who.is_empty());
    assert_eq!(workspace.events_since(events[0].seq, 10).unwrap(), events[1..]);
    assert!(workspace.audit(None, Some(audit[0].seq), 10).unwrap().is_empty());
}

/// Two windows and many threads: nobody is told "locked", nothing is lost, and everyone sees the same
/// order.
#[test]
fn many_writers_in_two_workspaces_lose_nothing() {
    let (dir, first) = workspace();
    let second = Workspace::open(dir.path()).unwrap();
    let each = 25;
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let workspace = if thread % 2 == 0 { &first } else { &second };
            scope.spawn(move || {
                for index in 0..each {
                    let blob = workspace.put_bytes(format!("{thread} {index}").as_bytes()).unwrap();
                    workspace
                        .write(crate::Change::new("test", format!("{thread}")).with("index", index), |tx| {
                            tx.remember_step(&blob.digest, None, None, &[])
                        })
                        .unwrap();
                    workspace.events_since(0, 5).unwrap();
                }
            });
        }
    });
    let events = first.events_since(0, 1000).unwrap();
    assert_eq!(events, second.events_since(0, 1000).unwrap());
    assert_eq!(events.len(), 6 * each);
    assert!(events.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    for thread in 0..6 {
        let own: Vec<_> = events.iter().filter(|event| event.subject == thread.to_string()).collect();
        assert!(own.iter().enumerate().all(|(index, event)| event.payload["index"] == index), "out of order");
    }
    assert!(problems(&second).is_empty());
}

#[test]
fn a_reader_sees_one_moment() {
    let (_dir, workspace) = workspace();
    let before = workspace.last_event().unwrap();
    workspace
        .db
        .read(|conn| {
            let count = || -> i64 { conn.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap() };
            let first = count();
            workspace.write(change(), |_| Ok(())).unwrap();
            assert_eq!(count(), first);
            Ok(())
        })
        .unwrap();
    assert_eq!(workspace.last_event().unwrap(), before + 1);
}

#[test]
fn paths_stay_paths_in_an_address() {
    assert_eq!(immutable_uri(Path::new("/a b/50%?#.db")), "file:/a b/50%25%3f%23.db?immutable=1");
}

/// Writes the dump that [`PAST`] wants after a new migration. Needs the `sqlite3` command; run it with
/// `cargo test -p workspace -- --ignored write_a_dump`, and never write over an old one.
#[test]
#[ignore = "makes a fixture"]
fn write_a_dump_of_the_newest_schema() {
    use crate::{
        MetricPoint, NewDatasetVersion, NewLogLine, NewModelVersion, NewRun, Output, RunInput, RunStatus, Stream,
    };
    use serde_json::json;

    let file = format!("{}/migrations/{:04}_dump.sql", env!("CARGO_MANIFEST_DIR"), MIGRATIONS.len());
    assert!(std::fs::metadata(&file).is_ok_and(|meta| meta.len() == 0), "{file} must be there and empty");
    let (_dir, workspace) = workspace();
    // First, so that the newest run stays the one that every dump is asked for.
    log_through_the_protocol(&workspace);
    let digest = workspace.put_bytes(b"bytes").unwrap().digest;
    let table = NewDatasetVersion {
        dataset: "churn".into(),
        digest: digest.clone(),
        rows: 569,
        columns: 31,
        bytes: 5,
        source: json!({"files": ["churn.csv"]}),
        schema: json!([{"name": "age", "type": "i64"}]),
        profile: json!({"age": {"mean": 40.5}}),
    };
    let output =
        Output { port: "model".into(), kind: "model".into(), digest: Some(digest.clone()), meta: json!({"trees": 3}) };
    let new = NewRun {
        experiment: "Churn".into(),
        user: Some("ada".into()),
        plan: Some(digest.clone()),
        params: vec![("depth".into(), "6".into())],
        tags: vec![("team".into(), "red".into())],
        inputs: vec![RunInput {
            step: "split".into(),
            port: "in".into(),
            dataset: "churn".into(),
            version: 2,
            digest: digest.clone(),
        }],
        ..crate::test_support::new_run("brisk-heron")
    };
    let metric = |step, value| MetricPoint { key: "auc".into(), value, timestamp_ms: step, step };
    workspace
        .write(crate::Change::new("run.finished", "churn"), |tx| {
            tx.add_dataset_version(&table)?;
            tx.add_dataset_version(&table)?;
            let run = tx.insert_run(&new)?;
            tx.log_metrics(&run, &[metric(1, f64::NAN), metric(2, 0.981)])?;
            tx.set_step_outputs(&run, "train", std::slice::from_ref(&output))?;
            tx.remember_step("key", Some(&run), Some("train"), std::slice::from_ref(&output))?;
            tx.log_lines(
                &run,
                &[NewLogLine {
                    step: Some("train".into()),
                    timestamp_ms: 1,
                    stream: Stream::Info,
                    text: "Fitted".into(),
                }],
            )?;
            tx.finish_run(&run, RunStatus::Done, None)?;
            let model =
                NewModelVersion { model: "churn-model".into(), digest, run: Some(run), ..NewModelVersion::default() };
            tx.add_model_version(&model)
        })
        .unwrap();
    workspace.set_setting("layout", &json!({"rail": 56})).unwrap();
    let output =
        std::process::Command::new("sqlite3").arg(workspace.private("studio.db")).arg(".dump").output().unwrap();
    let dump = String::from_utf8(output.stdout).unwrap();
    let version = MIGRATIONS.len();
    std::fs::write(
        file,
        format!("{dump}PRAGMA user_version = {version};\nPRAGMA application_id = {APPLICATION_ID};\n"),
    )
    .unwrap();
}

/// What a client of the tracking protocol leaves in each of its tables.
fn log_through_the_protocol(workspace: &Workspace) {
    use crate::tracking::{
        DatasetInput, LogBatch, LoggedDataset, ModelMetric, ModelOutput, NewLoggedModel, NewRegisteredVersion,
        NewTrackedRun,
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let point = crate::MetricPoint { key: "rmse".into(), value: 1.5, timestamp_ms: 2, step: 1 };
    let notes = workspace.put_bytes(b"bytes").unwrap();
    workspace
        .write(change(), |tx| {
            let run = NewTrackedRun { experiment: 0, name: "logged".into(), start_ms: 1, ..NewTrackedRun::default() };
            let run = tx.create_tracked_run(&run)?;
            tx.put_artifact(&format!("0/{run}/artifacts/notes.txt"), &notes)?;
            let model = tx.create_logged_model(&NewLoggedModel {
                name: "clf".into(),
                source_run: Some(run.clone()),
                params: vec![pair("depth", "6")],
                tags: vec![pair("a", "b")],
                ..NewLoggedModel::default()
            })?;
            tx.log_batch(
                &run,
                &LogBatch {
                    metrics: vec![point.clone()],
                    model_metrics: vec![ModelMetric {
                        model_id: model.clone(),
                        point: point.clone(),
                        dataset_name: None,
                        dataset_digest: None,
                    }],
                    ..LogBatch::default()
                },
            )?;
            let dataset = LoggedDataset { name: "d".into(), digest: "1".into(), ..LoggedDataset::default() };
            tx.log_inputs(&run, &[DatasetInput { dataset, tags: vec![pair("mlflow.data.context", "eval")] }], &[])?;
            tx.log_outputs(&run, &[ModelOutput { model_id: model, step: 0 }])?;
            tx.set_experiment_tag(0, "a", "b")?;
            tx.create_registered_model("registered", "", &[])?;
            tx.create_registered_version(&NewRegisteredVersion {
                model: "registered".into(),
                source: "runs:/x/model".into(),
                run: Some(run),
                ..NewRegisteredVersion::default()
            })?;
            tx.set_model_alias("registered", "champion", Some(1))
        })
        .unwrap();
}
