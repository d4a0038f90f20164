//! Names and their numbers.

use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// A frozen map from names to numbers: open-addressed, fingerprints apart from the rest, the names side by
/// side in one text. Most names that are looked up are unknown, such as tags that no query asks about; to
/// find that out takes one look into a table small enough for the nearest cache.
#[derive(Debug)]
pub(super) struct NameTable {
    /// A power of two of places, at most half of them taken; 0 is a free place.
    fingerprints: Box<[u32]>,
    entries: Box<[Entry]>,
    text: Box<str>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    number: u32,
    start: u32,
    end: u32,
}

impl NameTable {
    pub(super) fn new<'a>(names: impl ExactSizeIterator<Item = (&'a str, u32)>) -> Self {
        let places = (2 * names.len()).next_power_of_two();
        let (mut fingerprints, mut entries) = (vec![0; places], vec![Entry::default(); places]);
        let mut text = String::new();
        for (name, number) in names {
            let (fingerprint, mut at) = Digest::of(name).parts();
            at &= places - 1;
            while fingerprints[at] != 0 {
                at = (at + 1) & (places - 1);
            }
            let start = text.len() as u32;
            text.push_str(name);
            fingerprints[at] = fingerprint;
            entries[at] = Entry { number, start, end: text.len() as u32 };
        }
        Self { fingerprints: fingerprints.into(), entries: entries.into(), text: text.into() }
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.find_digested(name, Digest::of(name))
    }

    /// The same for a name whose digest has been taken before.
    pub(super) fn find_digested(&self, name: &str, digest: Digest) -> Option<u32> {
        let mask = self.fingerprints.len() - 1;
        let (fingerprint, mut at) = digest.parts();
        loop {
            at &= mask;
            match self.fingerprints[at] {
                0 => return None,
                found if found == fingerprint => {
                    let Entry { number, start, end } = self.entries[at];
                    if self.text.as_bytes()[start as usize..end as usize] == *name.as_bytes() {
                        return Some(number);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

impl From<&FxHashMap<&str, u32>> for NameTable {
    fn from(names: &FxHashMap<&str, u32>) -> Self {
        Self::new(names.iter().map(|(name, number)| (*name, *number)))
    }
}

/// A hash of a name.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Digest(u64);

impl Digest {
    pub(super) fn of(name: &str) -> Self {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }

    /// A fingerprint other than 0, and where to begin the search.
    fn parts(self) -> (u32, usize) {
        ((self.0 >> 32) as u32 | 1, self.0 as usize)
    }
}
