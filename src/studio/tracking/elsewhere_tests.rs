use std::io::Read;

use super::*;
use crate::Studio;

const RUN: &str = "0123456789abcdef0123456789abcdef";

fn place(address: &str) -> FilePlace {
    FilePlace::of(address, RUN)
}

#[test]
fn only_the_artifacts_of_a_run_are_a_place() {
    assert_eq!(place("mlflow-artifacts:/0/r/artifacts"), FilePlace::Kept("0/r/artifacts".into()));
    let own = format!("/data/{RUN}/artifacts");
    assert_eq!(place(&own), FilePlace::Folder(own.clone().into()));
    assert_eq!(place(&format!("file://{own}/")), FilePlace::Folder(own.clone().into()));
    assert_eq!(
        place(&format!("file:/a%20b/{RUN}/artifacts")),
        FilePlace::Folder(format!("/a b/{RUN}/artifacts").into())
    );
    let bucket = FilePlace::Bucket { name: "b".into(), prefix: format!("p/{RUN}/artifacts") };
    assert_eq!(place(&format!("s3://b/p/{RUN}/artifacts?versionId=1")), bucket);
    for elsewhere in [
        "/etc".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("/etc/{RUN}"),
        format!("/etc/{RUN}/artifacts/../.."),
        format!("relative/{RUN}/artifacts"),
        format!("file:relative/{RUN}/artifacts"),
        format!("s3://BAD HOST/{RUN}/artifacts"),
        format!("s3://evil.com:80/{RUN}/artifacts"),
        format!("gs://bucket/{RUN}/artifacts"),
        format!("http://host/{RUN}/artifacts"),
        format!("mlflow-artifacts://host/{RUN}/artifacts"),
        "s3://bucket/ffffffffffffffffffffffffffffffff/artifacts".to_owned(),
    ] {
        assert!(matches!(place(&elsewhere), FilePlace::Unreachable(_)), "{elsewhere} was a place");
    }
    assert!(matches!(FilePlace::of("/artifacts", ""), FilePlace::Unreachable(_)), "of nobody");
}

fn studio() -> (tempfile::TempDir, Studio) {
    let dir = tempfile::tempdir().unwrap();
    let studio = Studio::create(&dir.path().join("w"), "Test").unwrap();
    (dir, studio)
}

fn names(entries: Vec<ArtifactEntry>) -> Vec<(String, Option<u64>)> {
    entries.into_iter().map(|entry| (entry.name, entry.size)).collect()
}

#[test]
fn a_folder_is_listed_and_read() {
    let (dir, studio) = studio();
    let root = dir.path().join(RUN).join("artifacts");
    fs::create_dir_all(root.join("plots")).unwrap();
    fs::write(root.join("plots/a.txt"), "hello").unwrap();
    fs::write(root.join("b.bin"), "xy").unwrap();
    let store = studio.tracking();
    let place = place(&format!("file://{}", root.display()));
    let listed = names(store.files_in(&place, "").unwrap());
    assert_eq!(listed, [("b.bin".to_owned(), Some(2)), ("plots".to_owned(), None)]);
    assert_eq!(names(store.files_in(&place, "plots").unwrap()), [("a.txt".to_owned(), Some(5))]);
    assert_eq!(names(store.files_in(&place, "none").unwrap()), []);
    let (artifact, mut file) = store.open_file(&place, "plots/a.txt").unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!((artifact.blob.size, text.as_str()), (5, "hello"));
    assert!(store.open_file(&place, "plots").is_err(), "a folder");
    assert!(store.open_file(&place, "none").is_err() && store.open_file(&place, "../../w").is_err());
}

/// A folder that somebody made of links reads nothing that lies outside of it.
#[test]
#[cfg(unix)]
fn links_lead_nowhere() {
    use std::os::unix::fs::symlink;
    let (dir, studio) = studio();
    let root = dir.path().join(RUN).join("artifacts");
    fs::create_dir_all(&root).unwrap();
    fs::create_dir(dir.path().join("secret")).unwrap();
    fs::write(dir.path().join("secret/key"), "s3cret").unwrap();
    fs::write(root.join("own"), "x").unwrap();
    symlink(dir.path().join("secret"), root.join("folder")).unwrap();
    symlink(dir.path().join("secret/key"), root.join("file")).unwrap();
    symlink(root.join("own"), root.join("inside")).unwrap();
    let store = studio.tracking();
    let inside = place(&root.display().to_string());
    let listed = names(store.files_in(&inside, "").unwrap());
    assert_eq!(listed, [("inside".to_owned(), Some(1)), ("own".to_owned(), Some(1))]);
    for path in ["file", "folder/key", "folder", "../../secret/key"] {
        assert!(store.open_file(&inside, path).is_err(), "{path} was read");
    }
    assert!(store.files_in(&inside, "folder").unwrap().is_empty());

    let other = dir.path().join("other").join(RUN);
    fs::create_dir_all(&other).unwrap();
    symlink(dir.path().join("secret"), other.join("artifacts")).unwrap();
    let linked = place(&other.join("artifacts").display().to_string());
    assert!(store.files_in(&linked, "").unwrap().is_empty() && store.open_file(&linked, "key").is_err());
}

#[test]
fn without_credentials_no_bucket_is_asked() {
    if knows_buckets() {
        return;
    }
    let (_dir, studio) = studio();
    let place = place(&format!("s3://bucket/{RUN}/artifacts"));
    let said = studio.tracking().files_in(&place, "").unwrap_err().to_string();
    assert!(said.contains("no credentials"), "{said}");
}
