//! A PostgreSQL of our own for tests: private, on loopback, gone with the test.
//!
//! Tests that need one never pass without it: where the server's programs are missing they fail and say what to
//! install. `./check` starts one server for the whole run and names it in `MUSTER_TEST_DATABASE_URL`; otherwise a
//! test process starts its own.

use muster_app::ports::{Entropy, OsEntropy};
use std::fmt;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Names a running server by the address of a database whose user may create others.
const SERVER_VARIABLE: &str = "MUSTER_TEST_DATABASE_URL";

/// How long a server may take to answer after its start.
const START_MAX: Duration = Duration::from_mins(1);

/// Runs the server until it is told what to do with it, or until the test process is gone, however it went: then
/// the pipe on its standard input ends, and the files are removed too.
const KEEPER: &str = r#"
folder=$1; shift
"$@" </dev/null >>"$folder/log" 2>&1 &
server=$!
if read -r order; then
    case $order in crash) kill -QUIT "$server" ;; *) kill -INT "$server" ;; esac
    wait "$server"
else
    kill -QUIT "$server"
    wait "$server"
    cd / && rm -rf "$folder"
fi
"#;

/// A fresh, empty database, dropped with the value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    admin_url: String,
    url: String,
    programs: PathBuf,
    /// Keeps the server running as long as one of its databases is in use.
    _server: Option<Arc<TestPostgres>>,
}

impl TestDatabase {
    /// Makes a database on the server that the environment names, or else on one that all tests of this process
    /// share.
    ///
    /// Panics, and thereby fails the test, where there is no PostgreSQL.
    pub fn create() -> Self {
        match std::env::var(SERVER_VARIABLE) {
            Ok(admin_url) if !admin_url.is_empty() => Self::on(admin_url, None),
            _ => TestPostgres::shared().database(),
        }
    }

    fn on(admin_url: String, server: Option<Arc<TestPostgres>>) -> Self {
        let programs = find_programs();
        let name = format!("muster_test_{}", OsEntropy.uuid().simple());
        let url = with_database(&admin_url, &name);
        run_sql(&programs, &admin_url, &format!("CREATE DATABASE {name} TEMPLATE template0"))
            .unwrap_or_else(|reason| panic!("the test database cannot be created: {reason}"));
        Self { name, admin_url, url, programs, _server: server }
    }

    /// Its address, with credentials.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL in it, and fails the test if that fails.
    pub fn execute(&self, sql: &str) {
        run_sql(&self.programs, &self.url, sql).unwrap_or_else(|reason| panic!("{sql}: {reason}"));
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // What cannot be dropped goes with its server.
        drop(run_sql(
            &self.programs,
            &self.admin_url,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        ));
    }
}

/// A private server that can be stopped and started again.
pub struct TestPostgres {
    programs: PathBuf,
    folder: PathBuf,
    port: AtomicU16,
    password: String,
    keeper: Mutex<Option<Child>>,
}

impl fmt::Debug for TestPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestPostgres")
            .field("folder", &self.folder)
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}

impl TestPostgres {
    /// Starts a server for the caller alone.
    ///
    /// Panics, and thereby fails the test, where there is no PostgreSQL or it does not start.
    pub fn start() -> Arc<Self> {
        let programs = find_programs();
        let folder = std::env::temp_dir().join(format!("muster-postgres-{}", OsEntropy.uuid().simple()));
        std::fs::create_dir(&folder).expect("a temporary folder can be made");
        let user = server_user();
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).expect("root can give the folder away");
        }
        let password = OsEntropy.uuid().simple().to_string();
        std::fs::write(folder.join("password"), &password).expect("the temporary folder can be written");
        // md5 and not scram: unoptimised test builds would spend their time on key stretching.
        let made = command(&programs.join("initdb"), &folder)
            .args(["--pgdata=data", "--username=muster", "--auth=md5", "--pwfile=password"])
            .args(["--encoding=UTF8", "--locale=C", "--no-sync"])
            .output();
        succeeded(made).unwrap_or_else(|reason| panic!("initdb failed: {reason}"));
        let server = Self { programs, folder, port: AtomicU16::new(0), password, keeper: Mutex::new(None) };
        let mut problem = String::new();
        // Somebody may take the port between the look and the start; then another one is tried.
        for _ in 0..5 {
            server.port.store(free_port(), Ordering::Relaxed);
            match server.launch() {
                Ok(()) => return Arc::new(server),
                Err(reason) => problem = reason,
            }
        }
        panic!("PostgreSQL did not start: {problem}");
    }

    /// The server that tests of this process share; it stops when the last of them is done with it.
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestPostgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Self::start();
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A fresh database on it.
    pub fn database(self: &Arc<Self>) -> TestDatabase {
        TestDatabase::on(self.admin_url(), Some(Arc::clone(self)))
    }

    fn port(&self) -> u16 {
        self.port.load(Ordering::Relaxed)
    }

    fn admin_url(&self) -> String {
        format!("postgres://muster:{}@127.0.0.1:{}/postgres", self.password, self.port())
    }

    /// Stops the server as its operator would: connections are ended, everything is written out.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Stops the server as a crash would: at once, to be recovered by the next start.
    pub fn crash(&self) {
        self.order("crash");
    }

    /// Starts the server again after [`TestPostgres::stop`] or [`TestPostgres::crash`], on the same port.
    pub fn restart(&self) {
        self.launch().unwrap_or_else(|reason| panic!("PostgreSQL did not start again: {reason}"));
    }

    fn order(&self, order: &str) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut keeper) = keeper {
            if let Some(mut orders) = keeper.stdin.take() {
                drop(writeln!(orders, "{order}"));
            }
            drop(keeper.wait());
        }
    }

    /// Starts the server's process and waits until it answers.
    fn launch(&self) -> Result<(), String> {
        let folder = self.folder.display().to_string();
        let keeper = command(Path::new("/bin/sh"), &self.folder)
            .args(["-c", KEEPER, "muster-test-postgres", &folder])
            .arg(self.programs.join("postgres"))
            .args([
                "-D",
                "data",
                "-k",
                &folder,
                "-c",
                "listen_addresses=127.0.0.1",
                "-p",
                &self.port().to_string(),
            ])
            // Nothing here must survive a power cut, so nothing waits for the disk.
            .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"])
            .args(["-c", "max_connections=200", "-c", "shared_buffers=32MB"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("it cannot be run: {error}"))?;
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(keeper);
        let log_before = self.log().len();
        let begun = Instant::now();
        loop {
            match run_sql(&self.programs, &self.admin_url(), "SELECT 1") {
                Ok(()) => return Ok(()),
                Err(reason) => {
                    let log = self.log();
                    let said = log.get(log_before..).unwrap_or_default();
                    let ended =
                        said.contains("database system is shut down") || said.contains("could not bind");
                    if ended || begun.elapsed() > START_MAX {
                        self.order("crash");
                        return Err(format!("{reason}\n{said}"));
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        self.order("crash");
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A command in the server's folder, as a user other than root: PostgreSQL refuses to run as root.
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    if let Some((uid, gid)) = server_user() {
        command.uid(uid).gid(gid);
    }
    command
}

/// The user and group to run as when this process is root's: `postgres` where there is one, or else `nobody`.
fn server_user() -> Option<(u32, u32)> {
    let own = std::fs::metadata("/proc/self").map_or(0, |process| process.uid());
    if own != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |wanted: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == wanted).then_some(())?;
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        })
    };
    Some(find("postgres").or_else(|| find("nobody")).unwrap_or((65_534, 65_534)))
}

/// The folder that holds the server's programs.
fn find_programs() -> PathBuf {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    if let Ok(Output { stdout, .. }) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&stdout).trim()));
    }
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    // The newest first.
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let is_complete =
        |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    folders.into_iter().find(is_complete).unwrap_or_else(|| {
        panic!(
            "this test needs PostgreSQL (initdb, postgres, psql), found neither in PATH nor through pg_config nor \
             under /usr/lib/postgresql; on Debian: apt-get install postgresql"
        )
    })
}

fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("loopback has a free port")
        .port()
}

/// The same address with another database.
fn with_database(url: &str, name: &str) -> String {
    let (base, options) = url.split_once('?').map_or((url, None), |(base, options)| (base, Some(options)));
    let authority_at = base.find("://").map_or(0, |at| at + 3);
    let path_at = base[authority_at..].find('/').map_or(base.len(), |at| authority_at + at);
    let options = options.map_or_else(String::new, |options| format!("?{options}"));
    format!("{}/{name}{options}", &base[..path_at])
}

fn run_sql(programs: &Path, url: &str, sql: &str) -> Result<(), String> {
    let run = Command::new(programs.join("psql"))
        .args([
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            "--command",
            sql,
            url,
        ])
        .env("PGCONNECT_TIMEOUT", "10")
        .stdin(Stdio::null())
        .output();
    succeeded(run)
}

fn succeeded(run: std::io::Result<Output>) -> Result<(), String> {
    match run {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_pointed_at_another_database() {
        for (url, wanted) in [
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/x"),
            ("postgres://u:p@h:1", "postgres://u:p@h:1/x"),
            ("postgres://u@h/old?sslmode=disable", "postgres://u@h/x?sslmode=disable"),
        ] {
            assert_eq!(with_database(url, "x"), wanted);
        }
    }

    #[test]
    fn a_server_stops_starts_again_and_leaves_nothing_behind() {
        let server = TestPostgres::start();
        let folder = server.folder.clone();
        let database = server.database();
        database.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
        server.stop();
        assert!(run_sql(&database.programs, database.url(), "SELECT 1").is_err());
        server.restart();
        database.execute("UPDATE kept SET n = 1 / n");
        server.crash();
        server.restart();
        drop(database);
        drop(server);
        assert!(!folder.exists());
    }
}
