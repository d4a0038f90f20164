//! The real binary `muster` as a child process: started, waited for, watched, stopped, killed.

use crate::postgres::TestDatabase;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a process may take to do what a test waits for. Generous: it bounds a hang, it measures nothing.
const PATIENCE: Duration = Duration::from_mins(1);

/// A command line of `muster` under construction.
#[derive(Debug, Clone)]
pub struct Muster {
    binary: PathBuf,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
    stdin: Option<PathBuf>,
}

impl Muster {
    /// `binary` is the test's own `env!("CARGO_BIN_EXE_muster")`.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self { binary: binary.into(), arguments: Vec::new(), settings: Vec::new(), stdin: None }
    }

    /// Adds words to the command line.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(mut self, words: I) -> Self {
        self.arguments.extend(words.into_iter().map(Into::into));
        self
    }

    /// Sets `section.setting` through the environment.
    #[must_use]
    pub fn setting(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        let (section, setting) = name.split_once('.').expect("section.setting");
        let variable = format!("MUSTER_{}__{}", section.to_uppercase(), setting.to_uppercase());
        self.settings.push((variable, value.to_string()));
        self
    }

    /// On the embedded store in that folder.
    #[must_use]
    pub fn on_folder(self, folder: &Path) -> Self {
        self.setting("store.data_dir", folder.display())
    }

    /// On that PostgreSQL database.
    #[must_use]
    pub fn on_database(self, database: &TestDatabase) -> Self {
        self.setting("store.database_url", database.url())
    }

    /// Gives the file as standard input.
    #[must_use]
    pub fn stdin(mut self, file: impl Into<PathBuf>) -> Self {
        self.stdin = Some(file.into());
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            // The settings of whoever runs the tests are not the test's.
            if name.to_string_lossy().starts_with("MUSTER_") {
                command.env_remove(name);
            }
        }
        let stdin = self.stdin.as_ref().map_or_else(Stdio::null, |path| {
            Stdio::from(std::fs::File::open(path).expect("the test's own input file"))
        });
        command
            .args(&self.arguments)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the process without waiting for anything.
    pub fn spawn(&self) -> Running {
        let mut child = self.command().spawn().expect("the binary starts");
        let stdout = Captured::of(child.stdout.take().expect("piped"));
        let stderr = Captured::of(child.stderr.take().expect("piped"));
        Running { child, stdout, stderr }
    }

    /// Runs a command to its end.
    pub fn run(&self) -> Finished {
        self.spawn().wait()
    }

    /// Starts `muster serve` and waits until it says that it is ready. Listens on a free port unless the
    /// arguments name one.
    pub fn serve(&self) -> Server {
        let mut serve = self.clone();
        serve.arguments.insert(0, "serve".to_owned());
        if !serve.arguments.iter().any(|word| word == "--listen") {
            serve.arguments.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
        }
        let running = serve.spawn();
        let greeting = running.stdout.wait_for("is ready at ", &running);
        let url = greeting
            .split_once("is ready at ")
            .and_then(|(_, rest)| rest.split_whitespace().next())
            .expect("the greeting names the address")
            .to_owned();
        Server { running, url }
    }
}

/// A process and what it has said so far.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error, where the log goes.
    pub stderr: Captured,
}

impl Running {
    /// Waits for the end and gives everything the process said.
    pub fn wait(mut self) -> Finished {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                break status;
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                panic!("the process does not end; it said:\n{}\n{}", self.stdout.text(), self.stderr.text());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        Finished { status, stdout: self.stdout.finish(), stderr: self.stderr.finish() }
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Sends SIGINT.
    pub fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).expect("a process of ours");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed must not leave its server behind; one that waited has nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that has ended.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub status: ExitStatus,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
}

impl Finished {
    /// The exit code; `None` if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Standard output of a command that must have succeeded.
    pub fn expect_success(self) -> String {
        assert!(self.status.success(), "{}: {}\n{}", self.status, self.stderr, self.stdout);
        self.stdout
    }
}

/// A running `muster serve`. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    running: Running,
    url: String,
}

impl Server {
    /// Scheme, address and port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of a path that begins with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Address and port alone, to start the next server at the same place.
    pub fn address(&self) -> &str {
        self.url.split_once("://").expect("a URL").1
    }

    /// The process itself.
    pub fn process(&self) -> &Running {
        &self.running
    }

    /// Asks politely to stop and waits for the end.
    pub fn stop(self) -> Finished {
        self.running.terminate();
        self.running.wait()
    }

    /// Ends the process as a power cut would: no handler runs.
    pub fn kill(mut self) -> Finished {
        self.running.child.kill().expect("a child of ours");
        self.running.wait()
    }

    /// Waits for the process to end by itself.
    pub fn wait(self) -> Finished {
        self.running.wait()
    }
}

/// A stream of a child, read as it comes so that the child never waits for us.
#[derive(Debug)]
pub struct Captured {
    said: Arc<(Mutex<Said>, Condvar)>,
    reader: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Said {
    text: String,
    ended: bool,
}

impl Captured {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let said = Arc::new((Mutex::new(Said::default()), Condvar::new()));
        let writing = Arc::clone(&said);
        let reader = std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                let (said, changed) = &*writing;
                said.lock().expect("no panic while held").text.push_str(&String::from_utf8_lossy(&line));
                changed.notify_all();
                line.clear();
            }
            let (said, changed) = &*writing;
            said.lock().expect("no panic while held").ended = true;
            changed.notify_all();
        });
        Self { said, reader: Some(reader) }
    }

    /// What was said so far.
    pub fn text(&self) -> String {
        self.said.0.lock().expect("no panic while held").text.clone()
    }

    /// Waits until `words` were said and gives all that was said. Panics, with everything `process` said, if the
    /// stream ends before or nothing comes.
    pub fn wait_for(&self, words: &str, process: &Running) -> String {
        let (said, changed) = &*self.said;
        let deadline = Instant::now() + PATIENCE;
        let mut guard = said.lock().expect("no panic while held");
        while !guard.text.contains(words) {
            let left = deadline.saturating_duration_since(Instant::now());
            if guard.ended || left.is_zero() {
                drop(guard);
                panic!("never said {words:?}:\n{}\n{}", process.stdout.text(), process.stderr.text());
            }
            guard = changed.wait_timeout(guard, left).expect("no panic while held").0;
        }
        guard.text.clone()
    }

    fn finish(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        self.text()
    }
}
