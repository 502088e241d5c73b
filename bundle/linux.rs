//! What the Debian and rpm packages install, and what they ask of the system.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tauri_bundler::{DebianSettings, RpmSettings};

use crate::program::Needs;
use crate::stage::Staged;

/// Libraries that the program may be linked with, and Debian's packages of them. The C library's
/// own are asked for by version instead.
const LINKED: &[(&str, Option<&str>)] = &[
    ("ld-linux-aarch64.so.1", None),
    ("ld-linux-x86-64.so.2", None),
    ("libc.so.6", None),
    ("libdl.so.2", None),
    ("libm.so.6", None),
    ("libpthread.so.0", None),
    ("librt.so.1", None),
    ("libgcc_s.so.1", Some("libgcc-s1")),
    ("libstdc++.so.6", Some("libstdc++6")),
    ("libz.so.1", Some("zlib1g")),
];

/// Libraries that the window opens while it runs, which no tool finds: Debian's packages, and names.
const OPENED: &[(&str, &str)] = &[
    ("libx11-6", "libX11.so.6"),
    ("libx11-xcb1", "libX11-xcb.so.1"),
    ("libxcursor1", "libXcursor.so.1"),
    ("libxi6", "libXi.so.6"),
    ("libxkbcommon0", "libxkbcommon.so.0"),
    ("libxkbcommon-x11-0", "libxkbcommon-x11.so.0"),
];

/// As `OPENED`, where the program does something else, or less, without.
const WELCOME: &[(&str, &str)] = &[
    ("libvulkan1", "libvulkan.so.1"),
    ("libwayland-client0", "libwayland-client.so.0"),
    ("libfontconfig1", "libfontconfig.so.1"),
];

/// Settings of the `.deb`.
pub fn debian(root: &Path, staged: &Staged) -> Result<DebianSettings> {
    let mut depends = debian_linked(&staged.needs)?;
    depends.extend(OPENED.iter().map(|(package, _)| (*package).to_owned()));
    depends.insert("libvulkan1 | libegl1".into());
    let recommends = WELCOME.iter().map(|(package, _)| *package).chain([
        "mesa-vulkan-drivers | vulkan-icd",
        "xdg-desktop-portal",
        "git",
        "python3",
    ]);
    Ok(DebianSettings {
        depends: Some(depends.into_iter().collect()),
        recommends: Some(recommends.map(String::from).collect()),
        files: files(root, staged),
        desktop_template: Some(root.join("bundle/files/atelier.desktop")),
        section: Some("science".into()),
        ..Default::default()
    })
}

/// The packages of what the program is linked with.
fn debian_linked(needs: &Needs) -> Result<BTreeSet<String>> {
    let mut packages = BTreeSet::new();
    for name in &needs.libraries {
        match LINKED.iter().find(|(library, _)| library == name) {
            Some((_, package)) => packages.extend(package.map(String::from)),
            None => bail!("The program is linked with {name}. Say in bundle/linux.rs which package brings it."),
        }
    }
    packages.extend(needs.glibc.map(|(major, minor)| format!("libc6 (>= {major}.{minor})")));
    Ok(packages)
}

/// Settings of the `.rpm`, which asks for libraries by the one name that all its systems share.
pub fn rpm(root: &Path, staged: &Staged) -> Result<RpmSettings> {
    let by_name = |name: &str| format!("{name}()(64bit)");
    let linked = staged.needs.libraries.iter().filter(|name| !name.starts_with("ld-linux"));
    let mut depends: Vec<String> = linked.map(|name| by_name(name)).collect();
    depends.extend(OPENED.iter().map(|(_, name)| by_name(name)));
    depends.extend(staged.needs.glibc.map(|(major, minor)| format!("libc.so.6(GLIBC_{major}.{minor})(64bit)")));
    let recommends = WELCOME.iter().map(|(_, name)| by_name(name));
    Ok(RpmSettings {
        depends: Some(depends),
        recommends: Some(recommends.chain(["xdg-desktop-portal".into(), "git".into(), "python3".into()]).collect()),
        release: "1".into(),
        files: files(root, staged),
        desktop_template: Some(root.join("bundle/files/atelier.desktop")),
        ..Default::default()
    })
}

/// What both install beside the program: place, and path in the sources or the stage.
fn files(root: &Path, staged: &Staged) -> HashMap<PathBuf, PathBuf> {
    let documents =
        staged.documents.iter().map(|(name, path)| (format!("/usr/share/doc/atelier/{name}"), path.clone()));
    let fixed = [
        ("/usr/share/mime/packages/atelier.xml", "bundle/files/atelier-workspace.xml"),
        ("/usr/share/icons/hicolor/scalable/apps/atelier.svg", "assets/icons/atelier.svg"),
    ];
    let fixed = fixed.into_iter().map(|(place, source)| (place.to_owned(), root.join(source)));
    documents.chain(fixed).map(|(place, source)| (PathBuf::from(place), source)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(libraries: &[&str]) -> Needs {
        Needs { libraries: libraries.iter().map(|name| (*name).to_owned()).collect(), glibc: Some((2, 36)) }
    }

    #[test]
    fn linked_libraries_become_packages() {
        let packages = debian_linked(&needs(&["libz.so.1", "libc.so.6", "libm.so.6"])).unwrap();
        assert_eq!(packages.into_iter().collect::<Vec<_>>(), ["libc6 (>= 2.36)", "zlib1g"]);
    }

    #[test]
    fn an_unknown_library_stops_the_bundle() {
        let error = debian_linked(&needs(&["libodd.so.3"])).unwrap_err().to_string();
        assert!(error.contains("libodd.so.3") && error.contains("bundle/linux.rs"), "{error}");
    }
}
