//! Scripts run command by command, and what is answered (TS 102 226 §5).

use super::apdu::{Answer, Apdu, sw};
use super::tlv;

/// Whatever runs commands: `command` is the number in the script, from 1.
pub(super) type Runner<'a> = dyn FnMut(u8, &Apdu<'_>) -> Answer + 'a;

/// A compact script: the number of commands run, the last one's status word, its data.
pub(super) fn compact(mut script: &[u8], run: &mut Runner<'_>) -> Vec<u8> {
    let mut count = 0u8;
    let mut last = Answer::from(sw::OK);
    while !script.is_empty() && count < u8::MAX {
        count += 1;
        let Some((apdu, rest)) = Apdu::first_of(script) else {
            last = sw::LENGTH.into();
            break;
        };
        last = run(count, &apdu);
        if last.fails() {
            break;
        }
        script = rest;
    }
    [&[count, (last.sw >> 8) as u8, last.sw as u8][..], &last.data].concat()
}

/// Why an expanded script is badly formed: values of tag 90.
const UNKNOWN_TAG: u8 = 1;
const WRONG_LENGTH: u8 = 2;
const LENGTH_MISSING: u8 = 3;

/// What is remembered between scripts that are chained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// A first script ran and asked to be followed.
    pub(super) open: bool,
}

/// An expanded script of definite or indefinite length. `chain` is kept between the scripts of one application.
pub(super) fn expanded(script: &[u8], chain: &mut Chain, run: &mut Runner<'_>) -> Vec<u8> {
    let (indefinite, body) = match script {
        [0xAE, 0x80, body @ .., 0, 0] => (true, Ok(body)),
        [0xAE, ..] => (true, Err(WRONG_LENGTH)),
        [0xAA] => (false, Err(LENGTH_MISSING)),
        [0xAA, rest @ ..] => match tlv::length(rest) {
            Some((length, body)) if length == body.len() => (false, Ok(body)),
            _ => (false, Err(WRONG_LENGTH)),
        },
        _ => (false, Err(UNKNOWN_TAG)),
    };
    let mut answers = Vec::new();
    let mut count = 0u8;
    let fault = match body {
        Ok(body) => objects(body, chain, run, &mut count, &mut answers),
        Err(fault) => Some(tlv::object(0x90, &[fault])),
    };
    answers.extend(fault.unwrap_or_default());
    if indefinite {
        return [&[0xAF, 0x80][..], &answers, &[0, 0]].concat();
    }
    tlv::object(0xAB, &[&tlv::object(0x80, &[count])[..], &answers].concat())
}

/// Runs the objects of a script. The result is an object that says why it ended early, if it did for a reason that
/// no status word tells.
fn objects(
    mut body: &[u8],
    chain: &mut Chain,
    run: &mut Runner<'_>,
    count: &mut u8,
    answers: &mut Vec<u8>,
) -> Option<Vec<u8>> {
    let mut at_start = true;
    while !body.is_empty() {
        if body.len() == 1 {
            return Some(tlv::object(0x90, &[LENGTH_MISSING]));
        }
        let Some((tag, value, rest)) = tlv::first(body) else {
            return Some(tlv::object(0x90, &[WRONG_LENGTH]));
        };
        match (tag, value) {
            (0x22, octets) => {
                *count = count.saturating_add(1);
                let answer = Apdu::whole(octets).map_or_else(|| sw::LENGTH.into(), |apdu| run(*count, &apdu));
                let octets = [&answer.data[..], &answer.sw.to_be_bytes()].concat();
                answers.extend(tlv::object(0x23, &octets));
                if answer.fails() {
                    return None;
                }
            }
            // The first of several scripts, to be forgotten at the next reset or not; one between; the last.
            (0x83, [0x01 | 0x11]) if at_start => chain.open = true,
            (0x83, [0x02 | 0x03]) if at_start && !chain.open => return Some(tlv::object(0x83, &[1])),
            (0x83, [0x02]) if at_start => {}
            (0x83, [0x03]) if at_start => chain.open = false,
            (0x83, _) => return Some(tlv::object(0x83, &[3])),
            // Nobody watches this card's proactive sessions, and an error ends the script in any case.
            (0x81 | 0x82, _) => {}
            _ => return Some(tlv::object(0x90, &[UNKNOWN_TAG])),
        }
        at_start = false;
        body = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    /// Answers 9000 with the instruction as data, and 6A82 to instruction 44.
    fn echo(_: u8, apdu: &Apdu<'_>) -> Answer {
        if apdu.ins == 0x44 { sw::FILE_NOT_FOUND.into() } else { Answer::data(vec![apdu.ins]) }
    }

    #[test]
    fn compact_scripts() {
        for (script, answer) in [
            ("", "009000"),
            ("00B0000001", "019000B0"),
            ("00B000000100B2000001", "029000B2"),
            ("00B0000001 0044000000 00B2000001", "026A82"),
            ("00B0000001 00D6", "026700"),
            ("00D6000005 01", "016700"),
        ] {
            let octets = compact(&hex::decode(script).unwrap(), &mut echo);
            assert_eq!(hex::encode(&octets), answer, "{script}");
        }
    }

    #[test]
    fn expanded_scripts() {
        for (script, answer) in [
            ("AA00", "AB03800100"),
            ("AA07 2205 00B0000001", "AB08 800101 2303B09000"),
            ("AA0D 2204 00440000 2205 00B0000001", "AB07 800101 2302 6A82"),
            ("AA0E 2205 00B0000001 2205 00B2000001", "AB0D 800102 2303B09000 2303B29000"),
            ("AE80 2205 00B0000001 0000", "AF80 2303B09000 0000"),
            ("AA03 990100", "AB06 800100 900101"),
            ("AA", "AB06 800100 900103"),
            ("AA05 2205", "AB06 800100 900102"),
            ("AA03 830102", "AB06 800100 830101"),
        ] {
            let octets = expanded(&hex::decode(script).unwrap(), &mut Chain::default(), &mut echo);
            assert_eq!(hex::encode(&octets), hex::encode(&hex::decode(answer).unwrap()), "{script}");
        }
    }

    #[test]
    fn long_lengths_are_read_and_written() {
        let command = [&[0x80, 0xE8, 0, 0, 0xF0][..], &[7; 0xF0]].concat();
        let script = tlv::object(0xAA, &tlv::object(0x22, &command));
        assert_eq!(script[..4], [0xAA, 0x81, 0xF8, 0x22]);
        let octets =
            expanded(&script, &mut Chain::default(), &mut |_, apdu| Answer::data(apdu.data.to_vec()));
        assert_eq!(octets.len(), 3 + 3 + 3 + 0xF0 + 2);
    }

    #[test]
    fn chained_scripts_remember_that_one_came_before() {
        let mut chain = Chain::default();
        expanded(&[0xAA, 3, 0x83, 1, 1], &mut chain, &mut echo);
        assert!(chain.open);
        let last = expanded(&[0xAA, 3, 0x83, 1, 3], &mut chain, &mut echo);
        assert_eq!(hex::encode(&last), "AB03800100");
        assert!(!chain.open);
    }
}
