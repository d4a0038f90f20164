//! The sample vectors, made by independent implementations: every one is encoded, decoded or refused as it says.

use muster_codecs::counter::Counter;
use muster_codecs::response_packet::{self, Trust};
use muster_codecs::script::compact;
use muster_codecs::security::{
    Check, CipherKey, KeyAlgorithm, KeyReference, KeyVersions, MacKey, MacLength, Protection, Redundancy,
    ResponseSecurity, Security, SecurityParts, Spi, WeakKeys,
};
use muster_codecs::{Tar, command_packet, concat};
use serde_json::Value;

fn vectors(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors/sample.json")).unwrap();
    let all = file["vectors"].as_array().unwrap().iter();
    let found: Vec<_> = all.filter(|vector| vector["kind"] == kind).cloned().collect();
    assert!(!found.is_empty(), "the file has vectors of kind {kind}");
    found
}

fn hex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn octet(value: &Value) -> u8 {
    hex(value)[0]
}

fn user_data(value: &Value) -> Vec<Vec<u8>> {
    value.as_array().unwrap().iter().map(hex).collect()
}

fn algorithm(name: &Value, key: &[u8]) -> KeyAlgorithm {
    match name.as_str().unwrap() {
        "3des2" => KeyAlgorithm::TripleDes2,
        "aes" => KeyAlgorithm::aes_for(key.len()).unwrap(),
        other => panic!("{other}"),
    }
}

fn cipher_key(security: &Value) -> Option<CipherKey> {
    let octets = security["kic"].as_str().map(|text| hex::decode(text).unwrap())?;
    Some(CipherKey::new(algorithm(&security["kic_alg"], &octets), &octets, WeakKeys::Refuse).unwrap())
}

fn mac_key(security: &Value) -> Option<MacKey> {
    let octets = security["kid"].as_str().map(|text| hex::decode(text).unwrap())?;
    Some(MacKey::new(algorithm(&security["kid_alg"], &octets), &octets, WeakKeys::Refuse).unwrap())
}

fn tar(value: &Value) -> Tar {
    value.as_str().unwrap().parse().unwrap()
}

fn counter(value: &Value) -> Counter {
    Counter::from_octets(hex(value).try_into().unwrap())
}

#[test]
fn commands_both_ways() {
    for vector in vectors("command") {
        let (id, security, command) = (&vector["id"], &vector["security"], &vector["command"]);
        let counter = counter(&security["cntr"]);
        let security = Security::new(SecurityParts {
            spi: Spi::from_octets(hex(&security["spi"]).try_into().unwrap()).unwrap(),
            kic: KeyReference::from_octet(octet(&security["kic_byte"])),
            kid: KeyReference::from_octet(octet(&security["kid_byte"])),
            tar: tar(&security["tar"]),
            cipher_key: cipher_key(security),
            mac_key: mac_key(security),
            mac_length: MacLength::Eight,
            redundancy: None,
            key_versions: KeyVersions::SameAndReal,
        });
        let security = security.unwrap_or_else(|error| panic!("{id}: {error}"));
        let data = hex(&command["secured_data"]);
        let packet = command_packet::encode(&security, counter, &data).unwrap();
        assert_eq!(hex::encode(&packet), command["packet"].as_str().unwrap(), "{id}");
        assert_eq!(command["packet_len"], packet.len(), "{id}");
        assert_eq!(concat::segments(&packet, 0).unwrap(), user_data(&command["tp_ud"]), "{id}");

        let read = command_packet::decode(&security, &user_data(&command["tp_ud"])).unwrap();
        assert_eq!((read.counter, &*read.secured_data), (counter, &data), "{id}");
        assert_eq!(command["pcntr"], read.pcntr, "{id}");
    }
}

fn carried(security: &Value) -> Protection {
    let check = match security["por_integrity"].as_str().unwrap() {
        "none" => Check::None,
        "crc16" => Check::Redundancy(Redundancy::Crc16),
        "crc32" => Check::Redundancy(Redundancy::Crc32),
        "cc" => Check::Checksum { key: mac_key(security).unwrap(), length: MacLength::Eight },
        other => panic!("{other}"),
    };
    let ciphered = security["por_ciphered"].as_bool().unwrap();
    Protection { cipher: cipher_key(security).filter(|_| ciphered), check }
}

#[test]
fn answers() {
    for vector in vectors("response") {
        let (id, response) = (&vector["id"], &vector["response"]);
        let expect = &response["expect"];
        let protection = carried(&vector["security"]);
        let security = ResponseSecurity { tar: tar(&expect["tar"]), protection: &protection };
        let sent = Some(counter(&expect["cntr"]));
        let read = response_packet::decode(security, sent, &user_data(&response["tp_ud"])).unwrap();
        assert_eq!(Some(read.counter), sent, "{id}");
        assert_eq!(expect["pcntr"], read.pcntr, "{id}");
        assert_eq!(expect["status"], read.status.octet(), "{id}");
        assert_eq!(expect["status_name"], read.status.name(), "{id}");
        assert_eq!(hex::encode(&read.data), expect["secured_data"].as_str().unwrap(), "{id}");
        if let Some(expected) = expect.get("compact") {
            let result = compact::parse_response(&read.data).unwrap();
            assert_eq!(expected["executed"], result.executed, "{id}");
            assert_eq!(expected["sw"], result.status_word.to_string(), "{id}");
            assert_eq!(expected["data"], hex::encode(&result.data), "{id}");
        }
    }
}

/// The same bare error, read by somebody who asked for a checksum.
#[test]
fn an_unprotected_error_is_a_hint_to_whoever_asked_for_more() {
    let vectors = vectors("response");
    let bare = vectors.iter().find(|vector| vector["unprotected_error"] == true).unwrap();
    let key = MacKey::new(KeyAlgorithm::Aes128, &[7; 16], WeakKeys::Refuse).unwrap();
    let protection = Protection { cipher: None, check: Check::Checksum { key, length: MacLength::Eight } };
    let security = ResponseSecurity { tar: tar(&bare["response"]["expect"]["tar"]), protection: &protection };
    let sent = Some(Counter::new(0x25).unwrap());
    let read = response_packet::decode(security, sent, &user_data(&bare["response"]["tp_ud"])).unwrap();
    assert_eq!((read.trust, read.status.octet()), (Trust::Hint, 2));
}

#[test]
fn what_must_be_refused() {
    for vector in vectors("reject") {
        let protection = carried(&vector["security"]);
        let security = ResponseSecurity { tar: tar(&vector["security"]["tar"]), protection: &protection };
        let sent = Some(counter(&vector["security"]["cntr"]));
        let error =
            response_packet::decode(security, sent, &user_data(&vector["input"]["tp_ud"])).unwrap_err();
        assert_eq!(vector["expect_error_class"], error.class(), "{}", vector["id"]);
    }
}
