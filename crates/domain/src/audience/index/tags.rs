//! Tags: the one field with many values, indexed by name.

use super::planes::{self, Plane};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// Rows by tag.
#[derive(Debug, Default)]
pub(super) struct TagRows {
    names: NameTable,
    rows: Box<[RowsOfTag]>,
}

#[derive(Debug, Default)]
struct RowsOfTag {
    /// Rows that the tag lets in.
    admits: RowList,
    /// Rows that the tag keeps out.
    bars: RowList,
}

/// Rows one by one, or as a plane where they are many.
#[derive(Debug)]
enum RowList {
    Few(Box<[u32]>),
    Many(Box<[u64]>),
}

impl Default for RowList {
    fn default() -> Self {
        Self::Few(Box::default())
    }
}

/// What the rows ask of tags, while it is collected.
#[derive(Default)]
pub(super) struct TagRowsBuilder<'a> {
    by_name: FxHashMap<&'a str, u32>,
    rows: Vec<(Vec<u32>, Vec<u32>)>,
}

impl<'a> TagRowsBuilder<'a> {
    pub(super) fn admits(&mut self, name: &'a str, row: u32) {
        let tag = self.number(name);
        self.rows[tag as usize].0.push(row);
    }

    pub(super) fn bars(&mut self, name: &'a str, row: u32) {
        let tag = self.number(name);
        self.rows[tag as usize].1.push(row);
    }

    /// The number under which the tag will be known.
    pub(super) fn number(&mut self, name: &'a str) -> u32 {
        let next = self.rows.len() as u32;
        let tag = *self.by_name.entry(name).or_insert(next);
        if tag == next {
            self.rows.push(Default::default());
        }
        tag
    }

    pub(super) fn finish(self, rows: usize) -> TagRows {
        let words = planes::words_for(rows);
        let list = |rows: Vec<u32>| {
            if rows.len() <= words {
                return RowList::Few(rows.into());
            }
            let mut plane = vec![0; words];
            for row in rows {
                planes::set(&mut plane, row);
            }
            RowList::Many(plane.into())
        };
        let list_both = |(admits, bars)| RowsOfTag { admits: list(admits), bars: list(bars) };
        TagRows { names: NameTable::new(&self.by_name), rows: self.rows.into_iter().map(list_both).collect() }
    }
}

impl TagRows {
    /// The number under which a tag is known; `None` when no row asks about it.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.names.find(name)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn admit(&self, tag: u32, plane: &mut Plane) {
        match &self.rows[tag as usize].admits {
            RowList::Few(rows) => rows.iter().for_each(|row| planes::set(plane, *row)),
            RowList::Many(rows) => planes::or(plane, rows),
        }
    }

    pub(super) fn bar(&self, tag: u32, plane: &mut Plane) {
        match &self.rows[tag as usize].bars {
            RowList::Few(rows) => rows.iter().for_each(|row| planes::clear(plane, *row)),
            RowList::Many(rows) => planes::and_not(plane, rows),
        }
    }
}

/// Names and their numbers, open-addressed, the names side by side in one text: most tags of a customer are asked
/// about by nobody, and to find that out takes one look at one line of memory.
#[derive(Debug, Default)]
struct NameTable {
    /// A power of two of places, at most half of them taken.
    places: Box<[Option<NamePlace>]>,
    text: Box<str>,
}

#[derive(Debug, Clone, Copy)]
struct NamePlace {
    hash: u32,
    number: u32,
    start: u32,
    end: u32,
}

impl NameTable {
    fn new(names: &FxHashMap<&str, u32>) -> Self {
        let mut places = vec![None; (2 * names.len()).next_power_of_two()];
        let mut text = String::with_capacity(names.keys().map(|name| name.len()).sum());
        for (name, number) in names {
            let (hash, mut at) = Self::start_of_search(name, places.len());
            while places[at].is_some() {
                at = (at + 1) & (places.len() - 1);
            }
            let start = text.len() as u32;
            text.push_str(name);
            places[at] = Some(NamePlace { hash, number: *number, start, end: text.len() as u32 });
        }
        Self { places: places.into(), text: text.into() }
    }

    fn find(&self, name: &str) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let (hash, mut at) = Self::start_of_search(name, self.places.len());
        while let Some(place) = &self.places[at] {
            if place.hash == hash && self.text[place.start as usize..place.end as usize] == *name {
                return Some(place.number);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
        None
    }

    fn start_of_search(name: &str, places: usize) -> (u32, usize) {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let hash = hasher.finish();
        ((hash >> 32) as u32, hash as usize & (places - 1))
    }
}
