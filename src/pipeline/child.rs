//! Child processes that are killed with everything they started.

use std::process::{Child, Command, Stdio};

/// Makes what the command starts a group of processes, which can be killed together.
#[cfg(unix)]
pub fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Lets the command open no console of its own.
#[cfg(windows)]
pub fn own_group(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Kills the process and everything it started.
pub fn kill_group(child: &mut Child) {
    kill_rest(child);
    // Both fail only for a process that has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// Kills what a process has started, also where it has ended itself.
#[cfg(unix)]
pub fn kill_rest(child: &Child) {
    // The shell's own `kill`: a minimal system has no program of that name.
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("kill -KILL -{}", child.id())]);
    let _ = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Kills what a process has started.
#[cfg(windows)]
pub fn kill_rest(child: &Child) {
    let mut kill = Command::new("taskkill");
    kill.args(["/T", "/F", "/PID", &child.id().to_string()]);
    let _ = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}
