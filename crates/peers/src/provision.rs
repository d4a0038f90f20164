//! Cards from a table and into one, and cards made up from a seed.
//!
//! The table is the one that operators import: `iccid,imsi,msisdn,kvn,kic_algorithm,kic,kid_algorithm,kid,counter`,
//! one key set a line, so that a card with several key sets has several lines. Columns may stand in any order; those
//! that are not named here are ignored, except `profile`, which names the kind of card (see [`CardProfile::named`]).

use crate::card::{Algorithm, CardProfile, CardSpec, Key, KeySet};
use crate::hex;
use crate::rng::SplitMix64;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::io::{Read, Write};
use std::sync::Arc;

/// The header of the table.
pub const COLUMNS: [&str; 9] =
    ["iccid", "imsi", "msisdn", "kvn", "kic_algorithm", "kic", "kid_algorithm", "kid", "counter"];

/// Why a table of cards cannot be used. Keys are never part of the text.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The table cannot be read as such.
    #[error("the table of cards cannot be read")]
    Table(#[from] csv::Error),
    /// A line says something that no card can be made of.
    #[error("line {line}: {reason}")]
    Line {
        /// Number of the line, from 1, the header included.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Row {
    iccid: String,
    #[serde(default)]
    imsi: String,
    msisdn: String,
    kvn: u8,
    kic_algorithm: String,
    kic: String,
    kid_algorithm: String,
    kid: String,
    #[serde(default)]
    counter: Option<u64>,
    #[serde(default)]
    profile: Option<String>,
}

/// Reads a table of cards.
pub fn read_cards(table: impl Read) -> Result<Vec<CardSpec>, ProvisionError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(table);
    let headers = reader.headers()?.clone();
    let mut profiles: FxHashMap<String, Arc<CardProfile>> = FxHashMap::default();
    let mut by_iccid: FxHashMap<String, usize> = FxHashMap::default();
    let mut by_msisdn: FxHashMap<String, usize> = FxHashMap::default();
    let mut cards: Vec<CardSpec> = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let bad = |reason: String| ProvisionError::Line { line, reason };
        // The error of the table's reader would quote the field, which may be a key.
        let row: Row = record.deserialize(Some(&headers)).map_err(|error| bad(told(&error, &headers)))?;
        let keys = key_set(&row).map_err(bad)?;
        let msisdn = row.msisdn.trim_start_matches('+').to_owned();
        if row.iccid.is_empty() || msisdn.is_empty() {
            return Err(bad("a card needs an iccid and an msisdn".into()));
        }
        let at = *by_iccid.entry(row.iccid.clone()).or_insert(cards.len());
        if *by_msisdn.entry(msisdn.clone()).or_insert(at) != at {
            return Err(bad(format!("msisdn {msisdn} belongs to another card already")));
        }
        if let Some(card) = cards.get_mut(at) {
            if card.key_sets.iter().any(|own| own.kvn == keys.kvn) {
                return Err(bad(format!("card {} has a key set {} already", row.iccid, keys.kvn)));
            }
            card.key_sets.push(keys);
            continue;
        }
        let name = row.profile.unwrap_or_default();
        let profile = if let Some(profile) = profiles.get(&name) {
            Arc::clone(profile)
        } else {
            let profile = CardProfile::named(&name)
                .ok_or_else(|| bad(format!("no card profile is called {name:?}")))?;
            profiles.insert(name, Arc::clone(&profile));
            profile
        };
        cards.push(CardSpec { iccid: row.iccid, imsi: row.imsi, msisdn, key_sets: vec![keys], profile });
    }
    Ok(cards)
}

fn told(error: &csv::Error, headers: &csv::StringRecord) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            match err.field().and_then(|at| headers.get(at as usize)) {
                Some(column) => format!("column {column} does not hold what it should"),
                None => match err.kind() {
                    csv::DeserializeErrorKind::Message(message) => message.clone(),
                    _ => "a column is missing".into(),
                },
            }
        }
        _ => "the line cannot be read".into(),
    }
}

fn key_set(row: &Row) -> Result<KeySet, String> {
    if !(1..=15).contains(&row.kvn) {
        return Err(format!("key version {} is not in 1 to 15", row.kvn));
    }
    let counter = row.counter.unwrap_or(0);
    if counter > crate::card::COUNTER_MAX {
        return Err(format!("counter {counter} does not fit into 5 octets"));
    }
    let key = |column: &str, algorithm: &str, text: &str| {
        let algorithm = Algorithm::named(algorithm)
            .ok_or_else(|| format!("{column}_algorithm is none of 3des2, 3des3, aes"))?;
        let octets = hex::decode(text).ok_or_else(|| format!("{column} is not hexadecimal"))?;
        Key::new(algorithm, &octets).map_err(|error| format!("{column}: {error}"))
    };
    Ok(KeySet {
        kvn: row.kvn,
        kic: key("kic", &row.kic_algorithm, &row.kic)?,
        kid: key("kid", &row.kid_algorithm, &row.kid)?,
        counter,
    })
}

/// Writes a table of cards, keys in clear: for simulated cards only.
pub fn write_cards(table: impl Write, cards: &[CardSpec]) -> Result<(), ProvisionError> {
    let mut writer = csv::Writer::from_writer(table);
    writer.write_record(COLUMNS)?;
    for card in cards {
        for keys in &card.key_sets {
            writer.write_record([
                card.iccid.as_str(),
                &card.imsi,
                &card.msisdn,
                &keys.kvn.to_string(),
                keys.kic.algorithm().name(),
                &hex::encode(keys.kic.octets()),
                keys.kid.algorithm().name(),
                &hex::encode(keys.kid.octets()),
                &keys.counter.to_string(),
            ])?;
        }
    }
    writer.flush().map_err(csv::Error::from)?;
    Ok(())
}

/// Made-up cards, the same for the same seed: numbers from the range of the test network 262 99, keys that look
/// random, a third each with 3DES of two and of three keys and with AES. The first cards of a longer list are those
/// of a shorter one. At most 10^8 have numbers of their own.
pub fn generate_cards(seed: u64, count: usize) -> Vec<CardSpec> {
    let profile = CardProfile::usim();
    (0..count as u64)
        .map(|number| {
            let mut rng = SplitMix64::new(SplitMix64::draw(seed, &[number]));
            let mut key = |algorithm, length: usize| {
                let mut octets = [0; 32];
                rng.fill(&mut octets[..length]);
                Key::new(algorithm, &octets[..length]).expect("the length is the algorithm's")
            };
            let (algorithm, length) =
                [(Algorithm::TripleDes2, 16), (Algorithm::TripleDes3, 24), (Algorithm::Aes, 16)]
                    [(number % 3) as usize];
            let serial = number % 100_000_000;
            CardSpec {
                iccid: with_check_digit(&format!("8949990000{serial:08}")),
                imsi: format!("2629900{serial:08}"),
                msisdn: format!("4915{:09}", 500_000_000 + serial),
                key_sets: vec![KeySet {
                    kvn: 1,
                    kic: key(algorithm, length),
                    kid: key(algorithm, length),
                    counter: 0,
                }],
                profile: Arc::clone(&profile),
            }
        })
        .collect()
}

/// The number with the check digit of ISO/IEC 7812-1 (Luhn) behind it.
fn with_check_digit(number: &str) -> String {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            match digit * 2 {
                doubled if at % 2 == 0 => doubled / 10 + doubled % 10,
                _ => digit,
            }
        })
        .sum();
    format!("{number}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn table(cards: &[CardSpec]) -> String {
        let mut octets = Vec::new();
        write_cards(&mut octets, cards).unwrap();
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn check_digits() {
        assert_eq!(with_check_digit("7992739871"), "79927398713");
        assert_eq!(with_check_digit("894900000000000001"), "8949000000000000018");
    }

    #[test]
    fn generated_cards_differ_and_the_seed_repeats_them() {
        let cards = generate_cards(7, 3_000);
        let distinct = |of: fn(&CardSpec) -> String| cards.iter().map(of).collect::<HashSet<_>>().len();
        assert_eq!(distinct(|card| card.iccid.clone()), 3_000);
        assert_eq!(distinct(|card| card.msisdn.clone()), 3_000);
        assert_eq!(distinct(|card| hex::encode(card.key_sets[0].kic.octets())), 3_000);
        assert!(cards.iter().all(|card| card.iccid.len() == 19
            && with_check_digit(&card.iccid[..18]) == card.iccid
            && card.imsi.len() == 15
            && card.key_sets[0].kic != card.key_sets[0].kid));
        assert_eq!(cards[..10], generate_cards(7, 10));
        assert_ne!(cards[0].key_sets, generate_cards(8, 1)[0].key_sets);
    }

    #[test]
    fn a_table_comes_back() {
        let mut cards = generate_cards(1, 5);
        let mut second = cards[3].key_sets[0].clone();
        second.kvn = 2;
        second.counter = 77;
        cards[3].key_sets.push(second);
        assert_eq!(read_cards(table(&cards).as_bytes()).unwrap(), cards);
    }

    #[test]
    fn columns_stand_in_any_order_and_more_do_not_hurt() {
        let text = "colour,msisdn,iccid,kvn,kid,kid_algorithm,kic,kic_algorithm,profile\n\
                    red,+491,89,2,00112233445566778899AABBCCDDEEFF,aes,00112233445566778899aabbccddeeff,3DES2,lab\n";
        let cards = read_cards(text.as_bytes()).unwrap();
        assert_eq!((cards[0].msisdn.as_str(), cards[0].profile.name), ("491", "lab"));
        assert_eq!(cards[0].key_sets[0].counter, 0);
    }

    #[test]
    fn what_is_wrong_is_told_without_the_keys() {
        let head = "iccid,imsi,msisdn,kvn,kic_algorithm,kic,kid_algorithm,kid,counter\n";
        let key = "00112233445566778899AABBCCDDEEFF";
        for (row, reason) in [
            (format!("89,1,49,0,aes,{key},aes,{key},0"), "line 2: key version 0 is not in 1 to 15"),
            (
                format!("89,1,49,1,des,{key},aes,{key},0"),
                "line 2: kic_algorithm is none of 3des2, 3des3, aes",
            ),
            (
                format!("89,1,49,1,3des3,{key},aes,{key},0"),
                "line 2: kic: a key of 3des3 may not have 16 octets",
            ),
            (format!("89,1,49,1,aes,{key},aes,XX{key},0"), "line 2: kid is not hexadecimal"),
            (format!("89,1,49,x,aes,{key},aes,{key},0"), "line 2: column kvn does not hold what it should"),
            (format!(",1,49,1,aes,{key},aes,{key},0"), "line 2: a card needs an iccid and an msisdn"),
            (
                format!("89,1,49,1,aes,{key},aes,{key},0\n89,1,49,1,aes,{key},aes,{key},0"),
                "line 3: card 89 has a key set 1 already",
            ),
            (
                format!("89,1,49,1,aes,{key},aes,{key},0\n88,1,49,1,aes,{key},aes,{key},0"),
                "line 3: msisdn 49 belongs to another card already",
            ),
        ] {
            let error = read_cards(format!("{head}{row}\n").as_bytes()).unwrap_err().to_string();
            assert_eq!(error, reason);
            assert!(!error.contains(key));
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let card = &generate_cards(1, 1)[0];
        let octets = hex::encode(card.key_sets[0].kic.octets());
        assert!(!format!("{card:?}").contains(&octets));
        assert!(format!("{card:?}").contains("***"));
    }
}
