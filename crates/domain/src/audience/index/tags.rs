//! Tags: the one field with many values, indexed by name.

use super::planes::{self, Plane};
use rustc_hash::FxHashMap;

/// Rows by tag.
#[derive(Debug, Default)]
pub(super) struct TagRows {
    by_name: FxHashMap<Box<str>, u32>,
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
pub(super) struct TagRowsBuilder {
    by_name: FxHashMap<Box<str>, (Vec<u32>, Vec<u32>)>,
}

impl TagRowsBuilder {
    pub(super) fn admits(&mut self, name: &str, row: u32) {
        self.entry(name).0.push(row);
    }

    pub(super) fn bars(&mut self, name: &str, row: u32) {
        self.entry(name).1.push(row);
    }

    fn entry(&mut self, name: &str) -> &mut (Vec<u32>, Vec<u32>) {
        if !self.by_name.contains_key(name) {
            self.by_name.insert(name.into(), Default::default());
        }
        self.by_name.get_mut(name).expect("inserted above")
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
        let mut tags = TagRows::default();
        let mut of_tags = Vec::with_capacity(self.by_name.len());
        for (name, (admits, bars)) in self.by_name {
            tags.by_name.insert(name, of_tags.len() as u32);
            of_tags.push(RowsOfTag { admits: list(admits), bars: list(bars) });
        }
        tags.rows = of_tags.into();
        tags
    }
}

impl TagRows {
    /// The number under which a tag is known; `None` when no row asks about it.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
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
