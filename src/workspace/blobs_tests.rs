use proptest::prelude::*;

use super::*;
use crate::test_support::{problems, workspace};

#[test]
fn the_same_bytes_are_stored_once_by_every_way() {
    let (dir, workspace) = workspace();
    let bytes = vec![42; 700_000];
    let first = workspace.put_bytes(&bytes).unwrap();
    assert_eq!(first.digest, blake3::hash(&bytes).to_hex().to_string());
    assert_eq!(first.size, 700_000);
    let file = dir.path().join("src/data.bin");
    fs::write(&file, &bytes).unwrap();
    assert_eq!(workspace.put_file(&file).unwrap(), first);
    assert!(file.exists());
    let temp = workspace.new_temp().unwrap();
    fs::write(temp.path(), &bytes).unwrap();
    let place = temp.path().to_path_buf();
    assert_eq!(workspace.put_temp(temp).unwrap(), first);
    assert!(!place.exists());
    fs::write(&place, &bytes).unwrap();
    assert_eq!(workspace.adopt_file(&place).unwrap(), first);
    assert!(!place.exists());
    assert!(workspace.adopt_file(&file).is_err() && file.exists());
    assert_eq!(workspace.read_blob(&first.digest).unwrap(), bytes);
    assert_eq!(workspace.blob(&first.digest).unwrap(), Some(first.clone()));
    let path = workspace.blob_path(&first.digest).unwrap();
    assert!(path.ends_with(format!("blobs/{}/{}", &first.digest[..2], &first.digest[2..])));
    assert_eq!(fs::read_dir(workspace.private("tmp")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_temporary_file_goes_when_it_is_dropped() {
    let (_dir, workspace) = workspace();
    let temp = workspace.new_temp().unwrap();
    let path = temp.path().to_path_buf();
    fs::write(&path, "half").unwrap();
    drop(temp);
    assert!(!path.exists());
}

#[test]
fn a_lost_or_shortened_file_is_stored_again() {
    let (_dir, workspace) = workspace();
    let blob = workspace.put_bytes(b"precious").unwrap();
    let path = workspace.blob_path(&blob.digest).unwrap();
    fs::remove_file(&path).unwrap();
    let error = workspace.read_blob(&blob.digest).unwrap_err().to_string();
    assert!(error.contains("is missing from the workspace"), "{error}");
    workspace.put_bytes(b"precious").unwrap();
    assert_eq!(workspace.read_blob(&blob.digest).unwrap(), b"precious");
    assert!(problems(&workspace).is_empty());
}

#[test]
fn only_digests_lead_to_files() {
    let (_dir, workspace) = workspace();
    for bad in ["", "abc", "../../../../etc/passwd", &"A".repeat(64), &"é".repeat(32), &"g".repeat(64)] {
        assert!(matches!(workspace.blob_path(bad), Err(Error::Invalid(_))), "{bad}");
    }
}

#[test]
fn a_reader_that_fails_leaves_nothing() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable was pulled"))
        }
    }
    let (_dir, workspace) = workspace();
    let error = workspace.put_reader(Read::chain(&b"start"[..], Broken)).unwrap_err().to_string();
    assert!(error.contains("the cable was pulled"), "{error}");
    assert_eq!(fs::read_dir(workspace.private("tmp")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(workspace.private("blobs")).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) })]

    #[test]
    fn whatever_goes_in_comes_out(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 1..8)) {
        let (_dir, workspace) = workspace();
        let blobs: Vec<_> = contents.iter().map(|bytes| workspace.put_bytes(bytes).unwrap()).collect();
        for (bytes, blob) in contents.iter().zip(&blobs) {
            prop_assert_eq!(blob.size, bytes.len() as u64);
            prop_assert_eq!(&workspace.read_blob(&blob.digest).unwrap(), bytes);
        }
        prop_assert!(problems(&workspace).is_empty());
    }
}
