//! Bits for rows, and for one field the bits of every class.

use super::classes::Stretches;

/// One bit a row.
pub(super) type Plane = [u64];

pub(super) fn words_for(rows: usize) -> usize {
    rows.div_ceil(64)
}

pub(super) fn set(plane: &mut Plane, row: u32) {
    plane[row as usize / 64] |= 1 << (row % 64);
}

pub(super) fn clear(plane: &mut Plane, row: u32) {
    plane[row as usize / 64] &= !(1 << (row % 64));
}

fn flip(plane: &mut Plane, row: u32) {
    plane[row as usize / 64] ^= 1 << (row % 64);
}

pub(super) fn is_set(plane: &Plane, at: u32) -> bool {
    plane[at as usize / 64] & (1 << (at % 64)) != 0
}

pub(super) fn and(plane: &mut Plane, other: &Plane) {
    for (word, other) in plane.iter_mut().zip(other) {
        *word &= other;
    }
}

pub(super) fn or(plane: &mut Plane, other: &Plane) {
    for (word, other) in plane.iter_mut().zip(other) {
        *word |= other;
    }
}

pub(super) fn and_not(plane: &mut Plane, other: &Plane) {
    for (word, other) in plane.iter_mut().zip(other) {
        *word &= !other;
    }
}

/// For each class of a field the rows that accept it. Full planes are kept for some classes only; the others
/// are reached from the plane before them by flipping the rows that differ, so that memory grows with the
/// number of stretches and not with classes × rows.
#[derive(Debug)]
pub(super) struct ClassPlanes {
    words: usize,
    planes: Box<[u64]>,
    /// By class: which plane it starts from, and where its flips end; they begin where those of the plane's
    /// own class end.
    classes: Box<[ClassPlace]>,
    flips: Box<[u32]>,
}

#[derive(Debug, Clone, Copy)]
struct ClassPlace {
    plane: u32,
    flips_from: u32,
    flips_to: u32,
}

impl ClassPlanes {
    /// Compiles the accepted stretches of the rows that ask about the field; all other rows accept every
    /// class.
    pub(super) fn compile(rows: usize, classes: u32, accepted: &[(u32, Stretches)]) -> Self {
        let words = words_for(rows);
        let mut changes: Vec<(u32, u32)> = Vec::with_capacity(2 * accepted.len());
        let mut state = vec![u64::MAX; words];
        for (row, stretches) in accepted {
            if stretches.0.first().is_none_or(|(from, _)| *from != 0) {
                clear(&mut state, *row);
            }
            for (from, to) in &stretches.0 {
                changes.extend(
                    [*from, *to].into_iter().filter(|at| (1..classes).contains(at)).map(|at| (at, *row)),
                );
            }
        }
        changes.sort_unstable();

        // About what copying a plane costs.
        let flips_max = (words / 4).max(2);
        let mut planes = state.clone();
        let mut places = Vec::with_capacity(classes as usize);
        let mut flips = Vec::with_capacity(changes.len());
        let mut place = ClassPlace { plane: 0, flips_from: 0, flips_to: 0 };
        let mut pending = changes.into_iter().peekable();
        for class in 0..classes {
            while let Some((_, row)) = pending.next_if(|(at, _)| *at == class) {
                flip(&mut state, row);
                flips.push(row);
            }
            place.flips_to = flips.len() as u32;
            if (place.flips_to - place.flips_from) as usize > flips_max {
                planes.extend_from_slice(&state);
                place.plane += 1;
                place.flips_from = place.flips_to;
            }
            places.push(place);
        }
        Self { words, planes: planes.into(), classes: places.into(), flips: flips.into() }
    }

    /// Keeps of `plane` the rows that accept the class.
    pub(super) fn restrict(&self, plane: &mut Plane, class: u32, scratch: &mut Plane) {
        let ClassPlace { plane: start, flips_from, flips_to } = self.classes[class as usize];
        let base = &self.planes[start as usize * self.words..][..self.words];
        if flips_from == flips_to {
            and(plane, base);
            return;
        }
        scratch.copy_from_slice(base);
        for row in &self.flips[flips_from as usize..flips_to as usize] {
            flip(scratch, *row);
        }
        and(plane, scratch);
    }
}
