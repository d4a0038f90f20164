//! Tags with one octet and lengths by the basic encoding rules (ISO/IEC 8825-1 §8.1.3), as cards use them.

use crate::octets::Octets;

/// Octets that are no object with a tag and a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BerError {
    /// The length is longer than what is there, or has more than three octets of its own.
    #[error("the length of an object is wrong")]
    Length,
    /// There is a tag and nothing behind it.
    #[error("the length of an object is missing")]
    LengthMissing,
}

/// An object: its tag and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// The tag.
    pub tag: u8,
    /// What it holds.
    pub value: &'a [u8],
}

/// Appends a definite length in its shortest form.
pub fn push_len(out: &mut Vec<u8>, len: usize) {
    let octets = len.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    if len <= 0x7F {
        out.push(len as u8);
    } else {
        out.push(0x80 | (octets.len() - skip) as u8);
        out.extend_from_slice(&octets[skip..]);
    }
}

/// Appends an object with a definite length.
pub fn push_object(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    out.push(tag);
    push_len(out, value.len());
    out.extend_from_slice(value);
}

/// The objects in these octets, one behind the other; ends after the first that is wrong.
pub fn objects(octets: &[u8]) -> impl Iterator<Item = Result<Object<'_>, BerError>> {
    let mut octets = Octets::new(octets);
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed || octets.is_empty() {
            return None;
        }
        let object = take_object(&mut octets);
        failed = object.is_err();
        Some(object)
    })
}

/// Takes the next object; there is at least one octet.
pub(crate) fn take_object<'a>(octets: &mut Octets<'a>) -> Result<Object<'a>, BerError> {
    let tag = octets.octet().ok_or(BerError::LengthMissing)?;
    let len = take_len(octets)?;
    Ok(Object { tag, value: octets.take(len).ok_or(BerError::Length)? })
}

/// Takes a definite length of at most three octets behind the first. Longer than needed is taken too.
pub(crate) fn take_len(octets: &mut Octets<'_>) -> Result<usize, BerError> {
    match octets.octet().ok_or(BerError::LengthMissing)? {
        short @ 0..=0x7F => Ok(usize::from(short)),
        long @ 0x81..=0x83 => {
            let digits = octets.take(usize::from(long & 0x0F)).ok_or(BerError::Length)?;
            Ok(digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)))
        }
        _ => Err(BerError::Length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_by_table() {
        for (len, expected) in [
            (0, &[0x00][..]),
            (0x7F, &[0x7F]),
            (0x80, &[0x81, 0x80]),
            (0xFF, &[0x81, 0xFF]),
            (0x100, &[0x82, 0x01, 0x00]),
            (0xFFFF, &[0x82, 0xFF, 0xFF]),
            (0x1_0000, &[0x83, 0x01, 0x00, 0x00]),
        ] {
            let mut out = Vec::new();
            push_len(&mut out, len);
            assert_eq!(out, expected);
            assert_eq!(take_len(&mut Octets::new(&out)), Ok(len));
        }
        // Longer than needed is read.
        assert_eq!(take_len(&mut Octets::new(&[0x82, 0x00, 0x05])), Ok(5));
        for (octets, error) in [
            (&[][..], BerError::LengthMissing),
            (&[0x80], BerError::Length),
            (&[0x81], BerError::Length),
            (&[0x82, 1], BerError::Length),
            (&[0x84, 0, 0, 0, 1], BerError::Length),
            (&[0xFF], BerError::Length),
        ] {
            assert_eq!(take_len(&mut Octets::new(octets)), Err(error), "{octets:?}");
        }
    }

    #[test]
    fn objects_end_at_the_first_that_is_wrong() {
        let read: Vec<_> = objects(&[0x22, 0x01, 0xAA, 0x23, 0x05, 0x00]).collect();
        assert_eq!(read, [Ok(Object { tag: 0x22, value: &[0xAA] }), Err(BerError::Length)]);
    }
}
