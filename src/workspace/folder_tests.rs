use std::collections::BTreeMap;

use super::*;
use crate::test_support::{change, problems, workspace};

/// Every file below a folder with its bytes.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { drop(files.insert(path.clone(), fs::read(path).unwrap())) }
        }
    }
    files
}

/// Mounts a small memory disk, where that is allowed; it goes with the value.
#[cfg(target_os = "linux")]
struct Disk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl Disk {
    fn new(options: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(dir.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: this user may not mount a memory disk");
        }
        mounted.then_some(Self(dir))
    }

    fn remount(&self, options: &str) {
        let status = std::process::Command::new("mount").args(["-o", options]).arg(self.0.path()).status().unwrap();
        assert!(status.success());
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_new_workspace_has_its_folders_and_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/er/work");
    let workspace = Workspace::create(&folder, "  My work ").unwrap();
    assert_eq!(workspace.manifest().unwrap().name, "My work");
    for name in [
        "pipelines",
        "environments",
        "src",
        ".atelier/blobs",
        ".atelier/cache",
        ".atelier/logs",
        ".atelier/drafts",
        ".atelier/tmp",
    ] {
        assert!(folder.join(name).is_dir(), "{name}");
    }
    assert!(fs::read_to_string(folder.join(".gitignore")).unwrap().lines().any(|line| line == ".atelier/"));
    assert!(!workspace.is_read_only());
    assert!(problems(&workspace).is_empty());
    drop(workspace);
    Workspace::open(&folder).unwrap();
    let error = Workspace::create(&folder, "Again").unwrap_err().to_string();
    assert!(error.starts_with("This folder is already a workspace."), "{error}");
}

#[test]
fn the_nearest_workspace_upwards_is_found() {
    let (dir, _workspace) = workspace();
    let deep = dir.path().join("src/a/b");
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(Workspace::find(&deep).unwrap(), dir.path());
    assert_eq!(Workspace::find(dir.path()).unwrap(), dir.path());
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(Workspace::find(elsewhere.path()), None);
}

#[test]
fn a_folder_with_other_things_is_refused_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.doc"), "x").unwrap();
    let error = Workspace::create(dir.path(), "W").unwrap_err().to_string();
    assert!(error.contains("this folder holds “thesis.doc”"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    let file = dir.path().join("thesis.doc");
    assert!(matches!(Workspace::create(&file, "W"), Err(Error::Io { .. })));
    assert!(matches!(Workspace::create(file.join("below"), "W"), Err(Error::Io { .. })));
    assert!(matches!(Workspace::open(dir.path()), Err(Error::NotAWorkspace { .. })));
    assert!(matches!(Workspace::open(&file), Err(Error::NotAWorkspace { .. })));
    assert!(matches!(Workspace::create(dir.path().join("w"), " "), Err(Error::Invalid(_))));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_git_repository_is_taken_with_its_ignore_list() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    fs::write(dir.path().join("README.md"), "mine").unwrap();
    fs::write(dir.path().join(".gitignore"), "*.pyc").unwrap();
    Workspace::create(dir.path(), "W").unwrap();
    assert_eq!(fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "*.pyc\n.atelier/\n.atelier-*.tmp\n");
    assert_eq!(fs::read_to_string(dir.path().join("README.md")).unwrap(), "mine");
}

#[test]
fn an_interrupted_creation_can_be_repeated() {
    let (dir, workspace) = workspace();
    drop(workspace);
    fs::remove_file(dir.path().join(MANIFEST)).unwrap();
    Workspace::create(dir.path(), "Again").unwrap();
    // Killed before the database had a table.
    fs::remove_file(dir.path().join(MANIFEST)).unwrap();
    fs::write(dir.path().join(".atelier/studio.db"), "").unwrap();
    let workspace = Workspace::create(dir.path(), "Again").unwrap();
    assert!(problems(&workspace).is_empty());
}

#[test]
fn a_failed_creation_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // A file stands where a folder has to be.
    fs::create_dir(dir.path().join(".git")).unwrap();
    fs::write(dir.path().join(".gitignore"), "mine\n").unwrap();
    fs::write(dir.path().join("src"), "a file").unwrap();
    let before = snapshot(dir.path());
    let error = Workspace::create(dir.path(), "W").unwrap_err().to_string();
    assert!(error.starts_with("Could not make the folder"), "{error}");
    assert_eq!(snapshot(dir.path()), before);
    assert!(!dir.path().join("pipelines").exists());
    assert!(!dir.path().join(".atelier").exists());
}

#[test]
fn a_clone_without_the_private_folder_opens_empty() {
    let (dir, workspace) = workspace();
    workspace.put_bytes(b"x").unwrap();
    drop(workspace);
    fs::remove_dir_all(dir.path().join(".atelier")).unwrap();
    let workspace = Workspace::open(dir.path()).unwrap();
    assert_eq!(workspace.runs(&crate::RunFilter::default()).unwrap().total, 0);
}

#[test]
fn a_newer_workspace_is_refused_untouched() {
    let (dir, workspace) = workspace();
    workspace.write(change(), |_| Ok(())).unwrap();
    drop(workspace);
    let database = dir.path().join(".atelier/studio.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let before = snapshot(dir.path());
    let error = Workspace::open(dir.path()).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().starts_with("This workspace was made by a newer Atelier"), "{error}");
    assert_eq!(snapshot(dir.path()), before);

    let manifest = dir.path().join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap().replace("format = 1", "format = 2");
    fs::write(&manifest, text).unwrap();
    let before = snapshot(dir.path());
    assert!(matches!(Workspace::open(dir.path()), Err(Error::Newer { what: "format", found: 2, .. })));
    assert_eq!(snapshot(dir.path()), before);
}

#[test]
fn a_newer_version_still_in_the_log_is_seen() {
    let (dir, workspace) = workspace();
    drop(workspace);
    let database = dir.path().join(".atelier/studio.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    // The connection stays open, so the log is not folded into the file.
    assert!(matches!(Workspace::open(dir.path()), Err(Error::Newer { found: 99, .. })));
}

#[test]
fn a_damaged_database_is_said_and_kept() {
    let (dir, workspace) = workspace();
    drop(workspace);
    let database = dir.path().join(".atelier/studio.db");
    fs::write(&database, "these are not the rows you are looking for").unwrap();
    let error = Workspace::open(dir.path()).unwrap_err().to_string();
    assert!(error.starts_with("The workspace's database is damaged: it is not a SQLite file."), "{error}");
    assert!(fs::read_to_string(&database).unwrap().starts_with("these"));
    fs::remove_file(&database).unwrap();
    fs::create_dir_all(dir.path().join(".atelier/blobs/ab")).unwrap();
    let error = Workspace::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("it is missing or empty"), "{error}");

    let (dir, workspace) = self::workspace();
    for _ in 0..300 {
        workspace.write(change().with("text", "x".repeat(200)), |_| Ok(())).unwrap();
    }
    drop(workspace);
    let database = dir.path().join(".atelier/studio.db");
    let mut bytes = fs::read(&database).unwrap();
    // The newest pages: rows, and not the schema without which nothing opens.
    let start = bytes.len() - 4 * 4096;
    bytes[start..].fill(0x5a);
    fs::write(&database, bytes).unwrap();
    let workspace = Workspace::open(dir.path()).unwrap();
    let found = problems(&workspace);
    assert!(
        found.iter().all(|problem| problem.message.starts_with("The workspace's database is damaged")),
        "{found:?}"
    );
    assert!(!found.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_opens_for_reading() {
    let Some(disk) = Disk::new("size=8m") else {
        return;
    };
    let folder = disk.0.path().join("w");
    let workspace = Workspace::create(&folder, "W").unwrap();
    let blob = workspace.put_bytes(b"kept").unwrap();
    let run = crate::test_support::insert_run(&workspace, "kept");
    drop(workspace);
    disk.remount("remount,ro");
    let workspace = Workspace::open(&folder).unwrap();
    assert!(workspace.is_read_only());
    assert_eq!(workspace.run(&run).unwrap().run.name, "kept");
    assert_eq!(workspace.read_blob(&blob.digest).unwrap(), b"kept");
    assert!(problems(&workspace).is_empty());
    for error in [
        workspace.write(change(), |_| Ok(())).unwrap_err(),
        workspace.put_bytes(b"new").unwrap_err(),
        workspace.save_draft("a", "b").unwrap_err(),
        workspace.set_setting("a", &1.into()).unwrap_err(),
        workspace.gc(Workspace::GRACE).unwrap_err(),
        workspace.heartbeat(&run, 1).unwrap_err(),
        workspace.change_manifest(Some("x"), &[]).unwrap_err(),
        crate::write_atomically(&folder.join("pipelines/a.yaml"), b"x").unwrap_err(),
        Workspace::create(disk.0.path().join("other"), "W").unwrap_err(),
    ] {
        assert!(error.to_string().starts_with("The workspace can be read but not changed here."), "{error}");
    }
}

/// A crash leaves rows in the write-ahead log; a read-only disk cannot fold them in.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_shows_what_only_the_log_holds() {
    let Some(disk) = Disk::new("size=16m") else {
        return;
    };
    let folder = disk.0.path().join("w");
    let workspace = Workspace::create(&folder, "W").unwrap();
    let copy = disk.0.path().join("copy");
    let run = crate::test_support::insert_run(&workspace, "logged");
    fs::create_dir_all(copy.join(".atelier")).unwrap();
    for name in [MANIFEST, ".atelier/studio.db", ".atelier/studio.db-wal"] {
        fs::copy(folder.join(name), copy.join(name)).unwrap();
    }
    drop(workspace);
    disk.remount("remount,ro");
    let workspace = Workspace::open(&copy).unwrap();
    assert_eq!(workspace.run(&run).unwrap().run.name, "logged");
    assert!(workspace.is_read_only());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_nothing_half_written_stays() {
    let Some(disk) = Disk::new("size=6m") else {
        return;
    };
    let folder = disk.0.path().join("w");
    let workspace = Workspace::create(&folder, "W").unwrap();
    let kept = workspace.put_bytes(b"kept").unwrap();
    let error = workspace.put_bytes(&vec![7; 8 << 20]).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert!(error.to_string().starts_with("The disk is full"), "{error}");
    assert_eq!(fs::read_dir(folder.join(".atelier/tmp")).unwrap().count(), 0);
    let error = crate::write_atomically(&folder.join("pipelines/a.yaml"), &vec![7; 8 << 20]).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.join("pipelines")).unwrap().count(), 0);

    let text = "x".repeat(64 << 10);
    let mut acknowledged = 0;
    let error = loop {
        match workspace.write(change().with("text", text.as_str()), |_| Ok(())) {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert_eq!(workspace.audit(None, None, 1000).unwrap().len(), acknowledged);
    assert_eq!(workspace.read_blob(&kept.digest).unwrap(), b"kept");
    assert!(problems(&workspace).is_empty());
    disk.remount("remount,size=16m");
    workspace.write(change(), |_| Ok(())).unwrap();
}

#[test]
fn two_creations_at_once_make_one_workspace() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let made: Vec<bool> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| Workspace::create(dir.path(), "W").is_ok())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.contains(&true));
        assert!(problems(&Workspace::open(dir.path()).unwrap()).is_empty());
    }
}
