//! Tags: the one field with many values, indexed by name.

use super::names::{Digest, NameTable};
use super::planes::{self, Plane};
use crate::customer::Tag;
use crate::time::UnixMillis;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Rows by tag.
#[derive(Debug)]
pub(super) struct TagRows {
    names: NameTable,
    places: Box<[TagPlace]>,
    /// Rows one by one, of all tags with few of them.
    rows: Box<[u32]>,
    /// Planes of all tags with many.
    planes: Box<[u64]>,
}

/// Where the rows of a tag are.
#[derive(Debug, Clone, Copy)]
struct TagPlace {
    /// Rows that the tag lets in.
    admits: ListPlace,
    /// Rows that the tag keeps out.
    bars: ListPlace,
}

/// A stretch of `rows`, or of `planes` for [`MANY`] rows.
#[derive(Debug, Clone, Copy)]
struct ListPlace {
    start: u32,
    len: u32,
}

const MANY: u32 = u32::MAX;

/// What the rows ask of tags, while it is collected.
#[derive(Default)]
pub(super) struct TagRowsBuilder<'a> {
    numbers: FxHashMap<&'a str, u32>,
    /// Tag and row.
    admits: Vec<(u32, u32)>,
    bars: Vec<(u32, u32)>,
}

impl<'a> TagRowsBuilder<'a> {
    pub(super) fn admits(&mut self, name: &'a str, row: u32) {
        let tag = self.number(name);
        self.admits.push((tag, row));
    }

    pub(super) fn bars(&mut self, name: &'a str, row: u32) {
        let tag = self.number(name);
        self.bars.push((tag, row));
    }

    /// The number under which the tag will be known.
    pub(super) fn number(&mut self, name: &'a str) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(name).or_insert(next)
    }

    pub(super) fn finish(mut self, rows: usize) -> TagRows {
        let mut lists = Lists { words: planes::words_for(rows), rows: Vec::new(), planes: Vec::new() };
        self.admits.sort_unstable();
        self.bars.sort_unstable();
        let (mut admits, mut bars) = (self.admits.as_slice(), self.bars.as_slice());
        let places = (0..self.numbers.len() as u32)
            .map(|tag| TagPlace { admits: lists.take(&mut admits, tag), bars: lists.take(&mut bars, tag) })
            .collect();
        TagRows {
            names: NameTable::from(&self.numbers),
            places,
            rows: lists.rows.into(),
            planes: lists.planes.into(),
        }
    }
}

struct Lists {
    words: usize,
    rows: Vec<u32>,
    planes: Vec<u64>,
}

impl Lists {
    /// Moves the rows of a tag from the head of the sorted pairs to where they will stay.
    fn take(&mut self, pairs: &mut &[(u32, u32)], tag: u32) -> ListPlace {
        let (own, rest) = pairs.split_at(pairs.partition_point(|(own, _)| *own <= tag));
        *pairs = rest;
        if own.len() <= self.words {
            let start = self.rows.len() as u32;
            self.rows.extend(own.iter().map(|(_, row)| row));
            return ListPlace { start, len: own.len() as u32 };
        }
        let start = self.planes.len();
        self.planes.resize(start + self.words, 0);
        for (_, row) in own {
            planes::set(&mut self.planes[start..], *row);
        }
        ListPlace { start: start as u32, len: MANY }
    }
}

impl TagRows {
    /// The numbers of the customer's unexpired tags that some row asks about.
    ///
    /// A customer's record is seldom in a near cache. So all of it is read first, without a branch that
    /// depends on what is read, and the memory answers many reads at once; then the tags are looked up.
    pub(super) fn find_all(&self, tags: &BTreeMap<String, Tag>, now: UnixMillis, found: &mut Vec<u32>) {
        const BATCH: usize = 32;
        found.clear();
        if self.places.is_empty() {
            return;
        }
        let mut batch = [("", Digest::default()); BATCH];
        let mut tags = tags.iter();
        while tags.len() > 0 {
            let mut live = 0;
            for (name, tag) in tags.by_ref().take(BATCH) {
                // An expired tag's place is taken by the next one.
                batch[live] = (name, Digest::of(name));
                live += usize::from(tag.is_live(now));
            }
            let known =
                batch[..live].iter().filter_map(|(name, digest)| self.names.find_digested(name, *digest));
            found.extend(known);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn admit(&self, tag: u32, plane: &mut Plane) {
        let ListPlace { start, len } = self.places[tag as usize].admits;
        if len == MANY {
            planes::or(plane, &self.planes[start as usize..]);
            return;
        }
        for row in &self.rows[start as usize..][..len as usize] {
            planes::set(plane, *row);
        }
    }

    pub(super) fn bar(&self, tag: u32, plane: &mut Plane) {
        let ListPlace { start, len } = self.places[tag as usize].bars;
        if len == MANY {
            planes::and_not(plane, &self.planes[start as usize..]);
            return;
        }
        for row in &self.rows[start as usize..][..len as usize] {
            planes::clear(plane, *row);
        }
    }
}
