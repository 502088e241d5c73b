use std::process::ExitCode;

use studio::Studio;

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

pub fn gc(studio: &Studio, json: bool) -> studio::Result<ExitCode> {
    output::print(&studio.gc()?, json, |collected| {
        format!(
            "Removed {} files ({:.1} MB) that nothing refers to and {} temporary files.",
            collected.blobs,
            collected.bytes as f64 / 1e6,
            collected.temp_files
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
