//! Where the key under which card keys are kept comes from.

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use muster_app::card_keys::CardKeys;
use muster_app::ports::OsEntropy;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The key of the settings; the embedded store makes one when there is none, and keeps it in its folder. On
/// PostgreSQL, where all nodes need the same, it has to be given: without it no card key can be loaded or used.
pub(crate) fn find(config: &Config) -> Outcome<Option<CardKeys>> {
    if let Some(key) = &config.sim.card_key {
        return read("sim.card_key", key.reveal()).map(Some);
    }
    if let Some(path) = &config.sim.card_key_file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("read the card key from {}", path.display()), error))?;
        return read(&path.display().to_string(), &text).map(Some);
    }
    if config.store.database_url.is_some() {
        return Ok(None);
    }
    let path = config.store.data_dir.join("card.key");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path)?,
        Err(error) => return Err(Failure::new(format!("read the card key from {}", path.display()), error)),
    };
    read(&path.display().to_string(), &text).map(Some)
}

fn read(place: &str, text: &str) -> Outcome<CardKeys> {
    CardKeys::from_hex(text).map_err(|_| {
        Failure::new(format!("read the card key from {place}"), "it is not 64 hexadecimal digits").advise(
            "restore it from a backup: keys of cards that were loaded under it cannot be read without it",
        )
    })
}

/// Makes a key that only this user can read. Another process may be faster; then its key counts.
fn make(path: &Path) -> Outcome<String> {
    let failed = |error| Failure::new(format!("make the card key {}", path.display()), error);
    let key = CardKeys::generate(&OsEntropy);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    // Written beside and linked into place, so that nobody reads half of it.
    let beside = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = options.open(&beside).map_err(failed)?;
    file.write_all(key.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside).map_err(failed)?;
    match linked {
        Ok(()) => {
            tracing::info!(file = %path.display(), "made the key under which card keys are kept: back it up");
            Ok(key.to_string())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            std::fs::read_to_string(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}
