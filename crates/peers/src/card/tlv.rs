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

#[cfg(test)]
mod tests {
    use super::*;

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
