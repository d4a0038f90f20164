//! Objects of tag, length and value with one-octet tags and BER lengths.

/// The first object and what follows it; `None` when the octets are no object.
pub(super) fn first(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = octets.split_first()?;
    let (length, rest) = length(rest)?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*tag, value, rest))
}

/// A BER length and what follows it.
pub(super) fn length(octets: &[u8]) -> Option<(usize, &[u8])> {
    match octets {
        [0x82, high, low, rest @ ..] => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        [0x81, length, rest @ ..] | [length @ 0..=0x7F, rest @ ..] => Some((usize::from(*length), rest)),
        _ => None,
    }
}

/// All objects; `None` when the octets are not a list of them.
pub(super) fn list(mut octets: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    while !octets.is_empty() {
        let (tag, value, rest) = first(octets)?;
        found.push((tag, value));
        octets = rest;
    }
    Some(found)
}

/// The value, if the octets are exactly one object of this tag.
pub(super) fn only(octets: &[u8], tag: u8) -> Option<&[u8]> {
    first(octets).filter(|(own, _, rest)| *own == tag && rest.is_empty()).map(|(_, value, _)| value)
}

/// An object.
pub(super) fn object(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut octets = vec![tag];
    match value.len() {
        length @ 0..=0x7F => octets.push(length as u8),
        length @ 0x80..=0xFF => octets.extend([0x81, length as u8]),
        length => octets.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    octets.extend_from_slice(value);
    octets
}

/// How far octets are an object whose tag may have several octets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// They are one; its tag has so many octets.
    Whole(usize),
    /// They begin one.
    Part,
    /// They are more than one, or none at all.
    Broken,
}

/// Octets of the tag and of the whole object, as far as they can be told.
fn measure(octets: &[u8]) -> Option<(usize, Option<usize>)> {
    let more = |at: usize| octets.get(at).is_none_or(|octet| octet & 0x80 != 0);
    let tag = match octets.first()? & 0x1F {
        0x1F => 2 + (1..4).take_while(|at| more(*at)).count(),
        _ => 1,
    };
    let behind = octets.get(tag..).unwrap_or_default();
    let Some((value, rest)) = length(behind) else {
        // Not there yet, or a form of length that nobody uses here.
        return match behind {
            [] | [0x81 | 0x82] | [0x82, _] => Some((tag, None)),
            _ => None,
        };
    };
    Some((tag, Some(tag + (behind.len() - rest.len()) + value)))
}

/// How far octets are an object.
pub(super) fn extent(octets: &[u8]) -> Extent {
    match measure(octets) {
        Some((tag, Some(whole))) if whole == octets.len() => Extent::Whole(tag),
        Some((_, Some(whole))) if whole > octets.len() => Extent::Part,
        Some((_, None)) => Extent::Part,
        _ => Extent::Broken,
    }
}

/// Whole objects, one after the other; ends where there are none.
pub(super) fn split(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (_, whole) = measure(octets)?;
        let (one, rest) = octets.split_at_checked(whole?)?;
        octets = rest;
        Some(one)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents() {
        for (octets, expected) in [
            (&[0x80, 1, 7][..], Extent::Whole(1)),
            (&[0x80, 0], Extent::Whole(1)),
            (&[0x5F, 0x20, 1, 7], Extent::Whole(2)),
            (&[0x5F, 0x81, 0x20, 1, 7], Extent::Whole(3)),
            (&[0x80, 2, 7], Extent::Part),
            (&[0x80], Extent::Part),
            (&[0x80, 0x82, 1], Extent::Part),
            (&[0x5F], Extent::Part),
            (&[], Extent::Broken),
            (&[0x80, 1, 7, 8], Extent::Broken),
            (&[0x80, 0x85, 1, 1, 1, 1, 1], Extent::Broken),
        ] {
            assert_eq!(extent(octets), expected, "{octets:02X?}");
        }
        let two = [0x80, 1, 7, 0x81, 0, 0x82];
        assert_eq!(split(&two).collect::<Vec<_>>(), [&two[..3], &two[3..5]]);
    }

    #[test]
    fn lengths_of_one_two_and_three_octets() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1234] {
            let value = vec![7; length];
            let octets = object(0x22, &value);
            assert_eq!(first(&octets), Some((0x22, &value[..], &[][..])), "{length}");
        }
        assert_eq!(first(&[0x22, 0x80]), None);
        assert_eq!(first(&[0x22, 2, 0]), None);
    }
}
