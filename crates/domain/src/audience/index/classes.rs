//! The values of one field, divided into classes that no clause of the set can tell apart.
//!
//! The classes lie on one line: missing, everything without an order, false, true, then the numbers, texts
//! and instants, each in order: a class for every operand and one for every gap between operands. A clause
//! accepts stretches of that line, so conjunctions and negations become arithmetic on stretches.

use super::names::NameTable;
use super::normal::{Formula, Literal};
use crate::audience::dates::{DateOperand, Stretch};
use crate::audience::field::Actual;
use crate::audience::query::{Operand, OperandSet, Relation, Test};
use crate::number::Number;

const MISSING: u32 = 0;
const OTHER: u32 = 1;
const FALSE: u32 = 2;
const TRUE: u32 = 3;
const NUMBERS: u32 = 4;

/// The operands that occur with one field.
#[derive(Debug)]
pub(super) struct Line {
    numbers: Box<[Number]>,
    /// The same when all of them are integers, which compare faster.
    integers: Option<Box<[i64]>>,
    texts: Box<[Box<str>]>,
    /// The first instants of stretches, and the first instants after them.
    instants: Box<[i64]>,
    /// Whether some clause orders texts, so that the gaps between them differ.
    texts_ordered: bool,
    text_places: NameTable,
}

/// The operands of a field while they are collected.
#[derive(Debug, Default)]
pub(super) struct LineBuilder<'a> {
    numbers: Vec<Number>,
    texts: Vec<&'a str>,
    instants: Vec<i64>,
    texts_ordered: bool,
}

/// Whether the classes of a value decide the literal. They do not where a text may be read as a date, nor
/// where the operand moves with the time.
pub(super) fn is_decided_by_class(literal: Literal<'_>) -> bool {
    let dates_are_instants = literal.clause.field.is_date();
    let decided = |operand: &Operand| match operand {
        Operand::Date(DateOperand::Absolute(_)) => dates_are_instants,
        Operand::Date(DateOperand::Relative(_)) => false,
        _ => true,
    };
    let all_decided = |dates: &[DateOperand]| dates.iter().all(|date| decided(&Operand::Date(*date)));
    match &literal.clause.test {
        Test::Equals(operand) | Test::Order(_, operand) => decided(operand),
        Test::OneOf(operands) => all_decided(&operands.dates),
        Test::AllOf(operands) => operands.iter().all(decided),
        Test::Between(low, high) => decided(low) && decided(high),
        Test::Exists(_) => true,
    }
}

impl<'a> LineBuilder<'a> {
    /// Takes note of the operands of a literal about this field.
    pub(super) fn collect(&mut self, literal: Literal<'a>) {
        match &literal.clause.test {
            Test::Equals(operand) => self.note(operand),
            Test::Order(_, operand) => self.note_ordered(operand),
            Test::OneOf(operands) => {
                self.numbers.extend(&*operands.numbers);
                self.texts.extend(operands.texts.iter().map(|text| &**text));
                for date in &operands.dates {
                    self.note_date(*date);
                }
            }
            Test::AllOf(operands) => operands.iter().for_each(|operand| self.note(operand)),
            Test::Between(low, high) => {
                self.note_ordered(low);
                self.note_ordered(high);
            }
            Test::Exists(_) => {}
        }
    }

    fn note(&mut self, operand: &'a Operand) {
        match operand {
            Operand::Bool(_) => {}
            Operand::Number(number) => self.numbers.push(*number),
            Operand::Text(text) => self.texts.push(text),
            Operand::Date(date) => self.note_date(*date),
        }
    }

    fn note_ordered(&mut self, operand: &'a Operand) {
        self.texts_ordered |= matches!(operand, Operand::Text(_));
        self.note(operand);
    }

    fn note_date(&mut self, date: DateOperand) {
        if let DateOperand::Absolute(Stretch { start, end }) = date {
            self.instants.extend([start, end]);
        }
    }

    pub(super) fn finish(mut self) -> Line {
        self.numbers.sort_unstable();
        self.numbers.dedup();
        self.texts.sort_unstable();
        self.texts.dedup();
        self.instants.sort_unstable();
        self.instants.dedup();
        let integer = |number: &Number| match number {
            Number::Int(integer) => Some(*integer),
            _ => None,
        };
        Line {
            integers: self.numbers.iter().map(integer).collect(),
            numbers: self.numbers.into(),
            text_places: NameTable::new(self.texts.iter().copied().zip(0..self.texts.len() as u32)),
            texts: self.texts.into_iter().map(Box::from).collect(),
            instants: self.instants.into(),
            texts_ordered: self.texts_ordered,
        }
    }
}

impl Line {
    fn texts_start(&self) -> u32 {
        NUMBERS + 2 * self.numbers.len() as u32 + 1
    }

    fn instants_start(&self) -> u32 {
        self.texts_start() + 2 * self.texts.len() as u32 + 1
    }

    /// Number of classes.
    pub(super) fn len(&self) -> u32 {
        self.instants_start() + self.instants.len() as u32 + 1
    }

    /// The class of a value; `None` for several values at once, which no single class describes.
    pub(super) fn class_of(&self, actual: Actual<'_>) -> Option<u32> {
        Some(match actual {
            Actual::Missing => MISSING,
            Actual::Object(_) => OTHER,
            Actual::Bool(false) => FALSE,
            Actual::Bool(true) => TRUE,
            Actual::Number(number) => NUMBERS + self.number_place(number),
            Actual::Text(text) => {
                let start = self.texts_start();
                match self.text_places.find(text) {
                    Some(place) => start + 2 * place + 1,
                    None if !self.texts_ordered => start,
                    None => start + place(self.texts.binary_search_by(|own| (**own).cmp(text))),
                }
            }
            Actual::Instant(at) => {
                self.instants_start() + self.instants.partition_point(|instant| *instant <= at) as u32
            }
            Actual::Set(_) | Actual::List(_) => return None,
        })
    }

    /// The classes for which a formula about this field holds.
    pub(super) fn accepted(&self, formula: &Formula<'_>) -> Stretches {
        match formula {
            Formula::And(parts) => parts
                .iter()
                .map(|part| self.accepted(part))
                .reduce(|a, b| a.intersect(&b))
                .unwrap_or_else(|| Stretches::from_to(0, self.len())),
            Formula::Or(parts) => parts.iter().flat_map(|part| self.accepted(part).0).collect(),
            Formula::Literal(literal) => self.accepted_by_literal(*literal),
            Formula::True => Stretches::from_to(0, self.len()),
            // Tags are indexed by name and never asked for here.
            Formula::False | Formula::HasTag(_) | Formula::LacksTags(_) => Stretches::default(),
        }
    }

    /// The classes for which a literal about this field holds.
    pub(super) fn accepted_by_literal(&self, literal: Literal<'_>) -> Stretches {
        let accepted = self.accepted_by(&literal.clause.test);
        if literal.negated == literal.clause.negated { accepted } else { accepted.complement(self.len()) }
    }

    fn accepted_by(&self, test: &Test) -> Stretches {
        match test {
            Test::Equals(operand) => Stretches::from_pair(self.equal_to(operand)),
            Test::OneOf(operands) => self.one_of(operands),
            Test::AllOf(operands) => operands
                .iter()
                .map(|operand| Stretches::from_pair(self.equal_to(operand)))
                .reduce(|a, b| a.intersect(&b))
                .unwrap_or_default(),
            Test::Order(relation, operand) => self.ordered(*relation, operand),
            Test::Between(low, high) => self
                .ordered(Relation::GreaterOrEqual, low)
                .intersect(&self.ordered(Relation::LessOrEqual, high)),
            Test::Exists(true) => Stretches::from_to(OTHER, self.len()),
            Test::Exists(false) => Stretches::from_to(MISSING, OTHER),
        }
    }

    fn one_of(&self, operands: &OperandSet) -> Stretches {
        let bools = [(operands.has_false, FALSE), (operands.has_true, TRUE)];
        let bools = bools.into_iter().filter(|(has, _)| *has).map(|(_, class)| (class, class + 1));
        let numbers = operands.numbers.iter().map(|number| self.number(*number));
        let texts = operands.texts.iter().map(|text| self.text(text));
        let dates = operands.dates.iter().map(|date| self.date(*date));
        bools.chain(numbers).chain(texts).chain(dates).collect()
    }

    fn equal_to(&self, operand: &Operand) -> (u32, u32) {
        match operand {
            Operand::Bool(false) => (FALSE, FALSE + 1),
            Operand::Bool(true) => (TRUE, TRUE + 1),
            Operand::Number(number) => self.number(*number),
            Operand::Text(text) => self.text(text),
            Operand::Date(date) => self.date(*date),
        }
    }

    fn number_place(&self, number: Number) -> u32 {
        place(match (&self.integers, number) {
            (Some(integers), Number::Int(integer)) => integers.binary_search(&integer),
            _ => self.numbers.binary_search(&number),
        })
    }

    fn number(&self, number: Number) -> (u32, u32) {
        let class = NUMBERS + self.number_place(number);
        (class, class + 1)
    }

    /// The text must be one of those collected.
    fn text(&self, text: &str) -> (u32, u32) {
        match self.text_places.find(text) {
            Some(place) => (self.texts_start() + 2 * place + 1, self.texts_start() + 2 * place + 2),
            None => (0, 0),
        }
    }

    fn date(&self, date: DateOperand) -> (u32, u32) {
        match date {
            DateOperand::Absolute(Stretch { start, end }) => {
                let class =
                    |at| self.instants_start() + self.instants.partition_point(|own| *own <= at) as u32;
                (class(start), class(end))
            }
            DateOperand::Relative(_) => (0, 0),
        }
    }

    /// The values that stand in the relation to the operand: a stretch within those of its type.
    fn ordered(&self, relation: Relation, operand: &Operand) -> Stretches {
        let (first, last) = match operand {
            Operand::Bool(_) => (FALSE, NUMBERS),
            Operand::Number(_) => (NUMBERS, self.texts_start()),
            Operand::Text(_) => (self.texts_start(), self.instants_start()),
            Operand::Date(_) => (self.instants_start(), self.len()),
        };
        let (equal, greater) = self.equal_to(operand);
        match relation {
            Relation::Less => Stretches::from_to(first, equal),
            Relation::LessOrEqual => Stretches::from_to(first, greater),
            Relation::Greater => Stretches::from_to(greater, last),
            Relation::GreaterOrEqual => Stretches::from_to(equal, last),
        }
    }
}

/// Among sorted operands: the odd place of an operand, or the even place of the gap before the next one.
fn place(searched: Result<usize, usize>) -> u32 {
    match searched {
        Ok(at) => 2 * at as u32 + 1,
        Err(at) => 2 * at as u32,
    }
}

/// Classes, as ascending half-open stretches that do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stretches(pub(super) Vec<(u32, u32)>);

impl FromIterator<(u32, u32)> for Stretches {
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(stretches: I) -> Self {
        let mut all: Vec<_> = stretches.into_iter().filter(|(from, to)| from < to).collect();
        all.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(all.len());
        for (from, to) in all {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        Self(merged)
    }
}

impl Stretches {
    pub(super) fn contain(&self, class: u32) -> bool {
        self.0.iter().any(|(from, to)| *from <= class && class < *to)
    }

    pub(super) fn from_to(from: u32, to: u32) -> Self {
        Self::from_pair((from, to))
    }

    fn from_pair((from, to): (u32, u32)) -> Self {
        Self(if from < to { vec![(from, to)] } else { Vec::new() })
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        let (mut both, mut i, mut j) = (Vec::new(), 0, 0);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            let (from, to) = (a.0.max(b.0), a.1.min(b.1));
            if from < to {
                both.push((from, to));
            }
            if a.1 < b.1 {
                i += 1;
            } else {
                j += 1;
            }
        }
        Self(both)
    }

    fn complement(&self, len: u32) -> Self {
        let mut rest = Vec::with_capacity(self.0.len() + 1);
        let mut at = 0;
        for (from, to) in &self.0 {
            if at < *from {
                rest.push((at, *from));
            }
            at = *to;
        }
        if at < len {
            rest.push((at, len));
        }
        Self(rest)
    }
}
