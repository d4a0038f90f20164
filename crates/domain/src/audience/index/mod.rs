//! Many queries against one customer at once.
//!
//! Each query becomes a few rows: conjunctions of parts about one field each. For every field that enough
//! rows ask about, the customer's value selects a plane of bits, the rows that accept it, and the planes are
//! intersected; a row that needs a tag is only let in by a posting of one of the customer's own tags. What
//! does not fit this form is verified clause by clause on the few rows that remain.

mod build;
mod classes;
mod names;
mod normal;
mod planes;
mod residue;
mod tags;

use super::field::Field;
use super::{Facts, Targeting};
use classes::Line;
use planes::{ClassPlanes, Plane};
use residue::{Known, Residue};
use tags::TagRows;

/// A set of queries, compiled to find all that match one customer. Immutable; building it anew takes
/// milliseconds for ten thousand queries.
#[derive(Debug)]
pub struct CompiledSet {
    /// The caller's number of each row, ascending; equal for the rows of one query. Filled up to whole words
    /// of rows and one more.
    slots: Box<[u32]>,
    /// Whether some query has more rows than one.
    has_choices: bool,
    /// Rows that need no tag.
    open: Box<[u64]>,
    tags: TagRows,
    fields: Box<[IndexedField]>,
    /// Rows with something left to verify.
    unsettled: Box<[u64]>,
    /// What is left to verify, by row.
    residues: Box<[Option<Residue>]>,
    /// The whole query of each row, for values that have no class.
    sources: Box<[Option<Targeting>]>,
}

#[derive(Debug)]
struct IndexedField {
    field: Field,
    line: Line,
    planes: ClassPlanes,
    /// The rows that ask about it.
    askers: Box<[u64]>,
}

/// Memory to work in, reused from call to call.
#[derive(Debug, Default)]
pub struct Scratch {
    alive: Vec<u64>,
    plane: Vec<u64>,
    doubtful: Vec<u64>,
    tags: Vec<u32>,
    tag_bits: Vec<u64>,
    classes: Vec<u32>,
}

/// Stands for the class of several values at once, which no class describes.
const NO_CLASS: u32 = u32::MAX;

impl CompiledSet {
    /// Compiles queries under the caller's numbers, which need not be dense. No query means everyone; one
    /// that does not parse matches nobody.
    pub fn compile<'a>(queries: impl IntoIterator<Item = (u32, Option<&'a Targeting>)>) -> Self {
        build::compile(queries)
    }

    /// Finds the queries that match: their numbers, ascending, replace the content of `found`.
    pub fn matches(&self, facts: &Facts<'_>, scratch: &mut Scratch, found: &mut Vec<u32>) {
        found.clear();
        let Scratch { alive, plane, doubtful, tags, tag_bits, classes } = scratch;
        // Everything that has to be read from the customer's record is read first.
        self.tags.find_all(&facts.customer.tags, facts.now, tags);
        classes.clear();
        let class_of =
            |field: &IndexedField| field.line.class_of(field.field.read(facts)).unwrap_or(NO_CLASS);
        classes.extend(self.fields.iter().map(class_of));

        alive.clear();
        alive.extend_from_slice(&self.open);
        plane.resize(alive.len(), 0);
        tag_bits.clear();
        tag_bits.resize(planes::words_for(self.tags.len()), 0);
        for tag in &*tags {
            planes::set(tag_bits, *tag);
            self.tags.admit(*tag, alive);
        }
        let mut any_doubt = false;
        for (field, class) in self.fields.iter().zip(&*classes) {
            if *class != NO_CLASS {
                field.planes.restrict(alive, *class, plane);
                continue;
            }
            // The rows that ask about this field are evaluated whole.
            if !any_doubt {
                any_doubt = true;
                doubtful.clear();
                doubtful.resize(alive.len(), 0);
            }
            planes::or(doubtful, &field.askers);
        }
        for tag in &*tags {
            self.tags.bar(*tag, alive);
        }
        if any_doubt {
            self.verify(alive, doubtful, |row| {
                self.sources[row].as_ref().is_none_or(|source| source.matches(facts))
            });
            // What has been evaluated whole needs no second look.
            for (doubtful, unsettled) in doubtful.iter_mut().zip(&self.unsettled) {
                *doubtful = unsettled & !*doubtful;
            }
        }
        let known = Known { facts, tags: tag_bits, classes };
        let unsettled = if any_doubt { &**doubtful } else { &*self.unsettled };
        self.verify(alive, unsettled, |row| {
            self.residues[row].as_ref().is_none_or(|residue| residue.holds(known))
        });
        self.list(alive, found);
    }

    /// Strikes from `alive` those of the selected rows that do not hold.
    fn verify(&self, alive: &mut Plane, selected: &Plane, holds: impl Fn(usize) -> bool) {
        debug_assert_eq!(alive.len() * 64 + 1, self.slots.len());
        for ((word, selected), first) in alive.iter_mut().zip(selected).zip((0..).step_by(64)) {
            let mut rest = *word & selected;
            while rest != 0 {
                let bit = rest & rest.wrapping_neg();
                if !holds(first + bit.trailing_zeros() as usize) {
                    *word &= !bit;
                }
                rest ^= bit;
            }
        }
    }

    /// Lists the numbers of the rows that are left. Most words hold a few rows only, and how many cannot be
    /// foreseen; so a few numbers are written in any case, and what was too much is written over.
    fn list(&self, alive: &Plane, found: &mut Vec<u32>) {
        const STRIDE: usize = 4;
        let total: usize = alive.iter().map(|word| word.count_ones() as usize).sum();
        found.resize(total + STRIDE, 0);
        let mut listed = 0;
        for (word, first) in alive.iter().zip((0..).step_by(64)) {
            let (mut rest, mut left) = (*word, word.count_ones() as usize);
            loop {
                for place in &mut found[listed..listed + STRIDE] {
                    // An empty word has its lowest bit at 64, for which there is always a slot, see `slots`.
                    *place = self.slots[first + rest.trailing_zeros() as usize];
                    rest &= rest.wrapping_sub(1);
                }
                if left <= STRIDE {
                    listed += left;
                    break;
                }
                listed += STRIDE;
                left -= STRIDE;
            }
        }
        found.truncate(total);
        if self.has_choices {
            found.dedup();
        }
    }
}
