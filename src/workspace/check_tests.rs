use std::time::Duration;

use serde_json::json;

use super::*;
use crate::test_support::{change, insert_run, new_run, problems, workspace};
use crate::{Blob, NewDatasetVersion, NewModelVersion, NewRun, Output, Purge, now_ms};

const NOW: Duration = Duration::ZERO;

/// A workspace in which every kind of record refers to a blob of its own, and those blobs' digests.
fn full() -> (tempfile::TempDir, Workspace, Vec<String>) {
    let (dir, workspace) = workspace();
    let digests: Vec<String> =
        (0..8).map(|index| workspace.put_bytes(format!("blob {index}").as_bytes()).unwrap().digest).collect();
    let output = |index: usize| Output {
        port: "out".into(),
        kind: "table".into(),
        digest: Some(digests[index].clone()),
        meta: json!({}),
    };
    workspace
        .write(change(), |tx| {
            tx.add_dataset_version(&NewDatasetVersion {
                dataset: "cancer".into(),
                digest: digests[0].clone(),
                rows: 1,
                columns: 1,
                bytes: 6,
                source: json!({}),
                schema: json!([]),
                profile: json!({}),
            })?;
            let run = tx.insert_run(&NewRun {
                plan: Some(digests[1].clone()),
                diff: Some(digests[2].clone()),
                environment: Some(digests[3].clone()),
                ..new_run("heron")
            })?;
            tx.set_step_outputs(&run, "split", &[output(4)])?;
            tx.put_artifact("0/run/artifacts/notes.txt", &Blob { digest: digests[7].clone(), size: 6 })?;
            tx.remember_step("key", Some(&run), Some("split"), &[output(5)])?;
            tx.add_model_version(&NewModelVersion {
                model: "diagnosis".into(),
                digest: digests[6].clone(),
                run: Some(run),
                ..NewModelVersion::default()
            })
        })
        .unwrap();
    (dir, workspace, digests)
}

fn age(workspace: &Workspace, digest: &str) {
    workspace
        .db
        .write(|conn| Ok(conn.execute("UPDATE blobs SET created_at = 0 WHERE digest = ?1", [digest])?))
        .unwrap();
    let file = File::open(workspace.blob_path(digest).unwrap()).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
}

fn spoil(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_sound_workspace_has_no_problems_and_tells_its_progress() {
    let (_dir, workspace, digests) = full();
    let mut seen = Vec::new();
    let found = workspace
        .check(|progress| {
            seen.push(progress);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(found, []);
    assert_eq!(seen.len(), digests.len() + 1);
    let last = seen.last().unwrap();
    assert!(last.done_bytes == last.total_bytes && last.total_bytes == 8 * 6);
    assert!(seen.windows(2).all(|pair| pair[0].done_bytes <= pair[1].done_bytes));
    assert!(matches!(workspace.check(|_| ControlFlow::Break(())), Err(Error::Cancelled)));
}

#[test]
fn missing_altered_and_shortened_blobs_are_named_with_their_users() {
    let (_dir, workspace, digests) = full();
    fs::remove_file(workspace.blob_path(&digests[0]).unwrap()).unwrap();
    spoil(&workspace.blob_path(&digests[6]).unwrap(), b"blob X");
    spoil(&workspace.blob_path(&digests[4]).unwrap(), b"blo");
    let found = problems(&workspace);
    let of = |digest: &str| &found.iter().find(|problem| problem.subject == digest).unwrap().message;
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(of(&digests[0]).contains("is missing. It belongs to the dataset cancer@1."));
    assert!(
        of(&digests[6]).contains("no longer match its digest. It belongs to the model diagnosis@1 and the artifact ")
    );
    assert!(
        of(&digests[4])
            .contains("it has 3 bytes where 6 were stored. It belongs to the output “split.out” of the run heron.")
    );
    assert!(found.iter().all(|problem| problem.severity == Severity::Error));
}

#[test]
fn every_kind_of_reference_is_known_to_check_and_to_gc() {
    let (_dir, workspace, digests) = full();
    for digest in &digests {
        age(&workspace, digest);
    }
    assert_eq!(workspace.gc(NOW).unwrap().blobs, 0);
    assert_eq!(problems(&workspace), []);
    for digest in &digests {
        fs::remove_file(workspace.blob_path(digest).unwrap()).unwrap();
    }
    assert_eq!(problems(&workspace).len(), digests.len());
    // Each table and column that refers to blobs is in the schema as such; a new one must be listed.
    let columns: i64 = workspace
        .db
        .read(|conn| {
            Ok(conn.query_row(
                "SELECT count(*) FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.\"table\" = 'blobs'",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap();
    assert_eq!(columns as usize, referenced_digests().matches("SELECT").count());
}

#[test]
fn orphan_rows_and_unrecorded_files_are_found() {
    let (_dir, workspace, _) = full();
    let stray = workspace.private("blobs").join("ab").join("c".repeat(62));
    fs::create_dir_all(stray.parent().unwrap()).unwrap();
    fs::write(&stray, "x").unwrap();
    fs::write(workspace.private("tmp").join("blob-1.tmp"), "x").unwrap();
    assert_eq!(problems(&workspace), [], "they may be on their way");
    File::options().write(true).open(&stray).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let found = problems(&workspace);
    assert_eq!(found.len(), 1);
    assert!(found[0].severity == Severity::Warning && found[0].message.contains("is not recorded"));

    let connection = Connection::open(workspace.private("studio.db")).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF; UPDATE steps SET run_id = 4711 WHERE name = 'split'").unwrap();
    let found = problems(&workspace);
    assert!(found[0].message.starts_with("A record in “steps”"), "{found:?}");
    assert!(found[0].message.contains("refers to one in “runs” that is not there"), "{found:?}");
}

#[test]
fn gc_takes_what_is_old_and_unused_and_nothing_else() {
    let (_dir, workspace, digests) = full();
    let young = workspace.put_bytes(b"young").unwrap().digest;
    let old = workspace.put_bytes(b"old and unused").unwrap().digest;
    let again = workspace.put_bytes(b"old, then stored again").unwrap().digest;
    for digest in digests.iter().chain([&old, &again]) {
        age(&workspace, digest);
    }
    workspace.put_bytes(b"old, then stored again").unwrap();
    let tmp = workspace.private("tmp");
    for (name, old) in [("blob-old.tmp", true), ("blob-new.tmp", false), ("step-1.parquet", true)] {
        fs::write(tmp.join(name), "four").unwrap();
        if old {
            let file = File::options().write(true).open(tmp.join(name)).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        }
    }
    for folder in ["step", "old step"] {
        fs::create_dir(tmp.join(folder)).unwrap();
        fs::write(tmp.join(folder).join("in"), "four").unwrap();
        let file = File::options().write(true).open(tmp.join(folder).join("in")).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
    File::open(tmp.join("old step")).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let collected = workspace.gc(Workspace::GRACE).unwrap();
    assert_eq!((collected.blobs, collected.bytes, collected.temp_files), (1, 14 + 3 * 4, 3));
    assert!(!tmp.join("old step").exists());
    assert_eq!(workspace.blob(&old).unwrap(), None);
    assert!(!workspace.blob_path(&old).unwrap().exists());
    assert!(workspace.blob(&young).unwrap().is_some() && workspace.blob(&again).unwrap().is_some());
    assert!(tmp.join("blob-new.tmp").exists() && tmp.join("step").exists());
    assert_eq!(problems(&workspace), []);
    assert_eq!(workspace.gc(NOW).unwrap().blobs, 2, "without grace the young go too");
}

#[test]
fn gc_keeps_what_can_be_restored_until_it_is_purged() {
    let (_dir, workspace, digests) = full();
    let run = workspace.runs(&crate::RunFilter::default()).unwrap().runs[0].id.clone();
    workspace
        .write(change(), |tx| {
            tx.delete_dataset_version("cancer", 1)?;
            tx.delete_model("diagnosis")?;
            tx.delete_run(&run)?;
            tx.delete_model_version("diagnosis", 1)
        })
        .unwrap();
    digests.iter().for_each(|digest| age(&workspace, digest));
    assert_eq!(workspace.gc(NOW).unwrap().blobs, 0);
    let soon = Purge::DeletedBefore(now_ms() + 1);
    let told = workspace.preview_purge(&soon).unwrap();
    assert_eq!((told.runs, told.models, told.model_versions, told.dataset_versions), (1, 1, 1, 1));
    let purged = workspace.purge(&soon).unwrap();
    assert_eq!(purged, told, "what was said went");
    assert_eq!(purged.bytes, 7 * 6, "the cache of the run went with it");
    let collected = workspace.gc(NOW).unwrap();
    assert_eq!((collected.blobs, collected.left_blobs), (0, 0), "nothing was left for it");
    assert_eq!(problems(&workspace), []);
}

#[test]
fn gc_mends_the_cache_and_drops_unrecorded_files_and_old_events() {
    let (_dir, workspace, digests) = full();
    fs::remove_file(workspace.blob_path(&digests[5]).unwrap()).unwrap();
    let stray = workspace.private("blobs").join("ab").join("c".repeat(62));
    fs::create_dir_all(stray.parent().unwrap()).unwrap();
    fs::write(&stray, "x").unwrap();
    insert_run(&workspace, "later");
    workspace.db.write(|conn| Ok(conn.execute("UPDATE events SET ts = 0", [])?)).unwrap();
    let last = workspace.last_event().unwrap();
    let collected = workspace.gc(NOW).unwrap();
    assert_eq!((collected.cache_entries, collected.blobs, collected.events), (1, 2, last as u64 - 1));
    assert_eq!(workspace.last_event().unwrap(), last);
    assert!(!stray.exists());
    assert_eq!(problems(&workspace), []);
}
