//! How far an import got, noted beside the file after each batch.

use super::rows::Position;
use super::unreadable;
use crate::failure::{Failure, Outcome};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// The file next to `customers.csv` is `customers.csv.muster-import`.
const SUFFIX: &str = ".muster-import";

/// How far an import got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark<T> {
    /// Where the next row begins.
    pub(super) position: Position,
    /// What became of the rows before it.
    pub(super) tally: T,
}

/// The note as written. It holds good only for the same store and target, and only if the file still begins
/// with what was imported; rows may have been added behind.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note<T> {
    store: String,
    target: String,
    imported_sha256: String,
    position: Position,
    tally: T,
}

/// Reads and writes the note of one import.
pub(super) struct Checkpoint<T> {
    file: PathBuf,
    note: PathBuf,
    store: String,
    target: String,
    digest: PrefixDigest,
    tally: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Checkpoint<T> {
    /// The note about importing that file into that store; `target` says what the rows become there.
    pub(super) fn of(file: &Path, store: String, target: String) -> Outcome<Self> {
        let mut name = file.as_os_str().to_owned();
        name.push(SUFFIX);
        let digest = PrefixDigest::of(file).map_err(|error| unreadable(file, error))?;
        Ok(Self { file: file.to_owned(), note: name.into(), store, target, digest, tally: PhantomData })
    }

    /// What an earlier run noted, if it still holds good. A note that does not is passed over: beginning anew is
    /// always right, it only takes longer.
    pub(super) fn read(&mut self) -> Outcome<Option<Mark<T>>> {
        let text = match std::fs::read(&self.note) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&self.note, error)),
        };
        let Ok(note) = serde_json::from_slice::<Note<T>>(&text) else {
            return Ok(None);
        };
        if note.store != self.store || note.target != self.target {
            return Ok(None);
        }
        let imported = self.digest.to(note.position.byte).map_err(|error| unreadable(&self.file, error))?;
        if imported.as_deref() == Some(note.imported_sha256.as_str()) {
            return Ok(Some(Mark { position: note.position, tally: note.tally }));
        }
        self.digest = PrefixDigest::of(&self.file).map_err(|error| unreadable(&self.file, error))?;
        Ok(None)
    }

    /// Notes how far the import got; what was noted before is replaced whole.
    pub(super) fn write(&mut self, mark: Mark<T>) -> Outcome<()> {
        let imported = self.digest.to(mark.position.byte).map_err(|error| unreadable(&self.file, error))?;
        let Some(imported_sha256) = imported else {
            return Err(unreadable(&self.file, "it became shorter while it was imported"));
        };
        let note = Note {
            store: self.store.clone(),
            target: self.target.clone(),
            imported_sha256,
            position: mark.position,
            tally: mark.tally,
        };
        let unwritten = |error: &dyn std::fmt::Display| {
            Failure::new(format!("note the progress in {}", self.note.display()), error)
                .advise("the folder of the file must be writable, so that an interrupted import can go on")
        };
        let text = serde_json::to_vec(&note).map_err(|error| unwritten(&error))?;
        let mut beside = self.note.as_os_str().to_owned();
        beside.push(".new");
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, &self.note))
            .map_err(|error| unwritten(&error))
    }

    /// Removes the note: the import is complete.
    pub(super) fn forget(&self) -> Outcome<()> {
        match std::fs::remove_file(&self.note) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::new(format!("remove {}", self.note.display()), error)
                    .advise("remove it by hand; the import itself is complete"))
            }
            _ => Ok(()),
        }
    }
}

/// SHA-256 of ever longer beginnings of a file, reading each byte once.
struct PrefixDigest {
    file: File,
    hasher: Sha256,
    at: u64,
}

impl PrefixDigest {
    fn of(path: &Path) -> std::io::Result<Self> {
        Ok(Self { file: File::open(path)?, hasher: Sha256::new(), at: 0 })
    }

    /// The digest of the first `end` bytes, not fewer than asked before; `None` if the file is shorter.
    fn to(&mut self, end: u64) -> std::io::Result<Option<String>> {
        let mut buffer = vec![0; 64 * 1024];
        while self.at < end {
            let wanted = buffer.len().min(usize::try_from(end - self.at).unwrap_or(usize::MAX));
            let count = self.file.read(&mut buffer[..wanted])?;
            if count == 0 {
                return Ok(None);
            }
            self.hasher.update(&buffer[..count]);
            self.at += count as u64;
        }
        Ok(Some(muster_app::secrets::hex(&self.hasher.clone().finalize())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark<u64> = Mark { position: Position { byte: 4, line: 3 }, tally: 3 };

    #[test]
    fn a_note_holds_good_for_the_same_beginning_store_and_target() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        let note = |store: &str, target: u64| {
            Checkpoint::<u64>::of(&file, store.to_owned(), target.to_string()).unwrap()
        };
        std::fs::write(&file, "a\nb\nc\n").unwrap();
        assert_eq!(note("s", 1).read().unwrap(), None, "no note yet");
        note("s", 1).write(MARK).unwrap();
        assert_eq!(note("s", 1).read().unwrap(), Some(MARK));
        assert_eq!(note("other", 1).read().unwrap(), None);
        assert_eq!(note("s", 2).read().unwrap(), None);
        std::fs::write(&file, "a\nb\nand more\n").unwrap();
        assert_eq!(note("s", 1).read().unwrap(), Some(MARK), "rows were added behind");
        for changed in ["a\nB\nc\n", "a\n"] {
            std::fs::write(&file, "a\nb\nc\n").unwrap();
            note("s", 1).write(MARK).unwrap();
            std::fs::write(&file, changed).unwrap();
            let mut checkpoint = note("s", 1);
            assert_eq!(checkpoint.read().unwrap(), None, "{changed:?}");
            let position = Position { byte: 2, line: 2 };
            checkpoint.write(Mark { position, ..MARK }).unwrap();
            assert_eq!(
                note("s", 1).read().unwrap(),
                Some(Mark { position, ..MARK }),
                "a new beginning is noted"
            );
        }
        note("s", 1).forget().unwrap();
        note("s", 1).forget().unwrap();
        assert_eq!(note("s", 1).read().unwrap(), None);
        std::fs::write(folder.path().join("a.csv.muster-import"), "nonsense").unwrap();
        assert_eq!(note("s", 1).read().unwrap(), None, "a note that cannot be read is no note");
    }
}
