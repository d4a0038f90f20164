//! Server processes under measurement.

use crate::fixture::Fallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to answer at all.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A child process that is stopped with this value.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to its first good answer.
    pub started_in: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a program that will listen on `address` and waits until `path` is answered with a 200.
    ///
    /// # Errors
    /// When it cannot be started or does not answer in time.
    pub fn start(command: &mut Command, address: SocketAddr, path: &str) -> Fallible<Self> {
        let begun = Instant::now();
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("start {program}: {error}; build it with cargo build --release"))?;
        let mut server = Self { child, address, started_in: Duration::ZERO };
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        loop {
            match ask(address, request.as_bytes()) {
                Ok(_) => break,
                Err(error) if begun.elapsed() > START_LIMIT => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Starts `muster serve` on a store, the program given or the one built beside this one.
    ///
    /// # Errors
    /// When it cannot be started or does not become ready.
    pub fn muster(program: Option<&Path>, place: &str) -> Fallible<Self> {
        let beside: PathBuf = std::env::current_exe()?.with_file_name("muster");
        let address = free_address()?;
        let option = if place.contains("://") { "--database-url" } else { "--data-dir" };
        let mut command = Command::new(program.unwrap_or(&beside));
        command.args(["serve", "--listen", &address.to_string(), option, place]);
        Self::start(&mut command, address, "/readyz")
    }

    /// Resident memory in bytes, as the kernel counts it.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn resident_bytes(&self) -> Fallible<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib * 1024)
    }
}

/// One request on a connection of its own; the body of a 200.
///
/// # Errors
/// When there is no such answer within five seconds.
pub fn ask(address: SocketAddr, request: &[u8]) -> Fallible<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut chunk)?;
        answer.extend_from_slice(&chunk[..read]);
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            continue;
        };
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        if !text.starts_with("http/1.1 200") {
            return Err(format!("unexpected answer: {text}").into());
        }
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .ok_or("an answer without content-length")?
            .trim()
            .parse()?;
        if answer.len() >= head + 4 + length {
            return Ok(answer[head + 4..head + 4 + length].to_vec());
        }
    }
}

/// A loopback address that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Fallible<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
