use std::process::ExitCode;

use studio::{GcReport, Purge, Purged, Studio, purged_in_words};

use crate::output;

/// Verifies the workspace; exit code 1 when something is wrong.
pub fn check(studio: &Studio, json: bool) -> studio::Result<ExitCode> {
    let bar = super::progress_bar(json);
    let problems = studio.check(&|fraction| super::show_progress(&bar, Some(fraction), "Checking"));
    bar.finish_and_clear();
    let problems = problems?;
    output::print(&problems, json, |problems| match problems.len() {
        0 => "Everything is in order.".to_owned(),
        _ => problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(clap::Args)]
pub struct Gc {
    /// Also remove for good what was deleted before: an age such as 30d, 12h or 0s, or a date such as 2026-11-01
    #[arg(long, value_name = "WHEN")]
    deleted_before: Option<String>,
    /// Say what would be removed for good, and remove nothing
    #[arg(long, requires = "deleted_before")]
    dry_run: bool,
}

impl Gc {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        let before = self.deleted_before.as_deref().map(studio::moment_in_words).transpose()?;
        if let Some(before) = before.filter(|_| self.dry_run) {
            let told = studio.preview_purge(&Purge::DeletedBefore(before))?;
            output::print(&told, json, |told| lines(&[purged_line("Would remove for good", told)], told))?;
            return Ok(ExitCode::SUCCESS);
        }
        output::print(&studio.gc(before)?, json, report)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn report(report: &GcReport) -> String {
    let GcReport { collected, purged, restorable } = report;
    let mut said = Vec::new();
    if let Some(purged) = purged {
        said.push(purged_line("Removed for good", purged));
    }
    said.push(format!(
        "Removed {} ({}) that nothing refers to and {}.",
        counted(collected.blobs, "file", "files"),
        megabytes(collected.bytes),
        counted(collected.temp_files, "temporary file", "temporary files")
    ));
    if collected.left_blobs > 0 {
        said.push(format!(
            "Left {} ({}) that nothing refers to: stored within the last hour, so that another program may be about to \
             use them. They go by themselves.",
            counted(collected.left_blobs, "file", "files"),
            megabytes(collected.left_bytes)
        ));
    }
    if restorable.count() > 0 {
        said.push(format!(
            "Left {} ({}) that were deleted and can be brought back. “atelier gc --deleted-before 30d” removes for good \
             what was deleted more than 30 days ago.",
            purged_in_words(restorable),
            megabytes(restorable.bytes)
        ));
    }
    let kept = purged.as_ref().unwrap_or(restorable);
    lines(&said, kept)
}

fn purged_line(verb: &str, purged: &Purged) -> String {
    match purged_in_words(purged).as_str() {
        "" => format!("{verb}: nothing."),
        words => format!("{verb}: {words} ({}).", megabytes(purged.bytes)),
    }
}

/// The sentences, and below them what stays and why.
fn lines(said: &[String], purged: &Purged) -> String {
    let mut said = said.to_vec();
    said.extend(purged.kept.iter().map(|kept| format!("Kept {}, because {}.", kept.what, kept.why)));
    said.extend(purged.elsewhere.iter().map(|place| format!("The files at {place} are not touched.")));
    said.join("\n")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
