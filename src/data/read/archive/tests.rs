use std::io::Write;

use super::*;

/// A ZIP archive, with files packed by deflate.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, Arc::default())?.read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    Ok(bytes)
}

fn written(folder: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn every_packing_is_recognized_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"id,x\n1,a\n".repeat(1_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&text).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&text).unwrap();
    let packed = [
        gzip.finish().unwrap(),
        bzip2.finish().unwrap(),
        xz.finish().unwrap(),
        zstd::encode_all(text.as_slice(), 1).unwrap(),
        zipped(&[("t.csv", &text)]),
        text.clone(),
    ];
    for (number, content) in packed.iter().enumerate() {
        let path = written(&folder, "t.dat", content);
        assert_eq!(read(&path).unwrap(), text, "packing {number}");
        // Two streams one behind the other are one file.
        if (0..4).contains(&number) {
            let twice = written(&folder, "twice.dat", &[content.as_slice(), content].concat());
            assert_eq!(read(&twice).unwrap().len(), 2 * text.len(), "packing {number}");
        }
        if number < 5 {
            let cut = written(&folder, "cut.dat", &content[..content.len() / 2]);
            let error = read(&cut).unwrap_err().to_string();
            assert!(error.contains("cut off") || error.contains("damaged"), "packing {number}: {error}");
        }
    }
}

#[test]
fn files_of_an_archive_are_chosen_or_all_of_one_format() {
    let folder = tempfile::tempdir().unwrap();
    let files: [(&str, &[u8]); 4] =
        [("in/b.csv", b"x\n2\n"), ("in/a.csv", b"x\n1\n"), ("README.md", b"hello"), ("__MACOSX/a.csv", b"?")];
    let path = written(&folder, "t.zip", &zipped(&files));
    let all = members(&path, None).unwrap();
    assert_eq!(all, [path.join("in/a.csv"), path.join("in/b.csv")]);
    assert_eq!(read(&all[1]).unwrap(), b"x\n2\n");
    assert_eq!(members(&path, Some("b.csv")).unwrap(), [path.join("in/b.csv")]);
    assert!(members(&path, Some("c.csv")).unwrap_err().to_string().contains("“in/a.csv”"));
    assert!(size_on_disk(&all[0]).unwrap() > 0);

    let mixed = written(&folder, "m.zip", &zipped(&[("a.csv", b"x\n1\n"), ("b.jsonl", b"{}")]));
    let error = members(&mixed, None).unwrap_err().to_string();
    assert!(error.contains("several formats") && error.contains("“b.jsonl”"), "{error}");
}

#[test]
fn archives_of_nothing_damaged_ones_and_ones_that_lead_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let empty = written(&folder, "e.zip", &zipped(&[]));
    assert!(members(&empty, None).unwrap_err().to_string().contains("holds no files"));
    let outside = written(&folder, "o.zip", &zipped(&[("../../etc/passwd", b"x")]));
    assert!(members(&outside, None).unwrap_err().to_string().contains("leads out of it"));

    let mut damaged = zipped(&[("t.csv", &b"id,x\n1,a\n".repeat(500))]);
    damaged[60] ^= 0xff;
    let path = written(&folder, "d.zip", &damaged);
    assert!(read(&path).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn a_bomb_is_read_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = zipped(&[("t.csv", &vec![b'1'; 200 << 20])]);
    assert!(bomb.len() < 1 << 20);
    let path = written(&folder, "b.zip", &bomb);
    let mut source = open(&path, Arc::default()).unwrap();
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..100 {
        source.read_exact(&mut buffer).unwrap();
    }
    assert!(buffer.iter().all(|byte| *byte == b'1'));
}
