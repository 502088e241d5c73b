//! The process at the other end of a connection.

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
    /// The process that started it.
    pub parent: Option<u32>,
    /// The folder it is in, and the one that it was started in, which may be another.
    pub folders: Vec<PathBuf>,
    /// Where it looks for modules before all others.
    pub module_path: Vec<PathBuf>,
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
        let variable = |name: &str| found.environ().iter().find_map(|pair| pair.to_str()?.strip_prefix(name));
        let mut folders = vec![found.cwd()?.to_owned()];
        folders.extend(variable("PWD=").map(PathBuf::from).filter(|began| began.is_absolute() && began.is_dir()));
        let paths = |name: &str| variable(name).into_iter().flat_map(std::env::split_paths).collect::<Vec<_>>();
        Some(Self {
            pid,
            started: found.start_time(),
            parent: found.parent().map(Pid::as_u32),
            program: program(arguments.first()?, &folders, &paths("PATH="), found.exe()?),
            module_path: paths("PYTHONPATH=").into_iter().filter(|path| !path.as_os_str().is_empty()).collect(),
            arguments,
            folders,
        })
    }
}

/// The file that a process was started from as `named`, which must be its `exe` behind all links.
fn program(named: &str, folders: &[PathBuf], paths: &[PathBuf], exe: &Path) -> PathBuf {
    let is_it = |path: &PathBuf| path.canonicalize().is_ok_and(|real| real == exe);
    let mut places = folders.iter().flat_map(|folder| {
        let beside = named.contains(std::path::MAIN_SEPARATOR).then(|| folder.join(named));
        let of_path = if beside.is_none() { paths } else { &[] };
        beside.into_iter().chain(of_path.iter().map(|path| folder.join(path).join(named)))
    });
    places.find(is_it).unwrap_or_else(|| exe.to_owned())
}

/// The kernel's number of the client's socket, which no other one has meanwhile. Other people's are not looked at:
/// what they run is not to be started in the name of whom this server belongs to.
///
/// `/proc/net/tcp` of Linux, see proc_pid_net(5); elsewhere nobody is found.
pub(super) fn socket(client: SocketAddr, port: u16) -> Option<u64> {
    let client = canonical(client);
    let own = own_user()?;
    let find = |table: &str| {
        let text = std::fs::read_to_string(table).ok()?;
        text.lines().skip(1).find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (near, far) = (address(words.nth(1)?)?, address(words.next()?)?);
            let user = words.nth(4)?.parse::<u32>().ok()?;
            let socket = words.nth(1)?.parse().ok()?;
            let is_it = near == client && far.port() == port && far.ip().is_loopback() && user == own;
            // One that is closed already has no number.
            (is_it && socket != 0).then_some(socket)
        })
    };
    find("/proc/net/tcp").or_else(|| find("/proc/net/tcp6"))
}

#[cfg(unix)]
fn own_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(std::fs::metadata("/proc/self").ok()?.uid())
}

#[cfg(not(unix))]
fn own_user() -> Option<u32> {
    None
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

/// The process that has a socket open; of several the first, as the others were forked from it. One in a container sees
/// other files under the same names and is none.
pub(super) fn holder(socket: u64) -> Option<u32> {
    let wanted = format!("socket:[{socket}]");
    let files_of = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    let own = files_of("self")?;
    let holds = |pid: &u32| {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
        // Those of other people cannot be read.
        let mut links = files.into_iter().flatten().flatten().flat_map(|file| std::fs::read_link(file.path()));
        links.any(|link| link.as_os_str() == wanted.as_str())
    };
    let entries = std::fs::read_dir("/proc").ok()?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(holds).min().filter(|pid| files_of(&pid.to_string()).as_ref() == Some(&own))
}

#[cfg(test)]
mod tests {
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
        use std::net::{TcpListener, TcpStream};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let client = stream.local_addr().unwrap();
        let found = socket(client, port).unwrap();
        assert_eq!(holder(found), Some(std::process::id()));
        let process = Process::look(std::process::id()).unwrap();
        assert_eq!(process.folders[0], std::env::current_dir().unwrap());
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
        let paths = [root.join("none"), root.join("venv/bin")];
        let here = [root.clone()];
        assert_eq!(program("python", &here, &paths, &real), link);
        assert_eq!(program("venv/bin/python", &here, &[], &real), link);
        // It may have gone elsewhere since.
        assert_eq!(program("venv/bin/python", &[root.join("venv"), root.clone()], &[], &real), link);
        // A process may say anything of itself.
        assert_eq!(program("python", &here, &paths, Path::new("/bin/other")), Path::new("/bin/other"));
    }
}
