//! What is asked of every decoder for any octets. The fuzz targets and the test that replays their corpora share it.
//! Each says whether the octets were read; all of them panic where a promise is broken.

use muster_codecs::counter::Counter;
use muster_codecs::response_packet::{self, Trust};
use muster_codecs::script::{compact, expanded};
use muster_codecs::security::{
    CipherKey, KeyAlgorithm, KeyReference, KeyVersions, MacKey, MacLength, Security, SecurityParts, Spi,
    WeakKeys,
};
use muster_codecs::udh::UserData;
use muster_codecs::voice::rtp::Packet;
use muster_codecs::voice::telephone_event::{KeyReceiver, TelephoneEvent};
use muster_codecs::voice::{rtcp, wav};
use muster_codecs::{Tar, command_packet, concat};
use std::sync::LazyLock;

/// One of each kind; the first octet of an input chooses.
static SECURITIES: LazyLock<Vec<Security>> = LazyLock::new(|| {
    [
        // No check, CRC-16 in clear, CRC-32 ciphered, checksum in clear, checksum ciphered; the answers alike.
        ([0x00, 0x01], 0x00, 0x00, KeyAlgorithm::Aes128),
        ([0x11, 0x05], 0x10, 0x11, KeyAlgorithm::Aes128),
        ([0x15, 0x15], 0x15, 0x15, KeyAlgorithm::TripleDes2),
        ([0x12, 0x09], 0x15, 0x15, KeyAlgorithm::TripleDes2),
        ([0x16, 0x19], 0x12, 0x12, KeyAlgorithm::Aes128),
        ([0x04, 0x11], 0x12, 0x12, KeyAlgorithm::Aes128),
    ]
    .map(|(spi, kic, kid, algorithm)| {
        let key = *b"0123456789abcdef";
        Security::new(SecurityParts {
            spi: Spi::from_octets(spi).expect("an indicator"),
            kic: KeyReference::from_octet(kic),
            kid: KeyReference::from_octet(kid),
            tar: Tar([0xB0, 0x00, 0x01]),
            cipher_key: Some(CipherKey::new(algorithm, &key, WeakKeys::Refuse).expect("a key")),
            mac_key: Some(MacKey::new(algorithm, &key, WeakKeys::Refuse).expect("a key")),
            mac_length: MacLength::Eight,
            redundancy: None,
            key_versions: KeyVersions::SameAndReal,
        })
        .expect("the parts fit")
    })
    .to_vec()
});

fn choose(octets: &[u8]) -> Option<(&'static Security, &[u8])> {
    let (choice, rest) = octets.split_first()?;
    Some((&SECURITIES[usize::from(*choice) % SECURITIES.len()], rest))
}

/// A command packet behind the octet that chooses its security. What is read can be written again.
pub(crate) fn command_packet(octets: &[u8]) -> bool {
    let Some((security, packet)) = choose(octets) else { return false };
    let Ok(read) = command_packet::decode_packet(security, packet) else { return false };
    let again =
        command_packet::encode(security, read.counter, &read.secured_data).expect("it was shorter before");
    assert_eq!(
        command_packet::decode_packet(security, &again).expect("we made it").secured_data,
        read.secured_data
    );
    true
}

/// A response packet behind the octet that chooses its security.
pub(crate) fn response_packet(octets: &[u8]) -> bool {
    let Some((security, packet)) = choose(octets) else { return false };
    let response = security.response();
    response_packet::peek_tar(packet);
    let sent = Counter::new(42).expect("a counter");
    let Ok(read) = response_packet::decode_packet(response, Some(sent), packet) else { return false };
    assert!(read.counter == sent || read.counter == Counter::ZERO);
    assert_eq!(read.authenticated(), response.protection.check.authenticates() && read.trust != Trust::Hint);
    let again =
        response_packet::encode(response, read.counter, read.status, &read.data).expect("it was shorter");
    let again = response_packet::decode_packet(response, Some(sent), &again).expect("we made it");
    assert_eq!((again.status, again.data), (read.status, read.data));
    true
}

/// Messages, each behind an octet with its length: put together, or the first alone taken apart.
pub(crate) fn messages(mut octets: &[u8]) -> bool {
    let mut messages = Vec::new();
    while let Some((len, rest)) = octets.split_first() {
        let (message, rest) = rest.split_at(usize::from(*len).min(rest.len()));
        messages.push(message);
        octets = rest;
    }
    if let Some(user_data) = messages.first().and_then(|message| UserData::parse(message).ok()) {
        let elements: usize = user_data.elements().map(|element| 2 + element.data.len()).sum();
        assert_eq!(1 + elements + user_data.payload().len(), messages[0].len());
        assert!(user_data.concatenation().is_none_or(|part| (1..=part.total).contains(&part.sequence)));
    }
    let Ok(joined) = concat::join(&messages) else { return false };
    assert!(joined.payload.len() <= messages.iter().map(|message| message.len()).sum());
    true
}

/// A command script in the expanded format.
pub(crate) fn command_script(octets: &[u8]) -> bool {
    let Ok(objects) = expanded::parse(octets) else { return false };
    for framing in [expanded::Framing::Definite, expanded::Framing::Indefinite] {
        let again = expanded::build(&objects, framing).expect("chaining stood first");
        assert_eq!(expanded::parse(&again).expect("we made it"), objects);
    }
    true
}

/// What came back from a script, in either format.
pub(crate) fn script_answer(octets: &[u8]) -> bool {
    if let Ok(response) = compact::parse_response(octets) {
        assert_eq!(compact::build_response(&response), octets);
    }
    let Ok(response) = expanded::parse_response(octets) else { return false };
    let again = expanded::build_response(&response, expanded::Framing::Definite);
    assert_eq!(expanded::parse_response(&again).expect("we made it"), response);
    true
}

/// A media packet, and what it carries as a telephone event.
pub(crate) fn media_packet(octets: &[u8]) -> bool {
    let Ok(packet) = Packet::parse(octets) else { return false };
    let again = [&packet.header.to_octets()[..], packet.payload].concat();
    assert_eq!(Packet::parse(&again).expect("we made it"), packet);
    if let Ok(event) = TelephoneEvent::parse(packet.payload) {
        let mut keys = KeyReceiver::default();
        let header = packet.header;
        let mut press = || keys.accept(header.ssrc, header.timestamp, header.marker, event);
        assert_eq!(press(), event.key());
        assert_eq!(press(), None, "once");
    }
    true
}

/// Reports about media. The first one's first block can be written again.
pub(crate) fn media_report(octets: &[u8]) -> bool {
    let Ok(reports) = rtcp::decode(octets) else { return false };
    assert!(reports.len() * 4 <= octets.len());
    if let Some(rtcp::Report::Report { ssrc, sender, blocks }) = reports.first() {
        let again = rtcp::encode(*ssrc, sender.as_ref(), blocks.first(), "", false);
        let again = rtcp::decode(&again).expect("we made it");
        let blocks = blocks.iter().take(1).copied().collect();
        assert_eq!(again.first(), Some(&rtcp::Report::Report { ssrc: *ssrc, sender: *sender, blocks }));
    }
    true
}

/// A sound file.
pub(crate) fn sound_file(octets: &[u8]) -> bool {
    let Ok(samples) = wav::read(octets) else { return false };
    assert!(!samples.is_empty() && samples.len() <= octets.len());
    assert_eq!(wav::read(&wav::write(&samples)), Ok(samples));
    true
}
