//! What the bundler is told, for every format.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tauri_bundler::{
    AppCategory, BundleBinary, BundleSettings, DmgSettings, MacOsSettings, NsisSettings, PackageSettings, PackageType,
    Position, Settings, SettingsBuilder, Size, WindowsSettings, WixSettings,
};
use tauri_utils::config::{AssociationExt, BundleTypeRole, FileAssociation, HandlerRank, WebviewInstallMode};

use crate::licences::Project;
use crate::linux;
use crate::stage::Staged;

const MIME_TYPE: &str = "application/x-atelier-workspace";

/// An installer's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Debian, Ubuntu
    Deb,
    /// Fedora, openSUSE
    Rpm,
    /// One file for any Linux; fetches linuxdeploy
    #[value(name = "appimage")]
    AppImage,
    /// Windows, for administrators; fetches WiX
    Msi,
    /// Windows; fetches NSIS
    Nsis,
    /// macOS, a folder
    App,
    /// macOS, a disk image
    Dmg,
}

impl Format {
    /// What is made here when nothing is asked for.
    pub const fn usual() -> &'static [Self] {
        if cfg!(target_os = "windows") {
            &[Self::Nsis]
        } else if cfg!(target_os = "macos") {
            &[Self::Dmg]
        } else {
            &[Self::Deb, Self::Rpm]
        }
    }

    const fn made_here(self) -> bool {
        match self {
            Self::Deb | Self::Rpm | Self::AppImage => cfg!(target_os = "linux"),
            Self::Msi | Self::Nsis => cfg!(target_os = "windows"),
            Self::App | Self::Dmg => cfg!(target_os = "macos"),
        }
    }

    const fn fetches_tools(self) -> bool {
        matches!(self, Self::AppImage | Self::Msi | Self::Nsis)
    }

    const fn package_type(self) -> PackageType {
        match self {
            Self::Deb => PackageType::Deb,
            Self::Rpm => PackageType::Rpm,
            Self::AppImage => PackageType::AppImage,
            Self::Msi => PackageType::WindowsMsi,
            Self::Nsis => PackageType::Nsis,
            Self::App => PackageType::MacOsBundle,
            Self::Dmg => PackageType::Dmg,
        }
    }
}

/// The formats to make: those asked for, if this system and build can, else the usual ones.
pub fn choose(asked: &[Format]) -> Result<Vec<Format>> {
    for format in asked {
        if !format.made_here() {
            bail!("A {format:?} cannot be made on {}. Run this on the system it is for.", std::env::consts::OS);
        }
    }
    let chosen = if asked.is_empty() { Format::usual() } else { asked };
    for format in chosen {
        if format.fetches_tools() && !cfg!(feature = "download") {
            bail!(
                "Making a {format:?} fetches tools. Allow it: cargo run -p bundle --release --features download -- --formats {}",
                format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
            );
        }
    }
    Ok(chosen.to_vec())
}

/// Everything the bundler needs to know.
pub fn settings(root: &Path, staged: &Staged, project: &Project, formats: &[Format]) -> Result<Settings> {
    SettingsBuilder::new()
        .project_out_directory(&staged.folder)
        .package_types(formats.iter().map(|format| format.package_type()).collect())
        .package_settings(PackageSettings {
            product_name: product_name().into(),
            version: project.version().into(),
            description: project.description().into(),
            homepage: None,
            authors: Some(vec!["The Atelier authors".into()]),
            default_run: Some("atelier".into()),
        })
        .bundle_settings(bundle_settings(root, staged)?)
        .binaries(vec![BundleBinary::new("atelier".into(), true)])
        .target(project.target().into())
        // The program carries no updater whose mark would be patched.
        .binary_patching(false)
        .build()
        .context("The bundler refused its settings")
}

/// Linux names packages and files in lower case; elsewhere people see this name.
const fn product_name() -> &'static str {
    if cfg!(target_os = "linux") { "atelier" } else { "Atelier" }
}

fn bundle_settings(root: &Path, staged: &Staged) -> Result<BundleSettings> {
    let icons = root.join("assets/icons");
    let icon_files = ["16", "24", "32", "48", "64", "96", "128", "256", "512"].map(|size| format!("{size}.png"));
    Ok(BundleSettings {
        identifier: Some("org.atelier.studio".into()),
        publisher: Some("The Atelier authors".into()),
        icon: Some(
            icon_files
                .iter()
                .map(String::as_str)
                .chain(["atelier.ico", "atelier.icns"])
                .map(|name| icons.join(name).display().to_string())
                .collect(),
        ),
        resources_map: resources(staged),
        copyright: Some("© 2026 The Atelier authors".into()),
        license: Some("MIT OR Apache-2.0".into()),
        license_file: cfg!(target_os = "windows").then(|| root.join("LICENSE-MIT")),
        category: Some(AppCategory::DeveloperTool),
        file_associations: cfg!(not(target_os = "windows")).then(|| vec![workspace_file()]),
        short_description: Some("studio for the whole machine-learning lifecycle".into()),
        long_description: Some(LONG_DESCRIPTION.into()),
        deb: linux::debian(root, staged)?,
        rpm: linux::rpm(root, staged)?,
        dmg: disk_image(),
        macos: MacOsSettings { minimum_system_version: Some("11.0".into()), ..Default::default() },
        windows: windows(root),
        ..Default::default()
    })
}

const LONG_DESCRIPTION: &str = "Prepare and label data, draw pipelines, train, compare runs, register models and
watch them, in one native window or from the command line.

Everything stays on this machine: a workspace is a folder under git.";

/// Linux has a place for documents; elsewhere they lie among the program's resources.
fn resources(staged: &Staged) -> Option<HashMap<String, String>> {
    let documents = staged.documents.iter().map(|(name, path)| (path.display().to_string(), name.clone()));
    cfg!(not(target_os = "linux")).then(|| documents.collect())
}

fn workspace_file() -> FileAssociation {
    FileAssociation {
        ext: vec![AssociationExt("toml".into())],
        content_types: None,
        name: Some("Atelier workspace".into()),
        description: Some("Atelier workspace".into()),
        role: BundleTypeRole::Editor,
        mime_type: Some(MIME_TYPE.into()),
        // Other .toml files belong to text editors.
        rank: HandlerRank::Alternate,
        exported_type: None,
        android_intent_action_filters: None,
    }
}

fn disk_image() -> DmgSettings {
    DmgSettings {
        background: None,
        window_position: None,
        window_size: Size { width: 660, height: 400 },
        app_position: Position { x: 180, y: 170 },
        application_folder_position: Position { x: 480, y: 170 },
    }
}

fn windows(root: &Path) -> WindowsSettings {
    let icon = root.join("assets/icons/atelier.ico");
    WindowsSettings {
        // The window draws itself; no browser is needed.
        webview_install_mode: WebviewInstallMode::Skip,
        wix: Some(WixSettings::default()),
        nsis: Some(NsisSettings {
            installer_icon: Some(icon),
            installer_hooks: Some(root.join("bundle/files/nsis-hooks.nsh")),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn formats_of_other_systems_are_refused_in_a_sentence() {
        let error = choose(&[Format::Deb, Format::Msi]).unwrap_err().to_string();
        assert!(error.contains("Msi") && error.contains("linux"), "{error}");
        assert_eq!(choose(&[]).unwrap(), [Format::Deb, Format::Rpm]);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(feature = "download")))]
    fn a_format_that_fetches_says_how_to_allow_it() {
        let error = choose(&[Format::AppImage]).unwrap_err().to_string();
        assert!(error.contains("--features download -- --formats appimage"), "{error}");
    }

    #[test]
    fn the_desktop_entry_opens_the_file_type_that_is_declared() {
        let entry = include_str!("files/atelier.desktop");
        let declared = include_str!("files/atelier-workspace.xml");
        assert!(entry.contains(&format!("MimeType={MIME_TYPE};")));
        assert!(declared.contains(&format!("type=\"{MIME_TYPE}\"")));
        // The bundler reads the entry as a template.
        assert!(!entry.contains("{{"));
    }
}
