//! The process at the other end of a connection.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// A process as it was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Process {
    pub pid: u32,
    /// Seconds since 1970.
    pub started: u64,
    /// As it was started, the program first.
    pub arguments: Vec<String>,
    /// The folder it is in.
    pub folder: PathBuf,
    /// The program by the path that it was started with: links stay, as a virtual environment is one.
    pub program: PathBuf,
}

impl Process {
    /// What is to be known of a process; none if it has ended or is somebody else's.
    pub fn look(pid: u32) -> Option<Self> {
        let id = Pid::from_u32(pid);
        let always = UpdateKind::Always;
        let wanted =
            ProcessRefreshKind::nothing().with_cmd(always).with_cwd(always).with_exe(always).with_environ(always);
        let mut system = System::new();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[id]), true, wanted);
        let found = system.process(id)?;
        let arguments: Vec<String> = found.cmd().iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let folder = found.cwd()?.to_owned();
        let exe = found.exe()?;
        let paths = found.environ().iter().find_map(|pair| pair.to_str()?.strip_prefix("PATH=")).unwrap_or_default();
        let program = program(arguments.first()?, &folder, OsStr::new(paths), exe);
        Some(Self { pid, started: found.start_time(), arguments, folder, program })
    }
}

/// The file that a process was started from as `named`, which must be its `exe` behind all links.
fn program(named: &str, folder: &Path, paths: &OsStr, exe: &Path) -> PathBuf {
    let is_it = |path: &PathBuf| path.canonicalize().is_ok_and(|real| real == exe);
    let found = if named.contains(std::path::MAIN_SEPARATOR) {
        Some(folder.join(named)).filter(is_it)
    } else {
        std::env::split_paths(paths).map(|path| folder.join(path).join(named)).find(is_it)
    };
    found.unwrap_or_else(|| exe.to_owned())
}

/// The kernel's number of the client's socket, which no other one has meanwhile.
///
/// `/proc/net/tcp` of Linux, see proc_pid_net(5); elsewhere nobody is found.
pub(super) fn socket(client: SocketAddr, port: u16) -> Option<u64> {
    let client = canonical(client);
    let find = |table: &str| {
        let text = std::fs::read_to_string(table).ok()?;
        text.lines().skip(1).find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (near, far) = (address(words.nth(1)?)?, address(words.next()?)?);
            let socket = words.nth(6)?.parse().ok()?;
            // One that is closed already has no number.
            (near == client && far.port() == port && far.ip().is_loopback() && socket != 0).then_some(socket)
        })
    };
    find("/proc/net/tcp").or_else(|| find("/proc/net/tcp6"))
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// `0100007F:1388` is 127.0.0.1:5000 on a machine whose lowest byte comes first: each four bytes are written as the
/// number that they are in memory.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let mut bytes = Vec::with_capacity(16);
    if !matches!(ip.len(), 8 | 32) {
        return None;
    }
    for word in ip.as_bytes().chunks(8) {
        let number = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(number.to_ne_bytes());
    }
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => four.into(),
        Err(_) => <[u8; 16]>::try_from(bytes).ok()?.into(),
    };
    Some(canonical(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?)))
}

/// The process that has a socket open; of several the first, as the others were forked from it.
pub(super) fn holder(socket: u64) -> Option<u32> {
    let wanted = format!("socket:[{socket}]");
    let holds = |pid: &u32| {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
        // Those of other people cannot be read.
        let mut links = files.into_iter().flatten().flatten().flat_map(|file| std::fs::read_link(file.path()));
        links.any(|link| link.as_os_str() == wanted.as_str())
    };
    let entries = std::fs::read_dir("/proc").ok()?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(holds).min()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn addresses_are_read_as_the_kernel_writes_them() {
        let written = |ip: u32| format!("{ip:08X}");
        let loopback = written(u32::from_ne_bytes([127, 0, 0, 1]));
        assert_eq!(address(&format!("{loopback}:1388")), Some(([127, 0, 0, 1], 5000).into()));
        let mapped = format!("{0}{0}{1}{loopback}:0001", written(0), written(u32::from_ne_bytes([0, 0, 255, 255])));
        assert_eq!(address(&mapped), Some(([127, 0, 0, 1], 1).into()));
        for wrong in ["", ":", "zz:1", "0100007F", "0100:1388"] {
            assert_eq!(address(wrong), None, "{wrong}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_found_behind_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let client = stream.local_addr().unwrap();
        let found = socket(client, port).unwrap();
        assert_eq!(holder(found), Some(std::process::id()));
        let process = Process::look(std::process::id()).unwrap();
        assert_eq!(process.folder, std::env::current_dir().unwrap());
        assert_eq!(process.program.canonicalize().unwrap(), std::env::current_exe().unwrap().canonicalize().unwrap());
        assert!(process.started > 1_500_000_000 && process.arguments.len() == std::env::args().count());
        assert_eq!(socket(client, port.wrapping_add(1)), None);
        assert_eq!(Process::look(u32::MAX), None);
    }

    #[test]
    #[cfg(unix)]
    fn a_virtual_environment_stays_the_link_that_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let real = root.join("python3.11");
        std::fs::write(&real, "").unwrap();
        std::fs::create_dir_all(root.join("venv/bin")).unwrap();
        let link = root.join("venv/bin/python");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let paths = std::env::join_paths([root.join("none"), root.join("venv/bin")]).unwrap();
        assert_eq!(program("python", &root, &paths, &real), link);
        assert_eq!(program("venv/bin/python", &root, OsStr::new(""), &real), link);
        // A process may say anything of itself.
        assert_eq!(program("python", &root, &paths, Path::new("/bin/other")), Path::new("/bin/other"));
    }
}
