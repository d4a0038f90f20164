//! `muster doctor`: what an operator should know before trusting an installation.

use crate::cli::StoreFlags;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::{open_files, serve, store};
use clap::Args;
use muster_app::ports::{Clock, SystemClock};
use muster_domain::time::UnixMillis;
use muster_storage::StoreConfig;
use std::path::Path;
use std::process::ExitCode;

/// Arguments of `muster doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    store: StoreFlags,
}

/// Less free room than this is a problem: the write-ahead log alone may grow to a good part of it.
const DISK_MIN_BYTES: u64 = 512 * 1024 * 1024;
/// This program was written after 2025-01-01; a clock before that is wrong.
const CLOCK_MIN: UnixMillis = UnixMillis(1_735_689_600_000);
/// A file may be this much younger than the clock says before the clock counts as set back, in seconds.
const CLOCK_SLACK_S: i64 = 300;

/// What a check found: a fact, or a problem and what to do.
type Finding = Result<String, Failure>;

impl Doctor {
    /// Runs every check that can be run, prints a line for each, and tells by the exit code whether all are well.
    pub async fn run(self) -> Outcome<ExitCode> {
        let mut findings: Vec<(&str, Finding)> = Vec::new();
        match self.store.load() {
            Err(failure) => findings.push(("settings", Err(failure))),
            Ok(config) => {
                findings.push(("settings", Ok("no contradictions".to_owned())));
                findings.extend(check(&config).await);
            }
        }
        findings.push(("clock", check_clock(SystemClock.now())));
        let mut problems = 0;
        for (name, finding) in &findings {
            match finding {
                Ok(fact) => print(&format!("OK       {name}: {fact}\n")),
                Err(failure) => {
                    problems += 1;
                    print(&format!("PROBLEM  {name}: {failure}\n"));
                }
            }
        }
        Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn check(config: &Config) -> Vec<(&'static str, Finding)> {
    let mut findings = vec![("store", check_store(config).await)];
    if config.store.database_url.is_none() {
        findings.push(("write", check_writable(&config.store.data_dir)));
        findings.push(("disk", check_disk(&config.store.data_dir)));
        findings.push(("clock and files", check_file_times(&config.store.data_dir, SystemClock.now())));
    }
    findings.push(("open files", check_open_files(config, open_files::raise())));
    findings.push(("TLS", check_tls(config)));
    findings
}

/// Looks at the store without making or migrating it; if there is one of this version, opens it and asks it to
/// write.
async fn check_store(config: &Config) -> Finding {
    let place = store::place(config)?;
    if let StoreConfig::Sqlite(sqlite) = &place
        && !sqlite.file().exists()
    {
        return Ok(format!("{place} does not exist yet; `muster serve` and `muster migrate` make it"));
    }
    let name = place.to_string();
    let report = muster_storage::inspect(place)
        .await
        .map_err(|error| store::explain(&format!("look at the store {name}"), &error))?;
    let mut facts = format!(
        "{} {}, schema {} of {}, {} bytes",
        report.kind, report.place, report.schema_version, report.newest_schema, report.size_bytes
    );
    for (name, value) in &report.details {
        facts.extend([", ", *name, " ", value.as_str()]);
    }
    if report.schema_version > report.newest_schema {
        return Err(Failure::new(
            format!("use the store {name}"),
            format!(
                "a newer Muster wrote it: schema {}, known {}",
                report.schema_version, report.newest_schema
            ),
        )
        .advise("run that version, or a newer one"));
    }
    if report.schema_version < report.newest_schema {
        facts.push_str("; `muster serve` and `muster migrate` bring it up to date");
        return Ok(facts);
    }
    let opened = store::open(config).await?;
    let answer = opened.ping().await;
    opened.close().await;
    answer.map_err(|error| store::explain(&format!("write to the store {name}"), &error))?;
    Ok(facts)
}

/// Tries a file in the data directory, or in the nearest folder above that exists.
fn check_writable(directory: &Path) -> Finding {
    let folder = existing(directory);
    let probe = folder.join(format!(".muster-doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"probe");
    // Best effort: a probe that was not written cannot be removed either.
    let _ = std::fs::remove_file(&probe);
    match written {
        Ok(()) => Ok(format!("{} can be written", folder.display())),
        Err(error) => Err(Failure::new(format!("write in {}", folder.display()), error)
            .advise("give this user the right to write there, or name another folder by --data-dir")),
    }
}

#[cfg(unix)]
fn check_disk(directory: &Path) -> Finding {
    let folder = existing(directory);
    let room = rustix::fs::statvfs(folder)
        .map(|found| found.f_bavail.saturating_mul(found.f_frsize))
        .map_err(|error| Failure::new(format!("ask for the free room of {}", folder.display()), error))?;
    if room < DISK_MIN_BYTES {
        return Err(Failure::new(
            format!("trust the disk under {}", folder.display()),
            format!("only {} MiB are free, {} should be", room >> 20, DISK_MIN_BYTES >> 20),
        )
        .advise("make room, or name a folder on another disk by --data-dir"));
    }
    Ok(format!("{} MiB are free under {}", room >> 20, folder.display()))
}

#[cfg(not(unix))]
fn check_disk(directory: &Path) -> Finding {
    Ok(format!("the free room under {} is not known on this system", existing(directory).display()))
}

/// Connections beyond the limit on open files would wait instead of being refused.
fn check_open_files(config: &Config, limit: Option<u64>) -> Finding {
    let needed = open_files::needed(config.server.max_connections);
    match limit {
        Some(limit) if limit < needed => Err(Failure::new(
            format!("hold {} connections", config.server.max_connections),
            format!("the process may open {limit} files, {needed} are needed"),
        )
        .advise("raise the limit (ulimit -Hn, LimitNOFILE), or lower server.max_connections")),
        Some(limit) => Ok(format!("{limit} allowed, {needed} needed")),
        None => Ok("no limit".to_owned()),
    }
}

fn check_tls(config: &Config) -> Finding {
    match serve::tls(&config.server)? {
        Some(_) => Ok("certificate and key belong together".to_owned()),
        None => Ok(format!("not configured; {} speaks plain HTTP", config.server.listen)),
    }
}

fn check_clock(now: UnixMillis) -> Finding {
    let shown = now.to_jiff().map_or_else(|| format!("{} ms", now.0), |time| time.to_string());
    if now < CLOCK_MIN {
        return Err(Failure::new("trust the clock", format!("it says {shown}, which is long past"))
            .advise("set it, best by NTP; campaigns start and end by it"));
    }
    Ok(shown)
}

/// A data file written in the future means that the clock was set back since.
fn check_file_times(directory: &Path, now: UnixMillis) -> Finding {
    let newest = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok())
        .filter_map(|time| jiff::Timestamp::try_from(time).ok())
        .max();
    match newest {
        Some(newest) if UnixMillis::from(newest) > now.plus_seconds(CLOCK_SLACK_S) => Err(Failure::new(
            "trust the clock",
            format!("a file in {} was last written at {newest}, which is still to come", directory.display()),
        )
        .advise("set the clock, best by NTP")),
        Some(newest) => Ok(format!("the newest data file is of {newest}")),
        None => Ok("no data files yet".to_owned()),
    }
}

/// The folder itself, or the nearest one above it that exists.
fn existing(directory: &Path) -> &Path {
    let here = Path::new(".");
    directory
        .ancestors()
        .find(|folder| folder.is_dir())
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_this_program_is_a_problem() {
        assert!(check_clock(CLOCK_MIN).is_ok());
        assert!(check_clock(UnixMillis(CLOCK_MIN.0 - 1)).is_err());
        assert!(check_clock(UnixMillis(i64::MIN)).is_err());
        assert!(check_clock(UnixMillis(i64::MAX)).is_ok());
    }

    #[test]
    fn a_clock_behind_the_files_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_file_times(folder.path(), CLOCK_MIN).is_ok(), "no files, no evidence");
        std::fs::write(folder.path().join("muster.db"), "x").unwrap();
        let now = SystemClock.now();
        assert!(check_file_times(folder.path(), now).is_ok());
        assert!(check_file_times(folder.path(), now.plus_seconds(-2 * CLOCK_SLACK_S)).is_err());
    }

    #[test]
    fn a_limit_on_open_files_below_the_connections_is_a_problem() {
        let config = Config::default();
        let needed = open_files::needed(config.server.max_connections);
        assert!(check_open_files(&config, Some(needed)).is_ok());
        assert!(check_open_files(&config, None).is_ok());
        assert!(check_open_files(&config, Some(needed - 1)).is_err());
    }

    #[test]
    fn the_nearest_existing_folder_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        assert_eq!(existing(&deep), folder.path());
        assert!(check_writable(&deep).unwrap().contains(&folder.path().display().to_string()));
        assert_eq!(existing(Path::new("no-such-folder")), Path::new("."));
    }
}
