//! Many queries against one customer at once.
//!
//! Each query becomes a few rows: conjunctions of parts about one field each. For every field that enough rows ask
//! about, the customer's value selects a plane of bits, the rows that accept it, and the planes are intersected; a
//! row that needs a tag is only let in by a posting of one of the customer's own tags. What does not fit this form is
//! verified clause by clause on the few rows that remain.

mod classes;
mod normal;
mod planes;
mod tags;

use super::field::{Field, JsonRoot};
use super::query::Query;
use super::{Facts, Targeting};
use classes::{Line, Stretches};
use normal::{Formula, TagLiteral};
use planes::ClassPlanes;
use rustc_hash::FxHashMap;
use tags::{TagRows, TagRowsBuilder};

/// A set of queries, compiled to find all that match one customer. Immutable; building it anew takes milliseconds
/// for ten thousand queries.
#[derive(Debug)]
pub struct CompiledSet {
    /// The caller's number of each row, ascending; equal for the rows of one query.
    slots: Box<[u32]>,
    words: usize,
    /// Rows that need no tag.
    open: Box<[u64]>,
    tags: TagRows,
    fields: Box<[IndexedField]>,
    /// Rows with something left to verify.
    unsettled: Box<[u64]>,
    /// What is left to verify, by row.
    residues: Box<[Option<Query>]>,
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
}

impl CompiledSet {
    /// Compiles queries under the caller's numbers, which need not be dense. No query means everyone; one that does not
    /// parse matches nobody.
    pub fn compile<'a>(queries: impl IntoIterator<Item = (u32, Option<&'a Targeting>)>) -> Self {
        let mut rows = Vec::new();
        for (slot, targeting) in queries {
            match targeting {
                None => rows.push(Row { slot, parts: Vec::new(), source: None }),
                Some(targeting) => {
                    let Some(query) = targeting.query() else { continue };
                    let conjunctions = Formula::of(query, false).into_rows();
                    rows.extend(conjunctions.into_iter().map(|parts| Row {
                        slot,
                        parts,
                        source: Some(targeting.clone()),
                    }));
                }
            }
        }
        rows.sort_by_key(|row| row.slot);
        Builder::new(rows.len()).build(rows)
    }

    /// Finds the queries that match: their numbers, ascending, replace the content of `found`.
    pub fn matches(&self, facts: &Facts<'_>, scratch: &mut Scratch, found: &mut Vec<u32>) {
        found.clear();
        let Scratch { alive, plane, doubtful, tags } = scratch;
        alive.clear();
        alive.extend_from_slice(&self.open);
        plane.resize(self.words, 0);

        tags.clear();
        if !self.tags.is_empty() {
            tags.extend(facts.customer.live_tags(facts.now).filter_map(|name| self.tags.find(name)));
        }
        for tag in &*tags {
            self.tags.admit(*tag, alive);
        }
        let mut any_doubt = false;
        for field in &self.fields {
            if let Some(class) = field.line.class_of(field.field.read(facts)) {
                field.planes.restrict(alive, class, plane);
                continue;
            }
            if !any_doubt {
                any_doubt = true;
                doubtful.clear();
                doubtful.resize(self.words, 0);
            }
            planes::or(doubtful, &field.askers);
        }
        for tag in &*tags {
            self.tags.bar(*tag, alive);
        }
        self.collect(facts, alive, any_doubt.then_some(doubtful.as_slice()), found);
    }

    fn collect(&self, facts: &Facts<'_>, alive: &[u64], doubtful: Option<&[u64]>, found: &mut Vec<u32>) {
        let mut last = None;
        for (at, (&word, &unsettled)) in alive.iter().zip(&self.unsettled).enumerate() {
            let mut rest = word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                let row = at * 64 + bit as usize;
                let slot = self.slots[row];
                if last == Some(slot) {
                    continue;
                }
                let doubt = doubtful.is_some_and(|doubtful| doubtful[at] & (1 << bit) != 0);
                let holds = if doubt {
                    self.sources[row].as_ref().is_none_or(|source| source.matches(facts))
                } else {
                    unsettled & (1 << bit) == 0
                        || self.residues[row].as_ref().is_none_or(|residue| residue.matches(facts))
                };
                if holds {
                    found.push(slot);
                    last = Some(slot);
                }
            }
        }
    }
}

/// A conjunction on its way into the index.
struct Row {
    slot: u32,
    parts: Vec<Formula>,
    source: Option<Targeting>,
}

struct Builder {
    rows: usize,
    open: Vec<u64>,
    unsettled: Vec<u64>,
    residues: Vec<Option<Query>>,
    tags: TagRowsBuilder,
}

/// A part about one field that the index may settle.
struct Indexable<'a> {
    row: u32,
    part: &'a Formula,
}

impl Builder {
    fn new(rows: usize) -> Self {
        let mut open = vec![0; planes::words_for(rows)];
        (0..rows as u32).for_each(|row| planes::set(&mut open, row));
        Self {
            rows,
            unsettled: vec![0; open.len()],
            open,
            residues: Vec::with_capacity(rows),
            tags: TagRowsBuilder::default(),
        }
    }

    fn build(mut self, rows: Vec<Row>) -> CompiledSet {
        let tag_askers = count_tag_askers(&rows);
        let mut by_field: FxHashMap<&Field, Vec<Indexable<'_>>> = FxHashMap::default();
        let mut residues: Vec<Vec<Query>> = Vec::with_capacity(rows.len());
        for (row, number) in rows.iter().zip(0..) {
            let entry = rarest_entry(&row.parts, &tag_askers);
            let mut residue = Vec::new();
            for (at, part) in row.parts.iter().enumerate() {
                match part {
                    Formula::HasTag(tags) if entry == Some(at) => {
                        planes::clear(&mut self.open, number);
                        tags.names.iter().for_each(|name| self.tags.admits(name, number));
                    }
                    Formula::LacksTags(tags) => {
                        tags.names.iter().for_each(|name| self.tags.bars(name, number));
                    }
                    part => match indexable_field(part) {
                        Some(field) => {
                            by_field.entry(field).or_default().push(Indexable { row: number, part });
                        }
                        None => residue.push(part.to_query()),
                    },
                }
            }
            residues.push(residue);
        }

        // A plane costs about as much as verifying a few rows; a field that hardly any row asks about is verified.
        let askers_min = (self.rows / 256).max(4);
        let mut fields = Vec::new();
        for (field, parts) in by_field {
            if parts.len() < askers_min {
                for Indexable { row, part } in parts {
                    residues[row as usize].push(part.to_query());
                }
            } else {
                fields.push(self.index_field(field, &parts));
            }
        }
        for (residue, row) in residues.into_iter().zip(0..) {
            if !residue.is_empty() {
                planes::set(&mut self.unsettled, row);
            }
            self.residues.push((!residue.is_empty()).then(|| Query::All(residue.into())));
        }
        CompiledSet {
            slots: rows.iter().map(|row| row.slot).collect(),
            words: self.open.len(),
            open: self.open.into(),
            tags: self.tags.finish(self.rows),
            fields: fields.into(),
            unsettled: self.unsettled.into(),
            residues: self.residues.into(),
            sources: rows.into_iter().map(|row| row.source).collect(),
        }
    }

    fn index_field(&self, field: &Field, parts: &[Indexable<'_>]) -> IndexedField {
        let mut line = Line::default();
        for Indexable { part, .. } in parts {
            line.collect(part);
        }
        line.finish();
        let mut askers = vec![0; self.open.len()];
        // The parts came in the order of the rows; two parts of one row are one condition.
        let mut accepted: Vec<(u32, Stretches)> = Vec::with_capacity(parts.len());
        for Indexable { row, part } in parts {
            let stretches = line.accepted(part);
            match accepted.last_mut() {
                Some((last, before)) if last == row => *before = before.intersect(&stretches),
                _ => accepted.push((*row, stretches)),
            }
            planes::set(&mut askers, *row);
        }
        let planes = ClassPlanes::compile(self.rows, line.len(), &accepted);
        IndexedField { field: field.clone(), line, planes, askers: askers.into() }
    }
}

/// The field of a part that classes decide.
fn indexable_field(part: &Formula) -> Option<&Field> {
    fn decided(part: &Formula) -> bool {
        match part {
            Formula::Literal(literal) => classes::is_decided_by_class(literal),
            Formula::And(parts) | Formula::Or(parts) => parts.iter().all(decided),
            _ => false,
        }
    }
    let field = part.only_field()?;
    let single_valued = match field {
        Field::Standard(_)
        | Field::Json(JsonRoot::UserProfile | JsonRoot::Referral, _)
        | Field::Events(..) => true,
        Field::Set(_) | Field::Unknown => false,
    };
    (single_valued && decided(part)).then_some(field)
}

fn count_tag_askers(rows: &[Row]) -> FxHashMap<&str, usize> {
    let mut askers = FxHashMap::default();
    for part in rows.iter().flat_map(|row| &row.parts) {
        if let Formula::HasTag(tags) = part {
            for name in &tags.names {
                *askers.entry(&**name).or_default() += 1;
            }
        }
    }
    askers
}

/// Of the parts that need a tag, the one whose tags the fewest rows ask for: the popular tags of a set of queries are
/// likely the popular ones among customers.
fn rarest_entry(parts: &[Formula], askers: &FxHashMap<&str, usize>) -> Option<usize> {
    let weight = |tags: &TagLiteral| tags.names.iter().map(|name| askers[&**name]).sum::<usize>();
    parts
        .iter()
        .enumerate()
        .filter_map(|(at, part)| match part {
            Formula::HasTag(tags) => Some((weight(tags), at)),
            _ => None,
        })
        .min()
        .map(|(_, at)| at)
}
