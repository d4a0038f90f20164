//! From queries to the index.

use super::classes::{Line, LineBuilder, Stretches, is_decided_by_class};
use super::normal::{Formula, Literal};
use super::planes::{self, ClassPlanes};
use super::residue::Residue;
use super::tags::TagRowsBuilder;
use super::{CompiledSet, IndexedField};
use crate::audience::Targeting;
use crate::audience::field::Field;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A conjunction on its way into the index.
struct Row<'a> {
    slot: u32,
    parts: Vec<Formula<'a>>,
    source: Option<&'a Targeting>,
}

pub(super) fn compile<'a>(queries: impl IntoIterator<Item = (u32, Option<&'a Targeting>)>) -> CompiledSet {
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
                    source: Some(targeting),
                }));
            }
        }
    }
    rows.sort_by_key(|row| row.slot);
    let mut builder = Builder::new(&rows);
    let residues = (0..).zip(&rows).map(|(number, row)| builder.row(number, row)).collect();
    builder.finish(&rows, residues)
}

struct Builder<'a> {
    open: Vec<u64>,
    unsettled: Vec<u64>,
    tags: TagRowsBuilder<'a>,
    tag_askers: FxHashMap<&'a str, usize>,
    fields: Vec<FieldBuilder<'a>>,
    field_numbers: FxHashMap<&'a Field, u32>,
}

struct FieldBuilder<'a> {
    field: &'a Field,
    line: Line,
    askers: Vec<u64>,
    accepted: Vec<(u32, Stretches)>,
}

impl<'a> Builder<'a> {
    fn new(rows: &[Row<'a>]) -> Self {
        let words = planes::words_for(rows.len());
        let mut open = vec![0; words];
        for row in 0..rows.len() as u32 {
            planes::set(&mut open, row);
        }
        let fields = indexed_fields(rows, words);
        Self {
            open,
            unsettled: vec![0; words],
            tags: TagRowsBuilder::default(),
            tag_askers: count_tag_askers(rows),
            field_numbers: (0..).zip(&fields).map(|(number, field)| (field.field, number)).collect(),
            fields,
        }
    }

    /// Enters a row, and returns what is left to verify of it.
    fn row(&mut self, number: u32, row: &Row<'a>) -> Option<Residue> {
        let entry = self.rarest_entry(&row.parts);
        let mut residue = Vec::new();
        for (at, part) in row.parts.iter().enumerate() {
            match part {
                Formula::HasTag(names) if entry == Some(at) => {
                    planes::clear(&mut self.open, number);
                    for name in names {
                        self.tags.admits(name, number);
                    }
                }
                Formula::LacksTags(names) => {
                    for name in names {
                        self.tags.bars(name, number);
                    }
                }
                part => match self.settled_by_one_field(part) {
                    Some(field) => self.fields[field as usize].settle(number, part),
                    None => residue.push(self.residue(number, part)),
                },
            }
        }
        if residue.is_empty() {
            return None;
        }
        planes::set(&mut self.unsettled, number);
        Some(if residue.len() == 1 { residue.swap_remove(0) } else { Residue::All(residue.into()) })
    }

    /// Of the parts that need a tag, the one whose tags the fewest rows ask for: the popular tags of a set of
    /// queries are likely the popular ones among customers.
    fn rarest_entry(&self, parts: &[Formula<'a>]) -> Option<usize> {
        let weight = |names: &[&str]| names.iter().map(|name| self.tag_askers[name]).sum::<usize>();
        parts
            .iter()
            .enumerate()
            .filter_map(|(at, part)| match part {
                Formula::HasTag(names) => Some((weight(names), at)),
                _ => None,
            })
            .min()
            .map(|(_, at)| at)
    }

    fn settled_by_one_field(&self, part: &Formula<'a>) -> Option<u32> {
        let field = *self.field_numbers.get(part.only_field()?)?;
        let mut decided = true;
        part.for_each_literal(&mut |literal| decided &= is_decided_by_class(literal));
        decided.then_some(field)
    }

    fn residue(&mut self, row: u32, part: &Formula<'a>) -> Residue {
        let mut each = |parts: &[Formula<'a>]| parts.iter().map(|part| self.residue(row, part)).collect();
        match part {
            Formula::True => Residue::All(Box::default()),
            Formula::False => Residue::Any(Box::default()),
            Formula::And(parts) => Residue::All(each(parts)),
            Formula::Or(parts) => Residue::Any(each(parts)),
            Formula::HasTag(names) => Residue::HasTag(self.tag_numbers(names)),
            Formula::LacksTags(names) => Residue::LacksTags(self.tag_numbers(names)),
            Formula::Literal(literal) => self.literal(row, *literal),
        }
    }

    fn literal(&mut self, row: u32, literal: Literal<'a>) -> Residue {
        match self.field_numbers.get(&literal.clause.field) {
            Some(&number) if is_decided_by_class(literal) => {
                let field = &mut self.fields[number as usize];
                planes::set(&mut field.askers, row);
                Residue::Class { field: number, accepted: field.line.accepted_by_literal(literal) }
            }
            _ => Residue::Clause { clause: Arc::clone(literal.clause), negated: literal.negated },
        }
    }

    fn tag_numbers(&mut self, names: &[&'a str]) -> Box<[u32]> {
        names.iter().map(|name| self.tags.number(name)).collect()
    }

    fn finish(self, rows: &[Row<'_>], residues: Box<[Option<Residue>]>) -> CompiledSet {
        let mut slots: Vec<u32> = rows.iter().map(|row| row.slot).collect();
        slots.resize(self.open.len() * 64 + 1, u32::MAX);
        CompiledSet {
            slots: slots.into(),
            has_choices: rows.windows(2).any(|pair| pair[0].slot == pair[1].slot),
            open: self.open.into(),
            tags: self.tags.finish(rows.len()),
            fields: self.fields.into_iter().map(|field| field.finish(rows.len())).collect(),
            unsettled: self.unsettled.into(),
            residues,
            sources: rows.iter().map(|row| row.source.cloned()).collect(),
        }
    }
}

impl FieldBuilder<'_> {
    /// Leaves a part about this field alone to the planes.
    fn settle(&mut self, row: u32, part: &Formula<'_>) {
        planes::set(&mut self.askers, row);
        let accepted = self.line.accepted(part);
        match self.accepted.last_mut() {
            Some((last, before)) if *last == row => *before = before.intersect(&accepted),
            _ => self.accepted.push((row, accepted)),
        }
    }

    fn finish(self, rows: usize) -> IndexedField {
        IndexedField {
            field: self.field.clone(),
            planes: ClassPlanes::compile(rows, self.line.len(), &self.accepted),
            line: self.line,
            askers: self.askers.into(),
        }
    }
}

/// The fields with one value that enough clauses ask about, with the operands of those clauses.
fn indexed_fields<'a>(rows: &[Row<'a>], words: usize) -> Vec<FieldBuilder<'a>> {
    let mut lines: FxHashMap<&Field, (usize, LineBuilder<'_>)> = FxHashMap::default();
    for part in rows.iter().flat_map(|row| &row.parts) {
        part.for_each_literal(&mut |literal| {
            let field = &literal.clause.field;
            let single_valued = matches!(field, Field::Standard(_) | Field::Json(..) | Field::Events(..));
            if single_valued && is_decided_by_class(literal) {
                let (askers, line) = lines.entry(field).or_default();
                *askers += 1;
                line.collect(literal);
            }
        });
    }
    // Reading a field and taking in its plane costs about as much as verifying a few rows.
    let askers_min = (rows.len() / 256).max(4);
    lines
        .into_iter()
        .filter(|(_, (askers, _))| *askers >= askers_min)
        .map(|(field, (_, line))| FieldBuilder {
            field,
            line: line.finish(),
            askers: vec![0; words],
            accepted: Vec::new(),
        })
        .collect()
}

fn count_tag_askers<'a>(rows: &[Row<'a>]) -> FxHashMap<&'a str, usize> {
    let mut askers = FxHashMap::default();
    for part in rows.iter().flat_map(|row| &row.parts) {
        if let Formula::HasTag(names) = part {
            for name in names {
                *askers.entry(*name).or_default() += 1;
            }
        }
    }
    askers
}
